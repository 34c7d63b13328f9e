//! Reading JSON that clients wrote with care or without: a mark at the beginning, bytes that are
//! not UTF-8, repeated keys (the last counts), numbers where texts are due. Depth is bounded by the
//! parser.

use serde_json::{Map, Value};

use super::Refusal;

/// Reads a body as JSON whatever its media type.
pub fn parse(body: &[u8]) -> Result<Value, Refusal> {
    let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Refusal::malformed("the body is empty"));
    }
    let parsed = match std::str::from_utf8(body) {
        Ok(text) => serde_json::from_str(text),
        // An alert in an old encoding is better read with a few wrong letters than lost.
        Err(_) => serde_json::from_str(&String::from_utf8_lossy(body)),
    };
    parsed.map_err(|error| {
        let why = error.to_string();
        Refusal::malformed(if is_too_deep(&error) {
            format!("the body is nested too deeply: {why}")
        } else {
            format!("the body is not JSON: {why}")
        })
    })
}

/// Reads a body that must be a JSON object.
pub fn parse_object(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    match parse(body)? {
        Value::Object(object) => Ok(object),
        other => {
            Err(Refusal::malformed(format!("the body must be an object, not {}", kind(&other))))
        }
    }
}

/// Whether a body was refused for its depth; the parser has no code for it.
fn is_too_deep(error: &serde_json::Error) -> bool {
    error.to_string().starts_with("recursion limit")
}

/// What a value is, for people.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The text at `key`; null counts as absent.
pub fn text<'a>(
    object: &'a Map<String, Value>,
    path: &str,
    key: &str,
) -> Result<Option<&'a str>, String> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(format!("{path}{key} must be a text, not {}", kind(other))),
    }
}

/// The object at `key`; null counts as absent.
pub fn object<'a>(
    outer: &'a Map<String, Value>,
    path: &str,
    key: &str,
) -> Result<Option<&'a Map<String, Value>>, String> {
    match outer.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
        Some(other) => Err(format!("{path}{key} must be an object, not {}", kind(other))),
    }
}

/// A value as the text that a person would write for it; nothing for null, lists and objects.
pub fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
