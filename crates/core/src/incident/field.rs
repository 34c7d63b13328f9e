//! Custom fields (`T2`): what an organisation wants to know of every incident besides what Muster asks
//! by itself: the cause, the region, how many were hit. This file owns what a field is, which values it
//! can have and which of them are missing where an incident moves on. Whoever sees the incident sees its
//! values.

use jiff::civil::Date;

use crate::incident::lifecycle::Status;
use crate::org::directory::Directory;

/// The most fields of an organisation.
pub const FIELDS_MAX: usize = 50;
/// The longest name of a field, in characters.
pub const NAME_CHARS_MAX: usize = 40;
/// The longest title of a field, in characters.
pub const TITLE_CHARS_MAX: usize = 60;
/// The longest description of a field, in characters.
pub const DESCRIPTION_CHARS_MAX: usize = 500;
/// The most choices of a field.
pub const CHOICES_MAX: usize = 100;
/// The longest choice, in characters.
pub const CHOICE_CHARS_MAX: usize = 100;
/// The longest value, in characters.
pub const VALUE_CHARS_MAX: usize = 500;
/// The longest reason for a change, in characters.
pub const REASON_CHARS_MAX: usize = 500;

/// What a search says for having some value; no choice may be called so.
pub const ANY: &str = "any";
/// What a search says for having no value; no choice may be called so.
pub const NONE: &str = "none";

/// The digits of a number before its point at most.
const WHOLE_DIGITS_MAX: usize = 12;
/// The digits of a number after its point at most; numbers are compared in units of these.
const FRACTION_DIGITS_MAX: usize = 6;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A line of text.
    Text,
    /// A number, with up to six digits after its point.
    Number,
    /// One of a few words.
    Choice,
    /// A day.
    Date,
    /// Somebody, by name.
    Person,
    /// Yes or no.
    YesNo,
}

names!(Kind {
    Text = "text",
    Number = "number",
    Choice = "choice",
    Date = "date",
    Person = "person",
    YesNo = "yes_no",
});

impl Kind {
    /// Whether its values have an order, in which a search compares them.
    pub fn is_ordered(self) -> bool {
        matches!(self, Self::Number | Self::Date)
    }
}

/// A field that every incident may have a value of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Unique; a search says `field.NAME:value`.
    pub name: String,
    /// What people read.
    pub title: String,
    /// What belongs into it; may be empty.
    pub description: String,
    /// What it holds.
    pub kind: Kind,
    /// The words to choose from, in order; empty unless it is a choice.
    pub choices: Vec<String>,
    /// The status that an incident cannot reach without a value; declaring one never needs any.
    pub required: Option<Status>,
}

/// The statuses that a field may be required for.
pub const REQUIRED_FOR: [Status; 3] = [Status::Restored, Status::Resolved, Status::Closed];

/// A value as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// As people read it, the same for the same value: `12.5`, `2026-11-21`, `yes`.
    pub text: String,
    /// A number in millionths; none where the field holds something else.
    pub number: Option<i64>,
}

/// Why a text is no value of a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no value of {field}: {why}")]
pub struct NoValue {
    /// The text, shortened.
    pub text: String,
    /// The name of the field.
    pub field: String,
    /// What is wrong and what would be right.
    pub why: String,
}

/// Whether this can be the name of a field.
pub fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.len() <= NAME_CHARS_MAX
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b))
}

/// The value that somebody writes for a field.
///
/// # Errors
/// Where the field cannot have it.
pub fn read(directory: &Directory, field: &Field, text: &str) -> Result<Value, NoValue> {
    let text = text.trim();
    let plain = |text: &str| Ok(Value { text: text.to_owned(), number: None });
    let why = match field.kind {
        _ if text.is_empty() => "it is empty".to_owned(),
        _ if text.chars().count() > VALUE_CHARS_MAX => {
            format!("it is longer than {VALUE_CHARS_MAX} characters")
        }
        Kind::Text if text.chars().any(char::is_control) => "use one line".to_owned(),
        Kind::Text => return plain(text),
        Kind::Number => match number(text) {
            Some(value) => return Ok(value),
            None => format!(
                "use a number of up to {WHOLE_DIGITS_MAX} digits before the point and \
                 {FRACTION_DIGITS_MAX} behind it"
            ),
        },
        Kind::Choice => match named(text, field.choices.iter().map(String::as_str)) {
            Some(choice) => return plain(choice),
            None => format!("use one of {}", field.choices.join(", ")),
        },
        Kind::Date => match text.parse::<Date>() {
            Ok(date) => return plain(&date.to_string()),
            Err(_) => "use a day such as 2026-11-21".to_owned(),
        },
        Kind::Person => match named(text, directory.users.iter().map(|user| user.name.as_str())) {
            Some(name) => return plain(name),
            None => "there is nobody of that name".to_owned(),
        },
        Kind::YesNo => match text.to_ascii_lowercase().as_str() {
            "yes" | "true" => return plain("yes"),
            "no" | "false" => return plain("no"),
            _ => "use yes or no".to_owned(),
        },
    };
    let text = text.chars().take(CHOICE_CHARS_MAX).collect();
    Err(NoValue { text, field: field.name.clone(), why })
}

