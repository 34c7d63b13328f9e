//! What one shift tells the next: drafted ahead, told at the change, accepted by a link without a
//! script or over the API, reminded once, and never in the way of a page.

use std::time::Duration;

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::changes::plan;
use crate::harness::{Client, World, on_both_stores};
use crate::overrides::{ROTA, apply_rota, on_call};

/// The rota of ana and bo with handoffs. It changes at 09:00 in Berlin, five hours after stories begin.
fn rota() -> String {
    let zone = "    timezone: Europe/Berlin\n";
    ROTA.replace(zone, &format!("{zone}    handoff: true\n"))
}

struct Sides<'a> {
    leaves: (&'static str, Client<'a>),
    comes: (&'static str, Client<'a>),
}

async fn sides(world: &World) -> Sides<'_> {
    apply_rota(world, &rota()).await;
    for name in ["ana", "bo"] {
        world.give_password(name).await;
    }
    let (ana, bo) = (("ana", world.browser("ana").await), ("bo", world.browser("bo").await));
    world.settle().await;
    if on_call(&ana.1, "2026-11-21T03:00:00Z").await == "ana" {
        Sides { leaves: ana, comes: bo }
    } else {
        Sides { leaves: bo, comes: ana }
    }
}

async fn handoffs(client: &Client<'_>, query: &str) -> Vec<Value> {
    client.read(&format!("/api/v1/handoffs{query}")).await["items"].as_array().unwrap().clone()
}

/// The path of the link in the last message on somebody's phone.
fn link(world: &World, person: &str) -> String {
    link_to(world, person, "/p/handoff/")
}

fn link_to(world: &World, person: &str, prefix: &str) -> String {
    let messages: Vec<_> = world.phones.of(person).iter().map(ToString::to_string).collect();
    let last = messages.iter().rfind(|text| text.contains(prefix)).expect("a link arrived");
    let at = last.find(prefix).unwrap();
    let is_token = |c: &char| c.is_ascii_alphanumeric() || "-_".contains(*c);
    format!(
        "{prefix}{}",
        last[at + prefix.len()..].chars().take_while(is_token).collect::<String>()
    )
}

/// Waits until the engine has followed a change of plan, which is no timer, to an open handoff.
async fn until_open(world: &World, client: &Client<'_>) {
    let followed = async {
        loop {
            let progress = world.app.wake.progress.notified();
            tokio::pin!(progress);
            progress.as_mut().enable();
            if handoffs(client, "?open=true").await.iter().any(|it| it["state"] == "open") {
                return;
            }
            progress.await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), followed).await.expect("it is followed");
}

fn told(world: &World, person: &str, words: &str) -> usize {
    let messages = world.phones.of(person);
    messages.iter().filter(|message| message.to_string().contains(words)).count()
}

