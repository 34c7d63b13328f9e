//! The few values that belong to the installation as a whole: the key that seals its secrets,
//! whether it is held after a restore. Configuration that people write does not live here.

use crate::args;
use crate::db::{Db, Result, Sql, Tx};

/// The setting that holds the installation's own key, from which links, signatures and seals are
/// derived: 32 bytes that never change.
pub const INSTANCE_KEY: &str = "instance_key";
/// The setting that says nothing may be sent until an operator releases the installation.
pub const HELD: &str = "held";

const GET: Sql = Sql::same("SELECT value FROM setting WHERE name = ?");
const PUT: Sql = Sql::same(
    "INSERT INTO setting (name, value) VALUES (?, ?)
     ON CONFLICT (name) DO UPDATE SET value = excluded.value",
);
const PUT_NEW: Sql =
    Sql::same("INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING");
const REMOVE: Sql = Sql::same("DELETE FROM setting WHERE name = ?");

/// The value of a setting.
pub async fn get(db: &Db, name: &str) -> Result<Option<Vec<u8>>> {
    Ok(db.fetch_optional::<(Vec<u8>,)>(&GET, args![name]).await?.map(|(value,)| value))
}

/// The value of a setting as this transaction sees it.
pub async fn get_in(tx: &mut Tx, name: &str) -> Result<Option<Vec<u8>>> {
    Ok(tx.fetch_optional::<(Vec<u8>,)>(&GET, args![name]).await?.map(|(value,)| value))
}

/// Sets or replaces a setting.
pub async fn put(tx: &mut Tx, name: &str, value: &[u8]) -> Result<()> {
    tx.execute(&PUT, args![name, value]).await?;
    Ok(())
}

/// Sets a setting that has no value yet, and returns the value that holds: of several nodes that
/// start together, one decides for all.
pub async fn put_new(tx: &mut Tx, name: &str, value: &[u8]) -> Result<Vec<u8>> {
    tx.execute(&PUT_NEW, args![name, value]).await?;
    Ok(tx.fetch_one::<(Vec<u8>,)>(&GET, args![name]).await?.0)
}

/// Removes a setting; says whether it was there.
pub async fn remove(tx: &mut Tx, name: &str) -> Result<bool> {
    Ok(tx.execute(&REMOVE, args![name]).await? > 0)
}

/// Whether the installation is held: nothing may be sent.
pub async fn is_held(db: &Db) -> Result<bool> {
    Ok(get(db, HELD).await?.is_some_and(|value| value != b"0"))
}
