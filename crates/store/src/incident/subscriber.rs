//! Whoever outside hears of what a status page shows (`U5`). A subscription counts once it is
//! confirmed; its link is known by its digest only.

use jiff::Timestamp;
use muster_core::id::{StatusPageId, SubscriberId};
use sqlx::FromRow;
use uuid::Uuid;

use super::status_page::{Post, Update, post_and_update};
use crate::args;
use crate::db::{Db, Result, Sql, StoreError, Tx, instant};

/// How somebody outside is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// By mail.
    Email,
    /// By a signed request.
    Webhook,
}

impl Channel {
    /// Every channel with its name in store and API.
    pub const NAMES: &[(Self, &'static str)] =
        &[(Self::Email, "email"), (Self::Webhook, "webhook")];

    /// Its name in store and API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Webhook => "webhook",
        }
    }

    /// The channel of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(channel, _)| *channel)
    }
}

/// Somebody who hears, or wants to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscriber {
    /// For programs.
    pub id: SubscriberId,
    /// Of which page.
    pub page: StatusPageId,
    /// How they are reached.
    pub channel: Channel,
    /// Where.
    pub address: String,
    /// When they were first named.
    pub created_at: Timestamp,
    /// When they were last asked to confirm, or sent their link.
    pub asked_at: Timestamp,
    /// When they confirmed; none while nothing is sent.
    pub confirmed_at: Option<Timestamp>,
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    page_id: Uuid,
    channel: String,
    address: String,
    created_at: i64,
    asked_at: i64,
    confirmed_at: Option<i64>,
}

impl TryFrom<Row> for Subscriber {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        let channel = Channel::from_name(&row.channel);
        let unknown = || StoreError::Corrupt(format!("a subscriber's channel {}", row.channel));
        Ok(Self {
            id: SubscriberId(row.id),
            page: StatusPageId(row.page_id),
            channel: channel.ok_or_else(unknown)?,
            address: row.address,
            created_at: instant(row.created_at)?,
            asked_at: instant(row.asked_at)?,
            confirmed_at: row.confirmed_at.map(instant).transpose()?,
        })
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, page_id, channel, address, created_at, asked_at, confirmed_at
             FROM status_subscriber WHERE ",
            $rest
        )
    };
}

