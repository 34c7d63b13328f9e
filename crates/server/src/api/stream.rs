//! The live stream: what changes, as it changes, as server-sent events. Events carry no truth, only
//! that something changed and where to read it. However many listen, the store is read once per
//! change; whoever comes back reads what was missed and then goes on with the rest.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::Stream;
use jiff::Timestamp;
use muster_core::id::UserId;
use muster_core::incident::timeline::Kind;
use muster_core::org::access::{Action, Object};
use muster_store::StoreError;
use muster_store::event::{self, EventRow};
use muster_store::incident::incident as store_incident;
use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use tokio_stream::wrappers::ReceiverStream;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{ApiError, Caller, Ctx, Need, Routes};
use crate::app::App;

/// The most streams of one node.
const STREAMS_MAX: usize = 1_000;
/// How long one stream lasts; its client comes back and is let in anew, or is not.
const STREAM_SECONDS_MAX: u64 = 3_600;
/// Between two signs of life, in seconds.
const HEARTBEAT_SECONDS: u64 = 15;
/// How soon a client should come back, in milliseconds.
const COME_BACK_MS: u64 = 1_000;
/// Events of one read.
const READ_EVENTS_MAX: i64 = 500;
/// The most events that somebody who comes back is told one by one; who missed more is told to
/// look at everything again.
const MISSED_EVENTS_MAX: usize = 5_000;
/// Events that wait for one slow listener; one that is slower comes back and reads what it missed.
const WAITING_EVENTS_MAX: usize = 1_024;
/// Events that wait to be written to one connection.
const WRITING_EVENTS_MAX: usize = 64;
/// How long the stream sleeps at most before it looks by itself, in milliseconds.
const SWEEP_MS_MAX: u64 = 5_000;
/// How long it waits for a transaction that holds events back, and after an error, in milliseconds.
const HELD_BACK_MS: u64 = 100;

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(Need::new(Action::Read, Object::Stream), routes!(stream))
}

/// Something that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Change {
    /// The event's place; also its `id`.
    pub seq: i64,
    /// When.
    pub at: String,
    /// What happened: `incident.` and a kind of timeline entry, `page.accepted`, `page.failed`,
    /// `page.superseded`, `alert.opened`, `alert.resolved`, `message.failed`, `config.applied`;
    /// `change.` and a kind of entry of a change, `change.marked`, `change_event.recorded`,
    /// `change_event.changed`, `change_event.marked`, `change_exception.` and what became of one;
    /// `reset` says that too much was missed and everything should be read again.
    #[serde(rename = "type")]
    #[schema(example = "incident.acknowledged")]
    pub kind: String,
    /// The number of the incident, if it is about one.
    #[schema(required)]
    pub incident: Option<i64>,
    /// The number of the change, if it is about one that somebody planned.
    #[schema(required)]
    pub change: Option<i64>,
    /// The id of what changed.
    pub subject: String,
}

/// Something that changed, before it is known who hears of it.
#[derive(Debug, Clone)]
struct News {
    change: Change,
    /// Whether it is about a restricted incident.
    restricted: bool,
}

impl From<EventRow> for News {
    fn from(row: EventRow) -> Self {
        let change = Change {
            seq: row.seq,
            at: Timestamp::from_microsecond(row.at).unwrap_or_default().to_string(),
            kind: row.kind,
            incident: row.incident_number,
            change: row.change_number,
            subject: row.subject,
        };
        Self { change, restricted: row.restricted }
    }
}

