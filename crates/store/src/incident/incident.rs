//! Incidents as they are stored. Rows become [`Incident`]s and back here and nowhere else.

use jiff::Timestamp;
use muster_core::alerting::triage::Candidate;
use muster_core::id::{IncidentId, PolicyId, ServiceId, UserId};
use muster_core::incident::family::Parentage;
use muster_core::incident::lifecycle::{Incident, Stamps, Status};
use muster_core::incident::restriction::Viewer;
use muster_core::incident::severity::Level;
use muster_core::oncall::escalation::State;
use sqlx::FromRow;
use uuid::Uuid;

use super::field::{self, Wanted};
use super::tag::{self, Tags};
use super::{bridge, checklist, clocks, gate, helper, impact, restriction, role, update};
use crate::args;
use crate::db::rows::{self, Column, Kind};
use crate::db::{Db, Engine, Result, Sql, StoreError, Tx, Value};
use crate::search::{self, Label};

#[derive(Debug, Clone, FromRow)]
pub(super) struct IncidentRow {
    id: Uuid,
    number: i64,
    title: String,
    summary: Option<String>,
    service_id: Uuid,
    policy_id: Uuid,
    severity: i64,
    status: String,
    assignee_id: Option<Uuid>,
    occurred_at: Option<i64>,
    detected_at: Option<i64>,
    acknowledged_at: Option<i64>,
    engaged_at: Option<i64>,
    researching_at: Option<i64>,
    identified_at: Option<i64>,
    restored_at: Option<i64>,
    resolved_at: Option<i64>,
    closed_at: Option<i64>,
    escalation: String,
    escalation_step: i64,
    escalation_round: i64,
    escalation_at: Option<i64>,
    clocks: String,
    helpers: String,
    impact: String,
    roles: String,
    updates: String,
    checklist: String,
    gates: String,
    bridge: String,
    estimate: String,
    restriction: String,
    alert_count: i64,
    open_alert_count: i64,
    reopened_count: i64,
    merged_into: Option<Uuid>,
    parent_id: Option<Uuid>,
    speaks: bool,
    open_children: i64,
    practice: bool,
    version: i64,
}

macro_rules! columns {
    () => {
        "id, number, title, summary, service_id, policy_id, severity, status, assignee_id, \
         occurred_at, detected_at, acknowledged_at, engaged_at, researching_at, identified_at, restored_at, \
         resolved_at, closed_at, escalation, escalation_step, escalation_round, escalation_at, clocks, helpers, impact, roles, updates, checklist, gates, restriction, bridge, estimate, \
         alert_count, open_alert_count, reopened_count, merged_into, parent_id, speaks, \
         (SELECT count(*) FROM incident AS child \
          WHERE child.parent_id = incident.id AND child.status NOT IN ('resolved', 'closed') \
              AND (incident.restricted OR NOT child.restricted)) AS open_children, \
         practice, version"
    };
}
pub(super) use columns;

/// What an incident's first alert was grouped by; set once, when it opens.
#[derive(Debug, Clone, Default)]
pub struct Grouping {
    /// When the first alert came.
    pub first_alert_at: Option<Timestamp>,
    /// The values of the labels that must agree.
    pub value: String,
    /// The client's own grouping key.
    pub group_key: Option<String>,
}

fn instant(micros: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(micros).map_err(|error| StoreError::Corrupt(error.to_string()))
}

fn instant_opt(micros: Option<i64>) -> Result<Option<Timestamp>> {
    micros.map(instant).transpose()
}

fn corrupt(what: &str) -> StoreError {
    StoreError::Corrupt(format!("incident with an unreadable {what}"))
}

impl TryFrom<IncidentRow> for Incident {
    type Error = StoreError;

