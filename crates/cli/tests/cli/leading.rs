//! An incident led from the terminal: roles, a checklist, lines of inquiry, updates, gates, the record.

use crate::world::World;

#[test]
fn an_incident_is_led_from_the_terminal() {
    let world = World::configured();
    let server = world.serve();
    world.json(&["incident", "declare", "nobody can pay", "--service", "checkout"]);

    let roles = world.ok(&["incident", "role", "list", "1"]);
    assert!(
        roles.contains("incident-lead") && roles.contains("nobody, and somebody must"),
        "{roles}"
    );
    world.ok(&["incident", "role", "assign", "1", "incident-lead", "--user", "ana"]);
    let brief = "the cache is cold; the rollback has begun";
    let args = ["incident", "role", "hand-over", "1", "incident-lead", "bo", "--brief", brief];
    assert!(world.ok(&args).contains("offered to bo"));
    let kept = world.ok(&["incident", "role", "decline", "1", "incident-lead", "--user", "bo"]);
    assert!(kept.contains("ana") && !kept.contains("offered"), "{kept}");
    let wrong = world.muster(&["incident", "role", "assign", "1", "pilot", "--user", "ana"]);
    assert!(wrong.code == 1 && wrong.err.contains("pilot"), "{}", wrong.err);

    let lists = world.json(&["incident", "checklist", "show", "1"]);
    let list = &lists["checklists"][0];
    let open =
        list["items"].as_array().unwrap().iter().find(|item| item["done"].is_null()).unwrap();
    let item = format!("{}/{}", list["name"].as_str().unwrap(), open["id"].as_str().unwrap());
    let ticked = world.ok(&["incident", "checklist", "tick", "1", &item, "--note", "by phone"]);
    assert!(ticked.contains("by phone"), "{ticked}");
    world.ok(&["incident", "checklist", "untick", "1", &item]);

    let line = world.json(&["incident", "hypothesis", "1", "the disk is full"]);
    let entry = line["id"].as_str().unwrap();
    let step =
        ["incident", "hypothesis", "1", "no, 40 % free", "--step", "abandon", "--entry", entry];
    world.ok(&step);
    let synopsis = world.ok(&["incident", "synopsis", "1", "--write", "the ledger is slow"]);
    assert!(
        synopsis.contains("the ledger is slow") && synopsis.contains("40 % free"),
        "{synopsis}"
    );

    let told = world.ok(&["incident", "update", "send", "1", "internal", "we look into it"]);
    assert!(told.contains("internal"), "{told}");
    let early = world.muster(&["incident", "update", "send", "1", "internal", "still"]);
    assert!(early.code == 1 && early.err.contains("say why it cannot wait"), "{}", early.err);

    let early = world.muster(&["incident", "resolve", "1"]);
    assert!(early.code == 1 && early.err.contains("waive a gate with a reason"), "{}", early.err);
    assert!(world.ok(&["incident", "gate", "list", "1"]).contains("validated"));
    world.ok(&["incident", "gate", "waive", "1", "validated", "--reason", "nobody else is awake"]);
    world.ok(&["incident", "gate", "waive", "1", "signed_off", "--reason", "the lead lost power"]);
    world.ok(&["incident", "resolve", "1", "--note", "rolled back"]);

    let record = world.ok(&["incident", "record", "1"]);
    for part in
        ["# Incident 1: nobody can pay", "the disk is full", "we look into it", "rolled back"]
    {
        assert!(record.contains(part), "{part}: {record}");
    }
    let file = world.path().join("record.pdf");
    let path = file.to_str().unwrap();
    world.ok(&["incident", "record", "1", "--pdf", path]);
    assert!(std::fs::read(&file).unwrap().starts_with(b"%PDF-"));
    let again = world.muster(&["incident", "record", "1", "--pdf", path]);
    assert_eq!(again.code, 1, "a file that exists is not written over");
    assert_eq!(server.stop(), 0);
}
