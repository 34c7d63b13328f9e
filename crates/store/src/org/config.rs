//! Configuration at rest: one row per document, one row per change. Documents keep their id for
//! ever: a name that is removed and comes back is the same thing again. What a document may say is
//! decided before it comes here.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::args;
use crate::db::{Result, Sql, StoreError, Tx};
use crate::org::document::{Documents, FORMAT_VERSION, Item, Kind};
use crate::org::sealed::Seal;

const REVISION: Sql = Sql::same("SELECT COALESCE(MAX(revision), 0) FROM config_revision");
const OBJECTS: Sql = Sql::same(
    "SELECT id, kind, name, document, revision, deleted_at FROM config_object ORDER BY id",
);
const PUT: Sql = Sql::same(
    "INSERT INTO config_object (id, kind, name, document, revision, updated_at, deleted_at)
     VALUES (?, ?, ?, ?, ?, ?, NULL)
     ON CONFLICT (kind, name) DO UPDATE SET
         document = excluded.document, revision = excluded.revision,
         updated_at = excluded.updated_at, deleted_at = NULL",
);
const REMOVE: Sql = Sql::same(
    "UPDATE config_object SET revision = ?, updated_at = ?, deleted_at = ?
     WHERE kind = ? AND name = ? AND deleted_at IS NULL",
);
const RECORD: Sql =
    Sql::same("INSERT INTO config_revision (revision, at, actor, summary) VALUES (?, ?, ?, ?)");
const CHANGES: Sql = Sql::same(
    "SELECT revision, at, actor, summary FROM config_revision
     WHERE revision < ? ORDER BY revision DESC LIMIT ?",
);

/// The constraint that a change runs into when another change was faster.
pub const RECORD_CONFLICT: &str = "config_revision_pkey";

/// One stored document.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// Belongs to the kind and name for ever.
    pub id: Uuid,
    /// The document.
    pub item: Item,
    /// The ids of what stands inside the document (contact methods of a person, integrations of a
    /// service), by name; names that are gone keep theirs.
    pub parts: BTreeMap<String, Uuid>,
    /// The change that it was written by.
    pub revision: i64,
    /// Whether it was removed.
    pub is_removed: bool,
}

/// Everything that is configured, and was.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stored {
    /// The newest change.
    pub revision: i64,
    /// By kind and name, with the removed ones.
    pub objects: Vec<Object>,
}

/// One change of configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Counts changes from 1.
    pub revision: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What, as the writer summed it up.
    pub summary: Value,
}

/// The number of the newest change; 0 before the first. One cheap look-up.
pub async fn revision(tx: &mut Tx) -> Result<i64> {
    Ok(tx.fetch_one::<(i64,)>(&REVISION, args![]).await?.0)
}

/// Everything that is configured. The revision is read first: objects that a change adds in between
/// make the result newer than it says, never older.
pub async fn stored(tx: &mut Tx) -> Result<Stored> {
    let revision = revision(tx).await?;
    let rows = tx.fetch_all::<ObjectRow>(&OBJECTS, args![]).await?;
    let seal = Seal::of(tx).await?;
    let mut objects: Vec<Object> =
        rows.into_iter().map(|row| Object::read(row, &seal)).collect::<Result<_>>()?;
    // The engines do not agree on the order of texts.
    objects.sort_by(|a, b| (a.item.kind, &a.item.name).cmp(&(b.item.kind, &b.item.name)));
    Ok(Stored { revision, objects })
}

/// Opens a change. Of two changes on top of the same revision the second fails with a conflict on
/// [`RECORD_CONFLICT`] and must look again.
pub async fn record(tx: &mut Tx, change: &Change) -> Result<()> {
    let summary = change.summary.to_string();
    tx.execute(&RECORD, args![change.revision, change.at, &change.actor, summary]).await?;
    Ok(())
}

/// Writes a document, new or changed; a removed one comes back.
pub async fn put(tx: &mut Tx, object: &Object, now: Timestamp) -> Result<()> {
    let parts = object.parts.iter().map(|(name, id)| (name.clone(), id.to_string())).collect();
    let envelope = Envelope { v: FORMAT_VERSION, ids: parts, item: object.item.value.clone() };
    let document = serde_json::to_string(&envelope).map_err(corrupt)?;
    let name = &object.item.name;
    let document = Seal::of(tx).await?.close(object.item.kind, name, document)?;
    let kind = object.item.kind.name();
    tx.execute(&PUT, args![object.id, kind, name, document, object.revision, now]).await?;
    Ok(())
}

/// Removes a document; its row stays.
pub async fn remove(
    tx: &mut Tx,
    kind: Kind,
    name: &str,
    revision: i64,
    now: Timestamp,
) -> Result<()> {
    tx.execute(&REMOVE, args![revision, now, now, kind.name(), name]).await?;
    Ok(())
}

