//! What can go wrong with a database, in the terms a caller decides by: say it differently, try
//! again later, ask what became of it, or give up.

use std::path::PathBuf;

use sqlx::error::{BoxDynError, DatabaseError, ErrorKind};

/// The result of everything that asks the database.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Why the store did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A row like this exists already, or one it refers to does not. The constraint is named as
    /// PostgreSQL names it by default (`token_name_key`, `token_pkey`) on both engines, and
    /// `foreign_key` for a broken reference.
    #[error("the change conflicts with what is stored ({constraint})")]
    Conflict {
        /// The constraint that refused the change.
        constraint: String,
    },
    /// The database cannot be reached, is full, read-only or too busy. Nothing was changed;
    /// trying again later may help.
    #[error("the database is unavailable: {detail}")]
    Unavailable {
        /// What the database or the connection said.
        detail: String,
    },
    /// Two transactions waited for each other, and this one gave way. Nothing was changed; doing
    /// it again at once helps.
    #[error("somebody else was at it at the same time: {detail}")]
    GaveWay {
        /// What the database said.
        detail: String,
    },
    /// The commit did not answer in time: the change may have happened or not. Doing it again
    /// with the same ids is harmless.
    #[error("the database did not confirm the commit in time; its outcome is unknown")]
    CommitUnknown,
    /// The row that was asked for is not there.
    #[error("no such row")]
    Missing,
    /// An earlier statement of this transaction failed, so it can only roll back.
    #[error("the transaction has failed already")]
    Aborted,
    /// What is stored cannot be read as what it should be.
    #[error("stored data cannot be read: {0}")]
    Corrupt(String),
    /// Another process holds the data directory.
    #[error("another muster is using the directory {}", .0.display())]
    DirectoryInUse(PathBuf),
    /// The data directory cannot be used.
    #[error("the data directory {} cannot be used: {source}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The database is of a version or in a state that this program does not work with.
    #[error("{0}")]
    Unsupported(String),
    /// The database refused a statement as wrong, which is a mistake in this program.
    #[error("the database refused a statement: {0}")]
    Refused(#[source] sqlx::Error),
}

impl StoreError {
    /// Whether this is the conflict on the constraint of this name.
    pub fn is_conflict_on(&self, name: &str) -> bool {
        matches!(self, Self::Conflict { constraint } if constraint == name)
    }

    /// Whether the same request may well succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::GaveWay { .. } | Self::CommitUnknown)
    }

    /// Whether what was to be stored is to blame and not the store: it will be refused for ever,
    /// and anything else may pass. Errors that could be either do not count.
    pub fn blames_the_data(&self) -> bool {
        match self {
            Self::Refused(sqlx::Error::Encode(_)) => true,
            Self::Refused(sqlx::Error::Database(error)) => {
                let code = error.code().unwrap_or_default();
                // PostgreSQL: exceptions of data, broken constraints, limits of the program.
                // SQLite: too big, a broken constraint, the wrong type.
                match (code.len(), code.parse::<u32>()) {
                    (5, _) => ["22", "23", "54"].iter().any(|class| code.starts_with(class)),
                    (_, Ok(code)) => (18..=20).contains(&(code & 0xff)),
                    _ => false,
                }
            }
            _ => false,
        }
    }

    pub(crate) fn unavailable(detail: impl Into<String>) -> Self {
        Self::Unavailable { detail: detail.into() }
    }

    pub(super) fn argument(error: BoxDynError) -> Self {
        Self::Refused(sqlx::Error::Encode(error))
    }

    /// An error that came in answer to a commit. Where the connection or the server broke, nobody
    /// knows whether the commit happened: a server that shuts down while it waits for a standby has
    /// committed already.
    pub(super) fn from_commit(error: sqlx::Error) -> Self {
        match Self::from(error) {
            Self::Unavailable { .. } => Self::CommitUnknown,
            error => error,
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::RowNotFound => Self::Missing,
            sqlx::Error::Database(ref inner) => match classify(&**inner) {
                Some(classified) => classified,
                None => Self::Refused(error),
            },
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed => Self::unavailable(error.to_string()),
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
                Self::Corrupt(error.to_string())
            }
            sqlx::Error::Configuration(_) => Self::Unsupported(error.to_string()),
            error => Self::Refused(error),
        }
    }
}

