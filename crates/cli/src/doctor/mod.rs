//! Whether an installation can do its work: facts are gathered first, then judged by rules that
//! know no world.

use serde_json::{Value, json};

pub mod facts;
pub mod judge;

/// What a look found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub name: &'static str,
    /// How it stands.
    pub level: Level,
    /// In words, with what to do.
    pub text: String,
}

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should.
    Ok,
    /// It deserves a look.
    Warn,
    /// Pages may be lost.
    Fail,
}

impl Level {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

impl Finding {
    /// It is as it should be.
    pub fn ok(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, level: Level::Ok, text: text.into() }
    }

    /// It deserves a look.
    pub fn warn(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, level: Level::Warn, text: text.into() }
    }

    /// Pages may be lost.
    pub fn fail(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, level: Level::Fail, text: text.into() }
    }

    /// For programs.
    pub fn to_json(&self) -> Value {
        json!({ "check": self.name, "level": self.level.name(), "text": self.text })
    }
}
