//! A secret in a document: the value itself, or the name of the environment variable that holds it.
//! Export writes it the way it was given, so that a value kept outside never enters a document.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Looks a name up in the environment; a function so that nothing here reads the environment itself.
pub type Environment<'a> = &'a (dyn Fn(&str) -> Option<String> + Sync);

/// A secret, or where to find it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Secret {
    /// The value.
    Plain(String),
    /// The value of an environment variable of the server.
    Environment(FromEnvironment),
}

/// `{ env: NAME }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FromEnvironment {
    /// The variable's name.
    pub env: String,
}

impl Secret {
    /// The value of the environment variable `name`.
    pub fn env(name: impl Into<String>) -> Self {
        Self::Environment(FromEnvironment { env: name.into() })
    }

    /// The value, if it stands in the document.
    pub fn plain(&self) -> Option<&str> {
        match self {
            Self::Plain(value) => Some(value),
            Self::Environment(_) => None,
        }
    }

    /// The variable's name, if the value does not stand in the document.
    pub fn variable(&self) -> Option<&str> {
        match self {
            Self::Plain(_) => None,
            Self::Environment(from) => Some(&from.env),
        }
    }

    /// The value; `None` when the variable is not set or empty.
    pub fn resolve(&self, environment: Environment<'_>) -> Option<String> {
        match self {
            Self::Plain(value) => Some(value.clone()),
            Self::Environment(from) => environment(&from.env).filter(|value| !value.is_empty()),
        }
    }
}

/// Never prints a value, because what is printed ends up in logs.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(_) => f.write_str("Secret(...)"),
            Self::Environment(from) => write!(f, "Secret(env {})", from.env),
        }
    }
}
