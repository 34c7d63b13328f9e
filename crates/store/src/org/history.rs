//! The versions of documents: one row each time one was written or removed, with who did it and in
//! which way. A version is never changed.

use jiff::Timestamp;
use serde_json::Value;

use crate::args;
use crate::db::{Result, Sql, StoreError, Tx};
use crate::org::config;
use crate::org::document::Kind;
use crate::org::sealed::Seal;

const KEEP: Sql = Sql::same(
    "INSERT INTO config_version (kind, name, revision, at, actor, way, document)
     VALUES (?, ?, ?, ?, ?, ?, ?)",
);
const LIST: Sql = Sql::same(
    "SELECT revision, at, actor, way, document FROM config_version
     WHERE kind = ? AND name = ? AND revision < ? ORDER BY revision DESC LIMIT ?",
);
const ONE: Sql = Sql::same(
    "SELECT revision, at, actor, way, document FROM config_version
     WHERE kind = ? AND name = ? AND revision = ?",
);

/// The way of a version that was in force when versions began to be kept; what was before it is not
/// known.
pub const KEPT: &str = "kept";

/// One version of a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// The change of configuration that it was written by.
    pub revision: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// In which way: `apply` (a file), `edit`, `publish`, `undo`, `restore`, or [`KEPT`].
    pub way: String,
    /// The document; none where this version is its removal.
    pub value: Option<Value>,
}

/// Keeps a version.
pub async fn keep(tx: &mut Tx, kind: Kind, name: &str, version: &Version) -> Result<()> {
    let seal = Seal::of(tx).await?;
    let document = version.value.clone().map(config::envelope).transpose()?;
    let document = document.map(|text| seal.close(kind, name, text)).transpose()?;
    let Version { revision, at, actor, way, .. } = version;
    tx.execute(&KEEP, args![kind.name(), name, *revision, *at, actor, way, document]).await?;
    Ok(())
}

/// The versions before a revision, the newest first.
pub async fn list(
    tx: &mut Tx,
    kind: Kind,
    name: &str,
    before: i64,
    limit: i64,
) -> Result<Vec<Version>> {
    let rows = tx.fetch_all::<VersionRow>(&LIST, args![kind.name(), name, before, limit]).await?;
    let seal = Seal::of(tx).await?;
    rows.into_iter().map(|row| Version::read(row, kind, name, &seal)).collect()
}

/// One version.
pub async fn version(
    tx: &mut Tx,
    kind: Kind,
    name: &str,
    revision: i64,
) -> Result<Option<Version>> {
    let row = tx.fetch_optional::<VersionRow>(&ONE, args![kind.name(), name, revision]).await?;
    let seal = Seal::of(tx).await?;
    row.map(|row| Version::read(row, kind, name, &seal)).transpose()
}

#[derive(sqlx::FromRow)]
struct VersionRow {
    revision: i64,
    at: i64,
    actor: String,
    way: String,
    document: Option<String>,
}

impl Version {
    fn read(row: VersionRow, kind: Kind, name: &str, seal: &Seal) -> Result<Self> {
        let document = row.document.map(|text| seal.open(kind.name(), name, text)).transpose()?;
        Ok(Self {
            revision: row.revision,
            at: Timestamp::from_microsecond(row.at)
                .map_err(|error| StoreError::Corrupt(error.to_string()))?,
            actor: row.actor,
            way: row.way,
            value: document.as_deref().map(config::item_of).transpose()?,
        })
    }
}
