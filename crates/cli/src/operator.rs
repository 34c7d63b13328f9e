//! How the command line finds the server that runs on a data directory: a file in the directory,
//! readable by its owner alone, with the server's address and a token. The directory's lock says
//! whether a server runs; this file only says how to talk to it.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::Timestamp;
use muster_core::incident::timeline::Actor;
use muster_core::org::user::Role;
use muster_server::app::access::token;
use muster_store::access::token as store_token;
use muster_store::{Db, Lane};
use serde::{Deserialize, Serialize};

/// The name of the file.
const FILE: &str = "operator.json";
/// The name of the token, and of whoever uses it in the record.
pub const NAME: &str = "operator on this machine";

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    /// Where the server listens.
    pub url: String,
    /// What to talk to it with.
    pub token: String,
}

/// The file, which goes away with the server.
#[derive(Debug)]
pub struct Posted(PathBuf);

impl Drop for Posted {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Removes what a server left behind that did not end in order. Only whoever holds the directory
/// may do this.
pub fn clear(dir: &Path) {
    let _ = std::fs::remove_file(dir.join(FILE));
}

/// How to talk to the server that runs on a directory, if it has said so.
pub fn read(dir: &Path) -> Option<Operator> {
    serde_json::from_slice(&std::fs::read(dir.join(FILE)).ok()?).ok()
}

/// Says how to talk to the server at `url`, with a token that replaces the last one's.
///
/// # Errors
/// When the token cannot be made or the file cannot be written.
pub async fn post(db: &Db, dir: &Path, url: String, now: Timestamp) -> anyhow::Result<Posted> {
    let token = mint(db, NAME, None, now).await?;
    let path = dir.join(FILE);
    let _ = std::fs::remove_file(&path);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let text = serde_json::to_vec(&Operator { url, token })?;
    options
        .open(&path)
        .and_then(|mut file| file.write_all(&text))
        .with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(Posted(path))
}

/// Makes an administrator's token of that name; the last one of that name opens nothing any more.
///
/// # Errors
/// When the store does not answer.
pub async fn mint(
    db: &Db,
    name: &str,
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> anyhow::Result<String> {
    revoke(db, name, now).await?;
    let wanted = token::Wanted { name: name.to_owned(), role: Role::Admin, user: None, expires_at };
    let (_, secret) = token::create(db, wanted, &Actor::System, now).await?;
    Ok(secret)
}

/// Revokes the token of that name, if there is one.
///
/// # Errors
/// When the store does not answer.
pub async fn revoke(db: &Db, name: &str, now: Timestamp) -> anyhow::Result<bool> {
    let Some(old) = store_token::by_name(db, name).await? else { return Ok(false) };
    let mut tx = db.begin(Lane::Command).await?;
    let revoked = store_token::revoke(&mut tx, old.id, now).await?;
    tx.commit().await?;
    Ok(revoked)
}
