//! Looking after an installation: the doctor, the simulator, the other engine.

use muster_store::Engine;
use muster_store::testing::{Place, fresh_unmigrated};
use serde_json::Value;

use super::world::World;

/// How a check of the doctor came out.
fn level(findings: &Value, check: &str) -> String {
    let mut found = findings["items"].as_array().into_iter().flatten();
    let found = found.rfind(|finding| finding["check"] == check);
    found.unwrap_or_else(|| panic!("no check {check}: {findings}"))["level"]
        .as_str()
        .expect("a level")
        .to_owned()
}

#[test]
fn the_doctor_says_what_keeps_pages_from_going_out() {
    let world = World::new();
    let nowhere = world.muster(&["doctor"]);
    assert_eq!(nowhere.code, 1);
    assert!(nowhere.out.starts_with("fail  store"), "{}", nowhere.out);

    world.ok(&["token", "create", "--name", "first", "--role", "admin"]);
    let empty = world.muster(&["doctor"]);
    assert_eq!(empty.code, 1);
    assert!(empty.out.contains("fail  configuration"), "{}", empty.out);
    assert!(empty.out.lines().all(|line| line.chars().count() <= 80), "{}", empty.out);

    let world = World::configured();
    let server = world.serve();
    let findings = world.json(&["doctor"]);
    for check in ["store", "disk", "configuration", "catch-all", "on-call", "sending", "due"] {
        assert_eq!(level(&findings, check), "ok", "{check}: {findings}");
    }
    assert_eq!(level(&findings, "public url"), "warn");
    assert_eq!(server.stop(), 0);
    assert_eq!(level(&world.json(&["doctor"]), "sending"), "warn", "no server runs");
}

#[test]
fn the_simulator_holds_its_invariants_and_catches_a_planted_bug() {
    let world = World::new();
    let report = world.json(&["sim", "--seed", "3", "--hours", "10"]);
    assert!(report["broken"].is_null() && report["alerts"].as_u64() > Some(50), "{report}");
    let planted = ["sim", "--seed", "1", "--hours", "200", "--sabotage", "forget-open-alert"];
    let broken = world.muster(&planted);
    assert_eq!(broken.code, 1);
    assert!(broken.err.starts_with("invariant 2 ("), "{}", broken.err);
    assert_eq!(world.muster(&["sim", "--sabotage", "no-such-bug"]).code, 2);
}

#[test]
fn everything_works_on_postgres_and_a_backup_moves_between_the_engines() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let fresh = runtime.block_on(async {
        let fresh = fresh_unmigrated(Engine::Postgres).await;
        fresh.db.close().await;
        fresh
    });
    let Place::Url(url) = fresh.place().clone() else { panic!("PostgreSQL has a URL") };
    let world = World::configured();
    world.file("muster.toml", &format!("database_url = '{url}'\n"));
    let on_postgres = |arguments: &[&str]| {
        let output = world.bare(arguments).output().expect("the binary runs");
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {err}");
        String::from_utf8(output.stdout).expect("text")
    };
    assert!(on_postgres(&["apply", "-f", "org.yaml"]).contains("+ service checkout"));
    let token = on_postgres(&["token", "create", "--name", "ci", "--role", "admin"]);
    assert_eq!(token.lines().count(), 1);
    let declared = on_postgres(&["incident", "declare", "checkout is slow"]);
    assert!(declared.starts_with("#1 SEV1 triggered"), "{declared}");
    assert!(on_postgres(&["oncall"]).contains("ana"));
    let findings: Value = serde_json::from_str(&on_postgres(&["doctor", "--json"])).expect("JSON");
    assert_eq!(level(&findings, "replication"), "warn");

    on_postgres(&["backup", "from-postgres"]);
    world.ok(&["restore", "from-postgres", "--data", "moved"]);
    let listed = world.ok(&["incident", "list", "--data", "moved"]);
    assert!(listed.contains("checkout is slow"), "{listed}");
}
