//! What is wrong with a configuration, and where. A problem names the file, the line and column,
//! the path of the value (`services[0].escalation_policy`) and says in a sentence what to change.

use std::fmt;

use super::source::{Node, Position};

/// The most problems that are reported at once; nobody reads more.
pub const PROBLEMS_MAX: usize = 200;

/// One thing that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file's name, where the configuration came from a file.
    pub file: Option<String>,
    /// Where it is; unknown for what is already configured and not in the file.
    pub position: Option<Position>,
    /// Which value: `services[0].escalation_policy`; empty for the file as a whole.
    pub path: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// `org.yaml:12:24: services[0].escalation_policy: there is no escalation policy ...`
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.file, self.position) {
            (Some(file), Some(at)) => write!(f, "{file}:{}:{}: ", at.line, at.column)?,
            (Some(file), None) => write!(f, "{file}: ")?,
            (None, Some(at)) => write!(f, "line {}, column {}: ", at.line, at.column)?,
            (None, None) => {}
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// The way from the top of a configuration to a value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Path(Vec<Segment>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Field(String),
    Index(usize),
    /// Something already configured that stands in no file, by its name.
    Stored(String),
}

impl Path {
    /// The path of a top-level field.
    pub fn top(field: &str) -> Self {
        Self::default().field(field)
    }

    /// The path of a field of the value here.
    #[must_use]
    pub fn field(&self, name: &str) -> Self {
        self.with(Segment::Field(name.to_owned()))
    }

    /// The path of an element of the list here.
    #[must_use]
    pub fn index(&self, at: usize) -> Self {
        self.with(Segment::Index(at))
    }

    /// The path of the stored thing of that name.
    #[must_use]
    pub fn stored(&self, name: &str) -> Self {
        self.with(Segment::Stored(name.to_owned()))
    }

    /// Where the value is in a file, or the closest value around it.
    pub fn locate(&self, root: &Node) -> Position {
        let mut node = root;
        let mut at = root.at;
        for segment in &self.0 {
            let next = match segment {
                Segment::Field(name) => node.field(name),
                Segment::Index(index) => node.element(*index),
                Segment::Stored(_) => None,
            };
            let Some(next) = next else { break };
            node = next;
            at = node.at;
        }
        at
    }

    fn with(&self, segment: Segment) -> Self {
        let mut segments = self.0.clone();
        segments.push(segment);
        Self(segments)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Field(name) if at == 0 => f.write_str(name)?,
                Segment::Field(name) => write!(f, ".{name}")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Stored(name) => write!(f, "({name})")?,
            }
        }
        Ok(())
    }
}

/// The known name closest to one that is not known, if it is close enough to be meant.
pub fn closest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = (unknown.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .map(|name| (distance(unknown, name), name))
        .filter(|(distance, _)| *distance <= near)
        .min()
        .map(|(_, name)| name)
}

/// `; did you mean ...?` where a known name is close to an unknown one.
pub fn suggestion<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    closest(unknown, known).map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

/// The number of insertions, deletions and replacements between two texts.
fn distance(a: &str, b: &str) -> usize {
    const CHARS_MAX: usize = 64;
    let a: Vec<char> = a.chars().take(CHARS_MAX).collect();
    let b: Vec<char> = b.chars().take(CHARS_MAX).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = corner + usize::from(x != y);
            corner = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_finds_the_one_that_was_meant() {
        let known = ["payments", "checkout", "ledger-db"];
        assert_eq!(closest("paymnets", known), Some("payments"));
        assert_eq!(closest("ledger_db", known), Some("ledger-db"));
        assert_eq!(closest("search", known), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn a_path_reads_as_people_would_write_it() {
        let path = Path::top("services").index(0).field("integrations").index(1).field("key");
        assert_eq!(path.to_string(), "services[0].integrations[1].key");
        assert_eq!(Path::top("users").stored("ana").to_string(), "users(ana)");
    }
}