/// The changes before a revision, the newest first.
pub async fn changes(tx: &mut Tx, before: i64, limit: u32) -> Result<Vec<Change>> {
    let rows = tx.fetch_all::<(i64, i64, String, String)>(&CHANGES, args![before, limit]).await?;
    rows.into_iter()
        .map(|(revision, at, actor, summary)| {
            let at = Timestamp::from_microsecond(at).map_err(corrupt)?;
            let summary = serde_json::from_str(&summary).map_err(corrupt)?;
            Ok(Change { revision, at, actor, summary })
        })
        .collect()
}

impl Stored {
    /// What is configured, without what was removed.
    pub fn documents(&self) -> Result<Documents> {
        let items = self.objects.iter().filter(|object| !object.is_removed);
        Documents::from_items(items.map(|object| object.item.clone())).map_err(corrupt)
    }

    /// The ids of everything, also of what was removed.
    pub fn ids(&self) -> Ids {
        let mut ids = Ids::default();
        for object in &self.objects {
            let key = (object.item.kind, object.item.name.clone());
            ids.parts.insert(key.clone(), object.parts.clone());
            ids.objects.insert(key, object.id);
        }
        ids
    }
}

/// Which id belongs to which name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ids {
    objects: HashMap<(Kind, String), Uuid>,
    parts: HashMap<(Kind, String), BTreeMap<String, Uuid>>,
}

impl Ids {
    /// The id of a document.
    pub fn object(&self, kind: Kind, name: &str) -> Option<Uuid> {
        self.objects.get(&(kind, name.to_owned())).copied()
    }

    /// The id of something inside a document.
    pub fn part(&self, kind: Kind, name: &str, part: &str) -> Option<Uuid> {
        self.parts.get(&(kind, name.to_owned())).and_then(|parts| parts.get(part)).copied()
    }

    /// The ids of everything that is or was inside a document.
    pub fn parts(&self, kind: Kind, name: &str) -> BTreeMap<String, Uuid> {
        self.parts.get(&(kind, name.to_owned())).cloned().unwrap_or_default()
    }

    /// Gives a document its id.
    pub fn set_object(&mut self, kind: Kind, name: &str, id: Uuid) {
        self.objects.insert((kind, name.to_owned()), id);
    }

    /// Gives something inside a document its id.
    pub fn set_part(&mut self, kind: Kind, name: &str, part: &str, id: Uuid) {
        let parts = self.parts.entry((kind, name.to_owned())).or_default();
        parts.insert(part.to_owned(), id);
    }
}

/// What stands in the column `document`.
#[derive(Serialize, Deserialize)]
struct Envelope {
    v: u32,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    ids: BTreeMap<String, String>,
    item: Value,
}

#[derive(sqlx::FromRow)]
struct ObjectRow {
    id: Uuid,
    kind: String,
    name: String,
    document: String,
    revision: i64,
    deleted_at: Option<i64>,
}

impl Object {
    fn read(row: ObjectRow, seal: &Seal) -> Result<Self> {
        let document = seal.open(&row.kind, &row.name, row.document)?;
        let describe = |what: &dyn std::fmt::Display| {
            StoreError::Corrupt(format!("the {} `{}`: {what}", row.kind, row.name))
        };
        let kind = Kind::from_name(&row.kind).ok_or_else(|| describe(&"an unknown kind"))?;
        let envelope: Envelope =
            serde_json::from_str(&document).map_err(|error| describe(&error))?;
        if envelope.v > FORMAT_VERSION {
            return Err(describe(&"it was written by a newer version of Muster"));
        }
        let parts = envelope.ids.into_iter().map(|(name, id)| Ok((name, Uuid::try_parse(&id)?)));
        let parts = parts.collect::<Result<_, uuid::Error>>().map_err(|error| describe(&error))?;
        let is_removed = row.deleted_at.is_some();
        let item = Item { kind, name: row.name, value: envelope.item };
        Ok(Self { id: row.id, item, parts, revision: row.revision, is_removed })
    }
}

/// A document as a version of it is kept: without the ids of what stands inside, which stay the same.
pub(super) fn envelope(item: Value) -> Result<String> {
    let envelope = Envelope { v: FORMAT_VERSION, ids: BTreeMap::new(), item };
    serde_json::to_string(&envelope).map_err(corrupt)
}

/// The document in what stands in a column `document`.
pub(super) fn item_of(document: &str) -> Result<Value> {
    let envelope: Envelope = serde_json::from_str(document).map_err(corrupt)?;
    if envelope.v > FORMAT_VERSION {
        return Err(corrupt("it was written by a newer version of Muster"));
    }
    Ok(envelope.item)
}

fn corrupt(error: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt(error.to_string())
}
