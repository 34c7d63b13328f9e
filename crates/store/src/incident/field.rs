//! Values of custom fields (`T2`), as they are stored: one row for each value, with what the field was
//! called then, so that a value outlives its field. Who does not see an incident learns of none of its
//! values, nor that they are in use.

use std::collections::HashMap;

use jiff::Timestamp;
use muster_core::id::IncidentId;
use muster_core::incident::field::{Field, Kind, Value};
use muster_core::incident::restriction::Viewer;
use muster_core::org::directory::Directory;
use muster_core::query::Comparison;
use muster_core::words::fold;
use sqlx::FromRow;
use uuid::Uuid;

use super::{incident::marks, restriction};
use crate::args;
use crate::db::rows::{self, Column, Kind as Travels};
use crate::db::{Db, Result, Sql, Tx, Value as Argument};
use crate::search::containing;

/// Incidents whose values one statement reads.
const READ_INCIDENTS_MAX: usize = 500;

/// A value of a field, as it is read.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct FieldRow {
    /// The name of the field.
    pub field: String,
    /// What it was called when the value was set.
    pub title: String,
    /// What it held then.
    pub kind: String,
    /// The value.
    pub value: String,
}

/// What values of a field are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The name of the field.
    pub field: String,
    /// Which values.
    pub value: Match,
    /// Whether it may have none of them instead.
    pub negated: bool,
}

/// Which values of a field are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// Any.
    Any,
    /// One of these, in whatever capitals.
    OneOf(Vec<String>),
    /// A text that says one of these.
    Says(Vec<String>),
    /// A number that compares so, in millionths.
    Number(Comparison, i64),
    /// A text that compares so by its characters, as days do.
    Text(Comparison, String),
}

/// Sets a value; the one before is gone.
pub async fn set(
    tx: &mut Tx,
    id: IncidentId,
    field: &Field,
    value: &Value,
    now: Timestamp,
) -> Result<()> {
    const COLUMNS: [Column; 8] = [
        ("incident_id", Travels::Uuid),
        ("field", Travels::Text),
        ("title", Travels::Text),
        ("kind", Travels::Text),
        ("value", Travels::Text),
        ("folded", Travels::Text),
        ("number", Travels::Int),
        ("set_at", Travels::Int),
    ];
    let row = args![
        id,
        &field.name,
        &field.title,
        field.kind.name(),
        &value.text,
        fold(&value.text),
        value.number,
        now
    ];
    let anew = "ON CONFLICT (incident_id, field) DO UPDATE SET title = excluded.title,
         kind = excluded.kind, value = excluded.value, folded = excluded.folded,
         number = excluded.number, set_at = excluded.set_at";
    rows::insert(tx, "incident_field", &COLUMNS, vec![row], anew).await
}

/// Takes a value away.
pub async fn clear(tx: &mut Tx, id: IncidentId, field: &str) -> Result<()> {
    const DELETE: Sql = Sql::same("DELETE FROM incident_field WHERE incident_id = ? AND field = ?");
    tx.execute(&DELETE, args![id, field]).await?;
    Ok(())
}

const OF: Sql = Sql::same(
    "SELECT field, title, kind, value FROM incident_field WHERE incident_id = ? ORDER BY field",
);

/// The values of an incident in the caller's transaction, by the names of their fields.
pub async fn of_in(tx: &mut Tx, id: IncidentId) -> Result<Vec<FieldRow>> {
    tx.fetch_all(&OF, args![id]).await
}

/// The values of an incident that the caller has found, by the names of their fields.
pub async fn of(db: &Db, id: IncidentId) -> Result<Vec<FieldRow>> {
    db.fetch_all(&OF, args![id]).await
}

/// The values of incidents that the caller has found, by the names of their fields.
pub async fn of_all(db: &Db, ids: &[IncidentId]) -> Result<HashMap<IncidentId, Vec<FieldRow>>> {
    #[derive(FromRow)]
    struct Row {
        incident_id: Uuid,
        #[sqlx(flatten)]
        row: FieldRow,
    }
    let mut found: HashMap<IncidentId, Vec<FieldRow>> = HashMap::new();
    for ids in ids.chunks(READ_INCIDENTS_MAX) {
        let text = format!(
            "SELECT incident_id, field, title, kind, value FROM incident_field
             WHERE incident_id IN ({}) ORDER BY field",
            marks(ids.len())
        );
        let values = ids.iter().map(|id| Argument::from(*id)).collect();
        let rows: Vec<Row> = db.fetch_all(&Sql::built(text), values).await?;
        for Row { incident_id, row } in rows {
            found.entry(IncidentId(incident_id)).or_default().push(row);
        }
    }
    Ok(found)
}

/// The values of a field on incidents that the viewer sees, each with how many have it, the most used
/// first.
pub async fn in_use(
    db: &Db,
    viewer: &Viewer,
    field: &str,
    limit: i64,
) -> Result<Vec<(String, i64)>> {
    let mut values = args![field];
    let visible = restriction::visible(viewer, &mut values);
    values.push(limit.into());
    let text = format!(
        "SELECT incident_field.value, count(*) AS uses FROM incident_field
         JOIN incident ON incident.id = incident_field.incident_id
         WHERE incident_field.field = ? AND {visible}
         GROUP BY incident_field.value ORDER BY uses DESC, incident_field.value LIMIT ?"
    );
    db.fetch_all(&Sql::built(text), values).await
}

/// Puts values in the order of their fields; those of fields that are gone come last.
pub fn in_order(directory: &Directory, rows: &mut [FieldRow]) {
    let place = |row: &FieldRow| directory.fields.iter().position(|field| field.name == row.field);
    rows.sort_by_key(|row| place(row).unwrap_or(usize::MAX));
}

/// Adds the condition that an incident has one of the values that are looked for.
pub(super) fn condition(wanted: &Wanted, text: &mut String, values: &mut Vec<Argument>) {
    let not = if wanted.negated { "NOT " } else { "" };
    values.push(wanted.field.as_str().into());
    let is_so = match &wanted.value {
        Match::Any => String::new(),
        Match::OneOf(any) => {
            values.extend(any.iter().map(|one| Argument::from(fold(one))));
            format!(" AND folded IN ({})", marks(any.len()))
        }
        Match::Says(any) => {
            values.extend(any.iter().map(|one| Argument::from(containing(one))));
            format!(" AND ({})", vec!["folded LIKE ? ESCAPE '\\'"; any.len()].join(" OR "))
        }
        Match::Number(comparison, number) => {
            values.push((*number).into());
            format!(" AND number {} ?", operator(*comparison))
        }
        Match::Text(comparison, than) => {
            values.push(fold(than).into());
            format!(" AND folded {} ?", operator(*comparison))
        }
    };
    text.push_str(&format!(
        " AND id {not}IN (SELECT incident_id FROM incident_field WHERE field = ?{is_so})"
    ));
}

fn operator(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Is => "=",
        Comparison::Less => "<",
        Comparison::AtMost => "<=",
        Comparison::More => ">",
        Comparison::AtLeast => ">=",
    }
}

impl FieldRow {
    /// What it held; text where that is no longer known.
    pub fn kind(&self) -> Kind {
        Kind::from_name(&self.kind).unwrap_or(Kind::Text)
    }
}
