//! Notification lists that hear of neighbours (`E2`), what they are told (`E3`), restricted ones that
//! somebody decides to tell (`E5`), and the ledger of every message (`E4`).

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, World, on_both_stores};

const LEDGER: &str = "/api/v1/incidents/1/ledger";
const PR: &str = "/api/v1/incidents/1/notices/pr";

/// The shop depends on the checkout, which depends on the ledger. Sam hears of what the shop depends
/// on, Eve of what depends on the ledger; Pia and Quin are PR, whom Bo may tell.
async fn with_lists(world: &World, more: &str) {
    let text = world.admin().get("/api/v1/config/export").await.text;
    let person = |name: &str| {
        let url = world.phone(name);
        format!(
            "- {{ name: {name}, full_name: {name} Room, email: {name}@example.com, role: responder, \
             contact_methods: [ {{ name: phone, type: webhook, url: \"{url}\" }} ], \
             notification_rules: {{ low: [ {{ after: 0m, method: phone }} ] }} }}\n"
        )
    };
    let people: String = ["eve", "pia", "quin", "lea"].map(person).concat();
    let sam = format!(
        "- name: sam\n  contact_methods: [ {{ name: phone, type: webhook, url: \"{}\" }} ]\n  \
         notification_rules: {{ low: [ {{ after: 0m, method: phone }} ] }}\n",
        world.phone("sam")
    );
    let text = text.replace("- name: sam\n", &sam);
    let text = text.replace("teams:\n", &format!("{people}teams:\n"));
    let text = text.replace(
        "services:\n",
        "services:\n- { name: shop, escalation_policy: payments, depends_on: [checkout] }\n\
         - { name: ledger-db, escalation_policy: payments }\n",
    );
    let text = text.replace("- name: checkout\n", "- name: checkout\n  depends_on: [ledger-db]\n");
    let lists = "engagement_groups:\n- { name: storefront, services: [shop], members: [ana] }\n\
                 notification_lists:\n\
                 - { name: shop-notify, groups: [storefront], core: [sam], upstream: true }\n\
                 - { name: ledger-notify, services: [ledger-db], core: [eve], downstream: true }\n\
                 - { name: pr, core: [pia, quin], restricted: true, senders: [bo] }\n";
    let text = format!("{text}\n{lists}{more}");
    let answer = world.admin().send(Method::POST, "/api/v1/config/apply", text).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    for name in ["ana", "bo", "eve", "pia", "lea"] {
        world.give_password(name).await;
    }
}

async fn declare(client: &Client<'_>, service: &str) {
    let report = json!({ "title": "Nobody can pay", "service": service, "severity": 1 });
    let answer = client.post("/api/v1/incidents", report).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
}

/// The texts of what a person was told without being paged.
fn told(world: &World, name: &str) -> Vec<String> {
    let messages = world.phones.of(name);
    let told = messages.iter().filter(|message| message["type"] == "notification");
    told.map(|one| one["notification"]["text"].as_str().unwrap().to_owned()).collect()
}

