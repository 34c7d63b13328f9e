//! API tokens over the API.

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use muster_core::id::TokenId;
use muster_core::org::access::{Action, Object};
use muster_store::access::token as store_token;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::api::extract::{Json, Path, Query};
use crate::api::list::{List, Paging};
use crate::api::word::{Instant, RoleName};
use crate::api::{ApiError, Caller, Ctx, Need, Routes};
use crate::app::access::token::{self, Wanted};

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(Need::new(Action::Read, Object::Tokens), routes!(list))
        .on(Need::new(Action::Create, Object::Tokens), routes!(create))
        .on(Need::new(Action::Manage, Object::Tokens), routes!(revoke))
}

/// An API token, without its secret.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Token {
    /// For programs.
    pub id: String,
    /// Unique among the tokens in force.
    pub name: String,
    /// What it may do in general.
    pub role: RoleName,
    /// The person it belongs to, if to anybody.
    #[schema(required)]
    pub user: Option<String>,
    /// When it was made.
    pub created_at: Instant,
    /// From when on it opens nothing.
    #[schema(required)]
    pub expires_at: Option<Instant>,
    /// When it was last used, give or take ten minutes.
    #[schema(required)]
    pub last_used_at: Option<Instant>,
}

/// A new token, with its secret, which is shown this once.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CreatedToken {
    /// The token.
    #[serde(flatten)]
    pub about: Token,
    /// The secret, for `Authorization: Bearer`.
    #[schema(example = "mst_...")]
    pub token: String,
}

/// What a new token is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// Unique among the tokens in force.
    name: String,
    /// What it may do in general.
    role: RoleName,
    /// The person it belongs to: it may then do what both roles may, in that person's name.
    user: Option<String>,
    /// From when on it opens nothing; never unless given.
    #[schema(value_type = Option<Instant>)]
    expires_at: Option<String>,
}

/// List the tokens in force, by name.
#[utoipa::path(
    get, path = "/tokens", tag = "access", operation_id = "list_tokens", params(Paging),
    responses((status = 200, description = "A part of the list.", body = List<Token>))
)]
async fn list(
    State(ctx): State<Ctx>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<Token>>, ApiError> {
    let after: Option<String> = paging.after()?;
    let limit = paging.limit()? + 1;
    let rows = store_token::list(&ctx.app.db, &after.unwrap_or_default(), limit).await?;
    let name = |token: &store_token::Token| token.name.clone();
    Ok(Json(paging.list(rows, name, |token| describe(&ctx, token))?))
}

/// Make a token. Its secret is in the answer and nowhere else.
#[utoipa::path(
    post, path = "/tokens", tag = "access", operation_id = "create_token",
    request_body = NewToken,
    responses((status = 201, description = "The token with its secret.", body = CreatedToken))
)]
async fn create(
    State(ctx): State<Ctx>,
    caller: Caller,
    Json(body): Json<NewToken>,
) -> Result<(StatusCode, Json<CreatedToken>), ApiError> {
    let snapshot = ctx.app.snapshot();
    let user = match &body.user {
        Some(name) => {
            let user = snapshot.directory.users.named(name);
            Some(user.ok_or_else(|| ApiError::field("user", "there is no such person"))?.id)
        }
        None => None,
    };
    let expires_at = match &body.expires_at {
        Some(text) => Some(text.parse::<Timestamp>().map_err(|_| {
            ApiError::field("expires_at", "must be an instant such as 2026-11-21T00:00:00Z")
        })?),
        None => None,
    };
    let wanted = Wanted { name: body.name, role: body.role.0, user, expires_at };
    let made = token::create(&ctx.app.db, wanted, &caller.actor, ctx.app.now()).await?;
    let (token, secret) = made;
    let created = CreatedToken { about: describe(&ctx, token), token: secret };
    Ok((StatusCode::CREATED, Json(created)))
}

/// Revoke a token.
#[utoipa::path(
    delete, path = "/tokens/{id}", tag = "access", operation_id = "revoke_token",
    params(("id" = String, Path, description = "The id.")),
    responses((status = 204, description = "It opens nothing any more."))
)]
async fn revoke(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let token: TokenId = id.parse().map_err(|_| ApiError::not_found("token", &id))?;
    if ctx.app.revoke_token(token, &caller.actor).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(ApiError::not_found("token", &id))
}

fn describe(ctx: &Ctx, token: store_token::Token) -> Token {
    let snapshot = ctx.app.snapshot();
    let user = token.user.and_then(|user| snapshot.directory.users.get(user));
    Token {
        id: token.id.to_string(),
        name: token.name,
        role: token.role.into(),
        user: user.map(|user| user.name.clone()),
        created_at: token.created_at.into(),
        expires_at: token.expires_at.map(Instant::from),
        last_used_at: token.last_used_at.map(Instant::from),
    }
}
