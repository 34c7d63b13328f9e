//! One document edited by itself: the same reading, checks and plan as for a file, of a
//! configuration that speaks of this kind alone and differs in this one document.

use muster_core::incident::severity::Severity;
use muster_store::org::config::Stored;
use muster_store::org::document::Kind;
use serde_json::{Map, Value, json};

use super::problem::Problem;
use super::read::Problems;
use super::source::{Content, Key, Node, Position};
use super::{ConfigError, Wanted, parse, wanted};

/// A document has no lines: what comes from it has a path alone.
const NOWHERE: Position = Position { line: 0, column: 0 };

/// Which document is edited, for the places of problems.
#[derive(Debug, Clone)]
pub struct Place {
    kind: Kind,
    /// The names of the kind's documents, in their order; one that goes is not among them.
    names: Vec<String>,
    name: String,
}

/// What is wanted when the document of that kind and name becomes `value`, or goes where there is
/// none.
///
/// # Errors
/// Every problem of the document by itself, with paths that begin in it, or that what is stored
/// cannot be read.
pub fn edited(
    stored: &Stored,
    (kind, name): (Kind, &str),
    value: Option<&Value>,
    way: &'static str,
) -> Result<(Wanted, Place), ConfigError> {
    let others = stored.objects.iter().filter(|object| {
        object.item.kind == kind && !object.is_removed && object.item.name != name
    });
    let mut items: Vec<(&str, &Value)> =
        others.map(|object| (object.item.name.as_str(), &object.item.value)).collect();
    items.extend(value.map(|value| (name, value)));
    items.sort_by_key(|(name, _)| *name);
    let (names, list) = match (kind, value) {
        (Kind::Severities, Some(value)) => {
            let levels = levels(value);
            let names = levels.iter().map(|(level, _)| level.clone()).collect();
            (names, Content::List(levels.iter().map(|(_, value)| node(value)).collect()))
        }
        // Without any of its own an organisation has the built-in ones.
        (Kind::Severities, None) => {
            let levels = Severity::defaults().into_iter().map(|built_in| node(&bare(&built_in)));
            (Vec::new(), Content::List(levels.collect()))
        }
        _ => {
            let names = items.iter().map(|(name, _)| (*name).to_owned()).collect();
            (names, Content::List(items.iter().map(|(_, value)| node(value)).collect()))
        }
    };
    let place = Place { kind, names, name: name.to_owned() };
    let key = Key { at: NOWHERE, text: kind.field().to_owned() };
    let root = Node {
        at: NOWHERE,
        content: Content::Map(vec![(key, Node { at: NOWHERE, content: list })]),
    };
    let problems = Problems::of(None);
    let checked = match parse::tree(root, &problems) {
        Some(file) => wanted(file, None, problems, way),
        None => Err(problems.into_sorted()),
    };
    match checked {
        Ok(wanted) => Ok((wanted, place)),
        Err(found) => Err(place.relative(found).into()),
    }
}

impl Place {
    /// The problems as whoever edits the document sees them: paths begin in the document, and other
    /// documents are called by name.
    pub fn relative(&self, problems: Vec<Problem>) -> Vec<Problem> {
        problems.into_iter().map(|problem| self.path_of(problem)).collect()
    }

    fn path_of(&self, mut problem: Problem) -> Problem {
        problem.position = None;
        let field = self.kind.field();
        let indexed = problem.path.strip_prefix(field).and_then(|rest| rest.strip_prefix('['));
        if let Some((index, rest)) = indexed.and_then(|rest| rest.split_once(']'))
            && let Some(name) = index.parse().ok().and_then(|at: usize| self.names.get(at))
        {
            problem.path = if self.kind == Kind::Severities {
                format!("{name}{rest}")
            } else if *name == self.name {
                rest.trim_start_matches('.').to_owned()
            } else {
                format!("{field}({name}){rest}")
            };
        }
        problem
    }
}

/// A document as it is edited. Severities are one list in a file; edited, each level is a section of
/// its own, so that two people who change two levels do not get in each other's way.
pub fn shown(kind: Kind, value: Value) -> Value {
    match (kind, value) {
        (Kind::Severities, Value::Array(list)) => {
            let mut document = Map::new();
            document.insert("name".to_owned(), kind.name().into());
            document.extend(list.into_iter().map(|one| (one["level"].to_string(), one)));
            Value::Object(document)
        }
        (_, value) => value,
    }
}

/// A severity with nothing but what it is called and how loud it is.
fn bare(severity: &Severity) -> Value {
    json!({
        "level": severity.level.number(),
        "name": severity.name,
        "definition": severity.definition,
        "urgency": severity.urgency.name(),
    })
}

/// The levels of the severities as they are edited, the worst first, each with its section.
fn levels(document: &Value) -> Vec<(String, Value)> {
    let sections = document.as_object().into_iter().flatten();
    let mut levels: Vec<_> = sections
        .filter(|(section, _)| *section != "name")
        .map(|(section, value)| {
            let mut value = value.clone();
            if let (Some(fields), Ok(level)) = (value.as_object_mut(), section.parse::<i64>()) {
                fields.insert("level".to_owned(), level.into());
            }
            (section.clone(), value)
        })
        .collect();
    levels.sort_by_key(|(section, _)| section.parse::<i64>().unwrap_or(i64::MAX));
    levels
}

/// A JSON value as the tree that files are read from.
fn node(value: &Value) -> Node {
    let content = match value {
        Value::Null => Content::Null,
        Value::Bool(flag) => Content::Scalar { text: flag.to_string(), plain: true },
        Value::Number(number) => Content::Scalar { text: number.to_string(), plain: true },
        Value::String(text) => Content::Scalar { text: text.clone(), plain: false },
        Value::Array(elements) => Content::List(elements.iter().map(node).collect()),
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| {
                (Key { at: NOWHERE, text: name.clone() }, node(value))
            };
            Content::Map(fields.iter().map(field).collect())
        }
    };
    Node { at: NOWHERE, content }
}
