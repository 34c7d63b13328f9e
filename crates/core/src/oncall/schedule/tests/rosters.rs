//! Stories of months, lists of lengths, several people, leave, planned changes and shadows.

use super::*;

const DEE: UserId = UserId(uuid::Uuid::from_u128(4));

fn users_at(schedule: &Schedule, at: &str) -> Vec<UserId> {
    on_call_at(schedule, t(at)).into_iter().map(|shift| shift.user).collect()
}

fn monthly(start: Date, on: HandoffDay) -> Schedule {
    let mut layer = turns(TurnLength::Months(1), start, time(9, 0, 0, 0), &[ANA, BO]);
    layer.rotation.handoff.on = on;
    schedule("Europe/Berlin", vec![layer])
}

fn handoffs(schedule: &Schedule, from: &str, count: usize) -> Vec<String> {
    let mut at = t(from);
    let mut found = Vec::new();
    for _ in 0..count {
        at = next_change(schedule, at).unwrap();
        found.push(schedule.timezone.to_datetime(at).to_string());
    }
    found
}

#[test]
fn a_month_ends_on_its_last_day_where_it_is_too_short() {
    let schedule = monthly(date(2026, 1, 1), HandoffDay::OfMonth(31));
    assert_eq!(
        handoffs(&schedule, "2026-01-31T12:00:00Z", 4),
        [
            "2026-02-28T09:00:00",
            "2026-03-31T09:00:00",
            "2026-04-30T09:00:00",
            "2026-05-31T09:00:00"
        ]
    );
    assert_eq!(users_at(&schedule, "2026-02-28T07:59:59Z"), [ANA]);
    assert_eq!(users_at(&schedule, "2026-02-28T08:00:00Z"), [BO]);
    // In a leap year February ends a day later; ten years on it is still the same walk of months.
    assert_eq!(handoffs(&schedule, "2036-02-01T00:00:00Z", 1), ["2036-02-29T09:00:00"]);
}

#[test]
fn a_month_may_change_on_a_weekday_of_it() {
    let first = monthly(date(2026, 1, 1), HandoffDay::Nth(1, Weekday::Monday));
    assert_eq!(
        handoffs(&first, "2026-01-01T00:00:00Z", 3),
        ["2026-01-05T09:00:00", "2026-02-02T09:00:00", "2026-03-02T09:00:00"]
    );
    let last = monthly(date(2026, 1, 1), HandoffDay::Nth(5, Weekday::Friday));
    assert_eq!(
        handoffs(&last, "2026-01-01T00:00:00Z", 3),
        ["2026-01-30T09:00:00", "2026-02-27T09:00:00", "2026-03-27T09:00:00"]
    );
}

#[test]
fn a_list_of_lengths_repeats_and_keeps_local_time() {
    let mut layer = turns(TurnLength::Hours(12), date(2026, 3, 1), time(8, 0, 0, 0), &[ANA, BO]);
    layer.rotation.every = vec![TurnLength::Hours(12), TurnLength::Hours(12)];
    let schedule = schedule("Europe/Berlin", vec![layer]);
    // Ana has the days, Bo the nights; the night of the change has eleven hours.
    assert_eq!(users_at(&schedule, "2026-03-28T12:00:00Z"), [ANA]);
    assert_eq!(users_at(&schedule, "2026-03-28T22:00:00Z"), [BO]);
    assert_eq!(hours(&schedule, "2026-03-28T22:00:00Z"), 11.0);
    assert_eq!(users_at(&schedule, "2026-07-01T06:00:00Z"), [ANA]);
    let mut layer = turns(TurnLength::Days(4), date(2026, 3, 2), time(9, 0, 0, 0), &[ANA, BO, CY]);
    layer.rotation.every = vec![TurnLength::Days(4), TurnLength::Days(3)];
    let half_weeks = super::schedule("UTC", vec![layer]);
    assert_eq!(
        handoffs(&half_weeks, "2026-03-02T09:00:00Z", 3),
        ["2026-03-06T09:00:00", "2026-03-09T09:00:00", "2026-03-13T09:00:00"]
    );
}

