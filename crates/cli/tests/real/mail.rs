//! Pages by mail through a real SMTP server: the message arrives, its link answers, and what is
//! informational is mailed and never paged.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use muster_store::Engine;

use super::world::{Process, World, free_port, request, wait_for};

/// Debian's aiosmtpd, printing every message that it takes.
pub struct Post {
    _server: Process,
    lines: Arc<Mutex<Vec<String>>>,
    /// Where it listens.
    pub port: u16,
}

impl Post {
    /// Starts it.
    pub fn open() -> Self {
        let port = free_port();
        let mut child = Command::new("/usr/bin/python3")
            .args(["-u", "-m", "aiosmtpd", "-n", "-l", &format!("127.0.0.1:{port}")])
            .args(["-c", "aiosmtpd.handlers.Debugging", "stdout"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("aiosmtpd is installed (Debian: python3-aiosmtpd)");
        let output = child.stdout.take().expect("it was asked for");
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let heard = Arc::clone(&lines);
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                heard.lock().expect("not poisoned").push(line);
            }
        });
        wait_for("the SMTP server", || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
        Self { _server: Process(child), lines, port }
    }

    /// Every line of every message so far.
    fn lines(&self) -> Vec<String> {
        self.lines.lock().expect("not poisoned").clone()
    }

    /// Everything in one piece, with the soft line breaks of quoted-printable undone.
    pub fn text(&self) -> String {
        self.lines().join("\n").replace("=\n", "")
    }

    fn has(&self, part: &str) -> bool {
        self.text().contains(part)
    }
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
    contact_methods: [ { name: mail, type: email, address: mia@example.com } ]
    notification_rules: { high: [ { after: 0m, method: mail } ] }
escalation_policies:
  - { name: mia, steps: [ { after: 0m, targets: [ { user: mia } ] } ] }
services:
  - name: letters
    escalation_policy: mia
    inform: [watchers@example.com]
    severity_map:
      - { when: 'severity == "info"', informational: true }
      - { when: 'severity == "critical"', severity: 1 }
    integrations: [ { name: in, type: pagerduty, key: letters-events-key } ]
catch_all: { escalation_policy: mia }
"#
    .to_owned()
}

fn event(world: &World, key: &str, severity: &str) {
    let body = format!(
        r#"{{"routing_key":"letters-events-key","event_action":"trigger","dedup_key":"{key}","payload":{{"summary":"{key} <b>now</b>","source":"story","severity":"{severity}"}}}}"#
    );
    let (status, body) =
        request(world.port, "POST", "/v2/enqueue", "", Some(&body)).expect("an answer");
    assert_eq!(status, 202, "{body}");
}

fn a_page_by_mail(engine: Engine) {
    let post = Post::open();
    let smtp = format!("smtp://127.0.0.1:{}?tls=none", post.port);
    let world = World::start_with(engine, &["--smtp-url", &smtp], organization);
    event(&world, "queue is full", "critical");
    let link = wait_for("the link in the mail", || {
        let text = post.text();
        let token = text.split("/p/").nth(1)?;
        let end = token.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_')?;
        Some(format!("/p/{}", &token[..end]))
    });
    assert!(post.has("To: mia@example.com") || post.has("mia@example.com"));
    assert!(
        post.lines().iter().any(|line| line.starts_with("Subject: [SEV1] letters: queue is full"))
    );
    assert!(post.has("Auto-Submitted: auto-generated"));

    let (status, page) = request(world.port, "GET", &link, "", None).expect("an answer");
    assert_eq!(status, 200);
    assert!(page.contains("queue is full"));
    assert!(!page.contains("<b>now"), "markup in a title is inert");
    assert_eq!(world.get("/incidents/1")["status"], "triggered", "looking changes nothing");
    let (status, _) = request(world.port, "POST", &link, "", None).expect("an answer");
    assert!((200..400).contains(&status));
    assert_eq!(world.get("/incidents/1")["status"], "acknowledged");

    event(&world, "just so you know", "info");
    wait_for("the informational mail", || post.has("watchers@example.com").then_some(()));
    assert_eq!(world.all("/incidents").len(), 1, "information opens no incident");
    let ledger = world.all("/incidents/1/pages");
    assert_eq!(ledger[0]["deliveries"][0]["type"], "email");
    assert_eq!(ledger[0]["deliveries"][0]["attempts"][0]["outcome"], "accepted");
}

#[test]
fn a_page_by_mail_is_answered_by_its_link_on_sqlite() {
    a_page_by_mail(Engine::Sqlite);
}

#[test]
fn a_page_by_mail_is_answered_by_its_link_on_postgresql() {
    a_page_by_mail(Engine::Postgres);
}
