//! Shadow and reverse-shadow shifts (`O10`): copies that nobody can answer, and mentors behind
//! trainees.

use muster_store::testing::on_both_engines;

use super::world::World;

/// Ana is on call, and somebody goes along.
fn rota(shadows: &str, methods_of_bo: &str) -> impl Fn(String) -> String {
    move |text| {
        let rota = format!(
            r#"schedules:
  - name: primary
    team: payments
    timezone: Europe/Berlin
    layers:
      - name: days
        rotation: {{ every: 1d, start: 2020-01-01, participants: [ana] }}
    shadows: [ {shadows} ]
"#
        );
        text.replacen("schedules:\n", &rota, 1)
            .replacen("targets: [ { user: ana } ]", "targets: [ { schedule: primary } ]", 1)
            .replacen(
                "notification_rules: { high: [ { after: 0m, method: phone } ] }\nteams",
                methods_of_bo,
                1,
            )
    }
}

const AS_IT_IS: &str = "notification_rules: { high: [ { after: 0m, method: phone } ] }\nteams";

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_hears_of_the_page_and_is_not_asked() {
    on_both_engines(async |db| {
        let world = World::with(db, rota("{ user: bo, follows: ana }", AS_IT_IS)).await;
        world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        assert_eq!(world.phones.at("/ana")[0]["type"], "page");
        let copies = world.phones.at("/bo");
        assert_eq!(copies.len(), 1);
        assert_eq!(copies[0]["type"], "notification");
        assert!(copies[0].get("page").is_none_or(serde_json::Value::is_null), "{}", copies[0]);
        let told = copies[0].to_string();
        assert!(told.contains("[shadow] ana was paged"), "{told}");
        // One page was opened, to the one who is on call.
        let incident = world.incident().await.id;
        assert_eq!(world.ledger(incident).await.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trainee_is_paged_first_and_the_mentor_gets_the_copy() {
    on_both_engines(async |db| {
        let shadows = "{ user: bo, follows: ana, reverse: true }";
        let world = World::with(db, rota(shadows, AS_IT_IS)).await;
        world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        assert_eq!(world.phones.at("/bo")[0]["type"], "page");
        assert_eq!(world.phones.at("/ana")[0]["type"], "notification");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mentor_is_paged_when_the_trainee_has_no_way_to_be_reached() {
    on_both_engines(async |db| {
        let change = |text: String| {
            let cy =
                "  - { name: cy, full_name: Cy Dunn, email: cy@example.com, role: responder }\n";
            let shadows = "{ user: cy, follows: ana, reverse: true }";
            rota(shadows, AS_IT_IS)(text).replacen("teams:\n", &format!("{cy}teams:\n"), 1)
        };
        let world = World::with(db, change).await;
        world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        assert_eq!(world.phones.at("/ana")[0]["type"], "page");
    })
    .await;
}
