//! Colour, where it is welcome.

/// How a piece of text stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Style {
    /// It does not.
    #[default]
    Plain,
    /// It is what to read first.
    Bold,
    /// It can be skipped.
    Muted,
    /// It is about an incident of this severity.
    Severity(u64),
    /// Something is as it should be.
    Fine,
    /// Something deserves a look.
    Warning,
    /// Something is wrong.
    Wrong,
}

/// Whether to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint(bool);

impl Paint {
    /// With colour or without.
    pub fn new(colour: bool) -> Self {
        Self(colour)
    }

    /// The text in that style.
    pub fn apply(self, style: Style, text: &str) -> String {
        let code = match style {
            Style::Plain => return text.to_owned(),
            _ if !self.0 || text.is_empty() => return text.to_owned(),
            Style::Bold => "1",
            Style::Muted => "2",
            Style::Severity(1) | Style::Wrong => "1;31",
            Style::Severity(2) | Style::Warning => "33",
            Style::Severity(3) => "34",
            Style::Severity(_) => "2",
            Style::Fine => "36",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    /// Bold.
    pub fn bold(self, text: &str) -> String {
        self.apply(Style::Bold, text)
    }

    /// Muted.
    pub fn muted(self, text: &str) -> String {
        self.apply(Style::Muted, text)
    }
}
