//! What keeps an alert from paging, within a batch: the windows, causes and records that were read
//! with it, and what it adds to them itself. The decision is [`hold::hold`]'s.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use muster_core::alerting::guard::{self, Guard, Record};
use muster_core::alerting::hold::{self, Cause, Firing, Held, Hold};
use muster_core::alerting::maintenance::{self, Maintenance};
use muster_core::alerting::signal::Action;
use muster_core::alerting::triage::{self, Candidate};
use muster_core::id::{AlertId, IncidentId, ServiceId};
use muster_core::incident::severity::Level;
use muster_core::oncall::preview;
use muster_core::org::directory::Directory;
use muster_core::org::service::Outcome;
use muster_core::time::format_duration;
use muster_store::alerting::shadow::NewShadow;
use muster_store::alerting::{cause, held, shadow};
use muster_store::incident::incident as store_incident;
use muster_store::{StoreError, Tx};
use serde_json::{Value, json};
use uuid::Uuid;

use super::case::Case;

/// The most would-be incidents that further alerts may join.
const SHADOWS_MAX: i64 = 500;
/// The most would-be pages that are kept of one would-be incident.
pub(crate) const SHADOW_PAGES_MAX: usize = 100;
/// The most people that a sentence names.
const NAMED_MAX: usize = 3;

/// What may keep the alerts of a batch from paging.
#[derive(Default)]
pub(super) struct Quiet {
    windows: Vec<Maintenance>,
    causes: HashMap<Uuid, Vec<Cause>>,
    new_causes: Vec<(Uuid, AlertId)>,
    /// What alerts that wait for more firings have done so far.
    records: HashMap<AlertId, held::Record>,
    /// Services whose worst time it is.
    worst: HashSet<ServiceId>,
    shadows: HashMap<ServiceId, Vec<Candidate>>,
    new_shadows: Vec<NewShadow>,
    joined_shadows: HashMap<IncidentId, i64>,
}

