//! What is in the way of a change: it stays approved, goes on with a reason, and is looked for again
//! 48 hours before the beginning and at it.

use super::*;
use crate::change::conflict::{Other, Rule};
use crate::change::record::{CHECKED_BEFORE, CHECKED_EVERY};
use crate::oncall::cover::Span;

const EARLY: &str = "2026-05-10T08:00:00Z";
const REASON: &str = "the other one only reads";

fn other_change(number: i64) -> Conflict {
    let span = Span { from: at("2026-05-20T08:00:00Z"), to: at("2026-05-20T10:00:00Z") };
    Conflict {
        rule: Rule::SameService,
        is_blocking: true,
        other: Other::Change(number),
        text: format!("CHG-{number} (Other) changes checkout as well"),
        span,
        clear_from: span.to,
    }
}

/// A change of tier 2 that peer and boss have agreed to, with something in its way.
fn agreed(conflicts: Vec<Conflict>) -> Desk {
    let mut desk = Desk::new(2, "deploy");
    desk.conflicts = conflicts;
    desk.submit(EARLY).unwrap();
    desk.approve(PEER, EARLY).unwrap();
    desk.approve(BOSS, EARLY).unwrap();
    desk
}

fn go_on(desk: &mut Desk, reason: &str) -> Result<State, Refusal> {
    desk.tell(TECH, EARLY, Command::Override { reason: reason.into() })
}

fn start(desk: &mut Desk, now: &str, excuse: &str) -> Result<State, Refusal> {
    desk.tell(TECH, now, Command::Start { excuse: excuse.into() })
}

fn last(desk: &Desk) -> (Kind, &str) {
    let entry = desk.said.last().unwrap();
    (entry.kind, entry.text.as_str())
}

#[test]
fn what_something_is_in_the_way_of_stays_approved_until_a_reason_stands_in_its_record() {
    let mut desk = agreed(vec![other_change(7)]);
    assert_eq!(desk.change.state, State::Approved);
    let (kind, text) = last(&desk);
    assert_eq!(kind, Kind::Blocked);
    assert!(text.contains("CHG-7 (Other) changes checkout as well"), "{text}");
    assert!(matches!(go_on(&mut desk, "why not"), Err(Refusal::NoReason(_))));
    assert_eq!(go_on(&mut desk, REASON), Ok(State::Scheduled));
    assert_eq!(desk.said[0].kind, Kind::Overridden);
    assert!(desk.said[0].text.ends_with(REASON), "{:?}", desk.said);
    assert_eq!(desk.change.overrides[0].key, "same_service:change:7");
    assert_eq!(go_on(&mut desk, REASON), Err(Refusal::Unblocked));
}

#[test]
fn what_is_worth_knowing_holds_nothing_up_and_an_override_covers_only_what_it_was_about() {
    let warning = Conflict { is_blocking: false, ..other_change(7) };
    assert_eq!(agreed(vec![warning]).change.state, State::Scheduled);
    let mut desk = agreed(vec![other_change(7)]);
    desk.conflicts.push(other_change(8));
    assert_eq!(go_on(&mut desk, REASON), Ok(State::Scheduled));
    assert_eq!(desk.change.overrides.len(), 2, "both were known when it was said");
    desk.conflicts.push(other_change(9));
    let edge = at("2026-05-20T08:00:00Z") - CHECKED_BEFORE;
    assert!(desk.tick(edge));
    assert_eq!(desk.change.state, State::Approved);
    assert!(!last(&desk).1.contains("CHG-8") && last(&desk).1.contains("CHG-9"));
}

#[test]
fn it_is_checked_again_48_hours_before_and_each_hour_while_something_is_in_its_way() {
    let mut desk = agreed(vec![]);
    assert_eq!(desk.change.state, State::Scheduled);
    let edge = at("2026-05-20T08:00:00Z") - CHECKED_BEFORE;
    desk.conflicts = vec![other_change(7)];
    assert!(!desk.tick(edge - SignedDuration::from_micros(1)));
    assert_eq!(desk.change.next_at(), Some(edge));
    assert!(desk.tick(edge));
    assert_eq!((desk.change.state, last(&desk).0), (State::Approved, Kind::Blocked));
    assert!(desk.tick(edge + CHECKED_EVERY));
    assert_eq!((desk.change.state, desk.said.len()), (State::Approved, 0), "it is known already");
    desk.conflicts.clear();
    assert!(desk.tick(edge + CHECKED_EVERY * 2));
    assert_eq!((desk.change.state, last(&desk).0), (State::Scheduled, Kind::Scheduled));
    desk.conflicts = vec![other_change(7)];
    assert!(!desk.tick(at("2026-05-20T07:59:00Z")), "and from then on it is whoever begins it");
}

#[test]
fn at_the_start_something_new_in_its_way_needs_a_reason() {
    let mut desk = agreed(vec![]);
    let begin = "2026-05-20T08:00:00Z";
    desk.conflicts = vec![other_change(7)];
    assert_eq!(start(&mut desk, begin, " "), Err(Refusal::Blocked(vec![other_change(7)])));
    assert_eq!(start(&mut desk, begin, REASON), Ok(State::InProgress));
    let kinds: Vec<_> = desk.said.iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, [Kind::Started, Kind::Overridden]);
    assert_eq!(desk.change.origin, Origin::Planned, "all had agreed");
    let mut known = agreed(vec![other_change(7)]);
    go_on(&mut known, REASON).unwrap();
    assert_eq!(start(&mut known, begin, ""), Ok(State::InProgress), "that was said already");
    let mut cleared = agreed(vec![other_change(7)]);
    cleared.conflicts.clear();
    assert_eq!(start(&mut cleared, begin, ""), Ok(State::InProgress));
}

#[test]
fn a_fix_with_a_reason_is_never_blocked() {
    let mut desk = Desk::new(2, "deploy");
    desk.conflicts = vec![other_change(7)];
    assert!(matches!(start(&mut desk, EARLY, ""), Err(Refusal::NoReason(_))));
    assert_eq!(start(&mut desk, EARLY, "nobody can pay right now"), Ok(State::InProgress));
    assert_eq!(desk.change.origin, Origin::FixFirst);
    assert!(desk.said.iter().any(|entry| entry.kind == Kind::Overridden), "{:?}", desk.said);
}

#[test]
fn a_change_that_is_moved_is_checked_anew_and_forgets_why_it_might_go_on() {
    let mut desk = agreed(vec![other_change(7)]);
    go_on(&mut desk, REASON).unwrap();
    let mut plan = desk.change.plan.clone();
    plan.start = Some(at("2026-05-21T08:00:00Z"));
    plan.end = Some(at("2026-05-21T10:00:00Z"));
    let edit = |plan| Command::Edit { plan: Box::new(plan) };
    assert_eq!(desk.tell(TECH, EARLY, edit(plan)), Ok(State::InReview));
    assert_eq!(desk.change.overrides, []);
    assert_eq!(desk.approve(BOSS, EARLY), Ok(State::Approved), "it is in the way there too");
    desk.conflicts.clear();
    let mut plan = desk.change.plan.clone();
    plan.start = Some(at("2026-05-22T08:00:00Z"));
    plan.end = Some(at("2026-05-22T10:00:00Z"));
    desk.tell(TECH, EARLY, edit(plan)).unwrap();
    assert_eq!(desk.approve(BOSS, EARLY), Ok(State::Scheduled));
}
