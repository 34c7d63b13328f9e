//! A change as it stands (`X1`, `X4`): its plan with its revision, who decided what, when it really began
//! and ended, and what happened to it. What a command makes of it is [`super::lifecycle`]'s to say.

use jiff::{SignedDuration, Timestamp};

use super::approval::{self, Around, Assessment, Decision, Requirement};
use super::conflict::Conflict;
use super::exception::Earned;
use super::lint::{self, Finding, Score};
use super::notice::EMERGENT_AFTER;
use super::plan::{Plan, Step};
use super::risk::History;
use crate::id::{ChangeId, UserId};
use crate::incident::severity::Level;
use crate::incident::timeline::Actor;
use crate::org::directory::Directory;

/// How long a change is looked at after it was done, until it counts as monitored.
pub const MONITORED_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// How long before its beginning a change is checked again for what is in its way (`X9`).
pub const CHECKED_BEFORE: SignedDuration = EMERGENT_AFTER;
/// How often a change that something is in the way of is checked again.
pub const CHECKED_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// Where a change stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// It is written.
    Draft,
    /// It was submitted, and nobody has decided yet.
    Submitted,
    /// Some have agreed.
    InReview,
    /// All have agreed, and something is in its way.
    Approved,
    /// All have agreed, and it stands in the calendar.
    Scheduled,
    /// It is being done.
    InProgress,
    /// It is being taken back.
    RollingBack,
    /// It is done.
    Resolved,
    /// It was looked at afterwards.
    Monitored,
    /// It is done, and those who must agree do so now.
    RetroReview,
    /// It is over.
    Closed,
    /// Somebody disagreed; it is its submitter's again.
    Rejected,
    /// It will not be done.
    Cancelled,
    /// Its time passed.
    Expired,
}

names!(State {
    Draft = "draft",
    Submitted = "submitted",
    InReview = "in_review",
    Approved = "approved",
    Scheduled = "scheduled",
    InProgress = "in_progress",
    RollingBack = "rolling_back",
    Resolved = "resolved",
    Monitored = "monitored",
    RetroReview = "retro_review",
    Closed = "closed",
    Rejected = "rejected",
    Cancelled = "cancelled",
    Expired = "expired",
});

impl State {
    /// In words, as in "it is in review".
    pub fn in_words(self) -> String {
        self.name().replace('_', " ")
    }

    /// Whether nothing can happen to it any more.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Closed | Self::Cancelled | Self::Expired)
    }

    /// Whether it was submitted and has not begun.
    pub fn is_ahead(self) -> bool {
        matches!(self, Self::Submitted | Self::InReview | Self::Approved | Self::Scheduled)
    }

    /// Whether it is under way.
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::InProgress | Self::RollingBack)
    }

    /// Whether people are still asked to agree.
    pub fn is_reviewed(self) -> bool {
        matches!(self, Self::Submitted | Self::InReview | Self::RetroReview)
    }
}

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// As it was meant.
    Success,
    /// Done, with trouble.
    Issues,
    /// Not done.
    Failed,
    /// Taken back.
    RolledBack,
}

names!(Outcome {
    Success = "success",
    Issues = "issues",
    Failed = "failed",
    RolledBack = "rolled_back",
});

/// How it came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// It was agreed to and then done.
    Planned,
    /// It could not wait (`X10`).
    FixFirst,
    /// It was written down when it was done, for a sev1 (`X8`).
    AfterTheFact,
}

names!(Origin { Planned = "planned", FixFirst = "fix_first", AfterTheFact = "after_the_fact" });

/// A change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// For programs.
    pub id: ChangeId,
    /// For people.
    pub number: i64,
    /// Where it stands.
    pub state: State,
    /// What is meant to be done.
    pub plan: Plan,
    /// Counts the wordings that people agreed or disagreed to, from 1.
    pub revision: u32,
    /// Who submits it.
    pub submitter: UserId,
    /// How it came about.
    pub origin: Origin,
    /// Why it could not wait, or why it was announced late; empty where neither.
    pub excuse: String,
    /// What the policy said when it was last asked; none in a first draft.
    pub assessment: Option<Assessment>,
    /// What people decided, the oldest first.
    pub decisions: Vec<Decision>,
    /// When it was first written.
    pub created_at: Timestamp,
    /// When it was last submitted.
    pub submitted_at: Option<Timestamp>,
    /// When all had agreed.
    pub approved_at: Option<Timestamp>,
    /// When those who are asked now were asked or last reminded.
    pub asked_at: Option<Timestamp>,
    /// When it really began.
    pub started_at: Option<Timestamp>,
    /// When it was really done.
    pub ended_at: Option<Timestamp>,
    /// When nothing was left to do.
    pub closed_at: Option<Timestamp>,
    /// How it went.
    pub outcome: Option<Outcome>,
    /// When it was last checked for what is in its way, since all had agreed.
    pub checked_at: Option<Timestamp>,
    /// What may be in its way all the same, the oldest first.
    pub overrides: Vec<Override>,
    /// When it began to be taken back.
    pub aborted_at: Option<Timestamp>,
    /// The steps that were done, in the order in which they were.
    pub ticks: Vec<Tick>,
    /// Grows with everything that happens to it.
    pub version: i64,
}

