//! The impact of an incident (`I6`, `I9`, `D4`): how many hosts, services and users, which customers,
//! how bad, whom customer service has to talk to, and what it costs. This file owns what is known of
//! it and what follows from that; who is told is decided elsewhere.

use jiff::{SignedDuration, Timestamp};

use crate::id::ServiceId;
use crate::incident::lifecycle::{Incident, Stamps};
use crate::incident::severity::{Severity, Urgency};
use crate::org::directory::Directory;
use crate::org::service::Money;

/// The most customers, and the most services, that one incident names.
pub const NAMED_MAX: usize = 200;
/// The longest name of a customer, of a contact, or of what a loss was, in characters.
pub const NAME_CHARS_MAX: usize = 200;
/// The longest description of how bad it is, in characters.
pub const HOW_BAD_CHARS_MAX: usize = 2_000;
/// The most losses that one incident lists, struck ones included.
pub const LOSSES_MAX: usize = 200;

/// What is known of an incident's impact.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Impact {
    /// How many hosts.
    pub hosts: Option<u64>,
    /// How many users.
    pub users: Option<u64>,
    /// Services besides the incident's own.
    pub services: Vec<ServiceId>,
    /// Which customers.
    pub customers: Vec<String>,
    /// How bad it is for them, in words.
    pub how_bad: Option<String>,
    /// Whom to ask at customer service (`D4`).
    pub contact: Option<Contact>,
    /// What it cost besides the time of the outage (`I9`), in the order in which it was added.
    pub losses: Vec<Loss>,
}

/// Somebody at customer service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Who.
    pub name: String,
    /// How they are reached; their name may be enough.
    pub reach: Option<String>,
}

/// Something that was lost: people's time, a penalty, goods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// Counted from 1 within the incident, and never given to another one.
    pub number: u32,
    /// What.
    pub what: String,
    /// How much.
    pub amount: Money,
    /// Whether it was struck again.
    pub is_struck: bool,
}

/// What somebody knows better; `None` leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Change {
    /// See [`Impact::hosts`].
    pub hosts: Option<Option<u64>>,
    /// See [`Impact::users`].
    pub users: Option<Option<u64>>,
    /// See [`Impact::services`].
    pub services: Option<Vec<ServiceId>>,
    /// See [`Impact::customers`].
    pub customers: Option<Vec<String>>,
    /// See [`Impact::how_bad`].
    pub how_bad: Option<Option<String>>,
    /// See [`Impact::contact`].
    pub contact: Option<Option<Contact>>,
}

/// What people ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Know something better.
    Change(Change),
    /// Add a loss.
    AddLoss {
        /// What was lost.
        what: String,
        /// How much.
        amount: Money,
    },
    /// Strike a loss that was none.
    StrikeLoss {
        /// See [`Loss::number`].
        number: u32,
    },
}

/// Why the list of losses refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// There is no such loss, or it was struck.
    NoSuchLoss,
    /// There are [`LOSSES_MAX`] already.
    Full,
}

impl Impact {
    /// Takes over what somebody knows better, and says in words what that is; nothing where it was
    /// known. Repeated names are taken once and `own`, the incident's own service, never.
    pub fn change(&mut self, change: Change, own: ServiceId, directory: &Directory) -> Vec<String> {
        let mut words = Vec::new();
        let before = self.clone();
        let Change { hosts, users, services, customers, how_bad, contact } = change;
        if let Some(hosts) = hosts {
            self.hosts = hosts;
        }
        if let Some(users) = users {
            self.users = users;
        }
        if let Some(services) = services {
            self.services = once(services.into_iter().filter(|service| *service != own));
        }
        if let Some(customers) = customers {
            self.customers = once(customers);
        }
        if let Some(how_bad) = how_bad {
            self.how_bad = how_bad;
        }
        if let Some(contact) = contact {
            self.contact = contact;
        }
        if self.users != before.users {
            words.push(counted(self.users, "user", "users"));
        }
        if self.hosts != before.hosts {
            words.push(counted(self.hosts, "host", "hosts"));
        }
        if self.services != before.services {
            words.push(match self.service_names(directory) {
                names if names.is_empty() => "no other service".to_owned(),
                names => format!("also {}", names.join(", ")),
            });
        }
        if self.customers != before.customers {
            words.push(match self.customers.is_empty() {
                true => "no customer in particular".to_owned(),
                false => format!("customers {}", self.customers.join(", ")),
            });
        }
        if self.how_bad != before.how_bad {
            words.push(self.how_bad.clone().unwrap_or_else(|| "how bad is not known".to_owned()));
        }
        if self.contact != before.contact {
            words.push(match &self.contact {
                Some(contact) => format!("customer service: {}", contact.words()),
                None => "no contact at customer service".to_owned(),
            });
        }
        words
    }

