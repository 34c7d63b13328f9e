//! How people are reached, as far as they see to it themselves: their own contact methods with the
//! codes that verify them, what they chose of language, quiet hours and rules, and which methods get
//! nothing. Addresses come and go sealed; nothing here can read one.

use jiff::{SignedDuration, Timestamp};
use muster_core::id::{ContactMethodId, UserId};
use muster_core::incident::severity::Urgency;
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::{Db, Result, Sql, Tx};

/// A contact method that a person manages.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct MethodRow {
    /// See [`ContactMethodId`].
    pub id: Uuid,
    /// See [`UserId`].
    pub user_id: Uuid,
    /// Unique per person.
    pub name: String,
    /// The channel's name.
    pub channel: String,
    /// Sealed.
    pub address: Vec<u8>,
    /// Microseconds UTC.
    pub created_at: i64,
    /// Microseconds UTC; none until a code came back.
    pub verified_at: Option<i64>,
}

/// A code on its way.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct CodeRow {
    /// See [`ContactMethodId`].
    pub method_id: Uuid,
    /// Microseconds UTC.
    pub sent_at: i64,
    /// Microseconds UTC.
    pub expires_at: i64,
    /// Wrong codes so far.
    pub attempts: i64,
    /// Codes sent since the method was last verified or made.
    pub sent: i64,
}

/// A method that gets nothing.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct BlockRow {
    /// See [`ContactMethodId`].
    pub method_id: Uuid,
    /// In words.
    pub reason: String,
    /// Microseconds UTC.
    pub at: i64,
}

/// What a person chose.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct PreferenceRow {
    /// See [`UserId`].
    pub user_id: Uuid,
    /// The language's name.
    pub language: Option<String>,
    /// Minutes of the day.
    pub quiet_from: Option<i64>,
    /// Minutes of the day.
    pub quiet_to: Option<i64>,
}

/// One line of the rules that a person chose.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct RuleRow {
    /// See [`UserId`].
    pub user_id: Uuid,
    /// The urgency's name.
    pub urgency: String,
    /// Counted from the page, in microseconds.
    pub after_us: i64,
    /// See [`ContactMethodId`].
    pub method_id: Uuid,
}

/// Everything that people chose, to be laid over the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chosen {
    /// Their methods, in the order in which they were made.
    pub methods: Vec<MethodRow>,
    /// Methods that get nothing.
    pub blocks: Vec<BlockRow>,
    /// Languages and quiet hours.
    pub preferences: Vec<PreferenceRow>,
    /// Their rules, in order.
    pub rules: Vec<RuleRow>,
}

/// The constraint that a second method of the same name runs into.
pub const NAME_CONFLICT: &str = "contact_method_name";

macro_rules! method_columns {
    () => {
        "id, user_id, name, channel, address, created_at, verified_at"
    };
}

/// Everything that people chose.
pub async fn chosen(tx: &mut Tx) -> Result<Chosen> {
    const METHODS: Sql = Sql::same(concat!(
        "SELECT ",
        method_columns!(),
        " FROM contact_method ORDER BY created_at, id"
    ));
    const BLOCKS: Sql =
        Sql::same("SELECT method_id, reason, at FROM contact_block ORDER BY method_id");
    const PREFERENCES: Sql = Sql::same(
        "SELECT user_id, language, quiet_from, quiet_to FROM preference ORDER BY user_id",
    );
    const RULES: Sql = Sql::same(
        "SELECT user_id, urgency, after_us, method_id FROM notification_rule
         ORDER BY user_id, urgency, position",
    );
    Ok(Chosen {
        methods: tx.fetch_all(&METHODS, args![]).await?,
        blocks: tx.fetch_all(&BLOCKS, args![]).await?,
        preferences: tx.fetch_all(&PREFERENCES, args![]).await?,
        rules: tx.fetch_all(&RULES, args![]).await?,
    })
}

/// Stores a new method, not yet verified.
pub async fn insert_method(
    tx: &mut Tx,
    id: ContactMethodId,
    user: UserId,
    name: &str,
    channel: &str,
    sealed: &[u8],
    now: Timestamp,
) -> Result<()> {
    const INSERT: Sql = Sql::same(
        "INSERT INTO contact_method (id, user_id, name, channel, address, created_at)
         VALUES (?, ?, ?, ?, ?, ?)",
    );
    tx.execute(&INSERT, args![id, user, name, channel, sealed, now]).await?;
    Ok(())
}

/// The method of that id, held until the transaction ends.
pub async fn lock_method(tx: &mut Tx, id: ContactMethodId) -> Result<Option<MethodRow>> {
    const SELECT: Sql = Sql::differs(
        concat!("SELECT ", method_columns!(), " FROM contact_method WHERE id = ?"),
        concat!("SELECT ", method_columns!(), " FROM contact_method WHERE id = ? FOR UPDATE"),
    );
    tx.fetch_optional(&SELECT, args![id]).await
}

/// How many methods a person has here.
pub async fn count_methods(tx: &mut Tx, user: UserId) -> Result<i64> {
    const COUNT: Sql = Sql::same("SELECT count(*) FROM contact_method WHERE user_id = ?");
    Ok(tx.fetch_one::<(i64,)>(&COUNT, args![user]).await?.0)
}

