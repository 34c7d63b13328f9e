//! The engine carries accepted work forward: accept, triage, timers, outbox, janitor. No stage
//! takes input from another: each is woken, reads the store, and does what is due, so that the way
//! after a crash is the way of every day. Nothing polls on a fixed tick; a slow sweep catches what
//! a lost wake-up missed.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt as _;
use jiff::Timestamp;
use muster_store::timer;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use self::outbox::Outbox;
use self::planning::Planning;
use crate::app::App;

pub mod accept;
mod bulletins;
mod cluster;
mod emergencies;
mod heartbeats;
pub mod index;
pub mod janitor;
mod mirrors;
pub mod outbox;
pub mod planning;
mod rooms;
pub mod timers;
pub mod triage;
pub mod watch;
mod workflows;

pub(crate) use outbox::{Receipt, take_receipt};

/// How long a stage sleeps at most before it looks again by itself, in milliseconds.
const SWEEP_MS_MAX: u64 = 5_000;
/// How long a stage waits after an error before it tries again, in milliseconds.
const ERROR_PAUSE_MS: u64 = 500;

/// What a stage found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// It did something and there may be more.
    Work,
    /// Nothing is due before this instant.
    Nothing(Option<Timestamp>),
}

/// The running stages. Dropping it stops them; what they were doing is done again at the next start.
pub struct Engine {
    tasks: Vec<JoinHandle<()>>,
}

impl Engine {
    /// Starts every stage.
    pub fn start(app: &App) -> Self {
        let pages = Outbox::pages(app.clone());
        let notices = Outbox::notices(app.clone());
        let planning = Planning::default();
        let mut tasks = vec![
            spawn(app, "triage", |app| &app.wake.triage, triage::step),
            spawn(app, "timers", |app| &app.wake.timers, timers::step),
            spawn(app, "outbox", |app| &app.wake.outbox, move |_| pages.clone().step()),
            spawn(app, "notices", |app| &app.wake.notices, move |_| notices.clone().step()),
            spawn(app, "planning", |app| &app.wake.planning, move |app| planning.clone().step(app)),
            spawn(app, "bulletins", |app| &app.wake.bulletins, bulletins::step),
            spawn(app, "feeds", |app| &app.wake.feeds, planning::read_feeds),
            spawn(app, "watch", |app| &app.wake.watch, watch::step),
            spawn(app, "emergencies", |app| &app.wake.emergencies, emergencies::step),
            spawn(app, "mirrors", |app| &app.wake.mirrors, mirrors::step),
            spawn(app, "rooms", |app| &app.wake.rooms, rooms::step),
            spawn(app, "workflows", |app| &app.wake.workflows, workflows::step),
            spawn(app, "heartbeats", |app| &app.wake.heartbeats, heartbeats::step),
            spawn(app, "index", |app| &app.wake.index, index::step),
            tokio::spawn(janitor::run(app.clone())),
        ];
        tasks.extend(cluster::start(app));
        Self { tasks }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

fn spawn<F, Fut>(
    app: &App,
    name: &'static str,
    waits_for: fn(&App) -> &Notify,
    step: F,
) -> JoinHandle<()>
where
    F: Fn(App) -> Fut + Send + 'static,
    Fut: Future<Output = anyhow::Result<Found>> + Send,
{
    let app = app.clone();
    tokio::spawn(async move {
        loop {
            let woken = waits_for(&app).notified();
            tokio::pin!(woken);
            woken.as_mut().enable();
            // A panic is a mistake of ours and costs this piece of work, never the stage.
            let work = step(app.clone());
            let outcome = AssertUnwindSafe(work).catch_unwind().await;
            match outcome.unwrap_or_else(|_| Err(anyhow::anyhow!("the stage panicked"))) {
                Ok(Found::Work) => app.wake.progress.notify_waiters(),
                Ok(Found::Nothing(until)) => {
                    app.wake.progress.notify_waiters();
                    wait(&app, woken, until).await;
                }
                Err(error) => {
                    tracing::error!(stage = name, "{error:#}");
                    metrics::counter!("muster_stage_errors_total", "stage" => name).increment(1);
                    tokio::time::sleep(Duration::from_millis(ERROR_PAUSE_MS)).await;
                }
            }
        }
    })
}

/// Waits until something wakes the stage, until the instant comes, or for the slow sweep.
async fn wait(app: &App, woken: impl Future<Output = ()>, until: Option<Timestamp>) {
    let until = async {
        match until {
            Some(at) => app.clock.sleep_until(at).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = woken => {}
        () = until => {}
        () = tokio::time::sleep(Duration::from_millis(SWEEP_MS_MAX)) => {}
    }
}

impl App {
    /// Whether nothing accepted waits for triage, nothing due waits for its turn, and planning has
    /// followed the configuration.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn is_idle(&self) -> Result<bool, muster_store::StoreError> {
        Ok(self.is_followed() && !timer::is_work_waiting(&self.db, self.now()).await?)
    }
}

#[cfg(test)]
mod tests;
