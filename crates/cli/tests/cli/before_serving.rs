//! Everything that is done before there is a server, or without one.

use super::world::{ORGANIZATION, World};

#[test]
fn a_configuration_is_planned_applied_and_then_changes_nothing() {
    let world = World::new();
    world.file("org.yaml", ORGANIZATION);
    let plan = world.ok(&["apply", "-f", "org.yaml", "--dry-run"]);
    assert!(plan.contains("+ service checkout\n"), "{plan}");
    let plan = world.json(&["apply", "-f", "org.yaml"]);
    assert_eq!(plan["applied"], true);
    assert!(plan["changes"].as_array().is_some_and(|changes| changes.len() > 5), "{plan}");
    let again = world.ok(&["apply", "-f", "org.yaml"]);
    assert!(again.starts_with("No changes"), "{again}");

    let exported = world.ok(&["export"]);
    let done = world.muster_with_input(&["apply", "-f", "-"], &exported);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.out.starts_with("No changes"), "{}", done.out);
}

#[test]
fn an_update_and_a_deletion_are_told_apart() {
    let world = World::configured();
    let team = "  - { name: search, members: [bo] }\nschedules:";
    world.file("org.yaml", &ORGANIZATION.replace("schedules:", team));
    assert!(world.ok(&["apply", "-f", "org.yaml"]).contains("+ team search\n"));

    world.file(
        "org.yaml",
        &ORGANIZATION.replace("    severity_map", "    tier: 2\n    severity_map"),
    );
    let plan = world.ok(&["apply", "-f", "org.yaml", "--dry-run"]);
    assert!(plan.contains("~ service checkout: tier\n"), "{plan}");
    assert!(plan.contains("- team search\n"), "{plan}");
    let again = world.ok(&["apply", "-f", "org.yaml", "--dry-run"]);
    assert_eq!(plan, again, "a dry run changes nothing");
}

#[test]
fn a_wrong_file_is_refused_with_the_place_of_every_problem() {
    let world = World::new();
    let wrong = ORGANIZATION
        .replace(
            "escalation_policy: payments\n    severity_map",
            "escalation_policy: paymnts\n    severity_map",
        )
        .replace("role: responder", "role: respnder");
    world.file("org.yaml", &wrong);
    for command in ["apply", "check"] {
        let done = world.muster(&[command, "-f", "org.yaml"]);
        assert_eq!((done.code, done.out.as_str()), (1, ""), "{}", done.err);
        assert!(done.err.contains("org.yaml:12:11: users[1].role: "), "{}", done.err);
        assert!(done.err.ends_with("nothing was changed\n"), "{}", done.err);
    }
    let missing = world.muster(&["apply", "-f", "nowhere.yaml"]);
    assert_eq!(missing.code, 1);
    assert!(missing.err.starts_with("muster: nowhere.yaml cannot be read"), "{}", missing.err);
}

#[test]
fn routing_tests_of_a_file_run_without_a_store() {
    let world = World::new();
    world.file("org.yaml", ORGANIZATION);
    let output = world.bare(&["check", "-f", "org.yaml"]).output().expect("the binary runs");
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && out.contains("1 routing test holds"), "{out}");
    assert!(!world.data().exists());

    world.file("org.yaml", &ORGANIZATION.replace("pages: [ana]", "pages: [bo]"));
    let done = world.muster(&["check", "-f", "org.yaml"]);
    assert_eq!(done.code, 1);
    assert!(done.err.contains("what is critical wakes ana"), "{}", done.err);
}

#[test]
fn a_token_is_printed_alone() {
    let world = World::new();
    let done = world.muster(&["token", "create", "--name", "ci", "--role", "admin"]);
    assert_eq!((done.code, done.err.as_str()), (0, ""));
    let token = done.out.strip_suffix('\n').expect("a line");
    assert!(token.starts_with("mst_") && token.len() > 40, "{token}");
    assert!(token.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)), "{token}");

    let taken = world.muster(&["token", "create", "--name", "ci", "--role", "admin"]);
    assert_eq!((taken.code, taken.out.as_str()), (1, ""));
    let wrong = world.muster(&["token", "create", "--name", "b", "--role", "king"]);
    assert_eq!(wrong.code, 2);
}

#[test]
fn what_cannot_be_understood_ends_with_two_and_one_clear_line() {
    let world = World::new();
    let nowhere = world.bare(&["export"]).output().expect("the binary runs");
    assert_eq!(nowhere.status.code(), Some(2));
    let err = String::from_utf8_lossy(&nowhere.stderr).into_owned();
    assert!(err.starts_with("muster: say where to work: --data DIR"), "{err}");
    assert_eq!(err.lines().count(), 1, "{err}");

    assert_eq!(world.muster(&["incident", "ack"]).code, 2);
    let typo = world.muster(&["incident", "list", "--data", "no-such-directory"]);
    assert_eq!(typo.code, 2);
    assert!(!world.path().join("no-such-directory").exists());

    world.file("muster.toml", "listen = '127.0.0.1:0'\npublik_url = 'http://x'\n");
    let done = world.muster(&["export"]);
    assert_eq!(done.code, 2);
    assert!(
        done.err.starts_with("muster: muster.toml:2: there is no setting `publik_url`"),
        "{}",
        done.err
    );
}

#[test]
fn every_common_shell_gets_completions() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = world.bare(&["completions", shell]).output().expect("the binary runs");
        assert!(output.status.success());
        let script = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(script.contains("incident") && script.contains("oncall"), "{shell}");
    }
    let version = world.bare(&["--version"]).output().expect("the binary runs");
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    assert_eq!(version, format!("muster {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_backup_restores_into_an_empty_directory_and_is_held() {
    let world = World::configured();
    let written = world.ok(&["backup", "muster.backup"]);
    assert!(written.starts_with("muster.backup: "), "{written}");
    assert_eq!(world.muster(&["backup", "muster.backup"]).code, 1, "it never overwrites");

    let full = world.muster(&["restore", "muster.backup"]);
    assert_eq!(full.code, 1);
    assert!(full.err.contains("holds a Muster already"), "{}", full.err);
    let other = ["restore", "muster.backup", "--data", "other"];
    assert!(world.ok(&other).contains("held"));
    let exported = world.ok(&["export", "--data", "other"]);
    assert_eq!(exported, world.ok(&["export"]));
    world.ok(&["release", "--data", "other"]);

    world.file("broken.backup", "{}");
    let broken = world.muster(&["restore", "broken.backup", "--data", "third"]);
    assert_eq!(broken.code, 1);
    assert!(!world.path().join("third/muster.db").exists());
}
