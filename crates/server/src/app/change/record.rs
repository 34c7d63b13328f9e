//! Drafting changes, what people ask of them, and what time makes of them (`X1` to `X8`, `X10`). The core
//! decides; here its decision is stored with what happened, the timer and the news in one transaction.

use jiff::{SignedDuration, Timestamp};
use muster_core::change::conflict::Trouble;
use muster_core::change::lifecycle::{self, Command, Refusal};
use muster_core::change::plan::{Part, Plan};
use muster_core::change::record::{self, By, Change, Entry, Kind as Happened};
use muster_core::id::{ChangeId, EntryId, UserId};
use muster_core::incident::severity::Level;
use muster_core::org::directory::Directory;
use muster_store::change::calendar;
use muster_store::change::record as store;
use muster_store::event;
use muster_store::incident::incident as store_incident;
use muster_store::timer::{self, Claimed, Kind};
use muster_store::{Lane, StoreError, Tx, audit};
use serde_json::json;

use super::conflict::{self, asked_about, looks_around};
use super::exception::Past;
use crate::app::App;
use crate::ids;

/// How often a command is tried again when somebody else was faster or nobody confirmed it.
const TRIES_MAX: u32 = 5;
/// How far back the history of a class and service is looked at.
const HISTORY: SignedDuration = SignedDuration::from_hours(365 * 24);

/// Why a command was not obeyed.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// There is no such change.
    #[error("there is no such change")]
    NoSuchChange,
    /// A rule is against it.
    #[error(transparent)]
    Refusal(#[from] Refusal),
    /// The store does not answer.
    #[error("the store does not answer: {0}")]
    Store(#[from] StoreError),
}

impl Refused {
    fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Store(
                StoreError::Conflict { .. }
                    | StoreError::GaveWay { .. }
                    | StoreError::CommitUnknown
            )
        )
    }
}

/// A change that somebody writes.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Made before the attempt, so that a second attempt finds the first.
    pub id: ChangeId,
    /// What is meant to be done.
    pub plan: Plan,
    /// Whose it is.
    pub submitter: UserId,
    /// Whether people are asked to agree at once, and why it is announced late if it is.
    pub submit: Option<String>,
}

impl App {
    /// Writes a change down, and asks people to agree if that is wanted.
    ///
    /// # Errors
    /// See [`Refused`]; nothing was written then.
    pub async fn draft_change(&self, draft: Draft, by: &By) -> Result<Change, Refused> {
        let level = self.level_of(&draft.plan, by).await?;
        let troubles = self.troubles().await?;
        let mut tries = 0;
        loop {
            match self.try_to_draft(&draft, level, &troubles, by).await {
                Err(refused) if refused.may_pass() && tries < TRIES_MAX => tries += 1,
                outcome => {
                    self.wake.all();
                    return outcome;
                }
            }
        }
    }

    async fn try_to_draft(
        &self,
        draft: &Draft,
        level: Option<Level>,
        troubles: &[Trouble],
        by: &By,
    ) -> Result<Change, Refused> {
        let now = self.now();
        let snapshot = self.snapshot();
        let directory = &snapshot.directory;
        let mut tx = self.db.begin(Lane::Command).await?;
        // Drawing a number waits for an earlier try whose commit was not confirmed.
        let number = store::next_number(&mut tx).await?;
        if let Some(drafted) = store::lock_by_id(&mut tx, draft.id).await? {
            return Ok(drafted);
        }
        let (mut change, entry) =
            record::draft(draft.id, draft.plan.clone(), draft.submitter, by, now);
        change.number = number;
        let mut entries = vec![entry];
        if let Some(excuse) = &draft.submit {
            let past = self.past_in(&mut tx, directory, &change.plan, now).await?;
            let mut around = past.around(directory, level);
            let start = change.plan.start;
            let conflicts =
                self.in_the_way(&mut tx, &change, start, &around, troubles.to_vec()).await?;
            around.conflicts = &conflicts;
            let command = Command::Submit { excuse: excuse.clone() };
            let (submitted, said) = lifecycle::obey(change, command, by, &around, now)?;
            change = submitted;
            entries.extend(said);
        }
        store::insert(&mut tx, &change).await?;
        self.put_change(&mut tx, directory, None, &change, &entries, by).await?;
        tx.commit().await?;
        Ok(change)
    }

    /// Obeys a command about a change.
    ///
    /// # Errors
    /// See [`Refused`]; nothing was changed then.
    pub async fn command_change(
        &self,
        number: i64,
        command: Command,
        by: &By,
    ) -> Result<Change, Refused> {
        let found = store::read(&self.db, number).await?.ok_or(Refused::NoSuchChange)?;
        let level = match &command {
            Command::Edit { plan } => self.level_of(plan, by).await?,
            _ => self.level_of(&found.plan, by).await?,
        };
        let troubles = match looks_around(&command) {
            true => self.troubles().await?,
            false => Vec::new(),
        };
        let mut tries = 0;
        loop {
            match self.try_to_obey(number, &command, level, &troubles, by).await {
                Err(refused) if refused.may_pass() && tries < TRIES_MAX => tries += 1,
                outcome => {
                    self.wake.all();
                    return outcome;
                }
            }
        }
    }

