//! Bad files, each the example with one mistake in it, and what is said about them.

use super::super::{FILE_BYTES_MAX, PROBLEMS_MAX, check};
use super::{EXAMPLE, example_with, problems};

/// What is replaced by what, and everything that is then said.
type Bad = (&'static str, &'static str, &'static [&'static str]);

const BAD: &[Bad] = &[
    // The file.
    (
        "services:\n",
        "servcies:\n",
        &[
            "line 67, column 1: servcies: there is no field `servcies` here; did you mean `services`?",
        ],
    ),
    (
        "organization:\n",
        "organization: [\n",
        &[
            "line 8, column 11: this is not YAML: while parsing a flow mapping, did not find expected ',' or '}'",
        ],
    ),
    (
        "catch_all:",
        "organization: {}\ncatch_all:",
        &["line 86, column 1: organization: `organization` is here twice; the first is on line 6"],
    ),
    (
        "catch_all: { escalation_policy: payments }",
        "catch_all:",
        &[
            "line 86, column 10: catch_all: nothing stands here; leave the field out to keep what is configured",
        ],
    ),
    (
        "catch_all: { escalation_policy: payments }",
        "",
        &[
            "catch_all: an alert that no service claims would have nobody to page; add `catch_all: { escalation_policy: ... }`",
        ],
    ),
    (
        "teams:\n",
        "teams: payments\nunused:\n",
        &[
            "line 39, column 8: teams: a list is expected here, and this is a single value",
            "line 40, column 1: unused: there is no field `unused` here; known are organization, users, teams, schedules, escalation_policies, services, service_groups, engagement_groups, notification_lists, integrations, heartbeats, routing, inhibit, watch, severities, roles, audiences, status_pages, checklists, fields, webhooks, workflows, change_policy, providers, catch_all, routing_tests",
        ],
    ),
    // Names and references.
    (
        "  - name: cleo\n",
        "  - name: ana\n",
        &[
            "line 26, column 17: users[1].reports_to: there is no user `cleo`",
            "line 31, column 11: users[2].name: there is another user `ana`",
        ],
    ),
    (
        "  - name: cleo\n",
        "  - name: \"\"\n",
        &[
            "line 26, column 17: users[1].reports_to: there is no user `cleo`",
            "line 31, column 11: users[2].name: a name cannot be empty",
        ],
    ),
    (
        "  - name: cleo\n",
        "  - name: cle/o\n",
        &[
            "line 26, column 17: users[1].reports_to: there is no user `cleo`",
            "line 31, column 11: users[2].name: `cle/o` cannot be a name: it begins or ends in a space, or has a `/` or a control character in it",
        ],
    ),
    (
        "    reports_to: cleo",
        "    reports_to: clio",
        &["line 26, column 17: users[1].reports_to: there is no user `clio`; did you mean `cleo`?"],
    ),
    (
        "manager: bo",
        "manager: [bo]",
        &["line 40, column 32: teams[0].manager: text is expected here, and this is a list"],
    ),
    (
        "members: [ana, bo]",
        "members: [ana, ana, bob]",
        &[
            "line 40, column 51: teams[0].members[1]: there is another member `ana` here",
            "line 40, column 56: teams[0].members[2]: there is no user `bob`; did you mean `bo`?",
        ],
    ),
    (
        "participants: [bo, ana]",
        "participants: [bo, anna]",
        &[
            "line 56, column 108: schedules[1].layers[0].rotation.participants[1]: there is no user `anna`; did you mean `ana`?",
        ],
    ),
    (
        "    escalation_policy: payments\n    depends_on",
        "    escalation_policy: paymnets\n    depends_on",
        &[
            "line 71, column 24: services[0].escalation_policy: there is no escalation policy `paymnets`; did you mean `payments`?",
        ],
    ),
    (
        "depends_on: [ledger-db]",
        "depends_on: [ledger, checkout]",
        &[
            "line 72, column 17: services[0].depends_on: these services depend on each other in a circle: checkout -> checkout",
            "line 72, column 18: services[0].depends_on[0]: there is no service `ledger`",
        ],
    ),
    (
        "{ schedule: payments-primary }",
        "{ schedule: primary }",
        &[
            "line 63, column 46: escalation_policies[0].steps[0].targets[0].schedule: there is no schedule `primary`",
        ],
    ),
    (
        "{ manager_of: payments }",
        "{ manager_of: pay }",
        &[
            "line 65, column 48: escalation_policies[0].steps[2].targets[0].manager_of: there is no team `pay`",
        ],
    ),
    (
        "name: ledger-db",
        "name: catch-all",
        &[
            "line 72, column 18: services[0].depends_on[0]: there is no service `ledger-db`",
            "line 81, column 11: services[1].name: `catch-all` is the built-in service that takes what no routing rule claims; choose another name",
        ],
    ),
    (
        "name: cleo\n",
        "name: ana@example.com\n",
        &[
            "line 26, column 17: users[1].reports_to: there is no user `cleo`",
            "line 31, column 11: users[2].name: a user's name has no `@` in it, because people sign in by name or by mail address",
        ],
    ),
    (
        "email: bo@example.com",
        "email: ANA@example.com",
        &[
            "line 24, column 12: users[1].email: `ANA@example.com` is the mail address of `ana` already",
        ],
    ),
    (
        "email: bo@example.com",
        "email: bo at example",
        &[
            "line 24, column 12: users[1].email: `bo at example` is not a mail address; write for example `ana@example.com`",
        ],
    ),
    (
        "role: responder ",
        "role: boss ",
        &[
            "line 14, column 11: users[0].role: `boss` is not a role; write admin, manager, responder or stakeholder",
        ],
    ),
    // Circles.
    (
        "role: manager\n    timezone: Europe/Berlin",
        "role: manager\n    reports_to: bo",
        &[
            "line 26, column 17: users[1].reports_to: the management chain is a circle: bo -> cleo -> bo",
        ],
    ),
    (
        "  - name: ledger-db\n",
        "  - name: ledger-db\n    depends_on: [checkout]\n",
        &[
            "line 72, column 17: services[0].depends_on: these services depend on each other in a circle: checkout -> ledger-db -> checkout",
        ],
    ),
    // Contact methods and rules.
    (
        "type: webhook, url: \"http://127.0.0.1:9099/ana\"",
        "type: webhok, url: x",
        &[
            "line 17, column 29: users[0].contact_methods[0].type: `webhok` is not a type of contact method; known are webhook, email, sms, voice, push, slack, mattermost, teams, discord, telegram, matrix, ntfy, pushover, gotify",
        ],
    ),
    (
        "url: \"http://127.0.0.1:9099/ana\"",
        "url: \"javascript:alert(1)\"",
        &[
            "line 17, column 43: users[0].contact_methods[0].url: `javascript:alert(1)` is not an http or https address",
        ],
    ),
    (
        "type: email, address: ana@example.com",
        "type: email, url: http://x.example",
        &[
            "line 18, column 9: users[0].contact_methods[1].address: `address` is missing",
            "line 18, column 41: users[0].contact_methods[1].url: `url` does not belong here: a mailbox has an `address`",
        ],
    ),
    (
        "{ after: 5m, method: mail }",
        "{ after: 5m, method: sms }",
        &[
            "line 20, column 65: users[0].notification_rules.high[1].method: `ana` has no contact method `sms`",
        ],
    ),
    (
        "{ after: 5m, method: mail }",
        "{ after: 5 minutes, method: mail }",
        &[
            "line 20, column 53: users[0].notification_rules.high[1].after: `5 minutes` is not a duration; write for example `45s`, `5m`, `2h`, `1d` or `1h30m`",
        ],
    ),
    // Schedules.
    (
        "timezone: Europe/Berlin\n    layers:\n      - name: weekly",
        "timezone: Europe/Berln\n    layers:\n      - name: weekly",
        &[
            "line 45, column 15: schedules[0].timezone: `Europe/Berln` is not a time zone of the IANA database; write for example `Europe/Berlin`",
        ],
    ),
    (
        "every: 1w, handoff: \"Mon 09:00\", start: 2026-01-05, participants: [ana, bo]",
        "every: 1w, handoff: \"09:00\", start: 2026-01-05, participants: [ana, bo]",
        &[
            "line 48, column 41: schedules[0].layers[0].rotation.handoff: turns of weeks change on a weekday; write for example `Mon 09:00`",
        ],
    ),
    (
        "every: 1w, handoff: \"Mon 09:00\", start: 2026-01-05, participants: [ana, bo]",
        "every: 0w, handoff: \"Moo 9\", start: 2026-02-30, participants: [ana, bo]",
        &[
            "line 48, column 28: schedules[0].layers[0].rotation.every: a turn of no length never ends; write for example `1w`",
            "line 48, column 41: schedules[0].layers[0].rotation.handoff: `Moo 9` is not a handoff; write for example `Mon 09:00` or `09:00`, or for months `1 09:00`, `last 09:00` or `first Mon 09:00`",
            "line 48, column 57: schedules[0].layers[0].rotation.start: `2026-02-30` is not a date; write for example `2026-01-05`",
        ],
    ),
    (
        "every: 1w, handoff: \"Mon 09:00\", start: 2026-01-05, participants: [ana, bo]",
        "every: 90s",
        &[
            "line 48, column 19: schedules[0].layers[0].rotation.start: `start` is missing",
            "line 48, column 28: schedules[0].layers[0].rotation.every: a turn is at least 15 minutes long; for a month write `1mo`",
        ],
    ),
    (
        "to: \"2026-12-26T09:00\"",
        "to: \"2026-12-23T09:00\"",
        &[
            "line 51, column 51: schedules[0].overrides[0].to: this override ends at 2026-12-23T09:00, before it begins",
        ],
    ),
    (
        "from: \"2026-12-24T09:00\"",
        "from: 24.12.2026",
        &[
            "line 51, column 27: schedules[0].overrides[0].from: `24.12.2026` is not a local date and time; write for example `2026-12-24T09:00`",
        ],
    ),
    // Escalation.
    (
        "repeat: 2",
        "repeat: 1000",
        &[
            "line 61, column 13: escalation_policies[0].repeat: a whole number from 0 to 100 is expected here, and this is `1000`",
        ],
    ),
    (
        "repeat: 2",
        "repeat: \"2\"",
        &[
            "line 61, column 13: escalation_policies[0].repeat: a whole number from 0 to 100 is expected here, and this is `2`",
        ],
    ),
    (
        "{ after: 5m,  targets: [ { schedule: payments-secondary } ] }",
        "{ targets: [ { schedule: payments-secondary, user: ana }, ana ] }",
        &[
            "line 64, column 22: escalation_policies[0].steps[1].targets[0]: a target is one of `user`, `schedule`, `rotation`, `team` (with `round_robin: true` for taking turns), `manager_of`, `role`, `channel` and `webhook`",
            "line 64, column 67: escalation_policies[0].steps[1].targets[1]: fields such as `user: ...` are expected here, and this is a single value",
        ],
    ),
    // Services.
    (
        "tier: 1\n    escalation_policy: payments\n    depends_on",
        "tier: first\n    escalation_policy: payments\n    depends_on",
        &[
            "line 70, column 11: services[0].tier: a whole number from 1 to 9 is expected here, and this is `first`",
        ],
    ),
    (
        "runbook: https://wiki.example.com/checkout",
        "runbook: wiki.example.com/checkout",
        &[
            "line 73, column 14: services[0].runbook: `wiki.example.com/checkout` is not an http or https address",
        ],
    ),
    (
        "amount: 1200, currency: EUR",
        "amount: -5, currency: euro",
        &[
            "line 74, column 32: services[0].cost_per_minute.amount: a whole number from 0 to 1000000000000 is expected here, and this is `-5`",
            "line 74, column 46: services[0].cost_per_minute.currency: `euro` is not a currency; write its three letters, for example `EUR`",
        ],
    ),
    (
        "when: 'severity == \"critical\"', severity: 1",
        "when: 'severity ==', severity: 1",
        &[
            "line 76, column 17: services[0].severity_map[0].when: this rule is refused: line 1, column 13: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
        ],
    ),
    (
        "when: 'severity == \"critical\"', severity: 1",
        "when: 'sverity == \"critical\"', severity: 7",
        &[
            "line 76, column 17: services[0].severity_map[0].when: this rule is refused: `sverity` is not a variable; there are severity, summary, source, component, group, class, labels, details, dedup_key, integration, service",
        ],
    ),
    (
        "when: 'severity == \"critical\"', severity: 1",
        "when: 'true', severity: 1, informational: true",
        &[
            "line 76, column 53: services[0].severity_map[0].informational: an informational alert has no severity; keep one of the two",
        ],
    ),
    (
        "when: 'severity == \"critical\"', severity: 1",
        "when: 'true'",
        &[
            "line 76, column 9: services[0].severity_map[0]: what a match becomes is missing: `severity: 1` or `informational: true`",
        ],
    ),
    (
        "    integrations:\n",
        "    grouping: always\n    integrations:\n",
        &[
            "line 78, column 15: services[0].grouping: `always` is not a way of grouping; write `none`, or for example `{ window: 5m, by: [cluster] }`",
        ],
    ),
    (
        "    integrations:\n",
        "    grouping: { window: 0s, labels: [a] }\n    integrations:\n",
        &[
            "line 78, column 25: services[0].grouping.window: a window of no length groups nothing; write `grouping: none` for that",
            "line 78, column 29: services[0].grouping.labels: there is no field `labels` here; known are window, by",
        ],
    ),
    (
        "type: pagerduty, key: 0123456789abcdef0123456789abcdef",
        "type: pagerdooty, key: short",
        &[
            "line 79, column 41: services[0].integrations[0].type: `pagerdooty` is not a source; known are pagerduty, alertmanager, prometheus, generic, email, github, gitlab, argocd, jenkins, flux, terraform, generic-changes",
            "line 79, column 58: services[0].integrations[0].key: a key has 8 to 128 characters, and this one has 5",
        ],
    ),
    (
        "key: am-checkout-key",
        "key: \"has spaces in it\"",
        &[
            "line 80, column 56: services[0].integrations[1].key: a key is made of letters, digits, `-`, `.`, `_` and `~`",
        ],
    ),
    (
        "key: am-checkout-key",
        "key: 0123456789abcdef0123456789abcdef",
        &[
            "line 80, column 56: services[0].integrations[1].key: `services[0].integrations[0].key` has the same key, and a key belongs to one integration",
        ],
    ),
    (
        "key: am-checkout-key",
        "key: { env: 1KEY }",
        &[
            "line 80, column 63: services[0].integrations[1].key.env: `1KEY` is not the name of an environment variable",
        ],
    ),
    (
        "key: am-checkout-key",
        "key: am-checkout-key, mapping: { summary: body.title }",
        &[
            "line 80, column 82: services[0].integrations[1].mapping: only a `generic` or `email` or `generic-changes` integration has a mapping",
        ],
    ),
    (
        "type: alertmanager, key: am-checkout-key",
        "type: generic, key: am-checkout-key, mapping: { summry: body.title, summary: 'body.' }",
        &[
            "line 80, column 87: services[0].integrations[1].mapping.summry: this mapping of `summry` is refused: is not a field; there are summary, details, action, dedup_key, severity, source, component, group, class, group_key, labels, links, occurred_at",
            "line 80, column 108: services[0].integrations[1].mapping.summary: this mapping of `summary` is refused: line 1, column 7: Syntax error: no viable alternative at input '.'",
        ],
    ),
    (
        "type: alertmanager, key: am-checkout-key",
        "type: alertmanager, key: am-checkout-key, secret: long-enough, services: { a: checkout }",
        &[
            "line 80, column 81: services[0].integrations[1].secret: only integrations of `github`, `gitlab`, `flux`, `terraform` sign what they send",
            "line 80, column 104: services[0].integrations[1].services: only an integration that takes changes maps them",
        ],
    ),
    (
        "type: alertmanager, key: am-checkout-key",
        "type: github, key: am-checkout-key, secret: short, expect_every: 1h",
        &[
            "line 80, column 75: services[0].integrations[1].secret: a signing secret has 8 to 255 characters",
            "line 80, column 96: services[0].integrations[1].expect_every: changes come when they come; only alerts can be expected regularly",
        ],
    ),
    // The rest of the organisation.
    (
        "timezone: Europe/Berlin\n\nusers",
        "timezone: Mars/Olympus\n\nusers",
        &[
            "line 8, column 13: organization.timezone: `Mars/Olympus` is not a time zone of the IANA database; write for example `Europe/Berlin`",
        ],
    ),
    (
        "catch_all:",
        "severities: [ { level: 1, name: A, urgency: loud }, { level: 1, name: B, urgency: high } ]\ncatch_all:",
        &[
            "line 77, column 53: services[0].severity_map[1].severity: there is no severity 3; there are 1",
            "line 86, column 45: severities[0].urgency: `loud` is not an urgency; write high, low or none",
            "line 86, column 62: severities[1].level: there is another severity 1",
        ],
    ),
    (
        "catch_all:",
        "severities: [ { level: 1, name: A, urgency: none }, { level: 3, name: B, urgency: none } ]\ncatch_all:",
        &[
            "line 87, column 12: catch_all: no severity has the urgency high or low, so nobody would ever be paged",
        ],
    ),
    (
        "catch_all:",
        "routing: [ { when: 'labels.a ==', service: shop } ]\ncatch_all:",
        &[
            "line 86, column 20: routing[0].when: this rule is refused: line 1, column 13: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
            "line 86, column 44: routing[0].service: there is no service `shop`",
        ],
    ),
    (
        "catch_all:",
        "webhooks: [ { name: chat, url: ftp://x.example, secret: abc, events: [Incident] } ]\ncatch_all:",
        &[
            "line 86, column 32: webhooks[0].url: `ftp://x.example` is not an http or https address",
            "line 86, column 57: webhooks[0].secret: a signing secret has at least 8 characters",
            "line 86, column 71: webhooks[0].events[0]: `Incident` is not an event type; write for example `incident.acknowledged` or `incident.*`",
        ],
    ),
    (
        "catch_all:",
        "providers: [ { name: a, type: twilo }, { name: b, type: slack, token: t, account: x }, { name: b, type: smtp, url: http://x, from: nobody } ]\ncatch_all:",
        &[
            "line 86, column 31: providers[0].type: `twilo` is not a type of provider; known are twilio, slack, mattermost, discord, telegram, matrix, ntfy, pushover, gotify, smtp",
            "line 86, column 40: providers[1].signing_secret: `signing_secret` is missing",
            "line 86, column 83: providers[1].account: `account` does not belong here: a provider of type slack has token, signing_secret, url",
            "line 86, column 96: providers[2].name: there is another provider `b` here",
            "line 86, column 116: providers[2].url: write smtp://host:port or smtps://host",
            "line 86, column 132: providers[2].from: `nobody` is not a mail address; write for example `ana@example.com`",
        ],
    ),
    (
        "      - { name: hook, type: webhook",
        "      - { name: phone, type: sms, address: 0151 }\n      - { name: p, type: push, address: x }\n      - { name: hook, type: webhook",
        &[
            "line 17, column 44: users[0].contact_methods[0].address: `0151` is no address for sms; write a phone number with its country: +4915112345678",
            "line 18, column 41: users[0].contact_methods[1].address: `address` does not belong here: browsers register themselves for notifications",
        ],
    ),
    (
        "catch_all:",
        "routing_tests: [ { name: t, integration: x, signal: { action: panic }, expect: {} } ]\ncatch_all:",
        &[
            "line 86, column 63: routing_tests[0].signal.action: an action is trigger, acknowledge or resolve",
            "line 86, column 80: routing_tests[0].expect: an assertion that expects nothing holds always; name a `service`, `severity`, `informational` or `pages`",
        ],
    ),
    // Nobody to page.
    (
        "catch_all: { escalation_policy: payments }",
        "catch_all: { escalation_policy: nobody }",
        &[
            "line 86, column 33: catch_all.escalation_policy: there is no escalation policy `nobody`",
        ],
    ),
];

