//! Reads the values of a file: asks a place for text, a number, a list or fields, and where it holds
//! something else, notes a problem and goes on with a stand-in, so that one reading finds every
//! problem. A stand-in never leaves this module's callers: a file with a problem is refused.

use std::cell::RefCell;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use muster_store::org::document::text::short;

use super::problem::{PROBLEMS_MAX, Path, Problem, suggestion};
use super::source::{Content, Key, Node, Position};

/// The longest text, in characters.
pub const TEXT_CHARS_MAX: usize = 10_000;
/// The longest name, in characters.
pub const NAME_CHARS_MAX: usize = 100;

/// Collects problems.
pub struct Problems {
    file: Option<String>,
    found: RefCell<Vec<Problem>>,
}

impl Problems {
    /// None yet, in a file of that name.
    pub fn of(file: Option<&str>) -> Self {
        Self { file: file.map(str::to_owned), found: RefCell::new(Vec::new()) }
    }

    /// Notes a problem; beyond [`PROBLEMS_MAX`] it is dropped.
    pub fn note(&self, position: Option<Position>, path: &Path, message: impl Into<String>) {
        let mut found = self.found.borrow_mut();
        if found.len() < PROBLEMS_MAX {
            let (path, message) = (path.to_string(), message.into());
            found.push(Problem { file: self.file.clone(), position, path, message });
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.found.borrow().is_empty()
    }

    /// Those that were found, in the order of the file.
    pub fn into_sorted(self) -> Vec<Problem> {
        let mut found = self.found.into_inner();
        found.sort_by_key(|problem| (problem.position.is_none(), problem.position));
        found.dedup();
        found
    }
}

/// A value that is being read.
#[derive(Clone)]
pub struct Cursor<'a> {
    node: &'a Node,
    path: Path,
    problems: &'a Problems,
}

impl<'a> Cursor<'a> {
    /// The whole file.
    pub fn top(root: &'a Node, problems: &'a Problems) -> Self {
        Self { node: root, path: Path::default(), problems }
    }

    /// Notes a problem with this value.
    pub fn note(&self, message: impl Into<String>) {
        self.problems.note(Some(self.node.at), &self.path, message);
    }

    /// Whether there is nothing here.
    pub fn is_null(&self) -> bool {
        matches!(self.node.content, Content::Null)
    }

    /// Whether elements stand here.
    pub fn is_list(&self) -> bool {
        matches!(self.node.content, Content::List(_))
    }

    /// Whether fields stand here.
    pub fn is_map(&self) -> bool {
        matches!(self.node.content, Content::Map(_))
    }

    /// Whether exactly this word stands here.
    pub fn is_word(&self, word: &str) -> bool {
        matches!(&self.node.content, Content::Scalar { text, .. } if text == word)
    }

    /// A text of any form; empty, with a problem, where there is none.
    pub fn text(&self) -> String {
        match &self.node.content {
            Content::Scalar { text, .. } if text.chars().count() > TEXT_CHARS_MAX => {
                self.note(format!("this is longer than {TEXT_CHARS_MAX} characters"));
                String::new()
            }
            Content::Scalar { text, .. } => text.clone(),
            _ => {
                self.note(format!("text is expected here, and this is {}", self.node.noun()));
                String::new()
            }
        }
    }

    /// A text that `check` has nothing against; what it returns is the problem.
    pub fn checked(&self, check: impl FnOnce(&str) -> Result<(), String>) -> String {
        let found = self.problems.found.borrow().len();
        let text = self.text();
        let fresh = self.problems.found.borrow().len() == found;
        match check(&text) {
            Err(message) if fresh => {
                self.note(message);
                String::new()
            }
            _ => text,
        }
    }

    /// A name: what things refer to each other by.
    pub fn name(&self) -> String {
        self.checked(check_name)
    }

