//! Laws that need no second reading of the rules. They hold in every time zone around both kinds of
//! change of the clocks: time is tiled without gap or overlap, handoffs and hours keep local time,
//! an override changes its own interval and nothing else, and an answer depends on what is asked
//! alone.

use jiff::tz::TimeZoneDatabase;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::Config;

use super::cases::{Case, EVERYBODY, a_case};
use super::*;

/// How long before and after a change time is looked at.
const AROUND: SignedDuration = SignedDuration::from_hours(4 * 24);
const NANO: SignedDuration = SignedDuration::from_nanos(1);

/// The next time that the clocks of a zone go forward, and the next time that they go back.
fn both_changes(timezone: &TimeZone) -> Vec<Timestamp> {
    let from: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let goes_forward = |at: Timestamp| {
        let (before, after) = (timezone.to_offset(at - NANO), timezone.to_offset(at));
        after.seconds().cmp(&before.seconds())
    };
    let ahead: Vec<_> =
        timezone.following(from).take(8).map(|transition| transition.timestamp()).collect();
    [std::cmp::Ordering::Greater, std::cmp::Ordering::Less]
        .into_iter()
        .filter_map(|way| ahead.iter().copied().find(|at| goes_forward(*at) == way))
        .collect()
}

/// Every zone of the data with the instants to look at: its changes, or any instant without one.
fn every_zone() -> impl Iterator<Item = (TimeZone, Vec<Timestamp>)> {
    let zones = TimeZoneDatabase::bundled();
    let names: Vec<_> = zones.available().map(|name| name.as_str().to_owned()).collect();
    assert!(names.len() > 400, "only {} zones", names.len());
    names.into_iter().map(move |name| {
        let timezone = zones.get(&name).unwrap();
        let mut changes = both_changes(&timezone);
        if changes.is_empty() {
            changes.push("2026-03-29T01:00:00Z".parse().unwrap());
        }
        (timezone, changes)
    })
}

fn rota(timezone: &TimeZone, every: Vec<TurnLength>, at: Time) -> Schedule {
    let mut layer = daily(date(2025, 12, 31), at, &[ANA, BO, CY]);
    layer.rotation.every = every;
    let mut rota = schedule("UTC", vec![layer]);
    rota.timezone = timezone.clone();
    rota
}

#[test]
fn shifts_tile_time_in_every_zone() {
    use TurnLength::{Days, Hours, Minutes, Months, Weeks};
    let lengths = [
        vec![Hours(1)],
        vec![Minutes(450), Minutes(990)],
        vec![Hours(5)],
        vec![Days(1)],
        vec![Days(4), Days(3)],
        vec![Weeks(1)],
        vec![Months(1)],
    ];
    for (place, (timezone, changes)) in every_zone().enumerate() {
        // Each zone gets some of the lengths, so that all of them meet all kinds of change.
        for every in lengths.iter().cycle().skip(place).take(2) {
            for at in [time(2, 30, 0, 0), time(0, 0, 0, 0)] {
                let rota = rota(&timezone, every.clone(), at);
                for change in &changes {
                    let (from, to) = (*change - AROUND, *change + AROUND);
                    let tiles = shifts(&rota, from, to);
                    assert!(tiles.first().unwrap().from <= from, "{timezone:?} {every:?}");
                    assert!(tiles.last().unwrap().to >= to, "{timezone:?} {every:?}");
                    let meets = |pair: &[Shift]| pair[0].to == pair[1].from;
                    assert!(tiles.windows(2).all(meets), "{timezone:?} {every:?}: {tiles:?}");
                    assert!(tiles.iter().all(|tile| tile.from < tile.to));
                }
            }
        }
    }
}

#[test]
fn handoffs_keep_local_time_and_days_have_the_hours_that_the_clocks_leave_them() {
    let (mut shorter, mut longer) = (0, 0);
    for (timezone, changes) in every_zone() {
        for at in [time(0, 0, 0, 0), time(2, 30, 0, 0), time(9, 0, 0, 0)] {
            let rota = rota(&timezone, vec![TurnLength::Days(1)], at);
            for change in &changes {
                for shift in shifts(&rota, *change - AROUND, *change + AROUND) {
                    let keeps = |instant: Timestamp| {
                        let local = timezone.to_datetime(instant);
                        let meant = DateTime::from_parts(local.date(), at);
                        local == meant || timezone.to_ambiguous_timestamp(meant).is_ambiguous()
                    };
                    assert!(keeps(shift.from) && keeps(shift.to), "{timezone:?} {shift:?}");
                    let offset = |at: Timestamp| i64::from(timezone.to_offset(at).seconds());
                    let moved = offset(shift.to) - offset(shift.from);
                    let (from, to) =
                        (timezone.to_datetime(shift.from), timezone.to_datetime(shift.to));
                    let on_the_clock = from.duration_until(to).as_secs();
                    let passed = shift.to.duration_since(shift.from).as_secs();
                    assert_eq!(passed, on_the_clock - moved, "{timezone:?} {shift:?}");
                    shorter += u32::from(passed == 23 * 3_600);
                    longer += u32::from(passed == 25 * 3_600);
                }
            }
        }
    }
    // More than a hundred zones change their clocks by an hour.
    assert!(shorter > 300 && longer > 300, "{shorter} days of 23 hours, {longer} of 25");
}