/// Stores somebody who wants to hear; `false` where the address is known on that page.
pub async fn insert(tx: &mut Tx, new: &Subscriber, token_hash: [u8; 32]) -> Result<bool> {
    const INSERT: Sql = Sql::same(
        "INSERT INTO status_subscriber
             (id, page_id, channel, address, token_hash, created_at, asked_at, confirmed_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (page_id, channel, address) DO NOTHING",
    );
    let values = args![
        new.id,
        new.page,
        new.channel.name(),
        &new.address,
        token_hash,
        new.created_at,
        new.asked_at,
        new.confirmed_at
    ];
    Ok(tx.execute(&INSERT, values).await? > 0)
}

/// Whoever has an address on a page, held until the transaction ends.
pub async fn lock(
    tx: &mut Tx,
    page: StatusPageId,
    channel: Channel,
    address: &str,
) -> Result<Option<Subscriber>> {
    const SELECT: Sql = Sql::differs(
        select!("page_id = ? AND channel = ? AND address = ?"),
        select!("page_id = ? AND channel = ? AND address = ? FOR UPDATE"),
    );
    let row: Option<Row> = tx.fetch_optional(&SELECT, args![page, channel.name(), address]).await?;
    row.map(Subscriber::try_from).transpose()
}

/// One subscriber.
pub async fn get(tx: &mut Tx, id: SubscriberId) -> Result<Option<Subscriber>> {
    const SELECT: Sql = Sql::same(select!("id = ?"));
    let row: Option<Row> = tx.fetch_optional(&SELECT, args![id]).await?;
    row.map(Subscriber::try_from).transpose()
}

/// Whoever a link belongs to.
pub async fn by_token(db: &Db, hash: &[u8; 32]) -> Result<Option<Subscriber>> {
    const SELECT: Sql = Sql::same(select!("token_hash = ?"));
    let row: Option<Row> = db.fetch_optional(&SELECT, args![hash]).await?;
    row.map(Subscriber::try_from).transpose()
}

/// The subscribers of a page by id, after `after`.
pub async fn list(
    db: &Db,
    page: StatusPageId,
    after: Option<SubscriberId>,
    limit: i64,
) -> Result<Vec<Subscriber>> {
    const SELECT: Sql = Sql::same(select!("page_id = ? AND id > ? ORDER BY id LIMIT ?"));
    let after = after.map_or(Uuid::nil(), |id| id.0);
    let rows: Vec<Row> = db.fetch_all(&SELECT, args![page, after, limit]).await?;
    rows.into_iter().map(Subscriber::try_from).collect()
}

/// Whoever had confirmed by an instant, by id, after `after`.
pub async fn confirmed(
    tx: &mut Tx,
    page: StatusPageId,
    by: Timestamp,
    after: Option<SubscriberId>,
    limit: i64,
) -> Result<Vec<Subscriber>> {
    const SELECT: Sql = Sql::same(select!(
        "page_id = ? AND confirmed_at IS NOT NULL AND confirmed_at <= ? AND id > ?
         ORDER BY id LIMIT ?"
    ));
    let after = after.map_or(Uuid::nil(), |id| id.0);
    let rows: Vec<Row> = tx.fetch_all(&SELECT, args![page, by, after, limit]).await?;
    rows.into_iter().map(Subscriber::try_from).collect()
}

/// How many are named on a page, confirmed or not.
pub async fn count(tx: &mut Tx, page: StatusPageId) -> Result<i64> {
    const SELECT: Sql = Sql::same("SELECT count(*) FROM status_subscriber WHERE page_id = ?");
    let (count,): (i64,) = tx.fetch_one(&SELECT, args![page]).await?;
    Ok(count)
}

/// They were sent their link.
pub async fn set_asked(tx: &mut Tx, id: SubscriberId, at: Timestamp) -> Result<()> {
    const UPDATE: Sql = Sql::same("UPDATE status_subscriber SET asked_at = ? WHERE id = ?");
    tx.execute(&UPDATE, args![at, id]).await?;
    Ok(())
}

/// They confirmed; whether they had not before.
pub async fn confirm(tx: &mut Tx, id: SubscriberId, at: Timestamp) -> Result<bool> {
    const UPDATE: Sql = Sql::same(
        "UPDATE status_subscriber SET confirmed_at = ? WHERE id = ? AND confirmed_at IS NULL",
    );
    Ok(tx.execute(&UPDATE, args![at, id]).await? > 0)
}

/// They hear nothing any more; whether they were there.
pub async fn remove(tx: &mut Tx, id: SubscriberId) -> Result<bool> {
    const DELETE: Sql = Sql::same("DELETE FROM status_subscriber WHERE id = ?");
    Ok(tx.execute(&DELETE, args![id]).await? > 0)
}

/// Forgets whoever was named before `cutoff`, not asked since, and never confirmed.
pub async fn forget(tx: &mut Tx, cutoff: Timestamp) -> Result<u64> {
    const DELETE: Sql =
        Sql::same("DELETE FROM status_subscriber WHERE confirmed_at IS NULL AND asked_at < ?");
    tx.execute(&DELETE, args![cutoff]).await
}

/// An update that subscribers are told, with its post and the last of those who were told.
pub async fn telling(
    tx: &mut Tx,
    update: Uuid,
) -> Result<Option<(Post, Update, Option<SubscriberId>)>> {
    const TOLD: Sql = Sql::same("SELECT told_to FROM status_update WHERE id = ?");
    let Some((told,)) = tx.fetch_optional::<(Option<Uuid>,)>(&TOLD, args![update]).await? else {
        return Ok(None);
    };
    let found = post_and_update(tx, update).await?;
    Ok(found.map(|(post, update)| (post, update, told.map(SubscriberId))))
}

/// Everybody up to that one was told.
pub async fn set_told(tx: &mut Tx, update: Uuid, last: SubscriberId) -> Result<()> {
    const UPDATE: Sql = Sql::same("UPDATE status_update SET told_to = ? WHERE id = ?");
    tx.execute(&UPDATE, args![last, update]).await?;
    Ok(())
}
