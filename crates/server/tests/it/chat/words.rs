//! What can be written in a chat besides answers. Telegram stands for all of them: what differs is
//! read by the channel, and the words are the same.

use muster_core::incident::lifecycle::Status;
use serde_json::Value;

use super::contract::judge::Contract;
use super::contract::telegram::{ANA, SECRET, TOKEN, Telegram, pushed, written};
use super::{alert, assert_status, call, set_up};
use crate::harness::{World, on_both_stores};

async fn start(world: &World) -> Contract<Telegram> {
    let contract = Contract::start(Telegram::default()).await;
    let url = contract.url();
    let provider = format!(
        "{{ name: telegram-test, type: telegram, token: \"{TOKEN}\", webhook_secret: {SECRET}, url: \"{url}\" }}"
    );
    set_up(world, &provider, &format!("type: telegram, address: \"{ANA}\"")).await;
    contract
}

/// Writes to the bot; gives what the bot says back.
async fn say(world: &World, update: i64, user: i64, text: &str) -> String {
    let request = pushed("/callback/telegram-test", &written(update, user, text));
    let answer = call(world, &request).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let reply = answer.json();
    assert_eq!(
        (&reply["method"], &reply["chat_id"]),
        (&"sendMessage".into(), &user.to_string().into())
    );
    assert!(Telegram::default().call("sendMessage", &reply).is_ok() || user != ANA, "{reply}");
    reply["text"].as_str().expect("words").to_owned()
}