    /// What is known in a line: `1,200 users, 3 hosts; also search; customers Acme; nobody can pay`.
    /// Empty where nothing is.
    pub fn words(&self, directory: &Directory) -> String {
        let counts = [(self.users, "user", "users"), (self.hosts, "host", "hosts")];
        let counts: Vec<_> = counts
            .into_iter()
            .filter(|(count, ..)| count.is_some())
            .map(|(count, one, many)| counted(count, one, many))
            .collect();
        let mut parts = Vec::new();
        if !counts.is_empty() {
            parts.push(counts.join(", "));
        }
        let services = self.service_names(directory);
        if !services.is_empty() {
            parts.push(format!("also {}", services.join(", ")));
        }
        if !self.customers.is_empty() {
            parts.push(format!("customers {}", self.customers.join(", ")));
        }
        parts.extend(self.how_bad.clone());
        parts.join("; ")
    }

    /// Lists a loss.
    ///
    /// # Errors
    /// When the list is full.
    pub fn add_loss(&mut self, what: String, amount: Money) -> Result<Loss, Wrong> {
        let number =
            u32::try_from(self.losses.len()).ok().filter(|_| self.losses.len() < LOSSES_MAX);
        let number = number.ok_or(Wrong::Full)? + 1;
        let loss = Loss { number, what, amount, is_struck: false };
        self.losses.push(loss.clone());
        Ok(loss)
    }

    /// Strikes a loss, which stays on the list.
    ///
    /// # Errors
    /// When there is none of that number.
    pub fn strike_loss(&mut self, number: u32) -> Result<Loss, Wrong> {
        let loss = self.losses.iter_mut().find(|loss| loss.number == number && !loss.is_struck);
        let loss = loss.ok_or(Wrong::NoSuchLoss)?;
        loss.is_struck = true;
        Ok(loss.clone())
    }

    /// The losses that stand.
    pub fn standing_losses(&self) -> impl Iterator<Item = &Loss> {
        self.losses.iter().filter(|loss| !loss.is_struck)
    }

    fn service_names(&self, directory: &Directory) -> Vec<String> {
        let services = self.services.iter().filter_map(|id| directory.services.get(*id));
        services.map(|service| service.name.clone()).collect()
    }
}

impl Contact {
    /// In words: `Kim Doe, +1 555 0100`.
    pub fn words(&self) -> String {
        match &self.reach {
            Some(reach) => format!("{}, {reach}", self.name),
            None => self.name.clone(),
        }
    }
}

/// What an incident has cost so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cost {
    /// What each minute costs now, by currency; empty once customers are well.
    pub per_minute: Vec<Money>,
    /// What the time of the outage cost, by currency.
    pub outage: Vec<Money>,
    /// The losses that stand, by currency.
    pub losses: Vec<Money>,
    /// All of it, by currency.
    pub total: Vec<Money>,
}

/// What an incident has cost by `now`: the minutes of every affected service at its price, and the
/// losses besides. Each service is counted once.
pub fn cost(directory: &Directory, incident: &Incident, now: Timestamp) -> Cost {
    let mut cost = Cost::default();
    let severity = directory.severity(incident.severity);
    let outage = outage(&incident.stamps, severity, now);
    let is_well = incident.stamps.restored_at.or(incident.stamps.resolved_at).is_some();
    let services = affected(incident).filter_map(|service| directory.services.get(service));
    for price in services.filter_map(|service| service.cost_per_minute.as_ref()) {
        if severity.urgency == Urgency::High && !is_well {
            add(&mut cost.per_minute, price);
        }
        if let Some((from, to)) = outage {
            add(&mut cost.outage, &cost_of(to.duration_since(from), price));
        }
    }
    for loss in incident.impact.standing_losses() {
        add(&mut cost.losses, &loss.amount);
    }
    cost.total = cost.outage.clone();
    for loss in &cost.losses {
        add(&mut cost.total, loss);
    }
    cost
}

/// The services that an incident takes from their users, its own first.
pub fn affected(incident: &Incident) -> impl Iterator<Item = ServiceId> {
    let others = incident.impact.services.iter().copied();
    std::iter::once(incident.service).chain(others.filter(|one| *one != incident.service))
}

