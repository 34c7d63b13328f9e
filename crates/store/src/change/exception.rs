//! Exceptions to the matrix of changes (`X7`) as they are stored, and the changes that earn them.

use jiff::Timestamp;
use muster_core::change::exception::{Agreement, End, Ending, Exception, Run};
use muster_core::change::record::{Change, Outcome, State};
use muster_core::change::suspect::{Mark, Source};
use muster_core::id::{ChangeId, ExceptionId, IncidentId, ServiceId, TeamId, UserId};
use sqlx::FromRow;
use uuid::Uuid;

use super::{plan, record};
use crate::args;
use crate::db::{Db, Result, Sql, StoreError, Tx, Value};
use crate::incident::incident::marks;

#[derive(FromRow)]
struct ExceptionRow {
    id: Uuid,
    number: i64,
    team_id: Uuid,
    class: String,
    service_id: Option<Uuid>,
    row_name: String,
    justification: String,
    nominator_id: Uuid,
    nominated_at: i64,
    manager_id: Option<Uuid>,
    manager_at: Option<i64>,
    owner_id: Option<Uuid>,
    owner_at: Option<i64>,
    review_at: Option<i64>,
    ending: Option<String>,
    ended_by: Option<String>,
    ended_reason: Option<String>,
    ended_incident: Option<Uuid>,
    ended_at: Option<i64>,
    is_announced: bool,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, number, team_id, class, service_id, row_name, justification, nominator_id,
                 nominated_at, manager_id, manager_at, owner_id, owner_at, review_at, ending, ended_by,
                 ended_reason, ended_incident, ended_at, is_announced
             FROM change_exception ",
            $rest
        )
    };
}

fn corrupt(what: &str) -> StoreError {
    StoreError::Corrupt(format!("an exception with {what}"))
}

fn instant(micros: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(micros).map_err(|_| corrupt("no instant"))
}

impl ExceptionRow {
    fn read(self) -> Result<Exception> {
        let agreement = |user: Option<Uuid>, at: Option<i64>| {
            let both = user.zip(at);
            both.map(|(user, at)| {
                Ok::<_, StoreError>(Agreement { by: UserId(user), at: instant(at)? })
            })
            .transpose()
        };
        let end = match (self.ending, self.ended_at) {
            (Some(ending), Some(at)) => Some(End {
                ending: Ending::from_name(&ending).ok_or_else(|| corrupt("an unknown ending"))?,
                by: self.ended_by.unwrap_or_default(),
                reason: self.ended_reason.unwrap_or_default(),
                incident: self.ended_incident.map(IncidentId),
                at: instant(at)?,
            }),
            _ => None,
        };
        Ok(Exception {
            id: ExceptionId(self.id),
            number: self.number,
            team: TeamId(self.team_id),
            class: self.class,
            service: self.service_id.map(ServiceId),
            row: self.row_name,
            justification: self.justification,
            nominator: UserId(self.nominator_id),
            nominated_at: instant(self.nominated_at)?,
            manager: agreement(self.manager_id, self.manager_at)?,
            owner: agreement(self.owner_id, self.owner_at)?,
            review_at: self.review_at.map(instant).transpose()?,
            end,
            is_announced: self.is_announced,
        })
    }
}

/// The next number for people. Nobody else draws one until the transaction ends.
pub async fn next_number(tx: &mut Tx) -> Result<i64> {
    const UPDATE: Sql = Sql::same(
        "UPDATE counter SET value = value + 1 WHERE name = 'change_exception' RETURNING value",
    );
    let (number,): (i64,) = tx.fetch_one(&UPDATE, vec![]).await?;
    Ok(number)
}

/// Stores a new exception.
pub async fn insert(tx: &mut Tx, exception: &Exception) -> Result<()> {
    const INSERT: Sql = Sql::same(
        "INSERT INTO change_exception (id, number, team_id, class, service_id, row_name, justification,
             nominator_id, nominated_at, is_announced)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    );
    let values = args![
        exception.id,
        exception.number,
        exception.team,
        &exception.class,
        exception.service,
        &exception.row,
        &exception.justification,
        exception.nominator,
        exception.nominated_at,
        exception.is_announced,
    ];
    tx.execute(&INSERT, values).await?;
    Ok(())
}

