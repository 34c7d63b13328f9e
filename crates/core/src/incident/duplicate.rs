//! Likely duplicates: what somebody is about to declare may be known already. Looked for while they
//! type, and never a reason to refuse: declaring twice costs a merge, not declaring costs an hour.

use std::cmp::Reverse;

use jiff::{SignedDuration, Timestamp};

use crate::id::{IncidentId, ServiceId};
use crate::org::directory::Directory;

/// The most that are named.
pub const LIKELY_MAX: usize = 5;
/// How long ago an incident began whose title alone makes it likely.
pub const RECENT: SignedDuration = SignedDuration::from_hours(24);
/// The shortest word that says something.
const WORD_CHARS_MIN: usize = 3;
/// Words that say nothing about what is wrong.
const EMPTY_WORDS: [&str; 26] = [
    "and", "are", "but", "can", "cannot", "can't", "down", "error", "errors", "for", "from", "has",
    "have", "is", "issue", "not", "our", "out", "problem", "the", "there", "they", "this", "was",
    "with", "you",
];

/// What is about to be declared.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// As far as it is typed.
    pub title: &'a str,
    /// What is affected, where that is known.
    pub service: Option<ServiceId>,
}

/// An open incident that is known.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// For programs.
    pub id: IncidentId,
    /// For people to say; higher ones are newer.
    pub number: i64,
    /// One line.
    pub title: &'a str,
    /// What is affected.
    pub service: ServiceId,
    /// When Muster heard of it.
    pub since: Timestamp,
}

/// Why an incident may be the same trouble.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Because {
    /// It is about the same service.
    SameService,
    /// One of the two services cannot work without the other.
    Neighbour {
        /// The service of the incident that is known.
        service: String,
    },
    /// The titles share words.
    Words(Vec<String>),
}

impl Because {
    /// In words: `same service`.
    pub fn words(&self) -> String {
        match self {
            Self::SameService => "same service".to_owned(),
            Self::Neighbour { service } => format!("{service} is next to it"),
            Self::Words(words) => format!("both say {}", words.join(", ")),
        }
    }
}

/// An incident that may be the same trouble.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Likely {
    /// Which.
    pub id: IncidentId,
    /// Why; never empty.
    pub because: Vec<Because>,
}

