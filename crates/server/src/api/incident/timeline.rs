//! What happened to an incident, in order, and what people write into it (`L1`, `L8`): notes,
//! decisions, customer contacts, evidence; corrections and pins.

use std::str::FromStr;

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use muster_core::id::{EntryId, IncidentId};
use muster_core::incident::timeline::{self, Kind};
use muster_core::incident::writing::{self, Ask, Book, Change, Told, What};
use muster_core::org::access::Action;
use muster_store::StoreError;
use muster_store::incident::timeline::{self as store_timeline, PlacedRow};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::action::{self, ActionTaken};
use super::attachment;
use super::hypothesis::{self, Inquiry, person};
use super::{ANSWER_INCIDENTS, find};
use crate::api::extract::{Json, Path, Query};
use crate::api::list::{List, Paging};
use crate::api::period;
use crate::api::word::{Instant, TimelineKind};
use crate::api::{ApiError, Caller, Ctx, Routes, SEE_INCIDENTS};
use crate::app::incident::writing::read;

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_INCIDENTS, routes!(list))
        .on(ANSWER_INCIDENTS, routes!(write))
        .on(ANSWER_INCIDENTS, routes!(correct))
        .on(ANSWER_INCIDENTS, routes!(pin))
        .on(ANSWER_INCIDENTS, routes!(unpin))
}

/// One thing that happened.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TimelineEntry {
    /// For programs.
    pub id: String,
    /// Its place in the order of writing down, counted from 1; it never changes.
    pub seq: i64,
    /// When it happened, as it was first written.
    pub at: Instant,
    /// When it was written down.
    pub recorded_at: Instant,
    /// Whether a person wrote it down more than a minute after it happened.
    pub late: bool,
    /// Whether the instant is a guess.
    pub approximate: bool,
    /// Whether it happened outside of the team.
    pub external: bool,
    /// Whether it is kept in sight.
    pub pinned: bool,
    /// What kind of thing.
    pub kind: TimelineKind,
    /// By whom.
    pub actor: Actor,
    /// A sentence for people, as it was first written.
    pub text: String,
    /// What the entry says with all of its corrections; null if it was never corrected.
    #[schema(required)]
    pub corrected: Option<Corrected>,
    /// What was corrected, the last correction last.
    pub corrections: Vec<Correction>,
    /// Where the hypothesis that began with this entry stands; null for any other entry.
    #[schema(required)]
    pub hypothesis: Option<Inquiry>,
    /// Where the action that began with this entry stands; null for any other entry.
    #[schema(required)]
    pub action: Option<ActionTaken>,
    /// What whoever wrote it was warned about.
    pub warnings: Vec<String>,
    /// For programs.
    #[schema(value_type = Object)]
    pub data: Map<String, Value>,
}

/// What an entry says with all of its corrections.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Corrected {
    /// In words.
    pub text: String,
    /// When it happened.
    pub at: Instant,
    /// Whether the instant is a guess.
    pub approximate: bool,
    /// Whether it happened outside of the team.
    pub external: bool,
}

/// One correction.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Correction {
    /// The entry that corrects.
    pub id: String,
    /// By whom.
    pub actor: Actor,
    /// When it was written down.
    pub recorded_at: Instant,
    /// The right text; null if it was right.
    #[schema(required)]
    pub text: Option<String>,
    /// The right instant; null if it was right.
    #[schema(required)]
    pub at: Option<Instant>,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Actor {
    /// `user`, `integration`, `token` or `system`.
    pub kind: String,
    /// What they were called then.
    pub name: String,
}

impl From<&timeline::Actor> for Actor {
    fn from(actor: &timeline::Actor) -> Self {
        Self { kind: actor.kind().to_owned(), name: actor.name().to_owned() }
    }
}

/// What people write down once and for all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NewEntryKind {
    /// Anything.
    #[default]
    Note,
    /// Something was decided.
    Decision,
    /// A customer was in touch; `customer` says who.
    Contact,
    /// Something shows it; with a `link` or an `attachment`.
    Evidence,
    /// Something is to be done once it is over; with an `owner`, if somebody sees to it.
    ActionItem,
}

