//! A world for stories: a server on a port of its own, on each store in turn, with a simulated
//! clock, everybody's phones, and clients that ask as somebody.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use jiff::{SignedDuration, Timestamp};
use muster_core::incident::timeline::Actor;
use muster_core::org::user::Role;
use muster_server::api::Ctx;
use muster_server::app::App;
use muster_server::app::access::token::{self, Wanted};
use muster_server::app::org::config;
use muster_server::clock::Clock;
use muster_server::engine::Engine;
use muster_server::engine::accept::Accept;
use muster_server::http;
use muster_server::settings::{MailIn, Settings};
use muster_store::{Db, Lane, setting, testing, timer};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// When every story begins.
pub const T0: &str = "2026-11-21T03:00:00Z";
/// How long a story waits for the server to come to rest before it fails.
const REST_WITHIN: Duration = Duration::from_secs(60);
/// The most timers that one move of the clock passes.
const TIMERS_PASSED_MAX: usize = 1_000;
/// The password of everybody who has one.
pub const PASSWORD: &str = "correct horse battery";

/// Tells a story twice, each time in a new world on another store.
pub async fn on_both_stores(story: impl AsyncFn(&World)) {
    testing::on_both_engines(async |db| {
        let world = World::new(db).await;
        story(&world).await;
        world.end().await;
    })
    .await;
}

/// The same in installations that are held, as after a restore, before their servers start.
pub async fn on_both_stores_held(story: impl AsyncFn(&World)) {
    testing::on_both_engines(async |db| {
        let mut tx = db.begin(Lane::Command).await.unwrap();
        setting::put(&mut tx, setting::HELD, b"1").await.unwrap();
        tx.commit().await.unwrap();
        let world = World::new(db).await;
        story(&world).await;
        world.end().await;
    })
    .await;
}

/// An installation with people in it.
pub struct World {
    pub app: App,
    pub phones: Phones,
    port: u16,
    base: String,
    http: reqwest::Client,
    tokens: HashMap<&'static str, String>,
    engine: Engine,
    server: JoinHandle<std::io::Result<()>>,
}

/// Ana is asked first, then Bo after five minutes; Sam only looks, and Root configures.
fn organization(phones: u16) -> String {
    format!(
        r#"
organization: {{ name: Shop, timezone: Europe/Berlin }}
users:
  - name: ana
    full_name: Ana Ortiz
    email: ana@example.com
    role: responder
    timezone: Europe/Berlin
    contact_methods: [ {{ name: phone, type: webhook, url: "http://127.0.0.1:{phones}/ana" }} ]
    notification_rules: {{ high: [ {{ after: 0m, method: phone }} ] }}
  - name: bo
    full_name: Bo Lind
    email: bo@example.com
    role: manager
    timezone: America/New_York
    contact_methods: [ {{ name: phone, type: webhook, url: "http://127.0.0.1:{phones}/bo" }} ]
    notification_rules: {{ high: [ {{ after: 0m, method: phone }} ] }}
  - {{ name: sam, full_name: Sam Roe, email: sam@example.com, role: stakeholder }}
  - {{ name: root, full_name: Root, email: root@example.com, role: admin }}
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
services:
  - name: checkout
    team: payments
    tier: 1
    runbook: https://wiki.example.com/checkout
    escalation_policy: payments
    grouping: {{ window: 5m, by: [group] }}
    severity_map: [ {{ when: 'severity == "critical"', severity: 1 }} ]
    integrations:
      - {{ name: events, type: pagerduty, key: checkout-events-key }}
      - {{ name: alertmanager, type: alertmanager, key: checkout-alertmanager-key }}
      - {{ name: prometheus, type: prometheus, key: checkout-prometheus-key }}
      - {{ name: anything, type: generic, key: checkout-generic-key }}
      - {{ name: letters, type: email, key: checkout-letters-key }}
  - {{ name: search, escalation_policy: payments }}
catch_all: {{ escalation_policy: payments }}
"#
    )
}