#[test]
fn every_problem_of_a_bad_file_is_named_with_its_place() {
    for (from, to, said) in BAD {
        let found = problems(&example_with(from, to));
        assert_eq!(said, &found, "after {from:?} became {to:?}");
    }
}

/// Everything that a small organisation needs, but for who the catch-all asks.
fn asking(targets: &str) -> Vec<String> {
    problems(&format!(
        r#"
users:
  - {{ name: ana, email: ana@example.com, contact_methods: [ {{ name: mail, type: email, address: a@example.com }} ] }}
  - {{ name: mute, email: mute@example.com }}
teams:
  - {{ name: led, manager: ana }}
  - {{ name: unled, members: [mute] }}
  - {{ name: empty }}
schedules:
  - {{ name: staffed, layers: [ {{ name: all, rotation: {{ every: 1d, start: 2026-01-01, participants: [ana] }} }} ] }}
  - {{ name: vacant, layers: [], overrides: [ {{ user: ana, from: "2026-02-01T00:00", to: "2026-03-01T00:00" }} ] }}
  - {{ name: muted, layers: [ {{ name: all, rotation: {{ every: 12h, start: 2026-01-01, participants: [mute] }} }} ] }}
escalation_policies:
  - name: last-resort
    steps: {targets}
catch_all: {{ escalation_policy: last-resort }}
"#
    ))
}