    fn try_from(row: IncidentRow) -> Result<Self> {
        let escalation = state(&row)?;
        let level = u8::try_from(row.severity).ok().and_then(Level::new);
        Ok(Self {
            id: IncidentId(row.id),
            number: row.number,
            title: row.title,
            summary: row.summary,
            service: ServiceId(row.service_id),
            policy: PolicyId(row.policy_id),
            severity: level.ok_or_else(|| corrupt("severity"))?,
            status: Status::from_name(&row.status).ok_or_else(|| corrupt("status"))?,
            assignee: row.assignee_id.map(UserId),
            stamps: Stamps {
                occurred_at: instant_opt(row.occurred_at)?,
                detected_at: instant_opt(row.detected_at)?,
                acknowledged_at: instant_opt(row.acknowledged_at)?,
                engaged_at: instant_opt(row.engaged_at)?,
                researching_at: instant_opt(row.researching_at)?,
                identified_at: instant_opt(row.identified_at)?,
                restored_at: instant_opt(row.restored_at)?,
                resolved_at: instant_opt(row.resolved_at)?,
                closed_at: instant_opt(row.closed_at)?,
            },
            escalation,
            clocks: clocks::read(&row.clocks)?,
            helpers: helper::read(&row.helpers)?,
            impact: impact::read(&row.impact)?,
            roles: role::read(&row.roles)?,
            updates: update::read(&row.updates)?,
            marks: checklist::read(&row.checklist)?,
            gates: gate::read(&row.gates)?,
            bridge: bridge::read(&row.bridge)?,
            estimate: bridge::read_estimate(&row.estimate)?,
            restriction: restriction::read(&row.restriction)?,
            alert_count: row.alert_count,
            open_alert_count: row.open_alert_count,
            reopened_count: row.reopened_count,
            merged_into: row.merged_into.map(IncidentId),
            parentage: row
                .parent_id
                .map(|parent| Parentage { parent: IncidentId(parent), speaks: row.speaks }),
            open_children: row.open_children,
            practice: row.practice,
            version: row.version,
        })
    }
}

fn state(row: &IncidentRow) -> Result<State> {
    let next_step = u32::try_from(row.escalation_step).map_err(|_| corrupt("escalation step"))?;
    let round = u32::try_from(row.escalation_round).map_err(|_| corrupt("escalation round"))?;
    let at = instant_opt(row.escalation_at)?;
    let needed = || at.ok_or_else(|| corrupt("escalation instant"));
    match row.escalation.as_str() {
        "idle" => Ok(State::Idle),
        "waiting" => Ok(State::Waiting { next_step, round, next_at: needed()? }),
        "acknowledged" => Ok(State::Acknowledged { next_step, round, expires_at: at }),
        "snoozed" => Ok(State::Snoozed { until: needed()? }),
        "exhausted" => Ok(State::Exhausted),
        "finished" => Ok(State::Finished),
        _ => Err(corrupt("escalation")),
    }
}

/// The four columns of an escalation: name, step, round, instant.
fn state_values(state: State) -> (&'static str, u32, u32, Option<Timestamp>) {
    match state {
        State::Idle => ("idle", 0, 0, None),
        State::Waiting { next_step, round, next_at } => {
            ("waiting", next_step, round, Some(next_at))
        }
        State::Acknowledged { next_step, round, expires_at } => {
            ("acknowledged", next_step, round, expires_at)
        }
        State::Snoozed { until } => ("snoozed", 0, 0, Some(until)),
        State::Exhausted => ("exhausted", 0, 0, None),
        State::Finished => ("finished", 0, 0, None),
    }
}

/// The next number that people will say. Two transactions never get the same one; a transaction
/// that rolls back gives its number back.
pub async fn next_number(tx: &mut Tx) -> Result<i64> {
    let number = last_number(tx).await? + 1;
    set_last_number(tx, number).await?;
    Ok(number)
}

/// The number that was given out last. Nobody else gives one out until the transaction ends.
pub async fn last_number(tx: &mut Tx) -> Result<i64> {
    const SELECT: Sql = Sql::differs(
        "SELECT value FROM counter WHERE name = 'incident'",
        "SELECT value FROM counter WHERE name = 'incident' FOR UPDATE",
    );
    let (number,): (i64,) = tx.fetch_one(&SELECT, vec![]).await?;
    Ok(number)
}

