//! The life of a change (`X4`): drafted, submitted, reviewed, approved, scheduled, done, looked at and
//! closed; rejected, cancelled and expired beside it. [`obey`] decides what a command makes of a change;
//! it writes nothing and tells nobody. What becomes emergent, overdue or expired with time is
//! [`tick`]'s to say. A business-critical fix is never held up (`X10`): it may start before it is
//! approved, and is approved after.

use jiff::{SignedDuration, Timestamp};

use super::approval::{self, MayNot};
use super::conflict::Conflict;
use super::lint::Finding;
use super::plan::{Part, Plan};
use super::policy::Approver;
use super::record::{
    By, Change, Entry, Kind, MONITORED_AFTER, Outcome, Override, Run, State, Surroundings,
};
use crate::id::TeamId;
use crate::incident::timeline::Actor;

mod perform;
mod review;
#[cfg(test)]
mod tests;

/// What somebody wants done to a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Another wording.
    Edit {
        /// All of it.
        plan: Box<Plan>,
    },
    /// Ask people to agree.
    Submit {
        /// Why it is announced later than the policy asks for.
        excuse: String,
    },
    /// Agree.
    Approve {
        /// As whom.
        approver: Option<Approver>,
        /// For which customer.
        team: Option<TeamId>,
        /// The revision that was read.
        revision: u32,
        /// More in words.
        note: String,
    },
    /// Disagree.
    Reject {
        /// The revision that was read.
        revision: u32,
        /// What is to be better.
        reason: String,
    },
    /// It begins.
    Start {
        /// Why it cannot wait for those who must agree, or for what is in its way.
        excuse: String,
    },
    /// Let it go on although something is in its way (`X9`).
    Override {
        /// Why.
        reason: String,
    },
    /// A step was done, or is not done after all.
    Step {
        /// Of which steps; of those at hand where nobody says.
        run: Option<Run>,
        /// Which, from 0.
        place: u32,
        /// Whether it was done.
        is_done: bool,
    },
    /// Take it back.
    Abort {
        /// Why.
        reason: String,
    },
    /// It is done.
    Finish {
        /// How it went.
        outcome: Outcome,
        /// More in words.
        note: String,
    },
    /// It was looked at afterwards.
    Monitor {
        /// What was seen.
        note: String,
    },
    /// Nothing is left to do.
    Close {
        /// How it went, where that is seen better now.
        outcome: Option<Outcome>,
        /// More in words.
        note: String,
    },
    /// It will not be done.
    Cancel {
        /// Why.
        reason: String,
    },
    /// Write down what was done already.
    Record {
        /// When it began.
        started_at: Timestamp,
        /// When it was done.
        ended_at: Timestamp,
        /// How it went.
        outcome: Outcome,
    },
}

