//! The impact of an incident (`I6`, `I9`, `D4`): what is known of it, what it costs by the minute, and
//! what else was lost.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, World, on_both_stores};

const IMPACT: &str = "/api/v1/incidents/1/impact";
const LOSSES: &str = "/api/v1/incidents/1/losses";

/// A minute of checkout costs 1,200 EUR, one of search 60 USD.
async fn with_prices(world: &World) {
    let admin = world.admin();
    let text = admin.get("/api/v1/config/export").await.text;
    let price = |amount: i64, currency: &str| {
        format!("\n  cost_per_minute: {{ amount: {amount}, currency: {currency} }}")
    };
    let text =
        text.replace("- name: checkout", &format!("- name: checkout{}", price(1_200, "EUR")));
    let text = text.replace("- name: search", &format!("- name: search{}", price(60, "USD")));
    let answer = admin.send(Method::POST, "/api/v1/config/apply", text).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

async fn tell(client: &Client<'_>, body: Value) -> Value {
    let answer = client.patch(IMPACT, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["impact"].clone()
}

async fn texts(client: &Client<'_>, kind: &str) -> Vec<String> {
    let timeline = client.read("/api/v1/incidents/1/timeline?limit=500").await;
    let entries = timeline["items"].as_array().unwrap().iter();
    let of_kind = entries.filter(|entry| entry["kind"] == kind);
    of_kind.map(|entry| entry["text"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn how_bad_it_is_can_be_known_better_at_any_time() {
    on_both_stores(async |world: &World| {
        let admin = world.admin();
        let report = json!({
            "title": "Nobody can pay", "service": "checkout",
            "impact": { "contact": { "name": "Kim Doe", "reach": "+1 555 0100" } },
        });
        let declared = admin.post("/api/v1/incidents", report).await;
        assert_eq!(declared.status, 201, "{}", declared.text);
        assert_eq!(declared.json()["impact"]["contact"]["name"], "Kim Doe");
        assert_eq!(declared.json()["impact"]["users"], Value::Null);

        let body = json!({
            "users": 1200, "hosts": 3, "services": ["search", "checkout"],
            "customers": ["Acme"], "how_bad": "no card is taken",
        });
        let impact = tell(&admin, body.clone()).await;
        let whole = "1,200 users, 3 hosts; also search; customers Acme; no card is taken";
        assert_eq!(impact["summary"], whole);
        assert_eq!(impact["contact"]["reach"], "+1 555 0100", "what is left out stays");
        tell(&admin, body).await;
        assert_eq!(
            texts(&admin, "impact_changed").await,
            [
                "Impact: customer service: Kim Doe, +1 555 0100",
                "Impact: 1,200 users; 3 hosts; also search; customers Acme; no card is taken",
            ],
            "what is known is no news"
        );

        assert_eq!(admin.post("/api/v1/incidents/1/resolve", json!({})).await.status, 200);
        let impact = tell(&admin, json!({ "users": null, "contact": null })).await;
        assert_eq!((&impact["users"], &impact["contact"]), (&Value::Null, &Value::Null));
        assert_eq!(impact["hosts"], 3);
    })
    .await;
}

#[tokio::test]
async fn the_cost_runs_while_customers_are_not_well_and_losses_are_added() {
    on_both_stores(async |world: &World| {
        with_prices(world).await;
        let admin = world.admin();
        let report = json!({ "title": "Nobody can pay", "service": "checkout" });
        assert_eq!(admin.post("/api/v1/incidents", report).await.status, 201);
        let impact = tell(&admin, json!({ "services": ["search"] })).await;
        assert_eq!(
            impact["cost_per_minute"],
            json!([{ "amount": 1200, "currency": "EUR" }, { "amount": 60, "currency": "USD" }])
        );
        world.advance(SignedDuration::from_secs(150)).await;
        let cost = |eur: i64, usd: i64| {
            json!([{ "amount": eur, "currency": "EUR" }, { "amount": usd, "currency": "USD" }])
        };
        let read = async || admin.read("/api/v1/incidents/1").await["impact"].clone();
        assert_eq!(read().await["outage_cost"], cost(3_000, 150));

        assert_eq!(admin.post("/api/v1/incidents/1/restore", json!({})).await.status, 200);
        world.advance(SignedDuration::from_mins(10)).await;
        let loss = json!({ "what": "six people for two hours", "amount": 900, "currency": "EUR" });
        assert_eq!(admin.post(LOSSES, loss).await.status, 200);
        let wrong = json!({ "what": "a slip", "amount": 5, "currency": "EUR" });
        assert_eq!(admin.post(LOSSES, wrong).await.status, 200);
        assert_eq!(admin.post(&format!("{LOSSES}/2/strike"), json!({})).await.status, 200);
        let impact = read().await;
        assert_eq!(impact["cost_per_minute"], json!([]), "customers are well");
        assert_eq!(impact["outage_cost"], cost(3_000, 150));
        assert_eq!(impact["cost"], cost(3_900, 150));
        assert_eq!(impact["losses"][1]["struck"], true);
        assert_eq!(texts(&admin, "loss_struck").await, ["Struck the loss of 5 EUR: a slip"]);
        let again = admin.post(&format!("{LOSSES}/2/strike"), json!({})).await;
        assert_eq!(again.problem(409), "incident 1 lists no such loss");

        let report = admin.read("/api/v1/reports/incidents?to=2026-11-22T00:00:00Z").await;
        assert_eq!(report["losses"], json!([{ "amount": 900, "currency": "EUR" }]));
        assert_eq!(report["cost"], cost(3_900, 150));
        let search = report["by_service"].as_array().unwrap().iter();
        let search = search.clone().find(|one| one["service"] == "search").unwrap();
        assert_eq!((&search["count"], &search["outage_seconds"]), (&json!(0), &json!(150)));
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_its_place() {
    on_both_stores(async |world: &World| {
        let admin = world.admin();
        assert_eq!(admin.post("/api/v1/incidents", json!({ "title": "x" })).await.status, 201);
        for (body, why) in [
            (json!({ "services": ["search", "serch"] }), "services[1]: there is no service `serch`"),
            (json!({ "users": 1_000_000_000_001_u64 }), "users: must be at most 1000000000000"),
            (
                json!({ "customers": ["Acme", " "] }),
                "customers[1]: must be a line of 1 to 200 characters",
            ),
            (
                json!({ "contact": { "name": "a\nb" } }),
                "contact.name: must be a line of 1 to 200 characters",
            ),
        ] {
            let answer = admin.patch(IMPACT, body).await;
            assert_eq!(answer.problem(400), why);
        }
        for body in [json!({ "users": -1 }), json!({ "users": "many" }), json!({ "userz": 1 })] {
            let answer = admin.patch(IMPACT, body.clone()).await;
            assert!((400..=422).contains(&answer.status), "{body}: {}", answer.text);
        }
        let loss = |amount: i64, currency: &str| {
            json!({ "what": "x", "amount": amount, "currency": currency })
        };
        let answer = admin.post(LOSSES, loss(0, "EUR")).await;
        assert_eq!(answer.problem(400), "amount: must be from 1 to 1000000000000");
        let answer = admin.post(LOSSES, loss(1, "euro")).await;
        assert!(answer.problem(400).starts_with("currency: is not a currency"));
        assert_eq!(texts(&admin, "impact_changed").await, [] as [&str; 0]);
        let impact = admin.read("/api/v1/incidents/1").await["impact"].clone();
        assert_eq!((&impact["summary"], &impact["losses"]), (&json!(""), &json!([])));
    })
    .await;
}
