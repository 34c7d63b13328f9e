//! The outbox: the only stage that talks to the outside. It claims deliveries that are due, writes
//! down that an attempt begins, sends, and commits what the provider answered. A claim that ends
//! without an answer is unknown, and the message is sent again, marked as a possible repeat.

use std::sync::Arc;
use std::time::Duration;

use muster_integrations::channels::{Envelope, Outcome};
use muster_store::timer::{self, Kind};
use tokio::sync::{Semaphore, mpsc};

use super::{Found, timers, wait};
use crate::app::App;

mod claim;
mod compose;
mod settle;

/// The most messages on their way at once.
const ON_THEIR_WAY_MAX: usize = 128;
/// The most answers of one commit.
const ANSWERS_MAX: usize = 64;
/// The most deliveries of one claim.
const CLAIM_MAX: usize = 64;

/// One message on its way, for one delivery or, in a digest, for several.
#[derive(Debug)]
struct Job {
    envelope: Envelope,
    members: Vec<Member>,
}

/// A delivery whose attempt has begun.
#[derive(Debug, Clone)]
struct Member {
    row: muster_store::oncall::delivery::DeliveryRow,
    number: i64,
    claimed: timer::Claimed,
    possible_repeat: bool,
}

/// The stage.
pub struct Outbox {
    app: App,
    places: Arc<Semaphore>,
    answers: mpsc::Sender<(Job, Outcome)>,
}

impl Outbox {
    /// An outbox that is not running yet.
    pub fn new(app: App) -> Self {
        let (answers, answered) = mpsc::channel(ON_THEIR_WAY_MAX);
        tokio::spawn(settle_answers(app.clone(), answered));
        Self { app, places: Arc::new(Semaphore::new(ON_THEIR_WAY_MAX)), answers }
    }

    /// Runs until it is dropped.
    pub async fn run(self) {
        loop {
            let woken = self.app.wake.outbox.notified();
            tokio::pin!(woken);
            woken.as_mut().enable();
            match self.step().await {
                Ok(Found::Work) => {}
                Ok(Found::Nothing(until)) => {
                    self.app.wake.progress.notify_waiters();
                    wait(&self.app, woken, until).await;
                }
                Err(error) => {
                    tracing::error!(stage = "outbox", "{error:#}");
                    metrics::counter!("muster_stage_errors_total", "stage" => "outbox")
                        .increment(1);
                    tokio::time::sleep(Duration::from_millis(super::ERROR_PAUSE_MS)).await;
                }
            }
        }
    }

    async fn step(&self) -> anyhow::Result<Found> {
        let app = &self.app;
        let free = self.places.available_permits().min(CLAIM_MAX);
        if free == 0 {
            // A place becomes free when an answer is settled, which wakes this stage.
            return Ok(Found::Nothing(None));
        }
        if !timers::may_claim(app, app.now()).await? {
            return Ok(Found::Nothing(None));
        }
        app.refresh().await?;
        let claimed = claim::claim(app, free).await?;
        for job in claimed.jobs {
            self.send(job).await;
        }
        if claimed.touched == 0 {
            return Ok(Found::Nothing(timer::earliest(&app.db, Kind::Delivery).await?));
        }
        app.wake.stream.notify_waiters();
        Ok(Found::Work)
    }

    /// Sends on a task of its own, so that one slow provider holds up nobody else.
    async fn send(&self, job: Job) {
        let Ok(place) = Arc::clone(&self.places).acquire_owned().await else { return };
        let (app, answers) = (self.app.clone(), self.answers.clone());
        tokio::spawn(async move {
            let outcome = app.channels.send(&job.envelope, app.now()).await;
            metrics::counter!("muster_deliveries_total",
                "channel" => job.envelope.to.channel(), "outcome" => outcome.name())
            .increment(1);
            // If the receiver is gone the server is stopping; the lease runs out and the message is
            // sent again after the restart.
            let _ = answers.send((job, outcome)).await;
            drop(place);
        });
    }
}

async fn settle_answers(app: App, mut answered: mpsc::Receiver<(Job, Outcome)>) {
    let mut batch = Vec::with_capacity(ANSWERS_MAX);
    while answered.recv_many(&mut batch, ANSWERS_MAX).await > 0 {
        if let Err(error) = settle::settle(&app, &batch).await {
            tracing::warn!(answers = batch.len(), "answers are settled one by one: {error}");
            for answer in &batch {
                if let Err(error) = settle::settle(&app, std::slice::from_ref(answer)).await {
                    // The lease runs out and the delivery is tried again as a possible repeat.
                    tracing::error!(delivery = answer.0.envelope.id, "an answer was lost: {error}");
                }
            }
        }
        batch.clear();
        app.wake.all();
    }
}
