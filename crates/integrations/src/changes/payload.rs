//! Reading what tools send: a value by its path, whatever shape the rest has.

use jiff::Timestamp;
use serde_json::Value;

use crate::sources::{json, reading};

/// A payload, read by paths such as `deployment.creator.login`.
#[derive(Debug, Clone, Copy)]
pub struct Payload<'a>(pub &'a Value);

impl<'a> Payload<'a> {
    /// The value at a path; items of lists by their place.
    pub fn at(self, path: &str) -> Option<&'a Value> {
        let step = |value: &'a Value, name: &str| match value {
            Value::Array(items) => items.get(name.parse::<usize>().ok()?),
            other => other.get(name),
        };
        path.split('.').try_fold(self.0, step).filter(|value| !value.is_null())
    }

    /// The text or number at a path, trimmed; nothing where it is empty.
    pub fn some(self, path: &str) -> Option<String> {
        let text = json::scalar(self.at(path)?)?.trim().to_owned();
        (!text.is_empty()).then_some(text)
    }

    /// The same; empty where there is none.
    pub fn text(self, path: &str) -> String {
        self.some(path).unwrap_or_default()
    }

    /// The first of some paths that holds something.
    pub fn first(self, paths: &[&str]) -> String {
        paths.iter().find_map(|path| self.some(path)).unwrap_or_default()
    }

    /// The first line of the text at a path.
    pub fn line(self, path: &str) -> String {
        self.text(path).lines().next().unwrap_or_default().trim().to_owned()
    }

    /// The instant at a path. Besides what all sources understand, the spellings of GitLab
    /// (`2021-04-28 21:50:00 +0200`, `2016-08-12 15:23:28 UTC`).
    pub fn instant(self, path: &str) -> Option<Timestamp> {
        let value = self.at(path)?;
        let Value::String(text) = value else { return reading::instant_of(value) };
        let text = text.trim();
        if let Some(text) = text.strip_suffix(" UTC") {
            return reading::instant(&format!("{}Z", text.replacen(' ', "T", 1)));
        }
        reading::instant(text).or_else(|| Timestamp::strptime("%Y-%m-%d %H:%M:%S %z", text).ok())
    }

    /// The first of some paths that holds an instant.
    pub fn first_instant(self, paths: &[&str]) -> Option<Timestamp> {
        paths.iter().find_map(|path| self.instant(path))
    }
}

/// The first letters of a commit, as people say it.
pub fn short(commit: &str) -> &str {
    let is_commit = commit.len() >= 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_commit { &commit[..8] } else { commit }
}

/// Words with a blank between each, those that are empty left out.
pub fn joined(words: &[&str]) -> String {
    words.iter().filter(|word| !word.is_empty()).copied().collect::<Vec<_>>().join(" ")
}
