//! What tables there are, and the statements that read and write their rows as JSON arrays in a
//! form both engines agree on: instants, counts and booleans as numbers, bytes and ids in
//! upper-case hexadecimal. The names come from the database's own catalogue.

use crate::args;
use crate::db::{Engine, Result, Sql, StoreError, Tx};

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) name: String,
    /// By name, so that both engines list them alike.
    pub(super) columns: Vec<Column>,
    pub(super) row_count: u64,
}

/// A column and what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// The type by which the engine declares it.
    declared: String,
}

/// What a column holds, in the terms of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Integer,
    Text,
    Bytes,
    Real,
}

impl Kind {
    const NAMES: [(Self, &'static str); 4] = [
        (Self::Integer, "integer"),
        (Self::Text, "text"),
        (Self::Bytes, "bytes"),
        (Self::Real, "real"),
    ];

    pub(super) fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(kind, _)| *kind == self).map_or("text", |(_, name)| name)
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }

    fn from_declared(declared: &str) -> Option<Self> {
        match declared {
            "INTEGER" | "bigint" | "integer" | "boolean" => Some(Self::Integer),
            "TEXT" | "text" => Some(Self::Text),
            "BLOB" | "bytea" | "uuid" => Some(Self::Bytes),
            "REAL" | "double precision" => Some(Self::Real),
            _ => None,
        }
    }
}

/// The tables of the program, but not the record of migrations: the schema's version says it all.
const COLUMNS: Sql = Sql::differs(
    "SELECT t.name, c.name, c.type
     FROM pragma_table_list AS t JOIN pragma_table_info(t.name) AS c
     WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite%'
         AND t.name <> 'migration'
     ORDER BY t.name, c.name",
    "SELECT c.table_name::text, c.column_name::text, c.data_type::text
     FROM information_schema.columns AS c
     JOIN information_schema.tables AS t USING (table_schema, table_name)
     WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE'
         AND c.is_generated = 'NEVER' AND c.table_name <> 'migration'
     ORDER BY c.table_name COLLATE \"C\", c.column_name COLLATE \"C\"",
);

/// Every table of the program by name, with its columns and the number of its rows.
pub(super) async fn all(tx: &mut Tx) -> Result<Vec<Table>> {
    let mut tables: Vec<Table> = Vec::new();
    for (name, column, declared) in
        tx.fetch_all::<(String, String, String)>(&COLUMNS, args![]).await?
    {
        let kind = Kind::from_declared(&declared).ok_or_else(|| {
            StoreError::Corrupt(format!("no backup of {name}.{column}, which is {declared}"))
        })?;
        let column = Column { name: column, kind, declared };
        match tables.last_mut() {
            Some(last) if last.name == name => last.columns.push(column),
            _ => tables.push(Table { name, columns: vec![column], row_count: 0 }),
        }
    }
    for table in &mut tables {
        let count = Sql::built(format!("SELECT COUNT(*) FROM {}", quoted(&table.name)));
        let (rows,): (i64,) = tx.fetch_one(&count, args![]).await?;
        table.row_count = rows.unsigned_abs();
    }
    Ok(tables)
}

impl Table {
    /// A statement that gives every row as one JSON array, in no particular order.
    pub(super) fn rows(&self, engine: Engine) -> Sql {
        let values: Vec<String> = self.columns.iter().map(|column| column.read(engine)).collect();
        let array = match engine {
            Engine::Sqlite => "json_array",
            Engine::Postgres => "json_build_array",
        };
        let cast = match engine {
            Engine::Sqlite => "",
            Engine::Postgres => "::text",
        };
        let name = quoted(&self.name);
        Sql::built(format!("SELECT {array}({}){cast} FROM {name}", values.join(", ")))
    }

    /// A statement that inserts the rows of one JSON array of arrays, whose values are those of
    /// `order`, after one that says which table they belong to.
    pub(super) fn insert(&self, engine: Engine, order: &[Column]) -> Result<Sql> {
        let mut names = Vec::new();
        let mut values = Vec::new();
        for (at, saved) in order.iter().enumerate() {
            let column = self
                .columns
                .iter()
                .find(|column| column.name == saved.name && column.kind == saved.kind)
                .ok_or_else(|| {
                    StoreError::Corrupt(format!("{}.{} is not known", self.name, saved.name))
                })?;
            names.push(quoted(&column.name));
            values.push(column.write(engine, at + 1));
        }
        let (names, values) = (names.join(", "), values.join(", "));
        let table = quoted(&self.name);
        Ok(Sql::built(match engine {
            Engine::Sqlite => {
                format!("INSERT INTO {table} ({names}) SELECT {values} FROM json_each(?) AS line")
            }
            Engine::Postgres => format!(
                "INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE
                 SELECT {values} FROM json_array_elements(?::json) AS line"
            ),
        }))
    }

    /// A statement that removes every row.
    pub(super) fn clear(&self) -> Sql {
        Sql::built(format!("DELETE FROM {}", quoted(&self.name)))
    }
}

impl Column {
    pub(super) fn saved(name: String, kind: Kind) -> Self {
        Self { name, kind, declared: String::new() }
    }

    fn read(&self, engine: Engine) -> String {
        let name = quoted(&self.name);
        match (engine, self.declared.as_str()) {
            (Engine::Sqlite, "BLOB") => {
                format!("CASE WHEN {name} IS NOT NULL THEN hex({name}) END")
            }
            (Engine::Postgres, "bytea") => format!("upper(encode({name}, 'hex'))"),
            (Engine::Postgres, "uuid") => format!("upper(replace({name}::text, '-', ''))"),
            (Engine::Postgres, "boolean") => format!("{name}::int"),
            _ => name,
        }
    }

    fn write(&self, engine: Engine, at: usize) -> String {
        match (engine, self.declared.as_str()) {
            (Engine::Sqlite, "BLOB") => format!("unhex(line.value ->> {at})"),
            (Engine::Sqlite, _) => format!("line.value ->> {at}"),
            (Engine::Postgres, "bytea") => format!("decode(line.value ->> {at}, 'hex')"),
            (Engine::Postgres, "boolean") => format!("(line.value ->> {at})::bigint <> 0"),
            (Engine::Postgres, declared) => format!("(line.value ->> {at})::{declared}"),
        }
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
