//! Who hears of changes without being asked (`X13`): whoever is on the list of the service each time,
//! whoever answers for what depends on it once a day, and at once of what begins within 24 hours.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::changes::{plan, staff};
use crate::harness::{Client, World, on_both_stores};

/// Root owns the shop, which depends on the checkout.
async fn with_shop(world: &World) {
    staff(world).await;
    let admin = world.admin();
    let shop = json!({
        "team": "web", "escalation_policy": "web", "depends_on": ["checkout"],
    });
    let steps = json!([{ "after": "0m", "targets": [{ "user": "root" }] }]);
    for (path, document) in [
        ("teams/web", json!({ "members": ["root"] })),
        ("escalation-policies/web", json!({ "team": "web", "steps": steps })),
        ("services/shop", shop),
    ] {
        let answer = admin.put(&format!("/api/v1/{path}"), json!({ "document": document })).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    }
    world.give_password("root").await;
}

async fn approve(world: &World, number: i64, revision: u32, people: &[&str]) -> Value {
    let mut last = Value::Null;
    for name in people {
        let path = format!("/api/v1/changes/{number}/approve");
        let client = world.browser(name).await;
        let answer = client.post(&path, json!({ "revision": revision })).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.text);
        last = answer.json();
    }
    last
}

/// Submits a change of Ana's that begins so many days after the story and has everybody agree.
async fn scheduled(world: &World, days: i64) -> i64 {
    let number = submitted(world, days).await;
    assert_eq!(approve(world, number, 1, &["kim", "bo", "sam"]).await["state"], "scheduled");
    world.settle().await;
    number
}

