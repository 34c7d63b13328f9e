//! The engine with a simulated clock, a real store and real HTTP, without the API in front of it.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use muster_core::id::{IncidentId, MessageId};
use muster_core::incident::lifecycle::{Command, Incident};
use muster_core::incident::restriction::Viewer;
use muster_core::incident::timeline::Actor;
use muster_core::org::directory::Directory;
use muster_integrations::outbound::Limits;
use muster_store::inbox::{self, NewMessage};
use muster_store::incident::incident as store_incident;
use muster_store::oncall::{delivery, page};
use muster_store::{Db, Lane, Sql, timer};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::app::org::config;
use crate::app::{App, Snapshot};
use crate::clock::Clock;
use crate::engine::accept::Accept;
use crate::engine::{Engine, Found, triage};
use crate::settings::Settings;

/// When every story begins.
pub(super) const T0: &str = "2026-11-21T03:00:00Z";
/// How long a story waits for word of progress before it looks by itself.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// How long a story waits for the engine to come to rest before it fails.
const REST_WITHIN: Duration = Duration::from_secs(30);
/// The answer of a phone that hangs up instead.
pub(super) const HANGS_UP: u16 = 0;
/// The most timers that one step of the clock passes.
const TIMERS_PASSED_MAX: usize = 1_000;

/// Everybody's phones: what arrived, and what each answers.
#[derive(Clone, Default)]
pub(super) struct Phones {
    received: Arc<Mutex<Vec<(String, Value)>>>,
    answers: Arc<Mutex<HashMap<String, u16>>>,
    waits: Arc<Mutex<HashMap<String, u32>>>,
    held: watch::Sender<HashSet<String>>,
}

impl Phones {
    async fn listen(&self) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let phones = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(phones.clone().answer(stream));
            }
        });
        port
    }

    async fn answer(self, mut stream: TcpStream) {
        let mut bytes = Vec::new();
        loop {
            let end = loop {
                if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                    break at + 4;
                }
                if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                    return;
                }
            };
            let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            let path = head.split_whitespace().nth(1).unwrap_or_default().to_owned();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok())
                .unwrap_or(0_usize);
            while bytes.len() < end + length {
                if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                    return;
                }
            }
            let body = serde_json::from_slice(&bytes[end..end + length]).unwrap_or(Value::Null);
            bytes.drain(..end + length);
            let status = self.answers.lock().unwrap().get(&path).copied().unwrap_or(200);
            self.received.lock().unwrap().push((path.clone(), body));
            let _ = self.held.subscribe().wait_for(|held| !held.contains(&path)).await;
            if status == HANGS_UP {
                return;
            }
            let wait = self.waits.lock().unwrap().get(&path).copied();
            let wait = wait.map(|seconds| format!("retry-after: {seconds}\r\n"));
            let wait = wait.unwrap_or_default();
            let answer = format!("HTTP/1.1 {status} X\r\n{wait}content-length: 0\r\n\r\n");
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    }

    /// What a path answers from now on.
    pub(super) fn set(&self, path: &str, status: u16) {
        self.answers.lock().unwrap().insert(path.to_owned(), status);
    }

    /// What a path asks senders to wait from now on, in seconds, or no more.
    pub(super) fn ask_to_wait(&self, path: &str, seconds: Option<u32>) {
        let mut waits = self.waits.lock().unwrap();
        match seconds {
            Some(seconds) => waits.insert(path.to_owned(), seconds),
            None => waits.remove(path),
        };
    }

    /// From now on a path takes messages and says nothing.
    pub(super) fn hold(&self, path: &str) {
        self.held.send_modify(|held| {
            held.insert(path.to_owned());
        });
    }

    /// The path answers again, also what it kept waiting.
    pub(super) fn let_go(&self, path: &str) {
        self.held.send_modify(|held| {
            held.remove(path);
        });
    }

    /// What arrived at a path.
    pub(super) fn at(&self, path: &str) -> Vec<Value> {
        let received = self.received.lock().unwrap();
        received.iter().filter(|(to, _)| to == path).map(|(_, body)| body.clone()).collect()
    }
}

