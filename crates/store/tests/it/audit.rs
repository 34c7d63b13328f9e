//! The record stands, and whoever rewrites it is found out.

use muster_store::audit::{self, Entry, Fault, Verdict};
use muster_store::testing::{fresh, on_both_engines};
use muster_store::{Db, Engine, Lane, Sql, args};
use serde_json::json;
use uuid::Uuid;

use crate::t;

#[tokio::test]
async fn a_sealed_record_verifies() {
    on_both_engines(async |db| {
        assert!(matches!(
            audit::verify(&db, None).await.unwrap(),
            Verdict::Intact { unsealed: 0, .. }
        ));
        write(&db, 1..=1_200).await;
        assert_eq!(audit::seal(&db).await.unwrap(), 1_200);
        assert_eq!(audit::seal(&db).await.unwrap(), 0);
        write(&db, 1_201..=1_203).await;
        let head = audit::head(&db).await.unwrap();
        assert_eq!(head.position, 1_200);
        let verdict = audit::verify(&db, Some(&head)).await.unwrap();
        assert_eq!(verdict, Verdict::Intact { head: head.clone(), unsealed: 3, redacted: 0 });
        assert_eq!(audit::seal(&db).await.unwrap(), 3);
        let verdict = audit::verify(&db, Some(&head)).await.unwrap();
        assert!(matches!(verdict, Verdict::Intact { unsealed: 0, .. }), "{verdict:?}");
    })
    .await;
}

#[tokio::test]
async fn tampering_is_found_where_it_happened() {
    const FORGED_ACTION: Sql =
        Sql::same("UPDATE audit SET action = 'incident.viewed' WHERE position = 3");
    const FORGED_DETAILS: Sql = Sql::same("UPDATE audit SET data = '{}' WHERE position = 3");
    const UNSALTED: Sql = Sql::same("UPDATE audit SET salt = NULL WHERE position = 3");
    const REMOVED: Sql = Sql::same("DELETE FROM audit WHERE position = 3");
    const CUT_SHORT: Sql = Sql::same("DELETE FROM audit WHERE position >= 3");
    const SWAPPED: Sql = Sql::same(
        "UPDATE audit SET prev_hash = (SELECT hash FROM audit AS a WHERE a.position = 1)
         WHERE position = 3",
    );
    for (forgery, fault) in [
        (FORGED_ACTION, Fault::Changed),
        (FORGED_DETAILS, Fault::DetailsChanged),
        (UNSALTED, Fault::DetailsChanged),
        (REMOVED, Fault::Missing),
        (CUT_SHORT, Fault::Missing),
        (SWAPPED, Fault::Unlinked),
    ] {
        on_both_engines(async |db| {
            write(&db, 1..=5).await;
            audit::seal(&db).await.unwrap();
            let head = audit::head(&db).await.unwrap();
            let mut tx = db.begin(Lane::Command).await.unwrap();
            assert!(tx.execute(&forgery, args![]).await.unwrap() > 0);
            tx.commit().await.unwrap();
            let verdict = audit::verify(&db, Some(&head)).await.unwrap();
            assert_eq!(verdict, Verdict::Broken { position: 3, fault }, "{forgery:?}");
        })
        .await;
    }
}

#[tokio::test]
async fn details_can_be_blotted_out_and_the_chain_holds() {
    on_both_engines(async |db| {
        write(&db, 1..=3).await;
        audit::seal(&db).await.unwrap();
        let head = audit::head(&db).await.unwrap();
        let mut tx = db.begin(Lane::Command).await.unwrap();
        assert!(audit::redact(&mut tx, Uuid::from_u128(2)).await.unwrap());
        tx.commit().await.unwrap();
        let verdict = audit::verify(&db, Some(&head)).await.unwrap();
        assert_eq!(verdict, Verdict::Intact { head, unsealed: 0, redacted: 1 });
        let records = audit::list(&db, None, 10).await.unwrap();
        assert_eq!(records[1].entry.data, json!(null));
        assert!(records[1].is_redacted && !records[0].is_redacted);
    })
    .await;
}

#[tokio::test]
async fn an_entry_that_was_rolled_back_never_was() {
    on_both_engines(async |db| {
        let mut tx = db.begin(Lane::Command).await.unwrap();
        audit::append(&mut tx, &entry(1), [1; 16]).await.unwrap();
        drop(tx);
        write(&db, 2..=2).await;
        assert_eq!(audit::seal(&db).await.unwrap(), 1);
        assert!(matches!(
            audit::verify(&db, None).await.unwrap(),
            Verdict::Intact { unsealed: 0, .. }
        ));
    })
    .await;
}

#[tokio::test]
async fn an_entry_committed_late_is_sealed_behind_those_before_it() {
    let fresh = fresh(Engine::Postgres).await;
    let db = &fresh.db;
    let mut late = db.begin(Lane::Command).await.unwrap();
    audit::append(&mut late, &entry(1), [1; 16]).await.unwrap();
    write(db, 2..=3).await;
    assert_eq!(audit::seal(db).await.unwrap(), 2);
    late.commit().await.unwrap();
    assert_eq!(audit::seal(db).await.unwrap(), 1);
    let records = audit::list(db, None, 10).await.unwrap();
    let positions: Vec<_> = records.iter().map(|record| record.position).collect();
    assert_eq!(positions, [Some(2), Some(1), Some(3)]);
    assert!(matches!(audit::verify(db, None).await.unwrap(), Verdict::Intact { .. }));
}

#[tokio::test]
async fn two_sealers_make_one_chain() {
    let fresh = fresh(Engine::Postgres).await;
    write(&fresh.db, 1..=700).await;
    let other = fresh.open_again().await;
    let (one, two) = tokio::join!(audit::seal(&fresh.db), audit::seal(&other));
    for outcome in [one, two] {
        assert!(outcome.as_ref().is_ok_and(|count| *count <= 700), "{outcome:?}");
    }
    audit::seal(&fresh.db).await.unwrap();
    let verdict = audit::verify(&fresh.db, None).await.unwrap();
    let Verdict::Intact { head, unsealed: 0, .. } = verdict else { panic!("{verdict:?}") };
    assert_eq!(head.position, 700);
}

#[tokio::test]
async fn the_record_is_paged_newest_first_and_by_object() {
    on_both_engines(async |db| {
        write(&db, 1..=5).await;
        let page = audit::list(&db, None, 2).await.unwrap();
        let rest = audit::list(&db, Some(page[1].seq), 10).await.unwrap();
        let order: Vec<_> =
            page.iter().chain(&rest).map(|record| record.entry.id.as_u128()).collect();
        assert_eq!(order, [5, 4, 3, 2, 1]);
        let about = audit::of_object(&db, "incident", "inc_3", None, 10).await.unwrap();
        assert_eq!(about.len(), 1);
        assert_eq!(about[0].entry, entry(3));
    })
    .await;
}

async fn write(db: &Db, numbers: std::ops::RangeInclusive<u128>) {
    let mut tx = db.begin(Lane::Command).await.unwrap();
    for number in numbers {
        audit::append(&mut tx, &entry(number), [number as u8; 16]).await.unwrap();
    }
    tx.commit().await.unwrap();
}

fn entry(number: u128) -> Entry {
    Entry {
        id: Uuid::from_u128(number),
        at: t("2026-11-21T03:12:04Z"),
        actor_kind: "user".into(),
        actor_id: Some(Uuid::from_u128(9)),
        action: "incident.acknowledged".into(),
        object_kind: "incident".into(),
        object_id: format!("inc_{number}"),
        data: json!({"note": "ünder control", "number": number as u64}),
    }
}
