//! Changes (`X1` to `X8`, `X10`): written with a linter's help, agreed to in the order of the matrix by
//! whoever must and never by whoever does the work, done, and closed with what became of them.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, World, on_both_stores};

/// Ana does the work with Kim under Bo, who reports to Vera; the team games, Sam's, uses the checkout.
pub async fn staff(world: &World) {
    let phone = |name: &str| {
        let url = world.phone(name);
        format!(
            "contact_methods: [ {{ name: phone, type: webhook, url: \"{url}\" }} ], \
             notification_rules: {{ high: [ {{ after: 0m, method: phone }} ] }}"
        )
    };
    let person = |name: &str, role: &str, more: &str| {
        format!(
            "  - {{ name: {name}, full_name: {name}, email: {name}@example.com, role: {role}, {}{more} }}\n",
            phone(name)
        )
    };
    let text = format!(
        "users:\n{}{}{}{}{}{}teams:
  - {{ name: payments, manager: bo, members: [ana, bo, kim] }}
  - {{ name: games, members: [sam] }}\n",
        person("ana", "responder", ", reports_to: bo"),
        person("kim", "responder", ", reports_to: bo"),
        person("bo", "manager", ", reports_to: vera"),
        person("vera", "stakeholder", ""),
        person("sam", "stakeholder", ""),
        person("root", "admin", ""),
    );
    let answer = world.admin().send(Method::POST, "/api/v1/config/apply", text).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    for name in ["ana", "kim", "bo", "vera", "sam"] {
        world.give_password(name).await;
    }
}

fn step(at: &str, phase: &str, command: &str) -> Value {
    let monitoring = command.is_empty();
    let text = if monitoring { "Look at the dashboard" } else { "Switch over" };
    json!({ "at": at, "phase": phase, "monitoring": monitoring, "text": text, "command": command,
            "hosts": ["sw1"], "environment": "production" })
}

/// A complete plan of a change to the checkout, which begins that many days after the story.
pub fn plan(class: &str, days: i64) -> Value {
    let start = "2026-11-21T03:00:00Z".parse::<jiff::Timestamp>().unwrap()
        + SignedDuration::from_hours(24 * days);
    let end = start + SignedDuration::from_hours(2);
    json!({
        "title": "Replace the core switches", "service": "checkout", "class": class,
        "technician": "ana", "start": start.to_string(), "end": end.to_string(),
        "impact": "customer", "worst_case": "Nobody can pay, which is highly unlikely",
        "confidence": "high", "benefit": "Twice the bandwidth", "without": "The links saturate in June",
        "timeline": [
            step("T+00:00", "before", ""), step("T+00:10", "during", "switchctl apply"),
            step("T+00:20", "during", ""), step("T+01:00", "after", ""),
        ],
        "rollback": [ step("T+00:00", "during", "switchctl restore --from backup"),
                      step("T+00:10", "after", "") ],
        "rollback_takes": "15m", "rollback_tested": true, "customers": ["games"],
        "customers_told": "by mail on Monday",
    })
}

