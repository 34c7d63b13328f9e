//! The installation over the API: how it stands, releasing it after a restore, and backups.

use std::path::{Path, PathBuf};

use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures::stream;
use jiff::Timestamp;
use muster_core::org::access::{Action, Object};
use muster_store::{Db, Engine, backup};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt as _;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::extract::Json;
use super::word::Instant;
use super::{ApiError, Caller, Ctx, Need, Routes};
use crate::app::installation::Standing;
use crate::ids;

/// How much of a backup is read at once, in bytes.
const CHUNK_BYTES: usize = 64 * 1024;

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(Need::new(Action::Read, Object::System), routes!(get))
        .on(Need::new(Action::Operate, Object::System), routes!(release))
        .on(Need::new(Action::Operate, Object::System), routes!(back_up))
}

/// How the installation stands.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct System {
    /// The version of the server.
    pub version: String,
    /// What it stores in: `sqlite` or `postgres`.
    pub engine: String,
    /// The node that answers.
    pub node: String,
    /// Its clock.
    pub now: Instant,
    /// The revision of the configuration.
    pub revision: i64,
    /// What of the configuration could not be used, and why.
    pub warnings: Vec<String>,
    /// Whether nothing is sent until an operator releases it, as after a restore.
    pub held: bool,
    /// Messages that wait for triage.
    pub inbox: Backlog,
    /// Messages that triage could not digest.
    pub failed_messages: i64,
    /// Incidents that wait for their turn.
    pub incidents_due: Backlog,
    /// Deliveries that wait for their turn.
    pub deliveries_due: Backlog,
}

/// What waits.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Backlog {
    /// How many.
    pub count: i64,
    /// Since when the oldest of them.
    #[schema(required)]
    pub since: Option<Instant>,
}

/// How the installation stands.
#[utoipa::path(
    get, path = "/system", tag = "system", operation_id = "system",
    responses((status = 200, description = "How it stands.", body = System))
)]
async fn get(State(ctx): State<Ctx>) -> Result<Json<System>, ApiError> {
    describe(&ctx).await
}

/// Let a restored installation send again.
#[utoipa::path(
    post, path = "/system/release", tag = "system", operation_id = "release",
    responses((status = 200, description = "How it stands now.", body = System))
)]
async fn release(State(ctx): State<Ctx>, caller: Caller) -> Result<Json<System>, ApiError> {
    ctx.app.release(&caller.actor).await?;
    describe(&ctx).await
}

/// Take a backup of everything, with its secrets, as it is at this moment.
#[utoipa::path(
    post, path = "/backup", tag = "system", operation_id = "back_up",
    responses((
        status = 200, description = "The backup, one JSON line per row.",
        content_type = "application/x-ndjson", body = String
    ))
)]
async fn back_up(State(ctx): State<Ctx>, caller: Caller) -> Result<Response, ApiError> {
    let now = ctx.app.now();
    let file = Temporary::new();
    let made = write(ctx.app.db.clone(), file.path().to_owned(), now).await?;
    ctx.app.note_backup(&caller.actor, &made.sha256).await?;
    let opened = tokio::fs::File::open(file.path()).await.map_err(ApiError::internal)?;
    let chunks = stream::try_unfold((opened, file), |(mut opened, file)| async move {
        let mut chunk = vec![0; CHUNK_BYTES];
        let read = opened.read(&mut chunk).await?;
        chunk.truncate(read);
        Ok::<_, std::io::Error>((read > 0).then_some((chunk, (opened, file))))
    });
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", file_name(now))),
    ];
    Ok((headers, Body::from_stream(chunks)).into_response())
}

/// Writes the backup on a thread of its own: packing every row is work that must not delay requests.
async fn write(db: Db, path: PathBuf, now: Timestamp) -> Result<backup::Summary, ApiError> {
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || runtime.block_on(backup::write(&db, &path, now)))
        .await
        .map_err(ApiError::internal)?
        .map_err(ApiError::internal)
}

fn file_name(now: Timestamp) -> String {
    format!("muster-{}.backup", now.strftime("%Y%m%dT%H%M%SZ"))
}

/// A file that is gone when this is dropped.
struct Temporary(PathBuf);

impl Temporary {
    fn new() -> Self {
        let name = format!("muster-backup-{:032x}", u128::from_be_bytes(ids::random()));
        Self(std::env::temp_dir().join(name))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.0)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!("a temporary backup was left behind: {error}");
        }
    }
}

async fn describe(ctx: &Ctx) -> Result<Json<System>, ApiError> {
    let app = &ctx.app;
    let Standing { engine, held, waiting, failed, incidents_due, deliveries_due } =
        app.standing().await?;
    let snapshot = app.snapshot();
    let backlog = |(count, since): (i64, Option<i64>)| Backlog {
        count,
        since: since.map(Instant::from_micros),
    };
    Ok(Json(System {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        engine: match engine {
            Engine::Sqlite => "sqlite".to_owned(),
            Engine::Postgres => "postgres".to_owned(),
        },
        node: app.node.to_string(),
        now: app.now().into(),
        revision: snapshot.directory.revision,
        warnings: snapshot.warnings.clone(),
        held,
        inbox: backlog(waiting),
        failed_messages: failed,
        incidents_due: backlog(incidents_due),
        deliveries_due: backlog(deliveries_due),
    }))
}