/// What changes, as it changes.
///
/// Server-sent events of the type `change`, each with its place as `id`; a client that comes back
/// with `Last-Event-ID` is told what it missed. A comment every 15 seconds is a sign of life.
#[utoipa::path(
    get, path = "/stream", tag = "stream",
    params(("Last-Event-ID" = Option<i64>, Header, description = "The last event that was seen.")),
    responses((
        status = 200, description = "The data of each event.",
        body = Change, content_type = "text/event-stream"
    ))
)]
async fn stream(
    State(ctx): State<Ctx>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let place = ctx.streams.enter()?;
    let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.trim().parse().ok());
    let (live, newest) = ctx.streams.listen(&ctx.app).await?;
    let app = ctx.app.clone();
    let listener = Listener { app, user: caller.user(), live, newest, seen, _place: place };
    let heartbeat = KeepAlive::new().interval(Duration::from_secs(HEARTBEAT_SECONDS));
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // A proxy that collects answers would keep them from being live.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    Ok((headers, Sse::new(listener.start()).keep_alive(heartbeat)).into_response())
}

/// Everybody who listens on this node, and the one reader behind them.
#[derive(Debug)]
pub struct Streams {
    live: broadcast::Sender<Arc<News>>,
    /// Where the reader stands, while it runs.
    reader: Mutex<Option<i64>>,
    /// Held while the reader is started, so that two who come at once start one.
    starting: tokio::sync::Mutex<()>,
    places: Arc<Semaphore>,
}

impl Default for Streams {
    fn default() -> Self {
        Self {
            live: broadcast::Sender::new(WAITING_EVENTS_MAX),
            reader: Mutex::default(),
            starting: tokio::sync::Mutex::default(),
            places: Arc::new(Semaphore::new(STREAMS_MAX)),
        }
    }
}

impl Streams {
    fn enter(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        let full = |_| ApiError::unavailable("too many streams are open", 30);
        Arc::clone(&self.places).try_acquire_owned().map_err(full)
    }

    /// What is told from here on, and the place that this begins after.
    async fn listen(
        self: &Arc<Self>,
        app: &App,
    ) -> Result<(broadcast::Receiver<Arc<News>>, i64), StoreError> {
        let _starting = self.starting.lock().await;
        if let Some(joined) = self.join() {
            return Ok(joined);
        }
        let newest = event::newest(&app.db).await?;
        let live = self.live.subscribe();
        *self.reader.lock().unwrap_or_else(PoisonError::into_inner) = Some(newest);
        tokio::spawn(read(Arc::clone(self), app.clone(), newest));
        Ok((live, newest))
    }

    /// Joins a reader that runs. It tells and stops under the same lock, so that nothing falls
    /// between its place and what the newcomer hears.
    fn join(&self) -> Option<(broadcast::Receiver<Arc<News>>, i64)> {
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        (*reader).map(|newest| (self.live.subscribe(), newest))
    }

    /// Tells everybody; `false` when nobody listens any more and the reader stops.
    fn tell(&self, rows: Vec<EventRow>) -> bool {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        if self.live.receiver_count() == 0 {
            *reader = None;
            return false;
        }
        for row in rows {
            *reader = Some(row.seq);
            // That nobody hears it is no error; it is noticed the next time.
            let _ = self.live.send(Arc::new(row.into()));
        }
        true
    }
}

/// Reads what changes for as long as somebody listens.
async fn read(streams: Arc<Streams>, app: App, mut newest: i64) {
    loop {
        let woken = app.wake.stream.notified();
        tokio::pin!(woken);
        woken.as_mut().enable();
        let wait = match event::after(&app.db, newest, READ_EVENTS_MAX).await {
            Ok(rows) => {
                let is_more = !rows.is_empty();
                newest = rows.last().map_or(newest, |row| row.seq);
                if !streams.tell(rows) {
                    return;
                }
                if is_more {
                    continue;
                }
                // Nobody wakes us when a transaction ends that held events back.
                let is_held_back = event::is_held_back(&app.db).await.unwrap_or(true);
                if is_held_back { HELD_BACK_MS } else { SWEEP_MS_MAX }
            }
            Err(error) => {
                tracing::warn!("the live stream could not be read: {error}");
                HELD_BACK_MS
            }
        };
        let _ = tokio::time::timeout(Duration::from_millis(wait), woken).await;
    }
}