async fn on_call(world: &World) -> Value {
    let path = "/api/v1/schedules/payments-primary/on-call";
    world.admin().read(path).await["on_call"][0]["user"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_checks_in_as_on_call_in_one_step() {
    on_both_stores(async |world| {
        let _contract = start(world).await;
        assert_eq!(on_call(world).await, "bo");
        let said = say(world, 1, ANA, "/take payments-primary 4h").await;
        assert!(said.contains("on call in payments-primary until Sat 21 Nov 08:00 CET"), "{said}");
        assert_eq!(on_call(world).await, "ana");
        let who = say(world, 2, ANA, "/who payments-primary").await;
        assert!(who.contains("Ana Ortiz until Sat 21 Nov 08:00 CET"), "{who}");
        world.advance(jiff::SignedDuration::from_hours(4)).await;
        assert_eq!(on_call(world).await, "bo");
        // The same update once more is told the same and takes nothing.
        assert_eq!(say(world, 1, ANA, "/take payments-primary 4h").await, said);
        assert_eq!(on_call(world).await, "bo");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_is_resolved_and_paged() {
    on_both_stores(async |world| {
        let contract = start(world).await;
        let who = say(world, 1, ANA, "/who checkout-secondary").await;
        assert!(who.contains("Bo Lind"), "{who}");
        let said = say(world, 2, ANA, "/page checkout-secondary the *till* is <stuck>").await;
        assert!(said.contains("Bo Lind is asked about incident 1"), "{said}");
        let page = &world.phones.of("bo")[0];
        assert_eq!(page["incident"]["title"], "the *till* is <stuck>");
        assert_eq!(page["incident"]["service"], "checkout");
        let said = say(world, 3, ANA, "/page bo again").await;
        assert!(said.contains("Bo Lind is asked"), "{said}");
        assert_status(world, 2, Status::Triggered, None).await;
        assert!(contract.rules(|telegram| telegram.messages.is_empty()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_word_says_that_one_is_there_and_one_asks_for_help() {
    on_both_stores(async |world| {
        let _contract = start(world).await;
        let said = say(world, 1, ANA, "/here").await;
        assert_eq!(said, "Say which incident, by its number.");
        alert(world, "a").await;
        let here = say(world, 2, ANA, "/here").await;
        assert!(here.starts_with("You have checked in at incident 1. Look at once how"), "{here}");
        let incident = world.admin().read("/api/v1/incidents/1").await;
        assert_eq!(incident["clocks"]["present"][0]["user"], "ana");
        let said = say(world, 3, ANA, "/need manager it spreads").await;
        assert_eq!(said, "Asked for a manager's help with incident 1.");
        assert_eq!(say(world, 3, ANA, "/need manager it spreads").await, said, "once");
        let asked = world.phones.of("bo");
        assert_eq!(asked.len(), 1, "{asked:?}");
        assert_eq!(asked[0]["page"]["reason"], "ana asks for a manager's help: it spreads");
        let said = say(world, 4, ANA, "/volunteer 1").await;
        assert_eq!(said, "You respond to incident 1 already.");
        world.advance(jiff::SignedDuration::from_mins(6)).await;
        alert(world, "b").await;
        let said = say(world, 5, ANA, "/need bo").await;
        assert!(said.contains("several incidents"), "{said}");
        let said = say(world, 6, ANA, "/need bo #2").await;
        assert_eq!(said, "Asked for another pair of hands with incident 2.");
        assert_eq!(say(world, 7, ANA, "/here 99").await, "There is no such incident for you.");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_declared_in_one_line() {
    on_both_stores(async |world| {
        let _contract = start(world).await;
        let said = say(world, 1, ANA, "/declare Sev2 on checkout: card payments fail").await;
        assert!(said.starts_with("Declared incident 1, severity 2 (Diminished): http"), "{said}");
        let incident = world.admin().read("/api/v1/incidents/1").await;
        assert_eq!(incident["title"], "card payments fail");
        assert_eq!(incident["service"], "checkout");
        assert_eq!(say(world, 1, ANA, "/declare Sev2 on checkout: card payments fail").await, said);

        let said = say(world, 2, ANA, "/declare on Monday card payments may fail").await;
        assert!(said.starts_with("Declared incident 2, severity 1 (Outage)"), "{said}");
        let other = "It may be the same as incident 1, card payments fail (both say card, payments";
        assert!(said.contains(other), "{said}");
        let incident = world.admin().read("/api/v1/incidents/2").await;
        assert_eq!(incident["title"], "on Monday card payments may fail");

        for (update, text, words) in [
            (3, "/declare", "Say what is wrong: sev2 on checkout: card payments fail."),
            (4, "/declare sev2 on checkout:", "Say what is wrong"),
            (5, "/declare sev9 it burns", "There is no severity 9."),
            (6, "/declare on chekout: it burns", "There is no service chekout."),
        ] {
            let said = say(world, update, ANA, text).await;
            assert!(said.starts_with(words), "{text}: {said}");
        }
        let incidents = world.admin().read("/api/v1/incidents").await;
        assert_eq!(incidents["items"].as_array().unwrap().len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_work_is_said_and_changes_nothing() {
    on_both_stores(async |world| {
        let _contract = start(world).await;
        for (text, words) in [
            ("/help", "take payments-primary 4h"),
            ("/start", "take payments-primary 4h"),
            ("/muster dance", "did not understand"),
            ("/who nowhere", "There is no service, schedule or alias nowhere"),
            ("/take", "Say where and how long"),
            ("/take nowhere 4h", "There is no schedule nowhere"),
            ("/take payments-primary soon", "That did not work"),
            ("/take payments-primary 9000h", "That did not work"),
            ("/page checkout-primary", "Say whom and why"),
            ("/page nobody-primary help", "There is no nobody-primary"),
        ] {
            let update = i64::try_from(text.len()).expect("short") * 1000 + words.len() as i64;
            let said = say(world, update, ANA, text).await;
            assert!(said.contains(words), "{text}: {said}");
        }
        let said = say(world, 99, 4_444_444, "/take payments-primary 4h").await;
        assert!(said.contains("does not know you"), "{said}");
        assert_eq!(on_call(world).await, "bo");
        let incidents = world.admin().read("/api/v1/incidents").await;
        assert_eq!(incidents["items"], Value::Array(Vec::new()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_worked_on_by_the_same_words_as_in_the_app() {
    on_both_stores(async |world| {
        let _contract = start(world).await;
        say(world, 1, ANA, "/declare sev2 on checkout: card payments fail").await;
        for (update, text, words) in [
            (2, "/here 1", "Look at once how checkout is, and say so: health 1 healthy"),
            (3, "/note 1 rolled back to 1.4", "Written down."),
            (4, "/role 1 scribe", "Ana Ortiz is scribe now."),
            (5, "/role 1 tester bo", "Bo Lind is tester now."),
            (6, "/severity 1 sev1 nobody can pay", "It is severity 1 now."),
            (
                7,
                "/bridge 1 https://meet.example.net/1",
                "People meet at https://meet.example.net/1",
            ),
            (8, "/bridge 1", "People meet at https://meet.example.net/1"),
            (9, "/eta 1 45m", "Written down, as your estimate."),
            (10, "/leave 1", "That did not work: ana is scribe; hand that over or leave it first."),
            (11, "/health 1 degraded it lags", "Written down: checkout degraded."),
            (12, "/note 1", "Say what you see or did"),
            (13, "/role 1 king", "Say which role: "),
            (14, "/severity 1 2", "Say why as well"),
            (15, "/health 1 fine", "Say how your services are: healthy, degraded, unhealthy"),
            (16, "/note 9 hello", "There is no such incident for you."),
            (17, "/bridge 1 javascript:alert(1)", "That did not work: a bridge is an http"),
        ] {
            let said = say(world, update, ANA, text).await;
            assert!(said.contains(words), "{text}: {said}");
        }
        let incident = world.admin().read("/api/v1/incidents/1").await;
        assert_eq!(incident["severity"], 1);
        assert_eq!(incident["estimate"]["by"], "ana");
        let roster = world.admin().read("/api/v1/incidents/1/roster").await;
        assert_eq!(roster["here"][0]["checks"][0]["note"], "it lags");
    })
    .await;
}