/// An installation.
pub(super) struct World {
    pub(super) app: App,
    pub(super) phones: Phones,
    pub(super) accept: Accept,
    pub(super) engine: Option<Engine>,
    port: u16,
}

/// Ana first, then Bo after five minutes, then the manager; ana has a phone and a tablet.
pub(super) fn organization(port: u16) -> String {
    format!(
        r#"
organization: {{ name: Shop, timezone: Europe/Berlin }}
severities:
  - {{ level: 1, name: Outage, urgency: high, {NO_CLOCKS} }}
  - {{ level: 2, name: Diminished, urgency: high, {NO_CLOCKS} }}
  - {{ level: 3, name: Group, urgency: low }}
  - {{ level: 4, name: Individual, urgency: none }}
users:
  - name: ana
    full_name: Ana Ortiz
    email: ana@example.com
    role: responder
    timezone: Europe/Berlin
    contact_methods:
      - {{ name: phone, type: webhook, url: "http://127.0.0.1:{port}/ana" }}
      - {{ name: tablet, type: webhook, url: "http://127.0.0.1:{port}/ana-tablet" }}
    notification_rules: {{ high: [ {{ after: 0m, method: phone }}, {{ after: 3m, method: tablet }} ] }}
  - name: bo
    full_name: Bo Lind
    email: bo@example.com
    role: manager
    timezone: Europe/Berlin
    contact_methods: [ {{ name: phone, type: webhook, url: "http://127.0.0.1:{port}/bo" }} ]
    notification_rules: {{ high: [ {{ after: 0m, method: phone }} ] }}
teams:
  - {{ name: payments, manager: bo, members: [ana, bo] }}
schedules:
  - {{ name: nobody, team: payments, timezone: Europe/Berlin, layers: [] }}
escalation_policies:
  - name: payments
    team: payments
    repeat: 0
    steps:
      - {{ after: 0m, targets: [ {{ user: ana }} ] }}
      - {{ after: 5m, targets: [ {{ user: bo }} ] }}
  - name: empty
    steps:
      - {{ after: 0m, targets: [ {{ schedule: nobody }} ] }}
services:
  - name: checkout
    team: payments
    escalation_policy: payments
    severity_map:
      - {{ when: 'severity == "critical"', severity: 1 }}
      - {{ when: 'severity == "info"', informational: true }}
    inform: [ops@example.com]
    integrations:
      - {{ name: events, type: pagerduty, key: checkout-events-key }}
      - {{ name: alertmanager, type: alertmanager, key: checkout-alertmanager-key }}
  - name: forgotten
    escalation_policy: empty
    integrations:
      - {{ name: events, type: pagerduty, key: forgotten-events-key }}
catch_all: {{ escalation_policy: payments }}
"#
    )
}

/// The clocks beside the escalation have stories of their own, which put theirs in place of this.
pub(super) const NO_CLOCKS: &str =
    "management_chain: none, rotate_after: none, engage_within: none";

async fn apply(db: &Db, wanted: &config::Wanted, now: Timestamp) {
    let surroundings = config::Surroundings { now, environment: &|_| None };
    config::apply(db, wanted, "story", &surroundings).await.expect("it applies");
}

impl World {
    /// A new installation on a new store.
    pub(super) async fn new(db: Db) -> Self {
        Self::with(db, |text| text).await
    }

    /// A new installation with a configuration of its own.
    pub(super) async fn with(db: Db, change: impl Fn(String) -> String) -> Self {
        Self::waiting(db, Limits::default(), change).await
    }

    /// A new installation that waits this long for outgoing calls, on the real clock.
    pub(super) async fn waiting(
        db: Db,
        outbound_limits: Limits,
        change: impl Fn(String) -> String,
    ) -> Self {
        let phones = Phones::default();
        let port = phones.listen().await;
        let clock = Clock::simulated(T0.parse().unwrap());
        let wanted =
            config::check(&change(organization(port)), None).expect("the story's configuration");
        apply(&db, &wanted, clock.now()).await;
        let network_allow = vec!["127.0.0.0/8".into()];
        let settings = Settings { network_allow, outbound_limits, ..Settings::default() };
        let app = App::start(db, clock, settings).await.unwrap();
        let accept = Accept::start(&app);
        let engine = Some(Engine::start(&app));
        Self { app, phones, accept, engine, port }
    }

