//! The weekly audit of changes (`X14`, `M2`, `X8`): how good their plans are, whether notice was kept and
//! customers were told, whether they kept to their times, how many were emergent, which of them a sev2
//! excused and why that may be doubted, and what they broke. Each change is judged by itself; figures of
//! a week, a team or of all are sums over what was judged. Which changes and incidents are looked at,
//! and who may see them, is the caller's business.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::cause::{self, Caused};
use super::lint::{self, Score};
use super::notice::Notice;
use super::policy::Approver;
use super::record::{Change, Origin, Outcome, State};
use crate::id::{ServiceId, TeamId};
use crate::incident::impact;
use crate::incident::lifecycle::Incident;
use crate::learning::metric::Distribution;
use crate::org::dependency::around;
use crate::org::directory::Directory;

/// How far from its planned beginning a change may really begin and still keep to its times.
pub const SCHEDULE_TOLERANCE: SignedDuration = SignedDuration::from_mins(15);
/// The severity that excuses some emergent changes; what is worse exempts them, what is milder excuses
/// nothing.
pub const EXCUSING: u8 = 2;
/// The fields that are scored.
pub const FIELDS: [&str; 8] =
    ["tier", "window", "impact", "timeline", "rollback", "benefit", "contacts", "customers"];
/// The most points of one field.
pub const POINTS_MAX: i32 = 2;

/// Why it may be doubted that a sev2 excuses a change that went around the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Doubt {
    /// The incident is milder than a sev2 by now.
    Milder,
    /// Muster heard of the incident only after the change was written.
    Later,
    /// Customers were well again before the change was submitted.
    Over,
    /// The change touches nothing that the incident hit, and nothing next to it.
    Elsewhere,
}

names!(Doubt {
    Milder = "milder",
    Later = "later",
    Over = "over",
    Elsewhere = "elsewhere",
});

impl Doubt {
    /// In words.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Milder => "the incident is milder than a sev2",
            Self::Later => "the incident was reported after the change was written",
            Self::Over => "customers were well again before the change was submitted",
            Self::Elsewhere => {
                "the change touches nothing that the incident hit, nor its neighbours"
            }
        }
    }
}

/// An incident that a change went around the process for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excuse {
    /// Its number.
    pub incident: i64,
    /// Why that may be doubted; a good excuse where nothing is.
    pub doubts: Vec<Doubt>,
}

/// Whether something was asked for, and done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kept {
    /// It was not asked for, or cannot be known yet.
    NotAsked,
    /// It was.
    Yes,
    /// It was not.
    No,
}

names!(Kept { NotAsked = "not_asked", Yes = "yes", No = "no" });

impl Kept {
    fn of(is_asked: bool, is_done: bool) -> Self {
        match (is_asked, is_done) {
            (false, _) => Self::NotAsked,
            (true, true) => Self::Yes,
            (true, false) => Self::No,
        }
    }
}

/// What is known of one change.
#[derive(Debug, Clone)]
pub struct Known<'a> {
    /// The change.
    pub change: &'a Change,
    /// The incident that its plan names, if the reader sees it.
    pub incident: Option<&'a Incident>,
    /// The incidents that it is marked as the cause of, as far as the reader sees them.
    pub caused: Vec<&'a Incident>,
}

/// One change, judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// For people.
    pub number: i64,
    /// The Monday of its week, on the organisation's clocks.
    pub week: Date,
    /// The team of its service.
    pub team: Option<TeamId>,
    /// How good its plan is, over eight fields.
    pub scores: Vec<Score>,
    /// Whether it was announced as long before as its row asks for.
    pub notice: Kept,
    /// Whether the customers that it meets were told.
    pub told: Kept,
    /// Whether the customers who are asked agreed.
    pub approved: Kept,
    /// Whether it kept to its times.
    pub schedule: Kept,
    /// How much later than planned it began; negative for earlier.
    pub slip: Option<SignedDuration>,
    /// How long it really took.
    pub took: Option<SignedDuration>,
    /// Whether it was emergent.
    pub is_emergent: bool,
    /// How it came about.
    pub origin: Origin,
    /// How it went.
    pub outcome: Option<Outcome>,
    /// The exception that it was held to, by its number.
    pub exception: Option<i64>,
    /// Why something in its way did not hold it up, so many times.
    pub overrides: usize,
    /// The sev2 that excused it.
    pub excuse: Option<Excuse>,
    /// The numbers of the incidents that it caused.
    pub caused: Vec<i64>,
    /// How long their outages lasted together.
    pub outage: SignedDuration,
}

