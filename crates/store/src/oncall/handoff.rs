//! Handoffs as they are stored, and what the record says of a shift. What the links of those who
//! are told open is known by digest only.

use jiff::Timestamp;
use muster_core::id::{HandoffId, PageId, ScheduleId, ServiceId, UserId};
use muster_core::oncall::handoff::{Change, Handoff, State};
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::{Db, Result, Sql, StoreError, Tx, Value, instant};

mod draft;

#[derive(FromRow)]
struct HandoffRow {
    id: Uuid,
    schedule_id: Uuid,
    at: i64,
    since_at: i64,
    outgoing: String,
    incoming: String,
    state: String,
    draft: String,
    notes: String,
    edited_at: Option<i64>,
    edited_by: Option<String>,
    accepted_at: Option<i64>,
    accepted_by: Option<String>,
    reminders: i64,
    version: i64,
}

macro_rules! columns {
    () => {
        "id, schedule_id, at, since_at, outgoing, incoming, state, draft, notes, edited_at,
         edited_by, accepted_at, accepted_by, reminders, version"
    };
}

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT ", columns!(), " FROM handoff ", $rest)
    };
}

impl TryFrom<HandoffRow> for Handoff {
    type Error = StoreError;

    fn try_from(row: HandoffRow) -> Result<Self> {
        let state = State::from_name(&row.state)
            .ok_or_else(|| StoreError::Corrupt(format!("handoff state {}", row.state)))?;
        let edited = match (row.edited_at, row.edited_by) {
            (Some(at), Some(by)) => Some((instant(at)?, by)),
            _ => None,
        };
        let accepted = match (row.accepted_at, row.accepted_by) {
            (Some(at), Some(by)) => Some((instant(at)?, person(&by)?)),
            _ => None,
        };
        Ok(Self {
            id: HandoffId(row.id),
            schedule: ScheduleId(row.schedule_id),
            change: Change {
                at: instant(row.at)?,
                since: instant(row.since_at)?,
                outgoing: people(&row.outgoing)?,
                incoming: people(&row.incoming)?,
            },
            state,
            draft: draft::read(&row.draft)?,
            notes: row.notes,
            edited,
            accepted,
            reminders: u32::try_from(row.reminders).unwrap_or(u32::MAX),
            version: row.version,
        })
    }
}

fn person(text: &str) -> Result<UserId> {
    text.parse().map_err(|_| StoreError::Corrupt(format!("a person of a handoff: {text}")))
}

/// People as they stand in a column: ids between spaces.
fn people(text: &str) -> Result<Vec<UserId>> {
    text.split_whitespace().map(person).collect()
}

fn text_of(people: &[UserId]) -> String {
    people.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// Stores a handoff; `false` if the schedule has one for that change already.
pub async fn insert(tx: &mut Tx, handoff: &Handoff) -> Result<bool> {
    const INSERT: Sql = Sql::same(
        "INSERT INTO handoff (id, schedule_id, at, since_at, outgoing, incoming, state, draft,
             notes, reminders, version)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (schedule_id, at) DO NOTHING",
    );
    let values = args![
        handoff.id,
        handoff.schedule,
        handoff.change.at,
        handoff.change.since,
        text_of(&handoff.change.outgoing),
        text_of(&handoff.change.incoming),
        handoff.state.name(),
        draft::write(&handoff.draft)?,
        &handoff.notes,
        handoff.reminders,
        handoff.version
    ];
    Ok(tx.execute(&INSERT, values).await? > 0)
}

