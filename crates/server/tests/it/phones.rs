//! Phones: pages by text message and call, answers by reply and key, receipts, STOP and START, and
//! calling in, through the provider's real protocol: its forms out, its signed forms in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::SignedDuration;
use reqwest::Method;
use sha1::Sha1;

use crate::harness::{Answer, World, on_both_stores};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const ANA: &str = "+491715550001";
const BO: &str = "+491715550002";
const STRANGER: &str = "+491715550009";

/// Ana is reached by text, then by call three minutes later; Bo by text and in German.
async fn with_phones(world: &World) {
    let provider = world.phones.url("twilio");
    let hook = world.phones.url("bo");
    let text = format!(
        r#"
organization:
  name: Shop
  timezone: Europe/Berlin
  calling_in: {{ services: [checkout, search], unknown_callers: true, calls_per_hour: 2 }}
providers:
  - {{ name: phones, type: twilio, account: AC1, token: "{TOKEN}", from: "+15005550006", url: "{provider}" }}
users:
  - name: ana
    full_name: Ana Ortiz
    email: ana@example.com
    role: responder
    timezone: Europe/Berlin
    quiet_hours: {{ from: "22:00", to: "07:00" }}
    contact_methods:
      - {{ name: sms, type: sms, address: "{ANA}" }}
      - {{ name: call, type: voice, address: "{ANA}" }}
    notification_rules:
      high: [ {{ after: 0m, method: sms }}, {{ after: 3m, method: call }} ]
      low: [ {{ after: 0m, method: sms }} ]
  - name: bo
    full_name: Bo Lind
    email: bo@example.com
    role: manager
    timezone: America/New_York
    language: de
    contact_methods:
      - {{ name: sms, type: sms, address: "{BO}" }}
      - {{ name: hook, type: webhook, url: "{hook}" }}
    notification_rules: {{ high: [ {{ after: 0m, method: sms }} ] }}
  - {{ name: sam, full_name: Sam Roe, email: sam@example.com, role: stakeholder }}
  - {{ name: root, full_name: Root, email: root@example.com, role: admin }}
"#
    );
    let applied = world.admin().send(Method::POST, "/api/v1/config/apply", text).await;
    assert_eq!(applied.status, 200, "{}", applied.text);
}

/// What the provider was asked for, one line per request: the resource and some of its form.
fn sent(world: &World) -> Vec<Vec<(String, String)>> {
    let mut sent = Vec::new();
    for resource in ["Messages", "Calls"] {
        for form in world.phones.of(&format!("twilio/2010-04-01/Accounts/AC1/{resource}.json")) {
            let form = form.as_str().expect("a form").as_bytes();
            sent.push(form_urlencoded::parse(form).into_owned().collect());
        }
    }
    sent
}

fn value<'a>(form: &'a [(String, String)], name: &str) -> &'a str {
    form.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

/// The texts that went to a number.
fn texts(world: &World, number: &str) -> Vec<String> {
    let sent = sent(world);
    let to = sent.iter().filter(|form| value(form, "To") == number);
    to.map(|form| value(form, "Body").to_owned()).filter(|body| !body.is_empty()).collect()
}

