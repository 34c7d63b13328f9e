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

#[test]
fn a_shift_is_offered_taken_and_put_back() {
    let world = World::configured();
    let both = super::world::ORGANIZATION.replace("participants: [ana]", "participants: [ana, bo]");
    // Whose turn it is depends on the day, so nothing is asserted of it.
    let (both, _) = both.split_once("routing_tests:").expect("the file's own tests come last");
    world.file("org.yaml", both);
    world.ok(&["apply", "-f", "org.yaml"]);
    let week = ["--from", "2027-01-18 09:00", "--to", "2027-01-25 09:00"];
    let at = ["oncall", "payments-primary", "--at", "2027-01-20 09:00"];
    let holder = world.json(&at)["on_call"][0]["user"].as_str().expect("somebody").to_owned();
    let other = if holder == "ana" { "bo" } else { "ana" };
    let ask = ["cover", "ask", "payments-primary", "--user", &holder, "--reason", "a wedding"];
    let asked = world.json(&[&ask[..], &week].concat());
    let id = asked["id"].as_str().expect("an id");
    assert_eq!(world.json(&["cover", "list"])["items"][0]["reason"], "a wedding");
    assert!(world.ok(&["cover", "list"]).contains("requested"));
    let taken = world.ok(&["cover", "accept", id, "--user", other]);
    assert_eq!(taken, format!("{id} is accepted.\n"));
    assert_eq!(world.json(&at)["on_call"][0]["user"], other);
    assert_eq!(world.ok(&["cover", "undo", id]), format!("{id} is undone.\n"));
    assert_eq!(world.json(&at)["on_call"][0]["user"], *holder);

    let away = world.ok(&[&["leave", "add", &holder][..], &week].concat());
    assert!(away.contains("1 shift is offered to others"), "{away}");
    assert_eq!(world.json(&at)["on_call"][0]["user"], other, "rotations pass over leave");
    let leave = world.json(&["leave", "list", &holder]);
    let leave = leave["items"][0]["id"].as_str().expect("an id");
    world.ok(&["leave", "remove", &holder, leave]);
    assert_eq!(world.json(&at)["on_call"][0]["user"], *holder);
}
