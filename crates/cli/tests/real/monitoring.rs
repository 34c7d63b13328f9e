//! Debian's Prometheus and Alertmanager drive incidents from firing to resolved, three ways at once.

use std::process::{Command, Stdio};

use muster_store::Engine;
use serde_json::Value;

use super::world::{Process, World, free_port, request, wait_for};

const ROUTES: [&str; 3] = ["events", "webhook", "direct"];

fn organization(phones: u16) -> String {
    let mut text = "organization: { name: Shop, timezone: UTC }\nusers:\n".to_owned();
    for name in ROUTES {
        text += &format!(
            "  - name: {name}-person\n    full_name: P\n    email: {name}@example.com\n    role: responder\n    timezone: UTC\n    contact_methods: [ {{ name: hook, type: webhook, url: \"http://127.0.0.1:{phones}/{name}\" }} ]\n    notification_rules: {{ high: [ {{ after: 0m, method: hook }} ] }}\n"
        );
    }
    text += "escalation_policies:\n";
    for name in ROUTES {
        text += &format!(
            "  - {{ name: {name}, repeat: 2, steps: [ {{ after: 0m, targets: [ {{ user: {name}-person }} ] }} ] }}\n"
        );
    }
    text += "services:\n";
    let kinds = [
        ("pagerduty", "0123456789abcdef0123456789abcdef"),
        ("alertmanager", "webhook-key"),
        ("prometheus", "direct-key"),
    ];
    for (name, (kind, key)) in ROUTES.iter().zip(kinds) {
        text += &format!(
            "  - name: {name}\n    escalation_policy: {name}\n    severity_map: [ {{ when: 'severity == \"critical\"', severity: 1 }} ]\n    integrations: [ {{ name: in, type: {kind}, key: {key} }} ]\n"
        );
    }
    text + "catch_all: { escalation_policy: events }\n"
}

fn alertmanager(world: &World) -> (Process, u16) {
    let (port, muster) = (free_port(), world.port);
    let config = world.file(
        "alertmanager.yml",
        &format!(
            "route: {{ receiver: muster, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h }}\n\
             receivers:\n\
             - name: muster\n  \
               pagerduty_configs:\n  \
               - url: http://127.0.0.1:{muster}/v2/enqueue\n    \
                 routing_key: 0123456789abcdef0123456789abcdef\n    \
                 severity: critical\n    \
                 send_resolved: true\n  \
               webhook_configs:\n  \
               - url: http://127.0.0.1:{muster}/ingest/alertmanager/webhook-key\n    \
                 send_resolved: true\n"
        ),
    );
    let child = Command::new("prometheus-alertmanager")
        .arg(format!("--config.file={}", config.display()))
        .arg(format!("--storage.path={}", world.path().join("alertmanager").display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .arg("--cluster.listen-address=")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("Alertmanager is installed (Debian: prometheus-alertmanager)");
    (Process(child), port)
}

fn prometheus(world: &World, alertmanager: u16) -> Process {
    let (port, muster, phones) = (free_port(), world.port, world.phones.port);
    let rules = world.file(
        "rules.yml",
        "groups:\n- name: shop\n  rules:\n  - alert: ShopDown\n    expr: shop_up == 0\n    labels: { severity: critical }\n    annotations: { summary: The shop is down }\n",
    );
    let config = world.file(
        "prometheus.yml",
        &format!(
            "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\n\
             rule_files: [ {} ]\n\
             scrape_configs:\n\
             - job_name: shop\n  static_configs: [ {{ targets: [ '127.0.0.1:{phones}' ] }} ]\n\
             alerting:\n  alertmanagers:\n  \
             - static_configs: [ {{ targets: [ '127.0.0.1:{alertmanager}' ] }} ]\n  \
             - path_prefix: /ingest/prometheus/direct-key\n    \
               static_configs: [ {{ targets: [ '127.0.0.1:{muster}' ] }} ]\n",
            rules.display()
        ),
    );
    let child = Command::new("prometheus")
        .arg(format!("--config.file={}", config.display()))
        .arg(format!("--storage.tsdb.path={}", world.path().join("prometheus").display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("Prometheus is installed (Debian: prometheus)");
    Process(child)
}

fn incident_of(world: &World, service: &str) -> Option<Value> {
    world.all("/incidents").into_iter().find(|incident| incident["service"] == service)
}

fn from_firing_to_resolved(engine: Engine) {
    let world = World::start(engine, organization);
    let (_alertmanager, alertmanager_port) = alertmanager(&world);
    let _prometheus = prometheus(&world, alertmanager_port);
    world.phones.set_healthy(false);

    let mut links = Vec::new();
    for name in ROUTES {
        let page = wait_for(&format!("a page by way of {name}"), || world.phones.pages(name).pop());
        assert_eq!(page["recipient"], format!("{name}-person"));
        assert_eq!(page["incident"]["service"], name);
        assert_eq!(page["incident"]["severity"], 1);
        links.push(page["page"]["ack_url"].as_str().expect("a link").to_owned());
    }

    // The first one is taken by its link, by somebody who is not signed in.
    let path = links[0].split_once("/p/").map(|(_, token)| format!("/p/{token}")).expect("a link");
    let (status, body) = request(world.port, "POST", &path, "", None).expect("an answer");
    assert!((200..400).contains(&status), "{status}: {body}");
    let taken = wait_for("the acknowledgement", || {
        incident_of(&world, "events").filter(|incident| incident["status"] == "acknowledged")
    });
    assert_eq!(taken["assignee"], "events-person");

    world.phones.set_healthy(true);
    for name in ROUTES {
        let over = wait_for(&format!("the end of the trouble by way of {name}"), || {
            incident_of(&world, name).filter(|incident| incident["status"] == "resolved")
        });
        assert_eq!(over["open_alert_count"], 0);
        assert!(over["resolved_at"].is_string() && over["statistics"].is_object());
        let number = &over["number"];
        let ledger = world.all(&format!("/incidents/{number}/pages"));
        let attempt = &ledger[0]["deliveries"][0]["attempts"][0];
        assert_eq!(attempt["outcome"], "accepted", "{ledger:?}");
        assert_eq!(attempt["status"], "200");
        let timeline = world.all(&format!("/incidents/{number}/timeline"));
        let kinds: Vec<_> = timeline.iter().filter_map(|entry| entry["kind"].as_str()).collect();
        for kind in
            ["opened", "step_entered", "paged", "page_accepted", "alert_resolved", "resolved"]
        {
            assert!(kinds.contains(&kind), "{kind} is missing in {kinds:?}");
        }
    }
}

#[test]
fn alertmanager_and_prometheus_drive_an_incident_to_its_end_on_sqlite() {
    from_firing_to_resolved(Engine::Sqlite);
}

#[test]
fn alertmanager_and_prometheus_drive_an_incident_to_its_end_on_postgresql() {
    from_firing_to_resolved(Engine::Postgres);
}
