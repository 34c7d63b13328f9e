//! Timers: for every aggregate at most one row, the single instant at which it next needs
//! attention. Work is claimed by lease and fence; the decisions are those of
//! [`muster_core::engine::lease`], and this module only makes them durable.

use jiff::Timestamp;
use muster_core::engine::lease::{self, Claim};
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::rows::{self, Column};
use crate::db::{Db, Result, Sql, Tx, Value};

/// What a timer belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An incident's escalation.
    Incident,
    /// The next attempt of a message that somebody waits for: a page, the news that it is over, a
    /// test.
    Delivery,
    /// The next attempt of any other message: mail to know of, events for webhooks. These wait in a queue of their own, so that however
    /// many there are, they hold up no page.
    Notice,
    /// An alert that is held back, or that counts as over when nothing more is heard of it.
    Alert,
    /// When a heartbeat monitor misses its next ping.
    Heartbeat,
    /// A message that its provider repeats until somebody answers: when it is asked about next. The
    /// timer has the id of the delivery.
    Emergency,
    /// An update of a status page that subscribers are still to be told.
    Bulletin,
    /// What the installation does to watch itself.
    Watch,
    /// The next change of who is on call in a schedule.
    Schedule,
    /// A request to cover or swap a shift: its next reminder, or its end.
    Request,
    /// The next reading of a calendar that somebody's leave comes from.
    Feed,
    /// A room of an incident in a chat: its next step. The timer has the id of the incident.
    Room,
    /// A run of a workflow that is to be done.
    Workflow,
    /// What follows a schedule in a chat: its next step. The timer has the id of the schedule.
    Mirror,
    /// A handoff that nobody has accepted: its reminder, then the news to whoever leads.
    Handoff,
    /// A change: whoever is asked to agree is reminded, it becomes emergent, or its time passes.
    Change,
    /// What somebody is told once a day of changes around them. The timer has the id of the person.
    ChangeDigest,
}

impl Kind {
    /// What planning waits for: of on-call, and of changes.
    pub const OF_PLANNING: [Self; 6] = [
        Self::Schedule,
        Self::Request,
        Self::Feed,
        Self::Handoff,
        Self::Change,
        Self::ChangeDigest,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Incident => "incident",
            Self::Delivery => "delivery",
            Self::Notice => "notice",
            Self::Alert => "alert",
            Self::Heartbeat => "heartbeat",
            Self::Emergency => "emergency",
            Self::Bulletin => "bulletin",
            Self::Watch => "watch",
            Self::Schedule => "schedule",
            Self::Request => "request",
            Self::Feed => "feed",
            Self::Room => "room",
            Self::Mirror => "mirror",
            Self::Workflow => "workflow",
            Self::Handoff => "handoff",
            Self::Change => "change",
            Self::ChangeDigest => "change_digest",
        }
    }
}

/// A timer that this node has claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claimed {
    /// The aggregate.
    pub id: Uuid,
    /// When it was due.
    pub due_at: Timestamp,
    /// To finish with.
    pub fence: i64,
    /// Whether an earlier claim was never finished: what became of it is unknown.
    pub interrupted: bool,
}

#[derive(FromRow)]
struct TimerRow {
    id: Uuid,
    due_at: i64,
    lease_until: Option<i64>,
    fence: i64,
}

fn instant(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
}

/// Sets the instant at which an aggregate next needs attention. Whoever holds a claim on the old
/// instant has lost it: the fence grows. A new row's fence begins at `now`, so that it is above
/// that of any row that stood here before.
pub async fn set(
    tx: &mut Tx,
    kind: Kind,
    id: Uuid,
    due_at: Timestamp,
    now: Timestamp,
) -> Result<()> {
    set_all(tx, &[(kind, id, due_at)], now).await
}

/// As [`set`], for many aggregates, none of them twice.
pub async fn set_all(
    tx: &mut Tx,
    timers: &[(Kind, Uuid, Timestamp)],
    now: Timestamp,
) -> Result<()> {
    const COLUMNS: [Column; 5] = [
        ("kind", rows::Kind::Text),
        ("id", rows::Kind::Uuid),
        ("due_at", rows::Kind::Int),
        ("fence", rows::Kind::Int),
        ("generation", rows::Kind::Int),
    ];
    const UPSERT: &str = "ON CONFLICT (kind, id) DO UPDATE SET due_at = excluded.due_at,
        lease_until = NULL, fence = timer.fence + 1, generation = timer.generation + 1";
    let timers: Vec<_> =
        timers.iter().map(|(kind, id, due_at)| args![kind.name(), *id, *due_at, now, 1]).collect();
    rows::insert(tx, "timer", &COLUMNS, timers, UPSERT).await
}

