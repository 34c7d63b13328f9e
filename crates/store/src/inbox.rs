//! The inbox: every accepted message, whole and durable before its client hears 202. It keeps
//! messages and their fate; what they mean is decided elsewhere.

use jiff::Timestamp;
use muster_core::id::{AlertId, IntegrationId, MessageId};
use muster_core::incident::restriction::Viewer;
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::rows::{self, Column, Kind};
use crate::db::{Db, Result, Sql, Tx, Value};
use crate::incident::restriction;

/// A message about to be accepted.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// Made before the commit, so that a repeated commit is harmless.
    pub id: MessageId,
    /// Where it came in.
    pub integration: IntegrationId,
    /// When.
    pub received_at: Timestamp,
    /// The `Content-Type` header.
    pub content_type: Option<String>,
    /// What else of the request the source adapter needs, as JSON.
    pub request: Option<String>,
    /// As it came.
    pub body: Vec<u8>,
}

/// A message as it is stored.
#[derive(Debug, Clone, FromRow)]
pub struct MessageRow {
    /// See [`MessageId`].
    pub id: Uuid,
    /// See [`IntegrationId`].
    pub integration_id: Uuid,
    /// Microseconds UTC.
    pub received_at: i64,
    /// `pending`, `done` or `failed`.
    pub state: String,
    /// The `Content-Type` header.
    pub content_type: Option<String>,
    /// What else of the request the source adapter needs, as JSON.
    pub request: Option<String>,
    /// As it came.
    pub body: Vec<u8>,
    /// How often triage has begun with it.
    pub attempts: i64,
    /// Why it was set aside.
    pub error: Option<String>,
    /// What became of its signals, as JSON.
    pub outcome: Option<String>,
}

macro_rules! columns {
    () => {
        "id, integration_id, received_at, state, content_type, request, body, attempts, error, outcome"
    };
}

/// Stores a whole batch. A message that is stored already is left as it is.
pub async fn accept(tx: &mut Tx, batch: Vec<NewMessage>) -> Result<()> {
    const COLUMNS: [Column; 7] = [
        ("id", Kind::Uuid),
        ("integration_id", Kind::Uuid),
        ("received_at", Kind::Int),
        ("state", Kind::Text),
        ("content_type", Kind::Text),
        ("request", Kind::Text),
        ("body", Kind::Bytes),
    ];
    let rows = batch
        .into_iter()
        .map(|message| {
            args![
                message.id,
                message.integration,
                message.received_at,
                "pending",
                message.content_type,
                message.request,
                message.body
            ]
        })
        .collect();
    rows::insert(tx, "inbox", &COLUMNS, rows, "ON CONFLICT (id) DO NOTHING").await
}

/// The oldest messages that wait for triage, in order of receipt: at most `limit`, and no more than
/// fit into `bytes`, but always one.
pub async fn pending(tx: &mut Tx, limit: i64, bytes: i64) -> Result<Vec<MessageRow>> {
    const SIZES: Sql = Sql::same(
        "SELECT id, CAST(length(body) AS BIGINT) FROM inbox WHERE state = 'pending'
         ORDER BY id LIMIT ?",
    );
    const SELECT: Sql = Sql::same(concat!(
        "SELECT ",
        columns!(),
        " FROM inbox WHERE state = 'pending' AND id <= ? ORDER BY id LIMIT ?"
    ));
    let sizes: Vec<(Uuid, i64)> = tx.fetch_all(&SIZES, args![limit]).await?;
    let mut room = bytes;
    let fits = |(_, size): &&(Uuid, i64)| {
        let fits = room > 0;
        room = room.saturating_sub(*size);
        fits
    };
    match sizes.iter().take_while(fits).last() {
        Some((last, _)) => tx.fetch_all(&SELECT, args![*last, limit]).await,
        None => Ok(Vec::new()),
    }
}

/// The ids of the oldest messages that wait for triage.
pub async fn pending_ids(db: &Db, limit: i64) -> Result<Vec<MessageId>> {
    const SELECT: Sql =
        Sql::same("SELECT id FROM inbox WHERE state = 'pending' ORDER BY id LIMIT ?");
    let rows: Vec<(Uuid,)> = db.fetch_all(&SELECT, args![limit]).await?;
    Ok(rows.into_iter().map(|(id,)| MessageId(id)).collect())
}

