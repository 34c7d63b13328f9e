//! Alerts: written in batches by triage, read by people.

use jiff::Timestamp;
use muster_core::alerting::alert::{AlertStatus, Latest};
use muster_core::alerting::hold::{Held, Hold};
use muster_core::alerting::signal::{Link, Signal};
use muster_core::id::{AlertId, IncidentId, IntegrationId, MessageId, ServiceId};
use muster_core::incident::restriction::Viewer;
use serde_json::{Value as Json, json};
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::rows::{self, Column, Kind};
use crate::db::{Db, Result, Sql, StoreError, Tx, Value};
use crate::incident::restriction;
use crate::search::{self, Label};

/// An alert as it is stored. JSON columns are texts.
#[derive(Debug, Clone, FromRow)]
pub struct AlertRow {
    /// See [`AlertId`].
    pub id: Uuid,
    /// See [`IntegrationId`].
    pub integration_id: Uuid,
    /// See [`ServiceId`].
    pub service_id: Uuid,
    /// Unique among the open alerts of the integration.
    pub dedup_key: String,
    /// `open`, `suppressed` or `resolved`.
    pub status: String,
    /// The level; informational alerts have none.
    pub severity: Option<i64>,
    /// See [`IncidentId`]; informational alerts have none.
    pub incident_id: Option<Uuid>,
    /// One line.
    pub summary: String,
    /// What is affected.
    pub source: String,
    /// The part of the source.
    pub component: String,
    /// A logical grouping given by the client.
    pub grp: String,
    /// The kind of trouble.
    pub class: String,
    /// A JSON array of name and value pairs.
    pub labels: String,
    /// A JSON object.
    pub details: String,
    /// A JSON array of objects with `href` and `text`.
    pub links: String,
    /// How many signals said so.
    pub count: i64,
    /// Microseconds UTC.
    pub first_at: i64,
    /// Microseconds UTC.
    pub last_at: i64,
    /// Microseconds UTC.
    pub resolved_at: Option<i64>,
    /// The resolved alert with the same key before it.
    pub previous_id: Option<Uuid>,
    /// Why it was routed, rated and grouped as it was.
    pub decision: String,
    /// The client's own word for how bad it is.
    pub said: String,
    /// The client's own grouping key.
    pub group_key: Option<String>,
    /// Microseconds UTC.
    pub occurred_at: Option<i64>,
    /// How often it began again soon after it was over.
    pub flaps: i64,
    /// What keeps it, or kept it to its end, from having an incident; a [`Held`] by name.
    pub held: Option<String>,
    /// When the answer may change; microseconds UTC.
    pub held_until: Option<i64>,
    /// The maintenance window, the cause, or the would-be incident.
    pub held_by: Option<Uuid>,
    /// A JSON array of microseconds UTC: the firings that its guard counts.
    pub firings: Option<String>,
    /// Why nobody was paged, in words.
    pub not_paged: Option<String>,
}

impl AlertRow {
    /// The signal that opened it, as far as it is kept.
    pub fn signal(&self) -> Signal {
        #[derive(serde::Deserialize)]
        struct Written {
            href: String,
            text: String,
        }
        let links: Vec<Written> = serde_json::from_str(&self.links).unwrap_or_default();
        Signal {
            severity: self.said.clone(),
            source: self.source.clone(),
            component: self.component.clone(),
            group: self.grp.clone(),
            class: self.class.clone(),
            group_key: self.group_key.clone(),
            labels: serde_json::from_str(&self.labels).unwrap_or_default(),
            details: serde_json::from_str(&self.details).unwrap_or_default(),
            links: links.into_iter().map(|Written { href, text }| Link { href, text }).collect(),
            occurred_at: self.occurred_at.and_then(|at| Timestamp::from_microsecond(at).ok()),
            ..Signal::trigger(self.dedup_key.clone(), self.summary.clone())
        }
    }
}

macro_rules! columns {
    () => {
        "id, integration_id, service_id, dedup_key, status, severity, incident_id, summary, source, \
         component, grp, class, labels, details, links, count, first_at, last_at, resolved_at, \
         previous_id, decision, said, group_key, occurred_at, flaps, held, held_until, held_by, \
         firings, not_paged"
    };
}

