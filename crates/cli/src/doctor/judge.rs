//! The rules by which an installation is judged.

use jiff::{SignedDuration, Timestamp};
use muster_core::incident::severity::Urgency;
use muster_core::oncall::facts::Turns;
use muster_core::oncall::reach::reach_steps;
use muster_core::oncall::schedule::on_call_at;
use muster_core::org::directory::Directory;
use muster_core::org::user::User;
use serde_json::Value;

use super::Finding;
use super::facts::Facts;
use crate::show::{count, time};

/// How far two clocks may differ: beyond that a node claims nothing.
const SKEW_MAX: SignedDuration = SignedDuration::from_secs(2);
/// How late work may be before it deserves a look, and before something is stuck.
const LATE: SignedDuration = SignedDuration::from_secs(10);
const STUCK: SignedDuration = SignedDuration::from_secs(60);
/// Free space below which there is little, and below which nothing may be stored soon, in bytes.
const SPACE_LITTLE: u64 = 1 << 30;
const SPACE_GONE: u64 = 100 << 20;

/// Judges an installation.
pub fn judge(facts: &Facts) -> Vec<Finding> {
    let mut findings = vec![store(facts)];
    findings.extend(schema(facts));
    findings.extend(replication(facts));
    findings.extend(facts.skew.map(clock));
    findings.extend(facts.space.map(|(free, whole)| space(free, whole)));
    findings.extend(configuration(facts));
    if let Some(directory) = &facts.directory {
        findings.push(catch_all(directory, facts.now));
        findings.extend(on_call(directory, facts.now));
    }
    findings.push(held(facts));
    findings.push(failed_messages(&facts.system["failed_messages"]));
    findings.push(due(facts));
    findings.push(mail(facts));
    findings.extend(facts.providers.iter().map(provider));
    findings.push(public_url(facts));
    findings
}

fn store(facts: &Facts) -> Finding {
    let version = facts.health.as_ref().map_or_else(String::new, |h| format!(" {}", h.version));
    let by = if facts.is_live { ", through the running server" } else { ", no server runs on it" };
    Finding::ok("store", format!("{}{version} answers{by}", facts.engine))
}

fn schema(facts: &Facts) -> Option<Finding> {
    let schema = facts.health.as_ref()?.schema;
    let newest = facts.schema_newest;
    Some(match schema.cmp(&newest) {
        std::cmp::Ordering::Equal => Finding::ok("schema", format!("version {schema}, the newest")),
        std::cmp::Ordering::Greater => Finding::warn(
            "schema",
            format!("version {schema} is newer than this program's {newest}; update this program"),
        ),
        std::cmp::Ordering::Less => Finding::fail(
            "schema",
            format!("version {schema} is older than {newest}; `muster serve` brings it up to date"),
        ),
    })
}

fn replication(facts: &Facts) -> Option<Finding> {
    if facts.health.is_none() || facts.engine != "PostgreSQL" {
        return None;
    }
    let synchronous = facts.health.as_ref().and_then(|health| health.synchronous.as_ref());
    Some(match synchronous {
        None => Finding::warn(
            "replication",
            "no synchronous standby is asked for: an alert that was accepted can be lost with its \
             database server; set synchronous_standby_names where that matters",
        ),
        Some(synchronous) if synchronous.present == 0 => Finding::fail(
            "replication",
            format!(
                "synchronous_standby_names asks for `{}` and no such standby is connected; bring \
                 it back, for nothing can be accepted without it",
                synchronous.wanted
            ),
        ),
        Some(synchronous) => {
            let standbys = usize::try_from(synchronous.present).unwrap_or(0);
            let standbys = count(standbys, "synchronous standby", "synchronous standbys");
            Finding::ok("replication", format!("{standbys} connected"))
        }
    })
}

fn clock(skew: SignedDuration) -> Finding {
    if skew.abs() <= SKEW_MAX {
        return Finding::ok("clock", "agrees with the other side's within 2 s");
    }
    let by = time::length(skew.abs().as_secs());
    Finding::fail(
        "clock",
        format!("differs by {by}; beyond 2 s a node sends nothing, so let NTP set both clocks"),
    )
}

fn space(free: u64, whole: u64) -> Finding {
    let mib = free >> 20;
    let text = format!("{mib} MiB free of {} MiB", whole >> 20);
    match free {
        0..SPACE_GONE => Finding::fail("disk", format!("only {text}; make room now")),
        SPACE_GONE..SPACE_LITTLE => Finding::warn("disk", format!("only {text}; make room")),
        _ => Finding::ok("disk", text),
    }
}

