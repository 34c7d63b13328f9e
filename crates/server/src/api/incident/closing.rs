//! The closing record (`L6`, `L7`, `U6`): statistics, a summary timeline, the full timeline and who
//! was told what; as data, as Markdown and as a PDF. And the correction of when things happened (`T5`).

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use muster_core::incident::closing;
use muster_core::incident::lifecycle::{self, Which};
use muster_core::org::access::Action;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::concurrent::ConcurrentIncident;
use super::incident::{Incident, describe_whole};
use super::link::{self, IncidentLink};
use super::synopsis::{self, SynopsisLine};
use super::timeline::Actor;
use super::{ANSWER_INCIDENTS, find};
use crate::api::extract::{Json, Path};
use crate::api::period;
use crate::api::word::{IncidentStatus, Instant, TimelineKind};
use crate::api::{ApiError, Caller, Ctx, Routes, SEE_INCIDENTS};
use crate::app::incident::closing::{Closing, Effort, markdown, pdf};

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_INCIDENTS, routes!(get))
        .on(SEE_INCIDENTS, routes!(get_markdown))
        .on(SEE_INCIDENTS, routes!(get_pdf))
        .on(ANSWER_INCIDENTS, routes!(correct_times))
}

/// The record of an incident, as far as it has come.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct IncidentRecord {
    /// As of when.
    pub at: Instant,
    /// What the lead wrote; may be empty.
    pub lead: String,
    /// What is known of the cause.
    #[schema(required)]
    pub cause: Option<String>,
    /// What is to be done now that it is over, the oldest first; each by whoever sees to it.
    pub action_items: Vec<SynopsisLine>,
    /// Other open incidents at its time, as far as you see them; see `/incidents/{incident}/concurrent`.
    pub concurrent: Vec<ConcurrentIncident>,
    /// When things happened, as they were corrected.
    pub times: RecordTimes,
    /// How long things took.
    pub statistics: RecordStatistics,
    /// The turns that it took, as they happened.
    pub summary: Vec<RecordLine>,
    /// Everything, as it happened.
    pub full: Vec<RecordLine>,
    /// Who was told what, as it happened.
    pub communications: Vec<RecordLine>,
    /// Its own links.
    pub links: Vec<IncidentLink>,
    /// Its child efforts that you see, the oldest first.
    pub efforts: Vec<RecordEffort>,
}

/// What the record says of a child effort; its own record says the rest.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RecordEffort {
    /// The number of the incident.
    pub number: i64,
    /// One line.
    pub title: String,
    /// Where it stands.
    pub status: IncidentStatus,
    /// Who leads it; where nobody does, who has it.
    pub leads: Vec<String>,
    /// What is known of its cause.
    #[schema(required)]
    pub cause: Option<String>,
    /// The turns that it took, as they happened.
    pub summary: Vec<RecordLine>,
}

/// When things happened; null where it is not known or has not come to that.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RecordTimes {
    /// When the trouble began.
    #[schema(required)]
    pub occurred: Option<Instant>,
    /// When it was noticed.
    #[schema(required)]
    pub detected: Option<Instant>,
    /// When the first person was there.
    #[schema(required)]
    pub engaged: Option<Instant>,
    /// When customers were well again.
    #[schema(required)]
    pub restored: Option<Instant>,
    /// When it was over.
    #[schema(required)]
    pub resolved: Option<Instant>,
}

/// How long things took; null where it is not known or has not come to that.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RecordStatistics {
    /// From the beginning of the trouble until it was noticed.
    #[schema(required)]
    pub occurred_to_discovered_seconds: Option<i64>,
    /// From the beginning of the trouble to its end.
    #[schema(required)]
    pub occurred_to_resolved_seconds: Option<i64>,
    /// From noticing it to its end.
    #[schema(required)]
    pub discovered_to_resolved_seconds: Option<i64>,
    /// From each person's page to their check-in.
    pub page_to_check_in: Vec<RecordEngagement>,
}

/// From a page to being there.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RecordEngagement {
    /// Who.
    pub user: String,
    /// How long it took.
    pub seconds: i64,
    /// Whether it took longer than asked for.
    pub late: bool,
}

/// One entry as it stands.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RecordLine {
    /// The timeline entry.
    pub entry: String,
    /// What kind of thing.
    pub kind: TimelineKind,
    /// When it happened, with all corrections.
    pub at: Instant,
    /// Whether the instant is a guess.
    pub approximate: bool,
    /// Whether it happened outside of the team.
    pub external: bool,
    /// Whether it was written down long after it happened.
    pub late: bool,
    /// By whom.
    pub actor: Actor,
    /// In words, with all corrections.
    pub text: String,
    /// What it said first; null if it was never corrected.
    #[schema(required)]
    pub original: Option<String>,
    /// Where it can be seen, of evidence.
    #[schema(required)]
    pub link: Option<String>,
}

/// When things happened. What is left out is right.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTimes {
    /// When the trouble began.
    occurred: Option<Instant>,
    /// When it was noticed.
    detected: Option<Instant>,
    /// When the first person was there.
    engaged: Option<Instant>,
    /// When customers were well again.
    restored: Option<Instant>,
    /// When it was over.
    resolved: Option<Instant>,
    /// Why they are corrected.
    reason: String,
}

/// Read the record of an incident, as far as it has come.
#[utoipa::path(
    get, path = "/incidents/{incident}/record", tag = "incident", operation_id = "get_record",
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The record.", body = IncidentRecord))
)]
async fn get(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
) -> Result<Json<IncidentRecord>, ApiError> {
    let incident = find(&ctx, &caller, Action::Read, &incident).await?;
    Ok(Json(describe(&ctx, read(&ctx, &caller, &incident).await?)))
}

