//! Templates of changes (`X11`): what an organisation knows of a kind of change before anybody writes one.
//! This file owns what a template is and where its texts stand; putting values into them is the
//! application's, and what a filled one lacks is [`super::lint`]'s to say.

use jiff::{SignedDuration, Timestamp};

use super::plan::{Plan, Step};
use crate::id::ServiceId;

/// The most templates.
pub const TEMPLATES_MAX: usize = 200;

/// A kind of change as the organisation wrote it down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Unique.
    pub name: String,
    /// For people.
    pub description: String,
    /// What is changed; none where whoever uses it says so.
    pub service: Option<ServiceId>,
    /// How long it takes.
    pub takes: Option<SignedDuration>,
    /// The parts that are known, their texts with placeholders.
    pub plan: Plan,
}

impl Template {
    /// When a change of it is over that begins then.
    pub fn end(&self, start: Timestamp) -> Option<Timestamp> {
        start.checked_add(self.takes?).ok()
    }
}

/// Every text of a plan that may hold a placeholder, with its place.
pub fn texts(plan: &mut Plan) -> Vec<(String, &mut String)> {
    let mut found = vec![
        ("title".to_owned(), &mut plan.title),
        ("resolver".to_owned(), &mut plan.resolver),
        ("worst_case".to_owned(), &mut plan.worst_case),
        ("benefit".to_owned(), &mut plan.benefit),
        ("without".to_owned(), &mut plan.without),
        ("customers_told".to_owned(), &mut plan.customers_told),
        ("link".to_owned(), &mut plan.link),
    ];
    found.extend(listed("contacts", &mut plan.contacts));
    found.extend(of_steps("timeline", &mut plan.timeline));
    found.extend(of_steps("rollback", &mut plan.rollback));
    found
}

fn listed<'a>(
    name: &str,
    texts: &'a mut [String],
) -> impl Iterator<Item = (String, &'a mut String)> {
    texts.iter_mut().enumerate().map(move |(place, text)| (format!("{name}[{place}]"), text))
}

fn of_steps<'a>(name: &str, steps: &'a mut [Step]) -> Vec<(String, &'a mut String)> {
    let mut found = Vec::new();
    for (place, step) in steps.iter_mut().enumerate() {
        let at = format!("{name}[{place}]");
        found.push((format!("{at}.text"), &mut step.text));
        found.push((format!("{at}.command"), &mut step.command));
        found.push((format!("{at}.environment"), &mut step.environment));
        found.extend(listed(&format!("{at}.hosts"), &mut step.hosts));
    }
    found
}
