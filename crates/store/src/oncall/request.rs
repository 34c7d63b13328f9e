//! Requests to cover or swap shifts, as they are stored. What a request's links open is known by
//! digest only.

use muster_core::id::{AbsenceId, RequestId, ScheduleId, UserId};
use muster_core::oncall::cover::{Asked, Request, Span, State};
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::{Db, Result, Sql, StoreError, Tx, instant};

#[derive(FromRow)]
struct RequestRow {
    id: Uuid,
    schedule_id: Uuid,
    requester_id: Uuid,
    from_at: i64,
    to_at: i64,
    return_from: Option<i64>,
    return_to: Option<i64>,
    reason: String,
    state: String,
    accepted_by: Option<Uuid>,
    absence_id: Option<Uuid>,
    reminders: i64,
    created_at: i64,
    decided_at: Option<i64>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, schedule_id, requester_id, from_at, to_at, return_from, return_to, reason,
                 state, accepted_by, absence_id, reminders, created_at, decided_at
             FROM cover_request ",
            $rest
        )
    };
}

/// Stores a request with the digests of the links of those who are asked.
pub async fn insert(tx: &mut Tx, request: &Request, links: &[(UserId, [u8; 32])]) -> Result<()> {
    const INSERT: Sql = Sql::same(
        "INSERT INTO cover_request
             (id, schedule_id, requester_id, from_at, to_at, return_from, return_to, reason, state,
              absence_id, reminders, created_at, version)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, 1)",
    );
    const ASK: Sql = Sql::same(
        "INSERT INTO cover_request_asked (request_id, user_id, token_hash) VALUES (?, ?, ?)",
    );
    let values = args![
        request.id,
        request.schedule,
        request.requester,
        request.shift.from,
        request.shift.to,
        request.in_return.map(|span| span.from),
        request.in_return.map(|span| span.to),
        &request.reason,
        request.state.name(),
        request.absence,
        request.created_at,
    ];
    tx.execute(&INSERT, values).await?;
    for (user, hash) in links {
        tx.execute(&ASK, args![request.id, *user, hash]).await?;
    }
    Ok(())
}

/// Stores where a request stands.
pub async fn update(tx: &mut Tx, request: &Request) -> Result<()> {
    const UPDATE: Sql = Sql::same(
        "UPDATE cover_request SET state = ?, accepted_by = ?, reminders = ?, decided_at = ?,
             version = version + 1
         WHERE id = ?",
    );
    const ANSWERED: Sql = Sql::same(
        "UPDATE cover_request_asked SET declined_at = ? WHERE request_id = ? AND user_id = ?",
    );
    let values = args![
        request.state.name(),
        request.accepted_by,
        request.reminders,
        request.decided_at,
        request.id
    ];
    tx.execute(&UPDATE, values).await?;
    for asked in &request.asked {
        tx.execute(&ANSWERED, args![asked.declined_at, request.id, asked.user]).await?;
    }
    Ok(())
}

/// One request, held until the transaction ends.
pub async fn lock(tx: &mut Tx, id: RequestId) -> Result<Option<Request>> {
    const SELECT: Sql = Sql::differs(select!("WHERE id = ?"), select!("WHERE id = ? FOR UPDATE"));
    let row: Option<RequestRow> = tx.fetch_optional(&SELECT, args![id]).await?;
    match row {
        Some(row) => whole(tx, row).await.map(Some),
        None => Ok(None),
    }
}

/// One request.
pub async fn get(db: &Db, id: RequestId) -> Result<Option<Request>> {
    const SELECT: Sql = Sql::same(select!("WHERE id = ?"));
    let mut tx = db.snapshot().await?;
    let row: Option<RequestRow> = tx.fetch_optional(&SELECT, args![id]).await?;
    match row {
        Some(row) => whole(&mut tx, row).await.map(Some),
        None => Ok(None),
    }
}