#[test]
fn several_people_share_a_turn_and_a_layer_may_add_to_those_below() {
    let mut pairs = weekly_on_monday(date(2026, 1, 5), &[]);
    pairs.rotation.participants = vec![vec![ANA, BO], vec![CY]];
    let mut more = named(daily(date(2026, 1, 5), time(9, 0, 0, 0), &[DEE, ANA]), "more");
    more.adds = true;
    let schedule = schedule("UTC", vec![pairs, more]);
    assert_eq!(users_at(&schedule, "2026-01-05T10:00:00Z"), [ANA, BO, DEE]);
    assert_eq!(users_at(&schedule, "2026-01-13T10:00:00Z"), [CY, DEE]);
    // The pair's week is not cut at the daily handoffs of the layer that adds.
    let expanded = shifts(&schedule, t("2026-01-05T09:00:00Z"), t("2026-01-07T09:00:00Z"));
    let told: Vec<_> = expanded.iter().map(|s| (s.user, s.to.to_string())).collect();
    assert_eq!(
        told,
        [
            (ANA, "2026-01-12T09:00:00Z".to_owned()),
            (BO, "2026-01-12T09:00:00Z".to_owned()),
            (DEE, "2026-01-06T09:00:00Z".to_owned()),
            (ANA, "2026-01-07T09:00:00Z".to_owned()),
        ]
    );
}

#[test]
fn layers_in_their_own_zones_follow_the_sun_without_a_gap_that_is_not_there() {
    let office = |name: &str, timezone: &str, user| {
        let layer = named(daily(date(2026, 1, 1), time(0, 0, 0, 0), &[user]), name);
        let mut layer = restricted(layer, &[], time(9, 0, 0, 0), time(17, 0, 0, 0));
        layer.timezone = Some(zone(timezone));
        layer
    };
    let layers = vec![
        office("asia", "Asia/Singapore", ANA),
        office("europe", "Europe/Berlin", BO),
        office("america", "America/Los_Angeles", CY),
    ];
    let schedule = schedule("UTC", layers);
    assert_eq!(users_at(&schedule, "2026-06-10T03:00:00Z"), [ANA]);
    assert_eq!(users_at(&schedule, "2026-06-10T07:00:00Z"), [BO]);
    assert_eq!(users_at(&schedule, "2026-06-10T16:30:00Z"), [CY]);
    // In winter Europe begins an hour later, and Asia has that hour.
    assert_eq!(users_at(&schedule, "2026-01-14T07:30:00Z"), [ANA]);
}

#[test]
fn a_planned_change_counts_from_the_first_handoff_on_or_after_its_date() {
    let mut layer = weekly_on_monday(date(2026, 1, 5), &[ANA, BO]);
    layer.rotation.changes = vec![
        RosterChange {
            from: date(2026, 2, 4),
            participants: vec![vec![CY], vec![ANA]],
            every: None,
            handoff: None,
        },
        RosterChange {
            from: date(2026, 3, 2),
            participants: vec![vec![DEE]],
            every: Some(vec![TurnLength::Days(1)]),
            handoff: Some(Handoff { on: HandoffDay::OfStart, at: time(12, 0, 0, 0) }),
        },
    ];
    let schedule = schedule("UTC", vec![layer]);
    assert_eq!(users_at(&schedule, "2026-02-09T08:59:59Z"), [ANA]);
    assert_eq!(users_at(&schedule, "2026-02-09T09:00:00Z"), [CY]);
    assert_eq!(users_at(&schedule, "2026-02-16T09:00:00Z"), [ANA]);
    // The week that begins at nine is cut at noon, when the new cadence begins.
    assert_eq!(users_at(&schedule, "2026-03-02T11:59:59Z"), [ANA]);
    assert_eq!(stretch_at(&schedule, "2026-03-02T12:00:00Z").1, "2026-03-03T12:00:00Z");
    assert_eq!(users_at(&schedule, "2036-03-02T12:00:00Z"), [DEE]);
}