/// Many of something asked for, and how many of them done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Share {
    /// Of so many it was asked.
    pub asked: usize,
    /// So many did it.
    pub kept: usize,
}

impl Share {
    fn add(&mut self, kept: Kept) {
        match kept {
            Kept::NotAsked => {}
            Kept::Yes => {
                self.asked += 1;
                self.kept += 1;
            }
            Kept::No => self.asked += 1,
        }
    }
}

/// The figures of some changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Figures {
    /// How many.
    pub changes: usize,
    /// Those that were planned in time.
    pub planned: usize,
    /// Those that were emergent.
    pub emergent: usize,
    /// Those that were written down after the fact, for a sev1.
    pub after_the_fact: usize,
    /// Of all, those that could not wait for those who must agree.
    pub fix_first: usize,
    /// Of all, those that an exception spared something.
    pub excepted: usize,
    /// Of all, those that something was in the way of when they went on.
    pub overridden: usize,
    /// The points of their plans together; it may be below zero.
    pub points: i64,
    /// The points of each field together, in the order of [`FIELDS`].
    pub points_by_field: [i64; 8],
    /// Announced in time.
    pub notice: Share,
    /// Customers who were told.
    pub told: Share,
    /// Customers who agreed.
    pub approved: Share,
    /// Kept to its times.
    pub schedule: Share,
    /// Closed or done, and without trouble.
    pub succeeded: Share,
    /// Those that a sev2 excused.
    pub excused: usize,
    /// Of those, the ones whose excuse may be doubted.
    pub doubted: usize,
    /// How long they really took.
    pub time: Distribution,
    /// What they broke.
    pub caused: Caused,
}

impl Figures {
    /// The most points that so many changes can have.
    pub fn points_most(&self) -> i64 {
        let fields = i64::try_from(FIELDS.len()).unwrap_or(0);
        i64::try_from(self.changes).unwrap_or(0) * fields * i64::from(POINTS_MAX)
    }
}

/// When a change begins to count: when it really began, else when it was to begin.
pub fn begins(change: &Change) -> Option<Timestamp> {
    change.started_at.or(change.plan.start)
}

/// The Monday of the week of an instant, on the organisation's clocks.
pub fn week(at: Timestamp, directory: &Directory) -> Date {
    let date = at.to_zoned(directory.timezone.clone()).date();
    let since_monday = i64::from(date.weekday().to_monday_zero_offset());
    date.checked_sub(jiff::Span::new().days(since_monday)).unwrap_or(date)
}

/// Judges a change; none while it is a draft, or was never given a time.
pub fn judge(known: &Known<'_>, directory: &Directory, now: Timestamp) -> Option<Judged> {
    let change = known.change;
    let assessment = change.assessment.as_ref()?;
    change.submitted_at?;
    let begins = begins(change)?;
    let plan = &change.plan;
    let findings = lint::findings(plan, assessment, directory, now, true);
    let is_after = change.origin == Origin::AfterTheFact;
    let has_customers = plan.is_company_wide || !plan.customers.is_empty();
    let customers: Vec<_> =
        assessment.requirements.iter().filter(|one| one.approver == Approver::Customer).collect();
    let agreed = customers.iter().all(|one| one.is_met(&change.decisions));
    let slip = change.started_at.zip(plan.start).map(|(began, start)| began.duration_since(start));
    let caused = cause::caused(known.caused.iter().copied(), directory, now);
    let mut numbers: Vec<_> = known.caused.iter().map(|one| one.number).collect();
    numbers.sort_unstable();
    Some(Judged {
        number: change.number,
        week: week(begins, directory),
        team: directory.services.get(plan.service).and_then(|service| service.team),
        scores: lint::quality(plan, assessment, &findings),
        notice: notice(change, is_after),
        told: Kept::of(
            has_customers,
            !plan.customers_told.trim().is_empty() || (!customers.is_empty() && agreed),
        ),
        approved: Kept::of(!customers.is_empty() && !is_withdrawn(change), agreed),
        schedule: schedule(change),
        slip: slip.filter(|_| change.origin == Origin::Planned),
        took: change.started_at.zip(change.ended_at).map(|(from, to)| to.duration_since(from)),
        is_emergent: change.is_emergent() && !is_after,
        origin: change.origin,
        outcome: change.outcome,
        exception: assessment.exception,
        overrides: change.overrides.len(),
        excuse: known.incident.and_then(|one| excuse(change, one, directory)),
        caused: numbers,
        outage: caused.outage,
    })
}

