//! One figure for a year: the share of the time ahead in which every policy that pages reaches
//! somebody.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::{Span, Trouble, prove};
use crate::id::PolicyId;
use crate::incident::severity::Urgency;
use crate::oncall::escalation::Policy;
use crate::org::directory::Directory;

/// The share of a period in which every paging policy reaches somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Score {
    /// The length of what was looked at.
    pub total: SignedDuration,
    /// How much of it every policy reaches somebody with its first step.
    pub first_step: SignedDuration,
    /// How much of it every policy reaches somebody at all, without the catch-all.
    pub anybody: SignedDuration,
}

impl Score {
    /// A part of the whole, in hundredths of a percent, rounded down: only what is whole is 10,000.
    pub fn per_myriad(&self, part: SignedDuration) -> u32 {
        let total = self.total.as_secs().max(1);
        u32::try_from(part.as_secs().saturating_mul(10_000) / total).unwrap_or(0)
    }
}

/// The policies that services page by, and the catch-all.
pub fn paging_policies(directory: &Directory) -> Vec<&Policy> {
    let services = directory.services.iter().map(|service| service.policy);
    let ids: BTreeSet<PolicyId> = services.chain(directory.catch_all).collect();
    ids.into_iter().filter_map(|id| directory.policies.get(id)).collect()
}

/// The score of an organisation over a period, for urgent pages.
pub fn score(directory: &Directory, span: Span) -> Score {
    let (mut not_first, mut nobody) = (Vec::new(), Vec::new());
    for (_, coverage) in prove(directory, paging_policies(directory), Urgency::High, span) {
        for finding in &coverage.findings {
            match finding.trouble {
                Trouble::Nobody { .. } => {
                    nobody.push(finding.span);
                    not_first.push(finding.span);
                }
                Trouble::StepReachesNobody { step: 1 } => not_first.push(finding.span),
                _ => {}
            }
        }
        // What was not proved is not claimed.
        if let Some(from) = coverage.cut_at {
            nobody.push(Span { from, to: span.to });
            not_first.push(Span { from, to: span.to });
        }
    }
    let total = span.to.duration_since(span.from);
    let without = |spans: Vec<Span>| total.saturating_sub(length(spans));
    Score { total, first_step: without(not_first), anybody: without(nobody) }
}

/// The time that at least one of the spans covers.
fn length(mut spans: Vec<Span>) -> SignedDuration {
    spans.sort_by_key(|span| span.from);
    let mut joined = Vec::new();
    for span in spans {
        super::extend(&mut joined, span);
    }
    let lengths = joined.into_iter().map(|span| span.to.duration_since(span.from));
    lengths.fold(SignedDuration::ZERO, |sum, length| sum.saturating_add(length))
}
