//! Taking, giving and taking back time on call (`O3`, `O14`).

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use muster_core::alerting::signal::cut;
use muster_core::id::{OverrideId, RequestId, ScheduleId, UserId};
use muster_core::incident::timeline::Actor;
use muster_core::oncall::cover::Span;
use muster_core::oncall::overrides::{self, Displaced, Placement, Standing, Withdrawal};
use muster_core::oncall::schedule::{Override, on_call_at};
use muster_core::org::directory::Directory;
use muster_store::oncall::overrides::{self as store_override, Stored};
use muster_store::org::directory as store_directory;
use muster_store::{Lane, StoreError, Tx};
use serde_json::json;

use super::request::{has_all_of, in_words, name};
use super::{NotPlanned, TRIES_MAX};
use crate::app::App;
use crate::app::snapshot::environment;

/// A beginning that lies at most this far back means now: the form was filled in meanwhile.
const JUST_NOW: SignedDuration = SignedDuration::from_mins(5);
/// The reason of an override that stands again.
const GIVEN_BACK: &str = "stands again after another was taken back";
/// The longest reason, in characters.
const REASON_CHARS_MAX: usize = 500;

/// Somebody's wish to be on call, or to have somebody be.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Where.
    pub schedule: ScheduleId,
    /// Who and when.
    pub span: Override,
    /// Why; may be empty.
    pub reason: String,
    /// Whether overrides that stand there are cut.
    pub split: bool,
    /// Whether everybody gives way where several have the shift and nobody is named.
    pub everybody: bool,
}

impl App {
    /// Puts somebody on call instead of whoever the layers name.
    ///
    /// # Errors
    /// See [`NotPlanned`]; nothing has changed then.
    pub async fn add_override(
        &self,
        mut wanted: Wanted,
        actor: &Actor,
    ) -> Result<Stored, NotPlanned> {
        cut(&mut wanted.reason, REASON_CHARS_MAX);
        let mut tries = 0;
        let stored = loop {
            match self.try_add(&wanted, actor).await {
                Err(error) if error.is_overtaken() && tries < TRIES_MAX => tries += 1,
                outcome => break outcome?,
            }
        };
        self.after_planning().await;
        Ok(stored)
    }

    async fn try_add(&self, wanted: &Wanted, actor: &Actor) -> Result<Stored, NotPlanned> {
        let mut tx = self.db.begin(Lane::Command).await?;
        let (_, stored) = self.add_within(&mut tx, wanted, actor).await?;
        tx.commit().await?;
        Ok(stored)
    }

    /// The organisation as it is and as it would be with an override, which is not made.
    ///
    /// # Errors
    /// See [`NotPlanned`]: what would keep the override from being made.
    pub async fn with_override(
        &self,
        wanted: &Wanted,
        actor: &Actor,
    ) -> Result<(Arc<Directory>, Arc<Directory>), NotPlanned> {
        let mut tx = self.db.begin(Lane::Command).await?;
        let (before, _) = self.add_within(&mut tx, wanted, actor).await?;
        let after = store_directory::load(&mut tx, &environment).await?.directory;
        Ok((before, after))
    }

    /// Adds an override in a transaction, and gives the organisation without it.
    async fn add_within(
        &self,
        tx: &mut Tx,
        wanted: &Wanted,
        actor: &Actor,
    ) -> Result<(Arc<Directory>, Stored), NotPlanned> {
        let snapshot = self.snapshot();
        let schedule = snapshot.directory.schedules.get(wanted.schedule);
        let name = schedule.ok_or(NotPlanned::Missing("schedule"))?.name.clone();
        let loaded = self.begin_planning(tx, actor, ("schedule", "overrides"), &name).await?;
        check_place(&loaded.directory, wanted, self.now())?;
        let stored = self.put_override(tx, &loaded.directory, wanted, None, actor).await?;
        Ok((loaded.directory, stored))
    }