/// Whether it was given up before it was done, so that nobody had to agree any more.
fn is_withdrawn(change: &Change) -> bool {
    matches!(change.state, State::Cancelled | State::Expired | State::Rejected)
}

fn notice(change: &Change, is_after: bool) -> Kept {
    let Some(assessment) = &change.assessment else { return Kept::NotAsked };
    let until = assessment.notice_until.filter(|_| assessment.notice != Notice::Free && !is_after);
    let Some((until, submitted)) = until.zip(change.submitted_at) else { return Kept::NotAsked };
    Kept::of(true, submitted <= until)
}

/// Whether it began within a quarter of an hour of its time and was over by its end. What could not
/// wait, or was written down afterwards, had no time to keep to; what is not done yet is not known.
fn schedule(change: &Change) -> Kept {
    let planned = change.plan.start.zip(change.plan.end);
    let real = change.started_at.zip(change.ended_at);
    let (Origin::Planned, Some((start, end)), Some((began, ended))) =
        (change.origin, planned, real)
    else {
        return Kept::NotAsked;
    };
    let slip = began.duration_since(start).abs();
    Kept::of(true, slip <= SCHEDULE_TOLERANCE && ended <= end)
}

/// The incident that a change went around the process for, where it did and it is no sev1: emergent,
/// begun before people agreed, or announced late.
pub fn excuse(change: &Change, incident: &Incident, directory: &Directory) -> Option<Excuse> {
    let is_around = change.is_emergent()
        || change.origin == Origin::FixFirst
        || notice(change, false) == Kept::No;
    let level = incident.severity.number();
    let is_exempt = change.origin == Origin::AfterTheFact || level < EXCUSING || incident.practice;
    if !is_around || is_exempt {
        return None;
    }
    let stamps = &incident.stamps;
    let restored = stamps.restored_at.or(stamps.resolved_at);
    let submitted = change.submitted_at.unwrap_or(change.created_at);
    let doubts = [
        (Doubt::Milder, level > EXCUSING),
        (Doubt::Later, stamps.detected_at.is_some_and(|at| at > change.created_at)),
        (Doubt::Over, restored.is_some_and(|at| at < submitted)),
        (Doubt::Elsewhere, !is_near(change, incident, directory)),
    ];
    let doubts = doubts.into_iter().filter(|(_, holds)| *holds).map(|(doubt, _)| doubt).collect();
    Some(Excuse { incident: incident.number, doubts })
}

fn is_near(change: &Change, incident: &Incident, directory: &Directory) -> bool {
    let hit: Vec<ServiceId> = impact::affected(incident).collect();
    change.plan.services().any(|own| {
        hit.contains(&own)
            || around(directory, own, 1).iter().any(|next| hit.contains(&next.service))
    })
}

/// The figures of changes that were judged. `incidents` are those that any of them caused, each once.
pub fn figures<'a, 'b>(
    judged: impl IntoIterator<Item = &'a Judged>,
    incidents: impl IntoIterator<Item = &'b Incident>,
    directory: &Directory,
    now: Timestamp,
) -> Figures {
    let mut all = Figures::default();
    let mut took = Vec::new();
    for one in judged {
        all.changes += 1;
        match (one.origin, one.is_emergent) {
            (Origin::AfterTheFact, _) => all.after_the_fact += 1,
            (_, true) => all.emergent += 1,
            (_, false) => all.planned += 1,
        }
        all.fix_first += usize::from(one.origin == Origin::FixFirst);
        all.excepted += usize::from(one.exception.is_some());
        all.overridden += usize::from(one.overrides > 0);
        for (place, field) in FIELDS.iter().enumerate() {
            let of_field = one.scores.iter().filter(|score| score.field == *field);
            let points: i64 = of_field.map(|score| i64::from(score.points)).sum();
            all.points += points;
            if let Some(sum) = all.points_by_field.get_mut(place) {
                *sum += points;
            }
        }
        all.notice.add(one.notice);
        all.told.add(one.told);
        all.approved.add(one.approved);
        all.schedule.add(one.schedule);
        let went = one.outcome.map(|outcome| outcome == Outcome::Success);
        all.succeeded.add(went.map_or(Kept::NotAsked, |well| Kept::of(true, well)));
        if let Some(excuse) = &one.excuse {
            all.excused += 1;
            all.doubted += usize::from(!excuse.doubts.is_empty());
        }
        took.extend(one.took);
    }
    all.time = Distribution::of(took);
    all.caused = cause::caused(incidents, directory, now);
    all
}
