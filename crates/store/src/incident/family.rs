//! Families of incidents, as they are stored: each child effort names its parent. Who does not see a
//! member learns of none.

use muster_core::id::IncidentId;
use muster_core::incident::lifecycle::Incident;
use muster_core::incident::restriction::Viewer;

use super::incident::{IncidentRow, columns};
use super::restriction;
use crate::args;
use crate::db::{Db, Result, Sql, Tx};

/// The most members that are read of one family, ended ones included.
const MEMBERS_MAX: i64 = 500;

/// A parent and its children that the viewer sees, the parent first and the oldest child next.
pub async fn list(db: &Db, viewer: &Viewer, parent: IncidentId) -> Result<Vec<Incident>> {
    let mut values = args![parent, parent];
    let visible = restriction::visible(viewer, &mut values);
    values.extend(args![parent, MEMBERS_MAX]);
    let text = format!(
        concat!(
            "SELECT ",
            columns!(),
            " FROM incident WHERE (id = ? OR parent_id = ?) AND {visible}
              ORDER BY CASE WHEN id = ? THEN 0 ELSE 1 END, number LIMIT ?"
        ),
        visible = visible
    );
    let rows: Vec<IncidentRow> = db.fetch_all(&Sql::built(text), values).await?;
    rows.into_iter().map(Incident::try_from).collect()
}

/// The open members of a family, the parent first, as the transaction sees them; none is held.
pub async fn open_members(tx: &mut Tx, parent: IncidentId) -> Result<Vec<Incident>> {
    const SELECT: Sql = Sql::same(concat!(
        "SELECT ",
        columns!(),
        " FROM incident
          WHERE (id = ? OR parent_id = ?) AND status NOT IN ('resolved', 'closed')
          ORDER BY CASE WHEN id = ? THEN 0 ELSE 1 END, number LIMIT ?"
    ));
    let values = args![parent, parent, parent, MEMBERS_MAX];
    let rows: Vec<IncidentRow> = tx.fetch_all(&SELECT, values).await?;
    rows.into_iter().map(Incident::try_from).collect()
}

/// The children of an incident, by id: the order in which many are locked.
pub async fn children(tx: &mut Tx, parent: IncidentId) -> Result<Vec<IncidentId>> {
    const SELECT: Sql =
        Sql::same("SELECT id FROM incident WHERE parent_id = ? ORDER BY id LIMIT ?");
    let rows: Vec<(uuid::Uuid,)> = tx.fetch_all(&SELECT, args![parent, MEMBERS_MAX]).await?;
    Ok(rows.into_iter().map(|(id,)| IncidentId(id)).collect())
}
