//! What a person answered to a page by mail: one word on the first line that is their own. What they
//! quote, and what their program adds, says nothing.

/// What somebody wants who answers a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Word {
    /// I have it.
    Acknowledge,
    /// It is over.
    Resolve,
    /// Ask the next ones.
    Escalate,
    /// I cannot take it.
    Decline,
}

/// Each word with the ways to write it.
const WORDS: [(Word, &[&str]); 4] = [
    (Word::Acknowledge, &["ack", "acknowledge", "acknowledged", "acked", "1"]),
    (Word::Resolve, &["resolve", "resolved", "2"]),
    (Word::Escalate, &["escalate", "escalated", "3"]),
    (Word::Decline, &["decline", "declined", "4"]),
];

/// What programs write above the letter that is answered, in lower case. What looks like it ends
/// what the person wrote.
const QUOTE_OPENERS: [&str; 4] = [
    "-----original message-----",
    "________________________________",
    "begin forwarded message",
    "-- ",
];

/// The person's own first line, if they wrote any.
pub fn first_line(text: &str) -> Option<&str> {
    for line in text.lines() {
        let bare = line.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        if bare.is_empty() {
            continue;
        }
        let lower = bare.to_lowercase();
        let is_quote = bare.starts_with('>')
            || QUOTE_OPENERS.iter().any(|opener| lower.starts_with(opener.trim_end()))
            || (lower.starts_with("on ") && lower.ends_with("wrote:"));
        return (!is_quote).then_some(bare);
    }
    None
}

/// What the line asks for. The word stands alone, but for a full stop or the like: a sentence that
/// only begins with it may mean the opposite. Only an acknowledgement may go on, after a comma or a
/// full stop, for it can be taken back.
pub fn word(line: &str) -> Option<Word> {
    let line = line.trim().to_lowercase();
    let alone = line.trim_end_matches(['.', '!', ',', ';', ' ']);
    let find =
        |text: &str| WORDS.iter().find(|(_, ways)| ways.contains(&text)).map(|(word, _)| *word);
    find(alone).or_else(|| {
        let (first, _) = line.split_once([',', '.', ';', '!'])?;
        find(first).filter(|word| *word == Word::Acknowledge && first != "1")
    })
}

/// What the text of a letter asks for.
pub fn read(text: &str) -> Option<Word> {
    word(first_line(text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_of_ones_own_decides() {
        for (text, wanted) in [
            ("ack", Some(Word::Acknowledge)),
            ("ACK\r\n\r\nOn Sat, Muster wrote:\r\n> resolve", Some(Word::Acknowledge)),
            ("\n\n  Acknowledged.  \n", Some(Word::Acknowledge)),
            ("ack, on my way", Some(Word::Acknowledge)),
            ("Resolve!", Some(Word::Resolve)),
            ("escalate", Some(Word::Escalate)),
            ("decline\n\n-- \nAna", Some(Word::Decline)),
            ("1", Some(Word::Acknowledge)),
            ("resolve this by noon, somebody", None),
            ("do not resolve", None),
            ("ack? what is this", None),
            ("acknowledge nothing", None),
            ("1. what is this", None),
            ("> ack", None),
            ("On Sat, Nov 21, 2026 Muster wrote:\nack", None),
            ("-----Original Message-----\nack", None),
            ("-- \nack", None),
            ("thanks\nack", None),
            ("", None),
        ] {
            assert_eq!(read(text), wanted, "{text:?}");
        }
    }
}
