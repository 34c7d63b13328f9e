//! The pace of updates at its edges.

use super::*;

const SECOND: SignedDuration = SignedDuration::from_secs(1);

fn t0() -> Timestamp {
    "2026-11-21T04:07:00Z".parse().unwrap()
}

fn at(minutes: i64) -> Timestamp {
    t0() + SignedDuration::from_mins(minutes)
}

fn usual(_: &str) -> Pace {
    Pace::default()
}

fn waiting() -> Updates {
    let mut updates = Updates::default();
    updates.start(["external"], usual, t0());
    updates
}

fn send(updates: &mut Updates, now: Timestamp) -> Result<(), Wrong> {
    updates.send("external", None, false, false, usual, now).map(|_| ())
}

#[test]
fn two_updates_are_never_closer_than_half_an_hour() {
    let mut updates = waiting();
    assert_eq!(send(&mut updates, at(1)), Ok(()), "the first one may go at once");
    let before = updates.clone();
    let too_soon = Wrong::TooSoon { at: at(31) };
    assert_eq!(send(&mut updates, at(31) - SECOND), Err(too_soon));
    assert_eq!(updates, before, "a refusal changes nothing");
    assert_eq!(send(&mut updates, at(31)), Ok(()));
    let urgent = updates.send("external", None, true, false, usual, at(32)).unwrap();
    assert_eq!((urgent.sent, urgent.last_at), (3, Some(at(32))));
}

#[test]
fn somebody_is_reminded_at_fifty_minutes_and_the_lead_asked_at_sixty_and_again() {
    let mut updates = waiting();
    assert_eq!(updates.next_at(), Some(at(50)));
    assert_eq!(updates.time_out(usual, at(50) - SECOND), []);
    let remind = Effect::Remind { audience: "external".into(), due_at: at(60) };
    assert_eq!(updates.time_out(usual, at(50)), [remind]);
    assert_eq!(updates.next_at(), Some(at(60)));
    assert_eq!(updates.time_out(usual, at(60) - SECOND), []);
    let silent = |minutes| Effect::Silent {
        audience: "external".into(),
        silent_for: SignedDuration::from_mins(minutes),
    };
    assert_eq!(updates.time_out(usual, at(60)), [silent(60)]);
    assert_eq!(updates.next_at(), Some(at(90)));
    assert_eq!(updates.time_out(usual, at(90)), [silent(90)]);
    assert_eq!(send(&mut updates, at(91)), Ok(()));
    assert_eq!(updates.next_at(), Some(at(141)), "whoever heard waits anew");
}

#[test]
fn a_promise_that_is_not_kept_is_counted_once() {
    let mut updates = waiting();
    let soon = Some(SignedDuration::from_mins(30));
    updates.send("external", soon, false, false, usual, at(0)).unwrap();
    assert_eq!(updates.track("external").unwrap().promised_at, Some(at(30)));
    assert_eq!(updates.next_at(), Some(at(20)), "ten minutes before what was promised");
    assert!(matches!(updates.time_out(usual, at(20))[..], [Effect::Remind { .. }]));
    assert_eq!(updates.time_out(usual, at(30) - SECOND), []);
    let missed = Effect::Missed { audience: "external".into(), promised_at: at(30), missed: 1 };
    assert_eq!(updates.time_out(usual, at(30)), [missed]);
    assert_eq!(updates.time_out(usual, at(31)), []);
    assert!(matches!(updates.time_out(usual, at(60))[..], [Effect::Silent { .. }]));
    assert_eq!(send(&mut updates, at(61)), Ok(()));
    let track = updates.track("external").unwrap();
    assert_eq!((track.sent, track.missed), (2, 1), "it stays counted");
}

#[test]
fn a_promise_at_the_hour_is_missed_in_the_moment_at_which_the_lead_is_asked() {
    let mut updates = waiting();
    send(&mut updates, at(0)).unwrap();
    updates.time_out(usual, at(50));
    let effects = updates.time_out(usual, at(60));
    assert!(matches!(effects[..], [Effect::Missed { .. }, Effect::Silent { .. }]), "{effects:?}");
}

#[test]
fn only_what_the_pace_allows_can_be_promised() {
    let mut updates = waiting();
    for (minutes, seconds, fits) in
        [(30, 0, true), (60, 0, true), (30, -1, false), (60, 1, false), (0, 0, false)]
    {
        let mut updates = updates.clone();
        let next_in = SignedDuration::from_secs(minutes * 60 + seconds);
        let sent = updates.send("external", Some(next_in), false, false, usual, at(5));
        assert_eq!(sent.is_ok(), fits, "{minutes} minutes {seconds} s");
    }
    updates.stop();
    let last = updates.send("external", None, false, true, usual, at(5)).unwrap();
    assert_eq!(last.promised_at, None);
    assert_eq!(updates.next_at(), None);
}

#[test]
fn each_audience_has_its_own_pace_and_those_that_wait_go_on() {
    let pace = |audience: &str| match audience {
        "management" => {
            let minutes = SignedDuration::from_mins;
            Pace { closest: minutes(60), silent_max: minutes(120) }
        }
        _ => Pace::default(),
    };
    let mut updates = Updates::default();
    updates.start(["external"], pace, t0());
    updates.start(["external", "management"], pace, at(10));
    assert_eq!(updates.track("external").unwrap().since, t0());
    assert_eq!(updates.next_at(), Some(at(50)));
    assert_eq!(updates.time_out(pace, at(50)).len(), 1);
    updates.stop();
    assert_eq!(updates.next_at(), None);
    assert_eq!(updates.time_out(pace, at(500)), []);
    updates.restart(pace, at(500));
    assert_eq!(updates.next_at(), Some(at(550)));
}

#[test]
fn what_waits_for_review_is_taken_once() {
    let mut updates = Updates::default();
    let draft = |text: &str| Draft {
        text: text.into(),
        face: Face::default(),
        next_in: None,
        by: "ana".into(),
        at: t0(),
    };
    updates.review("external", draft("one"), t0());
    updates.review("external", draft("two"), t0());
    assert_eq!(updates.reviewed("external").map(|draft| draft.text), Ok("two".into()));
    assert_eq!(updates.reviewed("external"), Err(Wrong::NothingInReview));
    assert_eq!(updates.reviewed("internal"), Err(Wrong::NothingInReview));
}
