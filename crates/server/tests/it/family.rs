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

#[tokio::test]
async fn what_one_effort_changes_is_posted_to_the_whole_family_before_it_is_made() {
    on_both_stores(async |world| {
        let (ana, bo) = (signed_in(world, "ana").await, signed_in(world, "bo").await);
        let parent = declared(world, &ana, "Nobody can pay").await;
        let one = split(&ana, parent, json!({ "title": "Network", "lead": "ana" })).await;
        let two = split(&bo, parent, json!({ "title": "Ledger", "lead": "bo" })).await;
        let (one, two) = (one["number"].as_i64().unwrap(), two["number"].as_i64().unwrap());
        let stranger = declared(world, &ana, "Search is slow").await;
        world.settle().await;
        let before = world.phones.of("bo").len();

        let path = format!("/api/v1/incidents/{one}/actions");
        let plan = json!({ "text": "Move traffic to Paris", "why": "the line drops",
            "expected": "no loss", "undo": "move it back", "major": true, "planned": true });
        let planned = ana.post(&path, plan).await;
        assert_eq!(planned.status, 201, "{}", planned.text);
        let posted = [format!(
            "Incident {one}, Network, proposes: Move traffic to Paris; why: the line drops; \
             expected: no loss; to undo it: move it back"
        )];
        for number in [parent, two] {
            assert_eq!(said(&bo, number, "family_action").await, posted, "{number}");
        }
        for number in [one, stranger] {
            assert!(said(&bo, number, "family_action").await.is_empty(), "{number}");
        }
        world.settle().await;
        world.advance(jiff::SignedDuration::from_mins(1)).await;
        world.settle().await;
        let heard = world.phones.of("bo");
        assert!(
            heard[before..].iter().any(|told| told.to_string().contains("Move traffic to Paris")),
            "whoever leads the other effort hears of a major change: {heard:?}"
        );

        let entry = planned.json()["id"].as_str().unwrap().to_owned();
        let begun = ana.post(&format!("{path}/{entry}/begin"), json!({})).await;
        assert_eq!(begun.status, 200, "{}", begun.text);
        assert_eq!(said(&bo, two, "family_action").await.len(), 2);

        // Another major change in another effort is warned about, and so is one nobody could read of.
        let other = json!({ "text": "Restart the ledger", "why": "it hangs", "expected": "it answers",
            "irreversible": true, "major": true });
        let other = bo.post(&format!("/api/v1/incidents/{two}/actions"), other).await.json();
        let warnings = other["warnings"].to_string();
        assert!(
            warnings.contains(&format!("“Move traffic to Paris” by ana in incident {one}")),
            "{warnings}"
        );
        assert!(warnings.contains("plan a major change first"), "{warnings}");
        let last = said(&ana, one, "family_action").await;
        assert!(last[0].ends_with("Restart the ledger; why: it hangs; expected: it answers; it cannot be undone"), "{last:?}");
    })
    .await;
}

#[tokio::test]
async fn a_family_is_restricted_with_its_parent_and_tells_only_those_who_may_know() {
    on_both_stores(async |world| {
        let (ana, bo) = (signed_in(world, "ana").await, signed_in(world, "bo").await);
        // One that pages nobody, so that nobody is engaged on it but Bo.
        let quiet = json!({ "title": "Odd logins", "service": "checkout", "severity": 4 });
        let quiet = bo.post("/api/v1/incidents", quiet).await.json();
        let parent = quiet["number"].as_i64().unwrap();
        let open = split(&bo, parent, json!({ "title": "Log search" })).await;
        let hidden =
            json!({ "title": "Whose account", "restricted": { "reason": "personal data" } });
        let hidden = split(&bo, parent, hidden).await;
        let (open, hidden) = (open["number"].as_i64().unwrap(), hidden["number"].as_i64().unwrap());

        // What the restricted effort does is in no timeline that others read; it reads theirs.
        let act = json!({ "text": "Lock the account of Kim", "major": true });
        let act = bo.post(&format!("/api/v1/incidents/{hidden}/actions"), act).await;
        assert_eq!(act.status, 201, "{}", act.text);
        let other = json!({ "text": "Rotate the keys", "major": true });
        let other = bo.post(&format!("/api/v1/incidents/{open}/actions"), other).await;
        assert!(!other.json()["warnings"].to_string().contains("Kim"), "{}", other.text);
        assert!(said(&bo, parent, "family_action").await.iter().all(|text| !text.contains("Kim")));
        assert_eq!(said(&bo, parent, "family_action").await.len(), 1);
        assert_eq!(said(&bo, hidden, "family_action").await.len(), 1);

        let restrict = format!("/api/v1/incidents/{parent}/restrict");
        let restricted = bo.post(&restrict, json!({ "reason": "security" })).await;
        assert_eq!(restricted.status, 200, "{}", restricted.text);
        for number in [parent, open, hidden] {
            assert_eq!(ana.get(&format!("/api/v1/incidents/{number}")).await.status, 404);
        }
        assert_eq!(read(&bo, open).await["restricted"]["reason"], "security");
        assert_eq!(read(&bo, hidden).await["restricted"]["reason"], "personal data");
        let lift = format!("/api/v1/incidents/{open}/unrestrict");
        let lifted = bo.post(&lift, json!({ "reason": "nothing in it" })).await;
        assert!(lifted.problem(409).contains("of a restricted incident"));
    })
    .await;
}

