//! What changed before an incident, over the API (`X15`): the suspects, the most suspicious first, and
//! marking one as suspect, ruled out or cause.

use axum::extract::State;
use jiff::SignedDuration;
use muster_core::change::suspect::{LOOKS_BACK_MAX, Source};
use muster_core::id::{ChangeEventId, ServiceId};
use muster_core::org::access::Action;
use muster_store::change::event as events;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::event::{ChangeEvent, describe};
use super::record::{self, ChangeItem};
use crate::api::extract::{Json, Path, Query};
use crate::api::incident::{ANSWER_INCIDENTS, find};
use crate::api::list::List;
use crate::api::word::{ChangeMark, DependencySide, IncidentStatus, Instant, SuspectSource};
use crate::api::{ApiError, Caller, Ctx, Routes, SEE_INCIDENTS};
use crate::app::change::suspect::{Caused, Look, Marked, Shown};

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_INCIDENTS, routes!(list))
        .on(ANSWER_INCIDENTS, routes!(mark))
        .on(ANSWER_INCIDENTS, routes!(unmark))
}

/// Something that may have caused an incident.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct IncidentSuspect {
    /// What kind of thing.
    pub source: SuspectSource,
    /// The service it happened to; null where it is not configured any more.
    #[schema(required)]
    pub service: Option<String>,
    /// On which side of the incident's service that one stands; null on the service itself.
    #[schema(required)]
    pub side: Option<DependencySide>,
    /// How many steps away.
    pub steps: usize,
    /// How suspicious it is; more is worse, and only the order means something.
    pub points: u64,
    /// Why, in words, the weightiest first.
    pub reasons: Vec<String>,
    /// When it began, or was to begin where nobody said that it did.
    pub began_at: Instant,
    /// When it ended, or was to end; null while it goes on.
    #[schema(required)]
    pub ended_at: Option<Instant>,
    /// The change event, where it is one.
    #[schema(required)]
    pub event: Option<ChangeEvent>,
    /// The change, where it is one that people planned.
    #[schema(required)]
    pub planned: Option<ChangeItem>,
    /// The incident, where it is one.
    #[schema(required)]
    pub incident: Option<SuspectIncident>,
    /// What somebody marked it as.
    #[schema(required)]
    pub mark: Option<SuspectMark>,
}

/// Another incident that may have been the beginning.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SuspectIncident {
    /// Its number.
    pub number: i64,
    /// Its title.
    pub title: String,
    /// How bad it is; 1 is the worst.
    pub severity: u8,
    /// Where it stands.
    pub status: IncidentStatus,
}

/// What somebody thinks of a change.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SuspectMark {
    /// What.
    pub mark: ChangeMark,
    /// Why; may be empty.
    pub reason: String,
    /// Who.
    pub by: String,
    /// When.
    pub at: Instant,
}

/// What to mark a change as.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSuspectMark {
    /// As what.
    mark: ChangeMark,
    /// Why.
    #[serde(default)]
    reason: String,
}

/// An incident that a change caused.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CausedIncident {
    /// Its number.
    pub number: i64,
    /// Its title.
    pub title: String,
    /// How bad it is; 1 is the worst.
    pub severity: u8,
    /// Where it stands.
    pub status: IncidentStatus,
    /// How many whole minutes it kept its services from their users, from the beginning of the trouble to
    /// restoration, or until now; null where its severity wakes nobody, or it is none of its own.
    #[schema(required)]
    pub outage_minutes: Option<i64>,
    /// Why somebody says so; may be empty.
    pub reason: String,
    /// Who says so.
    pub by: String,
    /// When they said so.
    pub at: Instant,
}

/// The incidents that a change caused, as they are told.
pub(super) fn caused(caused: Vec<Caused>) -> Vec<CausedIncident> {
    let tell = |one: Caused| CausedIncident {
        number: one.incident.number,
        severity: one.incident.severity.number(),
        status: one.incident.status.into(),
        title: one.incident.title,
        outage_minutes: one.outage.map(|outage| outage.as_mins()),
        at: Instant::from_micros(one.mark.marked_at),
        reason: one.mark.reason,
        by: one.mark.marked_by,
    };
    caused.into_iter().map(tell).collect()
}

/// How far back and where.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Back {
    /// How many hours before the incident began: 1 to 336; as `change_policy` says unless given, and 24
    /// where it says nothing.
    #[param(minimum = 1, maximum = 336)]
    hours: Option<i64>,
    /// `true` for change events of environments too that do not count otherwise.
    everywhere: Option<bool>,
}

impl Back {
    fn look(&self) -> Result<Look, ApiError> {
        let most = LOOKS_BACK_MAX.as_hours();
        if self.hours.is_some_and(|hours| !(1..=most).contains(&hours)) {
            return Err(ApiError::field("hours", format!("must be from 1 to {most}")));
        }
        let back = self.hours.map(SignedDuration::from_hours);
        Ok(Look { back, everywhere: self.everywhere.unwrap_or(false) })
    }
}