/// What somebody wants to be remembered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEntry {
    /// What kind of thing; a note unless given.
    #[serde(default)]
    kind: NewEntryKind,
    /// In words.
    text: String,
    /// When it happened, up to 7 days before the incident began and never in the future; now unless
    /// given.
    at: Option<Instant>,
    /// Whether the instant is a guess.
    #[serde(default)]
    approximate: bool,
    /// Whether it happened outside of the team: at a provider, at a customer.
    #[serde(default)]
    external: bool,
    /// Who was in touch, of a contact.
    customer: Option<String>,
    /// A ticket's number or a link, of a contact.
    reference: Option<String>,
    /// Where it can be seen, of evidence: http or https.
    link: Option<String>,
    /// A picture of this incident that was uploaded, by its id; of evidence.
    attachment: Option<String>,
    /// Who sees to it, of an action item.
    owner: Option<String>,
}

/// What is wrong with an entry. What is left out was right.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCorrection {
    /// What it should have said.
    text: Option<String>,
    /// When it happened.
    at: Option<Instant>,
    /// Whether the instant is a guess.
    approximate: Option<bool>,
    /// Whether it happened outside of the team.
    external: Option<bool>,
}

/// In which order a timeline is read.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// As it happened; what happened at one instant as it was written down.
    #[default]
    Happened,
    /// What happened last first.
    Newest,
    /// As it was written down. What is added later always comes after what was read.
    Recorded,
}

/// Which part of a timeline.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Part {
    /// How many entries at most: 1 to 500, 50 unless given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    /// Where the last part ended, from its `next`.
    cursor: Option<String>,
    /// In which order; as it happened unless given.
    #[serde(default)]
    #[param(inline)]
    order: Order,
}

/// The place of an entry in a cursor.
struct Place {
    seq: i64,
    at: Timestamp,
    id: EntryId,
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.splitn(3, ' ');
        let mut part = || parts.next().ok_or(());
        let seq = part()?.parse().map_err(|_| ())?;
        let id = part()?.parse().map_err(|_| ())?;
        Ok(Self { seq, id, at: part()?.parse().map_err(|_| ())? })
    }
}

/// Read an incident's timeline, what happened first coming first, or from the newest back.
///
/// What is written down late stands where it happened, and says that it is late. To follow a timeline
/// without missing what is added late, read it in the order `recorded`.
#[utoipa::path(
    get, path = "/incidents/{incident}/timeline", tag = "incident",
    operation_id = "list_timeline",
    params(("incident" = String, Path, description = "The id or the number."), Part),
    responses((status = 200, description = "A part of the timeline.", body = List<TimelineEntry>))
)]
async fn list(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Query(part): Query<Part>,
) -> Result<Json<List<TimelineEntry>>, ApiError> {
    let incident = find(&ctx, &caller, Action::Read, &incident).await?;
    let paging = Paging::new(part.limit, part.cursor);
    let after: Option<Place> = paging.after()?;
    let limit = paging.limit_and_one()?;
    let db = &ctx.app.db;
    let rows = match part.order {
        Order::Happened => {
            let after = after.map(|place| (place.at, place.id));
            store_timeline::as_it_happened(db, incident.id, after, limit).await?
        }
        Order::Newest => {
            let before = after.map(|place| (place.at, place.id));
            store_timeline::newest_first(db, incident.id, before, limit).await?
        }
        Order::Recorded => {
            let before = after.as_ref().map_or(0, |place| place.seq);
            let after = after.map(|place| place.id);
            let rows = store_timeline::list(db, incident.id, after, limit).await?;
            rows.into_iter()
                .zip(before + 1..)
                .map(|(entry, seq)| PlacedRow { entry, seq })
                .collect()
        }
    };
    let book = read(&store_timeline::bound(db, incident.id, None).await?)?;
    let entries: Vec<_> = rows.iter().map(|row| describe(row, &book)).collect::<Result<_, _>>()?;
    let place = |entry: &TimelineEntry| format!("{} {} {}", entry.seq, entry.id, entry.at.0);
    Ok(Json(paging.list(entries, place, |entry| entry)?))
}

