//! A policy held against past changes before it is switched on (`X6`): what each would have been asked,
//! beside what it was asked. The risk, who agreed and when are taken as they were, so that what differs
//! comes of the policy alone; when changes may be made is looked up in both configurations. Nothing is
//! written.

use jiff::Timestamp;

use super::approval::{self, Around, Assessment};
use super::conflict::{self, Index, Rule, Subject};
use super::notice::Notice;
use super::record::{Change, Origin};
use crate::org::directory::Directory;

/// In what an answer of one policy differs from that of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The row of the matrix.
    Row,
    /// Who must agree.
    Approvals,
    /// How long before.
    Notice,
    /// Whether it is emergent.
    Emergent,
    /// Whether an outage window or a freeze holds it up.
    Time,
    /// The level of the technician.
    Level,
}

names!(Part {
    Row = "row",
    Approvals = "approvals",
    Notice = "notice",
    Emergent = "emergent",
    Time = "time",
    Level = "level",
});

/// What a policy asks of one change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The row of the matrix.
    pub row: String,
    /// Who must agree, in words and in order.
    pub approvals: Vec<String>,
    /// How long before.
    pub notice: Notice,
    /// Whether it was announced in time.
    pub is_announced: bool,
    /// Whether it is emergent.
    pub is_emergent: bool,
    /// What holds its time up, in words: windows and freezes.
    pub blocked: Vec<String>,
    /// The least level of the technician.
    pub technician_level: Option<u8>,
    /// Whether somebody is asked whom nobody can be found for.
    pub is_nobodys: bool,
}

/// One change under both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// For people.
    pub number: i64,
    /// What it was asked.
    pub was: Asked,
    /// What it would have been asked.
    pub would: Asked,
    /// In what they differ.
    pub parts: Vec<Part>,
}

/// What comes of many changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// How many.
    pub changes: usize,
    /// For how many anything differs.
    pub different: usize,
    /// How many would be asked for more agreements.
    pub more_approvals: usize,
    /// How many for fewer.
    pub fewer_approvals: usize,
    /// All agreements that were asked for.
    pub approvals_were: usize,
    /// All that would be.
    pub approvals_would: usize,
    /// How many would be announced too late that were in time.
    pub late: usize,
    /// How many would be in time that were too late.
    pub no_longer_late: usize,
    /// How many would be emergent that were not.
    pub emergent: usize,
    /// How many would not be emergent that were.
    pub no_longer_emergent: usize,
    /// How many would be held up that were not.
    pub blocked: usize,
    /// How many would not be held up that were.
    pub no_longer_blocked: usize,
    /// How many agreements fall to nobody under the draft.
    pub nobodys: usize,
}

/// Holds a policy against a change that was submitted; none for others, for those that were written
/// down after the fact, for those that an exception spared something, and for those whose service is
/// not configured in both.
pub fn replay(
    change: &Change,
    present: &Directory,
    draft: &Directory,
    now: Timestamp,
) -> Option<Replayed> {
    let was = change.assessment.as_ref()?;
    let submitted = change.submitted_at?;
    let is_known = |directory: &Directory| directory.services.get(change.plan.service).is_some();
    let is_special = change.origin == Origin::AfterTheFact || was.exception.is_some();
    if is_special || !is_known(present) || !is_known(draft) {
        return None;
    }
    // Of what was never agreed to it is known when it began, or that nobody agrees yet.
    let agreed = change.approved_at.or(change.started_at);
    let around = Around {
        directory: draft,
        submitter: change.submitter,
        history: Default::default(),
        approved_at: agreed,
        is_after_the_fact: false,
        exceptions: &[],
    };
    // Where nobody is asked, it is agreed to as it is submitted.
    let at_once = Around { approved_at: Some(submitted), ..around };
    let at_once = approval::assess_at(&change.plan, at_once, now, &was.risk);
    let would = match at_once.requirements.is_empty() {
        true => at_once,
        false => approval::assess_at(&change.plan, around, now, &was.risk),
    };
    let was = asked(change, was, present, submitted, now);
    let would = asked(change, &would, draft, submitted, now);
    let parts = [
        (Part::Row, was.row == would.row),
        (Part::Approvals, was.approvals == would.approvals),
        (Part::Notice, (was.notice, was.is_announced) == (would.notice, would.is_announced)),
        (Part::Emergent, was.is_emergent == would.is_emergent),
        (Part::Time, was.blocked == would.blocked),
        (Part::Level, was.technician_level == would.technician_level),
    ];
    let parts = parts.into_iter().filter(|(_, same)| !same).map(|(part, _)| part).collect();
    Some(Replayed { number: change.number, was, would, parts })
}

