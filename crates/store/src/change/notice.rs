//! What people were told of changes (`X13`), what waits for somebody's digest, and how each of them wants
//! to hear. A message and its row are written in one transaction.

use std::collections::HashMap;

use jiff::Timestamp;
use muster_core::change::relevance::{News, Wish};
use muster_core::id::{ChangeId, DeliveryId, UserId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::rows::{self, Column, Kind as Travels};
use crate::db::{Db, Result, Sql, StoreError, Tx, instant};

/// By which way somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// It is theirs to do, to agree to, or meets them.
    Own,
    /// They are on the list of the changed service.
    List,
    /// It touches them along the dependencies, and is told at once.
    AtOnce,
    /// The same, with the digest of a day.
    Digest,
}

impl Way {
    /// Every way with its name in store and API.
    pub const NAMES: [(Self, &'static str); 4] = [
        (Self::Own, "own"),
        (Self::List, "list"),
        (Self::AtOnce, "at_once"),
        (Self::Digest, "digest"),
    ];

    /// Its name in store and API.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(way, _)| *way == self).map_or("own", |(_, name)| name)
    }

    /// The way of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(way, _)| *way)
    }
}

/// Something that somebody is told of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Orders them.
    pub id: Uuid,
    /// Of which change.
    pub change: ChangeId,
    /// Whom.
    pub user: UserId,
    /// What.
    pub news: News,
    /// Why them, in words.
    pub because: String,
    /// How.
    pub way: Way,
    /// When it became known.
    pub at: Timestamp,
    /// When the digest is that it waits for.
    pub due_at: Option<Timestamp>,
    /// When it was told; none while it waits.
    pub told_at: Option<Timestamp>,
    /// The message; none where the person cannot be reached.
    pub delivery: Option<DeliveryId>,
}

/// What became of the message of a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// What it carried.
    pub notice: Notice,
    /// The channel's name, as long as the message is kept.
    pub channel: Option<String>,
    /// The name of the delivery's state, as long as the message is kept.
    pub state: Option<String>,
}

/// How somebody hears of changes around them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reader {
    /// As they wish.
    pub wish: Wish,
    /// Their last digest.
    pub digested_at: Option<Timestamp>,
}

#[derive(FromRow)]
struct NoticeRow {
    id: Uuid,
    change_id: Uuid,
    user_id: Uuid,
    news: String,
    because: String,
    way: String,
    at: i64,
    due_at: Option<i64>,
    told_at: Option<i64>,
    delivery_id: Option<Uuid>,
    channel: Option<String>,
    state: Option<String>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT n.id, n.change_id, n.user_id, n.news, n.because, n.way, n.at, n.due_at, n.told_at,
                 n.delivery_id, d.channel, d.state
             FROM change_notice AS n LEFT JOIN delivery AS d ON d.id = n.delivery_id ",
            $rest
        )
    };
}

fn corrupt(what: &str) -> StoreError {
    StoreError::Corrupt(format!("a notice of a change with {what}"))
}

impl NoticeRow {
    fn read(self) -> Result<Sent> {
        let at = |micros: Option<i64>| micros.map(instant).transpose();
        let notice = Notice {
            id: self.id,
            change: ChangeId(self.change_id),
            user: UserId(self.user_id),
            news: News::from_name(&self.news).ok_or_else(|| corrupt("unknown news"))?,
            because: self.because,
            way: Way::from_name(&self.way).ok_or_else(|| corrupt("an unknown way"))?,
            at: instant(self.at)?,
            due_at: at(self.due_at)?,
            told_at: at(self.told_at)?,
            delivery: self.delivery_id.map(DeliveryId),
        };
        Ok(Sent { notice, channel: self.channel, state: self.state })
    }
}

fn read(rows: Vec<NoticeRow>) -> Result<Vec<Sent>> {
    rows.into_iter().map(NoticeRow::read).collect()
}

/// Writes down what people are told, or will be with their digest. What somebody is told at once no
/// longer waits for their digest.
pub async fn put(tx: &mut Tx, notices: &[Notice]) -> Result<()> {
    const FORGET: Sql = Sql::same(
        "DELETE FROM change_notice WHERE user_id = ? AND change_id = ? AND told_at IS NULL",
    );
    const COLUMNS: [Column; 10] = [
        ("id", Travels::Uuid),
        ("change_id", Travels::Uuid),
        ("user_id", Travels::Uuid),
        ("news", Travels::Text),
        ("because", Travels::Text),
        ("way", Travels::Text),
        ("at", Travels::Int),
        ("due_at", Travels::Int),
        ("told_at", Travels::Int),
        ("delivery_id", Travels::Uuid),
    ];
    for notice in notices.iter().filter(|one| one.way == Way::AtOnce) {
        tx.execute(&FORGET, args![notice.user, notice.change]).await?;
    }
    let values = notices.iter().map(|one| {
        args![
            one.id,
            one.change,
            one.user,
            one.news.name(),
            &one.because,
            one.way.name(),
            one.at,
            one.due_at,
            one.told_at,
            one.delivery,
        ]
    });
    let tail = "ON CONFLICT (user_id, change_id) WHERE told_at IS NULL DO NOTHING";
    rows::insert(tx, "change_notice", &COLUMNS, values.collect(), tail).await
}

