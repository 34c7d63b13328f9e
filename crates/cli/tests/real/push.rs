//! Web push judged by somebody else: keys, signature and sealing are checked with `http_ece` and
//! `cryptography` from Python, which know nothing of how Muster makes them.

use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use muster_store::Engine;
use serde_json::{Value, json};

use super::world::{World, read_request, wait_for};

/// Where `scripts/setup.sh test` puts the Python packages that Debian does not have.
const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/test-venv/bin/python");
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/real/web_push.py");

/// Runs the other side; what it prints.
fn python(arguments: &[&str], input: &[u8]) -> Value {
    let mut child = Command::new(PYTHON)
        .arg(SCRIPT)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the Python packages are there (scripts/setup.sh test)");
    child.stdin.take().expect("it was asked for").write_all(input).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("it prints JSON")
}

type Pushed = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// A push service: what it took, as heads and bodies.
fn push_service() -> (u16, Pushed) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has ports");
    let port = listener.local_addr().expect("bound").port();
    let pushed = Pushed::default();
    let taken = Arc::clone(&pushed);
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let Some(request) = read_request(&mut stream) else { continue };
            taken.lock().expect("not poisoned").push(request);
            let answer = b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            let _ = stream.write_all(answer);
        }
    });
    (port, pushed)
}

fn organization(_phones: u16) -> String {
    r#"
organization: { name: Shop, timezone: UTC }
users:
  - name: mia
    full_name: Mia Post
    email: mia@example.com
    role: responder
    timezone: UTC
    contact_methods: [ { name: browser, type: push } ]
    notification_rules: { high: [ { after: 0m, method: browser } ] }
escalation_policies:
  - { name: mia, steps: [ { after: 0m, targets: [ { user: mia } ] } ] }
services:
  - name: shop
    escalation_policy: mia
    integrations: [ { name: in, type: pagerduty, key: shop-events-key } ]
catch_all: { escalation_policy: mia }
"#
    .to_owned()
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map_or("", |(_, it)| it)
}

fn opened_by_somebody_else(engine: Engine) {
    let (port, pushed) = push_service();
    let world = World::start(engine, organization);
    let private = world.path().join("browser.pem");
    let private: &Path = private.as_ref();
    let private = private.display().to_string();
    let keys = python(&["keys", &private], b"");
    let body = json!({
        "name": "Python",
        "subscription": { "endpoint": format!("http://127.0.0.1:{port}/x"), "keys": keys },
    });
    let path = "/api/v1/users/mia/push-devices";
    let (status, answer) = world.http("POST", path, Some(&body.to_string())).expect("an answer");
    assert_eq!(status, 201, "{answer}");
    let event = json!({
        "routing_key": "shop-events-key", "event_action": "trigger", "dedup_key": "k",
        "payload": { "summary": "Überlast 🚨", "source": "s", "severity": "critical" },
    });
    let (status, answer) =
        world.http("POST", "/v2/enqueue", Some(&event.to_string())).expect("an answer");
    assert_eq!(status, 202, "{answer}");
    let (head, sealed) =
        wait_for("the push message", || pushed.lock().expect("not poisoned").first().cloned());
    assert_eq!(header(&head, "content-encoding"), "aes128gcm");
    let opened = python(&["open", &private, header(&head, "authorization")], &sealed);
    assert_eq!(opened["message"]["title"], "[SEV2] shop: Überlast 🚨");
    assert_eq!(opened["claims"]["aud"], format!("http://127.0.0.1:{port}"));
}

#[test]
fn a_push_message_is_opened_by_an_implementation_that_is_not_ours_on_sqlite() {
    opened_by_somebody_else(Engine::Sqlite);
}

#[test]
fn a_push_message_is_opened_by_an_implementation_that_is_not_ours_on_postgresql() {
    opened_by_somebody_else(Engine::Postgres);
}
