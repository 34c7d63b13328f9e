//! What changed before an incident, over the API (`X15`): the suspects, the most suspicious first, and
//! marking one as suspect, ruled out or cause.

use axum::extract::State;
use jiff::SignedDuration;
use muster_core::change::suspect::{LOOKS_BACK_DEFAULT, LOOKS_BACK_MAX, Source};
use muster_core::id::{ChangeEventId, ServiceId};
use muster_core::org::access::Action;
use muster_store::change::event as events;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::event::{ChangeEvent, describe};
use crate::api::extract::{Json, Path, Query};
use crate::api::incident::{ANSWER_INCIDENTS, find};
use crate::api::list::List;
use crate::api::word::{ChangeMark, DependencySide, IncidentStatus, Instant, SuspectSource};
use crate::api::{ApiError, Caller, Ctx, Routes, SEE_INCIDENTS};
use crate::app::change::suspect::Shown;

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
    /// The change event, where it is one.
    #[schema(required)]
    pub event: Option<ChangeEvent>,
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

/// How far back.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Back {
    /// How many hours before the incident began: 1 to 336, 24 unless given.
    #[param(minimum = 1, maximum = 336)]
    hours: Option<i64>,
}

impl Back {
    fn length(&self) -> Result<SignedDuration, ApiError> {
        let length = self.hours.map_or(LOOKS_BACK_DEFAULT, SignedDuration::from_hours);
        let most = LOOKS_BACK_MAX.as_hours();
        if self.hours.is_some_and(|hours| !(1..=most).contains(&hours)) {
            return Err(ApiError::field("hours", format!("must be from 1 to {most}")));
        }
        Ok(length)
    }
}

/// List what changed before an incident, the most suspicious first.
///
/// Change events and other incidents of the two worst severities on its service and around it, at most
/// 50. What was marked as the cause stands first, what was ruled out last.
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
    let shown = ctx.app.what_changed(&viewer, &incident, back.length()?).await?;
    let items: Result<Vec<_>, ApiError> = shown.into_iter().map(|one| tell(&ctx, one)).collect();
    Ok(Json(List::whole(items?)))
}

/// Mark a change event as suspect, ruled out or cause. It stands in the timeline.
#[utoipa::path(
    put, path = "/incidents/{incident}/changes/{event}/mark", tag = "change",
    operation_id = "mark_suspect", request_body = NewSuspectMark,
    params(
        ("incident" = String, Path, description = "The id or the number."),
        ("event" = String, Path, description = "The id of the change event."),
    ),
    responses((status = 204, description = "It is marked."))
)]
async fn mark(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((incident, event)): Path<(String, String)>,
    Json(body): Json<NewSuspectMark>,
) -> Result<axum::http::StatusCode, ApiError> {
    change(&ctx, &caller, (&incident, &event), Some(&body)).await
}

/// Take the mark of a change event back. That stands in the timeline as well.
#[utoipa::path(
    delete, path = "/incidents/{incident}/changes/{event}/mark", tag = "change",
    operation_id = "unmark_suspect",
    params(
        ("incident" = String, Path, description = "The id or the number."),
        ("event" = String, Path, description = "The id of the change event."),
    ),
    responses((status = 204, description = "It is not marked."))
)]
async fn unmark(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((incident, event)): Path<(String, String)>,
) -> Result<axum::http::StatusCode, ApiError> {
    change(&ctx, &caller, (&incident, &event), None).await
}

async fn change(
    ctx: &Ctx,
    caller: &Caller,
    (incident, event): (&str, &str),
    new: Option<&NewSuspectMark>,
) -> Result<axum::http::StatusCode, ApiError> {
    let incident = find(ctx, caller, Action::Respond, incident).await?;
    let missing = || ApiError::not_found("change event", event);
    let id: ChangeEventId = event.parse().map_err(|_| missing())?;
    let row = events::get(&ctx.app.db, id).await?.ok_or_else(missing)?;
    let mark = new.map(|new| new.mark.0);
    let reason = new.map_or("", |new| new.reason.as_str());
    ctx.app.mark_change(incident.id, &row, mark, reason, &caller.actor).await?;
    Ok(axum::http::StatusCode::NO_CONTENT)
}

fn tell(ctx: &Ctx, shown: Shown) -> Result<IncidentSuspect, ApiError> {
    let Shown { suspect, event, incident, mark } = shown;
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
        event: event.map(|row| describe(ctx, row)).transpose()?,
        incident: incident.map(|one| SuspectIncident {
            number: one.number,
            title: one.title.clone(),
            severity: one.severity.number(),
            status: one.status.into(),
        }),
        mark: mark.transpose()?,
    })
}
