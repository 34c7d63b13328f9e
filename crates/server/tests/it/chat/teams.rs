//! Teams from the alert to the link and back.

use muster_core::incident::lifecycle::Status;
use reqwest::Method;
use serde_json::json;

use super::contract::judge::Contract;
use super::contract::teams::{TARGET, Teams};
use super::{alert, assert_status, bo_acknowledges, set_up};
use crate::harness::{World, on_both_stores};

async fn start(world: &World) -> Contract<Teams> {
    let contract = Contract::start(Teams::default()).await;
    let address = format!("{}{TARGET}", contract.url());
    set_up(world, "", &format!("type: teams, address: \"{address}\"")).await;
    alert(world, "a").await;
    contract
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_of_the_card_acknowledges_and_opening_it_does_not() {
    on_both_stores(async |world| {
        let contract = start(world).await;
        let card = contract.rules(|teams| teams.cards[0].clone());
        let url = card["actions"][0]["url"].as_str().expect("a link").to_owned();
        let path = url.strip_prefix(world.base()).expect("ours").to_owned();
        assert_eq!(world.anybody().get(&path).await.status, 200);
        assert_status(world, 1, Status::Triggered, None).await;
        assert_eq!(world.anybody().send(Method::POST, &path, "").await.status, 200);
        assert_status(world, 1, Status::Acknowledged, Some("ana")).await;
        assert_eq!(contract.broken(), Vec::<String>::new());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn news_is_a_card_of_its_own() {
    on_both_stores(async |world| {
        let contract = start(world).await;
        bo_acknowledges(world).await;
        let cards = contract.rules(|teams| teams.cards.clone());
        assert_eq!(cards.len(), 2);
        assert!(cards[1].to_string().contains("cknowledged by bo"), "{}", cards[1]);
        assert_eq!(contract.broken(), Vec::<String>::new());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_that_is_gone_makes_the_next_person_be_asked_at_once() {
    on_both_stores(async |world| {
        let contract = Contract::start(Teams::default()).await;
        let address = format!("{}/workflows/deleted?sig=x", contract.url());
        set_up(world, "", &format!("type: teams, address: \"{address}\"")).await;
        alert(world, "a").await;
        assert_eq!(world.phones.of("bo").len(), 1);
        let incident = world.admin().read("/api/v1/incidents/1/pages").await;
        assert_eq!(incident["items"][0]["state"], json!("exhausted"));
    })
    .await;
}
