//! Families of incidents (`J5`, `T3`): an incident splits into child efforts with their own leads, and
//! nobody who may not see a member learns of one.

use serde_json::{Value, json};

use crate::harness::{Client, World, on_both_stores};

async fn signed_in<'a>(world: &'a World, name: &str) -> Client<'a> {
    world.give_password(name).await;
    world.browser(name).await
}

async fn declared(world: &World, client: &Client<'_>, title: &str) -> i64 {
    let body = json!({ "title": title, "service": "checkout", "severity": 2 });
    let answer = client.post("/api/v1/incidents", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    world.settle().await;
    answer.json()["number"].as_i64().unwrap()
}

async fn split(client: &Client<'_>, parent: i64, body: Value) -> Value {
    let answer = client.post(&format!("/api/v1/incidents/{parent}/children"), body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()
}

async fn read(client: &Client<'_>, number: i64) -> Value {
    client.read(&format!("/api/v1/incidents/{number}")).await
}

async fn said(client: &Client<'_>, number: i64, kind: &str) -> Vec<String> {
    let timeline = client.read(&format!("/api/v1/incidents/{number}/timeline?limit=500")).await;
    let entries = timeline["items"].as_array().unwrap().iter();
    let of_kind = entries.filter(|entry| entry["kind"] == kind);
    of_kind.map(|entry| entry["text"].as_str().unwrap().to_owned()).collect()
}

/// The numbers of a family with what each is and who leads it.
async fn family(client: &Client<'_>, number: i64) -> Vec<(i64, String, Vec<String>)> {
    let list = client.read(&format!("/api/v1/incidents/{number}/family")).await;
    let read = |one: &Value| {
        let leads = one["leads"].as_array().unwrap().iter();
        let leads = leads.map(|lead| lead.as_str().unwrap().to_owned()).collect();
        let place = one["place"].as_str().unwrap().to_owned();
        (one["number"].as_i64().unwrap(), place, leads)
    };
    list["items"].as_array().unwrap().iter().map(read).collect()
}

#[tokio::test]
async fn an_incident_splits_into_efforts_with_their_own_leads() {
    on_both_stores(async |world| {
        let ana = signed_in(world, "ana").await;
        let parent = declared(world, &ana, "Nobody can pay").await;
        assert!(family(&ana, parent).await.is_empty(), "it is alone");
        let child = split(&ana, parent, json!({ "title": "Network path", "lead": "ana" })).await;
        let number = child["number"].as_i64().unwrap();
        assert_eq!(
            (&child["severity"], &child["service"], &child["parent"], &child["speaks"]),
            (&json!(2), &json!("checkout"), &json!(parent), &json!(false))
        );
        let held = child["roles"].as_array().unwrap();
        assert!(
            held.iter().any(|role| role["role"] == "incident-lead" && role["user"] == "ana"),
            "{held:?}"
        );
        let other = split(
            &ana,
            parent,
            json!({ "title": "Card vault", "service": "search", "severity": 3, "speaks": true }),
        )
        .await;
        let second = other["number"].as_i64().unwrap();
        assert_eq!(
            (&other["severity"], &other["service"], &other["speaks"]),
            (&json!(3), &json!("search"), &json!(true))
        );
        let own = read(&ana, parent).await;
        assert_eq!((&own["open_child_count"], &own["parent"]), (&json!(2), &Value::Null));
        assert_eq!(
            family(&ana, number).await,
            [
                (parent, "parent".to_owned(), vec![]),
                (number, "child".to_owned(), vec!["ana".to_owned()]),
                (second, "child".to_owned(), vec![]),
            ]
        );
        let note = json!({ "kind": "note", "text": "Traceroute ends at the third hop" });
        let path = format!("/api/v1/incidents/{number}/timeline");
        assert_eq!(ana.post(&path, note).await.status, 201);
        let list = ana.read(&format!("/api/v1/incidents/{parent}/family")).await;
        let last = &list["items"][1]["last_entry"];
        assert_eq!(last["text"], "Traceroute ends at the third hop", "{list}");
        assert_eq!(
            (&list["items"][0]["this"], &list["items"][1]["this"]),
            (&json!(true), &json!(false))
        );
        assert_eq!(
            said(&ana, parent, "split").await,
            [
                format!("Split off incident {number}, Network path, led by ana"),
                format!("Split off incident {second}, Card vault"),
            ]
        );
        assert!(said(&ana, number, "declared").await[0].starts_with("Split from incident 1"));

        // A family has two generations, and audiences hear from the parent.
        let children = format!("/api/v1/incidents/{number}/children");
        let deeper = ana.post(&children, json!({ "title": "Router" })).await;
        assert!(deeper.problem(409).contains("child effort itself"));
        let update = json!({ "audience": "internal", "text": "We look at the network." });
        let spoken = ana.post(&format!("/api/v1/incidents/{number}/updates"), update.clone()).await;
        assert!(spoken.problem(409).contains("from the parent"));
        let spoken = ana.post(&format!("/api/v1/incidents/{second}/updates"), update).await;
        assert!(spoken.status < 300, "{}", spoken.text);
        let empty = ana.post(&children, json!({ "title": " " })).await;
        assert_eq!(empty.status, 400, "{}", empty.text);
    })
    .await;
}

#[tokio::test]
async fn a_parent_ends_last_or_with_all_of_its_efforts() {
    on_both_stores(async |world| {
        let ana = signed_in(world, "ana").await;
        let parent = declared(world, &ana, "Nobody can pay").await;
        let one = split(&ana, parent, json!({ "title": "One", "severity": 4 })).await;
        let two =
            split(&ana, parent, json!({ "title": "Two", "severity": 2, "lead": "ana" })).await;
        let (one, two) = (one["number"].as_i64().unwrap(), two["number"].as_i64().unwrap());
        let resolve = format!("/api/v1/incidents/{parent}/resolve");
        let refused = ana.post(&resolve, json!({})).await.problem(409);
        assert!(refused.contains("2 open child efforts"), "{refused}");

        // One child's lead has not signed off: then nothing ends at all.
        let all = json!({ "note": "rolled back", "with_children": true });
        let refused = ana.post(&resolve, all.clone()).await.problem(409);
        assert!(refused.contains(&format!("incident {two}")), "{refused}");
        assert_eq!(read(&ana, one).await["status"], "triggered");
        let gate = format!("/api/v1/incidents/{two}/gates/signed_off/waive");
        let waived = ana.post(&gate, json!({ "reason": "the parent's lead signs for it" })).await;
        assert!(waived.status < 300, "{}", waived.text);
        let ended = ana.post(&resolve, all).await;
        assert_eq!(ended.status, 200, "{}", ended.text);
        for number in [parent, one, two] {
            assert_eq!(read(&ana, number).await["status"], "resolved", "{number}");
        }
        assert_eq!(
            said(&ana, one, "resolved").await,
            [format!("Resolved: with its parent, incident {parent}")]
        );
        let children = format!("/api/v1/incidents/{parent}/children");
        let more = ana.post(&children, json!({ "title": "x" })).await;
        assert!(more.problem(409).contains("already resolved"));
    })
    .await;
}

#[tokio::test]
async fn an_effort_is_taken_back_let_go_and_joined_again() {
    on_both_stores(async |world| {
        let ana = signed_in(world, "ana").await;
        let parent = declared(world, &ana, "Nobody can pay").await;
        let child = split(&ana, parent, json!({ "title": "Network path" })).await;
        let number = child["number"].as_i64().unwrap();
        let of = format!("/api/v1/incidents/{number}/parent");

        let free = ana.delete(&of).await;
        assert_eq!(free.status, 200, "{}", free.text);
        assert_eq!((&free.json()["parent"], &free.json()["speaks"]), (&Value::Null, &json!(true)));
        assert!(ana.delete(&of).await.problem(409).contains("no child effort"));
        assert_eq!(read(&ana, parent).await["open_child_count"], 0);
        assert!(ana.put(&of, json!({ "to": number })).await.problem(409).contains("its own"));

        let joined = ana.put(&of, json!({ "to": parent })).await;
        assert_eq!(joined.status, 200, "{}", joined.text);
        assert_eq!(joined.json()["parent"], parent);
        let upwards = format!("/api/v1/incidents/{parent}/parent");
        let back = ana.put(&upwards, json!({ "to": number })).await;
        assert!(back.problem(409).contains("child efforts of its own"));
        let speaking = ana.put(&of, json!({ "to": parent, "speaks": true })).await;
        assert_eq!(speaking.json()["speaks"], true, "{}", speaking.text);

        let rejoin = format!("/api/v1/incidents/{number}/rejoin");
        let ended = ana.post(&rejoin, json!({ "note": "the route is clean" })).await;
        assert_eq!(ended.status, 200, "{}", ended.text);
        assert_eq!(
            (&ended.json()["status"], &ended.json()["merged_into"]),
            (&json!("resolved"), &json!(parent))
        );
        assert_eq!(
            said(&ana, parent, "rejoined").await,
            [format!("Incident {number}, Network path came back: the route is clean")]
        );
        assert_eq!(said(&ana, parent, "attached").await.len(), 1);
        assert_eq!(said(&ana, parent, "detached").await.len(), 1);
        let list = ana.read(&format!("/api/v1/incidents/{parent}/family")).await;
        assert_eq!(list["items"][1]["rejoined"], true, "{list}");
        let resolved = ana.post(&format!("/api/v1/incidents/{parent}/resolve"), json!({})).await;
        assert_eq!(resolved.status, 200, "{}", resolved.text);
    })
    .await;
}

#[tokio::test]
async fn a_restricted_effort_leaves_no_trace_in_a_parent_that_everybody_sees() {
    on_both_stores(async |world| {
        let (ana, bo) = (signed_in(world, "ana").await, signed_in(world, "bo").await);
        let parent = declared(world, &ana, "Odd logins").await;
        let hidden = json!({ "reason": "personal data" });
        let child = json!({ "title": "Whose account", "restricted": hidden });
        let child = split(&bo, parent, child).await;
        let number = child["number"].as_i64().unwrap();
        assert_eq!(child["restricted"]["reason"], "personal data");
        let own = read(&ana, parent).await;
        assert_eq!(own["open_child_count"], 0, "it is not counted");
        assert!(family(&ana, parent).await.is_empty());
        assert!(said(&ana, parent, "split").await.is_empty());
        assert_eq!(family(&bo, parent).await.len(), 2, "who sees it sees the whole family");
        let resolved = ana.post(&format!("/api/v1/incidents/{parent}/resolve"), json!({})).await;
        assert_eq!(resolved.status, 200, "{}", resolved.text);
        assert_eq!(read(&bo, number).await["status"], "triggered");

        // A restricted parent makes restricted children.
        let secret = json!({ "title": "Breach", "severity": 4, "service": "checkout",
            "restricted": { "reason": "security" } });
        let secret = bo.post("/api/v1/incidents", secret).await.json();
        let parent = secret["number"].as_i64().unwrap();
        let child = split(&bo, parent, json!({ "title": "Rotate the keys" })).await;
        assert_eq!(child["restricted"]["reason"], "security");
        let path = format!("/api/v1/incidents/{}", child["number"]);
        assert_eq!(ana.get(&path).await.status, 404);
        assert_eq!(read(&bo, parent).await["open_child_count"], 1);
    })
    .await;
}
