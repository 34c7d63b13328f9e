//! What stands in the calendar of changes (`X9`), in the few columns that conflicts are found by. What
//! somebody meant to do and nobody has agreed to yet does not stand there.

use std::collections::HashMap;

use jiff::Timestamp;
use muster_core::change::conflict::Booked;
use muster_core::id::{ServiceId, UserId};
use muster_core::oncall::cover::Span;
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::{Db, Result, Sql, Tx, Value, instant};

#[derive(FromRow)]
struct BookedRow {
    id: Uuid,
    number: i64,
    title: String,
    state: String,
    technician_id: Option<Uuid>,
    tier: Option<i64>,
    start_at: i64,
    end_at: i64,
    back_at: i64,
}

/// The changes that stand in the calendar at some instant of a time, ways back included; what is under
/// way longer than it was meant to counts up to `now` at least.
pub async fn booked(tx: &mut Tx, within: Span, now: Timestamp) -> Result<Vec<Booked>> {
    // Whoever is under way is, whatever was planned; those are few.
    const SELECT: Sql = Sql::same(
        "SELECT id, number, title, state, technician_id, tier,
             COALESCE(started_at, start_at) AS start_at, end_at, COALESCE(back_at, end_at) AS back_at
         FROM change
         WHERE end_at IS NOT NULL AND start_at IS NOT NULL AND (
             (state = 'scheduled' AND start_at < ? AND COALESCE(back_at, end_at) > ?)
             OR state IN ('in_progress', 'rolling_back'))
         ORDER BY number",
    );
    const SERVICES: Sql = Sql::same(
        "SELECT change_service.change_id, change_service.service_id
         FROM change JOIN change_service ON change_service.change_id = change.id
         WHERE change.end_at IS NOT NULL AND change.start_at IS NOT NULL AND (
             (change.state = 'scheduled' AND change.start_at < ?
                 AND COALESCE(change.back_at, change.end_at) > ?)
             OR change.state IN ('in_progress', 'rolling_back'))
         ORDER BY change_service.change_id, change_service.service_id",
    );
    let values = || args![within.to, within.from];
    let rows: Vec<BookedRow> = tx.fetch_all(&SELECT, values()).await?;
    let mut services: HashMap<Uuid, Vec<ServiceId>> = HashMap::new();
    let touched: Vec<(Uuid, Uuid)> = tx.fetch_all(&SERVICES, values()).await?;
    for (change, service) in touched {
        services.entry(change).or_default().push(ServiceId(service));
    }
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let mut to = instant(row.end_at)?;
        if row.state != "scheduled" {
            // Nobody knows how long it will still take: it is in the way now at least.
            let soon = now.checked_add(muster_core::change::conflict::GRAIN).unwrap_or(now);
            to = to.max(soon);
        }
        let span = Span { from: instant(row.start_at)?, to };
        found.push(Booked {
            number: row.number,
            title: row.title,
            span,
            back_by: instant(row.back_at)?.max(to),
            services: services.remove(&row.id).unwrap_or_default(),
            technician: row.technician_id.map(UserId),
            tier: row.tier.and_then(|tier| u8::try_from(tier).ok()).unwrap_or(u8::MAX),
        });
    }
    found.retain(|one| one.span.from < within.to && one.back_by > within.from);
    Ok(found)
}

/// Waits for whoever else is about to put a change into the calendar, until the transaction ends, so
/// that two of them cannot both find the other's time free.
pub async fn hold(tx: &mut Tx) -> Result<()> {
    const HOLD: Sql = Sql::same("UPDATE counter SET value = value WHERE name = 'change'");
    tx.execute(&HOLD, vec![]).await?;
    Ok(())
}

/// What is weighed of a planned change before it is shown as a suspect (`X15`): one row for each
/// service that it touches.
#[derive(Debug, Clone, FromRow)]
pub struct AroundRow {
    /// See [`ChangeId`](muster_core::id::ChangeId).
    pub id: Uuid,
    /// See [`ServiceId`].
    pub service_id: Uuid,
    /// Its class.
    pub class: String,
    /// A name of [`State`](muster_core::change::record::State).
    pub state: String,
    /// A name of [`Outcome`](muster_core::change::record::Outcome).
    pub outcome: Option<String>,
    /// When it really began, in microseconds UTC; none where nobody said that it did.
    pub started_at: Option<i64>,
    /// When it was really done.
    pub ended_at: Option<i64>,
    /// When it was to begin.
    pub start_at: Option<i64>,
    /// When it was to be over.
    pub end_at: Option<i64>,
}

/// The planned changes of some services that were under way at some instant from `from` up to and with
/// `began`, the newest first; and those that everybody had agreed to, that were planned for `began` or
/// to begin by `early`, and of which nobody said that they began.
pub async fn around(
    db: &Db,
    services: &[ServiceId],
    (from, began, early): (Timestamp, Timestamp, Timestamp),
    limit: i64,
) -> Result<Vec<AroundRow>> {
    macro_rules! select {
        ($among:literal) => {
            concat!(
                "SELECT change.id, change_service.service_id, change.class, change.state, change.outcome,
                     change.started_at, change.ended_at, change.start_at, change.end_at
                 FROM change_service JOIN change ON change.id = change_service.change_id
                 WHERE change_service.service_id ",
                $among,
                "    AND ((change.started_at <= ? AND (change.ended_at IS NULL OR change.ended_at >= ?))
                       OR (change.started_at IS NULL AND change.approved_at IS NOT NULL
                           AND change.state IN ('scheduled', 'expired')
                           AND change.start_at <= ? AND change.end_at >= ?))
                 ORDER BY change.number DESC, change_service.service_id LIMIT ?"
            )
        };
    }
    const SELECT: Sql =
        Sql::differs(select!("IN (SELECT unhex(value) FROM json_each(?))"), select!("= ANY(?)"));
    let mut values = vec![Value::UuidList(services.iter().map(|id| Some(id.0)).collect())];
    values.extend(args![began, from, early, began, limit]);
    db.fetch_all(&SELECT, values).await
}