/// Sets the instant at which an aggregate next needs attention, but leaves alone what is due or
/// claimed already: whoever handles that will say when the next instant is.
pub async fn expect(
    tx: &mut Tx,
    kind: Kind,
    id: Uuid,
    due_at: Timestamp,
    now: Timestamp,
) -> Result<()> {
    const UPDATE: Sql = Sql::same(
        "UPDATE timer SET due_at = ?1, fence = fence + 1, generation = generation + 1
         WHERE kind = ?2 AND id = ?3 AND lease_until IS NULL AND due_at > ?4 AND due_at <> ?1",
    );
    const INSERT: Sql = Sql::same(
        "INSERT INTO timer (kind, id, due_at, fence, generation) VALUES (?, ?, ?, ?, 1)
         ON CONFLICT (kind, id) DO NOTHING",
    );
    tx.execute(&UPDATE, args![due_at, kind.name(), id, now]).await?;
    tx.execute(&INSERT, args![kind.name(), id, due_at, now]).await?;
    Ok(())
}

/// Removes the timers of aggregates that need no attention any more.
pub async fn clear(tx: &mut Tx, kind: Kind, ids: &[Uuid]) -> Result<()> {
    const DELETE: Sql = Sql::differs(
        "DELETE FROM timer WHERE kind = ? AND id IN (SELECT unhex(value) FROM json_each(?))",
        "DELETE FROM timer WHERE kind = ? AND id = ANY(?)",
    );
    if ids.is_empty() {
        return Ok(());
    }
    tx.execute(&DELETE, vec![kind.name().into(), id_list(ids)]).await?;
    Ok(())
}

/// A statement that chooses due timers `t` in some order.
macro_rules! due {
    ($joins:literal, $order:literal) => {
        Sql::differs(
            concat!(
                "SELECT t.id, t.due_at, t.lease_until, t.fence FROM timer AS t ",
                $joins,
                " WHERE t.kind = ?1 AND t.due_at <= ?2
                     AND (t.lease_until IS NULL OR t.lease_until <= ?2 OR t.lease_until > ?4)
                 ORDER BY ",
                $order,
                " LIMIT ?3"
            ),
            concat!(
                "SELECT t.id, t.due_at, t.lease_until, t.fence FROM timer AS t ",
                $joins,
                " WHERE t.kind = ?1 AND t.due_at <= ?2
                     AND (t.lease_until IS NULL OR t.lease_until <= ?2 OR t.lease_until > ?4)
                 ORDER BY ",
                $order,
                " LIMIT ?3 FOR UPDATE OF t SKIP LOCKED"
            ),
        )
    };
}

/// Claims up to `limit` due timers for this node: the most severe and newest incidents first, which
/// matters when many are due at once, as after a downtime.
pub async fn claim(tx: &mut Tx, kind: Kind, now: Timestamp, limit: i64) -> Result<Vec<Claimed>> {
    const INCIDENTS: Sql = due!(
        "LEFT JOIN incident AS i ON i.id = t.id",
        "coalesce(i.severity, 0), coalesce(i.number, 0) DESC, t.due_at"
    );
    const DELIVERIES: Sql = due!(
        "LEFT JOIN delivery AS d ON d.id = t.id LEFT JOIN incident AS i ON i.id = d.incident_id",
        "coalesce(i.severity, 0), coalesce(i.number, 0) DESC, t.due_at"
    );
    const OTHERS: Sql = due!("", "t.due_at");
    let select = match kind {
        Kind::Incident => &INCIDENTS,
        Kind::Delivery => &DELIVERIES,
        Kind::Notice
        | Kind::Alert
        | Kind::Bulletin
        | Kind::Heartbeat
        | Kind::Emergency
        | Kind::Watch
        | Kind::Schedule
        | Kind::Request
        | Kind::Feed
        | Kind::Room
        | Kind::Mirror
        | Kind::Workflow
        | Kind::Handoff
        | Kind::Change
        | Kind::ChangeDigest => &OTHERS,
    };
    let values = args![kind.name(), now, limit, lease::latest_end(now)];
    let rows: Vec<TimerRow> = tx.fetch_all(select, values).await?;
    take(tx, kind, rows, |row| instant(row.due_at), now).await
}

