//! Calendars behind their links: `/calendar/{token}.ics`, for programs that cannot sign in.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use super::refusal::Refusal;
use crate::api::Ctx;
use crate::app::link::TOKEN_BYTES_MAX;

/// The route.
pub(super) fn router() -> Router<Ctx> {
    Router::new().route("/calendar/{file}", get(show))
}

async fn show(State(ctx): State<Ctx>, Path(file): Path<String>) -> Response {
    let token = file.strip_suffix(".ics").filter(|token| token.len() <= TOKEN_BYTES_MAX);
    let Some(token) = token else { return Refusal::UnknownLink.problem() };
    match ctx.app.calendar(token).await {
        Ok(Some(text)) => {
            let headers = [
                (header::CONTENT_TYPE, "text/calendar; charset=utf-8"),
                (header::CACHE_CONTROL, "private, no-cache"),
                (header::REFERRER_POLICY, "no-referrer"),
            ];
            (headers, text).into_response()
        }
        Ok(None) => Refusal::UnknownLink.problem(),
        Err(error) => Refusal::from(error).problem(),
    }
}
