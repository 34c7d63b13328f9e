//! Updates of an incident (`U1` to `U3`, `U6`): what each audience has heard, what it was promised,
//! what it would be told now, and telling it.

use axum::extract::State;
use jiff::SignedDuration;
use muster_core::id::StatusPageId;
use muster_core::incident::audience::Audience;
use muster_core::incident::lifecycle::publish::Ask;
use muster_core::incident::lifecycle::{self, Command};
use muster_core::incident::status_page::{Face, Stage, TITLE_CHARS_MAX, services_of};
use muster_core::incident::timeline::Kind;
use muster_core::incident::update::TEXT_CHARS_MAX;
use muster_core::oncall::escalation::Outlet;
use muster_core::org::access::Action;
use muster_core::time::parse_duration;
use muster_store::incident::{status_page as store_status, timeline};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::command::do_to;
use super::{ANSWER_INCIDENTS, find};
use crate::api::extract::{Json, Path};
use crate::api::word::{Instant, StatusStage};
use crate::api::{ApiError, Caller, Ctx, Routes, SEE_INCIDENTS};
use crate::app::App;
use crate::app::incident::draft;

/// The most updates that are listed, the newest.
const SENT_MAX: i64 = 500;

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_INCIDENTS, routes!(read))
        .on(ANSWER_INCIDENTS, routes!(send))
        .on(ANSWER_INCIDENTS, routes!(approve))
        .on(ANSWER_INCIDENTS, routes!(reject))
}

/// What the audiences of an incident have heard.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct IncidentUpdates {
    /// Every audience, those that the severity's process names first.
    pub audiences: Vec<AudienceUpdates>,
    /// What was said, the newest first.
    pub sent: Vec<SentUpdate>,
}

/// What one audience has heard and waits for.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AudienceUpdates {
    /// Its name.
    #[schema(example = "external")]
    pub audience: String,
    /// For people.
    #[schema(example = "Customers")]
    pub title: String,
    /// Whether it waits: the pace runs once somebody holds a role, until the end.
    pub waits: bool,
    /// Whoever speaks to it; whoever leads where nobody does.
    pub speakers: Vec<String>,
    /// How many people hear it; a status page reaches others besides.
    pub people: usize,
    /// The status pages that show an update of this incident.
    pub status_pages: Vec<UpdatePage>,
    /// The channels of chats that an update is posted to.
    pub channels: Vec<UpdateChannel>,
    /// How far an update says that it has come unless it says otherwise.
    pub stage: StatusStage,
    /// When it last heard.
    #[schema(required)]
    pub last_at: Option<Instant>,
    /// Before then an update is refused unless it is urgent.
    #[schema(required)]
    pub may_hear_at: Option<Instant>,
    /// When it has to hear; null where it does not wait.
    #[schema(required)]
    pub due_at: Option<Instant>,
    /// When it was told that the next one comes; null once that was missed.
    #[schema(required)]
    pub promised_at: Option<Instant>,
    /// How many updates it heard.
    pub count: u32,
    /// How many promises were not kept.
    pub missed: u32,
    /// The shortest time between two updates, in seconds.
    pub closest_seconds: i64,
    /// The longest silence, in seconds.
    pub silent_max_seconds: i64,
    /// Whether somebody else looks at an update before it goes out.
    pub reviewed: bool,
    /// What waits to be looked at.
    #[schema(required)]
    pub in_review: Option<UpdateInReview>,
    /// What it would be told now, to be changed and sent.
    pub draft: String,
}

/// A channel of a chat that updates are posted to.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UpdateChannel {
    /// Whose chat, by the provider's name.
    #[schema(example = "chat")]
    pub provider: String,
    /// Which, in the provider's own form.
    #[schema(example = "C0INCIDENTS")]
    pub address: String,
}

/// A status page that shows updates of an incident.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UpdatePage {
    /// Its name.
    pub name: String,
    /// For people.
    pub title: String,
    /// Where it is.
    pub url: String,
    /// What the incident is called there, or would be unless an update says otherwise.
    pub public_title: String,
    /// Whether it is there already.
    pub published: bool,
}

/// An update that waits to be looked at.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UpdateInReview {
    /// What it says.
    pub text: String,
    /// The public title that it asks for.
    #[schema(required)]
    pub title: Option<String>,
    /// How far it says that it has come.
    #[schema(required)]
    pub stage: Option<StatusStage>,
    /// Who wrote it.
    pub by: String,
    /// When.
    pub at: Instant,
}

