//! What people see: tables that fit the terminal, times as people say them, colour only where there
//! is somebody to see it. Hue belongs to severity alone; state is a word.

use std::io::{IsTerminal as _, Write as _};

use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;

pub mod csv;
pub mod paint;
pub mod table;
pub mod time;

pub use paint::{Paint, Style};
pub use table::{Cell, Column, Table};

/// How wide text is where nobody says how wide the terminal is, in columns.
const WIDTH_DEFAULT: usize = 80;
/// The widest that text gets, in columns.
const WIDTH_MAX: usize = 140;

/// Where text goes.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    /// In columns.
    pub width: usize,
    /// Whether colour is welcome.
    pub paint: Paint,
}

impl Screen {
    /// Standard output.
    pub fn of_stdout() -> Self {
        let is_terminal = std::io::stdout().is_terminal();
        let width = is_terminal.then(terminal_size::terminal_size).flatten();
        let width = width.map_or(WIDTH_DEFAULT, |(width, _)| usize::from(width.0));
        let is_plain = |name: &str| {
            std::env::var_os(name).is_some_and(|value| match name {
                "TERM" => value == "dumb",
                _ => !value.is_empty(),
            })
        };
        let paint = Paint::new(is_terminal && !is_plain("NO_COLOR") && !is_plain("TERM"));
        Self { width: width.clamp(WIDTH_DEFAULT.min(40), WIDTH_MAX), paint }
    }
}

/// Writes text to standard output. Whoever reads it may have seen enough and gone away; that is no
/// failure.
///
/// # Errors
/// When it cannot be written for any other reason.
pub fn put(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
        written => Ok(written?),
    }
}

/// Writes a line to standard output.
///
/// # Errors
/// When it cannot be written.
pub fn line(text: impl AsRef<str>) -> anyhow::Result<()> {
    put(&format!("{}\n", text.as_ref()))
}

/// Writes JSON to standard output.
///
/// # Errors
/// When it cannot be written.
pub fn json(value: &Value) -> anyhow::Result<()> {
    line(serde_json::to_string_pretty(value)?)
}

/// A field of an answer as text; empty where it is null.
pub fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => clean(text),
        other => other.to_string(),
    }
}

/// Several names in one line; a dash where there are none.
pub fn names(value: &Value) -> String {
    let names: Vec<_> = value.as_array().into_iter().flatten().map(text).collect();
    if names.is_empty() { "-".to_owned() } else { names.join(", ") }
}

/// The items of a list.
pub fn items(list: &Value) -> &[Value] {
    list["items"].as_array().map_or(&[], Vec::as_slice)
}

/// How many, with the noun in the right number.
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// A text in lines of at most `width` columns, each but the first behind `indent` blanks.
pub fn wrapped(text: &str, width: usize, indent: usize) -> String {
    let mut lines = vec![String::new()];
    let room = width.saturating_sub(indent).max(1);
    for word in text.split_whitespace() {
        let line = lines
            .last_mut()
            .filter(|line| line.is_empty() || line.width() + 1 + word.width() <= room);
        match line {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines.join(&format!("\n{}", " ".repeat(indent)))
}

/// A text from outside, without what would move the cursor or change the terminal.
pub fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_wrapped_behind_their_indent() {
        assert_eq!(wrapped("one two three", 9, 2), "one two\n  three");
        assert_eq!(wrapped("unbreakable words", 5, 2), "unbreakable\n  words");
        assert_eq!(wrapped("", 9, 2), "");
    }

    #[test]
    fn an_alert_cannot_command_the_terminal() {
        assert_eq!(clean("\u{1b}[2Jgone\u{7}\r\nnext"), " [2Jgone  \nnext");
    }
}
