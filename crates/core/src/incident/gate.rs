//! Gates (`J4`): an incident in which people hold roles is over when the testers have validated it and
//! the lead has signed off, not when somebody says so. Each gate may be waived with a reason, which
//! stays on the record. This file knows what is missing; it resolves nothing.

use jiff::Timestamp;

use crate::id::UserId;
use crate::incident::lifecycle::Incident;
use crate::incident::role::Part;
use crate::org::directory::Directory;

/// The longest reason for a waiver, in characters.
pub const REASON_CHARS_MAX: usize = 500;

/// What has to be so before an incident is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Gate {
    /// Everybody who tests says that it is truly well again; anybody where nobody tests.
    Validated,
    /// Whoever leads says that it is over; anybody where nobody leads.
    SignedOff,
}

names!(Gate { Validated = "validated", SignedOff = "signed_off" });

impl Gate {
    /// Which part in the rules has the say.
    pub fn part(self) -> Part {
        match self {
            Self::Validated => Part::Tester,
            Self::SignedOff => Part::Lead,
        }
    }
}

/// Somebody said that a gate is open, or that it need not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed {
    /// Which.
    pub gate: Gate,
    /// The person, where it was one.
    pub user: Option<UserId>,
    /// What they were called then.
    pub name: String,
    /// When.
    pub at: Timestamp,
    /// Why it was waived, if it was.
    pub waived: Option<String>,
}

/// What was said about the gates of one incident.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Gates(Vec<Passed>);

impl Gates {
    /// What was kept somewhere.
    pub fn of(passed: Vec<Passed>) -> Self {
        Self(passed)
    }

    /// Everything that stands, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Passed> {
        self.0.iter()
    }

    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Somebody said so. Whether that is news: saying it twice is not.
    pub fn pass(&mut self, passed: Passed) -> bool {
        let same = |one: &Passed| {
            one.gate == passed.gate
                && (one.user, &one.name) == (passed.user, &passed.name)
                && one.waived.is_some() == passed.waived.is_some()
        };
        let is_news = !self.0.iter().any(same);
        if is_news {
            self.0.push(passed);
        }
        is_news
    }

    /// Whatever was said about a gate stands no more. Whether anything was.
    pub fn take_back(&mut self, gate: Gate) -> bool {
        let before = self.0.len();
        self.0.retain(|one| one.gate != gate);
        self.0.len() < before
    }

    /// It is open again: all of it has to be said anew.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    fn is_waived(&self, gate: Gate) -> bool {
        self.iter().any(|one| one.gate == gate && one.waived.is_some())
    }

    fn says(&self, gate: Gate, user: UserId) -> bool {
        self.iter().any(|one| one.gate == gate && one.user == Some(user))
    }
}

/// A gate that is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// Which.
    pub gate: Gate,
    /// Whose word is missing; anybody's where it is empty.
    pub missing: Vec<UserId>,
}

/// The gates that an incident has now: none before somebody holds a role, so that what one engineer
/// mends at night stays one word.
pub fn gates<'a>(directory: &'a Directory, incident: &Incident) -> &'a [Gate] {
    if incident.roles.assignments.is_empty() {
        return &[];
    }
    &directory.severity(incident.severity).process.gates
}

/// The gates that are closed, in order.
pub fn closed(directory: &Directory, incident: &Incident) -> Vec<Closed> {
    let gates = gates(directory, incident).iter().copied();
    gates.filter_map(|gate| is_closed(directory, incident, gate)).collect()
}

fn is_closed(directory: &Directory, incident: &Incident, gate: Gate) -> Option<Closed> {
    let said = &incident.gates;
    if said.is_waived(gate) {
        return None;
    }
    let asked = asked(directory, incident, gate);
    let (spoke, missing): (Vec<_>, Vec<_>) =
        asked.into_iter().partition(|user| said.says(gate, *user));
    let is_open = match gate {
        _ if spoke.is_empty() && missing.is_empty() => said.iter().any(|one| one.gate == gate),
        Gate::Validated => missing.is_empty(),
        Gate::SignedOff => !spoke.is_empty(),
    };
    (!is_open).then_some(Closed { gate, missing })
}

