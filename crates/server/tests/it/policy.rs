//! Escalation policies with conditions, as the API shows and previews them, and what is refused.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::json;

use crate::harness::on_both_stores;

const POLICY: &str = r#"
escalation_policies:
  - name: payments
    team: payments
    steps:
      - { after: 0m, targets: [ { user: ana } ] }
      - { after: 5m, targets: [ { user: bo } ] }
  - name: managers
    team: payments
    steps: [ { after: 0m, targets: [ { manager_of: payments } ] } ]
  - name: careful
    team: payments
    second_set: { after: 2h, escalation_policy: managers }
    steps:
      - { after: 0m, when: { matches: 'labels.env == "prod"', severity: [1, 2] }, targets: [ { team: payments, round_robin: true } ] }
      - { after: 5m, acknowledge: all, targets: [ { user: ana }, { user: bo } ] }
"#;

#[tokio::test]
async fn a_preview_takes_labels_and_tells_of_conditions_second_set_and_chain() {
    on_both_stores(async |world| {
        let admin = world.admin();
        let applied = admin.send(Method::POST, "/api/v1/config/apply", POLICY).await;
        assert_eq!(applied.status, 200, "{}", applied.text);
        let shown = admin.read("/api/v1/escalation-policies/careful").await;
        assert_eq!(shown["steps"][0]["when"]["matches"], "labels.env == \"prod\"");
        assert_eq!(shown["steps"][0]["targets"], json!([{ "round_robin": "payments" }]));
        assert_eq!(shown["steps"][1]["all_acknowledge"], true);
        assert_eq!(shown["second_set"]["escalation_policy"], "managers");

        let at = "at=2026-11-21T03:00:00Z";
        let path = "/api/v1/escalation-policies/careful/preview";
        let prod = admin.read(&format!("{path}?{at}&labels=env:prod")).await;
        assert_eq!(prod["pages"][0]["step"], 1);
        assert_eq!(prod["pages"][0]["user"], "ana");
        assert_eq!(prod["second_sets"][0]["at"], "2026-11-21T05:00:00Z");
        assert_eq!(prod["management"][0]["user"], "bo");
        assert_eq!(prod["management"][0]["at"], "2026-11-21T03:15:00Z");
        let test = admin.read(&format!("{path}?{at}&labels=env:test")).await;
        assert_eq!(test["pages"][0]["step"], 2);
        assert_eq!(test["skipped"][0]["why"], "`labels.env == \"prod\"` does not hold");
        let mild = admin.read(&format!("{path}?{at}&labels=env:prod&severity=3")).await;
        assert_eq!(mild["skipped"][0]["why"], "it is for other severities");
        assert_eq!(mild["management"], json!([]));
        let wrong = admin.get(&format!("{path}?labels=prod")).await;
        assert_eq!(wrong.status, 400, "{}", wrong.text);
    })
    .await;
}

#[tokio::test]
async fn policies_that_cannot_work_are_refused_with_the_place() {
    on_both_stores(async |world| {
        let admin = world.admin();
        let cases = [
            (
                POLICY.replace(
                    "  - name: managers\n",
                    "  - name: managers\n    second_set: { after: 1h, escalation_policy: careful }\n",
                ),
                "in a circle: managers -> careful -> managers",
            ),
            (POLICY.replace("{ user: ana } ] }", "{ rotation: { schedule: nobody, layer: no } } ] }"),
                "has no layer `no`"),
            (POLICY.replace("{ user: ana } ] }", "{ channel: { provider: no, address: '#x' } } ] }"),
                "there is no provider `no`"),
            (POLICY.replace("{ user: ana } ] }", "{ webhook: no } ] }"), "there is no webhook `no`"),
            (POLICY.replace("labels.env ==", "severity =="), "the client's own word for the severity"),
            (POLICY.replace("acknowledge: all", "acknowledge: most"), "`one` or `all` is expected"),
        ];
        for (text, expected) in cases {
            let answer = admin.send(Method::POST, "/api/v1/config/plan", text.clone()).await;
            assert_eq!(answer.status, 422, "{expected}: {}", answer.text);
            assert!(answer.text.contains(expected), "{expected}: {}", answer.text);
        }
    })
    .await;
}

#[tokio::test]
async fn help_is_one_request_and_names_nobody_unless_one_wants_to() {
    on_both_stores(async |world| {
        let client = world.with_role("responder");
        world.event("trigger", "disk", "critical").await;
        world.settle().await;
        let help = "/api/v1/incidents/1/help";
        let asked = client.post(help, json!({ "want": "manager" })).await;
        assert_eq!(asked.status, 200, "{}", asked.text);
        world.settle().await;
        assert_eq!(world.phones.of("bo").len(), 1);
        let unknown = client.post(help, json!({ "want": "expert", "who": "no-such" })).await;
        assert_eq!(unknown.status, 400, "{}", unknown.text);
        assert!(unknown.text.contains("there is no service `no-such`"), "{}", unknown.text);
        let wrong = client.post(help, json!({ "want": "a-miracle" })).await;
        assert!(wrong.status == 400 || wrong.status == 422, "{}", wrong.text);
        world.advance(SignedDuration::from_mins(1)).await;
        let identified =
            client.post("/api/v1/incidents/1/identify", json!({ "team": "payments" })).await;
        assert_eq!(identified.json()["status"], "identified");
        world.settle().await;
        let reasons: Vec<_> =
            world.phones.of("bo").iter().map(|page| page["page"]["reason"].clone()).collect();
        assert!(reasons.contains(&json!("the cause lies with payments")), "{reasons:?}");
    })
    .await;
}