/// Says up to which number they were given out.
pub async fn set_last_number(tx: &mut Tx, number: i64) -> Result<()> {
    const UPDATE: Sql = Sql::same("UPDATE counter SET value = ? WHERE name = 'incident'");
    tx.execute(&UPDATE, args![number]).await?;
    Ok(())
}

/// What a transition may change, in the order of [`changing`].
const CHANGING: [Column; 40] = [
    ("title", Kind::Text),
    ("summary", Kind::Text),
    ("folded", Kind::Text),
    ("service_id", Kind::Uuid),
    ("policy_id", Kind::Uuid),
    ("severity", Kind::Int),
    ("status", Kind::Text),
    ("assignee_id", Kind::Uuid),
    ("occurred_at", Kind::Int),
    ("detected_at", Kind::Int),
    ("acknowledged_at", Kind::Int),
    ("engaged_at", Kind::Int),
    ("researching_at", Kind::Int),
    ("identified_at", Kind::Int),
    ("restored_at", Kind::Int),
    ("resolved_at", Kind::Int),
    ("closed_at", Kind::Int),
    ("escalation", Kind::Text),
    ("escalation_step", Kind::Int),
    ("escalation_round", Kind::Int),
    ("escalation_at", Kind::Int),
    ("clocks", Kind::Text),
    ("helpers", Kind::Text),
    ("impact", Kind::Text),
    ("roles", Kind::Text),
    ("updates", Kind::Text),
    ("checklist", Kind::Text),
    ("gates", Kind::Text),
    ("bridge", Kind::Text),
    ("estimate", Kind::Text),
    ("restriction", Kind::Text),
    ("restricted", Kind::Bool),
    ("alert_count", Kind::Int),
    ("open_alert_count", Kind::Int),
    ("reopened_count", Kind::Int),
    ("merged_into", Kind::Uuid),
    ("parent_id", Kind::Uuid),
    ("speaks", Kind::Bool),
    ("practice", Kind::Bool),
    ("version", Kind::Int),
];

/// Stores new incidents.
pub async fn insert(tx: &mut Tx, incidents: &[(Incident, Grouping)]) -> Result<()> {
    let mut columns = vec![
        ("id", Kind::Uuid),
        ("number", Kind::Int),
        ("first_alert_at", Kind::Int),
        ("grouping_value", Kind::Text),
        ("group_key", Kind::Text),
    ];
    columns.extend(CHANGING);
    let restricted = incidents.iter().map(|(incident, _)| incident);
    let sights = restriction::sights(restricted);
    search::keep_incidents(tx, incidents.iter().map(|(incident, _)| incident)).await?;
    let incidents: Vec<_> = incidents
        .iter()
        .map(|(incident, grouping)| {
            let mut values = args![
                incident.id,
                incident.number,
                grouping.first_alert_at,
                &grouping.value,
                grouping.group_key.as_deref()
            ];
            values.extend(changing(incident));
            values
        })
        .collect();
    rows::insert(tx, "incident", &columns, incidents, "").await?;
    restriction::keep(tx, sights).await
}

/// Stores transitions of incidents, each from the version it was read at. A version that has moved
/// on since is a [`StoreError::Conflict`], after which the transaction must not be committed.
pub async fn update(tx: &mut Tx, incidents: &[(Incident, i64)]) -> Result<()> {
    let mut columns = vec![("id", Kind::Uuid), ("version_before", Kind::Int)];
    columns.extend(CHANGING);
    let values = incidents
        .iter()
        .map(|(incident, before)| {
            let mut values = args![incident.id, *before];
            values.extend(changing(incident));
            values
        })
        .collect();
    let found = rows::update(tx, "incident", &["id", "version"], &columns, values).await?;
    if usize::try_from(found).is_ok_and(|found| found == incidents.len()) {
        search::keep_incidents(tx, incidents.iter().map(|(incident, _)| incident)).await?;
        let sights = restriction::sights(incidents.iter().map(|(incident, _)| incident));
        restriction::keep(tx, sights).await
    } else {
        Err(StoreError::Conflict { constraint: "incident_version".to_owned() })
    }
}

