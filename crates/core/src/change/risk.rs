//! How risky a change is. Three views of it, each with its reason in words, and the highest wins: the
//! impact by the confidence that it goes well, how such changes of such teams went before, and what
//! raises it by itself. Risk raises the scrutiny that a change gets and never lowers it, because the
//! tier of the service is looked at first.

use super::plan::{Automation, Band, Plan};

/// How earlier changes of the class by the team went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct History {
    /// Closed as success.
    pub successes: u32,
    /// Closed with issues.
    pub issues: u32,
    /// Failed or rolled back.
    pub failures: u32,
    /// Sev1 that they caused.
    pub sev1: u32,
    /// Sev2 that they caused.
    pub sev2: u32,
    /// Sev3 that they caused.
    pub sev3: u32,
}

impl History {
    /// +3 for each success, −2 with issues, −5 failed, −10, −5 and −2 for a sev1, sev2 and sev3 that
    /// was caused.
    pub fn score(self) -> i64 {
        let weigh = |count: u32, weight: i64| i64::from(count) * weight;
        weigh(self.successes, 3)
            + weigh(self.issues, -2)
            + weigh(self.failures, -5)
            + weigh(self.sev1, -10)
            + weigh(self.sev2, -5)
            + weigh(self.sev3, -2)
    }

    /// Whether there was any such change.
    pub fn is_empty(self) -> bool {
        self.successes + self.issues + self.failures == 0
    }
}

/// How risky, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Risk {
    /// The highest of all views.
    pub band: Band,
    /// What each view said, in words.
    pub because: Vec<String>,
}

/// What raises it besides the plan's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Around {
    /// How it went before.
    pub history: History,
    /// Whether it is emergent.
    pub is_emergent: bool,
    /// Whether the technician is below the level that the class asks for.
    pub is_below_level: bool,
}

/// The 3 by 3 of impact and confidence.
fn outright(impact: Band, confidence: Band) -> Band {
    match (impact, confidence) {
        (Band::High, Band::Low | Band::Medium) | (Band::Medium, Band::Low) => Band::High,
        (Band::High, Band::High) | (Band::Medium, Band::Medium) | (Band::Low, Band::Low) => {
            Band::Medium
        }
        (Band::Medium, Band::High) | (Band::Low, Band::Medium | Band::High) => Band::Low,
    }
}

/// How risky a plan is. What is not said counts as bad as it can be.
pub fn assess(plan: &Plan, around: Around) -> Risk {
    let impact = plan.impact.map_or(Band::High, |impact| impact.band());
    let confidence = plan.confidence.unwrap_or(Band::Low);
    let mut band = outright(impact, confidence);
    let mut because = vec![format!(
        "{} impact with {} confidence is {} risk",
        impact.name(),
        confidence.name(),
        band.name()
    )];
    let score = around.history.score();
    let by_history = match score {
        i64::MIN..=-11 => Some(Band::High),
        -10..=-1 => Some(Band::Medium),
        _ => None,
    };
    if let Some(by_history) = by_history {
        because.push(format!(
            "earlier changes like it went badly (score {score}): {} risk",
            by_history.name()
        ));
        band = band.max(by_history);
    }
    let raises = [
        (around.history.is_empty(), "the first of its kind"),
        (!plan.is_rollback_tested, "the rollback was not tried"),
        (plan.automation == Automation::Manual, "done by hand"),
        (around.is_below_level, "the technician is below the level of the class"),
        (around.is_emergent, "emergent"),
    ];
    let raises: Vec<_> = raises.iter().filter(|(holds, _)| *holds).map(|(_, why)| *why).collect();
    let by_raises = match raises.len() {
        0 | 1 => None,
        2 | 3 => Some(Band::Medium),
        _ => Some(Band::High),
    };
    if let Some(by_raises) = by_raises {
        because.push(format!("{}: {} risk", raises.join(", "), by_raises.name()));
        band = band.max(by_raises);
    }
    Risk { band, because }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::plan::Impact;
    use crate::id::ServiceId;
    use uuid::Uuid;

    fn plan(impact: Impact, confidence: Band) -> Plan {
        Plan {
            impact: Some(impact),
            confidence: Some(confidence),
            is_rollback_tested: true,
            automation: Automation::Full,
            ..Plan::new("x", ServiceId(Uuid::nil()), "deploy")
        }
    }

    fn known() -> Around {
        let history = History { successes: 5, ..History::default() };
        Around { history, ..Around::default() }
    }

    #[test]
    fn impact_by_confidence() {
        let band = |impact, confidence| assess(&plan(impact, confidence), known()).band;
        assert_eq!(band(Impact::Unnoticed, Band::High), Band::Low);
        assert_eq!(band(Impact::Internal, Band::Low), Band::Medium);
        assert_eq!(band(Impact::Customer, Band::Medium), Band::Medium);
        assert_eq!(band(Impact::CustomerWide, Band::High), Band::Medium);
        assert_eq!(band(Impact::CustomerWide, Band::Medium), Band::High);
    }

    #[test]
    fn history_and_what_raises_it_raise_and_never_lower() {
        let safe = plan(Impact::Unnoticed, Band::High);
        let bad = |history| assess(&safe, Around { history, ..known() }).band;
        assert_eq!(bad(History { successes: 3, sev1: 1, ..History::default() }), Band::Medium);
        assert_eq!(bad(History { successes: 3, sev1: 2, ..History::default() }), Band::High);
        let splendid = History { successes: 1_000, ..History::default() };
        let grave = plan(Impact::CustomerWide, Band::Low);
        assert_eq!(assess(&grave, Around { history: splendid, ..known() }).band, Band::High);
        let rough =
            Plan { is_rollback_tested: false, automation: Automation::Manual, ..safe.clone() };
        assert_eq!(assess(&rough, known()).band, Band::Medium);
        let all = Around { is_emergent: true, is_below_level: true, ..Around::default() };
        let risk = assess(&rough, all);
        assert_eq!(risk.band, Band::High);
        assert!(risk.because[1].contains("first of its kind"), "{risk:?}");
    }

    #[test]
    fn what_is_not_said_counts_as_bad_as_it_can_be() {
        let blank = Plan { impact: None, confidence: None, ..plan(Impact::Internal, Band::High) };
        assert_eq!(assess(&blank, known()).band, Band::High);
    }
}