fn sign(token: &str, url: &str, form: &[(&str, &str)]) -> String {
    let mut sorted: Vec<_> = form.iter().map(|(name, value)| format!("{name}{value}")).collect();
    sorted.sort();
    let mut mac = Hmac::<Sha1>::new_from_slice(token.as_bytes()).expect("any key");
    mac.update(format!("{url}{}", sorted.concat()).as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// The provider calls us back.
async fn posted(world: &World, token: &str, path: &str, form: &[(&str, &str)]) -> Answer {
    let path = format!("/callback/phones/{path}");
    let signature = sign(token, &format!("{}{path}", world.base()), form);
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let client = world
        .anybody()
        .with("content-type", "application/x-www-form-urlencoded")
        .with("x-twilio-signature", &signature);
    let answer = client.send(Method::POST, &path, body).await;
    world.settle().await;
    answer
}

/// Somebody texts; gives what is said to it.
async fn text(world: &World, from: &str, sid: &str, body: &str) -> String {
    let form = [("MessageSid", sid), ("From", from), ("To", "+15005550006"), ("Body", body)];
    let answer = posted(world, TOKEN, "sms", &form).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(answer.header("content-type").starts_with("text/xml"));
    let said = answer.text.split("<Message>").nth(1).unwrap_or_default();
    said.split("</Message>").next().unwrap_or_default().to_owned()
}

async fn key(world: &World, digits: &str, incident: i64) -> String {
    let form = [
        ("CallSid", "CA1"),
        ("From", "+15005550006"),
        ("To", ANA),
        ("Direction", "outbound-api"),
        ("Digits", digits),
    ];
    let answer = posted(world, TOKEN, &format!("keys?about={incident}"), &form).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.text
}

async fn page(world: &World, key: &str) {
    // Each is an incident of its own: alerts of one service would be grouped.
    let body = serde_json::json!({ "title": key, "service": "checkout", "severity": 1 });
    assert_eq!(world.admin().post("/api/v1/incidents", body).await.status, 201);
    world.settle().await;
}

async fn status(world: &World, number: i64) -> String {
    let incident = world.admin().read(&format!("/api/v1/incidents/{number}")).await;
    incident["status"].as_str().expect("a status").to_owned()
}

#[tokio::test]
async fn a_page_by_text_is_acknowledged_and_resolved_by_reply() {
    on_both_stores(async |world| {
        with_phones(world).await;
        page(world, "disk").await;
        let said = texts(world, ANA);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].starts_with("#1 "), "{said:?}");
        assert!(said[0].contains("Reply 1 ack, 2 resolve, 3 escalate"), "{said:?}");
        assert_eq!(text(world, ANA, "SM1", "1").await, "You have 1.");
        assert_eq!(status(world, 1).await, "acknowledged");
        let incident = world.admin().read("/api/v1/incidents/1").await;
        assert_eq!(incident["assignee"], "ana");
        assert_eq!(text(world, ANA, "SM2", "2").await, "Resolved: 1.");
        assert_eq!(status(world, 1).await, "resolved");
        let audit = world.admin().read("/api/v1/audit").await.to_string();
        assert_eq!(audit.matches("page.answered").count(), 2, "{audit}");
    })
    .await;
}

#[tokio::test]
async fn several_pages_are_told_apart_by_number_and_wrong_numbers_are_told() {
    on_both_stores(async |world| {
        with_phones(world).await;
        page(world, "disk").await;
        page(world, "network").await;
        let which = text(world, ANA, "SM1", "1").await;
        assert!(which.starts_with("Which one? 2 SEV1 "), "{which}");
        assert!(which.ends_with("Reply 1 2, or 1 all"), "{which}");
        assert_eq!(
            text(world, ANA, "SM2", "1 43").await,
            "No open page 43; yours are 2 and 1; reply 1 2"
        );
        assert_eq!(
            (status(world, 1).await, status(world, 2).await),
            ("triggered".into(), "triggered".into())
        );
        assert_eq!(text(world, ANA, "SM3", "1 2").await, "You have 2.");
        assert_eq!(status(world, 2).await, "acknowledged");
        assert_eq!(text(world, ANA, "SM4", "2 all").await, "Resolved: 2 and 1.");
        assert_eq!(text(world, ANA, "SM5", "1").await, "Nothing asks for you.");
        assert!(text(world, ANA, "SM6", "hello").await.starts_with("Reply 1 to acknowledge"));
    })
    .await;
}