#[test]
fn a_catch_all_that_can_never_reach_anybody_is_refused_with_the_reason() {
    for reached in ["user: ana", "schedule: staffed", "manager_of: led"] {
        let steps = format!("[ {{ targets: [ {{ user: mute }}, {{ {reached} }} ] }} ]");
        assert_eq!(asking(&steps), [""; 0], "{reached} reaches somebody");
    }
    let reasons = [
        ("[]", "it has no step with a target"),
        ("[ { targets: [] } ]", "it has no step with a target"),
        ("[ { targets: [ { user: mute } ] } ]", "step 1: `mute` has no contact method"),
        (
            "[ { targets: [] }, { targets: [ { schedule: vacant }, { schedule: muted } ] } ]",
            "step 2: the schedule `vacant` has no participants; step 2: no participant of the schedule `muted` has a contact method",
        ),
        (
            "[ { targets: [ { team: empty }, { team: unled }, { manager_of: unled } ] } ]",
            "step 1: the team `empty` has no members; step 1: no member of the team `unled` has a contact method; step 1: the team `unled` has no manager",
        ),
    ];
    for (steps, reason) in reasons {
        assert_eq!(
            asking(steps),
            [format!(
                "line 16, column 12: catch_all: the catch-all `last-resort` can never reach anybody, so an alert could have nobody to page ({reason})"
            )]
        );
    }
}

