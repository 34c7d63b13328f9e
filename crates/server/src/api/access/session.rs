//! Signing in and out.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use muster_core::org::user::Role;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::api::extract::Json;
use crate::api::{Address, ApiError, Caller, Ctx, Need, Routes, SEE_ORGANIZATION, caller};

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(Need::door(), routes!(sign_in))
        .on(Need::door(), routes!(sign_out))
        .on(SEE_ORGANIZATION, routes!(show))
}

/// A name and a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The person's name or email address.
    #[schema(example = "ana")]
    name: String,
    /// The password.
    #[schema(format = Password)]
    password: String,
}

/// Who is signed in, and where.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Session {
    /// Who asks; for a token that belongs to nobody, the token under its own name.
    pub user: SessionUser,
    /// The organisation.
    pub organization: Organization,
    /// The version of the server.
    pub version: String,
    /// Where people reach this installation.
    pub public_url: String,
    /// Whether this is a throw-away demonstration.
    pub demo: bool,
}

/// Who is signed in.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SessionUser {
    /// The unique name.
    pub name: String,
    /// For people to read.
    pub full_name: String,
    /// `stakeholder`, `responder`, `manager` or `admin`.
    pub role: String,
    /// The zone that times are shown in.
    pub timezone: String,
}

/// The organisation.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Organization {
    /// Its name.
    pub name: String,
    /// The zone that times are shown in where no person's is known.
    pub timezone: String,
}

/// Sign in with a password.
///
/// The answer sets the session's cookie. Wrong passwords slow down further tries with the same
/// name from the same address.
#[utoipa::path(
    post, path = "/session", tag = "access", request_body = SignIn,
    responses((status = 200, description = "Signed in.", body = Session))
)]
async fn sign_in(
    State(ctx): State<Ctx>,
    Address(address): Address,
    headers: HeaderMap,
    Json(body): Json<SignIn>,
) -> Result<Response, ApiError> {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let agent = agent.unwrap_or_default();
    let signed_in = ctx.app.sign_in(&ctx.doors, &body.name, body.password, address, agent).await?;
    let cookie = caller::set_cookie(&ctx, Some(&signed_in.secret));
    let session = describe(&ctx, &signed_in.caller);
    Ok((AppendHeaders([(header::SET_COOKIE, cookie)]), Json(session)).into_response())
}

/// Sign out.
#[utoipa::path(
    delete, path = "/session", tag = "access",
    responses((status = 204, description = "Signed out, or never was in."))
)]
async fn sign_out(State(ctx): State<Ctx>, caller: Caller) -> Result<Response, ApiError> {
    if let Some(session) = caller.session {
        ctx.app.sign_out(session, &caller.actor).await?;
    }
    let cookie = caller::set_cookie(&ctx, None);
    Ok((StatusCode::NO_CONTENT, AppendHeaders([(header::SET_COOKIE, cookie)])).into_response())
}

/// Who is signed in, and where.
#[utoipa::path(
    get, path = "/session", tag = "access", operation_id = "session",
    responses((status = 200, description = "Who is signed in.", body = Session))
)]
async fn show(State(ctx): State<Ctx>, caller: Caller) -> Json<Session> {
    Json(describe(&ctx, &caller))
}

fn describe(ctx: &Ctx, caller: &Caller) -> Session {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let zone = |zone: &jiff::tz::TimeZone| zone.iana_name().unwrap_or("UTC").to_owned();
    let role = caller.role().unwrap_or(Role::Stakeholder).name().to_owned();
    let user = caller.user().and_then(|user| directory.users.get(user));
    let user = match user {
        Some(user) => SessionUser {
            name: user.name.clone(),
            full_name: user.full_name.clone(),
            role,
            timezone: zone(&user.timezone),
        },
        None => SessionUser {
            name: caller.actor.name().to_owned(),
            full_name: caller.actor.name().to_owned(),
            role,
            timezone: zone(&directory.timezone),
        },
    };
    Session {
        user,
        organization: Organization {
            name: directory.name.clone(),
            timezone: zone(&directory.timezone),
        },
        version: env!("CARGO_PKG_VERSION").to_owned(),
        public_url: ctx.app.settings.public_url.clone(),
        demo: ctx.app.settings.demo,
    }
}