/// List what changed before an incident, the most suspicious first.
///
/// Change events, planned changes and other incidents of the two worst severities on its service and
/// around it, at most 50 besides what was marked. What was marked as the cause stands first, what was
/// ruled out last.
#[utoipa::path(
    get, path = "/incidents/{incident}/changes", tag = "change", operation_id = "list_suspects",
    params(("incident" = String, Path, description = "The id or the number."), Back),
    responses((status = 200, description = "The most suspicious first.", body = List<IncidentSuspect>))
)]
async fn list(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Query(back): Query<Back>,
) -> Result<Json<List<IncidentSuspect>>, ApiError> {
    let incident = find(&ctx, &caller, Action::Read, &incident).await?;
    let viewer = ctx.app.viewer(caller.user()).await?;
    let shown = ctx.app.what_changed(&viewer, &incident, back.look()?).await?;
    let items: Result<Vec<_>, ApiError> = shown.into_iter().map(|one| tell(&ctx, one)).collect();
    Ok(Json(List::whole(items?)))
}

/// Mark a change as suspect, ruled out or cause. It stands in the timeline.
#[utoipa::path(
    put, path = "/incidents/{incident}/changes/{change}/mark", tag = "change",
    operation_id = "mark_suspect", request_body = NewSuspectMark,
    params(
        ("incident" = String, Path, description = "The id or the number."),
        ("change" = String, Path,
         description = "The id of the change event, or `CHG-` and the number of a planned change."),
    ),
    responses((status = 204, description = "It is marked."))
)]
async fn mark(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((incident, marked)): Path<(String, String)>,
    Json(body): Json<NewSuspectMark>,
) -> Result<axum::http::StatusCode, ApiError> {
    change(&ctx, &caller, (&incident, &marked), Some(&body)).await
}

/// Take the mark of a change back. That stands in the timeline as well.
#[utoipa::path(
    delete, path = "/incidents/{incident}/changes/{change}/mark", tag = "change",
    operation_id = "unmark_suspect",
    params(
        ("incident" = String, Path, description = "The id or the number."),
        ("change" = String, Path,
         description = "The id of the change event, or `CHG-` and the number of a planned change."),
    ),
    responses((status = 204, description = "It is not marked."))
)]
async fn unmark(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((incident, marked)): Path<(String, String)>,
) -> Result<axum::http::StatusCode, ApiError> {
    change(&ctx, &caller, (&incident, &marked), None).await
}

async fn change(
    ctx: &Ctx,
    caller: &Caller,
    (incident, marked): (&str, &str),
    new: Option<&NewSuspectMark>,
) -> Result<axum::http::StatusCode, ApiError> {
    let incident = find(ctx, caller, Action::Respond, incident).await?;
    let missing = || ApiError::not_found("change", marked);
    let marked = match marked.parse::<ChangeEventId>() {
        Ok(id) => {
            let row = events::get(&ctx.app.db, id).await?.ok_or_else(missing)?;
            Marked::Event(Box::new(row))
        }
        Err(_) => Marked::Planned(Box::new(record::find(ctx, marked).await?)),
    };
    let mark = new.map(|new| new.mark.0);
    let reason = new.map_or("", |new| new.reason.as_str());
    ctx.app.mark_change(incident.id, &marked, mark, reason, &caller.actor).await?;
    Ok(axum::http::StatusCode::NO_CONTENT)
}

fn tell(ctx: &Ctx, shown: Shown) -> Result<IncidentSuspect, ApiError> {
    let Shown { suspect, event, planned, incident, mark } = shown;
    let snapshot = ctx.app.snapshot();
    let service: ServiceId = suspect.candidate.service;
    let source: Source = suspect.candidate.source;
    let mark = mark.map(|row| {
        Ok::<_, ApiError>(SuspectMark {
            mark: row.mark()?.into(),
            at: Instant::from_micros(row.marked_at),
            reason: row.reason,
            by: row.marked_by,
        })
    });
    Ok(IncidentSuspect {
        source: source.into(),
        service: snapshot.directory.services.get(service).map(|service| service.name.clone()),
        side: suspect.side.map(Into::into),
        steps: suspect.steps,
        points: suspect.points,
        reasons: suspect.reasons.iter().map(|reason| reason.words()).collect(),
        began_at: suspect.candidate.from.into(),
        ended_at: suspect.candidate.to.map(Instant::from),
        event: event.map(|row| describe(ctx, row)).transpose()?,
        planned: planned.map(|one| record::item(&snapshot.directory, &one)),
        incident: incident.map(|one| SuspectIncident {
            number: one.number,
            title: one.title.clone(),
            severity: one.severity.number(),
            status: one.status.into(),
        }),
        mark: mark.transpose()?,
    })
}