#[test]
fn a_file_without_bounds_is_refused_in_bounded_time_and_words() {
    let wrong = "x: [ { name: y } ]\n".to_owned() + &"a: 1\n".repeat(10_000);
    assert_eq!(check(&wrong, None).unwrap_err().len(), PROBLEMS_MAX);
    let long = "#".repeat(FILE_BYTES_MAX + 1);
    assert_eq!(check(&long, None).unwrap_err().len(), 1);
    assert_eq!(problems(""), ["line 1, column 1: this configuration is empty"]);
    let name = "n".repeat(101);
    assert_eq!(problems(&example_with("name: cleo\n", &format!("name: {name}\n"))).len(), 2);
}

#[test]
fn anchors_save_writing_a_thing_twice() {
    let rules = "notification_rules: { high: [ { after: 0m, method: hook } ] }";
    let text = EXAMPLE
        .replacen(rules, "notification_rules: &once { high: [ { after: 0m, method: hook } ] }", 1)
        .replacen(rules, "notification_rules: *once", 1);
    assert!(text.contains("&once") && text.contains("*once"));
    assert_eq!(problems(&text), [""; 0]);
}

#[test]
fn however_a_file_is_mutilated_it_is_read_or_refused_with_a_reason() {
    let lines: Vec<&str> = EXAMPLE.split_inclusive('\n').collect();
    for at in 0..lines.len() {
        let without = [&lines[..at], &lines[at + 1..]].concat().concat();
        let half = lines[at].chars().take(lines[at].chars().count() / 2).collect::<String>();
        let halved = format!("{}{half}\n{}", lines[..at].concat(), lines[at + 1..].concat());
        let indented = format!("{} {}", lines[..at].concat(), lines[at..].concat());
        for text in [lines[..at].concat(), without, halved, indented] {
            for problem in check(&text, None).err().into_iter().flatten() {
                assert!(problem.position.is_some() && !problem.message.is_empty(), "{problem}");
            }
            problems(&text);
        }
    }
}
