//! A signal: one thing a monitoring system said, in Muster's own words. Source adapters make
//! signals; limits are applied here, once, by cutting with a mark and never by refusing.

use jiff::Timestamp;
use serde_json::{Map, Value};

/// The longest summary, in characters; PagerDuty's limit for `payload.summary`.
pub const SUMMARY_CHARS_MAX: usize = 1024;
/// The longest de-duplication key, in bytes; longer ones are replaced by a prefix and a digest.
pub const DEDUP_KEY_BYTES_MAX: usize = 512;
/// The longest source, component, group or class, in characters.
pub const FIELD_CHARS_MAX: usize = 255;
/// The most labels of one signal.
pub const LABELS_MAX: usize = 128;
/// The longest label value, in characters.
pub const LABEL_CHARS_MAX: usize = 4096;
/// The most links of one signal.
pub const LINKS_MAX: usize = 32;
/// The most signals that one message may carry: more than fit into the largest body that is read,
/// so that nothing a client got 2xx for is left out.
pub const SIGNALS_PER_MESSAGE_MAX: usize = 20_000;

/// What the monitoring system wants to have happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// There is trouble.
    Trigger,
    /// Somebody is on it.
    Acknowledge,
    /// The trouble is over.
    Resolve,
}

impl Action {
    /// Its name in rules and API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trigger => "trigger",
            Self::Acknowledge => "acknowledge",
            Self::Resolve => "resolve",
        }
    }

    /// The action of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Trigger, Self::Acknowledge, Self::Resolve].into_iter().find(|a| a.name() == name)
    }
}

/// A link that came with a signal. Only http and https addresses are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The address.
    pub href: String,
    /// What to show for it.
    pub text: String,
}

/// One thing a monitoring system said.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// What it wants.
    pub action: Action,
    /// Signals of one integration with the same key are about the same trouble.
    pub dedup_key: String,
    /// One line for people; may be empty for anything but a trigger.
    pub summary: String,
    /// The client's own word for how bad it is (`critical`, `warning`, ...); may be empty.
    pub severity: String,
    /// What is affected: a host, for example; may be empty.
    pub source: String,
    /// The part of the source; may be empty.
    pub component: String,
    /// A logical grouping given by the client; may be empty.
    pub group: String,
    /// The kind of trouble; may be empty.
    pub class: String,
    /// The client's own grouping key (Alertmanager's `groupKey`): its alerts stay together.
    pub group_key: Option<String>,
    /// Names and values, in order.
    pub labels: Vec<(String, String)>,
    /// Anything else the client sent, kept as it came.
    pub details: Map<String, Value>,
    /// Graphs, runbooks, the alert's own page.
    pub links: Vec<Link>,
    /// When the trouble began by the client's account.
    pub occurred_at: Option<Timestamp>,
}

impl Signal {
    /// A trigger with nothing but a key and a summary.
    pub fn trigger(dedup_key: impl Into<String>, summary: impl Into<String>) -> Self {
        Self {
            action: Action::Trigger,
            dedup_key: dedup_key.into(),
            summary: summary.into(),
            severity: String::new(),
            source: String::new(),
            component: String::new(),
            group: String::new(),
            class: String::new(),
            group_key: None,
            labels: Vec::new(),
            details: Map::new(),
            links: Vec::new(),
            occurred_at: None,
        }
    }

    /// The value of a label.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The signal with every field cut to its limit; a cut text ends in a mark that says how much
    /// is missing. The raw message keeps everything.
    #[must_use]
    pub fn within_limits(mut self) -> Self {
        cut(&mut self.summary, SUMMARY_CHARS_MAX);
        for field in [
            &mut self.severity,
            &mut self.source,
            &mut self.component,
            &mut self.group,
            &mut self.class,
        ] {
            cut(field, FIELD_CHARS_MAX);
        }
        self.labels.truncate(LABELS_MAX);
        for (name, value) in &mut self.labels {
            cut(name, FIELD_CHARS_MAX);
            cut(value, LABEL_CHARS_MAX);
        }
        self.links.retain(|link| is_web_address(&link.href));
        self.links.truncate(LINKS_MAX);
        self
    }
}

/// Whether an address may be shown as a link: http or https, nothing that runs in a browser.
pub fn is_web_address(text: &str) -> bool {
    let lower: String = text.trim_start().chars().take(8).collect::<String>().to_ascii_lowercase();
    lower.starts_with("http://") || lower.starts_with("https://")
}

/// Cuts `text` to `chars_max` characters, the mark included.
pub fn cut(text: &mut String, chars_max: usize) {
    // Bytes are an upper bound for characters, so most texts need no counting.
    if text.len() <= chars_max {
        return;
    }
    let count = text.chars().count();
    if count <= chars_max {
        return;
    }
    let mark = format!(" … ({} more characters)", count - chars_max);
    let keep = chars_max.saturating_sub(mark.chars().count());
    *text = text.chars().take(keep).chain(mark.chars()).collect();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_summary_is_cut_with_a_mark_and_not_refused() {
        let mut signal = Signal::trigger("k", "é".repeat(3000));
        signal.links.push(Link { href: "javascript:alert(1)".into(), text: "x".into() });
        let cut = signal.within_limits();
        assert_eq!(cut.summary.chars().count(), SUMMARY_CHARS_MAX);
        assert!(cut.summary.ends_with("more characters)"));
        assert!(cut.links.is_empty());
    }
}
