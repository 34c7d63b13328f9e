//! The audit log: who did what to what, and proof that nobody rewrote it. Entries are written
//! plainly, in the transaction of what they record; one sealer later gives each the next position
//! in a chain of digests, in the order in which they were committed. People stand in it by id and
//! the details by a salted digest, so that details can be blotted out without breaking the chain.

mod chain;

use jiff::Timestamp;
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::rows::{self, Column, Kind};
use crate::db::{Db, Lane, Result, Sql, StoreError, Tx, instant};
pub use chain::{Fault, Head, Verdict};

/// How many entries one transaction of the sealer takes, and one step of the check reads.
const BATCH_ENTRIES_MAX: u32 = 500;

/// Something that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Made before the attempt, so that doing it again is noticed.
    pub id: Uuid,
    /// When it was done.
    pub at: Timestamp,
    /// What kind of actor did it: `user`, `token`, `system`, `integration`, `link`.
    pub actor_kind: String,
    /// Which one, where there are several of the kind.
    pub actor_id: Option<Uuid>,
    /// What was done, as `noun.verb`.
    pub action: String,
    /// What kind of thing it was done to.
    pub object_kind: String,
    /// Which one.
    pub object_id: String,
    /// The details, as JSON, without secrets.
    pub data: serde_json::Value,
}

/// An entry as it is read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The order of writing, for paging.
    pub seq: i64,
    /// What was recorded.
    pub entry: Entry,
    /// The place in the chain, once sealed.
    pub position: Option<i64>,
    /// The end of the chain at this entry, once sealed.
    pub hash: Option<Vec<u8>>,
    /// Whether the details were blotted out.
    pub is_redacted: bool,
}

#[derive(FromRow)]
struct AuditRow {
    seq: i64,
    id: Uuid,
    at: i64,
    actor_kind: String,
    actor_id: Option<Uuid>,
    action: String,
    object_kind: String,
    object_id: String,
    data: String,
    salt: Option<Vec<u8>>,
    digest: Vec<u8>,
    position: Option<i64>,
    prev_hash: Option<Vec<u8>>,
    hash: Option<Vec<u8>>,
}

const REDACT: Sql = Sql::same("UPDATE audit SET data = 'null', salt = NULL WHERE id = ?");
const LIST: Sql = Sql::same(
    "SELECT seq, id, at, actor_kind, actor_id, action, object_kind, object_id, data, salt, digest,
            position, prev_hash, hash
     FROM audit WHERE seq < ? ORDER BY seq DESC LIMIT ?",
);
const OF_OBJECT: Sql = Sql::same(
    "SELECT seq, id, at, actor_kind, actor_id, action, object_kind, object_id, data, salt, digest,
            position, prev_hash, hash
     FROM audit WHERE object_kind = ? AND object_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
);
const UNSEALED: Sql = Sql::same(
    "SELECT seq, id, at, actor_kind, actor_id, action, object_kind, object_id, data, salt, digest,
            position, prev_hash, hash
     FROM audit WHERE position IS NULL ORDER BY seq LIMIT ?",
);
const UNSEALED_COUNT: Sql = Sql::same("SELECT COUNT(*) FROM audit WHERE position IS NULL");
const SEALED_AFTER: Sql = Sql::same(
    "SELECT seq, id, at, actor_kind, actor_id, action, object_kind, object_id, data, salt, digest,
            position, prev_hash, hash
     FROM audit WHERE position > ? ORDER BY position LIMIT ?",
);
const HEAD: Sql = Sql::same(
    "SELECT position, hash FROM audit WHERE position IS NOT NULL ORDER BY position DESC LIMIT 1",
);
const SEAL: Sql = Sql::same(
    "UPDATE audit SET position = ?, prev_hash = ?, hash = ? WHERE seq = ? AND position IS NULL",
);

/// Records an entry in the transaction of what it records. The salt is chance, made for this entry
/// alone.
pub async fn append(tx: &mut Tx, entry: &Entry, salt: [u8; 16]) -> Result<()> {
    append_all(tx, &[(entry.clone(), salt)]).await
}

/// As [`append`], for many entries in their order.
pub async fn append_all(tx: &mut Tx, entries: &[(Entry, [u8; 16])]) -> Result<()> {
    const COLUMNS: [Column; 10] = [
        ("id", Kind::Uuid),
        ("at", Kind::Int),
        ("actor_kind", Kind::Text),
        ("actor_id", Kind::Uuid),
        ("action", Kind::Text),
        ("object_kind", Kind::Text),
        ("object_id", Kind::Text),
        ("data", Kind::Text),
        ("salt", Kind::Bytes),
        ("digest", Kind::Bytes),
    ];
    let entries: Vec<_> = entries
        .iter()
        .map(|(entry, salt)| {
            let data = entry.data.to_string();
            let digest = chain::digest(salt, &data);
            args![
                entry.id,
                entry.at,
                &entry.actor_kind,
                entry.actor_id,
                &entry.action,
                &entry.object_kind,
                &entry.object_id,
                data,
                salt,
                digest
            ]
        })
        .collect();
    rows::insert(tx, "audit", &COLUMNS, entries, "").await
}

