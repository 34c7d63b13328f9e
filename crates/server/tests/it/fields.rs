//! Custom fields (`T2`): configured, set and taken away with their history, required before an incident
//! moves on, found, counted, readable after they are gone, and told to nobody who does not see the
//! incident.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, World, on_both_stores};

const FIELDS: &str = r#"fields:
  - { name: cause, title: Cause, kind: choice, choices: [Deploy, Config], required: resolved }
  - { name: users_hit, title: Users hit, kind: number }
  - { name: owner, kind: person }
  - { name: noticed, title: Noticed on, kind: date }
  - { name: customer, title: Customer, description: Whom it hit }
  - { name: reviewed, title: Reviewed, kind: yes_no, required: closed }
"#;

async fn apply(world: &World, text: &str) {
    let client = world.admin();
    let answer = client.send(Method::POST, "/api/v1/config/apply", text.to_owned()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// Each field with its value, as the incident shows them.
fn values(incident: &Value) -> Vec<(&str, &str)> {
    let fields = incident["fields"].as_array().unwrap().iter();
    fields.map(|it| (it["field"].as_str().unwrap(), it["value"].as_str().unwrap())).collect()
}

async fn found(client: &Client<'_>, text: &str) -> Vec<i64> {
    let url = reqwest::Url::parse_with_params("http://x/api/v1/incidents", [("q", text)]).unwrap();
    let list = client.read(&format!("{}?{}", url.path(), url.query().unwrap())).await;
    let items = list["items"].as_array().unwrap();
    items.iter().map(|item| item["number"].as_i64().unwrap()).collect()
}

async fn set(client: &Client<'_>, number: i64, values: Value) -> Value {
    let path = format!("/api/v1/incidents/{number}/fields");
    let reply = client.post(&path, json!({ "values": values })).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.json()
}

#[tokio::test]
async fn fields_are_set_with_their_history_and_taken_away() {
    on_both_stores(async |world| {
        apply(world, FIELDS).await;
        let client = world.admin();
        let body = json!({ "title": "Slow", "severity": 4, "fields": { "customer": "Acme GmbH" } });
        let one = client.post("/api/v1/incidents", body).await.json();
        assert_eq!(values(&one), [("customer", "Acme GmbH")]);
        let all = json!({
            "cause": "deploy", "users_hit": 1200.50, "owner": "ANA", "noticed": "2026-11-21",
            "reviewed": false,
        });
        let one = set(&client, 1, all.clone()).await;
        let kept = [
            ("cause", "Deploy"),
            ("users_hit", "1200.5"),
            ("owner", "ana"),
            ("noticed", "2026-11-21"),
            ("customer", "Acme GmbH"),
            ("reviewed", "no"),
        ];
        assert_eq!(values(&one), kept);
        assert_eq!(values(&set(&client, 1, all).await), kept, "what is so already changes nothing");
        let why = json!({
            "values": { "cause": "Config", "customer": "" }, "reason": "the flag was off",
        });
        let one = client.post("/api/v1/incidents/1/fields", why).await.json();
        assert_eq!(values(&one)[0], ("cause", "Config"));
        assert_eq!(values(&one).len(), 5);
        let timeline = client.read("/api/v1/incidents/1/timeline").await;
        let entries = timeline["items"].as_array().unwrap().iter();
        let entries: Vec<_> = entries.filter(|entry| entry["kind"] == "field_set").collect();
        let said: Vec<_> = entries.iter().map(|entry| entry["text"].as_str().unwrap()).collect();
        assert_eq!(
            said,
            [
                "Set Customer to Acme GmbH",
                "Set Cause to Deploy",
                "Set Noticed on to 2026-11-21",
                "Set owner to ana",
                "Set Reviewed to no",
                "Set Users hit to 1200.5",
                "Changed Cause from Deploy to Config: the flag was off",
                "Took Customer away, which was Acme GmbH: the flag was off",
            ]
        );
        assert_eq!(entries[6]["data"]["from"], "Deploy");
        assert_eq!(entries[7]["data"]["to"], Value::Null);
        let record = client.get("/api/v1/incidents/1/record.md").await.text;
        assert!(record.contains("- Cause: Config\n- Users hit: 1200.5\n"), "{record}");
        let listed = client.read("/api/v1/incidents").await;
        assert_eq!(values(&listed["items"][0]).len(), 5);
        let fields = client.read("/api/v1/fields").await;
        let cause = &fields["items"][0];
        assert_eq!(cause["required"], "resolved");
        assert_eq!(cause["choices"], json!(["Deploy", "Config"]));
        assert_eq!(cause["in_use"], json!([{ "value": "Config", "count": 1 }]));
    })
    .await;
}

#[tokio::test]
async fn a_value_that_a_field_cannot_have_is_refused_and_nothing_is_set() {
    on_both_stores(async |world| {
        apply(world, FIELDS).await;
        let client = world.admin();
        let path = "/api/v1/incidents/1/fields";
        let declare = json!({ "title": "Slow", "severity": 4, "fields": { "cause": "else" } });
        client.post("/api/v1/incidents", declare).await.problem(400);
        client.post("/api/v1/incidents", json!({ "title": "Slow", "severity": 4 })).await;
        for (values, why) in [
            (json!({ "cause": "else", "customer": "Acme" }), "use one of Deploy, Config"),
            (json!({ "users_hit": "many" }), "use a number"),
            (json!({ "users_hit": 1e30 }), "use a number"),
            (json!({ "owner": "nobody" }), "nobody of that name"),
            (json!({ "noticed": "yesterday" }), "use a day such as"),
            (json!({ "reviewed": "maybe" }), "use yes or no"),
            (json!({ "customer": "two\nlines" }), "use one line"),
            (json!({ "colour": "red" }), "there is no field `colour`; there are cause"),
        ] {
            let problem = client.post(path, json!({ "values": values })).await.problem(400);
            assert!(problem.contains(why), "{problem}");
        }
        let long = json!({ "values": { "cause": "Config" }, "reason": "x".repeat(501) });
        client.post(path, long).await.problem(400);
        assert_eq!(values(&client.read("/api/v1/incidents/1").await), []);
        let looker = world.with_role("stakeholder");
        looker.post(path, json!({ "values": { "cause": "Config" } })).await.problem(403);
        assert_eq!(looker.read("/api/v1/fields").await["items"].as_array().unwrap().len(), 6);
    })
    .await;
}

#[tokio::test]
async fn an_incident_moves_on_only_with_the_fields_that_are_required_by_then() {
    on_both_stores(async |world| {
        apply(world, FIELDS).await;
        let client = world.admin();
        client.post("/api/v1/incidents", json!({ "title": "Slow", "severity": 4 })).await;
        let path = |verb: &str| format!("/api/v1/incidents/1/{verb}");
        assert_eq!(client.post(&path("restore"), json!({})).await.status, 200);
        let why = client.post(&path("resolve"), json!({})).await.problem(409);
        assert!(why.contains("cannot be resolved before `cause` is set"), "{why}");
        set(&client, 1, json!({ "cause": "Config" })).await;
        assert_eq!(client.post(&path("resolve"), json!({})).await.status, 200);
        let why = client.post(&path("close"), json!({})).await.problem(409);
        assert!(why.contains("cannot be closed before `reviewed` is set"), "{why}");
        // Fields are set afterwards too: a review happens when it is over.
        set(&client, 1, json!({ "cause": "", "reviewed": true })).await;
        let why = client.post(&path("close"), json!({})).await.problem(409);
        assert!(why.contains("before `cause` is set"), "{why}");
        set(&client, 1, json!({ "cause": "Deploy" })).await;
        assert_eq!(client.post(&path("close"), json!({})).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn incidents_are_found_by_their_fields() {
    on_both_stores(async |world| {
        apply(world, FIELDS).await;
        let client = world.admin();
        for fields in [
            json!({ "cause": "Deploy", "users_hit": 90, "customer": "Größe AG 100%" }),
            json!({ "cause": "Config", "users_hit": 1000, "noticed": "2026-11-20" }),
            json!({ "users_hit": -5, "noticed": "2026-11-21", "owner": "ana", "reviewed": true }),
        ] {
            let body = json!({ "title": "Slow", "severity": 4, "fields": fields });
            assert_eq!(client.post("/api/v1/incidents", body).await.status, 201);
        }
        for (text, numbers) in [
            ("field.cause:deploy", &[1][..]),
            ("field.cause:DEPLOY,config", &[2, 1]),
            ("-field.cause:deploy", &[3, 2]),
            ("field.cause:none", &[3]),
            ("field.cause:any", &[2, 1]),
            ("-field.cause:any", &[3]),
            ("field.users_hit:90.0", &[1]),
            ("field.users_hit:>90", &[2]),
            ("field.users_hit:<=90", &[3, 1]),
            ("-field.users_hit:<=90", &[2]),
            ("field.noticed:>=2026-11-21", &[3]),
            ("field.noticed:<2026-11-21", &[2]),
            ("field.customer:größe", &[1]),
            ("field.customer:100%", &[1]),
            ("field.customer:\"ag 1_0\"", &[]),
            ("field.owner:ana field.reviewed:yes", &[3]),
        ] {
            assert_eq!(found(&client, text).await, numbers, "{text}");
        }
        for (text, why) in [
            ("field.colour:red", "there is no field `colour`"),
            ("field.cause:>deploy", "only numbers and days"),
            ("field.users_hit:many", "use a number"),
            ("field.noticed:>soon", "use a day"),
            ("field.reviewed:maybe", "use yes or no"),
        ] {
            let url = reqwest::Url::parse_with_params("http://x/", [("q", text)]).unwrap();
            let path = format!("/api/v1/search?{}", url.query().unwrap());
            let problem = client.get(&path).await.problem(400);
            assert!(problem.contains(why), "{text}: {problem}");
        }
        let keys = client.read("/api/v1/search/keys").await;
        let keys = keys["items"].as_array().unwrap();
        let offered = |name: &str| &keys.iter().find(|key| key["key"] == name).unwrap()["values"];
        assert_eq!(offered("field.cause"), &json!(["Deploy", "Config", "any", "none"]));
        assert_eq!(offered("field.customer"), &json!(["Größe AG 100%", "any", "none"]));
    })
    .await;
}

#[tokio::test]
async fn the_report_counts_incidents_by_the_values_of_fields() {
    on_both_stores(async |world| {
        apply(world, FIELDS).await;
        let client = world.admin();
        for (number, cause) in [(1, "Deploy"), (2, "Config"), (3, "Deploy"), (4, "")] {
            let body = json!({
                "title": "Down", "service": "checkout", "severity": 1,
                "fields": { "cause": cause },
            });
            assert_eq!(client.post("/api/v1/incidents", body).await.status, 201);
            world.settle().await;
            world.advance(SignedDuration::from_mins(5)).await;
            let path = format!("/api/v1/incidents/{number}/restore");
            assert_eq!(client.post(&path, json!({})).await.status, 200);
        }
        world.advance(SignedDuration::from_mins(1)).await;
        let report = client.read("/api/v1/reports/incidents").await;
        let figures = json!([{
            "field": "cause", "title": "Cause",
            "values": [
                { "value": "Deploy", "count": 2, "outage_seconds": 600 },
                { "value": "Config", "count": 1, "outage_seconds": 300 },
                { "value": null, "count": 1, "outage_seconds": 300 },
            ],
        }]);
        assert_eq!(report["by_field"], figures);
    })
    .await;
}

#[tokio::test]
async fn values_of_a_field_that_is_gone_stay_readable() {
    on_both_stores(async |world| {
        apply(world, FIELDS).await;
        let client = world.admin();
        let fields = json!({ "cause": "Deploy", "users_hit": 7 });
        let body = json!({ "title": "Slow", "severity": 4, "fields": fields });
        client.post("/api/v1/incidents", body).await;
        apply(world, "fields: [ { name: users_hit, title: Hit, kind: number } ]\n").await;
        let one = client.read("/api/v1/incidents/1").await;
        assert_eq!(values(&one), [("users_hit", "7"), ("cause", "Deploy")]);
        assert_eq!(one["fields"][0]["title"], "Hit");
        let gone = json!({
            "field": "cause", "title": "Cause", "kind": "choice", "value": "Deploy",
            "configured": false,
        });
        assert_eq!(one["fields"][1], gone);
        let record = client.get("/api/v1/incidents/1/record.md").await.text;
        assert!(record.contains("- Hit: 7\n- Cause: Deploy\n"), "{record}");
        assert_eq!(client.post("/api/v1/incidents/1/resolve", json!({})).await.status, 200);
        let wrong = json!({ "values": { "cause": "Config" } });
        client.post("/api/v1/incidents/1/fields", wrong).await.problem(400);
        let exported = client.get("/api/v1/config/export").await.text;
        assert!(exported.contains("title: Hit") && !exported.contains("Deploy"), "{exported}");
    })
    .await;
}

#[tokio::test]
async fn the_values_of_a_restricted_incident_are_told_to_those_on_it_alone() {
    on_both_stores(async |world| {
        apply(world, FIELDS).await;
        world.give_password("ana").await;
        let ana = world.browser("ana").await;
        let body = json!({
            "title": "Secret", "severity": 4, "restricted": { "reason": "personal data" },
            "fields": { "customer": "kryptonite", "cause": "Deploy" },
        });
        assert_eq!(ana.post("/api/v1/incidents", body).await.status, 201);
        world.advance(SignedDuration::from_mins(1)).await;
        let other = world.admin();
        for (client, sees) in [(&ana, true), (&other, false)] {
            for path in ["/api/v1/fields", "/api/v1/search/keys", "/api/v1/incidents"] {
                let text = client.get(path).await.text;
                assert_eq!(text.contains("kryptonite"), sees, "{path}");
            }
            let fields = client.read("/api/v1/fields").await;
            let in_use = fields["items"][0]["in_use"].as_array().unwrap().len();
            assert_eq!(in_use, usize::from(sees));
            assert_eq!(found(client, "field.customer:krypt").await.len(), usize::from(sees));
            assert_eq!(found(client, "field.cause:any").await.len(), usize::from(sees));
            let report = client.read("/api/v1/reports/incidents").await;
            assert_eq!(report["by_field"].as_array().unwrap().len(), 2 * usize::from(sees));
        }
        let set = json!({ "values": { "cause": "Config" } });
        other.post("/api/v1/incidents/1/fields", set).await.problem(404);
    })
    .await;
}

#[tokio::test]
async fn a_field_that_cannot_be_is_refused_with_its_place() {
    on_both_stores(async |world| {
        let client = world.admin();
        for (field, why) in [
            ("{ name: Cause }", "fields[0].name: `Cause` cannot be the name of a field"),
            ("{ name: a, kind: colour }", "fields[0].kind: `colour` is nothing that a field holds"),
            ("{ name: a, kind: choice }", "fields[0].choices: a choice is one of 1 to 100"),
            ("{ name: a, choices: [b] }", "only a field of the kind `choice` has choices"),
            ("{ name: a, kind: choice, choices: [b, B] }", "fields[0].choices: `b` is here twice"),
            ("{ name: a, kind: choice, choices: [None] }", "a search says `None`"),
            ("{ name: a, kind: choice, choices: [\"b,c\"] }", "has no comma"),
            ("{ name: a, required: triggered }", "fields[0].required: a field is required for"),
            ("{ name: a }, { name: a }", "there is another field `a`"),
        ] {
            let text = format!("fields: [ {field} ]\n");
            let refused = client.send(Method::POST, "/api/v1/config/plan", text).await;
            assert_eq!(refused.status, 422, "{field}: {}", refused.text);
            let errors = refused.json()["errors"].clone();
            let said = errors.as_array().unwrap().iter().map(|error| {
                format!(
                    "{}: {}",
                    error["path"].as_str().unwrap(),
                    error["message"].as_str().unwrap()
                )
            });
            let said = said.collect::<Vec<_>>().join("\n");
            assert!(said.contains(why), "{field}: {said}");
        }
    })
    .await;
}
