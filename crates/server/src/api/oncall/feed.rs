//! Calendars that leave is read from, over the API. An address that was entered is never shown again.

use axum::extract::State;
use axum::http::StatusCode;
use muster_core::id::FeedId;
use muster_store::oncall::feed::{self as store_feed, Feed};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::PLAN;
use super::absence::may;
use crate::api::extract::{Json, Path};
use crate::api::list::List;
use crate::api::org::find;
use crate::api::word::Instant;
use crate::api::{ApiError, Caller, Ctx, Routes, SEE_ORGANIZATION};
use crate::app::oncall::feed::NewFeed;

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_ORGANIZATION, routes!(list))
        .on(PLAN, routes!(add))
        .on(PLAN, routes!(read))
        .on(PLAN, routes!(remove))
}

/// A calendar that somebody's leave is read from.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct LeaveFeed {
    /// For taking it out.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Words, one of which the summary or a category of an event must contain to be leave; empty
    /// means that every event of whole days is.
    pub matches: Vec<String>,
    /// When it was entered.
    pub created_at: Instant,
    /// When it was last read with success.
    #[schema(required)]
    pub read_at: Option<Instant>,
    /// Why it cannot be read since then, in words.
    #[schema(required)]
    pub error: Option<String>,
    /// Events that were left out, and why.
    pub skipped: Vec<String>,
}

/// A calendar to read leave from.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLeaveFeed {
    /// What to call it.
    #[serde(default)]
    name: String,
    /// Where it is: an http, https or webcal address. It is kept sealed and never shown again.
    url: String,
    /// Words that make an event leave; every event of whole days is, unless some are given.
    #[serde(default)]
    matches: Vec<String>,
}

fn describe(feed: &Feed) -> LeaveFeed {
    LeaveFeed {
        id: feed.id.to_string(),
        name: feed.name.clone(),
        matches: feed.matches.clone(),
        created_at: feed.created_at.into(),
        read_at: feed.read_at.map(Into::into),
        error: feed.error.clone(),
        skipped: feed.skipped.clone(),
    }
}

/// The calendars that a person's leave is read from. They are for the person and those who lead
/// them.
#[utoipa::path(
    get, path = "/users/{name}/leave-feeds", tag = "oncall", operation_id = "leave_feeds",
    params(("name" = String, Path, description = "The person.")),
    responses((status = 200, description = "The calendars.", body = List<LeaveFeed>))
)]
async fn list(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<List<LeaveFeed>>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let user = find(&snapshot.directory.users, "person", &name)?.id;
    may(&snapshot.directory, &caller, user)?;
    let feeds = store_feed::of_user(&ctx.app.db, user).await?;
    Ok(Json(List::whole(feeds.iter().map(describe).collect())))
}

/// Read leave from a calendar, now and every hour.
#[utoipa::path(
    post, path = "/users/{name}/leave-feeds", tag = "oncall", operation_id = "add_leave_feed",
    params(("name" = String, Path, description = "The person.")), request_body = NewLeaveFeed,
    responses((status = 201, description = "The calendar.", body = LeaveFeed))
)]
async fn add(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(name): Path<String>,
    Json(body): Json<NewLeaveFeed>,
) -> Result<(StatusCode, Json<LeaveFeed>), ApiError> {
    let snapshot = ctx.app.snapshot();
    let user = find(&snapshot.directory.users, "person", &name)?.id;
    may(&snapshot.directory, &caller, user)?;
    let NewLeaveFeed { name, url, matches } = body;
    let feed = ctx.app.add_feed(NewFeed { user, name, url, matches }, &caller.actor).await?;
    Ok((StatusCode::CREATED, Json(describe(&feed))))
}

async fn known(ctx: &Ctx, caller: &Caller, name: &str, id: &str) -> Result<Feed, ApiError> {
    let snapshot = ctx.app.snapshot();
    let user = find(&snapshot.directory.users, "person", name)?.id;
    may(&snapshot.directory, caller, user)?;
    let missing = || ApiError::not_found("calendar", id);
    let wanted: FeedId = id.parse().map_err(|_| missing())?;
    let feed = store_feed::get(&ctx.app.db, wanted).await?;
    feed.filter(|feed| feed.user == user).ok_or_else(missing)
}

/// Read a calendar at the next chance, without waiting for its hour.
#[utoipa::path(
    post, path = "/users/{name}/leave-feeds/{id}/read", tag = "oncall",
    operation_id = "read_leave_feed",
    params(
        ("name" = String, Path, description = "The person."),
        ("id" = String, Path, description = "The calendar.")
    ),
    responses((status = 202, description = "It is read soon."))
)]
async fn read(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((name, id)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let feed = known(&ctx, &caller, &name, &id).await?;
    ctx.app.read_feed_soon(feed.id).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Take a calendar out, with the leave of it that lies ahead.
#[utoipa::path(
    delete, path = "/users/{name}/leave-feeds/{id}", tag = "oncall",
    operation_id = "remove_leave_feed",
    params(
        ("name" = String, Path, description = "The person."),
        ("id" = String, Path, description = "The calendar.")
    ),
    responses((status = 204, description = "It is read no more."))
)]
async fn remove(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((name, id)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let feed = known(&ctx, &caller, &name, &id).await?;
    ctx.app.remove_feed(&feed, &caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
