//! One document edited by itself: the same reading, checks and plan as for a file, of a
//! configuration that speaks of this kind alone and differs in this one document.

use muster_store::org::config::Stored;
use muster_store::org::document::Kind;
use serde_json::Value;

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
    let place = Place {
        kind,
        names: items.iter().map(|(name, _)| (*name).to_owned()).collect(),
        name: name.to_owned(),
    };
    let list = Content::List(items.iter().map(|(_, value)| node(value)).collect());
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
            problem.path = if *name == self.name {
                rest.trim_start_matches('.').to_owned()
            } else {
                format!("{field}({name}){rest}")
            };
        }
        problem
    }
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