#[tokio::test]
async fn the_same_reply_again_changes_nothing_and_forged_ones_are_refused() {
    on_both_stores(async |world| {
        with_phones(world).await;
        page(world, "disk").await;
        let form = [("MessageSid", "SM1"), ("From", ANA), ("To", "+15005550006"), ("Body", "1")];
        let forged = posted(world, "another token", "sms", &form).await;
        assert_eq!(forged.status, 403, "{}", forged.text);
        assert_eq!(status(world, 1).await, "triggered");
        let audit = world.admin().read("/api/v1/audit").await.to_string();
        assert!(audit.contains("callback.refused"), "{audit}");

        assert_eq!(text(world, ANA, "SM1", "1").await, "You have 1.");
        let unacknowledged =
            world.admin().post("/api/v1/incidents/1/unacknowledge", serde_json::json!({})).await;
        assert_eq!(unacknowledged.status, 200, "{}", unacknowledged.text);
        assert_eq!(text(world, ANA, "SM1", "1").await, "You have 1.");
        assert_eq!(status(world, 1).await, "triggered", "a replay answers nothing");
        assert_eq!(text(world, STRANGER, "SM2", "1").await, "This address belongs to nobody here.");
        assert_eq!(status(world, 1).await, "triggered");
    })
    .await;
}

#[tokio::test]
async fn a_key_answers_a_call_and_bo_is_answered_in_german() {
    on_both_stores(async |world| {
        with_phones(world).await;
        page(world, "disk").await;
        world.advance(SignedDuration::from_mins(3)).await;
        let sent = sent(world);
        let twiml = sent.iter().map(|form| value(form, "Twiml")).find(|twiml| !twiml.is_empty());
        let twiml = twiml.expect("a call");
        assert!(twiml.contains("Press 1 to acknowledge"), "{twiml}");
        assert!(twiml.contains("/callback/phones/keys?about=1"), "{twiml}");
        assert!(key(world, "4", 1).await.contains("Press 1 to acknowledge"), "hears it again");
        assert!(key(world, "3", 1).await.contains("The next person is asked about 1."));
        assert!(texts(world, BO)[0].contains("Antwort: 1 übernehmen"), "{:?}", texts(world, BO));
        assert_eq!(text(world, BO, "SM1", "1").await, "Übernommen: 1.");
        assert_eq!(status(world, 1).await, "acknowledged");
    })
    .await;
}

#[tokio::test]
async fn a_message_that_did_not_arrive_starts_the_next_method_and_one_that_did_answers_nothing() {
    on_both_stores(async |world| {
        with_phones(world).await;
        page(world, "disk").await;
        let callback = value(&sent(world)[0], "StatusCallback").to_owned();
        let path = callback.rsplit_once("/callback/phones/").expect("our address").1.to_owned();
        let receipt = async |status: &str| {
            let form = [("MessageSid", "SM1"), ("MessageStatus", status), ("ErrorCode", "30003")];
            assert_eq!(posted(world, TOKEN, &path, &form).await.status, 200);
        };
        receipt("delivered").await;
        assert_eq!(status(world, 1).await, "triggered", "delivered is no answer");
        assert_eq!(sent(world).len(), 1);
        receipt("undelivered").await;
        receipt("undelivered").await;
        let calls = sent(world).iter().filter(|form| !value(form, "Twiml").is_empty()).count();
        assert_eq!(calls, 1, "the call does not wait for its three minutes");
        let timeline = world.admin().read("/api/v1/incidents/1/timeline").await.to_string();
        assert!(
            timeline.contains("ana's sms did not get the page: undelivered, error 30003"),
            "{timeline}"
        );
        let pages = world.admin().read("/api/v1/incidents/1/pages").await;
        let receipts = &pages["items"][0]["deliveries"][0]["receipts"];
        assert_eq!(receipts[0]["status"], "delivered", "{pages}");
        assert_eq!(receipts[1]["status"], "undelivered", "{pages}");
        assert_eq!(pages["items"][0]["deliveries"][0]["state"], "failed", "{pages}");
    })
    .await;
}

