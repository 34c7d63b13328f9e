//! Triage: what becomes of a signal. Which service is it about, how bad is it, is it news, and does
//! it join an incident or open one? Every answer comes with a sentence that says why, shown on the
//! alert (`D10`).

use jiff::Timestamp;

use crate::alerting::alert::Latest;
use crate::alerting::guard::Guard;
use crate::alerting::rule::Subject;
use crate::alerting::signal::{Action, Signal};
use crate::engine::lease;
use crate::id::{AlertId, IncidentId};
use crate::incident::lifecycle::Status;
use crate::incident::severity::Level;
use crate::org::directory::Directory;
use crate::org::service::{Grouping, Integration, Outcome, Service, SeverityRule};

/// Where a signal goes and why.
#[derive(Debug, Clone)]
pub struct Route<'a> {
    /// The service it is about.
    pub service: &'a Service,
    /// In words: `routing rule 2: labels.team == "payments"`.
    pub because: String,
}

/// Finds the service of a signal (`D3`): that of its integration, else the first routing rule that
/// matches, else the catch-all. `None` only while no catch-all is configured.
pub fn route<'a>(
    directory: &'a Directory,
    integration: &Integration,
    signal: &Signal,
) -> Option<Route<'a>> {
    if let Some(service) = integration.service.and_then(|id| directory.services.get(id)) {
        let because = format!("the integration belongs to {}", service.name);
        return Some(Route { service, because });
    }
    let subject = Subject { signal, integration: &integration.name, service: "" };
    let matching = directory
        .routing
        .iter()
        .enumerate()
        .filter(|(_, rule)| rule.when.matches(&subject))
        .find_map(|(at, rule)| directory.services.get(rule.service).map(|s| (at, rule, s)));
    if let Some((at, rule, service)) = matching {
        let because = format!("routing rule {}: {}", at + 1, rule.when.text());
        return Some(Route { service, because });
    }
    let service = directory.catch_all_service()?;
    Some(Route { service, because: "no routing rule matches, so the catch-all takes it".into() })
}

/// What a signal means for its service and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classified {
    /// A severity, or informational.
    pub outcome: Outcome,
    /// In words: `severity map entry 1: severity == "critical"`.
    pub because: String,
    /// What it must do before it pages (`D5`).
    pub guard: Option<Guard>,
    /// Whether it is only being tried out (`D8`).
    pub shadow: bool,
}

/// Reads the service's severity map (`D1`): the first entry that matches and whose hours hold at
/// `at` (`D6`), else [`Level::UNMAPPED`]. An integration with a severity of its own is not asked for.
pub fn classify(
    service: &Service,
    integration: &Integration,
    signal: &Signal,
    at: Timestamp,
) -> Classified {
    if let Some(level) = integration.severity {
        let because = format!("{} has a severity of its own", integration.name);
        let (outcome, shadow) = (Outcome::Severity(level), service.shadow);
        return Classified { outcome, because, guard: None, shadow };
    }
    let subject = Subject { signal, integration: &integration.name, service: &service.name };
    let applies = |rule: &SeverityRule| {
        rule.during.as_ref().is_none_or(|hours| hours.contain(at)) && rule.when.matches(&subject)
    };
    let matching = service.severity_map.iter().enumerate().find(|(_, rule)| applies(rule));
    match matching {
        Some((at, rule)) => Classified {
            outcome: rule.outcome,
            because: format!("severity map entry {}: {}", at + 1, rule.when.text()),
            guard: rule.guard,
            shadow: rule.shadow || service.shadow,
        },
        None => Classified {
            outcome: Outcome::Severity(Level::UNMAPPED),
            because: "no severity map entry matches".to_owned(),
            guard: None,
            shadow: service.shadow,
        },
    }
}

/// What becomes of a signal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It is a new alert.
    Open {
        /// The resolved alert with the same key, if it fires again.
        previous: Option<AlertId>,
    },
    /// It repeats what is known: counted, no new page.
    Count(AlertId),
    /// The alert is over.
    Resolve(AlertId),
    /// Somebody is on the alert's incident.
    Acknowledge(IncidentId),
    /// It changes nothing.
    Ignore(Ignored),
}

/// Why a signal changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ignored {
    /// It resolves or acknowledges what is not open.
    NothingOpen,
    /// It was received before the recovery that is already known.
    OlderThanRecovery,
    /// It acknowledges an alert that has no incident.
    NoIncident,
}

impl Ignored {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::NothingOpen => "no open alert has this key",
            Self::OlderThanRecovery => "it is older than the recovery that is already known",
            Self::NoIncident => "the alert has no incident",
        }
    }
}