#[test]
fn whoever_is_on_leave_is_passed_over_and_nobody_elses_turn_moves() {
    let away = |user, from, to| Absence { user, from: t(from), to: t(to) };
    let mut schedule = schedule("UTC", vec![weekly_on_monday(date(2026, 1, 5), &[ANA, BO, CY])]);
    schedule.absences = Absences::new([
        away(ANA, "2026-01-07T00:00:00Z", "2026-01-10T00:00:00Z"),
        away(BO, "2026-01-08T00:00:00Z", "2026-01-09T00:00:00Z"),
    ]);
    let told: Vec<_> = shifts(&schedule, t("2026-01-05T09:00:00Z"), t("2026-01-19T09:00:00Z"))
        .into_iter()
        .map(|shift| (shift.user, shift.to.to_string()))
        .collect();
    let shift = |user, to: &str| (user, to.to_owned());
    assert_eq!(
        told,
        [
            shift(ANA, "2026-01-07T00:00:00Z"),
            shift(BO, "2026-01-08T00:00:00Z"),
            shift(CY, "2026-01-09T00:00:00Z"),
            shift(BO, "2026-01-10T00:00:00Z"),
            shift(ANA, "2026-01-12T09:00:00Z"),
            shift(BO, "2026-01-19T09:00:00Z"),
        ]
    );
    // Where all are away, the layer below has the time.
    let all = [ANA, BO, CY].map(|user| away(user, "2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z"));
    schedule.absences = all.into_iter().collect();
    assert_eq!(users_at(&schedule, "2026-02-01T12:00:00Z"), []);
    schedule.layers.insert(0, named(daily(date(2026, 1, 1), time(0, 0, 0, 0), &[DEE]), "base"));
    assert_eq!(users_at(&schedule, "2026-02-01T12:00:00Z"), [DEE]);
}

#[test]
fn an_override_of_one_person_leaves_the_others_on_the_shift() {
    let mut pairs = weekly_on_monday(date(2026, 1, 5), &[]);
    pairs.rotation.participants = vec![vec![ANA, BO]];
    let mut schedule = schedule("UTC", vec![pairs]);
    let (from, to) = (t("2026-01-06T00:00:00Z"), t("2026-01-07T00:00:00Z"));
    let replace = |user, instead_of| Override { user, from, to, instead_of: Some(instead_of) };
    schedule.overrides = vec![replace(CY, ANA), replace(DEE, CY)].into();
    assert_eq!(users_at(&schedule, "2026-01-05T23:00:00Z"), [ANA, BO]);
    assert_eq!(users_at(&schedule, "2026-01-06T12:00:00Z"), [DEE, BO]);
    // Somebody who is not on call then is not replaced.
    schedule.overrides = vec![replace(DEE, CY)].into();
    assert_eq!(users_at(&schedule, "2026-01-06T12:00:00Z"), [ANA, BO]);
}

#[test]
fn a_trainee_who_gives_a_shared_shift_away_does_not_keep_it() {
    let mut pairs = weekly_on_monday(date(2026, 1, 5), &[]);
    pairs.rotation.participants = vec![vec![ANA, BO]];
    let mut schedule = schedule("UTC", vec![pairs]);
    let (from, to) = (t("2026-01-06T00:00:00Z"), t("2026-01-07T00:00:00Z"));
    let trains = |user, follows| {
        let (from, to) = (t("2026-01-05T00:00:00Z"), t("2026-01-12T00:00:00Z"));
        Shadow { user, follows, from, to, reverse: true }
    };
    let replace = |user, instead_of| Override { user, from, to, instead_of: Some(instead_of) };
    schedule.shadows = vec![trains(DEE, ANA)];
    schedule.overrides = vec![replace(CY, DEE)].into();
    assert_eq!(users_at(&schedule, "2026-01-05T23:00:00Z"), [DEE, BO]);
    let during = on_call_at(&schedule, t("2026-01-06T12:00:00Z"));
    assert_eq!((during[0].user, during[0].mentor), (CY, None));
    assert_eq!((during[0].from, during[0].to, during[1].user), (from, to, BO));
    assert_eq!(users_at(&schedule, "2026-01-07T00:00:00Z"), [DEE, BO]);
    // To their mentor, who would otherwise hand it back.
    schedule.overrides = vec![replace(ANA, DEE)].into();
    assert_eq!(users_at(&schedule, "2026-01-06T12:00:00Z"), [ANA, BO]);
    // Whoever takes it may have a trainee of their own.
    schedule.shadows.push(trains(UserId(uuid::Uuid::from_u128(5)), CY));
    schedule.overrides = vec![replace(CY, DEE)].into();
    let during = on_call_at(&schedule, t("2026-01-06T12:00:00Z"));
    assert_eq!((during[0].user.0.as_u128(), during[0].mentor), (5, Some(CY)));
}