impl Quiet {
    /// Reads what is needed for these cases, each kind in one statement, and most kinds only where
    /// the configuration asks for them. `guarded` are alerts that wait for more firings.
    pub(super) async fn load(
        tx: &mut Tx,
        directory: &Directory,
        cases: &[&Case<'_>],
        guarded: &[AlertId],
        windows: Vec<Maintenance>,
    ) -> Result<Self, StoreError> {
        let shadowed = cases.iter().filter(|case| case.rated.shadow);
        let shadowed: HashSet<_> = shadowed.map(|case| case.service.id).collect();
        let shadowed: Vec<_> = shadowed.into_iter().collect();
        let mut quiet = Self {
            windows,
            records: held::records(tx, guarded).await?.into_iter().collect(),
            ..Self::default()
        };
        for (tie, cause) in cause::oldest(tx, &ties(directory, cases)).await? {
            quiet.causes.entry(tie).or_default().push(cause);
        }
        if let Some(worst) = worst_paging(directory).filter(|_| !shadowed.is_empty()) {
            quiet.worst.extend(store_incident::services_with(tx, &shadowed, worst).await?);
        }
        for (service, candidate) in shadow::candidates(tx, &shadowed, SHADOWS_MAX).await? {
            quiet.shadows.entry(service).or_default().push(candidate);
        }
        Ok(quiet)
    }

    /// What an alert that waits for more firings has done so far.
    pub(super) fn record(&self, id: AlertId) -> Option<&held::Record> {
        self.records.get(&id)
    }

    /// What keeps an alert from paging at `at`.
    pub(super) fn hold(
        &self,
        directory: &Directory,
        case: &Case<'_>,
        id: AlertId,
        record: Record<'_>,
        at: Timestamp,
    ) -> Option<Hold> {
        let service = case.service;
        let window = maintenance::muting(&self.windows, service.id, &case.subject(), at);
        let cause = match window {
            None => self.cause_of(directory, case, id),
            Some(_) => None,
        };
        let firing = Firing {
            outcome: case.rated.outcome,
            maintenance: window,
            cause,
            guard: case.rated.guard,
            pause: service.pause,
            shadow: case.rated.shadow,
            is_worst_time: self.worst.contains(&service.id),
            record,
        };
        hold::hold(&firing, at)
    }

    fn cause_of(&self, directory: &Directory, case: &Case<'_>, id: AlertId) -> Option<&Cause> {
        let subject = case.subject();
        let mut muting = directory.inhibitions.iter().filter(|rule| rule.is_symptom(&subject));
        muting.find_map(|rule| {
            let known = self.causes.get(&cause::tie(&rule.tie(&subject)))?;
            known.iter().find(|cause| cause.id < id)
        })
    }

    /// An alert opened: from now on it may mute others.
    pub(super) fn opened(&mut self, directory: &Directory, case: &Case<'_>, id: AlertId) {
        let subject = case.subject();
        for rule in directory.inhibitions.iter().filter(|rule| rule.is_cause(&subject)) {
            let tie = cause::tie(&rule.tie(&subject));
            let cause = Cause { id, summary: case.signal.summary.clone() };
            self.causes.entry(tie).or_default().push(cause);
            self.new_causes.push((tie, id));
        }
    }

    /// An alert is over: it mutes nothing any more.
    pub(super) fn recovered(&mut self, id: AlertId) {
        for causes in self.causes.values_mut() {
            causes.retain(|cause| cause.id != id);
        }
        self.new_causes.retain(|(_, cause)| *cause != id);
    }

    /// An incident of this severity was opened for a service.
    pub(super) fn incident_opened(
        &mut self,
        directory: &Directory,
        service: ServiceId,
        level: Level,
    ) {
        if worst_paging(directory) == Some(level) {
            self.worst.insert(service);
        }
    }

    /// Records whom an alert would have paged.
    pub(super) fn shadow(
        &mut self,
        directory: &Directory,
        case: &Case<'_>,
        (id, level): (AlertId, Level),
        mut hold: Hold,
        at: Timestamp,
    ) -> Hold {
        let service = case.service;
        let candidates = self.shadows.entry(service.id).or_default();
        let grouped = triage::group(&service.grouping, &case.signal, level, candidates, at);
        if let Some(joined) = grouped.join {
            hold.by = Some(joined.0);
            hold.because =
                "shadow mode: it would have joined others and paged nobody more".to_owned();
            match self.new_shadows.iter_mut().find(|shadow| shadow.id.0 == joined.0) {
                Some(shadow) => shadow.alert_count += 1,
                None => *self.joined_shadows.entry(joined).or_default() += 1,
            }
            return hold;
        }
        let pages = would_be_pages(directory, service.policy, level, at);
        hold.by = Some(id.0);
        hold.because = in_words(&pages);
        let grouping_value = triage::grouping_value(&service.grouping, &case.signal);
        candidates.insert(
            0,
            Candidate {
                is_restricted: false,
                id: IncidentId(id.0),
                severity: level,
                status: muster_core::incident::lifecycle::Status::Triggered,
                first_alert_at: Some(at),
                grouping_value: grouping_value.clone(),
                group_key: case.signal.group_key.clone(),
            },
        );
        self.new_shadows.push(NewShadow {
            id,
            service: service.id,
            severity: level,
            first_alert_at: at,
            grouping_value,
            group_key: case.signal.group_key.clone(),
            alert_count: 1,
            pages: Value::Array(pages).to_string(),
        });
        hold
    }

    /// Writes what the batch adds.
    pub(super) async fn write(self, tx: &mut Tx) -> Result<(), StoreError> {
        cause::insert(tx, &self.new_causes).await?;
        shadow::insert(tx, &self.new_shadows).await?;
        let joined: Vec<_> = self.joined_shadows.into_iter().collect();
        shadow::count(tx, &joined).await
    }
}

/// The firings of a guard that counts, with one more.
pub(super) fn remember(case: &Case<'_>, firings: Vec<Timestamp>, at: Timestamp) -> Vec<Timestamp> {
    guard::remember(case.rated.guard, firings, at)
}

/// Whether the guard of a case counts firings.
pub(super) fn counts(case: &Case<'_>) -> bool {
    matches!(case.rated.guard, Some(Guard::AtLeast { .. }))
}

/// Whether the answer to what holds an alert may change.
pub(super) fn may_end(held: Held) -> bool {
    matches!(held, Held::Maintenance | Held::Inhibited | Held::Guard | Held::Pause)
}

/// Who would be paged by an incident that began at `at`, as it is stored and shown.
pub(crate) fn would_be_pages(
    directory: &Directory,
    policy: muster_core::id::PolicyId,
    level: Level,
    at: Timestamp,
) -> Vec<Value> {
    let policy = directory.policies.get(policy).or_else(|| directory.catch_all_policy());
    let Some(policy) = policy else { return Vec::new() };
    let planned = preview::preview(directory, policy, level, at);
    let name = |page: &preview::PlannedPage| {
        let user = directory.users.get(page.user)?;
        let method = user.contact_method(page.method)?;
        Some((user.name.clone(), method.name.clone()))
    };
    let pages = planned.pages.iter().filter_map(|page| {
        let (user, method) = name(page)?;
        Some(json!({
            "at": page.at.to_string(), "step": page.step, "round": page.round,
            "user": user, "method": method,
        }))
    });
    pages.take(SHADOW_PAGES_MAX).collect()
}

/// Who would have been paged first.
fn in_words(pages: &[Value]) -> String {
    let mut named: Vec<&str> = Vec::new();
    for page in pages {
        let user = page["user"].as_str().unwrap_or_default();
        if !named.contains(&user) {
            named.push(user);
        }
    }
    match named.as_slice() {
        [] => "shadow mode: nobody would have been paged".to_owned(),
        [first] => format!("shadow mode: {first} would have been paged"),
        [first, then @ ..] => {
            let then = then.iter().take(NAMED_MAX).copied().collect::<Vec<_>>().join(", ");
            format!("shadow mode: {first} would have been paged, then {then} if nobody answered")
        }
    }
}

/// The worst severity that pages.
fn worst_paging(directory: &Directory) -> Option<Level> {
    directory.severities.iter().filter(|severity| severity.pages()).map(|one| one.level).min()
}

fn ties(directory: &Directory, cases: &[&Case<'_>]) -> Vec<Uuid> {
    if directory.inhibitions.is_empty() {
        return Vec::new();
    }
    let mut ties = HashSet::new();
    for case in cases.iter().filter(|case| case.signal.action == Action::Trigger) {
        let subject = case.subject();
        let muting = directory.inhibitions.iter().filter(|rule| rule.is_symptom(&subject));
        ties.extend(muting.map(|rule| cause::tie(&rule.tie(&subject))));
    }
    ties.into_iter().collect()
}

/// The sentence of an alert that was grouped.
pub(super) fn grouped_into(number: i64) -> String {
    format!("grouped into incident {number}, which pages for all of its alerts")
}

/// The sentence of an alert whose severity asks nobody.
pub(crate) fn severity_is_quiet(directory: &Directory, level: Level) -> Option<String> {
    let severity = directory.severity(level);
    let (number, name) = (level.number(), &severity.name);
    (!severity.pages()).then(|| format!("severity {number} ({name}) pages nobody"))
}

/// The sentence of an alert that nobody spoke of any more.
pub(super) fn fell_silent(after: jiff::SignedDuration) -> String {
    format!("resolved by itself after {} of silence", format_duration(after))
}

/// The level of an outcome.
pub(super) fn level_of(outcome: Outcome) -> Option<u8> {
    match outcome {
        Outcome::Severity(level) => Some(level.number()),
        Outcome::Informational => None,
    }
}
