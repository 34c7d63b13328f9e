//! What was saved comes back on either engine, whole or not at all, and held.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use muster_core::id::{AttachmentId, IncidentId, SessionId, UserId};
use muster_core::incident::restriction::Viewer;
use muster_core::incident::timeline::Actor;
use muster_store::access::session::{self, Session};
use muster_store::audit::{self, Entry, Verdict};
use muster_store::backup::{self, BackupError, Summary};
use muster_store::incident::attachment::{self, NewAttachment};
use muster_store::incident::shared_text;
use muster_store::testing::{Fresh, fresh, fresh_unmigrated};
use muster_store::{Db, Engine, Lane, Sql, Tx, Value, args, setting};
use tempfile::TempDir;
use uuid::Uuid;

use crate::t;

const TABLES: Sql = Sql::differs(
    "SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite%'",
    "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'",
);

#[tokio::test]
async fn what_was_saved_comes_back_on_either_engine() {
    for (from, to) in [
        (Engine::Sqlite, Engine::Sqlite),
        (Engine::Postgres, Engine::Postgres),
        (Engine::Sqlite, Engine::Postgres),
        (Engine::Postgres, Engine::Sqlite),
    ] {
        let (saved, dir) = saved(from).await;
        let file = dir.path().join("backup");
        let target = fresh_unmigrated(to).await;
        let summary = backup::restore(&target.db, &file).await.unwrap();
        assert_eq!(summary, saved);
        assert!(setting::is_held(&target.db).await.unwrap());
        assert_eq!(target.db.migrate().await.unwrap(), 0);
        let again = dir.path().join("again");
        backup::write(&target.db, &again, saved.made_at).await.unwrap();
        let held = format!("[\"{}\",\"31\"]", setting::HELD);
        let mut expected = rows(&file);
        expected.insert(("setting".to_owned(), held));
        assert_eq!(rows(&again), expected, "{from:?} to {to:?}");
        go_on(&target.db).await;
    }
}

#[tokio::test]
async fn a_backup_shows_one_moment_while_others_write() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let source = filled(engine).await;
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("backup");
        let now = t("2026-11-21T03:12:04Z");
        let writes = async {
            for number in 0..50 {
                let mut tx = source.db.begin(Lane::Command).await.unwrap();
                let name = format!("extra {number}");
                setting::put(&mut tx, &name, b"1").await.unwrap();
                setting::put(&mut tx, &format!("{name} too"), b"1").await.unwrap();
                tx.commit().await.unwrap();
            }
        };
        let (summary, ()) = tokio::join!(backup::write(&source.db, &file, now), writes);
        assert_eq!(backup::verify(&file).await.unwrap(), summary.unwrap());
        let extra = rows(&file).iter().filter(|(_, row)| row.contains("extra")).count();
        assert!(extra.is_multiple_of(2), "half of a transaction was saved");
    }
}

#[tokio::test]
async fn a_damaged_file_is_refused_and_nothing_is_written() {
    let (_, dir) = saved(Engine::Sqlite).await;
    let whole = std::fs::read_to_string(dir.path().join("backup")).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let last = lines.len() - 1;
    let join = |lines: &[&str]| lines.join("\n") + "\n";
    let damages = [
        ("cut in a line", whole[..whole.len() * 2 / 3].to_owned()),
        ("cut before the digest", join(&lines[..last])),
        ("a row is gone", join(&[&lines[..3], &lines[4..]].concat())),
        ("a row is altered", whole.replacen("a browser", "a Browser", 1)),
        ("a count is altered", whole.replacen("\"rows\":5", "\"rows\":4", 1)),
        ("something follows", whole.clone() + "\n"),
        ("another format", whole.replacen("\"muster_backup\":1", "\"muster_backup\":2", 1)),
        ("not a backup", "{}\n".to_owned()),
        ("empty", String::new()),
    ];
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let target = fresh_unmigrated(engine).await;
        for (what, text) in &damages {
            assert_ne!(*text, whole, "{what}");
            let file = dir.path().join("damaged");
            std::fs::write(&file, text).unwrap();
            let error = backup::restore(&target.db, &file).await.unwrap_err();
            assert!(matches!(error, BackupError::Damaged(_)), "{what}: {error:?}");
        }
        let tables: Vec<(String,)> = target.db.fetch_all(&TABLES, args![]).await.unwrap();
        assert_eq!(tables, []);
    }
}

