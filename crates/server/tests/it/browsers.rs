//! Real browsers in a story: Chromium, a window for each person, told step by step what they do. The
//! story keeps the clock; a step waits until the page shows what it is about.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::harness::{PASSWORD, World};

/// What plays the steps; `make test` installs what it needs.
const DIRECTOR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/e2e/director.mjs");

/// A browser with a window for each person.
pub struct Browsers {
    _director: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Browsers {
    /// Opens it before the world's server.
    pub fn open(world: &World) -> Self {
        let mut director = Command::new("node")
            .arg(DIRECTOR)
            .env("MUSTER_URL", world.base())
            .env("MUSTER_PASSWORD", PASSWORD)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node is installed (scripts/setup.sh test)");
        let orders = director.stdin.take().expect("it was asked for");
        let answers = BufReader::new(director.stdout.take().expect("it was asked for")).lines();
        Self { _director: director, orders, answers }
    }

    /// What a person does in their window, which is that of a phone where `phone` says so.
    pub async fn play(&mut self, person: &str, phone: bool, steps: Value) {
        let order = json!({ "as": person, "phone": phone, "steps": steps });
        self.orders.write_all(format!("{order}\n").as_bytes()).await.expect("it listens");
        let answer = self.answers.next_line().await.expect("it answers");
        let answer = answer.expect("the browser stopped; is web/e2e installed (`make test`)?");
        assert_eq!(answer, "ok", "{person}: {steps}");
    }
}
