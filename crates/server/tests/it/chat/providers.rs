//! Providers over the API: how each does, and whether it knows us.

use jiff::SignedDuration;
use serde_json::json;

use super::contract::judge::{Answer, Contract};
use super::contract::slack::{ANA, Slack, TOKEN};
use super::{alert, set_up};
use crate::harness::{World, on_both_stores};

async fn start(world: &World, token: &str) -> Contract<Slack> {
    let contract = Contract::start(Slack::default()).await;
    let url = contract.url();
    let provider = format!(
        "{{ name: slack-test, type: slack, token: {token}, signing_secret: x, url: \"{url}\" }}"
    );
    set_up(world, &provider, &format!("type: slack, address: {ANA}")).await;
    contract
}

#[tokio::test(flavor = "multi_thread")]
async fn how_a_provider_does_is_read_from_the_ledger() {
    on_both_stores(async |world| {
        let contract = start(world, TOKEN).await;
        let read = async || world.admin().read("/api/v1/providers").await["items"][0].clone();
        let fresh = read().await;
        assert_eq!((&fresh["name"], &fresh["type"]), (&json!("slack-test"), &json!("slack")));
        assert_eq!((&fresh["state"], &fresh["channels"]), (&json!("working"), &json!(["slack"])));
        assert_eq!(fresh["callback_url"], format!("{}/callback/slack-test", world.base()));
        assert_eq!(
            (&fresh["last_accepted_at"], &fresh["last_failed_at"]),
            (&json!(null), &json!(null))
        );
        assert!(!fresh.to_string().contains(TOKEN));

        contract.plant(Answer::new(503, "upstream"));
        alert(world, "a").await;
        let doubtful = read().await;
        assert_eq!(doubtful["state"], "doubtful");
        assert_eq!(doubtful["last_failed_at"], "2026-11-21T03:00:00Z");
        assert!(doubtful["last_failure"].as_str().is_some_and(|text| text.contains("503")));
        assert_eq!(doubtful["last_accepted_at"], json!(null));

        world.advance(SignedDuration::from_mins(2)).await;
        let works = read().await;
        assert_eq!(works["state"], "working");
        assert!(works["last_accepted_at"].is_string());
        assert_eq!(works["last_failed_at"], "2026-11-21T03:00:00Z");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_is_asked_whether_it_knows_us() {
    on_both_stores(async |world| {
        let contract = start(world, TOKEN).await;
        let test = "/api/v1/providers/slack-test/test";
        let answer = world.admin().post(test, json!({})).await.json();
        assert_eq!(answer, json!({"ok": true, "detail": "signed in to the workspace T0001"}));
        assert!(contract.rules(|slack| slack.messages.is_empty()));
        let _other = start(world, "xoxb-old").await;
        let answer = world.admin().post(test, json!({})).await.json();
        assert_eq!(answer, json!({"ok": false, "detail": "Slack answered invalid_auth"}));
        let nobody = world.admin().post("/api/v1/providers/nobody/test", json!({})).await;
        assert_eq!(nobody.status, 404);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_carries_messages_is_a_matter_of_those_who_run_it() {
    on_both_stores(async |world| {
        let _contract = start(world, TOKEN).await;
        assert_eq!(world.with_role("responder").get("/api/v1/providers").await.status, 403);
        assert_eq!(world.with_role("manager").get("/api/v1/providers").await.status, 200);
        let test = "/api/v1/providers/slack-test/test";
        assert_eq!(world.with_role("manager").post(test, json!({})).await.status, 403);
    })
    .await;
}