/// Stores what became of an exception.
pub async fn update(tx: &mut Tx, exception: &Exception) -> Result<()> {
    const UPDATE: Sql = Sql::same(
        "UPDATE change_exception SET manager_id = ?, manager_at = ?, owner_id = ?, owner_at = ?,
             review_at = ?, ending = ?, ended_by = ?, ended_reason = ?, ended_incident = ?,
             ended_at = ?, is_announced = ?
         WHERE id = ?",
    );
    let end = exception.end.as_ref();
    let values = args![
        exception.manager.map(|one| one.by),
        exception.manager.map(|one| one.at),
        exception.owner.map(|one| one.by),
        exception.owner.map(|one| one.at),
        exception.review_at,
        end.map(|one| one.ending.name()),
        end.map(|one| one.by.as_str()),
        end.map(|one| one.reason.as_str()),
        end.and_then(|one| one.incident),
        end.map(|one| one.at),
        exception.is_announced,
        exception.id,
    ];
    tx.execute(&UPDATE, values).await?;
    Ok(())
}

/// One exception, held until the transaction ends.
pub async fn lock(tx: &mut Tx, number: i64) -> Result<Option<Exception>> {
    const SELECT: Sql =
        Sql::differs(select!("WHERE number = ?"), select!("WHERE number = ? FOR UPDATE"));
    let row: Option<ExceptionRow> = tx.fetch_optional(&SELECT, args![number]).await?;
    row.map(ExceptionRow::read).transpose()
}

/// The exceptions of a class that are not over, the oldest first.
pub async fn living(tx: &mut Tx, class: &str) -> Result<Vec<Exception>> {
    const SELECT: Sql = Sql::same(select!("WHERE class = ? AND ending IS NULL ORDER BY number"));
    let rows: Vec<ExceptionRow> = tx.fetch_all(&SELECT, args![class]).await?;
    rows.into_iter().map(ExceptionRow::read).collect()
}

/// The exceptions with a smaller number, the newest first.
pub async fn list(db: &Db, before: Option<i64>, limit: i64) -> Result<Vec<Exception>> {
    const SELECT: Sql = Sql::same(select!("WHERE number < ? ORDER BY number DESC LIMIT ?"));
    let values = args![before.unwrap_or(i64::MAX), limit];
    let rows: Vec<ExceptionRow> = db.fetch_all(&SELECT, values).await?;
    rows.into_iter().map(ExceptionRow::read).collect()
}

/// The changes of a class to any of these services that were closed since then, the last one first.
/// Everybody reads how many are clean, so only incidents count that everybody sees.
pub async fn runs(
    tx: &mut Tx,
    class: &str,
    services: &[ServiceId],
    since: Timestamp,
    limit: i64,
) -> Result<Vec<Run>> {
    if services.is_empty() {
        return Ok(Vec::new());
    }
    let text = format!(
        "SELECT outcome, plan, (SELECT count(*) FROM change_mark
             JOIN incident ON incident.id = change_mark.incident_id
             WHERE change_kind = ? AND mark = ? AND change_id = change.id
                 AND NOT incident.restricted AND NOT incident.practice) AS caused
         FROM change WHERE class = ? AND closed_at > ? AND outcome IS NOT NULL
             AND service_id IN ({})
         ORDER BY closed_at DESC, number DESC LIMIT ?",
        marks(services.len())
    );
    let mut values: Vec<Value> = args![Source::Planned.name(), Mark::Cause.name(), class, since];
    values.extend(services.iter().map(|service| Value::from(*service)));
    values.extend(args![limit]);
    let rows: Vec<(String, String, i64)> = tx.fetch_all(&Sql::built(text), values).await?;
    let read = |(outcome, written, caused): (String, String, i64)| {
        Ok(Run {
            outcome: Outcome::from_name(&outcome).ok_or_else(|| corrupt("an unknown outcome"))?,
            automation: plan::read(&written)?.automation,
            is_cause: caused > 0,
        })
    };
    rows.into_iter().map(read).collect()
}

/// The changes under an exception that have not begun, each held until the transaction ends.
pub async fn ahead(tx: &mut Tx, exception: i64, limit: i64) -> Result<Vec<Change>> {
    let states = State::NAMES.iter().filter(|(state, _)| state.is_ahead());
    let mut values: Vec<Value> = args![exception];
    values.extend(states.clone().map(|(_, name)| Value::from(*name)));
    values.extend(args![limit]);
    let text = format!(
        "SELECT id FROM change WHERE exception = ? AND state IN ({}) ORDER BY number LIMIT ?",
        marks(states.count())
    );
    let ids: Vec<(Uuid,)> = tx.fetch_all(&Sql::built(text), values).await?;
    let mut changes = Vec::with_capacity(ids.len());
    for (id,) in ids {
        changes.extend(record::lock_by_id(tx, ChangeId(id)).await?);
    }
    Ok(changes)
}