    /// A value with a text form.
    pub fn parsed<T: FromStr>(&self) -> Option<T>
    where
        T::Err: Display,
    {
        let Content::Scalar { text, .. } = &self.node.content else {
            self.note(format!("a single value is expected here, and this is {}", self.node.noun()));
            return None;
        };
        text.parse().map_err(|error: T::Err| self.note(error.to_string())).ok()
    }

    /// A whole number within a range.
    pub fn number(&self, range: RangeInclusive<i64>) -> Option<i64> {
        let number = match &self.node.content {
            Content::Scalar { text, plain: true } => text.parse::<i64>().ok(),
            _ => None,
        };
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            let found = match &self.node.content {
                Content::Scalar { text, .. } => format!("`{}`", short(text)),
                _ => self.node.noun().to_owned(),
            };
            let (least, most) = (range.start(), range.end());
            self.note(format!(
                "a whole number from {least} to {most} is expected here, and this is {found}"
            ));
        }
        number
    }

    /// `true` or `false`.
    pub fn flag(&self) -> Option<bool> {
        match &self.node.content {
            Content::Scalar { text, plain: true } if text == "true" => Some(true),
            Content::Scalar { text, plain: true } if text == "false" => Some(false),
            _ => {
                self.note("`true` or `false` is expected here");
                None
            }
        }
    }

    /// Every element of a list. One element reads as one thing, always, so that the index of a
    /// thing is its index in the file.
    pub fn list<T>(&self, read: impl Fn(Cursor<'a>) -> T) -> Vec<T> {
        match &self.node.content {
            Content::List(elements) => elements
                .iter()
                .enumerate()
                .map(|(at, node)| {
                    read(Cursor { node, path: self.path.index(at), problems: self.problems })
                })
                .collect(),
            _ => {
                self.note(format!("a list is expected here, and this is {}", self.node.noun()));
                Vec::new()
            }
        }
    }

    /// Every entry of a mapping whose keys are free.
    pub fn entries(&self) -> Vec<(&'a str, Cursor<'a>)> {
        let entries = match &self.node.content {
            Content::Map(entries) => entries.as_slice(),
            _ => {
                self.note(format!("a mapping is expected here, and this is {}", self.node.noun()));
                &[]
            }
        };
        self.once(entries).map(|(key, node)| (key.text.as_str(), self.at(key, node))).collect()
    }

    /// The fields of a mapping whose keys are known.
    pub fn fields(&self, known: &'static [&'static str]) -> Fields<'a> {
        let Content::Map(entries) = &self.node.content else {
            let example = known.first().copied().unwrap_or("name");
            self.note(format!(
                "fields such as `{example}: ...` are expected here, and this is {}",
                self.node.noun()
            ));
            return Fields { cursor: self.clone(), entries: Vec::new(), is_map: false };
        };
        let entries: Vec<_> = self
            .once(entries)
            .filter(|(key, _)| {
                let is_known = known.contains(&key.text.as_str());
                if !is_known {
                    self.note_unknown(key, known);
                }
                is_known
            })
            .collect();
        Fields { cursor: self.clone(), entries, is_map: true }
    }

    fn note_unknown(&self, key: &Key, known: &[&str]) {
        let name = short(&key.text);
        let hint = match suggestion(&key.text, known.iter().copied()) {
            hint if hint.is_empty() => format!("; known are {}", known.join(", ")),
            hint => hint,
        };
        let message = format!("there is no field `{name}` here{hint}");
        self.problems.note(Some(key.at), &self.path.field(&name), message);
    }

    /// The entries whose key is there for the first time; others are noted.
    fn once(&self, entries: &'a [(Key, Node)]) -> impl Iterator<Item = (&'a Key, &'a Node)> {
        let mut seen: std::collections::HashMap<&str, Position> = std::collections::HashMap::new();
        entries.iter().filter_map(move |(key, node)| match seen.get(key.text.as_str()) {
            Some(first) => {
                let message = format!(
                    "`{}` is here twice; the first is on line {}",
                    short(&key.text),
                    first.line
                );
                self.problems.note(Some(key.at), &self.path.field(&short(&key.text)), message);
                None
            }
            None => {
                seen.insert(&key.text, key.at);
                Some((key, node))
            }
        })
    }

    fn at(&self, key: &Key, node: &'a Node) -> Cursor<'a> {
        Cursor { node, path: self.path.field(&key.text), problems: self.problems }
    }
}

