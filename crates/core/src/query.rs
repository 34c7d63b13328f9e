//! The query language of lists: `state:open sev:<=2 service:checkout -team:payments "words"`. It
//! takes a text apart and says where it is wrong; what a key or a value means is for the reader.

/// The longest query, in bytes.
pub const QUERY_BYTES_MAX: usize = 1_000;
/// The most parts of one query.
pub const PARTS_MAX: usize = 50;

/// The key that is followed by a dot and the name of a field: `field.cause:deploy`.
pub const FIELD: &str = "field";

/// One part of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Where it begins, in characters, counted from 1.
    pub position: usize,
    /// Whether what it says must not hold: a minus stands before it.
    pub negated: bool,
    /// What it says.
    pub says: Says,
}

/// What a part of a query says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Says {
    /// The words occur, one after the other.
    Words(String),
    /// `key:value`, `key:<=value` and so on.
    Term {
        /// In lower case.
        key: String,
        /// How the value is compared.
        comparison: Comparison,
        /// Never empty.
        value: String,
    },
}

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `key:value`
    Is,
    /// `key:<value`
    Less,
    /// `key:<=value`
    AtMost,
    /// `key:>value`
    More,
    /// `key:>=value`
    AtLeast,
}

/// Where and why a query cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("position {position}: {message}")]
pub struct NotUnderstood {
    /// In characters, counted from 1.
    pub position: usize,
    /// What is wrong and what would be right.
    pub message: String,
}

impl NotUnderstood {
    /// A complaint about a place.
    pub fn at(position: usize, message: impl Into<String>) -> Self {
        Self { position, message: message.into() }
    }
}

/// Takes a query apart. Parts are separated by white space; quotes hold white space together, in a
/// value as in words of their own.
///
/// # Errors
/// Where a quote is not closed, a key has no value, or there is too much of it.
pub fn parse(text: &str) -> Result<Vec<Part>, NotUnderstood> {
    if text.len() > QUERY_BYTES_MAX {
        let message = format!("the query is longer than {QUERY_BYTES_MAX} bytes");
        return Err(NotUnderstood::at(1, message));
    }
    let chars: Vec<char> = text.chars().collect();
    let mut reader = Reader { chars: &chars, at: 0 };
    let mut parts = Vec::new();
    while reader.skip_space() {
        let position = reader.at + 1;
        if parts.len() == PARTS_MAX {
            let message = format!("a query has at most {PARTS_MAX} parts");
            return Err(NotUnderstood::at(position, message));
        }
        parts.push(reader.part(position)?);
    }
    Ok(parts)
}