#[tokio::test]
async fn merging_a_parent_hands_its_efforts_over_and_its_record_holds_what_they_found() {
    on_both_stores(async |world| {
        let (ana, bo) = (signed_in(world, "ana").await, signed_in(world, "bo").await);
        let parent = declared(world, &ana, "Nobody can pay").await;
        let child = split(&ana, parent, json!({ "title": "Network", "lead": "ana" })).await;
        let child = child["number"].as_i64().unwrap();
        let into = declared(world, &ana, "Payments are down").await;
        let merge = format!("/api/v1/incidents/{parent}/merge");
        let own = ana.post(&merge, json!({ "into": child })).await;
        assert!(own.problem(409).contains("rejoin that one instead"));
        let merged = ana.post(&merge, json!({ "into": into })).await;
        assert_eq!(merged.status, 200, "{}", merged.text);
        assert_eq!(read(&ana, child).await["parent"], into);
        assert_eq!(read(&ana, into).await["open_child_count"], 1);

        let hidden = json!({ "title": "Whose card", "restricted": { "reason": "personal data" } });
        split(&bo, into, hidden).await;
        let decision = json!({ "kind": "decision", "text": "We leave the old line" });
        let path = format!("/api/v1/incidents/{child}/timeline");
        assert_eq!(ana.post(&path, decision).await.status, 201);
        let cause = json!({ "cause": "a broken router" });
        let found = ana.post(&format!("/api/v1/incidents/{child}/identify"), cause).await;
        assert_eq!(found.status, 200, "{}", found.text);
        let record = ana.read(&format!("/api/v1/incidents/{into}/record")).await;
        let efforts = record["efforts"].as_array().unwrap();
        assert_eq!(efforts.len(), 1, "{efforts:?}");
        let effort = &efforts[0];
        assert_eq!((&effort["number"], &effort["leads"]), (&json!(child), &json!(["ana"])));
        assert!(effort["summary"].to_string().contains("We leave the old line"), "{effort}");
        let all = bo.read(&format!("/api/v1/incidents/{into}/record")).await;
        assert_eq!(all["efforts"].as_array().unwrap().len(), 2, "who sees both reads of both");
        let markdown = ana.get(&format!("/api/v1/incidents/{into}/record.md")).await.text;
        assert!(markdown.contains(&format!("## Child effort, incident {child}: Network")));
        assert!(markdown.contains("We leave the old line") && !markdown.contains("Whose card"));
    })
    .await;
}

#[tokio::test]
async fn a_list_that_was_told_stands_in_the_communications_of_the_record() {
    on_both_stores(async |world| {
        let export = world.admin().get("/api/v1/config/export").await.text;
        let lists =
            "notification_lists: [ { name: front-desk, services: [checkout], core: [bo] } ]";
        let text = format!("{export}\n{lists}\n");
        let applied = world.admin().send(reqwest::Method::POST, "/api/v1/config/apply", text).await;
        assert_eq!(applied.status, 200, "{}", applied.text);
        let ana = signed_in(world, "ana").await;
        let number = declared(world, &ana, "Nobody can pay").await;
        let child = split(&ana, number, json!({ "title": "Network" })).await;
        let told = ana
            .post(
                &format!("/api/v1/incidents/{number}/notices/front-desk"),
                json!({ "text": "Take cash", "confirmed": true }),
            )
            .await;
        assert!(told.status < 300, "{}", told.text);
        let record = ana.read(&format!("/api/v1/incidents/{number}/record")).await;
        let said: Vec<_> = record["communications"].as_array().unwrap().iter().collect();
        let one = |at: usize| (&said[at]["text"], &said[at]["actor"]["name"]);
        assert_eq!(
            one(0),
            (
                &json!("Told the list front-desk, 1 person: Incident 1 declared: Nobody can pay"),
                &json!("Muster")
            )
        );
        assert_eq!(
            one(1),
            (&json!("Told the list front-desk, 1 person: Take cash"), &json!("ana"))
        );
        assert_eq!(said.len(), 2);
        let markdown = ana.get(&format!("/api/v1/incidents/{number}/record.md")).await.text;
        let communications = markdown.split("## Communications timeline").nth(1).unwrap();
        assert!(communications.contains("front-desk") && communications.contains("Take cash"));
        let path = format!("/api/v1/incidents/{}/record", child["number"]);
        let silent = ana.read(&path).await;
        assert_eq!(silent["communications"], json!([]), "the parent speaks for it");
    })
    .await;
}
