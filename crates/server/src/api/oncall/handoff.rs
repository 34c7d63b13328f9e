//! Handoffs over the API: what one shift tells the next, its notes, and accepting it.

use axum::extract::State;
use muster_core::id::{HandoffId, UserId};
use muster_core::oncall::handoff::{Draft, Handoff};
use muster_core::org::directory::Directory;
use muster_store::oncall::handoff as store_handoff;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::request::Answerer;
use super::{PLAN, may_plan, person};
use crate::api::extract::{Json, MaybeJson, Path, Query};
use crate::api::list::{List, Paging};
use crate::api::org::{find, user_name};
use crate::api::word::{HandoffState, Instant};
use crate::api::{ApiError, Caller, Ctx, Routes, SEE_INCIDENTS};
use crate::app::oncall::handoff::summary;

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_INCIDENTS, routes!(list))
        .on(SEE_INCIDENTS, routes!(show))
        .on(PLAN, routes!(write))
        .on(PLAN, routes!(accept))
}

/// What one shift tells the next.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Handoff)]
pub struct HandoffBody {
    /// For accepting it.
    pub id: String,
    /// Where.
    pub schedule: String,
    /// When the people change.
    pub at: Instant,
    /// Since when the figures count.
    pub since: Instant,
    /// Who leaves.
    pub outgoing: Vec<String>,
    /// Who comes.
    pub incoming: Vec<String>,
    /// Where it stands.
    pub state: HandoffState,
    /// The draft in one line.
    pub summary: String,
    /// What the record says.
    pub draft: HandoffDraft,
    /// What people added.
    pub notes: String,
    /// Who changed the notes last.
    #[schema(required)]
    pub edited_by: Option<String>,
    /// Who accepted.
    #[schema(required)]
    pub accepted_by: Option<String>,
    /// When.
    #[schema(required)]
    pub accepted_at: Option<Instant>,
    /// How often somebody was reminded.
    pub reminders: u32,
    /// The version of the notes, for changing them.
    pub version: i64,
}

/// What the record says of a shift. Names are as they were then; a list has at most 50 entries.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HandoffDraft {
    /// When it was put together.
    pub at: Instant,
    /// Incidents that were open, the most severe first.
    pub incidents: Vec<HandoffIncident>,
    /// Pages of the shift that reached a provider.
    pub pages: u32,
    /// Of them, at night.
    pub night_pages: u32,
    /// Incidents that they were about.
    pub call_outs: u32,
    /// Alerts that paged and needed nobody, the loudest first.
    pub noisy: Vec<HandoffNoise>,
    /// Heartbeats that were missing.
    pub heartbeats: Vec<HandoffHeartbeat>,
    /// Maintenance that ran or lay ahead.
    pub maintenance: Vec<HandoffMaintenance>,
    /// Alerts that fired and were held.
    pub held: Vec<HandoffHeld>,
    /// Changes that were under way or lay in the shift that came.
    pub changes: Vec<HandoffChange>,
}

/// An open incident.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HandoffIncident {
    /// For people to say.
    pub number: i64,
    /// One line.
    pub title: String,
    /// What is affected.
    pub service: String,
    /// The level.
    pub severity: u8,
    /// Where it stood.
    pub status: String,
    /// Who had it or had checked in, by full name.
    pub responders: Vec<String>,
}

/// An alert that paged and came to nothing.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HandoffNoise {
    /// What it is about.
    pub service: String,
    /// What it said.
    pub summary: String,
    /// Pages that it led to.
    pub pages: u32,
    /// How often it began.
    pub firings: u32,
    /// Incidents that were over before anybody acknowledged.
    pub unattended: u32,
}

/// A heartbeat that was missing.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HandoffHeartbeat {
    /// The monitor.
    pub name: String,
    /// Since when.
    pub since: Instant,
}

/// A maintenance window.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HandoffMaintenance {
    /// Why.
    pub reason: String,
    /// Which of the schedule's services; all where none is named.
    pub services: Vec<String>,
    /// The beginning.
    pub from: Instant,
    /// The end.
    pub to: Instant,
}