/// Something that may be in a change's way all the same (`X9`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// What, as [`Conflict::key`] has it.
    pub key: String,
    /// What it was, in words.
    pub text: String,
    /// Why.
    pub reason: String,
    /// Who says so.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

/// The steps that are ticked off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Run {
    /// The way there.
    Timeline,
    /// The way back.
    Rollback,
}

names!(Run { Timeline = "timeline", Rollback = "rollback" });

/// A step that somebody did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tick {
    /// Of which steps.
    pub run: Run,
    /// Which, from 0.
    pub place: u32,
    /// Who did it.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

/// What kind of thing happened to a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// It was first written.
    Drafted,
    /// It was worded anew.
    Edited,
    /// People were asked to agree.
    Submitted,
    /// Somebody agreed.
    Approved,
    /// Somebody disagreed.
    Rejected,
    /// All agree, and it stands in the calendar.
    Scheduled,
    /// Those who are asked were reminded.
    Reminded,
    /// It became emergent, or is so no longer.
    Emergent,
    /// It began.
    Started,
    /// It is taken back.
    Aborted,
    /// It is done.
    Finished,
    /// It was looked at.
    Monitored,
    /// It was done, and people are asked to agree now.
    RetroReview,
    /// Nothing is left to do.
    Closed,
    /// It will not be done.
    Cancelled,
    /// Its time passed.
    Expired,
    /// It was marked as the cause of an incident, or no longer.
    Blamed,
    /// All agree, and something is in its way.
    Blocked,
    /// Somebody said why it goes on all the same.
    Overridden,
    /// A step was done, or is not done after all.
    Stepped,
}

names!(Kind {
    Drafted = "drafted",
    Edited = "edited",
    Submitted = "submitted",
    Approved = "approved",
    Rejected = "rejected",
    Scheduled = "scheduled",
    Reminded = "reminded",
    Emergent = "emergent",
    Started = "started",
    Aborted = "aborted",
    Finished = "finished",
    Monitored = "monitored",
    RetroReview = "retro_review",
    Closed = "closed",
    Cancelled = "cancelled",
    Expired = "expired",
    Blamed = "blamed",
    Blocked = "blocked",
    Overridden = "overridden",
    Stepped = "stepped",
});

/// Something that happened to a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What kind of thing.
    pub kind: Kind,
    /// Who did it.
    pub actor: Actor,
    /// In words.
    pub text: String,
}

/// Who gives a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// Who.
    pub actor: Actor,
    /// Whether they administer the installation.
    pub is_admin: bool,
}

/// What a decision looks at besides the change.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// The organisation.
    pub directory: &'a Directory,
    /// How such changes went before.
    pub history: History,
    /// How bad the incident of the plan is or was; none where there is none such.
    pub incident: Option<Level>,
    /// What is in the way of the change, at the time that is decided about.
    pub conflicts: &'a [Conflict],
    /// The exceptions that may hold for it (`X7`).
    pub exceptions: &'a [Earned],
}

/// A new draft.
pub fn draft(
    id: ChangeId,
    plan: Plan,
    submitter: UserId,
    by: &By,
    now: Timestamp,
) -> (Change, Entry) {
    let change = Change {
        id,
        number: 0,
        state: State::Draft,
        plan,
        revision: 1,
        submitter,
        origin: Origin::Planned,
        excuse: String::new(),
        assessment: None,
        decisions: Vec::new(),
        created_at: now,
        submitted_at: None,
        approved_at: None,
        asked_at: None,
        started_at: None,
        ended_at: None,
        closed_at: None,
        outcome: None,
        checked_at: None,
        overrides: Vec::new(),
        aborted_at: None,
        ticks: Vec::new(),
        version: 1,
    };
    let entry =
        Entry { at: now, kind: Kind::Drafted, actor: by.actor.clone(), text: "Drafted".to_owned() };
    (change, entry)
}

impl Change {
    /// What the policy asks of it now.
    pub fn assess(&self, around: &Surroundings<'_>, now: Timestamp) -> Assessment {
        let around = Around {
            directory: around.directory,
            submitter: self.submitter,
            history: around.history,
            approved_at: self.approved_at,
            is_after_the_fact: self.origin == Origin::AfterTheFact,
            exceptions: around.exceptions,
        };
        approval::assess(&self.plan, around, now)
    }

    /// What it lacks.
    pub fn findings(&self, around: &Surroundings<'_>, now: Timestamp) -> Vec<Finding> {
        let is_past = self.origin == Origin::AfterTheFact || !self.may_be_edited();
        lint::findings(&self.plan, &self.assess(around, now), around.directory, now, is_past)
    }

