//! Nodes of a cluster wake each other after their commits. Nothing rests on it: a node that misses a
//! word finds the work in its sweep.

use std::time::Duration;

use muster_store::{Engine, StoreError};
use tokio::task::JoinHandle;

use crate::app::App;

/// Commits within this time make one announcement, in milliseconds.
const COALESCE_MS: u64 = 5;
/// How long a node waits before it listens again after its connection broke, in milliseconds.
const LISTEN_AGAIN_MS: u64 = 1_000;

/// Starts announcing and listening; nothing for an embedded store.
pub(super) fn start(app: &App) -> Vec<JoinHandle<()>> {
    if app.db.engine() == Engine::Sqlite {
        return Vec::new();
    }
    vec![tokio::spawn(announce(app.clone())), tokio::spawn(listen(app.clone()))]
}

async fn announce(app: App) {
    loop {
        app.wake.announce.notified().await;
        if let Err(error) = app.db.announce().await {
            tracing::debug!("the other nodes were not woken: {error}");
        }
        tokio::time::sleep(Duration::from_millis(COALESCE_MS)).await;
    }
}

async fn listen(app: App) {
    loop {
        if let Err(error) = listen_until_broken(&app).await {
            tracing::debug!("listening for other nodes: {error}");
        }
        app.wake.here();
        tokio::time::sleep(Duration::from_millis(LISTEN_AGAIN_MS)).await;
    }
}

async fn listen_until_broken(app: &App) -> Result<(), StoreError> {
    let Some(mut announcements) = app.db.listen().await? else { return Ok(()) };
    loop {
        announcements.next().await?;
        app.wake.here();
    }
}