impl World {
    async fn new(db: Db) -> Self {
        let phones = Phones::default();
        let port = phones.listen().await;
        let clock = Clock::simulated(T0.parse().unwrap());
        let now = clock.now();
        let wanted = config::check(&organization(port), None).expect("the story's configuration");
        let surroundings = config::Surroundings { now, environment: &|_| None };
        config::apply(&db, &wanted, "story", &surroundings).await.expect("it applies");
        let tokens = tokens(&db, now).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let settings = Settings {
            public_url: base.clone(),
            network_allow: vec!["127.0.0.0/8".into()],
            mail_in: MailIn {
                domains: vec!["alerts.example.com".into(), "alerts.example.net".into()],
                trusted: Some("mx.example.com".into()),
            },
            ..Settings::default()
        };
        let app = App::start(db, clock, settings).await.unwrap();
        let engine = Engine::start(&app);
        let accept = Accept::start(&app);
        let server = tokio::spawn(http::serve(
            Ctx::new(app.clone(), accept),
            listener,
            std::future::pending(),
        ));
        Self { app, phones, port, base, http: client(), tokens, engine, server }
    }

    async fn end(self) {
        self.server.abort();
        drop(self.engine);
    }

    /// A client that is not signed in.
    pub fn anybody(&self) -> Client<'_> {
        Client { world: self, headers: Vec::new() }
    }

    /// A client with a token of that role.
    pub fn with_role(&self, role: &str) -> Client<'_> {
        self.anybody().with("authorization", &format!("Bearer {}", self.tokens[role]))
    }

    /// A client that may do everything.
    pub fn admin(&self) -> Client<'_> {
        self.with_role("admin")
    }

    /// Somebody's browser, signed in.
    pub async fn browser(&self, name: &str) -> Client<'_> {
        let body = serde_json::json!({ "name": name, "password": PASSWORD });
        let answer = self.anybody().post("/api/v1/session", body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
        self.anybody().with("cookie", &cookie).with("origin", &self.base)
    }

    /// Where a person's phone takes pages.
    pub fn phone(&self, person: &str) -> String {
        format!("http://127.0.0.1:{}/{person}", self.port)
    }

    /// Where the server is.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Gives a person the password of the stories.
    pub async fn give_password(&self, name: &str) {
        let path = format!("/api/v1/users/{name}/password");
        let body = serde_json::json!({ "password": PASSWORD });
        let answer = self.admin().put(&path, body).await;
        assert_eq!(answer.status, 204, "{}", answer.text);
    }

    /// Sends a PagerDuty event for the checkout service, each with a group of its own.
    pub async fn event(&self, action: &str, key: &str, severity: &str) -> Answer {
        let body = serde_json::json!({
            "routing_key": "checkout-events-key", "event_action": action, "dedup_key": key,
            "payload": {
                "summary": format!("{key} is in trouble"), "source": "story",
                "severity": severity, "group": key,
            },
        });
        self.anybody().post("/v2/enqueue", body).await
    }

    /// Waits until nothing is due.
    pub async fn settle(&self) {
        let rest = async {
            loop {
                let progress = self.app.wake.progress.notified();
                tokio::pin!(progress);
                progress.as_mut().enable();
                if self.app.is_idle().await.unwrap() {
                    return;
                }
                progress.await;
            }
        };
        tokio::time::timeout(REST_WITHIN, rest).await.expect("the server comes to rest");
    }

    /// Waits until nothing is due and everything that was written can be searched.
    pub async fn indexed(&self) {
        self.settle().await;
        let rest = async {
            while muster_store::search::is_behind(&self.app.db).await.unwrap() {
                muster_server::engine::index::step(self.app.clone()).await.unwrap();
            }
        };
        tokio::time::timeout(REST_WITHIN, rest).await.expect("everything is gone through");
    }

    /// Moves the clock, stopping at every timer on the way, as real time would.
    pub async fn advance(&self, duration: SignedDuration) {
        self.settle().await;
        let end = self.app.now() + duration;
        for _ in 0..TIMERS_PASSED_MAX {
            let next = self.next_timer().await.filter(|at| *at <= end).unwrap_or(end);
            let now = self.app.now();
            self.app.clock.advance(next.max(now).duration_since(now));
            self.settle().await;
            if self.app.now() >= end {
                return;
            }
        }
        panic!("too many timers within {duration:#}");
    }

    async fn next_timer(&self) -> Option<Timestamp> {
        use timer::Kind;
        let mut next = Vec::new();
        let kinds = [
            Kind::Incident,
            Kind::Delivery,
            Kind::Alert,
            Kind::Emergency,
            Kind::Heartbeat,
            Kind::Room,
            Kind::Mirror,
            Kind::Workflow,
        ];
        for kind in kinds.into_iter().chain(Kind::OF_PLANNING) {
            next.extend(timer::earliest(&self.app.db, kind).await.unwrap());
        }
        next.into_iter().min()
    }
}