/// Something that was said to an audience.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SentUpdate {
    /// When.
    pub at: Instant,
    /// To whom.
    pub audience: String,
    /// What.
    pub text: String,
    /// By whom.
    pub by: String,
    /// When the next one was promised.
    #[schema(required)]
    pub next_at: Option<String>,
}

/// What an audience is told.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUpdate {
    /// To whom.
    #[schema(example = "external")]
    audience: String,
    /// What, up to 5000 characters.
    text: String,
    /// What it is called on the audience's status pages from now on, up to 120 characters; as
    /// before, or made of the names of the components, unless given.
    title: Option<String>,
    /// How far it has come, for those pages; as the incident's status says unless given.
    stage: Option<StatusStage>,
    /// In how long the next one comes: from the shortest time between two to the longest silence,
    /// which it is unless given.
    #[schema(example = "30m")]
    next_in: Option<String>,
    /// Why it cannot wait for the pace or for review, if it cannot: it corrects what is wrong, or
    /// everything has changed.
    urgent: Option<String>,
}

/// Why an update is given back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RejectUpdate {
    /// In words, so that it can be written better.
    reason: String,
}

/// Read what each audience has heard, was promised, and would be told now.
#[utoipa::path(
    get, path = "/incidents/{incident}/updates", tag = "incident", operation_id = "list_updates",
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "By audience.", body = IncidentUpdates))
)]
async fn read(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
) -> Result<Json<IncidentUpdates>, ApiError> {
    let incident = find(&ctx, &caller, Action::Read, &incident).await?;
    Ok(Json(describe(&ctx.app, &incident).await?))
}

/// Tell an audience how it stands.
///
/// Refused within the shortest time since the last update (30 minutes unless configured), unless it
/// says why it is urgent. Each update says when the next one comes. Where the audience's updates are
/// reviewed, it waits for somebody else to approve it.
#[utoipa::path(
    post, path = "/incidents/{incident}/updates", tag = "incident", operation_id = "send_update",
    request_body = NewUpdate,
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "By audience, as it is now.", body = IncidentUpdates))
)]
async fn send(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Json(body): Json<NewUpdate>,
) -> Result<Json<IncidentUpdates>, ApiError> {
    let text = body.text.trim().to_owned();
    if text.is_empty() || text.chars().count() > TEXT_CHARS_MAX {
        let why = format!("must be 1 to {TEXT_CHARS_MAX} characters");
        return Err(ApiError::field("text", why));
    }
    let next_in = body.next_in.as_deref().map(length).transpose()?;
    let urgent = body.urgent.map(|why| why.trim().to_owned()).filter(|why| !why.is_empty());
    let audience = body.audience;
    let title = body.title.map(|title| title.trim().to_owned()).filter(|title| !title.is_empty());
    if title.as_ref().is_some_and(|title| title.chars().count() > TITLE_CHARS_MAX) {
        return Err(ApiError::field("title", format!("has at most {TITLE_CHARS_MAX} characters")));
    }
    let face = Face { title, stage: body.stage.map(|stage| stage.0) };
    obey(&ctx, &caller, &incident, Ask::Send { audience, text, face, next_in, urgent }).await
}

/// Let the update out that waits for review; whoever wrote it cannot.
#[utoipa::path(
    post, path = "/incidents/{incident}/updates/{audience}/approve", tag = "incident",
    operation_id = "approve_update",
    params(
        ("incident" = String, Path, description = "The id or the number."),
        ("audience" = String, Path, description = "The audience."),
    ),
    responses((status = 200, description = "By audience, as it is now.", body = IncidentUpdates))
)]
async fn approve(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((incident, audience)): Path<(String, String)>,
) -> Result<Json<IncidentUpdates>, ApiError> {
    obey(&ctx, &caller, &incident, Ask::Approve { audience }).await
}

/// Give the update back that waits for review.
#[utoipa::path(
    post, path = "/incidents/{incident}/updates/{audience}/reject", tag = "incident",
    operation_id = "reject_update", request_body = RejectUpdate,
    params(
        ("incident" = String, Path, description = "The id or the number."),
        ("audience" = String, Path, description = "The audience."),
    ),
    responses((status = 200, description = "By audience, as it is now.", body = IncidentUpdates))
)]
async fn reject(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((incident, audience)): Path<(String, String)>,
    Json(body): Json<RejectUpdate>,
) -> Result<Json<IncidentUpdates>, ApiError> {
    obey(&ctx, &caller, &incident, Ask::Reject { audience, reason: body.reason }).await
}

