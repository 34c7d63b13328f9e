//! Rooms of incidents in chats as a stage (`E7`): one step after another until each is as it shall be.
//! It reads the record each time and takes no input, so that what was interrupted goes on. A chat that
//! fails is tried again with patience; it never holds up an incident, which knows nothing of it.

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use muster_core::engine::backoff;
use muster_core::id::IncidentId;
use muster_core::incident::lifecycle::bridge::Ask;
use muster_core::incident::lifecycle::{Command, Incident};
use muster_core::incident::restriction::Viewer;
use muster_core::incident::room::{FAILURES_TOLD, Room, Step};
use muster_core::incident::timeline::{Actor, Entry, Kind as EntryKind};
use muster_core::org::directory::Directory;
use muster_core::org::provider::Provider;
use muster_integrations::channels::{self, Outcome};
use muster_store::incident::{incident as store_incident, room as store_room};
use muster_store::timer::{self, Claimed, Kind};
use muster_store::{Lane, StoreError, Tx};

use super::Found;
use crate::app::App;
use crate::app::incident::command::{self, Refused};
use crate::app::incident::record;
use crate::ids;

/// The most rooms that are looked after at the same time.
const CLAIM_MAX: i64 = 8;
/// How long a room that cannot be looked after is put off.
const PUT_OFF: SignedDuration = SignedDuration::from_secs(30);

/// Takes the next step in every room that waits for one.
///
/// # Errors
/// When the store does not answer.
pub async fn step(app: App) -> anyhow::Result<Found> {
    let now = app.now();
    if !super::timers::may_claim(&app, now).await? {
        return Ok(Found::Nothing(None));
    }
    if !timer::is_due(&app.db, Kind::Room, now).await? {
        return Ok(Found::Nothing(timer::earliest(&app.db, Kind::Room).await?));
    }
    app.refresh().await?;
    let mut tx = app.db.begin(Lane::Outbox).await?;
    let claimed = timer::claim(&mut tx, Kind::Room, now, CLAIM_MAX).await?;
    tx.commit().await?;
    let outcomes = join_all(claimed.iter().map(|timer| look_after(&app, timer))).await;
    for (timer, outcome) in claimed.iter().zip(outcomes) {
        let Err(error) = outcome else { continue };
        let incident = IncidentId(timer.id);
        tracing::error!(%incident, "a room was put off: {error}");
        metrics::counter!("muster_timers_put_off_total").increment(1);
        let later = now.saturating_add(PUT_OFF).unwrap_or(Timestamp::MAX);
        let mut tx = app.db.begin(Lane::Outbox).await?;
        if timer::finish(&mut tx, Kind::Room, timer, Some(later)).await? {
            tx.commit().await?;
        }
    }
    app.wake.all();
    Ok(Found::Work)
}

/// A room and what is to be asked of its chat.
struct Next {
    incident: Incident,
    room: Room,
    step: Option<Step>,
    /// When it is looked at again although there is no news.
    again_at: Option<Timestamp>,
}

async fn look_after(app: &App, timer: &Claimed) -> Result<(), StoreError> {
    let id = IncidentId(timer.id);
    let snapshot = app.snapshot();
    let directory = &snapshot.directory;
    let found = store_incident::get(&app.db, &Viewer::Engine, id).await?;
    let Some(Next { incident, room, step: Some(step), .. }) = next(app, directory, found).await?
    else {
        return rest(app, directory, timer).await;
    };
    if let Some(at) = room.retry_at.filter(|at| *at > app.now()) {
        return put_off(app, timer, at).await;
    }
    let Some(provider) = directory.provider(&room.provider) else {
        return rest(app, directory, timer).await;
    };
    let before = room.clone();
    let answer = app.channels.room(provider, &room, &step, app.now()).await;
    let now = app.now();
    let (room, entries) = match answer {
        Ok(answer) => {
            let after = room.clone().after(step.clone(), answer);
            let entries = entries(&room, &after, &step, now);
            (after, entries)
        }
        Err(outcome) => failed(room, &outcome, now),
    };
    let mut tx = app.db.begin(Lane::Outbox).await?;
    store_incident::lock(&mut tx, id).await?;
    store_room::put(&mut tx, id, &room, now).await?;
    record::note(app, &mut tx, directory, &incident, &entries, now).await?;
    if room.id != before.id {
        meet_there(app, &mut tx, id, (&before, &room), provider, now).await?;
    }
    // A claim that was lost to somebody's news changes nothing about what the chat did.
    timer::finish(&mut tx, Kind::Room, timer, Some(room.retry_at.unwrap_or(now))).await?;
    tx.commit().await
}

