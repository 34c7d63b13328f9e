use std::collections::BTreeSet;

use jiff::civil::{Weekday, date, time};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::alerting::rule::Rule;
use crate::id::ScheduleId;
use crate::incident::severity::{Level, Urgency};
use crate::oncall::condition::{Condition, Hours};
use crate::oncall::escalation::{Step, Target};
use crate::oncall::facts::Turns;
use crate::oncall::reach;
use crate::oncall::schedule::{Absence, Layer, Override, Restriction, Rotation, TurnLength};
use crate::oncall::tests::{ANA, BO, CY, Organisation};
use crate::org::directory::Table;

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

/// The severities of each finding.
fn levels(directory: &Directory, span: Span) -> Vec<Vec<Level>> {
    let policy = directory.policies.named("payments").unwrap();
    let proved = prove(directory, [policy], Urgency::High, span);
    proved[0].1.findings.iter().map(|found| found.levels.iter().collect()).collect()
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

/// What an incident that begins at `start` meets, by the words of the rule alone: no machine, no
/// changes, only who is there at the instant of each step.
fn by_hand(directory: &Directory, start: Timestamp) -> BTreeSet<Trouble> {
    let urgent = directory.severities.iter().filter(|severity| severity.urgency == Urgency::High);
    let levels: Vec<_> = urgent.map(|severity| severity.level).collect();
    assert!(levels.len() > 1);
    let steps = &directory.policies.named("payments").unwrap().steps;
    let tells_levels = steps.iter().any(|step| !step.when.severities.is_empty());
    let tells_more = steps.iter().any(|step| step.when.rule.is_some());
    let levels = if tells_levels { &levels[..] } else { &levels[..1] };
    let ways = if tells_more { &[true, false][..] } else { &[true][..] };
    let each = |level| ways.iter().map(move |way| by_hand_of(directory, level, *way, start));
    levels.iter().flat_map(|level| each(*level)).flatten().collect()
}

/// What an incident of one severity meets, whose alerts match what steps ask for, or do not.
fn by_hand_of(
    directory: &Directory,
    level: Level,
    matches: bool,
    start: Timestamp,
) -> BTreeSet<Trouble> {
    let policy = directory.policies.named("payments").unwrap();
    let mut found = BTreeSet::new();
    let mut before: Option<(usize, Vec<UserId>)> = None;
    let mut at = start + policy.steps.first().map_or(SignedDuration::ZERO, |step| step.after);
    for (index, step) in policy.steps.iter().enumerate() {
        let number = u32::try_from(index + 1).unwrap();
        let Condition { severities, hours, rule, flood } = &step.when;
        let is_for = severities.is_empty() || severities.contains(&level);
        let is_time = hours.as_ref().is_none_or(|hours| hours.contain(at));
        if !is_for || !is_time || (!matches && (rule.is_some() || flood.is_some())) {
            continue;
        }
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

/// Mostly none; else a severity, hours of the clock in a zone that changes, or a rule.
fn condition() -> impl Strategy<Value = Condition> {
    let level = |number| Level::new(number).unwrap();
    let hours = (0_i8..24, 0_i8..24, any::<bool>()).prop_map(|(from, to, weekend)| Condition {
        hours: Some(Hours {
            timezone: TimeZone::get("America/New_York").unwrap(),
            days: if weekend { vec![Weekday::Saturday, Weekday::Sunday] } else { vec![] },
            from: time(from, 30, 0, 0),
            to: time(to, 0, 0, 0),
        }),
        ..Condition::default()
    });
    let severities = prop_oneof![Just(vec![level(1)]), Just(vec![level(2), level(4)])]
        .prop_map(|severities| Condition { severities, ..Condition::default() });
    let rule = Just(Condition {
        rule: Some(Rule::parse(r#"severity == "critical""#).unwrap()),
        ..Condition::default()
    });
    prop_oneof![4 => Just(Condition::default()), 2 => hours, 1 => severities, 1 => rule]
}

#[test]
fn a_severity_that_no_step_is_for_and_hours_without_a_step_are_gaps() {
    let level = |number| Level::new(number).unwrap();
    let mut directory = organisation(vec![], vec![step(0, &[Target::User(ANA)])]);
    let with = |directory: &mut Directory, when: Condition| {
        let mut policy = directory.policies.named("payments").unwrap().clone();
        policy.steps[0].when = when;
        let others = directory.policies.iter().filter(|other| other.id != policy.id);
        directory.policies = Table::new(others.cloned().chain([policy.clone()]).collect());
    };
    let nobody = Trouble::Nobody { caught: true };
    let worst = Condition { severities: vec![level(1)], ..Condition::default() };
    with(&mut directory, worst);
    assert_eq!(proved(&directory, days(2)), [(nobody, days(2))]);
    assert_eq!(levels(&directory, days(2)), [vec![level(2)]], "the worst is not concerned");
    let all = Condition {
        severities: directory.severities.iter().map(|severity| severity.level).collect(),
        ..Condition::default()
    };
    with(&mut directory, all);
    assert_eq!(proved(&directory, days(2)), []);
    let timezone = TimeZone::UTC;
    let (from, to) = (time(9, 0, 0, 0), time(17, 0, 0, 0));
    let hours = Some(Hours { timezone, days: vec![], from, to });
    with(&mut directory, Condition { hours, ..Condition::default() });
    assert_eq!(
        proved(&directory, days(1)),
        [
            (nobody, span(MONDAY, "2026-11-23T09:00:00Z")),
            (nobody, span("2026-11-23T17:00:00Z", "2026-11-24T00:00:00Z")),
        ]
    );
    let rule = Some(Rule::parse(r#"severity == "critical""#).unwrap());
    with(&mut directory, Condition { rule, ..Condition::default() });
    assert_eq!(proved(&directory, days(1)), [(nobody, days(1))]);
    assert_eq!(levels(&directory, days(1)), [vec![level(1), level(2)]]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 14, ..ProptestConfig::default() })]

    /// Three days around the end of summer time, minute by minute.
    #[test]
    fn the_walk_over_changes_says_what_every_minute_says(
        one in schedule(9),
        two in schedule(10),
        steps in prop::collection::vec(
            (0_i64..200, prop::collection::vec(prop_oneof![
                3 => Just(of(9)), 3 => Just(of(10)), 1 => person().prop_map(Target::User),
            ], 0..3), condition()),
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
        org.policy.steps = steps
            .into_iter()
            .map(|(after, targets, when)| Step { when, ..step(after, &targets) })
            .collect();
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
        let policy = directory.policies.named("payments").unwrap();
        let findings = &prove(&directory, [policy], Urgency::High, span)[0].1.findings;
        let touching = findings.iter().any(|one| {
            let is_next = |next: &Finding| {
                (one.trouble, one.levels) == (next.trouble, next.levels)
                    && one.span.to == next.span.from
            };
            findings.iter().any(is_next)
        });
        prop_assert!(!touching, "spans are as long as they can be: {:?}", findings);
    }
}