fn configuration(facts: &Facts) -> Vec<Finding> {
    let revision = facts.system["revision"].as_i64().unwrap_or(0);
    if revision == 0 {
        let text = "nothing is configured, so nobody can be paged; begin with `muster apply -f \
                    org.yaml`";
        return vec![Finding::fail("configuration", text)];
    }
    let mut findings =
        vec![Finding::ok("configuration", format!("revision {revision} is in force"))];
    let warnings = facts.warnings.iter();
    findings.extend(warnings.map(|warning| Finding::warn("configuration", warning.as_str())));
    findings
}

/// Whoever is paged when nobody else is must be there now.
fn catch_all(directory: &Directory, now: Timestamp) -> Finding {
    let Some(policy) = directory.catch_all_policy() else {
        return Finding::fail("catch-all", "there is none; name a policy in `catch_all`");
    };
    let reached = reach_steps(directory, policy, Urgency::High, &Turns::new(), now);
    let Some((step, users)) = (1..).zip(reached).find(|(_, users)| !users.is_empty()) else {
        let text = format!("policy {} reaches nobody now; give it a person", policy.name);
        return Finding::fail("catch-all", text);
    };
    let names: Vec<_> =
        users.iter().filter_map(|id| directory.users.get(*id)).map(|u| u.name.as_str()).collect();
    let text = format!("policy {} reaches {} now", policy.name, names.join(", "));
    match step {
        1 => Finding::ok("catch-all", text),
        step => Finding::warn("catch-all", format!("{text}, but only at step {step}")),
    }
}

/// Everybody who is on call must have a way to be woken.
fn on_call(directory: &Directory, now: Timestamp) -> Vec<Finding> {
    let mut findings = Vec::new();
    for schedule in directory.schedules.iter() {
        let shifts = on_call_at(schedule, now);
        if shifts.is_empty() {
            let text = format!("nobody is on call for {} now", schedule.name);
            findings.push(Finding::warn("on-call", text));
        }
        for user in shifts.iter().filter_map(|shift| directory.users.get(shift.user)) {
            let who = format!("{} is on call for {}", user.name, schedule.name);
            findings.extend(reachable(user, &who));
        }
    }
    if findings.is_empty() {
        let schedules = count(directory.schedules.len(), "schedule", "schedules");
        findings.push(Finding::ok("on-call", format!("somebody can be reached in {schedules}")));
    }
    findings
}

fn reachable(user: &User, who: &str) -> Option<Finding> {
    let rules = user.rules(Urgency::High);
    if rules.is_empty() {
        let text = format!("{who} and cannot be reached; add a verified contact method");
        return Some(Finding::fail("on-call", text));
    }
    let wakes = rules
        .iter()
        .filter_map(|rule| user.contact_method(rule.method))
        .any(|method| method.address.is_critical());
    let text = || format!("{who} and would be woken by mail alone; add another method");
    (!wakes).then(|| Finding::warn("on-call", text()))
}

fn held(facts: &Facts) -> Finding {
    match facts.system["held"].as_bool() {
        Some(true) => {
            Finding::warn("sending", "held after a restore: nothing is sent until `muster release`")
        }
        _ if !facts.is_live => {
            Finding::warn("sending", "no server runs, so nothing is sent; start `muster serve`")
        }
        _ => Finding::ok("sending", "not held"),
    }
}

fn failed_messages(failed: &Value) -> Finding {
    match failed.as_u64().and_then(|failed| usize::try_from(failed).ok()) {
        None | Some(0) => Finding::ok("messages", "none was set aside"),
        Some(failed) => Finding::warn(
            "messages",
            format!(
                "{} set aside; see `muster message list state:failed`, then replay",
                count(failed, "message was", "messages were")
            ),
        ),
    }
}

/// Whether accepted messages, incidents and deliveries wait longer than they should.
fn due(facts: &Facts) -> Finding {
    let late = ["inbox", "incidents_due", "deliveries_due"].iter().filter_map(|what| {
        let since = time::instant(&facts.system[*what]["since"])?;
        Some((facts.now.duration_since(since), *what))
    });
    let Some((late, what)) = late.max().filter(|(late, _)| *late > LATE) else {
        return Finding::ok("due", "nothing waits");
    };
    let what = match what {
        "inbox" => "an accepted message",
        "incidents_due" => "an incident",
        _ => "a page",
    };
    let text = format!("{what} waits since {}", time::length(late.as_secs()));
    if facts.is_live && late > STUCK && facts.system["held"] != true {
        return Finding::fail("due", format!("{text}; see the server's log"));
    }
    Finding::warn("due", text)
}

fn provider((name, answered): &(String, Result<String, String>)) -> Finding {
    match answered {
        Ok(detail) => Finding::ok("provider", format!("{name} knows us: {detail}")),
        Err(why) => Finding::fail(
            "provider",
            format!("{name}: {why}; check its address and token in the configuration"),
        ),
    }
}

