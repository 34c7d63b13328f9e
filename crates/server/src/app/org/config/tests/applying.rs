//! Applying, exporting and applying again, on both engines.

use muster_store::Db;
use muster_store::org::directory;
use muster_store::org::document::Kind;
use muster_store::testing::on_both_engines;

use super::super::{Action, ConfigError, Surroundings, apply, check, export, plan};
use super::{EXAMPLE, example_with, surroundings, wanted};

async fn applied(db: &Db, text: &str) -> Vec<String> {
    let applied = apply(db, &wanted(text), "ana", &surroundings()).await;
    let applied = applied.unwrap_or_else(|error| panic!("{error}"));
    lines(&applied.plan)
}

fn lines(plan: &super::Plan) -> Vec<String> {
    let line = |change: &super::super::Change| {
        let (action, kind) = (change.action.name(), change.kind.name());
        format!("{action} {kind} {} {}", change.name, change.fields.join(",")).trim().to_owned()
    };
    plan.changes.iter().map(line).collect()
}

async fn refused(db: &Db, text: &str) -> Vec<String> {
    match apply(db, &wanted(text), "ana", &surroundings()).await {
        Err(ConfigError::Invalid(problems)) => problems.iter().map(ToString::to_string).collect(),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was applied"),
    }
}

async fn revision(db: &Db) -> i64 {
    let mut tx = db.snapshot().await.unwrap();
    directory::revision(&mut tx).await.unwrap()
}

#[tokio::test]
async fn the_example_applies_once_and_changes_nothing_the_second_time() {
    on_both_engines(async |db| {
        let changes = applied(&db, EXAMPLE).await;
        assert_eq!(changes.len(), 11);
        assert_eq!(changes[0], "create organization organization");
        assert_eq!(changes[10], "create catch_all catch_all");
        assert_eq!(revision(&db).await, 1);

        assert_eq!(applied(&db, EXAMPLE).await, [""; 0]);
        assert_eq!(revision(&db).await, 1, "a change of nothing is no change");

        let mut tx = db.snapshot().await.unwrap();
        let loaded = directory::load(&mut tx, &|_| None).await.unwrap();
        assert_eq!(loaded.warnings, [""; 0]);
        assert_eq!(loaded.directory.users.len(), 3);
        assert_eq!(loaded.directory.all_integrations().count(), 2);
    })
    .await;
}

#[tokio::test]
async fn what_is_exported_applies_without_a_change_there_and_makes_the_same_elsewhere() {
    on_both_engines(async |db| {
        applied(&db, EXAMPLE).await;
        let first = export(&db).await.unwrap();
        assert_eq!(applied(&db, &first).await, [""; 0]);
        assert_eq!(export(&db).await.unwrap(), first);
    })
    .await;
    let exports = tokio::sync::Mutex::new(Vec::new());
    on_both_engines(async |db| {
        applied(&db, EXAMPLE).await;
        exports.lock().await.push(export(&db).await.unwrap());
    })
    .await;
    let exports = exports.into_inner();
    assert_eq!(exports[0], exports[1], "both engines export the same text");
    assert_eq!(exports[0], include_str!("../../../../../tests/fixtures/org-example-exported.yaml"));
}