/// An alert about to be stored.
#[derive(Debug, Clone)]
pub struct NewAlert {
    /// The alert.
    pub id: AlertId,
    /// Where it came in.
    pub integration: IntegrationId,
    /// What it is about.
    pub service: ServiceId,
    /// The signal that opened it.
    pub signal: Signal,
    /// The level; informational alerts have none.
    pub severity: Option<u8>,
    /// The incident it opened or joined.
    pub incident: Option<IncidentId>,
    /// How many signals of this batch said so.
    pub count: i64,
    /// When the first signal was received.
    pub first_at: Timestamp,
    /// When the latest signal was received.
    pub last_at: Timestamp,
    /// When it recovered, if it did within the same batch.
    pub resolved_at: Option<Timestamp>,
    /// The resolved alert with the same key before it.
    pub previous: Option<AlertId>,
    /// Why, in words.
    pub decision: String,
    /// How often it began again soon after it was over.
    pub flaps: u32,
    /// What keeps it from having an incident.
    pub hold: Option<Hold>,
    /// The firings that its guard counts.
    pub firings: Vec<Timestamp>,
    /// Why nobody was paged, in words.
    pub not_paged: Option<String>,
}

fn hex(id: Uuid) -> String {
    id.as_simple().to_string()
}

fn texts(rows: Vec<Json>) -> Vec<Value> {
    args![Json::Array(rows).to_string()]
}

/// The newest alert of each integration and key.
pub async fn latest(
    tx: &mut Tx,
    keys: &[(IntegrationId, String)],
) -> Result<Vec<((IntegrationId, String), Latest)>> {
    const SELECT: Sql = Sql::differs(
        "SELECT a.id, a.integration_id, a.dedup_key, a.status, a.incident_id, a.last_at, a.held, a.flaps
         FROM json_each(?) AS k JOIN alert AS a ON a.id = (
             SELECT id FROM alert
             WHERE integration_id = unhex(k.value ->> 'i') AND dedup_key = k.value ->> 'k'
             ORDER BY id DESC LIMIT 1)",
        "SELECT a.id, a.integration_id, a.dedup_key, a.status, a.incident_id, a.last_at, a.held, a.flaps
         FROM json_to_recordset(CAST(? AS json)) AS k (i text, k text) JOIN alert AS a ON a.id = (
             SELECT id FROM alert WHERE integration_id = k.i::uuid AND dedup_key = k.k
             ORDER BY id DESC LIMIT 1)",
    );
    #[derive(FromRow)]
    struct LatestRow {
        id: Uuid,
        integration_id: Uuid,
        dedup_key: String,
        status: String,
        incident_id: Option<Uuid>,
        last_at: i64,
        held: Option<String>,
        flaps: i64,
    }
    let rows = keys
        .iter()
        .map(|(integration, key)| json!({ "i": hex(integration.0), "k": key }))
        .collect();
    let rows: Vec<LatestRow> = tx.fetch_all(&SELECT, texts(rows)).await?;
    rows.into_iter()
        .map(|row| {
            let status = AlertStatus::from_name(&row.status)
                .ok_or_else(|| StoreError::Corrupt(format!("alert status {}", row.status)))?;
            let last_at = Timestamp::from_microsecond(row.last_at)
                .map_err(|error| StoreError::Corrupt(error.to_string()))?;
            let latest = Latest {
                id: AlertId(row.id),
                status,
                incident: row.incident_id.map(IncidentId),
                last_at,
                held: row.held.as_deref().and_then(Held::from_name),
                flaps: u32::try_from(row.flaps).unwrap_or(0),
            };
            Ok(((IntegrationId(row.integration_id), row.dedup_key), latest))
        })
        .collect()
}

/// Stores new alerts.
pub async fn insert(tx: &mut Tx, alerts: &[NewAlert]) -> Result<()> {
    const COLUMNS: [Column; 30] = [
        ("id", Kind::Uuid),
        ("integration_id", Kind::Uuid),
        ("service_id", Kind::Uuid),
        ("dedup_key", Kind::Text),
        ("status", Kind::Text),
        ("severity", Kind::Int),
        ("incident_id", Kind::Uuid),
        ("summary", Kind::Text),
        ("source", Kind::Text),
        ("component", Kind::Text),
        ("grp", Kind::Text),
        ("class", Kind::Text),
        ("labels", Kind::Text),
        ("details", Kind::Text),
        ("links", Kind::Text),
        ("count", Kind::Int),
        ("first_at", Kind::Int),
        ("last_at", Kind::Int),
        ("resolved_at", Kind::Int),
        ("previous_id", Kind::Uuid),
        ("decision", Kind::Text),
        ("said", Kind::Text),
        ("group_key", Kind::Text),
        ("occurred_at", Kind::Int),
        ("flaps", Kind::Int),
        ("held", Kind::Text),
        ("held_until", Kind::Int),
        ("held_by", Kind::Uuid),
        ("firings", Kind::Text),
        ("not_paged", Kind::Text),
    ];
    rows::insert(tx, "alert", &COLUMNS, alerts.iter().map(values).collect(), "").await
}

