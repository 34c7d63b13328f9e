//! What people write into a timeline: kinds, retroactive and approximate times and their edges, pins,
//! corrections that keep the original, hypotheses, actions with intent, on both stores.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::harness::{Client, World, on_both_stores};

const TIMELINE: &str = "/api/v1/incidents/1/timeline";
const HYPOTHESES: &str = "/api/v1/incidents/1/hypotheses";
const ACTIONS: &str = "/api/v1/incidents/1/actions";

async fn with_incident(world: &World) -> Client<'_> {
    world.give_password("ana").await;
    assert_eq!(world.event("trigger", "disk", "critical").await.status, 202);
    world.settle().await;
    world.advance(SignedDuration::from_mins(10)).await;
    world.browser("ana").await
}

async fn write(client: &Client<'_>, path: &str, body: Value) -> Value {
    let answer = client.post(path, body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()
}

async fn do_it(client: &Client<'_>, path: &str, body: Value) -> Value {
    let answer = client.post(path, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

async fn refused(client: &Client<'_>, path: &str, body: Value) -> (String, String) {
    let answer = client.post(path, body).await;
    answer.problem(400);
    let fault = answer.json()["errors"][0].clone();
    (fault["path"].as_str().unwrap().into(), fault["message"].as_str().unwrap().into())
}

async fn entries(client: &Client<'_>, query: &str) -> Vec<Value> {
    let list = client.read(&format!("{TIMELINE}?limit=500{query}")).await;
    list["items"].as_array().unwrap().clone()
}

fn id(entry: &Value) -> &str {
    entry["id"].as_str().unwrap()
}

#[tokio::test]
async fn every_kind_is_written_down_with_its_fields_and_the_version_stays() {
    on_both_stores(async |world| {
        let ana = with_incident(world).await;
        do_it(&ana, "/api/v1/incidents/1/research", json!({})).await;
        // By a token, so that no clock sees anybody work.
        let token = world.with_role("responder");
        let before = ana.read("/api/v1/incidents/1").await["version"].clone();
        let note = write(&token, TIMELINE, json!({ "text": " looking " })).await;
        assert_eq!((&note["kind"], &note["text"]), (&json!("note"), &json!("looking")));
        let decision =
            write(&token, TIMELINE, json!({ "kind": "decision", "text": "we fail over at 03:20" }))
                .await;
        assert_eq!(decision["kind"], "decision");
        let contact = write(
            &token,
            TIMELINE,
            json!({
                "kind": "contact", "text": "cannot pay", "customer": "ACME", "external": true,
                "reference": "CS-12",
            }),
        )
        .await;
        assert_eq!(
            (&contact["data"]["customer"], &contact["external"]),
            (&json!("ACME"), &json!(true))
        );
        let evidence = write(
            &token,
            TIMELINE,
            json!({
                "kind": "evidence", "text": "errors <script>alert(1)</script>",
                "link": "https://graphs.example.com/1",
            }),
        )
        .await;
        assert_eq!(evidence["text"], "errors <script>alert(1)</script>");
        assert_eq!(evidence["data"]["link"], "https://graphs.example.com/1");
        let item = json!({ "kind": "action_item", "text": "Alert on the queue", "owner": "bo" });
        let item = write(&token, TIMELINE, item).await;
        assert_eq!((&item["kind"], &item["data"]["owner"]), (&json!("action_item"), &json!("bo")));
        let nobody = json!({ "kind": "action_item", "text": "Rehearse the fail-over" });
        write(&token, TIMELINE, nobody).await;
        for path in ["synopsis", "record"] {
            let read = ana.read(&format!("/api/v1/incidents/1/{path}")).await;
            let items = read["action_items"].as_array().unwrap();
            assert_eq!((&items[0]["text"], &items[0]["who"]), (&item["text"], &json!("bo")));
            assert_eq!(items[1]["who"], Value::Null, "{read}");
        }
        let markdown = ana.get("/api/v1/incidents/1/record.md").await.text;
        assert!(markdown.contains("## Action items\n\n- Alert on the queue, bo\n"), "{markdown}");
        assert_eq!(ana.read("/api/v1/incidents/1").await["version"], before);

        let wrong = json!({ "kind": "evidence", "text": "x", "link": "javascript:alert(1)" });
        let said = refused(&ana, TIMELINE, wrong).await;
        assert_eq!(said, ("link".into(), "must begin with http:// or https://".into()));
        let wrong = json!({ "kind": "action_item", "text": "x", "owner": "nobody" });
        let said = refused(&ana, TIMELINE, wrong).await;
        assert_eq!(said, ("owner".into(), "there is no person `nobody`".into()));
        let wrong = json!({ "kind": "contact", "text": "x" });
        assert_eq!(refused(&ana, TIMELINE, wrong).await.0, "customer");
        let stakeholder = world.with_role("stakeholder");
        assert_eq!(stakeholder.post(TIMELINE, json!({ "text": "hi" })).await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn what_happened_before_stands_where_it_happened_and_is_marked_late() {
    on_both_stores(async |world| {
        let ana = with_incident(world).await;
        // It is 03:10; the alert came at 03:00.
        write(&ana, TIMELINE, json!({ "text": "now" })).await;
        let at = |at: &str| json!({ "text": at, "at": at, "approximate": true });
        let late = write(&ana, TIMELINE, at("2026-11-21T03:04:00Z")).await;
        assert_eq!((&late["late"], &late["approximate"]), (&json!(true), &json!(true)));
        let before = write(&ana, TIMELINE, at("2026-11-14T03:00:00Z")).await;
        write(&ana, TIMELINE, at("2026-11-21T03:10:00Z")).await;

        let future = "lies in the future; write down what has happened";
        let said = refused(&ana, TIMELINE, at("2026-11-21T03:10:01Z")).await;
        assert_eq!(said, ("at".into(), future.into()));
        let said = refused(&ana, TIMELINE, at("2026-11-14T02:59:59Z")).await;
        assert!(said.1.starts_with("lies more than 7 days before the incident"), "{}", said.1);
        assert_eq!(refused(&ana, TIMELINE, at("yesterday")).await.0, "at");

        let happened = entries(&ana, "").await;
        let texts: Vec<_> = happened.iter().map(|one| one["text"].as_str().unwrap()).collect();
        assert_eq!(texts[0], "2026-11-14T03:00:00Z");
        let ends: Vec<_> = texts[texts.len() - 3..].to_vec();
        assert!(
            ends.contains(&"now") && texts.last() == Some(&"2026-11-21T03:10:00Z"),
            "{texts:?}"
        );
        let place = texts.iter().position(|text| *text == "2026-11-21T03:04:00Z").unwrap();
        let earlier = &happened[place - 1];
        assert!(earlier["at"].as_str().unwrap() < "2026-11-21T03:04", "{earlier}");

        // The place in the order of writing down never changes, and that order can be followed.
        let recorded = entries(&ana, "&order=recorded").await;
        let seqs: Vec<_> = recorded.iter().map(|one| one["seq"].as_u64().unwrap()).collect();
        assert_eq!(seqs, (1..=recorded.len() as u64).collect::<Vec<_>>());
        assert!(before["seq"].as_u64() > late["seq"].as_u64());
        let find = |list: &[Value], one: &Value| {
            list.iter().find(|entry| entry["id"] == one["id"]).unwrap()["seq"].clone()
        };
        assert_eq!(find(&happened, &before), find(&recorded, &before));

        // Both orders read the same by cursors of one.
        for order in ["", "&order=recorded"] {
            let whole = entries(&ana, order).await;
            let (mut parts, mut cursor) = (Vec::new(), String::new());
            loop {
                let path = format!("{TIMELINE}?limit=1{order}&cursor={cursor}");
                let part = ana.read(&path).await;
                parts.extend(part["items"].as_array().unwrap().clone());
                match part["next"].as_str() {
                    Some(next) => cursor = next.to_owned(),
                    None => break,
                }
            }
            assert_eq!(parts, whole);
        }
    })
    .await;
}

#[tokio::test]
async fn corrections_keep_the_original_and_pins_come_and_go() {
    on_both_stores(async |world| {
        let ana = with_incident(world).await;
        let note = write(&ana, TIMELINE, json!({ "text": "restarted teh db" })).await;
        let verb = |verb: &str| format!("{TIMELINE}/{}/{verb}", id(&note));
        let body = json!({ "text": "restarted the db", "at": "2026-11-21T03:04:00Z" });
        let corrected = do_it(&ana, &verb("correct"), body.clone()).await;
        assert_eq!(corrected["text"], "restarted teh db");
        assert_eq!(corrected["corrected"]["text"], "restarted the db");
        assert_eq!(corrected["corrected"]["at"], "2026-11-21T03:04:00Z");
        assert_eq!(corrected["corrections"][0]["actor"]["name"], "ana");
        assert_eq!(refused(&ana, &verb("correct"), body).await.0, "text");
        let listed = entries(&ana, "").await;
        let one = listed.iter().find(|one| one["id"] == note["id"]).unwrap();
        assert_eq!(one["corrected"], corrected["corrected"]);
        let said = listed.iter().find(|one| one["kind"] == "corrected").unwrap();
        assert_eq!(said["text"], "Corrected “restarted teh db” to: restarted the db");

        let opened = listed.iter().find(|one| one["kind"] == "opened").unwrap();
        let path = format!("{TIMELINE}/{}/correct", id(opened));
        let answer = ana.post(&path, json!({ "text": "not so" })).await;
        assert!(answer.problem(409).starts_with("Muster wrote this itself"));

        for _ in 0..2 {
            assert_eq!(do_it(&ana, &verb("pin"), json!({})).await["pinned"], true);
        }
        let pins = entries(&ana, "").await;
        assert_eq!(pins.iter().filter(|one| one["kind"] == "pinned").count(), 1);
        assert_eq!(do_it(&ana, &verb("unpin"), json!({})).await["pinned"], false);

        let elsewhere =
            write(&world.admin(), "/api/v1/incidents", json!({ "title": "other" })).await;
        let path = format!("/api/v1/incidents/{}/timeline/{}/pin", elsewhere["number"], id(&note));
        assert_eq!(ana.post(&path, json!({})).await.status, 404);
        assert_eq!(ana.post(&format!("{TIMELINE}/ent_1/pin"), json!({})).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn a_line_of_inquiry_is_followed_to_its_end() {
    on_both_stores(async |world| {
        let ana = with_incident(world).await;
        let body = json!({ "text": "the disk is full", "assignee": "bo" });
        let opened = write(&ana, HYPOTHESES, body).await;
        assert_eq!(
            opened["hypothesis"],
            json!({ "state": "open", "assignee": "bo", "found": null })
        );
        let step = |step: &str| format!("{HYPOTHESES}/{}/{step}", id(&opened));
        do_it(&ana, &step("explore"), json!({})).await;
        let abandoned = do_it(&ana, &step("abandon"), json!({ "text": "40 % free" })).await;
        assert_eq!(abandoned["hypothesis"]["state"], "abandoned");
        let refused = ana.post(&step("assign"), json!({ "assignee": "ana" })).await;
        assert_eq!(refused.problem(409), "the hypothesis is abandoned; it cannot be assigned");
        do_it(&ana, &step("reopen"), json!({})).await;
        do_it(&ana, &step("assign"), json!({ "assignee": "ana" })).await;
        do_it(&ana, &step("confirm"), json!({ "text": "inodes" })).await;

        let list = ana.read(HYPOTHESES).await;
        let stands = json!({ "state": "confirmed", "assignee": "ana", "found": "inodes" });
        assert_eq!(
            (list["items"].as_array().unwrap().len(), &list["items"][0]["hypothesis"]),
            (1, &stands)
        );
        let moves = entries(&ana, "").await;
        let moves = moves.iter().filter(|one| one["kind"] == "hypothesis_moved");
        let texts: Vec<_> = moves.map(|one| one["text"].as_str().unwrap()).collect();
        assert_eq!(
            texts,
            [
                "Exploring “the disk is full”",
                "Abandoned “the disk is full”: 40 % free",
                "Taken up again: “the disk is full”",
                "ana looks into “the disk is full”",
                "Confirmed “the disk is full”: inodes",
            ]
        );
        let nobody = json!({ "text": "x", "assignee": "nobody" });
        assert_eq!(self::refused(&ana, HYPOTHESES, nobody).await.0, "assignee");
    })
    .await;
}

#[tokio::test]
async fn a_second_major_change_is_warned_about_and_begun_all_the_same() {
    on_both_stores(async |world| {
        let ana = with_incident(world).await;
        let change = |text: &str| {
            json!({
                "text": text, "why": "errors", "expected": "fewer", "undo": "back", "major": true,
            })
        };
        let first = write(&ana, ACTIONS, change("fail over")).await;
        assert_eq!(
            (&first["warnings"], &first["action"]["state"]),
            (&json!([]), &json!("under_way"))
        );
        let second = write(&ana, ACTIONS, change("restart all")).await;
        let warned = json!(["another major change is under way: “fail over” by ana"]);
        assert_eq!(
            (&second["warnings"], &second["action"]["state"]),
            (&warned, &json!("under_way"))
        );

        let step = |one: &Value, step: &str| format!("{ACTIONS}/{}/{step}", id(one));
        let undone = do_it(&ana, &step(&second, "undo"), json!({ "text": "made it worse" })).await;
        assert_eq!(undone["action"]["state"], "undone");
        let done = do_it(&ana, &step(&first, "finish"), json!({})).await;
        assert_eq!(done["warnings"], json!(["say what came of it"]));
        let known = do_it(&ana, &step(&first, "finish"), json!({ "text": "errors fell" })).await;
        assert_eq!(
            (&known["warnings"], &known["action"]["actual"]),
            (&json!([]), &json!("errors fell"))
        );
        assert_eq!(write(&ana, ACTIONS, change("rebuild")).await["warnings"], json!([]));

        let both = json!({ "text": "drop it", "undo": "restore", "irreversible": true });
        assert_eq!(refused(&ana, ACTIONS, both).await.0, "undo");
        let last = json!({ "text": "drop it", "why": "a", "expected": "b", "irreversible": true });
        let last = write(&ana, ACTIONS, last).await;
        let undo = ana.post(&step(&last, "undo"), json!({})).await;
        assert!(undo.problem(409).contains("irreversible"));
        assert_eq!(ana.read(ACTIONS).await["items"].as_array().unwrap().len(), 4);
    })
    .await;
}
