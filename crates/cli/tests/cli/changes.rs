//! Changes from the command line: a plan in a file is checked and submitted, and a pipeline gates what it
//! deploys on one.

use jiff::SignedDuration;
use muster_server::clock::Clock;
use serde_json::Value;

use super::world::World;

/// Deployments by a machine ask nobody; networks ask bo.
const POLICY: &str = "change_policy:
  matrix:
    - { name: by-machine, classes: [deploy], automation: [full], approvals: [], notice: none }
    - { name: networks, classes: [network], approvals: [ { by: ops, people: [bo] } ], notice: none }\n";

/// A complete plan that begins so many minutes from now.
fn plan(class: &str, minutes: i64) -> String {
    let start = Clock::System.now() + SignedDuration::from_mins(minutes);
    let end = start + SignedDuration::from_hours(1);
    format!(
        "title: Deploy the checkout
service: checkout
class: {class}
technician: ana
start: {start}
end: {end}
impact: internal
worst_case: Colleagues wait for a minute
confidence: high
benefit: The new invoice layout
without: Invoices stay as ugly
automation: full
timeline:
  - {{ at: T+00:00, phase: before, monitoring: true, text: Look, environment: production }}
  - {{ at: T+00:05, text: Deploy, command: deployctl up, hosts: [web1], environment: production }}
  - {{ at: T+00:10, monitoring: true, text: Look, environment: production }}
  - {{ at: T+00:20, phase: after, monitoring: true, text: Look, environment: production }}
rollback:
  - {{ at: T+00:00, text: Deploy the old one, command: deployctl up --previous, hosts: [web1], environment: production }}
  - {{ at: T+00:05, phase: after, monitoring: true, text: Look, environment: production }}
rollback_takes: 5m
rollback_tested: true
"
    )
}

fn world() -> World {
    let world = World::configured();
    world.file("policy.yaml", POLICY);
    let policy = world.path().join("policy.yaml");
    world.ok(&["apply", "-f", policy.to_str().expect("a path"), "--yes"]);
    world
}

fn written(world: &World, name: &str, text: &str) -> String {
    world.file(name, text);
    world.path().join(name).to_str().expect("a path").to_owned()
}

#[test]
fn a_plan_in_a_file_is_checked_submitted_and_shown() {
    let world = world();
    let whole = written(&world, "plan.yaml", &plan("network", 60));
    let checked = world.ok(&["change", "check", "-f", &whole]);
    assert!(
        checked.contains("row `networks`") && checked.contains("Nothing is missing"),
        "{checked}"
    );
    let bad = plan("network", 60).replace("deployctl up --previous", "the same in reverse");
    let bad = written(&world, "bad.yaml", &bad);
    let checked = world.ok(&["change", "check", "-f", &bad]);
    assert!(checked.contains("missing: rollback: `repeat in reverse` is no rollback"), "{checked}");
    let refused = world.muster(&["change", "submit", "-f", &bad, "--submitter", "ana"]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("plan.rollback"), "{}", refused.err);
    let done = world.ok(&["change", "submit", "-f", &whole, "--submitter", "ana"]);
    assert!(
        done.contains("CHG-1 Deploy the checkout: submitted") && done.contains("ops: bo"),
        "{done}"
    );
    let shown = world.ok(&["change", "show", "1"]);
    assert!(shown.contains("T+00:05 Deploy on web1, production"), "{shown}");
    assert!(world.ok(&["change", "list"]).contains("submitted"));
    let nobody = world.muster(&["change", "approve", "1"]);
    assert!(nobody.err.contains("only a person"), "{}", nobody.err);
    world.ok(&["change", "cancel", "1", "not this week"]);
    assert_eq!(world.ok(&["change", "list"]), "No change.\n");
    assert!(world.ok(&["change", "policy"]).contains("by-machine"));
}

#[test]
fn a_pipeline_gates_what_it_deploys_and_says_how_it_went() {
    let world = world();
    let server = world.serve();
    let own = written(&world, "plan.yaml", &plan("deploy", -1));
    let flag = world.path().join("deployed");
    let deploy = format!("echo $MUSTER_CHANGE > {}", flag.display());
    let gate = ["change", "gate", "-f", &own, "--submitter", "ana", "--", "sh", "-c"];
    let done = world.ok(&[&gate[..], &[deploy.as_str()]].concat());
    assert!(done.contains("CHG-1 Deploy the checkout: resolved"), "{done}");
    assert_eq!(std::fs::read_to_string(&flag).expect("it was deployed"), "1\n");
    let change: Value = world.json(&["change", "show", "1"]);
    assert_eq!(change["outcome"], "success");

    let failed = world.muster(&[&gate[..], &["exit 3"]].concat());
    assert_eq!(failed.code, 1);
    assert!(failed.err.contains("CHG-2 is marked as failed"), "{}", failed.err);
    assert_eq!(world.json(&["change", "show", "2"])["outcome"], "failed");

    // What somebody must agree to is not begun before they have.
    let other = written(&world, "other.yaml", &plan("network", -1));
    let gate =
        ["change", "gate", "-f", &other, "--submitter", "ana", "--wait", "1s", "--", "sh", "-c"];
    std::fs::remove_file(&flag).expect("it goes");
    let held = world.muster(&[&gate[..], &[deploy.as_str()]].concat());
    assert_eq!(held.code, 1);
    assert!(held.err.contains("CHG-3 is still submitted"), "{}", held.err);
    assert!(!flag.exists(), "it was not deployed");
    assert_eq!(server.stop(), 0);
}

#[test]
fn the_audit_is_printed_and_a_policy_is_held_against_the_past() {
    let world = world();
    let server = world.serve();
    assert_eq!(world.ok(&["change", "audit"]), "No change in this period.\n");
    assert_eq!(world.ok(&["change", "exception", "list"]), "No exception.\n");
    let own = written(&world, "plan.yaml", &plan("deploy", -1));
    let gate = ["change", "gate", "-f", &own, "--submitter", "ana", "--", "true"];
    world.ok(&gate);
    let audit = world.ok(&["change", "audit"]);
    assert!(audit.contains("QUALITY") && audit.contains("of 16"), "{audit}");
    let csv = world.ok(&["change", "audit", "--changes", "--format", "csv"]);
    assert!(csv.starts_with("number,title,week,team,points,"), "{csv}");
    assert!(csv.contains("\r\n1,Deploy the checkout,"), "{csv}");
    let page = world.ok(&["change", "audit", "--format", "markdown"]);
    assert!(page.starts_with("| week | team | changes |") && page.contains("| all |"), "{page}");

    let strict = POLICY.replace("approvals: []", "approvals: [peer]");
    let draft = written(&world, "strict.yaml", &strict);
    let replayed = world.ok(&["change", "replay", "-f", &draft]);
    assert!(replayed.starts_with("1 of 1 changes would be asked something else"), "{replayed}");
    assert!(replayed.contains("would by-machine: peer review with no notice"), "{replayed}");
    let same = world.ok(&["change", "replay", "-f", &draft, "--until", "2026-01-01T00:00:00Z"]);
    assert!(same.starts_with("0 of 0 changes"), "{same}");

    let nominate = ["change", "exception", "nominate", "--team", "payments", "--class", "deploy"];
    let why = ["--justification", "A pipeline does it. It never failed. Nobody is needed."];
    let nobody = world.muster(&[&nominate[..], &why].concat());
    assert!(nobody.err.contains("only a person"), "{}", nobody.err);
    assert_eq!(server.stop(), 0);
}