fn values(alert: &NewAlert) -> Vec<Value> {
    let signal = &alert.signal;
    let links: Vec<_> =
        signal.links.iter().map(|link| json!({ "href": link.href, "text": link.text })).collect();
    let hold = alert.hold.as_ref();
    let status = match alert.resolved_at {
        Some(_) => AlertStatus::Resolved,
        None => status_of(hold),
    };
    args![
        alert.id,
        alert.integration,
        alert.service,
        clean(&signal.dedup_key),
        status.name(),
        alert.severity,
        alert.incident,
        clean(&signal.summary),
        clean(&signal.source),
        clean(&signal.component),
        clean(&signal.group),
        clean(&signal.class),
        json!(signal.labels).to_string(),
        Json::Object(signal.details.clone()).to_string(),
        json!(links).to_string(),
        alert.count,
        alert.first_at,
        alert.last_at,
        alert.resolved_at,
        alert.previous,
        clean(&alert.decision),
        clean(&signal.severity),
        signal.group_key.as_deref().map(clean),
        signal.occurred_at,
        alert.flaps,
        hold.map(|hold| hold.held.name()),
        hold.and_then(|hold| hold.until),
        hold.and_then(|hold| hold.by),
        firings_text(&alert.firings),
        alert.not_paged.as_deref().map(clean)
    ]
}

/// How an alert stands that goes on.
pub(super) fn status_of(hold: Option<&Hold>) -> AlertStatus {
    hold.map_or(AlertStatus::Open, |hold| hold.held.status())
}

