//! Where monitoring systems send to. A request is read within its bounds, understood, made durable,
//! and only then answered, in the client's own dialect; what is refused is refused in that dialect
//! too. An integration's key opens this and nothing else.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use muster_core::id::MessageId;
use muster_integrations::changes;
use muster_integrations::sources::{self, Refusal, Reply, Source, generic, pagerduty, prometheus};
use muster_store::inbox::NewMessage;
use serde_json::json;

use self::body::{Bodies, Unread};
use self::unknown::UnknownKeys;
use crate::api::{ApiError, Ctx, caller};
use crate::app::snapshot::Inlet;
use crate::engine::triage::{self, Reading};

mod body;
mod change;
mod unknown;

/// How long a client is asked to wait before it sends again, in seconds.
const RETRY_AFTER_SECONDS: u32 = 5;
/// The longest key that is looked at, in bytes.
const KEY_BYTES_MAX: usize = 128;
/// The largest query and headers that are kept with a message, in bytes.
const META_BYTES_MAX: usize = 16 * 1024;
/// What the Alertmanager API says it is; clients ask before they send.
const ALERTMANAGER_VERSION: &str = "0.27.0";

/// What receiving needs.
#[derive(Clone)]
struct Receiving {
    ctx: Ctx,
    bodies: Arc<Bodies>,
    unknown: Arc<UnknownKeys>,
}

/// The routes. Which method a path takes depends on its source, so that is asked after the key.
pub fn router(ctx: &Ctx) -> Router {
    let receiving = Receiving { ctx: ctx.clone(), bodies: Arc::default(), unknown: Arc::default() };
    Router::new()
        .route("/v2/enqueue", any(enqueue))
        .route("/v2/enqueue/", any(enqueue))
        .route("/v2/change/enqueue", any(change::enqueue))
        .route("/v2/change/enqueue/", any(change::enqueue))
        .route("/ingest/{*rest}", any(ingest))
        .with_state(receiving)
}

/// `POST /v2/enqueue`: PagerDuty Events v2, the key in the body.
async fn enqueue(State(receiving): State<Receiving>, request: Request) -> Response {
    if request.method() != Method::POST {
        return wrong_method("POST");
    }
    let door = Door { source: &pagerduty::SOURCE, key: None };
    receiving.receive(door, request).await
}

/// `/ingest/{source}/{key}`, with the paths that clients add.
async fn ingest(
    State(receiving): State<Receiving>,
    Path(rest): Path<String>,
    request: Request,
) -> Response {
    let parts: Vec<_> = rest.split('/').filter(|part| !part.is_empty()).collect();
    let Some((source, tail)) = parts.split_first() else { return nowhere() };
    if let Some(source) = changes::named(source) {
        return change::ingest(&receiving, source, tail, request).await;
    }
    let Some(source) = sources::named(source) else { return nowhere() };
    let is_prometheus = source.name == prometheus::SOURCE.name;
    let (key, allowed) = match tail {
        [key, "api", "v2", "status"] if is_prometheus => {
            return receiving.status(key, request.method());
        }
        [key, "api", "v2", "alerts"] if is_prometheus => (Some(*key), "POST"),
        _ if is_prometheus => return nowhere(),
        [] => (None, methods_of(source)),
        [key] => (Some(*key), methods_of(source)),
        _ => return nowhere(),
    };
    if !allowed.split(", ").any(|method| method == request.method().as_str()) {
        return wrong_method(allowed);
    }
    let key = match key {
        Some(key) => Some(key.to_owned()),
        None => key_in_header(request.headers()),
    };
    // Without any key it is an unknown one.
    let door = Door { source, key: Some(key.unwrap_or_default()) };
    receiving.receive(door, request).await
}

/// Where a request came in.
struct Door {
    source: &'static Source,
    /// The key in path or header; `None` where it stands in the body.
    key: Option<String>,
}

impl Receiving {
    async fn receive(&self, door: Door, request: Request) -> Response {
        let started = Instant::now();
        let source = door.source;
        let reply = match self.take(door, request).await {
            Ok(reply) => reply,
            Err(refusal) => {
                metrics::counter!("muster_requests_refused_total", "source" => source.name)
                    .increment(1);
                (source.refused)(&refusal)
            }
        };
        metrics::histogram!("muster_accept_seconds", "source" => source.name)
            .record(started.elapsed().as_secs_f64());
        answer(reply)
    }

