//! Both migration folders make the same tables, and making them is safe to repeat and to race.

use std::collections::BTreeSet;

use muster_store::testing::{fresh, fresh_unmigrated};
use muster_store::{Db, Engine, Lane, Sql, StoreError, args, migration};

/// Table, column, kind and whether it may be null, in words both engines share.
const COLUMNS: Sql = Sql::differs(
    "SELECT t.name, c.name, c.type, c.\"notnull\" = 0 AND c.pk = 0
     FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c
     WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%'",
    "SELECT table_name::text, column_name::text, data_type::text, is_nullable = 'YES'
     FROM information_schema.columns WHERE table_schema = 'public'",
);
const INDEXES: Sql = Sql::differs(
    "SELECT tbl_name, name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL",
    "SELECT t.relname::text, i.relname::text
     FROM pg_index AS x
     JOIN pg_class AS i ON i.oid = x.indexrelid
     JOIN pg_class AS t ON t.oid = x.indrelid
     JOIN pg_namespace AS n ON n.oid = t.relnamespace
     WHERE n.nspname = 'public'
         AND NOT EXISTS (SELECT 1 FROM pg_constraint AS c WHERE c.conindid = i.oid
                         AND c.contype IN ('p', 'u', 'x'))",
);

#[tokio::test]
async fn both_folders_make_the_same_tables_and_columns() {
    let sqlite = columns(&fresh(Engine::Sqlite).await.db).await;
    let postgres = columns(&fresh(Engine::Postgres).await.db).await;
    let only_sqlite: Vec<_> = sqlite.difference(&postgres).collect();
    let only_postgres: Vec<_> = postgres.difference(&sqlite).collect();
    assert!(
        only_sqlite.is_empty() && only_postgres.is_empty(),
        "only SQLite: {only_sqlite:#?}\nonly PostgreSQL: {only_postgres:#?}"
    );
}

#[tokio::test]
async fn both_folders_make_the_same_indexes() {
    assert_eq!(
        indexes(&fresh(Engine::Sqlite).await.db).await,
        indexes(&fresh(Engine::Postgres).await.db).await
    );
}

#[tokio::test]
async fn nodes_that_start_together_migrate_once() {
    let fresh = fresh_unmigrated(Engine::Postgres).await;
    let other = fresh.open_again().await;
    let (one, two) = tokio::join!(fresh.db.migrate(), other.migrate());
    let mut counts = [one.unwrap(), two.unwrap()];
    counts.sort_unstable();
    assert_eq!(counts[0], 0);
    assert!(counts[1] > 0);
}

#[tokio::test]
async fn a_database_that_is_ahead_is_accepted_and_a_changed_migration_is_not() {
    const AHEAD: Sql =
        Sql::same("INSERT INTO migration (version, name, checksum) VALUES (?, 'later', ?)");
    const CHANGED: Sql = Sql::same("UPDATE migration SET checksum = ? WHERE version = 1");
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let fresh = fresh(engine).await;
        write(&fresh.db, &AHEAD, args![migration::version_newest() + 1, &b"x"[..]]).await;
        assert_eq!(fresh.db.migrate().await.unwrap(), 0);
        write(&fresh.db, &CHANGED, args![&b"x"[..]]).await;
        let error = fresh.db.migrate().await.unwrap_err();
        assert!(matches!(error, StoreError::Unsupported(_)), "{error:?}");
        assert!(error.to_string().contains("0001_access"), "{error}");
    }
}

async fn write(db: &Db, sql: &Sql, values: Vec<muster_store::Value>) {
    let mut tx = db.begin(Lane::Cleanup).await.unwrap();
    assert_eq!(tx.execute(sql, values).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

async fn columns(db: &Db) -> BTreeSet<(String, String, &'static str, bool)> {
    let rows: Vec<(String, String, String, bool)> = db.fetch_all(&COLUMNS, args![]).await.unwrap();
    assert!(!rows.is_empty());
    let described = rows.into_iter().map(|(table, column, kind, nullable)| {
        let kind = match (db.engine(), kind.as_str()) {
            (Engine::Sqlite, "INTEGER") | (Engine::Postgres, "bigint" | "boolean") => "integer",
            (Engine::Sqlite, "BLOB") | (Engine::Postgres, "bytea" | "uuid") => "bytes",
            (Engine::Sqlite, "TEXT") | (Engine::Postgres, "text") => "text",
            (Engine::Sqlite, "REAL") | (Engine::Postgres, "double precision") => "real",
            (engine, kind) => {
                panic!("{table}.{column} is {kind}, which is not in use on {engine:?}")
            }
        };
        (table, column, kind, nullable)
    });
    described.collect()
}

async fn indexes(db: &Db) -> BTreeSet<(String, String)> {
    db.fetch_all(&INDEXES, args![]).await.unwrap().into_iter().collect()
}
