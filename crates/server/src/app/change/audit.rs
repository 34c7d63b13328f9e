//! The audit of changes (`X14`, `M2`, `X8`): the changes of a period with the incidents that they name and
//! cause, judged by the core; and what another policy would have asked of them (`X6`). Of incidents only
//! those count that whoever asks sees.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use jiff::civil::Date;
use muster_core::change::audit::{self, Figures, Judged, Known};
use muster_core::change::plan::Plan;
use muster_core::change::record::Change;
use muster_core::change::replay::{self, Replayed};
use muster_core::id::{IncidentId, TeamId};
use muster_core::incident::lifecycle::Incident;
use muster_core::incident::restriction::Viewer;
use muster_core::org::directory::Directory;
use muster_store::StoreError;
use muster_store::change::{audit as store, record as changes};
use muster_store::incident::incident as store_incident;

use crate::app::App;

/// Changes of one read.
const READ_MAX: i64 = 200;
/// The most changes of one audit.
const CHANGES_MAX: usize = 20_000;

/// The most changes that a policy is held against.
const REPLAYED_MAX: usize = 5_000;

/// Why there is no audit.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The period has too many.
    #[error("the period has too many changes; narrow it")]
    TooMany,
    /// The store does not answer.
    #[error("the store does not answer: {0}")]
    Store(#[from] StoreError),
}

/// The changes of a period, judged.
#[derive(Debug, Default)]
pub struct Audit {
    /// The newest first, each with its title.
    pub judged: Vec<(Judged, String)>,
    incidents: HashMap<i64, Incident>,
}

/// The figures of one team in one week.
#[derive(Debug)]
pub struct Cell {
    /// The Monday.
    pub week: Date,
    /// The team of the service; none where it has none.
    pub team: Option<TeamId>,
    /// The figures.
    pub figures: Figures,
}

impl Audit {
    /// The figures of those changes that are asked for.
    pub fn figures(
        &self,
        directory: &Directory,
        now: Timestamp,
        is_asked: impl Fn(&Judged) -> bool,
    ) -> Figures {
        let judged: Vec<_> =
            self.judged.iter().map(|(one, _)| one).filter(|one| is_asked(one)).collect();
        let mut numbers: Vec<_> = judged.iter().flat_map(|one| one.caused.iter()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let incidents = numbers.into_iter().filter_map(|number| self.incidents.get(number));
        audit::figures(judged.iter().copied(), incidents, directory, now)
    }

    /// The figures of each team in each week, the latest week first, then by the team's name.
    pub fn cells(&self, directory: &Directory, now: Timestamp) -> Vec<Cell> {
        let mut keys = BTreeSet::new();
        for (one, _) in &self.judged {
            let name = one.team.and_then(|id| directory.teams.get(id)).map(|team| &team.name);
            keys.insert((Reverse(one.week), name, one.team));
        }
        let cells = keys.into_iter().map(|(Reverse(week), _, team)| {
            let is_of = |one: &Judged| one.week == week && one.team == team;
            Cell { week, team, figures: self.figures(directory, now, is_of) }
        });
        cells.collect()
    }
}

impl App {
    /// Judges the changes that began, or were to begin, in a period.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn audit_changes(
        &self,
        viewer: &Viewer,
        (from, to): (Timestamp, Timestamp),
        is_asked: impl Fn(&Change) -> bool,
    ) -> Result<Audit, Refused> {
        let now = self.now();
        let snapshot = self.snapshot();
        let directory = &snapshot.directory;
        let mut audit = Audit::default();
        let mut before = None;
        loop {
            let part = changes::begun(&self.db, (from, to), before, READ_MAX).await?;
            let Some(last) = part.last() else { return Ok(audit) };
            before = Some(last.number);
            let part: Vec<_> = part.into_iter().filter(|one| is_asked(one)).collect();
            let around = self.incidents_around(viewer, &part).await?;
            for change in &part {
                let caused = around.caused.get(&change.id.0).into_iter().flatten();
                let caused = caused.filter_map(|id| around.seen.get(id)).collect();
                let named = change.plan.incident;
                let incident = around.seen.values().find(|one| Some(one.number) == named);
                let known = Known { change, incident, caused };
                let judged = audit::judge(&known, directory, now);
                audit.judged.extend(judged.map(|one| (one, change.plan.title.clone())));
            }
            audit.incidents.extend(around.seen.into_values().map(|one| (one.number, one)));
            if audit.judged.len() > CHANGES_MAX {
                return Err(Refused::TooMany);
            }
        }
    }

    /// What a draft of the configuration would have asked of the changes of a period, with their plans,
    /// the newest first.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn replay_policy(
        &self,
        draft: &Directory,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Vec<(Replayed, Plan)>, Refused> {
        let now = self.now();
        let snapshot = self.snapshot();
        let mut all = Vec::new();
        let mut before = None;
        loop {
            let part = changes::begun(&self.db, (from, to), before, READ_MAX).await?;
            let Some(last) = part.last() else { return Ok(all) };
            before = Some(last.number);
            all.extend(part.into_iter().filter_map(|change| {
                let one = replay::replay(&change, &snapshot.directory, draft, now)?;
                Some((one, change.plan))
            }));
            if all.len() > REPLAYED_MAX {
                return Err(Refused::TooMany);
            }
        }
    }

    /// What excuses a change, as far as the viewer sees it.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn excuse_of(
        &self,
        viewer: &Viewer,
        change: &Change,
    ) -> Result<Option<audit::Excuse>, StoreError> {
        let Some(number) = change.plan.incident else { return Ok(None) };
        let found = store_incident::by_number(&self.db, viewer, number).await?;
        let snapshot = self.snapshot();
        Ok(found.and_then(|one| audit::excuse(change, &one, &snapshot.directory)))
    }

    async fn incidents_around(
        &self,
        viewer: &Viewer,
        part: &[Change],
    ) -> Result<Around, StoreError> {
        let ids: Vec<_> = part.iter().map(|one| one.id).collect();
        let mut caused: HashMap<_, Vec<_>> = HashMap::new();
        let mut wanted = Vec::new();
        for (change, incident) in store::causes(&self.db, &ids).await? {
            caused.entry(change.0).or_default().push(incident);
            wanted.push(incident);
        }
        let numbers: Vec<_> = part.iter().filter_map(|one| one.plan.incident).collect();
        wanted.extend(store::incidents_numbered(&self.db, &numbers).await?);
        wanted.sort_unstable();
        wanted.dedup();
        let seen = store_incident::get_all(&self.db, viewer, &wanted).await?;
        Ok(Around { caused, seen: seen.into_iter().map(|one| (one.id, one)).collect() })
    }
}

/// The incidents around some changes.
struct Around {
    caused: HashMap<uuid::Uuid, Vec<IncidentId>>,
    /// Those that whoever asks sees.
    seen: HashMap<IncidentId, Incident>,
}
