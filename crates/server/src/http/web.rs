//! The web app, embedded in the binary. Names of assets carry their digest and are kept for ever;
//! the page itself is asked for anew each time.

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use rust_embed::RustEmbed;

/// Where browsers may keep an asset whose name changes with its content.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const ASK_EACH_TIME: &str = "no-cache";
/// The folder of assets whose names carry a digest.
const DIGESTED: &str = "assets/";
const PAGE: &str = "index.html";

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Web;

/// The routes under `/app/`.
pub(super) fn router() -> Router {
    Router::new()
        .route("/app", get(async || Redirect::permanent("/app/")))
        .route("/app/", get(async || page()))
        .route("/app/{*path}", get(file))
}

async fn file(Path(path): Path<String>) -> Response {
    match Web::get(&path) {
        Some(file) => answer(&path, file.data.into_owned()),
        // A path of the app's own, which the page finds its way to; but a file that is gone is gone.
        None if path.starts_with(DIGESTED) => StatusCode::NOT_FOUND.into_response(),
        None => page(),
    }
}

fn page() -> Response {
    match Web::get(PAGE) {
        Some(file) => answer(PAGE, file.data.into_owned()),
        None => {
            let text = "This build has no web app in it; run `make web` and build again.\n";
            (StatusCode::NOT_FOUND, text).into_response()
        }
    }
}

fn answer(path: &str, data: Vec<u8>) -> Response {
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let kept = if path.starts_with(DIGESTED) { FOR_EVER } else { ASK_EACH_TIME };
    let headers =
        [(header::CONTENT_TYPE, kind.to_string()), (header::CACHE_CONTROL, kept.to_owned())];
    (headers, data).into_response()
}