/// Stores where a handoff stands and what it says.
pub async fn update(tx: &mut Tx, handoff: &Handoff) -> Result<()> {
    const UPDATE: Sql = Sql::same(
        "UPDATE handoff SET since_at = ?, outgoing = ?, incoming = ?, state = ?, draft = ?,
             notes = ?, edited_at = ?, edited_by = ?, accepted_at = ?, accepted_by = ?,
             reminders = ?, version = ?
         WHERE id = ?",
    );
    let (edited_at, edited_by) = handoff.edited.clone().unzip();
    let (accepted_at, accepted_by) = handoff.accepted.unzip();
    let values = args![
        handoff.change.since,
        text_of(&handoff.change.outgoing),
        text_of(&handoff.change.incoming),
        handoff.state.name(),
        draft::write(&handoff.draft)?,
        &handoff.notes,
        edited_at,
        edited_by,
        accepted_at,
        accepted_by.map(|user| user.to_string()),
        handoff.reminders,
        handoff.version,
        handoff.id
    ];
    tx.execute(&UPDATE, values).await?;
    Ok(())
}

/// Whom a handoff was sent to: what the token of that digest opens.
pub async fn add_link(tx: &mut Tx, handoff: HandoffId, user: UserId, hash: [u8; 32]) -> Result<()> {
    const INSERT: Sql = Sql::same(
        "INSERT INTO handoff_link (token_hash, handoff_id, user_id) VALUES (?, ?, ?)
         ON CONFLICT (token_hash) DO NOTHING",
    );
    tx.execute(&INSERT, args![hash, handoff, user]).await?;
    Ok(())
}

/// What a link opens: the handoff, and the person it was sent to.
pub async fn by_token(db: &Db, hash: &[u8; 32]) -> Result<Option<(HandoffId, UserId)>> {
    const SELECT: Sql =
        Sql::same("SELECT handoff_id, user_id FROM handoff_link WHERE token_hash = ?");
    let row: Option<(Uuid, Uuid)> = db.fetch_optional(&SELECT, args![hash]).await?;
    Ok(row.map(|(handoff, user)| (HandoffId(handoff), UserId(user))))
}

/// One handoff.
pub async fn get(db: &Db, id: HandoffId) -> Result<Option<Handoff>> {
    const SELECT: Sql = Sql::same(select!("WHERE id = ?"));
    let row: Option<HandoffRow> = db.fetch_optional(&SELECT, args![id]).await?;
    row.map(Handoff::try_from).transpose()
}

/// One handoff, held until the transaction ends.
pub async fn lock(tx: &mut Tx, id: HandoffId) -> Result<Option<Handoff>> {
    const SELECT: Sql = Sql::differs(select!("WHERE id = ?"), select!("WHERE id = ? FOR UPDATE"));
    let row: Option<HandoffRow> = tx.fetch_optional(&SELECT, args![id]).await?;
    row.map(Handoff::try_from).transpose()
}

/// The handoff of a schedule at an instant, held until the transaction ends.
pub async fn at(tx: &mut Tx, schedule: ScheduleId, at: Timestamp) -> Result<Option<Handoff>> {
    const SELECT: Sql = Sql::differs(
        select!("WHERE schedule_id = ? AND at = ?"),
        select!("WHERE schedule_id = ? AND at = ? FOR UPDATE"),
    );
    let row: Option<HandoffRow> = tx.fetch_optional(&SELECT, args![schedule, at]).await?;
    row.map(Handoff::try_from).transpose()
}

/// The handoffs of a schedule that are upcoming or open, in order, held until the transaction ends.
pub async fn live(tx: &mut Tx, schedule: ScheduleId) -> Result<Vec<Handoff>> {
    const SELECT: Sql = Sql::differs(
        select!("WHERE schedule_id = ? AND state IN ('upcoming', 'open') ORDER BY at"),
        select!("WHERE schedule_id = ? AND state IN ('upcoming', 'open') ORDER BY at FOR UPDATE"),
    );
    let rows: Vec<HandoffRow> = tx.fetch_all(&SELECT, args![schedule]).await?;
    rows.into_iter().map(Handoff::try_from).collect()
}

/// Removes a handoff that never came to be.
pub async fn remove(tx: &mut Tx, id: HandoffId) -> Result<()> {
    const LINKS: Sql = Sql::same("DELETE FROM handoff_link WHERE handoff_id = ?");
    const DELETE: Sql = Sql::same("DELETE FROM handoff WHERE id = ?");
    tx.execute(&LINKS, args![id]).await?;
    tx.execute(&DELETE, args![id]).await?;
    Ok(())
}

