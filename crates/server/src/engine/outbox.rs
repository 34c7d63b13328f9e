//! The outbox: the only stage that talks to the outside. It claims deliveries that are due, writes
//! down that an attempt begins, sends, and commits what the provider answered. A claim that ends
//! without an answer is unknown, and the message is sent again, marked as a possible repeat.
//!
//! There are two of them, each with places of its own: one for pages and what else somebody
//! waits for, and one for the rest, so that an event webhook that hangs delays no page.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use muster_core::id::{ContactMethodId, UserId};
use muster_core::org::channel::Channel;
use muster_integrations::channels::{Envelope, Outcome};
use muster_store::StoreError;
use muster_store::timer::{self, Kind};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::{ERROR_PAUSE_MS, Found, timers};
use crate::app::App;

mod claim;
mod compose;
mod receipt;
mod settle;

pub use receipt::{Receipt, take as take_receipt};

/// The most pages on their way at once.
const PAGES_ON_THEIR_WAY_MAX: usize = 128;
/// The most other messages on their way at once.
const NOTICES_ON_THEIR_WAY_MAX: usize = 32;
/// The most answers of one commit.
const ANSWERS_MAX: usize = 64;
/// The most deliveries of one claim.
const CLAIM_MAX: usize = 64;
/// How often settling is tried while the store is away: about as long as the leases last.
const SETTLE_TRIES_MAX: u32 = 60;

/// One message on its way, for one delivery or, in a digest, for several.
#[derive(Debug)]
struct Job {
    envelope: Envelope,
    members: Vec<Member>,
    /// Until when the providers of the channel are left alone, if they are: then nothing is sent.
    resting: Option<Timestamp>,
}

/// A delivery whose attempt has begun.
#[derive(Debug, Clone)]
struct Member {
    row: muster_store::oncall::delivery::DeliveryRow,
    number: i64,
    claimed: timer::Claimed,
    possible_repeat: bool,
}

/// What a provider said to a message. Its place is taken until that is settled.
struct Answer {
    job: Job,
    outcome: Outcome,
    _place: OwnedSemaphorePermit,
}

/// The stage.
#[derive(Clone)]
pub struct Outbox {
    app: App,
    kind: Kind,
    places: Arc<Semaphore>,
    answers: mpsc::Sender<Answer>,
}

impl Outbox {
    /// The outbox of pages.
    pub fn pages(app: App) -> Self {
        Self::new(app, Kind::Delivery, PAGES_ON_THEIR_WAY_MAX)
    }

    /// The outbox of everything else.
    pub fn notices(app: App) -> Self {
        Self::new(app, Kind::Notice, NOTICES_ON_THEIR_WAY_MAX)
    }

    fn new(app: App, kind: Kind, places: usize) -> Self {
        let (answers, answered) = mpsc::channel(places);
        tokio::spawn(settle_answers(app.clone(), answered));
        Self { app, kind, places: Arc::new(Semaphore::new(places)), answers }
    }

    /// Claims what is due and sends it on its way.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn step(self) -> anyhow::Result<Found> {
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
        // Most wake-ups bring nothing, and looking takes no turn from those who write.
        if !timer::is_due(&app.db.urgent(), self.kind, app.now()).await? {
            return Ok(Found::Nothing(timer::earliest(&app.db.urgent(), self.kind).await?));
        }
        let claimed = claim::claim(app, self.kind, free).await?;
        for job in claimed.jobs {
            self.send(job).await;
        }
        if claimed.touched == 0 {
            return Ok(Found::Nothing(timer::earliest(&app.db.urgent(), self.kind).await?));
        }
        app.wake.stream.notify_waiters();
        Ok(Found::Work)
    }

    /// Sends on a task of its own, so that one slow provider holds up nobody else.
    async fn send(&self, job: Job) {
        let Ok(place) = Arc::clone(&self.places).acquire_owned().await else { return };
        let (app, answers) = (self.app.clone(), self.answers.clone());
        tokio::spawn(async move {
            let outcome = outcome(&app, &job).await;
            metrics::counter!("muster_deliveries_total",
                "channel" => job.envelope.to.channel(), "outcome" => outcome.name())
            .increment(1);
            // If the receiver is gone the server is stopping; the lease runs out and the message is
            // sent again after the restart.
            let _ = answers.send(Answer { job, outcome, _place: place }).await;
        });
    }
}