fn mail(facts: &Facts) -> Finding {
    let by_mail = |user: &&User| {
        user.contact_methods.iter().any(|method| method.address.channel() == "email")
    };
    let people = facts.directory.as_ref().map_or(0, |d| d.users.iter().filter(by_mail).count());
    match &facts.mail {
        Some(Ok(())) => Finding::ok("mail", "the mail server answers"),
        Some(Err(why)) => {
            Finding::fail("mail", format!("{why}; check smtp_url (MUSTER_SMTP_URL, --smtp-url)"))
        }
        None if people > 0 && !facts.is_live => Finding::warn(
            "mail",
            format!(
                "{} to be reached by mail and no mail server is set; set MUSTER_SMTP_URL",
                count(people, "person is", "people are")
            ),
        ),
        None => Finding::ok("mail", "no mail server is set here, so none was tried"),
    }
}

fn public_url(facts: &Facts) -> Finding {
    const ADVICE: &str = "set MUSTER_PUBLIC_URL to the https address that phones reach";
    let Some(url) = &facts.public_url else {
        return Finding::warn("public url", format!("not set here; {ADVICE}"));
    };
    let host = url.split("://").nth(1).unwrap_or_default();
    let is_local = ["127.", "localhost", "[::1]", "0.0.0.0"].iter().any(|l| host.starts_with(l));
    if is_local {
        let text = format!("{url} leads to this machine alone, also in pages; {ADVICE}");
        return Finding::warn("public url", text);
    }
    if !url.starts_with("https://") {
        let text = format!("{url} is not encrypted, and links in pages carry secrets; {ADVICE}");
        return Finding::warn("public url", text);
    }
    Finding::ok("public url", url.as_str())
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;
    use muster_store::health::{Health, Synchronous};
    use serde_json::json;

    fn healthy() -> Facts {
        Facts {
            now: "2026-11-21T03:00:00Z".parse().unwrap(),
            is_live: true,
            engine: "SQLite".to_owned(),
            system: json!({ "revision": 3, "held": false, "failed_messages": 0 }),
            public_url: Some("https://muster.example.com".to_owned()),
            ..Facts::default()
        }
    }

    fn level(facts: &Facts, name: &str) -> Level {
        let found = judge(facts).into_iter().filter(|finding| finding.name == name);
        found.map(|finding| finding.level).max().unwrap_or_else(|| panic!("no check {name}"))
    }

    #[test]
    fn a_healthy_installation_has_nothing_to_say() {
        let findings = judge(&healthy());
        assert!(findings.iter().all(|finding| finding.level == Level::Ok), "{findings:#?}");
    }

    #[test]
    fn work_that_waits_is_late_and_then_stuck() {
        let mut facts = healthy();
        for (since, expected) in [
            ("2026-11-21T02:59:55Z", Level::Ok),
            ("2026-11-21T02:59:30Z", Level::Warn),
            ("2026-11-21T02:50:00Z", Level::Fail),
        ] {
            facts.system["deliveries_due"] = json!({ "count": 1, "since": since });
            assert_eq!(level(&facts, "due"), expected, "{since}");
        }
        facts.system["held"] = true.into();
        assert_eq!(level(&facts, "due"), Level::Warn, "held on purpose");
        assert_eq!(level(&facts, "sending"), Level::Warn);
    }

    #[test]
    fn a_missing_synchronous_standby_is_a_failure_and_an_unwanted_one_a_warning() {
        let health = |synchronous| Health { version: "15.14".to_owned(), schema: 0, synchronous };
        let mut facts = Facts { engine: "PostgreSQL".to_owned(), ..healthy() };
        facts.health = Some(health(None));
        assert_eq!(level(&facts, "replication"), Level::Warn);
        let wanted = |present| Some(Synchronous { wanted: "ANY 1 (*)".to_owned(), present });
        facts.health = Some(health(wanted(0)));
        assert_eq!(level(&facts, "replication"), Level::Fail);
        facts.health = Some(health(wanted(1)));
        assert_eq!(level(&facts, "replication"), Level::Ok);
    }

    #[test]
    fn clocks_disks_addresses_and_an_empty_configuration_are_judged() {
        let mut facts = healthy();
        facts.skew = Some(SignedDuration::from_secs(-3));
        facts.space = Some((50 << 20, 1 << 40));
        facts.public_url = Some("http://127.0.0.1:8080".to_owned());
        facts.system["revision"] = 0.into();
        facts.system["failed_messages"] = 2.into();
        for (name, expected) in [
            ("clock", Level::Fail),
            ("disk", Level::Fail),
            ("public url", Level::Warn),
            ("configuration", Level::Fail),
            ("messages", Level::Warn),
        ] {
            assert_eq!(level(&facts, name), expected, "{name}");
        }
    }

    #[test]
    fn an_organisation_without_anybody_to_page_fails() {
        let mut facts = healthy();
        facts.directory = Some(std::sync::Arc::new(Directory::default()));
        assert_eq!(level(&facts, "catch-all"), Level::Fail);
    }
}