#[test]
fn a_shadow_gets_copies_and_a_reverse_shadow_has_the_shift() {
    let mut schedule = schedule("UTC", vec![weekly_on_monday(date(2026, 1, 5), &[ANA, BO])]);
    let (from, to) = (t("2026-01-06T00:00:00Z"), t("2026-01-14T00:00:00Z"));
    schedule.shadows = vec![Shadow { user: DEE, follows: ANA, from, to, reverse: false }];
    assert_eq!(users_at(&schedule, "2026-01-07T00:00:00Z"), [ANA]);
    let told = shadow_shifts(&schedule, t("2026-01-01T00:00:00Z"), t("2026-02-01T00:00:00Z"));
    // Ana's week ends on the 12th, and Bo is not followed.
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].user, told[0].of, told[0].from), (DEE, ANA, from));
    assert_eq!(told[0].to, t("2026-01-12T09:00:00Z"));

    schedule.shadows[0].reverse = true;
    let shift = on_call_at(&schedule, t("2026-01-07T00:00:00Z")).remove(0);
    assert_eq!((shift.user, shift.mentor, shift.from), (DEE, Some(ANA), from));
    let beside = shadows_at(&schedule, t("2026-01-07T00:00:00Z"));
    assert_eq!((beside[0].user, beside[0].of), (ANA, DEE));
    // While the trainee is on leave, the mentor has the shift.
    let leave = (t("2026-01-08T00:00:00Z"), t("2026-01-09T00:00:00Z"));
    schedule.absences = Absences::new([Absence { user: DEE, from: leave.0, to: leave.1 }]);
    assert_eq!(users_at(&schedule, "2026-01-08T12:00:00Z"), [ANA]);
    assert_eq!(shadows_at(&schedule, t("2026-01-08T12:00:00Z")), []);
}

#[test]
fn a_change_of_clocks_is_told_with_the_shifts_it_falls_into() {
    let mut sun = named(daily(date(2026, 1, 1), time(9, 0, 0, 0), &[CY]), "york");
    sun.timezone = Some(zone("America/New_York"));
    sun.adds = true;
    let layer = daily(date(2026, 1, 1), time(9, 0, 0, 0), &[ANA, BO]);
    let schedule = schedule("Europe/Berlin", vec![layer, sun]);
    let told = clock_changes(&schedule, t("2026-03-01T00:00:00Z"), t("2026-04-26T00:00:00Z"));
    let at: Vec<_> = told
        .iter()
        .map(|change| (change.at.to_string(), change.forward().as_mins(), change.shifts.len()))
        .collect();
    assert_eq!(
        at,
        [("2026-03-08T07:00:00Z".to_owned(), 60, 1), ("2026-03-29T01:00:00Z".to_owned(), 60, 1)]
    );
    assert_eq!(told[0].shifts[0].user, CY);
    assert_eq!(longer_by(&schedule, &told[1].shifts[0]).as_mins(), -60);
    assert_eq!(told[1].shifts[0].layer, "turns");
    let autumn = clock_changes(&schedule, t("2026-10-20T00:00:00Z"), t("2026-10-26T00:00:00Z"));
    assert_eq!(longer_by(&schedule, &autumn[0].shifts[0]).as_mins(), 60);
    assert!(
        clock_changes(&schedule, t("2026-05-01T00:00:00Z"), t("2026-06-26T00:00:00Z")).is_empty()
    );
}