#[test]
fn restricted_hours_are_hours_of_the_local_clock() {
    let hour = SignedDuration::from_hours(1);
    for (timezone, changes) in every_zone() {
        let mut rota = rota(&timezone, vec![TurnLength::Weeks(1)], time(9, 0, 0, 0));
        let (opens, closes) = (time(6, 0, 0, 0), time(20, 0, 0, 0));
        let office = restricted(rota.layers.remove(0), &[], opens, closes);
        rota.layers = vec![office];
        for change in &changes {
            let mut at = *change - AROUND / 2;
            while at < *change + AROUND / 2 {
                let local = timezone.to_datetime(at);
                let is_open = opens <= local.time() && local.time() < closes;
                let is_clear = !timezone.to_ambiguous_timestamp(local).is_ambiguous();
                let edges = [opens, closes].map(|at| DateTime::from_parts(local.date(), at));
                let is_plain =
                    edges.iter().all(|edge| !timezone.to_ambiguous_timestamp(*edge).is_ambiguous());
                if is_clear && is_plain {
                    let there = on_call_at(&rota, at).len();
                    assert_eq!(there, usize::from(is_open), "{timezone:?} {local}");
                }
                at += hour;
            }
        }
    }
}

fn users(schedule: &Schedule, at: Timestamp) -> Vec<(UserId, Option<UserId>)> {
    on_call_at(schedule, at).into_iter().map(|shift| (shift.user, shift.mentor)).collect()
}

/// A schedule of any kind in any zone, near a change of its clocks.
fn any_case() -> impl Strategy<Value = Case> {
    let names: Vec<_> =
        TimeZoneDatabase::bundled().available().map(|name| name.as_str().to_owned()).collect();
    select(names).prop_flat_map(|name| a_case(TimeZoneDatabase::bundled().get(&name).unwrap()))
}

proptest! {
    #![proptest_config(Config { cases: 96, failure_persistence: None, ..Config::default() })]

    #[test]
    fn an_override_changes_nothing_outside_of_its_interval(
        case in any_case(),
        user in select(&EVERYBODY[..]),
        place in any::<Index>(),
        minutes in 1_i64..3_000,
    ) {
        let from = case.instants[place.index(case.instants.len())];
        let to = from + SignedDuration::from_mins(minutes);
        let mut changed = case.schedule.clone();
        changed.shadows.clear();
        let mut before = changed.clone();
        let one = Override { user, from, to, instead_of: None };
        changed.overrides =
            changed.overrides.iter().cloned().chain([one]).collect::<Vec<_>>().into();
        for at in case.instants.iter().copied().chain([from - NANO, from, to - NANO, to]) {
            if from <= at && at < to {
                prop_assert_eq!(users(&changed, at), [(user, None)], "at {}", at);
            } else {
                prop_assert_eq!(users(&changed, at), users(&before, at), "at {}", at);
            }
        }
        // One that is for nobody's place changes nothing at all.
        let absent = UserId(uuid::Uuid::from_u128(99));
        let none = Override { user, from, to, instead_of: Some(absent) };
        let answers: Vec<_> = case.instants.iter().map(|at| users(&before, *at)).collect();
        before.overrides = before.overrides.iter().cloned().chain([none]).collect::<Vec<_>>().into();
        let again: Vec<_> = case.instants.iter().map(|at| users(&before, *at)).collect();
        prop_assert_eq!(answers, again);
    }

    #[test]
    fn an_answer_depends_on_what_is_asked_alone(case in any_case(), way in any::<bool>()) {
        let one_by_one: Vec<_> =
            case.instants.iter().map(|at| on_call_at(&case.schedule, *at)).collect();
        let mut order: Vec<_> = (0..case.instants.len()).collect();
        if way {
            order.reverse();
        } else {
            order.rotate_left(case.instants.len() / 2);
        }
        let copy = case.schedule.clone();
        for place in order {
            let at = case.instants[place];
            prop_assert_eq!(&on_call_at(&copy, at), &one_by_one[place], "at {}", at);
            let expanded = shifts(&copy, at, at + NANO);
            let there = one_by_one[place].iter().all(|shift| expanded.contains(shift));
            prop_assert!(there && expanded.len() == one_by_one[place].len(), "at {}", at);
        }
    }
}
