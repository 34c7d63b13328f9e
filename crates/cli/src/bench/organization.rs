//! The organisations that benchmarks run: so many services, each with an integration of its own, and
//! somebody behind a webhook to page.

use std::fmt::Write as _;

/// The key of an integration.
pub(super) fn key(at: u64) -> String {
    format!("bench-key-{at:06}")
}

const PAGED: &str = "notification_rules: { high: [ { after: 0m, method: hook } ], \
                     low: [ { after: 0m, method: hook } ] }";
const SEVERITY: &str = "severity_map: [ { when: 'severity == \"critical\"', severity: 1 } ]";

/// Many services that one person looks after. Alerts join incidents as they do by default.
pub(super) fn shared(services: u64, hooks: u16) -> String {
    let mut text = head();
    let _ = writeln!(text, "users:\n{}", person(0, hooks));
    let _ = writeln!(text, "escalation_policies:\n{}\nservices:", policy(0));
    for at in 0..services {
        let key = key(at);
        let _ = writeln!(
            text,
            "  - {{ name: service-{at}, escalation_policy: policy-0, {SEVERITY}, \
             integrations: [ {{ name: events, type: pagerduty, key: {key} }} ] }}"
        );
    }
    text
}

/// Many people, each with a service of their own where every alert is an incident.
pub(super) fn alone(people: u64, hooks: u16) -> String {
    let mut text = head();
    let (mut users, mut policies, mut services) = (String::new(), String::new(), String::new());
    for at in 0..people {
        let key = key(at);
        let _ = writeln!(users, "{}", person(at, hooks));
        let _ = writeln!(policies, "{}", policy(at));
        let _ = writeln!(
            services,
            "  - {{ name: service-{at}, escalation_policy: policy-{at}, grouping: none, \
             {SEVERITY}, integrations: [ {{ name: events, type: pagerduty, key: {key} }} ] }}"
        );
    }
    let _ = write!(text, "users:\n{users}escalation_policies:\n{policies}services:\n{services}");
    text
}

/// One service whose only step asks everybody of one team.
pub(super) fn together(people: u64, hooks: u16) -> String {
    let mut text = head();
    let (mut users, mut members) = (String::new(), Vec::new());
    for at in 0..people {
        let _ = writeln!(users, "{}", person(at, hooks));
        members.push(format!("person-{at}"));
    }
    let (members, key) = (members.join(", "), key(0));
    let _ = write!(
        text,
        "users:\n{users}teams:\n  - {{ name: everybody, members: [ {members} ] }}\n\
         escalation_policies:\n  - {{ name: policy-0, steps: [ {{ after: 0m, \
         targets: [ {{ team: everybody }} ] }} ] }}\nservices:\n\
         \x20 - {{ name: service-0, escalation_policy: policy-0, grouping: none, {SEVERITY}, \
         integrations: [ {{ name: events, type: pagerduty, key: {key} }} ] }}\n"
    );
    text
}

/// Many policies, each asking a schedule of office hours over one of nights and weekends, then a
/// weekly one, then a manager; five people take turns in each.
pub(super) fn rotas(policies: u64) -> String {
    let mut text = head();
    let (mut users, mut schedules, mut rules) = (String::new(), String::new(), String::new());
    for at in 0..5 * policies {
        let _ = writeln!(users, "{}", person(at, 9));
    }
    for at in 0..policies {
        let people: Vec<String> = (0..5).map(|n| format!("person-{}", 5 * at + n)).collect();
        let people = people.join(", ");
        let rotation = |every: &str| {
            format!(
                "rotation: {{ every: {every}, handoff: \"Mon 09:00\", start: 2026-01-05, \
                 participants: [{people}] }}"
            )
        };
        let _ = writeln!(
            schedules,
            "  - {{ name: first-{at}, timezone: Europe/Berlin, layers: [ \
             {{ name: nights, {}, restrict: [ {{ from: \"17:00\", to: \"09:00\" }} ] }}, \
             {{ name: office, {}, restrict: [ {{ days: [mon, tue, wed, thu, fri], from: \"09:00\", \
             to: \"17:00\" }} ] }} ] }}\n\
             \x20 - {{ name: second-{at}, timezone: America/New_York, layers: [ \
             {{ name: weekly, {} }} ] }}",
            rotation("1w"),
            rotation("1d"),
            rotation("1w"),
        );
        let _ = writeln!(
            rules,
            "  - {{ name: policy-{at}, repeat: 2, steps: [ \
             {{ after: 0m, targets: [ {{ schedule: first-{at} }} ] }}, \
             {{ after: 5m, targets: [ {{ schedule: second-{at} }} ] }}, \
             {{ after: 15m, targets: [ {{ user: person-{} }} ] }} ] }}",
            5 * at,
        );
    }
    let _ = write!(
        text,
        "users:\n{users}schedules:\n{schedules}escalation_policies:\n{rules}services:\n"
    );
    for at in 0..policies {
        let _ = writeln!(text, "  - {{ name: service-{at}, escalation_policy: policy-{at} }}");
    }
    text
}

fn head() -> String {
    "organization: { name: Bench, timezone: UTC }\ncatch_all: { escalation_policy: policy-0 }\n"
        .to_owned()
}

fn person(at: u64, hooks: u16) -> String {
    format!(
        "  - {{ name: person-{at}, full_name: Person {at}, email: person-{at}@example.com, \
         role: responder, timezone: UTC, contact_methods: [ {{ name: hook, type: webhook, \
         url: \"http://127.0.0.1:{hooks}/person-{at}\" }} ], {PAGED} }}"
    )
}

fn policy(at: u64) -> String {
    format!(
        "  - {{ name: policy-{at}, steps: [ {{ after: 0m, targets: [ {{ user: person-{at} }} ] }} ] }}"
    )
}

#[cfg(test)]
mod tests {
    use muster_server::app::org::config;

    #[test]
    fn the_organisations_can_be_applied() {
        for text in
            [super::shared(3, 1), super::alone(3, 1), super::together(3, 1), super::rotas(3)]
        {
            config::check(&text, None).unwrap();
        }
    }
}