/// When a message counts as received beside what is known of its key. Only a real distance says that
/// a trigger is older than a recovery: clocks of nodes differ, and a recovery that lies ahead of
/// `now` was received before the clock was set back.
pub fn counts_as_received(
    received_at: Timestamp,
    latest: Option<&Latest>,
    now: Timestamp,
) -> Timestamp {
    match latest {
        Some(known) if known.last_at > now => received_at.max(known.last_at),
        Some(known) if known.last_at.duration_since(received_at) <= lease::SKEW_MAX * 2 => {
            received_at.max(known.last_at)
        }
        _ => received_at,
    }
}

/// Decides what a signal is, given the newest alert of its integration and key (`D2`). An older
/// trigger never undoes a newer recovery.
pub fn decide(signal: &Signal, latest: Option<&Latest>, received_at: Timestamp) -> Decision {
    let open = latest.filter(|alert| alert.status.is_firing());
    match (signal.action, open, latest) {
        (Action::Trigger, Some(alert), _) => Decision::Count(alert.id),
        (Action::Trigger, None, Some(over)) if received_at < over.last_at => {
            Decision::Ignore(Ignored::OlderThanRecovery)
        }
        (Action::Trigger, None, over) => Decision::Open { previous: over.map(|alert| alert.id) },
        (Action::Resolve, Some(alert), _) => Decision::Resolve(alert.id),
        (Action::Acknowledge, Some(alert), _) => {
            alert.incident.map_or(Decision::Ignore(Ignored::NoIncident), Decision::Acknowledge)
        }
        (Action::Resolve | Action::Acknowledge, None, _) => Decision::Ignore(Ignored::NothingOpen),
    }
}

/// An incident that an alert might join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The incident.
    pub id: IncidentId,
    /// How bad it is.
    pub severity: Level,
    /// Where it stands.
    pub status: Status,
    /// When its first alert came; `None` for an incident without alerts.
    pub first_alert_at: Option<Timestamp>,
    /// What its first alert's grouping labels were; see [`grouping_value`].
    pub grouping_value: String,
    /// The client's own grouping key of its first alert.
    pub group_key: Option<String>,
    /// Whether it is restricted (`T4`): what a rule restricts joins only what is restricted.
    pub is_restricted: bool,
}

/// Whether an alert joins an incident, and why or why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grouped {
    /// The incident to join; `None` means the alert opens its own.
    pub join: Option<IncidentId>,
    /// In words.
    pub because: String,
}

/// The values of the labels that must agree for alerts of a service to join.
pub fn grouping_value(grouping: &Grouping, signal: &Signal) -> String {
    match grouping {
        Grouping::Disabled => String::new(),
        Grouping::Window { by, .. } => {
            let values: Vec<_> =
                by.iter().map(|name| signal.label(name).unwrap_or_default()).collect();
            values.join("\u{1f}")
        }
    }
}

/// Decides which of the service's open incidents a new alert joins (`D11`): one of the same or a
/// higher severity that nobody has acknowledged, if the alert comes within the window of that
/// incident's first alert or bears the same client's grouping key. So a storm is one incident and
/// one page, and trouble after an acknowledgement pages again.
pub fn group(
    grouping: &Grouping,
    signal: &Signal,
    level: Level,
    candidates: &[Candidate],
    received_at: Timestamp,
) -> Grouped {
    let Grouping::Window { window, .. } = grouping else {
        return Grouped { join: None, because: "grouping is disabled for the service".to_owned() };
    };
    let value = grouping_value(grouping, signal);
    let joinable = |candidate: &&Candidate| {
        candidate.status == Status::Triggered && candidate.severity.at_least_as_bad_as(level)
    };
    // The newest of several, whatever order they come in.
    let newest = |candidate: &&Candidate| (candidate.first_alert_at, candidate.id);
    let same_key = candidates
        .iter()
        .filter(joinable)
        .filter(|candidate| signal.group_key.is_some() && candidate.group_key == signal.group_key)
        .max_by_key(newest);
    if let Some(candidate) = same_key {
        let because = "it has the same group key as the incident's first alert".to_owned();
        return Grouped { join: Some(candidate.id), because };
    }
    let is_recent = |candidate: &&Candidate| {
        candidate.grouping_value == value
            && candidate
                .first_alert_at
                .is_some_and(|first| received_at.duration_since(first) <= *window)
    };
    let in_window = candidates.iter().filter(joinable).filter(is_recent).max_by_key(newest);
    match in_window {
        Some(candidate) => Grouped {
            join: Some(candidate.id),
            because: format!(
                "it came within {} of the incident's first alert",
                crate::time::format_duration(*window)
            ),
        },
        None => Grouped {
            join: None,
            because: "no unacknowledged incident of the same or a higher severity is recent enough"
                .to_owned(),
        },
    }
}

#[cfg(test)]
mod tests;