/// People meet in the room that was just opened, unless they have another place (`U4`).
async fn meet_there(
    app: &App,
    tx: &mut Tx,
    incident: IncidentId,
    (before, room): (&Room, &Room),
    provider: &Provider,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(link) = channels::room::link(provider, room) else { return Ok(()) };
    let ask = Ask::Room { link, before: channels::room::link(provider, before) };
    match command::obey(app, tx, incident, Command::Bridge(ask), &Actor::System, now).await {
        Err(Refused::Store(error)) => Err(error),
        Err(refused) => {
            tracing::warn!(%incident, "the room is not where people meet: {refused}");
            Ok(())
        }
        Ok(_) => Ok(()),
    }
}

/// The next step in the room of an incident; none where it has no room.
async fn next(
    app: &App,
    directory: &Directory,
    incident: Option<Incident>,
) -> Result<Option<Next>, StoreError> {
    let Some(incident) = incident.filter(|incident| !incident.practice) else { return Ok(None) };
    let plan = directory.severity(incident.severity).process.room.as_ref();
    let stored = store_room::get(&app.db, incident.id).await?;
    let Some(room) = stored.or_else(|| plan.map(Room::planned)) else { return Ok(None) };
    let Some(provider) = directory.provider(&room.provider) else { return Ok(None) };
    let wanted = app.wanted_room(directory, &incident, plan, &room, provider).await?;
    let step = room.next(&wanted, app.now());
    let is_open = room.id.is_some() && !room.is_archived && !room.is_given_up;
    let again_at = wanted.over_at.filter(|_| is_open);
    Ok(Some(Next { incident, room, step, again_at }))
}

/// Lets a room be until there is news. The incident is held meanwhile, so that no news is missed.
async fn rest(app: &App, directory: &Directory, timer: &Claimed) -> Result<(), StoreError> {
    let mut tx = app.db.begin(Lane::Outbox).await?;
    let incident = store_incident::lock(&mut tx, IncidentId(timer.id)).await?;
    let next = next(app, directory, incident).await?;
    let next_at = next.and_then(|next| match next.step {
        Some(_) => Some(next.room.retry_at.unwrap_or(timer.due_at).max(app.now())),
        None => next.again_at,
    });
    if timer::finish(&mut tx, Kind::Room, timer, next_at).await? {
        tx.commit().await?;
    }
    Ok(())
}

async fn put_off(app: &App, timer: &Claimed, until: Timestamp) -> Result<(), StoreError> {
    let mut tx = app.db.begin(Lane::Outbox).await?;
    if timer::finish(&mut tx, Kind::Room, timer, Some(until)).await? {
        tx.commit().await?;
    }
    Ok(())
}

/// A step that may work later. People are told once it has failed for a while, and at the end.
fn failed(room: Room, outcome: &Outcome, now: Timestamp) -> (Room, Vec<Entry>) {
    let retry_after = match outcome {
        Outcome::Temporary { retry_after, .. } => *retry_after,
        _ => None,
    };
    let wait = backoff::wait(room.failures + 1, ids::chance(), retry_after);
    let retry_at = now.saturating_add(wait).unwrap_or(Timestamp::MAX);
    let room = room.failed(outcome.detail().map(ToOwned::to_owned), retry_at);
    let entries = match (room.is_given_up, room.failures) {
        (true, _) => vec![trouble(&room, "There is no room", now)],
        (false, FAILURES_TOLD) => {
            vec![trouble(&room, "The room waits, and is tried again: there is trouble", now)]
        }
        _ => Vec::new(),
    };
    (room, entries)
}

/// What the timeline tells of a step.
fn entries(before: &Room, after: &Room, step: &Step, now: Timestamp) -> Vec<Entry> {
    let entry = |kind, text: String, name: &str| {
        Entry::new(now, kind, Actor::System, text)
            .with("provider", after.provider.clone())
            .with("room", name.to_owned())
    };
    if after.is_given_up {
        return vec![trouble(after, "There is no room", now)];
    }
    let (name, provider) = (&after.name, &after.provider);
    match step {
        Step::Open { .. } if after.id != before.id => {
            let sort = if after.is_private { "private room" } else { "room" };
            let text = format!("Opened the {sort} {name} in {provider}");
            vec![entry(EntryKind::RoomOpened, text, name)]
        }
        Step::Archive if after.is_archived => {
            let text = format!("Archived the room {name} in {provider}");
            vec![entry(EntryKind::RoomArchived, text, name)]
        }
        Step::Reopen if !after.is_archived => {
            let text = format!("Took the room {name} in {provider} out of the archive");
            vec![entry(EntryKind::RoomOpened, text, name)]
        }
        // What else is refused stands beside the room, once.
        _ if after.trouble.is_some() && after.trouble != before.trouble => {
            vec![trouble(after, "The room is not as it should be", now)]
        }
        _ => Vec::new(),
    }
}

fn trouble(room: &Room, what: &str, now: Timestamp) -> Entry {
    let why = room.trouble.as_deref().unwrap_or("it does not say why");
    let text = format!("{what} in {}: {why}", room.provider);
    Entry::new(now, EntryKind::RoomFailed, Actor::System, text)
        .with("provider", room.provider.clone())
}
