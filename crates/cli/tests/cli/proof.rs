//! Proving coverage and undoing a schedule's change from the command line.

use super::world::{ORGANIZATION, World};

#[test]
fn a_check_fails_where_nobody_would_be_reached_and_says_when() {
    let world = World::configured();
    let good = world.ok(&["schedule", "check", "--weeks", "2"]);
    assert!(good.contains("0 findings in the next 2 weeks"), "{good}");
    assert!(good.contains("100"), "{good}");

    let nights = ORGANIZATION
        .replace(
            "participants: [ana] }",
            "participants: [ana] }, restrict: [ { from: \"09:00\", to: \"17:00\" } ]",
        )
        .replace("      - { after: 5m, targets: [ { user: bo } ] }\n", "");
    world.file(
        "org.yaml",
        &nights
            .replace("pages: [ana]", "service: checkout")
            .replace("service: checkout, severity: 1, service", "severity: 1, service"),
    );
    world.ok(&["apply", "-f", "org.yaml"]);
    let bad = world.muster(&["schedule", "check"]);
    assert_eq!(bad.code, 1, "{}", bad.out);
    assert!(bad.out.contains("gap") && bad.out.contains("no step reaches anybody"), "{}", bad.out);
    let found = world.muster(&["schedule", "check", "--policy", "payments", "--json"]);
    assert_eq!(found.code, 1);
    let found: serde_json::Value = serde_json::from_str(&found.out).expect("JSON");
    assert!(found["items"].as_array().expect("a list").len() > 50, "one a night");
    assert_eq!(world.muster(&["schedule", "check", "--weeks", "0"]).code, 2);

    let history = world.ok(&["schedule", "history", "payments-primary"]);
    assert!(history.contains("layers(weekly)") && history.contains("apply"), "{history}");
    assert!(world.muster(&["schedule", "undo", "none"]).err.contains("there is no schedule"));
    let undone = world.ok(&["schedule", "undo", "payments-primary"]);
    assert!(undone.contains("as it was before"), "{undone}");
    let asked = world.muster(&["schedule", "undo", "payments-primary"]);
    assert_eq!(asked.code, 1, "the nights are gone again, which asks for consent");
    assert!(asked.err.contains("nobody is on call"), "{}", asked.err);
    world.ok(&["schedule", "undo", "payments-primary", "--consent"]);
}

#[test]
fn the_proof_can_be_measured() {
    let world = World::new();
    let report =
        world.json(&["bench", "coverage", "--policies", "2", "--weeks", "1", "--runs", "1"]);
    assert_eq!(report["policies"], 2);
    assert!(report["proof"]["p50_ms"].as_f64().is_some(), "{report}");
}
