//! Many rows in one statement. PostgreSQL takes each column as an array; the embedded database takes
//! the rows as they are, in pieces of a few fixed sizes, so that their statements are prepared once.

use super::value::Value;
use super::{Engine, Result, Sql, StoreError, Tx};

/// How a column travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A whole number.
    Int,
    /// Text.
    Text,
    /// Yes or no.
    Bool,
    /// Bytes.
    Bytes,
    /// An id.
    Uuid,
}

/// A column: its name and how it travels.
pub(crate) type Column = (&'static str, Kind);

/// How many rows one statement of the embedded database takes: as many as fit of the largest, then
/// of the next.
const PIECES: [usize; 5] = [256, 64, 16, 4, 1];
/// The most arguments of one statement of the embedded database.
const ARGUMENTS_MAX: usize = 32_766;

/// Inserts rows, each with a value for every column; `tail` is what to do about conflicts.
pub(crate) async fn insert(
    tx: &mut Tx,
    table: &str,
    columns: &[Column],
    rows: Vec<Vec<Value>>,
    tail: &str,
) -> Result<()> {
    let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
    let names = names.join(", ");
    // Without a condition SQLite takes `ON CONFLICT` for that of a join.
    let statement = |batch: &str| {
        format!("INSERT INTO {table} ({names}) SELECT {names} FROM {batch} WHERE true {tail}")
    };
    execute(tx, columns, rows, statement).await?;
    Ok(())
}

/// Updates rows and says how many were found. The first columns are those that a row is found by:
/// each is named in the table as the entry of `found_by` at its place.
pub(crate) async fn update(
    tx: &mut Tx,
    table: &str,
    found_by: &[&str],
    columns: &[Column],
    rows: Vec<Vec<Value>>,
) -> Result<u64> {
    let sets: Vec<_> = columns[found_by.len()..]
        .iter()
        .map(|(name, _)| format!("{name} = batch.{name}"))
        .collect();
    let finds: Vec<_> = found_by
        .iter()
        .zip(columns)
        .map(|(theirs, (ours, _))| format!("{table}.{theirs} = batch.{ours}"))
        .collect();
    let (sets, finds) = (sets.join(", "), finds.join(" AND "));
    let statement = |batch: &str| format!("UPDATE {table} SET {sets} FROM {batch} WHERE {finds}");
    execute(tx, columns, rows, statement).await
}

/// Runs a statement over rows, which it finds in a table named `batch`, and says how many rows it
/// touched.
pub(crate) async fn execute(
    tx: &mut Tx,
    columns: &[Column],
    mut rows: Vec<Vec<Value>>,
    statement: impl Fn(&str) -> String,
) -> Result<u64> {
    if rows.is_empty() {
        return Ok(0);
    }
    if tx.engine() == Engine::Postgres {
        let text = statement(&arrays(columns));
        return tx.execute(&Sql::built(text), transposed(columns, rows)?).await;
    }
    let mut touched = 0;
    for size in PIECES {
        if size * columns.len() > ARGUMENTS_MAX || rows.len() < size {
            continue;
        }
        let sql = Sql::built(statement(&literal(columns, size)));
        while rows.len() >= size {
            let rest = rows.split_off(size);
            let values = rows.into_iter().flatten().collect();
            rows = rest;
            touched += tx.execute(&sql, values).await?;
        }
    }
    Ok(touched)
}

/// A table of so many rows whose values are arguments.
fn literal(columns: &[Column], rows: usize) -> String {
    let names = columns.iter().enumerate();
    let names: Vec<_> =
        names.map(|(at, (name, _))| format!("column{} AS {name}", at + 1)).collect();
    let row = format!("({})", vec!["?"; columns.len()].join(", "));
    let rows = vec![row; rows].join(", ");
    format!("(SELECT {} FROM (VALUES {rows})) AS batch", names.join(", "))
}

/// A table whose columns are arguments.
fn arrays(columns: &[Column]) -> String {
    let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
    let read = columns.iter().map(|(name, kind)| match kind {
        Kind::Bool => format!("{name} <> 0 AS {name}"),
        Kind::Int | Kind::Text | Kind::Bytes | Kind::Uuid => (*name).to_owned(),
    });
    let arrays = columns.iter().map(|(_, kind)| match kind {
        Kind::Int | Kind::Bool => "CAST(? AS bigint[])",
        Kind::Text => "CAST(? AS text[])",
        Kind::Bytes => "CAST(? AS bytea[])",
        Kind::Uuid => "CAST(? AS uuid[])",
    });
    let (read, arrays): (Vec<_>, Vec<_>) = (read.collect(), arrays.collect());
    format!(
        "(SELECT {} FROM unnest({}) AS carried ({})) AS batch",
        read.join(", "),
        arrays.join(", "),
        names.join(", ")
    )
}

/// One list per column.
fn transposed(columns: &[Column], rows: Vec<Vec<Value>>) -> Result<Vec<Value>> {
    let mut lists: Vec<_> = columns
        .iter()
        .map(|(_, kind)| match kind {
            Kind::Int | Kind::Bool => Value::IntList(Vec::with_capacity(rows.len())),
            Kind::Text => Value::TextList(Vec::with_capacity(rows.len())),
            Kind::Bytes => Value::BytesList(Vec::with_capacity(rows.len())),
            Kind::Uuid => Value::UuidList(Vec::with_capacity(rows.len())),
        })
        .collect();
    for row in rows {
        for (value, list) in row.into_iter().zip(&mut lists) {
            match (list, value) {
                (Value::IntList(list), Value::Int(value)) => list.push(value),
                (Value::IntList(list), Value::Bool(value)) => list.push(value.map(i64::from)),
                (Value::TextList(list), Value::Text(value)) => list.push(value),
                (Value::BytesList(list), Value::Bytes(value)) => list.push(value),
                (Value::UuidList(list), Value::Uuid(value)) => list.push(value),
                (_, value) => {
                    let what = format!("a column of another kind was given {value:?}");
                    return Err(StoreError::argument(what.into()));
                }
            }
        }
    }
    Ok(lists)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args;

    const COLUMNS: [Column; 2] = [("id", Kind::Uuid), ("flag", Kind::Bool)];

    #[test]
    fn the_table_has_the_same_columns_on_both_engines() {
        assert_eq!(
            literal(&COLUMNS, 2),
            "(SELECT column1 AS id, column2 AS flag FROM (VALUES (?, ?), (?, ?))) AS batch"
        );
        assert_eq!(
            arrays(&COLUMNS),
            "(SELECT id, flag <> 0 AS flag FROM \
             unnest(CAST(? AS uuid[]), CAST(? AS bigint[])) AS carried (id, flag)) AS batch"
        );
    }

    #[test]
    fn rows_become_columns() {
        let id = uuid::Uuid::from_u128(7);
        let rows = vec![args![id, true], args![id, false]];
        let lists = transposed(&COLUMNS, rows).unwrap();
        let ids = Value::UuidList(vec![Some(id); 2]);
        assert_eq!(lists, [ids, Value::IntList(vec![Some(1), Some(0)])]);
        assert!(transposed(&COLUMNS, vec![args!["no id", true]]).is_err());
    }
}