    /// An installation whose organisation was not configured but made by `directory`, given the
    /// port of everybody's phones.
    pub(super) async fn of(
        db: Db,
        now: Timestamp,
        directory: impl FnOnce(u16) -> Directory,
    ) -> Self {
        let phones = Phones::default();
        let port = phones.listen().await;
        let settings =
            Settings { network_allow: vec!["127.0.0.0/8".into()], ..Settings::default() };
        let app = App::start(db, Clock::simulated(now), settings).await.unwrap();
        app.install(Snapshot::new(Arc::new(directory(port)), Vec::new()));
        let accept = Accept::start(&app);
        let engine = Some(Engine::start(&app));
        Self { app, phones, accept, engine, port }
    }

    /// Another node on the same database, with the same clock and the same phones.
    pub(super) async fn another_node(&self, db: Db) -> Self {
        self.node(db, self.app.clock.clone()).await
    }

    /// Another node whose clock is wrong.
    pub(super) async fn wrong_node(&self, db: Db, wrong: SignedDuration) -> Self {
        self.node(db, self.app.clock.wrong_by(wrong)).await
    }

    async fn node(&self, db: Db, clock: Clock) -> Self {
        let app = App::start(db, clock, self.app.settings.clone()).await.unwrap();
        let accept = Accept::start(&app);
        let engine = Some(Engine::start(&app));
        Self { app, phones: self.phones.clone(), accept, engine, port: self.port }
    }

    /// Where everybody's phones listen.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Changes the configuration while the server runs.
    pub(super) async fn reconfigure(&self, change: impl Fn(String) -> String) {
        let text = change(organization(self.port));
        let wanted = config::check(&text, None).expect("the story's configuration");
        apply(&self.app.db, &wanted, self.app.now()).await;
        self.app.reload().await.unwrap();
    }

    /// Accepts a PagerDuty event for a service.
    pub(super) async fn event(
        &self,
        service: &str,
        action: &str,
        key: &str,
        severity: &str,
    ) -> MessageId {
        let body = json!({
            "routing_key": "unused", "event_action": action, "dedup_key": key,
            "payload": { "summary": format!("{key} is in trouble"), "source": "story", "severity": severity },
        });
        self.raw(service, body.to_string().as_bytes()).await
    }

    /// Accepts any body for a service.
    pub(super) async fn raw(&self, service: &str, body: &[u8]) -> MessageId {
        self.message(&format!("{service}/events"), body).await
    }

    /// Sends an alert as a client does that may hear no 2xx.
    pub(super) async fn try_event(&self, key: &str) -> bool {
        let body = json!({
            "routing_key": "unused", "event_action": "trigger", "dedup_key": key,
            "payload": { "summary": key, "source": "story", "severity": "critical" },
        });
        let message = self.new_message("checkout/events", body.to_string().as_bytes());
        self.accept.accept(message).await.is_ok()
    }

    /// Accepts any body that comes in through an integration.
    pub(super) async fn message(&self, integration: &str, body: &[u8]) -> MessageId {
        let message = self.new_message(integration, body);
        let id = message.id;
        self.accept.accept(message).await.unwrap();
        id
    }

    fn new_message(&self, integration: &str, body: &[u8]) -> NewMessage {
        let snapshot = self.app.snapshot();
        let inlet = snapshot.inlet_by_label(integration).unwrap();
        let now = self.app.now();
        NewMessage {
            id: MessageId(self.app.ids.next(now)),
            integration: inlet.integration.id,
            received_at: now,
            content_type: Some("application/json".into()),
            request: None,
            body: body.to_vec(),
        }
    }

    /// Stops the engine: from here on the story takes the steps.
    pub(super) fn halt(&mut self) {
        drop(self.engine.take());
    }

    /// Starts the engine again.
    pub(super) fn go_on(&mut self) {
        self.engine = Some(Engine::start(&self.app));
    }

