//! Teams: the contract notices planted mistakes, and the adapter makes none.

use jiff::SignedDuration;
use muster_core::org::channel::Channel;
use muster_integrations::channels::{Message, Outcome};
use serde_json::json;

use super::{all_messages, disables, send, superseded, to};
use crate::contract::judge::{Answer, Contract};
use crate::contract::teams::{TARGET, Teams};
use crate::support::a_page;

mod mistakes;

async fn sent(contract: &Contract<Teams>, message: Message) -> Outcome {
    let address = format!("{}{TARGET}", contract.url());
    send(&to(Channel::Teams, &address, None, message)).await
}

#[tokio::test]
async fn a_page_is_a_card_with_a_link_to_answer_by_and_news_is_another() {
    let contract = Contract::start(Teams::default()).await;
    assert_eq!(sent(&contract, a_page("Disk [full](x)")).await, Outcome::accepted(202));
    assert_eq!(sent(&contract, superseded("Disk full")).await, Outcome::accepted(202));
    assert_eq!(contract.broken(), Vec::<String>::new());
    let cards = contract.rules(|teams| teams.cards.clone());
    assert_eq!(cards[0]["actions"][0]["title"], "Answer by link");
    assert_eq!(cards[0]["actions"][0]["url"], "https://muster.example.com/p/token");
    assert!(cards[0].to_string().contains("Disk [full](x)"), "{}", cards[0]);
    assert!(cards[1].to_string().contains("Acknowledged by Bo Lind"), "{}", cards[1]);
}

#[tokio::test]
async fn whatever_an_alert_says_the_card_keeps_the_rules() {
    let contract = Contract::start(Teams::default()).await;
    for message in all_messages() {
        let outcome = sent(&contract, message).await;
        assert_eq!(outcome.name(), "accepted", "{outcome:?}");
    }
    assert_eq!(contract.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn refusals_are_told_apart() {
    let contract = Contract::start(Teams::default()).await;
    let gone = format!("{}/workflows/deleted?sig=x", contract.url());
    assert!(disables(&send(&to(Channel::Teams, &gone, None, a_page("x"))).await));
    for (status, code, name, disable) in [
        (400, "WorkflowTriggerIsNotEnabled", "permanent", true),
        (400, "TriggerInputSchemaMismatch", "permanent", false),
        (401, "DirectApiAuthorizationRequired", "permanent", true),
        (502, "NoResponse", "temporary", false),
    ] {
        contract.plant(Answer::json(status, &json!({"error": {"code": code}})));
        let outcome = sent(&contract, a_page("x")).await;
        assert_eq!((outcome.name(), disables(&outcome)), (name, disable), "{code}");
    }
    contract.plant(Answer::new(429, "").with("retry-after", "9"));
    let outcome = sent(&contract, a_page("x")).await;
    let Outcome::Temporary { retry_after, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(retry_after, Some(SignedDuration::from_secs(9)));
}

#[tokio::test]
async fn the_secret_of_the_address_stands_in_no_outcome() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let nobody = format!("http://{address}{TARGET}");
    let outcome = send(&to(Channel::Teams, &nobody, None, a_page("x"))).await;
    assert_eq!(outcome.name(), "temporary");
    assert!(!format!("{outcome:?}").contains("sig="), "{outcome:?}");
}
