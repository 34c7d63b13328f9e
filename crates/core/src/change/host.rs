//! Which hosts a change may run on (`X2`): where its services name theirs, a step on another one is a
//! slip of the pen, and is refused before it becomes an outage of something else.

use glob::Pattern;

use super::plan::{Plan, Step};
use crate::org::directory::Directory;

/// The most hosts that a service names.
pub const NAMED_MAX: usize = 500;
/// The longest name of a host, or pattern for names, in characters.
pub const NAME_CHARS_MAX: usize = 253;

/// Whether a text can stand for hosts: a name, or a pattern in which `*` stands for any characters, `?`
/// for one and `[0-9]` for one of these.
///
/// # Errors
/// What is wrong with it, in words.
pub fn check(text: &str) -> Result<(), String> {
    if text.trim().is_empty() || text.chars().any(char::is_whitespace) {
        return Err("a host is one word, such as `web-*.example.com`".to_owned());
    }
    if text.chars().count() > NAME_CHARS_MAX {
        return Err(format!("a host has at most {NAME_CHARS_MAX} characters"));
    }
    Pattern::new(text).map(drop).map_err(|error| format!("`{text}` is no pattern: {}", error.msg))
}

/// The hosts that the services of a plan name; nothing where none of them names any.
pub(super) struct Known(Vec<Pattern>);

impl Known {
    /// Those of everything the plan changes.
    pub(super) fn of(plan: &Plan, directory: &Directory) -> Self {
        let services = plan.services().filter_map(|service| directory.services.get(service));
        let hosts = services.flat_map(|service| &service.hosts);
        Self(hosts.filter_map(|host| Pattern::new(&host.to_lowercase()).ok()).collect())
    }

    /// The first host of a step that none of the services has.
    pub(super) fn stranger<'a>(&self, step: &'a Step) -> Option<&'a str> {
        if self.0.is_empty() {
            return None;
        }
        let is_known = |host: &str| {
            let host = host.to_lowercase();
            self.0.iter().any(|pattern| pattern.matches(&host))
        };
        step.hosts.iter().map(String::as_str).find(|host| !is_known(host))
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use uuid::Uuid;

    use super::*;
    use crate::change::plan::Phase;
    use crate::id::{PolicyId, ServiceId};
    use crate::org::directory::Table;
    use crate::org::service::Service;

    fn stranger(named: &[&str], hosts: &[&str]) -> Option<String> {
        let id = ServiceId(Uuid::from_u128(1));
        let service = Service {
            hosts: named.iter().map(|host| (*host).to_owned()).collect(),
            ..Service::new(id, "checkout", PolicyId(Uuid::from_u128(2)))
        };
        let directory = Directory { services: Table::new(vec![service]), ..Directory::default() };
        let step = Step {
            at: SignedDuration::ZERO,
            phase: Phase::During,
            is_monitoring: false,
            text: String::new(),
            command: String::new(),
            hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
            environment: String::new(),
        };
        let known = Known::of(&Plan::new("x", id, "deploy"), &directory);
        known.stranger(&step).map(str::to_owned)
    }

    #[test]
    fn a_step_runs_on_hosts_that_its_services_name_or_on_any_where_they_name_none() {
        assert_eq!(stranger(&[], &["anything"]), None);
        let named = ["web-*.example.com", "db[1-3]", "sw1"];
        assert_eq!(stranger(&named, &["WEB-7.example.com", "db2", "sw1"]), None);
        assert_eq!(stranger(&named, &["sw1", "sw11"]).as_deref(), Some("sw11"));
        assert_eq!(stranger(&named, &["db4"]).as_deref(), Some("db4"));
        assert_eq!(stranger(&named, &[]), None, "that none is named is another finding");
    }

    #[test]
    fn a_pattern_is_a_word_that_can_be_read() {
        assert!(check("web-*.example.com").is_ok() && check("db[1-3]").is_ok());
        for wrong in ["", "two words", "db[1", "a***b", &"x".repeat(300)] {
            assert!(check(wrong).is_err(), "{wrong}");
        }
    }
}
