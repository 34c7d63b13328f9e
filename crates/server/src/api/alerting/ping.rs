//! Where heartbeat monitors are pinged: `/ping/{uuid}` and `/ping/{key}/{name}`, each with `/start`,
//! `/fail`, `/log` or an exit code behind it, by HEAD, GET or POST, and `/api/push/{token}` for
//! clients that push their state. These addresses are for programs that can do no more than fetch
//! one: they alone act on a GET, and they can do nothing but ping their monitor.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use muster_core::alerting::heartbeat::{Heartbeat, Ping};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::api::{ApiError, Ctx};
use crate::app::alerting::heartbeat::Came;

/// The largest body of a ping, in bytes; its beginning is kept.
const BODY_BYTES_MAX: usize = 100 * 1024;
/// How long a client is asked to wait when a ping could not be stored, in seconds.
const RETRY_AFTER_SECONDS: u32 = 5;

/// The routes.
pub fn router(ctx: &Ctx) -> Router {
    Router::new()
        .route("/ping/{key}", any(by_key))
        .route("/ping/{key}/{second}", any(by_two))
        .route("/ping/{key}/{name}/{what}", any(by_three))
        .route("/api/push/{token}", any(push))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(ctx.clone())
}

/// What may stand behind a ping's address.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    /// What the run is called.
    rid: Option<String>,
    /// `up` or `down`, for a push.
    status: Option<String>,
    /// What a push says.
    msg: Option<String>,
}

async fn by_key(
    State(ctx): State<Ctx>,
    method: Method,
    Path(key): Path<String>,
    Query(asked): Query<Asked>,
    body: Bytes,
) -> Response {
    let monitor = by_own_key(&ctx, &key);
    answer(&ctx, &method, monitor, "", asked, &body).await
}

async fn by_two(
    State(ctx): State<Ctx>,
    method: Method,
    Path((key, second)): Path<(String, String)>,
    Query(asked): Query<Asked>,
    body: Bytes,
) -> Response {
    if let Some(monitor) = by_own_key(&ctx, &key) {
        return answer(&ctx, &method, Some(monitor), &second, asked, &body).await;
    }
    let monitor = by_name(&ctx, &key, &second);
    answer(&ctx, &method, monitor, "", asked, &body).await
}

async fn by_three(
    State(ctx): State<Ctx>,
    method: Method,
    Path((key, name, what)): Path<(String, String, String)>,
    Query(asked): Query<Asked>,
    body: Bytes,
) -> Response {
    let monitor = by_name(&ctx, &key, &name);
    answer(&ctx, &method, monitor, &what, asked, &body).await
}

async fn push(
    State(ctx): State<Ctx>,
    method: Method,
    Path(token): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    if !is_known(&method) {
        return wrong_method();
    }
    let Some(monitor) = by_own_key(&ctx, &token) else {
        let body = json!({ "ok": false, "msg": "there is no such monitor" });
        return (StatusCode::NOT_FOUND, axum::Json(body)).into_response();
    };
    let ping = match asked.status.as_deref().unwrap_or("up") {
        "up" => Ping::Success,
        _ => Ping::Fail,
    };
    let came = Came { note: asked.msg.filter(|text| !text.is_empty()), ..Came::default() };
    match ctx.app.ping(&monitor, ping, &came).await {
        Ok(()) => axum::Json(json!({ "ok": true })).into_response(),
        Err(error) => unavailable(&error),
    }
}

fn by_own_key(ctx: &Ctx, key: &str) -> Option<Heartbeat> {
    let key = Uuid::try_parse(key).ok()?;
    let snapshot = ctx.app.snapshot();
    let monitors = snapshot.directory.heartbeats.iter().filter(|monitor| !monitor.is_source);
    // Every key is compared, so that the time it takes tells nothing.
    let found = monitors.fold(None, |found, monitor| {
        let is_this = same(ctx.app.heartbeat_key(monitor.id).as_bytes(), key.as_bytes());
        if is_this { Some(monitor) } else { found }
    });
    found.cloned()
}

fn by_name(ctx: &Ctx, key: &str, name: &str) -> Option<Heartbeat> {
    if !same(ctx.app.ping_key().as_bytes(), key.as_bytes()) {
        return None;
    }
    let snapshot = ctx.app.snapshot();
    let mut monitors = snapshot.directory.heartbeats.iter().filter(|monitor| !monitor.is_source);
    monitors.find(|monitor| monitor.name == name).cloned()
}

fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |seen, (a, b)| seen | (a ^ b)) == 0
}

fn is_known(method: &Method) -> bool {
    [Method::HEAD, Method::GET, Method::POST].contains(method)
}

async fn answer(
    ctx: &Ctx,
    method: &Method,
    monitor: Option<Heartbeat>,
    what: &str,
    asked: Asked,
    body: &[u8],
) -> Response {
    if !is_known(method) {
        return wrong_method();
    }
    let Some(monitor) = monitor else {
        return (StatusCode::NOT_FOUND, "not found").into_response();
    };
    let (ping, exit_code) = match what {
        "" => (Ping::Success, None),
        "start" => (Ping::Start, None),
        "fail" => (Ping::Fail, None),
        "log" => (Ping::Log, None),
        code => match code.parse::<u8>() {
            Ok(0) => (Ping::Success, Some(0)),
            Ok(code) => (Ping::Fail, Some(i64::from(code))),
            Err(_) => return (StatusCode::BAD_REQUEST, "invalid url format").into_response(),
        },
    };
    let note = String::from_utf8_lossy(body).trim().to_owned();
    let note = (!note.is_empty()).then_some(note);
    let came = Came { run: asked.rid.filter(|rid| !rid.is_empty()), exit_code, note };
    match ctx.app.ping(&monitor, ping, &came).await {
        Ok(()) => "OK".into_response(),
        Err(error) => unavailable(&error),
    }
}

fn wrong_method() -> Response {
    let allow = [(header::ALLOW, "HEAD, GET, POST")];
    (StatusCode::METHOD_NOT_ALLOWED, allow, "method not allowed").into_response()
}

fn unavailable(error: &muster_store::StoreError) -> Response {
    tracing::error!("a ping was not stored: {error}");
    ApiError::unavailable("the ping was not stored; send it again", RETRY_AFTER_SECONDS)
        .into_response()
}