    /// How good its plan is.
    pub fn quality(&self, around: &Surroundings<'_>, now: Timestamp) -> Vec<Score> {
        let assessment = self.assess(around, now);
        lint::quality(&self.plan, &assessment, &self.findings(around, now))
    }

    /// Whether its plan may still be worded anew.
    pub fn may_be_edited(&self) -> bool {
        matches!(self.state, State::Draft | State::Rejected) || self.state.is_ahead()
    }

    /// Whether it is emergent, as last worked out.
    pub fn is_emergent(&self) -> bool {
        self.assessment.as_ref().is_some_and(|one| one.is_emergent)
    }

    /// What it waits for: what blocks it, and nobody said why it goes on all the same.
    pub fn blocked_by<'a>(&self, conflicts: &'a [Conflict]) -> Vec<&'a Conflict> {
        let is_overridden =
            |one: &Conflict| self.overrides.iter().any(|known| known.key == one.key());
        conflicts.iter().filter(|one| one.is_blocking && !is_overridden(one)).collect()
    }

    /// The steps of one way.
    pub fn steps(&self, run: Run) -> &[Step] {
        match run {
            Run::Timeline => &self.plan.timeline,
            Run::Rollback => &self.plan.rollback,
        }
    }

    /// When a step was to be done, counted from the real beginning of its way; none while that has not
    /// begun.
    pub fn planned_at(&self, run: Run, place: u32) -> Option<Timestamp> {
        let began = match run {
            Run::Timeline => self.started_at,
            Run::Rollback => self.aborted_at,
        };
        let step = self.steps(run).get(usize::try_from(place).ok()?)?;
        began?.checked_add(step.at).ok()
    }

    /// When the way back would be over that is begun at its end.
    pub fn back_by(&self) -> Option<Timestamp> {
        let takes = self.plan.rollback_takes.unwrap_or_default();
        self.plan.end.map(|end| end.checked_add(takes).unwrap_or(end))
    }

    /// When it is next checked for what is in its way: 48 hours before its beginning, and each hour
    /// while something is.
    fn next_check(&self) -> Option<Timestamp> {
        match self.state {
            State::Approved => {
                let checked = self.checked_at.unwrap_or(Timestamp::MIN);
                checked.checked_add(CHECKED_EVERY).ok()
            }
            State::Scheduled => {
                let due = self.plan.start?.checked_sub(CHECKED_BEFORE).ok()?;
                self.checked_at.is_none_or(|checked| checked < due).then_some(due)
            }
            _ => None,
        }
    }

    /// Whether it is to be checked now.
    pub(super) fn is_check_due(&self, now: Timestamp) -> bool {
        self.next_check().is_some_and(|at| at <= now)
    }

    /// The agreements that are asked for now.
    pub fn open_requirements(&self) -> Vec<&Requirement> {
        let is_asked =
            self.state.is_reviewed() || (self.origin != Origin::Planned && !self.state.is_over());
        let assessment = self.assessment.as_ref().filter(|_| is_asked);
        assessment.map(|one| one.open(&self.decisions)).unwrap_or_default()
    }

    /// Whether somebody may change it and do it: its submitter and technician, the team of its
    /// service, administrators, and tokens of nobody, which are a pipeline's.
    pub fn is_party(&self, by: &By, directory: &Directory) -> bool {
        let Some(user) = by.actor.user() else {
            return matches!(by.actor, Actor::Token { .. } | Actor::System);
        };
        let of_team = |id| {
            let team = directory.services.get(id).and_then(|service| service.team);
            team.and_then(|team| directory.teams.get(team))
                .is_some_and(|team| team.manager == Some(user) || team.members.contains(&user))
        };
        by.is_admin
            || user == self.submitter
            || Some(user) == self.plan.technician
            || self.plan.services().any(of_team)
    }

    /// When it next needs attention by itself: somebody is to be reminded, it becomes emergent, or its
    /// time passes.
    pub fn next_at(&self) -> Option<Timestamp> {
        let reminder = self.open_requirements().iter().map(|one| one.timeout_secs).min();
        let reminder = reminder.zip(self.asked_at).and_then(|(timeout, asked)| {
            asked.checked_add(SignedDuration::from_secs(timeout)).ok()
        });
        if !self.state.is_ahead() {
            let monitored = self.ended_at.filter(|_| self.state == State::Resolved);
            let monitored = monitored.and_then(|at| at.checked_add(MONITORED_AFTER).ok());
            return [reminder, monitored].into_iter().flatten().min();
        }
        let has_notice =
            self.assessment.as_ref().is_some_and(|one| one.notice != super::notice::Notice::Free);
        let may_be_late = has_notice && self.approved_at.is_none() && !self.is_emergent();
        let start = self.plan.start.filter(|_| may_be_late);
        let emergent = start.and_then(|start| {
            let edge = start.checked_sub(EMERGENT_AFTER).ok()?;
            edge.checked_add(SignedDuration::from_micros(1)).ok()
        });
        [reminder, emergent, self.next_check(), self.plan.end].into_iter().flatten().min()
    }
}
