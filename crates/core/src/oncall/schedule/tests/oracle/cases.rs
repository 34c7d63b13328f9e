//! Schedules of every kind around changes of offset, in every time zone, held against the oracle.

use jiff::tz::TimeZoneDatabase;
use proptest::collection::vec as many;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::*;

const DEE: UserId = UserId(uuid::Uuid::from_u128(4));
pub(super) const EVERYBODY: [UserId; 4] = [ANA, BO, CY, DEE];
const WEEK: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

/// How many shifts of a case have their beginnings and ends looked at.
const SHIFTS_CHECKED_MAX: usize = 4;

/// A schedule whose life leads up to a change of offset of its zone, if it has one then, and
/// instants around that change.
#[derive(Debug)]
pub(super) struct Case {
    pub schedule: Schedule,
    absences: Vec<Absence>,
    pub instants: Vec<Timestamp>,
}

/// Any time on the hour or half hour, and more often one within an hour and a half of the change.
fn clock_time(change: Time) -> impl Strategy<Value = Time> {
    let any = (0..48_i64).prop_map(|half_hours| (Time::midnight(), 30 * half_hours));
    let close = (-9..=9_i64).prop_map(move |tens| (change, 10 * tens));
    prop_oneof![close, any]
        .prop_map(|(time, minutes)| time.wrapping_add(SignedDuration::from_mins(minutes)))
}

/// Lengths of turns: one, or several that make up a day, a week, or nothing round at all.
fn lengths() -> impl Strategy<Value = Vec<TurnLength>> {
    use TurnLength::{Days, Hours, Minutes, Months, Weeks};
    let one = prop_oneof![
        (15..90_u32).prop_map(Minutes),
        select(&[15, 30, 45, 90][..]).prop_map(Minutes),
        (1..30_u32).prop_map(Hours),
        (1..4_u32).prop_map(Days),
        (1..3_u32).prop_map(Weeks),
        (1..4_u32).prop_map(Months),
    ];
    let several = select(vec![
        vec![Hours(12), Hours(12)],
        vec![Hours(10), Hours(14)],
        vec![Minutes(450), Minutes(990)],
        vec![Days(4), Days(3)],
        vec![Days(5), Days(2)],
        vec![Hours(8), Days(1), Hours(3)],
        vec![Days(1), Weeks(1)],
        vec![Months(1), Months(2)],
        vec![Hours(36), Hours(12), Hours(24)],
    ]);
    prop_oneof![one.prop_map(|length| vec![length]), several]
}

fn handoff(change: Time) -> impl Strategy<Value = Handoff> {
    let on = prop_oneof![
        Just(HandoffDay::OfStart),
        select(&WEEK[..]).prop_map(HandoffDay::Weekday),
        (1..=31_i8).prop_map(HandoffDay::OfMonth),
        (1..=5_i8, select(&WEEK[..])).prop_map(|(number, day)| HandoffDay::Nth(number, day)),
    ];
    (on, clock_time(change)).prop_map(|(on, at)| Handoff { on, at })
}

fn groups() -> impl Strategy<Value = Vec<Vec<UserId>>> {
    let one = select(&EVERYBODY[..]).prop_map(|user| vec![user]);
    let several = subsequence(&EVERYBODY[..], 1..4);
    many(prop_oneof![4 => one, 1 => several, 1 => Just(vec![])], 0..4)
}

fn days_from(date: Date, days: i64) -> Date {
    date + SignedDuration::from_hours(24 * days)
}

fn roster_change(change: DateTime) -> impl Strategy<Value = RosterChange> {
    let every = proptest::option::weighted(0.3, lengths());
    let handoff = proptest::option::weighted(0.3, handoff(change.time()));
    (-10..10_i64, groups(), every, handoff).prop_map(move |(days, participants, every, handoff)| {
        RosterChange { from: days_from(change.date(), days), participants, every, handoff }
    })
}

fn a_layer(change: DateTime) -> impl Strategy<Value = Layer> {
    let start = prop_oneof![0..15_i64, 0..400_i64];
    let clock_time = || clock_time(change.time());
    let days = subsequence(&WEEK[..], 0..7);
    let restriction = (days, clock_time(), clock_time()).prop_map(|(days, from, to)| Restriction {
        days,
        from,
        to,
    });
    let changes = prop_oneof![2 => Just(vec![]), 1 => many(roster_change(change), 1..3)];
    let elsewhere = select(&["Asia/Tokyo", "America/New_York", "Pacific/Apia"][..]).prop_map(zone);
    let timezone = proptest::option::weighted(0.25, elsewhere);
    let rotation = (lengths(), start, handoff(change.time()), groups(), changes).prop_map(
        move |(every, days_before, handoff, participants, changes)| {
            let is_short = every.iter().any(|length| matches!(length, TurnLength::Minutes(_)));
            let days_before = if is_short { days_before % 20 } else { days_before };
            let start = days_from(change.date(), -days_before);
            Rotation { every, handoff, start, participants, changes }
        },
    );
    (rotation, many(restriction, 0..3), timezone, proptest::bool::weighted(0.3)).prop_map(
        |(rotation, restrictions, timezone, adds)| Layer {
            name: "turns".into(),
            rotation,
            restrictions,
            timezone,
            adds,
        },
    )
}

