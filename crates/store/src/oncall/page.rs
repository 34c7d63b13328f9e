//! Pages as they are stored: one person being asked to take one incident.

use jiff::Timestamp;
use muster_core::id::{IncidentId, PageId, UserId};
use muster_core::incident::lifecycle::{How, Superseded};
use muster_core::incident::severity::Urgency;
use muster_core::oncall::page::PageState;
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::rows::{self, Column, Kind};
use crate::db::{Db, Result, Sql, Tx};

/// A page as it is stored.
#[derive(Debug, Clone, FromRow)]
pub struct PageRow {
    /// See [`PageId`].
    pub id: Uuid,
    /// See [`IncidentId`].
    pub incident_id: Uuid,
    /// See [`UserId`].
    pub user_id: Uuid,
    /// Counted from 1; none for a page outside of the policy.
    pub step: Option<i64>,
    /// Counted from 1.
    pub round: i64,
    /// Why, in words.
    pub reason: String,
    /// The name of an [`Urgency`].
    pub urgency: String,
    /// The name of a [`PageState`].
    pub state: String,
    /// The name of a [`How`], once it has ended.
    pub how: Option<String>,
    /// In words, once it has ended.
    pub superseded_by: Option<String>,
    /// Microseconds UTC.
    pub created_at: i64,
    /// Microseconds UTC.
    pub ended_at: Option<i64>,
}

macro_rules! columns {
    () => {
        "id, incident_id, user_id, step, round, reason, urgency, state, how, superseded_by, \
         created_at, ended_at"
    };
}

/// A page about to be stored.
#[derive(Debug, Clone)]
pub struct NewPage {
    /// Made before the commit.
    pub id: PageId,
    /// What it is about.
    pub incident: IncidentId,
    /// Who is asked.
    pub user: UserId,
    /// Counted from 1; none for a page outside of the policy.
    pub step: Option<u32>,
    /// Counted from 1.
    pub round: u32,
    /// Why, in words.
    pub reason: String,
    /// Which of the person's rules apply.
    pub urgency: Urgency,
    /// Where it stands: pending, or exhausted where no method reaches the person.
    pub state: PageState,
    /// The digest of the token in the page's link.
    pub token_hash: [u8; 32],
}

/// Stores new pages.
pub async fn insert(tx: &mut Tx, pages: &[NewPage], now: Timestamp) -> Result<()> {
    const COLUMNS: [Column; 10] = [
        ("id", Kind::Uuid),
        ("incident_id", Kind::Uuid),
        ("user_id", Kind::Uuid),
        ("step", Kind::Int),
        ("round", Kind::Int),
        ("reason", Kind::Text),
        ("urgency", Kind::Text),
        ("state", Kind::Text),
        ("created_at", Kind::Int),
        ("token_hash", Kind::Bytes),
    ];
    let pages: Vec<_> = pages
        .iter()
        .map(|page| {
            args![
                page.id,
                page.incident,
                page.user,
                page.step,
                page.round,
                page.reason.replace('\0', "\u{fffd}"),
                page.urgency.name(),
                page.state.name(),
                now,
                page.token_hash
            ]
        })
        .collect();
    rows::insert(tx, "page", &COLUMNS, pages, "").await
}

/// One page.
pub async fn get(db: &Db, id: PageId) -> Result<Option<PageRow>> {
    const SELECT: Sql = Sql::same(concat!("SELECT ", columns!(), " FROM page WHERE id = ?"));
    db.fetch_optional(&SELECT, args![id]).await
}

/// One page as the transaction sees it, not held.
pub async fn read(tx: &mut Tx, id: PageId) -> Result<Option<PageRow>> {
    const SELECT: Sql = Sql::same(concat!("SELECT ", columns!(), " FROM page WHERE id = ?"));
    tx.fetch_optional(&SELECT, args![id]).await
}

/// One page, held until the transaction ends.
pub async fn lock(tx: &mut Tx, id: PageId) -> Result<Option<PageRow>> {
    const SELECT: Sql = Sql::differs(
        concat!("SELECT ", columns!(), " FROM page WHERE id = ?"),
        concat!("SELECT ", columns!(), " FROM page WHERE id = ? FOR UPDATE"),
    );
    tx.fetch_optional(&SELECT, args![id]).await
}

/// One page, held until the transaction ends; `None` also while somebody else holds it. Whoever
/// already holds a timer must not wait for a page, because answering a page takes the same two in
/// the other order.
pub async fn try_lock(tx: &mut Tx, id: PageId) -> Result<Option<PageRow>> {
    const SELECT: Sql = Sql::differs(
        concat!("SELECT ", columns!(), " FROM page WHERE id = ?"),
        concat!("SELECT ", columns!(), " FROM page WHERE id = ? FOR UPDATE SKIP LOCKED"),
    );
    tx.fetch_optional(&SELECT, args![id]).await
}

