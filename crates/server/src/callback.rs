//! Where providers call back: `/callback/{provider}/...`. A call is believed only when the
//! provider's signature fits; a forged one changes nothing, is refused and written down.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use muster_core::org::provider::{Provider, ProviderKind};
use muster_integrations::channels;
use muster_integrations::channels::callback::{
    AnswerTo, Callback, CallbackRequest, FollowUp, Refused, Reply,
};
use muster_store::{Lane, StoreError, audit};
use serde_json::json;

use crate::api::{ApiError, Ctx};
use crate::app::App;
use crate::ids;

/// The largest body of a provider's call, in bytes.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// The routes.
pub fn router(ctx: &Ctx) -> Router {
    Router::new()
        .route("/callback/{provider}", any(bare))
        .route("/callback/{provider}/{*rest}", any(called))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(ctx.clone())
}

async fn bare(
    ctx: State<Ctx>,
    Path(provider): Path<String>,
    method: Method,
    query: RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    called(ctx, Path((provider, String::new())), method, query, headers, body).await
}

async fn called(
    State(ctx): State<Ctx>,
    Path((name, rest)): Path<(String, String)>,
    method: Method,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let app = &ctx.app;
    let snapshot = app.snapshot();
    let Some(provider) = snapshot.directory.provider(&name) else {
        return ApiError::not_found("provider", &name).into_response();
    };
    let query = query.unwrap_or_default();
    let request = CallbackRequest {
        method: method.to_string(),
        url: exact_url(app, &name, &rest, &query),
        rest,
        query,
        headers: readable(&headers),
        body: body.to_vec(),
    };
    let callbacks = match channels::read_callbacks(provider, &request, app.now()) {
        Ok(callbacks) => callbacks,
        Err(refused) => return refuse(app, provider, &refused).await,
    };
    match answer(app, provider, callbacks).await {
        Ok(reply) => respond(reply),
        Err(error) => ApiError::from(error).into_response(),
    }
}

/// Does what each callback asks for. The call is answered as the first of them wants it.
async fn answer(
    app: &App,
    provider: &Arc<Provider>,
    callbacks: Vec<Callback>,
) -> Result<Reply, StoreError> {
    let mut reply = None;
    for callback in callbacks {
        let callback = app.recognized(provider, callback).await?;
        let answered = match app.chat(provider, &callback).await? {
            Some(words) => words.into(),
            None => app.answer(&provider.name, &callback).await?,
        };
        if reply.is_none() {
            reply = Some(match &callback.answer {
                AnswerTo::Fixed(reply) => reply.clone(),
                _ => channels::reply(provider, &callback, &answered),
            });
        }
        if let AnswerTo::Later(follow_up) = callback.answer
            && !answered.words.is_empty()
        {
            tell_later(app, provider, follow_up, answered.words);
        }
    }
    Ok(reply.unwrap_or_else(|| Reply::text("")))
}

/// Tells what became of it by a call of our own. What is lost here is only news: what was asked is
/// done, and the incident says so.
fn tell_later(app: &App, provider: &Arc<Provider>, follow_up: FollowUp, words: String) {
    let (app, provider) = (app.clone(), Arc::clone(provider));
    tokio::spawn(async move {
        let now = app.now();
        let outcome = app.channels.follow_up(&provider, &follow_up, &words, now).await;
        if let Some(detail) = outcome.detail() {
            tracing::warn!(provider = provider.name, "an answer was not confirmed: {detail}");
        }
    });
}

/// The address that the provider called, as it knows it.
fn exact_url(app: &App, name: &str, rest: &str, query: &str) -> String {
    let mut url = format!("{}/callback/{name}", app.settings.public_url);
    if !rest.is_empty() {
        url = format!("{url}/{rest}");
    }
    if query.is_empty() { url } else { format!("{url}?{query}") }
}

fn readable(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &header::HeaderValue| value.to_str().map(str::to_owned).ok();
    headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), text(value)?)))
        .collect()
}

fn respond(reply: Reply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    (status, [(header::CONTENT_TYPE, reply.content_type)], reply.body).into_response()
}

/// A call that is not believed: whoever forges one learns no more than that.
async fn refuse(app: &App, provider: &Provider, refused: &Refused) -> Response {
    tracing::warn!(provider = provider.name, "a callback was refused: {refused}");
    metrics::counter!("muster_callbacks_refused_total").increment(1);
    let (status, what) = match refused {
        // Discord tries forged calls on an address, and takes it only if they are answered so.
        Refused::Forged(_) if provider.kind == ProviderKind::Discord => {
            (StatusCode::UNAUTHORIZED, "the call is not signed by the provider")
        }
        Refused::Forged(_) => (StatusCode::FORBIDDEN, "the call is not signed by the provider"),
        Refused::Unreadable(_) => (StatusCode::BAD_REQUEST, "the call cannot be read"),
        Refused::NotExpected(_) => (StatusCode::NOT_FOUND, "this provider does not call back"),
    };
    if let Err(error) = write_down(app, &provider.name, refused).await {
        tracing::error!("a refused callback was not written down: {error}");
    }
    ApiError::new(status, what).into_response()
}

async fn write_down(app: &App, provider: &str, refused: &Refused) -> Result<(), StoreError> {
    let now = app.now();
    let entry = audit::Entry {
        id: app.ids.next(now),
        at: now,
        actor_kind: "system".to_owned(),
        actor_id: None,
        action: "callback.refused".to_owned(),
        object_kind: "provider".to_owned(),
        object_id: provider.to_owned(),
        data: json!({ "because": refused.to_string() }),
    };
    let mut tx = app.db.begin(Lane::Cleanup).await?;
    audit::append(&mut tx, &entry, ids::random()).await?;
    tx.commit().await
}