/// The fields of a mapping.
pub struct Fields<'a> {
    cursor: Cursor<'a>,
    entries: Vec<(&'a Key, &'a Node)>,
    is_map: bool,
}

impl<'a> Fields<'a> {
    /// A field that may be left out; one that is there and empty counts as left out.
    pub fn optional(&self, name: &str) -> Option<Cursor<'a>> {
        self.written(name).filter(|cursor| !cursor.is_null())
    }

    /// A field that may be left out, but not be empty.
    pub fn written(&self, name: &str) -> Option<Cursor<'a>> {
        let (key, node) = self.entries.iter().find(|(key, _)| key.text == name)?;
        Some(self.cursor.at(key, node))
    }

    /// A field that must be there; where it is not, that is noted.
    pub fn required(&self, name: &str) -> Option<Cursor<'a>> {
        let found = self.optional(name);
        if found.is_none() && self.is_map {
            let at = self.written(name).map_or(self.cursor.node.at, |cursor| cursor.node.at);
            let path = self.cursor.path.field(name);
            self.cursor.problems.note(Some(at), &path, format!("`{name}` is missing"));
        }
        found
    }

    /// A required text.
    pub fn text(&self, name: &str) -> String {
        self.required(name).map(|cursor| cursor.text()).unwrap_or_default()
    }

    /// A required name, or the name of something else.
    pub fn name(&self, name: &str) -> String {
        self.required(name).map(|cursor| cursor.name()).unwrap_or_default()
    }

    /// An optional text; an empty one counts as left out.
    pub fn optional_text(&self, name: &str) -> Option<String> {
        self.optional(name).map(|cursor| cursor.text()).filter(|text| !text.is_empty())
    }

    /// The optional name of something else.
    pub fn optional_name(&self, name: &str) -> Option<String> {
        self.optional(name).map(|cursor| cursor.name()).filter(|name| !name.is_empty())
    }

    /// An optional value with a text form.
    pub fn parsed<T: FromStr>(&self, name: &str) -> Option<T>
    where
        T::Err: Display,
    {
        self.optional(name).and_then(|cursor| cursor.parsed())
    }

    /// A list that may be left out.
    pub fn list<T>(&self, name: &str, read: impl Fn(Cursor<'a>) -> T) -> Vec<T> {
        self.optional(name).map(|cursor| cursor.list(read)).unwrap_or_default()
    }

    /// Notes a problem with a field, or with the mapping where the field is left out.
    pub fn note_at(&self, name: &str, message: impl Into<String>) {
        let at = self.written(name).map_or(self.cursor.node.at, |cursor| cursor.node.at);
        self.cursor.problems.note(Some(at), &self.cursor.path.field(name), message);
    }
}

/// A name is short, one line, and cannot be mistaken for an id or for two names.
fn check_name(name: &str) -> Result<(), String> {
    let said = short(name);
    if name.is_empty() {
        return Err("a name cannot be empty".to_owned());
    }
    if name.chars().count() > NAME_CHARS_MAX {
        return Err(format!("`{said}` is longer than {NAME_CHARS_MAX} characters"));
    }
    if name.trim() != name || name.chars().any(char::is_control) || name.contains('/') {
        return Err(format!(
            "`{said}` cannot be a name: it begins or ends in a space, or has a `/` or a control character in it"
        ));
    }
    let id_like = name.split_once('_').is_some_and(|(prefix, rest)| {
        prefix.len() <= 4 && rest.len() == 32 && rest.bytes().all(|byte| byte.is_ascii_hexdigit())
    });
    if id_like {
        return Err(format!("`{said}` cannot be a name: it looks like an id"));
    }
    Ok(())
}
