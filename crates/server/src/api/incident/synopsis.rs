//! The synopsis (`L4`): what a joiner must know, always as of now, and the sentence that the lead
//! writes beside it.

use axum::extract::State;
use jiff::Timestamp;
use muster_core::incident::synopsis;
use muster_core::org::access::Action;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::incident::{Incident, describe_whole};
use super::{ANSWER_INCIDENTS, find};
use crate::api::error::EditConflict;
use crate::api::extract::{Json, Path};
use crate::api::word::Instant;
use crate::api::{ApiError, Caller, Ctx, Routes, SEE_INCIDENTS};
use crate::app::incident::synopsis::NotSaved;

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(SEE_INCIDENTS, routes!(get)).on(ANSWER_INCIDENTS, routes!(put))
}

/// What a joiner must know.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Synopsis {
    /// What the lead says about it.
    pub lead: LeadSentence,
    /// What it is and who has it.
    pub incident: Incident,
    /// What is known of the impact, in words; empty where nothing is.
    pub impact: String,
    /// What is known of the cause; null if nothing is.
    #[schema(required)]
    pub cause: Option<String>,
    /// Whether the cause is known.
    pub cause_known: bool,
    /// What it might be and is not decided, the oldest first.
    pub open_hypotheses: Vec<SynopsisLine>,
    /// What it is or is not, the newest first.
    pub closed_hypotheses: Vec<SynopsisLine>,
    /// What is being changed or will be, the oldest first.
    pub actions_under_way: Vec<SynopsisLine>,
    /// What was changed, the newest first.
    pub actions_done: Vec<SynopsisLine>,
    /// What was decided, the newest first.
    pub decisions: Vec<SynopsisLine>,
    /// What is kept in sight, the newest first.
    pub pins: Vec<SynopsisLine>,
    /// Which customers were in touch, the newest first.
    pub contacts: Vec<SynopsisLine>,
    /// What is to be done once it is over, the oldest first; each by whoever sees to it.
    pub action_items: Vec<SynopsisLine>,
    /// What a person wrote down last.
    #[schema(required)]
    pub last: Option<SynopsisLine>,
    /// When something happens by itself.
    #[schema(required)]
    pub next_at: Option<Instant>,
}

/// What the lead says, in a sentence or a few.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LeadSentence {
    /// In words; empty until somebody writes it.
    pub text: String,
    /// The revision to begin with when it is changed; 0 until somebody writes it.
    pub revision: i64,
    /// Who wrote it last.
    #[schema(required)]
    pub by: Option<String>,
    /// When.
    #[schema(required)]
    pub at: Option<Instant>,
}

/// One thing, in a line.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SynopsisLine {
    /// The timeline entry that it began with.
    pub entry: String,
    /// When.
    pub at: Instant,
    /// Whoever looks into it, does it or wrote it.
    #[schema(required)]
    pub who: Option<String>,
    /// Where it stands.
    #[schema(required)]
    pub state: Option<String>,
    /// In words.
    pub text: String,
    /// What came of it.
    #[schema(required)]
    pub outcome: Option<String>,
}

/// What the lead says now.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLeadSentence {
    /// In words; empty takes it away.
    text: String,
    /// The revision that the writer began with; 0 where there was none.
    revision: i64,
}

/// Read what a joiner must know.
#[utoipa::path(
    get, path = "/incidents/{incident}/synopsis", tag = "incident", operation_id = "get_synopsis",
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The synopsis as of now.", body = Synopsis))
)]
async fn get(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
) -> Result<Json<Synopsis>, ApiError> {
    let incident = find(&ctx, &caller, Action::Read, &incident).await?;
    describe(&ctx, &caller, &incident).await
}

/// Write what the lead says.
///
/// What others saved since the revision that the writer began with is merged line by line. Where both
/// changed the same lines the answer is 409 with both texts, and nothing is saved.
#[utoipa::path(
    put, path = "/incidents/{incident}/synopsis", tag = "incident", operation_id = "put_synopsis",
    request_body = NewLeadSentence,
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The synopsis as of now.", body = Synopsis))
)]
async fn put(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Json(body): Json<NewLeadSentence>,
) -> Result<Json<Synopsis>, ApiError> {
    let incident = find(&ctx, &caller, Action::Respond, &incident).await?;
    let saved =
        ctx.app.save_lead_sentence(incident.id, body.revision, &body.text, &caller.actor).await;
    saved.map_err(refused)?;
    describe(&ctx, &caller, &incident).await
}

fn refused(not: NotSaved) -> ApiError {
    match not {
        NotSaved::NoSuchIncident => ApiError::not_found("incident", ""),
        NotSaved::NoSuchRevision(_) => ApiError::field("revision", not.to_string()),
        NotSaved::TooLong => ApiError::field("text", not.to_string()),
        NotSaved::Conflict { texts, revision } => {
            let conflict = EditConflict {
                path: "text".to_owned(),
                base: texts.base.into(),
                mine: texts.yours.into(),
                theirs: texts.theirs.into(),
            };
            let detail = "somebody else changed the same lines; both texts are here";
            ApiError::edit_conflict(detail, vec![conflict], revision)
        }
        NotSaved::Store(error) => error.into(),
    }
}

async fn describe(
    ctx: &Ctx,
    caller: &Caller,
    incident: &muster_core::incident::lifecycle::Incident,
) -> Result<Json<Synopsis>, ApiError> {
    let book = ctx.app.whole_book(incident.id).await?;
    let lead = ctx.app.lead_sentence(incident).await?;
    let now = synopsis::of(incident, &book);
    let lines = |lines: Vec<synopsis::Line>| lines.into_iter().map(line).collect();
    Ok(Json(Synopsis {
        lead: LeadSentence {
            text: lead.as_ref().map(|row| row.text.clone()).unwrap_or_default(),
            revision: lead.as_ref().map_or(0, |row| row.revision),
            by: lead.as_ref().map(|row| row.author_name.clone()),
            at: lead.as_ref().map(|row| Instant::from_micros(row.written_at)),
        },
        incident: describe_whole(ctx, caller, incident).await?,
        impact: incident.impact.words(&ctx.app.snapshot().directory),
        cause: now.cause,
        cause_known: now.is_cause_known,
        open_hypotheses: lines(now.open),
        closed_hypotheses: lines(now.closed),
        actions_under_way: lines(now.under_way),
        actions_done: lines(now.changed),
        decisions: lines(now.decisions),
        pins: lines(now.pins),
        contacts: lines(now.contacts),
        action_items: lines(now.action_items),
        last: now.last.map(line),
        next_at: now.next_at.map(|at: Timestamp| at.into()),
    }))
}

pub(super) fn line(line: synopsis::Line) -> SynopsisLine {
    SynopsisLine {
        entry: line.entry.to_string(),
        at: line.at.into(),
        who: line.who,
        state: line.state.map(|state| state.replace('_', " ")),
        text: line.text,
        outcome: line.outcome,
    }
}
