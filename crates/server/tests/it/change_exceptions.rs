//! Earned exceptions (`X7`): nominated by the team, agreed to by two people, announced, earned by clean
//! runs, and spared from then on what the matrix asks for.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::changes::{plan, staff};
use crate::harness::{Client, World, on_both_stores};

const WHY: &str = "A pipeline does it wholly. It was done forty times without trouble. Three levels of \
                   approval add nothing to it.";

async fn connect(world: &World) {
    staff(world).await;
    let policy = "change_policy:\n  exceptions: { clean_runs: 2, owners: [vera] }\n";
    let answer = world.admin().send(Method::POST, "/api/v1/config/apply", policy).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

fn deploy(days: i64) -> Value {
    let mut plan = plan("deploy", days);
    plan["automation"] = json!("full");
    plan
}

async fn act(client: &Client<'_>, path: &str, body: Value) -> Value {
    let answer = client.post(&format!("/api/v1/changes{path}"), body).await;
    assert!(matches!(answer.status, 200 | 201), "{path}: {}", answer.text);
    answer.json()
}

async fn submit(client: &Client<'_>, plan: Value) -> Value {
    act(client, "", json!({ "plan": plan, "submit": true })).await
}

/// Begins a change, ends it as told and closes it.
async fn run(client: &Client<'_>, number: &Value, outcome: &str) {
    act(client, &format!("/{number}/start"), json!({})).await;
    act(client, &format!("/{number}/finish"), json!({ "outcome": outcome })).await;
    act(client, &format!("/{number}/close"), json!({})).await;
}

async fn exceptions(client: &Client<'_>) -> Value {
    client.read("/api/v1/changes/exceptions").await["items"].clone()
}

fn heard(world: &World, person: &str, words: &str) -> bool {
    world.phones.of(person).iter().any(|one| one.to_string().contains(words))
}

/// An exception for deployments of the team, agreed to by both.
async fn agreed(world: &World) {
    let [ana, bo, vera] =
        [world.browser("ana").await, world.browser("bo").await, world.browser("vera").await];
    let new = json!({ "team": "payments", "class": "deploy", "justification": WHY });
    act(&ana, "/exceptions", new).await;
    act(&bo, "/exceptions/1/agree", json!({})).await;
    act(&vera, "/exceptions/EXC-1/agree", json!({})).await;
}

/// The two runs that earn it, each agreed to as its row asks.
async fn earned(world: &World) {
    let [ana, kim, bo, sam] = [
        world.browser("ana").await,
        world.browser("kim").await,
        world.browser("bo").await,
        world.browser("sam").await,
    ];
    for (days, clean) in [(10, 1), (12, 2)] {
        let change = submit(&ana, deploy(days)).await;
        assert_eq!(change["assessment"]["row"], "tier-1", "not earned yet");
        let path = format!("/{}/approve", change["number"]);
        for approver in [&kim, &bo, &sam] {
            act(approver, &path, json!({ "revision": 1 })).await;
        }
        run(&ana, &change["number"], "success").await;
        assert_eq!(exceptions(&ana).await[0]["clean_runs"], clean);
    }
}

#[tokio::test]
async fn an_exception_is_nominated_agreed_to_by_two_and_announced() {
    on_both_stores(async |world| {
        connect(world).await;
        let [ana, kim, bo, vera] = [
            world.browser("ana").await,
            world.browser("kim").await,
            world.browser("bo").await,
            world.browser("vera").await,
        ];
        let new = json!({ "team": "payments", "class": "deploy", "justification": "It is safe." });
        let short = ana.post("/api/v1/changes/exceptions", new).await;
        assert!(short.problem(400).contains("sentences"), "{}", short.text);
        let new = json!({ "team": "payments", "class": "deploy", "justification": WHY });
        let one = act(&ana, "/exceptions", new.clone()).await;
        assert_eq!((&one["standing"], &one["row"]), (&json!("asked"), &json!("earned-exception")));
        assert_eq!(one["agreements"][0]["people"], json!(["bo"]));
        assert_eq!(one["agreements"][1]["people"], json!(["vera"]));
        let again = ana.post("/api/v1/changes/exceptions", new).await;
        assert!(again.problem(409).contains("EXC-1"), "{}", again.text);
        world.settle().await;
        assert!(heard(world, "bo", "EXC-1: deploy of payments waits for you"));
        assert!(!heard(world, "kim", "EXC-1"), "not yet");

        for (client, status) in [(&ana, 403), (&kim, 403)] {
            client.post("/api/v1/changes/exceptions/1/agree", json!({})).await.problem(status);
        }
        let token = world.admin().post("/api/v1/changes/exceptions/1/agree", json!({})).await;
        assert!(token.problem(403).contains("only a person"), "{}", token.text);
        assert_eq!(exceptions(&bo).await[0]["yours"], true);
        act(&bo, "/exceptions/1/agree", json!({})).await;
        bo.post("/api/v1/changes/exceptions/1/agree", json!({})).await.problem(403);
        let whole = act(&vera, "/exceptions/1/agree", json!({})).await;
        assert_eq!((&whole["standing"], &whole["clean_runs"]), (&json!("earning"), &json!(0)));
        assert!(whole["review_at"].is_string());
        world.settle().await;
        assert!(heard(world, "kim", "after 2 more clean runs"));

        let useless = bo.post("/api/v1/changes/exceptions/1/withdraw", json!({ "reason": "no" }));
        useless.await.problem(400);
        ana.post("/api/v1/changes/exceptions/9/agree", json!({})).await.problem(404);
    })
    .await;
}

#[tokio::test]
async fn clean_runs_earn_it_and_a_run_with_trouble_loses_it() {
    on_both_stores(async |world| {
        connect(world).await;
        agreed(world).await;
        earned(world).await;
        let ana = world.browser("ana").await;
        assert_eq!(exceptions(&ana).await[0]["standing"], "in_force");
        world.settle().await;
        assert!(heard(world, "kim", "changes of its kind are held to `earned-exception`"));

        // The next one asks nobody, an hour before it begins, and its record says why.
        let mut soon = deploy(0);
        let start = world.app.now() + SignedDuration::from_hours(1);
        soon["start"] = json!(start.to_string());
        soon["end"] = json!((start + SignedDuration::from_hours(2)).to_string());
        let spared = submit(&ana, soon).await;
        assert_eq!((&spared["state"], &spared["approvals"]), (&json!("scheduled"), &json!([])));
        let assessment = &spared["assessment"];
        assert_eq!(assessment["exception"], "EXC-1");
        assert_eq!(
            (&assessment["emergent"], &assessment["notice"]),
            (&json!(false), &json!("no notice"))
        );
        let because = assessment["because"].to_string();
        assert!(
            because.contains("earned by 2 runs in a row without trouble, agreed to by bo and vera"),
            "{because}"
        );
        let mut by_hand = plan("deploy", 20);
        by_hand["automation"] = json!("manual");
        assert_eq!(submit(&ana, by_hand).await["assessment"]["row"], "tier-1");

        run(&ana, &spared["number"], "issues").await;
        let lost = exceptions(&ana).await[0].clone();
        assert_eq!((&lost["standing"], &lost["clean_runs"]), (&json!("earning"), &json!(0)));
        world.settle().await;
        assert!(heard(world, "kim", "It is to be earned: after 2 more clean runs"));
        assert_eq!(submit(&ana, deploy(30)).await["assessment"]["row"], "tier-1");
    })
    .await;
}

#[tokio::test]
async fn what_was_scheduled_under_an_exception_is_asked_about_anew_when_it_is_withdrawn() {
    on_both_stores(async |world| {
        connect(world).await;
        agreed(world).await;
        earned(world).await;
        let [ana, bo] = [world.browser("ana").await, world.browser("bo").await];
        let spared = submit(&ana, deploy(20)).await;
        assert_eq!(spared["state"], "scheduled");
        let reason = json!({ "reason": "The pipeline is being rebuilt" });
        let kim = world.browser("kim").await;
        let path = "/api/v1/changes/exceptions/1/withdraw";
        kim.post(path, reason.clone()).await.problem(403);
        let over = act(&bo, "/exceptions/1/withdraw", reason.clone()).await;
        assert_eq!((&over["standing"], &over["end"]["by"]), (&json!("withdrawn"), &json!("bo")));
        bo.post(path, reason).await.problem(409);
        let anew = ana.read(&format!("/api/v1/changes/{}", spared["number"])).await;
        assert_eq!(
            (&anew["state"], &anew["assessment"]["row"]),
            (&json!("submitted"), &json!("tier-1"))
        );
        assert_eq!(anew["assessment"]["exception"], Value::Null);
        let last = anew["history"].as_array().unwrap().last().unwrap().clone();
        assert!(
            last["text"].as_str().unwrap().contains("EXC-1: deploy of payments is over"),
            "{last}"
        );
        world.settle().await;
        assert!(heard(world, "kim", "It was withdrawn by bo"));
        assert!(heard(world, "kim", &format!("CHG-{}", spared["number"])), "asked to agree");
    })
    .await;
}

/// An incident on the checkout of which somebody marks a change as the cause.
async fn caused(client: &Client<'_>, change: &Value, restricted: bool) -> i64 {
    let mut body = json!({ "title": "Nobody can pay", "service": "checkout", "severity": 2 });
    if restricted {
        body["restricted"] = json!({ "reason": "personal data", "users": ["ana"] });
    }
    let answer = client.post("/api/v1/incidents", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let number = answer.json()["number"].as_i64().unwrap();
    let path = format!("/api/v1/incidents/{number}/changes/CHG-{change}/mark");
    let suspect = client.put(&path, json!({ "mark": "suspect" })).await;
    assert_eq!(suspect.status, 204, "{}", suspect.text);
    assert_eq!(exceptions(client).await[0]["standing"], "in_force", "a suspect revokes nothing");
    let marked = client.put(&path, json!({ "mark": "cause", "reason": "the diff says so" })).await;
    assert_eq!(marked.status, 204, "{}", marked.text);
    number
}

#[tokio::test]
async fn an_incident_that_a_change_under_it_caused_revokes_it_at_once() {
    on_both_stores(async |world| {
        connect(world).await;
        agreed(world).await;
        earned(world).await;
        let ana = world.browser("ana").await;
        let spared = submit(&ana, deploy(20)).await;
        let ahead = submit(&ana, deploy(24)).await;
        assert_eq!(ahead["state"], "scheduled");
        run(&ana, &spared["number"], "success").await;
        let number = caused(&ana, &spared["number"], false).await;

        let one = exceptions(&ana).await[0].clone();
        assert_eq!((&one["standing"], &one["clean_runs"]), (&json!("revoked"), &json!(0)));
        assert_eq!(one["end"]["incident"], number);
        let reason = one["end"]["reason"].as_str().unwrap();
        assert!(reason.contains(&format!("CHG-{}", spared["number"])), "{reason}");
        let anew = ana.read(&format!("/api/v1/changes/{}", ahead["number"])).await;
        assert_eq!(
            (&anew["state"], &anew["approvals"][0]["approver"]),
            (&json!("submitted"), &json!("peer"))
        );
        world.settle().await;
        assert!(heard(world, "kim", "It is revoked"));
        assert_eq!(submit(&ana, deploy(30)).await["assessment"]["row"], "tier-1");

        // Taking the mark back does not bring it back; nominating it again does, and it is earned still.
        let path = format!("/api/v1/incidents/{number}/changes/CHG-{}/mark", spared["number"]);
        assert_eq!(ana.delete(&path).await.status, 204);
        assert_eq!(exceptions(&ana).await[0]["standing"], "revoked");
        let new = json!({ "team": "payments", "class": "deploy", "justification": WHY });
        act(&ana, "/exceptions", new).await;
        let [bo, vera] = [world.browser("bo").await, world.browser("vera").await];
        act(&bo, "/exceptions/2/agree", json!({})).await;
        assert_eq!(act(&vera, "/exceptions/2/agree", json!({})).await["standing"], "in_force");
    })
    .await;
}

#[tokio::test]
async fn a_restricted_incident_revokes_it_without_being_told_of() {
    on_both_stores(async |world| {
        connect(world).await;
        agreed(world).await;
        earned(world).await;
        let [ana, kim] = [world.browser("ana").await, world.browser("kim").await];
        let spared = submit(&ana, deploy(20)).await;
        run(&ana, &spared["number"], "success").await;
        let number = caused(&ana, &spared["number"], true).await;
        let told = exceptions(&kim).await[0].clone();
        assert_eq!(told["standing"], "revoked");
        assert_eq!(
            (&told["end"]["incident"], &told["end"]["by"]),
            (&Value::Null, &json!("Muster"))
        );
        assert!(!told["end"]["reason"].to_string().contains("CHG"), "{told}");
        assert_eq!(told["clean_runs"], 3, "what only some see breaks no row for all");
        assert_eq!(exceptions(&ana).await[0]["end"]["incident"], number);
        world.settle().await;
        assert!(heard(world, "kim", "a change that was done under it did harm"));
        assert!(!heard(world, "kim", "Nobody can pay"));

        world.advance(SignedDuration::from_mins(1)).await;
        let outside = kim.read("/api/v1/reports/changes").await;
        let inside = ana.read("/api/v1/reports/changes").await;
        assert_eq!(
            (&outside["total"]["caused"], &inside["total"]["caused"]),
            (&json!(0), &json!(1))
        );
        assert_eq!(outside["total"]["caused_outage_seconds"], 0);
    })
    .await;
}
