//! An incident's own links (`T2`): the dashboard, the document, the ticket that people need at hand.
//! This file owns what is one.

use crate::incident::writing::LINK_CHARS_MAX;

/// The most links of one incident.
pub const LINKS_MAX: i64 = 50;
/// The longest label, in characters.
pub const LABEL_CHARS_MAX: usize = 100;

/// A label and where it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// In a line.
    pub label: String,
    /// An https address.
    pub address: String,
}

/// Why something is no link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// No label, or one that is no line.
    #[error("must be a line of 1 to {LABEL_CHARS_MAX} characters")]
    Label,
    /// It would not open a page, would be read on the way, or would run in a browser.
    #[error("must begin with https:// and have at most {LINK_CHARS_MAX} characters")]
    Address,
}

impl Wrong {
    /// The field that is wrong.
    pub fn field(self) -> &'static str {
        match self {
            Self::Label => "label",
            Self::Address => "address",
        }
    }
}

impl Link {
    /// What somebody means by a label and an address.
    ///
    /// # Errors
    /// Says which of the two is none.
    pub fn parse(label: &str, address: &str) -> Result<Self, Wrong> {
        let (label, address) = (label.trim(), address.trim());
        let is_line = !label.contains(char::is_control) && !label.is_empty();
        if !is_line || label.chars().count() > LABEL_CHARS_MAX {
            return Err(Wrong::Label);
        }
        let is_https = address.split_at_checked(8).is_some_and(|(scheme, rest)| {
            let has_host = rest.starts_with(|one: char| one.is_alphanumeric() || one == '[');
            scheme.eq_ignore_ascii_case("https://") && has_host
        });
        let is_one = !address.contains(|one: char| one.is_whitespace() || one.is_control());
        let fits = address.chars().count() <= LINK_CHARS_MAX;
        if !is_https || !is_one || !fits {
            return Err(Wrong::Address);
        }
        Ok(Self { label: label.to_owned(), address: address.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_line_and_an_https_address_are_a_link() {
        let link = Link::parse(" Dashboard ", " https://grafana.example.com/d/1 ").unwrap();
        assert_eq!(
            (&*link.label, &*link.address),
            ("Dashboard", "https://grafana.example.com/d/1")
        );
        let long = "x".repeat(LABEL_CHARS_MAX + 1);
        for label in ["", " ", "two\nlines", &long] {
            assert_eq!(Link::parse(label, "https://example.com"), Err(Wrong::Label), "{label}");
        }
        let long = format!("https://example.com/{}", "x".repeat(LINK_CHARS_MAX));
        let wrong = [
            "",
            "http://example.com",
            "javascript:alert(1)",
            "https://",
            "https://a b",
            "data:text/html,x",
            &long,
        ];
        for address in wrong {
            assert_eq!(Link::parse("Dashboard", address), Err(Wrong::Address), "{address}");
        }
    }
}