/// What is written exactly so, or in other capitals.
fn named<'a>(text: &str, mut known: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let exact = known.clone().find(|name| *name == text);
    let folded = crate::words::fold(text);
    exact.or_else(|| known.find(|name| crate::words::fold(name) == folded))
}

/// A number in the form that is kept, with its size in millionths.
fn number(text: &str) -> Option<Value> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    if whole.len() > WHOLE_DIGITS_MAX || fraction.len() > FRACTION_DIGITS_MAX {
        return None;
    }
    let millionths: i64 = format!("{whole}{fraction:0<FRACTION_DIGITS_MAX$}").parse().ok()?;
    let minus = if sign < 0 && millionths != 0 { "-" } else { "" };
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if fraction.is_empty() { "" } else { "." };
    let text = format!("{minus}{whole}{point}{fraction}");
    Some(Value { text, number: Some(sign * millionths) })
}

/// The fields without which an incident cannot reach a status, in order: those that are required for it
/// or for one before it and have no value.
pub fn lacking<'a>(
    fields: &'a [Field],
    filled: &'a [String],
    status: Status,
) -> impl Iterator<Item = &'a Field> {
    fields.iter().filter(move |field| {
        field.required.is_some_and(|needed| needed <= status) && !filled.contains(&field.name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(kind: Kind) -> Field {
        Field {
            name: "x".to_owned(),
            title: "X".to_owned(),
            description: String::new(),
            kind,
            choices: vec!["Deploy".to_owned(), "Config".to_owned()],
            required: None,
        }
    }

    fn kept(kind: Kind, text: &str) -> Result<String, String> {
        let value = read(&Directory::default(), &field(kind), text);
        value.map(|value| value.text).map_err(|error| error.why)
    }

    #[test]
    fn numbers_have_one_written_form_and_an_exact_size() {
        let size = |text: &str| number(text).map(|value| (value.text, value.number.unwrap()));
        assert_eq!(size("007.50"), Some(("7.5".to_owned(), 7_500_000)));
        assert_eq!(size("-0.000001"), Some(("-0.000001".to_owned(), -1)));
        assert_eq!(size("-0"), Some(("0".to_owned(), 0)));
        assert_eq!(size("999999999999"), Some(("999999999999".into(), 999_999_999_999_000_000)));
        for wrong in ["", ".5", "1.2.3", "1e3", "1,5", "- 1", "1.1234567", "1000000000000", "NaN"] {
            assert_eq!(size(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_value_is_kept_in_the_form_of_its_field() {
        assert_eq!(kept(Kind::Text, "  two words "), Ok("two words".to_owned()));
        assert_eq!(kept(Kind::Choice, "deploy"), Ok("Deploy".to_owned()));
        assert_eq!(kept(Kind::Choice, "else"), Err("use one of Deploy, Config".to_owned()));
        assert_eq!(kept(Kind::Date, "2026-11-21"), Ok("2026-11-21".to_owned()));
        assert!(kept(Kind::Date, "21.11.2026").is_err());
        assert_eq!(kept(Kind::YesNo, "TRUE"), Ok("yes".to_owned()));
        assert!(kept(Kind::YesNo, "maybe").is_err());
        assert!(kept(Kind::Person, "nobody").is_err());
        assert!(kept(Kind::Text, "a\nb").is_err());
        assert!(kept(Kind::Text, " ").is_err());
        assert!(kept(Kind::Text, &"x".repeat(VALUE_CHARS_MAX + 1)).is_err());
    }

    #[test]
    fn a_field_is_lacking_from_the_status_on_that_needs_it() {
        let required = |status| Field { required: Some(status), ..field(Kind::Text) };
        let fields = [
            Field { name: "a".to_owned(), ..required(Status::Resolved) },
            Field { name: "b".to_owned(), ..required(Status::Closed) },
            Field { name: "c".to_owned(), ..field(Kind::Text) },
        ];
        let names = |filled: &[&str], status| {
            let filled: Vec<_> = filled.iter().map(|name| (*name).to_owned()).collect();
            let lacking = lacking(&fields, &filled, status).map(|field| field.name.clone());
            lacking.collect::<Vec<_>>()
        };
        assert_eq!(names(&[], Status::Restored), [] as [&str; 0]);
        assert_eq!(names(&[], Status::Resolved), ["a"]);
        assert_eq!(names(&[], Status::Closed), ["a", "b"]);
        assert_eq!(names(&["a"], Status::Closed), ["b"]);
    }

    #[test]
    fn a_name_is_what_a_search_can_say() {
        assert!(is_name("cause") && is_name("users_hit-2"));
        for wrong in ["", "Cause", "2nd", "a.b", "a b", "größe", &"x".repeat(NAME_CHARS_MAX + 1)]
        {
            assert!(!is_name(wrong), "{wrong}");
        }
    }
}
