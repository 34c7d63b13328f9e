//! What every query relies on: values, transactions, conflicts, snapshots, one owner per directory.

use std::time::Duration;

use muster_store::db::{Result, Row};
use muster_store::testing::{Place, fresh, on_both_engines};
use muster_store::{Db, Engine, Lane, Sql, StoreError, Tx, Value, args};
use sqlx::FromRow;
use uuid::Uuid;

use crate::t;

const CREATE: Sql = Sql::differs(
    "CREATE TABLE probe (
        a INTEGER, b TEXT, c BLOB, d INTEGER, e REAL, f BLOB, at INTEGER NOT NULL PRIMARY KEY
     ) STRICT",
    "CREATE TABLE probe (
        a BIGINT, b TEXT, c BYTEA, d BOOLEAN, e DOUBLE PRECISION, f UUID,
        at BIGINT NOT NULL PRIMARY KEY
     )",
);
const INSERT: Sql = Sql::same("INSERT INTO probe (a, b, c, d, e, f, at) VALUES (?,?,?,?,?,?,?)");
const SELECT: Sql = Sql::same("SELECT a, b, c, d, e, f FROM probe ORDER BY at");
const COUNT: Sql = Sql::same("SELECT COUNT(*) FROM probe");

#[derive(Debug, PartialEq, FromRow)]
struct Probe {
    a: Option<i64>,
    b: Option<String>,
    c: Option<Vec<u8>>,
    d: Option<bool>,
    e: Option<f64>,
    f: Option<Uuid>,
}

#[tokio::test]
async fn every_kind_of_value_comes_back_as_it_was_written() {
    on_both_engines(async |db| {
        let id = Uuid::from_u128(7);
        create(&db).await;
        let mut tx = db.begin(Lane::Command).await.unwrap();
        let full = args![i64::MIN, "it's ünicode ? $1", &b"\0\xff"[..], true, -0.5, id, 1];
        tx.execute(&INSERT, full).await.unwrap();
        let nulls = args![
            None::<i64>,
            None::<&str>,
            None::<Vec<u8>>,
            None::<bool>,
            None::<f64>,
            None::<Uuid>,
            2
        ];
        tx.execute(&INSERT, nulls).await.unwrap();
        tx.commit().await.unwrap();
        let rows: Vec<Probe> = db.fetch_all(&SELECT, args![]).await.unwrap();
        let full = Probe {
            a: Some(i64::MIN),
            b: Some("it's ünicode ? $1".into()),
            c: Some(vec![0, 255]),
            d: Some(true),
            e: Some(-0.5),
            f: Some(id),
        };
        let empty = Probe { a: None, b: None, c: None, d: None, e: None, f: None };
        assert_eq!(rows, [full, empty]);
    })
    .await;
}