async fn ledger(client: &Client<'_>, query: &str) -> Vec<Value> {
    let answer = client.read(&format!("{LEDGER}?limit=500&{query}")).await;
    answer["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_list_hears_of_what_its_services_depend_on_and_of_what_depends_on_them() {
    on_both_stores(async |world: &World| {
        with_lists(world, "").await;
        let ana = world.browser("ana").await;
        declare(&ana, "checkout").await;
        world.settle().await;
        let (sam, eve) = (told(world, "sam"), told(world, "eve"));
        assert_eq!((sam.len(), eve.len()), (1, 1), "{sam:?} {eve:?}");
        let upstream = "You hear of it as upstream trouble: shop depends on checkout.";
        assert!(sam[0].contains(upstream), "{}", sam[0]);
        let downstream = "You hear of it as downstream trouble: checkout depends on ledger-db.";
        assert!(eve[0].contains(downstream), "{}", eve[0]);
        assert!(told(world, "pia").is_empty(), "a restricted list is told by nobody's accident");

        // Trouble of the ledger is two steps from the shop, and the ledger's own.
        declare(&ana, "ledger-db").await;
        world.settle().await;
        let far = "upstream trouble: shop depends on checkout depends on ledger-db.";
        assert!(told(world, "sam")[1].contains(far), "{:?}", told(world, "sam"));
        assert!(!told(world, "eve")[1].contains("You hear of it as"), "it covers that one");
        declare(&ana, "search").await;
        world.settle().await;
        assert_eq!(told(world, "sam").len(), 2, "no neighbour");
    })
    .await;
}

#[tokio::test]
async fn a_notice_says_who_is_engaged_whether_the_cause_is_known_and_when_it_may_be_over() {
    on_both_stores(async |world: &World| {
        with_lists(world, "").await;
        let ana = world.browser("ana").await;
        declare(&ana, "ledger-db").await;
        for (path, body) in
            [("check-in", json!({})), ("identify", json!({ "cause": "the disk is full" }))]
        {
            let answer = ana.post(&format!("/api/v1/incidents/1/{path}"), body).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
        }
        let impact = json!({ "users": 1200 });
        assert_eq!(ana.patch("/api/v1/incidents/1/impact", impact).await.status, 200);
        let over_at = world.app.now() + jiff::SignedDuration::from_mins(90);
        let body = json!({ "over_at": over_at.to_string() });
        assert_eq!(ana.put("/api/v1/incidents/1/estimate", body).await.status, 200);

        let preview = ana.read("/api/v1/incidents/1/notices/ledger-notify").await;
        assert_eq!(preview["people"], json!(["eve"]));
        let text = preview["text"].as_str().unwrap();
        for words in [
            "Severity 1 (Outage), ledger-db; Ana Ortiz has it.",
            "Impact: 1,200 users.",
            "Engaged: Ana Ortiz.",
            "The cause is known and being mended.",
            "It may be over at about",
            "an estimate.",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
        let path = "/api/v1/incidents/1/notices/ledger-notify";
        let hasty = ana.post(path, json!({ "text": text })).await.problem(400);
        assert_eq!(
            hasty,
            "confirmed: look at the text and the people, and say so: nothing was sent"
        );
        let blank = ana.post(path, json!({ "text": " ", "confirmed": true })).await;
        assert_eq!(blank.status, 400);
        let before = {
            world.settle().await;
            told(world, "eve").len()
        };
        let sent = ana.post(path, json!({ "text": "We mend the disk.", "confirmed": true })).await;
        assert_eq!(sent.status, 204, "{}", sent.text);
        world.settle().await;
        assert_eq!(told(world, "eve").len(), before + 1);
        assert!(told(world, "eve")[before].starts_with("We mend the disk."));

        // Their own words, and those of the organisation where a list has none.
        with_wording(world).await;
        let own = ana.read(path).await;
        assert_eq!(own["text"], "ledger-db: The cause is known, Ana Ortiz on it");
        let usual = ana.read("/api/v1/incidents/1/notices/shop-notify").await;
        assert_eq!(usual["text"], "#1 The cause is known and being mended.");
    })
    .await;
}

async fn with_wording(world: &World) {
    let text = world.admin().get("/api/v1/config/export").await.text;
    let text = text.replace(
        "- name: ledger-notify\n",
        "- name: ledger-notify\n  wording: \"{{ service }}: {{ state }}, {{ people }} on it\"\n",
    );
    let text = text.replace(
        "organization:\n",
        "organization:\n  templates: { notice: \"#{{ number }} {{ cause }}\" }\n",
    );
    let answer = world.admin().send(Method::POST, "/api/v1/config/apply", text).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[tokio::test]
async fn only_the_lead_and_whom_it_names_tell_a_restricted_list_and_nobody_else_sees_who_is_on_it()
{
    on_both_stores(async |world: &World| {
        with_lists(world, "").await;
        let (ana, bo) = (world.browser("ana").await, world.browser("bo").await);
        let (lea, pia) = (world.browser("lea").await, world.browser("pia").await);
        declare(&ana, "checkout").await;
        let why = "pr is restricted: whoever leads incident 1, or whom the list names, tells it";
        assert_eq!(ana.get(PR).await.problem(403), why);
        let words = json!({ "text": "Say nothing yet.", "confirmed": true });
        assert_eq!(ana.post(PR, words.clone()).await.problem(403), why);
        assert_eq!(world.admin().post(PR, words.clone()).await.status, 403, "nor a program");
        assert_eq!(pia.read(PR).await["people"], json!(["pia", "quin"]), "whoever is on it may");

        let seen = ana.read("/api/v1/notification-lists/pr").await;
        assert_eq!((&seen["core"], &seen["restricted"]), (&json!([]), &json!(true)));
        let seen = bo.read("/api/v1/notification-lists/pr").await;
        assert_eq!((&seen["core"], &seen["trusted"]), (&json!(["pia", "quin"]), &json!(true)));
        let join = ana.put("/api/v1/users/ana/subscriptions/pr", Value::Null).await.problem(409);
        assert_eq!(join, "pr is restricted: an administrator says who is on it");

        // Whoever leads may, as soon as they do.
        let role = "/api/v1/incidents/1/roles/incident-lead";
        assert_eq!(lea.get(PR).await.status, 403);
        assert_eq!(ana.post(role, json!({ "user": "lea" })).await.status, 200);
        assert_eq!(lea.read(PR).await["people"], json!(["pia", "quin"]));
        let sent = lea.post(PR, words).await;
        assert_eq!(sent.status, 204, "{}", sent.text);
        world.settle().await;
        let text = told(world, "quin").pop().unwrap();
        assert!(text.starts_with("Say nothing yet."), "{text}");

        // Others see that it happened, and neither to whom nor what.
        let timeline = ana.get("/api/v1/incidents/1/timeline?limit=500").await.text;
        assert!(timeline.contains("Told the restricted list pr, 2 people"), "{timeline}");
        let everything = ana.get(&format!("{LEDGER}?limit=500")).await.text;
        let page = ana.get("/p/incident/1").await.text;
        for seen in [&timeline, &everything, &page] {
            assert!(!seen.contains("quin") && !seen.contains("Say nothing yet"), "{seen}");
        }
        let hidden = ledger(&ana, "sort=notice").await;
        let hidden: Vec<_> = hidden.iter().filter(|one| one["list"] == "pr").collect();
        assert_eq!(hidden.len(), 2);
        assert_eq!((&hidden[0]["to"], &hidden[0]["by"]), (&json!("somebody on pr"), &json!("lea")));
        let open = ledger(&pia, "sort=notice&by=lea").await;
        let to: Vec<_> = open.iter().map(|one| one["user"].clone()).collect();
        assert_eq!(to, [json!("pia"), json!("quin")]);
        assert!(
            ledger(&ana, "user=quin").await.is_empty(),
            "asking for a name tells nothing either"
        );
    })
    .await;
}

#[tokio::test]
async fn the_ledger_holds_every_message_to_whom_when_by_whom_and_how_it_went() {
    on_both_stores(async |world: &World| {
        let webhooks = format!(
            "webhooks: [ {{ name: tracker, url: \"{}\", events: [incident.acknowledged] }} ]\n",
            world.phone("tracker")
        );
        with_lists(world, &webhooks).await;
        let (ana, bo) = (world.browser("ana").await, world.browser("bo").await);
        world.phones.set("bo", 503);
        declare(&ana, "ledger-db").await;
        let page = json!({ "to": "bo", "message": "please" });
        assert_eq!(ana.post("/api/v1/incidents/1/page", page).await.status, 200);
        world.settle().await;
        world.phones.set("bo", 200);
        world.advance(jiff::SignedDuration::from_mins(3)).await;
        assert_eq!(ana.post("/api/v1/incidents/1/acknowledge", json!({})).await.status, 200);
        let role = "/api/v1/incidents/1/roles/incident-lead";
        assert_eq!(bo.post(role, json!({ "user": "ana" })).await.status, 200);
        let update = json!({ "audience": "internal", "text": "We are on it." });
        let sent = ana.post("/api/v1/incidents/1/updates", update).await;
        assert_eq!(sent.status, 200, "{}", sent.text);
        world.settle().await;

        let all = ledger(&ana, "").await;
        let sorts = |wanted: &str| all.iter().filter(|one| one["sort"] == wanted).count();
        for sort in ["page", "page_ended", "notice", "update", "message", "event"] {
            assert!(sorts(sort) > 0, "{sort}: {all:#?}");
        }
        let asked = ledger(&ana, "user=bo&sort=page").await;
        let asked = asked.iter().find(|one| one["by"] == "ana").expect("she asked him by name");
        assert_eq!(asked["subject"], "ana requests you: please");
        assert_eq!((&asked["channel"], &asked["state"]), (&json!("webhook"), &json!("accepted")));
        assert!(asked["attempts"].as_u64().unwrap() > 1, "his phone was away for a while: {asked}");
        let event = &ledger(&ana, "sort=event").await[0];
        assert_eq!(
            (&event["to"], &event["subject"]),
            (&json!("the webhook tracker"), &json!("incident.acknowledged"))
        );
        let updates = ledger(&ana, "sort=update").await;
        assert_eq!((&updates[0]["list"], &updates[0]["by"]), (&json!("internal"), &json!("ana")));
        assert!(ledger(&ana, "state=failed").await.is_empty());
        let wrong = ana.get(&format!("{LEDGER}?sort=letters")).await.problem(400);
        assert!(wrong.starts_with("sort: must be one of page, page_ended"), "{wrong}");

        // In parts, each once.
        let mut seen = Vec::new();
        let mut next = Some(String::new());
        while let Some(cursor) = next {
            let cursor = if cursor.is_empty() { cursor } else { format!("&cursor={cursor}") };
            let part = ana.read(&format!("{LEDGER}?limit=2{cursor}")).await;
            seen.extend(part["items"].as_array().unwrap().iter().map(|one| one["id"].clone()));
            next = part["next"].as_str().map(str::to_owned);
        }
        let ids: Vec<_> = all.iter().map(|one| one["id"].clone()).collect();
        assert_eq!(seen, ids);
    })
    .await;
}

#[tokio::test]
async fn what_a_list_may_be_is_checked_with_its_place() {
    on_both_stores(async |world: &World| {
        for (text, why) in [
            (
                "notification_lists: [ { name: z, senders: [ana] } ]\n",
                "`senders` and `automatic` are for lists with `restricted: true`",
            ),
            (
                "notification_lists: [ { name: z, groups: [nope] } ]\n",
                "there is no engagement group `nope`",
            ),
            ("notification_lists: [ { name: z, wording: \"{{ nope }}\" } ]\n", "undefined"),
            ("organization: { name: Shop, templates: { notice: \"{{ nope }}\" } }\n", "undefined"),
            (
                "notification_lists: [ { name: pr, restricted: true } ]\n\
                 audiences: [ { name: external, to: [pr] } ]\n",
                "`pr` is restricted: it is told by a decision and by no update",
            ),
        ] {
            let answer = world.admin().send(Method::POST, "/api/v1/config/apply", text).await;
            assert!(answer.status >= 400 && answer.text.contains(why), "{text}: {}", answer.text);
        }
    })
    .await;
}