/// Sends, unless everybody who could carry it is left alone.
async fn outcome(app: &App, job: &Job) -> Outcome {
    let via = job.envelope.via.as_deref();
    if let (Some(until), Some(provider)) = (job.resting, via) {
        let wait = until.duration_since(app.now());
        return Outcome::Temporary {
            status: None,
            detail: format!("{} fails and is left alone for a moment", provider.name),
            retry_after: Some(wait.max(SignedDuration::from_secs(1))),
        };
    }
    let user = job.members.first().and_then(|member| member.row.user_id).map(UserId);
    let sending = AssertUnwindSafe(async {
        match user {
            // A person may have several browsers, and some that are gone.
            Some(user) if job.envelope.to.kind() == Channel::Push => {
                app.push(user, &job.envelope).await
            }
            _ => app.channels.send(&job.envelope, app.now()).await,
        }
    });
    let outcome = sending.catch_unwind().await.unwrap_or_else(|_| Outcome::Unknown {
        detail: "the channel failed, which is a mistake in this program".to_owned(),
    });
    if let Some(provider) = via {
        app.carriers.answered(&provider.name, outcome.blames_provider(), app.now());
    }
    outcome
}

async fn settle_answers(app: App, mut answered: mpsc::Receiver<Answer>) {
    let mut batch = Vec::with_capacity(ANSWERS_MAX);
    while answered.recv_many(&mut batch, ANSWERS_MAX).await > 0 {
        if let Err(error) = settle(&app, &batch).await {
            tracing::warn!(answers = batch.len(), "answers are settled one by one: {error}");
            for answer in &batch {
                if let Err(error) = settle(&app, std::slice::from_ref(answer)).await {
                    // The lease runs out and the delivery is tried again as a possible repeat.
                    let id = &answer.job.envelope.id;
                    tracing::error!(delivery = id, "an answer was lost: {error}");
                }
            }
        }
        for answer in &batch {
            disable(&app, answer).await;
        }
        // First the places, then the word that there are some.
        batch.clear();
        app.wake.all();
    }
}

/// A method whose provider says that the address is gone, or wants nothing, gets nothing more.
async fn disable(app: &App, answer: &Answer) {
    let Outcome::Permanent { disable: true, detail, .. } = &answer.outcome else { return };
    let subscribers =
        answer.job.members.iter().filter_map(|member| compose::subscriber(&member.row));
    for subscriber in subscribers {
        if let Err(error) = app.end_subscription(subscriber).await {
            tracing::error!("a subscription whose address is gone could not be ended: {error}");
        }
    }
    let method = answer.job.members.iter().find_map(|member| member.row.method_id);
    let Some(method) = method.map(ContactMethodId) else { return };
    if let Err(error) = app.disable_method(method, detail).await {
        tracing::error!("a contact method that is gone could not be disabled: {error}");
    }
}

/// Settles, with patience: an answer that is lost because the store was away for a moment is a page
/// that is sent twice.
async fn settle(app: &App, answers: &[Answer]) -> Result<(), StoreError> {
    let mut tries = 0;
    loop {
        match settle::settle(app, answers).await {
            Err(error) if error.is_transient() && tries < SETTLE_TRIES_MAX => {
                tries += 1;
                if !matches!(error, StoreError::GaveWay { .. }) {
                    tracing::warn!("answers wait for the store: {error}");
                    tokio::time::sleep(Duration::from_millis(ERROR_PAUSE_MS)).await;
                }
            }
            outcome => return outcome,
        }
    }
}
