//! What is printed, as far as it shows without a reader of PDF: lines and how they are cut, pages and
//! what they keep together. That a reader finds the words again is tried with the real binary.

use jiff::Timestamp;

use super::page::{Line, Pages};
use super::wrap::lines;
use super::{Block, Paper, Style, pdf};

/// Every character is one wide.
fn cut(text: &str, width: f32) -> Vec<String> {
    lines(text, width, |_| 1.0)
}

#[test]
fn lines_break_between_words_and_words_only_when_they_must() {
    assert_eq!(cut("one two three", 7.0), ["one two", "three"]);
    assert_eq!(cut("one two three", 13.0), ["one two three"]);
    assert_eq!(cut("abcdefghij kl", 4.0), ["abcd", "efgh", "ij", "kl"]);
    assert_eq!(cut("first\nsecond\tthird\u{7}", 20.0), ["first", "second third"]);
    assert!(cut("", 9.0).is_empty());
    assert!(cut(" \n ", 9.0).is_empty());
}

#[test]
fn nothing_is_lost_however_narrow_the_column_is() {
    let text = "Größe → 5 GB; https://example.com/a?b=c Łódź, Київ";
    let kept = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    for width in [0.0, 1.0, 3.0, 10.0, 1_000.0] {
        let lines = cut(text, width);
        assert_eq!(kept(&lines.concat()), kept(text), "{width}");
        let limit = f32::max(width, 1.0);
        assert!(lines.iter().all(|line| line.chars().map(|_| 1.0_f32).sum::<f32>() <= limit));
    }
}

#[test]
fn a_heading_goes_to_the_next_page_with_what_it_stands_over() {
    let line = |text: &str| Line { text: text.into(), style: Style::BODY, x: 0.0, link: None };
    let mut pages = Pages::new();
    let fit = ((super::HEIGHT - 2.0 * super::MARGIN) / Style::BODY.leading()) as usize;
    pages.column(vec![line("filler"); fit - 2]);
    assert_eq!(pages.count(), 1);
    pages.section("Next");
    pages.column(vec![line("Next")]);
    assert_eq!(pages.count(), 2);
}

#[test]
fn a_long_document_has_all_its_pages_and_is_the_same_each_time() {
    let fact = |at: usize| Block::Fact {
        name: format!("2026-01-01 00:00:{at:02} UTC"),
        value: "restarted the database ".repeat(9),
        notes: vec!["added later".into()],
        link: Some("https://example.com/graph".into()),
    };
    let paper = Paper {
        title: "Incident 1: Checkout is slow".into(),
        foot: "Incident 1".into(),
        at: Timestamp::UNIX_EPOCH,
        blocks: std::iter::once(Block::Heading("All".into())).chain((0..60).map(fact)).collect(),
    };
    let printed = pdf(&paper).unwrap();
    assert!(printed.starts_with(b"%PDF-"));
    assert_eq!(printed, pdf(&paper).unwrap());
}