/// The requests before `before`, the newest first; only those that wait for an answer if `open`.
pub async fn list(
    db: &Db,
    before: Option<RequestId>,
    open: bool,
    limit: i64,
) -> Result<Vec<Request>> {
    const ALL: Sql = Sql::same(select!("WHERE id < ? ORDER BY id DESC LIMIT ?"));
    const OPEN: Sql =
        Sql::same(select!("WHERE id < ? AND state = 'requested' ORDER BY id DESC LIMIT ?"));
    let before = before.unwrap_or(RequestId(Uuid::max()));
    let mut tx = db.snapshot().await?;
    let select = if open { &OPEN } else { &ALL };
    let rows: Vec<RequestRow> = tx.fetch_all(select, args![before, limit]).await?;
    let mut requests = Vec::with_capacity(rows.len());
    for row in rows {
        requests.push(whole(&mut tx, row).await?);
    }
    Ok(requests)
}

/// The open requests of a schedule in which somebody's shift meets a time.
pub async fn open_of(
    tx: &mut Tx,
    schedule: ScheduleId,
    requester: UserId,
    span: Span,
) -> Result<Vec<RequestId>> {
    const SELECT: Sql = Sql::same(
        "SELECT id FROM cover_request
         WHERE schedule_id = ? AND requester_id = ? AND state = 'requested' AND from_at < ?
             AND to_at > ? ORDER BY id",
    );
    let rows: Vec<(Uuid,)> =
        tx.fetch_all(&SELECT, args![schedule, requester, span.to, span.from]).await?;
    Ok(rows.into_iter().map(|(id,)| RequestId(id)).collect())
}

/// The requests that a leave has opened and that wait for an answer.
pub async fn open_of_absence(tx: &mut Tx, absence: AbsenceId) -> Result<Vec<RequestId>> {
    const SELECT: Sql = Sql::same(
        "SELECT id FROM cover_request WHERE absence_id = ? AND state = 'requested' ORDER BY id",
    );
    let rows: Vec<(Uuid,)> = tx.fetch_all(&SELECT, args![absence]).await?;
    Ok(rows.into_iter().map(|(id,)| RequestId(id)).collect())
}

/// What a link opens: the request, and the person it was sent to.
pub async fn by_token(db: &Db, token_hash: &[u8; 32]) -> Result<Option<(RequestId, UserId)>> {
    const SELECT: Sql =
        Sql::same("SELECT request_id, user_id FROM cover_request_asked WHERE token_hash = ?");
    let row: Option<(Uuid, Uuid)> = db.fetch_optional(&SELECT, args![token_hash]).await?;
    Ok(row.map(|(request, user)| (RequestId(request), UserId(user))))
}

async fn whole(tx: &mut Tx, row: RequestRow) -> Result<Request> {
    const ASKED: Sql = Sql::same(
        "SELECT user_id, declined_at FROM cover_request_asked WHERE request_id = ?
         ORDER BY user_id",
    );
    let asked: Vec<(Uuid, Option<i64>)> = tx.fetch_all(&ASKED, args![row.id]).await?;
    let asked = asked.into_iter().map(|(user, declined_at)| {
        let declined_at = declined_at.map(instant).transpose()?;
        Ok(Asked { user: UserId(user), declined_at })
    });
    let state = State::from_name(&row.state)
        .ok_or_else(|| StoreError::Corrupt(format!("request state {}", row.state)))?;
    let in_return = match (row.return_from, row.return_to) {
        (Some(from), Some(to)) => Some(Span { from: instant(from)?, to: instant(to)? }),
        _ => None,
    };
    Ok(Request {
        id: RequestId(row.id),
        schedule: ScheduleId(row.schedule_id),
        requester: UserId(row.requester_id),
        shift: Span { from: instant(row.from_at)?, to: instant(row.to_at)? },
        in_return,
        reason: row.reason,
        asked: asked.collect::<Result<_>>()?,
        state,
        accepted_by: row.accepted_by.map(UserId),
        absence: row.absence_id.map(AbsenceId),
        reminders: u32::try_from(row.reminders).unwrap_or(u32::MAX),
        created_at: instant(row.created_at)?,
        decided_at: row.decided_at.map(instant).transpose()?,
    })
}
