//! The kinds of incident that the steps of a policy tell apart (`O6`): by severity, and by whether
//! their alerts match what a step asks for. A proof that took every step to count would miss those
//! that no step is for.

use jiff::Timestamp;

use crate::incident::severity::{Level, Levels, Urgency};
use crate::oncall::condition::Condition;
use crate::oncall::escalation::Policy;
use crate::org::directory::Directory;

/// One kind of incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Case {
    /// How bad it is; none where no severity has the urgency, and every step counts.
    pub level: Option<Level>,
    /// Every severity of which the same steps are for; `level` stands for them.
    pub levels: Levels,
    /// Whether its alerts match what steps ask for, and are as many.
    pub matches: bool,
}

/// The kinds of incident of an urgency that a policy tells apart, at least one.
pub(super) fn cases(directory: &Directory, policy: &Policy, urgency: Urgency) -> Vec<Case> {
    let conditions = || policy.steps.iter().map(|step| &step.when);
    let of_urgency = directory.severities.iter().filter(|severity| severity.urgency == urgency);
    let mut seen: Vec<(Vec<bool>, Vec<Level>)> = Vec::new();
    for level in of_urgency.map(|severity| severity.level) {
        let counting: Vec<bool> = conditions().map(|when| is_for(when, level)).collect();
        match seen.iter_mut().find(|(known, _)| *known == counting) {
            Some((_, levels)) => levels.push(level),
            None => seen.push((counting, vec![level])),
        }
    }
    if seen.is_empty() {
        seen.push((Vec::new(), Vec::new()));
    }
    let asks_for_more = conditions().any(|when| when.rule.is_some() || when.flood.is_some());
    let ways = if asks_for_more { &[true, false][..] } else { &[true][..] };
    let each = |(_, alike): (Vec<bool>, Vec<Level>)| {
        let level = alike.first().copied();
        let levels = alike.into_iter().collect();
        ways.iter().map(move |matches| Case { level, levels, matches: *matches })
    };
    seen.into_iter().flat_map(each).collect()
}

fn is_for(when: &Condition, level: Level) -> bool {
    when.severities.is_empty() || when.severities.contains(&level)
}

impl Case {
    /// For each step, whether its condition does not hold at an instant, and until when all of that
    /// stays so.
    pub(super) fn unmet(self, policy: &Policy, at: Timestamp) -> (Vec<bool>, Timestamp) {
        let mut until = Timestamp::MAX;
        let unmet = policy.steps.iter().map(|step| {
            let when = &step.when;
            if self.level.is_some_and(|level| !is_for(when, level)) {
                return true;
            }
            if !self.matches && (when.rule.is_some() || when.flood.is_some()) {
                return true;
            }
            when.hours.as_ref().is_some_and(|hours| {
                until = until.min(hours.same_until(at));
                !hours.contain(at)
            })
        });
        let unmet = unmet.collect();
        (unmet, until)
    }
}