/// Which handoffs.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// Of this schedule.
    pub schedule: Option<ScheduleId>,
    /// Only upcoming and open ones.
    pub live: bool,
    /// Older than this one.
    pub before: Option<HandoffId>,
}

/// Handoffs, the newest first.
pub async fn list(db: &Db, filter: Filter, limit: i64) -> Result<Vec<Handoff>> {
    let mut text = concat!("SELECT ", columns!(), " FROM handoff WHERE id < ?").to_owned();
    let mut values = args![filter.before.unwrap_or(HandoffId(Uuid::max()))];
    if let Some(schedule) = filter.schedule {
        text.push_str(" AND schedule_id = ?");
        values.extend(args![schedule]);
    }
    if filter.live {
        text.push_str(" AND state IN ('upcoming', 'open')");
    }
    text.push_str(" ORDER BY id DESC LIMIT ?");
    values.extend(args![limit]);
    let rows: Vec<HandoffRow> = db.fetch_all(&Sql::built(text), values).await?;
    rows.into_iter().map(Handoff::try_from).collect()
}

/// An alert of incidents that paged.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct LoudRow {
    /// The alert's service.
    pub service_id: Uuid,
    /// One of its texts.
    pub summary: String,
    /// Pages of its incidents.
    pub pages: i64,
    /// How often it began.
    pub firings: i64,
    /// How often it began again soon after it was over.
    pub flaps: i64,
    /// Its incidents that were over before anybody acknowledged.
    pub unattended: i64,
}

/// The alerts of the incidents that paged in a period for these services, the loudest first; those
/// of one integration with one key are one. Exercises are left out, and so are restricted
/// incidents, because others read what is handed over.
pub async fn loud(
    db: &Db,
    services: &[ServiceId],
    (from, to): (Timestamp, Timestamp),
    limit: i64,
) -> Result<Vec<LoudRow>> {
    const SELECT: Sql = Sql::differs(
        "SELECT a.service_id, max(a.summary) AS summary, count(DISTINCT p.id) AS pages,
             count(DISTINCT a.id) AS firings, max(a.flaps) AS flaps,
             count(DISTINCT CASE WHEN i.acknowledged_at IS NULL
                 AND i.status IN ('resolved', 'closed') THEN i.id END) AS unattended
         FROM page AS p JOIN incident AS i ON i.id = p.incident_id
             JOIN alert AS a ON a.incident_id = i.id
         WHERE p.id >= ?1 AND p.id < ?2 AND NOT i.practice AND NOT i.restricted
             AND i.service_id IN (SELECT unhex(value) FROM json_each(?3))
         GROUP BY a.service_id, a.integration_id, a.dedup_key
         ORDER BY pages DESC, summary LIMIT ?4",
        "SELECT a.service_id, max(a.summary) AS summary, count(DISTINCT p.id) AS pages,
             count(DISTINCT a.id) AS firings, max(a.flaps)::bigint AS flaps,
             count(DISTINCT CASE WHEN i.acknowledged_at IS NULL
                 AND i.status IN ('resolved', 'closed') THEN i.id END) AS unattended
         FROM page AS p JOIN incident AS i ON i.id = p.incident_id
             JOIN alert AS a ON a.incident_id = i.id
         WHERE p.id >= ?1 AND p.id < ?2 AND NOT i.practice AND NOT i.restricted
             AND i.service_id = ANY(?3)
         GROUP BY a.service_id, a.integration_id, a.dedup_key
         ORDER BY pages DESC, summary LIMIT ?4",
    );
    // Ids begin with their instant, so that the primary key finds a period.
    let (first, end) = (PageId::new(from, [0; 10]), PageId::new(to, [0; 10]));
    let services = Value::UuidList(services.iter().map(|id| Some(id.0)).collect());
    let mut values = args![first, end];
    values.push(services);
    values.extend(args![limit]);
    db.fetch_all(&SELECT, values).await
}
