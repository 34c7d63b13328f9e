//! What people were told of a change and why (`X13`), and how somebody wants to hear of changes around
//! their services.

use axum::extract::State;
use muster_core::change::relevance::Wish;
use muster_core::org::access::Action;
use muster_store::change::notice::{self as store, Sent};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::SEE_CHANGES;
use super::plan::person;
use super::record;
use crate::api::extract::{Json, Path, Query};
use crate::api::list::{List, Paging};
use crate::api::word::{ChangeNews, ChangeWish, Instant};
use crate::api::{ApiError, Caller, Ctx, Need, Routes, org};

/// The routes.
pub fn routes() -> Routes {
    let own = Need::of_person(Action::Manage);
    Routes::new().on(SEE_CHANGES, routes!(list)).on(own, routes!(reading)).on(own, routes!(choose))
}

/// Something that somebody was told of a change, or will be.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangeNotice {
    /// Whom.
    pub user: String,
    /// What.
    pub news: ChangeNews,
    /// Why them, in words.
    #[schema(example = "you are on checkout-change-notify")]
    pub because: String,
    /// `own` for whoever it is of, asks or meets, `list`, `at_once` or `digest`.
    #[schema(example = "list")]
    pub way: String,
    /// When it became known.
    pub at: Instant,
    /// When the digest is that it waits for.
    #[schema(required)]
    pub due_at: Option<Instant>,
    /// When it was told; null while it waits.
    #[schema(required)]
    pub told_at: Option<Instant>,
    /// What carried it; null while it waits, for whoever cannot be reached, and when the message is
    /// forgotten.
    #[schema(required)]
    pub channel: Option<String>,
    /// How the message stands, as in the ledger of an incident.
    #[schema(required)]
    pub state: Option<String>,
}

/// How somebody hears of changes to what their services depend on.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangeReading {
    /// As they wish.
    pub wish: ChangeWish,
    /// How many changes wait for their digest.
    pub waiting: usize,
    /// When that is.
    #[schema(required)]
    pub next_at: Option<Instant>,
    /// When the last one was.
    #[schema(required)]
    pub last_at: Option<Instant>,
}

/// How somebody wants to hear.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewChangeWish {
    /// `off`, `digest` for once a day and at once what begins within 24 hours, or `at_once`.
    wish: ChangeWish,
}

/// Read what people were told of a change, to whom, when, why and how it went.
#[utoipa::path(
    get, path = "/changes/{change}/notices", tag = "change", operation_id = "change_notices",
    params(("change" = String, Path, description = "The number."), Paging),
    responses((status = 200, description = "The oldest first.", body = List<ChangeNotice>))
)]
async fn list(
    State(ctx): State<Ctx>,
    Path(change): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<ChangeNotice>>, ApiError> {
    let change = record::find(&ctx, &change).await?;
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let limit = paging.limit_and_one()?;
    let found = store::of_change(&ctx.app.db, change.id, paging.after()?, limit).await?;
    let tell = |one: Sent| ChangeNotice {
        user: person(directory, one.notice.user),
        news: one.notice.news.into(),
        because: one.notice.because,
        way: one.notice.way.name().to_owned(),
        at: one.notice.at.into(),
        due_at: one.notice.due_at.map(Instant::from),
        told_at: one.notice.told_at.map(Instant::from),
        channel: one.channel,
        state: one.state,
    };
    Ok(Json(paging.list(found, |one| one.notice.id, tell)?))
}

/// Read how somebody hears of changes to what their services depend on.
#[utoipa::path(
    get, path = "/users/{name}/change-digest", tag = "change", operation_id = "change_digest",
    params(("name" = String, Path, description = "The person's name.")),
    responses((status = 200, description = "How.", body = ChangeReading))
)]
async fn reading(
    State(ctx): State<Ctx>,
    Path(name): Path<String>,
) -> Result<Json<ChangeReading>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let user = org::find(&snapshot.directory.users, "user", &name)?.id;
    let reading = ctx.app.change_reading(user).await?;
    Ok(Json(ChangeReading {
        wish: reading.reader.wish.into(),
        waiting: reading.waiting,
        next_at: reading.next_at.map(Instant::from),
        last_at: reading.reader.digested_at.map(Instant::from),
    }))
}

/// Say how somebody hears of changes to what their services depend on. With `off`, what waits is
/// forgotten.
#[utoipa::path(
    put, path = "/users/{name}/change-digest", tag = "change", operation_id = "choose_change_digest",
    params(("name" = String, Path, description = "The person's name.")),
    request_body = NewChangeWish,
    responses((status = 200, description = "How they hear now.", body = ChangeReading))
)]
async fn choose(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(name): Path<String>,
    Json(body): Json<NewChangeWish>,
) -> Result<Json<ChangeReading>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let user = org::find(&snapshot.directory.users, "user", &name)?.id;
    let wish: Wish = body.wish.0;
    ctx.app.choose_change_wish(user, wish, &caller.actor).await?;
    reading(State(ctx), Path(name)).await
}