/// One message, if it still waits for triage.
pub async fn pending_one(tx: &mut Tx, id: MessageId) -> Result<Option<MessageRow>> {
    const SELECT: Sql =
        Sql::same(concat!("SELECT ", columns!(), " FROM inbox WHERE id = ? AND state = 'pending'"));
    tx.fetch_optional(&SELECT, args![id]).await
}

/// How many messages wait for triage, and since when (microseconds UTC).
pub async fn backlog(db: &Db) -> Result<(i64, Option<i64>)> {
    const SELECT: Sql =
        Sql::same("SELECT count(*), min(received_at) FROM inbox WHERE state = 'pending'");
    db.fetch_one(&SELECT, vec![]).await
}

/// When the message that is next in triage was received.
pub async fn oldest_pending(tx: &mut Tx) -> Result<Option<Timestamp>> {
    const SELECT: Sql =
        Sql::same("SELECT received_at FROM inbox WHERE state = 'pending' ORDER BY id LIMIT 1");
    let row: Option<(i64,)> = tx.fetch_optional(&SELECT, vec![]).await?;
    Ok(row.and_then(|(at,)| Timestamp::from_microsecond(at).ok()))
}

/// How many messages are set aside.
pub async fn failed_count(db: &Db) -> Result<i64> {
    const SELECT: Sql = Sql::same("SELECT count(*) FROM inbox WHERE state = 'failed'");
    let (count,): (i64,) = db.fetch_one(&SELECT, vec![]).await?;
    Ok(count)
}

/// Marks messages as done, each with what became of its signals (JSON).
pub async fn finish(tx: &mut Tx, done: Vec<(MessageId, String)>) -> Result<()> {
    const COLUMNS: [Column; 2] = [("id", Kind::Uuid), ("outcome", Kind::Text)];
    let rows = done.into_iter().map(|(id, outcome)| args![id, outcome]).collect();
    let statement = |batch: &str| {
        format!(
            "UPDATE inbox SET state = 'done', error = NULL, attempts = attempts + 1,
                 outcome = batch.outcome
             FROM {batch} WHERE inbox.id = batch.id"
        )
    };
    rows::execute(tx, &COLUMNS, rows, statement).await?;
    Ok(())
}

/// Notes what became of the first signals of a message that has more of them than one transaction
/// takes. It goes on waiting, and triage goes on after these.
pub async fn progress(tx: &mut Tx, id: MessageId, outcome: &str) -> Result<()> {
    const UPDATE: Sql =
        Sql::same("UPDATE inbox SET outcome = ? WHERE id = ? AND state = 'pending'");
    tx.execute(&UPDATE, args![outcome, id]).await?;
    Ok(())
}

/// Sets a message aside that triage cannot digest; it never blocks the rest. `false` when it does
/// not wait any more.
pub async fn set_aside(tx: &mut Tx, id: MessageId, error: &str) -> Result<bool> {
    const UPDATE: Sql = Sql::same(
        "UPDATE inbox SET state = 'failed', attempts = attempts + 1, error = ?
         WHERE id = ? AND state = 'pending'",
    );
    Ok(tx.execute(&UPDATE, args![error, id]).await? == 1)
}

/// Keeps a message that triage does not see before somebody lets it through.
pub async fn insert_aside(tx: &mut Tx, message: &NewMessage, error: &str) -> Result<()> {
    const INSERT: Sql = Sql::same(
        "INSERT INTO inbox
             (id, integration_id, received_at, state, content_type, request, body, attempts, error)
         VALUES (?, ?, ?, 'failed', ?, ?, ?, 0, ?)",
    );
    let values = args![
        message.id,
        message.integration,
        message.received_at,
        message.content_type.as_deref(),
        message.request.as_deref(),
        &message.body[..],
        error,
    ];
    tx.execute(&INSERT, values).await?;
    Ok(())
}

/// Puts a message back for triage; `false` when it does not exist or waits already. One that was
/// set aside goes on where it failed, one that was done begins anew.
pub async fn replay(tx: &mut Tx, id: MessageId) -> Result<bool> {
    const UPDATE: Sql = Sql::same(
        "UPDATE inbox SET state = 'pending', error = NULL,
             outcome = CASE WHEN state = 'failed' THEN outcome END
         WHERE id = ? AND state <> 'pending'",
    );
    Ok(tx.execute(&UPDATE, args![id]).await? == 1)
}