fn classify(error: &dyn DatabaseError) -> Option<StoreError> {
    let code = error.code().unwrap_or_default();
    // SQLite's codes are whole numbers, those of PostgreSQL five characters.
    match (error.kind(), code.parse::<u32>(), code.len()) {
        (ErrorKind::ForeignKeyViolation, ..) => {
            Some(StoreError::Conflict { constraint: "foreign_key".to_owned() })
        }
        (_, _, 5) => classify_postgres(error, &code),
        (_, Ok(code), _) => classify_sqlite(error, code),
        _ => None,
    }
}

fn classify_postgres(error: &dyn DatabaseError, code: &str) -> Option<StoreError> {
    match code {
        "23505" | "23P01" => Some(StoreError::Conflict {
            constraint: error.constraint().unwrap_or("unknown").to_owned(),
        }),
        "40001" | "40P01" => Some(StoreError::GaveWay { detail: error.to_string() }),
        // Connections, resources, operator intervention, a standby, locks, cancelled statements.
        "25006" | "55P03" => Some(unavailable(error)),
        _ if ["08", "53", "57", "58"].contains(&&code[..2]) => Some(unavailable(error)),
        _ if code.starts_with("XX") => Some(StoreError::Corrupt(error.to_string())),
        _ => None,
    }
}

fn classify_sqlite(error: &dyn DatabaseError, code: u32) -> Option<StoreError> {
    // The low byte is the kind, the rest its details.
    match (code, code & 0xff) {
        (2067, _) => Some(StoreError::Conflict { constraint: constraint(error.message(), false) }),
        (1555 | 2579, _) => {
            Some(StoreError::Conflict { constraint: constraint(error.message(), true) })
        }
        // Busy, locked, out of memory, read-only, interrupted, input or output, full, not to be
        // opened, protocol.
        (_, 5 | 6 | 7 | 8 | 9 | 10 | 13 | 14 | 15) => Some(unavailable(error)),
        // Corrupt, not a database.
        (_, 11 | 26) => Some(StoreError::Corrupt(error.to_string())),
        _ => None,
    }
}

/// PostgreSQL's default name for the constraint that SQLite describes as
/// `UNIQUE constraint failed: token.name`.
fn constraint(message: &str, primary: bool) -> String {
    let Some((_, columns)) = message.split_once("failed: ") else { return message.to_owned() };
    // A unique index over expressions is reported by its own name.
    if let Some(name) = columns.strip_prefix("index ") {
        return name.trim_matches('\'').to_owned();
    }
    let table = columns.split('.').next().unwrap_or(columns);
    if primary {
        return format!("{table}_pkey");
    }
    let names: Vec<&str> =
        columns.split(", ").map(|column| column.rsplit('.').next().unwrap_or(column)).collect();
    format!("{table}_{}_key", names.join("_"))
}

fn unavailable(error: &dyn DatabaseError) -> StoreError {
    StoreError::unavailable(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::constraint;

    #[test]
    fn sqlite_constraints_are_named_as_postgres_names_them() {
        assert_eq!(constraint("UNIQUE constraint failed: token.name", false), "token_name_key");
        assert_eq!(constraint("UNIQUE constraint failed: a.b, a.c_d", false), "a_b_c_d_key");
        assert_eq!(constraint("UNIQUE constraint failed: lease.name", true), "lease_pkey");
        assert_eq!(constraint("UNIQUE constraint failed: index 'open_key'", false), "open_key");
    }
}
