//! What changed before an incident (`X15`): change events, planned changes and the worst recent
//! incidents on its service and around it, ranked by the core; marking one as suspect, ruled out or
//! cause, which stands in the incident's timeline; and which incidents a change caused.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use muster_core::change::cause::caused_outage;
use muster_core::change::environment;
use muster_core::change::event::State;
use muster_core::change::record::{Change, Outcome, State as Stands};
use muster_core::change::suspect::{
    Candidate, EARLY_MAX, LASTS_MAX, Mark, Source, Surroundings, Suspect, rank,
};
use muster_core::id::{ChangeEventId, ChangeId, IncidentId, ServiceId};
use muster_core::incident::lifecycle::Incident;
use muster_core::incident::restriction::Viewer;
use muster_core::incident::timeline::Actor;
use muster_core::incident::writing::{Ask, Told, What};
use muster_store::StoreError;
use muster_store::change::calendar::{self, AroundRow};
use muster_store::change::event::{self as events, ChangeEventRow};
use muster_store::change::mark::{self as marks, MarkRow, Target};
use muster_store::change::record as records;
use muster_store::incident::incident as store_incident;
use uuid::Uuid;

use crate::app::App;
use crate::app::incident::command::Refused;
use crate::app::incident::writing::Written;

/// The most change events that are weighed, the newest.
const EVENTS_MAX: i64 = 5_000;
/// The most services of planned changes that are weighed, the newest changes.
const PLANNED_MAX: i64 = 1_000;
/// The most incidents that are weighed, the newest.
const INCIDENTS_MAX: i64 = 200;
/// The most marks of one incident that are told.
const MARKS_MAX: i64 = 500;
/// The most suspects that are told where no more are marked.
const SUSPECTS_MAX: usize = 50;
/// The most incidents that are told of one change.
pub const CAUSED_MAX: i64 = 50;
/// The mildest severity of another incident that is a suspect.
const SEVERITY_MOST: u8 = 2;
/// The place of what nobody marked among what somebody did.
const NOT_MARKED: u8 = 2;
/// How long what was found to be a cause counts against its like.
const HISTORY: SignedDuration = SignedDuration::from_hours(365 * 24);

/// How far and where is looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// How far back; as the organisation says where nobody asks otherwise.
    pub back: Option<SignedDuration>,
    /// Whether environments count that do not as the organisation has it.
    pub everywhere: bool,
}

/// A suspect with what there is to see.
#[derive(Debug, Clone)]
pub struct Shown {
    /// What is suspected, and why.
    pub suspect: Suspect,
    /// The change event, where it is one.
    pub event: Option<ChangeEventRow>,
    /// The planned change, where it is one.
    pub planned: Option<Change>,
    /// The incident, where it is one.
    pub incident: Option<Incident>,
    /// What somebody marked it as.
    pub mark: Option<MarkRow>,
}

/// Something that people mark.
#[derive(Debug, Clone)]
pub enum Marked {
    /// A change event.
    Event(Box<ChangeEventRow>),
    /// A planned change.
    Planned(Box<Change>),
}

impl Marked {
    fn target(&self) -> Target {
        match self {
            Self::Event(row) => ChangeEventId(row.id).into(),
            Self::Planned(change) => change.id.into(),
        }
    }

    fn in_words(&self) -> String {
        match self {
            Self::Event(row) => row.summary.clone(),
            Self::Planned(change) => format!("CHG-{} {}", change.number, change.plan.title),
        }
    }
}

/// A mark that is to stand beside its entry in the timeline.
#[derive(Debug, Clone)]
pub struct NewMark {
    /// Of what.
    pub target: Target,
    /// The number, where it is a planned change.
    pub number: Option<i64>,
    /// As what; none takes the mark back.
    pub mark: Option<Mark>,
    /// Why; may be empty.
    pub reason: String,
}

/// An incident that a change caused.
#[derive(Debug, Clone)]
pub struct Caused {
    /// Which.
    pub incident: Incident,
    /// How long it kept its services from their users; see [`caused_outage`].
    pub outage: Option<SignedDuration>,
    /// Who says so, when and why.
    pub mark: MarkRow,
}

/// When an incident began, as far as is known.
fn began(of: &Incident, now: Timestamp) -> Timestamp {
    [of.stamps.occurred_at, of.stamps.detected_at].into_iter().flatten().min().unwrap_or(now)
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or_default()
}

/// How often the like of something was a cause, by what it is, its service and its class.
type History = HashMap<(Source, ServiceId, String), u32>;