async fn tokens(db: &Db, now: Timestamp) -> HashMap<&'static str, String> {
    let mut tokens = HashMap::new();
    for (role, name) in Role::NAMES {
        let wanted = Wanted { name: name.to_owned(), role, user: None, expires_at: None };
        let (_, secret) = token::create(db, wanted, &Actor::System, now).await.unwrap();
        tokens.insert(name, secret);
    }
    tokens
}

#[expect(clippy::disallowed_methods, reason = "stories call the server, which the guard forbids")]
fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap()
}

/// Somebody who asks the server.
#[derive(Clone)]
pub struct Client<'a> {
    world: &'a World,
    headers: Vec<(String, String)>,
}

impl Client<'_> {
    /// The same, sending one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same, no longer sending a header.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    /// A request, to be changed before it is sent.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.world.http.request(method, format!("{}{path}", self.world.base));
        self.headers.iter().fold(request, |request, (name, value)| request.header(name, value))
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::to(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        Answer::to(self.request(Method::PUT, path).json(&body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        Answer::to(self.request(Method::PATCH, path).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::DELETE, path)).await
    }

    pub async fn send(&self, method: Method, path: &str, body: impl Into<Vec<u8>>) -> Answer {
        Answer::to(self.request(method, path).body(body.into())).await
    }

    /// The status alone, without reading an answer that may never end.
    pub async fn status(&self, method: &str, path: &str) -> u16 {
        let method = method.parse().unwrap();
        self.request(method, path).send().await.unwrap().status().as_u16()
    }

    /// A successful read.
    pub async fn read(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()
    }
}

/// What the server answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answer {
    pub async fn to(request: RequestBuilder) -> Self {
        let response = request.send().await.expect("the server answers");
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        Self { status, headers, text: response.text().await.expect("the answer is whole") }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The detail of a problem of that status.
    pub fn problem(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        assert!(problem["title"].is_string() && problem["type"].is_string());
        problem["detail"].as_str().unwrap_or_default().to_owned()
    }
}

/// Everybody's phones: what arrived, and what each answers.
#[derive(Clone, Default)]
pub struct Phones {
    received: Arc<Mutex<Vec<(String, Value)>>>,
    answers: Arc<Mutex<HashMap<String, u16>>>,
    port: Arc<AtomicU16>,
}

impl Phones {
    async fn listen(&self) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        self.port.store(port, Ordering::Relaxed);
        let router = axum::Router::new().fallback(take).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        port
    }

    /// Where messages to a person go.
    pub fn url(&self, person: &str) -> String {
        format!("http://127.0.0.1:{}/{person}", self.port.load(Ordering::Relaxed))
    }

    /// What a phone answers from now on.
    pub fn set(&self, person: &str, status: u16) {
        self.answers.lock().unwrap().insert(format!("/{person}"), status);
    }

    /// What arrived on a person's phone.
    pub fn of(&self, person: &str) -> Vec<Value> {
        let received = self.received.lock().unwrap();
        let path = format!("/{person}");
        received.iter().filter(|(to, _)| *to == path).map(|(_, body)| body.clone()).collect()
    }
}

async fn take(State(phones): State<Phones>, uri: Uri, _: HeaderMap, body: Bytes) -> StatusCode {
    let path = uri.path().to_owned();
    let status = phones.answers.lock().unwrap().get(&path).copied().unwrap_or(200);
    // What is no JSON is kept as it came: a form, for one.
    let text = || Value::from(String::from_utf8_lossy(&body).into_owned());
    let body = serde_json::from_slice(&body).unwrap_or_else(|_| text());
    phones.received.lock().unwrap().push((path, body));
    StatusCode::from_u16(status).unwrap()
}