/// A change to services of the schedule.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HandoffChange {
    /// For people to say.
    pub number: i64,
    /// One line.
    pub title: String,
    /// Which of the schedule's services it touches.
    pub services: Vec<String>,
    /// The beginning.
    pub from: Instant,
    /// The end.
    pub to: Instant,
}

/// An alert that fired and paged nobody.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HandoffHeld {
    /// What it is about.
    pub service: String,
    /// What it said.
    pub summary: String,
    /// Why nobody was paged.
    pub why: String,
}

/// What people add to a handoff.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandoffNotes {
    /// The notes, whole.
    notes: String,
    /// The version that was changed, so that nobody's words are lost; not looked at unless given.
    version: Option<i64>,
}

/// Which handoffs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// The name of a schedule.
    schedule: Option<String>,
    /// Only those that are upcoming, or wait to be accepted.
    #[serde(default)]
    open: bool,
    /// How many items at most: 1 to 500, 50 unless given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    /// Where the last part ended, from its `next`.
    cursor: Option<String>,
}

impl From<&Draft> for HandoffDraft {
    fn from(draft: &Draft) -> Self {
        let Draft { incidents, noisy, heartbeats, maintenance, held, changes, .. } = draft.clone();
        Self {
            at: draft.at.into(),
            incidents: incidents
                .into_iter()
                .map(|it| HandoffIncident {
                    number: it.number,
                    title: it.title,
                    service: it.service,
                    severity: it.severity,
                    status: it.status,
                    responders: it.responders,
                })
                .collect(),
            pages: draft.pages,
            night_pages: draft.night_pages,
            call_outs: draft.call_outs,
            noisy: noisy
                .into_iter()
                .map(|it| HandoffNoise {
                    service: it.service,
                    summary: it.summary,
                    pages: it.pages,
                    firings: it.firings,
                    unattended: it.unattended,
                })
                .collect(),
            heartbeats: heartbeats
                .into_iter()
                .map(|it| HandoffHeartbeat { name: it.name, since: it.since.into() })
                .collect(),
            maintenance: maintenance
                .into_iter()
                .map(|it| HandoffMaintenance {
                    reason: it.reason,
                    services: it.services,
                    from: it.from.into(),
                    to: it.to.into(),
                })
                .collect(),
            held: held
                .into_iter()
                .map(|it| HandoffHeld { service: it.service, summary: it.summary, why: it.why })
                .collect(),
            changes: changes
                .into_iter()
                .map(|it| HandoffChange {
                    number: it.number,
                    title: it.title,
                    services: it.services,
                    from: it.from.into(),
                    to: it.to.into(),
                })
                .collect(),
        }
    }
}

fn describe(directory: &Directory, handoff: &Handoff) -> HandoffBody {
    let schedule = directory.schedules.get(handoff.schedule);
    let named = |people: &[UserId]| people.iter().map(|id| user_name(directory, *id)).collect();
    HandoffBody {
        id: handoff.id.to_string(),
        schedule: schedule.map_or_else(|| "a former schedule".to_owned(), |of| of.name.clone()),
        at: handoff.change.at.into(),
        since: handoff.change.since.into(),
        outgoing: named(&handoff.change.outgoing),
        incoming: named(&handoff.change.incoming),
        state: handoff.state.into(),
        summary: summary(&handoff.draft),
        draft: (&handoff.draft).into(),
        notes: handoff.notes.clone(),
        edited_by: handoff.edited.as_ref().map(|(_, by)| by.clone()),
        accepted_by: handoff.accepted.map(|(_, by)| user_name(directory, by)),
        accepted_at: handoff.accepted.map(|(at, _)| at.into()),
        reminders: handoff.reminders,
        version: handoff.version,
    }
}

