//! Whether this process lives, whether it may take traffic, and its figures for Prometheus.

use std::sync::OnceLock;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use muster_store::{StoreError, inbox, setting, timer};

use crate::api::Ctx;
use crate::app::App;

/// Upper bounds of the time histograms, in seconds.
const BUCKETS_SECONDS: [f64; 13] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 30.0];
/// How long the store may take to show that it is there, in milliseconds.
const READY_MS_MAX: u64 = 2_000;
/// How often collected figures are folded together, in seconds, so that they stay small even where
/// nobody fetches them.
const UPKEEP_SECONDS: u64 = 5;

static FIGURES: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Begins to collect figures; once per process.
pub fn install() {
    FIGURES.get_or_init(|| {
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS_SECONDS)
            .map_err(anyhow::Error::from);
        let installed = builder.and_then(|builder| Ok(builder.install_recorder()?));
        installed
            .inspect_err(|error| tracing::warn!("figures are not collected: {error}"))
            .ok()
            .inspect(|figures| {
                let figures = figures.clone();
                std::thread::spawn(move || {
                    loop {
                        std::thread::sleep(Duration::from_secs(UPKEEP_SECONDS));
                        figures.run_upkeep();
                    }
                });
            })
    });
}

/// The routes, open to everybody.
pub(super) fn router(ctx: &Ctx) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(figures))
        .with_state(ctx.clone())
}

async fn ready(State(ctx): State<Ctx>) -> Response {
    let patience = Duration::from_millis(READY_MS_MAX);
    match tokio::time::timeout(patience, setting::is_held(&ctx.app.db)).await {
        Ok(Ok(false)) => "ready\n".into_response(),
        Ok(Ok(true)) => {
            "ready to accept; held, so nothing is sent until it is released\n".into_response()
        }
        Ok(Err(_)) | Err(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n").into_response()
        }
    }
}

async fn figures(State(ctx): State<Ctx>) -> Response {
    install();
    let Some(Some(figures)) = FIGURES.get() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    if let Err(error) = gauge(&ctx.app).await {
        tracing::warn!("some figures could not be read: {error}");
    }
    let text = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (text, figures.render()).into_response()
}

/// What is read from the store when somebody asks.
async fn gauge(app: &App) -> Result<(), StoreError> {
    let now = app.now();
    let age = |since: Option<i64>| {
        since.map_or(0.0, |since| {
            let micros = now.as_microsecond().saturating_sub(since).max(0);
            Duration::from_micros(micros.unsigned_abs()).as_secs_f64()
        })
    };
    let (waiting, since) = inbox::backlog(&app.db).await?;
    metrics::gauge!("muster_inbox_waiting").set(figure(waiting));
    metrics::gauge!("muster_inbox_oldest_seconds").set(age(since));
    metrics::gauge!("muster_messages_failed").set(figure(inbox::failed_count(&app.db).await?));
    for (kind, name) in [
        (timer::Kind::Incident, "incident"),
        (timer::Kind::Delivery, "delivery"),
        (timer::Kind::Notice, "notice"),
    ] {
        let (overdue, since) = timer::overdue(&app.db, kind, now).await?;
        metrics::gauge!("muster_timers_overdue", "kind" => name).set(figure(overdue));
        metrics::gauge!("muster_timers_oldest_due_seconds", "kind" => name).set(age(since));
    }
    let held = setting::is_held(&app.db).await?;
    metrics::gauge!("muster_held").set(if held { 1.0 } else { 0.0 });
    Ok(())
}

fn figure(count: i64) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}
