//! What may have caused an incident (`X15`): what happened before it on its service and around it,
//! ranked by suspicion. Each suspect says in words why it stands where it does. Nothing here decides
//! what the cause was; people do.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::id::ServiceId;
use crate::org::dependency::{STEPS_MAX, Side, around, needed_by_count};
use crate::org::directory::Directory;
use crate::time::format_duration;

/// How far back is looked unless somebody asks otherwise.
pub const LOOKS_BACK_DEFAULT: SignedDuration = SignedDuration::from_hours(24);
/// The least that is looked back.
pub const LOOKS_BACK_MIN: SignedDuration = SignedDuration::from_hours(1);
/// The furthest that is looked back.
pub const LOOKS_BACK_MAX: SignedDuration = SignedDuration::from_hours(14 * 24);
/// How long before the time that is looked back over a change may have begun to be found if it
/// ended within.
pub const LASTS_MAX: SignedDuration = SignedDuration::from_hours(6);
/// How long after the beginning of an incident something may be planned for that somebody may have
/// begun too early.
pub const EARLY_MAX: SignedDuration = SignedDuration::from_mins(15);

/// The points of something on the service itself at the very instant.
const WHOLE: u64 = 1_000;
/// After so many minutes the time counts half.
const HALF_MINUTES: u64 = 60;
/// What one service downstream adds, in thousandths, and the most that count.
const BLAST_EACH: u64 = 10;
const BLAST_MOST: u64 = 20;
/// What each time adds that something like it was the cause, in thousandths, and the most that count.
const HISTORY_EACH: u64 = 150;
const HISTORY_MOST: u64 = 3;
/// What it adds that it went wrong, in thousandths.
const WENT_WRONG: u64 = 300;
/// What it takes away that nobody said that it began, in thousandths.
const NOT_BEGUN: u64 = 500;

/// Where an organisation looks for what caused an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// How far back unless somebody asks otherwise.
    pub back: SignedDuration,
    /// The environments that count; see [`environment::counts`](super::environment::counts).
    pub environments: Vec<String>,
}

impl Default for Search {
    fn default() -> Self {
        Self { back: LOOKS_BACK_DEFAULT, environments: Vec::new() }
    }
}

/// What kind of thing a candidate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// A change event.
    Event,
    /// A change that was planned.
    Planned,
    /// Another incident.
    Incident,
}

names!(Source {
    Event = "event",
    Planned = "planned",
    Incident = "incident",
});

/// What somebody found out about a suspect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mark {
    /// It may have been the cause.
    Suspect,
    /// It was not the cause.
    RuledOut,
    /// It was the cause.
    Cause,
}

names!(Mark {
    Suspect = "suspect",
    RuledOut = "ruled_out",
    Cause = "cause",
});

impl Mark {
    /// Where what is marked so stands among suspects; what nobody marked has the place 2.
    pub fn place(self) -> u8 {
        match self {
            Self::Cause => 0,
            Self::Suspect => 1,
            Self::RuledOut => 3,
        }
    }
}

/// Something that may have been the cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// What kind of thing.
    pub source: Source,
    /// Which one.
    pub key: Uuid,
    /// What it happened to.
    pub service: ServiceId,
    /// When it began.
    pub from: Timestamp,
    /// When it ended; none while it goes on.
    pub to: Option<Timestamp>,
    /// Whether it failed, was taken back, or is an incident that is not over.
    pub went_wrong: bool,
    /// How often something of its class was found to be a cause before.
    pub caused: u32,
    /// Whether somebody said that it began, rather than that it was planned for then.
    pub has_begun: bool,
}

/// Why a suspect stands where it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It was going on when the incident began.
    GoingOn,
    /// It was planned for that time, and nobody said that it began.
    NotBegun,
    /// It ended so long before.
    Before(SignedDuration),
    /// It happened to the service itself.
    Same,
    /// The service needs what it happened to, so many steps away.
    Upstream(usize),
    /// What it happened to needs the service, so many steps away.
    Downstream(usize),
    /// So many services need what it happened to.
    Blast(usize),
    /// So often something of its class was a cause.
    Caused(u32),
    /// It went wrong.
    WentWrong,
    /// Nothing speaks for it but that somebody marked it.
    Marked,
}

impl Reason {
    /// For people to read.
    pub fn words(self) -> String {
        let steps =
            |steps: usize| if steps == 1 { "1 step".to_owned() } else { format!("{steps} steps") };
        match self {
            Self::GoingOn => "it was going on when the incident began".to_owned(),
            Self::NotBegun => "it was planned for then, and nobody said that it began".to_owned(),
            Self::Before(by) if by < SignedDuration::from_mins(1) => {
                "it ended within a minute before".to_owned()
            }
            Self::Before(by) => {
                let minutes = SignedDuration::from_mins(by.as_mins());
                format!("it ended {} before", format_duration(minutes))
            }
            Self::Same => "it is on the service itself".to_owned(),
            Self::Upstream(away) => format!("the service needs it, {} away", steps(away)),
            Self::Downstream(away) => format!("it needs the service, {} away", steps(away)),
            Self::Blast(1) => "1 service needs what it touched".to_owned(),
            Self::Blast(count) => format!("{count} services need what it touched"),
            Self::Caused(1) => "something like it was a cause once before".to_owned(),
            Self::Caused(times) => format!("something like it was a cause {times} times before"),
            Self::WentWrong => "it went wrong".to_owned(),
            Self::Marked => "somebody marked it".to_owned(),
        }
    }
}

