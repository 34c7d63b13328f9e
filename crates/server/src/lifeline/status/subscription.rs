//! Subscribing to a status page with plain forms, and the page behind the link in every message. A GET
//! changes nothing: programs that look at links confirm nothing and end nothing.

use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use muster_store::incident::subscriber::{self as store, Channel, Subscriber};

use super::links::Links;
use super::{Refusal, found};
use crate::api::caller::require_same_origin;
use crate::api::{Address, Ctx};
use crate::app::App;
use crate::app::incident::status_page::subscription::NotAsked;
use crate::app::link::{TOKEN_BYTES_MAX, digest};
use crate::lifeline::{Kept, html, see_other};

/// The largest form, in bytes.
const FORM_BYTES_MAX: usize = 4 * 1024;

/// The routes.
pub(super) fn router() -> Router<Ctx> {
    Router::new()
        .route("/status/{slug}/subscribe", get(form).post(subscribe))
        .route("/status/{slug}/subscribed", get(asked))
        .route("/status/subscription/{token}", get(show).post(act))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}

#[derive(Template)]
#[template(path = "status/subscribe.html")]
struct Form<'a> {
    links: &'a Links,
    title: &'a str,
    address: &'a str,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "status/asked.html")]
struct Asked<'a> {
    links: &'a Links,
    title: &'a str,
}

#[derive(Template)]
#[template(path = "status/subscription.html")]
struct Subscription<'a> {
    links: &'a Links,
    title: &'a str,
    address: &'a str,
    is_mail: bool,
    is_confirmed: bool,
    path: String,
}

#[derive(Template)]
#[template(path = "status/ended.html")]
struct Ended {
    links: Links,
}

async fn form(State(ctx): State<Ctx>, Path(slug): Path<String>, headers: HeaderMap) -> Response {
    let page = match found(&ctx, &headers, &slug, &format!("/status/{slug}/subscribe")).await {
        Ok(page) => page,
        Err(response) => return response,
    };
    let links = &Links::live(&ctx.app, &page);
    let form = Form { links, title: &page.title, address: "", problem: None };
    html(StatusCode::OK, Kept::Open, &form)
}

async fn subscribe(
    State(ctx): State<Ctx>,
    Path(slug): Path<String>,
    Address(client): Address,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let page = match found(&ctx, &headers, &slug, &format!("/status/{slug}/subscribe")).await {
        Ok(page) => page,
        Err(response) => return response,
    };
    if let Err(error) = require_same_origin(&ctx, &headers) {
        return Refusal::NotAllowed(error.detail().to_owned()).page();
    }
    let address = field(&body, "address");
    let now = ctx.app.now();
    let outcome = match ctx.doors.subscribing.may_ask(client, now) {
        true => ctx.app.ask_to_confirm(&page, &address).await,
        false => Err(NotAsked::TooOften),
    };
    let (status, problem) = match outcome {
        Ok(()) => return see_other(&format!("/status/{slug}/subscribed"), Kept::Open),
        Err(NotAsked::Store(error)) => return Refusal::from(error).page(),
        Err(problem @ NotAsked::Address(_)) => (StatusCode::UNPROCESSABLE_ENTITY, problem),
        Err(problem @ NotAsked::TooOften) => (StatusCode::TOO_MANY_REQUESTS, problem),
        Err(problem @ NotAsked::Full) => (StatusCode::CONFLICT, problem),
    };
    let links = &Links::live(&ctx.app, &page);
    let problem = Some(problem.to_string());
    let form = Form { links, title: &page.title, address: &address, problem };
    html(status, Kept::Open, &form)
}

async fn asked(State(ctx): State<Ctx>, Path(slug): Path<String>, headers: HeaderMap) -> Response {
    match found(&ctx, &headers, &slug, &format!("/status/{slug}/subscribed")).await {
        Ok(page) => {
            let links = &Links::live(&ctx.app, &page);
            html(StatusCode::OK, Kept::Open, &Asked { links, title: &page.title })
        }
        Err(response) => response,
    }
}

async fn open(app: &App, token: &str) -> Result<Subscriber, Refusal> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(Refusal::UnknownLink);
    }
    store::by_token(&app.db, &digest(token)).await?.ok_or(Refusal::UnknownLink)
}

async fn show(State(ctx): State<Ctx>, Path(token): Path<String>) -> Response {
    let subscriber = match open(&ctx.app, &token).await {
        Ok(subscriber) => subscriber,
        Err(refusal) => return refusal.page(),
    };
    let snapshot = ctx.app.snapshot();
    let page = snapshot.directory.status_pages.get(subscriber.page);
    let Some(page) = page else { return Refusal::UnknownPage.page() };
    let page = Subscription {
        links: &Links::live(&ctx.app, page),
        title: &page.title,
        address: &subscriber.address,
        is_mail: subscriber.channel == Channel::Email,
        is_confirmed: subscriber.confirmed_at.is_some(),
        path: format!("/status/subscription/{token}"),
    };
    html(StatusCode::OK, Kept::Secret, &page)
}

/// Confirms, or ends where the form or a mail program (RFC 8058) says so.
async fn act(State(ctx): State<Ctx>, Path(token): Path<String>, body: Bytes) -> Response {
    let subscriber = match open(&ctx.app, &token).await {
        Ok(subscriber) => subscriber,
        // Ended already: a mail program that asks twice gets what it asked for.
        Err(Refusal::UnknownLink) if ends(&body) => return ended(),
        Err(refusal) => return refusal.page(),
    };
    let done = match ends(&body) {
        true => ctx.app.end_subscription(subscriber.id).await.map(|()| ended()),
        false => ctx
            .app
            .confirm_subscription(subscriber.id)
            .await
            .map(|()| see_other(&format!("/status/subscription/{token}"), Kept::Secret)),
    };
    done.unwrap_or_else(|error| Refusal::from(error).page())
}

fn ended() -> Response {
    html(StatusCode::OK, Kept::Secret, &Ended { links: Links::of_none() })
}

fn ends(body: &[u8]) -> bool {
    field(body, "action") == "end" || field(body, "List-Unsubscribe") == "One-Click"
}

fn field(body: &[u8], wanted: &str) -> String {
    let mut fields = form_urlencoded::parse(body);
    let found = fields.find(|(name, _)| name == wanted);
    found.map(|(_, value)| value.into_owned()).unwrap_or_default()
}