/// Removes a method with its code, its block and the rules that name it.
pub async fn remove_method(tx: &mut Tx, id: ContactMethodId) -> Result<()> {
    const RULES: Sql = Sql::same("DELETE FROM notification_rule WHERE method_id = ?");
    const CODE: Sql = Sql::same("DELETE FROM contact_code WHERE method_id = ?");
    const BLOCK: Sql = Sql::same("DELETE FROM contact_block WHERE method_id = ?");
    const METHOD: Sql = Sql::same("DELETE FROM contact_method WHERE id = ?");
    for statement in [&RULES, &CODE, &BLOCK, &METHOD] {
        tx.execute(statement, args![id]).await?;
    }
    Ok(())
}

/// A method was shown to work.
pub async fn set_verified(tx: &mut Tx, id: ContactMethodId, now: Timestamp) -> Result<()> {
    const UPDATE: Sql = Sql::same("UPDATE contact_method SET verified_at = ? WHERE id = ?");
    const FORGET: Sql = Sql::same("DELETE FROM contact_code WHERE method_id = ?");
    tx.execute(&UPDATE, args![now, id]).await?;
    tx.execute(&FORGET, args![id]).await?;
    Ok(())
}

/// The code on its way to a method.
pub async fn code(tx: &mut Tx, method: ContactMethodId) -> Result<Option<CodeRow>> {
    const SELECT: Sql = Sql::same(
        "SELECT method_id, sent_at, expires_at, attempts, sent
         FROM contact_code WHERE method_id = ?",
    );
    tx.fetch_optional(&SELECT, args![method]).await
}

/// A new code takes the place of the one before.
pub async fn put_code(
    tx: &mut Tx,
    method: ContactMethodId,
    good_for: SignedDuration,
    now: Timestamp,
) -> Result<()> {
    const PUT: Sql = Sql::same(
        "INSERT INTO contact_code (method_id, sent_at, expires_at, attempts, sent)
         VALUES (?, ?, ?, 0, 1)
         ON CONFLICT (method_id) DO UPDATE SET
             sent_at = excluded.sent_at, expires_at = excluded.expires_at, attempts = 0, sent = contact_code.sent + 1",
    );
    let expires_at = now.saturating_add(good_for).unwrap_or(Timestamp::MAX);
    tx.execute(&PUT, args![method, now, expires_at]).await?;
    Ok(())
}

/// A wrong code was given.
pub async fn count_wrong_code(tx: &mut Tx, method: ContactMethodId) -> Result<()> {
    const COUNT: Sql =
        Sql::same("UPDATE contact_code SET attempts = attempts + 1 WHERE method_id = ?");
    tx.execute(&COUNT, args![method]).await?;
    Ok(())
}

/// A method gets nothing from now on; says whether that is new.
pub async fn block(
    tx: &mut Tx,
    method: ContactMethodId,
    reason: &str,
    now: Timestamp,
) -> Result<bool> {
    const INSERT: Sql = Sql::same(
        "INSERT INTO contact_block (method_id, reason, at) VALUES (?, ?, ?)
         ON CONFLICT (method_id) DO NOTHING",
    );
    Ok(tx.execute(&INSERT, args![method, reason, now]).await? > 0)
}

/// A method gets messages again; says whether it got none.
pub async fn unblock(tx: &mut Tx, method: ContactMethodId) -> Result<bool> {
    const DELETE: Sql = Sql::same("DELETE FROM contact_block WHERE method_id = ?");
    Ok(tx.execute(&DELETE, args![method]).await? > 0)
}

/// What a person chose of language and quiet hours, in minutes of the day.
pub async fn put_preference(
    tx: &mut Tx,
    user: UserId,
    language: Option<&str>,
    quiet: Option<(i64, i64)>,
    now: Timestamp,
) -> Result<()> {
    const PUT: Sql = Sql::same(
        "INSERT INTO preference (user_id, language, quiet_from, quiet_to, updated_at)
         VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (user_id) DO UPDATE SET
             language = excluded.language, quiet_from = excluded.quiet_from,
             quiet_to = excluded.quiet_to, updated_at = excluded.updated_at",
    );
    let (from, to) = quiet.unzip();
    tx.execute(&PUT, args![user, language, from, to, now]).await?;
    Ok(())
}

/// The rules of an urgency that a person chose; none means those of the configuration.
pub async fn put_rules(
    tx: &mut Tx,
    user: UserId,
    urgency: Urgency,
    rules: &[(SignedDuration, ContactMethodId)],
) -> Result<()> {
    const CLEAR: Sql = Sql::same("DELETE FROM notification_rule WHERE user_id = ? AND urgency = ?");
    const INSERT: Sql = Sql::same(
        "INSERT INTO notification_rule (user_id, urgency, position, after_us, method_id)
         VALUES (?, ?, ?, ?, ?)",
    );
    tx.execute(&CLEAR, args![user, urgency.name()]).await?;
    for (position, (after, method)) in (0_i64..).zip(rules) {
        let after = i64::try_from(after.as_micros()).unwrap_or(i64::MAX);
        tx.execute(&INSERT, args![user, urgency.name(), position, after, *method]).await?;
    }
    Ok(())
}

/// The codes on their way to the methods of a person, for the screen.
pub async fn codes_of(db: &Db, user: UserId) -> Result<Vec<CodeRow>> {
    const SELECT: Sql = Sql::same(
        "SELECT c.method_id, c.sent_at, c.expires_at, c.attempts, c.sent
         FROM contact_code AS c JOIN contact_method AS m ON m.id = c.method_id
         WHERE m.user_id = ? ORDER BY c.method_id",
    );
    db.fetch_all(&SELECT, args![user]).await
}