fn changing(incident: &Incident) -> Vec<Value> {
    let stamps = &incident.stamps;
    let (escalation, step, round, at) = state_values(incident.escalation);
    args![
        &incident.title,
        incident.summary.as_deref(),
        search::folded_of(incident),
        incident.service,
        incident.policy,
        incident.severity.number(),
        incident.status.name(),
        incident.assignee,
        stamps.occurred_at,
        stamps.detected_at,
        stamps.acknowledged_at,
        stamps.engaged_at,
        stamps.researching_at,
        stamps.identified_at,
        stamps.restored_at,
        stamps.resolved_at,
        stamps.closed_at,
        escalation,
        step,
        round,
        at,
        clocks::write(&incident.clocks),
        helper::write(&incident.helpers),
        impact::write(&incident.impact),
        role::write(&incident.roles),
        update::write(&incident.updates),
        checklist::write(&incident.marks),
        gate::write(&incident.gates),
        bridge::write(incident.bridge.as_ref()),
        bridge::write_estimate(incident.estimate.as_ref()),
        restriction::write(incident.restriction.as_ref()),
        incident.restriction.is_some(),
        incident.alert_count,
        incident.open_alert_count,
        incident.reopened_count,
        incident.merged_into,
        incident.parentage.map(|parentage| parentage.parent),
        incident.parentage.is_some_and(|parentage| parentage.speaks),
        incident.practice,
        incident.version,
    ]
}

/// An incident to decide about: nobody else changes it until the transaction ends.
pub async fn lock(tx: &mut Tx, id: IncidentId) -> Result<Option<Incident>> {
    const SELECT: Sql = Sql::differs(
        concat!("SELECT ", columns!(), " FROM incident WHERE id = ?"),
        concat!("SELECT ", columns!(), " FROM incident WHERE id = ? FOR UPDATE"),
    );
    let row: Option<IncidentRow> = tx.fetch_optional(&SELECT, args![id]).await?;
    row.map(Incident::try_from).transpose()
}

/// As [`lock`], for many incidents; those that do not exist are left out.
pub async fn lock_all(tx: &mut Tx, ids: &[IncidentId]) -> Result<Vec<Incident>> {
    const SELECT: Sql = Sql::differs(
        concat!(
            "SELECT ",
            columns!(),
            " FROM incident WHERE id IN (SELECT unhex(value) FROM json_each(?))"
        ),
        concat!("SELECT ", columns!(), " FROM incident WHERE id = ANY(?) ORDER BY id FOR UPDATE"),
    );
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids = Value::UuidList(ids.iter().map(|id| Some(id.0)).collect());
    let rows: Vec<IncidentRow> = tx.fetch_all(&SELECT, vec![ids]).await?;
    rows.into_iter().map(Incident::try_from).collect()
}

/// One incident as the transaction sees it, not held.
pub async fn read(tx: &mut Tx, id: IncidentId) -> Result<Option<Incident>> {
    const SELECT: Sql = Sql::same(concat!("SELECT ", columns!(), " FROM incident WHERE id = ?"));
    let row: Option<IncidentRow> = tx.fetch_optional(&SELECT, args![id]).await?;
    row.map(Incident::try_from).transpose()
}

/// The service of an incident.
pub async fn service_of(tx: &mut Tx, id: IncidentId) -> Result<Option<ServiceId>> {
    const SELECT: Sql = Sql::same("SELECT service_id FROM incident WHERE id = ?");
    let row: Option<(Uuid,)> = tx.fetch_optional(&SELECT, args![id]).await?;
    Ok(row.map(|(service,)| ServiceId(service)))
}