/// One message, unless it speaks of an incident that the viewer does not see.
pub async fn get(db: &Db, viewer: &Viewer, id: MessageId) -> Result<Option<MessageRow>> {
    let mut values = args![id];
    let visible = restriction::message_visible(viewer, &mut values);
    let text = format!(
        concat!("SELECT ", columns!(), " FROM inbox WHERE id = ? AND {visible}"),
        visible = visible
    );
    db.fetch_optional(&Sql::built(text), values).await
}

/// Messages from the newest to the oldest, optionally of one state or integration, older than
/// `before`; but for those that speak of an incident that the viewer does not see.
pub async fn list(
    db: &Db,
    viewer: &Viewer,
    state: Option<&str>,
    integration: Option<IntegrationId>,
    before: Option<MessageId>,
    limit: i64,
) -> Result<Vec<MessageRow>> {
    let mut values = vec![];
    let visible = restriction::message_visible(viewer, &mut values);
    let mut text =
        format!(concat!("SELECT ", columns!(), " FROM inbox WHERE {visible}"), visible = visible);
    if let Some(state) = state {
        text.push_str(" AND state = ?");
        values.extend(args![state]);
    }
    if let Some(integration) = integration {
        text.push_str(" AND integration_id = ?");
        values.extend(args![integration]);
    }
    if let Some(before) = before {
        text.push_str(" AND id < ?");
        values.extend(args![before]);
    }
    text.push_str(" ORDER BY id DESC LIMIT ?");
    values.extend(args![limit]);
    db.fetch_all(&Sql::built(text), values).await
}

/// The messages that spoke of an alert, from the newest to the oldest; but for those that speak also
/// of an incident that the viewer does not see.
pub async fn of_alert(
    db: &Db,
    viewer: &Viewer,
    alert: AlertId,
    limit: i64,
) -> Result<Vec<MessageRow>> {
    let mut values = args![alert];
    let visible = restriction::message_visible(viewer, &mut values);
    let text = format!(
        concat!(
            "SELECT ",
            columns!(),
            " FROM inbox WHERE id IN (SELECT message_id FROM alert_message WHERE alert_id = ?)
                  AND {visible}
              ORDER BY id DESC LIMIT ?"
        ),
        visible = visible
    );
    values.extend(args![limit]);
    db.fetch_all(&Sql::built(text), values).await
}

/// When an integration was last heard of (microseconds UTC): by its newest message or, once its
/// messages are forgotten, by its alerts.
pub async fn last_received(db: &Db, integration: IntegrationId) -> Result<Option<i64>> {
    const NEWEST: Sql = Sql::same(
        "SELECT received_at FROM inbox WHERE integration_id = ? ORDER BY id DESC LIMIT 1",
    );
    const ALERTS: Sql = Sql::same("SELECT max(last_at) FROM alert WHERE integration_id = ?");
    if let Some((at,)) = db.fetch_optional::<(i64,)>(&NEWEST, args![integration]).await? {
        return Ok(Some(at));
    }
    let (at,): (Option<i64>,) = db.fetch_one(&ALERTS, args![integration]).await?;
    Ok(at)
}

/// Deletes raw messages that were done before `cutoff`, at most `limit` of them, with the note of
/// which alerts they spoke of; says how many. Failed ones stay until somebody has looked.
pub async fn delete_done(tx: &mut Tx, cutoff: Timestamp, limit: i64) -> Result<u64> {
    // Ids grow with time, so what is newer is not read.
    const OLD: Sql = Sql::same(
        "SELECT id FROM inbox WHERE id < ? AND state = 'done' AND received_at < ?
         ORDER BY id LIMIT ?",
    );
    const SPOKEN_OF: Sql = Sql::differs(
        "DELETE FROM alert_message
         WHERE message_id IN (SELECT unhex(value) FROM json_each(?))",
        "DELETE FROM alert_message WHERE message_id = ANY(?)",
    );
    const DELETE: Sql = Sql::differs(
        "DELETE FROM inbox WHERE id IN (SELECT unhex(value) FROM json_each(?))",
        "DELETE FROM inbox WHERE id = ANY(?)",
    );
    let old: Vec<(Uuid,)> =
        tx.fetch_all(&OLD, args![MessageId::new(cutoff, [0; 10]), cutoff, limit]).await?;
    if old.is_empty() {
        return Ok(0);
    }
    let old = Value::UuidList(old.into_iter().map(|(id,)| Some(id)).collect());
    tx.execute(&SPOKEN_OF, vec![old.clone()]).await?;
    tx.execute(&DELETE, vec![old]).await
}