async fn submit(client: &Client<'_>, plan: Value) -> Value {
    let body = json!({ "plan": plan, "submit": true });
    let answer = client.post("/api/v1/changes", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()
}

async fn approve(client: &Client<'_>, number: &Value, revision: u32) -> Value {
    let path = format!("/api/v1/changes/{number}/approve");
    let answer = client.post(&path, json!({ "revision": revision })).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

async fn act(client: &Client<'_>, number: &Value, what: &str, body: Value) -> Value {
    let answer = client.post(&format!("/api/v1/changes/{number}/{what}"), body).await;
    assert_eq!(answer.status, 200, "{what}: {}", answer.text);
    answer.json()
}

fn heard(world: &World, person: &str) -> Vec<String> {
    let messages = world.phones.of(person);
    messages.iter().map(Value::to_string).collect()
}

#[tokio::test]
async fn a_change_is_agreed_to_in_order_done_and_closed() {
    on_both_stores(async |world| {
        staff(world).await;
        let [ana, kim, bo, sam] = [
            world.browser("ana").await,
            world.browser("kim").await,
            world.browser("bo").await,
            world.browser("sam").await,
        ];
        let change = submit(&ana, plan("deploy", 10)).await;
        let number = change["number"].clone();
        assert_eq!((&change["number"], &change["state"]), (&json!(1), &json!("submitted")));
        assert_eq!(change["plan"]["resolver"], "page-checkout-primary", "filled in");
        assert_eq!(change["assessment"]["row"], "tier-1");
        let stages: Vec<_> = change["approvals"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (one["approver"].as_str().unwrap(), one["state"].as_str().unwrap()))
            .collect();
        assert_eq!(stages, [("peer", "asked"), ("manager", "later"), ("customer", "later")]);
        world.settle().await;
        assert!(
            heard(world, "kim")
                .iter()
                .any(|one| one.contains("CHG-1") && one.contains("waits for you"))
        );
        assert_eq!(heard(world, "sam"), Vec::<String>::new(), "not yet");

        let inbox = kim.read("/api/v1/changes?asked=true").await;
        assert_eq!(inbox["items"][0]["number"], 1);
        assert_eq!(bo.read("/api/v1/changes/1").await["approvals"][0]["yours"], true);
        approve(&kim, &number, 1).await;
        assert_eq!(kim.read("/api/v1/changes?asked=true").await["items"], json!([]));
        let wrong = sam.post("/api/v1/changes/1/approve", json!({ "revision": 1 })).await;
        assert!(
            wrong.problem(403).contains("manager review of this change falls to bo"),
            "{}",
            wrong.text
        );
        approve(&bo, &number, 1).await;
        world.settle().await;
        assert!(heard(world, "sam")[0].contains("waits for you"));
        let agreed = approve(&sam, &number, 1).await;
        assert_eq!(agreed["state"], "scheduled");

        world.advance(SignedDuration::from_hours(10 * 24)).await;
        act(&ana, &number, "start", json!({})).await;
        world.settle().await;
        assert!(heard(world, "sam").iter().any(|one| one.contains("has begun")));
        let back = act(&ana, &number, "abort", json!({ "reason": "Packets are lost" })).await;
        assert_eq!(back["state"], "rolling_back");
        let done = act(&ana, &number, "finish", json!({ "outcome": "success" })).await;
        assert_eq!((&done["state"], &done["outcome"]), (&json!("resolved"), &json!("rolled_back")));
        world.advance(SignedDuration::from_hours(1)).await;
        assert_eq!(ana.read("/api/v1/changes/CHG-1").await["state"], "monitored");
        let closed = act(&ana, &number, "close", json!({ "note": "Wrong firmware" })).await;
        assert_eq!(closed["state"], "closed");
        let kinds: Vec<_> = closed["history"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["kind"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(
            kinds,
            [
                "drafted",
                "submitted",
                "approved",
                "approved",
                "approved",
                "scheduled",
                "started",
                "aborted",
                "finished",
                "monitored",
                "closed"
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn the_technician_never_approves_and_the_store_itself_refuses() {
    on_both_stores(async |world| {
        staff(world).await;
        let [ana, kim] = [world.browser("ana").await, world.browser("kim").await];
        let mut own = plan("deploy", 10);
        own["technician"] = json!("kim");
        submit(&ana, own).await;
        let answer = kim.post("/api/v1/changes/1/approve", json!({ "revision": 1 })).await;
        assert!(answer.problem(403).contains("never approves"), "{}", answer.text);
        let reject = json!({ "revision": 1, "reason": "I do not want to do it" });
        kim.post("/api/v1/changes/1/reject", reject).await.problem(403);
        // A token of nobody decides nothing, whatever its role.
        let answer =
            world.admin().post("/api/v1/changes/1/approve", json!({ "revision": 1 })).await;
        assert!(answer.problem(403).contains("only a person"), "{}", answer.text);
    })
    .await;
}

#[tokio::test]
async fn what_is_missing_is_told_before_it_is_submitted() {
    on_both_stores(async |world| {
        staff(world).await;
        let ana = world.browser("ana").await;
        let mut bad = plan("deploy", 10);
        bad["rollback"] = json!([ { "at": "T+00:00", "text": "Repeat the timeline in reverse" } ]);
        bad["timeline"][1]["command"] = json!("");
        bad["end"] = bad["start"].clone();
        let check = ana.post("/api/v1/changes/check", bad.clone()).await.json();
        let told: Vec<_> = check["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["field"].as_str().unwrap())
            .collect();
        for field in ["rollback", "timeline[1].command", "end"] {
            assert!(told.contains(&field), "{field} in {told:?}");
        }
        let answer = ana.post("/api/v1/changes", json!({ "plan": bad, "submit": true })).await;
        assert!(answer.problem(422).contains("repeat in reverse"), "{}", answer.text);
        let places: Vec<_> = answer.json()["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["path"].as_str().unwrap().to_owned())
            .collect();
        assert!(places.contains(&"plan.timeline[1].command".to_owned()), "{places:?}");
        // As a draft it is kept, with all that is missing.
        let draft = ana.post("/api/v1/changes", json!({ "plan": bad })).await;
        assert_eq!(draft.status, 201, "{}", draft.text);
        assert_eq!(draft.json()["state"], "draft");
        let nothing = json!({ "plan": { "title": "x y", "service": "nothing", "class": "deploy",
                              "timeline": [ { "at": "soon" } ], "link": "javascript:alert(1)" } });
        let answer = ana.post("/api/v1/changes", nothing).await;
        let told = answer.problem(422);
        for words in ["there is no service `nothing`", "timeline[0].at", "http or https"] {
            assert!(told.contains(words), "{words} in {told}");
        }
        let quality: i64 = check["quality"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["points"].as_i64().unwrap())
            .sum();
        assert!(quality < 12, "{quality}");
    })
    .await;
}

#[tokio::test]
async fn a_material_edit_is_a_revision_and_an_approval_of_the_old_one_is_refused() {
    on_both_stores(async |world| {
        staff(world).await;
        let [ana, kim, bo] =
            [world.browser("ana").await, world.browser("kim").await, world.browser("bo").await];
        submit(&ana, plan("deploy", 10)).await;
        approve(&kim, &json!(1), 1).await;
        approve(&bo, &json!(1), 1).await;
        let mut later = plan("deploy", 12);
        later["title"] = json!("Replace both switches");
        let body = json!({ "plan": later, "revision": 1 });
        let edited = ana.put("/api/v1/changes/1", body.clone()).await;
        assert_eq!(edited.status, 200, "{}", edited.text);
        let edited = edited.json();
        assert_eq!((&edited["revision"], &edited["state"]), (&json!(2), &json!("in_review")));
        let states: Vec<_> = edited["approvals"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["state"].as_str().unwrap())
            .collect();
        assert_eq!(states, ["given", "asked", "later"], "the peer agreed to no time");
        assert!(ana.put("/api/v1/changes/1", body).await.problem(409).contains("revision 2"));
        let stale = bo.post("/api/v1/changes/1/approve", json!({ "revision": 1 })).await;
        assert!(stale.problem(409).contains("you read 1"), "{}", stale.text);
        let first = ana.read("/api/v1/changes/1/revisions/1").await;
        assert_eq!(first["title"], "Replace the core switches");
        approve(&bo, &json!(1), 2).await;
    })
    .await;
}

#[tokio::test]
async fn it_becomes_emergent_by_itself_and_is_reminded_and_expires() {
    on_both_stores(async |world| {
        staff(world).await;
        let [ana, kim, bo, vera] = [
            world.browser("ana").await,
            world.browser("kim").await,
            world.browser("bo").await,
            world.browser("vera").await,
        ];
        let mut second = plan("deploy", 4);
        second["service"] = json!("search");
        submit(&ana, second).await;
        let row = ana.read("/api/v1/changes/1").await;
        assert_eq!(row["assessment"]["row"], "tier-2", "a service of no tier");
        world.advance(SignedDuration::from_hours(24)).await;
        assert!(heard(world, "kim").iter().any(|one| one.contains("still waits for you")));
        world.advance(SignedDuration::from_hours(24)).await;
        assert_eq!(
            ana.read("/api/v1/changes/1").await["assessment"]["emergent"],
            false,
            "48 h before"
        );
        world.advance(SignedDuration::from_secs(1)).await;
        let change = ana.read("/api/v1/changes/1").await;
        assert_eq!(change["assessment"]["emergent"], true);
        assert_eq!(change["approvals"].as_array().unwrap().len(), 3);
        assert_eq!(change["approvals"][2]["people"], json!(["vera"]));
        for one in [&kim, &bo] {
            approve(one, &json!(1), 1).await;
        }
        assert_eq!(approve(&vera, &json!(1), 1).await["state"], "scheduled");
        let mut never = plan("deploy", 12);
        never["service"] = json!("search");
        submit(&ana, never).await;
        world.advance(SignedDuration::from_hours(13 * 24)).await;
        let states: Vec<_> = ana.read("/api/v1/changes").await["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["state"].clone())
            .collect();
        assert_eq!(states, ["expired", "expired"]);
    })
    .await;
}

#[tokio::test]
async fn late_notice_needs_a_reason_and_a_rejection_useful_words() {
    on_both_stores(async |world| {
        staff(world).await;
        let [ana, bo] = [world.browser("ana").await, world.browser("bo").await];
        // 21 November 2026 is a Saturday: five business days before Friday noon is Friday before.
        let network = plan("network", 6);
        let answer = ana.post("/api/v1/changes", json!({ "plan": network, "submit": true })).await;
        let told = answer.problem(422);
        assert!(told.contains("5 business days") && told.contains("tier-1-network"), "{told}");
        let body = json!({ "plan": network, "submit": true, "excuse": "The vendor insists" });
        let answer = ana.post("/api/v1/changes", body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        assert_eq!(answer.json()["excuse"], "The vendor insists");
        let no = json!({ "revision": 1, "reason": "no" });
        bo.post("/api/v1/changes/1/reject", no).await.problem(400);
        let why = json!({ "revision": 1, "reason": "Say which firmware they get" });
        let rejected = bo.post("/api/v1/changes/1/reject", why).await;
        assert_eq!(rejected.json()["state"], "rejected");
        world.settle().await;
        assert!(heard(world, "ana").iter().any(|one| one.contains("was rejected")));
    })
    .await;
}

#[tokio::test]
async fn a_fix_starts_at_once_and_what_was_done_for_a_sev1_is_written_down_after() {
    on_both_stores(async |world| {
        staff(world).await;
        let [ana, kim, bo] =
            [world.browser("ana").await, world.browser("kim").await, world.browser("bo").await];
        submit(&ana, plan("deploy", 10)).await;
        ana.post("/api/v1/changes/1/start", json!({})).await.problem(422);
        let started = act(&ana, &json!(1), "start", json!({ "excuse": "Nobody can pay" })).await;
        assert_eq!(
            (&started["state"], &started["origin"]),
            (&json!("in_progress"), &json!("fix_first"))
        );
        act(&ana, &json!(1), "finish", json!({ "outcome": "success" })).await;
        assert_eq!(act(&ana, &json!(1), "close", json!({})).await["state"], "retro_review");

        let incident = json!({ "title": "Nobody can pay", "service": "checkout", "severity": 2 });
        ana.post("/api/v1/incidents", incident).await;
        let mut done = plan("network", -1);
        done["incident"] = json!(1);
        let draft = ana.post("/api/v1/changes", json!({ "plan": done })).await.json();
        let times =
            json!({ "started_at": "2026-11-21T01:00:00Z", "ended_at": "2026-11-21T02:00:00Z" });
        let number = draft["number"].clone();
        let path = format!("/api/v1/changes/{number}/record");
        assert!(
            ana.post(&path, times.clone()).await.problem(400).contains("only a change for a sev1")
        );
        let worse = json!({ "severity": 1, "reason": "everybody" });
        ana.post("/api/v1/incidents/1/severity", worse).await;
        let recorded = ana.post(&path, times).await;
        assert_eq!(recorded.status, 200, "{}", recorded.text);
        let recorded = recorded.json();
        assert_eq!(recorded["state"], "retro_review");
        assert_eq!(recorded["assessment"]["emergent"], false, "exempt");
        approve(&kim, &number, 1).await;
        assert_eq!(approve(&bo, &number, 1).await["state"], "closed");
    })
    .await;
}

#[tokio::test]
async fn strangers_and_stakeholders_write_nothing_and_read_everything() {
    on_both_stores(async |world| {
        staff(world).await;
        let [ana, sam] = [world.browser("ana").await, world.browser("sam").await];
        submit(&ana, plan("deploy", 10)).await;
        assert_eq!(sam.read("/api/v1/changes/1").await["yours"], false);
        sam.post("/api/v1/changes", json!({ "plan": plan("deploy", 5) })).await.problem(403);
        sam.post("/api/v1/changes/1/cancel", json!({ "reason": "no" })).await.problem(403);
        sam.get("/api/v1/changes/99").await.problem(404);
        let policy = sam.read("/api/v1/changes/policy").await;
        assert_eq!(policy["rows"][0]["name"], "tier-1-network");
        assert_eq!(
            policy["rows"][0]["approvals"],
            json!(["peer review", "manager review", "VP review"])
        );
        // A pipeline's token writes for somebody it names.
        let pipeline = world.with_role("responder");
        let body = json!({ "plan": plan("deploy", 5), "submit": true });
        pipeline.post("/api/v1/changes", body).await.problem(400);
        let body = json!({ "plan": plan("deploy", 5), "submit": true, "submitter": "ana" });
        assert_eq!(pipeline.post("/api/v1/changes", body).await.status, 201);
    })
    .await;
}

#[tokio::test]
async fn the_policy_is_configuration_and_each_record_names_its_row() {
    on_both_stores(async |world| {
        staff(world).await;
        let ana = world.browser("ana").await;
        let policy = "change_policy:
  matrix:
    - name: databases
      classes: [database]
      approvals: [ { by: ops, quorum: 2, people: [kim, vera] }, { by: vp, from_risk: high } ]
      notice: 1bd
      technician_level: 2
  qualifications: [ { user: kim, class: database, level: 2 } ]
  delegates: [ { of: vera, to: sam } ]\n";
        let apply = async |text: String| {
            world.admin().send(Method::POST, "/api/v1/config/apply", text).await
        };
        assert_eq!(apply(policy.to_owned()).await.status, 200);
        let mut wanted = plan("database", 10);
        let check = ana.post("/api/v1/changes/check", wanted.clone()).await.json();
        assert_eq!(check["assessment"]["row"], "databases");
        let told = check["findings"].to_string();
        assert!(told.contains("level 2 in database; the technician has 0"), "{told}");
        assert!(told.contains("asks for 2 and 2") || !told.contains("asks for 2 and 1"), "{told}");
        wanted["technician"] = json!("kim");
        let check = ana.post("/api/v1/changes/check", wanted.clone()).await.json();
        let told = check["findings"].to_string();
        assert!(told.contains("asks for 2 and 1 can give it"), "kim does the work: {told}");
        let two = policy.replace("people: [kim, vera]", "people: [bo, vera]");
        assert_eq!(apply(two).await.status, 200);
        submit(&ana, wanted).await;
        approve(&world.browser("bo").await, &json!(1), 1).await;
        let done = approve(&world.browser("sam").await, &json!(1), 1).await;
        assert_eq!(done["state"], "scheduled", "sam stands for vera");
        assert_eq!(done["decisions"][1]["on_behalf_of"], "vera");
        for (wrong, words) in [
            ("change_policy: { vps: [nobody] }\n", "there is no user `nobody`"),
            ("change_policy: { matrix: [ { name: x, notice: soon } ] }\n", "`soon` is none of"),
            (
                "change_policy: { matrix: [ { name: x, approvals: [boss] } ] }\n",
                "`boss` is none of peer",
            ),
            (
                "change_policy: { delegates: [ { of: ana, to: ana } ] }\n",
                "nobody decides for themselves",
            ),
            ("change_policy: { matrix: [ { name: x }, { name: x } ] }\n", "two rows are named `x`"),
        ] {
            let answer = apply(wrong.to_owned()).await;
            assert_eq!(answer.status, 422, "{}", answer.text);
            assert!(answer.text.contains(words), "{words} in {}", answer.text);
        }
        let export = world.admin().get("/api/v1/config/export").await.text;
        assert!(export.contains("technician_level: 2"), "{export}");
    })
    .await;
}