#[tokio::test]
async fn stop_disables_the_method_and_start_enables_it() {
    on_both_stores(async |world| {
        with_phones(world).await;
        assert_eq!(text(world, ANA, "SM1", "STOP").await, "");
        let contacts = world.admin().read("/api/v1/users/ana/contacts").await;
        assert_eq!(contacts["methods"][0]["disabled"], "the person wrote STOP", "{contacts}");
        assert_eq!(contacts["methods"][1]["disabled"], serde_json::Value::Null, "calls go on");
        page(world, "disk").await;
        assert_eq!(texts(world, ANA).len(), 0);
        assert_eq!(
            text(world, ANA, "SM2", "START").await,
            "Pages come here again. STOP ends them."
        );
        page(world, "network").await;
        assert_eq!(texts(world, ANA).len(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_can_wait_waits_until_the_quiet_hours_end() {
    on_both_stores(async |world| {
        with_phones(world).await;
        // It is four in the morning in Berlin.
        let body =
            serde_json::json!({ "title": "Slow reports", "service": "checkout", "severity": 3 });
        assert_eq!(world.admin().post("/api/v1/incidents", body).await.status, 201);
        world.settle().await;
        assert_eq!(texts(world, ANA).len(), 0);
        let incident = world.admin().read("/api/v1/incidents/1/pages").await;
        let due = incident["items"][0]["deliveries"][0]["due_at"].clone();
        assert_eq!(due, "2026-11-21T06:00:00Z", "{incident}");
    })
    .await;
}

#[tokio::test]
async fn somebody_calls_in_chooses_a_service_and_leaves_a_message() {
    on_both_stores(async |world| {
        with_phones(world).await;
        let call = [
            ("CallSid", "CA7"),
            ("From", STRANGER),
            ("To", "+15005550006"),
            ("Direction", "inbound"),
        ];
        let menu = posted(world, TOKEN, "voice", &call).await.text;
        assert!(menu.contains("To page the on-call of search, press 2."), "{menu}");
        let wrong =
            posted(world, TOKEN, "menu", &[&call[..], &[("Digits", "9")]].concat()).await.text;
        assert!(wrong.contains("press 2"), "{wrong}");
        let chose =
            posted(world, TOKEN, "menu", &[&call[..], &[("Digits", "1")]].concat()).await.text;
        assert!(chose.contains("is paged about incident 1."), "{chose}");
        assert!(chose.contains("action=\"voicemail?incident=1\""), "{chose}");
        assert_eq!(texts(world, ANA).len(), 1, "paged before anything was said");
        let left = [
            &call[..],
            &[("RecordingUrl", "https://api.example.com/RE1"), ("RecordingDuration", "34")],
        ]
        .concat();
        let kept = posted(world, TOKEN, "voicemail?incident=1", &left).await.text;
        assert!(kept.contains("Your message was added"), "{kept}");
        let timeline = world.admin().read("/api/v1/incidents/1/timeline").await.to_string();
        assert!(timeline.contains("34 s: https://api.example.com/RE1"), "{timeline}");
        // Nobody else can hang a recording onto it.
        let other = [
            ("CallSid", "CA8"),
            ("From", BO),
            ("RecordingUrl", "https://evil.example.com"),
            ("Direction", "inbound"),
        ];
        posted(world, TOKEN, "voicemail?incident=1", &other).await;
        let timeline = world.admin().read("/api/v1/incidents/1/timeline").await.to_string();
        assert!(!timeline.contains("evil"), "{timeline}");
    })
    .await;
}

#[tokio::test]
async fn a_text_pages_the_on_call_and_nobody_may_do_so_without_end() {
    on_both_stores(async |world| {
        with_phones(world).await;
        let said = text(world, STRANGER, "SM1", "page checkout disk is full").await;
        assert_eq!(said, "The on-call of checkout is paged about incident 1.");
        let incident = world.admin().read("/api/v1/incidents/1").await;
        assert_eq!(
            (incident["title"].as_str(), incident["service"].as_str()),
            (Some("disk is full"), Some("checkout"))
        );
        let said = text(world, STRANGER, "SM2", "page checkout still full").await;
        assert_eq!(said, "The on-call of checkout is paged about incident 2.");
        let said = text(world, STRANGER, "SM3", "page checkout and again").await;
        assert_eq!(said, "Too many calls within an hour. Nobody was paged.");
        assert_eq!(
            text(world, ANA, "SM4", "page nothing x").await,
            "There is no nothing to page for; known: catch-all, checkout, search"
        );
        world.advance(SignedDuration::from_mins(61)).await;
        let said = text(world, STRANGER, "SM5", "page search slow").await;
        assert!(said.starts_with("The on-call of search is paged"), "{said}");
    })
    .await;
}
