//! Breaks a text into lines that fit a width. Lines of the text stay lines; words that are wider than
//! the column are cut, so that nothing runs off the page.

use unicode_linebreak::{BreakOpportunity, linebreaks};

/// The lines of a text, each no wider than `width` by `measure`, which says how wide a character is.
/// White space at the ends of lines is not counted and not kept.
pub fn lines(text: &str, width: f32, measure: impl Fn(char) -> f32) -> Vec<String> {
    let text: String = text.chars().map(printed).collect();
    let wide = |piece: &str| piece.chars().map(&measure).sum::<f32>();
    let mut lines = Vec::new();
    let mut line = String::new();
    // How wide the line is so far.
    let mut filled = 0.0;
    let mut from = 0;
    for (to, opportunity) in linebreaks(&text) {
        let word = &text[from..to];
        from = to;
        if !line.is_empty() && filled + wide(word.trim_end()) > width {
            lines.push(std::mem::take(&mut line));
            filled = 0.0;
        }
        for character in word.chars() {
            let advance = measure(character);
            if !line.is_empty() && !character.is_whitespace() && filled + advance > width {
                lines.push(std::mem::take(&mut line));
                filled = 0.0;
            }
            line.push(character);
            filled += advance;
        }
        if opportunity == BreakOpportunity::Mandatory {
            lines.push(std::mem::take(&mut line));
            filled = 0.0;
        }
    }
    for line in &mut lines {
        line.truncate(line.trim_end().len());
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// What is printed for a character: tabs and other control characters are spaces.
fn printed(character: char) -> char {
    if character.is_control() && character != '\n' { ' ' } else { character }
}