/// Claims these timers whenever they are due, as far as nobody else holds them.
pub async fn claim_these(
    tx: &mut Tx,
    kind: Kind,
    ids: &[Uuid],
    now: Timestamp,
) -> Result<Vec<Claimed>> {
    const SELECT: Sql = Sql::differs(
        "SELECT id, due_at, lease_until, fence FROM timer
         WHERE kind = ?1 AND id IN (SELECT unhex(value) FROM json_each(?2)) ORDER BY id",
        "SELECT id, due_at, lease_until, fence FROM timer
         WHERE kind = ?1 AND id = ANY(?2) ORDER BY id FOR UPDATE SKIP LOCKED",
    );
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = tx.fetch_all(&SELECT, vec![kind.name().into(), id_list(ids)]).await?;
    take(tx, kind, rows, |_| now, now).await
}

/// Claims the rows that are free; `due_at` says when each counts as due.
async fn take(
    tx: &mut Tx,
    kind: Kind,
    rows: Vec<TimerRow>,
    due_at: impl Fn(&TimerRow) -> Timestamp,
    now: Timestamp,
) -> Result<Vec<Claimed>> {
    const UPDATE: Sql = Sql::differs(
        "UPDATE timer SET lease_until = ?, fence = fence + 1
         WHERE kind = ? AND id IN (SELECT unhex(value) FROM json_each(?))",
        "UPDATE timer SET lease_until = ?, fence = fence + 1 WHERE kind = ? AND id = ANY(?)",
    );
    let mut until = None;
    let claimed: Vec<_> = rows
        .into_iter()
        .filter_map(|row| {
            let current = Claim { fence: row.fence, until: row.lease_until.map(instant) };
            let due_at = due_at(&row);
            let taken = lease::claim(due_at, current, now)?;
            until = taken.until;
            let interrupted = lease::is_interrupted(current, now);
            Some(Claimed { id: row.id, due_at, fence: taken.fence, interrupted })
        })
        .collect();
    if claimed.is_empty() {
        return Ok(claimed);
    }
    let ids: Vec<_> = claimed.iter().map(|timer| timer.id).collect();
    tx.execute(&UPDATE, vec![until.into(), kind.name().into(), id_list(&ids)]).await?;
    Ok(claimed)
}

fn id_list(ids: &[Uuid]) -> Value {
    Value::UuidList(ids.iter().map(|id| Some(*id)).collect())
}

/// Ends every claim as if its holder had died: for the embedded database, whose only process has
/// just begun.
pub async fn interrupt_all(tx: &mut Tx, now: Timestamp) -> Result<()> {
    const UPDATE: Sql = Sql::same("UPDATE timer SET lease_until = ? WHERE lease_until IS NOT NULL");
    tx.execute(&UPDATE, args![now]).await?;
    Ok(())
}

/// Puts a timer off that nobody can handle now, unless somebody holds it.
pub async fn put_off(
    tx: &mut Tx,
    kind: Kind,
    id: Uuid,
    until: Timestamp,
    now: Timestamp,
) -> Result<()> {
    const UPDATE: Sql = Sql::same(
        "UPDATE timer SET due_at = ?, lease_until = NULL, fence = fence + 1,
             generation = generation + 1
         WHERE kind = ? AND id = ? AND (lease_until IS NULL OR lease_until <= ?)",
    );
    tx.execute(&UPDATE, args![until, kind.name(), id, now]).await?;
    Ok(())
}

/// Ends a claim: the timer is set to `next` or removed. `false` means that the claim was lost to
/// somebody else or to a newer instant, and the caller's transaction must change nothing.
pub async fn finish(
    tx: &mut Tx,
    kind: Kind,
    claimed: &Claimed,
    next: Option<Timestamp>,
) -> Result<bool> {
    const UPDATE: Sql = Sql::same(
        "UPDATE timer SET due_at = ?, lease_until = NULL, generation = generation + 1
         WHERE kind = ? AND id = ? AND fence = ? AND lease_until IS NOT NULL",
    );
    const DELETE: Sql = Sql::same(
        "DELETE FROM timer WHERE kind = ? AND id = ? AND fence = ? AND lease_until IS NOT NULL",
    );
    let touched = match next {
        Some(next) => {
            tx.execute(&UPDATE, args![next, kind.name(), claimed.id, claimed.fence]).await?
        }
        None => tx.execute(&DELETE, args![kind.name(), claimed.id, claimed.fence]).await?,
    };
    Ok(touched == 1)
}

