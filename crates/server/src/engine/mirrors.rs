//! Groups and topics of chats that follow schedules, as a stage (`E7`). It reads the plan and what it
//! last did each time, and takes one step after another until the chat is in step. The next change of
//! the schedule is the next instant; a change of plan wakes it. Whoever holds the claim alone speaks to
//! the chat, so that of two changes the later one stands.

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use muster_core::engine::backoff;
use muster_core::id::ScheduleId;
use muster_core::oncall::mirror::{Plan, REFUSED_WAIT, Refusal, Step};
use muster_core::oncall::schedule::{Schedule, next_change};
use muster_core::org::directory::Directory;
use muster_core::org::provider::Provider;
use muster_integrations::channels::Outcome;
use muster_store::oncall::mirror as store_mirror;
use muster_store::org::directory as store_directory;
use muster_store::timer::{self, Claimed, Kind};
use muster_store::{Lane, StoreError, Tx};

use super::Found;
use crate::app::App;
use crate::app::oncall::mirror::{missing, wanted};
use crate::ids;

/// The most chats that are looked after at the same time.
const CLAIM_MAX: i64 = 8;
/// How long one that cannot be looked after is put off.
const PUT_OFF: SignedDuration = SignedDuration::from_secs(30);

/// Takes the next step for every schedule whose instant has come.
///
/// # Errors
/// When the store does not answer.
pub async fn step(app: App) -> anyhow::Result<Found> {
    let now = app.now();
    if !super::timers::may_claim(&app, now).await? {
        return Ok(Found::Nothing(None));
    }
    if !timer::is_due(&app.db, Kind::Mirror, now).await? {
        return Ok(Found::Nothing(timer::earliest(&app.db, Kind::Mirror).await?));
    }
    app.refresh().await?;
    let mut tx = app.db.begin(Lane::Outbox).await?;
    let claimed = timer::claim(&mut tx, Kind::Mirror, now, CLAIM_MAX).await?;
    tx.commit().await?;
    let outcomes = join_all(claimed.iter().map(|timer| look_after(&app, timer))).await;
    for (timer, outcome) in claimed.iter().zip(outcomes) {
        let Err(error) = outcome else { continue };
        tracing::error!(schedule = %ScheduleId(timer.id), "a chat was put off: {error}");
        metrics::counter!("muster_timers_put_off_total").increment(1);
        let later = now.saturating_add(PUT_OFF).unwrap_or(Timestamp::MAX);
        let mut tx = app.db.begin(Lane::Outbox).await?;
        if timer::finish(&mut tx, Kind::Mirror, timer, Some(later)).await? {
            tx.commit().await?;
        }
    }
    app.wake.all();
    Ok(Found::Work)
}

async fn look_after(app: &App, timer: &Claimed) -> Result<(), StoreError> {
    let snapshot = app.snapshot();
    let directory = &snapshot.directory;
    let id = ScheduleId(timer.id);
    let now = app.now();
    let Some((schedule, plan, provider)) = planned(directory, id) else {
        let mut tx = app.db.begin(Lane::Outbox).await?;
        store_mirror::remove(&mut tx, id).await?;
        return finish(app, tx, timer, directory, None).await;
    };
    let mirror = store_mirror::get(&app.db, id).await?;
    let wanted = wanted(directory, schedule, provider, now);
    let Some(step) = mirror.next(plan, &wanted, now) else {
        let again_at = mirror.again_at(plan, &wanted);
        let next_at = again_at.into_iter().chain(next_change(schedule, now)).min();
        let tx = app.db.begin(Lane::Outbox).await?;
        return finish(app, tx, timer, directory, next_at).await;
    };
    if matches!(step, Step::Fill { .. }) {
        for user in missing(directory, schedule, provider, now) {
            let (user, schedule, provider) = (&user.name, &schedule.name, &provider.name);
            tracing::warn!(user, schedule, provider, "on call, and without an address in the chat");
        }
    }
    let answer = app.channels.mirror(provider, &mirror, &step, now).await;
    let now = app.now();
    let answer = answer.map_err(|outcome| refusal(mirror.failures(&step), &outcome, now));
    let (mirror, has_news) = mirror.after(step, answer);
    if has_news {
        for trouble in mirror.trouble(plan) {
            tracing::warn!(schedule = %schedule.name, "the chat is not in step: {}", trouble.why);
        }
    }
    let mut tx = app.db.begin(Lane::Outbox).await?;
    store_mirror::put(&mut tx, id, mirror, now).await?;
    finish(app, tx, timer, directory, Some(now)).await
}

fn planned(directory: &Directory, id: ScheduleId) -> Option<(&Schedule, &Plan, &Provider)> {
    let plan = directory.mirrors.get(&id)?;
    Some((directory.schedules.get(id)?, plan, directory.provider(&plan.provider)?))
}

/// What a chat said, and when it is asked again.
fn refusal(failures: u32, outcome: &Outcome, now: Timestamp) -> Refusal {
    let is_for_good = matches!(outcome, Outcome::Permanent { .. });
    let wait = match outcome {
        Outcome::Permanent { .. } => REFUSED_WAIT,
        Outcome::Temporary { retry_after, .. } => {
            backoff::wait(failures + 1, ids::chance(), *retry_after)
        }
        Outcome::Unknown { .. } | Outcome::Accepted { .. } => {
            backoff::wait(failures + 1, ids::chance(), None)
        }
    };
    let why = outcome.detail().unwrap_or("it does not say why").to_owned();
    let retry_at = now.saturating_add(wait).unwrap_or(Timestamp::MAX);
    Refusal { why, is_for_good, retry_at }
}

/// Lets a chat be until `next_at`. A plan that changed since it was read is followed at once: whoever
/// changed it leaves a claimed timer alone, so it is asked for after the timer is held.
async fn finish(
    app: &App,
    mut tx: Tx,
    timer: &Claimed,
    directory: &Directory,
    next_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    let is_held = timer::finish(&mut tx, Kind::Mirror, timer, next_at).await?;
    if is_held && store_directory::revision(&mut tx).await? != directory.revision {
        let now = app.now();
        timer::expect(&mut tx, Kind::Mirror, timer.id, now, now).await?;
    }
    tx.commit().await
}
