//! What follows a schedule in a chat (`E7`): how it stands, and asking the chat again.

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use muster_core::oncall::mirror::Mirror;
use muster_core::oncall::schedule::Schedule;
use muster_core::org::access::{Action, Object};
use muster_core::org::directory::Directory;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::api::extract::Path;
use crate::api::org::find;
use crate::api::word::Instant;
use crate::api::{ApiError, Caller, Ctx, Need, Routes};
use crate::app::oncall::mirror::{missing, wanted};

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(Need::new(Action::Operate, Object::System), routes!(try_again))
}

/// A group and a channel of a chat that follow a schedule.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ScheduleChat {
    /// Whose chat, by the provider's name.
    #[schema(example = "chat")]
    pub provider: String,
    /// Whose people are those who are on call.
    #[schema(required, example = "S0ONCALL")]
    pub group: Option<String>,
    /// Whose topic names them.
    #[schema(required, example = "C0ONCALL")]
    pub channel: Option<String>,
    /// Whether the chat says what the schedule says.
    pub in_step: bool,
    /// Who is on call now and has no verified address in the chat.
    pub missing: Vec<String>,
    /// What the chat said instead of following.
    pub trouble: Vec<ScheduleChatTrouble>,
}

/// What a chat said instead of following.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ScheduleChatTrouble {
    /// In its own words.
    #[schema(example = "Slack answered missing_scope")]
    pub why: String,
    /// When it is asked again.
    pub retry_at: Instant,
}

impl ScheduleChat {
    /// How what follows a schedule stands; nothing where nothing follows it.
    pub(in crate::api) fn of(
        directory: &Directory,
        schedule: &Schedule,
        mirror: &Mirror,
        now: Timestamp,
    ) -> Option<Self> {
        let plan = directory.mirrors.get(&schedule.id)?;
        let provider = directory.provider(&plan.provider);
        let is_in_step = provider.is_some_and(|provider| {
            mirror.again_at(plan, &wanted(directory, schedule, provider, now)).is_none()
        });
        let missing = provider.map(|provider| missing(directory, schedule, provider, now));
        let trouble = mirror.trouble(plan).into_iter().map(|trouble| ScheduleChatTrouble {
            why: trouble.why.clone(),
            retry_at: trouble.retry_at.into(),
        });
        Some(Self {
            provider: plan.provider.clone(),
            group: plan.group.clone(),
            channel: plan.channel.clone(),
            in_step: is_in_step,
            missing: missing.into_iter().flatten().map(|user| user.name.clone()).collect(),
            trouble: trouble.collect(),
        })
    }
}

/// Ask the chat that follows a schedule again at once, where it did not do what it was asked.
#[utoipa::path(
    post, path = "/schedules/{name}/chat/try-again", tag = "oncall",
    operation_id = "try_schedule_chat_again",
    params(("name" = String, Path, description = "The name of the schedule.")),
    responses((status = 204, description = "It is asked again."))
)]
async fn try_again(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    let snapshot = ctx.app.snapshot();
    let schedule = find(&snapshot.directory.schedules, "schedule", &name)?;
    if !snapshot.directory.mirrors.contains_key(&schedule.id) {
        return Err(ApiError::conflict(format!("nothing in a chat follows the schedule `{name}`")));
    }
    ctx.app.try_mirror_again(schedule.id, &caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
