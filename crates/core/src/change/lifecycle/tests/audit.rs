//! The weekly audit (`X14`, `M2`, `X8`): what is kept and what is not, at its edges.

use super::*;
use crate::change::audit::{Doubt, FIELDS, Judged, Kept, Known, begins, figures, judge, week};
use crate::incident::lifecycle::{Incident, Stamps};

/// Nine in the morning in Berlin on the last day of an ISO week, and of a month of winter.
const SUNDAY: &str = "2026-03-29T07:00:00Z";

fn done(began: &str, ended: &str) -> Change {
    let mut desk = Desk::new(2, "deploy");
    desk.submit(EARLY).unwrap();
    Change {
        state: State::Closed,
        started_at: Some(at(began)),
        ended_at: Some(at(ended)),
        outcome: Some(Outcome::Success),
        approved_at: Some(at(EARLY)),
        ..desk.change
    }
}

fn judged(change: &Change, incident: Option<&Incident>, caused: Vec<&Incident>) -> Judged {
    let known = Known { change, incident, caused };
    judge(&known, &shop(2), at("2026-06-01T00:00:00Z")).unwrap()
}

fn trouble(severity: u8, detected: &str) -> Incident {
    let stamps = Stamps {
        occurred_at: Some(at(detected)),
        detected_at: Some(at(detected)),
        ..Stamps::default()
    };
    Incident {
        number: 60,
        service: ServiceId(Uuid::from_u128(50)),
        severity: Level::new(severity).unwrap(),
        stamps,
        ..crate::incident::lifecycle::tests::incident()
    }
}

#[test]
fn a_week_is_the_organisations_own_from_monday_to_sunday() {
    let directory = shop(2);
    let monday = |text| week(at(text), &directory).to_string();
    assert_eq!(monday(SUNDAY), "2026-03-23");
    // Summer time began in the night before that Sunday: its last hour is at 22:00 UTC by then.
    assert_eq!(monday("2026-03-29T21:59:59Z"), "2026-03-23");
    assert_eq!(monday("2026-03-29T22:00:00Z"), "2026-03-30");
    assert_eq!(monday("2026-01-01T00:00:00Z"), "2025-12-29");
}

#[test]
fn it_counts_when_it_began_or_was_to_begin_and_a_draft_does_not() {
    let planned = "2026-05-20T08:00:00Z";
    let change = done("2026-05-18T08:00:00Z", "2026-05-18T09:00:00Z");
    assert_eq!(begins(&change), Some(at("2026-05-18T08:00:00Z")));
    let never = Change { started_at: None, ended_at: None, outcome: None, ..change.clone() };
    assert_eq!(begins(&never), Some(at(planned)));
    let draft = Desk::new(2, "deploy").change;
    let known = Known { change: &draft, incident: None, caused: vec![] };
    assert_eq!(judge(&known, &shop(2), at(planned)), None);
}

#[test]
fn a_change_keeps_to_its_times_within_a_quarter_of_an_hour_and_never_beyond_its_end() {
    // Planned from 08:00 to 10:00.
    let kept = |began: &str, ended: &str| {
        let day = |time: &str| format!("2026-05-20T{time}Z");
        judged(&done(&day(began), &day(ended)), None, vec![]).schedule
    };
    assert_eq!(kept("08:00:00", "10:00:00"), Kept::Yes);
    assert_eq!(kept("08:15:00", "10:00:00"), Kept::Yes);
    assert_eq!(kept("07:45:00", "08:30:00"), Kept::Yes);
    assert_eq!(kept("08:15:01", "10:00:00"), Kept::No);
    assert_eq!(kept("07:44:59", "08:30:00"), Kept::No);
    assert_eq!(kept("08:00:00", "10:00:01"), Kept::No);
    let open = Change { ended_at: None, ..done("2026-05-20T08:00:00Z", "2026-05-20T09:00:00Z") };
    assert_eq!(judged(&open, None, vec![]).schedule, Kept::NotAsked, "not known yet");
    let fix = Change { origin: Origin::FixFirst, ..open };
    let one = judged(&fix, None, vec![]);
    assert_eq!((one.schedule, one.slip), (Kept::NotAsked, None), "it had no time to keep to");
}

#[test]
fn notice_is_kept_up_to_its_very_last_instant() {
    let kept = |submitted: &str| {
        let change = done("2026-05-20T08:00:00Z", "2026-05-20T09:00:00Z");
        judged(&Change { submitted_at: Some(at(submitted)), ..change }, None, vec![]).notice
    };
    assert_eq!(kept("2026-05-18T08:00:00Z"), Kept::Yes);
    assert_eq!(kept("2026-05-18T08:00:01Z"), Kept::No);
    let mut after = done("2026-05-20T08:00:00Z", "2026-05-20T09:00:00Z");
    after.submitted_at = Some(at("2026-05-21T08:00:00Z"));
    after.origin = Origin::AfterTheFact;
    assert_eq!(judged(&after, None, vec![]).notice, Kept::NotAsked, "exempt");
}

