//! Pages in chats, from the alert to the button and back: the providers are the recorded contracts
//! of the integrations, which check every request, and the callbacks are signed as theirs are.

use std::collections::HashSet;

use muster_core::incident::lifecycle::Status;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, World};

#[expect(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "stories need a part of what the contracts offer"
)]
#[path = "../../../../integrations/tests/it/contract"]
mod contract {
    pub mod discord;
    pub mod judge;
    pub mod matrix;
    pub mod mattermost;
    pub mod pushover;
    pub mod slack;
    pub mod teams;
    pub mod telegram;
}

use contract::judge::Request;

mod discord;
mod leaving;
mod matrix;
mod mattermost;
mod mirrors;
mod providers;
mod pushover;
mod rooms;
mod slack;
mod teams;
mod telegram;
mod words;

/// Ana is reached in a chat, Bo five minutes later by a telephone of the harness.
fn organization(world: &World, provider: &str, method: &str) -> String {
    let phone = world.phone("bo");
    format!(
        r#"
organization: {{ name: Shop, timezone: Europe/Berlin }}
providers: [ {provider} ]
users:
  - name: ana
    full_name: Ana Ortiz
    email: ana@example.com
    role: responder
    timezone: Europe/Berlin
    contact_methods: [ {{ name: chat, {method} }} ]
    notification_rules: {{ high: [ {{ after: 0m, method: chat }} ] }}
  - name: bo
    full_name: Bo Lind
    email: bo@example.com
    role: manager
    contact_methods: [ {{ name: phone, type: webhook, url: "{phone}" }} ]
    notification_rules: {{ high: [ {{ after: 0m, method: phone }} ] }}
  - {{ name: root, full_name: Root, email: root@example.com, role: admin }}
teams:
  - {{ name: payments, manager: bo, members: [ana, bo] }}
schedules:
  - name: payments-primary
    team: payments
    timezone: Europe/Berlin
    layers:
      - name: always
        rotation:
          {{ every: 1w, handoff: "Mon 09:00", start: 2026-01-05, participants: [bo] }}
escalation_policies:
  - name: payments
    team: payments
    repeat: 0
    steps:
      - {{ after: 0m, targets: [ {{ user: ana }} ] }}
      - {{ after: 5m, targets: [ {{ user: bo }} ] }}
services:
  - name: checkout
    team: payments
    escalation_policy: payments
    severity_map: [ {{ when: 'severity == "critical"', severity: 1 }} ]
    integrations: [ {{ name: events, type: pagerduty, key: checkout-events-key }} ]
catch_all: {{ escalation_policy: payments }}
"#
    )
}

/// Sets the installation up with one provider and Ana's address with it.
async fn set_up(world: &World, provider: &str, method: &str) {
    let text = organization(world, provider, method);
    let answer = world.admin().send(Method::POST, "/api/v1/config/apply", text).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// An alert that pages Ana.
async fn alert(world: &World, key: &str) {
    assert_eq!(world.event("trigger", key, "critical").await.status, 202);
    world.settle().await;
}

/// Calls as the provider would.
async fn call(world: &World, request: &Request) -> Answer {
    let method = request.method.parse().expect("a method");
    let mut sent = world.anybody().request(method, &request.target);
    for (name, value) in &request.headers {
        sent = sent.header(name, value);
    }
    let answer = Answer::to(sent.body(request.body.clone())).await;
    world.settle().await;
    answer
}

async fn incident(world: &World, number: i64) -> Value {
    world.admin().read(&format!("/api/v1/incidents/{number}")).await
}

async fn assert_status(world: &World, number: i64, status: Status, assignee: Option<&str>) {
    let incident = incident(world, number).await;
    assert_eq!(incident["status"], status.name(), "{incident}");
    assert_eq!(incident["assignee"], json!(assignee), "{incident}");
}

/// Refused callbacks that the audit log names.
async fn refused(world: &World) -> usize {
    let audit = world.admin().read("/api/v1/audit?limit=500").await;
    let items = audit["items"].as_array().expect("items");
    items.iter().filter(|item| item["action"] == "callback.refused").count()
}

/// Shows that a forged call is refused with this status, changes nothing, and is written down.
async fn assert_refused(world: &World, forged: &Request, status: u16) {
    let before = (incident(world, 1).await, refused(world).await);
    assert_eq!(call(world, forged).await.status, status);
    let after = (incident(world, 1).await, refused(world).await);
    assert_eq!(before.0, after.0);
    assert_eq!(before.1 + 1, after.1);
}

/// Every kind of news that Bo, who did not act, or did, has got.
fn kinds_of(world: &World, person: &str) -> HashSet<String> {
    let kind = |message: &Value| message["type"].as_str().unwrap_or_default().to_owned();
    world.phones.of(person).iter().map(kind).collect()
}

/// Bo, who is asked after five minutes, takes it by his link.
async fn bo_acknowledges(world: &World) {
    world.advance(jiff::SignedDuration::from_mins(6)).await;
    let pages = world.phones.of("bo");
    let url = pages.last().expect("a page")["page"]["ack_url"].as_str().expect("a link").to_owned();
    let path = url.strip_prefix(world.base()).expect("ours").to_owned();
    let answer = world.anybody().send(Method::POST, &path, "").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    world.settle().await;
}
