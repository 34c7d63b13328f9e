//! People see to it themselves how they are reached: codes, rules that a night can rely on, quiet
//! hours, and a sheet of contacts for when the server is away.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::harness::{Client, World, on_both_stores};

const CONTACTS: &str = "/api/v1/users/ana/contacts";
const METHODS: &str = "/api/v1/users/ana/contact-methods";

async fn ana(world: &World) -> Client<'_> {
    world.give_password("ana").await;
    world.browser("ana").await
}

/// Ana adds a webhook of her own, which needs no provider; gives the code that arrived there.
async fn add(world: &World, client: &Client<'_>, name: &str) -> String {
    let body = json!({ "name": name, "type": "webhook", "address": world.phones.url(name) });
    let added = client.post(METHODS, body).await;
    assert_eq!(added.status, 201, "{}", added.text);
    code(world, name).await
}

async fn code(world: &World, name: &str) -> String {
    world.settle().await;
    let messages = world.phones.of(name);
    let last = messages.last().expect("a message");
    let subject = last["notification"]["subject"].as_str().expect("a subject");
    subject.rsplit(' ').next().expect("a code").to_owned()
}

fn method<'a>(contacts: &'a Value, name: &str) -> &'a Value {
    let methods = contacts["methods"].as_array().expect("methods");
    methods.iter().find(|method| method["name"] == name).expect("the method")
}

#[tokio::test]
async fn a_code_verifies_a_method_and_then_pages_go_there() {
    on_both_stores(async |world| {
        let ana = ana(world).await;
        let code = add(world, &ana, "tablet").await;
        assert_eq!(code.len(), 6);
        let contacts = ana.read(CONTACTS).await;
        assert_eq!(method(&contacts, "tablet")["verified"], false);
        assert_eq!(method(&contacts, "phone")["own"], false);
        let rules = json!({ "high": [{ "after_seconds": 0, "method": "tablet" }] });
        let early = ana.put("/api/v1/users/ana/notification-rules", rules.clone()).await;
        assert!(early.text.contains("gets nothing yet"), "{}", early.text);

        let wrong = ana.post(&format!("{METHODS}/tablet/verify"), json!({ "code": "000" })).await;
        assert!(wrong.text.contains("4 more tries"), "{}", wrong.text);
        let right = ana.post(&format!("{METHODS}/tablet/verify"), json!({ "code": code })).await;
        assert_eq!(right.status, 200, "{}", right.text);
        let kept = ana.put("/api/v1/users/ana/notification-rules", rules).await;
        assert_eq!(kept.status, 200, "{}", kept.text);
        assert_eq!(world.event("trigger", "disk", "critical").await.status, 202);
        world.settle().await;
        assert_eq!(world.phones.of("tablet").len(), 2, "the code and the page");
        assert_eq!(
            world.phones.of("ana").len(),
            0,
            "her rules hold instead of the configuration's"
        );

        // What stands in the configuration is read only, and what was chosen survives an apply.
        let configured = ana.delete(&format!("{METHODS}/phone")).await;
        assert_eq!(configured.status, 409, "{}", configured.text);
        let audit = world.admin().read("/api/v1/audit").await.to_string();
        assert!(audit.contains("contact_method.verified"), "{audit}");
        assert!(!audit.contains(&code), "codes stand in no record");
    })
    .await;
}

#[tokio::test]
async fn wrong_codes_end_and_so_do_old_ones() {
    on_both_stores(async |world| {
        let ana = ana(world).await;
        let first = add(world, &ana, "tablet").await;
        let verify = format!("{METHODS}/tablet/verify");
        for _ in 0..5 {
            assert_eq!(ana.post(&verify, json!({ "code": "x" })).await.status, 400);
        }
        let late = ana.post(&verify, json!({ "code": first })).await;
        assert!(late.text.contains("too many wrong codes"), "{}", late.text);
        let soon = ana.post(&format!("{METHODS}/tablet/code"), json!({})).await;
        assert!(soon.text.contains("wait 30 s"), "{}", soon.text);
        world.advance(SignedDuration::from_secs(31)).await;
        assert_eq!(ana.post(&format!("{METHODS}/tablet/code"), json!({})).await.status, 202);
        let second = code(world, "tablet").await;
        assert_ne!(first, second);
        world.advance(SignedDuration::from_mins(10)).await;
        let old = ana.post(&verify, json!({ "code": second })).await;
        assert!(old.text.contains("too old"), "{}", old.text);
    })
    .await;
}

