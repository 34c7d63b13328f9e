//! Incidents from the terminal, beside a running server.

use super::world::World;

#[test]
fn an_incident_is_declared_worked_on_and_closed_from_the_terminal() {
    let world = World::configured();
    let server = world.serve();
    let declared =
        world.json(&["incident", "declare", "checkout is slow", "--service", "checkout"]);
    let number = declared["number"].to_string();
    assert_eq!(declared["severity"], 1);

    let list = world.ok(&["incident", "list"]);
    assert!(
        list.contains("checkout is slow") && list.lines().all(|line| line.len() <= 80),
        "{list}"
    );
    let acknowledged = world.ok(&["incident", "ack", &number]);
    assert!(acknowledged.contains("acknowledged"), "{acknowledged}");
    world.ok(&["incident", "note", &number, "rolling back"]);
    world.ok(&["incident", "severity", &number, "2", "--reason", "only some customers"]);
    let resolved = world.ok(&["incident", "resolve", &number, "--note", "rolled back"]);
    assert!(resolved.contains("resolved"), "{resolved}");
    let timeline = world.ok(&["incident", "timeline", &number]);
    for part in ["rolling back", "only some customers", "rolled back"] {
        assert!(timeline.contains(part), "{part}: {timeline}");
    }
    let shown = world.ok(&["incident", "show", &number]);
    assert!(shown.contains("checkout is slow") && shown.contains("SEV2"), "{shown}");
    world.ok(&["incident", "close", &number]);
    assert!(world.ok(&["incident", "list"]).starts_with("There are no open incidents"));
    let wrong = world.muster(&["incident", "ack", &number]);
    assert_eq!(wrong.code, 1, "{}", wrong.out);
    assert_eq!(server.stop(), 0);
}