impl App {
    /// What changed before an incident: what was marked as cause or suspect first, what was ruled out
    /// last, and among those the most suspicious first. At most 50; what was marked is among them,
    /// whatever else is found, even if it is no suspect by itself.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn what_changed(
        &self,
        viewer: &Viewer,
        of: &Incident,
        look: Look,
    ) -> Result<Vec<Shown>, StoreError> {
        let snapshot = self.snapshot();
        let search = &snapshot.directory.change_policy.suspects;
        let back = look.back.unwrap_or(search.back);
        let now = self.now();
        let began = began(of, now);
        let from = began.saturating_sub(back).unwrap_or(Timestamp::MIN);
        let around = Surroundings::of(&snapshot.directory, of.service);
        let services = around.services();
        let since = now.saturating_sub(HISTORY).unwrap_or(Timestamp::MIN);
        let history: History = marks::history(&self.db, viewer, of.id, since)
            .await?
            .into_iter()
            .map(|(source, service, class, count)| ((source, service, class), count))
            .collect();
        let earliest = from.saturating_sub(LASTS_MAX).unwrap_or(Timestamp::MIN);
        let found = events::around(&self.db, &services, (earliest, began), EVENTS_MAX).await?;
        let mut candidates: Vec<Candidate> = found
            .iter()
            .filter(|one| {
                look.everywhere || environment::counts(&one.environment, &search.environments)
            })
            .map(|one| {
                let (service, end) = (ServiceId(one.service_id), one.ended_at);
                let of = (Source::Event, one.id, service);
                candidate(of, (one.started_at, end), (&one.state, &one.kind), &history)
            })
            .collect();
        let early = began.saturating_add(EARLY_MAX).unwrap_or(Timestamp::MAX);
        let times = (from, began, early);
        let planned = calendar::around(&self.db, &services, times, PLANNED_MAX).await?;
        candidates.extend(planned.iter().filter_map(|row| planned_candidate(row, &history)));
        let period = (earliest, began);
        let recent =
            store_incident::recent(&self.db, viewer, of, period, SEVERITY_MOST, INCIDENTS_MAX);
        let recent = recent.await?;
        candidates.extend(recent.iter().filter_map(candidate_of));
        let marked = marks::of_incident(&self.db, of.id, MARKS_MAX).await?;
        let ranked = rank(&around, began, back, candidates);
        self.show_suspects(ranked, recent, marked).await
    }

    async fn show_suspects(
        &self,
        ranked: Vec<Suspect>,
        recent: Vec<Incident>,
        marked: Vec<MarkRow>,
    ) -> Result<Vec<Shown>, StoreError> {
        let target = |one: &Candidate| Target { source: one.source, id: one.key };
        let mut by_target = HashMap::new();
        for row in marked {
            by_target.insert(row.target()?, row);
        }
        let mut placed = Vec::new();
        for suspect in ranked {
            let mark = by_target.remove(&target(&suspect.candidate));
            let place =
                mark.as_ref().map(MarkRow::mark).transpose()?.map_or(NOT_MARKED, Mark::place);
            placed.push((place, suspect, mark));
        }
        let mut rest: Vec<_> = by_target.into_iter().collect();
        rest.sort_by_key(|(target, _)| (target.source, target.id));
        let targets: Vec<_> = rest.iter().map(|(target, _)| *target).collect();
        let (events, planned) = self.read_targets(&targets).await?;
        for (target, mark) in rest {
            let found = events.get(&target.id).map(bare);
            // What is gone from the store has nothing to show.
            let Some(candidate) = found.or_else(|| planned.get(&target.id).map(bare_planned))
            else {
                continue;
            };
            placed.push((mark.mark()?.place(), Suspect::marked(candidate), Some(mark)));
        }
        // Stable: among those of one place the more suspicious stay first.
        placed.sort_by_key(|(place, ..)| *place);
        let marked = placed.iter().filter(|(.., mark)| mark.is_some()).count();
        let mut room = SUSPECTS_MAX.saturating_sub(marked);
        placed.retain(|(.., mark)| {
            let stays = mark.is_some() || room > 0;
            room = room.saturating_sub(usize::from(mark.is_none()));
            stays
        });
        let targets: Vec<_> =
            placed.iter().map(|(_, suspect, _)| target(&suspect.candidate)).collect();
        let (events, planned) = self.read_targets(&targets).await?;
        let recent: HashMap<_, _> = recent.into_iter().map(|one| (one.id.0, one)).collect();
        let shown = placed.into_iter().map(|(_, suspect, mark)| {
            let Candidate { source, key, .. } = suspect.candidate;
            Shown {
                event: events.get(&key).filter(|_| source == Source::Event).cloned(),
                planned: planned.get(&key).filter(|_| source == Source::Planned).cloned(),
                incident: recent.get(&key).filter(|_| source == Source::Incident).cloned(),
                suspect,
                mark,
            }
        });
        Ok(shown.collect())
    }

    /// The change events and the planned changes among some targets.
    async fn read_targets(
        &self,
        targets: &[Target],
    ) -> Result<(HashMap<Uuid, ChangeEventRow>, HashMap<Uuid, Change>), StoreError> {
        let of = |source| targets.iter().filter(move |one| one.source == source).map(|one| one.id);
        let events: Vec<_> = of(Source::Event).map(ChangeEventId).collect();
        let planned: Vec<_> = of(Source::Planned).map(ChangeId).collect();
        let events = events::get_all(&self.db, &events).await?;
        let planned = records::get_all(&self.db, &planned).await?;
        Ok((
            events.into_iter().map(|row| (row.id, row)).collect(),
            planned.into_iter().map(|change| (change.id.0, change)).collect(),
        ))
    }

    /// Marks a change in an incident, or takes the mark back, and writes it into the timeline.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn mark_change(
        &self,
        id: IncidentId,
        marked: &Marked,
        mark: Option<Mark>,
        reason: &str,
        actor: &Actor,
    ) -> Result<Written, Refused> {
        let reason = reason.trim().to_owned();
        let head = match mark {
            Some(Mark::Cause) => "Marked as the cause",
            Some(Mark::Suspect) => "Marked as a suspect",
            Some(Mark::RuledOut) => "Ruled out as the cause",
            None => "No longer marked",
        };
        let because = if reason.is_empty() { String::new() } else { format!("\n{reason}") };
        let text = format!("{head}: {}{because}", marked.in_words());
        let told = Told { text, ..Told::default() };
        let ask = Ask::Write { what: What::Note, told };
        let number = match marked {
            Marked::Planned(change) => Some(change.number),
            Marked::Event(_) => None,
        };
        let mark = NewMark { target: marked.target(), number, mark, reason };
        self.write_down_with(id, &ask, Some(&mark), actor).await
    }

    /// The incidents that a change caused, as far as the viewer sees them, the newest first; at most
    /// [`CAUSED_MAX`].
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn caused_by(
        &self,
        viewer: &Viewer,
        target: Target,
    ) -> Result<Vec<Caused>, StoreError> {
        let rows = marks::causes(&self.db, viewer, target, CAUSED_MAX).await?;
        let ids: Vec<_> = rows.iter().map(|row| IncidentId(row.incident_id)).collect();
        let incidents = store_incident::get_all(&self.db, viewer, &ids).await?;
        let mut by_id: HashMap<_, _> = incidents.into_iter().map(|one| (one.id.0, one)).collect();
        let (now, snapshot) = (self.now(), self.snapshot());
        let caused = rows.into_iter().filter_map(|mark| {
            let incident = by_id.remove(&mark.incident_id)?;
            let outage = caused_outage(&incident, &snapshot.directory, now);
            Some(Caused { incident, outage, mark })
        });
        Ok(caused.collect())
    }
}