/// Forgets what waits of a change for somebody's digest, because it is news no longer.
pub async fn drop_waiting(tx: &mut Tx, change: ChangeId, user: UserId) -> Result<()> {
    const DELETE: Sql = Sql::same(
        "DELETE FROM change_notice WHERE user_id = ? AND change_id = ? AND told_at IS NULL",
    );
    tx.execute(&DELETE, args![user, change]).await?;
    Ok(())
}

/// Everybody who was told of a change or will be, and whether they were.
pub async fn known(tx: &mut Tx, change: ChangeId) -> Result<HashMap<UserId, bool>> {
    const SELECT: Sql = Sql::same(
        "SELECT user_id, count(told_at) FROM change_notice WHERE change_id = ? GROUP BY user_id",
    );
    let rows: Vec<(Uuid, i64)> = tx.fetch_all(&SELECT, args![change]).await?;
    Ok(rows.into_iter().map(|(user, told)| (UserId(user), told > 0)).collect())
}

/// What waits for somebody's digest, the oldest first.
pub async fn waiting(tx: &mut Tx, user: UserId) -> Result<Vec<Notice>> {
    const SELECT: Sql =
        Sql::same(select!("WHERE n.user_id = ? AND n.told_at IS NULL ORDER BY n.id"));
    let rows: Vec<NoticeRow> = tx.fetch_all(&SELECT, args![user]).await?;
    Ok(read(rows)?.into_iter().map(|one| one.notice).collect())
}

/// Says that what waited was told; what is not among `told` was news no longer, and is forgotten.
pub async fn tell_waiting(
    tx: &mut Tx,
    user: UserId,
    told: &[Uuid],
    delivery: Option<DeliveryId>,
    now: Timestamp,
) -> Result<()> {
    const UPDATE: Sql =
        Sql::same("UPDATE change_notice SET told_at = ?, delivery_id = ? WHERE id = ?");
    const DELETE: Sql =
        Sql::same("DELETE FROM change_notice WHERE user_id = ? AND told_at IS NULL");
    for id in told {
        tx.execute(&UPDATE, args![now, delivery, *id]).await?;
    }
    tx.execute(&DELETE, args![user]).await?;
    Ok(())
}

/// What people were told of a change, the oldest first, after a notice.
pub async fn of_change(
    db: &Db,
    change: ChangeId,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Sent>> {
    const SELECT: Sql =
        Sql::same(select!("WHERE n.change_id = ? AND n.id > ? ORDER BY n.id LIMIT ?"));
    let after = after.unwrap_or_else(Uuid::nil);
    read(db.fetch_all(&SELECT, args![change, after, limit]).await?)
}

/// How people hear of changes around them; whoever is missing never said, and had no digest.
pub async fn readers(tx: &mut Tx) -> Result<HashMap<UserId, Reader>> {
    const SELECT: Sql = Sql::same("SELECT user_id, wish, digested_at FROM change_reader");
    let rows: Vec<(Uuid, String, Option<i64>)> = tx.fetch_all(&SELECT, args![]).await?;
    let read = |(user, wish, digested_at): (Uuid, String, Option<i64>)| {
        let wish = Wish::from_name(&wish).ok_or_else(|| corrupt("an unknown wish"))?;
        let digested_at = digested_at.map(instant).transpose()?;
        Ok((UserId(user), Reader { wish, digested_at }))
    };
    rows.into_iter().map(read).collect()
}

/// How one person hears.
pub async fn reader(tx: &mut Tx, user: UserId) -> Result<Reader> {
    const SELECT: Sql = Sql::same("SELECT wish, digested_at FROM change_reader WHERE user_id = ?");
    let row: Option<(String, Option<i64>)> = tx.fetch_optional(&SELECT, args![user]).await?;
    let Some((wish, digested_at)) = row else { return Ok(Reader::default()) };
    Ok(Reader {
        wish: Wish::from_name(&wish).ok_or_else(|| corrupt("an unknown wish"))?,
        digested_at: digested_at.map(instant).transpose()?,
    })
}

/// Says how somebody wants to hear. Who wants nothing is no longer waited for.
pub async fn choose(tx: &mut Tx, user: UserId, wish: Wish) -> Result<()> {
    const UPSERT: Sql = Sql::same(
        "INSERT INTO change_reader (user_id, wish) VALUES (?, ?)
         ON CONFLICT (user_id) DO UPDATE SET wish = excluded.wish",
    );
    const DELETE: Sql =
        Sql::same("DELETE FROM change_notice WHERE user_id = ? AND told_at IS NULL");
    tx.execute(&UPSERT, args![user, wish.name()]).await?;
    if wish == Wish::Off {
        tx.execute(&DELETE, args![user]).await?;
    }
    Ok(())
}

/// Says that somebody has their digest of the day.
pub async fn digested(tx: &mut Tx, user: UserId, now: Timestamp) -> Result<()> {
    const UPSERT: Sql = Sql::same(
        "INSERT INTO change_reader (user_id, wish, digested_at) VALUES (?, ?, ?)
         ON CONFLICT (user_id) DO UPDATE SET digested_at = excluded.digested_at",
    );
    tx.execute(&UPSERT, args![user, Wish::default().name(), now]).await?;
    Ok(())
}

/// How often a change came to stand in the calendar, as its record says.
pub async fn times_scheduled(tx: &mut Tx, change: ChangeId) -> Result<i64> {
    const SELECT: Sql =
        Sql::same("SELECT count(*) FROM change_entry WHERE change_id = ? AND kind = 'scheduled'");
    let (count,): (i64,) = tx.fetch_one(&SELECT, args![change]).await?;
    Ok(count)
}
