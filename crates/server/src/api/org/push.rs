//! The browsers that a person wants to be notified by (`N1`). Their addresses are as good as
//! secrets and are never shown.

use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use muster_core::id::{PushDeviceId, UserId};
use muster_core::org::access::Action;
use muster_store::oncall::push::{self as store_push, DeviceRow};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::find;
use crate::api::extract::{Json, Path};
use crate::api::list::List;
use crate::api::word::Instant;
use crate::api::{ApiError, Caller, Ctx, Need, Routes, SEE_ORGANIZATION};
use crate::app::oncall::push::{DEVICES_MAX, NotRegistered, Registration};

/// The longest name of a browser, in characters.
const NAME_CHARS_MAX: usize = 100;
/// The longest address of a push service, in bytes.
const ENDPOINT_BYTES_MAX: usize = 1_000;

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_ORGANIZATION, routes!(key))
        .on(Need::of_person(Action::Manage), routes!(list))
        .on(Need::of_person(Action::Manage), routes!(register))
        .on(Need::of_person(Action::Manage), routes!(forget))
}

/// What browsers subscribe with.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PushKey {
    /// The application server key (RFC 8292), in base64url.
    pub public_key: String,
}

/// A browser that a person wants to be notified by.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PushDevice {
    /// For programs.
    pub id: String,
    /// What the person calls it.
    #[schema(example = "Firefox on my phone")]
    pub name: String,
    /// When it was registered.
    pub created_at: Instant,
    /// When its push service last took a message.
    #[schema(required)]
    pub accepted_at: Option<Instant>,
}

/// A browser to be registered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPushDevice {
    /// What the person calls it.
    name: String,
    /// What the browser was given when it subscribed.
    subscription: PushSubscription,
}

/// A push subscription as browsers write it (Push API, `PushSubscription.toJSON`).
#[derive(Debug, Deserialize, ToSchema)]
pub struct PushSubscription {
    /// Where the push service takes messages.
    endpoint: String,
    /// The browser's keys.
    keys: PushKeys,
}

/// The keys of a push subscription, in base64url.
#[derive(Debug, Deserialize, ToSchema)]
pub struct PushKeys {
    /// The public key.
    p256dh: String,
    /// The secret for authentication.
    auth: String,
}

/// What browsers subscribe with.
#[utoipa::path(
    get, path = "/push-key", tag = "org", operation_id = "push_key",
    responses((status = 200, description = "The key.", body = PushKey))
)]
async fn key(State(ctx): State<Ctx>) -> Json<PushKey> {
    Json(PushKey { public_key: ctx.app.vapid().public_key() })
}

/// The browsers that a person is notified by.
#[utoipa::path(
    get, path = "/users/{name}/push-devices", tag = "org", operation_id = "push_devices",
    params(("name" = String, Path, description = "The person's name.")),
    responses((status = 200, description = "All of them, the oldest first.", body = List<PushDevice>))
)]
async fn list(
    State(ctx): State<Ctx>,
    Path(name): Path<String>,
) -> Result<Json<List<PushDevice>>, ApiError> {
    let user = person(&ctx, &name)?;
    let rows = store_push::of_user(&ctx.app.db, user, DEVICES_MAX).await?;
    Ok(Json(List { items: rows.into_iter().map(describe).collect(), next: None }))
}

/// Be notified by a browser.
///
/// A browser that is registered already is registered anew, also where it was somebody else's.
#[utoipa::path(
    post, path = "/users/{name}/push-devices", tag = "org", operation_id = "register_push_device",
    request_body = NewPushDevice,
    params(("name" = String, Path, description = "The person's name.")),
    responses((status = 201, description = "The browser.", body = PushDevice))
)]
async fn register(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(name): Path<String>,
    Json(body): Json<NewPushDevice>,
) -> Result<(StatusCode, Json<PushDevice>), ApiError> {
    let user = person(&ctx, &name)?;
    let called = body.name.trim();
    if called.is_empty() || called.chars().count() > NAME_CHARS_MAX {
        let why = format!("must have 1 to {NAME_CHARS_MAX} characters");
        return Err(ApiError::field("name", why));
    }
    let PushSubscription { endpoint, keys } = body.subscription;
    if endpoint.len() > ENDPOINT_BYTES_MAX {
        let why = format!("must have at most {ENDPOINT_BYTES_MAX} bytes");
        return Err(ApiError::field("subscription.endpoint", why));
    }
    let wanted = Registration {
        name: called.to_owned(),
        endpoint,
        p256dh: decoded("subscription.keys.p256dh", &keys.p256dh)?,
        auth: decoded("subscription.keys.auth", &keys.auth)?,
    };
    let row = ctx.app.register_browser(user, wanted, &caller.actor).await?;
    Ok((StatusCode::CREATED, Json(describe(row))))
}

/// Stop being notified by a browser.
#[utoipa::path(
    delete, path = "/users/{name}/push-devices/{id}", tag = "org",
    operation_id = "forget_push_device",
    params(
        ("name" = String, Path, description = "The person's name."),
        ("id" = String, Path, description = "The browser's id."),
    ),
    responses((status = 204, description = "It gets nothing any more."))
)]
async fn forget(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((name, id)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let user = person(&ctx, &name)?;
    let device: PushDeviceId = id.parse().map_err(|_| ApiError::not_found("browser", &id))?;
    if ctx.app.forget_browser(user, device, &caller.actor).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(ApiError::not_found("browser", &id))
}

fn person(ctx: &Ctx, name: &str) -> Result<UserId, ApiError> {
    let snapshot = ctx.app.snapshot();
    Ok(find(&snapshot.directory.users, "user", name)?.id)
}

/// Base64url; some browsers write it with padding.
fn decoded(field: &str, text: &str) -> Result<Vec<u8>, ApiError> {
    let engine = if text.ends_with('=') { URL_SAFE } else { URL_SAFE_NO_PAD };
    engine.decode(text).map_err(|_| ApiError::field(field, "is not base64url"))
}

fn describe(row: DeviceRow) -> PushDevice {
    PushDevice {
        id: PushDeviceId(row.id).to_string(),
        name: row.name,
        created_at: Instant::from_micros(row.created_at),
        accepted_at: row.accepted_at.map(Instant::from_micros),
    }
}

impl From<NotRegistered> for ApiError {
    fn from(error: NotRegistered) -> Self {
        match error {
            NotRegistered::Invalid(field, why) => Self::field(format!("subscription.{field}"), why),
            NotRegistered::TooMany => Self::conflict(error.to_string()),
            NotRegistered::Unsealable(error) => anyhow::Error::from(error).into(),
            NotRegistered::Store(error) => error.into(),
        }
    }
}
