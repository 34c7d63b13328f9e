//! Shifts that several have together: whoever takes time says whose place, and the others stay.

use serde_json::{Value, json};

use crate::harness::{Client, World, on_both_stores};
use crate::overrides::{ROTA, apply_rota};

const AT: &str = "2026-12-01T12:00:00Z";

/// Ana and bo have every day together; eve is of another team.
async fn together(world: &World) {
    let rota = ROTA.replace("participants: [ana, bo]", "participants: [[ana, bo]]");
    apply_rota(world, &rota).await;
}

async fn present(client: &Client<'_>, at: &str) -> Vec<String> {
    let answer = client.read(&format!("/api/v1/schedules/daily/on-call?at={at}")).await;
    let people = answer["on_call"].as_array().unwrap().iter();
    let mut people: Vec<_> = people.map(|it| it["user"].as_str().unwrap().to_owned()).collect();
    people.sort();
    people
}

fn body(more: Value) -> Value {
    let mut body = json!({ "user": "eve", "from": "2026-12-01T10:00:00Z", "for": "4h" });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

#[tokio::test]
async fn taking_a_shared_shift_says_whose_place_and_the_others_stay() {
    on_both_stores(async |world| {
        together(world).await;
        let boss = world.with_role("manager");
        assert_eq!(present(&boss, AT).await, ["ana", "bo"]);
        for path in ["overrides", "take"] {
            let path = format!("/api/v1/schedules/daily/{path}");
            let open = boss.post(&path, body(json!({}))).await.problem(409);
            assert!(open.contains("Ana Ortiz and Bo Lind have that shift together"), "{open}");
            let wrong = boss.post(&path, body(json!({ "instead_of": "eve" }))).await;
            assert!(wrong.problem(409).contains("no place of their own"), "{}", wrong.text);
            let nobody = boss.post(&path, body(json!({ "instead_of": "none" }))).await;
            assert_eq!(nobody.status, 400, "{}", nobody.text);
        }
        assert_eq!(present(&boss, AT).await, ["ana", "bo"], "nothing has changed");

        let path = "/api/v1/schedules/daily/overrides";
        let made = boss.post(path, body(json!({ "instead_of": "bo" }))).await;
        assert_eq!(made.json()["instead_of"], "bo", "{}", made.text);
        assert_eq!(present(&boss, AT).await, ["ana", "eve"]);
        assert_eq!(present(&boss, "2026-12-01T14:00:00Z").await, ["ana", "bo"], "it is over");
        let id = made.json()["id"].as_str().unwrap().to_owned();
        assert_eq!(boss.delete(&format!("{path}/{id}")).await.status, 204);
        assert_eq!(present(&boss, AT).await, ["ana", "bo"]);

        let whole = boss.post(path, body(json!({ "everybody": true }))).await;
        assert_eq!(whole.json()["instead_of"], Value::Null, "{}", whole.text);
        assert_eq!(present(&boss, AT).await, ["eve"]);
    })
    .await;
}
