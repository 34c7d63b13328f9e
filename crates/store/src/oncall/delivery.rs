//! Deliveries as they are stored: the outbox. A row stands here before anything is sent, and every
//! attempt is written down before it begins.

use jiff::Timestamp;
use muster_core::id::{ContactMethodId, DeliveryId, IncidentId, PageId, ServiceId, UserId};
use muster_core::oncall::bundle::Sent;
use muster_core::oncall::page::DeliveryState;
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::rows::{self, Column};
use crate::db::{Db, Result, Sql, StoreError, Tx, Value};
use crate::timer;

/// What a delivery carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A page; its text is made when it is sent, so that it says how things stand then.
    Page,
    /// News that a page was answered or withdrawn.
    Superseded,
    /// Something to know that asks for nothing, such as an informational alert.
    Notification,
    /// A trial of a contact method.
    Test,
    /// An event for an outgoing webhook.
    Event,
}

impl Kind {
    /// Every kind with its name in store and API.
    pub const NAMES: [(Self, &'static str); 5] = [
        (Self::Page, "page"),
        (Self::Superseded, "page.superseded"),
        (Self::Notification, "notification"),
        (Self::Test, "test"),
        (Self::Event, "event"),
    ];

    /// Its name in store and API.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(kind, _)| *kind == self).map_or("page", |(_, name)| name)
    }

    /// Which timers it is sent by.
    pub fn timer(self) -> timer::Kind {
        match self {
            Self::Page | Self::Superseded | Self::Test => timer::Kind::Delivery,
            Self::Notification | Self::Event => timer::Kind::Notice,
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }
}

/// A delivery about to be stored.
#[derive(Debug, Clone)]
pub struct NewDelivery {
    /// Made before the commit; also the idempotency key towards providers.
    pub id: DeliveryId,
    /// What it carries.
    pub kind: Kind,
    /// The page it belongs to.
    pub page: Option<PageId>,
    /// The incident it is about.
    pub incident: Option<IncidentId>,
    /// The person it goes to.
    pub user: Option<UserId>,
    /// The person's contact method.
    pub method: Option<ContactMethodId>,
    /// What the method is called.
    pub method_name: String,
    /// The channel's name.
    pub channel: &'static str,
    /// Where it goes, for deliveries without a contact method.
    pub address: Option<String>,
    /// What it says, as JSON, for deliveries without a page.
    pub content: Option<String>,
    /// Its place among the deliveries of its page.
    pub position: i64,
    /// When it is to go out.
    pub due_at: Timestamp,
}

/// A delivery as it is stored.
#[derive(Debug, Clone, FromRow)]
pub struct DeliveryRow {
    /// See [`DeliveryId`].
    pub id: Uuid,
    /// The name of a [`Kind`].
    pub kind: String,
    /// See [`PageId`].
    pub page_id: Option<Uuid>,
    /// See [`IncidentId`].
    pub incident_id: Option<Uuid>,
    /// See [`UserId`].
    pub user_id: Option<Uuid>,
    /// See [`ContactMethodId`].
    pub method_id: Option<Uuid>,
    /// What the method is called.
    pub method: String,
    /// The channel's name.
    pub channel: String,
    /// Where it goes, for deliveries without a contact method.
    pub address: Option<String>,
    /// What it says, as JSON, for deliveries without a page.
    pub content: Option<String>,
    /// The name of a [`DeliveryState`].
    pub state: String,
    /// Attempts begun.
    pub attempts: i64,
    /// Its place among the deliveries of its page.
    pub position: i64,
    /// Microseconds UTC.
    pub first_due_at: i64,
    /// When the next attempt is due or the present one began, microseconds UTC; none once it is
    /// final.
    pub due_at: Option<i64>,
    /// Microseconds UTC.
    pub accepted_at: Option<i64>,
    /// Who carried the message that was accepted.
    pub provider: Option<String>,
    /// That provider's name for the message.
    pub reference: Option<String>,
}

impl DeliveryRow {
    /// Where it stands.
    ///
    /// # Errors
    /// When the stored name is unknown.
    pub fn delivery_state(&self) -> Result<DeliveryState> {
        DeliveryState::from_name(&self.state)
            .ok_or_else(|| StoreError::Corrupt(format!("delivery state {}", self.state)))
    }

