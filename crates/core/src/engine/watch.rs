//! How the installation watches itself (`D9`): whether anything that is due waits for too long, so
//! that its own sign of life goes out only while pages do.

use jiff::{SignedDuration, Timestamp};

use crate::time::format_duration;

/// How long what is due may wait before the installation counts as unwell.
pub const TOLERANCE: SignedDuration = SignedDuration::from_secs(30);

/// Something that waits for its turn.
#[derive(Debug, Clone, Copy)]
pub struct Waiting {
    /// What it is, in words.
    pub what: &'static str,
    /// Since when the oldest of it is due; `None` where nothing is.
    pub since: Option<Timestamp>,
}

/// What is wrong, in words; `None` while nothing waits for too long.
pub fn trouble(waiting: &[Waiting], now: Timestamp) -> Option<String> {
    let late = waiting.iter().filter_map(|one| {
        let by = now.duration_since(one.since?);
        (by > TOLERANCE).then_some((by, one.what))
    });
    let (by, what) = late.max()?;
    let by = SignedDuration::from_secs(by.as_secs());
    Some(format!("{what} is overdue by {}", format_duration(by)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_overdue_the_longest_is_named_and_a_moment_is_forgiven() {
        let now: Timestamp = "2026-11-21T03:00:00Z".parse().unwrap();
        let since = |seconds| Some(now - SignedDuration::from_secs(seconds));
        let page = |seconds| Waiting { what: "a page", since: since(seconds) };
        let quiet = Waiting { what: "an incident", since: None };
        assert_eq!(trouble(&[page(30), quiet], now), None);
        let later = Waiting { what: "a message", since: since(120) };
        let said = trouble(&[page(31), later, quiet], now);
        assert_eq!(said.as_deref(), Some("a message is overdue by 2m"));
    }
}
