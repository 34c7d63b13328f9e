//! Links to calendars that other programs read. The link itself is known by its digest only; a
//! revoked one keeps its row, for the record.

use jiff::Timestamp;
use muster_core::id::{CalendarLinkId, ScheduleId, ServiceId, UserId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::{Db, Result, Sql, StoreError, Tx, instant};

/// What a calendar shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Everybody's shifts in a schedule.
    Schedule(ScheduleId),
    /// A person's shifts everywhere.
    User(UserId),
    /// Changes of a service, or all of them (`X12`).
    Changes(Option<ServiceId>),
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarLink {
    /// Identifies the link without opening anything.
    pub id: CalendarLinkId,
    /// What it shows.
    pub subject: Subject,
    /// Whose it is; none for one that a program made.
    pub owner: Option<UserId>,
    /// When it was made.
    pub created_at: Timestamp,
}

#[derive(FromRow)]
struct LinkRow {
    id: Uuid,
    schedule_id: Option<Uuid>,
    user_id: Option<Uuid>,
    is_of_changes: bool,
    service_id: Option<Uuid>,
    owner_id: Option<Uuid>,
    created_at: i64,
}

macro_rules! select {
    ($rest:literal) => {
        Sql::same(concat!(
            "SELECT id, schedule_id, user_id, is_of_changes, service_id, owner_id, created_at
             FROM calendar_link
             WHERE revoked_at IS NULL AND ",
            $rest
        ))
    };
}

/// Stores a link.
pub async fn insert(tx: &mut Tx, link: &CalendarLink, hash: [u8; 32], by: &str) -> Result<()> {
    const INSERT: Sql = Sql::same(
        "INSERT INTO calendar_link
             (id, token_hash, schedule_id, user_id, is_of_changes, service_id, owner_id,
              created_at, created_by)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    );
    let (schedule, user, of_changes, service) = match link.subject {
        Subject::Schedule(id) => (Some(id), None, false, None),
        Subject::User(id) => (None, Some(id), false, None),
        Subject::Changes(service) => (None, None, true, service),
    };
    let values =
        args![link.id, hash, schedule, user, of_changes, service, link.owner, link.created_at, by];
    tx.execute(&INSERT, values).await?;
    Ok(())
}

/// Revokes a link.
pub async fn revoke(tx: &mut Tx, id: CalendarLinkId, now: Timestamp) -> Result<()> {
    const UPDATE: Sql =
        Sql::same("UPDATE calendar_link SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL");
    tx.execute(&UPDATE, args![now, id]).await?;
    Ok(())
}

/// What the token of that digest opens.
pub async fn by_token(db: &Db, hash: &[u8; 32]) -> Result<Option<CalendarLink>> {
    const SELECT: Sql = select!("token_hash = ?");
    let row: Option<LinkRow> = db.fetch_optional(&SELECT, args![hash]).await?;
    row.map(CalendarLink::try_from).transpose()
}

/// One link in force.
pub async fn get(db: &Db, id: CalendarLinkId) -> Result<Option<CalendarLink>> {
    const SELECT: Sql = select!("id = ?");
    let row: Option<LinkRow> = db.fetch_optional(&SELECT, args![id]).await?;
    row.map(CalendarLink::try_from).transpose()
}

/// A person's links in force.
pub async fn of_owner(db: &Db, owner: UserId) -> Result<Vec<CalendarLink>> {
    const SELECT: Sql = select!("owner_id = ? ORDER BY id");
    let rows: Vec<LinkRow> = db.fetch_all(&SELECT, args![owner]).await?;
    rows.into_iter().map(CalendarLink::try_from).collect()
}

impl TryFrom<LinkRow> for CalendarLink {
    type Error = StoreError;

    fn try_from(row: LinkRow) -> Result<Self> {
        let subject = match (row.schedule_id, row.user_id, row.is_of_changes) {
            (Some(id), None, false) => Subject::Schedule(ScheduleId(id)),
            (None, Some(id), false) => Subject::User(UserId(id)),
            (None, None, true) => Subject::Changes(row.service_id.map(ServiceId)),
            _ => return Err(StoreError::Corrupt(format!("calendar link {}", row.id))),
        };
        Ok(Self {
            id: CalendarLinkId(row.id),
            subject,
            owner: row.owner_id.map(UserId),
            created_at: instant(row.created_at)?,
        })
    }
}