/// The record of an incident as Markdown, for a tracker or a wiki.
#[utoipa::path(
    get, path = "/incidents/{incident}/record.md", tag = "incident",
    operation_id = "get_record_markdown",
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((
        status = 200, description = "Markdown.", body = String, content_type = "text/markdown"
    ))
)]
async fn get_markdown(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
) -> Result<Response, ApiError> {
    let incident = find(&ctx, &caller, Action::Read, &incident).await?;
    let text = markdown::write(&read(&ctx, &caller, &incident).await?);
    let markdown = HeaderValue::from_static("text/markdown; charset=utf-8");
    let headers = [(header::CONTENT_TYPE, markdown), file(incident.number, "md")];
    Ok((StatusCode::OK, headers, text).into_response())
}

/// The record of an incident as a PDF, for paper and for those who file it.
#[utoipa::path(
    get, path = "/incidents/{incident}/record.pdf", tag = "incident", operation_id = "get_record_pdf",
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((
        status = 200, description = "A PDF.", body = Vec<u8>, content_type = "application/pdf"
    ))
)]
async fn get_pdf(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
) -> Result<Response, ApiError> {
    let incident = find(&ctx, &caller, Action::Read, &incident).await?;
    let closing = read(&ctx, &caller, &incident).await?;
    let printed = tokio::task::spawn_blocking(move || pdf::write(&closing)).await;
    let bytes = printed.map_err(ApiError::internal)?.map_err(ApiError::internal)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/pdf")),
        file(incident.number, "pdf"),
    ];
    Ok((StatusCode::OK, headers, bytes).into_response())
}

/// Correct when things happened. Statistics and reports follow; the timeline keeps the original.
#[utoipa::path(
    post, path = "/incidents/{incident}/times", tag = "incident", operation_id = "correct_times",
    request_body = NewTimes,
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The incident as it is now.", body = Incident))
)]
async fn correct_times(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Json(body): Json<NewTimes>,
) -> Result<Json<Incident>, ApiError> {
    let incident = find(&ctx, &caller, Action::Respond, &incident).await?;
    let mut times = Vec::new();
    for (which, at) in [
        (Which::Occurred, &body.occurred),
        (Which::Detected, &body.detected),
        (Which::Engaged, &body.engaged),
        (Which::Restored, &body.restored),
        (Which::Resolved, &body.resolved),
    ] {
        if let Some(at) = at {
            times.push((which, period::instant(which.name(), at)?));
        }
    }
    if times.is_empty() {
        return Err(ApiError::field("occurred", "nothing is corrected: say which time is wrong"));
    }
    let corrected = ctx.app.correct_times(incident.id, &times, &body.reason, &caller.actor).await?;
    Ok(Json(describe_whole(&ctx, &caller, &corrected).await?))
}

/// What a download is called.
fn file(number: i64, ending: &str) -> (header::HeaderName, HeaderValue) {
    let name = format!("attachment; filename=\"incident-{number}.{ending}\"");
    let value =
        HeaderValue::from_str(&name).unwrap_or_else(|_| HeaderValue::from_static("attachment"));
    (header::CONTENT_DISPOSITION, value)
}

/// The record as the caller may see it.
async fn read(
    ctx: &Ctx,
    caller: &Caller,
    incident: &lifecycle::Incident,
) -> Result<Closing, ApiError> {
    let viewer = ctx.app.viewer(caller.user()).await?;
    Ok(ctx.app.closing(&viewer, incident).await?)
}

fn describe(ctx: &Ctx, closing: Closing) -> IncidentRecord {
    let of = |which| closing.incident.stamps.of(which).map(Instant::from);
    let record = closing.record;
    let distances = record.distances;
    IncidentRecord {
        at: closing.at.into(),
        lead: closing.lead,
        cause: closing.synopsis.cause,
        action_items: closing.synopsis.action_items.into_iter().map(synopsis::line).collect(),
        concurrent: closing.concurrent.iter().map(|one| ConcurrentIncident::of(ctx, one)).collect(),
        times: RecordTimes {
            occurred: of(Which::Occurred),
            detected: of(Which::Detected),
            engaged: of(Which::Engaged),
            restored: of(Which::Restored),
            resolved: of(Which::Resolved),
        },
        statistics: RecordStatistics {
            occurred_to_discovered_seconds: distances.occurred_to_detected.map(|d| d.as_secs()),
            occurred_to_resolved_seconds: distances.occurred_to_resolved.map(|d| d.as_secs()),
            discovered_to_resolved_seconds: distances.detected_to_resolved.map(|d| d.as_secs()),
            page_to_check_in: record
                .engagements
                .into_iter()
                .map(|one| RecordEngagement {
                    user: one.user,
                    seconds: one.took.as_secs(),
                    late: one.is_late,
                })
                .collect(),
        },
        summary: record.summary.into_iter().map(line).collect(),
        full: record.full.into_iter().map(line).collect(),
        communications: record.communications.into_iter().map(line).collect(),
        links: closing.links.into_iter().map(link::describe).collect(),
        efforts: closing.efforts.into_iter().map(effort).collect(),
    }
}

fn effort(effort: Effort) -> RecordEffort {
    RecordEffort {
        number: effort.incident.number,
        title: effort.incident.title,
        status: effort.incident.status.into(),
        leads: effort.leads,
        cause: effort.cause,
        summary: effort.summary.into_iter().map(line).collect(),
    }
}

fn line(line: closing::Line) -> RecordLine {
    RecordLine {
        entry: line.entry.to_string(),
        kind: line.kind.into(),
        at: line.at.into(),
        approximate: line.is_approximate,
        external: line.is_external,
        late: line.is_late,
        actor: (&line.actor).into(),
        text: line.text,
        original: line.original,
        link: line.link,
    }
}
