//! Configuration as code (`Z3`): a file is read with the place of every value, checked as a whole,
//! compared with what is stored, and applied in one transaction, all or nothing. It needs a database
//! and no server, so it works on a data directory before the first start.
//!
//! ```text
//! text ── check ──> Wanted ── plan ──> Plan      what would change, and warnings
//!                          └─ apply ──> Applied   the same, written
//! ```

mod apply;
pub mod assertions;
mod export;
pub mod object;
mod parse;
mod plan;
mod problem;
mod read;
mod source;
mod validate;

pub use apply::{Applied, apply, apply_in, plan};
pub use export::{export, to_yaml};
pub use plan::{Action, Change, Plan, Surroundings, decide};
pub use problem::{PROBLEMS_MAX, Problem};
pub use source::{FILE_BYTES_MAX, Position};

use muster_store::StoreError;
use muster_store::org::config::Stored;
use muster_store::org::document::Documents;

use self::assertions::Assertion;
use self::read::Problems;
use self::source::Node;
use self::validate::Whole;

/// The way of a change that a file makes.
pub const APPLY: &str = "apply";

/// A configuration that somebody wants, free of problems in itself.
#[derive(Debug, Clone)]
pub struct Wanted {
    documents: Documents,
    assertions: Vec<Assertion>,
    root: Node,
    file: Option<String>,
    /// In which way it changes the configuration, for the history of each document.
    way: &'static str,
}

impl Wanted {
    /// What the file says.
    pub fn documents(&self) -> &Documents {
        &self.documents
    }

    /// The file's routing assertions.
    pub fn assertions(&self) -> &[Assertion] {
        &self.assertions
    }
}

/// Why a configuration is not applied.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The configuration has problems; nothing was changed.
    #[error("the configuration has {} problem(s), the first being: {}", .0.len(), .0.first().map(ToString::to_string).unwrap_or_default())]
    Invalid(Vec<Problem>),
    /// The store did not do its part.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Vec<Problem>> for ConfigError {
    fn from(problems: Vec<Problem>) -> Self {
        Self::Invalid(problems)
    }
}

/// Reads a file and checks all that it can be checked for by itself. What it refers to may be
/// configured already, so references to kinds that it does not speak of are left to [`plan`].
///
/// # Errors
/// Every problem, in the order of the file.
pub fn check(text: &str, file_name: Option<&str>) -> Result<Wanted, Vec<Problem>> {
    let problems = Problems::of(file_name);
    match parse::file(text, &problems) {
        Some(file) => wanted(file, file_name, problems, APPLY),
        None => Err(problems.into_sorted()),
    }
}

/// What was read, if it is free of problems in itself.
fn wanted(
    file: parse::File,
    file_name: Option<&str>,
    problems: Problems,
    way: &'static str,
) -> Result<Wanted, Vec<Problem>> {
    validate::validate(&Whole {
        documents: &file.documents,
        written: &file.documents,
        root: &file.root,
        is_complete: false,
        problems: &problems,
    });
    if !problems.is_empty() {
        return Err(problems.into_sorted());
    }
    Ok(Wanted {
        documents: file.documents,
        assertions: file.assertions,
        root: file.root,
        file: file_name.map(str::to_owned),
        way,
    })
}

/// What applying a file to an empty store would do: the check for files that are whole by
/// themselves, with their routing assertions, where there is no store.
///
/// # Errors
/// Every problem of the configuration as a whole.
pub fn plan_alone(wanted: &Wanted, surroundings: &Surroundings<'_>) -> Result<Plan, ConfigError> {
    plan::decide(&Stored::default(), wanted, surroundings)
}

#[cfg(test)]
mod tests;