/// Whether a claim still stands; within a transaction on PostgreSQL it stands until the end.
pub async fn still_held(tx: &mut Tx, kind: Kind, claimed: &Claimed) -> Result<bool> {
    const SELECT: Sql = Sql::differs(
        "SELECT fence FROM timer WHERE kind = ? AND id = ? AND fence = ? AND lease_until IS NOT NULL",
        "SELECT fence FROM timer WHERE kind = ? AND id = ? AND fence = ? AND lease_until IS NOT NULL
         FOR UPDATE",
    );
    let row: Option<(i64,)> =
        tx.fetch_optional(&SELECT, args![kind.name(), claimed.id, claimed.fence]).await?;
    Ok(row.is_some())
}

/// The earliest instant at which a timer of this kind may be claimed.
pub async fn earliest(db: &Db, kind: Kind) -> Result<Option<Timestamp>> {
    const FREE: Sql =
        Sql::same("SELECT min(due_at) FROM timer WHERE kind = ? AND lease_until IS NULL");
    const HELD: Sql =
        Sql::same("SELECT min(lease_until) FROM timer WHERE kind = ? AND lease_until IS NOT NULL");
    let (free,): (Option<i64>,) = db.fetch_one(&FREE, args![kind.name()]).await?;
    let (held,): (Option<i64>,) = db.fetch_one(&HELD, args![kind.name()]).await?;
    Ok(free.into_iter().chain(held).min().map(instant))
}

/// What is due, the longest due first, without claiming it: for a stage that alone handles its kind.
pub async fn due(tx: &mut Tx, kind: Kind, now: Timestamp, limit: i64) -> Result<Vec<Uuid>> {
    const SELECT: Sql = Sql::same(
        "SELECT id FROM timer WHERE kind = ? AND due_at <= ? ORDER BY due_at, id LIMIT ?",
    );
    let rows: Vec<(Uuid,)> = tx.fetch_all(&SELECT, args![kind.name(), now, limit]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Everything that has a timer of this kind.
pub async fn known(db: &Db, kind: Kind) -> Result<Vec<Uuid>> {
    const SELECT: Sql = Sql::same("SELECT id FROM timer WHERE kind = ? ORDER BY id");
    let rows: Vec<(Uuid,)> = db.fetch_all(&SELECT, args![kind.name()]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Whether there is a timer to claim.
pub async fn is_due(db: &Db, kind: Kind, now: Timestamp) -> Result<bool> {
    const SELECT: Sql = Sql::same(
        "SELECT EXISTS (SELECT 1 FROM timer WHERE kind = ?1 AND due_at <= ?2
             AND (lease_until IS NULL OR lease_until <= ?2 OR lease_until > ?3))",
    );
    let (is_due,): (bool,) =
        db.fetch_one(&SELECT, args![kind.name(), now, lease::latest_end(now)]).await?;
    Ok(is_due)
}

/// How many timers of a kind are due, claimed or not, and the oldest of them (microseconds UTC).
pub async fn overdue(db: &Db, kind: Kind, now: Timestamp) -> Result<(i64, Option<i64>)> {
    const SELECT: Sql =
        Sql::same("SELECT count(*), min(due_at) FROM timer WHERE kind = ? AND due_at <= ?");
    db.fetch_one(&SELECT, args![kind.name(), now]).await
}

/// Whether work waits: a timer is due, claimed or not, or a message is not through triage. Every
/// kind is looked at in the same instant, so work that makes other work is never missed on its way
/// from the one to the other.
pub async fn is_work_waiting(db: &Db, now: Timestamp) -> Result<bool> {
    const SELECT: Sql = Sql::same(
        "SELECT EXISTS (SELECT 1 FROM timer WHERE due_at <= ?)
             OR EXISTS (SELECT 1 FROM inbox WHERE state = 'pending')",
    );
    let (waits,): (bool,) = db.fetch_one(&SELECT, args![now]).await?;
    Ok(waits)
}