    /// Places an override in a transaction that has begun planning.
    pub(super) async fn put_override(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        wanted: &Wanted,
        request: Option<RequestId>,
        actor: &Actor,
    ) -> Result<Stored, NotPlanned> {
        let now = self.now();
        let mut span = wanted.span.clone();
        if span.from < now && now.duration_since(span.from) <= JUST_NOW {
            span.from = now;
        }
        directory.users.get(span.user).ok_or(NotPlanned::Missing("person"))?;
        let standing = standing(tx, directory, wanted.schedule, now).await?;
        let placement = overrides::place(&standing, &span, wanted.split, now)?;
        self.make_room(tx, &placement, wanted.schedule, actor).await?;
        let new = (span, wanted.reason.clone());
        let (displaced, schedule) = (placement.displaced, wanted.schedule);
        let stored = self.store_override(tx, schedule, new, displaced, request, actor).await?;
        let data = json!({
            "override": stored.id.to_string(),
            "user": stored.span.user.to_string(),
            "from": stored.span.from.to_string(),
            "to": stored.span.to.to_string(),
            "displaced": stored.displaced.len(),
        });
        self.note_planning(tx, actor, "override.add", wanted.schedule, data).await?;
        Ok(stored)
    }

    async fn make_room(
        &self,
        tx: &mut Tx,
        placement: &Placement,
        schedule: ScheduleId,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        let now = self.now();
        for (of, rest) in &placement.remainders {
            let before = store_override::read(tx, *of).await?.ok_or(StoreError::Missing)?;
            let new = (rest.clone(), before.reason.clone());
            let request = before.request;
            self.store_override(tx, schedule, new, before.displaced, request, actor).await?;
        }
        for (id, to) in &placement.shortened {
            store_override::shorten(tx, *id, *to).await?;
        }
        for id in &placement.removed {
            store_override::remove(tx, *id, actor.name(), now).await?;
        }
        Ok(())
    }

    async fn store_override(
        &self,
        tx: &mut Tx,
        schedule: ScheduleId,
        (span, reason): (Override, String),
        displaced: Vec<Displaced>,
        request: Option<RequestId>,
        actor: &Actor,
    ) -> Result<Stored, StoreError> {
        let created_at = self.now();
        let id = OverrideId(self.ids.next(created_at));
        let created_by = actor.name().to_owned();
        let stored =
            Stored { id, schedule, span, reason, displaced, request, created_at, created_by };
        store_override::insert(tx, &stored).await?;
        Ok(stored)
    }

    /// One override in force, if it is of that schedule.
    ///
    /// # Errors
    /// [`NotPlanned::Missing`] where there is none.
    pub async fn override_of(
        &self,
        schedule: ScheduleId,
        id: OverrideId,
    ) -> Result<Stored, NotPlanned> {
        let mut tx = self.db.snapshot().await?;
        let stored = store_override::read(&mut tx, id).await?;
        let stored = stored.filter(|stored| stored.schedule == schedule);
        stored.ok_or(NotPlanned::Missing("override"))
    }

    /// Takes an override back: what it displaced stands again, from now on.
    ///
    /// # Errors
    /// See [`NotPlanned`]; nothing has changed then.
    pub async fn remove_override(&self, stored: &Stored, actor: &Actor) -> Result<(), NotPlanned> {
        let mut tries = 0;
        loop {
            match self.try_remove(stored, actor).await {
                Err(error) if error.is_overtaken() && tries < TRIES_MAX => tries += 1,
                outcome => break outcome?,
            }
        }
        self.after_planning().await;
        Ok(())
    }