/// Whoever has the say about a gate; anybody where nobody has.
pub fn asked(directory: &Directory, incident: &Incident, gate: Gate) -> Vec<UserId> {
    let plays = |role: &str| directory.role(role).is_some_and(|role| role.part == gate.part());
    let mut asked: Vec<UserId> = Vec::new();
    for one in incident.roles.held().filter(|one| plays(&one.role)) {
        if !asked.contains(&one.user) {
            asked.push(one.user);
        }
    }
    asked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::lifecycle::tests::incident;
    use crate::incident::role::assignment::How;
    use uuid::Uuid;

    const ANA: UserId = UserId(Uuid::from_u128(1));
    const BO: UserId = UserId(Uuid::from_u128(2));
    const CLEO: UserId = UserId(Uuid::from_u128(3));

    fn now() -> Timestamp {
        "2026-11-21T04:07:00Z".parse().unwrap()
    }

    fn said(gate: Gate, user: UserId) -> Passed {
        Passed { gate, user: Some(user), name: "x".into(), at: now(), waived: None }
    }

    fn holding(roles: &[(&str, UserId)]) -> Incident {
        let mut incident = incident();
        for (role, user) in roles {
            incident.roles.assign(role, true, *user, How::Taken, now());
        }
        incident
    }

    fn missing(incident: &Incident) -> Vec<(Gate, Vec<UserId>)> {
        let closed = closed(&Directory::default(), incident);
        closed.into_iter().map(|one| (one.gate, one.missing)).collect()
    }

    #[test]
    fn an_incident_in_which_nobody_ever_held_a_role_has_no_gates() {
        assert_eq!(missing(&incident()), []);
        let mut left = holding(&[("incident-lead", ANA)]);
        left.roles.end("incident-lead", ANA, now());
        assert_eq!(missing(&left).len(), 2, "leaving a role opens no gate");
    }

    #[test]
    fn every_tester_and_one_lead_have_to_say_so() {
        let roles = [("incident-lead", ANA), ("tester", BO), ("tester", CLEO)];
        let mut incident = holding(&roles);
        assert_eq!(
            missing(&incident),
            [(Gate::Validated, vec![BO, CLEO]), (Gate::SignedOff, vec![ANA])]
        );
        assert!(incident.gates.pass(said(Gate::Validated, BO)));
        assert!(!incident.gates.pass(said(Gate::Validated, BO)), "twice is no news");
        assert!(incident.gates.pass(said(Gate::Validated, ANA)), "others may say so too");
        assert_eq!(
            missing(&incident),
            [(Gate::Validated, vec![CLEO]), (Gate::SignedOff, vec![ANA])]
        );
        incident.gates.pass(said(Gate::Validated, CLEO));
        incident.gates.pass(said(Gate::SignedOff, BO));
        assert_eq!(missing(&incident), [(Gate::SignedOff, vec![ANA])], "the lead has the say");
        incident.gates.pass(said(Gate::SignedOff, ANA));
        assert_eq!(missing(&incident), []);
        assert!(incident.gates.take_back(Gate::Validated));
        assert_eq!(missing(&incident), [(Gate::Validated, vec![BO, CLEO])]);
    }

    #[test]
    fn where_nobody_tests_anybody_may_and_a_waiver_stands_for_all() {
        let mut incident = holding(&[("scribe", ANA)]);
        assert_eq!(missing(&incident), [(Gate::Validated, vec![]), (Gate::SignedOff, vec![])]);
        incident.gates.pass(said(Gate::Validated, BO));
        assert_eq!(missing(&incident), [(Gate::SignedOff, vec![])]);
        let waived = Some("nobody is awake".to_owned());
        incident.gates.pass(Passed { waived, ..said(Gate::SignedOff, BO) });
        assert_eq!(missing(&incident), []);
    }
}
