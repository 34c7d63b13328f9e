//! A directory for a story, the binary, and what it printed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// An organisation that needs nobody outside.
pub const ORGANIZATION: &str = r#"
organization: { name: Example Shop, timezone: UTC }
users:
  - name: ana
    full_name: Ana Ortiz
    email: ana@example.com
    role: admin
    contact_methods: [ { name: hook, type: webhook, url: "http://127.0.0.1:9/ana" } ]
  - name: bo
    full_name: Bo Lind
    email: bo@example.com
    role: responder
    contact_methods: [ { name: hook, type: webhook, url: "http://127.0.0.1:9/bo" } ]
teams:
  - { name: payments, manager: bo, members: [ana, bo] }
schedules:
  - name: payments-primary
    team: payments
    timezone: UTC
    layers:
      - { name: weekly, rotation: { every: 1w, handoff: "Mon 09:00", start: 2026-01-05, participants: [ana] } }
escalation_policies:
  - name: payments
    team: payments
    steps:
      - { after: 0m, targets: [ { schedule: payments-primary } ] }
      - { after: 5m, targets: [ { user: bo } ] }
services:
  - name: checkout
    team: payments
    escalation_policy: payments
    severity_map: [ { when: 'severity == "critical"', severity: 1 } ]
    integrations: [ { name: events, type: pagerduty, key: 0123456789abcdef0123456789abcdef } ]
catch_all: { escalation_policy: payments }
routing_tests:
  - name: what is critical wakes ana
    integration: checkout/events
    signal: { summary: checkout is down, severity: critical }
    expect: { service: checkout, severity: 1, pages: [ana] }
"#;

/// A directory with room for a data directory and files.
pub struct World {
    dir: TempDir,
}

/// What a command did.
pub struct Done {
    /// How it ended.
    pub code: i32,
    /// What it printed.
    pub out: String,
    /// What it complained about.
    pub err: String,
}

impl World {
    /// An empty one.
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a temporary directory") }
    }

    /// One whose data directory holds the organisation.
    pub fn configured() -> Self {
        let world = Self::new();
        world.file("org.yaml", ORGANIZATION);
        world.ok(&["apply", "-f", "org.yaml"]);
        world
    }

    /// Where the story's files are.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// Writes a file.
    pub fn file(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).expect("the directory takes files");
    }

    /// A command that works on no store.
    pub fn bare(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
        command.args(arguments).current_dir(self.path()).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("MUSTER_") || name == "RUST_LOG" {
                command.env_remove(name);
            }
        }
        command
    }

    /// Runs a command on the data directory.
    pub fn muster(&self, arguments: &[&str]) -> Done {
        let mut command = self.bare(arguments);
        command.env("MUSTER_DATA", self.data());
        Done::of(command.output().expect("the binary runs"))
    }

    /// Runs a command with something on its standard input.
    pub fn muster_with_input(&self, arguments: &[&str], input: &str) -> Done {
        let mut command = self.bare(arguments);
        command.env("MUSTER_DATA", self.data());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(input.as_bytes()).expect("the binary reads");
        drop(stdin);
        Done::of(child.wait_with_output().expect("the binary ends"))
    }

    /// Runs a command that must succeed, and returns what it printed.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let done = self.muster(arguments);
        assert_eq!(done.code, 0, "muster {arguments:?}: {}", done.err);
        done.out
    }

    /// Runs a command that must print JSON.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let out = self.ok(&[arguments, &["--json"]].concat());
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {out}"))
    }

    /// Starts the server on a free port.
    pub fn serve(&self) -> Server {
        let mut command = self.bare(&["serve", "--listen", "127.0.0.1:0"]);
        command.env("MUSTER_DATA", self.data()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let mut said = Vec::new();
        let url = loop {
            let line = lines.next().and_then(Result::ok);
            let Some(line) = line else { panic!("the server ended: {said:#?}") };
            if let Some(rest) = line.strip_prefix("Muster listens on ") {
                break rest.split_whitespace().next().expect("an address").to_owned();
            }
            said.push(line);
        };
        // Whoever writes to a pipe that nobody reads is stuck in the end.
        std::thread::spawn(move || lines.for_each(drop));
        Server { child, url }
    }
}

impl Done {
    fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the output is text");
        Self {
            code: output.status.code().unwrap_or(-1),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}

/// A running server, which ends with the story.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub url: String,
}

impl Server {
    /// Asks it to end, and waits.
    pub fn stop(mut self) -> i32 {
        let pid = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs");
        assert!(asked.success());
        self.child.wait().expect("the server ends").code().unwrap_or(-1)
    }

    /// Ends it as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().expect("the server can be ended");
        self.child.wait().expect("the server ends");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