/// A candidate with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspect {
    /// What.
    pub candidate: Candidate,
    /// How suspicious it is; more is worse, and only the order means something.
    pub points: u64,
    /// On which side of the service; none on the service itself.
    pub side: Option<Side>,
    /// How many steps away.
    pub steps: usize,
    /// Why, the weightiest first.
    pub reasons: Vec<Reason>,
}

/// The surroundings of a service that suspicion goes by.
#[derive(Debug, Clone)]
pub struct Surroundings {
    places: HashMap<ServiceId, (Option<Side>, usize)>,
    blast: HashMap<ServiceId, usize>,
}

impl Surroundings {
    /// The surroundings of a service, as far as dependencies are followed.
    pub fn of(directory: &Directory, service: ServiceId) -> Self {
        let around = around(directory, service, STEPS_MAX);
        let mut places: HashMap<_, _> =
            around.iter().map(|one| (one.service, (Some(one.side), one.steps))).collect();
        places.insert(service, (None, 0));
        let services: Vec<_> = places.keys().copied().collect();
        Self { places, blast: needed_by_count(directory, &services) }
    }

    /// The services whose changes can be suspects.
    pub fn services(&self) -> Vec<ServiceId> {
        let mut services: Vec<_> = self.places.keys().copied().collect();
        services.sort_unstable();
        services
    }
}

impl Suspect {
    /// Something that is no suspect by itself, and that somebody marked all the same.
    pub fn marked(candidate: Candidate) -> Self {
        Self { candidate, points: 0, side: None, steps: 0, reasons: vec![Reason::Marked] }
    }
}

/// Ranks what may have caused an incident that began at `began`: the most suspicious first. What began
/// after it, ended more than `back` before it, or stands in no connection to its service is no suspect;
/// what was planned for right after it may have been begun early. What happened to several services
/// is given once for each of them, and stands once, by the most suspicious.
pub fn rank(
    surroundings: &Surroundings,
    began: Timestamp,
    back: SignedDuration,
    candidates: impl IntoIterator<Item = Candidate>,
) -> Vec<Suspect> {
    let judged = candidates.into_iter().filter_map(|one| judge(surroundings, began, back, one));
    let mut suspects: Vec<_> = judged.collect();
    suspects.sort_by_key(|one| {
        let Candidate { source, key, from, to, .. } = one.candidate;
        (Reverse(one.points), one.steps, Reverse(to.unwrap_or(began)), Reverse(from), source, key)
    });
    let mut known = HashSet::new();
    suspects.retain(|one| known.insert((one.candidate.source, one.candidate.key)));
    suspects
}

fn judge(
    surroundings: &Surroundings,
    began: Timestamp,
    back: SignedDuration,
    candidate: Candidate,
) -> Option<Suspect> {
    let (side, steps) = surroundings.places.get(&candidate.service).copied()?;
    let early = if candidate.has_begun { SignedDuration::ZERO } else { EARLY_MAX };
    if candidate.from > began.saturating_add(early).unwrap_or(Timestamp::MAX) {
        return None;
    }
    let before = match candidate.to {
        Some(to) if to < began => Some(began.duration_since(to)),
        _ => None,
    };
    if before.is_some_and(|before| before > back) {
        return None;
    }
    let blast = surroundings.blast.get(&candidate.service).copied().unwrap_or(0);
    let now = if candidate.has_begun { Reason::GoingOn } else { Reason::NotBegun };
    let mut reasons = vec![before.map_or(now, Reason::Before)];
    reasons.push(match side {
        None => Reason::Same,
        Some(Side::Upstream) => Reason::Upstream(steps),
        Some(Side::Downstream) => Reason::Downstream(steps),
    });
    if candidate.went_wrong {
        reasons.push(Reason::WentWrong);
    }
    if candidate.caused > 0 {
        reasons.push(Reason::Caused(candidate.caused));
    }
    if blast > 0 {
        reasons.push(Reason::Blast(blast));
    }
    let points = points(before.unwrap_or_default(), side, steps, blast, &candidate);
    Some(Suspect { candidate, points, side, steps, reasons })
}

/// Time and distance divide, what else is known multiplies: nothing makes up for what happened long
/// ago and far away.
fn points(
    before: SignedDuration,
    side: Option<Side>,
    steps: usize,
    blast: usize,
    candidate: &Candidate,
) -> u64 {
    let minutes = u64::try_from(before.as_mins()).unwrap_or(0);
    let steps = u64::try_from(steps).unwrap_or(u64::MAX).min(1_000);
    // What the service needs is likelier to hurt it than what needs it.
    let far = match side {
        None => 2,
        Some(Side::Upstream) => 2 + steps,
        Some(Side::Downstream) => 3 + 2 * steps,
    };
    let blast = u64::try_from(blast).unwrap_or(u64::MAX).min(BLAST_MOST) * BLAST_EACH;
    let history = u64::from(candidate.caused).min(HISTORY_MOST) * HISTORY_EACH;
    let wrong = if candidate.went_wrong { WENT_WRONG } else { 0 };
    let idle = if candidate.has_begun { 0 } else { NOT_BEGUN };
    let more = WHOLE + blast + history + wrong - idle;
    // In thousandths, so that whole minutes and steps still tell after the division.
    WHOLE * more * HALF_MINUTES * 2 / ((HALF_MINUTES + minutes) * far)
}

#[cfg(test)]
mod tests;
