//! Checklists and prompts of an incident: ticked by hand and by what Muster sees, counted where they
//! repeat, seen by everybody; and what is offered when, to whom.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, World, on_both_stores};

const CHECKLIST: &str = "/api/v1/incidents/1/checklist";
const PROMPTS: &str = "/api/v1/incidents/1/prompts";

async fn with_people(world: &World) {
    for name in ["ana", "bo", "sam"] {
        world.give_password(name).await;
    }
}

async fn declare(client: &Client<'_>, world: &World, severity: u8) {
    let body =
        json!({ "title": "Nobody can check out", "service": "checkout", "severity": severity });
    assert_eq!(client.post("/api/v1/incidents", body).await.status, 201);
    world.settle().await;
}

fn item<'a>(lists: &'a Value, list: &str, id: &str) -> &'a Value {
    let lists = lists["checklists"].as_array().unwrap();
    let list = lists.iter().find(|one| one["name"] == list).unwrap();
    list["items"].as_array().unwrap().iter().find(|one| one["id"] == id).unwrap()
}

async fn offered(client: &Client<'_>) -> Vec<String> {
    let prompts = client.read(PROMPTS).await;
    let prompts = prompts["prompts"].as_array().unwrap().iter();
    prompts.map(|prompt| prompt["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_muster_sees_ticks_by_itself_and_names_its_entry() {
    on_both_stores(async |world| {
        with_people(world).await;
        let (ana, bo) = (world.browser("ana").await, world.browser("bo").await);
        declare(&ana, world, 1).await;
        let lists = ana.read(CHECKLIST).await;
        let opened = &item(&lists, "front-line", "discovered")["done"];
        assert_eq!((&opened["by"], &opened["count"]), (&json!("Muster"), &json!(1)));
        let timeline = ana.read("/api/v1/incidents/1/timeline?limit=500").await;
        let entries = timeline["items"].as_array().unwrap();
        let declared = entries.iter().find(|entry| entry["kind"] == "declared").unwrap();
        assert_eq!(opened["entry"], declared["id"]);
        assert!(!item(&lists, "front-line", "first-engagement")["done"].is_null());
        assert!(item(&lists, "front-line", "join")["done"].is_null());

        for client in [&ana, &bo] {
            client.post("/api/v1/incidents/1/check-in", json!({})).await;
        }
        ana.post("/api/v1/incidents/1/escalate", json!({})).await;
        ana.post("/api/v1/incidents/1/identify", json!({ "cause": "a bad deploy" })).await;
        let lists = bo.read(CHECKLIST).await;
        assert_eq!(item(&lists, "front-line", "join")["done"]["count"], 2);
        assert!(!item(&lists, "incident-lead", "cause")["done"].is_null());
        assert!(!item(&lists, "incident-lead", "escalation")["done"].is_null());
        assert!(item(&lists, "incident-lead", "restored")["done"].is_null());
        ana.post("/api/v1/incidents/1/resolve", json!({})).await;
        let lists = bo.read(CHECKLIST).await;
        assert!(!item(&lists, "incident-lead", "restored")["done"].is_null());
        assert!(!item(&lists, "incident-lead", "resolved")["done"].is_null());
    })
    .await;
}

#[tokio::test]
async fn an_item_is_ticked_with_a_note_taken_back_and_seen_by_everybody() {
    on_both_stores(async |world| {
        with_people(world).await;
        let (ana, bo) = (world.browser("ana").await, world.browser("bo").await);
        declare(&ana, world, 1).await;
        let scope = format!("{CHECKLIST}/incident-lead/scope");
        let ticked = ana.post(&scope, json!({ "note": " all of Europe " })).await;
        assert_eq!(ticked.status, 200, "{}", ticked.text);
        let tick = item(&bo.read(CHECKLIST).await, "incident-lead", "scope")["done"].clone();
        assert_eq!((&tick["by"], &tick["note"]), (&json!("ana"), &json!("all of Europe")));
        assert_eq!((&tick["at"], &tick["entry"]), (&json!(crate::harness::T0), &Value::Null));
        let undone = bo.post(&scope, json!({ "done": false })).await;
        assert!(item(&undone.json(), "incident-lead", "scope")["done"].is_null());
        let timeline = ana.read("/api/v1/incidents/1/timeline?limit=500").await.to_string();
        assert!(
            timeline.contains("Scope and impact are known")
                && timeline.contains("checklist_unticked")
        );

        // What ticked by itself can be taken back, until it happens again.
        ana.post("/api/v1/incidents/1/check-in", json!({})).await;
        let join = format!("{CHECKLIST}/front-line/join");
        let undone = ana.post(&join, json!({ "done": false })).await;
        assert!(item(&undone.json(), "front-line", "join")["done"].is_null());
        world.advance(SignedDuration::from_secs(1)).await;
        bo.post("/api/v1/incidents/1/check-in", json!({})).await;
        assert_eq!(item(&ana.read(CHECKLIST).await, "front-line", "join")["done"]["count"], 1);

        let long = ana.post(&scope, json!({ "note": "x".repeat(501) })).await;
        assert!(long.text.contains("at most 500 characters"), "{}", long.text);
        let unknown = ana.post(&format!("{CHECKLIST}/incident-lead/tea"), json!({})).await;
        assert_eq!(unknown.status, 404, "{}", unknown.text);
        assert_eq!(world.browser("sam").await.post(&scope, json!({})).await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn the_lists_of_a_worse_level_appear_at_once_and_what_was_done_stays_done() {
    on_both_stores(async |world| {
        with_people(world).await;
        let ana = world.browser("ana").await;
        declare(&ana, world, 3).await;
        assert_eq!(ana.read(CHECKLIST).await["checklists"], json!([]));
        let to = |level: u8| json!({ "severity": level, "reason": "we know more" });
        ana.post("/api/v1/incidents/1/severity", to(1)).await;
        let lists = ana.read(CHECKLIST).await;
        assert_eq!(lists["checklists"].as_array().unwrap().len(), 3);
        let opened = &item(&lists, "front-line", "discovered")["done"];
        assert_eq!(opened["by"], "Muster", "what happened before the list appeared is ticked");
        ana.post(&format!("{CHECKLIST}/resolver/health"), json!({})).await;
        ana.post("/api/v1/incidents/1/severity", to(3)).await;
        let lists = ana.read(CHECKLIST).await;
        assert_eq!(lists["checklists"].as_array().unwrap().len(), 1, "the one that was begun");
        assert_eq!(item(&lists, "resolver", "health")["done"]["by"], "ana");
    })
    .await;
}

#[tokio::test]
async fn checklists_are_configuration_by_severity_and_service() {
    on_both_stores(async |world| {
        with_people(world).await;
        let text = "severities:\n- { level: 1, name: Outage, urgency: high, process: { checklists: \
                    [stock, front-line] } }\nchecklists:\n- name: stock\n  title: Stock\n  services: \
                    [search]\n  items: [ { id: told, text: The stores were told, ticks_on: paged, \
                    repeats: true } ]\n- { name: front-line, title: First line }\n";
        let answer = world.admin().send(Method::POST, "/api/v1/config/apply", text).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let exported = world.admin().get("/api/v1/config/export").await.text;
        let again = world.admin().send(Method::POST, "/api/v1/config/apply", exported).await;
        assert_eq!(again.json()["changes"], json!([]), "{}", again.text);
        let ana = world.browser("ana").await;
        declare(&ana, world, 1).await;
        let lists = ana.read(CHECKLIST).await;
        let titles: Vec<_> = lists["checklists"].as_array().unwrap().iter().map(|it| &it["title"]).collect();
        assert_eq!(titles, ["First line"], "the other list is for another service");
        assert_eq!(lists["checklists"][0]["items"].as_array().unwrap().len(), 8);
        for (wrong, place, why) in [
            ("checklists: [ { name: x, items: [ { id: a, text: A, ticks_on: luck } ] } ]",
             "checklists[0].items[0].ticks_on", "is nothing that Muster sees"),
            ("checklists: [ { name: x, items: [ { id: a, text: A }, { id: a, text: B } ] } ]",
             "checklists[0].items[1].id", "there is another item `a`"),
            ("checklists: [ { name: x, role: pilot } ]", "checklists[0].role", "there is no role `pilot`"),
            ("severities: [ { level: 1, name: A, urgency: high, process: { checklists: [tea] } } ]",
             "severities[0].process.checklists[0]", "there is no checklist `tea`"),
        ] {
            let answer = world.admin().send(Method::POST, "/api/v1/config/apply", wrong.to_owned()).await;
            assert_eq!(answer.status, 422, "{wrong}: {}", answer.text);
            assert!(answer.text.contains(place) && answer.text.contains(why), "{wrong}: {}", answer.text);
        }
    })
    .await;
}

#[tokio::test]
async fn prompts_follow_the_state_and_the_time_to_the_second_and_are_put_away_by_each() {
    on_both_stores(async |world| {
        with_people(world).await;
        let (ana, bo) = (world.browser("ana").await, world.browser("bo").await);
        declare(&ana, world, 1).await;
        assert_eq!(offered(&ana).await, ["scope", "impact-first", "obvious"]);
        world.advance(SignedDuration::new(4 * 60 + 59, 0)).await;
        assert!(!offered(&ana).await.contains(&"changes".to_owned()));
        world.advance(SignedDuration::from_secs(1)).await;
        assert!(offered(&ana).await.contains(&"changes".to_owned()));
        let dismissed = ana.post(&format!("{PROMPTS}/changes/dismiss"), json!({})).await;
        assert_eq!(dismissed.status, 200, "{}", dismissed.text);
        assert!(!offered(&ana).await.contains(&"changes".to_owned()));
        assert!(offered(&bo).await.contains(&"changes".to_owned()), "each for themselves");
        world.advance(SignedDuration::new(24 * 60 + 59, 0)).await;
        assert!(!offered(&ana).await.contains(&"progress".to_owned()));
        world.advance(SignedDuration::from_secs(1)).await;
        assert!(offered(&ana).await.contains(&"progress".to_owned()));
        ana.post("/api/v1/incidents/1/restore", json!({})).await;
        assert_eq!(offered(&ana).await, ["verify", "verify-changes"]);
        assert_eq!(ana.post(&format!("{PROMPTS}/tea/dismiss"), json!({})).await.status, 404);
        let token = world.admin().post(&format!("{PROMPTS}/verify/dismiss"), json!({})).await;
        assert!(token.problem(409).contains("this token belongs to nobody"));
        ana.post("/api/v1/incidents/1/resolve", json!({})).await;
        assert!(offered(&ana).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn small_incidents_are_not_asked_questions() {
    on_both_stores(async |world| {
        with_people(world).await;
        let ana = world.browser("ana").await;
        declare(&ana, world, 3).await;
        assert!(offered(&ana).await.is_empty());
        ana.post("/api/v1/incidents/1/roles/incident-lead", json!({})).await;
        assert!(offered(&ana).await.contains(&"scope".to_owned()));
    })
    .await;
}
