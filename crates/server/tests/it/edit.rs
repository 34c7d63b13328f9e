//! Editing documents one by one: merging, conflicts, consent, drafts, undo, history, and who may.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Client, on_both_stores};

const DAILY: &str = "/api/v1/schedules/daily";

/// Ana and Bo take turns every day at nine in Berlin.
fn daily() -> Value {
    json!({
        "team": "payments", "timezone": "Europe/Berlin",
        "layers": [{
            "name": "days",
            "rotation": {
                "every": "1d", "handoff": "09:00", "start": "2026-11-01", "participants": ["ana", "bo"],
            },
        }],
    })
}

async fn made(client: &Client<'_>) -> i64 {
    let made = client.put(DAILY, json!({ "document": daily() })).await;
    assert_eq!(made.status, 200, "{}", made.text);
    made.json()["revision"].as_i64().unwrap()
}

/// Saves the schedule with one field changed.
async fn save(client: &Client<'_>, revision: i64, change: impl FnOnce(&mut Value)) -> Answer {
    let mut document = daily();
    change(&mut document);
    client.put(DAILY, json!({ "document": document, "revision": revision })).await
}

fn people(value: &mut Value, names: Value) {
    value["layers"][0]["rotation"]["participants"] = names;
}

#[tokio::test]
async fn an_edit_names_its_revision_and_is_merged_with_what_was_saved_since() {
    on_both_stores(async |world| {
        let admin = world.admin();
        let first = made(&admin).await;
        let blind = admin.put(DAILY, json!({ "document": daily() })).await;
        assert!(blind.problem(428).contains("which revision"));

        let theirs = save(&admin, first, |daily| daily["timezone"] = json!("UTC")).await;
        assert_eq!((theirs.status, &theirs.json()["merged"]), (200, &json!(false)));
        let mine = save(&admin, first, |daily| people(daily, json!(["bo", "ana"]))).await;
        assert_eq!((mine.status, &mine.json()["merged"]), (200, &json!(true)), "{}", mine.text);
        assert_eq!(mine.json()["document"]["timezone"], "UTC");
        let shown = admin.read(&format!("{DAILY}/document")).await;
        assert_eq!(shown["document"], mine.json()["document"]);
        assert_eq!(shown["revision"], mine.json()["revision"]);
        let schedule = admin.read(DAILY).await;
        assert_eq!(schedule["layers"][0]["participants"], json!(["bo", "ana"]), "it is in force");
        let config = admin.get("/api/v1/config/export").await.text;
        assert!(config.contains("name: daily") && config.contains("timezone: UTC"), "{config}");
    })
    .await;
}

#[tokio::test]
async fn two_edits_of_the_same_section_show_both_texts_and_lose_neither() {
    on_both_stores(async |world| {
        let admin = world.admin();
        let first = made(&admin).await;
        let theirs = save(&admin, first, |daily| people(daily, json!(["bo", "ana"]))).await;
        let now = theirs.json()["revision"].as_i64().unwrap();
        let mine = save(&admin, first, |daily| people(daily, json!(["ana"]))).await;
        assert!(mine.problem(409).contains("nothing is lost"));
        let problem = mine.json();
        assert_eq!(problem["revision"], now);
        assert_eq!(
            problem["conflicts"],
            json!([{
                "path": "layers(days).rotation.participants",
                "base": ["ana", "bo"], "mine": ["ana"], "theirs": ["bo", "ana"],
            }])
        );
        let kept = admin.read(DAILY).await;
        assert_eq!(kept["layers"][0]["participants"], json!(["bo", "ana"]), "nothing was saved");
        let settled = save(&admin, now, |daily| people(daily, json!(["ana"]))).await;
        assert_eq!(settled.status, 200, "{}", settled.text);

        let gone = admin.with("if-match", &format!("\"{first}\"")).delete(DAILY).await;
        gone.problem(409);
        assert_eq!(
            world.admin().get(DAILY).await.status,
            200,
            "nobody removes what they have not seen"
        );
    })
    .await;
}

#[tokio::test]
async fn a_schedule_with_gaps_is_saved_with_consent_only() {
    on_both_stores(async |world| {
        let admin = world.admin();
        let mut office = daily();
        office["layers"][0]["restrict"] =
            json!([{ "days": ["mon"], "from": "09:00", "to": "17:00" }]);
        let refused = admin.put(DAILY, json!({ "document": office })).await;
        assert!(refused.problem(422).contains("nobody is on call"));
        let gaps = refused.json()["gaps"].clone();
        assert_eq!(
            gaps[0],
            json!({ "from": "2026-11-21T03:00:00Z", "to": "2026-11-23T08:00:00Z" })
        );
        assert_eq!(
            gaps[1],
            json!({ "from": "2026-11-23T16:00:00Z", "to": "2026-11-30T08:00:00Z" })
        );
        assert_eq!(admin.get(DAILY).await.status, 404, "nothing was saved");
        let meant = admin.put(DAILY, json!({ "document": office, "consent": true })).await;
        assert_eq!(meant.status, 200, "{}", meant.text);
        assert_eq!(admin.read(DAILY).await["layers"][0]["name"], "days");
    })
    .await;
}