    /// The id as it is written outside: the same for every attempt.
    pub fn id_on_wire(&self) -> String {
        DeliveryId(self.id).to_string()
    }

    /// What it carries.
    ///
    /// # Errors
    /// When the stored name is unknown.
    pub fn delivery_kind(&self) -> Result<Kind> {
        Kind::from_name(&self.kind)
            .ok_or_else(|| StoreError::Corrupt(format!("delivery kind {}", self.kind)))
    }
}

macro_rules! columns {
    () => {
        "id, kind, page_id, incident_id, user_id, method_id, method, channel, address, content, \
         state, attempts, position, first_due_at, due_at, accepted_at, provider, reference"
    };
}

/// Stores new deliveries.
pub async fn insert(tx: &mut Tx, deliveries: &[NewDelivery]) -> Result<()> {
    const COLUMNS: [Column; 15] = [
        ("id", rows::Kind::Uuid),
        ("kind", rows::Kind::Text),
        ("page_id", rows::Kind::Uuid),
        ("incident_id", rows::Kind::Uuid),
        ("user_id", rows::Kind::Uuid),
        ("method_id", rows::Kind::Uuid),
        ("method", rows::Kind::Text),
        ("channel", rows::Kind::Text),
        ("address", rows::Kind::Text),
        ("content", rows::Kind::Text),
        ("state", rows::Kind::Text),
        ("attempts", rows::Kind::Int),
        ("position", rows::Kind::Int),
        ("first_due_at", rows::Kind::Int),
        ("due_at", rows::Kind::Int),
    ];
    let deliveries: Vec<_> = deliveries
        .iter()
        .map(|delivery| {
            args![
                delivery.id,
                delivery.kind.name(),
                delivery.page,
                delivery.incident,
                delivery.user,
                delivery.method,
                &delivery.method_name,
                delivery.channel,
                delivery.address.as_deref(),
                delivery.content.as_deref(),
                DeliveryState::Scheduled.name(),
                0,
                delivery.position,
                delivery.due_at,
                delivery.due_at
            ]
        })
        .collect();
    rows::insert(tx, "delivery", &COLUMNS, deliveries, "").await
}

fn id_list(ids: &[Uuid]) -> Value {
    Value::UuidList(ids.iter().map(|id| Some(*id)).collect())
}

/// The deliveries of those ids.
pub async fn get_all(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<DeliveryRow>> {
    const SELECT: Sql = Sql::differs(
        concat!(
            "SELECT ",
            columns!(),
            " FROM delivery WHERE id IN (SELECT unhex(value) FROM json_each(?)) ORDER BY id"
        ),
        concat!("SELECT ", columns!(), " FROM delivery WHERE id = ANY(?) ORDER BY id"),
    );
    tx.fetch_all(&SELECT, vec![id_list(ids)]).await
}

/// The deliveries of a page, in their order.
pub async fn of_page(tx: &mut Tx, page: PageId) -> Result<Vec<DeliveryRow>> {
    const SELECT: Sql = Sql::same(concat!(
        "SELECT ",
        columns!(),
        " FROM delivery WHERE page_id = ? AND kind = 'page' ORDER BY position"
    ));
    tx.fetch_all(&SELECT, args![page]).await
}

/// The deliveries that went out in one message with this one, itself among them: a digest has one
/// reference for all of its pages.
pub async fn sent_together(tx: &mut Tx, row: &DeliveryRow) -> Result<Vec<DeliveryRow>> {
    const SELECT: Sql = Sql::same(concat!(
        "SELECT ",
        columns!(),
        " FROM delivery WHERE id = ? OR (method_id = ? AND reference = (
              SELECT reference FROM delivery WHERE id = ?)) ORDER BY id"
    ));
    tx.fetch_all(&SELECT, args![row.id, row.method_id, row.id]).await
}

/// Every delivery about an incident, in order.
pub async fn of_incident(db: &Db, incident: IncidentId) -> Result<Vec<DeliveryRow>> {
    const SELECT: Sql = Sql::same(concat!(
        "SELECT ",
        columns!(),
        " FROM delivery WHERE incident_id = ? ORDER BY id"
    ));
    db.fetch_all(&SELECT, args![incident]).await
}

