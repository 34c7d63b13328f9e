//! Who subscribed to which notification list (`E1`). The core of a list stands in the
//! configuration, not here.

use jiff::Timestamp;
use muster_core::id::{NotificationListId, UserId};
use uuid::Uuid;

use crate::args;
use crate::db::{Result, Sql, Tx};

/// Every subscription, by list, the oldest first.
pub async fn all(tx: &mut Tx) -> Result<Vec<(NotificationListId, UserId)>> {
    const SELECT: Sql = Sql::same(
        "SELECT list_id, user_id FROM subscription ORDER BY list_id, created_at, user_id",
    );
    let rows: Vec<(Uuid, Uuid)> = tx.fetch_all(&SELECT, args![]).await?;
    Ok(rows.into_iter().map(|(list, user)| (NotificationListId(list), UserId(user))).collect())
}

/// Subscribes somebody; whether they were not subscribed before.
pub async fn insert(
    tx: &mut Tx,
    list: NotificationListId,
    user: UserId,
    now: Timestamp,
) -> Result<bool> {
    const INSERT: Sql = Sql::same(
        "INSERT INTO subscription (list_id, user_id, created_at) VALUES (?, ?, ?)
         ON CONFLICT (list_id, user_id) DO NOTHING",
    );
    Ok(tx.execute(&INSERT, args![list, user, now]).await? > 0)
}

/// Ends a subscription; whether there was one.
pub async fn remove(tx: &mut Tx, list: NotificationListId, user: UserId) -> Result<bool> {
    const DELETE: Sql = Sql::same("DELETE FROM subscription WHERE list_id = ? AND user_id = ?");
    Ok(tx.execute(&DELETE, args![list, user]).await? > 0)
}
