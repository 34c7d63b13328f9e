//! Accepting: many requests share one commit, so that the price of durability is one flush for
//! hundreds of messages. A client hears 2xx only after the commit that holds its message.

use std::sync::Arc;
use std::time::Duration;

use muster_store::inbox::{self, NewMessage};
use muster_store::{Db, Lane, StoreError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use crate::app::App;

/// The most messages of one commit.
const BATCH_MESSAGES_MAX: usize = 512;
/// How much of message bodies one commit takes at most, in bytes.
const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The memory that the bodies of all messages that wait for a commit may take, in KiB.
const WAITING_KIB_MAX: usize = 64 * 1024;
/// The most messages that may wait for a commit; beyond that clients are asked to come back.
const WAITING_MESSAGES_MAX: usize = 8_192;
/// How long a client waits for its commit before it is asked to come back, in milliseconds.
const COMMIT_WAIT_MS_MAX: u64 = 3_000;

/// Why a message was not accepted. The client should send it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAccepted {
    /// Too many others wait.
    #[error("too many messages wait to be stored")]
    Overloaded,
    /// The store did not confirm in time; the message may have been stored.
    #[error("the store did not confirm in time")]
    Unconfirmed,
}

/// A message that waits for its commit, with its share of the memory for all of them.
struct Waiting {
    message: NewMessage,
    done: oneshot::Sender<Result<(), NotAccepted>>,
    share: OwnedSemaphorePermit,
}

/// The way into the inbox.
#[derive(Debug, Clone)]
pub struct Accept {
    waiting: mpsc::Sender<Waiting>,
    room: Arc<Semaphore>,
}

impl Accept {
    /// Starts the committer.
    pub fn start(app: &App) -> Self {
        let (waiting, messages) = mpsc::channel(WAITING_MESSAGES_MAX);
        tokio::spawn(commit_batches(app.clone(), messages));
        Self { waiting, room: Arc::new(Semaphore::new(WAITING_KIB_MAX)) }
    }

    /// Stores a message; returns once it is durable.
    ///
    /// # Errors
    /// See [`NotAccepted`].
    pub async fn accept(&self, message: NewMessage) -> Result<(), NotAccepted> {
        let kib = u32::try_from(message.body.len().div_ceil(1024)).unwrap_or(u32::MAX);
        let share = Arc::clone(&self.room).try_acquire_many_owned(kib);
        let share = share.map_err(|_| NotAccepted::Overloaded)?;
        let (done, committed) = oneshot::channel();
        let waiting = Waiting { message, done, share };
        self.waiting.try_send(waiting).map_err(|_| NotAccepted::Overloaded)?;
        let wait = Duration::from_millis(COMMIT_WAIT_MS_MAX);
        match tokio::time::timeout(wait, committed).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) | Err(_) => Err(NotAccepted::Unconfirmed),
        }
    }
}

async fn commit_batches(app: App, mut messages: mpsc::Receiver<Waiting>) {
    let mut batch = Vec::with_capacity(BATCH_MESSAGES_MAX);
    while messages.recv_many(&mut batch, BATCH_MESSAGES_MAX).await > 0 {
        let mut waiting = batch.drain(..).peekable();
        while waiting.peek().is_some() {
            let mut room = BATCH_BYTES_MAX;
            let (mut rows, mut done, mut shares) = (Vec::new(), Vec::new(), Vec::new());
            while let Some(next) = waiting.next_if(|next| rows.is_empty() || fits(next, room)) {
                room = room.saturating_sub(next.message.body.len());
                // Whoever gave up waiting was told to send it again.
                if !next.done.is_closed() {
                    rows.push(next.message);
                    done.push(next.done);
                    shares.push(next.share);
                }
            }
            commit(&app, rows, done).await;
        }
    }
}

fn fits(next: &Waiting, room: usize) -> bool {
    next.message.body.len() <= room
}

async fn commit(
    app: &App,
    rows: Vec<NewMessage>,
    done: Vec<oneshot::Sender<Result<(), NotAccepted>>>,
) {
    if rows.is_empty() {
        return;
    }
    match store(&app.db, &rows).await {
        Ok(()) => {
            metrics::counter!("muster_messages_accepted_total").increment(rows.len() as u64);
            for done in done {
                let _ = done.send(Ok(()));
            }
            app.wake.accepted();
        }
        Err(error) => {
            tracing::warn!(messages = rows.len(), "a batch was not stored: {error}");
            one_by_one(app, rows, done).await;
        }
    }
}

async fn store(db: &Db, rows: &[NewMessage]) -> Result<(), StoreError> {
    let mut tx = db.begin(Lane::Accept).await?;
    inbox::accept(&mut tx, rows.to_vec()).await?;
    tx.commit().await
}

/// A batch that failed is tried again message by message with the same ids, so that one bad message
/// costs no other.
async fn one_by_one(
    app: &App,
    rows: Vec<NewMessage>,
    done: Vec<oneshot::Sender<Result<(), NotAccepted>>>,
) {
    for (row, done) in rows.into_iter().zip(done) {
        let outcome = match done.is_closed() {
            true => continue,
            false => store(&app.db, std::slice::from_ref(&row)).await,
        };
        let answer = outcome.map_err(|error| {
            tracing::warn!("a message was not stored: {error}");
            metrics::counter!("muster_messages_refused_total").increment(1);
            NotAccepted::Unconfirmed
        });
        let _ = done.send(answer);
        app.wake.accepted();
    }
}
