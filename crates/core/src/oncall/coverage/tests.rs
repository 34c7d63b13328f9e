use std::collections::BTreeSet;

use jiff::civil::{Weekday, date, time};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::id::ScheduleId;
use crate::incident::severity::Urgency;
use crate::oncall::condition::Condition;
use crate::oncall::escalation::{Step, Target};
use crate::oncall::facts::Turns;
use crate::oncall::reach;
use crate::oncall::schedule::{Absence, Layer, Override, Restriction, Rotation, TurnLength};
use crate::oncall::tests::{ANA, BO, CY, Organisation};

/// Monday, in winter.
const MONDAY: &str = "2026-11-23T00:00:00Z";

fn t(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn span(from: &str, to: &str) -> Span {
    Span { from: t(from), to: t(to) }
}

fn days(days: i64) -> Span {
    Span { from: t(MONDAY), to: t(MONDAY) + SignedDuration::from_hours(24 * days) }
}

/// Everybody takes a day in turn from Monday on, in UTC.
fn rota(id: u128, people: &[UserId], restrictions: Vec<Restriction>) -> Schedule {
    let rotation = Rotation {
        every: vec![TurnLength::Days(1)],
        start: date(2026, 11, 2),
        participants: people.iter().map(|user| vec![*user]).collect(),
        ..Rotation::default()
    };
    let id = ScheduleId(Uuid::from_u128(id));
    let mut schedule = Schedule::new(id, &format!("rota {}", id.0), TimeZone::UTC);
    schedule.layers = vec![Layer { restrictions, ..Layer::new("days", rotation) }];
    schedule
}

fn office_hours() -> Vec<Restriction> {
    vec![Restriction { days: vec![], from: time(9, 0, 0, 0), to: time(17, 0, 0, 0) }]
}

fn step(after_mins: i64, targets: &[Target]) -> Step {
    Step {
        after: SignedDuration::from_mins(after_mins),
        targets: targets.to_vec(),
        outlets: Vec::new(),
        when: Condition::default(),
        all_acknowledge: false,
    }
}

/// A policy over schedules, with a catch-all that reaches Cy.
fn organisation(schedules: Vec<Schedule>, steps: Vec<Step>) -> Directory {
    let mut org = Organisation::steps(&[]).catch_all(&[CY]);
    org.schedules = schedules;
    org.policy.steps = steps;
    org.directory()
}

fn proved(directory: &Directory, span: Span) -> Vec<(Trouble, Span)> {
    let policy = directory.policies.named("payments").unwrap();
    let proved = prove(directory, [policy], Urgency::High, span);
    assert_eq!(proved[0].1.cut_at, None);
    proved[0].1.findings.iter().map(|found| (found.trouble, found.span)).collect()
}

fn of(id: u128) -> Target {
    Target::Schedule(ScheduleId(Uuid::from_u128(id)))
}

#[test]
fn a_night_without_anybody_is_found_to_the_second_and_caught() {
    let directory =
        organisation(vec![rota(9, &[ANA, BO], office_hours())], vec![step(0, &[of(9)])]);
    let nobody = Trouble::Nobody { caught: true };
    assert_eq!(
        proved(&directory, span("2026-11-23T12:00:00Z", "2026-11-25T00:00:00Z")),
        [
            (nobody, span("2026-11-23T17:00:00Z", "2026-11-24T09:00:00Z")),
            (nobody, span("2026-11-24T17:00:00Z", "2026-11-25T00:00:00Z")),
        ]
    );
    let schedule = directory.schedules.iter().next().unwrap();
    assert_eq!(
        gaps(schedule, t("2026-11-23T12:00:00Z"), t("2026-11-24T12:00:00Z")),
        [span("2026-11-23T17:00:00Z", "2026-11-24T09:00:00Z")]
    );
}

#[test]
fn a_gap_is_met_by_incidents_that_began_a_delay_earlier() {
    let directory = organisation(
        vec![rota(9, &[BO], office_hours())],
        vec![step(0, &[Target::User(ANA)]), step(30, &[of(9)])],
    );
    let silent = Trouble::StepReachesNobody { step: 2 };
    assert_eq!(
        proved(&directory, days(1)),
        [
            (silent, span(MONDAY, "2026-11-23T08:30:00Z")),
            (silent, span("2026-11-23T16:30:00Z", "2026-11-24T00:00:00Z")),
        ]
    );
}

#[test]
fn the_same_person_twice_is_found_on_the_days_it_happens() {
    let directory = organisation(
        vec![rota(9, &[ANA, BO], vec![]), rota(10, &[BO, CY, ANA], vec![])],
        vec![step(0, &[of(9)]), step(5, &[of(10)])],
    );
    let found = proved(&directory, days(6));
    for (trouble, span) in &found {
        let Trouble::SamePersonTwice { step: 2, user } = trouble else { panic!("{trouble:?}") };
        let first = reach::everybody(&directory, &of(9), Urgency::High, span.from);
        let second = reach::everybody(
            &directory,
            &of(10),
            Urgency::High,
            span.from + SignedDuration::from_mins(5),
        );
        assert_eq!((&first, &second), (&vec![*user], &vec![*user]));
    }
    assert!(found.len() > 1, "{found:?}");
}

#[test]
fn whoever_cannot_be_woken_or_not_be_reached_is_named_while_on_call() {
    let mut org = Organisation::steps(&[]).catch_all(&[CY]);
    org.users[0].contact_methods.retain(|method| !method.address.is_critical());
    org.users[1].contact_methods.clear();
    org.schedules = vec![rota(9, &[ANA, BO, CY], vec![])];
    org.policy.steps = vec![step(0, &[of(9)])];
    let directory = org.directory();
    let found = proved(&directory, days(3));
    let day = |user: UserId| {
        let schedule = directory.schedules.iter().next().unwrap();
        let turn = (0..3).map(|day| t(MONDAY) + SignedDuration::from_hours(24 * day));
        let from = turn.into_iter().find(|at| on_call_at(schedule, *at)[0].user == user).unwrap();
        Span { from, to: from + SignedDuration::from_hours(24) }
    };
    let expected = [
        (Trouble::NoCriticalMethod { step: 1, user: ANA }, day(ANA)),
        (Trouble::Unreachable { step: 1, user: BO }, day(BO)),
        (Trouble::Nobody { caught: true }, day(BO)),
    ];
    assert_eq!(found.len(), expected.len(), "{found:?}");
    assert!(expected.iter().all(|one| found.contains(one)), "{found:?}");
    let low = prove(&directory, directory.policies.iter(), Urgency::Low, days(3));
    let low: Vec<_> = low.iter().flat_map(|(_, coverage)| &coverage.findings).collect();
    assert!(low.iter().all(|found| !matches!(found.trouble, Trouble::NoCriticalMethod { .. })));
}

#[test]
fn a_policy_without_steps_reaches_nobody_ever_and_so_may_the_catch_all() {
    let mut org = Organisation::steps(&[]);
    org.policy.steps.clear();
    let directory = org.directory();
    assert_eq!(proved(&directory, days(7)), [(Trouble::Nobody { caught: false }, days(7))]);
}

#[test]
fn the_score_is_the_share_of_the_time_in_which_everybody_is_covered() {
    let directory = organisation(
        vec![rota(9, &[ANA], office_hours()), rota(10, &[BO], vec![])],
        vec![step(0, &[of(9)]), step(5, &[of(10)])],
    );
    let whole = score(&directory, days(7));
    assert_eq!(whole.total, SignedDuration::from_hours(168));
    assert_eq!(whole.anybody, whole.total);
    assert_eq!(whole.first_step, SignedDuration::from_hours(56));
    assert_eq!(
        (whole.per_myriad(whole.anybody), whole.per_myriad(whole.first_step)),
        (10_000, 3_333)
    );
    let without = organisation(
        vec![rota(9, &[ANA], office_hours()), rota(10, &[BO], vec![])],
        vec![step(0, &[of(9)])],
    );
    let half = score(&without, days(1));
    assert_eq!((half.first_step, half.anybody), (half.anybody, SignedDuration::from_hours(8)));
}

#[test]
fn changes_of_the_clocks_are_told_ahead() {
    let mut schedule = rota(9, &[ANA], vec![]);
    schedule.timezone = TimeZone::get("Europe/Berlin").unwrap();
    let year = span("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
    assert_eq!(
        clock_changes(&schedule, year),
        [(t("2026-03-29T01:00:00Z"), 3_600, 7_200), (t("2026-10-25T01:00:00Z"), 7_200, 3_600)]
    );
    schedule.timezone = TimeZone::UTC;
    assert_eq!(clock_changes(&schedule, year), []);
}

/// What an incident that begins at `start` meets, by the words of the rule alone: no machine, no
/// changes, only who is there at the instant of each step.
fn by_hand(directory: &Directory, start: Timestamp) -> BTreeSet<Trouble> {
    let policy = directory.policies.named("payments").unwrap();
    let mut found = BTreeSet::new();
    let mut before: Option<(usize, Vec<UserId>)> = None;
    let mut at = start + policy.steps.first().map_or(SignedDuration::ZERO, |step| step.after);
    for (index, step) in policy.steps.iter().enumerate() {
        let number = u32::try_from(index + 1).unwrap();
        for target in &step.targets {
            for user in reach::everybody(directory, target, Urgency::High, at) {
                let person = directory.users.get(user).unwrap();
                if directory.schedules.iter().any(|of| of.absences.is_away(user, at)) {
                    found.insert(Trouble::OnLeave { step: number, user });
                }
                if !person.is_reachable(Urgency::High) {
                    found.insert(Trouble::Unreachable { step: number, user });
                } else if !has_critical_method(person) {
                    found.insert(Trouble::NoCriticalMethod { step: number, user });
                }
            }
        }
        let asked = reach::reach(directory, &step.targets, Urgency::High, &Turns::default(), at);
        if asked.is_empty() {
            found.insert(Trouble::StepReachesNobody { step: number });
            continue;
        }
        if let Some((last, people)) = &before
            && last + 1 == index
            && let Some(user) = asked.iter().find(|user| people.contains(user))
        {
            found.insert(Trouble::SamePersonTwice { step: number, user: *user });
        }
        before = Some((index, asked));
        at += policy.steps.get(index + 1).map_or(SignedDuration::ZERO, |next| next.after);
    }
    if before.is_none() {
        found.retain(|trouble| !matches!(trouble, Trouble::StepReachesNobody { .. }));
        found.insert(Trouble::Nobody { caught: true });
    }
    found
}

fn person() -> impl Strategy<Value = UserId> {
    prop_oneof![Just(ANA), Just(BO), Just(CY)]
}

fn schedule(id: u128) -> impl Strategy<Value = Schedule> {
    let window = (0_i8..24, 0_i8..24, any::<bool>()).prop_map(|(from, to, weekend)| Restriction {
        days: if weekend { vec![Weekday::Saturday, Weekday::Sunday] } else { vec![] },
        from: time(from, 15, 0, 0),
        to: time(to, 45, 0, 0),
    });
    let windows = prop::collection::vec(window, 0..2);
    let people = prop::collection::vec(person(), 0..4);
    let cover = prop::collection::vec((person(), 0_i64..4_000, 1_i64..600), 0..3);
    (people, windows, cover, prop_oneof![Just(5_u32), Just(24), Just(31)]).prop_map(
        move |(people, windows, cover, hours)| {
            let mut schedule = rota(id, &people, windows);
            schedule.timezone = TimeZone::get("Europe/Berlin").unwrap();
            schedule.layers[0].rotation.every = vec![TurnLength::Hours(hours)];
            schedule.overrides = cover
                .into_iter()
                .map(|(user, from, minutes)| {
                    let from = t("2026-10-23T22:00:00Z") + SignedDuration::from_mins(from);
                    Override {
                        user,
                        from,
                        to: from + SignedDuration::from_mins(minutes),
                        instead_of: None,
                    }
                })
                .collect::<Vec<_>>()
                .into();
            schedule.layers[0].rotation.start = date(2026, 10, 1);
            schedule
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Three days around the end of summer time, minute by minute.
    #[test]
    fn the_walk_over_changes_says_what_every_minute_says(
        one in schedule(9),
        two in schedule(10),
        steps in prop::collection::vec(
            (0_i64..200, prop::collection::vec(prop_oneof![
                3 => Just(of(9)), 3 => Just(of(10)), 1 => person().prop_map(Target::User),
            ], 0..3)),
            0..4,
        ),
        methods in 0_u8..8,
        leave in prop::collection::vec((person(), 0_i64..4_000, 1_i64..2_000), 0..3),
    ) {
        let mut org = Organisation::steps(&[]).catch_all(&[CY]);
        if methods & 1 != 0 {
            org.users[0].contact_methods.retain(|method| !method.address.is_critical());
        }
        if methods & 2 != 0 {
            org.users[1].contact_methods.clear();
        }
        let absences: Vec<Absence> = leave
            .into_iter()
            .map(|(user, from, minutes)| {
                let from = t("2026-10-23T22:00:00Z") + SignedDuration::from_mins(from);
                Absence { user, from, to: from + SignedDuration::from_mins(minutes) }
            })
            .collect();
        org.schedules = vec![one, two];
        for schedule in &mut org.schedules {
            schedule.absences = absences.iter().copied().collect();
        }
        org.policy.steps = steps.iter().map(|(after, targets)| step(*after, targets)).collect();
        let directory = org.directory();
        let span = span("2026-10-23T22:00:00Z", "2026-10-26T22:00:00Z");
        let found = proved(&directory, span);
        let mut at = span.from;
        while at < span.to {
            let met = found.iter().filter(|(_, span)| span.from <= at && at < span.to);
            let met: BTreeSet<Trouble> = met.map(|(trouble, _)| *trouble).collect();
            prop_assert_eq!(met, by_hand(&directory, at), "{}", at);
            at += SignedDuration::from_mins(1);
        }
        let touching = found.iter().any(|(trouble, span)| {
            found.iter().any(|(other, next)| trouble == other && span.to == next.from)
        });
        prop_assert!(!touching, "spans are as long as they can be: {:?}", found);
    }
}