/// One delivery.
pub async fn get(db: &Db, id: DeliveryId) -> Result<Option<DeliveryRow>> {
    const SELECT: Sql = Sql::same(concat!("SELECT ", columns!(), " FROM delivery WHERE id = ?"));
    db.fetch_optional(&SELECT, args![id]).await
}

/// Moves a delivery to another state, with the instant it is next due.
pub async fn set_state(
    tx: &mut Tx,
    id: Uuid,
    state: DeliveryState,
    due_at: Option<Timestamp>,
    accepted_at: Option<Timestamp>,
) -> Result<()> {
    const UPDATE: Sql = Sql::same(
        "UPDATE delivery SET state = ?, due_at = ?, accepted_at = coalesce(?, accepted_at)
         WHERE id = ?",
    );
    tx.execute(&UPDATE, args![state.name(), due_at, accepted_at, id]).await?;
    Ok(())
}

/// An attempt that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begun {
    /// Counted from 1.
    pub number: i64,
    /// Whether an earlier attempt may have arrived.
    pub possible_repeat: bool,
}

/// Remembers who carried a message that was accepted, and that provider's name for it.
pub async fn set_reference(
    tx: &mut Tx,
    id: Uuid,
    provider: Option<&str>,
    reference: Option<&str>,
) -> Result<()> {
    const UPDATE: Sql = Sql::same("UPDATE delivery SET provider = ?, reference = ? WHERE id = ?");
    tx.execute(&UPDATE, args![provider, reference, id]).await?;
    Ok(())
}

/// The message of a page that a contact method accepted, which news of the page edits or follows.
pub async fn accepted_of_page(
    tx: &mut Tx,
    page: PageId,
    method: ContactMethodId,
) -> Result<Option<DeliveryRow>> {
    const SELECT: Sql = Sql::same(concat!(
        "SELECT ",
        columns!(),
        " FROM delivery WHERE page_id = ? AND method_id = ? AND kind = 'page'
             AND accepted_at IS NOT NULL
          ORDER BY position LIMIT 1"
    ));
    tx.fetch_optional(&SELECT, args![page, method]).await
}

/// Whether a page that a provider's message was about still waits for an answer: one of a digest may,
/// although others are answered.
pub async fn is_still_asked(tx: &mut Tx, row: &DeliveryRow) -> Result<bool> {
    const SELECT: Sql = Sql::same(
        "SELECT d.id FROM delivery AS d JOIN page AS p ON p.id = d.page_id
         WHERE d.method_id = ? AND d.reference = ? AND d.kind = 'page' AND p.state <> 'superseded'
         LIMIT 1",
    );
    let values = args![row.method_id, row.reference.as_deref()];
    Ok(tx.fetch_optional::<(Uuid,)>(&SELECT, values).await?.is_some())
}

/// A page that a provider's message was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct Carried {
    /// See [`PageId`].
    pub page_id: Uuid,
    /// Who was paged.
    pub user_id: Uuid,
    /// The number of the incident.
    pub number: i64,
}

/// The pages that a message was about, by its provider's name for it: several, if it was a digest.
pub async fn pages_of_message(db: &Db, provider: &str, reference: &str) -> Result<Vec<Carried>> {
    const SELECT: Sql = Sql::same(
        "SELECT d.page_id, p.user_id, i.number FROM delivery AS d
           JOIN page AS p ON p.id = d.page_id JOIN incident AS i ON i.id = p.incident_id
          WHERE d.reference = ? AND d.provider = ? AND d.kind = 'page' ORDER BY i.number",
    );
    db.fetch_all(&SELECT, args![reference, provider]).await
}

/// Begins an attempt: counts it and writes it down before anything is sent. An earlier attempt that
/// never finished is closed as unknown.
pub async fn begin_attempt(tx: &mut Tx, id: Uuid, now: Timestamp) -> Result<Begun> {
    const CLOSE: Sql = Sql::same(
        "UPDATE delivery_attempt SET outcome = 'unknown', finished_at = ?,
             detail = 'interrupted before the answer was recorded'
         WHERE delivery_id = ? AND finished_at IS NULL",
    );
    const COUNT: Sql = Sql::same(
        "UPDATE delivery SET state = 'sending', attempts = attempts + 1, due_at = ? WHERE id = ?
         RETURNING attempts",
    );
    const INSERT: Sql = Sql::same(
        "INSERT INTO delivery_attempt (delivery_id, number, started_at, outcome, possible_repeat)
         VALUES (?, ?, ?, 'running', ?)",
    );
    tx.execute(&CLOSE, args![now, id]).await?;
    let (number,): (i64,) = tx.fetch_one(&COUNT, args![now, id]).await?;
    let possible_repeat = may_have_arrived(tx, id).await?;
    tx.execute(&INSERT, args![id, number, now, possible_repeat]).await?;
    Ok(Begun { number, possible_repeat })
}

