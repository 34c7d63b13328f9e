use jiff::SignedDuration;
use jiff::civil::{Weekday, date, time};
use jiff::tz::TimeZone;

use super::*;
use crate::oncall::escalation::Target;
use crate::oncall::schedule::{Handoff, Layer, Rotation, Schedule, TurnLength};
use crate::oncall::tests::{ANA, BO, CY, Organisation, hook, mail, now};
use crate::org::user::NotificationRule;

fn mins(mins: i64) -> SignedDuration {
    SignedDuration::from_mins(mins)
}

fn ahead(organisation: &Organisation, level: u8) -> Preview {
    let directory = organisation.directory();
    let policy = directory.policies.named("payments").unwrap();
    preview(&directory, policy, Level::new(level).unwrap(), now())
}

/// What is left of an incident of the organisation's policy that stands there.
fn left(directory: &Directory, org: &Organisation, level: Level, state: State) -> Preview {
    let incident =
        Incident { policy: org.policy.id, severity: level, escalation: state, ..incident() };
    remaining(directory, &incident, &Facts::default())
}

fn incident() -> Incident {
    Incident {
        id: crate::id::IncidentId(uuid::Uuid::from_u128(70)),
        number: 1,
        title: "it is down".into(),
        summary: None,
        service: crate::id::ServiceId(uuid::Uuid::from_u128(30)),
        policy: PolicyId(uuid::Uuid::from_u128(20)),
        severity: Level::WORST,
        status: crate::incident::lifecycle::Status::Triggered,
        assignee: None,
        stamps: Default::default(),
        escalation: State::Idle,
        clocks: Default::default(),
        alert_count: 0,
        open_alert_count: 0,
        helpers: Default::default(),
        impact: crate::incident::impact::Impact::default(),
        roles: Default::default(),
        updates: Default::default(),
        bridge: None,
        estimate: None,
        gates: Default::default(),
        restriction: None,
        marks: Default::default(),
        reopened_count: 0,
        merged_into: None,
        parentage: None,
        open_children: 0,
        practice: false,
        version: 0,
    }
}

/// Minutes from now, step, round, person and method.
type Row = (i64, Option<u32>, u32, UserId, ContactMethodId);

fn rows(preview: &Preview) -> Vec<Row> {
    let row = |page: &PlannedPage| {
        let minutes = page.at.duration_since(now()).as_mins();
        (minutes, page.step, page.round, page.user, page.method)
    };
    preview.pages.iter().map(row).collect()
}

#[test]
fn the_steps_follow_each_other_and_the_late_methods_of_a_person_go_out_between() {
    let mut org = Organisation::steps(&[&[ANA], &[BO]]).catch_all(&[CY]);
    org.users[0].rules_high = vec![
        NotificationRule { after: mins(0), method: hook(ANA) },
        NotificationRule { after: mins(7), method: mail(ANA) },
    ];
    let preview = ahead(&org, 1);
    assert_eq!(
        rows(&preview),
        [
            (0, Some(1), 1, ANA, hook(ANA)),
            (5, Some(2), 1, BO, hook(BO)),
            (7, Some(1), 1, ANA, mail(ANA)),
            // Nobody took it, and one more round was not asked for.
            (10, None, 1, CY, hook(CY)),
        ]
    );
    assert_eq!(preview.warnings, []);
}

#[test]
fn every_round_is_shown() {
    let preview = ahead(&Organisation::steps(&[&[ANA], &[BO]]).repeat(2), 1);
    let steps: Vec<_> =
        rows(&preview).into_iter().map(|row| (row.0, row.1, row.2, row.3)).collect();
    assert_eq!(
        steps,
        [
            (0, Some(1), 1, ANA),
            (5, Some(2), 1, BO),
            (10, Some(1), 2, ANA),
            (15, Some(2), 2, BO),
            (20, Some(1), 3, ANA),
            (25, Some(2), 3, BO),
        ]
    );
}

