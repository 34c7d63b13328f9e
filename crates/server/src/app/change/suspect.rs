//! What changed before an incident (`X15`): change events and the worst recent incidents on its
//! service and around it, ranked by the core; and marking one as suspect, ruled out or cause, which
//! stands in the incident's timeline.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use muster_core::change::event::State;
use muster_core::change::suspect::{
    Candidate, LASTS_MAX, Mark, Source, Surroundings, Suspect, rank,
};
use muster_core::id::{ChangeEventId, IncidentId, ServiceId};
use muster_core::incident::lifecycle::Incident;
use muster_core::incident::restriction::Viewer;
use muster_core::incident::timeline::Actor;
use muster_core::incident::writing::{Ask, Told, What};
use muster_store::StoreError;
use muster_store::change::event::{self as events, ChangeEventRow};
use muster_store::change::mark::{self as marks, MarkRow};
use muster_store::incident::incident as store_incident;

use crate::app::App;
use crate::app::incident::command::Refused;
use crate::app::incident::writing::Written;

/// The most change events that are weighed, the newest.
const EVENTS_MAX: i64 = 5_000;
/// The most incidents that are weighed, the newest.
const INCIDENTS_MAX: i64 = 200;
/// The most suspects that are told.
const SUSPECTS_MAX: usize = 50;
/// The mildest severity of another incident that is a suspect.
const SEVERITY_MOST: u8 = 2;
/// The place of what nobody marked among what somebody did.
const NOT_MARKED: u8 = 2;
/// How long what was found to be a cause counts against its like.
const HISTORY: SignedDuration = SignedDuration::from_hours(365 * 24);

/// A suspect with what there is to see.
#[derive(Debug, Clone)]
pub struct Shown {
    /// What is suspected, and why.
    pub suspect: Suspect,
    /// The change event, where it is one.
    pub event: Option<ChangeEventRow>,
    /// The incident, where it is one.
    pub incident: Option<Incident>,
    /// What somebody marked it as.
    pub mark: Option<MarkRow>,
}

/// A mark that is to stand beside its entry in the timeline.
#[derive(Debug, Clone)]
pub struct NewMark {
    /// Which event.
    pub event: ChangeEventId,
    /// As what; none takes the mark back.
    pub mark: Option<Mark>,
    /// Why; may be empty.
    pub reason: String,
}

/// When an incident began, as far as is known.
fn began(of: &Incident, now: Timestamp) -> Timestamp {
    [of.stamps.occurred_at, of.stamps.detected_at].into_iter().flatten().min().unwrap_or(now)
}

impl App {
    /// What changed in the time `back` before an incident: what was marked as cause or suspect first,
    /// what was ruled out last, and among those the most suspicious first. At most 50.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn what_changed(
        &self,
        viewer: &Viewer,
        of: &Incident,
        back: SignedDuration,
    ) -> Result<Vec<Shown>, StoreError> {
        let now = self.now();
        let began = began(of, now);
        let from = began.saturating_sub(back).unwrap_or(Timestamp::MIN);
        let around = Surroundings::of(&self.snapshot().directory, of.service);
        let services = around.services();
        let since = now.saturating_sub(HISTORY).unwrap_or(Timestamp::MIN);
        let history: HashMap<_, _> = marks::history(&self.db, viewer, of.id, since)
            .await?
            .into_iter()
            .map(|(service, kind, count)| ((service, kind.name()), count))
            .collect();
        let earliest = from.saturating_sub(LASTS_MAX).unwrap_or(Timestamp::MIN);
        let found = events::around(&self.db, &services, (earliest, began), EVENTS_MAX).await?;
        let at = |micros: i64| Timestamp::from_microsecond(micros).unwrap_or_default();
        let mut candidates: Vec<Candidate> = found
            .iter()
            .map(|one| Candidate {
                source: Source::Event,
                key: one.id,
                service: ServiceId(one.service_id),
                from: at(one.started_at),
                to: one.ended_at.map(at),
                went_wrong: matches!(
                    State::from_name(&one.state),
                    Some(State::Failed | State::RolledBack)
                ),
                caused: history
                    .get(&(ServiceId(one.service_id), one.kind.as_str()))
                    .copied()
                    .unwrap_or(0),
            })
            .collect();
        let period = (earliest, began);
        let recent =
            store_incident::recent(&self.db, viewer, of, period, SEVERITY_MOST, INCIDENTS_MAX);
        let recent = recent.await?;
        candidates.extend(recent.iter().filter_map(candidate_of));
        let marked = marks::of_incident(&self.db, of.id).await?;
        let ranked = rank(&around, began, back, candidates);
        self.show_suspects(ranked, recent, marked).await
    }

    async fn show_suspects(
        &self,
        ranked: Vec<Suspect>,
        recent: Vec<Incident>,
        marked: Vec<MarkRow>,
    ) -> Result<Vec<Shown>, StoreError> {
        let marked: HashMap<_, _> = marked.into_iter().map(|row| (row.change_id, row)).collect();
        let recent: HashMap<_, _> = recent.into_iter().map(|one| (one.id.0, one)).collect();
        let mut placed = Vec::new();
        for suspect in ranked {
            let mark = marked.get(&suspect.candidate.key).cloned();
            let place =
                mark.as_ref().map(MarkRow::mark).transpose()?.map_or(NOT_MARKED, Mark::place);
            placed.push((place, suspect, mark));
        }
        // Stable: among those of one place the more suspicious stay first.
        placed.sort_by_key(|(place, ..)| *place);
        placed.truncate(SUSPECTS_MAX);
        let ids: Vec<_> = placed
            .iter()
            .filter(|(_, suspect, _)| suspect.candidate.source == Source::Event)
            .map(|(_, suspect, _)| ChangeEventId(suspect.candidate.key))
            .collect();
        let rows = events::get_all(&self.db, &ids).await?;
        let rows: HashMap<_, _> = rows.into_iter().map(|row| (row.id, row)).collect();
        let shown = placed.into_iter().map(|(_, suspect, mark)| Shown {
            event: rows.get(&suspect.candidate.key).cloned(),
            incident: recent.get(&suspect.candidate.key).cloned(),
            suspect,
            mark,
        });
        Ok(shown.collect())
    }

    /// Marks a change event in an incident, or takes the mark back, and writes it into the timeline.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn mark_change(
        &self,
        id: IncidentId,
        row: &ChangeEventRow,
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
        let text = format!("{head}: {}{because}", row.summary);
        let told = Told { text, ..Told::default() };
        let ask = Ask::Write { what: What::Note, told };
        let mark = NewMark { event: ChangeEventId(row.id), mark, reason };
        self.write_down_with(id, &ask, Some(&mark), actor).await
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
    })
}