/// Writes down who carries an attempt, before it is sent.
pub async fn carry(tx: &mut Tx, id: Uuid, number: i64, provider: &str) -> Result<()> {
    const UPDATE: Sql =
        Sql::same("UPDATE delivery_attempt SET provider = ? WHERE delivery_id = ? AND number = ?");
    tx.execute(&UPDATE, args![provider, id, number]).await?;
    Ok(())
}

/// Ends an attempt with the provider's answer. One that was closed meanwhile stays closed.
pub async fn end_attempt(
    tx: &mut Tx,
    id: Uuid,
    number: i64,
    outcome: &str,
    status: Option<&str>,
    detail: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    const UPDATE: Sql = Sql::same(
        "UPDATE delivery_attempt SET outcome = ?, status = ?, detail = ?, finished_at = ?
         WHERE delivery_id = ? AND number = ? AND finished_at IS NULL",
    );
    let clean = |text: &str| text.replace('\0', "\u{fffd}");
    let (status, detail) = (status.map(clean), detail.map(clean));
    tx.execute(&UPDATE, args![outcome, status, detail, now, id, number]).await?;
    Ok(())
}

/// Whether an earlier attempt may have arrived although nobody confirmed it.
pub async fn may_have_arrived(tx: &mut Tx, id: Uuid) -> Result<bool> {
    const SELECT: Sql = Sql::same(
        "SELECT count(*) FROM delivery_attempt WHERE delivery_id = ? AND outcome = 'unknown'",
    );
    let (unknown,): (i64,) = tx.fetch_one(&SELECT, args![id]).await?;
    Ok(unknown > 0)
}

/// An attempt as it is stored.
#[derive(Debug, Clone, FromRow)]
pub struct AttemptRow {
    /// See [`DeliveryId`].
    pub delivery_id: Uuid,
    /// Counted from 1.
    pub number: i64,
    /// Microseconds UTC.
    pub started_at: i64,
    /// Microseconds UTC.
    pub finished_at: Option<i64>,
    /// `running`, `accepted`, `temporary`, `permanent` or `unknown`.
    pub outcome: String,
    /// What the provider answered: an HTTP status or an SMTP reply.
    pub status: Option<String>,
    /// What the provider said.
    pub detail: Option<String>,
    /// Whether the message may have arrived before.
    pub possible_repeat: bool,
    /// Who carried it.
    pub provider: Option<String>,
}

/// Every attempt of every delivery about an incident, in order.
pub async fn attempts_of_incident(db: &Db, incident: IncidentId) -> Result<Vec<AttemptRow>> {
    const SELECT: Sql = Sql::same(
        "SELECT delivery_id, number, started_at, finished_at, outcome, status, detail,
             possible_repeat, provider
         FROM delivery_attempt
         WHERE delivery_id IN (SELECT id FROM delivery WHERE incident_id = ?)
         ORDER BY delivery_id, number",
    );
    db.fetch_all(&SELECT, args![incident]).await
}

/// Every attempt of one delivery, in order.
pub async fn attempts(db: &Db, delivery: DeliveryId) -> Result<Vec<AttemptRow>> {
    const SELECT: Sql = Sql::same(
        "SELECT delivery_id, number, started_at, finished_at, outcome, status, detail,
             possible_repeat, provider
         FROM delivery_attempt WHERE delivery_id = ? ORDER BY number",
    );
    db.fetch_all(&SELECT, args![delivery]).await
}

