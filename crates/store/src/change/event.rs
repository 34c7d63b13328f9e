//! Change events (`X16`) as they are stored: one row per change and service, folded out of all that
//! its source said of it.

use jiff::Timestamp;
use muster_core::change::event::{Kind, Progress, State, What};
use muster_core::id::{ChangeEventId, IntegrationId, ServiceId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::{Db, Result, Sql, StoreError, Tx, Value};
use crate::incident::incident::marks;

/// A report for one service, about to be folded into its event.
#[derive(Debug, Clone)]
pub struct NewReport {
    /// The event's id if it is the first of its change.
    pub id: ChangeEventId,
    /// What was changed.
    pub service: ServiceId,
    /// Where it came in; none when a person wrote it.
    pub integration: Option<IntegrationId>,
    /// The kind of source: `github`, or `manual`.
    pub source: &'static str,
    /// The same in all reports of one change, within its integration.
    pub key: String,
    /// How far it is.
    pub progress: Progress,
    /// What is known of it.
    pub what: What,
}

/// An event as it is stored.
#[derive(Debug, Clone, FromRow)]
pub struct ChangeEventRow {
    /// See [`ChangeEventId`].
    pub id: Uuid,
    /// See [`ServiceId`].
    pub service_id: Uuid,
    /// Where it came in; none when a person wrote it.
    pub integration_id: Option<Uuid>,
    /// The kind of source.
    pub source: String,
    /// A name of [`Kind`].
    pub kind: String,
    /// A name of [`State`].
    pub state: String,
    /// For people to read.
    pub summary: String,
    /// What was changed, as the source calls it.
    pub subject: String,
    /// Where; may be empty.
    pub environment: String,
    /// May be empty.
    pub version: String,
    /// Who, as the source calls them; may be empty.
    pub author: String,
    /// A page about it.
    pub url: Option<String>,
    /// A page that shows what was changed.
    pub diff_url: Option<String>,
    /// Microseconds UTC.
    pub started_at: i64,
    /// Microseconds UTC; none while it is being made.
    pub ended_at: Option<i64>,
    /// When its first report came in, in microseconds UTC.
    pub received_at: i64,
}

macro_rules! columns {
    () => {
        "id, service_id, integration_id, source, kind, state, summary, subject, environment, \
         version, author, url, diff_url, started_at, ended_at, received_at"
    };
}

impl ChangeEventRow {
    /// What sort of thing was changed.
    ///
    /// # Errors
    /// When the store holds a word that this version does not know.
    pub fn kind(&self) -> Result<Kind> {
        Kind::from_name(&self.kind).ok_or_else(|| corrupt("kind", &self.kind))
    }

    /// How far it is.
    ///
    /// # Errors
    /// When the store holds a word that this version does not know.
    pub fn progress(&self) -> Result<Progress> {
        let state = State::from_name(&self.state).ok_or_else(|| corrupt("state", &self.state))?;
        let at = |micros: i64| Timestamp::from_microsecond(micros).unwrap_or_default();
        Ok(Progress { state, started_at: at(self.started_at), ended_at: self.ended_at.map(at) })
    }

    fn what(&self) -> Result<What> {
        Ok(What {
            kind: self.kind()?,
            summary: self.summary.clone(),
            subject: self.subject.clone(),
            environment: self.environment.clone(),
            version: self.version.clone(),
            author: self.author.clone(),
            url: self.url.clone(),
            diff_url: self.diff_url.clone(),
        })
    }
}

fn corrupt(what: &str, word: &str) -> StoreError {
    StoreError::Corrupt(format!("unknown {what} of a change event: {word}"))
}

/// What became of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// It is a new event.
    New(ChangeEventId),
    /// It told something new of one that was known.
    Changed(ChangeEventId),
    /// All of it was known.
    Known(ChangeEventId),
}

/// Folds a report into its event.
pub async fn record(tx: &mut Tx, report: &NewReport, now: Timestamp) -> Result<Recorded> {
    const INSERT: Sql = Sql::same(concat!(
        "INSERT INTO change_event (",
        columns!(),
        ", event_key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (integration_id, event_key, service_id) DO NOTHING"
    ));
    let NewReport { what, progress, .. } = report;
    let mut values = args![report.id, report.service, report.integration, report.source];
    values.extend(told(what, progress));
    values.extend(args![now, &report.key]);
    if tx.execute(&INSERT, values).await? > 0 {
        return Ok(Recorded::New(report.id));
    }
    complete(tx, report).await
}

