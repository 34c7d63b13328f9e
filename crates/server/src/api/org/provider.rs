//! Providers: who carries messages, how each does, and whether it knows us.

use axum::extract::State;
use jiff::Timestamp;
use muster_core::engine::breaker::Breaker;
use muster_core::org::access::{Action, Object};
use muster_core::org::provider::{self, ProviderKind};
use muster_store::oncall::carrier::{self, LastRow};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::api::extract::{Json, Path};
use crate::api::list::List;
use crate::api::word::Instant;
use crate::api::{ApiError, Ctx, Need, Routes};

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(Need::new(Action::Read, Object::System), routes!(list))
        .on(Need::new(Action::Operate, Object::System), routes!(test))
}

/// How a provider does, as far as the node that answers knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProviderState {
    /// It is asked as usual.
    Working,
    /// It failed the last time, and is still asked.
    Doubtful,
    /// It failed again and again and is left alone for a moment.
    Resting,
    /// One message is on its way to see whether it works again.
    Trying,
}

/// Whoever carries messages.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Provider {
    /// Unique.
    #[schema(example = "phones-eu")]
    pub name: String,
    /// Whose protocol it speaks.
    #[schema(example = "twilio")]
    pub r#type: String,
    /// The channels that it carries, each in the order of preference among providers.
    pub channels: Vec<String>,
    /// How it does.
    pub state: ProviderState,
    /// Until when it is left alone.
    #[schema(required)]
    pub resting_until: Option<Instant>,
    /// Where it calls this installation, for its own settings; null where it does not.
    #[schema(required)]
    pub callback_url: Option<String>,
    /// Whether it can be asked if it knows us, without a message to anybody.
    pub can_be_tested: bool,
    /// When it last took a message.
    #[schema(required)]
    pub last_accepted_at: Option<Instant>,
    /// When it last failed to take one.
    #[schema(required)]
    pub last_failed_at: Option<Instant>,
    /// What went wrong then.
    #[schema(required)]
    pub last_failure: Option<String>,
}

/// Whether a provider knows us.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ProviderTest {
    /// Whether it does.
    pub ok: bool,
    /// As whom, or what it answered instead.
    pub detail: String,
}

/// Providers in the order of preference, with how each does.
#[utoipa::path(
    get, path = "/providers", tag = "org", operation_id = "providers",
    responses((status = 200, description = "Providers by preference.", body = List<Provider>))
)]
async fn list(State(ctx): State<Ctx>) -> Result<Json<List<Provider>>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let mut items = Vec::new();
    for provider in &snapshot.directory.providers {
        items.push(describe(&ctx, provider).await?);
    }
    Ok(Json(List::whole(items)))
}

async fn describe(ctx: &Ctx, provider: &provider::Provider) -> Result<Provider, ApiError> {
    let app = &ctx.app;
    let accepted = carrier::last_accepted(&app.db, &provider.name).await?;
    let failed = carrier::last_failed(&app.db, &provider.name).await?;
    let at = |row: &Option<LastRow>| row.as_ref().map(|row| Instant::from_micros(row.finished_at));
    let (state, resting_until) = state(app.carriers.state(&provider.name), app.now());
    let channels = provider.kind.channels();
    Ok(Provider {
        name: provider.name.clone(),
        r#type: provider.kind.name().to_owned(),
        channels: channels.iter().map(|channel| channel.name().to_owned()).collect(),
        state,
        resting_until: resting_until.map(Instant::from),
        callback_url: calls_back(provider.kind)
            .then(|| format!("{}/callback/{}", app.settings.public_url, provider.name)),
        can_be_tested: can_be_asked(provider.kind),
        last_accepted_at: at(&accepted),
        last_failed_at: at(&failed),
        last_failure: failed.and_then(|row| row.detail),
    })
}

fn state(breaker: Breaker, now: Timestamp) -> (ProviderState, Option<Timestamp>) {
    match breaker {
        Breaker::Working => (ProviderState::Working, None),
        Breaker::Doubtful { .. } => (ProviderState::Doubtful, None),
        Breaker::Resting { until, .. } if now < until => (ProviderState::Resting, Some(until)),
        Breaker::Resting { .. } | Breaker::Trying { .. } => (ProviderState::Trying, None),
    }
}

fn calls_back(kind: ProviderKind) -> bool {
    matches!(
        kind,
        ProviderKind::Twilio
            | ProviderKind::Slack
            | ProviderKind::Mattermost
            | ProviderKind::Discord
            | ProviderKind::Telegram
            | ProviderKind::Matrix
    )
}

fn can_be_asked(kind: ProviderKind) -> bool {
    matches!(
        kind,
        ProviderKind::Slack
            | ProviderKind::Mattermost
            | ProviderKind::Discord
            | ProviderKind::Telegram
            | ProviderKind::Matrix
    )
}

/// Ask a provider whether it knows us. Nobody gets a message.
#[utoipa::path(
    post, path = "/providers/{name}/test", tag = "org", operation_id = "test_provider",
    params(("name" = String, Path, description = "The name.")),
    responses((status = 200, description = "What it answered.", body = ProviderTest))
)]
async fn test(
    State(ctx): State<Ctx>,
    Path(name): Path<String>,
) -> Result<Json<ProviderTest>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let provider = snapshot.directory.provider(&name);
    let provider = provider.ok_or_else(|| ApiError::not_found("provider", &name))?;
    let answered = ctx.app.channels.probe(provider, ctx.app.now()).await;
    let answered = answered.ok_or_else(|| {
        let kind = provider.kind.name();
        ApiError::conflict(format!(
            "a provider of type {kind} has no such question; send a test to a contact method"
        ))
    })?;
    Ok(Json(match answered {
        Ok(detail) => ProviderTest { ok: true, detail },
        Err(outcome) => ProviderTest {
            ok: false,
            detail: outcome.detail().unwrap_or("it did not answer as it should").to_owned(),
        },
    }))
}