#[tokio::test]
async fn a_failure_on_the_way_leaves_the_database_empty() {
    let (_, dir) = saved(Engine::Sqlite).await;
    let file = dir.path().join("backup");
    let whole = std::fs::read_to_string(&file).unwrap();
    // Two audit entries with one id, under a digest that is right for it.
    let twice = whole.replacen(&Uuid::from_u128(2).simple().to_string(), &"0".repeat(32), 1);
    let twice = twice.replacen(&Uuid::from_u128(3).simple().to_string(), &"0".repeat(32), 1);
    let (body, _) = twice.trim_end().rsplit_once('\n').unwrap();
    std::fs::write(&file, resealed(&format!("{body}\n"))).unwrap();
    backup::verify(&file).await.unwrap();
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let target = fresh_unmigrated(engine).await;
        let error = backup::restore(&target.db, &file).await.unwrap_err();
        let BackupError::Store(error) = error else { panic!("{error:?}") };
        assert!(error.is_conflict_on("audit_id_key"), "{error:?}");
        let tables: Vec<(String,)> = target.db.fetch_all(&TABLES, args![]).await.unwrap();
        assert_eq!(tables, []);
    }
}

#[tokio::test]
async fn a_database_in_use_is_never_restored_over() {
    let (_, dir) = saved(Engine::Sqlite).await;
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let target = fresh(engine).await;
        let refused = backup::restore(&target.db, &dir.path().join("backup")).await;
        assert!(matches!(refused, Err(BackupError::NotEmpty)), "{refused:?}");
    }
}

#[tokio::test]
async fn a_backup_of_a_later_version_asks_for_an_update() {
    let (saved, dir) = saved(Engine::Sqlite).await;
    let file = dir.path().join("backup");
    let whole = std::fs::read_to_string(&file).unwrap();
    let later = whole.replacen(&format!("\"schema\":{}", saved.schema), "\"schema\":9999", 1);
    let (body, _) = later.trim_end().rsplit_once('\n').unwrap();
    std::fs::write(&file, resealed(&format!("{body}\n"))).unwrap();
    let target = fresh_unmigrated(Engine::Sqlite).await;
    let refused = backup::restore(&target.db, &file).await;
    assert!(matches!(refused, Err(BackupError::TooNew { schema: 9999, .. })), "{refused:?}");
}

