//! Rotations in a file: what they come back as, and those that no calendar can hold.

use super::super::check;
use super::{EXAMPLE, example_with, planned, problems};

const ROTATION: &str =
    "every: 1w, handoff: \"Mon 09:00\", start: 2026-01-05, participants: [ana, bo]";

#[test]
fn every_kind_of_rotation_is_read() {
    for rotation in [
        "every: 1mo, handoff: \"31 09:00\", start: 2026-01-05, participants: [ana, bo]",
        "every: monthly, handoff: \"last Fri 09:00\", start: 2026-01-05, participants: [ana]",
        "every: 2mo, start: 2026-01-05, participants: [[ana, bo], cleo]",
        "every: [12h, 12h], handoff: \"08:00\", start: 2026-01-05, participants: [ana, bo]",
        "every: [4d, 3d], handoff: \"Mon 09:00\", start: 2026-01-05, participants: [ana, bo]",
        "every: 90m, start: 2026-01-05, participants: [ana, bo]",
        "every: 1d, start: 2026-01-05, participants: [ana], changes: [ { from: 2026-02-01, participants: [bo], every: 1w, handoff: \"Mon 09:00\" }, { from: 2026-03-01, participants: [cleo] } ]",
    ] {
        let text = example_with(ROTATION, rotation);
        assert_eq!(problems(&text), [""; 0], "{rotation}");
        assert!(!planned(&text).changes.is_empty());
    }
}

#[test]
fn a_rotation_that_no_calendar_can_hold_is_refused_with_its_place() {
    let bad: &[(&str, &str)] = &[
        (
            "every: 1mo, handoff: \"Mon 09:00\", start: 2026-01-05, participants: [ana]",
            "rotation.handoff: turns of months change on a day of the month; write for example `1 09:00` or `first Mon 09:00`",
        ),
        (
            "every: 1d, handoff: \"15 09:00\", start: 2026-01-05, participants: [ana]",
            "rotation.handoff: only turns of months change on a day of the month",
        ),
        (
            "every: 1mo, handoff: \"32 09:00\", start: 2026-01-05, participants: [ana]",
            "rotation.handoff: `32 09:00` is not a handoff",
        ),
        (
            "every: [1mo, 1w], handoff: \"Mon 09:00\", start: 2026-01-05, participants: [ana]",
            "rotation.every: months have no fixed length",
        ),
        (
            "every: [], start: 2026-01-05, participants: [ana]",
            "rotation.every: a rotation repeats from 1 to 50 lengths",
        ),
        (
            "every: 13mo, start: 2026-01-05, participants: [ana]",
            "rotation.every: `13mo` is not a number of months from 1 to 12",
        ),
        (
            "every: 1m, start: 2026-01-05, participants: [ana]",
            "rotation.every: a turn is at least 15 minutes long; for a month write `1mo`",
        ),
        (
            "every: 1d, start: 2026-01-05, participants: [ana, []]",
            "rotation.participants[1]: this turn has nobody",
        ),
        (
            "every: 1d, start: 2026-01-05, participants: [[ana, ana]]",
            "rotation.participants[0]: `ana` is on this turn twice",
        ),
        (
            "every: 1d, start: 2026-01-05, participants: [[ana, anna]]",
            "rotation.participants[0][1]: there is no user `anna`; did you mean `ana`?",
        ),
        (
            "every: 1d, start: 2026-01-05, participants: [ana], changes: [ { from: 2026-01-05, participants: [bo] } ]",
            "changes[0].from: changes come in order, and this one is not after 2026-01-05",
        ),
        (
            "every: 1d, start: 2026-01-05, participants: [ana], changes: [ { from: 2026-02-05, participants: [bo], every: 1w } ]",
            "changes[0].handoff: turns of weeks change on a weekday",
        ),
        (
            "every: 1d, start: 2026-01-05, participants: [ana], changes: [ { from: 2026-02-05 } ]",
            "changes[0].participants: `participants` is missing",
        ),
    ];
    for (rotation, reason) in bad {
        let found = problems(&example_with(ROTATION, rotation));
        let said = found
            .iter()
            .any(|problem| problem.starts_with("line 48, column ") && problem.contains(reason));
        assert!(said, "{rotation}\n{found:#?}");
    }
}

#[test]
fn overrides_that_overlap_and_shadows_of_nobody_are_refused() {
    let one = r#"- { user: bo, from: "2026-12-24T09:00", to: "2026-12-26T09:00" }"#;
    let with = |more: &str| problems(&example_with(one, &format!("{one}\n{more}")));
    let again = r#"      - { user: ana, from: "2026-12-25T09:00", to: "2026-12-27T09:00" }"#;
    assert_eq!(
        with(again),
        [
            "line 52, column 9: schedules[0].overrides[1]: this overlaps `overrides[0]`, by which bo is on call from 2026-12-24T09:00 to 2026-12-26T09:00"
        ]
    );
    // One after the other, or of one person beside everybody, they may stand.
    let later = r#"      - { user: ana, from: "2026-12-26T09:00", to: "2026-12-27T09:00" }
      - { user: ana, instead_of: bo, from: "2026-12-24T12:00", to: "2026-12-24T13:00" }"#;
    assert_eq!(with(later), [""; 0]);
    let shadows = r#"    shadows:
      - { user: bo, follows: bo }
      - { user: bo, follows: anna, from: "2026-12-26T09:00", to: "2026-12-25T09:00" }"#;
    assert_eq!(
        with(shadows),
        [
            "line 53, column 30: schedules[0].shadows[0].follows: nobody can follow themselves",
            "line 54, column 30: schedules[0].shadows[1].follows: there is no user `anna`; did you mean `ana`?",
            "line 54, column 66: schedules[0].shadows[1].to: this shadow ends at 2026-12-25T09:00, before it begins",
        ]
    );
}

#[test]
fn a_layer_in_an_unknown_zone_is_refused() {
    let found = problems(&EXAMPLE.replacen(
        "- name: weekly\n",
        "- name: weekly\n        timezone: Europe/Berln\n",
        1,
    ));
    assert!(
        found[0].contains("layers[0].timezone: `Europe/Berln` is not a time zone"),
        "{found:?}"
    );
    assert!(check(EXAMPLE, None).is_ok());
}
