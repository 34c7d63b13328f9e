//! The organisation of the night: two teams with somebody on call each, a lead and a scribe on call,
//! people who know things, people who wait to hear.

use crate::harness::World;

/// Who is there: ten people, and root who configures.
pub const PEOPLE: [&str; 10] =
    ["pia", "olga", "quinn", "sky", "bea", "dan", "ned", "cuno", "tess", "vera"];

/// The configuration.
pub fn organization(world: &World) -> String {
    let role = |name: &str| match name {
        "vera" => "manager",
        "cuno" => "stakeholder",
        _ => "responder",
    };
    let people: String = PEOPLE
        .iter()
        .map(|name| {
            let (role, url) = (role(name), world.phone(name));
            format!(
                "  - name: {name}\n    full_name: {name} Night\n    email: {name}@example.com\n    \
                 role: {role}\n    timezone: Europe/Berlin\n    contact_methods: [ {{ name: phone, \
                 type: webhook, url: \"{url}\" }} ]\n    notification_rules: {{ high: [ {{ after: \
                 0m, method: phone }} ], low: [ {{ after: 0m, method: phone }} ] }}\n"
            )
        })
        .collect();
    let rota = |name: &str, role: &str, person: &str| {
        format!(
            "  - name: {name}\n    {role}\n    timezone: Europe/Berlin\n    layers: [ {{ name: all, \
             rotation: {{ every: 1w, handoff: \"Mon 09:00\", start: 2026-01-05, participants: \
             [{person}] }} }} ]\n"
        )
    };
    format!(
        r#"organization: {{ name: Shop, timezone: Europe/Berlin }}
users:
{people}  - {{ name: root, full_name: Root, email: root@example.com, role: admin }}
teams:
  - {{ name: platform, manager: vera, members: [pia, bea] }}
  - {{ name: operations, manager: vera, members: [olga, dan, ned] }}
schedules:
{}{}{}{}escalation_policies:
  - {{ name: platform, team: platform, steps: [ {{ after: 0m, targets: [ {{ schedule: platform }} ] }} ] }}
  - {{ name: operations, team: operations, steps: [ {{ after: 0m, targets: [ {{ schedule: operations }} ] }} ] }}
services:
  - name: application
    team: platform
    tier: 1
    depends_on: [database]
    escalation_policy: platform
    grouping: {{ window: 30m, by: [group] }}
    severity_map: [ {{ when: 'severity == "error"', severity: 2 }} ]
    integrations: [ {{ name: events, type: pagerduty, key: application-events }} ]
  - name: database
    team: operations
    escalation_policy: operations
    grouping: {{ window: 30m, by: [group] }}
    severity_map: [ {{ when: 'severity == "error"', severity: 2 }} ]
    integrations: [ {{ name: events, type: pagerduty, key: database-events }} ]
notification_lists:
  - {{ name: support, services: [application], core: [cuno] }}
  - {{ name: business, services: [application], core: [vera] }}
audiences:
  - {{ name: external, to: [support] }}
  - {{ name: internal, to: [business] }}
catch_all: {{ escalation_policy: operations }}
"#,
        rota("platform", "team: platform", "pia"),
        rota("operations", "team: operations", "olga"),
        rota("leads", "role: incident_lead", "quinn"),
        rota("scribes", "role: scribe", "sky"),
    )
}
