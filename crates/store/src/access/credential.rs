//! Local passwords, as hashes that somebody else makes and checks.

use jiff::Timestamp;
use muster_core::id::UserId;

use crate::args;
use crate::db::{Db, Result, Sql, Tx, instant};

/// The password of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Whose.
    pub user: UserId,
    /// The hash in the PHC string format.
    pub password_hash: String,
    /// When the password was last changed.
    pub updated_at: Timestamp,
}

const GET: Sql = Sql::same("SELECT password_hash, updated_at FROM credential WHERE user_id = ?");
const SET: Sql = Sql::same(
    "INSERT INTO credential (user_id, password_hash, updated_at) VALUES (?, ?, ?)
     ON CONFLICT (user_id) DO UPDATE SET
         password_hash = excluded.password_hash, updated_at = excluded.updated_at",
);
const REMOVE: Sql = Sql::same("DELETE FROM credential WHERE user_id = ?");
const ANY: Sql = Sql::same("SELECT 1 FROM credential LIMIT 1");

/// The password of a person, who may have none.
pub async fn get(db: &Db, user: UserId) -> Result<Option<Credential>> {
    let Some((password_hash, updated_at)) =
        db.fetch_optional::<(String, i64)>(&GET, args![user]).await?
    else {
        return Ok(None);
    };
    Ok(Some(Credential { user, password_hash, updated_at: instant(updated_at)? }))
}

/// Sets or replaces a person's password.
pub async fn set(tx: &mut Tx, credential: &Credential) -> Result<()> {
    let Credential { user, password_hash, updated_at } = credential;
    tx.execute(&SET, args![*user, password_hash, *updated_at]).await?;
    Ok(())
}

/// Takes a person's password away; says whether there was one.
pub async fn remove(tx: &mut Tx, user: UserId) -> Result<bool> {
    Ok(tx.execute(&REMOVE, args![user]).await? > 0)
}

/// Whether anybody can sign in with a password.
pub async fn any(db: &Db) -> Result<bool> {
    Ok(db.fetch_optional::<(i32,)>(&ANY, args![]).await?.is_some())
}