/// One incident, if the viewer sees it.
pub async fn get(db: &Db, viewer: &Viewer, id: IncidentId) -> Result<Option<Incident>> {
    one(db, viewer, "id = ?", id.into()).await
}

/// The incident of that number, if the viewer sees it.
pub async fn by_number(db: &Db, viewer: &Viewer, number: i64) -> Result<Option<Incident>> {
    one(db, viewer, "number = ?", number.into()).await
}

async fn one(db: &Db, viewer: &Viewer, is: &str, value: Value) -> Result<Option<Incident>> {
    let mut values = vec![value];
    let visible = restriction::visible(viewer, &mut values);
    let text = format!(
        concat!("SELECT ", columns!(), " FROM incident WHERE {is} AND {visible}"),
        is = is,
        visible = visible
    );
    let row: Option<IncidentRow> = db.fetch_optional(&Sql::built(text), values).await?;
    row.map(Incident::try_from).transpose()
}

/// The open incidents that a person was paged for or has, the most urgent and newest first. The
/// person sees all of them, restricted ones too.
pub async fn of_person(db: &Db, user: UserId, limit: i64) -> Result<Vec<Incident>> {
    const SELECT: Sql = Sql::same(concat!(
        "SELECT ",
        columns!(),
        " FROM incident
          WHERE status NOT IN ('resolved', 'closed')
              AND (assignee_id = ? OR EXISTS (
                  SELECT 1 FROM page WHERE page.incident_id = incident.id AND page.user_id = ?))
          ORDER BY severity, number DESC LIMIT ?"
    ));
    let rows: Vec<IncidentRow> = db.fetch_all(&SELECT, args![user, user, limit]).await?;
    rows.into_iter().map(Incident::try_from).collect()
}

/// The incidents of a period in which somebody held a role, exercises left out, the oldest first.
pub async fn with_roles(
    db: &Db,
    (from, to): (Timestamp, Timestamp),
    limit: i64,
) -> Result<Vec<Incident>> {
    const SELECT: Sql = Sql::same(concat!(
        "SELECT ",
        columns!(),
        " FROM incident
          WHERE roles <> '' AND NOT practice AND detected_at < ?
              AND (resolved_at IS NULL OR resolved_at > ?)
          ORDER BY number LIMIT ?"
    ));
    let rows: Vec<IncidentRow> = db.fetch_all(&SELECT, args![to, from, limit]).await?;
    rows.into_iter().map(Incident::try_from).collect()
}

/// The triggered incidents of some services that new alerts might join, the newest first and at
/// most `limit` in all, each with its service.
pub async fn candidates(
    tx: &mut Tx,
    services: &[ServiceId],
    limit: i64,
) -> Result<Vec<(ServiceId, Candidate)>> {
    const SELECT: Sql = Sql::differs(
        "SELECT id, service_id, severity, first_alert_at, grouping_value, group_key, restricted
         FROM incident
         WHERE status = 'triggered' AND merged_into IS NULL
             AND service_id IN (SELECT unhex(value) FROM json_each(?))
         ORDER BY number DESC LIMIT ?",
        "SELECT id, service_id, severity, first_alert_at, grouping_value, group_key, restricted
         FROM incident
         WHERE status = 'triggered' AND merged_into IS NULL AND service_id = ANY(?)
         ORDER BY number DESC LIMIT ?",
    );
    #[derive(FromRow)]
    struct CandidateRow {
        id: Uuid,
        service_id: Uuid,
        severity: i64,
        first_alert_at: Option<i64>,
        grouping_value: String,
        group_key: Option<String>,
        restricted: bool,
    }
    let services = Value::UuidList(services.iter().map(|id| Some(id.0)).collect());
    let rows: Vec<CandidateRow> = tx.fetch_all(&SELECT, vec![services, limit.into()]).await?;
    rows.into_iter()
        .map(|row| {
            let level = u8::try_from(row.severity).ok().and_then(Level::new);
            let candidate = Candidate {
                id: IncidentId(row.id),
                severity: level.ok_or_else(|| corrupt("severity"))?,
                status: Status::Triggered,
                first_alert_at: instant_opt(row.first_alert_at)?,
                grouping_value: row.grouping_value,
                group_key: row.group_key,
                is_restricted: row.restricted,
            };
            Ok((ServiceId(row.service_id), candidate))
        })
        .collect()
}

