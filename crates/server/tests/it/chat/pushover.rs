//! Pushover's emergencies where Pushover cannot call the installation back: whoever answers in the
//! app is heard by asking, as often as Pushover allows and no longer than there is something to hear.

use jiff::SignedDuration;
use muster_core::incident::lifecycle::Status;
use serde_json::json;

use super::contract::judge::{Answer, Contract};
use super::contract::pushover::{
    ASKED_EVERY_SECONDS_MIN, Emergency, Pushover, RECEIPT, TOKEN, USER,
};
use super::{alert, assert_status, bo_acknowledges, set_up};
use crate::harness::{World, on_both_stores};

/// Pages Ana with an emergency; the service has the clock of the story.
async fn start(world: &World) -> Contract<Pushover> {
    let app = world.app.clone();
    let clock = Box::new(move || app.now().as_second());
    let contract = Contract::start(Pushover { clock: Some(clock), ..Pushover::default() }).await;
    let url = contract.url();
    let provider =
        format!("{{ name: pushover-test, type: pushover, token: {TOKEN}, url: \"{url}\" }}");
    set_up(world, &provider, &format!("type: pushover, address: {USER}")).await;
    alert(world, "a").await;
    contract
}

fn emergency(contract: &Contract<Pushover>) -> Emergency {
    contract.rules(|service| service.emergencies[RECEIPT].clone())
}

fn change(contract: &Contract<Pushover>, change: impl FnOnce(&mut Emergency)) {
    contract.rules(|service| change(service.emergencies.get_mut(RECEIPT).expect("it was sent")));
}

async fn pass(world: &World, seconds: i64) {
    world.advance(SignedDuration::from_secs(seconds)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_acknowledged_in_the_app_is_acknowledged_here() {
    on_both_stores(async |world| {
        let contract = start(world).await;
        pass(world, 12).await;
        let asked = emergency(&contract).asked_at;
        assert_eq!(asked.len(), 2);
        assert_eq!(asked[1] - asked[0], ASKED_EVERY_SECONDS_MIN);
        assert_status(world, 1, Status::Triggered, None).await;

        change(&contract, |emergency| emergency.acknowledged_by = Some(USER.to_owned()));
        pass(world, 5).await;
        assert_status(world, 1, Status::Acknowledged, Some("ana")).await;
        let audit = world.admin().read("/api/v1/audit?limit=50").await.to_string();
        assert!(
            audit.contains("page.answered") && audit.contains(r#""channel":"pushover""#),
            "{audit}"
        );
        let count = emergency(&contract).asked_at.len();
        pass(world, 8 * 60).await;
        assert_eq!(emergency(&contract).asked_at.len(), count, "there is nothing more to hear");
        assert!(world.phones.of("bo").is_empty(), "whoever is next sleeps on");
        assert_eq!(contract.broken(), Vec::<String>::new());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_that_somebody_else_answered_is_cancelled_and_asked_about_no_more() {
    on_both_stores(async |world| {
        let contract = start(world).await;
        pass(world, 6).await;
        bo_acknowledges(world).await;
        assert!(emergency(&contract).is_cancelled);
        let asked = emergency(&contract).asked_at;
        pass(world, 60).await;
        assert_eq!(emergency(&contract).asked_at, asked);
        assert_eq!(contract.broken(), Vec::<String>::new());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_goes_on_asking_until_all_of_it_is_answered() {
    on_both_stores(async |world| {
        let contract = start(world).await;
        for title in ["b", "c", "d", "e"] {
            let body = json!({ "title": title, "service": "checkout", "severity": 1 });
            assert_eq!(world.admin().post("/api/v1/incidents", body).await.status, 201);
            world.settle().await;
        }
        pass(world, 60).await;
        let digest = format!("{}02", &RECEIPT[..28]);
        let emergency = || contract.rules(|service| service.emergencies[&digest].clone());
        let acknowledge = async |number: i64| {
            let path = format!("/api/v1/incidents/{number}/acknowledge");
            assert_eq!(world.admin().post(&path, json!({})).await.status, 200);
            world.settle().await;
        };
        acknowledge(3).await;
        assert!(!emergency().is_cancelled, "two incidents wait for an answer");
        assert_status(world, 4, Status::Triggered, None).await;
        contract.rules(|service| {
            let emergency = service.emergencies.get_mut(&digest).expect("it was sent");
            emergency.acknowledged_by = Some(USER.to_owned());
        });
        pass(world, 5).await;
        for number in [4, 5] {
            assert_status(world, number, Status::Acknowledged, Some("ana")).await;
        }
        for number in [1, 2] {
            assert_status(world, number, Status::Triggered, None).await;
        }
        assert_eq!(contract.broken(), Vec::<String>::new());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_that_ran_out_is_asked_about_no_more() {
    on_both_stores(async |world| {
        let contract = start(world).await;
        change(&contract, |emergency| emergency.is_expired = true);
        pass(world, 60).await;
        assert_eq!(emergency(&contract).asked_at.len(), 1);
        assert_status(world, 1, Status::Triggered, None).await;
        pass(world, 5 * 60).await;
        assert!(!world.phones.of("bo").is_empty(), "the next step comes all the same");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_wants_to_be_left_alone_is_asked_again_when_it_said() {
    on_both_stores(async |world| {
        let contract = start(world).await;
        contract.plant(Answer::new(429, "{}").with("retry-after", "40"));
        contract.plant(Answer::new(502, ""));
        pass(world, 44).await;
        assert_eq!(contract.seen().len(), 2, "the message, and one asking");
        pass(world, 1).await;
        assert_eq!(contract.seen().len(), 3);
        assert!(emergency(&contract).asked_at.is_empty(), "neither was heard");
        change(&contract, |emergency| emergency.acknowledged_by = Some("g".repeat(30)));
        pass(world, 30).await;
        // The key is nobody's here: a group of the provider's, whose page it was.
        assert_status(world, 1, Status::Acknowledged, Some("ana")).await;
        assert_eq!(contract.broken(), Vec::<String>::new());
    })
    .await;
}
