//! The rules once more, told slowly: handoffs are walked one by one on the calendar, windows are laid
//! out day by day, and gap and fold are spelled out.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZoneDatabase};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::*;

/// Who has an instant, and by which turn: two instants with the same answer share a stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holder {
    Nobody,
    Override { place: usize, user: UserId },
    Layer { place: usize, turn: usize, user: UserId },
}

impl Holder {
    fn user(self) -> Option<UserId> {
        match self {
            Self::Nobody => None,
            Self::Override { user, .. } | Self::Layer { user, .. } => Some(user),
        }
    }
}

struct Oracle<'a> {
    schedule: &'a Schedule,
    handoffs: Vec<Vec<Timestamp>>,
}

impl<'a> Oracle<'a> {
    fn new(schedule: &'a Schedule, until: Timestamp) -> Self {
        let handoffs =
            schedule.layers.iter().map(|layer| walk(&layer.rotation, &schedule.timezone, until));
        Self { schedule, handoffs: handoffs.collect() }
    }

    fn holder(&self, at: Timestamp) -> Holder {
        for (place, replacement) in self.schedule.overrides.iter().enumerate().rev() {
            if (replacement.from..replacement.to).contains(&at) {
                return Holder::Override { place, user: replacement.user };
            }
        }
        for (place, layer) in self.schedule.layers.iter().enumerate().rev() {
            let passed = self.handoffs[place].iter().filter(|handoff| **handoff <= at).count();
            let people = &layer.rotation.participants;
            if passed == 0 || people.is_empty() || !self.is_within(&layer.restrictions, at) {
                continue;
            }
            let turn = passed - 1;
            return Holder::Layer { place, turn, user: people[turn % people.len()] };
        }
        Holder::Nobody
    }

    fn is_within(&self, restrictions: &[Restriction], at: Timestamp) -> bool {
        if restrictions.is_empty() {
            return true;
        }
        let timezone = &self.schedule.timezone;
        let mut day = timezone.to_datetime(at).date();
        for _ in 0..10 {
            day = day.yesterday().unwrap();
        }
        let mut windows: Vec<(DateTime, DateTime)> = Vec::new();
        for _ in 0..20 {
            for restriction in restrictions {
                if restriction.days.is_empty() || restriction.days.contains(&day.weekday()) {
                    let end = if restriction.to <= restriction.from {
                        day.tomorrow().unwrap()
                    } else {
                        day
                    };
                    windows
                        .push((day.to_datetime(restriction.from), end.to_datetime(restriction.to)));
                }
            }
            day = day.tomorrow().unwrap();
        }
        while let Some((a, b)) = touching(&windows) {
            let other = windows.remove(b);
            windows[a] = (windows[a].0.min(other.0), windows[a].1.max(other.1));
        }
        windows
            .iter()
            .any(|(from, to)| resolve(timezone, *from) <= at && at < resolve(timezone, *to))
    }
}

fn touching(windows: &[(DateTime, DateTime)]) -> Option<(usize, usize)> {
    (0..windows.len()).flat_map(|a| (a + 1..windows.len()).map(move |b| (a, b))).find(|(a, b)| {
        let (a, b) = (windows[*a], windows[*b]);
        a.0 <= b.1 && b.0 <= a.1
    })
}

fn walk(rotation: &Rotation, timezone: &TimeZone, until: Timestamp) -> Vec<Timestamp> {
    let (hours, days) = match rotation.every {
        TurnLength::Hours(hours) => (hours, 0),
        TurnLength::Days(days) => (0, days),
        TurnLength::Weeks(weeks) => (0, 7 * weeks),
    };
    let mut day = rotation.start;
    if let (TurnLength::Weeks(_), Some(weekday)) = (rotation.every, rotation.handoff_weekday) {
        while day.weekday() != weekday {
            day = day.tomorrow().unwrap();
        }
    }
    let mut handoff = resolve(timezone, day.to_datetime(rotation.handoff_time));
    let mut handoffs = Vec::new();
    while handoff <= until {
        handoffs.push(handoff);
        for _ in 0..days {
            day = day.tomorrow().unwrap();
        }
        handoff = match hours {
            0 => resolve(timezone, day.to_datetime(rotation.handoff_time)),
            _ => handoff + SignedDuration::from_hours(hours.into()),
        };
    }
    handoffs
}

/// RFC 5545, 3.3.5: a local time that does not exist is read with the offset before the gap; of one
/// that exists twice the first is meant, and that is the one with the offset before the fold.
fn resolve(timezone: &TimeZone, local: DateTime) -> Timestamp {
    let offset = match timezone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset,
        AmbiguousOffset::Gap { before, .. } | AmbiguousOffset::Fold { before, .. } => before,
    };
    offset.to_timestamp(local).unwrap()
}

/// A schedule whose life leads up to a change of offset of its zone, if it has one then, and
/// instants around that change.
#[derive(Debug)]
struct Case {
    schedule: Schedule,
    instants: Vec<Timestamp>,
}

/// Any time on the hour or half hour, and more often one within an hour and a half of the change.
fn clock_time(change: Time) -> impl Strategy<Value = Time> {
    let any = (0..48_i64).prop_map(|half_hours| (Time::midnight(), 30 * half_hours));
    let close = (-9..=9_i64).prop_map(move |tens| (change, 10 * tens));
    prop_oneof![close, any]
        .prop_map(|(time, minutes)| time.wrapping_add(SignedDuration::from_mins(minutes)))
}