    async fn try_to_obey(
        &self,
        number: i64,
        command: &Command,
        level: Option<Level>,
        troubles: &[Trouble],
        by: &By,
    ) -> Result<Change, Refused> {
        let now = self.now();
        let snapshot = self.snapshot();
        let directory = &snapshot.directory;
        let mut tx = self.db.begin(Lane::Command).await?;
        let before = store::lock(&mut tx, number).await?.ok_or(Refused::NoSuchChange)?;
        let plan = match command {
            Command::Edit { plan } => plan,
            _ => &before.plan,
        };
        let past = self.past_in(&mut tx, directory, plan, now).await?;
        let mut around = past.around(directory, level);
        let conflicts = match looks_around(command) {
            true => {
                calendar::hold(&mut tx).await?;
                let (change, start) = asked_about(&before, command, now);
                self.in_the_way(&mut tx, &change, start, &around, troubles.to_vec()).await?
            }
            false => Vec::new(),
        };
        around.conflicts = &conflicts;
        let (change, entries) = lifecycle::obey(before.clone(), command.clone(), by, &around, now)?;
        let parts = touched(&before, &change);
        store::update(&mut tx, &change, &parts, now).await?;
        self.put_change(&mut tx, directory, Some(&before), &change, &entries, by).await?;
        tx.commit().await?;
        Ok(change)
    }

    /// What is due of a change by itself.
    ///
    /// # Errors
    /// When the store refuses.
    pub(crate) async fn change_due(
        &self,
        timer: &Claimed,
        directory: &Directory,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let troubles = self.troubles().await?;
        let mut tx = self.db.begin(Lane::Command).await?;
        let found = store::lock_by_id(&mut tx, ChangeId(timer.id)).await?;
        if !timer::still_held(&mut tx, Kind::Change, timer).await? {
            return Ok(());
        }
        let Some(before) = found else {
            timer::clear(&mut tx, Kind::Change, &[timer.id]).await?;
            return tx.commit().await;
        };
        let past = self.past_in(&mut tx, directory, &before.plan, now).await?;
        let mut around = past.around(directory, None);
        let conflicts = match conflict::due(&before, now) {
            Some(start) => {
                calendar::hold(&mut tx).await?;
                self.in_the_way(&mut tx, &before, Some(start), &around, troubles).await?
            }
            None => Vec::new(),
        };
        around.conflicts = &conflicts;
        let system = By { actor: muster_core::incident::timeline::Actor::System, is_admin: false };
        match lifecycle::tick(before.clone(), &around, now) {
            Some((change, entries)) => {
                store::update(&mut tx, &change, &[], now).await?;
                self.put_change(&mut tx, directory, Some(&before), &change, &entries, &system)
                    .await?;
            }
            None => set_timer(&mut tx, &before, now).await?,
        }
        tx.commit().await
    }

    /// As [`App::past_of`], in a transaction.
    pub(super) async fn past_in(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        plan: &Plan,
        now: Timestamp,
    ) -> Result<Past, StoreError> {
        let since = now.checked_sub(HISTORY).unwrap_or(Timestamp::MIN);
        let history = store::history(tx, &plan.class, plan.service, since).await?;
        let exceptions = self.exceptions_of(tx, directory, &plan.class, now).await?;
        Ok(Past { history, exceptions })
    }

    /// How bad the incident of a plan is, as far as whoever asks sees it.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn level_of(&self, plan: &Plan, by: &By) -> Result<Option<Level>, StoreError> {
        let Some(number) = plan.incident else { return Ok(None) };
        let viewer = self.viewer(by.actor.user()).await?;
        let found = store_incident::by_number(&self.db, &viewer, number).await?;
        Ok(found.filter(|one| !one.practice).map(|one| one.severity))
    }

    /// Stores what goes with a decision: what happened, the audit log, the timer, the stream and the
    /// news.
    pub(super) async fn put_change(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        before: Option<&Change>,
        change: &Change,
        entries: &[Entry],
        by: &By,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let noted: Vec<_> =
            entries.iter().map(|entry| (EntryId(self.ids.next(now)), entry.clone())).collect();
        store::note(tx, change.id, &noted).await?;
        set_timer(tx, change, now).await?;
        let kinds: Vec<_> = entries.iter().map(|entry| entry.kind.name()).collect();
        let data = json!({
            "number": change.number,
            "state": change.state.name(),
            "revision": change.revision,
            "entries": kinds,
        });
        let object = ("change", change.id.to_string());
        let entry = self.audit_entry(&by.actor, "change.transition", object, data);
        audit::append(tx, &entry, ids::random()).await?;
        let news: Vec<_> = kinds.iter().map(|kind| format!("change.{kind}")).collect();
        event::tell_of_change(tx, now, &news, (change.id, change.number), None).await?;
        if entries.iter().any(|entry| entry.kind == Happened::Closed) {
            self.exceptions_earned(tx, directory, change, now).await?;
        }
        self.tell_of_change(tx, directory, before, change, entries, by).await
    }
}

/// The parts that a new wording touched, where it is a new revision.
fn touched(before: &Change, after: &Change) -> Vec<Part> {
    if before.revision == after.revision {
        return Vec::new();
    }
    before.plan.changed_parts(&after.plan)
}

async fn set_timer(tx: &mut Tx, change: &Change, now: Timestamp) -> Result<(), StoreError> {
    match change.next_at() {
        Some(at) => timer::set(tx, Kind::Change, change.id.0, at, now).await,
        None => timer::clear(tx, Kind::Change, &[change.id.0]).await,
    }
}
