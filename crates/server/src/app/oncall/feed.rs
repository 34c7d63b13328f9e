//! Leave from somebody's own calendar (`O13`): read now and then through the guarded way out, compared
//! with what it said before, and entered, moved or taken back like leave that people enter
//! themselves. A calendar that cannot be read changes nothing and says why.

use jiff::{SignedDuration, Timestamp};
use muster_core::alerting::signal::cut;
use muster_core::id::{FeedId, UserId};
use muster_core::incident::timeline::Actor;
use muster_core::oncall::cover::Span;
use muster_core::org::directory::Directory;
use muster_integrations::calendar::feed::{self, BYTES_MAX, Contents, EVENTS_MAX, Entry};
use muster_integrations::outbound::Failure;
use muster_store::oncall::absence::{self as store_absence, Absence};
use muster_store::oncall::feed::{self as store_feed, Feed};
use muster_store::timer::{self, Claimed, Kind};
use muster_store::{Lane, StoreError, Tx, audit};
use serde_json::json;

use super::absence::{LENGTH_MAX, Leave};
use super::{NotPlanned, TRIES_MAX};
use crate::app::App;
use crate::app::seal;
use crate::ids;

/// How often a calendar is read.
pub const READ_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// The longest wait after failures.
const RETRY_MAX: SignedDuration = SignedDuration::from_hours(6);
/// How long the server's word that nothing has changed is enough: recurrences come near meanwhile.
const WHOLE_EVERY: SignedDuration = SignedDuration::from_hours(24);
/// How far ahead events become leave.
const AHEAD: SignedDuration = SignedDuration::from_hours(366 * 24);
/// The most calendars of one person.
pub const FEEDS_MAX: usize = 10;
/// The most words of one calendar.
pub const MATCHES_MAX: usize = 20;
/// The longest name or word, in characters.
const TEXT_CHARS_MAX: usize = 100;
/// The longest address, in bytes.
const URL_BYTES_MAX: usize = 2_048;
/// The longest description of a failure, in characters.
const ERROR_CHARS_MAX: usize = 300;
/// The purpose of sealed addresses.
const PURPOSE: &[u8] = b"leave feed";

/// A calendar to read leave from.
#[derive(Debug, Clone)]
pub struct NewFeed {
    /// Whose leave it tells.
    pub user: UserId,
    /// What people call it.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// See [`Feed::matches`].
    pub matches: Vec<String>,
}

/// What a reading brought.
enum Reading {
    /// Nothing has changed.
    Same,
    /// What it says now.
    Whole(Contents, Option<String>),
}

impl App {
    /// Enters a calendar; it is read at once.
    ///
    /// # Errors
    /// See [`NotPlanned`]; nothing has changed then.
    pub async fn add_feed(&self, new: NewFeed, actor: &Actor) -> Result<Feed, NotPlanned> {
        let now = self.now();
        let invalid = |field, message: String| NotPlanned::Invalid { field, message };
        let url = new.url.trim();
        let url = match url.split_once("://") {
            // What calendar programs call an address to subscribe to.
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("webcal") => {
                format!("https://{rest}")
            }
            Some(("http" | "https", _)) => url.to_owned(),
            _ => {
                let message = "give an address that begins with https:// or webcal://";
                return Err(invalid("url", message.to_owned()));
            }
        };
        if url.len() > URL_BYTES_MAX {
            return Err(invalid("url", format!("at most {URL_BYTES_MAX} bytes")));
        }
        let mut matches = Vec::new();
        for mut word in new.matches.iter().map(|word| word.trim().to_owned()) {
            cut(&mut word, TEXT_CHARS_MAX);
            if !word.is_empty() && !word.contains('\n') {
                matches.push(word);
            }
        }
        if matches.len() > MATCHES_MAX {
            return Err(invalid("matches", format!("at most {MATCHES_MAX} words")));
        }
        if store_feed::of_user(&self.db, new.user).await?.len() >= FEEDS_MAX {
            return Err(invalid("url", format!("at most {FEEDS_MAX} calendars of one person")));
        }
        let mut name = new.name.trim().to_owned();
        cut(&mut name, TEXT_CHARS_MAX);
        if name.is_empty() {
            name = "calendar".to_owned();
        }
        let id = FeedId(self.ids.next(now));
        let sealed_url = seal::seal(self.instance_key(), PURPOSE, id.0.as_bytes(), &url)
            .map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let feed = Feed {
            id,
            user: new.user,
            name,
            sealed_url,
            matches,
            created_at: now,
            read_at: None,
            whole_at: None,
            error: None,
            failures: 0,
            etag: None,
            skipped: Vec::new(),
        };
        let mut tx = self.db.begin(Lane::Command).await?;
        store_feed::insert(&mut tx, &feed, actor.name()).await?;
        timer::set(&mut tx, Kind::Feed, id.0, now, now).await?;
        self.note_feed(&mut tx, actor, "leave_feed.add", &feed).await?;
        tx.commit().await?;
        self.wake.all();
        Ok(feed)
    }

