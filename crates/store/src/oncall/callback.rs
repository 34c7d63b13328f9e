//! What comes back from providers: which of their calls were dealt with, what became of messages
//! after they were taken, and who called in.

use jiff::{SignedDuration, Timestamp};
use muster_core::id::{DeliveryId, IncidentId, ServiceId, UserId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::{Db, Result, Sql, Tx};

/// How long dealing with a call may take before somebody else may try: whoever began has died.
const DEALT_WITH_WITHIN: SignedDuration = SignedDuration::from_mins(1);

/// What was said to a provider's call before; nothing while it is being dealt with.
pub async fn seen(db: &Db, provider: &str, reference: &str) -> Result<String> {
    const SELECT: Sql =
        Sql::same("SELECT words FROM callback_seen WHERE provider = ? AND reference = ?");
    let row = db.fetch_optional::<(Option<String>,)>(&SELECT, args![provider, reference]).await?;
    Ok(row.and_then(|(words,)| words).unwrap_or_default())
}

/// Begins to deal with a provider's call; says whether nobody has before. Of two nodes that get the
/// same call one goes on.
pub async fn begin(tx: &mut Tx, provider: &str, reference: &str, now: Timestamp) -> Result<bool> {
    const INSERT: Sql = Sql::same(
        "INSERT INTO callback_seen (provider, reference, at) VALUES (?, ?, ?)
         ON CONFLICT (provider, reference) DO UPDATE SET at = excluded.at
         WHERE callback_seen.words IS NULL AND callback_seen.at < ?",
    );
    let died = now.saturating_sub(DEALT_WITH_WITHIN).unwrap_or(now);
    Ok(tx.execute(&INSERT, args![provider, reference, now, died]).await? > 0)
}

/// Remembers what was said to a provider's call.
pub async fn end(tx: &mut Tx, provider: &str, reference: &str, words: &str) -> Result<()> {
    const UPDATE: Sql =
        Sql::same("UPDATE callback_seen SET words = ? WHERE provider = ? AND reference = ?");
    tx.execute(&UPDATE, args![words, provider, reference]).await?;
    Ok(())
}

/// Forgets a call that could not be dealt with, so that the provider may repeat it.
pub async fn forget(tx: &mut Tx, provider: &str, reference: &str) -> Result<()> {
    const DELETE: Sql = Sql::same("DELETE FROM callback_seen WHERE provider = ? AND reference = ?");
    tx.execute(&DELETE, args![provider, reference]).await?;
    Ok(())
}

/// Forgets the calls before `before`; says how many.
pub async fn clean(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    const DELETE: Sql = Sql::same("DELETE FROM callback_seen WHERE at < ?");
    tx.execute(&DELETE, args![before]).await
}

/// What became of a message after its provider took it.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ReceiptRow {
    /// See [`DeliveryId`].
    pub delivery_id: Uuid,
    /// What the provider calls it.
    pub status: String,
    /// Microseconds UTC.
    pub at: i64,
    /// Whether it says that the message will not arrive.
    pub failed: bool,
    /// Why, if the provider says so.
    pub detail: Option<String>,
}

/// Writes a receipt down; says whether it is news. Providers repeat themselves and lose the order.
pub async fn put_receipt(
    tx: &mut Tx,
    delivery: DeliveryId,
    status: &str,
    failed: bool,
    detail: Option<&str>,
    now: Timestamp,
) -> Result<bool> {
    const INSERT: Sql = Sql::same(
        "INSERT INTO receipt (delivery_id, status, at, failed, detail) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (delivery_id, status) DO NOTHING",
    );
    Ok(tx.execute(&INSERT, args![delivery, status, now, failed, detail]).await? > 0)
}

/// The receipts of every delivery about an incident, in order.
pub async fn receipts_of_incident(db: &Db, incident: IncidentId) -> Result<Vec<ReceiptRow>> {
    const SELECT: Sql = Sql::same(
        "SELECT r.delivery_id, r.status, r.at, r.failed, r.detail
         FROM receipt AS r JOIN delivery AS d ON d.id = r.delivery_id
         WHERE d.incident_id = ? ORDER BY r.at, r.status",
    );
    db.fetch_all(&SELECT, args![incident]).await
}

/// Somebody called or texted for somebody on call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCallIn {
    /// Made before the commit.
    pub id: Uuid,
    /// Who carried it.
    pub provider: String,
    /// A digest of the number.
    pub caller: [u8; 32],
    /// The caller, if the number is somebody's.
    pub user: Option<UserId>,
    /// What it is about.
    pub service: Option<ServiceId>,
    /// What it led to.
    pub incident: Option<IncidentId>,
}

/// Writes down that somebody called in.
pub async fn put_call_in(tx: &mut Tx, call: &NewCallIn, now: Timestamp) -> Result<()> {
    const INSERT: Sql = Sql::same(
        "INSERT INTO call_in (id, provider, caller, user_id, service_id, incident_id, at)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
    let values =
        args![call.id, &call.provider, call.caller, call.user, call.service, call.incident, now];
    tx.execute(&INSERT, values).await?;
    Ok(())
}

/// Whether a number called about an incident.
pub async fn has_called(db: &Db, caller: &[u8; 32], incident: IncidentId) -> Result<bool> {
    const COUNT: Sql =
        Sql::same("SELECT count(*) FROM call_in WHERE incident_id = ? AND caller = ?");
    let (count,): (i64,) = db.fetch_one(&COUNT, args![incident, caller]).await?;
    Ok(count > 0)
}

/// Whether a receipt says that a message will not arrive.
pub async fn has_failed(tx: &mut Tx, delivery: DeliveryId) -> Result<bool> {
    const COUNT: Sql = Sql::same("SELECT count(*) FROM receipt WHERE delivery_id = ? AND failed");
    let (count,): (i64,) = tx.fetch_one(&COUNT, args![delivery]).await?;
    Ok(count > 0)
}

/// How often a number, and how often anybody, called in since `since`.
pub async fn calls_since(tx: &mut Tx, caller: &[u8; 32], since: Timestamp) -> Result<(i64, i64)> {
    const SELECT: Sql = Sql::same(
        "SELECT count(CASE WHEN caller = ? THEN 1 END), count(*) FROM call_in WHERE at > ?",
    );
    tx.fetch_one(&SELECT, args![caller, since]).await
}

/// Forgets who called in before `before`; says how many. What they called about stays.
pub async fn forget_calls(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    const DELETE: Sql = Sql::same("DELETE FROM call_in WHERE at < ?");
    tx.execute(&DELETE, args![before]).await
}