/// The incidents that may be the same trouble, the likeliest first and at most [`LIKELY_MAX`]. Only
/// open ones are to be given: what is over is reopened or declared anew.
pub fn likely(
    directory: &Directory,
    report: Report<'_>,
    known: &[Known<'_>],
    now: Timestamp,
) -> Vec<Likely> {
    let wanted = words(report.title);
    let weighed = known.iter().map(|one| (weigh(directory, report, &wanted, one, now), one));
    let mut found: Vec<_> = weighed.filter(|((weight, _), _)| *weight > 0).collect();
    found.sort_by_key(|((weight, _), one)| Reverse((*weight, one.number)));
    let found = found.into_iter().take(LIKELY_MAX);
    found.map(|((_, because), one)| Likely { id: one.id, because }).collect()
}

/// How much speaks for it, and what.
fn weigh(
    directory: &Directory,
    report: Report<'_>,
    wanted: &[String],
    known: &Known<'_>,
    now: Timestamp,
) -> (u32, Vec<Because>) {
    let mut because = Vec::new();
    let mut weight = 0;
    match report.service {
        Some(service) if service == known.service => {
            because.push(Because::SameService);
            weight += 2;
        }
        Some(service) if are_neighbours(directory, service, known.service) => {
            let name = directory.services.get(known.service).map(|service| service.name.clone());
            because.push(Because::Neighbour { service: name.unwrap_or_default() });
            weight += 1;
        }
        _ => {}
    }
    let theirs = words(known.title);
    let shared: Vec<_> = wanted.iter().filter(|word| theirs.contains(word)).cloned().collect();
    let fewer = wanted.len().min(theirs.len());
    // Half of the shorter title, and more than one word unless only one was typed.
    let is_alike =
        !shared.is_empty() && shared.len() * 2 >= fewer && (shared.len() > 1 || wanted.len() == 1);
    if is_alike && now.duration_since(known.since) <= RECENT {
        because.push(Because::Words(shared));
        weight += 2;
    }
    (weight, because)
}

fn are_neighbours(directory: &Directory, one: ServiceId, other: ServiceId) -> bool {
    let needs = |a, b| directory.services.get(a).is_some_and(|a| a.depends_on.contains(&b));
    needs(one, other) || needs(other, one)
}

/// The words of a title that say something, each once.
fn words(title: &str) -> Vec<String> {
    let mut words = Vec::new();
    let parts = title.split(|c: char| !c.is_alphanumeric() && c != '-' && c != '\'');
    for word in parts.map(str::to_lowercase) {
        let says_nothing =
            word.chars().count() < WORD_CHARS_MIN || EMPTY_WORDS.contains(&word.as_str());
        if !says_nothing && !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::PolicyId;
    use crate::org::directory::Table;
    use crate::org::service::Service;
    use uuid::Uuid;

    const CHECKOUT: ServiceId = ServiceId(Uuid::from_u128(1));
    const LEDGER: ServiceId = ServiceId(Uuid::from_u128(2));
    const SEARCH: ServiceId = ServiceId(Uuid::from_u128(3));

    fn service(id: ServiceId, name: &str, depends_on: Vec<ServiceId>) -> Service {
        Service { depends_on, ..Service::new(id, name, PolicyId(Uuid::nil())) }
    }

    fn directory() -> Directory {
        let services = vec![
            service(CHECKOUT, "checkout", vec![LEDGER]),
            service(LEDGER, "ledger", vec![]),
            service(SEARCH, "search", vec![]),
        ];
        Directory { services: Table::new(services), ..Directory::default() }
    }

    fn now() -> Timestamp {
        "2026-11-21T04:07:00Z".parse().unwrap()
    }

    fn known(number: i64, title: &str, service: ServiceId) -> Known<'_> {
        let since = now() - SignedDuration::from_mins(10);
        Known { id: IncidentId(Uuid::from_u128(number as u128)), number, title, service, since }
    }

    fn numbers(title: &str, service: Option<ServiceId>, known: &[Known<'_>]) -> Vec<u128> {
        let found = likely(&directory(), Report { title, service }, known, now());
        found.iter().map(|one| one.id.0.as_u128()).collect()
    }

    #[test]
    fn the_same_service_and_the_same_words_come_before_a_neighbour() {
        let known = [
            known(1, "Ledger writes time out", LEDGER),
            known(2, "Customers cannot pay by card", CHECKOUT),
            known(3, "Something odd", CHECKOUT),
            known(4, "Search is slow", SEARCH),
        ];
        assert_eq!(numbers("pay by card fails", Some(CHECKOUT), &known), [2, 3, 1]);
        assert_eq!(numbers("Nobody can pay by CARD!", None, &known), [2]);
    }

    #[test]
    fn one_word_that_every_title_has_makes_nothing_likely() {
        let known = [known(1, "Search is slow in Asia today", SEARCH)];
        assert_eq!(numbers("Checkout is slow for card payers", None, &known), [] as [u128; 0]);
        assert_eq!(numbers("Is it down?", None, &known), [] as [u128; 0]);
        assert_eq!(numbers("", None, &known), [] as [u128; 0]);
        assert_eq!(numbers("search", None, &known), [1], "all that was typed");
    }

    #[test]
    fn a_title_alone_is_no_reason_after_a_day() {
        let mut old = known(1, "Card payments fail", SEARCH);
        old.since = now() - RECENT;
        assert_eq!(numbers("card payments fail", None, &[old]), [1]);
        old.since = now() - RECENT - SignedDuration::from_secs(1);
        assert_eq!(numbers("card payments fail", None, &[old]), [] as [u128; 0]);
        assert_eq!(numbers("whatever", Some(SEARCH), &[old]), [1], "the same service still is");
    }

    #[test]
    fn the_reasons_are_said_and_the_list_is_short() {
        let many: Vec<_> = (1..=9).map(|n| known(n, "Ledger writes fail", LEDGER)).collect();
        let report = Report { title: "ledger writes", service: Some(CHECKOUT) };
        let found = likely(&directory(), report, &many, now());
        assert_eq!(found.len(), LIKELY_MAX);
        let words: Vec<_> = found[0].because.iter().map(Because::words).collect();
        assert_eq!(words, ["ledger is next to it", "both say ledger, writes"]);
    }
}
