//! The standard aliases of a service (`O1`): `page-SERVICE-primary`, `-secondary` and `-escalation`.
//! Nothing is stored: an alias is read through the service's escalation policy each time, so it is
//! as up to date as the policy and the schedules behind it.

use std::fmt;

use jiff::Timestamp;

use crate::id::UserId;
use crate::incident::severity::Urgency;
use crate::oncall::facts::Turns;
use crate::oncall::reach;
use crate::org::directory::Directory;

const PREFIX: &str = "page-";

/// Which of a service's people an alias asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Line {
    /// Whoever is asked first.
    Primary,
    /// Whoever is asked next.
    Secondary,
    /// Whoever is asked when those two do not answer, usually management.
    Escalation,
}

names!(Line { Primary = "primary", Secondary = "secondary", Escalation = "escalation" });

/// A name that people and programs page by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Alias {
    /// The service's name, which may itself contain dashes.
    pub service: String,
    /// Which of its people.
    pub line: Line,
}

impl Alias {
    /// Reads `page-SERVICE-primary`, `-secondary` or `-escalation`; whether there is such a service
    /// is for [`resolve`] to say.
    pub fn parse(text: &str) -> Option<Self> {
        let service = Self::service_in(text)?.to_owned();
        let (_, line) = text.rsplit_once('-')?;
        Some(Self { service, line: Line::from_name(line)? })
    }

    /// The service's name in what has the form of an alias.
    pub fn service_in(text: &str) -> Option<&str> {
        let (service, line) = text.strip_prefix(PREFIX)?.rsplit_once('-')?;
        Line::from_name(line)?;
        (!service.is_empty()).then_some(service)
    }
}

impl fmt::Display for Alias {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}-{}", self.service, self.line.name())
    }
}

/// Every alias of the organisation, by service.
pub fn all(directory: &Directory) -> Vec<Alias> {
    let lines = |name: &str| {
        let of_line = |line| Alias { service: name.to_owned(), line };
        [Line::Primary, Line::Secondary, Line::Escalation].map(of_line)
    };
    directory.services.iter().flat_map(|service| lines(&service.name)).collect()
}

/// The people an alias stands for at `at`; `None` when there is no such service.
///
/// Primary, secondary and escalation are the first, second and third step of the service's policy;
/// a policy with fewer steps answers with its last. A step that reaches nobody gives way to the one
/// after it, then to the one before, and in the end to the catch-all, so that an alias is empty
/// only when nobody at all can be reached.
pub fn resolve(directory: &Directory, alias: &Alias, at: Timestamp) -> Option<Vec<UserId>> {
    let service = directory.services.named(&alias.service)?;
    let steps = directory
        .policies
        .get(service.policy)
        .map(|policy| reach::reach_steps(directory, policy, Urgency::High, &Turns::new(), at))
        .unwrap_or_default();
    let wanted = match alias.line {
        Line::Primary => 0,
        Line::Secondary => 1,
        Line::Escalation => 2,
    };
    let split = wanted.min(steps.len().saturating_sub(1));
    let (before, from_wanted) = steps.split_at(split);
    let catch_all = || {
        let policy = directory.catch_all_policy()?;
        let steps = reach::reach_steps(directory, policy, Urgency::High, &Turns::new(), at);
        steps.into_iter().find(|users| !users.is_empty())
    };
    let reached = from_wanted.iter().chain(before.iter().rev()).find(|users| !users.is_empty());
    Some(reached.cloned().or_else(catch_all).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oncall::tests::{ANA, BO, CY, Organisation, now};

    fn users(organisation: &Organisation, alias: &str) -> Option<Vec<UserId>> {
        resolve(&organisation.directory(), &Alias::parse(alias).unwrap(), now())
    }

    #[test]
    fn service_names_may_contain_dashes() {
        let alias = Alias::parse("page-ledger-db-primary").unwrap();
        assert_eq!((alias.service.as_str(), alias.line), ("ledger-db", Line::Primary));
        assert_eq!(alias.to_string(), "page-ledger-db-primary");
        for wrong in ["page-primary", "page--primary", "checkout-primary", "page-checkout", ""] {
            assert_eq!(Alias::parse(wrong), None, "{wrong:?} was taken");
        }
    }

    #[test]
    fn the_lines_are_the_steps_of_the_policy() {
        let org = Organisation::steps(&[&[ANA], &[BO], &[CY]]);
        assert_eq!(users(&org, "page-checkout-primary"), Some(vec![ANA]));
        assert_eq!(users(&org, "page-checkout-secondary"), Some(vec![BO]));
        assert_eq!(users(&org, "page-checkout-escalation"), Some(vec![CY]));
        assert_eq!(users(&org, "page-unknown-primary"), None);
    }

    #[test]
    fn a_short_policy_answers_with_its_last_step() {
        let org = Organisation::steps(&[&[ANA]]);
        assert_eq!(users(&org, "page-checkout-escalation"), Some(vec![ANA]));
    }

    #[test]
    fn an_empty_step_falls_through_to_the_next_and_then_to_the_catch_all() {
        let org = Organisation::steps(&[&[], &[BO], &[]]);
        assert_eq!(users(&org, "page-checkout-primary"), Some(vec![BO]));
        assert_eq!(users(&org, "page-checkout-escalation"), Some(vec![BO]));
        let org = Organisation::steps(&[&[], &[]]).catch_all(&[CY]);
        assert_eq!(users(&org, "page-checkout-secondary"), Some(vec![CY]));
    }

    #[test]
    fn every_service_has_its_three_aliases() {
        let names: Vec<_> = all(&Organisation::steps(&[&[ANA]]).directory())
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            names,
            ["page-checkout-primary", "page-checkout-secondary", "page-checkout-escalation"]
        );
    }
}