/// The numbers of those of some incidents that the viewer sees.
pub async fn numbers(
    db: &Db,
    viewer: &Viewer,
    ids: &[IncidentId],
) -> Result<Vec<(IncidentId, i64)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let among = match db.engine() {
        Engine::Sqlite => "IN (SELECT unhex(value) FROM json_each(?))",
        Engine::Postgres => "= ANY(?)",
    };
    let mut values = vec![Value::UuidList(ids.iter().map(|id| Some(id.0)).collect())];
    let visible = restriction::visible(viewer, &mut values);
    let text = format!("SELECT id, number FROM incident WHERE id {among} AND {visible}");
    let rows: Vec<(Uuid, i64)> = db.fetch_all(&Sql::built(text), values).await?;
    Ok(rows.into_iter().map(|(id, number)| (IncidentId(id), number)).collect())
}

/// Those of some incidents that the viewer sees, in no particular order.
pub async fn get_all(db: &Db, viewer: &Viewer, ids: &[IncidentId]) -> Result<Vec<Incident>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut values = ids.iter().map(|id| Value::from(*id)).collect();
    let visible = restriction::visible(viewer, &mut values);
    let text = format!(
        concat!("SELECT ", columns!(), " FROM incident WHERE id IN ({ids}) AND {visible}"),
        ids = marks(ids.len()),
        visible = visible
    );
    let rows: Vec<IncidentRow> = db.fetch_all(&Sql::built(text), values).await?;
    rows.into_iter().map(Incident::try_from).collect()
}

/// What a list of incidents is narrowed by; everything given must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Open, or not.
    pub open: Option<bool>,
    /// One of these.
    pub statuses: Option<Vec<Status>>,
    /// From the worst to the least bad.
    pub severity: Option<(u8, u8)>,
    /// Of these services.
    pub services: Option<Vec<ServiceId>>,
    /// Of none of these services.
    pub not_services: Vec<ServiceId>,
    /// Somebody's; `Some(None)` means nobody's.
    pub assignee: Option<Option<UserId>>,
    /// Detected at or after.
    pub from: Option<Timestamp>,
    /// Detected before.
    pub to: Option<Timestamp>,
    /// Exercises, or not.
    pub practice: Option<bool>,
    /// Words of the title or the summary, in any case.
    pub words: Vec<String>,
    /// Labels of its alerts.
    pub labels: Vec<Label>,
    /// Its tags.
    pub tags: Vec<Tags>,
    /// Values of its custom fields.
    pub fields: Vec<Wanted>,
    /// This one alone.
    pub number: Option<i64>,
    /// With a smaller number.
    pub before: Option<i64>,
    /// Declared before the one with this id.
    pub older_than: Option<Uuid>,
}

/// `?, ?, ?`: `count` marks; `NULL` for none, which matches nothing.
pub(crate) fn marks(count: usize) -> String {
    if count == 0 { "NULL".to_owned() } else { vec!["?"; count].join(", ") }
}

impl Filter {
    /// Whether everything is asked for.
    pub(crate) fn is_empty(&self) -> bool {
        let mut text = String::new();
        self.conditions(&mut text, &mut Vec::new());
        text.is_empty()
    }