fn asked(
    change: &Change,
    assessment: &Assessment,
    directory: &Directory,
    submitted: Timestamp,
    now: Timestamp,
) -> Asked {
    let approvals = assessment.requirements.iter().map(|one| {
        let team = one.team.and_then(|id| directory.teams.get(id));
        let of = team.map(|team| format!(" of {}", team.name)).unwrap_or_default();
        let many = if one.quorum > 1 { format!("{} x ", one.quorum) } else { String::new() };
        format!("{many}{}{of}", one.approver.in_words())
    });
    let is_nobodys = assessment
        .requirements
        .iter()
        .any(|one| u32::try_from(one.people.len()).unwrap_or(u32::MAX) < one.quorum);
    Asked {
        row: assessment.row.clone(),
        approvals: approvals.collect(),
        notice: assessment.notice,
        is_announced: assessment.notice_until.is_none_or(|until| submitted <= until),
        is_emergent: assessment.is_emergent,
        blocked: blocked(change, assessment, directory, now),
        technician_level: assessment.technician_level,
        is_nobodys,
    }
}

/// The windows and freezes that hold a change's time up. What stands in the calendar, who is away and
/// what is broken has nothing to do with the policy.
fn blocked(
    change: &Change,
    assessment: &Assessment,
    directory: &Directory,
    now: Timestamp,
) -> Vec<String> {
    let subject = Subject::of(change, assessment).zip(change.plan.start);
    let Some((subject, start)) = subject else { return Vec::new() };
    let around = conflict::Around {
        directory,
        bounds: &directory.change_policy.bounds,
        booked: &Index::new(Vec::new()),
        absences: &[],
        troubles: &[],
        now,
    };
    let found = conflict::check(&subject, around, start).into_iter();
    let of_policy = found.filter(|one| {
        let is_of_bounds =
            matches!(one.rule, Rule::Window | Rule::RollbackPastWindow | Rule::Freeze);
        one.is_blocking && is_of_bounds
    });
    of_policy.map(|one| one.text).collect()
}

/// What comes of all of them together.
pub fn summary<'a>(replayed: impl IntoIterator<Item = &'a Replayed>) -> Summary {
    let mut all = Summary::default();
    for Replayed { was, would, parts, .. } in replayed {
        let count = |holds: bool| usize::from(holds);
        let (before, after) = (was.approvals.len(), would.approvals.len());
        all.changes += 1;
        all.different += count(!parts.is_empty());
        all.more_approvals += count(after > before);
        all.fewer_approvals += count(after < before);
        all.approvals_were += before;
        all.approvals_would += after;
        all.late += count(was.is_announced && !would.is_announced);
        all.no_longer_late += count(!was.is_announced && would.is_announced);
        all.emergent += count(!was.is_emergent && would.is_emergent);
        all.no_longer_emergent += count(was.is_emergent && !would.is_emergent);
        all.blocked += count(was.blocked.is_empty() && !would.blocked.is_empty());
        all.no_longer_blocked += count(!was.blocked.is_empty() && would.blocked.is_empty());
        all.nobodys += count(would.is_nobodys);
    }
    all
}
