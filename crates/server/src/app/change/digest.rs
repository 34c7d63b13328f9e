//! What somebody is told once a day of changes around them (`X13`), and how they choose to hear. When a
//! digest is due, the core says; here it is put together as the changes stand then, so that what was
//! moved twice is one line, and what was called off before anybody heard of it is none.

use std::collections::BTreeMap;

use jiff::Timestamp;
use muster_core::change::record::{Change, Outcome, State};
use muster_core::change::relevance::{self, Wish};
use muster_core::id::UserId;
use muster_core::incident::timeline::Actor;
use muster_core::org::directory::Directory;
use muster_store::change::notice::{self as store, Notice};
use muster_store::change::record as store_change;
use muster_store::timer::{self, Claimed, Kind};
use muster_store::{Lane, StoreError, Tx, audit};
use serde_json::json;

use super::tell;
use crate::app::App;
use crate::ids;

/// The most changes that a digest names; the rest is a number.
const LINES_MAX: usize = 20;

/// How somebody hears of changes around them, and what waits for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// As they wish.
    pub reader: store::Reader,
    /// When their next digest is, if anything waits for it.
    pub next_at: Option<Timestamp>,
    /// How many changes wait for it.
    pub waiting: usize,
}

/// Sets the timers of the digests for which something waits now. Whoever handles one at this moment
/// loses its claim and looks again.
pub(super) async fn expect(
    tx: &mut Tx,
    waiting: &[Notice],
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut timers = BTreeMap::new();
    for notice in waiting {
        let mut dues = Vec::new();
        for one in store::waiting(tx, notice.user).await? {
            dues.extend(one.due_at);
        }
        if let Some(due) = dues.into_iter().min() {
            timers.insert(notice.user, due);
        }
    }
    let timers: Vec<_> =
        timers.into_iter().map(|(user, due)| (Kind::ChangeDigest, user.0, due)).collect();
    timer::set_all(tx, &timers, now).await
}

impl App {
    /// Sends somebody their digest, unless they had one today.
    ///
    /// # Errors
    /// When the store refuses.
    pub(crate) async fn change_digest_due(
        &self,
        timer: &Claimed,
        directory: &Directory,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let user = UserId(timer.id);
        let mut tx = self.db.begin(Lane::Command).await?;
        if !timer::still_held(&mut tx, Kind::ChangeDigest, timer).await? {
            return Ok(());
        }
        let waiting = store::waiting(&mut tx, user).await?;
        let reader = store::reader(&mut tx, user).await?;
        let zone = directory.zone_of(user);
        let due = waiting.iter().filter_map(|one| one.due_at).min();
        let next = match due {
            None => None,
            Some(due) if due > now => Some(due),
            Some(_) if relevance::had_one_today(reader.digested_at, zone, now) => {
                Some(relevance::digest_at(reader.digested_at, zone, now))
            }
            Some(_) => {
                self.send_digest(&mut tx, directory, user, &waiting, now).await?;
                None
            }
        };
        if timer::finish(&mut tx, Kind::ChangeDigest, timer, next).await? {
            tx.commit().await?;
        }
        Ok(())
    }

    async fn send_digest(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        user: UserId,
        waiting: &[Notice],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let zone = directory.zone_of(user);
        let mut told = Vec::new();
        let mut lines = Vec::new();
        for notice in waiting {
            let was_told = store::known(tx, notice.change).await?.get(&user).copied();
            let change = store_change::by_id(tx, notice.change).await?;
            let Some((change, stands)) = change.and_then(|change| {
                let stands = stands(&change, was_told == Some(true))?;
                Some((change, stands))
            }) else {
                continue;
            };
            let services: Vec<_> =
                change.plan.services().map(|id| tell::service_name(directory, id)).collect();
            lines.push(format!(
                "{} ({}) {stands}, {}: {}",
                tell::title(&change),
                services.join(", "),
                tell::when(&change, zone),
                notice.because,
            ));
            told.push(notice.id);
        }
        if lines.is_empty() {
            return store::tell_waiting(tx, user, &[], None, now).await;
        }
        let count = lines.len();
        let what = if count == 1 { "1 change" } else { &format!("{count} changes") };
        lines.truncate(LINES_MAX);
        if count > LINES_MAX {
            lines.push(format!("and {} more", count - LINES_MAX));
        }
        lines.push(format!(
            "You get this at most once a day because services that you answer for depend on what is \
             changed; choose how you hear at {} or with `muster change digest {} --set off`.",
            self.lists_url(),
            tell::name(directory, user),
        ));
        let content = json!({
            "subject": format!("{what} around your services"),
            "text": lines.join("\n"),
            "url": format!("{}/changes/calendar", self.settings.public_url),
        });
        let delivery = self.send_notice(tx, directory, user, &content, now).await?;
        store::tell_waiting(tx, user, &told, delivery, now).await?;
        store::digested(tx, user, now).await
    }

    /// How somebody hears of changes around them.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn change_reading(&self, user: UserId) -> Result<Reading, StoreError> {
        let mut tx = self.db.snapshot().await?;
        let waiting = store::waiting(&mut tx, user).await?;
        let reader = store::reader(&mut tx, user).await?;
        let next_at = waiting.iter().filter_map(|one| one.due_at).min();
        Ok(Reading { reader, next_at, waiting: waiting.len() })
    }

    /// Says how somebody wants to hear of changes around them.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn choose_change_wish(
        &self,
        user: UserId,
        wish: Wish,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin(Lane::Command).await?;
        store::choose(&mut tx, user, wish).await?;
        let object = ("user", user.to_string());
        let data = json!({ "wish": wish.name() });
        let entry = self.audit_entry(actor, "user.change_digest", object, data);
        audit::append(&mut tx, &entry, ids::random()).await?;
        tx.commit().await
    }
}

/// How a change stands, for somebody who is told of it now; nothing where it is news no longer.
fn stands(change: &Change, was_told: bool) -> Option<String> {
    let stands = match change.state {
        State::Scheduled => "is scheduled".to_owned(),
        State::Approved => "waits for what is in its way".to_owned(),
        State::Submitted | State::InReview => "is being agreed to".to_owned(),
        State::InProgress => "has begun".to_owned(),
        State::RollingBack => "is taken back".to_owned(),
        State::Resolved | State::Monitored | State::RetroReview | State::Closed => {
            let went = change.outcome.map_or("", Outcome::name).replace('_', " ");
            format!("is done ({went})")
        }
        State::Cancelled if was_told => "was cancelled".to_owned(),
        State::Expired if was_told => "expired".to_owned(),
        State::Cancelled | State::Expired | State::Draft | State::Rejected => return None,
    };
    Some(stands)
}