/// Why a command cannot be obeyed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It stands elsewhere.
    #[error("a change that is {} cannot be {what}", .state.in_words())]
    WrongState {
        /// Where it stands.
        state: State,
        /// What was asked for.
        what: &'static str,
    },
    /// It is incomplete.
    #[error("the change is not complete: {}", in_words(.0))]
    Incomplete(Vec<Finding>),
    /// It is announced too late.
    #[error(
        "row `{row}` asks for {notice} before the beginning, until {until}; say why it is announced \
         later (X6)"
    )]
    ShortNotice {
        /// The row of the matrix.
        row: String,
        /// How long, in words.
        notice: String,
        /// Until when.
        until: Timestamp,
    },
    /// Somebody read another wording.
    #[error(
        "the plan is at revision {now} by now and you read {read}; look again before you decide"
    )]
    Stale {
        /// The revision that was read.
        read: u32,
        /// The present one.
        now: u32,
    },
    /// It falls to others.
    #[error(transparent)]
    MayNot(#[from] MayNot),
    /// Only people agree.
    #[error("only a person decides about a change, not a token of nobody")]
    NoPerson,
    /// They have nothing to do with it.
    #[error(
        "this falls to the submitter, the technician, the team of the service, or an administrator"
    )]
    NoParty,
    /// A rejection that helps nobody.
    #[error("say what is to be better, in at least {} words (X5)", approval::REASON_WORDS_MIN)]
    Useless,
    /// Nobody said why.
    #[error("say why {0}")]
    NoReason(&'static str),
    /// It is written down after the fact for no sev1.
    #[error("only a change for a sev1 is recorded after the fact; name that incident (X8)")]
    NoSev1,
    /// Something is in its way.
    #[error("something is in its way: {}; say why it goes on all the same (X9)", told(.0))]
    Blocked(Vec<Conflict>),
    /// Nothing is.
    #[error("nothing is in its way that is not known already")]
    Unblocked,
    /// There is no such step.
    #[error("the {} has {count} steps, and no step {}", .run.name(), u64::from(*.place) + 1)]
    NoStep {
        /// Of which steps.
        run: Run,
        /// Which, from 0.
        place: u32,
        /// How many there are.
        count: usize,
    },
    /// Its times cannot be.
    #[error("{0}")]
    Times(&'static str),
    /// The same again.
    #[error("you agreed to this already")]
    Already,
}

fn in_words(findings: &[Finding]) -> String {
    let all: Vec<_> = findings.iter().map(|one| format!("{}: {}", one.field, one.text)).collect();
    all.join("; ")
}

fn told(conflicts: &[Conflict]) -> String {
    let all: Vec<_> = conflicts.iter().map(|one| one.text.as_str()).collect();
    all.join("; ")
}

fn said(at: Timestamp, kind: Kind, actor: &Actor, text: String) -> Entry {
    Entry { at, kind, actor: actor.clone(), text }
}

/// A text with what somebody added to it.
fn with(text: &str, note: &str) -> String {
    let note = note.trim();
    if note.is_empty() { text.to_owned() } else { format!("{text}: {note}") }
}

impl Change {
    fn must_be(&self, states: &[State], what: &'static str) -> Result<(), Refusal> {
        if states.contains(&self.state) {
            return Ok(());
        }
        Err(Refusal::WrongState { state: self.state, what })
    }

    /// Asks the policy again, keeping what people decided.
    fn reassess(&mut self, around: &Surroundings<'_>, now: Timestamp) {
        self.assessment = Some(self.assess(around, now));
    }

    /// Moves it on where everybody agrees; says what happened. What something is in the way of stays
    /// approved until it is moved, or somebody says why it goes on all the same.
    fn advance(&mut self, actor: &Actor, around: &Surroundings<'_>, now: Timestamp) -> Vec<Entry> {
        let is_complete =
            self.assessment.as_ref().is_some_and(|one| one.is_complete(&self.decisions));
        if !is_complete {
            if self.state == State::Submitted && self.decisions.iter().any(|one| !one.is_void) {
                self.state = State::InReview;
            }
            return Vec::new();
        }
        self.approved_at.get_or_insert(now);
        self.asked_at = None;
        match self.state {
            State::Submitted | State::InReview | State::Approved => {
                self.checked_at = Some(now);
                let blocked = self.blocked_by(around.conflicts);
                let (state, kind, text) = match blocked.is_empty() {
                    true => (
                        State::Scheduled,
                        Kind::Scheduled,
                        "Everybody agrees; it is scheduled".to_owned(),
                    ),
                    false => (State::Approved, Kind::Blocked, in_its_way(&blocked)),
                };
                let is_known = (self.state, state) == (State::Approved, State::Approved);
                self.state = state;
                if is_known { Vec::new() } else { vec![said(now, kind, actor, text)] }
            }
            State::RetroReview => {
                self.state = State::Closed;
                self.closed_at = Some(now);
                vec![said(
                    now,
                    Kind::Closed,
                    actor,
                    "Everybody agreed afterwards; it is closed".to_owned(),
                )]
            }
            _ => Vec::new(),
        }
    }
}

/// What it waits for, in words.
fn in_its_way(blocked: &[&Conflict]) -> String {
    let all: Vec<_> = blocked.iter().map(|one| one.text.as_str()).collect();
    format!("Everybody agrees, and something is in its way: {}", all.join("; "))
}

/// What a command makes of a change, and what happened, in order.
///
/// # Errors
/// [`Refusal`] names the rule.
pub fn obey(
    mut change: Change,
    command: Command,
    by: &By,
    around: &Surroundings<'_>,
    now: Timestamp,
) -> Result<(Change, Vec<Entry>), Refusal> {
    let decides = matches!(command, Command::Approve { .. } | Command::Reject { .. });
    if !decides && !change.is_party(by, around.directory) {
        return Err(Refusal::NoParty);
    }
    let entries = match command {
        Command::Edit { plan } => edit(&mut change, *plan, by, around, now)?,
        Command::Submit { excuse } => submit(&mut change, &excuse, by, around, now)?,
        Command::Approve { approver, team, revision, note } => {
            review::approve(&mut change, (approver, team), revision, note, by, around, now)?
        }
        Command::Reject { revision, reason } => {
            review::reject(&mut change, revision, reason, by, around, now)?
        }
        Command::Override { reason } => go_on(&mut change, &reason, by, around, now)?,
        Command::Record { started_at, ended_at, outcome } => {
            perform::record(&mut change, (started_at, ended_at), outcome, by, around, now)?
        }
        doing => perform::perform(&mut change, doing, by, around, now)?,
    };
    change.version += 1;
    Ok((change, entries))
}

fn edit(
    change: &mut Change,
    plan: Plan,
    by: &By,
    around: &Surroundings<'_>,
    now: Timestamp,
) -> Result<Vec<Entry>, Refusal> {
    if !change.may_be_edited() {
        return Err(Refusal::WrongState { state: change.state, what: "edited" });
    }
    let touched = change.plan.changed_parts(&plan);
    // Why it might go on was said of another time, service or person.
    if [Part::Window, Part::Scope, Part::Technician].iter().any(|part| touched.contains(part)) {
        change.overrides.clear();
    }
    change.plan = plan;
    if !change.state.is_ahead() {
        if change.state == State::Rejected {
            change.state = State::Draft;
        }
        if !change.decisions.is_empty() && !touched.is_empty() {
            change.revision += 1;
            approval::void(&mut change.decisions, &touched);
        }
        return Ok(vec![said(now, Kind::Edited, &by.actor, "Edited".to_owned())]);
    }
    if touched.is_empty() {
        return Ok(vec![said(
            now,
            Kind::Edited,
            &by.actor,
            "Edited, in nothing that was agreed to".to_owned(),
        )]);
    }
    change.revision += 1;
    let voided = approval::void(&mut change.decisions, &touched);
    let parts: Vec<_> = touched.iter().map(|part: &Part| part.name()).collect();
    let mut text = format!("Revision {}: {} changed", change.revision, parts.join(", "));
    if !voided.is_empty() {
        let whose: Vec<_> = voided.iter().map(|one| one.in_words()).collect();
        text.push_str(&format!("; to be given again: {}", whose.join(", ")));
    }
    change.approved_at = None;
    let was_emergent = change.is_emergent();
    change.reassess(around, now);
    let blocking = blocking(change.findings(around, now));
    if !blocking.is_empty() {
        return Err(Refusal::Incomplete(blocking));
    }
    let mut entries = vec![said(now, Kind::Edited, &by.actor, text)];
    entries.extend(emergent_entry(was_emergent, change, now));
    let is_agreed = change.decisions.iter().any(|one| one.is_approval && !one.is_void);
    change.state = if is_agreed { State::InReview } else { State::Submitted };
    change.asked_at = Some(now);
    entries.extend(change.advance(&by.actor, around, now));
    Ok(entries)
}

/// Lets it go on although something is in its way.
fn go_on(
    change: &mut Change,
    reason: &str,
    by: &By,
    around: &Surroundings<'_>,
    now: Timestamp,
) -> Result<Vec<Entry>, Refusal> {
    if !change.state.is_ahead() {
        return Err(Refusal::WrongState { state: change.state, what: "let go on" });
    }
    if !approval::is_useful(reason) {
        return Err(Refusal::NoReason("it goes on all the same, in a sentence (X9)"));
    }
    let blocked = change.blocked_by(around.conflicts);
    if blocked.is_empty() {
        return Err(Refusal::Unblocked);
    }
    let new: Vec<_> = blocked.iter().map(|one| overridden(one, reason, by, now)).collect();
    let what: Vec<_> = new.iter().map(|one| one.text.as_str()).collect();
    let text = format!("Goes on although {}", what.join("; "));
    let mut entries = vec![said(now, Kind::Overridden, &by.actor, with(&text, reason))];
    change.overrides.extend(new);
    if change.state == State::Approved {
        entries.extend(change.advance(&by.actor, around, now));
    }
    Ok(entries)
}

fn overridden(conflict: &Conflict, reason: &str, by: &By, now: Timestamp) -> Override {
    Override {
        key: conflict.key(),
        text: conflict.text.clone(),
        reason: reason.trim().to_owned(),
        by: by.actor.clone(),
        at: now,
    }
}

fn emergent_entry(was: bool, change: &Change, now: Timestamp) -> Option<Entry> {
    let text = match (was, change.is_emergent()) {
        (false, true) => "Emergent: not wholly approved 48 hours before its beginning",
        (true, false) => "No longer emergent",
        _ => return None,
    };
    Some(said(now, Kind::Emergent, &Actor::System, text.to_owned()))
}

fn blocking(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.retain(|one| one.is_blocking);
    findings
}

fn submit(
    change: &mut Change,
    excuse: &str,
    by: &By,
    around: &Surroundings<'_>,
    now: Timestamp,
) -> Result<Vec<Entry>, Refusal> {
    change.must_be(&[State::Draft, State::Rejected], "submitted")?;
    let blocking = blocking(change.findings(around, now));
    if !blocking.is_empty() {
        return Err(Refusal::Incomplete(blocking));
    }
    // A decision that stands is one about this wording; what was rejected is asked anew.
    for decision in change.decisions.iter_mut().filter(|one| !one.is_approval) {
        decision.is_void = true;
    }
    let assessment = change.assess(around, now);
    let is_late = assessment.notice_until.is_some_and(|until| now > until);
    let mut text = format!("Submitted: {}", assessment.because.join("; "));
    if is_late {
        if excuse.trim().is_empty() {
            return Err(Refusal::ShortNotice {
                row: assessment.row,
                notice: assessment.notice.in_words(),
                until: assessment.notice_until.unwrap_or(now),
            });
        }
        change.excuse = excuse.trim().to_owned();
        text.push_str(&format!("; announced late: {}", change.excuse));
    }
    change.state = State::Submitted;
    change.submitted_at = Some(now);
    change.asked_at = Some(now);
    let was_emergent = false;
    change.assessment = Some(assessment);
    let mut entries = vec![said(now, Kind::Submitted, &by.actor, text)];
    entries.extend(emergent_entry(was_emergent, change, now));
    entries.extend(change.advance(&by.actor, around, now));
    Ok(entries)
}

/// A change whose exception is over: what its row asks for is asked for again. What has begun, or is
/// nobody's to agree to any more, stays as it is.
pub fn ask_anew(
    mut change: Change,
    why: &str,
    around: &Surroundings<'_>,
    now: Timestamp,
) -> (Change, Vec<Entry>) {
    if !change.state.is_ahead() {
        return (change, Vec::new());
    }
    let was_emergent = change.is_emergent();
    change.approved_at = None;
    change.reassess(around, now);
    change.state = State::Submitted;
    change.asked_at = Some(now);
    let because = change.assessment.as_ref().map(|one| one.because.join("; ")).unwrap_or_default();
    let text = format!("Asked anew, because {why}: {because}");
    let mut entries = vec![said(now, Kind::Submitted, &Actor::System, text)];
    entries.extend(emergent_entry(was_emergent, &change, now));
    entries.extend(change.advance(&Actor::System, around, now));
    change.version += 1;
    (change, entries)
}

/// Looks again for what is in its way.
fn checked(change: &mut Change, around: &Surroundings<'_>, now: Timestamp) -> Vec<Entry> {
    if change.state == State::Approved {
        return change.advance(&Actor::System, around, now);
    }
    change.checked_at = Some(now);
    let blocked = change.blocked_by(around.conflicts);
    if blocked.is_empty() {
        return Vec::new();
    }
    change.state = State::Approved;
    vec![said(now, Kind::Blocked, &Actor::System, in_its_way(&blocked))]
}

/// What time makes of a change: who is asked is reminded, it becomes emergent, what is in its way
/// is looked for, it counts as monitored, or its time passes. Nothing where nothing is due.
pub fn tick(
    mut change: Change,
    around: &Surroundings<'_>,
    now: Timestamp,
) -> Option<(Change, Vec<Entry>)> {
    if change.next_at().is_none_or(|at| at > now) {
        return None;
    }
    let mut entries = Vec::new();
    let system = Actor::System;
    if change.state.is_ahead() && change.plan.end.is_some_and(|end| end <= now) {
        change.state = State::Expired;
        change.closed_at = Some(now);
        let text = "Its time passed before it was begun".to_owned();
        entries.push(said(now, Kind::Expired, &system, text));
    }
    if change.state.is_ahead() && change.approved_at.is_none() {
        let was_emergent = change.is_emergent();
        change.reassess(around, now);
        entries.extend(emergent_entry(was_emergent, &change, now));
    }
    if change.state.is_ahead() && change.is_check_due(now) {
        entries.extend(checked(&mut change, around, now));
    }
    let monitored = change.ended_at.and_then(|at| at.checked_add(MONITORED_AFTER).ok());
    if change.state == State::Resolved && monitored.is_some_and(|at| at <= now) {
        change.state = State::Monitored;
        let text = "Nothing was said against it for an hour".to_owned();
        entries.push(said(now, Kind::Monitored, &system, text));
    }
    let timeout = change.open_requirements().iter().map(|one| one.timeout_secs).min();
    let is_due = timeout.zip(change.asked_at).is_some_and(|(timeout, asked)| {
        now.duration_since(asked) >= SignedDuration::from_secs(timeout)
    });
    if is_due {
        change.asked_at = Some(now);
        entries.push(said(
            now,
            Kind::Reminded,
            &system,
            "Those who are asked were reminded".to_owned(),
        ));
    }
    change.version += 1;
    Some((change, entries))
}
