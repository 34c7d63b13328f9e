//! What a person answered to a page by mail: the first line that is their own, in the words that
//! every channel understands. What they quote, and what their program adds, says nothing.

use crate::channels::callback::{About, Ask, Choice};
use crate::channels::reply;

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

/// Words of an acknowledgement that may be followed by others. It can be taken back, which is why a
/// sentence may follow it; what only begins with another word may mean the opposite of it.
const ACKNOWLEDGEMENTS: [&str; 4] = ["ack", "acked", "acknowledge", "acknowledged"];

/// What a line asks for. What is no answer comes back as [`Ask::Words`].
pub fn asks(line: &str) -> Vec<Ask> {
    let asks = reply::read(line);
    let is_words = matches!(asks.as_slice(), [Ask::Words(_)]);
    let first = line.split_once([',', '.', ';', '!']).map(|(first, _)| first.trim().to_lowercase());
    match first {
        Some(first) if is_words && ACKNOWLEDGEMENTS.contains(&first.as_str()) => {
            vec![Ask::Answer { choice: Choice::Acknowledge, about: About::OnlyOne }]
        }
        _ => asks,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(text: &str) -> Option<Choice> {
        match asks(first_line(text)?).as_slice() {
            [Ask::Answer { choice, about: About::OnlyOne }] => Some(*choice),
            _ => None,
        }
    }

    #[test]
    fn the_first_line_of_ones_own_decides() {
        for (text, wanted) in [
            ("ack", Some(Choice::Acknowledge)),
            ("ACK\r\n\r\nOn Sat, Muster wrote:\r\n> resolve", Some(Choice::Acknowledge)),
            ("\n\n  Acknowledged.  \n", Some(Choice::Acknowledge)),
            ("ack, on my way", Some(Choice::Acknowledge)),
            ("Resolve!", Some(Choice::Resolve)),
            ("escalate", Some(Choice::Escalate)),
            ("decline\n\n-- \nAna", Some(Choice::Decline)),
            ("1", Some(Choice::Acknowledge)),
            ("resolve this by noon, somebody", None),
            ("resolve, but not now", None),
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
            assert_eq!(choice(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn numbers_and_all_are_understood_as_everywhere() {
        let answer = |choice, about| Ask::Answer { choice, about };
        assert_eq!(asks("ack 42"), [answer(Choice::Acknowledge, About::Number(42))]);
        assert_eq!(asks("resolve all"), [answer(Choice::Resolve, About::Everything)]);
        assert_eq!(asks("help"), [Ask::Words("help".to_owned())]);
    }
}
