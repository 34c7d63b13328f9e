//! How providers did: the last of each kind of answer in the ledger.

use sqlx::FromRow;

use crate::args;
use crate::db::{Db, Result, Sql};

/// The last attempt of a provider that ended in a certain way.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct LastRow {
    /// Microseconds UTC.
    pub finished_at: i64,
    /// What went wrong, in one line.
    pub detail: Option<String>,
}

/// How an attempt ends that the provider did not take.
const FAILURES: [&str; 3] = ["temporary", "permanent", "unknown"];

/// The last message that a provider took.
pub async fn last_accepted(db: &Db, provider: &str) -> Result<Option<LastRow>> {
    last(db, provider, "accepted").await
}

/// The last message that a provider did not take, or may not have taken.
pub async fn last_failed(db: &Db, provider: &str) -> Result<Option<LastRow>> {
    let mut newest: Option<LastRow> = None;
    for outcome in FAILURES {
        let row = last(db, provider, outcome).await?;
        newest = newest.into_iter().chain(row).max_by_key(|row| row.finished_at);
    }
    Ok(newest)
}

async fn last(db: &Db, provider: &str, outcome: &str) -> Result<Option<LastRow>> {
    const SELECT: Sql = Sql::same(
        "SELECT finished_at, detail FROM delivery_attempt
          WHERE provider = ? AND outcome = ? AND finished_at IS NOT NULL
          ORDER BY finished_at DESC LIMIT 1",
    );
    db.fetch_optional(&SELECT, args![provider, outcome]).await
}
