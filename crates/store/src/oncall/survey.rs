//! What people say of the load of their shifts. The link is known by its digest only.

use jiff::Timestamp;
use muster_core::id::{ScheduleId, SurveyId, UserId};
use muster_core::oncall::survey::{Answer, Score, Survey};
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::{Db, Result, Sql, StoreError, Tx, instant};

#[derive(FromRow)]
struct SurveyRow {
    id: Uuid,
    schedule_id: Uuid,
    user_id: Uuid,
    from_at: i64,
    to_at: i64,
    score: Option<i64>,
    comment: Option<String>,
    asked_at: i64,
    answered_at: Option<i64>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, schedule_id, user_id, from_at, to_at, score, comment, asked_at, answered_at
             FROM load_survey WHERE ",
            $rest
        )
    };
}

impl TryFrom<SurveyRow> for Survey {
    type Error = StoreError;

    fn try_from(row: SurveyRow) -> Result<Self> {
        let corrupt = |score: i64| StoreError::Corrupt(format!("a survey's score {score}"));
        let answer = match (row.score, row.answered_at) {
            (Some(score), Some(at)) => {
                let number = u8::try_from(score).map_err(|_| corrupt(score))?;
                let score = Score::new(number).ok_or_else(|| corrupt(score))?;
                Some(Answer { score, comment: row.comment.unwrap_or_default(), at: instant(at)? })
            }
            _ => None,
        };
        Ok(Self {
            id: SurveyId(row.id),
            schedule: ScheduleId(row.schedule_id),
            user: UserId(row.user_id),
            from: instant(row.from_at)?,
            to: instant(row.to_at)?,
            asked_at: instant(row.asked_at)?,
            answer,
        })
    }
}

/// Stores a question; `false` if that shift was asked about before.
pub async fn insert(tx: &mut Tx, survey: &Survey, hash: [u8; 32]) -> Result<bool> {
    const INSERT: Sql = Sql::same(
        "INSERT INTO load_survey (id, schedule_id, user_id, from_at, to_at, token_hash, asked_at)
         VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (schedule_id, user_id, to_at) DO NOTHING",
    );
    let Survey { id, schedule, user, from, to, asked_at, .. } = *survey;
    Ok(tx.execute(&INSERT, args![id, schedule, user, from, to, hash, asked_at]).await? > 0)
}

/// Stores what was said.
pub async fn answer(tx: &mut Tx, id: SurveyId, answer: &Answer) -> Result<()> {
    const UPDATE: Sql =
        Sql::same("UPDATE load_survey SET score = ?, comment = ?, answered_at = ? WHERE id = ?");
    let score = i64::from(answer.score.number());
    tx.execute(&UPDATE, args![score, &answer.comment, answer.at, id]).await?;
    Ok(())
}

/// One survey, held until the transaction ends.
pub async fn lock(tx: &mut Tx, id: SurveyId) -> Result<Option<Survey>> {
    const SELECT: Sql = Sql::differs(select!("id = ?"), select!("id = ? FOR UPDATE"));
    let row: Option<SurveyRow> = tx.fetch_optional(&SELECT, args![id]).await?;
    row.map(Survey::try_from).transpose()
}

/// One survey.
pub async fn get(db: &Db, id: SurveyId) -> Result<Option<Survey>> {
    const SELECT: Sql = Sql::same(select!("id = ?"));
    let row: Option<SurveyRow> = db.fetch_optional(&SELECT, args![id]).await?;
    row.map(Survey::try_from).transpose()
}

/// What a link opens.
pub async fn by_token(db: &Db, hash: &[u8; 32]) -> Result<Option<Survey>> {
    const SELECT: Sql = Sql::same(select!("token_hash = ?"));
    let row: Option<SurveyRow> = db.fetch_optional(&SELECT, args![hash]).await?;
    row.map(Survey::try_from).transpose()
}

/// A person's surveys of shifts that ended after `since`, the newest first.
pub async fn of_user(db: &Db, user: UserId, since: Timestamp) -> Result<Vec<Survey>> {
    const SELECT: Sql = Sql::same(select!("user_id = ? AND to_at > ? ORDER BY to_at DESC, id"));
    let rows: Vec<SurveyRow> = db.fetch_all(&SELECT, args![user, since]).await?;
    rows.into_iter().map(Survey::try_from).collect()
}

/// What was said of shifts that ended in a period, in order; at most `limit`.
pub async fn answered(
    db: &Db,
    (from, to): (Timestamp, Timestamp),
    limit: i64,
) -> Result<Vec<Survey>> {
    const SELECT: Sql = Sql::same(select!(
        "to_at > ? AND to_at <= ? AND score IS NOT NULL ORDER BY to_at, id LIMIT ?"
    ));
    let rows: Vec<SurveyRow> = db.fetch_all(&SELECT, args![from, to, limit]).await?;
    rows.into_iter().map(Survey::try_from).collect()
}
