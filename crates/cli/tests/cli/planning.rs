//! Planning on-call from the command line.

use super::world::World;

#[test]
fn somebody_takes_on_call_in_one_step_and_gives_it_back() {
    let world = World::configured();
    let take = ["oncall", "take", "payments-primary", "--for", "4h"];
    let nobody = world.muster(&take);
    assert_eq!(nobody.code, 1, "the operator is no person: {}", nobody.out);
    assert!(nobody.err.contains("name one"), "{}", nobody.err);
    let taken = world.ok(&[&take[..], &["--user", "bo"]].concat());
    assert!(taken.starts_with("bo is on call for payments-primary from "), "{taken}");
    let now = world.json(&["oncall", "payments-primary"]);
    assert_eq!(now["on_call"][0]["user"], "bo");

    let list = world.json(&["oncall", "overrides", "payments-primary"]);
    let id = list["items"][0]["id"].as_str().expect("an id");
    assert!(taken.contains(id), "{taken}");
    world.ok(&["oncall", "undo", "payments-primary", id]);
    let now = world.json(&["oncall", "payments-primary"]);
    assert_eq!(now["on_call"][0]["user"], "ana");

    let soon = ["--from", "2030-01-01 09:00", "--for", "1d"];
    let give = |user: &str, more: &[&str]| {
        world.muster(&[&["oncall", "give", "payments-primary", user], &soon[..], more].concat())
    };
    // Two years ahead is as far as one plans by hand.
    assert!(give("bo", &[]).err.contains("two years ahead"));
}

#[test]
fn the_record_of_a_month_is_exported_for_payroll() {
    let world = World::configured();
    let month = ["oncall", "record", "--from", "2026-11-01 00:00", "--to", "2026-12-01 00:00"];
    let csv = world.ok(&[&month[..], &["--format", "csv"]].concat());
    let lines: Vec<_> = csv.lines().collect();
    assert!(lines[0].starts_with("user,full_name,shifts,on_call_seconds,nights,"), "{csv}");
    assert!(lines[1].starts_with("ana,Ana Ortiz,"), "{csv}");
    assert_eq!(lines.len(), 2, "{csv}");
    let json = world.json(&month);
    assert_eq!(json["people"][0]["on_call_seconds"], 30 * 86_400);
    assert_eq!(json["people"][0]["weekend_days"], 9);
    assert!(world.ok(&month).contains("720.0"));
}
