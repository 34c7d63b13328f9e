//! Status pages (`U5`): `/status` and below. Server-rendered, without a script, light, and the same
//! for everybody, so that a browser or a cache may keep them for a moment and ask whether they have
//! changed. The same pages are made as files that another server can hand out while this one is down.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use muster_core::incident::status_page::{StatusPage, Visibility};
use muster_core::org::access::{Action, Object};
use sha2::{Digest as _, Sha256};

use self::links::Links;
use super::refusal::Refusal;
use super::{CONTENT_SECURITY_POLICY, Kept, door, see_other};
use crate::api::Ctx;
use crate::api::caller::identify;
use crate::api::incident::status_page as wire;

mod feed;
mod links;
mod render;
mod subscription;

pub(crate) use self::render::{Copy, copy, preview};

/// The one style sheet of these pages.
pub(crate) const STYLE: &str = include_str!("status/style.css");
/// How long a public page may be shown without asking again, in seconds.
const FRESH_SECONDS: u32 = 15;

/// The routes.
pub(super) fn router() -> Router<Ctx> {
    Router::new()
        .route("/status", get(list))
        .route("/status/style.css", get(style))
        .route("/status/{slug}", get(page))
        .route("/status/{slug}/history", get(history))
        .route("/status/{slug}/feed.xml", get(feed_of))
        .route("/status/{slug}/summary.json", get(summary))
        .merge(subscription::router())
}

async fn style() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, STYLE).into_response()
}

/// The page of that slug, if the reader may see it. A private page sends to the sign-in.
pub(super) async fn found(
    ctx: &Ctx,
    headers: &HeaderMap,
    slug: &str,
    path: &str,
) -> Result<StatusPage, Response> {
    let snapshot = ctx.app.snapshot();
    let page = snapshot.directory.status_pages.iter().find(|page| page.slug == slug);
    let Some(page) = page else { return Err(Refusal::UnknownPage.page()) };
    if page.visibility == Visibility::Private {
        let caller = door::known(ctx, headers, path).await?;
        if let Err(denied) = caller.may(Action::Read, Object::Organization) {
            return Err(Refusal::from(denied).page());
        }
    }
    Ok(page.clone())
}

async fn list(State(ctx): State<Ctx>, headers: HeaderMap) -> Response {
    let caller = match identify(&ctx, &axum::http::Method::GET, &headers).await {
        Ok(caller) => caller,
        Err(_) => crate::api::Caller::anonymous(),
    };
    let sees_all = caller.may(Action::Read, Object::Organization).is_ok();
    let snapshot = ctx.app.snapshot();
    let pages = snapshot.directory.status_pages.iter();
    let pages: Vec<_> =
        pages.filter(|page| sees_all || page.visibility == Visibility::Public).collect();
    if let [only] = pages.as_slice() {
        return see_other(&format!("/status/{}", only.slug), Kept::Open);
    }
    match render::list(&pages) {
        Ok(text) => answer(&headers, Visibility::Private, HTML, text),
        Err(refusal) => refusal.page(),
    }
}

const HTML: &str = "text/html; charset=utf-8";

async fn page(State(ctx): State<Ctx>, Path(slug): Path<String>, headers: HeaderMap) -> Response {
    let page = match found(&ctx, &headers, &slug, &format!("/status/{slug}")).await {
        Ok(page) => page,
        Err(response) => return response,
    };
    let text = match ctx.app.status_view(&page).await {
        Ok(view) => render::page(&view, &Links::live(&ctx.app, &page)),
        Err(error) => Err(error.into()),
    };
    match text {
        Ok(text) => answer(&headers, page.visibility, HTML, text),
        Err(refusal) => refusal.page(),
    }
}

async fn history(State(ctx): State<Ctx>, Path(slug): Path<String>, headers: HeaderMap) -> Response {
    let page = match found(&ctx, &headers, &slug, &format!("/status/{slug}/history")).await {
        Ok(page) => page,
        Err(response) => return response,
    };
    let text = match ctx.app.status_view(&page).await {
        Ok(view) => render::history(&view, &Links::live(&ctx.app, &page)),
        Err(error) => Err(error.into()),
    };
    match text {
        Ok(text) => answer(&headers, page.visibility, HTML, text),
        Err(refusal) => refusal.page(),
    }
}

async fn feed_of(State(ctx): State<Ctx>, Path(slug): Path<String>, headers: HeaderMap) -> Response {
    let page = match found(&ctx, &headers, &slug, &format!("/status/{slug}/feed.xml")).await {
        Ok(page) => page,
        Err(response) => return response,
    };
    match ctx.app.status_view(&page).await {
        Ok(view) => {
            let text = feed::of(&view, &ctx.app.status_url(&page));
            answer(&headers, page.visibility, "application/rss+xml; charset=utf-8", text)
        }
        Err(error) => Refusal::from(error).page(),
    }
}

async fn summary(State(ctx): State<Ctx>, Path(slug): Path<String>, headers: HeaderMap) -> Response {
    let page = match found(&ctx, &headers, &slug, &format!("/status/{slug}/summary.json")).await {
        Ok(page) => page,
        Err(response) => return response,
    };
    match ctx.app.status_view(&page).await {
        Ok(view) => {
            let text = wire::summary(&ctx.app, &view).to_text();
            answer(&headers, page.visibility, "application/json", text)
        }
        Err(error) => Refusal::from(error).problem(),
    }
}

/// An answer that is told by its content, so that nobody loads again what has not changed.
fn answer(
    headers: &HeaderMap,
    visibility: Visibility,
    content_type: &'static str,
    text: String,
) -> Response {
    let digest = Sha256::digest(text.as_bytes());
    let tag: String = digest[..12].iter().map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{tag}\"");
    let cache = match visibility {
        Visibility::Public => format!("public, max-age={FRESH_SECONDS}"),
        Visibility::Private => "private, no-cache".to_owned(),
    };
    let value = |text: &str| HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""));
    let kept = [(header::ETAG, value(&tag)), (header::CACHE_CONTROL, value(&cache))];
    if is_known(headers, &tag) {
        return (StatusCode::NOT_MODIFIED, kept).into_response();
    }
    let about = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY)),
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    ];
    (kept, about, text).into_response()
}

/// Whether the reader has it already (RFC 9110, 13.1.2). Weak tags match: a cache may have packed
/// what it keeps.
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let values = headers.get_all(header::IF_NONE_MATCH).iter();
    let mut known = values.filter_map(|value| value.to_str().ok()).flat_map(|v| v.split(','));
    known.any(|known| {
        let known = known.trim();
        known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
    })
}
