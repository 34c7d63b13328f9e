//! Two kinds of list (`E1`): engagement groups, which are kept tightly and engage whoever their
//! aliases stand for at that moment, and notification lists, which anybody joins and leaves but for
//! their core.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, World, on_both_stores};

/// Ana keeps the group of the ordering bucket; Bo is in the core of what hears of checkout.
const LISTS: &str = r"
engagement_groups:
  - name: ordering
    services: [checkout]
    members: [page-checkout-primary, page-checkout-secondary, ana, eve]
    keepers: [ana]
notification_lists:
  - { name: checkout-notify, services: [checkout], core: [bo] }
  - { name: everything }
";

async fn apply(world: &World, text: String) {
    let answer = world.admin().send(Method::POST, "/api/v1/config/apply", text).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// Everybody of the harness, with Eve, who has nothing to do with anything, and these lists. Sam, a
/// stakeholder, gets a phone.
async fn with_lists(world: &World) {
    let people = world.admin().get("/api/v1/config/export").await.text;
    let users = people.split("teams:").next().unwrap().trim_end();
    let phone = |name: &str| {
        let url = world.phone(name);
        format!("\n  contact_methods: [ {{ name: phone, type: webhook, url: \"{url}\" }} ]")
    };
    let mut users = users.to_owned();
    let sam = users.find("- name: sam").expect("sam is there") + "- name: sam".len();
    users.insert_str(sam, &phone("sam"));
    let eve = format!(
        "\n- name: eve\n  full_name: Eve Holt\n  email: eve@example.com\n  role: responder{}",
        phone("eve")
    );
    apply(world, format!("{users}{eve}{LISTS}")).await;
    for name in ["ana", "bo", "eve", "sam"] {
        world.give_password(name).await;
    }
}

fn pages(world: &World, person: &str) -> usize {
    world.phones.of(person).iter().filter(|message| message["type"] == "page").count()
}

fn told(world: &World, person: &str) -> Vec<String> {
    let messages = world.phones.of(person);
    let notices = messages.iter().filter(|message| message["type"] == "notification");
    notices.map(|message| message["notification"]["subject"].as_str().unwrap().to_owned()).collect()
}

async fn said(client: &Client<'_>, kind: &str) -> Vec<String> {
    let timeline = client.read("/api/v1/incidents/1/timeline?limit=500").await;
    let entries = timeline["items"].as_array().unwrap().iter();
    let of_kind = entries.filter(|entry| entry["kind"] == kind);
    of_kind.map(|entry| entry["text"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_group_engages_each_person_whom_its_aliases_stand_for_at_that_moment_once() {
    on_both_stores(async |world| {
        with_lists(world).await;
        let ana = world.browser("ana").await;
        let group = ana.read("/api/v1/engagement-groups/ordering").await;
        assert_eq!(group["users"], json!(["ana", "bo", "eve"]), "each once: {group}");
        assert_eq!(group["members"][1]["users"], json!(["bo"]));

        assert_eq!(world.event("trigger", "disk", "critical").await.status, 202);
        world.settle().await;
        let engage = "/api/v1/incidents/1/engage";
        let body = json!({ "group": "ordering", "message": "orders fail" });
        let engaged = world.admin().post(engage, body).await;
        assert_eq!(engaged.status, 200, "{}", engaged.text);
        world.settle().await;
        assert_eq!((pages(world, "ana"), pages(world, "bo"), pages(world, "eve")), (1, 1, 1));
        let text = ["Engaged ordering: bo, eve; ana already asked; orders fail"];
        assert_eq!(said(&ana, "group_engaged").await, text);
        let page = world.phones.of("eve").last().unwrap().to_string();
        assert!(page.contains("engages ordering: orders fail"), "{page}");

        let again = world.admin().post(engage, json!({ "group": "ordering" })).await;
        assert_eq!(again.status, 200, "{}", again.text);
        world.settle().await;
        assert_eq!((pages(world, "ana"), pages(world, "bo"), pages(world, "eve")), (1, 1, 1));
        let wrong = world.admin().post(engage, json!({ "group": "orderin" })).await;
        assert!(wrong.text.contains("there is no engagement group `orderin`"), "{}", wrong.text);
        assert_eq!(world.browser("sam").await.post(engage, json!({})).await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn whoever_has_an_open_page_is_left_alone_by_a_group_also_where_nobody_is_timed() {
    on_both_stores(async |world| {
        with_lists(world).await;
        let untimed =
            "severities:\n  - { level: 1, name: Outage, urgency: high, engage_within: none }\n";
        apply(world, untimed.to_owned()).await;
        assert_eq!(world.event("trigger", "disk", "critical").await.status, 202);
        world.settle().await;
        let engage = "/api/v1/incidents/1/engage";
        for _ in 0..2 {
            let engaged = world.admin().post(engage, json!({ "group": "ordering" })).await;
            assert_eq!(engaged.status, 200, "{}", engaged.text);
            world.settle().await;
            assert_eq!((pages(world, "ana"), pages(world, "bo"), pages(world, "eve")), (1, 1, 1));
        }
        let ana = world.browser("ana").await;
        let last = said(&ana, "group_engaged").await.pop().unwrap_or_default();
        assert_eq!(last, "Engaged ordering: everybody is asked already");
        // Whoever asks for one person means that person.
        let body = json!({ "to": "eve", "message": "you know the queue" });
        let asked = world.admin().post("/api/v1/incidents/1/page", body).await;
        assert_eq!(asked.status, 200, "{}", asked.text);
        world.settle().await;
        assert_eq!((pages(world, "bo"), pages(world, "eve")), (1, 2));
    })
    .await;
}

#[tokio::test]
async fn a_group_follows_the_policy_behind_its_aliases_without_being_changed() {
    on_both_stores(async |world| {
        with_lists(world).await;
        let client = world.admin();
        let policy = client.read("/api/v1/escalation-policies/payments/document").await;
        let mut document = policy["document"].clone();
        document["steps"][0]["targets"] = json!([{ "user": "eve" }]);
        let body = json!({ "document": document, "revision": policy["revision"] });
        let saved = client.put("/api/v1/escalation-policies/payments", body).await;
        assert_eq!(saved.status, 200, "{}", saved.text);
        let group = client.read("/api/v1/engagement-groups/ordering").await;
        assert_eq!(group["users"], json!(["eve", "bo", "ana"]), "{group}");
    })
    .await;
}

#[tokio::test]
async fn whoever_keeps_a_group_changes_it_and_nobody_else_but_administrators() {
    on_both_stores(async |world| {
        with_lists(world).await;
        let (ana, bo) = (world.browser("ana").await, world.browser("bo").await);
        let path = "/api/v1/engagement-groups/ordering";
        let current = ana.read(&format!("{path}/document")).await;
        let mut document = current["document"].clone();
        document["members"] = json!(["page-checkout-primary", "page-search-primary"]);
        let body = json!({ "document": document, "revision": current["revision"] });
        assert_eq!(bo.put(path, body.clone()).await.status, 403, "a manager is no keeper");
        assert_eq!(bo.get(&format!("{path}/document")).await.status, 403);
        let saved = ana.put(path, body).await;
        assert_eq!(saved.status, 200, "{}", saved.text);
        assert_eq!(ana.read(path).await["members"][1]["name"], "page-search-primary");
        let undone = ana.post(&format!("{path}/undo"), json!({})).await;
        assert_eq!(undone.status, 200, "{}", undone.text);
        assert_eq!(ana.read(path).await["members"][3]["name"], "eve");
        let new = json!({ "document": { "members": ["ana"], "keepers": ["ana"] } });
        assert_eq!(ana.put("/api/v1/engagement-groups/mine", new).await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn who_is_on_a_list_hears_once_that_it_began_changed_and_ended_and_the_core_always_does() {
    on_both_stores(async |world| {
        with_lists(world).await;
        let (ana, sam) = (world.browser("ana").await, world.browser("sam").await);
        // A stakeholder subscribes to two lists that cover the same, twice.
        for list in ["checkout-notify", "everything", "everything"] {
            let path = format!("/api/v1/users/sam/subscriptions/{list}");
            assert_eq!(sam.put(&path, Value::Null).await.status, 200);
        }
        let other = sam.put("/api/v1/users/eve/subscriptions/everything", Value::Null).await;
        assert_eq!(other.status, 403, "for themselves");
        let list = sam.read("/api/v1/notification-lists/checkout-notify").await;
        assert_eq!(
            (&list["core"], &list["subscribers"], &list["subscribed"], &list["mandatory"]),
            (&json!(["bo"]), &json!(["sam"]), &json!(true), &json!(false))
        );

        let declared = json!({ "title": "Nobody can pay", "service": "checkout", "severity": 1 });
        assert_eq!(ana.post("/api/v1/incidents", declared).await.status, 201);
        world.settle().await;
        let begin = "Incident 1 declared: Nobody can pay".to_owned();
        assert_eq!((told(world, "sam"), told(world, "bo")), (vec![begin.clone()], vec![begin]));
        assert!(told(world, "ana").is_empty() && told(world, "eve").is_empty());
        let text = world.phones.of("sam").last().unwrap().to_string();
        assert!(text.contains("Severity 1") && text.contains("nobody has it yet"), "{text}");

        let bo = world.browser("bo").await;
        let change = json!({ "severity": 2, "reason": "only some" });
        assert_eq!(bo.post("/api/v1/incidents/1/severity", change).await.status, 200);
        assert_eq!(ana.post("/api/v1/incidents/1/resolve", json!({})).await.status, 200);
        world.settle().await;
        let rest =
            ["Incident 1 changed severity: Nobody can pay", "Incident 1 resolved: Nobody can pay"];
        assert_eq!(told(world, "sam")[1..], rest);
        assert_eq!(told(world, "bo")[1..], rest[1..], "never of what one did oneself");
    })
    .await;
}

#[tokio::test]
async fn anybody_leaves_a_list_but_its_core_and_what_asks_nobody_is_not_told() {
    on_both_stores(async |world| {
        with_lists(world).await;
        let (bo, sam) = (world.browser("bo").await, world.browser("sam").await);
        let core = bo.delete("/api/v1/users/bo/subscriptions/checkout-notify").await;
        assert!(core.problem(409).contains("is in the core of checkout-notify and cannot leave"));
        let path = "/api/v1/users/sam/subscriptions/everything";
        assert_eq!(sam.put(path, Value::Null).await.status, 200);
        let low = json!({ "title": "A typo", "service": "search", "severity": 4 });
        assert_eq!(bo.post("/api/v1/incidents", low).await.status, 201);
        let drill =
            json!({ "title": "A drill", "service": "search", "severity": 1, "practice": true });
        assert_eq!(bo.post("/api/v1/incidents", drill).await.status, 201);
        world.settle().await;
        assert!(told(world, "sam").is_empty());
        for _ in 0..2 {
            assert_eq!(sam.delete(path).await.status, 204);
        }
        let bad = json!({ "title": "It is down", "service": "search", "severity": 1 });
        assert_eq!(bo.post("/api/v1/incidents", bad).await.status, 201);
        world.settle().await;
        assert!(told(world, "sam").is_empty());
        let none = sam.put("/api/v1/users/sam/subscriptions/nothing", Value::Null).await;
        assert_eq!(none.status, 404);
    })
    .await;
}

#[tokio::test]
async fn lists_come_back_from_an_export_and_what_they_name_must_be_there() {
    on_both_stores(async |world| {
        with_lists(world).await;
        let export = world.admin().get("/api/v1/config/export").await.text;
        assert!(export.contains("page-checkout-secondary") && export.contains("everything"));
        apply(world, export).await;
        let refused = async |text: &str| {
            let answer = world.admin().send(Method::POST, "/api/v1/config/apply", text).await;
            assert_eq!(answer.status, 422, "{}", answer.text);
            answer.text
        };
        let empty = refused("engagement_groups: [ { name: x, services: [search] } ]").await;
        assert!(empty.contains("a group engages somebody; name an alias or a person"), "{empty}");
        let wrong = "engagement_groups: [ { name: x, members: [page-chekout-primary, zoe] } ]\n\
                     notification_lists: [ { name: z, services: [search], core: [joe] } ]\n";
        let wrong = refused(wrong).await;
        for words in
            ["there is no service `chekout`", "there is no user `zoe`", "there is no user `joe`"]
        {
            assert!(wrong.contains(words), "{words}: {wrong}");
        }
        let twice = "notification_lists: [ { name: z, services: [search, search] } ]\n";
        let twice = refused(twice).await;
        assert!(twice.contains("there is another service `search` here"), "{twice}");
    })
    .await;
}
