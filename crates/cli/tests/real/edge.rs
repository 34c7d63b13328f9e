//! The SMTP listener at the edge of the network, with clients that are not ours: letters come
//! through STARTTLS from Python's smtplib, signed by dkimpy, and the sender is looked up at a name
//! server.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use muster_store::Engine;
use serde_json::Value;

use super::world::{World, free_port, wait_for};

/// Where `scripts/setup.sh test` puts the Python packages that Debian does not have.
const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/test-venv/bin/python");
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/real/smtp_edge.py");

fn organization(phones: u16) -> String {
    format!(
        r#"
organization: {{ name: Shop, timezone: UTC }}
users:
  - name: mia
    full_name: Mia Post
    email: mia@example.com
    role: responder
    timezone: UTC
    contact_methods: [ {{ name: phone, type: webhook, url: "http://127.0.0.1:{phones}/mia" }} ]
    notification_rules: {{ high: [ {{ after: 0m, method: phone }} ] }}
escalation_policies:
  - {{ name: mia, steps: [ {{ after: 0m, targets: [ {{ user: mia }} ] }} ] }}
services:
  - name: letters
    escalation_policy: mia
    integrations: [ {{ name: in, type: email, key: letters-mail-key }} ]
catch_all: {{ escalation_policy: mia }}
"#
    )
}

/// A certificate for this host that signs itself.
fn make_certificate(dir: &Path) -> (String, String) {
    let at = |name: &str| dir.join(name).display().to_string();
    let (chain, key) = (at("chain.pem"), at("key.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=mx"])
        .args(["-addext", "subjectAltName=IP:127.0.0.1", "-out", &chain, "-keyout", &key])
        .output()
        .expect("openssl is installed (Debian: openssl)");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    (chain, key)
}

struct Edge {
    world: World,
    _files: tempfile::TempDir,
    smtp: u16,
    dns: u16,
    chain: String,
    key: String,
}

impl Edge {
    fn start(engine: Engine) -> Self {
        let files = tempfile::tempdir().expect("a temporary directory");
        let (chain, key) = make_certificate(files.path());
        let (smtp, dns) = (free_port(), free_port());
        let (listen, server) = (format!("127.0.0.1:{smtp}"), format!("127.0.0.1:{dns}"));
        let more = [
            "--smtp-listen",
            &listen,
            "--mail-domain",
            "alerts.example.com",
            "--mail-check",
            "refuse",
            "--mail-dns",
            &server,
            "--smtp-tls-cert",
            &chain,
            "--smtp-tls-key",
            &key,
        ];
        let world = World::start_with(engine, &more, organization);
        Self { world, _files: files, smtp, dns, chain, key }
    }

    /// A letter of the shop's, genuine or forged; what the client heard.
    fn letter(&self, kind: &str) -> Value {
        let to = format!("letters-mail-key+{kind}@alerts.example.com");
        let ports = [self.smtp.to_string(), self.dns.to_string()];
        let output = Command::new(PYTHON)
            .arg(SCRIPT)
            .args(ports)
            .args([&self.chain, &self.key, &to, kind])
            .output()
            .expect("the Python packages are there (scripts/setup.sh test)");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("it prints JSON")
    }
}

fn through_tls(engine: Engine) {
    let edge = Edge::start(engine);
    let heard = edge.letter("genuine");
    assert_eq!((&heard["offered"], &heard["again"]), (&true.into(), &false.into()), "{heard}");
    assert_eq!(heard["tls"], "TLSv1.3");
    assert_eq!(heard["code"], 250, "{heard}");
    let alert = wait_for("the alert", || edge.world.all("/alerts").pop());
    assert_eq!(alert["dedup_key"], "genuine");
    for check in ["spf", "dkim", "dmarc"] {
        assert_eq!(alert["details"][check], "pass (genuine.example)", "{check}: {alert}");
    }
    let heard = edge.letter("forged");
    assert_eq!(heard["code"], 550, "{heard}");
    let words = heard["words"].as_str().expect("words");
    let why = "SPF fail (forged.example), DKIM fail (forged.example), DMARC fail (forged.example)";
    assert!(words.contains(why), "{words}");
    assert_eq!(edge.world.all("/alerts").len(), 1);

    // A renewed certificate is taken up, and one that cannot be read is not.
    make_certificate(Path::new(&edge.chain).parent().expect("a directory"));
    assert_eq!(edge.letter("genuine")["code"], 250, "the client trusts the new one only");
    std::fs::write(&edge.key, "no key").expect("the directory is ours");
    let mut talk = Talk::open(edge.smtp);
    talk.says("EHLO client.example.com\r\n");
    assert!(talk.says("STARTTLS\r\n").starts_with("220"), "the one before stays in force");
}

/// A client that speaks by hand.
struct Talk(BufReader<TcpStream>);

impl Talk {
    fn open(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("Muster listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time limit");
        let mut talk = Self(BufReader::new(stream));
        assert!(talk.reply().starts_with("220"));
        talk
    }

    fn reply(&mut self) -> String {
        let mut reply = String::new();
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).expect("Muster answers");
            reply.push_str(&line);
            if line.as_bytes().get(3) != Some(&b'-') {
                return reply;
            }
        }
    }

    fn says(&mut self, text: &str) -> String {
        self.0.get_mut().write_all(text.as_bytes()).expect("Muster listens");
        self.reply()
    }
}

#[test]
fn a_letter_comes_through_starttls_and_its_sender_is_checked_on_sqlite() {
    through_tls(Engine::Sqlite);
}

#[test]
fn a_letter_comes_through_starttls_and_its_sender_is_checked_on_postgresql() {
    through_tls(Engine::Postgres);
}

#[test]
fn what_is_said_behind_starttls_before_it_is_encrypted_counts_for_nothing() {
    let edge = Edge::start(Engine::Sqlite);
    let mut talk = Talk::open(edge.smtp);
    assert!(talk.says("STARTTLS\r\n").starts_with("503"), "greet first");
    assert!(talk.says("EHLO client.example.com\r\n").contains("STARTTLS"));
    let heard = talk.says("STARTTLS\r\nMAIL FROM:<eve@example.net>\r\n");
    assert!(heard.starts_with("554"), "{heard}");
    let mut rest = String::new();
    talk.0.read_to_string(&mut rest).expect("the connection ends");
    assert_eq!(rest, "");
}