#[tokio::test]
async fn urgent_pages_by_mail_alone_are_refused_with_the_reason() {
    on_both_stores(async |world| {
        let text = r#"
providers: [ { name: post, type: smtp, url: "smtp://127.0.0.1:1", from: "muster@example.com" } ]
users:
  - name: ana
    full_name: Ana Ortiz
    email: ana@example.com
    role: responder
    timezone: Europe/Berlin
    contact_methods:
      - { name: phone, type: webhook, url: "http://127.0.0.1:9/ana" }
      - { name: mail, type: email, address: ana@example.com }
    notification_rules: { high: [ { after: 0m, method: phone } ] }
  - { name: bo, full_name: Bo Lind, email: bo@example.com, role: manager, contact_methods: [ { name: phone, type: webhook, url: "http://127.0.0.1:9/bo" } ] }
  - { name: sam, full_name: Sam Roe, email: sam@example.com, role: stakeholder }
  - { name: root, full_name: Root, email: root@example.com, role: admin }
"#;
        let applied = world.admin().send(reqwest::Method::POST, "/api/v1/config/apply", text).await;
        assert_eq!(applied.status, 200, "{}", applied.text);
        let ana = ana(world).await;
        let rules = json!({ "high": [{ "after_seconds": 0, "method": "mail" }] });
        let refused = ana.put("/api/v1/users/ana/notification-rules", rules).await;
        assert_eq!(refused.status, 400, "{}", refused.text);
        assert!(refused.text.contains("by email alone"), "{}", refused.text);
        assert!(refused.text.contains("wakes nobody"), "{}", refused.text);
        let low = json!({ "low": [{ "after_seconds": 0, "method": "mail" }] });
        assert_eq!(ana.put("/api/v1/users/ana/notification-rules", low).await.status, 200);
        let contacts = ana.read(CONTACTS).await;
        let nights = contacts["methods"].as_array().expect("methods");
        assert!(nights.iter().all(|method| method["at_night"].as_str().is_some_and(|text| !text.is_empty())));
    })
    .await;
}

#[tokio::test]
async fn quiet_hours_and_language_are_chosen_by_the_person_alone() {
    on_both_stores(async |world| {
        let ana = ana(world).await;
        let wanted = json!({ "language": "fr", "quiet_hours": { "from": "21:30", "to": "06:30" } });
        let path = "/api/v1/users/ana/preferences";
        assert_eq!(ana.put(path, wanted.clone()).await.status, 200);
        let contacts = ana.read(CONTACTS).await;
        assert_eq!(contacts["language"], "fr");
        assert_eq!(contacts["quiet_hours"]["from"], "21:30");
        let all_day = json!({ "quiet_hours": { "from": "07:00", "to": "07:00" } });
        assert_eq!(ana.put(path, all_day).await.status, 400);
        let bos = world.with_role("responder").put("/api/v1/users/bo/preferences", wanted).await;
        assert_eq!(bos.status, 403, "{}", bos.text);
        world.app.reload().await.expect("a configuration");
        assert_eq!(ana.read(CONTACTS).await["language"], "fr");
    })
    .await;
}

#[tokio::test]
async fn the_sheet_of_contacts_is_masked_but_for_oneself_and_administrators() {
    on_both_stores(async |world| {
        let text = r#"
users:
  - { name: ana, full_name: Ana Ortiz, email: ana@example.com, role: responder, contact_methods: [ { name: sms, type: sms, address: "+491715550001" } ] }
  - { name: bo, full_name: Bo Lind, email: bo@example.com, role: manager, contact_methods: [ { name: sms, type: sms, address: "+491715550002" } ] }
  - { name: sam, full_name: Sam Roe, email: sam@example.com, role: stakeholder }
  - { name: root, full_name: Root, email: root@example.com, role: admin }
"#;
        let applied = world.admin().send(reqwest::Method::POST, "/api/v1/config/apply", text).await;
        assert_eq!(applied.status, 200, "{}", applied.text);
        let ana = ana(world).await;
        let sheet = ana.read("/api/v1/contacts").await;
        assert_eq!(sheet["people"][0]["methods"][0]["address"], "+491715550001");
        assert_eq!(sheet["people"][1]["methods"][0]["address"], "…002");
        let whole = world.admin().read("/api/v1/contacts").await;
        assert_eq!(whole["people"][1]["methods"][0]["address"], "+491715550002");
        let audit = world.admin().read("/api/v1/audit").await.to_string();
        assert_eq!(audit.matches("contacts.exported").count(), 2, "{audit}");
    })
    .await;
}