    async fn try_remove(&self, stored: &Stored, actor: &Actor) -> Result<(), NotPlanned> {
        let snapshot = self.snapshot();
        let schedule = snapshot.directory.schedules.get(stored.schedule);
        let name = schedule.ok_or(NotPlanned::Missing("schedule"))?.name.clone();
        let mut tx = self.db.begin(Lane::Command).await?;
        self.begin_planning(&mut tx, actor, ("schedule", "overrides"), &name).await?;
        self.withdraw_override(&mut tx, stored.id, actor).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Takes an override back in a transaction that has begun planning.
    pub(super) async fn withdraw_override(
        &self,
        tx: &mut Tx,
        id: OverrideId,
        actor: &Actor,
    ) -> Result<(), NotPlanned> {
        let now = self.now();
        let stored = store_override::read(tx, id).await?;
        let stored = stored.ok_or(NotPlanned::Missing("override"))?;
        let (withdrawal, back) = overrides::withdraw(&stored.span, &stored.displaced, now);
        match withdrawal {
            Withdrawal::Over => return Err(NotPlanned::Over),
            Withdrawal::Removed => store_override::remove(tx, id, actor.name(), now).await?,
            Withdrawal::EndsNow => store_override::shorten(tx, id, now).await?,
        }
        for piece in back {
            let Displaced { span, request, displaced } = piece;
            let new = (span, GIVEN_BACK.to_owned());
            self.store_override(tx, stored.schedule, new, displaced, request, actor).await?;
        }
        let data = json!({ "override": id.to_string(), "user": stored.span.user.to_string() });
        self.note_planning(tx, actor, "override.remove", stored.schedule, data).await?;
        Ok(())
    }
}

/// What stands in a schedule from `now` on: overrides that people made, and those of the file.
pub(super) async fn standing(
    tx: &mut Tx,
    directory: &Directory,
    schedule: ScheduleId,
    now: Timestamp,
) -> Result<Vec<Standing>, StoreError> {
    let made = store_override::of_schedule(tx, schedule, now).await?;
    let of_file =
        directory.schedules.get(schedule).map_or(&[][..], |known| known.overrides.as_slice());
    let of_file = of_file.iter().filter(|span| !made.iter().any(|stored| stored.span == **span));
    let of_file: Vec<_> = of_file
        .filter(|span| span.to > now)
        .map(|span| Standing { id: None, span: span.clone(), request: None, displaced: vec![] })
        .collect();
    let mut standing: Vec<_> = made
        .into_iter()
        .filter(|stored| is_here(directory, stored.span.user))
        .map(|stored| Standing {
            id: Some(stored.id),
            span: stored.span,
            request: stored.request,
            displaced: stored.displaced,
        })
        .collect();
    standing.extend(of_file);
    standing.sort_by_key(|standing| standing.span.from);
    Ok(standing)
}

/// Where several have the shift, it must be said whose place is taken; and whoever is named must have
/// one for all of that time.
fn check_place(directory: &Directory, wanted: &Wanted, now: Timestamp) -> Result<(), NotPlanned> {
    let Some(schedule) = directory.schedules.get(wanted.schedule) else { return Ok(()) };
    let invalid = |message| NotPlanned::Invalid { field: "instead_of", message };
    let Override { user, from, to, instead_of } = wanted.span;
    let span = Span { from: from.max(now), to };
    if let Some(holder) = instead_of {
        if holder == user || !has_all_of(schedule, holder, span) {
            let (who, span) = (name(directory, holder), in_words(span, &schedule.timezone));
            return Err(invalid(format!("{who} has no place of their own in all of {span}")));
        }
        return Ok(());
    }
    let mut present: Vec<_> =
        on_call_at(schedule, span.from).into_iter().map(|shift| shift.user).collect();
    present.sort_unstable();
    present.dedup();
    if present.len() > 1 && !wanted.everybody {
        let mut names: Vec<_> = present.iter().map(|user| name(directory, *user)).collect();
        names.sort();
        let names = names.join(" and ");
        return Err(invalid(format!(
            "{names} have that shift together; say instead of whom, or that everybody gives way"
        )));
    }
    Ok(())
}

/// Somebody who left holds no shift any more.
fn is_here(directory: &Directory, user: UserId) -> bool {
    directory.users.get(user).is_some()
}
