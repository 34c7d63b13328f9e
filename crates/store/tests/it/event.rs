//! The live stream's events: told in order, and none of them skipped.

use std::time::Duration;

use muster_store::event::{self, NewEvent};
use muster_store::testing::{fresh, on_both_engines};
use muster_store::{Db, Engine, Lane, Tx};

use crate::t;

async fn tell(tx: &mut Tx, kind: &str) {
    let news =
        NewEvent { kind: kind.to_owned(), incident_number: Some(42), subject: "inc_".into() };
    event::tell(tx, t("2026-11-21T03:00:00Z"), &[news]).await.unwrap();
}

async fn told(db: &Db, after: i64) -> Vec<(i64, String)> {
    let rows = event::after(db, after, 100).await.unwrap();
    rows.into_iter().map(|row| (row.seq, row.kind)).collect()
}

/// What is told once there are `count` events: transactions of other databases of the cluster hold
/// events back too, for as long as they run.
async fn told_at_last(db: &Db, after: i64, count: usize) -> Vec<(i64, String)> {
    let waiting = async {
        loop {
            let told = told(db, after).await;
            if told.len() >= count {
                return told;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("the events are told")
}

fn kinds(told: &[(i64, String)]) -> Vec<&str> {
    told.iter().map(|(_, kind)| kind.as_str()).collect()
}

#[tokio::test]
async fn a_reader_goes_on_where_it_stopped() {
    on_both_engines(async |db| {
        assert_eq!(event::newest(&db).await.unwrap(), 0);
        for kind in ["a", "b", "c"] {
            let mut tx = db.begin(Lane::Command).await.unwrap();
            tell(&mut tx, kind).await;
            tx.commit().await.unwrap();
        }
        let all = told_at_last(&db, 0, 3).await;
        assert_eq!(kinds(&all), ["a", "b", "c"]);
        assert_eq!(kinds(&told(&db, all[0].0).await), ["b", "c"]);
        assert_eq!(event::newest(&db).await.unwrap(), all[2].0);
        assert_eq!(told(&db, all[2].0).await, []);
    })
    .await;
}

/// Two transactions whose places and commits are in opposite order: only PostgreSQL runs two at once.
#[tokio::test]
async fn an_event_of_a_slow_transaction_is_told_later_and_not_skipped() {
    let fresh = fresh(Engine::Postgres).await;
    let db = &fresh.db;
    let mut early = db.begin(Lane::Command).await.unwrap();
    let mut late = db.begin(Lane::Triage).await.unwrap();
    tell(&mut early, "early begins").await;
    tell(&mut late, "slow").await;
    tell(&mut early, "early ends").await;
    early.commit().await.unwrap();

    let first = told_at_last(db, 0, 2).await;
    assert_eq!(kinds(&first), ["early begins", "early ends"]);
    assert_eq!(event::newest(db).await.unwrap(), first[1].0);
    late.commit().await.unwrap();
    let then = told_at_last(db, first[1].0, 1).await;
    assert_eq!(kinds(&then), ["slow"]);
    assert!(then[0].0 < first[1].0, "its place is lower and it was told all the same");
    assert_eq!(told(db, then[0].0).await, []);
    db.close().await;
}