/// Write something down.
#[utoipa::path(
    post, path = "/incidents/{incident}/timeline", tag = "incident", operation_id = "add_entry",
    request_body = NewEntry,
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 201, description = "The new entry.", body = TimelineEntry))
)]
async fn write(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Json(body): Json<NewEntry>,
) -> Result<(StatusCode, Json<TimelineEntry>), ApiError> {
    let incident = find(&ctx, &caller, Action::Respond, &incident).await?;
    let attachment = attachment::of_incident(&ctx, incident.id, body.attachment.as_deref()).await?;
    let what = match body.kind {
        NewEntryKind::Note => What::Note,
        NewEntryKind::Decision => What::Decision,
        NewEntryKind::ActionItem => {
            What::ActionItem { owner: person(&ctx, "owner", body.owner.as_deref())? }
        }
        NewEntryKind::Contact => {
            What::Contact { customer: body.customer.unwrap_or_default(), reference: body.reference }
        }
        NewEntryKind::Evidence => {
            What::Evidence { link: body.link.filter(|link| !link.trim().is_empty()), attachment }
        }
    };
    let told = told(body.text, body.at.as_ref(), body.approximate, body.external)?;
    let id = incident.id.to_string();
    written(&ctx, &caller, &id, &Ask::Write { what, told }).await
}

/// Say what an entry should have said. The original stays and both are shown.
#[utoipa::path(
    post, path = "/incidents/{incident}/timeline/{entry}/correct", tag = "incident",
    operation_id = "correct_entry", request_body = NewCorrection,
    params(
        ("incident" = String, Path, description = "The id or the number."),
        ("entry" = String, Path, description = "The entry's id."),
    ),
    responses((status = 200, description = "The corrected entry.", body = TimelineEntry))
)]
async fn correct(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((incident, entry)): Path<(String, String)>,
    Json(body): Json<NewCorrection>,
) -> Result<Json<TimelineEntry>, ApiError> {
    let entry = entry_of(&entry)?;
    let at = body.at.as_ref().map(|at| period::instant("at", at)).transpose()?;
    let NewCorrection { text, approximate, external, .. } = body;
    let change = Change { text, at, approximate, external };
    about(&ctx, &caller, &incident, entry, &Ask::Correct { entry, change }).await
}

/// Keep an entry in sight.
#[utoipa::path(
    post, path = "/incidents/{incident}/timeline/{entry}/pin", tag = "incident",
    operation_id = "pin_entry",
    params(
        ("incident" = String, Path, description = "The id or the number."),
        ("entry" = String, Path, description = "The entry's id."),
    ),
    responses((status = 200, description = "The pinned entry.", body = TimelineEntry))
)]
async fn pin(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((incident, entry)): Path<(String, String)>,
) -> Result<Json<TimelineEntry>, ApiError> {
    let entry = entry_of(&entry)?;
    about(&ctx, &caller, &incident, entry, &Ask::Pin { entry }).await
}

/// Keep an entry in sight no longer.
#[utoipa::path(
    post, path = "/incidents/{incident}/timeline/{entry}/unpin", tag = "incident",
    operation_id = "unpin_entry",
    params(
        ("incident" = String, Path, description = "The id or the number."),
        ("entry" = String, Path, description = "The entry's id."),
    ),
    responses((status = 200, description = "The entry.", body = TimelineEntry))
)]
async fn unpin(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((incident, entry)): Path<(String, String)>,
) -> Result<Json<TimelineEntry>, ApiError> {
    let entry = entry_of(&entry)?;
    about(&ctx, &caller, &incident, entry, &Ask::Unpin { entry }).await
}

/// What somebody says.
pub(super) fn told(
    text: String,
    at: Option<&Instant>,
    approximate: bool,
    external: bool,
) -> Result<Told, ApiError> {
    let at = at.map(|at| period::instant("at", at)).transpose()?;
    Ok(Told { text, at, approximate, external })
}

pub(super) fn entry_of(id: &str) -> Result<EntryId, ApiError> {
    id.parse().map_err(|_| ApiError::not_found("timeline entry", id))
}