#[tokio::test]
async fn a_draft_pages_nobody_until_it_is_published_and_the_publish_can_be_undone() {
    on_both_stores(async |world| {
        world.give_password("bo").await;
        let bo = world.browser("bo").await;
        let first = made(&bo).await;
        let draft = format!("{DAILY}/draft");
        let mut document = daily();
        people(&mut document, json!(["bo"]));
        let saved = bo.put(&draft, json!({ "document": document })).await;
        assert_eq!(saved.status, 200, "{}", saved.text);
        let shown = saved.json();
        assert_eq!(
            (&shown["draft"]["revision"], &shown["draft"]["behind"]),
            (&json!(first), &json!(false))
        );
        assert_eq!(bo.read(DAILY).await["layers"][0]["participants"], json!(["ana", "bo"]));
        let other = world.admin().read(&format!("{DAILY}/document")).await;
        assert_eq!(
            (&other["draft"], &other["other_drafts"][0]["actor"]),
            (&Value::Null, &json!("bo"))
        );

        save(&world.admin(), first, |daily| daily["timezone"] = json!("UTC")).await;
        assert_eq!(bo.read(&format!("{DAILY}/document")).await["draft"]["behind"], true);
        let published = bo.post(&format!("{draft}/publish"), json!({})).await;
        assert_eq!((published.status, &published.json()["merged"]), (200, &json!(true)));
        let in_force = bo.read(DAILY).await;
        assert_eq!(in_force["layers"][0]["participants"], json!(["bo"]));
        assert_eq!(in_force["timezone"], "UTC");
        assert_eq!(bo.read(&format!("{DAILY}/document")).await["draft"], Value::Null);
        assert_eq!(bo.post(&format!("{draft}/publish"), json!({})).await.status, 404);

        let revision = published.json()["revision"].clone();
        let stale = bo.post(&format!("{DAILY}/undo"), json!({ "revision": first })).await;
        assert_eq!(stale.status, 409);
        let undone = bo.post(&format!("{DAILY}/undo"), json!({ "revision": revision })).await;
        assert_eq!(undone.status, 200, "{}", undone.text);
        assert_eq!(bo.read(DAILY).await["layers"][0]["participants"], json!(["ana", "bo"]));
        bo.post(&format!("{DAILY}/undo"), json!({})).await;
        assert_eq!(bo.read(DAILY).await["layers"][0]["participants"], json!(["bo"]), "and redone");
    })
    .await;
}

