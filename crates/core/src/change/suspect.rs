//! What may have caused an incident (`X15`): what happened before it on its service and around it,
//! ranked by suspicion. Each suspect says in words why it stands where it does. Nothing here decides
//! what the cause was; people do.

use std::cmp::Reverse;
use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::id::ServiceId;
use crate::org::dependency::{STEPS_MAX, Side, around, needed_by_count};
use crate::org::directory::Directory;
use crate::time::format_duration;

/// How far back is looked unless somebody asks otherwise.
pub const LOOKS_BACK_DEFAULT: SignedDuration = SignedDuration::from_hours(24);
/// The furthest that is looked back.
pub const LOOKS_BACK_MAX: SignedDuration = SignedDuration::from_hours(14 * 24);
/// How long before the time that is looked back over a change may have begun to be found if it
/// ended within.
pub const LASTS_MAX: SignedDuration = SignedDuration::from_hours(6);

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
}

/// Why a suspect stands where it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It was going on when the incident began.
    GoingOn,
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
}

impl Reason {
    /// For people to read.
    pub fn words(self) -> String {
        let steps =
            |steps: usize| if steps == 1 { "1 step".to_owned() } else { format!("{steps} steps") };
        match self {
            Self::GoingOn => "it was going on when the incident began".to_owned(),
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

/// Ranks what may have caused an incident that began at `began`: the most suspicious first. What began
/// after it, ended more than `back` before it, or stands in no connection to its service is no suspect.
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
    suspects
}

fn judge(
    surroundings: &Surroundings,
    began: Timestamp,
    back: SignedDuration,
    candidate: Candidate,
) -> Option<Suspect> {
    let (side, steps) = surroundings.places.get(&candidate.service).copied()?;
    if candidate.from > began {
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
    let mut reasons = vec![before.map_or(Reason::GoingOn, Reason::Before)];
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
    let more = WHOLE + blast + history + wrong;
    // In thousandths, so that whole minutes and steps still tell after the division.
    WHOLE * more * HALF_MINUTES * 2 / ((HALF_MINUTES + minutes) * far)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::PolicyId;
    use crate::org::directory::Table;
    use crate::org::service::Service;
    use proptest::prelude::*;

    const BACK: SignedDuration = SignedDuration::from_hours(24);

    fn id(number: u128) -> ServiceId {
        ServiceId(Uuid::from_u128(number))
    }

    fn t(minute: i64) -> Timestamp {
        Timestamp::from_second(1_760_000_000 + 60 * minute).unwrap()
    }

    /// A chain in which each service needs the next: 1 -> 2 -> ... -> 9.
    fn chain() -> Directory {
        let services = (1..=9_u128).map(|number| Service {
            depends_on: if number < 9 { vec![id(number + 1)] } else { vec![] },
            ..Service::new(id(number), format!("s{number}"), PolicyId(Uuid::nil()))
        });
        Directory { services: Table::new(services.collect()), ..Directory::default() }
    }

    fn candidate(key: u128, service: u128, minute: i64) -> Candidate {
        Candidate {
            source: Source::Event,
            key: Uuid::from_u128(key),
            service: id(service),
            from: t(minute),
            to: Some(t(minute)),
            went_wrong: false,
            caused: 0,
        }
    }

    fn candidates() -> impl Strategy<Value = Vec<Candidate>> {
        let one = (1..12_u128, 0..1_500_i64, 0..90_i64, any::<bool>(), 0..6_u32, any::<bool>());
        let one = one.prop_map(|(service, minute, length, went_wrong, caused, ends)| Candidate {
            to: ends.then(|| t(minute + length)),
            went_wrong,
            caused,
            ..candidate(0, service, minute)
        });
        prop::collection::vec(one, 0..40).prop_map(|mut all| {
            for (key, one) in (1_u128..).zip(&mut all) {
                one.key = Uuid::from_u128(key);
            }
            all
        })
    }

    proptest! {
        #[test]
        fn the_order_is_total_and_does_not_hang_on_how_candidates_are_given(all in candidates()) {
            let around = Surroundings::of(&chain(), id(4));
            let ranked = rank(&around, t(1_440), BACK, all.clone());
            prop_assert_eq!(&ranked, &rank(&around, t(1_440), BACK, all.into_iter().rev()));
            prop_assert!(ranked.is_sorted_by(|a, b| a.points >= b.points));
            for one in &ranked {
                prop_assert!(one.candidate.from <= t(1_440) && one.reasons.len() >= 2);
            }
        }

        #[test]
        fn what_ended_longer_before_is_never_more_suspicious(
            one in candidates(), earlier in 1..600_i64,
        ) {
            let around = Surroundings::of(&chain(), id(4));
            for one in one {
                let Some(to) = one.to else { continue };
                let by = SignedDuration::from_mins(earlier);
                let before = Candidate { from: one.from - by, to: Some(to - by), ..one };
                let points = |one| rank(&around, t(1_600), BACK * 9, [one]).first().map(|s| s.points);
                prop_assert!(points(before) <= points(one));
            }
        }

        #[test]
        fn what_is_further_away_on_one_side_is_never_more_suspicious(
            minute in 0..1_440_i64, near in 0..4_u128, further in 1..3_u128,
        ) {
            // No blast: it grows with the distance upstream, and is a reason of its own.
            let around = Surroundings { blast: HashMap::new(), ..Surroundings::of(&chain(), id(4)) };
            let points = |service: u128| {
                rank(&around, t(1_440), BACK, [candidate(1, service, minute)]).first().map(|s| s.points)
            };
            let upstream = (points(4 + near), points(4 + near + further));
            prop_assert!(upstream.1 <= upstream.0, "{upstream:?}");
            let downstream = (points(4 - near.min(2)), points(4 - (near.min(2) + 1)));
            prop_assert!(downstream.1 <= downstream.0, "{downstream:?}");
        }
    }

    #[test]
    fn the_last_deploy_of_the_service_itself_stands_first_and_says_why() {
        let around = Surroundings::of(&chain(), id(4));
        let all = [
            candidate(1, 4, 1_000),
            candidate(2, 5, 1_436),
            candidate(3, 4, 1_436),
            candidate(4, 3, 1_438),
            candidate(5, 11, 1_439),
            candidate(6, 4, 1_441),
        ];
        let ranked = rank(&around, t(1_440), BACK, all);
        let keys: Vec<_> = ranked.iter().map(|one| one.candidate.key.as_u128()).collect();
        assert_eq!(keys, [3, 2, 4, 1], "what came after or stands alone is no suspect");
        let words: Vec<_> = ranked[1].reasons.iter().map(|reason| reason.words()).collect();
        assert_eq!(
            words,
            [
                "it ended 4m before",
                "the service needs it, 1 step away",
                "4 services need what it touched"
            ]
        );
    }

    #[test]
    fn going_wrong_and_having_been_a_cause_tell_two_alike_apart() {
        let around = Surroundings::of(&chain(), id(4));
        let plain = candidate(1, 4, 1_400);
        let failed = Candidate { went_wrong: true, ..candidate(2, 4, 1_400) };
        let usual = Candidate { caused: 3, ..candidate(3, 4, 1_400) };
        let ranked = rank(&around, t(1_440), BACK, [plain, failed, usual]);
        let keys: Vec<_> = ranked.iter().map(|one| one.candidate.key.as_u128()).collect();
        assert_eq!(keys, [3, 2, 1]);
    }
}