/// The page whose link holds the token of that digest.
pub async fn by_token(db: &Db, token_hash: &[u8; 32]) -> Result<Option<PageRow>> {
    const SELECT: Sql =
        Sql::same(concat!("SELECT ", columns!(), " FROM page WHERE token_hash = ?"));
    db.fetch_optional(&SELECT, args![token_hash]).await
}

/// An incident's pages, in order.
pub async fn of_incident(db: &Db, incident: IncidentId) -> Result<Vec<PageRow>> {
    const SELECT: Sql =
        Sql::same(concat!("SELECT ", columns!(), " FROM page WHERE incident_id = ? ORDER BY id"));
    db.fetch_all(&SELECT, args![incident]).await
}

/// The pages of an incident that are neither answered nor withdrawn.
pub async fn live(tx: &mut Tx, incident: IncidentId) -> Result<Vec<PageRow>> {
    const SELECT: Sql = Sql::same(concat!(
        "SELECT ",
        columns!(),
        " FROM page WHERE incident_id = ? AND state <> 'superseded' ORDER BY id"
    ));
    tx.fetch_all(&SELECT, args![incident]).await
}

/// The pages of one step and round of an incident.
pub async fn of_step(
    tx: &mut Tx,
    incident: IncidentId,
    step: i64,
    round: i64,
) -> Result<Vec<PageRow>> {
    const SELECT: Sql = Sql::same(concat!(
        "SELECT ",
        columns!(),
        " FROM page WHERE incident_id = ? AND step = ? AND round = ? ORDER BY id"
    ));
    tx.fetch_all(&SELECT, args![incident, step, round]).await
}

/// Moves a page to another state, unless it was answered before.
pub async fn set_state(tx: &mut Tx, id: PageId, state: PageState) -> Result<()> {
    const UPDATE: Sql =
        Sql::same("UPDATE page SET state = ? WHERE id = ? AND state <> 'superseded'");
    tx.execute(&UPDATE, args![state.name(), id]).await?;
    Ok(())
}

/// Ends a page: it was answered or withdrawn.
pub async fn supersede(tx: &mut Tx, id: PageId, why: &Superseded, now: Timestamp) -> Result<()> {
    const UPDATE: Sql = Sql::same(
        "UPDATE page SET state = 'superseded', how = ?, superseded_by = ?, ended_at = ?
         WHERE id = ? AND state <> 'superseded'",
    );
    let how: How = why.how;
    tx.execute(&UPDATE, args![how.name(), &why.by, now, id]).await?;
    Ok(())
}

/// A person's live pages of open incidents, the newest first.
pub async fn waiting_for(db: &Db, user: UserId, limit: i64) -> Result<Vec<PageRow>> {
    const SELECT: Sql = Sql::same(concat!(
        "SELECT ",
        columns!(),
        " FROM page WHERE user_id = ? AND state <> 'superseded' ORDER BY id DESC LIMIT ?"
    ));
    db.fetch_all(&SELECT, args![user, limit]).await
}

/// A page that a provider took, of an incident that was no exercise.
#[derive(Debug, Clone, FromRow)]
pub struct CallRow {
    /// Whom.
    pub user_id: Uuid,
    /// About what.
    pub incident_id: Uuid,
    /// The incident's service.
    pub service_id: Uuid,
    /// Microseconds UTC.
    pub created_at: i64,
}

/// The pages of a period that a provider took, in order; at most `limit`. Exercises are left out.
pub async fn calls(db: &Db, from: Timestamp, to: Timestamp, limit: i64) -> Result<Vec<CallRow>> {
    const SELECT: Sql = Sql::same(
        "SELECT p.user_id, p.incident_id, i.service_id, p.created_at
         FROM page AS p JOIN incident AS i ON i.id = p.incident_id
         WHERE p.id >= ? AND p.id < ? AND NOT i.practice
             AND EXISTS (SELECT 1 FROM delivery AS d WHERE d.page_id = p.id AND d.kind = 'page'
                         AND d.accepted_at IS NOT NULL)
         ORDER BY p.id LIMIT ?",
    );
    // Ids begin with their instant, so that the primary key finds a period.
    let (first, end) = (PageId::new(from, [0; 10]), PageId::new(to, [0; 10]));
    db.fetch_all(&SELECT, args![first, end, limit]).await
}
