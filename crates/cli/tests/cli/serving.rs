//! The command line beside a running server: it finds the server by the data directory.

use super::world::World;

#[test]
fn the_command_line_talks_to_the_server_that_holds_the_directory() {
    let world = World::configured();
    let server = world.serve();
    let operator = world.data().join("operator.json");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&operator).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let second = world.muster(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.code, 1);
    assert!(second.err.contains("a server runs on"), "{}", second.err);
    assert!(world.ok(&["apply", "-f", "org.yaml"]).starts_with("No changes"));
    let wrong = world.muster_with_input(&["apply", "-f", "-"], "users: [ { name: ana } ]\n");
    assert_eq!(wrong.code, 1);
    assert!(wrong.err.starts_with("standard input:1:"), "{}", wrong.err);
    let token = world.ok(&["token", "create", "--name", "ci", "--role", "responder"]);

    let mut remote = world.bare(&["incident", "list", "--server", &server.url]);
    let remote = remote.env("MUSTER_TOKEN", token.trim()).output().expect("the binary runs");
    assert!(remote.status.success(), "{}", String::from_utf8_lossy(&remote.stderr));
    let refused = world.bare(&["incident", "list", "--server", &server.url]).output();
    let refused = refused.expect("the binary runs");
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("wants a token"));

    assert_eq!(server.stop(), 0);
    assert!(!operator.exists(), "it goes away with the server");
}

#[test]
fn what_a_server_left_behind_is_no_obstacle() {
    let world = World::configured();
    let server = world.serve();
    let operator = world.data().join("operator.json");
    let stale = std::fs::read(&operator).expect("it is there");
    server.kill();
    assert!(operator.exists());
    assert!(world.ok(&["incident", "list"]).starts_with("There are no open incidents"));
    assert!(!operator.exists(), "whoever holds the directory clears it");

    std::fs::write(&operator, &stale).expect("the directory takes files");
    let server = world.serve();
    assert_ne!(std::fs::read(&operator).expect("it is there"), stale);
    world.ok(&["oncall"]);
    assert_eq!(server.stop(), 0);
}

#[test]
fn who_is_on_call_and_who_would_be_paged_is_shown() {
    let world = World::configured();
    let all = world.ok(&["oncall"]);
    assert!(all.contains("payments-primary") && all.contains("ana (Ana Ortiz)"), "{all}");
    let one = world.ok(&["oncall", "payments-primary", "--at", "2026-11-21T09:00:00Z"]);
    assert!(one.contains("ana"), "{one}");
    let preview = world.ok(&["preview", "payments", "--severity", "1"]);
    assert!(preview.contains("ana") && preview.contains("bo"), "{preview}");
    assert_eq!(world.ok(&["alias", "page-checkout-primary"]), "ana\n");
}

#[test]
fn a_backup_is_written_while_the_server_runs() {
    let world = World::configured();
    let server = world.serve();
    world.ok(&["backup", "live.backup"]);
    let restored = world.ok(&["restore", "live.backup", "--data", "other"]);
    assert!(restored.contains("held"), "{restored}");
    assert_eq!(world.muster(&["restore", "live.backup"]).code, 1);
    assert_eq!(server.stop(), 0);
}

#[test]
fn a_person_gets_a_password() {
    let world = World::configured();
    let short = world.muster_with_input(&["user", "password", "ana", "--stdin"], "short\n");
    assert_eq!(short.code, 1, "{}", short.out);
    let done = world.muster_with_input(&["user", "password", "ana", "--stdin"], "long enough\n");
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(world.ok(&["user", "list"]).contains("Ana Ortiz"));
}

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
