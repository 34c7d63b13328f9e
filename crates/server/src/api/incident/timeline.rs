//! What happened to an incident, in order, and notes.

use std::str::FromStr;

use axum::extract::State;
use axum::http::StatusCode;
use muster_core::id::EntryId;
use muster_core::incident::lifecycle::Command;
use muster_core::incident::timeline::Kind;
use muster_core::org::access::Action;
use muster_store::StoreError;
use muster_store::incident::timeline::{self as store_timeline, EntryRow};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::command::{do_to, words};
use super::{ANSWER_INCIDENTS, find};
use crate::api::extract::{Json, Path, Query};
use crate::api::list::{List, Paging};
use crate::api::word::{Instant, TimelineKind};
use crate::api::{ApiError, Caller, Ctx, Routes, SEE_INCIDENTS};

/// How many of the newest entries are looked at for the note just written.
const NOTE_AMONG: i64 = 20;

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(SEE_INCIDENTS, routes!(list)).on(ANSWER_INCIDENTS, routes!(note))
}

/// One thing that happened.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TimelineEntry {
    /// For programs.
    pub id: String,
    /// Its place in the incident's timeline, counted from 1.
    pub seq: i64,
    /// When it happened.
    pub at: Instant,
    /// When it was written down.
    pub recorded_at: Instant,
    /// What kind of thing.
    pub kind: TimelineKind,
    /// By whom.
    pub actor: Actor,
    /// A sentence for people.
    pub text: String,
    /// For programs.
    #[schema(value_type = Object)]
    pub data: Map<String, Value>,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Actor {
    /// `user`, `integration`, `token` or `system`.
    pub kind: String,
    /// What they were called then.
    pub name: String,
}

/// What somebody wants to be remembered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNote {
    /// In words.
    text: String,
}

/// The place of an entry in a cursor.
struct Place {
    seq: i64,
    id: EntryId,
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (seq, id) = text.split_once(' ').ok_or(())?;
        Ok(Self { seq: seq.parse().map_err(|_| ())?, id: id.parse().map_err(|_| ())? })
    }
}

/// Read an incident's timeline, the oldest entry first.
#[utoipa::path(
    get, path = "/incidents/{incident}/timeline", tag = "incident",
    operation_id = "list_timeline",
    params(("incident" = String, Path, description = "The id or the number."), Paging),
    responses((status = 200, description = "A part of the timeline.", body = List<TimelineEntry>))
)]
async fn list(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<TimelineEntry>>, ApiError> {
    let incident = find(&ctx, &caller, Action::Read, &incident).await?;
    let after: Option<Place> = paging.after()?;
    let before = after.as_ref().map_or(0, |place| place.seq);
    let after = after.map(|place| place.id);
    let rows =
        store_timeline::list(&ctx.app.db, incident.id, after, paging.limit_and_one()?).await?;
    let entries: Vec<_> = rows
        .into_iter()
        .zip(before + 1..)
        .map(|(row, seq)| describe(row, seq))
        .collect::<Result<_, _>>()?;
    let place = |entry: &TimelineEntry| format!("{} {}", entry.seq, entry.id);
    Ok(Json(paging.list(entries, place, |entry| entry)?))
}

/// Write something down.
#[utoipa::path(
    post, path = "/incidents/{incident}/timeline", tag = "incident", operation_id = "add_note",
    request_body = NewNote,
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 201, description = "The new entry.", body = TimelineEntry))
)]
async fn note(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Json(body): Json<NewNote>,
) -> Result<(StatusCode, Json<TimelineEntry>), ApiError> {
    let text = words(Some(body.text)).ok_or_else(|| ApiError::field("text", "is empty"))?;
    let incident = do_to(&ctx, &caller, &incident, Command::Note { text: text.clone() }).await?;
    let newest = store_timeline::newest(&ctx.app.db, incident.id, NOTE_AMONG).await?;
    let text = text.replace('\0', "\u{fffd}");
    let row = newest.into_iter().find(|row| row.kind == Kind::Note.name() && row.text == text);
    let row = row.ok_or_else(|| ApiError::internal("a note just written was not found"))?;
    let seq = store_timeline::place(&ctx.app.db, incident.id, EntryId(row.id)).await?;
    Ok((StatusCode::CREATED, Json(describe(row, seq)?)))
}

fn describe(row: EntryRow, seq: i64) -> Result<TimelineEntry, StoreError> {
    let kind = Kind::from_name(&row.kind)
        .ok_or_else(|| StoreError::Corrupt(format!("timeline entry of kind {}", row.kind)))?;
    Ok(TimelineEntry {
        id: EntryId(row.id).to_string(),
        seq,
        at: Instant::from_micros(row.at),
        recorded_at: Instant::from_micros(row.recorded_at),
        kind: kind.into(),
        actor: Actor { kind: row.actor_kind, name: row.actor_name },
        text: row.text,
        data: serde_json::from_str(&row.data).unwrap_or_default(),
    })
}