/// The time that an incident took its services from their users: from the beginning of the trouble
/// to restoration, for severities that wake people. What can wait for the morning is no outage.
pub fn outage(
    stamps: &Stamps,
    severity: &Severity,
    now: Timestamp,
) -> Option<(Timestamp, Timestamp)> {
    let from = stamps.occurred_at.or(stamps.detected_at)?;
    let to = stamps.restored_at.or(stamps.resolved_at).unwrap_or(now);
    (severity.urgency == Urgency::High && from < to).then_some((from, to))
}

/// Whole units, rounded down; a minute begun costs its share.
pub fn cost_of(outage: SignedDuration, per_minute: &Money) -> Money {
    let amount = i128::from(outage.as_secs()) * i128::from(per_minute.amount) / 60;
    Money {
        amount: i64::try_from(amount).unwrap_or(i64::MAX),
        currency: per_minute.currency.clone(),
    }
}

/// Adds an amount to the one of its currency. Currencies are never changed into each other.
pub fn add(sums: &mut Vec<Money>, amount: &Money) {
    match sums.iter_mut().find(|sum| sum.currency == amount.currency) {
        Some(sum) => sum.amount = sum.amount.saturating_add(amount.amount),
        None => sums.push(amount.clone()),
    }
}

fn once<T: PartialEq>(all: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut once = Vec::new();
    for one in all {
        if !once.contains(&one) && once.len() < NAMED_MAX {
            once.push(one);
        }
    }
    once
}

fn counted(count: Option<u64>, one: &str, many: &str) -> String {
    match count {
        None => format!("{many} not known"),
        Some(1) => format!("1 {one}"),
        Some(count) => format!("{} {many}", grouped(count)),
    }
}

/// `1,200,000`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const OWN: ServiceId = ServiceId(Uuid::from_u128(1));

    fn euros(amount: i64) -> Money {
        Money { amount, currency: "EUR".into() }
    }

    #[test]
    fn only_what_is_news_is_said_and_nothing_else_is_touched() {
        let directory = Directory::default();
        let mut impact = Impact::default();
        let change = Change {
            users: Some(Some(1_234_567)),
            hosts: Some(Some(1)),
            customers: Some(vec!["Acme".into(), "Acme".into()]),
            services: Some(vec![OWN]),
            ..Change::default()
        };
        let said = impact.change(change.clone(), OWN, &directory);
        assert_eq!(said, ["1,234,567 users", "1 host", "customers Acme"]);
        assert!(impact.services.is_empty(), "its own service is no other one");
        assert_eq!(impact.change(change, OWN, &directory), [] as [&str; 0]);
        let how_bad = Change { how_bad: Some(Some("nobody can pay".into())), ..Change::default() };
        assert_eq!(impact.change(how_bad, OWN, &directory), ["nobody can pay"]);
        assert_eq!(
            impact.words(&directory),
            "1,234,567 users, 1 host; customers Acme; nobody can pay"
        );
        let less = Change { users: Some(None), ..Change::default() };
        assert_eq!(impact.change(less, OWN, &directory), ["users not known"]);
        assert_eq!(impact.hosts, Some(1));
    }

    #[test]
    fn a_struck_loss_stays_listed_and_its_number_is_not_given_again() {
        let mut impact = Impact::default();
        assert_eq!(impact.add_loss("six people, two hours".into(), euros(900)).unwrap().number, 1);
        assert_eq!(impact.strike_loss(2), Err(Wrong::NoSuchLoss));
        impact.strike_loss(1).unwrap();
        assert_eq!(impact.strike_loss(1), Err(Wrong::NoSuchLoss));
        assert_eq!(impact.add_loss("penalty".into(), euros(5_000)).unwrap().number, 2);
        assert_eq!(impact.standing_losses().map(|loss| loss.number).collect::<Vec<_>>(), [2]);
        while impact.losses.len() < LOSSES_MAX {
            impact.add_loss("more".into(), euros(1)).unwrap();
        }
        assert_eq!(impact.add_loss("too much".into(), euros(1)), Err(Wrong::Full));
    }

    #[test]
    fn amounts_are_added_within_their_currency_alone() {
        let mut sums = Vec::new();
        add(&mut sums, &euros(10));
        add(&mut sums, &Money { amount: 7, currency: "USD".into() });
        add(&mut sums, &euros(i64::MAX));
        assert_eq!(sums, [euros(i64::MAX), Money { amount: 7, currency: "USD".into() }]);
    }

    #[test]
    fn a_minute_begun_costs_its_share() {
        assert_eq!(cost_of(SignedDuration::from_secs(90), &euros(1_200)), euros(1_800));
        assert_eq!(cost_of(SignedDuration::from_secs(1), &euros(59)), euros(0));
    }
}
