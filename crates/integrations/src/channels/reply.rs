//! What people type back: `1`, `2 42`, `ack all`. The same words in every channel that carries
//! text; which incidents they mean for that person is decided elsewhere.

use super::callback::{About, Ask, Choice};

/// The longest reply that is read, in characters.
pub const REPLY_CHARS_MAX: usize = 1_000;
/// The most things that one reply asks for.
pub const ASKS_MAX: usize = 20;

/// Words for "all of them".
const ALL: [&str; 6] = ["all", "everything", "alle", "tout", "tous", "todo"];
/// Words that say no more, as the telephone companies define them.
const STOP: [&str; 8] =
    ["stop", "stopall", "unsubscribe", "cancel", "end", "quit", "optout", "revoke"];
/// Words that say more again.
const START: [&str; 3] = ["start", "unstop", "yes"];

/// What a reply asks for. What answers no page comes back as [`Ask::Words`], for the server to make
/// sense of.
pub fn read(text: &str) -> Vec<Ask> {
    let text: String = text.chars().take(REPLY_CHARS_MAX).collect();
    let words = || Ask::Words(text.trim().to_owned());
    let mut asks = Vec::new();
    for part in text.split(['\n', ';']).map(str::trim).filter(|part| !part.is_empty()) {
        match answers(part) {
            Some(answers) => asks.extend(answers),
            None => return vec![words()],
        }
    }
    asks.truncate(ASKS_MAX);
    if asks.is_empty() { vec![words()] } else { asks }
}

/// Whether a text message asks for no more of them, or for more again. Only a telephone number has
/// such words; in a chat `end` means something else.
pub fn opting(text: &str) -> Option<Ask> {
    let only = text.trim().trim_end_matches(['.', '!']).to_lowercase();
    if STOP.contains(&only.as_str()) {
        return Some(Ask::Stop);
    }
    START.contains(&only.as_str()).then_some(Ask::Start)
}

/// A line such as `1 42, 43`.
fn answers(line: &str) -> Option<Vec<Ask>> {
    let line = line.to_lowercase();
    let mut words = line
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | '.' | '!' | ':'))
        .filter(|word| !word.is_empty())
        .peekable();
    let choice = match words.peek()? {
        word if ALL.contains(word) => Choice::Acknowledge,
        _ => choice(words.next()?)?,
    };
    let about: Option<Vec<About>> = words.map(about).collect();
    let mut about = about?;
    if about.is_empty() {
        about.push(About::OnlyOne);
    }
    Some(about.into_iter().map(|about| Ask::Answer { choice, about }).collect())
}

fn choice(word: &str) -> Option<Choice> {
    Some(match word {
        "1" | "ack" | "acked" | "acknowledge" | "acknowledged" | "ok" => Choice::Acknowledge,
        "2" | "resolve" | "resolved" | "done" => Choice::Resolve,
        "3" | "escalate" | "escalated" | "next" => Choice::Escalate,
        "decline" | "declined" | "no" => Choice::Decline,
        _ => return None,
    })
}

fn about(word: &str) -> Option<About> {
    if ALL.contains(&word) {
        return Some(About::Everything);
    }
    let digits = word.strip_prefix('#').unwrap_or(word);
    let number = digits.parse().ok().filter(|number: &i64| *number > 0)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(About::Number(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(choice: Choice, about: About) -> Ask {
        Ask::Answer { choice, about }
    }

    #[test]
    fn digits_and_words_answer_pages() {
        use About::{Everything, Number, OnlyOne};
        use Choice::{Acknowledge, Decline, Escalate, Resolve};
        for (text, asks) in [
            ("1", vec![answer(Acknowledge, OnlyOne)]),
            (" 1. \n", vec![answer(Acknowledge, OnlyOne)]),
            ("2", vec![answer(Resolve, OnlyOne)]),
            ("3", vec![answer(Escalate, OnlyOne)]),
            ("Ack", vec![answer(Acknowledge, OnlyOne)]),
            ("decline", vec![answer(Decline, OnlyOne)]),
            ("1 42", vec![answer(Acknowledge, Number(42))]),
            ("2 #42, 43", vec![answer(Resolve, Number(42)), answer(Resolve, Number(43))]),
            ("all", vec![answer(Acknowledge, Everything)]),
            ("3 ALL", vec![answer(Escalate, Everything)]),
            ("1 42\n2 41", vec![answer(Acknowledge, Number(42)), answer(Resolve, Number(41))]),
        ] {
            assert_eq!(read(text), asks, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_answer_is_left_to_be_understood() {
        for text in ["", "12", "142", "1 x", "42", "1 -5", "who checkout", "1 42 please", "#1"] {
            assert_eq!(read(text), [Ask::Words(text.to_owned())], "{text:?}");
        }
    }

    #[test]
    fn stop_and_start_are_what_telephone_companies_say_they_are() {
        for text in ["STOP", "stop.", " Unsubscribe "] {
            assert_eq!(opting(text), Some(Ask::Stop), "{text:?}");
        }
        assert_eq!(opting("Start"), Some(Ask::Start));
        assert_eq!(opting("stop paging me"), None);
    }

    #[test]
    fn a_reply_asks_for_a_bounded_number_of_things() {
        let many = format!("1 {}", "42 ".repeat(300));
        assert_eq!(read(&many).len(), ASKS_MAX);
    }
}