#[test]
fn customers_are_told_in_words_or_by_being_asked() {
    let change = done("2026-05-20T08:00:00Z", "2026-05-20T09:00:00Z");
    assert_eq!(judged(&change, None, vec![]).told, Kept::Yes);
    let mut silent = change.clone();
    silent.plan.customers_told = " ".into();
    assert_eq!(judged(&silent, None, vec![]).told, Kept::No);
    silent.plan.customers.clear();
    assert_eq!(judged(&silent, None, vec![]).told, Kept::NotAsked);
    silent.plan.is_company_wide = true;
    assert_eq!(judged(&silent, None, vec![]).told, Kept::No);
    // Tier 1 asks the customers themselves.
    let mut asked = Desk::new(1, "deploy");
    asked.change.plan.customers_told = String::new();
    asked.submit(EARLY).unwrap();
    let one = judged(&asked.change, None, vec![]);
    assert_eq!((one.told, one.approved), (Kept::No, Kept::No));
    for who in [PEER, BOSS, CAT] {
        asked.approve(who, EARLY).unwrap();
    }
    let one = judged(&asked.change, None, vec![]);
    assert_eq!((one.told, one.approved), (Kept::Yes, Kept::Yes));
}

#[test]
fn a_sev2_excuses_what_it_has_to_do_with_and_the_rest_is_doubted() {
    let fix = |number: u128| {
        let mut change = done("2026-05-20T08:00:00Z", "2026-05-20T09:00:00Z");
        change.origin = Origin::FixFirst;
        change.created_at = at("2026-05-20T07:00:00Z");
        change.submitted_at = Some(at("2026-05-20T07:30:00Z"));
        change.plan.service = ServiceId(Uuid::from_u128(number));
        change
    };
    let doubts = |change: &Change, incident: &Incident| {
        judged(change, Some(incident), vec![]).excuse.map(|excuse| excuse.doubts)
    };
    let early = "2026-05-20T06:00:00Z";
    assert_eq!(doubts(&fix(50), &trouble(2, early)), Some(vec![]), "a good excuse");
    assert_eq!(doubts(&fix(50), &trouble(1, early)), None, "a sev1 exempts");
    assert_eq!(doubts(&fix(50), &trouble(3, early)), Some(vec![Doubt::Milder]));
    let later = trouble(2, "2026-05-20T07:00:01Z");
    assert_eq!(doubts(&fix(50), &later), Some(vec![Doubt::Later]));
    let mut over = trouble(2, early);
    over.stamps.restored_at = Some(at("2026-05-20T07:29:59Z"));
    assert_eq!(doubts(&fix(50), &over), Some(vec![Doubt::Over]));
    over.stamps.restored_at = Some(at("2026-05-20T07:30:00Z"));
    assert_eq!(doubts(&fix(50), &over), Some(vec![]), "at that very moment it was not over");
    assert_eq!(doubts(&fix(51), &trouble(2, early)), Some(vec![Doubt::Elsewhere]));
    let planned = done("2026-05-20T08:00:00Z", "2026-05-20T09:00:00Z");
    assert_eq!(doubts(&planned, &trouble(2, early)), None, "it went around nothing");
    let mut practice = trouble(2, early);
    practice.practice = true;
    assert_eq!(doubts(&fix(50), &practice), None);
}

#[test]
fn figures_are_sums_and_an_outage_of_two_changes_counts_once() {
    let directory = shop(2);
    let now = at("2026-06-01T00:00:00Z");
    let mut incident = trouble(2, "2026-05-20T09:00:00Z");
    incident.stamps.restored_at = Some(at("2026-05-20T09:40:00Z"));
    let first =
        judged(&done("2026-05-20T08:00:00Z", "2026-05-20T08:30:00Z"), None, vec![&incident]);
    let late = done("2026-05-20T08:30:00Z", "2026-05-20T10:30:00Z");
    let late = Change { outcome: Some(Outcome::RolledBack), origin: Origin::FixFirst, ..late };
    let second = judged(&late, None, vec![&incident]);
    assert_eq!((first.outage, second.outage).0, SignedDuration::from_mins(40));
    let all = figures([&first, &second], [&incident], &directory, now);
    assert_eq!((all.changes, all.planned, all.fix_first), (2, 2, 1));
    assert_eq!((all.schedule.asked, all.schedule.kept), (1, 1));
    assert_eq!((all.succeeded.asked, all.succeeded.kept), (2, 1));
    assert_eq!((all.caused.incidents, all.caused.outage), (1, SignedDuration::from_mins(40)));
    assert_eq!(all.time.mean, Some(SignedDuration::from_mins(75)));
    assert_eq!(all.points_most(), 32);
    assert_eq!(all.points, all.points_by_field.iter().sum::<i64>());
    let scored: Vec<_> = first.scores.iter().map(|score| score.field).collect();
    assert_eq!(scored, FIELDS, "every field has its place");
    assert_eq!(figures([], [], &directory, now).changes, 0);
}
