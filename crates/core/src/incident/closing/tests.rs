use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::id::UserId;
use crate::incident::lifecycle::Stamps;
use crate::incident::synopsis;
use crate::incident::timeline::Entry;

fn at(minutes: i64) -> Timestamp {
    "2026-11-21T04:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
}

fn id(n: u128) -> EntryId {
    EntryId(Uuid::from_u128(n))
}

fn stored(n: u128, minutes: i64, kind: Kind, text: &str, data: Value) -> Stored {
    let ana = Actor::User { id: UserId(Uuid::from_u128(1)), name: "ana".into() };
    let mut entry = Entry::new(at(minutes), kind, ana, text);
    entry.data = data.as_object().unwrap().clone();
    Stored { id: id(n), recorded_at: at(60), entry }
}

/// What was written during an outage, in the order of writing.
fn book() -> Book {
    let of = |n: u128| id(n).to_string();
    Book::of([
        stored(1, 7, Kind::Opened, "disk is in trouble", json!({})),
        stored(2, 8, Kind::Paged, "Paged ana", json!({})),
        stored(3, 9, Kind::CheckedIn, "ana checked in", json!({ "user": "ana", "seconds": 60 })),
        stored(4, 10, Kind::Hypothesis, "the disk is full", json!({ "assignee": "bo" })),
        stored(5, 11, Kind::Hypothesis, "the network", json!({})),
        stored(
            6,
            12,
            Kind::HypothesisMoved,
            "Abandoned",
            json!({ "of": of(4), "state": "abandoned", "found": "40 % free" }),
        ),
        stored(7, 13, Kind::Action, "fail over", json!({ "major": true })),
        stored(8, 14, Kind::Action, "clear the cache", json!({})),
        stored(
            9,
            15,
            Kind::ActionMoved,
            "Done: fail over",
            json!({ "of": of(7), "state": "done", "actual": "errors fell" }),
        ),
        stored(10, 16, Kind::Decision, "wait until 05:00", json!({})),
        stored(
            11,
            17,
            Kind::Contact,
            "cannot pay",
            json!({ "customer": "ACME", "external": true }),
        ),
        stored(12, 18, Kind::Note, "it was slwo", json!({ "approximate": true })),
        stored(
            13,
            19,
            Kind::Corrected,
            "Corrected",
            json!({ "of": of(12), "text": "it was slow", "at": at(2).to_string() }),
        ),
        stored(14, 20, Kind::Pinned, "Pinned", json!({ "of": of(12) })),
        stored(15, 21, Kind::Told, "Told ops by slack", json!({})),
    ])
}

fn incident() -> Incident {
    let stamps = Stamps {
        occurred_at: Some(at(2)),
        detected_at: Some(at(7)),
        resolved_at: Some(at(47)),
        ..Stamps::default()
    };
    Incident { stamps, ..crate::incident::lifecycle::tests::incident() }
}

fn texts(lines: &[Line]) -> Vec<&str> {
    lines.iter().map(|line| line.text.as_str()).collect()
}

#[test]
fn the_record_tells_turns_everything_and_who_was_told() {
    let record = of(&incident(), &book());
    let minutes = SignedDuration::from_mins;
    assert_eq!(record.distances.occurred_to_detected, Some(minutes(5)));
    assert_eq!(record.distances.occurred_to_resolved, Some(minutes(45)));
    assert_eq!(record.distances.detected_to_resolved, Some(minutes(40)));
    let ana = Engagement { user: "ana".into(), took: minutes(1), is_late: false };
    assert_eq!(record.engagements, [ana]);
    // The pinned note stands where it happened after its correction.
    assert_eq!(
        texts(&record.summary),
        ["it was slow", "disk is in trouble", "fail over", "Done: fail over", "wait until 05:00"]
    );
    assert_eq!(record.full.len(), 13);
    assert_eq!(record.full[0].original.as_deref(), Some("it was slwo"));
    assert!(record.full[0].is_approximate && record.full[0].is_late);
    assert_eq!(texts(&record.communications), ["ACME: cannot pay", "Told ops by slack"]);
}

#[test]
fn the_synopsis_tells_what_is_open_what_was_tried_and_what_was_decided() {
    let synopsis = synopsis::of(&incident(), &book());
    let texts =
        |lines: &[synopsis::Line]| lines.iter().map(|line| line.text.clone()).collect::<Vec<_>>();
    assert_eq!(texts(&synopsis.open), ["the network"]);
    assert_eq!(texts(&synopsis.closed), ["the disk is full"]);
    assert_eq!(synopsis.closed[0].outcome.as_deref(), Some("40 % free"));
    assert_eq!(synopsis.closed[0].who.as_deref(), Some("bo"));
    assert_eq!(texts(&synopsis.under_way), ["clear the cache"]);
    assert_eq!(texts(&synopsis.changed), ["fail over"]);
    assert_eq!(synopsis.changed[0].outcome.as_deref(), Some("errors fell"));
    assert_eq!(texts(&synopsis.decisions), ["wait until 05:00"]);
    assert_eq!(texts(&synopsis.pins), ["it was slow"]);
    assert_eq!(texts(&synopsis.contacts), ["cannot pay"]);
    assert_eq!(synopsis.last.unwrap().text, "cannot pay");
    assert_eq!((synopsis.cause, synopsis.is_cause_known), (None, false));
}

#[test]
fn the_cause_is_what_was_confirmed_else_what_was_said_when_it_was_identified() {
    let identified = stored(
        20,
        30,
        Kind::StatusChanged,
        "Moved",
        json!({ "to": "identified", "words": "a bad deploy" }),
    );
    let entries: Vec<_> = book().entries().cloned().chain([identified]).collect();
    let said = synopsis::of(&incident(), &Book::of(entries.clone()));
    assert_eq!((said.cause.as_deref(), said.is_cause_known), (Some("a bad deploy"), true));
    let data = json!({ "of": id(5).to_string(), "state": "confirmed", "found": "a loop" });
    let confirmed = stored(21, 31, Kind::HypothesisMoved, "Confirmed", data);
    let book = Book::of(entries.into_iter().chain([confirmed]));
    let known = synopsis::of(&incident(), &book);
    assert_eq!(known.cause.as_deref(), Some("the network: a loop"));
}
