//! Cells of a table for spreadsheets.

/// A cell of CSV as RFC 4180 writes it; a text that a spreadsheet would run as a formula is defused.
pub fn cell(text: &str) -> String {
    let defused = match text.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t') => format!("'{text}"),
        _ => text.to_owned(),
    };
    if defused.contains(['"', ',', '\n', '\r']) {
        return format!("\"{}\"", defused.replace('"', "\"\""));
    }
    defused
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn a_text_cannot_become_a_formula_or_another_column() {
        assert_eq!(cell("=1+1"), "'=1+1");
        assert_eq!(cell("Ortiz, \"Ana\""), "\"Ortiz, \"\"Ana\"\"\"");
    }
}