    /// Takes a calendar out, and back what leave of it lies ahead.
    ///
    /// # Errors
    /// See [`NotPlanned`]; nothing has changed then.
    pub async fn remove_feed(&self, feed: &Feed, actor: &Actor) -> Result<(), NotPlanned> {
        let mut tries = 0;
        loop {
            match self.try_remove_feed(feed, actor).await {
                Err(error) if error.is_overtaken() && tries < TRIES_MAX => tries += 1,
                outcome => break outcome?,
            }
        }
        self.after_planning().await;
        Ok(())
    }

    async fn try_remove_feed(&self, feed: &Feed, actor: &Actor) -> Result<(), NotPlanned> {
        let name = self.name_of(feed.user);
        let mut tx = self.db.begin(Lane::Command).await?;
        let loaded = self.begin_planning(&mut tx, actor, ("user", "absences"), &name).await?;
        let now = self.now();
        for absence in store_absence::of_feed(&mut tx, feed.id).await? {
            if absence.to > now {
                self.withdraw_leave(&mut tx, &loaded.directory, &absence, actor).await?;
            }
        }
        store_feed::remove(&mut tx, feed.id, now).await?;
        timer::clear(&mut tx, Kind::Feed, &[feed.id.0]).await?;
        self.note_feed(&mut tx, actor, "leave_feed.remove", feed).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Reads a calendar at the next chance, whatever its time is.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn read_feed_soon(&self, id: FeedId) -> Result<(), StoreError> {
        let now = self.now();
        let mut tx = self.db.begin(Lane::Command).await?;
        timer::set(&mut tx, Kind::Feed, id.0, now, now).await?;
        tx.commit().await?;
        self.wake.all();
        Ok(())
    }

    fn name_of(&self, user: UserId) -> String {
        let snapshot = self.snapshot();
        snapshot.directory.users.get(user).map_or_else(String::new, |user| user.name.clone())
    }

    /// The timer of a calendar has come. What goes wrong with the calendar is written down and is no
    /// error here.
    ///
    /// # Errors
    /// When the store refuses.
    pub(crate) async fn feed_due(&self, timer: &Claimed) -> Result<(), StoreError> {
        let feed = store_feed::get(&self.db, FeedId(timer.id)).await?;
        let snapshot = self.snapshot();
        let is_here = |feed: &Feed| snapshot.directory.users.get(feed.user).is_some();
        let Some(feed) = feed.filter(is_here) else {
            let mut tx = self.db.begin(Lane::Command).await?;
            timer::finish(&mut tx, Kind::Feed, timer, None).await?;
            return tx.commit().await;
        };
        let now = self.now();
        let mut after = feed.clone();
        match self.read_feed(&snapshot.directory, &feed, now).await {
            Ok(reading) => {
                let skipped = match reading {
                    Reading::Same => after.skipped.clone(),
                    Reading::Whole(contents, etag) => {
                        after.etag = etag;
                        after.whole_at = Some(now);
                        self.take_over(&feed, contents).await?
                    }
                };
                (after.read_at, after.error, after.failures) = (Some(now), None, 0);
                after.skipped = skipped;
            }
            Err(mut why) => {
                cut(&mut why, ERROR_CHARS_MAX);
                after.error = Some(why);
                after.failures = after.failures.saturating_add(1);
            }
        }
        let mut tx = self.db.begin(Lane::Command).await?;
        if store_feed::lock(&mut tx, feed.id).await?.is_none() {
            return Ok(());
        }
        store_feed::update(&mut tx, &after).await?;
        let next = now.saturating_add(wait(after.failures)).unwrap_or(Timestamp::MAX);
        if timer::finish(&mut tx, Kind::Feed, timer, Some(next)).await? {
            tx.commit().await?;
        }
        Ok(())
    }

    /// Asks for a calendar. Words for people where that fails; they never hold the address, which is
    /// a secret.
    async fn read_feed(
        &self,
        directory: &Directory,
        feed: &Feed,
        now: Timestamp,
    ) -> Result<Reading, String> {
        let key = self.instance_key();
        let url = seal::open(key, PURPOSE, feed.id.0.as_bytes(), &feed.sealed_url)
            .map_err(|error| error.to_string())?;
        let is_fresh = feed.whole_at.is_some_and(|at| now.duration_since(at) < WHOLE_EVERY);
        let etag = feed.etag.as_deref().filter(|_| is_fresh && feed.error.is_none());
        let document = self.channels.outbound().read(&url, etag, BYTES_MAX).await;
        let document = document.map_err(|failure| match failure {
            Failure::Refused(_) => "its address may not be called".to_owned(),
            Failure::NotSent(_) => "nobody answers at its address".to_owned(),
            Failure::Unknown(why) => format!("it could not be read: {why}"),
        })?;
        match document.status {
            304 if etag.is_some() => return Ok(Reading::Same),
            200..=299 => {}
            300..=399 => return Err("it has moved; give the address it moved to".to_owned()),
            401 | 403 => return Err("its server wants a password or another address".to_owned()),
            404 | 410 => return Err("there is no calendar at its address any more".to_owned()),
            status => return Err(format!("its server answered with {status}")),
        }
        let zone = directory.zone_of(feed.user).clone();
        let window = (now, now.saturating_add(AHEAD).unwrap_or(Timestamp::MAX));
        let reading = tokio::task::spawn_blocking(move || {
            feed::read(&document.body, &zone, window).map(|contents| (contents, document.etag))
        });
        match reading.await {
            Ok(Ok((contents, etag))) => Ok(Reading::Whole(contents, etag)),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("it could not be understood".to_owned()),
        }
    }

    /// Makes a person's leave what their calendar says; gives what was left out, in words.
    async fn take_over(&self, feed: &Feed, contents: Contents) -> Result<Vec<String>, StoreError> {
        let Contents { entries, mut skipped } = contents;
        let mut wanted: Vec<_> =
            entries.into_iter().filter(|entry| is_leave(feed, entry)).collect();
        wanted.retain(|entry| {
            let fits = entry.to.duration_since(entry.from) <= LENGTH_MAX;
            if !fits {
                skipped.push(format!("{}: a leave lasts at most 366 days", entry.summary));
            }
            fits
        });
        if wanted.len() > EVENTS_MAX {
            let left = wanted.split_off(EVENTS_MAX).len();
            skipped.push(format!("{left} more events, later than those that were taken"));
        }
        let mut tries = 0;
        loop {
            match self.try_take_over(feed, &wanted, &mut skipped).await {
                Err(error) if error.is_overtaken() && tries < TRIES_MAX => tries += 1,
                Ok(false) => return Ok(skipped),
                Ok(true) => break,
                Err(NotPlanned::Store(error)) => return Err(error),
                Err(error) => return Err(StoreError::Corrupt(error.to_string())),
            }
        }
        self.after_planning().await;
        Ok(skipped)
    }

    /// Says whether anything was changed.
    async fn try_take_over(
        &self,
        feed: &Feed,
        wanted: &[Entry],
        skipped: &mut Vec<String>,
    ) -> Result<bool, NotPlanned> {
        let now = self.now();
        let known = store_absence::of_user(&self.db, feed.user, now).await?;
        let known: Vec<_> = known.into_iter().filter(|one| one.feed == Some(feed.id)).collect();
        let is_known = |entry: &&Entry| known.iter().any(|one| is_same(one, entry));
        let gone: Vec<_> =
            known.iter().filter(|one| !wanted.iter().any(|entry| is_same(one, entry))).collect();
        let new: Vec<_> = wanted.iter().filter(|entry| !is_known(entry)).collect();
        if gone.is_empty() && new.is_empty() {
            return Ok(false);
        }
        let actor = Actor::System;
        let name = self.name_of(feed.user);
        let mut tx = self.db.begin(Lane::Command).await?;
        let loaded = self.begin_planning(&mut tx, &actor, ("user", "absences"), &name).await?;
        for absence in gone {
            self.withdraw_leave(&mut tx, &loaded.directory, absence, &actor).await?;
        }
        for entry in new {
            let leave = Leave {
                user: feed.user,
                span: Span { from: entry.from, to: entry.to },
                reason: entry.summary.clone(),
                source: Some((feed.id, entry.uid.clone())),
            };
            match self.put_leave(&mut tx, &loaded.directory, &leave, &actor).await {
                Ok(_) => {}
                Err(NotPlanned::Invalid { message, .. }) => {
                    skipped.push(format!("{}: {message}", entry.summary));
                }
                Err(error) => return Err(error),
            }
        }
        tx.commit().await?;
        Ok(true)
    }

    async fn note_feed(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        action: &str,
        feed: &Feed,
    ) -> Result<(), StoreError> {
        let data = json!({ "feed": feed.id.to_string(), "matches": feed.matches });
        let object = ("user", feed.user.to_string());
        let entry = self.audit_entry(actor, action, object, data);
        audit::append(tx, &entry, ids::random()).await
    }
}

/// Whether an event is leave: one of whole days, or where words are given, one that has any of them.
fn is_leave(feed: &Feed, entry: &Entry) -> bool {
    if feed.matches.is_empty() {
        return entry.all_day;
    }
    let texts: Vec<_> =
        entry.categories.iter().chain([&entry.summary]).map(|text| text.to_lowercase()).collect();
    feed.matches.iter().any(|word| texts.iter().any(|text| text.contains(&word.to_lowercase())))
}

fn is_same(absence: &Absence, entry: &Entry) -> bool {
    absence.uid.as_deref() == Some(entry.uid.as_str())
        && (absence.from, absence.to) == (entry.from, entry.to)
}

/// How long to wait before the next reading: an hour, after failures five minutes and then longer.
fn wait(failures: u32) -> SignedDuration {
    match failures {
        0 => READ_EVERY,
        count => {
            let doubled = 2_i32.saturating_pow(count.saturating_sub(1).min(10));
            SignedDuration::from_mins(5).saturating_mul(doubled).min(RETRY_MAX)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calendar_that_fails_is_asked_again_soon_and_then_ever_more_seldom() {
        let minutes: Vec<_> = (0..9).map(|failures| wait(failures).as_mins()).collect();
        assert_eq!(minutes, [60, 5, 10, 20, 40, 80, 160, 320, 360]);
        assert_eq!(wait(u32::MAX), RETRY_MAX);
    }
}
