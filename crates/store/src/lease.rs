//! Work that one node at a time may do. A lease has a name, a holder, an end and a fence: a number
//! that grows with every change of hands, so that a holder that slept through the end of its lease
//! changes nothing when it wakes. Instants are the database's, passed in by the caller.

use jiff::{SignedDuration, Timestamp};
use muster_core::engine::lease::SKEW_MAX;
use uuid::Uuid;

use crate::args;
use crate::db::{Result, Sql, Tx};

const CLAIM: Sql = Sql::same(
    "INSERT INTO lease (name, holder, fence, expires_at) VALUES (?1, ?2, 1, ?3)
     ON CONFLICT (name) DO UPDATE SET
         holder = excluded.holder, fence = lease.fence + 1, expires_at = excluded.expires_at
     WHERE lease.expires_at <= ?4 OR lease.expires_at > ?5 OR lease.holder = excluded.holder
     RETURNING fence",
);
const RENEW: Sql = Sql::same(
    "UPDATE lease SET expires_at = ?1
     WHERE name = ?2 AND holder = ?3 AND fence = ?4 AND expires_at > ?5",
);
const RELEASE: Sql =
    Sql::same("UPDATE lease SET expires_at = 0 WHERE name = ? AND holder = ? AND fence = ?");
const GUARD: Sql = Sql::differs(
    "SELECT fence FROM lease WHERE name = ? AND holder = ? AND fence = ?",
    "SELECT fence FROM lease WHERE name = ? AND holder = ? AND fence = ? FOR SHARE",
);

/// Takes the lease `name` until `now + ttl` if it is free, over, or held by the same holder, and
/// returns its new fence. `None`: somebody else holds it. A lease that ends later than any node
/// could have taken it until was taken before the clock was set back, and is over.
pub async fn claim(
    tx: &mut Tx,
    name: &str,
    holder: Uuid,
    now: Timestamp,
    ttl: SignedDuration,
) -> Result<Option<i64>> {
    let values = args![name, holder, end(now, ttl), now, end(now, ttl + SKEW_MAX * 2)];
    Ok(tx.fetch_optional::<(i64,)>(&CLAIM, values).await?.map(|(fence,)| fence))
}

/// Moves the end of a lease that is still in force; `false` means it is lost and has to be claimed
/// again.
pub async fn renew(
    tx: &mut Tx,
    name: &str,
    holder: Uuid,
    fence: i64,
    now: Timestamp,
    ttl: SignedDuration,
) -> Result<bool> {
    Ok(tx.execute(&RENEW, args![end(now, ttl), name, holder, fence, now]).await? > 0)
}

/// Gives the lease up; says whether it was still this holder's.
pub async fn release(tx: &mut Tx, name: &str, holder: Uuid, fence: i64) -> Result<bool> {
    Ok(tx.execute(&RELEASE, args![name, holder, fence]).await? > 0)
}

/// Whether nobody else has taken the lease since this fence was given out, which stays so until
/// this transaction ends. Whoever works under a lease asks this in the transaction that writes.
pub async fn guard(tx: &mut Tx, name: &str, holder: Uuid, fence: i64) -> Result<bool> {
    Ok(tx.fetch_optional::<(i64,)>(&GUARD, args![name, holder, fence]).await?.is_some())
}

fn end(now: Timestamp, ttl: SignedDuration) -> Timestamp {
    now.saturating_add(ttl).unwrap_or(Timestamp::MAX)
}