async fn submitted(world: &World, days: i64) -> i64 {
    let body = json!({ "plan": plan("deploy", days), "submit": true });
    let answer = world.browser("ana").await.post("/api/v1/changes", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()["number"].as_i64().unwrap()
}

async fn act(world: &World, client: &Client<'_>, number: i64, what: &str, body: Value) {
    let answer = client.post(&format!("/api/v1/changes/{number}/{what}"), body).await;
    assert_eq!(answer.status, 200, "{what}: {}", answer.text);
    world.settle().await;
}

/// What somebody heard that they had not heard before.
fn news(world: &World, person: &str, known: &mut usize) -> Vec<String> {
    let all: Vec<_> = world.phones.of(person).iter().map(Value::to_string).collect();
    let new = all[*known..].to_vec();
    *known = all.len();
    new
}

fn only(heard: &[String], parts: &[&str]) {
    assert_eq!(heard.len(), 1, "{heard:?}");
    for part in parts {
        assert!(heard[0].contains(part), "{part}: {}", heard[0]);
    }
}

#[tokio::test]
async fn the_list_of_a_service_hears_each_step_of_its_changes_until_one_leaves() {
    on_both_stores(async |world| {
        staff(world).await;
        let [ana, vera] = [world.browser("ana").await, world.browser("vera").await];
        let lists = vera.read("/api/v1/notification-lists?about=changes").await;
        let names: Vec<_> =
            lists["items"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
        assert!(names.contains(&json!("checkout-change-notify")), "{names:?}");
        assert!(names.contains(&json!("search-change-notify")), "{names:?}");
        let own = "/api/v1/users/vera/subscriptions/checkout-change-notify";
        let joined = vera.put(own, Value::Null).await;
        assert_eq!(joined.status, 200, "{}", joined.text);
        assert_eq!(joined.json()["about"], "changes");
        assert_eq!(joined.json()["subscribed"], true);

        let mut known = 0;
        let number = submitted(world, 10).await;
        world.settle().await;
        assert_eq!(news(world, "vera", &mut known), Vec::<String>::new(), "nobody agreed yet");
        approve(world, number, 1, &["kim", "bo", "sam"]).await;
        world.settle().await;
        only(
            &news(world, "vera", &mut known),
            &[
                "CHG-1 Replace the core switches is scheduled",
                "Tue  1 Dec 2026 04:00 to 06:00 CET",
                "you are on checkout-change-notify",
                "muster notification-list unsubscribe vera checkout-change-notify",
                "/lists",
            ],
        );
        let moved = json!({ "plan": plan("deploy", 11), "revision": 1 });
        assert_eq!(ana.put("/api/v1/changes/1", moved).await.status, 200);
        world.settle().await;
        only(&news(world, "vera", &mut known), &["was moved", "Wed  2 Dec 2026 04:00"]);
        approve(world, number, 2, &["bo", "sam"]).await;
        world.settle().await;
        only(&news(world, "vera", &mut known), &["is scheduled", "Wed  2 Dec 2026 04:00"]);
        world.advance(SignedDuration::from_hours(11 * 24)).await;
        assert_eq!(news(world, "vera", &mut known), Vec::<String>::new(), "no reminders");
        act(world, &ana, number, "start", json!({})).await;
        only(&news(world, "vera", &mut known), &["has begun"]);
        act(
            world,
            &ana,
            number,
            "finish",
            json!({ "outcome": "issues", "note": "One port is down" }),
        )
        .await;
        only(&news(world, "vera", &mut known), &["is done", "issues", "One port is down"]);

        let second = scheduled(world, 20).await;
        only(&news(world, "vera", &mut known), &["CHG-2", "is scheduled"]);
        act(world, &ana, second, "cancel", json!({ "reason": "The disks came late" })).await;
        only(&news(world, "vera", &mut known), &["was cancelled", "The disks came late"]);
        let third = submitted(world, 21).await;
        act(world, &ana, third, "cancel", json!({ "reason": "Not now" })).await;
        assert_eq!(news(world, "vera", &mut known), Vec::<String>::new(), "it was never announced");

        assert_eq!(vera.delete(own).await.status, 204);
        scheduled(world, 22).await;
        assert_eq!(news(world, "vera", &mut known), Vec::<String>::new(), "she left");
        let told = vera.read("/api/v1/changes/1/notices").await;
        let hers: Vec<_> = told["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| one["user"] == "vera")
            .map(|one| {
                assert_eq!(one["because"], "you are on checkout-change-notify");
                assert_eq!((&one["way"], &one["state"]), (&json!("list"), &json!("accepted")));
                one["news"].as_str().unwrap().to_owned()
            })
            .collect();
        assert_eq!(hers, ["scheduled", "moved", "scheduled", "started", "finished"]);
        let asked = told["items"].as_array().unwrap().iter().find(|one| one["user"] == "kim");
        assert_eq!(asked.unwrap()["because"], "you are asked to agree to it");
    })
    .await;
}

#[tokio::test]
async fn neighbours_get_one_digest_a_day_and_at_once_what_begins_within_24_hours() {
    on_both_stores(async |world| {
        with_shop(world).await;
        let [ana, root] = [world.browser("ana").await, world.browser("root").await];
        let mut known = 0;
        scheduled(world, 10).await;
        scheduled(world, 12).await;
        assert_eq!(news(world, "root", &mut known), Vec::<String>::new());
        let reading = root.read("/api/v1/users/root/change-digest").await;
        assert_eq!(reading["wish"], "digest");
        assert_eq!(reading["waiting"], 2);
        assert_eq!(reading["next_at"], "2026-11-21T07:00:00Z", "eight in Berlin");
        let waits = root.read("/api/v1/changes/1/notices").await;
        let his = waits["items"].as_array().unwrap().iter().find(|one| one["user"] == "root");
        assert_eq!(his.unwrap()["told_at"], Value::Null);

        world.advance(SignedDuration::from_hours(4)).await;
        only(
            &news(world, "root", &mut known),
            &[
                "2 changes around your services",
                "CHG-1 Replace the core switches (checkout) is scheduled",
                "CHG-2",
                "you are on call for shop then, and shop depends on checkout",
                "muster change digest root --set off",
            ],
        );
        // What is known after eight waits for tomorrow, and what is called off by then is not told.
        let third = scheduled(world, 14).await;
        let next = root.read("/api/v1/users/root/change-digest").await;
        assert_eq!(next["next_at"], "2026-11-22T07:00:00Z");
        act(world, &ana, third, "cancel", json!({ "reason": "Not now" })).await;
        assert_eq!(root.read("/api/v1/users/root/change-digest").await["waiting"], 0);
        // What he was told of is taken back with the next one.
        act(world, &ana, 2, "cancel", json!({ "reason": "Not needed" })).await;
        world.advance(SignedDuration::from_hours(23)).await;
        assert_eq!(news(world, "root", &mut known), Vec::<String>::new(), "once a day");
        world.advance(SignedDuration::from_hours(1)).await;
        let heard = news(world, "root", &mut known);
        only(&heard, &["1 change around", "CHG-2", "was cancelled"]);
        assert!(!heard[0].contains("CHG-3"), "{}", heard[0]);

        // A fix that nobody announced is told at once.
        let body = json!({ "plan": plan("deploy", 30) });
        let fix = ana.post("/api/v1/changes", body).await.json()["number"].as_i64().unwrap();
        act(world, &ana, fix, "start", json!({ "excuse": "Nobody can pay" })).await;
        only(&news(world, "root", &mut known), &["has begun", "shop depends on checkout"]);
        act(world, &ana, fix, "finish", json!({ "outcome": "success" })).await;
        assert_eq!(news(world, "root", &mut known), Vec::<String>::new());
        // What was announced for later and is now within 24 hours is told at once.
        let moved = json!({ "plan": plan("deploy", 2), "revision": 1 });
        let answer = ana.put("/api/v1/changes/1", moved).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        world.settle().await;
        only(&news(world, "root", &mut known), &["CHG-1", "was moved", "Mon 23 Nov 2026 04:00"]);
    })
    .await;
}

#[tokio::test]
async fn everybody_chooses_how_they_hear_for_themselves() {
    on_both_stores(async |world| {
        with_shop(world).await;
        let [sam, root] = [world.browser("sam").await, world.browser("root").await];
        let own = "/api/v1/users/root/change-digest";
        sam.put(own, json!({ "wish": "off" })).await.problem(403);
        root.put(own, json!({ "wish": "weekly" })).await.problem(400);
        let mut known = 0;
        scheduled(world, 10).await;
        assert_eq!(root.read(own).await["waiting"], 1);
        let off = root.put(own, json!({ "wish": "off" })).await;
        assert_eq!(off.status, 200, "{}", off.text);
        assert_eq!((&off.json()["wish"], &off.json()["waiting"]), (&json!("off"), &json!(0)));
        scheduled(world, 12).await;
        world.advance(SignedDuration::from_hours(48)).await;
        assert_eq!(news(world, "root", &mut known), Vec::<String>::new());
        root.put(own, json!({ "wish": "at_once" })).await;
        scheduled(world, 14).await;
        only(&news(world, "root", &mut known), &["CHG-3", "is scheduled"]);
    })
    .await;
}

#[tokio::test]
async fn no_list_takes_the_name_of_a_services_list_of_changes() {
    on_both_stores(async |world| {
        let list = json!({ "document": { "services": ["checkout"], "core": ["bo"] } });
        let admin = world.admin();
        let taken = "/api/v1/notification-lists/checkout-change-notify";
        let answer = admin.put(taken, list.clone()).await;
        answer.problem(422);
        assert!(answer.text.contains("is there by itself"), "{}", answer.text);
        let free = "/api/v1/notification-lists/checkouts-change-notify";
        assert_eq!(admin.put(free, list).await.status, 200);
    })
    .await;
}
