//! A configuration file as a tree in which every value knows its line and column. YAML's scalars
//! stay the text that was written, because only the reader of a field knows whether `09:00`, `1w` or
//! `0123` is a number; anchors and aliases work, tags and several documents do not.

use std::collections::HashMap;

use serde_saphyr::granit_parser::{Event, Marker, Parser, ScalarStyle};

/// The largest configuration, in bytes.
pub const FILE_BYTES_MAX: usize = 8 << 20;
/// The most values in a configuration, with aliases written out.
pub const VALUES_MAX: usize = 500_000;
/// The deepest nesting of a configuration, with aliases written out.
pub const DEPTH_MAX: usize = 32;

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Counted from 1.
    pub line: u32,
    /// In characters, counted from 1.
    pub column: u32,
}

/// A value with its place.
#[derive(Debug, Clone)]
pub struct Node {
    /// Where it begins.
    pub at: Position,
    /// What it is.
    pub content: Content,
}

/// What a value is.
#[derive(Debug, Clone)]
pub enum Content {
    /// Nothing: an empty value, `~` or `null`.
    Null,
    /// A single value.
    Scalar {
        /// As written, without quotes.
        text: String,
        /// Whether it stood without quotes, so that it may be a number or a truth value.
        plain: bool,
    },
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the file; a key may be there twice.
    Map(Vec<(Key, Node)>),
}

/// The key of a mapping.
#[derive(Debug, Clone)]
pub struct Key {
    /// Where it begins.
    pub at: Position,
    /// As written, without quotes.
    pub text: String,
}

/// Why a text is not a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// Where.
    pub at: Position,
    /// What is wrong.
    pub message: String,
}

impl Node {
    /// The value of a field.
    pub fn field(&self, name: &str) -> Option<&Self> {
        match &self.content {
            Content::Map(entries) => {
                entries.iter().find(|(key, _)| key.text == name).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// An element of a list.
    pub fn element(&self, at: usize) -> Option<&Self> {
        match &self.content {
            Content::List(elements) => elements.get(at),
            _ => None,
        }
    }

    /// What it is, in a sentence.
    pub fn noun(&self) -> &'static str {
        match self.content {
            Content::Null => "nothing",
            Content::Scalar { plain: true, .. } => "a single value",
            Content::Scalar { .. } => "text",
            Content::List(_) => "a list",
            Content::Map(_) => "a mapping",
        }
    }
}

/// Reads a text.
///
/// # Errors
/// When it is not one YAML document within the bounds; the first offence only, because what
/// follows one is guesswork.
pub fn read(text: &str) -> Result<Node, Malformed> {
    let start = Position { line: 1, column: 1 };
    if text.len() > FILE_BYTES_MAX {
        let message = format!("a configuration is at most {} MiB long", FILE_BYTES_MAX >> 20);
        return Err(Malformed { at: start, message });
    }
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| Malformed {
            at: position(error.marker()),
            message: format!("this is not YAML: {}", error.info()),
        })?;
        builder.take(event, position(&span.start))?;
    }
    Ok(builder.root.unwrap_or(Node { at: start, content: Content::Null }))
}

fn position(marker: &Marker) -> Position {
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Position { line: number(marker.line()).max(1), column: number(marker.col()).saturating_add(1) }
}

/// Puts events together.
#[derive(Default)]
struct Builder {
    root: Option<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, Anchored>,
    values: usize,
}

/// A list or mapping that has not ended.
struct Open {
    node: Node,
    anchor: usize,
    values_before: usize,
    /// How many levels the deepest value below reaches.
    height: usize,
    /// The key whose value comes next.
    key: Option<Key>,
}