#[test]
fn a_step_that_reaches_nobody_is_left_at_once_and_told() {
    let preview = ahead(&Organisation::steps(&[&[], &[BO]]), 1);
    assert_eq!(rows(&preview)[0], (0, Some(2), 1, BO, hook(BO)));
    assert_eq!(preview.warnings, [Warning::StepReachesNobody { step: 1, at: now() }]);
}

#[test]
fn a_policy_of_empty_steps_falls_through_to_the_catch_all_or_warns_of_silence() {
    let preview = ahead(&Organisation::steps(&[&[]]).catch_all(&[CY]), 1);
    assert_eq!(rows(&preview)[0], (0, None, 1, CY, hook(CY)));
    assert!(preview.warnings.contains(&Warning::OnlyCatchAll { at: now() }));
    let silent = ahead(&Organisation::steps(&[&[]]), 1);
    assert_eq!(silent.pages, []);
    assert!(silent.warnings.contains(&Warning::Nobody));
}

#[test]
fn the_same_person_twice_in_a_row_is_told_but_a_second_round_is_not() {
    let twice = ahead(&Organisation::steps(&[&[ANA], &[BO, ANA], &[CY]]), 1);
    assert_eq!(twice.warnings, [Warning::SamePersonTwice { user: ANA, step: 2 }]);
    let once = ahead(&Organisation::steps(&[&[ANA]]).repeat(3), 1);
    assert_eq!(once.warnings, []);
}

#[test]
fn an_urgent_page_by_mail_alone_is_told_and_one_that_can_wait_is_not() {
    let mut org = Organisation::steps(&[&[ANA]]);
    let by_mail = vec![NotificationRule { after: mins(0), method: mail(ANA) }];
    org.users[0].rules_high.clone_from(&by_mail);
    org.users[0].rules_low = by_mail;
    let urgent = ahead(&org, 1);
    assert_eq!(urgent.warnings, [Warning::OnlyScreens { user: ANA }]);
    assert_eq!(
        urgent.warnings[0].words(&org.directory()),
        "ana would be paged by email alone, which wakes nobody"
    );
    assert_eq!(ahead(&org, 3).warnings, []);
}

#[test]
fn a_severity_that_pages_nobody_says_so() {
    let preview = ahead(&Organisation::steps(&[&[ANA]]), 4);
    assert_eq!((preview.pages, preview.warnings), (vec![], vec![Warning::Quiet]));
}

#[test]
fn each_step_asks_whoever_is_on_call_when_it_begins() {
    // The turn ends two minutes from now, before the second step.
    let rotation = Rotation {
        every: vec![TurnLength::Hours(1)],
        handoff: Handoff { at: time(0, 14, 4, 0), ..Handoff::default() },
        start: date(2026, 11, 1),
        participants: vec![vec![ANA], vec![BO]],
        changes: vec![],
    };
    let mut org = Organisation::steps(&[&[ANA], &[BO]]);
    let mut schedule = Schedule::new(Organisation::SCHEDULE, "primary", TimeZone::UTC);
    schedule.layers = vec![Layer::new("hourly", rotation)];
    org.schedules.push(schedule);
    for step in &mut org.policy.steps {
        step.targets = vec![Target::Schedule(Organisation::SCHEDULE)];
    }
    let users: Vec<_> = rows(&ahead(&org, 1)).into_iter().map(|row| (row.0, row.3)).collect();
    assert_eq!(users, [(0, ANA), (5, BO)]);
}