#[tokio::test]
async fn every_version_is_kept_with_who_and_what_and_can_be_brought_back() {
    on_both_stores(async |world| {
        let admin = world.admin();
        let first = made(&admin).await;
        let second = save(&admin, first, |daily| people(daily, json!(["bo"]))).await.json();
        let file = admin.get("/api/v1/config/export").await.text;
        let file = file.replace("2026-11-01", "2026-11-02");
        assert_eq!(admin.send(Method::POST, "/api/v1/config/apply", file).await.status, 200);
        let history = admin.read(&format!("{DAILY}/history")).await;
        let ways: Vec<_> =
            history["items"].as_array().unwrap().iter().map(|item| &item["way"]).collect();
        assert_eq!(ways, ["apply", "edit", "edit"]);
        let edit = &history["items"][1];
        assert_eq!((&edit["actor"], &edit["revision"]), (&json!("admin"), &second["revision"]));
        assert_eq!(edit["at"], "2026-11-21T03:00:00Z");
        assert_eq!(
            edit["changes"],
            json!([{ "path": "layers(days).rotation.participants", "before": ["ana", "bo"], "after": ["bo"] }])
        );
        assert_eq!(history["items"][2]["first"], true);

        let version = admin.read(&format!("{DAILY}/history/{first}")).await;
        assert_eq!(version["document"]["layers"], daily()["layers"]);
        let restored = admin.post(&format!("{DAILY}/history/{first}/restore"), json!({})).await;
        assert_eq!(restored.json()["document"], version["document"], "{}", restored.text);
        let now = restored.json()["revision"].as_i64().unwrap();
        let removed = admin.clone().with("if-match", &format!("\"{now}\"")).delete(DAILY).await;
        assert_eq!((removed.status, &removed.json()["document"]), (200, &Value::Null));
        assert_eq!(admin.get(DAILY).await.status, 404);
        let undone = admin.post(&format!("{DAILY}/undo"), json!({})).await;
        assert_eq!(undone.status, 200, "{}", undone.text);
        assert_eq!(admin.read(DAILY).await["layers"][0]["participants"], json!(["ana", "bo"]));
        let part = admin.read(&format!("{DAILY}/history?limit=2")).await;
        let next = part["next"].as_str().unwrap();
        let rest = admin.read(&format!("{DAILY}/history?cursor={next}")).await;
        assert_eq!(rest["items"].as_array().unwrap().len(), 4);
        let audit = admin.read("/api/v1/audit").await.to_string();
        assert!(audit.contains("config.edit"), "{audit}");
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_is_refused_with_its_path_in_the_document() {
    on_both_stores(async |world| {
        let admin = world.admin();
        let first = made(&admin).await;
        let wrong = save(&admin, first, |daily| {
            people(daily, json!(["ana", "bob"]));
            daily["timezone"] = json!("Europe/Berln");
        });
        let wrong = wrong.await;
        assert!(wrong.problem(422).contains("nothing was saved"));
        let error = &wrong.json()["errors"][0];
        assert_eq!(error["path"], "timezone", "{error}");
        assert!(error.get("line").is_none());
        let unknown = save(&admin, first, |daily| people(daily, json!(["ana", "bob"]))).await;
        let error = &unknown.json()["errors"][0];
        assert_eq!(error["path"], "layers[0].rotation.participants[1]");
        assert!(error["message"].as_str().unwrap().contains("bob"), "{error}");

        let document = json!({ "name": "nightly", "layers": [] });
        let renamed = admin.put(DAILY, json!({ "document": document, "revision": first })).await;
        assert!(renamed.problem(400).contains("not renamed"));
        let policy = admin.read("/api/v1/escalation-policies/payments/document").await;
        let tag = format!("\"{}\"", policy["revision"]);
        let exact = admin.clone().with("if-match", &tag);
        let used = exact.delete("/api/v1/escalation-policies/payments").await;
        used.problem(422);
        assert!(used.json()["errors"][0]["message"].as_str().unwrap().contains("refers to it"));
        assert_eq!(admin.get("/api/v1/users/ana/document").await.status, 404);
        assert_eq!(admin.get("/api/v1/schedules/none/document").await.status, 404);

        let draft =
            admin.put(&format!("{DAILY}/draft"), json!({ "document": { "layers": 5 } })).await;
        assert_eq!(draft.json()["draft"]["errors"][0]["path"], "layers", "{}", draft.text);
        let publish = admin.post(&format!("{DAILY}/draft/publish"), json!({})).await;
        publish.problem(422);
        assert_ne!(admin.read(&format!("{DAILY}/document")).await["draft"], Value::Null);
        assert_eq!(admin.delete(&format!("{DAILY}/draft")).await.status, 204);
        assert_eq!(admin.delete(&format!("{DAILY}/draft")).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn managers_edit_what_their_own_teams_plan_and_nothing_else() {
    on_both_stores(async |world| {
        world.give_password("bo").await;
        world.give_password("ana").await;
        let bo = world.browser("bo").await;
        let first = made(&bo).await;
        let stolen = save(&bo, first, |daily| drop(daily.as_object_mut().unwrap().remove("team")));
        assert_eq!(stolen.await.status, 403, "nobody gives away what their team plans");
        let nobodys = json!({ "document": { "layers": [] }, "consent": true });
        assert_eq!(bo.put("/api/v1/schedules/other", nobodys.clone()).await.status, 403);
        assert_eq!(world.admin().put("/api/v1/schedules/other", nobodys).await.status, 200);
        for path in ["schedules/other", "services/checkout", "teams/payments"] {
            assert_eq!(bo.get(&format!("/api/v1/{path}/document")).await.status, 403, "{path}");
            let body = json!({ "document": {}, "revision": 1 });
            assert_eq!(
                bo.put(&format!("/api/v1/{path}"), body.clone()).await.status,
                403,
                "{path}"
            );
            assert_eq!(bo.put(&format!("/api/v1/{path}/draft"), body).await.status, 403, "{path}");
            assert_eq!(
                bo.post(&format!("/api/v1/{path}/undo"), json!({})).await.status,
                403,
                "{path}"
            );
        }
        let ana = world.browser("ana").await;
        assert_eq!(ana.get(&format!("{DAILY}/document")).await.status, 403, "she is no manager");
        let token = world.with_role("manager");
        assert_eq!(token.get(&format!("{DAILY}/document")).await.status, 403, "nor of any team");
        let team = world.admin().read("/api/v1/teams/payments/document").await;
        let mut document = team["document"].clone();
        document["members"] = json!(["ana", "bo", "sam"]);
        let body = json!({ "document": document, "revision": team["revision"] });
        let saved = world.admin().put("/api/v1/teams/payments", body).await;
        assert_eq!(saved.status, 200, "{}", saved.text);
    })
    .await;
}
