//! What is in the way of a change (`X9`): everything that the rules look at is gathered here, and what
//! they find is handed to whoever decides or asks.

use jiff::{SignedDuration, Timestamp};
use muster_core::change::conflict::{
    self, AHEAD_MAX, Around, Conflict, Index, Slot, Subject, Trouble,
};
use muster_core::change::lifecycle::Command;
use muster_core::change::record::{Change, State, Surroundings};
use muster_core::incident::lifecycle::Incident;
use muster_core::incident::restriction::Viewer;
use muster_core::oncall::cover::Span;
use muster_core::oncall::schedule::Absence;
use muster_core::org::directory::Directory;
use muster_store::change::calendar;
use muster_store::incident::incident as store_incident;
use muster_store::oncall::absence;
use muster_store::{StoreError, Tx};

use crate::app::App;

/// The most open incidents that are looked at.
const TROUBLES_MAX: i64 = 500;
/// The severities that hold changes up, from the worst to the least bad.
const HOLDING: (u8, u8) = (1, 2);

/// How far ahead a free time is looked for first.
const SOON: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What is gathered around a change.
pub struct Gathered {
    booked: Index,
    absences: Vec<Absence>,
    troubles: Vec<Trouble>,
    now: Timestamp,
}

impl Gathered {
    fn around<'a>(&'a self, directory: &'a Directory) -> Around<'a> {
        Around {
            directory,
            bounds: &directory.change_policy.bounds,
            booked: &self.booked,
            absences: &self.absences,
            troubles: &self.troubles,
            now: self.now,
        }
    }
}

/// Whether what is in the way decides about a command.
pub(super) fn looks_around(command: &Command) -> bool {
    matches!(
        command,
        Command::Edit { .. }
            | Command::Submit { .. }
            | Command::Approve { .. }
            | Command::Override { .. }
            | Command::Start { .. }
    )
}

/// The change that a command is about and the beginning that is decided about.
pub(super) fn asked_about(
    before: &Change,
    command: &Command,
    now: Timestamp,
) -> (Change, Option<Timestamp>) {
    let mut change = before.clone();
    if let Command::Edit { plan } = command {
        change.plan = (**plan).clone();
    }
    let start = match command {
        Command::Start { .. } => Some(now),
        _ => change.plan.start,
    };
    (change, start)
}

/// What a timer asks about.
pub(super) fn due(change: &Change, now: Timestamp) -> Option<Timestamp> {
    let is_checked = matches!(change.state, State::Approved | State::Scheduled);
    change.plan.start.filter(|_| is_checked).map(|start| start.max(now))
}

impl App {
    /// Open incidents that hold changes up, exercises aside. A restricted one bears no number.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(super) async fn troubles(&self) -> Result<Vec<Trouble>, StoreError> {
        let filter = store_incident::Filter {
            open: Some(true),
            severity: Some(HOLDING),
            practice: Some(false),
            ..store_incident::Filter::default()
        };
        let open = store_incident::list(&self.db, &Viewer::Engine, &filter, TROUBLES_MAX).await?;
        let trouble = |incident: Incident| Trouble {
            number: incident.restriction.is_none().then_some(incident.number),
            level: incident.severity,
            service: incident.service,
            people: incident
                .assignee
                .into_iter()
                .chain(incident.roles.held().map(|one| one.user))
                .collect(),
        };
        Ok(open.into_iter().map(trouble).collect())
    }

    async fn gather(
        &self,
        tx: &mut Tx,
        troubles: Vec<Trouble>,
        within: Span,
    ) -> Result<Gathered, StoreError> {
        let now = self.now();
        let booked = Index::new(calendar::booked(tx, within, now).await?);
        let absences = absence::all(tx).await?.into_iter();
        let absences =
            absences.map(|one| Absence { user: one.user, from: one.from, to: one.to }).collect();
        Ok(Gathered { booked, absences, troubles, now })
    }

    /// What is in the way of a change that begins at `start`; nothing while it has no time.
    pub(super) async fn in_the_way(
        &self,
        tx: &mut Tx,
        change: &Change,
        start: Option<Timestamp>,
        around: &Surroundings<'_>,
        troubles: Vec<Trouble>,
    ) -> Result<Vec<Conflict>, StoreError> {
        let assessment = change.assess(around, self.now());
        let Some((subject, start)) = Subject::of(change, &assessment).zip(start) else {
            return Ok(Vec::new());
        };
        let to = start.checked_add(subject.at_most()).unwrap_or(Timestamp::MAX);
        let gathered = self.gather(tx, troubles, Span { from: start, to }).await?;
        Ok(conflict::check(&subject, gathered.around(around.directory), start))
    }

    /// What is in the way of a change as it is planned, and when nothing would be.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn conflicts(
        &self,
        change: &Change,
    ) -> Result<(Vec<Conflict>, Option<Slot>), StoreError> {
        let now = self.now();
        let snapshot = self.snapshot();
        let directory = &snapshot.directory;
        let past = self.past_of(&change.plan).await?;
        let around = past.around(directory, None);
        let assessment = change.assess(&around, now);
        let Some((subject, start)) = Subject::of(change, &assessment).zip(change.plan.start) else {
            return Ok((Vec::new(), None));
        };
        let takes = subject.at_most();
        let plus = |at: Timestamp, time| at.saturating_add(time).unwrap_or(Timestamp::MAX);
        let troubles = self.troubles().await?;
        let mut tx = self.db.snapshot().await?;
        let within = Span { from: start, to: plus(start, takes) };
        let gathered = self.gather(&mut tx, troubles.clone(), within).await?;
        let found = conflict::check(&subject, gathered.around(directory), start);
        if !found.iter().any(|one| one.is_blocking) {
            return Ok((found, None));
        }
        // Most are free within days: only what is not is looked for in the whole of the calendar.
        for ahead in [SOON, AHEAD_MAX] {
            let ends = plus(start.max(now), ahead);
            let within = Span { from: start.min(now), to: plus(ends, takes) };
            let gathered = self.gather(&mut tx, troubles.clone(), within).await?;
            let around = gathered.around(directory);
            let slot = conflict::next_free_slot(&subject, around, start, ends);
            if slot.is_some() {
                return Ok((found, slot));
            }
        }
        Ok((found, None))
    }

    /// The next time at which nothing is in the way of such a change.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn next_slot(
        &self,
        subject: &Subject,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Slot>, StoreError> {
        let snapshot = self.snapshot();
        let troubles = self.troubles().await?;
        let mut tx = self.db.snapshot().await?;
        let to = until.checked_add(subject.at_most()).unwrap_or(Timestamp::MAX);
        let gathered = self.gather(&mut tx, troubles, Span { from, to }).await?;
        let around = gathered.around(&snapshot.directory);
        Ok(conflict::next_free_slot(subject, around, from, until))
    }
}
