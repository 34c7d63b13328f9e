//! Words of texts, the same on every engine: how capitals are folded, where words begin, and which
//! part of a text says what was looked for. The store keeps what is made here and compares bytes; no
//! database's own idea of capitals or words is asked.

/// The longest word that is told from others, in characters; of a longer one the rest is left out.
pub const WORD_CHARS_MAX: usize = 64;
/// The most different words of one text.
pub const WORDS_MAX: usize = 500;
/// The longest excerpt, in characters.
pub const EXCERPT_CHARS_MAX: usize = 160;
/// What stands before the first hit of an excerpt at most, in characters.
const LEAD_CHARS_MAX: usize = 40;

/// A part of an excerpt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// As it is written.
    pub text: String,
    /// Whether it is what was looked for.
    pub is_hit: bool,
}

/// The text without capitals. Each character is folded by itself, so that a place in the folded text
/// has its place in the text.
pub fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// The different words of a text, folded, in the order of their first appearance: letters and digits
/// that stand together. Scripts that put no space between words count each character as one.
pub fn words(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    let mut word = String::new();
    let mut length = 0;
    for c in fold(text).chars().chain(std::iter::once(' ')) {
        let stands_alone = is_ideograph(c);
        if c.is_alphanumeric() && !stands_alone {
            if length < WORD_CHARS_MAX {
                word.push(c);
            }
            length += 1;
            continue;
        }
        let ended = std::mem::take(&mut word);
        length = 0;
        let alone = if stands_alone { c.to_string() } else { String::new() };
        for one in [ended, alone] {
            if found.len() < WORDS_MAX && !one.is_empty() && seen.insert(one.clone()) {
                found.push(one);
            }
        }
    }
    found
}

/// Whether a character is written without spaces around its words: Chinese, Japanese, Korean, Thai.
fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{0e00}'..='\u{0e7f}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3134f}')
}

/// The part of a text around the first of what was looked for, with every hit in it marked; nothing
/// where the text says none of it.
pub fn excerpt(text: &str, wanted: &[String]) -> Option<Vec<Piece>> {
    let chars: Vec<char> = text.chars().collect();
    let (mut folded, mut origin) = (Vec::new(), Vec::new());
    for (at, c) in chars.iter().enumerate() {
        for small in c.to_lowercase() {
            folded.push(small);
            origin.push(at);
        }
    }
    let mut hit = vec![false; chars.len()];
    for wanted in wanted {
        let wanted: Vec<char> = fold(wanted).chars().collect();
        if wanted.is_empty() || wanted.len() > folded.len() {
            continue;
        }
        for at in 0..=folded.len() - wanted.len() {
            let begins_word =
                at == 0 || !folded[at - 1].is_alphanumeric() || is_ideograph(folded[at]);
            if begins_word && folded[at..].starts_with(&wanted) {
                for place in &origin[at..at + wanted.len()] {
                    hit[*place] = true;
                }
            }
        }
    }
    let first = hit.iter().position(|hit| *hit)?;
    let from =
        if chars.len() <= EXCERPT_CHARS_MAX { 0 } else { first.saturating_sub(LEAD_CHARS_MAX) };
    let to = chars.len().min(from + EXCERPT_CHARS_MAX);
    let mut pieces: Vec<Piece> = Vec::new();
    let mut add = |c: char, is_hit: bool| match pieces.last_mut() {
        Some(last) if last.is_hit == is_hit => last.text.push(c),
        _ => pieces.push(Piece { text: c.to_string(), is_hit }),
    };
    if from > 0 {
        add('\u{2026}', false);
    }
    for at in from..to {
        add(if chars[at].is_control() { ' ' } else { chars[at] }, hit[at]);
    }
    if to < chars.len() {
        add('\u{2026}', false);
    }
    Some(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str, wanted: &str) -> Option<String> {
        let pieces = excerpt(text, &[wanted.to_owned()])?;
        let marked = |piece: Piece| match piece.is_hit {
            true => format!("[{}]", piece.text),
            false => piece.text,
        };
        Some(pieces.into_iter().map(marked).collect())
    }

    #[test]
    fn capitals_are_folded_beyond_ascii() {
        assert_eq!(fold("ÄRGER im ΣΊΓΜΑ-Lager"), "ärger im σίγμα-lager");
        assert_eq!(words("Ärger ärger ÄRGER"), ["ärger"]);
    }

    #[test]
    fn words_are_letters_and_digits_that_stand_together() {
        assert_eq!(
            words("db-1.example: 100% full_disk"),
            ["db", "1", "example", "100", "full", "disk"]
        );
        assert_eq!(words("磁盘 full"), ["磁", "盘", "full"]);
        assert_eq!(words(" ~ % "), [] as [&str; 0]);
        let long = words(&"x".repeat(WORD_CHARS_MAX + 9));
        assert_eq!(long[0].chars().count(), WORD_CHARS_MAX);
    }

    #[test]
    fn an_excerpt_marks_what_was_looked_for() {
        assert_eq!(
            marked("The DISK is full, Disks", "disk").unwrap(),
            "The [DISK] is full, [Disk]s"
        );
        assert_eq!(
            marked("Straßenbahn İstanbul", "istanbul"),
            None,
            "a dot is a letter of its own"
        );
        assert_eq!(marked("a diskless node", "less"), None);
        assert_eq!(marked("已满磁盘", "磁盘").unwrap(), "已满[磁盘]");
    }

    #[test]
    fn an_excerpt_of_a_long_text_lies_around_the_first_hit() {
        let text = format!("{}disk{}", "before ".repeat(100), " after".repeat(100));
        let shown = marked(&text, "disk").unwrap();
        assert!(shown.starts_with('\u{2026}') && shown.ends_with('\u{2026}'), "{shown}");
        assert!(shown.contains("[disk]"), "{shown}");
        assert!(shown.chars().count() <= EXCERPT_CHARS_MAX + 4, "{shown}");
    }
}