    /// Takes every message through triage, with the engine halted.
    pub(super) async fn triage(&self) {
        while triage::step(self.app.clone()).await.unwrap() == Found::Work {}
    }

    /// Runs a statement, as somebody does who has the database.
    pub(super) async fn sql(&self, statement: Sql) {
        let mut tx = self.app.db.begin(Lane::Cleanup).await.unwrap();
        tx.execute(&statement, vec![]).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Where a message stands in the inbox.
    pub(super) async fn state(&self, id: MessageId) -> String {
        inbox::get(&self.app.db, &Viewer::Engine, id).await.unwrap().unwrap().state
    }

    /// Waits until nothing is due.
    pub(super) async fn rest(&self) {
        self.until(async || self.app.is_idle().await.unwrap()).await;
    }

    /// Waits until something is so, looking again whenever the engine got further.
    pub(super) async fn until(&self, is_so: impl AsyncFn() -> bool) {
        let rest = async {
            loop {
                let progress = self.app.wake.progress.notified();
                tokio::pin!(progress);
                progress.as_mut().enable();
                if is_so().await {
                    return;
                }
                // Phones and other nodes make progress that this node hears nothing of.
                let _ = tokio::time::timeout(LOOK_AGAIN, progress).await;
            }
        };
        tokio::time::timeout(REST_WITHIN, rest).await.expect("the engine gets there");
    }

    /// Moves the clock, stopping at every timer on the way, as real time would.
    pub(super) async fn pass(&self, duration: SignedDuration) {
        self.rest().await;
        let end = self.app.now() + duration;
        for _ in 0..TIMERS_PASSED_MAX {
            let next = self.next_timer().await.filter(|at| *at <= end).unwrap_or(end);
            let now = self.app.now();
            self.app.clock.advance(next.max(now).duration_since(now));
            self.rest().await;
            if self.app.now() >= end {
                return;
            }
        }
        panic!("too many timers within {duration:#}");
    }

    async fn next_timer(&self) -> Option<Timestamp> {
        let mut next = Vec::new();
        use timer::Kind;
        let kinds = [
            Kind::Incident,
            Kind::Delivery,
            Kind::Notice,
            Kind::Alert,
            Kind::Heartbeat,
            Kind::Emergency,
            Kind::Watch,
        ];
        for kind in kinds.into_iter().chain(Kind::OF_PLANNING) {
            next.extend(timer::earliest(&self.app.db, kind).await.unwrap());
        }
        next.into_iter().min()
    }

    /// Every incident, the newest first.
    pub(super) async fn incidents(&self) -> Vec<Incident> {
        store_incident::list(&self.app.db, &Viewer::Engine, &Default::default(), 1_000)
            .await
            .unwrap()
    }

    /// The only incident.
    pub(super) async fn incident(&self) -> Incident {
        let mut incidents = self.incidents().await;
        assert_eq!(incidents.len(), 1, "{incidents:?}");
        incidents.remove(0)
    }

    /// The states of an incident's pages with those of their deliveries.
    pub(super) async fn ledger(&self, incident: IncidentId) -> Vec<(String, Vec<String>)> {
        let pages = page::of_incident(&self.app.db, incident).await.unwrap();
        let deliveries = delivery::of_incident(&self.app.db, incident).await.unwrap();
        pages
            .into_iter()
            .map(|page| {
                let of_page = deliveries
                    .iter()
                    .filter(|row| row.page_id == Some(page.id) && row.kind == "page")
                    .map(|row| row.state.clone())
                    .collect();
                (page.state, of_page)
            })
            .collect()
    }

    /// A person who does something.
    pub(super) fn actor(&self, person: &str) -> Actor {
        let snapshot = self.app.snapshot();
        let user = snapshot.directory.users.named(person).unwrap();
        Actor::User { id: user.id, name: user.name.clone() }
    }

    /// A person does something.
    pub(super) async fn does(&self, person: &str, id: IncidentId, command: Command) -> Incident {
        let incident = self.app.command(id, command, &self.actor(person)).await.unwrap();
        self.rest().await;
        incident
    }
}