fn a_layer(change: DateTime) -> impl Strategy<Value = Layer> {
    let every = prop_oneof![
        (1..30_u32).prop_map(TurnLength::Hours),
        (1..4_u32).prop_map(TurnLength::Days),
        (1..3_u32).prop_map(TurnLength::Weeks),
    ];
    let start = prop_oneof![0..15_i64, 0..400_i64];
    let clock_time = || clock_time(change.time());
    let weekday = proptest::option::of(proptest::sample::select(&WEEK[..]));
    let people = proptest::collection::vec(proptest::sample::select(&[ANA, BO, CY][..]), 0..4);
    let days = proptest::sample::subsequence(&WEEK[..], 0..7);
    let restriction = (days, clock_time(), clock_time()).prop_map(|(days, from, to)| Restriction {
        days,
        from,
        to,
    });
    let restrictions = proptest::collection::vec(restriction, 0..3);
    (every, start, weekday, clock_time(), people, restrictions).prop_map(
        move |(every, days_before, handoff_weekday, handoff_time, participants, restrictions)| {
            let start = change.date() - SignedDuration::from_hours(24 * days_before);
            let rotation = Rotation { every, handoff_weekday, handoff_time, start, participants };
            Layer { name: "turns".into(), rotation, restrictions }
        },
    )
}

fn a_case(timezone: TimeZone) -> impl Strategy<Value = Case> {
    let from = date(1900, 1, 1).to_zoned(TimeZone::UTC).unwrap().timestamp().as_second();
    let to = date(2045, 1, 1).to_zoned(TimeZone::UTC).unwrap().timestamp().as_second();
    prop_oneof![from..to, 1_767_225_600..to].prop_flat_map(move |second| {
        let timezone = timezone.clone();
        let about = Timestamp::from_second(second).unwrap();
        let change = timezone.following(about).next().map_or(about, |next| next.timestamp());
        let around = (-200_000..200_000_i64)
            .prop_map(move |seconds| change + SignedDuration::from_secs(seconds));
        let replacement = (around.clone(), 0..100_000_i64, proptest::bool::ANY).prop_map(
            |(from, seconds, is_ana)| Override {
                user: if is_ana { ANA } else { CY },
                from,
                to: from + SignedDuration::from_secs(seconds),
            },
        );
        let layers = proptest::collection::vec(a_layer(timezone.to_datetime(change)), 0..4);
        let overrides = proptest::collection::vec(replacement, 0..4);
        (layers, overrides, proptest::collection::vec(around, 6)).prop_map(
            move |(layers, overrides, instants)| {
                let mut schedule = schedule("UTC", layers);
                schedule.timezone = timezone.clone();
                schedule.overrides = overrides;
                Case { schedule, instants }
            },
        )
    })
}

const WEEK: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

/// The answers at an instant are the oracle's, its stretch can be made no longer, and the expansion
/// tells the same.
fn check(case: &Case) {
    let nano = SignedDuration::from_nanos(1);
    let first = *case.instants.iter().min().unwrap();
    let last = *case.instants.iter().max().unwrap();
    let oracle = Oracle::new(&case.schedule, last + SignedDuration::from_hours(24 * 60));
    let expanded = shifts(&case.schedule, first, last + nano);
    assert!(expanded.iter().all(|shift| shift.from < shift.to));
    assert!(expanded.windows(2).all(|pair| pair[0].to <= pair[1].from), "{expanded:?}");
    let edges = expanded.iter().flat_map(|shift| [shift.from, shift.to, shift.to - nano]);
    let instants = case.instants.iter().copied().chain(edges);
    for at in instants {
        let answer = on_call_at(&case.schedule, at);
        let holder = oracle.holder(at);
        assert_eq!(answer.first().map(|shift| shift.user), holder.user(), "at {at}");
        if (first..=last).contains(&at) {
            let told = expanded.iter().find(|shift| shift.from <= at && at < shift.to);
            assert_eq!(told, answer.first(), "at {at}");
        }
        let change = next_change(&case.schedule, at);
        if let Some(shift) = answer.first() {
            assert_eq!(change, Some(shift.to), "at {at}");
            assert_eq!(oracle.holder(shift.from), holder, "{at} since {}", shift.from);
            assert_ne!(oracle.holder(shift.from - nano), holder, "{at} since {}", shift.from);
        }
        if let Some(change) = change.filter(|change| *change < last) {
            assert_eq!(oracle.holder(change - nano), holder, "{at} until {change}");
            assert_ne!(oracle.holder(change), holder, "{at} until {change}");
        }
    }
}

#[test]
fn every_time_zone_agrees_with_the_calendar_walked_day_by_day() {
    let zones = TimeZoneDatabase::bundled();
    let names: Vec<_> = zones.available().collect();
    assert!(names.len() > 400, "only {} zones", names.len());
    for (place, name) in names.into_iter().enumerate() {
        let timezone = zones.get(name.as_str()).unwrap();
        let config = Config { cases: 4, failure_persistence: None, ..Config::default() };
        let rng = TestRng::from_seed(RngAlgorithm::XorShift, &(place as u128 + 1).to_le_bytes());
        let run = TestRunner::new_with_rng(config, rng).run(&a_case(timezone), |case| {
            check(&case);
            Ok(())
        });
        assert!(run.is_ok(), "{}: {}", name.as_str(), run.unwrap_err());
    }
}

proptest! {
    #![proptest_config(Config { cases: 48, failure_persistence: None, ..Config::default() })]

    #[test]
    fn any_schedule_near_a_change_of_clocks_agrees_with_the_oracle(
        case in proptest::sample::select(
            &["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"][..],
        ).prop_flat_map(|name| a_case(zone(name)))
    ) {
        check(&case);
    }
}
