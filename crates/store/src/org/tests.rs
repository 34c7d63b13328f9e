use jiff::Timestamp;
use muster_core::org::directory::CATCH_ALL_SERVICE;
use serde_json::json;
use uuid::Uuid;

use crate::Lane;
use crate::org::config::{self, Change, Object, RECORD_CONFLICT};
use crate::org::directory;
use crate::org::document::{Documents, Kind};
use crate::org::{draft, history, sealed};
use crate::setting;
use crate::testing::on_both_engines;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn golden() -> Documents {
    serde_json::from_str(include_str!("document/golden/v1.json")).unwrap()
}

/// Every document with an id of its own, written by revision 1.
fn objects(documents: &Documents) -> Vec<Object> {
    let items = documents.items().unwrap();
    let id = |number: usize| Uuid::from_u128(u128::try_from(number).unwrap());
    let objects = items.into_iter().enumerate().map(|(at, item)| {
        let parts = ["hook", "mail", "alertmanager", "generic"];
        let parts = parts
            .iter()
            .enumerate()
            .map(|(part, name)| ((*name).to_owned(), id(1000 + at * 10 + part)));
        Object { id: id(at + 1), item, parts: parts.collect(), revision: 1, is_removed: false }
    });
    objects.collect()
}

async fn write(db: &crate::Db, revision: i64, objects: &[Object]) {
    let mut tx = db.begin(Lane::Command).await.unwrap();
    let change = Change { revision, at: NOW, actor: "ana".to_owned(), summary: json!({}) };
    config::record(&mut tx, &change).await.unwrap();
    for object in objects {
        config::put(&mut tx, object, NOW).await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn what_is_written_is_read_and_becomes_the_directory() {
    on_both_engines(async |db| {
        write(&db, 1, &objects(&golden())).await;
        let mut tx = db.snapshot().await.unwrap();
        let stored = config::stored(&mut tx).await.unwrap();
        assert_eq!(stored.revision, 1);
        assert_eq!(stored.documents().unwrap(), {
            let mut sorted = golden();
            sorted.users.as_mut().unwrap().sort_by(|a, b| a.name.cmp(&b.name));
            sorted.roles.as_mut().unwrap().sort_by(|a, b| a.name.cmp(&b.name));
            sorted
        });
        let environment = |name: &str| (name == "CHECKOUT_KEY").then(|| "from-outside".to_owned());
        let loaded = directory::load(&mut tx, &environment).await.unwrap();
        let directory = &loaded.directory;
        assert_eq!((directory.revision, directory.name.as_str()), (1, "Example Shop"));
        let checkout = directory.services.named("checkout").unwrap();
        let keys: Vec<_> = checkout.integrations.iter().map(|i| i.key.as_str()).collect();
        assert_eq!(keys, ["am-checkout-key", "from-outside"]);
        let ana = directory.users.named("ana").unwrap();
        assert_eq!(ana.rules_high.len(), 2);
        assert_eq!(directory.catch_all_policy().unwrap().name, "payments");
        assert!(directory.services.named(CATCH_ALL_SERVICE).is_some());
        assert_eq!(directory.routing[0].service, checkout.id);
        let missing = ["ANA_HOOK", "CHAT", "TWILIO"];
        assert_eq!(loaded.warnings.len(), missing.len(), "{:?}", loaded.warnings);
    })
    .await;
}

#[tokio::test]
async fn an_integration_whose_key_is_unset_is_closed_and_not_open_to_anybody() {
    let objects = objects(&golden());
    let stored = config::Stored { revision: 1, objects };
    let loaded =
        directory::build(1, &stored.documents().unwrap(), &stored.ids(), &|_| Some(String::new()));
    let checkout = loaded.directory.services.named("checkout").unwrap();
    assert!(checkout.integrations.iter().all(|integration| !integration.key.is_empty()));
    assert!(loaded.warnings.iter().any(|warning| warning.contains("CHECKOUT_KEY")));

    let same = |_: &str| Some("am-checkout-key".to_owned());
    let loaded = directory::build(1, &stored.documents().unwrap(), &stored.ids(), &same);
    assert!(loaded.warnings[0].contains("the same key"), "{:?}", loaded.warnings);
}

#[tokio::test]
async fn a_name_that_comes_back_is_the_same_thing_again() {
    on_both_engines(async |db| {
        let all = objects(&golden());
        write(&db, 1, &all).await;
        let team = all.iter().find(|object| object.item.kind == Kind::Team).unwrap().clone();
        let mut tx = db.begin(Lane::Command).await.unwrap();
        config::remove(&mut tx, Kind::Team, "payments", 2, NOW).await.unwrap();
        let stored = config::stored(&mut tx).await.unwrap();
        assert_eq!(stored.documents().unwrap().teams, Some(vec![]));
        assert_eq!(stored.ids().object(Kind::Team, "payments"), Some(team.id));
        let built = directory::build(2, &stored.documents().unwrap(), &stored.ids(), &|_| None);
        assert!(built.directory.teams.is_empty());
        assert_eq!(built.directory.services.named("checkout").unwrap().team, None);

        let again = Object { id: Uuid::from_u128(99), revision: 3, ..team.clone() };
        config::put(&mut tx, &again, NOW).await.unwrap();
        let stored = config::stored(&mut tx).await.unwrap();
        assert_eq!(stored.ids().object(Kind::Team, "payments"), Some(team.id));
    })
    .await;
}

#[tokio::test]
async fn of_two_changes_on_the_same_revision_one_must_look_again() {
    on_both_engines(async |db| {
        write(&db, 1, &[]).await;
        let mut tx = db.begin(Lane::Command).await.unwrap();
        let change = Change { revision: 1, at: NOW, actor: "bo".into(), summary: json!({"n": 1}) };
        let late = config::record(&mut tx, &change).await.unwrap_err();
        assert!(late.is_conflict_on(RECORD_CONFLICT), "{late}");
        drop(tx);
        write(&db, 2, &[]).await;
        let mut tx = db.snapshot().await.unwrap();
        let changes = config::changes(&mut tx, i64::MAX, 10).await.unwrap();
        let revisions: Vec<_> = changes.iter().map(|change| change.revision).collect();
        assert_eq!(revisions, [2, 1]);
    })
    .await;
}

/// Every text that the store keeps of documents.
async fn texts(db: &crate::Db) -> Vec<String> {
    const ALL: crate::db::Sql = crate::db::Sql::same(
        "SELECT document FROM config_object UNION ALL
         SELECT document FROM config_version WHERE document IS NOT NULL UNION ALL
         SELECT document FROM config_draft",
    );
    let mut tx = db.snapshot().await.unwrap();
    let rows: Vec<(String,)> = tx.fetch_all(&ALL, crate::args![]).await.unwrap();
    rows.into_iter().map(|(text,)| text).collect()
}

/// The tokens of the golden providers and the rest that nobody need see.
fn secrets() -> Documents {
    serde_json::from_value(json!({
        "providers": [ { "name": "chat", "type": "slack", "token": "xoxb-very-secret",
                         "signing_secret": "shh-very-secret" } ],
        "teams": [ { "name": "payments" } ],
    }))
    .unwrap()
}

async fn keep(db: &crate::Db, revision: i64) {
    let documents = secrets();
    write(db, revision, &objects(&documents)).await;
    let mut tx = db.begin(Lane::Command).await.unwrap();
    for item in documents.items().unwrap() {
        let (actor, way) = ("ana".to_owned(), "apply".to_owned());
        let value = Some(item.value.clone());
        let version = history::Version { revision, at: NOW, actor: actor.clone(), way, value };
        history::keep(&mut tx, item.kind, &item.name, &version).await.unwrap();
        let draft = draft::Draft { actor, base: revision, updated_at: NOW, value: item.value };
        draft::put(&mut tx, item.kind, &item.name, &draft).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// Objects, versions and drafts as they are read.
async fn read(db: &crate::Db) -> (Documents, Vec<history::Version>, Vec<draft::Draft>) {
    let mut tx = db.snapshot().await.unwrap();
    let documents = config::stored(&mut tx).await.unwrap().documents().unwrap();
    let (mut versions, mut drafts) = (Vec::new(), Vec::new());
    for item in secrets().items().unwrap() {
        versions.extend(history::list(&mut tx, item.kind, &item.name, 9, 9).await.unwrap());
        drafts.extend(draft::list(&mut tx, item.kind, &item.name).await.unwrap());
    }
    (documents, versions, drafts)
}

#[tokio::test]
async fn documents_with_secrets_are_stored_sealed_and_old_ones_are_sealed_later() {
    on_both_engines(async |db| {
        let says_secrets =
            async || texts(&db).await.iter().any(|text| text.contains("very-secret"));
        // As a version that seals nothing wrote it.
        keep(&db, 1).await;
        let before = read(&db).await;
        let kept = Documents::from_items(secrets().items().unwrap()).unwrap();
        assert_eq!((&before.0, before.1.len(), before.2.len()), (&kept, 2, 2));
        assert!(says_secrets().await);

        let mut tx = db.begin(Lane::Command).await.unwrap();
        setting::put(&mut tx, setting::INSTANCE_KEY, &[7; 32]).await.unwrap();
        sealed::begin(&mut tx).await.unwrap();
        assert_eq!(sealed::seal_stored(&mut tx).await.unwrap(), 3, "the team holds no secret");
        assert_eq!(sealed::seal_stored(&mut tx).await.unwrap(), 0);
        tx.commit().await.unwrap();
        assert!(!says_secrets().await, "{:?}", texts(&db).await);
        assert_eq!(read(&db).await, before);

        // What is written from then on.
        keep(&db, 2).await;
        assert!(!says_secrets().await, "{:?}", texts(&db).await);
        assert_eq!(texts(&db).await.iter().filter(|text| text.starts_with("sealed1:")).count(), 4);
        assert_eq!(read(&db).await.0, kept);

        // Another installation, or a text that was moved or changed, opens nothing.
        let mut tx = db.begin(Lane::Command).await.unwrap();
        setting::put(&mut tx, setting::INSTANCE_KEY, &[8; 32]).await.unwrap();
        let refused = config::stored(&mut tx).await.unwrap_err().to_string();
        assert!(refused.contains("cannot be read with this installation's key"), "{refused}");
    })
    .await;
}
