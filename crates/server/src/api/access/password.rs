//! Passwords over the API.

use axum::extract::State;
use axum::http::StatusCode;
use muster_core::org::access::Action;
use muster_store::access::credential;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::api::extract::{Json, Path};
use crate::api::{ApiError, Caller, Ctx, Need, Routes};

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(Need::of_person(Action::Manage), routes!(put))
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// At least eight characters.
    #[schema(format = Password)]
    password: String,
    /// The present one; needed for one's own.
    #[schema(format = Password)]
    current: Option<String>,
}

/// Set a person's password. Their other sessions end.
#[utoipa::path(
    put, path = "/users/{name}/password", tag = "access", operation_id = "set_password",
    request_body = NewPassword,
    params(("name" = String, Path, description = "The person's name.")),
    responses((status = 204, description = "The password was set."))
)]
async fn put(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(name): Path<String>,
    Json(body): Json<NewPassword>,
) -> Result<StatusCode, ApiError> {
    let snapshot = ctx.app.snapshot();
    let user = snapshot.directory.users.named(&name);
    let user = user.ok_or_else(|| ApiError::not_found("person", &name))?.id;
    let is_own = caller.user() == Some(user);
    // Whoever finds an unlocked browser must not be able to take the account over.
    if is_own && body.current.is_none() && credential::get(&ctx.app.db, user).await?.is_some() {
        return Err(ApiError::field("current", "is needed to change your own password"));
    }
    let current = body.current.filter(|_| is_own);
    let keep = caller.session.filter(|_| is_own);
    let app = &ctx.app;
    app.set_password(&ctx.doors, user, body.password, current, keep, &caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