#[tokio::test]
async fn a_handoff_is_drafted_from_the_record_and_accepted_by_a_link_without_a_script() {
    on_both_stores(async |world| {
        let Sides { leaves: (old, leaves), comes: (new, comes) } = sides(world).await;
        // One that clears by itself, and one that stays open and is taken.
        world.event("trigger", "flicker", "critical").await;
        world.settle().await;
        world.event("resolve", "flicker", "critical").await;
        world.advance(SignedDuration::from_mins(30)).await;
        world.event("trigger", "disk", "critical").await;
        world.settle().await;
        let open = leaves.read("/api/v1/incidents?q=state:open").await;
        let number = open["items"][0]["number"].as_i64().unwrap();
        let ack = format!("/api/v1/incidents/{number}/acknowledge");
        assert_eq!(leaves.post(&ack, json!({})).await.status, 200);
        assert_eq!(handoffs(&leaves, "").await, Vec::<Value>::new(), "too early to draft");

        // Half an hour ahead whoever leaves is asked for a note, by a link.
        world.advance(SignedDuration::from_mins(4 * 60)).await;
        assert_eq!(told(world, old, "anything"), 1, "{:?}", world.phones.of(old));
        let [drafted] = &handoffs(&leaves, "?open=true").await[..] else {
            panic!("one is drafted")
        };
        assert_eq!(
            (&drafted["state"], &drafted["at"]),
            (&json!("upcoming"), &json!("2026-11-21T08:00:00Z"))
        );
        let id = drafted["id"].as_str().unwrap().to_owned();
        let early = comes.post(&format!("/api/v1/handoffs/{id}/accept"), json!({})).await;
        assert!(early.problem(409).contains("has not begun"), "{}", early.text);
        let page = world.anybody().get(&link(world, old)).await;
        assert!(page.text.contains("<textarea") && !page.text.contains("<script"), "{}", page.text);
        let note = "action=note&version=1&notes=the+vendor+calls+back+at+ten";
        let noted = world.anybody().send(Method::POST, &link(world, old), note).await;
        assert_eq!(noted.status, 303, "{}", noted.text);
        let stale = world.anybody().send(Method::POST, &link(world, old), note).await;
        assert_eq!(stale.status, 409, "{}", stale.text);
        assert!(
            stale.text.contains("the vendor calls back"),
            "both texts are shown: {}",
            stale.text
        );

        // At the change it is told to whoever comes, with the figures of then.
        world.advance(SignedDuration::from_mins(30)).await;
        assert_eq!(told(world, new, "Handoff of daily"), 1, "{:?}", world.phones.of(new));
        assert_eq!(told(world, new, "the vendor calls back at ten"), 1);
        let handoff = leaves.read(&format!("/api/v1/handoffs/{id}")).await;
        assert_eq!((&handoff["state"], &handoff["outgoing"]), (&json!("open"), &json!([old])));
        assert_eq!(handoff["incoming"], json!([new]));
        let draft = &handoff["draft"];
        assert_eq!(draft["incidents"][0]["number"], number, "{draft}");
        assert_eq!(draft["incidents"][0]["status"], "acknowledged");
        assert_eq!(draft["incidents"][0]["responders"].as_array().unwrap().len(), 1);
        assert_eq!(draft["call_outs"], 2, "{draft}");
        assert!(draft["pages"].as_u64() >= Some(2), "{draft}");
        let noisy = draft["noisy"].as_array().unwrap();
        assert_eq!(noisy.len(), 1, "what somebody took is not noise: {draft}");
        assert_eq!(noisy[0]["unattended"], 1);
        assert!(noisy[0]["summary"].as_str().unwrap().contains("flicker"));

        let path = link(world, new);
        let page = world.anybody().get(&path).await;
        assert!(page.text.contains("Accept the handoff") && page.text.contains("flicker"));
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(handoffs(&leaves, "?open=true").await.len(), 1, "a GET changes nothing");
        let taken = world.anybody().send(Method::POST, &path, "action=accept").await;
        assert_eq!(taken.status, 303, "{}", taken.text);
        let accepted = leaves.read(&format!("/api/v1/handoffs/{id}")).await;
        assert_eq!(
            (&accepted["state"], &accepted["accepted_by"]),
            (&json!("accepted"), &json!(new))
        );
        // Accepting again says the same, by the link and over the API.
        world.advance(SignedDuration::from_mins(5)).await;
        assert_eq!(world.anybody().send(Method::POST, &path, "action=accept").await.status, 303);
        let again = comes.post(&format!("/api/v1/handoffs/{id}/accept"), json!({})).await;
        assert_eq!(again.json(), accepted, "{}", again.text);
        let audit = world.admin().read("/api/v1/audit?limit=100").await;
        let entries = audit["items"].as_array().unwrap();
        let of = |action: &str| entries.iter().filter(|entry| entry["action"] == action).count();
        assert_eq!((of("handoff.draft"), of("handoff.begin"), of("handoff.accept")), (1, 1, 1));
        assert_eq!(world.anybody().get("/p/handoff/none-of-ours").await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn a_handoff_lists_the_changes_of_the_shift_that_comes() {
    on_both_stores(async |world| {
        let Sides { leaves: (_, leaves), comes: (new, comes) } = sides(world).await;
        let policy = "change_policy: { matrix: [ { name: free, notice: none } ] }\n";
        let applied = world.admin().send(Method::POST, "/api/v1/config/apply", policy).await;
        assert_eq!(applied.status, 200, "{}", applied.text);
        // The next shift runs from eight of UTC to eight the next day.
        for (title, start, end) in [
            ("It is over by then", "2026-11-21T05:00:00Z", "2026-11-21T06:00:00Z"),
            ("Ends as the next one comes", "2026-11-22T07:00:00Z", "2026-11-22T08:00:00Z"),
            ("Is for whoever comes then", "2026-11-22T08:00:00Z", "2026-11-22T09:00:00Z"),
        ] {
            let mut plan = plan("deploy", 0);
            for (field, value) in [("title", title), ("start", start), ("end", end)] {
                plan[field] = json!(value);
            }
            plan["technician"] = json!("ana");
            plan["customers"] = json!([]);
            plan["rollback_takes"] = json!("0m");
            let body = json!({ "plan": plan, "submit": true, "submitter": "ana" });
            let answer = world.admin().post("/api/v1/changes", body).await;
            assert_eq!(answer.status, 201, "{}", answer.text);
            assert_eq!(answer.json()["state"], "scheduled", "{}", answer.text);
        }
        world.advance(SignedDuration::from_hours(5)).await;
        let [handoff] = &handoffs(&leaves, "?open=true").await[..] else { panic!("one is open") };
        let ahead = handoff["draft"]["changes"].as_array().unwrap();
        let titles: Vec<_> = ahead.iter().map(|one| one["title"].as_str().unwrap()).collect();
        assert_eq!(titles, ["Ends as the next one comes"]);
        assert_eq!(ahead[0]["services"], json!(["checkout"]));
        assert!(handoff["summary"].as_str().unwrap().contains("1 change ahead"), "{handoff}");
        let page = comes.get(&link(world, new)).await;
        assert!(page.text.contains("CHG-2 Ends as the next one comes (checkout)"), "{}", page.text);
    })
    .await;
}

#[tokio::test]
async fn what_nobody_accepts_is_reminded_once_then_told_to_the_lead_and_pages_go_on() {
    on_both_stores(async |world| {
        let Sides { leaves: (old, leaves), comes: (new, _) } = sides(world).await;
        world.advance(SignedDuration::from_hours(5)).await;
        assert_eq!(told(world, new, "Handoff of daily"), 1);
        world.advance(SignedDuration::from_hours(1)).await;
        assert_eq!(told(world, new, "Not accepted yet"), 1);
        world.event("trigger", "disk", "critical").await;
        world.settle().await;
        assert_eq!(told(world, new, "disk is in trouble"), 1, "whoever is on call is paged");
        world.advance(SignedDuration::from_hours(10)).await;
        assert_eq!(told(world, new, "Not accepted yet"), 1, "once");
        // Bo manages the team: he hears of it unless it is he who should accept.
        let lead = usize::from(new != "bo");
        assert_eq!(told(world, "bo", "has not accepted"), lead);
        let [open] = &handoffs(&leaves, "?open=true&schedule=daily").await[..] else {
            panic!("it stays in sight")
        };
        assert_eq!((&open["state"], &open["reminders"]), (&json!("open"), &json!(2)));
        let id = open["id"].as_str().unwrap().to_owned();

        // The next change passes it over; what is over cannot be accepted.
        world.advance(SignedDuration::from_hours(13)).await;
        let all = handoffs(&leaves, "").await;
        assert_eq!(all.len(), 2, "{all:?}");
        assert_eq!((&all[0]["incoming"], &all[0]["state"]), (&json!([old]), &json!("open")));
        assert_eq!((&all[1]["id"], &all[1]["state"]), (&json!(id), &json!("passed")));
        let late = json!({ "user": new });
        let late = world.admin().post(&format!("/api/v1/handoffs/{id}/accept"), late).await;
        assert!(late.problem(409).contains("a later one has followed"), "{}", late.text);
    })
    .await;
}

#[tokio::test]
async fn taking_on_call_hands_over_at_once_and_a_plan_that_changes_drops_its_draft() {
    on_both_stores(async |world| {
        let Sides { leaves: (old, leaves), comes: (new, comes) } = sides(world).await;
        world.advance(SignedDuration::from_mins(4 * 60 + 40)).await;
        let [drafted] = &handoffs(&leaves, "?open=true").await[..] else { panic!("drafted") };
        let notes = format!("/api/v1/handoffs/{}/notes", drafted["id"].as_str().unwrap());
        let said = comes.put(&notes, json!({ "notes": "I start early" })).await;
        assert_eq!(said.status, 200, "{}", said.text);
        let eve = world.with_role("responder");
        assert_eq!(eve.put(&notes, json!({ "notes": "x" })).await.status, 403, "neither side");
        // Whoever would come takes it now: the drafted change does not come any more.
        let taken = comes.post("/api/v1/schedules/daily/take", json!({ "for": "1h" })).await;
        assert_eq!(taken.status, 201, "{}", taken.text);
        until_open(world, &leaves).await;
        let live = handoffs(&leaves, "?open=true").await;
        assert_eq!(live.len(), 1, "{live:?}");
        assert_eq!((&live[0]["state"], &live[0]["incoming"]), (&json!("open"), &json!([new])));
        assert_eq!(
            (&live[0]["at"], &live[0]["outgoing"]),
            (&json!("2026-11-21T07:40:00Z"), &json!([old]))
        );
        assert_eq!(live[0]["notes"], "I start early", "the words go along");
        let id = live[0]["id"].as_str().unwrap();
        // The team's manager and administrators accept for somebody who asked them to.
        let foreign =
            eve.post(&format!("/api/v1/handoffs/{id}/accept"), json!({ "user": new })).await;
        assert_eq!(foreign.status, 403, "{}", foreign.text);
        let wrong = leaves.post(&format!("/api/v1/handoffs/{id}/accept"), json!({})).await;
        assert!(wrong.problem(409).contains("whoever comes"), "{}", wrong.text);
        let boss = world.with_role("manager");
        let accepted =
            boss.post(&format!("/api/v1/handoffs/{id}/accept"), json!({ "user": new })).await;
        assert_eq!(accepted.json()["accepted_by"], new, "{}", accepted.text);
    })
    .await;
}

#[tokio::test]
async fn how_heavy_a_shift_was_is_said_with_one_tap_once_per_shift() {
    on_both_stores(async |world| {
        let Sides { leaves: (old, leaves), comes: (new, comes) } = sides(world).await;
        world.advance(SignedDuration::from_hours(6)).await;
        assert_eq!(told(world, old, "How was your shift of daily?"), 1);
        assert_eq!(told(world, new, "How was your shift"), 0, "theirs has just begun");
        let asked = leaves.read("/api/v1/load-surveys").await;
        let asked = asked["items"].as_array().unwrap();
        assert_eq!(asked.len(), 1, "{asked:?}");
        assert_eq!(
            (&asked[0]["score"], &asked[0]["to"]),
            (&Value::Null, &json!("2026-11-21T08:00:00Z"))
        );
        let path = link_to(world, old, "/p/survey/");
        let page = world.anybody().get(&path).await;
        assert!(page.text.contains("5 too much") && !page.text.contains("<script"));
        assert_eq!(leaves.read("/api/v1/load-surveys").await["items"][0]["score"], Value::Null);
        let tapped =
            world.anybody().send(Method::POST, &path, "score=4&comment=two+false+alarms").await;
        assert_eq!(tapped.status, 303, "{}", tapped.text);
        let id = asked[0]["id"].as_str().unwrap();
        let answer = format!("/api/v1/load-surveys/{id}/answer");
        assert_eq!(comes.post(&answer, json!({ "score": 1 })).await.status, 404, "not theirs");
        assert_eq!(leaves.post(&answer, json!({ "score": 6 })).await.status, 400);
        let said = leaves.post(&answer, json!({ "score": 5 })).await;
        assert_eq!(said.json()["comment"], "two false alarms", "{}", said.text);
        assert_eq!(world.anybody().send(Method::POST, &path, "score=9").await.status, 400);

        // It stands with the figures, for the person and those who lead them.
        let query = "/api/v1/reports/on-call?from=2026-11-21T03:00:00Z&to=2026-11-21T12:00:00Z";
        let report = world.with_role("manager").read(query).await;
        let people = report["people"].as_array().unwrap();
        let of = |name: &str| people.iter().find(|it| it["user"] == name).unwrap().clone();
        assert_eq!(
            (&of(old)["said_average"], &of(new)["said_average"]),
            (&json!(5.0), &Value::Null)
        );
        assert_eq!(of(old)["said"][0]["comment"], "two false alarms");
        let looker = world.with_role("stakeholder").read(query).await;
        assert_eq!(looker["people"], json!([]));
        // A later change asks about the later shift, never again about this one.
        world.advance(SignedDuration::from_hours(15 * 24)).await;
        assert_eq!(
            leaves.read("/api/v1/load-surveys").await["items"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|it| it["to"] == "2026-11-21T08:00:00Z")
                .count(),
            0,
            "two weeks have passed"
        );
        let late = leaves.post(&answer, json!({ "score": 1 })).await;
        assert!(late.problem(409).contains("too late"), "{}", late.text);
    })
    .await;
}

#[tokio::test]
async fn a_schedule_that_does_not_ask_for_it_has_no_handoffs() {
    on_both_stores(async |world| {
        apply_rota(world, ROTA).await;
        world.advance(SignedDuration::from_hours(30)).await;
        assert_eq!(handoffs(&world.admin(), "").await, Vec::<Value>::new());
        assert_eq!(told(world, "ana", "andoff") + told(world, "bo", "andoff"), 0);
    })
    .await;
}
