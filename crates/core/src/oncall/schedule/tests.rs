//! Stories of handoffs, daylight saving, restrictions and overrides; `oracle` holds the same rules
//! against a slow second telling of them in every time zone.

use jiff::SignedDuration;
use jiff::civil::{Weekday, date, time};

use super::*;

mod oracle;
mod rosters;

const ANA: UserId = UserId(uuid::Uuid::from_u128(1));
const BO: UserId = UserId(uuid::Uuid::from_u128(2));
const CY: UserId = UserId(uuid::Uuid::from_u128(3));

fn t(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn turns(every: TurnLength, start: Date, handoff: Time, participants: &[UserId]) -> Layer {
    let rotation = Rotation {
        every: vec![every],
        handoff: Handoff { on: HandoffDay::OfStart, at: handoff },
        start,
        participants: participants.iter().map(|user| vec![*user]).collect(),
        changes: Vec::new(),
    };
    Layer::new("turns", rotation)
}

fn daily(start: Date, handoff: Time, participants: &[UserId]) -> Layer {
    turns(TurnLength::Days(1), start, handoff, participants)
}

fn weekly_on_monday(start: Date, participants: &[UserId]) -> Layer {
    let mut layer = turns(TurnLength::Weeks(1), start, time(9, 0, 0, 0), participants);
    layer.rotation.handoff.on = HandoffDay::Weekday(Weekday::Monday);
    layer
}

fn restricted(mut layer: Layer, days: &[Weekday], from: Time, to: Time) -> Layer {
    layer.restrictions.push(Restriction { days: days.to_vec(), from, to });
    layer
}

fn named(mut layer: Layer, name: &str) -> Layer {
    layer.name = name.into();
    layer
}

fn schedule(timezone: &str, layers: Vec<Layer>) -> Schedule {
    let id = ScheduleId(uuid::Uuid::from_u128(9));
    Schedule { layers, ..Schedule::new(id, "primary", zone(timezone)) }
}

fn user_at(schedule: &Schedule, at: &str) -> Option<UserId> {
    on_call_at(schedule, t(at)).first().map(|shift| shift.user)
}

fn stretch_at(schedule: &Schedule, at: &str) -> (String, String) {
    let shift = on_call_at(schedule, t(at)).remove(0);
    (shift.from.to_string(), shift.to.to_string())
}

fn hours(schedule: &Schedule, at: &str) -> f64 {
    let shift = on_call_at(schedule, t(at)).remove(0);
    shift.to.duration_since(shift.from).as_secs_f64() / 3_600.0
}

#[test]
fn a_week_begins_on_monday_at_nine_whatever_the_offset() {
    let schedule = schedule("Europe/Berlin", vec![weekly_on_monday(date(2026, 1, 5), &[ANA, BO])]);
    assert_eq!(user_at(&schedule, "2026-01-05T07:59:59Z"), None);
    assert_eq!(user_at(&schedule, "2026-01-05T08:00:00Z"), Some(ANA));
    assert_eq!(user_at(&schedule, "2026-01-12T07:59:59Z"), Some(ANA));
    assert_eq!(user_at(&schedule, "2026-01-12T08:00:00Z"), Some(BO));
    // In summer nine o'clock is an hour earlier.
    assert_eq!(user_at(&schedule, "2026-06-15T06:59:59Z"), Some(ANA));
    assert_eq!(user_at(&schedule, "2026-06-15T07:00:00Z"), Some(BO));
}

#[test]
fn the_first_participant_starts_at_the_first_handoff_on_or_after_the_start() {
    // 2026-01-07 is a Wednesday; the Monday after it is the 12th.
    let schedule = schedule("UTC", vec![weekly_on_monday(date(2026, 1, 7), &[ANA, BO])]);
    assert_eq!(user_at(&schedule, "2026-01-12T08:59:59Z"), None);
    assert_eq!(user_at(&schedule, "2026-01-12T09:00:00Z"), Some(ANA));
    assert_eq!(user_at(&schedule, "2026-01-19T09:00:00Z"), Some(BO));
    assert_eq!(next_change(&schedule, t("2025-12-01T00:00:00Z")), Some(t("2026-01-12T09:00:00Z")));
}

#[test]
fn shifts_last_23_hours_in_spring_and_25_in_autumn() {
    for (timezone, spring, autumn, ordinary) in [
        ("Europe/Berlin", "2026-03-28T12:00:00Z", "2026-10-24T12:00:00Z", "2026-06-01T12:00:00Z"),
        (
            "America/New_York",
            "2026-03-07T16:00:00Z",
            "2026-10-31T16:00:00Z",
            "2026-06-01T16:00:00Z",
        ),
    ] {
        let layer = daily(date(2026, 1, 1), time(9, 0, 0, 0), &[ANA, BO]);
        let schedule = schedule(timezone, vec![layer]);
        assert_eq!(hours(&schedule, spring), 23.0, "{timezone}");
        assert_eq!(hours(&schedule, autumn), 25.0, "{timezone}");
        assert_eq!(hours(&schedule, ordinary), 24.0, "{timezone}");
    }
}

#[test]
fn lord_howe_moves_its_clocks_by_half_an_hour() {
    let layer = daily(date(2026, 1, 1), time(9, 0, 0, 0), &[ANA, BO]);
    let schedule = schedule("Australia/Lord_Howe", vec![layer]);
    assert_eq!(hours(&schedule, "2026-10-03T12:00:00Z"), 23.5);
    assert_eq!(hours(&schedule, "2026-04-04T12:00:00Z"), 24.5);
}

#[test]
fn a_handoff_in_a_skipped_hour_is_read_with_the_offset_before_it() {
    let handoff = |timezone: &str, at: Time, after: &str| {
        let layer = daily(date(2026, 1, 1), at, &[ANA, BO]);
        next_change(&schedule(timezone, vec![layer]), t(after)).unwrap().to_string()
    };
    let half_past_two = time(2, 30, 0, 0);
    assert_eq!(
        handoff("Europe/Berlin", half_past_two, "2026-03-28T12:00:00Z"),
        "2026-03-29T01:30:00Z"
    );
    assert_eq!(
        handoff("America/New_York", half_past_two, "2026-03-07T12:00:00Z"),
        "2026-03-08T07:30:00Z"
    );
    assert_eq!(
        handoff("Australia/Lord_Howe", time(2, 15, 0, 0), "2026-10-03T12:00:00Z"),
        "2026-10-03T15:45:00Z"
    );
}

#[test]
fn a_handoff_in_a_repeated_hour_happens_the_first_time_only() {
    let handoff = |timezone: &str, at: Time, after: &str| {
        let layer = daily(date(2026, 1, 1), at, &[ANA, BO]);
        next_change(&schedule(timezone, vec![layer]), t(after)).unwrap().to_string()
    };
    assert_eq!(
        handoff("Europe/Berlin", time(2, 30, 0, 0), "2026-10-24T12:00:00Z"),
        "2026-10-25T00:30:00Z"
    );
    assert_eq!(
        handoff("America/New_York", time(1, 30, 0, 0), "2026-10-31T12:00:00Z"),
        "2026-11-01T05:30:00Z"
    );
    assert_eq!(
        handoff("Australia/Lord_Howe", time(1, 45, 0, 0), "2026-04-04T00:00:00Z"),
        "2026-04-04T14:45:00Z"
    );
    let layer = daily(date(2026, 1, 1), time(2, 30, 0, 0), &[ANA, BO]);
    let schedule = schedule("Europe/Berlin", vec![layer]);
    // The second half past two is an hour after the first and hands nothing over.
    assert_eq!(
        on_call_at(&schedule, t("2026-10-25T00:30:00Z")),
        on_call_at(&schedule, t("2026-10-25T01:30:00Z"))
    );
}

#[test]
fn hours_that_make_up_days_keep_local_time_and_others_count_as_they_pass() {
    let of = |hours| {
        let handoff = time(8, 0, 0, 0);
        let layer = turns(TurnLength::Hours(hours), date(2026, 3, 28), handoff, &[ANA, BO, CY]);
        schedule("Europe/Berlin", vec![layer])
    };
    assert_eq!(user_at(&of(8), "2026-03-28T06:59:59Z"), None);
    // From midnight to eight in the morning, of which an hour is skipped.
    assert_eq!(
        stretch_at(&of(8), "2026-03-29T00:59:59Z"),
        ("2026-03-28T23:00:00Z".into(), "2026-03-29T06:00:00Z".into())
    );
    assert_eq!(user_at(&of(8), "2026-03-29T06:00:00Z"), Some(ANA));
    assert_eq!(
        stretch_at(&of(7), "2026-03-29T00:59:59Z"),
        ("2026-03-28T21:00:00Z".into(), "2026-03-29T04:00:00Z".into())
    );
}

#[test]
fn a_day_that_the_calendar_skipped_is_nobodys_turn() {
    // Samoa had no 30 December 2011: its handoff falls on that of the 31st.
    let layer = daily(date(2011, 12, 29), time(9, 0, 0, 0), &[ANA, BO, CY]);
    let schedule = schedule("Pacific/Apia", vec![layer]);
    assert_eq!(user_at(&schedule, "2011-12-30T18:59:59Z"), Some(ANA));
    assert_eq!(user_at(&schedule, "2011-12-30T19:00:00Z"), Some(CY));
}

#[test]
fn the_leap_day_is_a_day_like_any_other() {
    let layer = daily(date(2028, 2, 28), time(0, 0, 0, 0), &[ANA, BO, CY]);
    let year = schedule("UTC", vec![layer]);
    let days = ["2028-02-28", "2028-02-29", "2028-03-01"].map(|day| format!("{day}T12:00:00Z"));
    let users = days.each_ref().map(|day| user_at(&year, day));
    assert_eq!(users, [Some(ANA), Some(BO), Some(CY)]);
    let start = daily(date(2028, 2, 29), time(0, 0, 0, 0), &[ANA, BO]);
    assert_eq!(user_at(&schedule("UTC", vec![start]), "2029-03-01T00:00:00Z"), Some(ANA));
}

#[test]
fn a_night_window_crosses_midnight_and_belongs_to_the_day_it_begins_on() {
    let layer = daily(date(2026, 1, 1), time(9, 0, 0, 0), &[ANA]);
    let night = restricted(layer, &[Weekday::Friday], time(22, 0, 0, 0), time(6, 0, 0, 0));
    let schedule = schedule("Europe/Berlin", vec![night]);
    // 2026-01-09 is a Friday.
    assert_eq!(user_at(&schedule, "2026-01-09T20:59:59Z"), None);
    assert_eq!(user_at(&schedule, "2026-01-10T04:59:59Z"), Some(ANA));
    assert_eq!(user_at(&schedule, "2026-01-10T05:00:00Z"), None);
    assert_eq!(user_at(&schedule, "2026-01-08T22:00:00Z"), None);
    assert_eq!(next_change(&schedule, t("2026-01-10T05:00:00Z")), Some(t("2026-01-16T21:00:00Z")));
}

#[test]
fn a_night_window_over_a_change_of_clocks_is_an_hour_shorter_or_longer() {
    let layer = turns(TurnLength::Weeks(1), date(2026, 1, 5), time(9, 0, 0, 0), &[ANA]);
    let night = restricted(layer, &[], time(22, 0, 0, 0), time(6, 0, 0, 0));
    let schedule = schedule("Europe/Berlin", vec![night]);
    assert_eq!(hours(&schedule, "2026-03-28T23:00:00Z"), 7.0);
    assert_eq!(hours(&schedule, "2026-10-24T23:00:00Z"), 9.0);
    assert_eq!(hours(&schedule, "2026-06-10T23:00:00Z"), 8.0);
}

#[test]
fn a_window_inside_a_skipped_hour_is_empty_that_day() {
    let layer = turns(TurnLength::Weeks(1), date(2026, 1, 5), time(9, 0, 0, 0), &[ANA]);
    let window = restricted(layer, &[], time(2, 0, 0, 0), time(3, 0, 0, 0));
    let schedule = schedule("Europe/Berlin", vec![window]);
    assert_eq!(next_change(&schedule, t("2026-03-28T02:00:00Z")), Some(t("2026-03-30T00:00:00Z")));
}

#[test]
fn windows_that_leave_nothing_out_are_no_restriction() {
    let layer = turns(TurnLength::Weeks(1), date(2026, 1, 5), time(9, 0, 0, 0), &[ANA, BO]);
    let day = restricted(layer, &[], time(8, 0, 0, 0), time(20, 0, 0, 0));
    let both = restricted(day, &[], time(20, 0, 0, 0), time(8, 0, 0, 0));
    let schedule = schedule("Europe/Berlin", vec![both]);
    assert_eq!(hours(&schedule, "2026-06-10T12:00:00Z"), 168.0);
}

#[test]
fn a_later_layer_takes_precedence_in_its_hours_and_the_earlier_one_has_the_rest() {
    let base = named(weekly_on_monday(date(2026, 1, 5), &[ANA, BO]), "base");
    let days = named(weekly_on_monday(date(2026, 1, 5), &[CY]), "office");
    let week = [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday];
    let office = restricted(days, &week, time(10, 0, 0, 0), time(17, 0, 0, 0));
    let schedule = schedule("UTC", vec![base, office]);
    let expanded: Vec<_> = shifts(&schedule, t("2026-01-05T09:00:00Z"), t("2026-01-06T12:00:00Z"))
        .into_iter()
        .map(|shift| (shift.layer, shift.user, shift.from.to_string()))
        .collect();
    assert_eq!(
        expanded,
        [
            ("base".to_owned(), ANA, "2026-01-05T09:00:00Z".to_owned()),
            ("office".to_owned(), CY, "2026-01-05T10:00:00Z".to_owned()),
            ("base".to_owned(), ANA, "2026-01-05T17:00:00Z".to_owned()),
            ("office".to_owned(), CY, "2026-01-06T10:00:00Z".to_owned()),
        ]
    );
}

#[test]
fn an_override_wins_over_layers_and_a_later_one_over_an_earlier_one() {
    let mut schedule = schedule("UTC", vec![weekly_on_monday(date(2026, 1, 5), &[ANA])]);
    let replace = |user, from, to| Override { user, from: t(from), to: t(to), instead_of: None };
    schedule.overrides = Overrides::new(vec![
        replace(BO, "2026-01-06T00:00:00Z", "2026-01-07T00:00:00Z"),
        replace(CY, "2026-01-06T10:00:00Z", "2026-01-06T12:00:00Z"),
        // Ends before it begins: replaces nobody.
        replace(CY, "2026-01-08T00:00:00Z", "2026-01-07T00:00:00Z"),
    ]);
    let expanded: Vec<_> = shifts(&schedule, t("2026-01-05T09:00:00Z"), t("2026-01-12T09:00:00Z"))
        .into_iter()
        .map(|shift| (shift.user, shift.layer, shift.to.to_string()))
        .collect();
    let turn = |user, layer: &str, to: &str| (user, layer.to_owned(), to.to_owned());
    assert_eq!(
        expanded,
        [
            turn(ANA, "turns", "2026-01-06T00:00:00Z"),
            turn(BO, "override", "2026-01-06T10:00:00Z"),
            turn(CY, "override", "2026-01-06T12:00:00Z"),
            turn(BO, "override", "2026-01-07T00:00:00Z"),
            turn(ANA, "turns", "2026-01-12T09:00:00Z"),
        ]
    );
}

#[test]
fn a_schedule_without_layers_or_people_has_nobody_and_never_changes() {
    for layers in [vec![], vec![weekly_on_monday(date(2026, 1, 5), &[])]] {
        let schedule = schedule("Europe/Berlin", layers);
        assert_eq!(on_call_at(&schedule, t("2026-02-01T00:00:00Z")), []);
        assert_eq!(shifts(&schedule, Timestamp::MIN, Timestamp::MAX), []);
        assert_eq!(next_change(&schedule, t("2026-02-01T00:00:00Z")), None);
        assert_eq!(next_on_call(&schedule, t("2026-02-01T00:00:00Z")), None);
    }
}

#[test]
fn a_layer_of_nobody_hides_nobody() {
    let layers =
        vec![weekly_on_monday(date(2026, 1, 5), &[ANA]), weekly_on_monday(date(2026, 1, 5), &[])];
    let schedule = schedule("UTC", layers);
    assert_eq!(hours(&schedule, "2026-02-01T00:00:00Z"), 168.0);
}

#[test]
fn next_on_call_is_the_next_person_or_the_end_of_a_gap() {
    let mut alone = schedule("UTC", vec![weekly_on_monday(date(2026, 1, 5), &[ANA])]);
    let now = t("2026-02-01T00:00:00Z");
    assert_eq!(next_on_call(&alone, now), None);
    let (from, to) = (t("2026-03-01T00:00:00Z"), t("2026-03-02T00:00:00Z"));
    alone.overrides = vec![Override { user: BO, from, to, instead_of: None }].into();
    assert_eq!(next_on_call(&alone, now).map(|shift| shift.user), Some(BO));
    let office = restricted(
        weekly_on_monday(date(2026, 1, 5), &[ANA]),
        &[],
        time(9, 0, 0, 0),
        time(17, 0, 0, 0),
    );
    let next = next_on_call(&schedule("UTC", vec![office]), t("2026-02-02T12:00:00Z")).unwrap();
    assert_eq!((next.user, next.from), (ANA, t("2026-02-03T09:00:00Z")));
}

#[test]
fn the_edges_of_time_and_turns_of_no_length_are_survived() {
    for every in [TurnLength::Hours(0), TurnLength::Days(0), TurnLength::Weeks(0)]
        .into_iter()
        .chain([TurnLength::Hours(u32::MAX), TurnLength::Days(u32::MAX)])
    {
        let far = date(9999, 12, 31);
        for start in [Date::MIN, date(2026, 1, 1), far] {
            let layer = turns(every, start, time(12, 0, 0, 0), &[ANA, BO]);
            let layer = restricted(layer, &[Weekday::Sunday], time(1, 0, 0, 0), time(0, 30, 0, 0));
            let schedule = schedule("Pacific/Apia", vec![layer]);
            for at in [Timestamp::MIN, t("2026-01-01T00:00:00Z"), Timestamp::MAX] {
                let _ = (on_call_at(&schedule, at), next_on_call(&schedule, at));
            }
        }
    }
}

#[test]
fn an_expansion_is_bounded() {
    let layer = turns(TurnLength::Hours(1), date(2026, 1, 1), time(0, 0, 0, 0), &[ANA, BO]);
    let schedule = schedule("UTC", vec![layer]);
    assert_eq!(
        shifts(&schedule, t("2026-01-01T00:00:00Z"), t("2046-01-01T00:00:00Z")).len(),
        STRETCHES_MAX
    );
    assert_eq!(shifts(&schedule, t("2026-02-01T00:00:00Z"), t("2026-02-01T00:00:00Z")), []);
}