#[derive(Clone)]
struct Anchored {
    node: Node,
    values: usize,
    height: usize,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, at: Position) -> Result<(), Malformed> {
        let malformed = |message: &str| Err(Malformed { at, message: message.to_owned() });
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if tag.is_some() {
                    return malformed("tags (`!...`) mean nothing here; leave it out");
                }
                let content = scalar(text.into_owned(), style == ScalarStyle::Plain);
                self.count(1, at)?;
                self.place(Anchored { node: Node { at, content }, values: 1, height: 0 }, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                if tag.is_some() {
                    return malformed("tags (`!...`) mean nothing here; leave it out");
                }
                self.open(Content::List(Vec::new()), at, anchor)
            }
            Event::MappingStart(_, anchor, tag) => {
                if tag.is_some() {
                    return malformed("tags (`!...`) mean nothing here; leave it out");
                }
                self.open(Content::Map(Vec::new()), at, anchor)
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => {
                    let values = self.values - open.values_before;
                    let done = Anchored { node: open.node, values, height: open.height };
                    self.place(done, open.anchor)
                }
                None => Ok(()),
            },
            Event::Alias(anchor) => match self.anchors.get(&anchor).cloned() {
                Some(mut anchored) => {
                    // What stands at the alias is reported there; what is inside, where it is.
                    anchored.node.at = at;
                    self.count(anchored.values, at)?;
                    self.place(anchored, 0)
                }
                None => malformed("this alias refers to a value that has not ended"),
            },
            Event::DocumentStart(..) if self.root.is_some() => {
                malformed("a configuration is one document; a second one begins here")
            }
            _ => Ok(()),
        }
    }

    fn open(&mut self, content: Content, at: Position, anchor: usize) -> Result<(), Malformed> {
        let values_before = self.values;
        self.count(1, at)?;
        self.check_depth(0, at)?;
        let node = Node { at, content };
        self.open.push(Open { node, anchor, values_before, height: 0, key: None });
        Ok(())
    }

    fn count(&mut self, values: usize, at: Position) -> Result<(), Malformed> {
        self.values = self.values.saturating_add(values);
        if self.values <= VALUES_MAX {
            return Ok(());
        }
        Err(Malformed { at, message: format!("a configuration has at most {VALUES_MAX} values") })
    }

    fn check_depth(&self, height: usize, at: Position) -> Result<(), Malformed> {
        if self.open.len() + height < DEPTH_MAX {
            return Ok(());
        }
        Err(Malformed {
            at,
            message: format!("a configuration is nested at most {DEPTH_MAX} deep"),
        })
    }

    fn place(&mut self, done: Anchored, anchor: usize) -> Result<(), Malformed> {
        self.check_depth(done.height, done.node.at)?;
        if anchor != 0 {
            self.anchors.insert(anchor, done.clone());
        }
        let Anchored { node, height, .. } = done;
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        parent.height = parent.height.max(height + 1);
        match (&mut parent.node.content, parent.key.take()) {
            (Content::Map(entries), Some(key)) => entries.push((key, node)),
            (Content::Map(_), None) => match node.content {
                Content::Scalar { text, .. } => parent.key = Some(Key { at: node.at, text }),
                Content::Null => parent.key = Some(Key { at: node.at, text: "null".to_owned() }),
                Content::List(_) | Content::Map(_) => {
                    let message = "a key is a word, not a list or a mapping".to_owned();
                    return Err(Malformed { at: node.at, message });
                }
            },
            (Content::List(elements), _) => elements.push(node),
            (Content::Null | Content::Scalar { .. }, _) => {}
        }
        Ok(())
    }
}

fn scalar(text: String, plain: bool) -> Content {
    if plain && matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL") {
        return Content::Null;
    }
    Content::Scalar { text, plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scalar_stays_what_was_written_and_knows_its_place() {
        let root = read("a:\n  - key: 0123\n    at: \"09:00\"\n").unwrap();
        let item = root.field("a").and_then(|list| list.element(0)).unwrap();
        let key = item.field("key").unwrap();
        assert!(matches!(&key.content, Content::Scalar { text, plain: true } if text == "0123"));
        assert_eq!(key.at, Position { line: 2, column: 10 });
        assert_eq!(item.field("at").unwrap().at, Position { line: 3, column: 9 });
    }

    #[test]
    fn an_alias_is_its_anchors_value_at_its_own_place() {
        let root = read("a: &x [1, 2]\nb: *x\n").unwrap();
        let b = root.field("b").unwrap();
        assert_eq!(b.at, Position { line: 2, column: 4 });
        assert!(b.element(1).is_some());
    }

    #[test]
    fn a_bomb_of_aliases_is_refused() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let below = format!("*a{}", level - 1);
            let nine = vec![below; 9].join(", ");
            bomb.push_str(&format!("a{level}: &a{level} [{nine}]\n"));
        }
        let refused = read(&bomb).unwrap_err();
        assert!(refused.message.contains("at most"), "{}", refused.message);
        let deep = format!("{}x{}", "[".repeat(40), "]".repeat(40));
        assert!(read(&deep).unwrap_err().message.contains("deep"));
    }

    #[test]
    fn what_is_not_one_document_of_yaml_is_refused_where_it_goes_wrong() {
        assert_eq!(read("a: [1\nb: 2\n").unwrap_err().at.line, 2);
        assert!(read("a: 1\n---\nb: 2\n").unwrap_err().message.contains("one document"));
        assert!(read("a: !secret x\n").unwrap_err().message.contains("tags"));
        assert!(read("? [a]\n: b\n").unwrap_err().message.contains("key"));
    }
}