#[tokio::test]
async fn lists_of_any_length_travel_as_one_argument() {
    const UNNEST: Sql = Sql::differs(
        "INSERT INTO probe (at, a, b, c, f)
         SELECT n.key, n.value, t.value, unhex(b.value), unhex(u.value)
         FROM json_each(?) AS n
         JOIN json_each(?) AS t ON t.key = n.key
         JOIN json_each(?) AS b ON b.key = n.key
         JOIN json_each(?) AS u ON u.key = n.key",
        "INSERT INTO probe (at, a, b, c, f)
         SELECT ordinal, n, t, b, u
         FROM unnest(?, ?, ?, ?) WITH ORDINALITY AS list (n, t, b, u, ordinal)",
    );
    on_both_engines(async |db| {
        create(&db).await;
        let ids: Vec<_> = (0..1_000).map(|n| Some(Uuid::from_u128(n))).collect();
        let lists = vec![
            Value::IntList((0..1_000).map(|n| (n > 0).then_some(n)).collect()),
            Value::TextList((0..1_000).map(|n| Some(format!("\"{n}'"))).collect()),
            Value::BytesList((0..1_000).map(|n| Some(vec![n as u8, 171])).collect()),
            Value::UuidList(ids.clone()),
        ];
        let mut tx = db.begin(Lane::Accept).await.unwrap();
        assert_eq!(tx.execute(&UNNEST, lists).await.unwrap(), 1_000);
        tx.commit().await.unwrap();
        let rows: Vec<Probe> = db.fetch_all(&SELECT, args![]).await.unwrap();
        assert_eq!(rows[0].a, None);
        for (at, row) in rows.iter().enumerate().skip(1) {
            assert_eq!(row.a, Some(at as i64));
            assert_eq!(row.b, Some(format!("\"{at}'")));
            assert_eq!(row.c, Some(vec![at as u8, 171]));
            assert_eq!(row.f, ids[at]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_transaction_that_is_dropped_leaves_nothing() {
    on_both_engines(async |db| {
        create(&db).await;
        let mut tx = db.begin(Lane::Command).await.unwrap();
        insert(&mut tx, 1).await.unwrap();
        assert_eq!(count_in(&mut tx).await, 1);
        drop(tx);
        // The next writer waits for the rollback where there is only one.
        let mut tx = db.begin(Lane::Command).await.unwrap();
        assert_eq!(count_in(&mut tx).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_transaction_given_up_in_the_middle_of_a_statement_leaves_nothing() {
    on_both_engines(async |db| {
        create(&db).await;
        let mut tx = db.begin(Lane::Command).await.unwrap();
        insert(&mut tx, 1).await.unwrap();
        let abandoned = tokio::time::timeout(Duration::ZERO, insert(&mut tx, 2)).await;
        drop((abandoned.is_err(), tx));
        let mut tx = db.begin(Lane::Command).await.unwrap();
        insert(&mut tx, 3).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(count(&db).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_transaction_that_failed_cannot_be_committed() {
    on_both_engines(async |db| {
        create(&db).await;
        let mut tx = db.begin(Lane::Command).await.unwrap();
        insert(&mut tx, 1).await.unwrap();
        let twice = insert(&mut tx, 1).await.unwrap_err();
        assert!(twice.is_conflict_on("probe_pkey"), "{twice:?}");
        let after = insert(&mut tx, 2).await.unwrap_err();
        assert!(matches!(after, StoreError::Aborted), "{after:?}");
        assert!(matches!(tx.commit().await, Err(StoreError::Aborted)));
        assert_eq!(count(&db).await, 0);
    })
    .await;
}

#[tokio::test]
async fn conflicts_have_the_same_name_on_both_engines() {
    const TABLES: [Sql; 3] = [
        Sql::differs(
            "CREATE TABLE parent (id BLOB PRIMARY KEY, a TEXT, b TEXT, UNIQUE (a, b)) STRICT",
            "CREATE TABLE parent (id UUID PRIMARY KEY, a TEXT, b TEXT, UNIQUE (a, b))",
        ),
        Sql::same("CREATE UNIQUE INDEX parent_b_key ON parent (b) WHERE a IS NULL"),
        Sql::differs(
            "CREATE TABLE child (parent BLOB REFERENCES parent (id)) STRICT",
            "CREATE TABLE child (parent UUID REFERENCES parent (id))",
        ),
    ];
    const PARENT: Sql = Sql::same("INSERT INTO parent (id, a, b) VALUES (?, ?, ?)");
    const CHILD: Sql = Sql::same("INSERT INTO child (parent) VALUES (?)");
    on_both_engines(async |db| {
        let mut tx = db.begin(Lane::Command).await.unwrap();
        for table in &TABLES {
            tx.execute(table, args![]).await.unwrap();
        }
        tx.execute(&PARENT, args![Uuid::from_u128(1), "a", "b"]).await.unwrap();
        tx.execute(&PARENT, args![Uuid::from_u128(2), None::<&str>, "b"]).await.unwrap();
        tx.commit().await.unwrap();
        let three = Uuid::from_u128(3);
        for (sql, values, name) in [
            (PARENT, args![Uuid::from_u128(1), "c", "d"], "parent_pkey"),
            (PARENT, args![three, "a", "b"], "parent_a_b_key"),
            (PARENT, args![three, None::<&str>, "b"], "parent_b_key"),
            (CHILD, args![three], "foreign_key"),
        ] {
            let mut tx = db.begin(Lane::Command).await.unwrap();
            let error = tx.execute(&sql, values).await.unwrap_err();
            assert!(error.is_conflict_on(name), "{:?}: {error:?}, not {name}", db.engine());
        }
    })
    .await;
}

#[tokio::test]
async fn a_missing_row_is_told_apart_and_does_no_harm() {
    on_both_engines(async |db| {
        create(&db).await;
        let mut tx = db.begin(Lane::Command).await.unwrap();
        let none = tx.fetch_one::<Probe>(&SELECT, args![]).await;
        assert!(matches!(none, Err(StoreError::Missing)));
        insert(&mut tx, 1).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(count(&db).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_mistaken_statement_is_refused_and_not_called_unavailable() {
    on_both_engines(async |db| {
        let error = fetch::<(i64,)>(&db, Sql::same("SELECT nothing FROM nowhere")).await;
        assert!(matches!(error, Err(StoreError::Refused(_))), "{error:?}");
        let error = fetch::<(i64,)>(&db, Sql::same("SELECT 'text'")).await;
        assert!(matches!(error, Err(StoreError::Corrupt(_))), "{error:?}");
    })
    .await;
}

/// Only PostgreSQL can be made to take its time with a commit: by a trigger that sleeps in it.
#[tokio::test]
async fn a_commit_past_its_deadline_is_unknown_and_the_store_goes_on() {
    const SLOW: [Sql; 2] = [
        Sql::same(
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql
             AS 'BEGIN PERFORM pg_sleep(0.3); RETURN NULL; END'",
        ),
        Sql::same(
            "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON probe
             DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()",
        ),
    ];
    let fresh = fresh(Engine::Postgres).await;
    let db = &fresh.db;
    create(db).await;
    let mut tx = db.begin(Lane::Command).await.unwrap();
    for sql in &SLOW {
        tx.execute(sql, args![]).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut tx = db.begin(Lane::Command).await.unwrap();
    insert(&mut tx, 1).await.unwrap();
    let outcome = tx.commit_within(Duration::from_millis(20)).await;
    assert!(matches!(outcome, Err(StoreError::CommitUnknown)), "{outcome:?}");
    // Doing it again with the same key is harmless, whatever became of it.
    let mut tx = db.begin(Lane::Command).await.unwrap();
    match insert(&mut tx, 1).await {
        Ok(_) => tx.commit().await.unwrap(),
        Err(error) => assert!(error.is_conflict_on("probe_pkey"), "{error:?}"),
    }
    assert_eq!(count(db).await, 1);
}

#[tokio::test]
async fn a_snapshot_sees_one_moment_and_writes_nothing() {
    on_both_engines(async |db| {
        create(&db).await;
        let mut snapshot = db.snapshot().await.unwrap();
        let mut tx = db.begin(Lane::Command).await.unwrap();
        insert(&mut tx, 1).await.unwrap();
        tx.commit().await.unwrap();
        if db.engine() == Engine::Sqlite {
            assert_eq!(count_in(&mut snapshot).await, 0);
        }
        let again = count_in(&mut snapshot).await;
        let mut tx = db.begin(Lane::Command).await.unwrap();
        insert(&mut tx, 2).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(count_in(&mut snapshot).await, again);
        assert!(insert(&mut snapshot, 3).await.is_err());
        assert_eq!(count(&db).await, 2);
    })
    .await;
}

#[tokio::test]
async fn a_snapshot_given_up_while_it_begins_leaves_no_reader_in_the_past() {
    on_both_engines(async |db| {
        create(&db).await;
        for round in 1..=20 {
            assert_eq!(count(&db).await, round - 1);
            let turns = async {
                for _ in 0..round % 5 {
                    tokio::task::yield_now().await;
                }
            };
            tokio::select! {
                biased;
                begun = db.snapshot() => drop(begun),
                () = turns => {}
            }
            let mut tx = db.begin(Lane::Command).await.unwrap();
            insert(&mut tx, round).await.unwrap();
            tx.commit().await.unwrap();
            for _ in 0..10 {
                assert_eq!(count(&db).await, round, "a reader still sees what was before");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_data_directory_has_one_owner() {
    let fresh = fresh(Engine::Sqlite).await;
    let Place::Dir(dir) = fresh.place() else { panic!("SQLite lives in a directory") };
    let second = Db::open_sqlite(dir).await.unwrap_err();
    assert!(matches!(second, StoreError::DirectoryInUse(_)), "{second:?}");
    assert!(second.to_string().starts_with("another muster is using the directory"));
}

#[tokio::test]
async fn an_owner_that_closed_lets_the_next_one_in() {
    let dir = tempfile::tempdir().unwrap();
    let db = Db::open_sqlite(dir.path()).await.unwrap();
    db.migrate().await.unwrap();
    create(&db).await;
    db.close().await;
    drop(db);
    let db = Db::open_sqlite(dir.path()).await.unwrap();
    assert_eq!(db.migrate().await.unwrap(), 0);
    assert_eq!(count(&db).await, 0);
}

#[tokio::test]
async fn an_unreachable_server_is_unavailable() {
    let error = Db::open_postgres("postgres://nobody@127.0.0.1:1/none").await.unwrap_err();
    assert!(error.is_transient(), "{error:?}");
    assert!(matches!(Db::open_postgres("nonsense").await, Err(StoreError::Unsupported(_))));
}

#[tokio::test]
async fn a_node_learns_how_far_its_clock_is_from_the_shared_one() {
    let one_day = jiff::SignedDuration::from_hours(24);
    on_both_engines(async |db| {
        let early = db.now_skew(t("2026-01-01T00:00:00Z")).await.unwrap();
        let late = db.now_skew(t("2026-01-02T00:00:00Z")).await.unwrap();
        match db.engine() {
            Engine::Sqlite => assert!(early.is_zero() && late.is_zero()),
            Engine::Postgres => {
                let between = one_day - (early - late);
                assert!(between.abs() < jiff::SignedDuration::from_mins(1), "{early} {late}");
            }
        }
    })
    .await;
}

async fn create(db: &Db) {
    let mut tx = db.begin(Lane::Cleanup).await.unwrap();
    tx.execute(&CREATE, args![]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn insert(tx: &mut Tx, at: i64) -> Result<u64> {
    let values = args![
        None::<i64>,
        None::<&str>,
        None::<Vec<u8>>,
        None::<bool>,
        None::<f64>,
        None::<Uuid>,
        at
    ];
    tx.execute(&INSERT, values).await
}

async fn count(db: &Db) -> i64 {
    db.fetch_one::<(i64,)>(&COUNT, args![]).await.unwrap().0
}

async fn count_in(tx: &mut Tx) -> i64 {
    tx.fetch_one::<(i64,)>(&COUNT, args![]).await.unwrap().0
}

async fn fetch<T: Row>(db: &Db, sql: Sql) -> Result<T> {
    db.fetch_one(&sql, args![]).await
}
