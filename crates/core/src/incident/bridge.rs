//! The bridge of an incident (`J6`): the conference or chat where people meet about it. The process of
//! a severity says by a template which one, and from when; people may open it, name another one and
//! take it back. A template becomes a link outside of here: this file knows what a link may be and
//! renders nothing.

use jiff::Timestamp;

/// The longest link, in characters.
pub const LINK_CHARS_MAX: usize = 500;
/// The longest template of a link, in characters.
pub const TEMPLATE_CHARS_MAX: usize = 500;

/// From when an incident has its bridge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum From {
    /// As soon as it has the severity.
    Declared,
    /// As soon as somebody has it.
    Acknowledged,
    /// When somebody opens it.
    Asked,
}

names!(From { Declared = "declared", Acknowledged = "acknowledged", Asked = "asked" });

/// The bridge that a process asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What makes the link.
    pub template: String,
    /// From when.
    pub from: From,
}

/// Where people meet about an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bridge {
    /// Where.
    pub link: String,
    /// Since when.
    pub at: Timestamp,
    /// Who opened it: a person's name, or Muster's.
    pub by: String,
}

/// Whether a text may be a bridge: a web address, a telephone number or a SIP address, in one word.
/// Nothing that runs in a browser.
pub fn is_link(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let is_known = match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" => rest.strip_prefix("//").is_some_and(|host| !host.is_empty()),
        "tel" | "sip" | "sips" => !rest.is_empty(),
        _ => false,
    };
    let is_odd = |c: char| c.is_control() || c.is_whitespace() || "<>\"\\".contains(c);
    is_known && text.chars().count() <= LINK_CHARS_MAX && !text.contains(is_odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bridge_is_a_web_address_or_a_number_to_call_and_nothing_that_runs() {
        for good in [
            "https://meet.example.net/muster-42",
            "HTTP://meet.example.net",
            "tel:+49301234567,,42#",
            "sip:muster-42@example.net",
        ] {
            assert!(is_link(good), "{good}");
        }
        let long = format!("https://{}", "x".repeat(LINK_CHARS_MAX));
        for bad in [
            "",
            "meet.example.net",
            "https://",
            "https:meet",
            "tel:",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://a b",
            "https://a\"onclick=",
            "https://a\u{7}",
            &long,
        ] {
            assert!(!is_link(bad), "{bad}");
        }
    }
}
