//! Whose turn it was: for each team whose members take turns, who had the last one.

use muster_core::id::{TeamId, UserId};
use muster_core::oncall::facts::Turns;
use uuid::Uuid;

use crate::args;
use crate::db::{Db, Result, Sql, Tx};

const SELECT: Sql = Sql::same("SELECT team_id, user_id FROM escalation_turn");

fn turns(rows: Vec<(Uuid, Uuid)>) -> Turns {
    rows.into_iter().map(|(team, user)| (TeamId(team), UserId(user))).collect()
}

/// Every team's last turn. There are no more of them than teams.
pub async fn all(tx: &mut Tx) -> Result<Turns> {
    Ok(turns(tx.fetch_all(&SELECT, vec![]).await?))
}

/// As [`all`], to look at.
pub async fn read(db: &Db) -> Result<Turns> {
    Ok(turns(db.fetch_all(&SELECT, vec![]).await?))
}

/// Somebody had a team's turn.
pub async fn take(tx: &mut Tx, team: TeamId, user: UserId) -> Result<()> {
    const UPSERT: Sql = Sql::same(
        "INSERT INTO escalation_turn (team_id, user_id) VALUES (?, ?)
         ON CONFLICT (team_id) DO UPDATE SET user_id = excluded.user_id",
    );
    tx.execute(&UPSERT, args![team, user]).await?;
    Ok(())
}
