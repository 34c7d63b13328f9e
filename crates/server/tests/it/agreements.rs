//! Agreements about shifts that meet each other: undone in any order, given away by trainees, swapped
//! in shared schedules, and asked for while the shift runs (`O3`, `O10`).

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::harness::{Client, World, on_both_stores};
use crate::overrides::apply_rota;

/// Ana has every week; Bo and Eve would, where she did not.
const ANA_ALONE: &str = r#"
schedules:
  - name: daily
    team: payments
    timezone: Etc/UTC
    layers:
      - name: others
        rotation: { every: 1w, handoff: "Mon 09:00", start: 2026-11-02, participants: [bo, eve] }
      - name: weeks
        rotation: { every: 1w, handoff: "Mon 09:00", start: 2026-11-02, participants: [ana] }
"#;
/// Ana and Bo have every week together.
const TOGETHER: &str = r#"
schedules:
  - name: daily
    team: payments
    timezone: Etc/UTC
    layers:
      - name: weeks
        rotation: { every: 1w, handoff: "Mon 09:00", start: 2026-11-02, participants: [[ana, bo]] }
"#;
const SHADOW: &str = r#"
    shadows:
      - { user: eve, follows: ana, from: "2026-11-30T00:00", to: "2026-12-07T00:00", reverse: true }
"#;

const FROM: &str = "2026-12-01T09:00:00Z";
const NOON: &str = "2026-12-01T12:00:00Z";
const TO: &str = "2026-12-01T17:00:00Z";
const ASK: &str = "/api/v1/schedules/daily/cover-requests";

async fn people<'a>(world: &'a World, rota: &str) -> [Client<'a>; 3] {
    apply_rota(world, rota).await;
    for name in ["ana", "bo", "eve"] {
        world.give_password(name).await;
    }
    [world.browser("ana").await, world.browser("bo").await, world.browser("eve").await]
}

async fn on_call(client: &Client<'_>, at: &str) -> Vec<String> {
    let answer = client.read(&format!("/api/v1/schedules/daily/on-call?at={at}")).await;
    let shifts = answer["on_call"].as_array().unwrap().iter();
    shifts.map(|shift| shift["user"].as_str().unwrap().to_owned()).collect()
}

/// `giver` asks one person to take a time, and they do. Gives the path of the request.
async fn agree(giver: &Client<'_>, taker: (&str, &Client<'_>), from: &str, to: &str) -> String {
    let asked = giver.post(ASK, json!({ "from": from, "to": to, "ask": [taker.0] })).await;
    assert_eq!(asked.status, 201, "{}", asked.text);
    let path = format!("/api/v1/cover-requests/{}", asked.json()["id"].as_str().unwrap());
    let accepted = taker.1.post(&format!("{path}/accept"), json!({})).await;
    assert_eq!(accepted.json()["state"], "accepted", "{}", accepted.text);
    path
}

async fn undo(client: &Client<'_>, path: &str) {
    let undone = client.post(&format!("{path}/undo"), json!({})).await;
    assert_eq!(undone.json()["state"], "undone", "{}", undone.text);
}

#[tokio::test]
async fn agreements_are_undone_in_any_order_and_the_shift_stays_with_whom_it_belongs() {
    on_both_stores(async |world| {
        let [ana, bo, eve] = people(world, ANA_ALONE).await;
        // The later one first: the older one stands again, and can itself be undone.
        let first = agree(&ana, ("bo", &bo), FROM, TO).await;
        let second = agree(&bo, ("eve", &eve), FROM, TO).await;
        assert_eq!(on_call(&ana, NOON).await, ["eve"]);
        undo(&bo, &second).await;
        assert_eq!(on_call(&ana, NOON).await, ["bo"]);
        undo(&ana, &first).await;
        assert_eq!(on_call(&ana, NOON).await, ["ana"]);

        // The older one first: whoever has it by the later one keeps it; then it is not Bo's.
        let first = agree(&ana, ("bo", &bo), FROM, TO).await;
        let second = agree(&bo, ("eve", &eve), NOON, TO).await;
        undo(&ana, &first).await;
        assert_eq!(on_call(&ana, FROM).await, ["ana"], "nobody else took this part");
        assert_eq!(on_call(&ana, NOON).await, ["eve"]);
        undo(&bo, &second).await;
        assert_eq!(on_call(&ana, NOON).await, ["ana"]);

        // Three upon each other, and the one in the middle goes.
        let first = agree(&ana, ("bo", &bo), FROM, TO).await;
        let second = agree(&bo, ("eve", &eve), FROM, TO).await;
        let third = agree(&eve, ("ana", &ana), NOON, TO).await;
        undo(&eve, &second).await;
        assert_eq!(on_call(&ana, FROM).await, ["bo"]);
        assert_eq!(on_call(&ana, NOON).await, ["ana"]);
        undo(&eve, &third).await;
        assert_eq!(on_call(&ana, NOON).await, ["bo"]);
        undo(&bo, &first).await;
        assert_eq!(on_call(&ana, NOON).await, ["ana"]);
    })
    .await;
}

