//! The listener and everything around the handlers: limits against slow and greedy clients, headers
//! for browsers, request ids, figures, and panics turned into answers. It knows no domain.

use std::future::Future;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{StatusCode, Uri};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Redirect};
use axum::routing::get;
use tokio::net::TcpListener;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::api::{self, ApiError, Ctx};
use crate::lifeline;
use crate::settings::BODY_BYTES_MAX;

mod connection;
mod guard;
pub mod health;
mod web;

/// How long requests in flight may go on after the server was told to stop.
const STOPPING_MS_MAX: u64 = 5_000;

/// Everything that is served, with the guards around it.
pub fn router(ctx: &Ctx) -> Router {
    let https = guard::Https(ctx.app.settings.public_url.starts_with("https://"));
    let people = Router::new()
        .merge(api::router(ctx))
        .merge(lifeline::router(ctx))
        .merge(web::router())
        .route("/", get(async || Redirect::to("/app/")))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(CompressionLayer::new())
        .layer(from_fn(guard::in_time));
    Router::new()
        .merge(people)
        .merge(api::alerting::receive::router(ctx))
        .merge(api::alerting::ping::router(ctx))
        .merge(crate::callback::router(ctx))
        .merge(health::router(ctx))
        .fallback(nowhere)
        .layer(CatchPanicLayer::custom(guard::panicked))
        .layer(from_fn_with_state(https, guard::headers))
        .layer(from_fn(guard::measure))
}

async fn nowhere(uri: Uri) -> ApiError {
    let path: String = uri.path().chars().take(100).collect();
    ApiError::new(StatusCode::NOT_FOUND, format!("there is nothing at {path}"))
}

/// Serves until `stop` is done; requests in flight then have a moment to finish.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve(
    ctx: Ctx,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send,
) -> std::io::Result<()> {
    health::install();
    let connections = connection::Connections::new(router(&ctx));
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, peer)) => connections.take(stream, peer),
            Err(error) if is_passing(&error) => {}
            Err(error) => {
                // Usually too many open files: those that are open will end.
                tracing::error!("a connection was not accepted: {error}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    connections.finish(Duration::from_millis(STOPPING_MS_MAX)).await;
    Ok(())
}

/// Whether only this one connection failed.
fn is_passing(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused
    )
}

/// The answer to a request that took too long.
fn too_slow() -> axum::response::Response {
    ApiError::unavailable("the answer took too long; look before you try again", 5).into_response()
}