async fn obey(
    ctx: &Ctx,
    caller: &Caller,
    incident: &str,
    ask: Ask,
) -> Result<Json<IncidentUpdates>, ApiError> {
    let incident = do_to(ctx, caller, incident, Command::Update(ask)).await?;
    Ok(Json(describe(&ctx.app, &incident).await?))
}

fn length(text: &str) -> Result<SignedDuration, ApiError> {
    parse_duration(text).map_err(|error| ApiError::field("next_in", error.to_string()))
}

async fn describe(app: &App, incident: &lifecycle::Incident) -> Result<IncidentUpdates, ApiError> {
    let snapshot = app.snapshot();
    let directory = &snapshot.directory;
    let mut tx = app.db.snapshot().await?;
    let posts = store_status::of_incident(&mut tx, incident.id).await?;
    drop(tx);
    let services = services_of(incident);
    let page = |id: &StatusPageId| {
        let page = directory.status_pages.get(*id)?;
        let post = posts.iter().find(|post| post.page == page.id);
        if post.is_none() && !page.takes(incident) {
            return None;
        }
        let title = post.map(|post| post.title.clone());
        Some(UpdatePage {
            name: page.name.clone(),
            title: page.title.clone(),
            url: app.status_url(page),
            public_title: title.unwrap_or_else(|| page.title_for(&services)),
            published: post.is_some(),
        })
    };
    let now = app.now();
    let name = |user| directory.users.get(user).map(|user| user.name.clone());
    let wanted = &directory.severity(incident.severity).process.audiences;
    let mut audiences: Vec<_> = directory.audiences.iter().collect();
    audiences.sort_by_key(|audience| !wanted.contains(&audience.name));
    let audiences = audiences.into_iter().map(|audience| {
        let track = incident.updates.track(&audience.name);
        let pace = audience.pace;
        let waits = track.is_some() && incident.updates.next_at().is_some();
        let in_review = track.and_then(|track| track.in_review.as_ref());
        let speakers = audience.speakers(directory, incident);
        AudienceUpdates {
            audience: audience.name.clone(),
            title: audience.title.clone(),
            waits,
            speakers: speakers.into_iter().filter_map(name).collect(),
            people: audience.people(directory, incident, None).len(),
            status_pages: audience.status_pages.iter().filter_map(page).collect(),
            channels: channels_of(audience, incident),
            stage: Stage::of(incident.status).into(),
            last_at: track.and_then(|track| track.last_at).map(Instant::from),
            may_hear_at: track.and_then(|track| track.may_hear_at(pace)).map(Instant::from),
            due_at: track.filter(|_| waits).map(|track| track.due_at(pace).into()),
            promised_at: track.and_then(|track| track.promised_at).map(Instant::from),
            count: track.map_or(0, |track| track.sent),
            missed: track.map_or(0, |track| track.missed),
            closest_seconds: pace.closest.as_secs(),
            silent_max_seconds: pace.silent_max.as_secs(),
            reviewed: audience.is_reviewed,
            in_review: in_review.map(|draft| UpdateInReview {
                text: draft.text.clone(),
                title: draft.face.title.clone(),
                stage: draft.face.stage.map(StatusStage::from),
                by: draft.by.clone(),
                at: draft.at.into(),
            }),
            draft: draft::draft(directory, audience, incident, now),
        }
    });
    let audiences = audiences.collect();
    let rows = timeline::of_kind(&app.db, incident.id, Kind::UpdateSent, SENT_MAX).await?;
    let sent = rows.into_iter().filter_map(|row| {
        let data: serde_json::Value = serde_json::from_str(&row.data).ok()?;
        let of = |name: &str| data[name].as_str().map(ToOwned::to_owned);
        Some(SentUpdate {
            at: jiff::Timestamp::from_microsecond(row.at).ok()?.into(),
            audience: of("audience")?,
            text: of("text")?,
            by: row.actor_name,
            next_at: of("next_at"),
        })
    });
    Ok(IncidentUpdates { audiences, sent: sent.collect() })
}

/// Where the updates of an incident are posted; what is restricted is posted nowhere.
fn channels_of(audience: &Audience, incident: &lifecycle::Incident) -> Vec<UpdateChannel> {
    let channels = audience.channels.iter().filter(|_| incident.restriction.is_none());
    let named = channels.filter_map(|outlet| match outlet {
        Outlet::Channel { provider, address } => {
            Some(UpdateChannel { provider: provider.clone(), address: address.clone() })
        }
        Outlet::Webhook(_) => None,
    });
    named.collect()
}