#[test]
fn what_remains_of_a_running_escalation_begins_at_its_next_step() {
    let org = Organisation::steps(&[&[ANA], &[BO]]);
    let directory = org.directory();
    let level = Level::WORST;
    let waiting = State::Waiting { next_step: 1, round: 0, next_at: now() + mins(3) };
    let rest = left(&directory, &org, level, waiting);
    assert_eq!(rows(&rest), [(3, Some(2), 1, BO, hook(BO))]);
    let held = State::Acknowledged { next_step: 1, round: 0, expires_at: None };
    assert_eq!(left(&directory, &org, level, held), Preview::default());
    let expiring =
        State::Acknowledged { next_step: 2, round: 0, expires_at: Some(now() + mins(30)) };
    let rest = left(&directory, &org, level, expiring);
    assert_eq!(rows(&rest)[0], (30, Some(1), 1, ANA, hook(ANA)));
}

#[test]
fn a_preview_is_bounded() {
    let preview = ahead(&Organisation::steps(&[&[ANA], &[BO]]).repeat(100_000), 1);
    assert!(preview.pages.len() <= PAGES_MAX);
    assert!(preview.warnings.contains(&Warning::Cut));
}

#[test]
fn a_step_for_other_hours_is_told_with_its_reason_and_the_next_one_begins_at_once() {
    use crate::oncall::condition::{Condition, Hours};
    let mut org = Organisation::steps(&[&[ANA], &[BO]]);
    org.policy.steps[0].when = Condition {
        hours: Some(Hours {
            timezone: TimeZone::UTC,
            days: vec![Weekday::Monday, Weekday::Friday],
            from: time(9, 0, 0, 0),
            to: time(17, 0, 0, 0),
        }),
        ..Condition::default()
    };
    let preview = ahead(&org, 1);
    assert_eq!(rows(&preview)[0], (0, Some(2), 1, BO, hook(BO)));
    let skipped = &preview.skipped[0];
    assert_eq!((skipped.step, skipped.at), (1, now()));
    assert_eq!(skipped.why.words(), "it counts from 09:00 to 17:00 on mon, fri in UTC");
}

#[test]
fn a_policy_that_no_condition_lets_ask_anybody_falls_to_the_catch_all() {
    use crate::oncall::condition::{Condition, Flood};
    let mut org = Organisation::steps(&[&[ANA]]).catch_all(&[CY]);
    let flood = Flood { more_than: 3, within: mins(5) };
    org.policy.steps[0].when = Condition { flood: Some(flood), ..Condition::default() };
    let preview = ahead(&org, 1);
    assert_eq!(rows(&preview)[0], (0, None, 1, CY, hook(CY)));
}

#[test]
fn the_second_set_takes_over_and_asks_its_own_people() {
    use crate::oncall::escalation::SecondSet;
    let mut org = Organisation::steps(&[&[ANA]]).catch_all(&[CY]);
    let last_resort = PolicyId(uuid::Uuid::from_u128(21));
    org.policy.second_set = Some(SecondSet { after: mins(120), policy: last_resort });
    let preview = ahead(&org, 1);
    assert_eq!(preview.second_sets, [(now() + mins(120), last_resort)]);
    let pages = rows(&preview);
    assert!(pages.contains(&(120, Some(1), 1, CY, hook(CY))), "{pages:?}");
}

#[test]
fn people_who_take_turns_are_shown_in_turn() {
    use crate::id::TeamId;
    use crate::org::team::Team;
    let mut org = Organisation::steps(&[&[]]).repeat(2);
    let team = TeamId(uuid::Uuid::from_u128(50));
    org.policy.steps[0].targets = vec![Target::RoundRobin(team)];
    let mut directory = org.directory();
    let members = vec![ANA, BO];
    directory.teams = crate::org::directory::Table::new(vec![Team {
        id: team,
        name: "payments".into(),
        manager: None,
        members,
    }]);
    let facts = Facts { turns: [(team, ANA)].into(), ..Facts::default() };
    let policy = directory.policies.named("payments").unwrap();
    let case = Case { policy, service: None, level: Level::WORST, facts: &facts };
    let asked: Vec<_> = of_case(&directory, &case, now()).pages.iter().map(|p| p.user).collect();
    assert_eq!(asked, [BO, ANA, BO]);
}