/// Writes something down and gives the new entry back.
pub(super) async fn written(
    ctx: &Ctx,
    caller: &Caller,
    incident: &str,
    ask: &Ask,
) -> Result<(StatusCode, Json<TimelineEntry>), ApiError> {
    let incident = find(ctx, caller, Action::Respond, incident).await?;
    let written = ctx.app.write_down(incident.id, ask, &caller.actor).await?;
    let entry = written.entry.ok_or_else(|| ApiError::internal("nothing was written down"))?;
    Ok((StatusCode::CREATED, Json(one(ctx, incident.id, entry).await?)))
}

/// Writes something down about an entry and gives that entry back, with the warnings about what was
/// just written.
pub(super) async fn about(
    ctx: &Ctx,
    caller: &Caller,
    incident: &str,
    entry: EntryId,
    ask: &Ask,
) -> Result<Json<TimelineEntry>, ApiError> {
    let incident = find(ctx, caller, Action::Respond, incident).await?;
    let written = ctx.app.write_down(incident.id, ask, &caller.actor).await?;
    let mut entry = one(ctx, incident.id, entry).await?;
    if let Some(news) = written.entry {
        let news = store_timeline::get(&ctx.app.db, incident.id, news).await?;
        let news = news.map(|row| row.entry.read()).transpose()?;
        entry.warnings = news.map(|news| warnings(&news.entry.data)).unwrap_or_default();
    }
    Ok(Json(entry))
}

/// One entry as it is now; that which is meant where it is a correction.
pub(super) async fn one(
    ctx: &Ctx,
    incident: IncidentId,
    entry: EntryId,
) -> Result<TimelineEntry, ApiError> {
    let db = &ctx.app.db;
    let book = read(&store_timeline::bound(db, incident, Some(entry)).await?)?;
    let meant = book.meant(entry).map_or(entry, |stored| stored.id);
    let row = store_timeline::get(db, incident, meant).await?;
    let row = row.ok_or_else(|| ApiError::internal("an entry just written was not found"))?;
    Ok(describe(&row, &book)?)
}

pub(super) fn describe(row: &PlacedRow, book: &Book) -> Result<TimelineEntry, StoreError> {
    let stored = row.entry.read()?;
    let corrections = book.corrections(stored.id);
    let reading = book.as_it_stands(&stored);
    let corrected = (!corrections.is_empty()).then(|| Corrected {
        text: reading.text.to_owned(),
        at: reading.at.into(),
        approximate: reading.approximate,
        external: reading.external,
    });
    let data = &stored.entry.data;
    let flag = |name: &str| data.get(name).and_then(Value::as_bool).unwrap_or(false);
    let kind: Kind = stored.entry.kind;
    Ok(TimelineEntry {
        id: stored.id.to_string(),
        seq: row.seq,
        at: stored.entry.at.into(),
        recorded_at: stored.recorded_at.into(),
        late: writing::is_late(kind, stored.entry.at, stored.recorded_at),
        approximate: flag("approximate"),
        external: flag("external"),
        pinned: book.is_pinned(stored.id),
        kind: kind.into(),
        actor: (&stored.entry.actor).into(),
        text: stored.entry.text.clone(),
        corrected,
        corrections: corrections.iter().map(correction).collect(),
        hypothesis: book.hypothesis(stored.id).map(hypothesis::describe),
        action: book.action(stored.id).map(action::describe),
        warnings: warnings(data),
        data: data.clone(),
    })
}

fn warnings(data: &Map<String, Value>) -> Vec<String> {
    let list = data.get("warnings").and_then(Value::as_array).map(Vec::as_slice);
    let list = list.unwrap_or_default().iter();
    list.filter_map(Value::as_str).map(ToOwned::to_owned).collect()
}

fn correction(correction: &writing::Correction) -> Correction {
    Correction {
        id: correction.id.to_string(),
        actor: (&correction.actor).into(),
        recorded_at: correction.recorded_at.into(),
        text: correction.text.clone(),
        at: correction.at.map(Instant::from),
    }
}
