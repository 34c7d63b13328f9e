//! The lifeline: server-rendered pages that work without a script, on a bad connection, in a text
//! browser and when the app is broken (`Z7`). A page's link, sign-in, who is on call, an incident to
//! read. It owns how these look and which form leads to which command; it decides nothing about
//! incidents, and a GET never changes anything (`N4`).

use std::sync::LazyLock;

use askama::Template;
use axum::Router;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest as _, Sha256};

use crate::api::Ctx;

mod calendar;
mod changed;
pub(crate) mod changes;
mod digest;
mod door;
mod handoff;
mod incident;
mod join;
mod link;
mod on_call;
mod refusal;
mod request;
mod scene;
pub(crate) mod status;
mod survey;
mod words;

/// The one style sheet of these pages.
const STYLE: &str = include_str!("style.css");
/// Nothing but our own style sheet is loaded, nothing runs, nobody frames us.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The address of the style sheet; it changes with its content, so that it can be kept for ever.
static STYLE_PATH: LazyLock<String> = LazyLock::new(|| {
    let digest = Sha256::digest(STYLE.as_bytes());
    format!("/p/style.css?v={:02x}{:02x}{:02x}{:02x}", digest[0], digest[1], digest[2], digest[3])
});

/// The pages, under `/p/`, `/status`, `/sign-in`, `/sign-out`, `/on-call` and `/change-calendar`.
pub fn router(ctx: &Ctx) -> Router {
    Router::new()
        .route("/p/style.css", get(style))
        .merge(link::router())
        .merge(incident::router())
        .merge(on_call::router())
        .merge(request::router())
        .merge(handoff::router())
        .merge(survey::router())
        .merge(calendar::router())
        .merge(changes::router())
        .merge(status::router())
        .merge(door::router())
        .with_state(ctx.clone())
}

/// The address of the style sheet.
fn style_path() -> &'static str {
    &STYLE_PATH
}

async fn style() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, STYLE).into_response()
}

/// Whether a page's own address opens something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    /// The address holds a token: no other site ever hears it.
    Secret,
    /// The address is harmless. Forms on the page are sent with their origin, which browsers
    /// withhold where they may not name the page at all.
    Open,
}

impl Kept {
    fn referrer_policy(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Secret => "no-referrer",
            Self::Open => "same-origin",
        })
    }
}

/// A page as an answer. What it says is of this moment and for this reader, so nobody keeps it.
fn html(status: StatusCode, kept: Kept, page: &impl Template) -> Response {
    let text = match page.render() {
        Ok(text) => text,
        Err(error) => {
            tracing::error!("a page could not be made: {error}");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, kept.referrer_policy()),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY)),
        (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex")),
    ];
    (status, headers, text).into_response()
}

/// The way on after a form was sent, so that reloading the page sends nothing again.
fn see_other(path: &str, kept: Kept) -> Response {
    let location = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/"));
    let headers = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, kept.referrer_policy()),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}
