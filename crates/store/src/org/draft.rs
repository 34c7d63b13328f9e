//! Drafts: what somebody has begun to change in a document and not published. Everybody has at most
//! one per document; it names the revision that it was begun on.

use jiff::Timestamp;
use serde_json::Value;

use crate::args;
use crate::db::{Result, Sql, StoreError, Tx};
use crate::org::document::Kind;
use crate::org::sealed::Seal;

const PUT: Sql = Sql::same(
    "INSERT INTO config_draft (kind, name, actor, base, updated_at, document)
     VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (kind, name, actor) DO UPDATE SET
         base = excluded.base, updated_at = excluded.updated_at, document = excluded.document",
);
const LIST: Sql = Sql::same(
    "SELECT actor, base, updated_at, document FROM config_draft
     WHERE kind = ? AND name = ? ORDER BY updated_at, actor",
);
const REMOVE: Sql = Sql::same("DELETE FROM config_draft WHERE kind = ? AND name = ? AND actor = ?");

/// A change that was begun.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Whose it is.
    pub actor: String,
    /// The revision of the document that it was begun on; 0 for a document that is new.
    pub base: i64,
    /// When it was last saved.
    pub updated_at: Timestamp,
    /// The document as it shall be. It may be unfinished.
    pub value: Value,
}

/// Saves a draft in place of the same person's earlier one.
pub async fn put(tx: &mut Tx, kind: Kind, name: &str, draft: &Draft) -> Result<()> {
    let Draft { actor, base, updated_at, value } = draft;
    let document = Seal::of(tx).await?.close(kind, name, value.to_string())?;
    tx.execute(&PUT, args![kind.name(), name, actor, *base, *updated_at, document]).await?;
    Ok(())
}

/// Everybody's drafts of a document, the oldest first.
pub async fn list(tx: &mut Tx, kind: Kind, name: &str) -> Result<Vec<Draft>> {
    let rows = tx.fetch_all::<(String, i64, i64, String)>(&LIST, args![kind.name(), name]).await?;
    let corrupt = |error: String| StoreError::Corrupt(error);
    let seal = Seal::of(tx).await?;
    rows.into_iter()
        .map(|(actor, base, at, document)| {
            let document = seal.open(kind.name(), name, document)?;
            let value =
                serde_json::from_str(&document).map_err(|error| corrupt(error.to_string()))?;
            let updated_at =
                Timestamp::from_microsecond(at).map_err(|error| corrupt(error.to_string()))?;
            Ok(Draft { actor, base, updated_at, value })
        })
        .collect()
}

/// Throws somebody's draft away; says whether there was one.
pub async fn remove(tx: &mut Tx, kind: Kind, name: &str, actor: &str) -> Result<bool> {
    Ok(tx.execute(&REMOVE, args![kind.name(), name, actor]).await? > 0)
}
