//! Tags (`T2`): free words on an incident, by which people find it again. This file owns what a tag may
//! be; a tag means the same in whatever capitals it is written.

use crate::words::fold;

/// The most tags of one incident.
pub const TAGS_MAX: usize = 20;
/// The longest tag, in characters.
pub const TAG_CHARS_MAX: usize = 40;

/// Why a text is no tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no tag: use at most {TAG_CHARS_MAX} letters, digits, hyphens, underscores, dots and \
     slashes, without spaces"
)]
pub struct NoTag(pub String);

/// The tag that somebody writes, with or without a hash before it, in the form that is kept.
///
/// # Errors
/// Where it is none.
pub fn read(text: &str) -> Result<String, NoTag> {
    let trimmed = text.trim();
    let tag = fold(trimmed.strip_prefix('#').unwrap_or(trimmed));
    let is_fit = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    let length = tag.chars().count();
    if (1..=TAG_CHARS_MAX).contains(&length) && tag.chars().all(is_fit) {
        return Ok(tag);
    }
    Err(NoTag(trimmed.chars().take(TAG_CHARS_MAX).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_one_word_in_any_capitals() {
        assert_eq!(read(" #Größe/XL "), Ok("größe/xl".to_owned()));
        assert_eq!(read("db-1.eu_west"), Ok("db-1.eu_west".to_owned()));
        for wrong in ["", "#", "two words", "a,b", "a:b", "\"x\"", &"x".repeat(TAG_CHARS_MAX + 1)] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