/// PostgreSQL keeps no NUL in text; the raw message has it still.
pub(super) fn clean(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Firings as they are stored; nothing where there are none.
pub(super) fn firings_text(firings: &[Timestamp]) -> Option<String> {
    let micros: Vec<_> = firings.iter().map(|at| at.as_microsecond()).collect();
    (!micros.is_empty()).then(|| json!(micros).to_string())
}

/// What a batch adds to an alert that was open before.
#[derive(Debug, Clone, Copy)]
pub struct Repeat {
    /// The alert.
    pub id: AlertId,
    /// How many more signals said so.
    pub more: i64,
    /// When the latest was received.
    pub last_at: Timestamp,
    /// When it recovered, if it did.
    pub resolved_at: Option<Timestamp>,
}

/// Counts repeats and recoveries in one statement.
pub async fn repeat(tx: &mut Tx, repeats: &[Repeat]) -> Result<()> {
    const UPDATE: Sql = Sql::differs(
        "UPDATE alert SET count = count + batch.more, last_at = max(alert.last_at, batch.last_at),
             resolved_at = coalesce(batch.resolved_at, alert.resolved_at),
             status = CASE WHEN batch.resolved_at IS NULL THEN status ELSE 'resolved' END
         FROM (SELECT unhex(value ->> 'id') AS id, value ->> 'more' AS more,
                      value ->> 'last_at' AS last_at, value ->> 'resolved_at' AS resolved_at
               FROM json_each(?)) AS batch
         WHERE alert.id = batch.id",
        "UPDATE alert SET count = count + batch.more, last_at = greatest(alert.last_at, batch.last_at),
             resolved_at = coalesce(batch.resolved_at, alert.resolved_at),
             status = CASE WHEN batch.resolved_at IS NULL THEN status ELSE 'resolved' END
         FROM json_to_recordset(CAST(? AS json))
             AS batch (id text, more bigint, last_at bigint, resolved_at bigint)
         WHERE alert.id = batch.id::uuid",
    );
    if repeats.is_empty() {
        return Ok(());
    }
    let rows = repeats
        .iter()
        .map(|repeat| {
            json!({
                "id": hex(repeat.id.0),
                "more": repeat.more,
                "last_at": repeat.last_at.as_microsecond(),
                "resolved_at": repeat.resolved_at.map(Timestamp::as_microsecond),
            })
        })
        .collect();
    tx.execute(&UPDATE, texts(rows)).await?;
    Ok(())
}

/// Remembers which messages spoke of which alert.
pub async fn link_messages(tx: &mut Tx, links: &[(AlertId, MessageId)]) -> Result<()> {
    const COLUMNS: [Column; 2] = [("alert_id", Kind::Uuid), ("message_id", Kind::Uuid)];
    let rows = links.iter().map(|(alert, message)| args![*alert, *message]).collect();
    let once = "ON CONFLICT (alert_id, message_id) DO NOTHING";
    rows::insert(tx, "alert_message", &COLUMNS, rows, once).await
}

/// Resolves every open alert of an incident and says how many there were. Whatever they mute is
/// looked at again.
pub async fn resolve_of_incident(tx: &mut Tx, incident: IncidentId, now: Timestamp) -> Result<u64> {
    const OPEN: Sql = Sql::same("SELECT id FROM alert WHERE incident_id = ? AND status = 'open'");
    let open: Vec<(Uuid,)> = tx.fetch_all(&OPEN, args![incident]).await?;
    let open: Vec<_> = open.into_iter().map(|(id,)| id).collect();
    super::held::wake_held_by(tx, &open, now, now).await?;
    const UPDATE: Sql = Sql::same(
        "UPDATE alert SET status = 'resolved', resolved_at = ?1, last_at = ?1
         WHERE incident_id = ?2 AND status = 'open'",
    );
    tx.execute(&UPDATE, args![now, incident]).await
}

/// Moves every alert of one incident to another; gives how many there were and how many are open.
pub async fn move_all(tx: &mut Tx, from: IncidentId, to: IncidentId) -> Result<(i64, i64)> {
    const UPDATE: Sql = Sql::same("UPDATE alert SET incident_id = ? WHERE incident_id = ?");
    #[derive(FromRow)]
    struct Counts(i64, i64);
    const COUNT: Sql = Sql::differs(
        "SELECT count(*), coalesce(sum(CASE WHEN status = 'open' THEN 1 ELSE 0 END), 0)
         FROM alert WHERE incident_id = ?",
        "SELECT count(*), CAST(coalesce(sum(CASE WHEN status = 'open' THEN 1 ELSE 0 END), 0) AS bigint)
         FROM alert WHERE incident_id = ?",
    );
    let Counts(all, open) = tx.fetch_one(&COUNT, args![from]).await?;
    tx.execute(&UPDATE, args![to, from]).await?;
    Ok((all, open))
}

/// One alert, if the viewer sees its incident.
pub async fn get(db: &Db, viewer: &Viewer, id: AlertId) -> Result<Option<AlertRow>> {
    let mut values = args![id];
    let visible = restriction::alert_visible(viewer, &mut values);
    let text = format!(
        concat!("SELECT ", columns!(), " FROM alert WHERE id = ? AND {visible}"),
        visible = visible
    );
    db.fetch_optional(&Sql::built(text), values).await
}

/// These alerts, in the caller's transaction.
pub async fn get_all(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<AlertRow>> {
    const SELECT: Sql = Sql::differs(
        concat!(
            "SELECT ",
            columns!(),
            " FROM alert WHERE id IN (SELECT unhex(value) FROM json_each(?)) ORDER BY id"
        ),
        concat!("SELECT ", columns!(), " FROM alert WHERE id = ANY(?) ORDER BY id"),
    );
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids = Value::UuidList(ids.iter().map(|id| Some(*id)).collect());
    tx.fetch_all(&SELECT, vec![ids]).await
}

/// Alerts whose first signal was received from `from` on and before `to`, the oldest first, of these
/// services; of all where none are named. Those of incidents that the viewer does not see are left
/// out.
pub async fn began_within(
    db: &Db,
    viewer: &Viewer,
    services: &[ServiceId],
    (from, to): (Timestamp, Timestamp),
    limit: i64,
) -> Result<Vec<AlertRow>> {
    let mut text =
        concat!("SELECT ", columns!(), " FROM alert WHERE first_at >= ? AND first_at < ?")
            .to_owned();
    let mut values = args![from, to];
    text.push_str(&format!(" AND {}", restriction::alert_visible(viewer, &mut values)));
    if !services.is_empty() {
        text.push_str(" AND service_id IN (");
        text.push_str(&crate::incident::incident::marks(services.len()));
        text.push(')');
        values.extend(services.iter().map(|id| Value::from(*id)));
    }
    text.push_str(" ORDER BY first_at, id LIMIT ?");
    values.extend(args![limit]);
    db.fetch_all(&Sql::built(text), values).await
}

/// What a list of alerts is narrowed by; everything given must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Any of these statuses.
    pub statuses: Option<Vec<AlertStatus>>,
    /// Held by what.
    pub held: Option<Held>,
    /// Of these services.
    pub services: Option<Vec<ServiceId>>,
    /// Of none of these services.
    pub not_services: Vec<ServiceId>,
    /// With this key.
    pub dedup_key: Option<String>,
    /// Of this incident.
    pub incident: Option<IncidentId>,
    /// Severities from the worst to the least bad.
    pub severity: Option<(u8, u8)>,
    /// First heard of at or after.
    pub from: Option<Timestamp>,
    /// First heard of before.
    pub to: Option<Timestamp>,
    /// Words of what it says, in any case.
    pub words: Vec<String>,
    /// Its labels.
    pub labels: Vec<Label>,
    /// Older than this one.
    pub before: Option<AlertId>,
}

/// Alerts from the newest to the oldest, but for those of incidents that the viewer does not see.
pub async fn list(db: &Db, viewer: &Viewer, filter: &Filter, limit: i64) -> Result<Vec<AlertRow>> {
    let (sql, values) = finding(viewer, filter, limit);
    db.fetch_all(&sql, values).await
}

/// How many alerts [`list`] would list, counted no further than `limit`.
pub async fn count(db: &Db, viewer: &Viewer, filter: &Filter, limit: i64) -> Result<usize> {
    let (sql, values) = selecting("id", viewer, filter, limit);
    let ids: Vec<(Uuid,)> = db.fetch_all(&sql, values).await?;
    Ok(ids.len())
}

/// The statement of [`list`].
pub fn finding(viewer: &Viewer, filter: &Filter, limit: i64) -> (Sql, Vec<Value>) {
    selecting(columns!(), viewer, filter, limit)
}

fn selecting(columns: &str, viewer: &Viewer, filter: &Filter, limit: i64) -> (Sql, Vec<Value>) {
    let mut values = vec![];
    let visible = restriction::alert_visible(viewer, &mut values);
    let mut text = format!("SELECT {columns} FROM alert WHERE {visible}");
    if let Some(statuses) = &filter.statuses {
        text.push_str(" AND status IN (");
        text.push_str(&crate::incident::incident::marks(statuses.len()));
        text.push(')');
        values.extend(statuses.iter().map(|status| Value::from(status.name())));
    }
    if let Some(held) = filter.held {
        text.push_str(" AND held = ?");
        values.extend(args![held.name()]);
    }
    if let Some(services) = &filter.services {
        text.push_str(" AND service_id IN (");
        text.push_str(&crate::incident::incident::marks(services.len()));
        text.push(')');
        values.extend(services.iter().map(|id| Value::from(*id)));
    }
    if !filter.not_services.is_empty() {
        text.push_str(" AND service_id NOT IN (");
        text.push_str(&crate::incident::incident::marks(filter.not_services.len()));
        text.push(')');
        values.extend(filter.not_services.iter().map(|id| Value::from(*id)));
    }
    if let Some(key) = &filter.dedup_key {
        text.push_str(" AND dedup_key = ?");
        values.extend(args![key]);
    }
    if let Some(incident) = filter.incident {
        text.push_str(" AND incident_id = ?");
        values.extend(args![incident]);
    }
    if let Some((worst, least)) = filter.severity {
        text.push_str(" AND severity BETWEEN ? AND ?");
        values.extend(args![worst, least]);
    }
    search::within("first_at", (filter.from, filter.to), &mut text, &mut values);
    for words in &filter.words {
        search::says(search::Kind::Alert, words, &mut text, &mut values);
    }
    for label in &filter.labels {
        let not = if label.negated { "NOT " } else { "" };
        let labelled = search::labelled("id", label, &mut values);
        text.push_str(&format!(" AND id {not}IN ({labelled})"));
    }
    if let Some(before) = filter.before {
        text.push_str(" AND id < ?");
        values.extend(args![before]);
    }
    text.push_str(" ORDER BY id DESC LIMIT ?");
    values.extend(args![limit]);
    (Sql::built(text), values)
}
