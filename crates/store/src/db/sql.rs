//! SQL text for the two engines. Statements are written once with `?` (or `?1`, to use an argument
//! twice); for PostgreSQL the marks become `$1`, `$2` and so on. It never looks at what a
//! statement says and never puts a value into one.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

/// A statement.
#[derive(Debug, Clone)]
pub struct Sql(Text);

#[derive(Debug, Clone)]
enum Text {
    Static { sqlite: &'static str, postgres: &'static str },
    Built(Arc<str>),
}

impl Sql {
    /// A statement that both engines accept.
    pub const fn same(text: &'static str) -> Self {
        Self(Text::Static { sqlite: text, postgres: text })
    }

    /// One statement in two dialects. Both take the same arguments in the same order.
    pub const fn differs(sqlite: &'static str, postgres: &'static str) -> Self {
        Self(Text::Static { sqlite, postgres })
    }

    /// A statement put together at run time from fixed parts, as a filter needs it. Whoever builds
    /// it answers for it: values go into the arguments and never into the text.
    pub fn built(text: String) -> Self {
        Self(Text::Built(text.into()))
    }

    /// The statement that says how either engine would go about this one.
    #[cfg(feature = "testing")]
    pub(crate) fn explained(&self) -> (Self, Self) {
        let (sqlite, postgres) = match &self.0 {
            Text::Static { sqlite, postgres } => (*sqlite, *postgres),
            Text::Built(text) => (&**text, &**text),
        };
        (
            Self::built(format!("EXPLAIN QUERY PLAN {sqlite}")),
            Self::built(format!("EXPLAIN {postgres}")),
        )
    }

    pub(super) fn sqlite(&self) -> SqlStr {
        match &self.0 {
            Text::Static { sqlite, .. } => sqlite.into_sql_str(),
            Text::Built(text) => AssertSqlSafe(Arc::clone(text)).into_sql_str(),
        }
    }

    pub(super) fn postgres(&self) -> SqlStr {
        match &self.0 {
            Text::Static { postgres, .. } => AssertSqlSafe(numbered_once(postgres)).into_sql_str(),
            Text::Built(text) => AssertSqlSafe(numbered(text)).into_sql_str(),
        }
    }
}

/// The rewritten form of a static statement, made the first time it is asked for. The cache is
/// bounded by the number of statements in the program.
fn numbered_once(text: &'static str) -> Arc<str> {
    static CACHE: OnceLock<RwLock<HashMap<&'static str, Arc<str>>>> = OnceLock::new();
    let cache = CACHE.get_or_init(RwLock::default);
    if let Some(known) = cache.read().unwrap_or_else(PoisonError::into_inner).get(text) {
        return Arc::clone(known);
    }
    let made: Arc<str> = numbered(text).into();
    cache.write().unwrap_or_else(PoisonError::into_inner).insert(text, Arc::clone(&made));
    made
}

/// Rewrites `?` and `?1` to `$1`, except inside quotes and comments.
fn numbered(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut next = 1_usize;
    let mut rest = text;
    while let Some(at) = rest.find(['?', '\'', '"', '-', '/']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let taken = match rest.as_bytes() {
            [b'?', ..] => {
                let digits = rest[1..].bytes().take_while(u8::is_ascii_digit).count();
                out.push('$');
                if digits == 0 {
                    out.push_str(&next.to_string());
                    next += 1;
                }
                rest = &rest[1..];
                digits
            }
            [quote @ (b'\'' | b'"'), ..] => end_after(rest, 1, &[*quote]),
            [b'-', b'-', ..] => end_after(rest, 2, b"\n"),
            [b'/', b'*', ..] => end_after(rest, 2, b"*/"),
            _ => 1,
        };
        out.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    out.push_str(rest);
    out
}

/// Where the piece of text that `rest` opens with ends, given what closes it. A doubled quote
/// closes one string and opens the next, which comes to the same.
fn end_after(rest: &str, from: usize, close: &[u8]) -> usize {
    let bytes = rest.as_bytes();
    bytes[from..]
        .windows(close.len())
        .position(|window| window == close)
        .map_or(bytes.len(), |at| from + at + close.len())
}

#[cfg(test)]
mod tests {
    use super::numbered;

    #[test]
    fn marks_are_numbered_in_order() {
        assert_eq!(
            numbered("UPDATE t SET a = ? WHERE b = ? AND c = ?"),
            "UPDATE t SET a = $1 WHERE b = $2 AND c = $3"
        );
    }

    #[test]
    fn numbered_marks_keep_their_number() {
        assert_eq!(numbered("SELECT ?1 WHERE ?2 < ?1"), "SELECT $1 WHERE $2 < $1");
    }

    #[test]
    fn quotes_and_comments_are_left_alone() {
        let text = "SELECT 'a?''b?', \"c?\" -- d?\n, /* e? */ a - b / c, ? FROM t";
        let want = "SELECT 'a?''b?', \"c?\" -- d?\n, /* e? */ a - b / c, $1 FROM t";
        assert_eq!(numbered(text), want);
    }

    #[test]
    fn text_beyond_ascii_survives() {
        assert_eq!(numbered("SELECT 'ä', ?, 'ö' -- ü"), "SELECT 'ä', $1, 'ö' -- ü");
    }
}