struct Reader<'a> {
    chars: &'a [char],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    /// Whether anything is left.
    fn skip_space(&mut self) -> bool {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
        self.peek().is_some()
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn part(&mut self, position: usize) -> Result<Part, NotUnderstood> {
        let negated = self.take('-');
        if let Some(key) = self.key() {
            let comparison = self.comparison();
            let at = self.at + 1;
            let value = self.value()?;
            if value.is_empty() {
                return Err(NotUnderstood::at(at, format!("`{key}:` needs a value")));
            }
            return Ok(Part { position, negated, says: Says::Term { key, comparison, value } });
        }
        let words = self.value()?;
        if words.trim().is_empty() {
            return Err(NotUnderstood::at(position, "there is nothing to look for here"));
        }
        Ok(Part { position, negated, says: Says::Words(words) })
    }

    /// The key before a colon, if one stands here. Only the names of fields have a dot before them, so
    /// that hosts with their ports stay words.
    fn key(&mut self) -> Option<String> {
        let rest = &self.chars[self.at..];
        let mut length = rest.iter().take_while(|c| c.is_ascii_alphabetic() || **c == '_').count();
        let first = rest[..length].iter().map(char::to_ascii_lowercase);
        if first.eq(FIELD.chars()) && rest.get(length) == Some(&'.') {
            let is_named = |c: &&char| c.is_ascii_alphanumeric() || matches!(**c, '_' | '-');
            length += 1 + rest[length + 1..].iter().take_while(is_named).count();
        }
        if length == 0 || rest.get(length) != Some(&':') {
            return None;
        }
        let key = rest[..length].iter().map(char::to_ascii_lowercase).collect();
        self.at += length + 1;
        Some(key)
    }

    fn comparison(&mut self) -> Comparison {
        if self.take('<') {
            return if self.take('=') { Comparison::AtMost } else { Comparison::Less };
        }
        if self.take('>') {
            return if self.take('=') { Comparison::AtLeast } else { Comparison::More };
        }
        Comparison::Is
    }

    /// Up to the next white space, or what stands between quotes.
    fn value(&mut self) -> Result<String, NotUnderstood> {
        let opened = self.at + 1;
        if !self.take('"') {
            let rest = &self.chars[self.at..];
            let value: String = rest.iter().take_while(|c| !c.is_whitespace()).collect();
            self.at += value.chars().count();
            return Ok(value);
        }
        let mut value = String::new();
        while let Some(c) = self.peek() {
            self.at += 1;
            match c {
                '"' => return Ok(value),
                '\\' if self.peek().is_some_and(|next| matches!(next, '"' | '\\')) => {
                    value.extend(self.peek());
                    self.at += 1;
                }
                c => value.push(c),
            }
        }
        Err(NotUnderstood::at(opened, "this quote is not closed"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(position: usize, key: &str, comparison: Comparison, value: &str) -> Part {
        let says = Says::Term { key: key.to_owned(), comparison, value: value.to_owned() };
        Part { position, negated: false, says }
    }

    #[test]
    fn a_query_is_taken_apart() {
        let parts = parse(r#"state:open  SEV:<=2 -service:"the shop" disk "is \"full\"""#).unwrap();
        let words = |position, text: &str| Part {
            position,
            negated: false,
            says: Says::Words(text.to_owned()),
        };
        let expected = [
            term(1, "state", Comparison::Is, "open"),
            term(13, "sev", Comparison::AtMost, "2"),
            Part { negated: true, ..term(21, "service", Comparison::Is, "the shop") },
            words(41, "disk"),
            words(46, "is \"full\""),
        ];
        assert_eq!(parts, expected);
        assert_eq!(parse("  "), Ok(vec![]));
    }

    #[test]
    fn what_cannot_be_understood_is_named_with_its_place() {
        let place = |text: &str| parse(text).unwrap_err().position;
        assert_eq!(place("disk \"full"), 6);
        assert_eq!(place("state: open"), 7);
        assert_eq!(place("sev:<= "), 7);
        assert_eq!(place("open -"), 6);
        assert_eq!(place("\u{fc}\u{fc} \""), 4);
        assert_eq!(place(&"x".repeat(QUERY_BYTES_MAX + 1)), 1);
        assert_eq!(place(&"x ".repeat(PARTS_MAX + 1)), 2 * PARTS_MAX + 1);
    }

    #[test]
    fn a_field_has_its_name_behind_a_dot() {
        let parts = parse("field.users_hit-2:>=10 -Field.Cause:\"bad deploy\" field.:x").unwrap();
        let expected = [
            term(1, "field.users_hit-2", Comparison::AtLeast, "10"),
            Part { negated: true, ..term(24, "field.cause", Comparison::Is, "bad deploy") },
            term(50, "field.", Comparison::Is, "x"),
        ];
        assert_eq!(parts, expected);
        let words = |text: &str| parse(text).unwrap()[0].says == Says::Words(text.to_owned());
        assert!(words("db.example.com:5432") && words("fields.a:b"));
    }

    #[test]
    fn addresses_and_odd_words_are_words() {
        let parts = parse("10.0.0.1:80 a-b c:d 5% _").unwrap();
        assert_eq!(parts.len(), 5);
        assert_eq!(parts[0].says, Says::Words("10.0.0.1:80".to_owned()));
        assert_eq!(parts[2], term(17, "c", Comparison::Is, "d"));
    }
}