/// What changes with further reports, in the order of the columns.
fn told(what: &What, progress: &Progress) -> Vec<Value> {
    args![
        what.kind.name(),
        progress.state.name(),
        &what.summary,
        &what.subject,
        &what.environment,
        &what.version,
        &what.author,
        what.url.as_deref(),
        what.diff_url.as_deref(),
        progress.started_at,
        progress.ended_at,
    ]
}

async fn complete(tx: &mut Tx, report: &NewReport) -> Result<Recorded> {
    const SELECT: Sql = Sql::differs(
        concat!(
            "SELECT ",
            columns!(),
            " FROM change_event
             WHERE integration_id = ? AND event_key = ? AND service_id = ?"
        ),
        concat!(
            "SELECT ",
            columns!(),
            " FROM change_event
             WHERE integration_id = ? AND event_key = ? AND service_id = ? FOR UPDATE"
        ),
    );
    const UPDATE: Sql = Sql::same(
        "UPDATE change_event SET kind = ?, state = ?, summary = ?, subject = ?, environment = ?,
             version = ?, author = ?, url = ?, diff_url = ?, started_at = ?, ended_at = ?
         WHERE id = ?",
    );
    let key = args![report.integration, &report.key, report.service];
    let known: ChangeEventRow = tx.fetch_one(&SELECT, key).await?;
    let id = ChangeEventId(known.id);
    let (was, had) = (known.what()?, known.progress()?);
    let what = was.clone().filled_by(report.what.clone());
    let progress = had.fold(report.progress);
    if (&was, had) == (&what, progress) {
        return Ok(Recorded::Known(id));
    }
    let mut values = told(&what, &progress);
    values.extend(args![id]);
    tx.execute(&UPDATE, values).await?;
    Ok(Recorded::Changed(id))
}

/// Notes a delivery by the number that its source gave it; `false` where it was noted before.
pub async fn note_delivery(
    tx: &mut Tx,
    integration: IntegrationId,
    delivery: &str,
    now: Timestamp,
) -> Result<bool> {
    const INSERT: Sql = Sql::same(
        "INSERT INTO change_delivery (integration_id, delivery, received_at) VALUES (?, ?, ?)
         ON CONFLICT (integration_id, delivery) DO NOTHING",
    );
    Ok(tx.execute(&INSERT, args![integration, delivery, now]).await? > 0)
}

/// Which events.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of any of these services; of all where none is named.
    pub services: Vec<ServiceId>,
    /// Of any of these kinds; of all where none is named.
    pub kinds: Vec<Kind>,
    /// Begun at this instant or after it.
    pub from: Option<Timestamp>,
    /// Begun before this instant.
    pub to: Option<Timestamp>,
    /// After this place of the list.
    pub after: Option<(i64, ChangeEventId)>,
}

/// Events, the last begun first.
pub async fn list(db: &Db, filter: &Filter, limit: i64) -> Result<Vec<ChangeEventRow>> {
    let (sql, values) = finding(filter, limit);
    db.fetch_all(&sql, values).await
}

/// The statement of [`list`].
pub fn finding(filter: &Filter, limit: i64) -> (Sql, Vec<Value>) {
    let mut text = concat!("SELECT ", columns!(), " FROM change_event WHERE true").to_owned();
    let mut values = vec![];
    if !filter.services.is_empty() {
        text.push_str(&format!(" AND service_id IN ({})", marks(filter.services.len())));
        values.extend(filter.services.iter().map(|id| Value::from(*id)));
    }
    if !filter.kinds.is_empty() {
        text.push_str(&format!(" AND kind IN ({})", marks(filter.kinds.len())));
        values.extend(filter.kinds.iter().map(|kind| Value::from(kind.name())));
    }
    if let Some(from) = filter.from {
        text.push_str(" AND started_at >= ?");
        values.extend(args![from]);
    }
    if let Some(to) = filter.to {
        text.push_str(" AND started_at < ?");
        values.extend(args![to]);
    }
    if let Some((started_at, id)) = filter.after {
        text.push_str(" AND (started_at, id) < (?, ?)");
        values.extend(args![started_at, id]);
    }
    text.push_str(" ORDER BY started_at DESC, id DESC LIMIT ?");
    values.extend(args![limit]);
    (Sql::built(text), values)
}