#[tokio::test]
async fn a_backup_never_replaces_a_file_and_leaves_no_half_of_one() {
    let source = fresh(Engine::Sqlite).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("backup");
    std::fs::write(&file, "precious").unwrap();
    let refused = backup::write(&source.db, &file, t("2026-11-21T03:12:04Z")).await;
    assert!(matches!(refused, Err(BackupError::File { .. })), "{refused:?}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "precious");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

/// A backup of a filled database, in the file `backup` of a directory.
async fn saved(engine: Engine) -> (Summary, TempDir) {
    let source = filled(engine).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("backup");
    let summary = backup::write(&source.db, &file, t("2026-11-21T03:12:04.000001Z")).await.unwrap();
    assert_eq!(backup::verify(&file).await.unwrap(), summary);
    (summary, dir)
}

async fn filled(engine: Engine) -> Fresh {
    let fresh = fresh(engine).await;
    let mut tx = fresh.db.begin(Lane::Command).await.unwrap();
    for number in 1..=5 {
        session::add(&mut tx, &sign_in(number)).await.unwrap();
    }
    for number in 1..=1_100 {
        audit::append(&mut tx, &entry(number), [3; 16]).await.unwrap();
    }
    setting::put(&mut tx, "key", &[0, 255, 10]).await.unwrap();
    add_sample(&mut tx, "incident", true).await;
    add_sample(&mut tx, "incident", false).await;
    for table in ["attachment", "shared_text", "incident_link"] {
        add_sample(&mut tx, table, true).await;
    }
    with_file_and_text(&mut tx).await;
    tx.commit().await.unwrap();
    audit::seal(&fresh.db).await.unwrap();
    fresh
}

const FILE: AttachmentId = AttachmentId(Uuid::from_u128(7));
const TEXTS: [&str; 2] = ["The line drops.", "The line drops.\nWe move to Paris, \"now\"."];

/// Bytes of every value, more than one line of a backup would show.
fn bytes() -> Vec<u8> {
    (0..=255).cycle().take(300_000).collect()
}

/// A file of the sample of an incident, and a shared text with two revisions.
async fn with_file_and_text(tx: &mut Tx) {
    let incident = IncidentId(Uuid::from_u128(u128::MAX - 1));
    let (now, bytes) = (t("2026-11-21T03:12:04Z"), bytes());
    let (name, media_type, sha256) = ("app.log", "text/plain", [9; 32]);
    let file = NewAttachment { id: FILE, incident, name, media_type, sha256, bytes: &bytes };
    attachment::insert(tx, &file, &Actor::System, now).await.unwrap();
    for (revision, text) in (1..).zip(TEXTS) {
        shared_text::append(tx, "inc", "lead", revision, text, &Actor::System, now).await.unwrap();
    }
}

#[tokio::test]
async fn files_and_shared_texts_come_back_as_they_were() {
    for (from, to) in [(Engine::Sqlite, Engine::Postgres), (Engine::Postgres, Engine::Sqlite)] {
        let (_, dir) = saved(from).await;
        let target = fresh_unmigrated(to).await;
        backup::restore(&target.db, &dir.path().join("backup")).await.unwrap();
        let row = attachment::get(&target.db, &Viewer::Engine, FILE).await.unwrap().unwrap();
        assert_eq!((&*row.name, &*row.media_type, row.size), ("app.log", "text/plain", 300_000));
        assert_eq!(row.sha256, [9; 32]);
        let kept = attachment::bytes(&target.db, FILE).await.unwrap().unwrap();
        assert!(kept == bytes(), "{from:?} to {to:?}: {} bytes", kept.len());
        let newest = shared_text::newest(&target.db, "inc", "lead").await.unwrap().unwrap();
        assert_eq!((newest.revision, &*newest.text), (2, TEXTS[1]));
        let mut tx = target.db.begin(Lane::Command).await.unwrap();
        let first = shared_text::get(&mut tx, "inc", "lead", 1).await.unwrap().unwrap();
        assert_eq!(first.text, TEXTS[0]);
    }
}

/// What a restored store has to be able to do: count on, and prove its record.
async fn go_on(db: &Db) {
    let mut tx = db.begin(Lane::Command).await.unwrap();
    audit::append(&mut tx, &entry(5_000), [4; 16]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(audit::seal(db).await.unwrap(), 1);
    let verdict = audit::verify(db, None).await.unwrap();
    let Verdict::Intact { head, unsealed: 0, .. } = verdict else { panic!("{verdict:?}") };
    assert_eq!(head.position, 1_101);
}

/// Adds a row with a value of the right kind in every column.
async fn add_sample(tx: &mut Tx, table: &str, yes: bool) {
    const COLUMNS: Sql = Sql::same(
        "SELECT column_name::text, data_type::text FROM information_schema.columns
         WHERE table_name = ? ORDER BY ordinal_position",
    );
    const COLUMNS_SQLITE: Sql = Sql::same("SELECT name, type FROM pragma_table_info(?)");
    let columns = match tx.engine() {
        Engine::Sqlite => COLUMNS_SQLITE,
        Engine::Postgres => COLUMNS,
    };
    let columns: Vec<(String, String)> = tx.fetch_all(&columns, args![table]).await.unwrap();
    let mark = if yes { 1 } else { 0 };
    let values = columns.iter().map(|(_, kind)| match kind.as_str() {
        "INTEGER" | "bigint" => Value::from(mark),
        "boolean" => Value::from(yes),
        "bytea" => Value::from(vec![0, 255, u8::from(yes)]),
        "TEXT" | "text" => Value::from(format!("\"{mark}\" \\ 'ü'\n\t,[]")),
        "BLOB" | "uuid" => Value::from(Uuid::from_u128(u128::MAX - u128::from(yes))),
        other => panic!("no sample of {other}"),
    });
    let values = values.collect();
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let marks = vec!["?"; names.len()].join(", ");
    let sql = format!("INSERT INTO {table} ({}) VALUES ({marks})", names.join(", "));
    tx.execute(&Sql::built(sql), values).await.unwrap();
}

fn rows(file: &Path) -> BTreeSet<(String, String)> {
    let text = std::fs::read_to_string(PathBuf::from(file)).unwrap();
    let mut lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.pop();
    let header = lines.remove(0);
    let rows = lines.into_iter().map(|line| {
        let serde_json::Value::Array(mut row) = line else { panic!("{line}") };
        let at = row.remove(0).as_u64().unwrap() as usize;
        let table = header["tables"][at]["name"].as_str().unwrap().to_owned();
        (table, serde_json::Value::Array(row).to_string())
    });
    rows.collect()
}

fn resealed(body: &str) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(body);
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{body}{{\"sha256\":\"{hex}\"}}\n")
}

fn sign_in(number: u8) -> Session {
    let at = t("2026-03-01T12:00:00.123456Z");
    Session {
        id: SessionId(Uuid::from_u128(number.into())),
        user: UserId(Uuid::from_u128(9)),
        token_hash: vec![number; 32],
        created_at: at,
        expires_at: at,
        last_used_at: at,
        address: "192.0.2.1".into(),
        agent: "a browser".into(),
    }
}

fn entry(number: u128) -> Entry {
    Entry {
        id: Uuid::from_u128(number),
        at: t("2026-11-21T03:12:04Z"),
        actor_kind: "system".into(),
        actor_id: None,
        action: "incident.opened".into(),
        object_kind: "incident".into(),
        object_id: format!("inc_{number}"),
        data: serde_json::json!({ "number": number as u64 }),
    }
}
