//! How the installation watches itself, over the API (`D9`): how its sign of life and its canaries
//! last went. Where the sign of life goes is a secret and is not told.

use std::collections::HashMap;

use axum::extract::State;
use muster_core::org::watch::Canary;
use muster_store::alerting::self_watch::{self, WatchRow};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

use super::SEE_ALERTS;
use crate::api::extract::Json;
use crate::api::word::Instant;
use crate::api::{ApiError, Ctx, Routes};
use crate::engine::watch::SIGN_OF_LIFE;

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(SEE_ALERTS, routes!(get))
}

/// How the installation watches itself.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Watch {
    /// Its sign of life to somewhere outside; null where none is configured.
    #[schema(required)]
    pub sign_of_life: Option<SignOfLife>,
    /// Test messages that go all the way to somebody, in the order of the configuration.
    pub canaries: Vec<CanaryStanding>,
}

/// A call to an address outside that is made only while nothing is overdue.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SignOfLife {
    /// How often it goes out.
    pub every_seconds: i64,
    /// How it went.
    #[serde(flatten)]
    pub last: WatchStanding,
}

/// A test message at regular times.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CanaryStanding {
    /// The heartbeat monitor that hears how it went.
    pub monitor: String,
    /// To whom.
    pub user: String,
    /// By which method.
    pub method: String,
    /// How often.
    pub every_seconds: i64,
    /// How long the provider may take to accept it.
    pub within_seconds: i64,
    /// Whether one is on its way.
    pub on_its_way: bool,
    /// How it went.
    #[serde(flatten)]
    pub last: WatchStanding,
}

/// How something went the last time.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WatchStanding {
    /// When it was last tried; null before the first time.
    #[schema(required)]
    pub last_at: Option<Instant>,
    /// When it last went well.
    #[schema(required)]
    pub last_ok_at: Option<Instant>,
    /// What was wrong the last time; null where nothing was.
    #[schema(required)]
    pub trouble: Option<String>,
}

/// How the installation watches itself, and how that last went.
#[utoipa::path(
    get, path = "/watch", tag = "alerting", operation_id = "get_watch",
    responses((status = 200, description = "How it went.", body = Watch))
)]
async fn get(State(ctx): State<Ctx>) -> Result<Json<Watch>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let rows = self_watch::all(&ctx.app.db).await?;
    let rows: HashMap<Uuid, WatchRow> = rows.into_iter().map(|row| (row.id, row)).collect();
    let canary = |canary: &Canary| {
        let row = rows.get(&canary.monitor.0);
        let user = directory.users.get(canary.user);
        let method = user.and_then(|user| user.contact_method(canary.method));
        let monitor = directory.heartbeats.iter().find(|one| one.id == canary.monitor);
        CanaryStanding {
            monitor: monitor.map(|monitor| monitor.name.clone()).unwrap_or_default(),
            user: user.map(|user| user.name.clone()).unwrap_or_default(),
            method: method.map(|method| method.name.clone()).unwrap_or_default(),
            every_seconds: canary.every.as_secs(),
            within_seconds: canary.within.as_secs(),
            on_its_way: row.is_some_and(|row| row.delivery_id.is_some()),
            last: standing(row),
        }
    };
    let watch = &directory.watch;
    Ok(Json(Watch {
        sign_of_life: watch.url.as_ref().map(|_| SignOfLife {
            every_seconds: watch.every.as_secs(),
            last: standing(rows.get(&SIGN_OF_LIFE)),
        }),
        canaries: watch.canaries.iter().map(canary).collect(),
    }))
}

fn standing(row: Option<&WatchRow>) -> WatchStanding {
    WatchStanding {
        last_at: row.map(|row| Instant::from_micros(row.last_at)),
        last_ok_at: row.and_then(|row| row.last_ok_at).map(Instant::from_micros),
        trouble: row.and_then(|row| row.trouble.clone()),
    }
}