/// An event.
pub async fn get(db: &Db, id: ChangeEventId) -> Result<Option<ChangeEventRow>> {
    const SELECT: Sql =
        Sql::same(concat!("SELECT ", columns!(), " FROM change_event WHERE id = ?"));
    db.fetch_optional(&SELECT, args![id]).await
}

/// What is weighed of an event before it is shown.
#[derive(Debug, Clone, FromRow)]
pub struct AroundRow {
    /// See [`ChangeEventId`].
    pub id: Uuid,
    /// See [`ServiceId`].
    pub service_id: Uuid,
    /// A name of [`Kind`].
    pub kind: String,
    /// A name of [`State`].
    pub state: String,
    /// Where; may be empty.
    pub environment: String,
    /// Microseconds UTC.
    pub started_at: i64,
    /// Microseconds UTC; none while it is being made.
    pub ended_at: Option<i64>,
}

/// The events of some services that began from one instant up to and with another, the last first.
pub async fn around(
    db: &Db,
    services: &[ServiceId],
    (from, to): (Timestamp, Timestamp),
    limit: i64,
) -> Result<Vec<AroundRow>> {
    const SELECT: Sql = Sql::differs(
        "SELECT id, service_id, kind, state, environment, started_at, ended_at FROM change_event
         WHERE service_id IN (SELECT unhex(value) FROM json_each(?))
             AND started_at >= ? AND started_at <= ?
         ORDER BY started_at DESC, id DESC LIMIT ?",
        "SELECT id, service_id, kind, state, environment, started_at, ended_at FROM change_event
         WHERE service_id = ANY(?) AND started_at >= ? AND started_at <= ?
         ORDER BY started_at DESC, id DESC LIMIT ?",
    );
    let services = Value::UuidList(services.iter().map(|id| Some(id.0)).collect());
    let mut values = vec![services];
    values.extend(args![from, to, limit]);
    db.fetch_all(&SELECT, values).await
}

/// Events by their ids, in no particular order.
pub async fn get_all(db: &Db, ids: &[ChangeEventId]) -> Result<Vec<ChangeEventRow>> {
    const SELECT: Sql = Sql::differs(
        concat!(
            "SELECT ",
            columns!(),
            " FROM change_event WHERE id IN (SELECT unhex(value) FROM json_each(?))"
        ),
        concat!("SELECT ", columns!(), " FROM change_event WHERE id = ANY(?)"),
    );
    let ids = Value::UuidList(ids.iter().map(|id| Some(id.0)).collect());
    db.fetch_all(&SELECT, vec![ids]).await
}

/// Forgets events that began before `cutoff`, at most `limit` of them, and says how many. What
/// somebody marked in an incident belongs to its record and stays.
pub async fn forget(tx: &mut Tx, cutoff: Timestamp, limit: i64) -> Result<u64> {
    const DELETE: Sql = Sql::same(
        "DELETE FROM change_event WHERE id IN (
             SELECT id FROM change_event AS old WHERE started_at < ?
                 AND NOT EXISTS (SELECT 1 FROM change_mark
                                 WHERE change_kind = 'event' AND change_id = old.id)
             ORDER BY started_at LIMIT ?)",
    );
    tx.execute(&DELETE, args![cutoff, limit]).await
}

/// Forgets which deliveries came in before `cutoff`, at most `limit` of them, and says how many.
pub async fn forget_deliveries(tx: &mut Tx, cutoff: Timestamp, limit: i64) -> Result<u64> {
    const DELETE: Sql = Sql::same(
        "DELETE FROM change_delivery WHERE (integration_id, delivery) IN (
             SELECT integration_id, delivery FROM change_delivery WHERE received_at < ?
             ORDER BY received_at LIMIT ?)",
    );
    tx.execute(&DELETE, args![cutoff, limit]).await
}