/// One who listens.
struct Listener {
    app: App,
    /// Who listens, if it is a person.
    user: Option<UserId>,
    live: broadcast::Receiver<Arc<News>>,
    /// The place that the live part begins after.
    newest: i64,
    /// The last event that the client has seen.
    seen: Option<i64>,
    /// Its place among the streams of this node, given back when it ends.
    _place: OwnedSemaphorePermit,
}

type Sender = tokio::sync::mpsc::Sender<Result<Event, Infallible>>;

/// The connection is gone.
struct Gone;

impl Listener {
    fn start(self) -> impl Stream<Item = Result<Event, Infallible>> + use<> {
        let (sender, receiver) = tokio::sync::mpsc::channel(WRITING_EVENTS_MAX);
        tokio::spawn(async move {
            let length = Duration::from_secs(STREAM_SECONDS_MAX);
            let closed = sender.clone();
            tokio::select! {
                _ = self.run(sender) => {}
                () = closed.closed() => {}
                () = tokio::time::sleep(length) => {}
            }
        });
        ReceiverStream::new(receiver)
    }

    async fn run(mut self, sender: Sender) -> Result<(), Gone> {
        let hello = Event::default().comment("live").retry(Duration::from_millis(COME_BACK_MS));
        sender.send(Ok(hello)).await.map_err(|_| Gone)?;
        if let Some(seen) = self.seen.filter(|seen| *seen != self.newest) {
            self.catch_up(&sender, seen).await?;
        }
        // Whoever is too slow is sent away, comes back and reads from the store.
        while let Ok(news) = self.live.recv().await {
            self.tell(&sender, &news).await?;
        }
        Ok(())
    }

    /// Tells what changed, unless it is not this listener's to know. Whoever loses sight of an incident
    /// is told to look at everything again, and finds it gone.
    async fn tell(&self, sender: &Sender, news: &News) -> Result<(), Gone> {
        if !news.restricted || self.sees(news).await {
            return tell(sender, &news.change).await;
        }
        let loses_sight = [Kind::Restricted, Kind::AccessChanged].map(|kind| kind.name());
        let kind = news.change.kind.strip_prefix("incident.").unwrap_or_default();
        match loses_sight.contains(&kind) {
            true => tell(sender, &Change { seq: news.change.seq, ..self.reset() }).await,
            false => Ok(()),
        }
    }

    /// Whether the listener sees the restricted incident that something is about. Where the store
    /// does not say so, it does not.
    async fn sees(&self, news: &News) -> bool {
        let Some(number) = news.change.incident else { return false };
        let seen = async {
            let viewer = self.app.viewer(self.user).await?;
            store_incident::by_number(&self.app.db, &viewer, number).await
        };
        seen.await.is_ok_and(|incident| incident.is_some())
    }

    /// Tells what was missed between `seen` and where the live part begins.
    async fn catch_up(&self, sender: &Sender, mut seen: i64) -> Result<(), Gone> {
        for _ in 0..MISSED_EVENTS_MAX.div_ceil(usize::try_from(READ_EVENTS_MAX).unwrap_or(1)) {
            let rows = match event::after(&self.app.db, seen, READ_EVENTS_MAX).await {
                Ok(rows) => rows,
                Err(error) => {
                    tracing::warn!("missed events could not be read: {error}");
                    break;
                }
            };
            if rows.is_empty() {
                return Ok(());
            }
            for row in rows {
                seen = row.seq;
                self.tell(sender, &row.into()).await?;
                if seen == self.newest {
                    return Ok(());
                }
            }
        }
        tell(sender, &self.reset()).await
    }

    /// What somebody is told who missed too much.
    fn reset(&self) -> Change {
        Change {
            seq: self.newest,
            at: self.app.now().to_string(),
            kind: "reset".to_owned(),
            incident: None,
            change: None,
            subject: String::new(),
        }
    }
}

async fn tell(sender: &Sender, change: &Change) -> Result<(), Gone> {
    let event = Event::default().id(change.seq.to_string()).event("change").json_data(change);
    let Ok(event) = event else { return Ok(()) };
    sender.send(Ok(event)).await.map_err(|_| Gone)
}