    /// Adds its conditions on the columns of `incident`.
    pub(crate) fn conditions(&self, text: &mut String, values: &mut Vec<Value>) {
        if let Some(open) = self.open {
            let not = if open { "NOT " } else { "" };
            text.push_str(&format!(" AND status {not}IN ('resolved', 'closed')"));
        }
        if let Some(statuses) = &self.statuses {
            text.push_str(&format!(" AND status IN ({})", marks(statuses.len())));
            values.extend(statuses.iter().map(|status| Value::from(status.name())));
        }
        if let Some((worst, least)) = self.severity {
            text.push_str(" AND severity BETWEEN ? AND ?");
            values.extend(args![worst, least]);
        }
        if let Some(services) = &self.services {
            text.push_str(&format!(" AND service_id IN ({})", marks(services.len())));
            values.extend(services.iter().map(|id| Value::from(*id)));
        }
        if !self.not_services.is_empty() {
            text.push_str(&format!(" AND service_id NOT IN ({})", marks(self.not_services.len())));
            values.extend(self.not_services.iter().map(|id| Value::from(*id)));
        }
        match self.assignee {
            Some(Some(user)) => {
                text.push_str(" AND assignee_id = ?");
                values.extend(args![user]);
            }
            Some(None) => text.push_str(" AND assignee_id IS NULL"),
            None => {}
        }
        search::within("detected_at", (self.from, self.to), text, values);
        if let Some(practice) = self.practice {
            text.push_str(" AND practice = ?");
            values.extend(args![practice]);
        }
        for words in &self.words {
            search::says(search::Kind::Incident, words, text, values);
        }
        for label in &self.labels {
            let not = if label.negated { "NOT " } else { "" };
            let labelled = search::labelled("incident_id", label, values);
            text.push_str(&format!(" AND id {not}IN ({labelled})"));
        }
        for tags in &self.tags {
            tag::condition(tags, text, values);
        }
        for wanted in &self.fields {
            field::condition(wanted, text, values);
        }
        if let Some(number) = self.number {
            text.push_str(" AND number = ?");
            values.extend(args![number]);
        }
        if let Some(older_than) = self.older_than {
            text.push_str(" AND id < ?");
            values.extend(args![older_than]);
        }
        if let Some(before) = self.before {
            text.push_str(" AND number < ?");
            values.extend(args![before]);
        }
    }
}

/// Incidents that the viewer sees, from the newest to the oldest.
pub async fn list(db: &Db, viewer: &Viewer, filter: &Filter, limit: i64) -> Result<Vec<Incident>> {
    let (sql, values) = listing(columns!(), viewer, filter, "number", limit);
    let rows: Vec<IncidentRow> = db.fetch_all(&sql, values).await?;
    rows.into_iter().map(Incident::try_from).collect()
}

/// As [`list`], in the order of the ids.
pub async fn found(db: &Db, viewer: &Viewer, filter: &Filter, limit: i64) -> Result<Vec<Incident>> {
    let (sql, values) = finding(viewer, filter, limit);
    let rows: Vec<IncidentRow> = db.fetch_all(&sql, values).await?;
    rows.into_iter().map(Incident::try_from).collect()
}

/// How many incidents [`found`] would find, counted no further than `limit`.
pub async fn count(db: &Db, viewer: &Viewer, filter: &Filter, limit: i64) -> Result<usize> {
    let (sql, values) = listing("id", viewer, filter, "id", limit);
    let ids: Vec<(Uuid,)> = db.fetch_all(&sql, values).await?;
    Ok(ids.len())
}

/// The statement of [`found`].
pub fn finding(viewer: &Viewer, filter: &Filter, limit: i64) -> (Sql, Vec<Value>) {
    listing(columns!(), viewer, filter, "id", limit)
}

fn listing(
    columns: &str,
    viewer: &Viewer,
    filter: &Filter,
    order: &str,
    limit: i64,
) -> (Sql, Vec<Value>) {
    let mut values = vec![];
    let visible = restriction::visible(viewer, &mut values);
    let mut text = format!("SELECT {columns} FROM incident WHERE {visible}");
    filter.conditions(&mut text, &mut values);
    text.push_str(&format!(" ORDER BY {order} DESC LIMIT ?"));
    values.extend(args![limit]);
    (Sql::built(text), values)
}

