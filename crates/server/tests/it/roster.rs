//! The roster: checking in for a team (`J1`), saying how one's own services are (`J2`), and being let
//! go after that or with a reason (`J3`); from the app and from a page without a script.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, World, on_both_stores};

const ROSTER: &str = "/api/v1/incidents/1/roster";

/// Ana is in two teams: the shop's has the service, the ledger's has another one.
async fn two_teams(world: &World) {
    let text = world.admin().get("/api/v1/config/export").await.text;
    let text = text.replace(
        "teams:\n",
        "teams:\n- { name: ledger, members: [ana, bo] }\n- { name: empty, members: [sam] }\n",
    );
    let text = text.replace(
        "services:\n",
        "services:\n- { name: ledger-db, team: ledger, escalation_policy: payments }\n",
    );
    let answer = world.admin().send(Method::POST, "/api/v1/config/apply", text).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    for name in ["ana", "bo"] {
        world.give_password(name).await;
    }
}

async fn declare(client: &Client<'_>, service: &str) {
    let report = json!({ "title": "Nobody can pay", "service": service, "severity": 1 });
    let answer = client.post("/api/v1/incidents", report).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
}

async fn said(client: &Client<'_>, kind: &str) -> Vec<String> {
    let timeline = client.read("/api/v1/incidents/1/timeline?limit=500").await;
    let entries = timeline["items"].as_array().unwrap().iter();
    let of_kind = entries.filter(|entry| entry["kind"] == kind);
    of_kind.map(|entry| entry["text"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn whoever_checks_in_is_there_for_a_team_and_is_asked_how_its_services_are() {
    on_both_stores(async |world: &World| {
        two_teams(world).await;
        let ana = world.browser("ana").await;
        declare(&ana, "checkout").await;
        world.settle().await;
        let awaited = ana.read(ROSTER).await["awaited"].clone();
        assert_eq!(
            (&awaited[0]["user"], &awaited[0]["why"]),
            (&json!("ana"), &json!("step 1 of payments"))
        );

        world.advance(SignedDuration::from_mins(4)).await;
        let joined = ana.post("/api/v1/incidents/1/check-in", json!({})).await;
        assert_eq!(joined.status, 200, "{}", joined.text);
        let here = ana.read(ROSTER).await["here"][0].clone();
        assert_eq!(here["team"], "payments", "the service's own team, which she is in");
        assert_eq!(here["teams"], json!(["ledger", "payments"]));
        assert_eq!((&here["asked"], &here["unchecked"]), (&json!(["checkout"]), &json!(true)));
        assert_eq!((&here["why"], &here["late"]), (&json!("step 1 of payments"), &json!(false)));
        assert_eq!(
            said(&ana, "checked_in").await,
            ["ana checked in for payments 4m after the page; asked how checkout is"]
        );

        let other = ana.post("/api/v1/incidents/1/check-in", json!({ "team": "ledger" })).await;
        assert_eq!(other.status, 200, "{}", other.text);
        let here = ana.read(ROSTER).await["here"][0].clone();
        assert_eq!((&here["team"], &here["asked"]), (&json!("ledger"), &json!(["ledger-db"])));
        assert_eq!(said(&ana, "team_chosen").await, ["ana is there for ledger"]);
        let wrong = ana.post("/api/v1/incidents/1/check-in", json!({ "team": "empty" })).await;
        assert_eq!(wrong.problem(400), "team: must be one of their teams: ledger, payments");

        let note = json!({ "health": "degraded", "note": "replication lags" });
        let checked = ana.post(&format!("{ROSTER}/ana/health"), note).await.json();
        let check = &checked["here"][0]["checks"][0];
        assert_eq!(
            (&check["service"], &check["health"]),
            (&json!("ledger-db"), &json!("degraded"))
        );
        let again = json!({ "health": "healthy", "services": ["ledger-db", "checkout"] });
        let checked = ana.post(&format!("{ROSTER}/ana/health"), again).await.json();
        let checks = checked["here"][0]["checks"].as_array().unwrap().clone();
        let words: Vec<_> = checks.iter().map(|one| (&one["service"], &one["health"])).collect();
        let healthy = json!("healthy");
        assert_eq!(words, [(&json!("ledger-db"), &healthy), (&json!("checkout"), &healthy)]);
        assert_eq!(
            said(&ana, "health_checked").await,
            [
                "ana checked ledger-db: degraded; replication lags",
                "ana checked ledger-db, checkout: healthy"
            ]
        );
        let unknown = json!({ "health": "fine" });
        assert_eq!(ana.post(&format!("{ROSTER}/ana/health"), unknown).await.status, 400);
        let nothing = json!({ "health": "healthy", "services": ["nothing"] });
        let nothing = ana.post(&format!("{ROSTER}/ana/health"), nothing).await;
        assert_eq!(nothing.problem(400), "services[0]: there is no service `nothing`");
    })
    .await;
}

#[tokio::test]
async fn nobody_is_let_go_without_a_health_check_or_a_reason_and_whoever_holds_a_role_stays() {
    on_both_stores(async |world: &World| {
        two_teams(world).await;
        let (ana, bo) = (world.browser("ana").await, world.browser("bo").await);
        declare(&ana, "checkout").await;
        let release = |who: &str| format!("{ROSTER}/{who}/release");
        let absent = bo.post(&release("ana"), json!({})).await.problem(409);
        assert_eq!(absent, "ana has not checked in at incident 1");
        for one in [&ana, &bo] {
            assert_eq!(one.post("/api/v1/incidents/1/check-in", json!({})).await.status, 200);
        }
        let early = bo.post(&release("ana"), json!({})).await.problem(409);
        assert_eq!(
            early,
            "ana has not recorded a health check of checkout since joining; record one, or waive \
             it with a reason"
        );
        let blank = bo.post(&release("ana"), json!({ "waive": "  " })).await;
        assert_eq!(blank.status, 409, "a blank reason is none: {}", blank.text);

        let role = "/api/v1/incidents/1/roles/incident-lead";
        assert_eq!(bo.post(role, json!({ "user": "ana" })).await.status, 200);
        let healthy = json!({ "health": "healthy" });
        assert_eq!(ana.post(&format!("{ROSTER}/ana/health"), healthy).await.status, 200);
        let leads = bo.post(&release("ana"), json!({})).await.problem(409);
        assert_eq!(leads, "ana is incident lead; hand that over or leave it first");
        assert_eq!(bo.post(role, json!({ "user": "bo" })).await.status, 200);

        world.advance(SignedDuration::from_mins(3)).await;
        let roster = bo.post(&release("ana"), json!({})).await.json();
        let gone = &roster["released"][0];
        assert_eq!((&gone["user"], &gone["released_by"]), (&json!("ana"), &json!("bo")));
        assert_eq!(gone["released_at"], json!(world.app.now().to_string()));
        assert_eq!(roster["here"].as_array().unwrap().len(), 1);
        let twice = bo.post(&release("ana"), json!({})).await.problem(409);
        assert_eq!(twice, "ana has not checked in at incident 1");

        // Whoever comes back stays anew, and is asked anew.
        assert_eq!(ana.post("/api/v1/incidents/1/check-in", json!({})).await.status, 200);
        assert_eq!(ana.post(&release("ana"), json!({})).await.status, 409);
        let waived = ana.post(&release("ana"), json!({ "waive": "paged by mistake" })).await.json();
        assert_eq!(waived["released"][1]["waived"], "paged by mistake");
        assert_eq!(
            said(&bo, "released").await,
            ["Released ana; checkout healthy", "ana left without a health check: paged by mistake"]
        );
    })
    .await;
}

#[tokio::test]
async fn a_phone_without_a_script_checks_in_for_a_team_records_health_and_leaves() {
    on_both_stores(async |world: &World| {
        two_teams(world).await;
        let ana = world.browser("ana").await;
        // Neither of her teams owns it, so she has to say for which one she comes.
        declare(&ana, "search").await;
        world.settle().await;
        let told = world.phones.of("ana");
        let url = told.iter().rev().find_map(|one| one["page"]["ack_url"].as_str()).unwrap();
        let path = url.strip_prefix(world.base()).unwrap().to_owned();
        let html = "text/html,application/xhtml+xml,*/*;q=0.8";
        let phone = world.anybody().with("accept", html);
        let tap = async |fields: &str| {
            let form = world.anybody().with("accept", html);
            let form = form.with("content-type", "application/x-www-form-urlencoded");
            form.send(Method::POST, &path, fields).await
        };
        let page = phone.get(&path).await.text;
        assert!(page.contains("<option>ledger</option><option>payments</option>"), "{page}");
        assert!(!page.contains("How are your services?"), "not before they are there");

        assert_eq!(tap("action=check-in&team=ledger").await.status, 303);
        let page = phone.get(&path).await.text;
        assert!(page.contains("How are your services?") && page.contains("ledger-db"), "{page}");
        assert_eq!(tap("action=release").await.status, 409, "a reason or a health check is due");
        assert_eq!(tap("action=health&health=degraded&note=lag").await.status, 303);
        assert!(phone.get(&path).await.text.contains("Say again how your services are"));
        assert_eq!(tap("action=release").await.status, 303);
        assert_eq!(tap("action=release").await.status, 303, "sent twice, done once");
        let roster = ana.read(ROSTER).await;
        let gone: &Value = &roster["released"][0];
        assert_eq!((&gone["team"], &gone["checks"][0]["note"]), (&json!("ledger"), &json!("lag")));
        assert_eq!(said(&ana, "released").await, ["ana left; ledger-db degraded"]);
    })
    .await;
}