/// Blots out the details of an entry and says whether it was there. That it was recorded, when, by
/// whom and about what remains, and so does the chain.
pub async fn redact(tx: &mut Tx, id: Uuid) -> Result<bool> {
    Ok(tx.execute(&REDACT, args![id]).await? > 0)
}

/// Up to `limit` entries, the newest first, before the sequence number `before`.
pub async fn list(db: &Db, before: Option<i64>, limit: u32) -> Result<Vec<Record>> {
    let values = args![before.unwrap_or(i64::MAX), limit];
    let rows: Vec<AuditRow> = db.fetch_all(&LIST, values).await?;
    rows.into_iter().map(AuditRow::into_record).collect()
}

/// As [`list`], about one object.
pub async fn of_object(
    db: &Db,
    kind: &str,
    id: &str,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Record>> {
    let values = args![kind, id, before.unwrap_or(i64::MAX), limit];
    let rows: Vec<AuditRow> = db.fetch_all(&OF_OBJECT, values).await?;
    rows.into_iter().map(AuditRow::into_record).collect()
}

/// Seals every entry committed so far and says how many those were. Where another node seals at
/// the same time, one of the two wins each batch and the other stops with what it has.
pub async fn seal(db: &Db) -> Result<u64> {
    let mut count = 0;
    loop {
        let sealed = match seal_batch(db).await {
            Ok(sealed) => sealed,
            Err(error) if error.is_conflict_on("audit_position_key") => return Ok(count),
            Err(error) => return Err(error),
        };
        count += u64::from(sealed);
        if sealed < BATCH_ENTRIES_MAX {
            return Ok(count);
        }
    }
}

async fn seal_batch(db: &Db) -> Result<u32> {
    if db.fetch_all::<AuditRow>(&UNSEALED, args![1]).await?.is_empty() {
        return Ok(0);
    }
    let mut tx = db.begin(Lane::Cleanup).await?;
    let mut head = head_of(tx.fetch_optional(&HEAD, args![]).await?);
    let rows: Vec<AuditRow> = tx.fetch_all(&UNSEALED, args![BATCH_ENTRIES_MAX]).await?;
    let mut count = 0;
    for row in rows {
        let next = head.next(&row);
        let values = args![next.position, head.hash, &next.hash, row.seq];
        // An entry that another sealer took meanwhile is in the chain already, at a position that
        // this batch claims as well, so one of the two fails as a whole.
        count += u32::try_from(tx.execute(&SEAL, values).await?).unwrap_or(u32::MAX);
        head = next;
    }
    tx.commit().await?;
    Ok(count)
}

/// The end of the chain: keep it elsewhere, and [`verify`] can tell if the chain was cut short.
pub async fn head(db: &Db) -> Result<Head> {
    Ok(head_of(db.fetch_optional(&HEAD, args![]).await?))
}

/// Walks the whole chain. `known` is a head that was noted earlier, which the chain has to contain.
pub async fn verify(db: &Db, known: Option<&Head>) -> Result<Verdict> {
    let mut tx = db.snapshot().await?;
    let mut walk = chain::Walk::new(known.cloned());
    loop {
        let values = args![walk.position(), BATCH_ENTRIES_MAX];
        let rows: Vec<AuditRow> = tx.fetch_all(&SEALED_AFTER, values).await?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            if let Err(fault) = walk.step(row) {
                return Ok(Verdict::Broken { position: walk.position() + 1, fault });
            }
        }
    }
    let (unsealed,): (i64,) = tx.fetch_one(&UNSEALED_COUNT, args![]).await?;
    Ok(walk.finish(unsealed))
}

fn head_of(row: Option<(i64, Vec<u8>)>) -> Head {
    row.map_or_else(Head::origin, |(position, hash)| Head { position, hash })
}

impl AuditRow {
    fn into_record(self) -> Result<Record> {
        let data = serde_json::from_str(&self.data)
            .map_err(|error| StoreError::Corrupt(format!("audit entry {}: {error}", self.id)))?;
        Ok(Record {
            seq: self.seq,
            position: self.position,
            hash: self.hash,
            is_redacted: self.salt.is_none(),
            entry: Entry {
                id: self.id,
                at: instant(self.at)?,
                actor_kind: self.actor_kind,
                actor_id: self.actor_id,
                action: self.action,
                object_kind: self.object_kind,
                object_id: self.object_id,
                data,
            },
        })
    }
}