/// What a contact method was sent since `since` or is being sent, about which service: the latest
/// messages that bundling counts, at most `limit`.
pub async fn recent(
    tx: &mut Tx,
    method: ContactMethodId,
    since: Timestamp,
    limit: i64,
) -> Result<Vec<Sent>> {
    const SELECT: Sql = Sql::same(
        "SELECT latest.at, incident.service_id FROM (
             SELECT accepted_at AS at, incident_id FROM delivery
             WHERE method_id = ?1 AND accepted_at > ?2 AND kind = 'page'
             UNION ALL
             SELECT due_at AS at, incident_id FROM delivery
             WHERE method_id = ?1 AND state = 'sending' AND kind = 'page'
         ) AS latest
         JOIN incident ON incident.id = latest.incident_id
         ORDER BY latest.at DESC LIMIT ?3",
    );
    let rows: Vec<(Option<i64>, Uuid)> = tx.fetch_all(&SELECT, args![method, since, limit]).await?;
    Ok(rows
        .into_iter()
        .filter_map(|(at, service)| {
            let at = Timestamp::from_microsecond(at?).ok()?;
            Some(Sent { at, service: ServiceId(service) })
        })
        .collect())
}

/// The services of what waits for a contact method's digest, one for each message, at most `limit`.
pub async fn waiting_services(
    tx: &mut Tx,
    method: ContactMethodId,
    limit: i64,
) -> Result<Vec<ServiceId>> {
    const SELECT: Sql = Sql::same(
        "SELECT incident.service_id FROM delivery JOIN incident ON incident.id = delivery.incident_id
         WHERE delivery.method_id = ? AND delivery.state = 'bundled' AND delivery.kind = 'page'
         ORDER BY delivery.id DESC LIMIT ?",
    );
    let rows: Vec<(Uuid,)> = tx.fetch_all(&SELECT, args![method, limit]).await?;
    Ok(rows.into_iter().map(|(service,)| ServiceId(service)).collect())
}

/// The pages to a contact method that may go out together now, the newest first: those that wait
/// for its digest, and those that were tried before and whose time has come again.
pub async fn waiting(
    tx: &mut Tx,
    method: ContactMethodId,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<DeliveryRow>> {
    const SELECT: Sql = Sql::same(concat!(
        "SELECT ",
        columns!(),
        " FROM delivery WHERE method_id = ? AND state IN ('bundled', 'retrying', 'sending')
             AND (state = 'bundled' OR due_at <= ?) AND kind = 'page'
          ORDER BY id DESC LIMIT ?"
    ));
    tx.fetch_all(&SELECT, args![method, now, limit]).await
}

/// Forgets messages that belong to no incident (tests, canaries, codes, news by mail) and have been
/// final since before `cutoff`, with their attempts and receipts, at most `limit`; says how many.
pub async fn forget_loose(tx: &mut Tx, cutoff: Timestamp, limit: i64) -> Result<u64> {
    const OLD: Sql = Sql::same(
        "SELECT id FROM delivery
         WHERE id < ? AND page_id IS NULL AND incident_id IS NULL AND due_at IS NULL
         ORDER BY id LIMIT ?",
    );
    const ATTEMPTS: Sql = Sql::differs(
        "DELETE FROM delivery_attempt
         WHERE delivery_id IN (SELECT unhex(value) FROM json_each(?))",
        "DELETE FROM delivery_attempt WHERE delivery_id = ANY(?)",
    );
    const RECEIPTS: Sql = Sql::differs(
        "DELETE FROM receipt WHERE delivery_id IN (SELECT unhex(value) FROM json_each(?))",
        "DELETE FROM receipt WHERE delivery_id = ANY(?)",
    );
    const DELETE: Sql = Sql::differs(
        "DELETE FROM delivery WHERE id IN (SELECT unhex(value) FROM json_each(?))",
        "DELETE FROM delivery WHERE id = ANY(?)",
    );
    let old: Vec<(Uuid,)> =
        tx.fetch_all(&OLD, args![DeliveryId::new(cutoff, [0; 10]), limit]).await?;
    if old.is_empty() {
        return Ok(0);
    }
    let old = Value::UuidList(old.into_iter().map(|(id,)| Some(id)).collect());
    tx.execute(&ATTEMPTS, vec![old.clone()]).await?;
    tx.execute(&RECEIPTS, vec![old.clone()]).await?;
    tx.execute(&DELETE, vec![old]).await
}