/// A change event as a candidate; its times in microseconds, its state and its kind.
fn candidate(
    (source, key, service): (Source, Uuid, ServiceId),
    (from, to): (i64, Option<i64>),
    (state, kind): (&str, &str),
    history: &History,
) -> Candidate {
    let went_wrong = matches!(State::from_name(state), Some(State::Failed | State::RolledBack));
    Candidate {
        source,
        key,
        service,
        from: at(from),
        to: to.map(at),
        went_wrong,
        caused: history.get(&(source, service, kind.to_owned())).copied().unwrap_or(0),
        has_begun: true,
    }
}

/// A planned change as a candidate, on one of its services.
fn planned_candidate(row: &AroundRow, history: &History) -> Option<Candidate> {
    let has_begun = row.started_at.is_some();
    let (from, to) = match row.started_at {
        Some(started) => (started, row.ended_at),
        None => (row.start_at?, row.end_at),
    };
    let outcome = row.outcome.as_deref().and_then(Outcome::from_name);
    let is_taken_back = Stands::from_name(&row.state) == Some(Stands::RollingBack);
    let service = ServiceId(row.service_id);
    let like = (Source::Planned, service, row.class.clone());
    Some(Candidate {
        source: Source::Planned,
        key: row.id,
        service,
        from: at(from),
        to: to.map(at),
        went_wrong: is_taken_back || outcome.is_some_and(|one| one != Outcome::Success),
        caused: history.get(&like).copied().unwrap_or(0),
        has_begun,
    })
}

/// A change event that is no suspect by itself.
fn bare(row: &ChangeEventRow) -> Candidate {
    let of = (Source::Event, row.id, ServiceId(row.service_id));
    let times = (row.started_at, row.ended_at);
    candidate(of, times, (&row.state, &row.kind), &History::new())
}

/// A planned change that is no suspect by itself.
fn bare_planned(change: &Change) -> Candidate {
    let from = change.started_at.or(change.plan.start).unwrap_or(change.created_at);
    Candidate {
        source: Source::Planned,
        key: change.id.0,
        service: change.plan.service,
        from,
        to: change.ended_at,
        went_wrong: false,
        caused: 0,
        has_begun: change.started_at.is_some(),
    }
}

/// Another incident as a candidate: it may have been the beginning of this one.
fn candidate_of(incident: &Incident) -> Option<Candidate> {
    let stamps = incident.stamps;
    let from = [stamps.occurred_at, stamps.detected_at].into_iter().flatten().min()?;
    Some(Candidate {
        source: Source::Incident,
        key: incident.id.0,
        service: incident.service,
        from,
        to: stamps.resolved_at,
        went_wrong: stamps.resolved_at.is_none(),
        caused: 0,
        has_begun: true,
    })
}
