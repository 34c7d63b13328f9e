//! The forecast (`D8`): what recorded alerts would have done under a configuration, the one in force
//! or one that is only proposed: which incidents they would have opened, and how many pages that
//! would have been per shift. It supposes that the first people asked answer, so it counts one page
//! for each of them.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::alerting::guard::Guard;
use crate::alerting::signal::Signal;
use crate::alerting::triage::{self, Candidate, Classified};
use crate::id::{IncidentId, ScheduleId, ServiceId, UserId};
use crate::incident::lifecycle::Status;
use crate::incident::severity::Level;
use crate::oncall::escalation::{Policy, Target};
use crate::oncall::preview;
use crate::oncall::schedule;
use crate::org::directory::Directory;
use crate::org::service::{Outcome, Service};

/// A recorded alert, rated by the configuration that is looked at.
#[derive(Debug)]
pub struct Past<'a> {
    /// The service it would be about.
    pub service: &'a Service,
    /// What the service would make of it.
    pub rated: Classified,
    /// What it said.
    pub signal: &'a Signal,
    /// When it began.
    pub first_at: Timestamp,
    /// When it was over, if it is.
    pub over_at: Option<Timestamp>,
    /// How many signals said so.
    pub count: i64,
}

/// An incident that would have been opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WouldBe {
    /// What it would have been about.
    pub service: ServiceId,
    /// How bad it would have been.
    pub severity: Level,
    /// When it would have been opened.
    pub at: Timestamp,
    /// What it would have been called.
    pub title: String,
    /// How many alerts it would have had.
    pub alerts: i64,
    /// Who would have been asked first.
    pub people: Vec<UserId>,
}

/// The pages of one shift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShiftPages {
    /// Whose schedule.
    pub schedule: ScheduleId,
    /// Who had the shift.
    pub user: UserId,
    /// When it began.
    pub from: Timestamp,
    /// When it ended.
    pub to: Timestamp,
    /// How many pages it would have had.
    pub pages: i64,
}

/// What recorded alerts, the oldest first, would have opened.
pub fn incidents(directory: &Directory, past: &[Past<'_>]) -> Vec<WouldBe> {
    let mut opened: Vec<WouldBe> = Vec::new();
    let mut candidates: BTreeMap<ServiceId, Vec<Candidate>> = BTreeMap::new();
    for alert in past {
        let Some((level, at)) = pages_at(directory, alert) else { continue };
        let service = alert.service;
        let known = candidates.entry(service.id).or_default();
        let grouped = triage::group(&service.grouping, alert.signal, level, known, at);
        if let Some(joined) = grouped.join {
            let place = usize::try_from(joined.0.as_u128()).unwrap_or(usize::MAX);
            if let Some(incident) = opened.get_mut(place) {
                incident.alerts += 1;
            }
            continue;
        }
        let people = directory
            .policies
            .get(service.policy)
            .or_else(|| directory.catch_all_policy())
            .map(|policy| asked_first(directory, policy, level, at))
            .unwrap_or_default();
        known.push(Candidate {
            is_restricted: false,
            id: IncidentId(uuid::Uuid::from_u128(opened.len() as u128)),
            severity: level,
            status: Status::Triggered,
            first_alert_at: Some(at),
            grouping_value: triage::grouping_value(&service.grouping, alert.signal),
            group_key: alert.signal.group_key.clone(),
        });
        let title = alert.signal.summary.clone();
        opened.push(WouldBe { service: service.id, severity: level, at, title, alerts: 1, people });
    }
    opened
}

/// When an alert would have paged, if it would have. How far apart its firings were is not kept, so
/// a guard that counts is taken to pass once there were enough of them.
fn pages_at(directory: &Directory, alert: &Past<'_>) -> Option<(Level, Timestamp)> {
    let Outcome::Severity(level) = alert.rated.outcome else { return None };
    if !directory.severity(level).pages() {
        return None;
    }
    let for_guard = match alert.rated.guard {
        Some(Guard::AtLeast { count, .. }) if alert.count < i64::from(count) => return None,
        Some(Guard::FiringFor(length)) => length,
        Some(Guard::AtLeast { .. }) | None => SignedDuration::ZERO,
    };
    let wait = for_guard.max(alert.service.pause.unwrap_or_default());
    let at = alert.first_at.saturating_add(wait).unwrap_or(Timestamp::MAX);
    if alert.over_at.is_some_and(|over| over < at) {
        return None;
    }
    Some((level, at))
}

/// Who would be asked first by an incident that began at `at`.
fn asked_first(directory: &Directory, policy: &Policy, level: Level, at: Timestamp) -> Vec<UserId> {
    let planned = preview::preview(directory, policy, level, at).pages;
    let Some(first) = planned.first() else { return Vec::new() };
    let of_first =
        planned.iter().filter(|page| (page.step, page.round) == (first.step, first.round));
    let mut people: Vec<_> = of_first.map(|page| page.user).collect();
    people.sort();
    people.dedup();
    people
}

/// The pages of incidents by the shifts in which they fell, every shift of the services' schedules
/// within the time included, so that quiet ones count.
pub fn by_shift(
    directory: &Directory,
    incidents: &[WouldBe],
    services: &[ServiceId],
    (from, to): (Timestamp, Timestamp),
) -> Vec<ShiftPages> {
    let mut shifts: Vec<ShiftPages> = Vec::new();
    for id in first_schedules(directory, services) {
        let Some(schedule) = directory.schedules.get(id) else { continue };
        let of_schedule = schedule::shifts(schedule, from, to).into_iter();
        shifts.extend(of_schedule.map(|shift| ShiftPages {
            schedule: id,
            user: shift.user,
            from: shift.from,
            to: shift.to,
            pages: 0,
        }));
    }
    for incident in incidents {
        for person in &incident.people {
            let theirs = shifts.iter_mut().find(|shift| {
                shift.user == *person && shift.from <= incident.at && incident.at < shift.to
            });
            if let Some(shift) = theirs {
                shift.pages += 1;
            }
        }
    }
    shifts
}

/// The schedules that the first step of the services' policies asks.
fn first_schedules(directory: &Directory, services: &[ServiceId]) -> Vec<ScheduleId> {
    let mut found: Vec<ScheduleId> = Vec::new();
    for service in services.iter().filter_map(|id| directory.services.get(*id)) {
        let first = directory.policies.get(service.policy).and_then(|policy| policy.steps.first());
        for target in first.iter().flat_map(|step| &step.targets) {
            if let Target::Schedule(id) = target
                && !found.contains(id)
            {
                found.push(*id);
            }
        }
    }
    found
}