pub(super) fn a_case(timezone: TimeZone) -> impl Strategy<Value = Case> {
    let from = date(1900, 1, 1).to_zoned(TimeZone::UTC).unwrap().timestamp().as_second();
    let to = date(2045, 1, 1).to_zoned(TimeZone::UTC).unwrap().timestamp().as_second();
    prop_oneof![from..to, 1_767_225_600..to].prop_flat_map(move |second| {
        let timezone = timezone.clone();
        let about = Timestamp::from_second(second).unwrap();
        let change = timezone.following(about).next().map_or(about, |next| next.timestamp());
        let around = (-200_000..200_000_i64)
            .prop_map(move |seconds| change + SignedDuration::from_secs(seconds));
        let span = (around.clone(), 0..100_000_i64)
            .prop_map(|(from, seconds)| (from, from + SignedDuration::from_secs(seconds)));
        let user = || select(&EVERYBODY[..]);
        let replacement = (span.clone(), user(), proptest::option::of(user()))
            .prop_map(|((from, to), user, instead_of)| Override { user, from, to, instead_of });
        let absence =
            (span.clone(), user()).prop_map(|((from, to), user)| Absence { user, from, to });
        let shadow = (span, user(), user(), proptest::bool::ANY).prop_map(
            |((from, to), user, follows, reverse)| Shadow { user, follows, from, to, reverse },
        );
        let layers = many(a_layer(timezone.to_datetime(change)), 0..4);
        let parts = (layers, many(replacement, 0..5), many(absence, 0..6), many(shadow, 0..3));
        (parts, many(around, 6)).prop_map(
            move |((layers, overrides, absences, shadows), instants)| {
                let mut schedule = schedule("UTC", layers);
                schedule.timezone = timezone.clone();
                schedule.overrides = overrides.into();
                schedule.absences = absences.iter().copied().collect();
                schedule.shadows = shadows;
                Case { schedule, absences, instants }
            },
        )
    })
}

/// The answers at an instant are the oracle's, each shift can be made no longer, and the expansion
/// tells the same.
fn check(case: &Case) {
    let nano = SignedDuration::from_nanos(1);
    let first = *case.instants.iter().min().unwrap();
    let last = *case.instants.iter().max().unwrap();
    let until = last + SignedDuration::from_hours(24 * 40);
    let oracle = Oracle::new(&case.schedule, &case.absences, until);
    let expanded = shifts(&case.schedule, first, last + nano);
    assert!(expanded.iter().all(|shift| shift.from < shift.to));
    assert!(expanded.windows(2).all(|pair| pair[0].from <= pair[1].from), "{expanded:?}");
    // Of many shifts a few, spread over the time.
    let some = expanded.iter().step_by(1 + expanded.len() / SHIFTS_CHECKED_MAX);
    let edges = some.flat_map(|shift| [shift.from, shift.to, shift.to - nano]);
    let edges = edges.filter(|edge| (first..=last).contains(edge));
    for at in case.instants.iter().copied().chain(edges) {
        let answer = on_call_at(&case.schedule, at);
        let seats = oracle.seats(at);
        let told: Vec<_> = answer.iter().map(|shift| (shift.user, shift.mentor)).collect();
        let meant: Vec<_> = seats.iter().map(|seat| (seat.user, seat.mentor)).collect();
        assert_eq!(told, meant, "at {at}");
        let now = |shift: &&Shift| shift.from <= at && at < shift.to;
        let now: Vec<_> = expanded.iter().filter(now).cloned().collect();
        assert_eq!(now.len(), answer.len(), "at {at}");
        assert!(answer.iter().all(|shift| now.contains(shift)), "at {at}: {now:?} {answer:?}");
        for (shift, seat) in answer.iter().zip(&seats) {
            let is_taken = |at: Timestamp| oracle.seats(at).contains(seat);
            assert!(is_taken(shift.from), "{at} since {}: {seat:?}", shift.from);
            assert!(!is_taken(shift.from - nano), "{at} since {}: {seat:?}", shift.from);
            if shift.to < until {
                assert!(is_taken(shift.to - nano), "{at} until {}: {seat:?}", shift.to);
                assert!(!is_taken(shift.to), "{at} until {}: {seat:?}", shift.to);
            }
        }
        if let Some(change) = next_change(&case.schedule, at).filter(|change| *change < last) {
            assert_eq!(oracle.seats(change - nano), seats, "{at} until {change}");
            assert_ne!(oracle.seats(change), seats, "{at} until {change}");
        }
        check_copies(case, &oracle, at);
    }
}

fn check_copies(case: &Case, oracle: &Oracle<'_>, at: Timestamp) {
    let shadows = shadows_at(&case.schedule, at);
    let mut told: Vec<_> = shadows.iter().map(|shadow| (shadow.user, shadow.of)).collect();
    let mut meant = oracle.copies(at);
    told.sort();
    meant.sort();
    assert_eq!(told, meant, "copies at {at}");
    let expanded = shadow_shifts(&case.schedule, at, at + SignedDuration::from_nanos(1));
    assert_eq!(expanded.len(), shadows.len(), "copies at {at}");
    assert!(shadows.iter().all(|shadow| expanded.contains(shadow)), "copies at {at}");
}

#[test]
fn every_time_zone_agrees_with_the_calendar_walked_day_by_day() {
    let zones = TimeZoneDatabase::bundled();
    let names: Vec<_> = zones.available().collect();
    assert!(names.len() > 400, "only {} zones", names.len());
    for (place, name) in names.into_iter().enumerate() {
        let timezone = zones.get(name.as_str()).unwrap();
        let config = Config { cases: 2, failure_persistence: None, ..Config::default() };
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
        case in select(
            &["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"][..],
        ).prop_flat_map(|name| a_case(zone(name)))
    ) {
        check(&case);
    }
}