#[tokio::test]
async fn a_trainee_gives_a_shift_away_and_does_not_keep_it() {
    on_both_stores(async |world| {
        let [ana, bo, eve] = people(world, &format!("{TOGETHER}{SHADOW}")).await;
        assert_eq!(on_call(&ana, NOON).await, ["eve", "bo"]);
        // To the mentor, who would otherwise hand it back.
        let given = agree(&eve, ("ana", &ana), FROM, TO).await;
        assert_eq!(on_call(&ana, NOON).await, ["ana", "bo"]);
        assert_eq!(on_call(&ana, TO).await, ["eve", "bo"], "afterwards it is theirs again");
        undo(&ana, &given).await;
        assert_eq!(on_call(&bo, NOON).await, ["eve", "bo"]);
    })
    .await;
    on_both_stores(async |world| {
        let [ana, bo, eve] = people(world, &format!("{ANA_ALONE}{SHADOW}")).await;
        assert_eq!(on_call(&bo, NOON).await, ["eve"]);
        agree(&eve, ("ana", &ana), FROM, NOON).await;
        agree(&eve, ("bo", &bo), NOON, TO).await;
        assert_eq!(on_call(&bo, FROM).await, ["ana"]);
        assert_eq!(on_call(&bo, NOON).await, ["bo"]);
        assert_eq!(on_call(&bo, TO).await, ["eve"]);
    })
    .await;
}

#[tokio::test]
async fn a_swap_of_times_that_overlap_is_refused_and_names_both() {
    on_both_stores(async |world| {
        let [ana, bo, _] = people(world, TOGETHER).await;
        let swap = |from: &str, to: &str| {
            json!({ "from": FROM, "to": TO, "in_return": { "from": from, "to": to } })
        };
        let late = "2026-12-01T20:00:00Z";
        let refused = ana.post(ASK, swap(NOON, late)).await;
        let problem = refused.problem(409);
        for words in ["Ana Ortiz", "Bo Lind", "1 Dec 09:00", "1 Dec 12:00", "do not overlap"] {
            assert!(problem.contains(words), "{words}: {problem}");
        }
        assert_eq!(refused.json()["errors"][0]["path"], "in_return");
        assert_eq!(ana.read("/api/v1/cover-requests").await["items"], json!([]));
        // Times that touch are two times.
        let asked = ana.post(ASK, swap(TO, late)).await;
        assert_eq!(asked.status, 201, "{}", asked.text);
        let path = format!("/api/v1/cover-requests/{}", asked.json()["id"].as_str().unwrap());
        assert_eq!(bo.post(&format!("{path}/accept"), json!({})).await.status, 200);
        assert_eq!(on_call(&ana, NOON).await, ["bo", "bo"]);
        assert_eq!(on_call(&ana, TO).await, ["ana", "ana"]);
    })
    .await;
}

#[tokio::test]
async fn a_request_for_a_shift_that_runs_stays_open_until_the_end_of_what_it_asks_for() {
    on_both_stores(async |world| {
        let [ana, bo, _] = people(world, ANA_ALONE).await;
        let begun = world.app.now();
        let from = begun - SignedDuration::from_mins(30);
        let to = begun + SignedDuration::from_hours(4);
        let body = json!({ "from": from.to_string(), "to": to.to_string(), "ask": ["bo"] });
        let asked = ana.post(ASK, body.clone()).await;
        assert_eq!(asked.status, 201, "{}", asked.text);
        let path = format!("/api/v1/cover-requests/{}", asked.json()["id"].as_str().unwrap());
        let state = async || ana.read(&path).await["state"].clone();
        world.advance(SignedDuration::from_hours(3)).await;
        assert_eq!(state().await, "requested");
        let reminded = world.phones.of("bo").iter().map(Value::to_string).collect::<String>();
        assert!(reminded.contains("Still open"), "{reminded}");
        let accepted = bo.post(&format!("{path}/accept"), json!({})).await;
        assert_eq!(accepted.status, 200, "{}", accepted.text);
        assert_eq!(on_call(&ana, &world.app.now().to_string()).await, ["bo"]);
        undo(&bo, &path).await;

        let again = ana.post(ASK, body).await;
        let path = format!("/api/v1/cover-requests/{}", again.json()["id"].as_str().unwrap());
        world.advance(SignedDuration::from_secs(60 * 60 - 1)).await;
        assert_eq!(ana.read(&path).await["state"], "requested");
        world.advance(SignedDuration::from_secs(1)).await;
        world.settle().await;
        assert_eq!(ana.read(&path).await["state"], "expired");
    })
    .await;
}