    async fn take(&self, door: Door, request: Request) -> Result<Reply, Refusal> {
        let app = &self.ctx.app;
        let (parts, body) = request.into_parts();
        let known = match &door.key {
            Some(key) => match self.inlet(door.source, key).await {
                Ok(inlet) => Some(inlet),
                // A stranger's body is not worth its memory.
                Err(refusal) => {
                    self.bodies.discard(body).await;
                    return Err(refusal);
                }
            },
            None => None,
        };
        let body = self.bodies.read(&parts.headers, body).await.map_err(|unread| match unread {
            Unread::TooLarge => Refusal::TooLarge,
            Unread::Crowded => overloaded(),
            Unread::Broken => Refusal::malformed("the body ended early or came too slowly"),
        })?;
        let inlet = match known {
            Some(inlet) => inlet,
            None => {
                let key = match pagerduty::routing_key(body.bytes()) {
                    Some(key) => key,
                    None => return Err(missing_key(body.bytes())),
                };
                self.inlet(door.source, &key).await?
            }
        };
        let content_type = text(&parts.headers, header::CONTENT_TYPE);
        let now = app.now();
        let id = MessageId(app.ids.next(now));
        let kept = meta(&inlet, parts.uri.query(), &parts.headers);
        let parsed = triage::read(
            &inlet,
            &Reading {
                id,
                received_at: now,
                content_type: &content_type,
                request: &kept,
                body: body.bytes(),
            },
        )?;
        if parsed.signals.is_empty() {
            return Ok(parsed.reply);
        }
        let message = NewMessage {
            id,
            integration: inlet.integration.id,
            received_at: now,
            content_type: Some(content_type).filter(|kind| !kind.is_empty()),
            request: kept.to_json(),
            body: body.into_bytes(),
        };
        self.ctx.accept.accept(message).await.map_err(|_| overloaded())?;
        Ok(parsed.reply)
    }

    /// The integration of a key. A key that another node may have configured just now is looked
    /// for once more in the store.
    async fn inlet(&self, source: &Source, key: &str) -> Result<Arc<Inlet>, Refusal> {
        let app = &self.ctx.app;
        let find = || match key.len() {
            1..=KEY_BYTES_MAX => app.snapshot().inlet_by_key(key).cloned(),
            _ => None,
        };
        let mut inlet = find();
        if inlet.is_none() && self.unknown.may_look_again(app.now()) && app.refresh().await.is_ok()
        {
            inlet = find();
        }
        let Some(inlet) = inlet else {
            self.unknown.note(source.name, app.now());
            return Err(Refusal::UnknownKey);
        };
        if inlet.source.name != source.name {
            let kind = inlet.source.name;
            return Err(Refusal::malformed(format!(
                "this key belongs to an integration of type {kind}"
            )));
        }
        Ok(inlet)
    }

    /// `GET .../api/v2/status`: clients of the Alertmanager API ask this first.
    fn status(&self, key: &str, method: &Method) -> Response {
        if method != Method::GET {
            return wrong_method("GET");
        }
        let snapshot = self.ctx.app.snapshot();
        if snapshot.inlet_by_key(key).is_none() {
            return answer((prometheus::SOURCE.refused)(&Refusal::UnknownKey));
        }
        answer(Reply::json(
            200,
            &json!({
                "cluster": { "status": "disabled", "peers": [] },
                "config": { "original": "" },
                "uptime": self.ctx.app.now().to_string(),
                "versionInfo": {
                    "branch": "", "buildDate": "", "buildUser": "", "goVersion": "",
                    "revision": "", "version": ALERTMANAGER_VERSION,
                },
            }),
        ))
    }
}

fn overloaded() -> Refusal {
    Refusal::Overloaded { retry_after_seconds: RETRY_AFTER_SECONDS }
}

/// Why a body without a routing key is refused: because it is no JSON, or because it has none.
fn missing_key(body: &[u8]) -> Refusal {
    match serde_json::from_slice::<serde::de::IgnoredAny>(body) {
        Ok(_) => Refusal::malformed("routing_key is required"),
        Err(error) => Refusal::malformed(format!("the body is not JSON: {error}")),
    }
}

fn methods_of(source: &Source) -> &'static str {
    if source.name == generic::SOURCE.name { "POST, PUT, GET" } else { "POST, PUT" }
}

/// The key in `Authorization: Bearer K`, or the password (else the name) of `Basic`.
fn key_in_header(headers: &HeaderMap) -> Option<String> {
    if let Some(key) = caller::bearer(headers) {
        return Some(key.to_owned());
    }
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (name, password) = pair.split_once(':')?;
    Some(if password.is_empty() { name } else { password }.to_owned())
}

/// What of a request besides its body is kept: only the generic source reads it, and secrets are
/// left out.
fn meta(inlet: &Inlet, query: Option<&str>, headers: &HeaderMap) -> triage::Request {
    if inlet.source.name != generic::SOURCE.name {
        return triage::Request::default();
    }
    const LEFT_OUT: [HeaderName; 3] =
        [header::AUTHORIZATION, header::COOKIE, header::PROXY_AUTHORIZATION];
    let query = query.unwrap_or_default();
    let mut room = META_BYTES_MAX.saturating_sub(query.len());
    let mut kept = triage::Request::default();
    if query.len() <= META_BYTES_MAX {
        kept.query = query.to_owned();
    }
    for (name, value) in headers {
        let Ok(value) = value.to_str() else { continue };
        let size = name.as_str().len() + value.len();
        if LEFT_OUT.contains(name) || size > room {
            continue;
        }
        room -= size;
        kept.headers.push((name.as_str().to_owned(), value.to_owned()));
    }
    kept
}

fn text(headers: &HeaderMap, name: HeaderName) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

fn answer(reply: Reply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, reply.body).into_response();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    for (name, value) in reply.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    response
}

fn nowhere() -> Response {
    let detail = "send to /ingest/{source}/{key}; the service's page has the whole address";
    ApiError::new(StatusCode::NOT_FOUND, detail).into_response()
}

fn wrong_method(allowed: &'static str) -> Response {
    let detail = format!("this address takes {allowed}");
    let mut response = ApiError::new(StatusCode::METHOD_NOT_ALLOWED, detail).into_response();
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
    response
}
