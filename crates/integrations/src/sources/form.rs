//! Forms: `application/x-www-form-urlencoded`, the query of an address, and
//! `multipart/form-data`. All become names and texts in the order they came; a field's file is read
//! as text.

use super::Refusal;

/// The most fields of one form.
pub const FIELDS_MAX: usize = 1000;

/// The fields of a query or of a urlencoded body.
pub fn urlencoded(bytes: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(bytes)
        .take(FIELDS_MAX)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

/// The boundary that a multipart content type names.
pub fn boundary(content_type: &str) -> Option<&str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches('"');
        (name.trim().eq_ignore_ascii_case("boundary") && !value.is_empty()).then_some(value)
    })
}

/// The fields of a multipart body (RFC 7578). Lines may end in a bare line feed, as scripts write
/// them; parts without a name are skipped.
pub fn multipart(body: &[u8], boundary: &str) -> Result<Vec<(String, String)>, Refusal> {
    let text = String::from_utf8_lossy(body);
    let fence = format!("--{boundary}");
    let mut parts = text.split(fence.as_str());
    let preamble = parts.next().unwrap_or_default();
    if !preamble.trim().is_empty() {
        return Err(Refusal::malformed("the body does not begin with its multipart boundary"));
    }
    let mut fields = Vec::new();
    for part in parts {
        if part.starts_with("--") {
            return Ok(fields);
        }
        if fields.len() == FIELDS_MAX {
            return Ok(fields);
        }
        let part = part.strip_prefix("\r\n").or_else(|| part.strip_prefix('\n')).unwrap_or(part);
        let (head, value) =
            part.split_once("\r\n\r\n").or_else(|| part.split_once("\n\n")).ok_or_else(|| {
                Refusal::malformed("a part of the multipart body has no end of headers")
            })?;
        let value =
            value.strip_suffix("\r\n").or_else(|| value.strip_suffix('\n')).unwrap_or(value);
        if let Some(name) = field_name(head) {
            fields.push((name, value.to_owned()));
        }
    }
    Err(Refusal::malformed("the multipart body is cut off before its last boundary"))
}

/// The name that a part's `Content-Disposition` gives it.
fn field_name(head: &str) -> Option<String> {
    let disposition = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
    })?;
    disposition.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("name").then(|| value.to_owned())
    })
}
