//! Routing assertions (`Z3`): "a signal like this goes to that service, is that bad, and pages
//! these people". They are evaluated against a configuration alone, by the very functions that
//! triage and escalation use, so a file can be tested before it is applied and where no server is.

use jiff::Timestamp;
use muster_core::alerting::signal::Signal;
use muster_core::alerting::triage::{classify, route};
use muster_core::incident::severity::Level;
use muster_core::oncall::preview::preview;
use muster_core::org::directory::Directory;
use muster_core::org::service::{Outcome, Service};

/// What a signal is expected to become.
#[derive(Debug, Clone, PartialEq)]
pub struct Assertion {
    /// For people to read.
    pub name: String,
    /// Where the signal comes in: `checkout/alertmanager`, or an organisation-wide integration.
    pub integration: String,
    /// The signal.
    pub signal: Signal,
    /// When it comes; now where nothing is given.
    pub at: Option<Timestamp>,
    /// What must hold; what is left out may be anything.
    pub expect: Expectation,
}

/// What must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expectation {
    /// The service it is about.
    pub service: Option<String>,
    /// How bad it is.
    pub severity: Option<Level>,
    /// Whether it is recorded and mailed only.
    pub informational: Option<bool>,
    /// Who is paged first, in any order.
    pub pages: Option<Vec<String>>,
}

/// What became of an assertion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The assertion's name.
    pub name: String,
    /// What does not hold; empty when everything does.
    pub failures: Vec<Failure>,
}

impl Verdict {
    /// Whether everything holds.
    pub fn holds(&self) -> bool {
        self.failures.is_empty()
    }
}

/// One thing that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The field of the assertion: `expect.service`.
    pub field: [&'static str; 2],
    /// What is expected, what happens and why.
    pub message: String,
}

/// Evaluates assertions against an organisation, in order.
pub fn run(directory: &Directory, assertions: &[Assertion], now: Timestamp) -> Vec<Verdict> {
    assertions
        .iter()
        .map(|assertion| Verdict {
            name: assertion.name.clone(),
            failures: failures(directory, assertion, now),
        })
        .collect()
}

fn failures(directory: &Directory, assertion: &Assertion, now: Timestamp) -> Vec<Failure> {
    let integration = directory
        .all_integrations()
        .find(|known| directory.integration_label(known) == assertion.integration);
    let Some(integration) = integration else {
        let message = format!(
            "there is no integration `{}`; write SERVICE/NAME, or the name of an organisation-wide one",
            assertion.integration
        );
        return vec![Failure { field: ["integration", ""], message }];
    };
    let Some(route) = route(directory, integration, &assertion.signal) else {
        let message = "no service takes this signal".to_owned();
        return vec![Failure { field: ["expect", "service"], message }];
    };
    let at = assertion.at.unwrap_or(now);
    let classified = classify(route.service, integration, &assertion.signal, at);
    let expect = &assertion.expect;
    let mut failures = Vec::new();
    let mut fail = |field, message| failures.push(Failure { field: ["expect", field], message });

    if let Some(service) = &expect.service
        && *service != route.service.name
    {
        fail(
            "service",
            format!(
                "expected `{service}`, but it goes to `{}`: {}",
                route.service.name, route.because
            ),
        );
    }
    if let Some(level) = expect.severity
        && classified.outcome != Outcome::Severity(level)
    {
        let becomes = outcome_in_words(classified.outcome);
        let expected = level.number();
        fail(
            "severity",
            format!("expected severity {expected}, but it is {becomes}: {}", classified.because),
        );
    }
    if let Some(informational) = expect.informational
        && informational != (classified.outcome == Outcome::Informational)
    {
        let becomes = outcome_in_words(classified.outcome);
        fail("informational", format!("it is {becomes}: {}", classified.because));
    }
    if let Some(expected) = &expect.pages {
        let paged = first_paged(directory, route.service, classified.outcome, at);
        let mut sorted = expected.clone();
        sorted.sort();
        sorted.dedup();
        if sorted != paged {
            fail(
                "pages",
                format!("expected {}, but at {at} it pages {}", list(&sorted), list(&paged)),
            );
        }
    }
    failures
}

/// The people that are asked first, by name.
fn first_paged(
    directory: &Directory,
    service: &Service,
    outcome: Outcome,
    at: Timestamp,
) -> Vec<String> {
    let Outcome::Severity(level) = outcome else { return Vec::new() };
    let Some(policy) = directory.policies.get(service.policy) else { return Vec::new() };
    let planned = preview(directory, policy, level, at).pages;
    let Some(first) = planned.first() else { return Vec::new() };
    let asked = planned.iter().filter(|page| (page.step, page.round) == (first.step, first.round));
    let mut names: Vec<String> = asked
        .filter_map(|page| directory.users.get(page.user))
        .map(|user| user.name.clone())
        .collect();
    names.sort();
    names.dedup();
    names
}

fn outcome_in_words(outcome: Outcome) -> String {
    match outcome {
        Outcome::Severity(level) => format!("severity {}", level.number()),
        Outcome::Informational => "informational".to_owned(),
    }
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
}