/// Which of these services have an open incident of that severity, exercises aside.
pub async fn services_with(
    tx: &mut Tx,
    services: &[ServiceId],
    level: Level,
) -> Result<Vec<ServiceId>> {
    const SELECT: Sql = Sql::differs(
        "SELECT DISTINCT service_id FROM incident
         WHERE status NOT IN ('resolved', 'closed') AND merged_into IS NULL AND NOT practice
             AND severity = ?1 AND service_id IN (SELECT unhex(value) FROM json_each(?2))",
        "SELECT DISTINCT service_id FROM incident
         WHERE status NOT IN ('resolved', 'closed') AND merged_into IS NULL AND NOT practice
             AND severity = ?1 AND service_id = ANY(?2)",
    );
    let services = Value::UuidList(services.iter().map(|id| Some(id.0)).collect());
    let rows: Vec<(Uuid,)> = tx.fetch_all(&SELECT, vec![level.number().into(), services]).await?;
    Ok(rows.into_iter().map(|(id,)| ServiceId(id)).collect())
}

/// Other incidents that the viewer sees, of the same sort, practice or not, that were open at some
/// instant of a period, from the newest to the oldest. What had been noticed before `since` is left
/// out, so that the search ends.
pub async fn concurrent(
    db: &Db,
    viewer: &Viewer,
    of: &Incident,
    (from, to, since): (Timestamp, Timestamp, Timestamp),
    limit: i64,
) -> Result<Vec<Incident>> {
    let mut values = args![since, to, of.id, from, of.practice];
    let visible = restriction::visible(viewer, &mut values);
    let text = format!(
        concat!(
            "SELECT ",
            columns!(),
            " FROM incident
             WHERE detected_at >= ? AND detected_at < ? AND id <> ?
                 AND (resolved_at IS NULL OR resolved_at > ?) AND practice = ?
                 AND merged_into IS NULL AND {visible}
             ORDER BY number DESC LIMIT ?"
        ),
        visible = visible
    );
    values.extend(args![limit]);
    let rows: Vec<IncidentRow> = db.fetch_all(&Sql::built(text), values).await?;
    rows.into_iter().map(Incident::try_from).collect()
}

/// Other incidents than one that the viewer sees, of that severity or worse, that were noticed from
/// one instant up to and with another, from the newest to the oldest.
pub async fn recent(
    db: &Db,
    viewer: &Viewer,
    of: &Incident,
    (from, to): (Timestamp, Timestamp),
    mildest: u8,
    limit: i64,
) -> Result<Vec<Incident>> {
    let mut values = args![from, to, of.id, mildest, of.practice];
    let visible = restriction::visible(viewer, &mut values);
    let text = format!(
        concat!(
            "SELECT ",
            columns!(),
            " FROM incident
             WHERE detected_at >= ? AND detected_at <= ? AND id <> ? AND severity <= ?
                 AND practice = ? AND merged_into IS NULL AND {visible}
             ORDER BY number DESC LIMIT ?"
        ),
        visible = visible
    );
    values.extend(args![limit]);
    let rows: Vec<IncidentRow> = db.fetch_all(&Sql::built(text), values).await?;
    rows.into_iter().map(Incident::try_from).collect()
}

/// How many open incidents that the viewer sees each service has, and the worst severity among them.
pub async fn open_by_service(db: &Db, viewer: &Viewer) -> Result<Vec<(ServiceId, i64, i64)>> {
    let mut values = vec![];
    let visible = restriction::visible(viewer, &mut values);
    let text = format!(
        "SELECT service_id, count(*), min(severity) FROM incident
         WHERE status NOT IN ('resolved', 'closed') AND {visible} GROUP BY service_id"
    );
    let rows: Vec<(Uuid, i64, i64)> = db.fetch_all(&Sql::built(text), values).await?;
    Ok(rows.into_iter().map(|(id, count, worst)| (ServiceId(id), count, worst)).collect())
}
