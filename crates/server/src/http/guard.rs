//! What stands around every handler.

use std::any::Any;
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::api::ApiError;

/// How long a handler may take before it answers, in seconds. A stream answers at once and then
/// goes on.
const HANDLER_SECONDS_MAX: u64 = 30;
/// The longest request id that is taken from a client, in bytes.
const REQUEST_ID_BYTES_MAX: usize = 64;
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Scripts from here only and never inline; nobody may frame us.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

/// A backup takes as long as it takes.
const UNHURRIED: &str = "/api/v1/backup";

/// Gives up on a handler that does not answer. What it was committing commits all the same.
pub(super) async fn in_time(request: Request, next: Next) -> Response {
    if request.uri().path() == UNHURRIED {
        return next.run(request).await;
    }
    let patience = Duration::from_secs(HANDLER_SECONDS_MAX);
    match tokio::time::timeout(patience, next.run(request)).await {
        Ok(response) => response,
        Err(_) => super::too_slow(),
    }
}

/// A panic is a bug of ours; it costs its own request only.
pub(super) fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a word".to_owned());
    metrics::counter!("muster_panics_total").increment(1);
    ApiError::internal(format!("a handler panicked: {text}")).into_response()
}

/// Whether people reach this installation over TLS, so that browsers may insist on it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Https(pub(super) bool);

/// Headers that keep browsers safe, where the handler did not set stricter ones.
pub(super) async fn headers(
    State(Https(is_https)): State<Https>,
    request: Request,
    next: Next,
) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    if is_api {
        set(header::CACHE_CONTROL, "no-store");
    }
    if is_https {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    response
}

/// Counts and times requests by route, never by address, which may hold a key; and gives each an id.
pub(super) async fn measure(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(&request);
    let method = method_name(request.method());
    let area = area(request.uri().path());
    let mut response = next.run(request).await;
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    let status = response.status();
    let labels = [("area", area), ("method", method), ("status", class(status))];
    metrics::counter!("muster_http_requests_total", &labels).increment(1);
    metrics::histogram!("muster_http_request_seconds", "area" => area)
        .record(started.elapsed().as_secs_f64());
    tracing::debug!(request = id, area, method, status = status.as_u16(), "answered");
    response
}

fn request_id(request: &Request) -> String {
    let given = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok());
    let is_fit = |id: &&str| {
        (1..=REQUEST_ID_BYTES_MAX).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    match given.filter(is_fit) {
        Some(id) => id.to_owned(),
        None => format!("{:032x}", u128::from_be_bytes(crate::ids::random())),
    }
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}

fn method_name(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        _ => "other",
    }
}

/// Which part of the server a path belongs to: a handful of values, none of them a secret.
fn area(path: &str) -> &'static str {
    const AREAS: [(&str, &str); 7] = [
        ("/api/v1/stream", "stream"),
        ("/api/", "api"),
        ("/ingest/", "receive"),
        ("/v2/", "receive"),
        ("/app/", "app"),
        ("/p/", "lifeline"),
        ("/metrics", "health"),
    ];
    AREAS.iter().find(|(prefix, _)| path.starts_with(prefix)).map_or("other", |(_, area)| area)
}