#[tokio::test]
async fn a_plan_names_the_fields_that_change_and_writes_nothing() {
    on_both_engines(async |db| {
        applied(&db, EXAMPLE).await;
        let text = example_with(
            "tier: 1\n    escalation_policy: payments\n    depends_on: [ledger-db]",
            "escalation_policy: payments",
        );
        let text =
            text.replace("every: 1w, handoff: \"Mon 09:00\"", "every: 2w, handoff: \"Tue 09:00\"");
        let planned = plan(&db, &wanted(&text), &surroundings()).await.unwrap();
        let expected = [
            "update schedule payments-primary layers",
            "update schedule payments-secondary layers",
            "update service checkout tier,depends_on",
        ];
        assert_eq!(lines(&planned), expected);
        assert_eq!(revision(&db).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_file_is_the_whole_of_the_kinds_that_it_speaks_of() {
    on_both_engines(async |db| {
        applied(&db, EXAMPLE).await;
        let more = "teams:\n  - { name: payments, manager: bo, members: [ana, bo] }\n  - { name: search }\n";
        assert_eq!(applied(&db, more).await, ["create team search"]);
        let fewer = "teams:\n  - { name: payments, manager: bo, members: [ana, bo] }\n";
        assert_eq!(applied(&db, fewer).await, ["delete team search"]);
        assert_eq!(revision(&db).await, 3);
        let text = export(&db).await.unwrap();
        assert!(text.contains("checkout") && !text.contains("search"));
    })
    .await;
}

#[tokio::test]
async fn what_something_else_refers_to_is_not_removed() {
    on_both_engines(async |db| {
        applied(&db, EXAMPLE).await;
        let users = "users:\n  - { name: ana, email: ana@example.com, contact_methods: [ { name: mail, type: email, address: ana@example.com } ] }\n";
        let refused = refused(&db, users).await;
        assert_eq!(
            refused[0],
            "org.yaml:2:3: users: this list leaves out the user `bo`, but `teams(payments).manager` refers to it"
        );
        assert_eq!(refused.len(), 5, "{refused:#?}");
        assert_eq!(revision(&db).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_name_that_comes_back_has_its_old_id_and_so_have_its_parts() {
    on_both_engines(async |db| {
        applied(&db, EXAMPLE).await;
        let ids = async || {
            let mut tx = db.snapshot().await.unwrap();
            let directory = directory::load(&mut tx, &|_| None).await.unwrap().directory;
            let ana = directory.users.named("ana").map(|ana| (ana.id, ana.contact_methods[0].id));
            let checkout = directory.services.named("checkout");
            (ana, checkout.map(|service| (service.id, service.integrations[0].id)))
        };
        let before = ids().await;
        let start = EXAMPLE.find("  - name: checkout").unwrap();
        let end = EXAMPLE.find("  - name: ledger-db").unwrap();
        let without = format!("{}{}", &EXAMPLE[..start], &EXAMPLE[end..]);
        let without =
            without.replace("name: hook", "name: web").replace("method: hook", "method: web");
        assert!(applied(&db, &without).await.contains(&"delete service checkout".to_owned()));
        assert_ne!(ids().await, before);
        let later = Surroundings { now: "2027-01-01T00:00:00Z".parse().unwrap(), ..surroundings() };
        apply(&db, &wanted(EXAMPLE), "ana", &later).await.unwrap();
        assert_eq!(ids().await, before);
    })
    .await;
}

#[tokio::test]
async fn secrets_from_the_environment_stay_out_of_the_store() {
    on_both_engines(async |db| {
        let text = example_with("key: am-checkout-key", "key: { env: CHECKOUT_KEY }").replace(
            "url: \"http://127.0.0.1:9099/ana\"",
            "url: { env: ANA }, secret: { env: SIGN }",
        );
        let environment = |name: &str| Some(format!("value-of-{name}"));
        let outside = Surroundings { environment: &environment, ..surroundings() };
        let applied = apply(&db, &wanted(&text), "ana", &outside).await.unwrap();
        assert!(applied.is_change() && applied.plan.warnings.is_empty());
        let exported = export(&db).await.unwrap();
        assert!(exported.contains("env: CHECKOUT_KEY") && !exported.contains("value-of"));
        let unset = plan(&db, &wanted(&text), &surroundings()).await.unwrap();
        assert!(unset.is_empty());
        assert_eq!(unset.warnings.len(), 3, "{:#?}", unset.warnings);
        assert!(unset.warnings.iter().any(|warning| warning.contains("CHECKOUT_KEY")));
    })
    .await;
}

#[tokio::test]
async fn of_two_people_who_apply_at_once_both_succeed_in_turn() {
    on_both_engines(async |db| {
        applied(&db, EXAMPLE).await;
        let one = wanted("webhooks: [ { name: chat, url: https://chat.example.com } ]");
        let two = wanted("routing: [ { when: 'labels.a == \"b\"', service: checkout } ]");
        let outside = surroundings();
        let (one, two) =
            tokio::join!(apply(&db, &one, "ana", &outside), apply(&db, &two, "bo", &outside));
        let mut revisions = [one.unwrap().revision, two.unwrap().revision];
        revisions.sort_unstable();
        assert_eq!(revisions, [2, 3]);
    })
    .await;
}

#[tokio::test]
async fn a_part_of_a_file_may_refer_to_what_is_configured() {
    on_both_engines(async |db| {
        let part = "services: [ { name: search, team: payments, escalation_policy: payments } ]";
        let refused_alone = refused(&db, part).await;
        assert_eq!(
            refused_alone,
            [
                "org.yaml:1:35: services[0].team: there is no team `payments`",
                "org.yaml:1:64: services[0].escalation_policy: there is no escalation policy `payments`",
            ]
        );
        applied(&db, EXAMPLE).await;
        let planned = plan(&db, &wanted(part), &surroundings()).await.unwrap();
        assert_eq!(lines(&planned), ["create service search", "delete service checkout", "delete service ledger-db"]);
        let actions = planned.changes.iter().filter(|change| change.kind == Kind::Service);
        assert_eq!(actions.filter(|change| change.action == Action::Delete).count(), 2);
    })
    .await;
}

#[tokio::test]
async fn texts_that_look_like_something_else_survive_an_export() {
    let odd = [
        "null",
        "~",
        "yes",
        "0x10",
        "1e3",
        "a: b",
        "# no comment",
        "- x",
        "'",
        "\"",
        "{}",
        "*a",
        "&a",
        "é\u{1F600}",
        "two\nlines",
        "tab\there",
        "2026-01-05",
        "very long text that goes on beyond eighty characters and on, with  two spaces and an end ",
    ];
    on_both_engines(async |db| {
        for text in odd {
            let quoted = serde_json::to_string(text).unwrap();
            let file =
                example_with("    runbook:", &format!("    description: {quoted}\n    runbook:"));
            applied(&db, &file).await;
            let exported = export(&db).await.unwrap();
            let again =
                check(&exported, None).unwrap_or_else(|problems| panic!("{text:?}: {problems:#?}"));
            let services = again.documents().services.as_ref().unwrap();
            assert_eq!(services[0].description.as_deref(), Some(text));
            assert_eq!(applied(&db, &exported).await, [""; 0], "{text:?}");
        }
    })
    .await;
}