/// Handoffs, the newest first.
#[utoipa::path(
    get, path = "/handoffs", tag = "oncall", operation_id = "handoffs", params(Which),
    responses((status = 200, description = "A part of the list.", body = List<HandoffBody>))
)]
async fn list(
    State(ctx): State<Ctx>,
    Query(which): Query<Which>,
) -> Result<Json<List<HandoffBody>>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let schedule = which.schedule.as_deref();
    let schedule = schedule.map(|name| find(&directory.schedules, "schedule", name)).transpose()?;
    let paging = Paging::new(which.limit, which.cursor);
    let filter = store_handoff::Filter {
        schedule: schedule.map(|schedule| schedule.id),
        live: which.open,
        before: paging.after()?,
    };
    let rows = store_handoff::list(&ctx.app.db, filter, paging.limit_and_one()?).await?;
    let item = |handoff: Handoff| describe(directory, &handoff);
    Ok(Json(paging.list(rows, |handoff| handoff.id, item)?))
}

async fn known(ctx: &Ctx, id: &str) -> Result<Handoff, ApiError> {
    let missing = || ApiError::not_found("handoff", id);
    let wanted: HandoffId = id.parse().map_err(|_| missing())?;
    store_handoff::get(&ctx.app.db, wanted).await?.ok_or_else(missing)
}

/// One handoff.
#[utoipa::path(
    get, path = "/handoffs/{id}", tag = "oncall", operation_id = "handoff",
    params(("id" = String, Path, description = "The handoff.")),
    responses((status = 200, description = "The handoff.", body = HandoffBody))
)]
async fn show(
    State(ctx): State<Ctx>,
    Path(id): Path<String>,
) -> Result<Json<HandoffBody>, ApiError> {
    let handoff = known(&ctx, &id).await?;
    Ok(Json(describe(&ctx.app.snapshot().directory, &handoff)))
}

/// Add what the record does not know. Those who leave and those who come do, and whoever plans for
/// them.
#[utoipa::path(
    put, path = "/handoffs/{id}/notes", tag = "oncall", operation_id = "write_handoff_notes",
    params(("id" = String, Path, description = "The handoff.")), request_body = HandoffNotes,
    responses((status = 200, description = "The handoff.", body = HandoffBody))
)]
async fn write(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(id): Path<String>,
    Json(body): Json<HandoffNotes>,
) -> Result<Json<HandoffBody>, ApiError> {
    let handoff = known(&ctx, &id).await?;
    let snapshot = ctx.app.snapshot();
    let people: Vec<_> =
        handoff.change.outgoing.iter().chain(&handoff.change.incoming).copied().collect();
    if !caller.user().is_some_and(|user| people.contains(&user)) {
        let of = people.first().copied().ok_or_else(|| ApiError::not_found("handoff", &id))?;
        may_plan(&snapshot.directory, &caller, handoff.schedule, of)?;
    }
    let notes = (body.notes, body.version);
    let written = ctx.app.write_handoff_notes(handoff.id, notes, &caller.actor).await?;
    Ok(Json(describe(&snapshot.directory, &written)))
}

/// Accept a handoff. Accepting again changes nothing, and nobody's pages depend on it.
#[utoipa::path(
    post, path = "/handoffs/{id}/accept", tag = "oncall", operation_id = "accept_handoff",
    params(("id" = String, Path, description = "The handoff.")), request_body = Answerer,
    responses((status = 200, description = "The handoff.", body = HandoffBody))
)]
async fn accept(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(id): Path<String>,
    MaybeJson(body): MaybeJson<Answerer>,
) -> Result<Json<HandoffBody>, ApiError> {
    let handoff = known(&ctx, &id).await?;
    let snapshot = ctx.app.snapshot();
    let by = person(&snapshot.directory, &caller, body.user.as_deref())?;
    if caller.user() != Some(by) {
        may_plan(&snapshot.directory, &caller, handoff.schedule, by)?;
    }
    let accepted = ctx.app.accept_handoff(handoff.id, by, &caller.actor).await?;
    Ok(Json(describe(&snapshot.directory, &accepted)))
}
