//! Planning on-call from the command line.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

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
    let dry = ["oncall", "give", "payments-primary", "bo", "--for", "1d", "--dry-run"];
    let dry = world.ok(&dry);
    assert!(dry.contains("would change") && dry.contains("0 → 24"), "{dry}");
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
    assert!(lines[0].ends_with(",call_outs,said_average,said"), "{csv}");
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

#[test]
fn a_policy_is_looked_at_before_it_is_in_force() {
    let world = World::configured();
    world.file(
        "draft.yaml",
        "team: payments\nsteps:\n  - { after: 0m, targets: [ { user: bo } ] }\n",
    );
    let at = ["--at", "2027-01-20 09:00", "--severity", "2", "--labels", "env:prod"];
    let who = |more: &[&str]| {
        let answer = world.json(&[&["preview", "payments"][..], &at, more].concat());
        let pages = answer["pages"].as_array().expect("pages").clone();
        pages.iter().map(|page| page["user"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let (now, then): (Vec<_>, Vec<_>) = (who(&[]), who(&["--draft", "draft.yaml"]));
    assert_eq!(now[0], "ana");
    assert_eq!(then[0], "bo");
    assert_eq!(who(&[]), now, "looking changes nothing");

    let whole =
        super::world::ORGANIZATION.replace("{ schedule: payments-primary }", "{ user: bo }");
    world.file("whole.yaml", &whole);
    assert_eq!(who(&["--draft", "whole.yaml"])[0], "bo");
    let wrong = world.muster(&["preview", "payments", "--draft", "draft.yaml", "--labels", "prod"]);
    assert!(wrong.err.contains("`prod` is no label"), "{}", wrong.err);
    world.file("none.yaml", "escalation_policies: []\n");
    let none = world.muster(&["preview", "payments", "--draft", "none.yaml"]);
    assert!(none.err.contains("none.yaml has no escalation policy `payments`"), "{}", none.err);
    let own = world.muster(&["preview", "payments", "--draft"]);
    assert!(own.err.contains("you have no draft of the escalation policy"), "{}", own.err);
    world.file("bad.yaml", "steps: [ { after: soon, targets: [ { user: bo } ] } ]\n");
    let bad = world.muster(&["preview", "payments", "--draft", "bad.yaml"]);
    assert_eq!(bad.code, 1);
    assert!(bad.err.contains("soon"), "{}", bad.err);
}

#[test]
fn a_schedule_is_looked_at_before_it_is_in_force() {
    let world = World::configured();
    world.file(
        "draft.yaml",
        "team: payments\ntimezone: UTC\nlayers:\n  - name: weekly\n    rotation: { every: 1w, handoff: \"Mon 09:00\", start: 2026-01-05, participants: [bo] }\n    restrict: [ { from: \"09:00\", to: \"17:00\" } ]\n",
    );
    let week = ["--from", "2027-01-18 09:00", "--to", "2027-01-20 09:00"];
    let preview = |more: &[&str]| {
        world.ok(&[&["schedule", "preview", "payments-primary"][..], &week, more].concat())
    };
    let now = preview(&[]);
    assert!(now.contains("ana") && now.contains("no shift changes, no gap\n"), "{now}");
    let then = preview(&["--draft", "draft.yaml"]);
    assert!(then.contains("nobody is on call from 2027-01-18 17:00 to 2027-01-19 09:00"), "{then}");
    assert!(then.contains("2 shifts change, 2 gaps\n"), "{then}");
    let balance: Vec<_> = then.lines().rev().take(2).collect();
    assert!(balance[1].starts_with("ana") && balance[1].contains("48 → 0"), "{then}");
    assert!(balance[0].starts_with("bo") && balance[0].contains("0 → 16"), "{then}");
    assert!(world.ok(&["oncall", "payments-primary"]).contains("ana"), "looking changes nothing");
}

#[test]
fn a_saved_draft_is_looked_at_by_whoever_saved_it() {
    let world = World::configured();
    let server = world.serve();
    let operator = std::fs::read(world.data().join("operator.json")).expect("it is there");
    let operator: Value = serde_json::from_slice(&operator).expect("it is JSON");
    let token = operator["token"].as_str().expect("a token");
    let steps = json!([{ "after": "0m", "targets": [{ "user": "bo" }] }]);
    let body = json!({ "document": { "team": "payments", "steps": steps } }).to_string();
    let host = server.url.strip_prefix("http://").expect("plain HTTP");
    let mut stream = TcpStream::connect(host).expect("it listens");
    let length = body.len();
    let request = format!(
        "PUT /api/v1/escalation-policies/payments/draft HTTP/1.1\r\nhost: {host}\r\n\
         authorization: Bearer {token}\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    let first = |more: &[&str]| {
        let preview = world.json(&[&["preview", "payments"][..], more].concat());
        preview["pages"][0]["user"].as_str().expect("somebody").to_owned()
    };
    assert_eq!((first(&[]), first(&["--draft"])), ("ana".to_owned(), "bo".to_owned()));
    assert_eq!(server.stop(), 0);
}
