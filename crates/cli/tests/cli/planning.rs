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
