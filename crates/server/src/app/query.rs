//! What people look for in lists. The text is taken apart in the core; here its keys and values
//! find their meaning in the configuration and become what the store narrows by. An unknown key or
//! a value that nothing has is an error that names its place, never an empty list.

use std::collections::HashSet;

use jiff::Timestamp;
use jiff::civil::Date;
use muster_core::alerting::alert::AlertStatus;
use muster_core::alerting::hold::Held;
use muster_core::id::{IntegrationId, ServiceId, UserId};
use muster_core::incident::lifecycle::Status;
use muster_core::incident::severity::Level;
use muster_core::incident::tag;
use muster_core::org::directory::Directory;
use muster_core::query::{self, Comparison, NotUnderstood};
use muster_core::time::parse_duration;
use muster_store::alerting::alert;
use muster_store::incident::incident;
use muster_store::incident::tag::Tags;
use muster_store::search::{Kind, Label};

use super::Snapshot;

pub mod change;
pub mod entry;
mod field;
pub mod key;
mod term;

use self::term::{Term, named, narrow, set};

const MESSAGE_KEYS: &str = "state, integration";

/// Who asks, and when.
#[derive(Debug, Clone, Copy)]
pub struct Asker {
    /// Who; nobody where a program asks.
    pub me: Option<UserId>,
    /// When.
    pub now: Timestamp,
}

/// What a list of messages is narrowed by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MessageFilter {
    /// `pending`, `done` or `failed`.
    pub state: Option<&'static str>,
    /// Where they came in.
    pub integration: Option<IntegrationId>,
}

/// What a list of alerts is narrowed by, with the incident still by its number.
#[derive(Debug, Clone, Default)]
pub struct AlertFilter {
    /// All but the incident.
    pub filter: alert::Filter,
    /// The number of the incident.
    pub incident: Option<i64>,
}

/// Reads a query for incidents.
///
/// # Errors
/// Where it cannot be understood.
pub fn incidents(
    snapshot: &Snapshot,
    text: &str,
    asker: Asker,
) -> Result<incident::Filter, NotUnderstood> {
    let directory = &*snapshot.directory;
    let mut filter = incident::Filter::default();
    let mut services = Services::default();
    for part in query::parse(text)? {
        let Some(term) = Term::of(&part, &mut filter.words)? else { continue };
        if !of_incident(directory, &mut filter, &mut services, &term, asker)? {
            return Err(term.unknown(Kind::Incident));
        }
    }
    (filter.services, filter.not_services) = services.finish();
    Ok(filter)
}

/// Takes a term that says something about an incident; `false` where the key means none.
fn of_incident(
    directory: &Directory,
    filter: &mut incident::Filter,
    services: &mut Services,
    term: &Term<'_>,
    asker: Asker,
) -> Result<bool, NotUnderstood> {
    match term.key {
        "state" => set(&mut filter.open, term, state(term)? != term.negated)?,
        "status" => {
            let wanted = term.each(|name| named(name, Status::NAMES))?;
            let all = Status::NAMES.iter().map(|(status, _)| *status);
            let these = all.filter(|status| wanted.contains(status) != term.negated).collect();
            narrow(&mut filter.statuses, these);
        }
        "sev" | "severity" => filter.severity = Some(severity(term, filter.severity)?),
        "service" | "team" | "group" => services.take(directory, term)?,
        "assignee" => {
            term.plain()?;
            set(&mut filter.assignee, term, user(directory, term, asker.me)?)?;
        }
        "practice" => {
            set(&mut filter.practice, term, yes(term)? != term.negated)?;
        }
        "after" | "before" | "age" => {
            period(directory, (&mut filter.from, &mut filter.to), term, asker.now)?;
        }
        "label" => filter.labels.push(label(term)?),
        "tag" => {
            let any = term.each(|text| tag::read(text).map_err(|error| error.to_string()))?;
            filter.tags.push(Tags { any, negated: term.negated });
        }
        "incident" => {
            term.plain()?;
            set(&mut filter.number, term, number(term)?)?;
        }
        _ => match field::wanted(directory, term)? {
            Some(wanted) => filter.fields.push(wanted),
            None => return Ok(false),
        },
    }
    Ok(true)
}

/// Reads a query for alerts.
///
/// # Errors
/// Where it cannot be understood.
pub fn alerts(snapshot: &Snapshot, text: &str, asker: Asker) -> Result<AlertFilter, NotUnderstood> {
    let directory = &*snapshot.directory;
    let mut found = AlertFilter::default();
    let filter = &mut found.filter;
    let mut services = Services::default();
    for part in query::parse(text)? {
        let Some(term) = Term::of(&part, &mut filter.words)? else { continue };
        match term.key {
            "status" | "state" => {
                let read = |name: &str| match (term.key, name) {
                    // What is held back goes on all the same.
                    ("state", "open") => Ok(vec![AlertStatus::Open, AlertStatus::Suppressed]),
                    _ => named(name, AlertStatus::NAMES).map(|status| vec![status]),
                };
                let wanted = term.each(read)?.concat();
                let all = AlertStatus::NAMES.iter().map(|(status, _)| *status);
                let these = all.filter(|status| wanted.contains(status) != term.negated).collect();
                narrow(&mut filter.statuses, these);
            }
            "held" => {
                term.plain()?;
                let held = named(term.is()?, Held::NAMES).map_err(|why| term.wrong(why))?;
                set(&mut filter.held, &term, held)?;
            }
            "sev" | "severity" => filter.severity = Some(severity(&term, filter.severity)?),
            "service" | "team" | "group" => services.take(directory, &term)?,
            "key" => {
                term.plain()?;
                set(&mut filter.dedup_key, &term, term.is()?.to_owned())?;
            }
            "incident" => {
                term.plain()?;
                set(&mut found.incident, &term, number(&term)?)?;
            }
            "after" | "before" | "age" => {
                period(directory, (&mut filter.from, &mut filter.to), &term, asker.now)?;
            }
            "label" => filter.labels.push(label(&term)?),
            _ => return Err(term.unknown(Kind::Alert)),
        }
    }
    (filter.services, filter.not_services) = services.finish();
    Ok(found)
}

/// Reads a query for raw messages.
///
/// # Errors
/// Where it cannot be understood.
pub fn messages(snapshot: &Snapshot, text: &str) -> Result<MessageFilter, NotUnderstood> {
    let mut filter = MessageFilter::default();
    for part in query::parse(text)? {
        let mut words = Vec::new();
        let Some(term) = Term::of(&part, &mut words)? else {
            let message = format!("messages are not searched for words; use {MESSAGE_KEYS}");
            return Err(NotUnderstood::at(part.position, message));
        };
        term.plain()?;
        match term.key {
            "state" => {
                let states = [("pending", "pending"), ("done", "done"), ("failed", "failed")];
                let state = named(term.is()?, &states).map_err(|why| term.wrong(why))?;
                set(&mut filter.state, &term, state)?;
            }
            "integration" => {
                let inlet = snapshot.inlet_by_label(term.is()?);
                let inlet = inlet.ok_or_else(|| {
                    term.wrong("there is no such integration; use for example `checkout/grafana`")
                })?;
                set(&mut filter.integration, &term, inlet.integration.id)?;
            }
            other => {
                let message = format!("`{other}` is nothing to search by; use {MESSAGE_KEYS}");
                return Err(NotUnderstood::at(term.position, message));
            }
        }
    }
    Ok(filter)
}

/// The services that are asked for: those named, those of the teams and groups named, and not those excluded.
#[derive(Default)]
struct Services {
    wanted: Option<HashSet<ServiceId>>,
    unwanted: HashSet<ServiceId>,
}

impl Services {
    fn take(&mut self, directory: &Directory, term: &Term<'_>) -> Result<(), NotUnderstood> {
        let of_team = |name: &str| {
            let team = directory.teams.named(name).ok_or("there is no such team")?.id;
            let services = directory.services.iter().filter(|service| service.team == Some(team));
            Ok(services.map(|service| service.id).collect())
        };
        let of_group = |name: &str| {
            let group = directory.service_group(name).ok_or("there is no such service group")?;
            Ok(group.services.clone())
        };
        let service = |name: &str| {
            let service = directory.services.named(name).ok_or("there is no such service")?;
            Ok(vec![service.id])
        };
        let found: Vec<Vec<ServiceId>> = match term.key {
            "team" => term.each(of_team)?,
            "group" => term.each(of_group)?,
            _ => term.each(service)?,
        };
        let found: HashSet<_> = found.into_iter().flatten().collect();
        if term.negated {
            self.unwanted.extend(found);
        } else {
            self.wanted = Some(match self.wanted.take() {
                Some(wanted) => wanted.intersection(&found).copied().collect(),
                None => found,
            });
        }
        Ok(())
    }

    fn finish(self) -> (Option<Vec<ServiceId>>, Vec<ServiceId>) {
        (
            self.wanted.map(|wanted| wanted.into_iter().collect()),
            self.unwanted.into_iter().collect(),
        )
    }
}

fn yes(term: &Term<'_>) -> Result<bool, NotUnderstood> {
    match term.is()? {
        "yes" | "true" => Ok(true),
        "no" | "false" => Ok(false),
        _ => Err(term.wrong(format!("use `{0}:yes` or `{0}:no`", term.key))),
    }
}

fn state(term: &Term<'_>) -> Result<bool, NotUnderstood> {
    match term.is()? {
        "open" => Ok(true),
        // What is over is `resolved` or `closed`; each of them alone is a status.
        "resolved" => Ok(false),
        _ => Err(term.wrong("use `state:open` or `state:resolved`")),
    }
}

/// The range of severities after one more term; 1 is the worst, and `<=2` means 1 and 2.
fn severity(term: &Term<'_>, before: Option<(u8, u8)>) -> Result<(u8, u8), NotUnderstood> {
    let level = term.value.parse().ok().and_then(Level::new);
    let level = level
        .ok_or_else(|| term.wrong(format!("use a number from 1 to {}", Level::NUMBER_MAX)))?
        .number();
    let comparison = match (term.comparison, term.negated) {
        (Comparison::Is, true) => {
            return Err(term.wrong("exclude severities with < and >, such as `sev:>2`"));
        }
        (Comparison::Less, true) => Comparison::AtLeast,
        (Comparison::AtMost, true) => Comparison::More,
        (Comparison::More, true) => Comparison::AtMost,
        (Comparison::AtLeast, true) => Comparison::Less,
        (comparison, false) => comparison,
    };
    let (worst, least) = before.unwrap_or((1, Level::NUMBER_MAX));
    Ok(match comparison {
        Comparison::Is => (worst.max(level), least.min(level)),
        Comparison::Less => (worst, least.min(level - 1)),
        Comparison::AtMost => (worst, least.min(level)),
        Comparison::More => (worst.max(level + 1), least),
        Comparison::AtLeast => (worst.max(level), least),
    })
}

fn user(
    directory: &Directory,
    term: &Term<'_>,
    me: Option<UserId>,
) -> Result<Option<UserId>, NotUnderstood> {
    match term.is()? {
        "none" => Ok(None),
        "me" => me.map(Some).ok_or_else(|| term.wrong("you are not signed in as a person")),
        name => {
            let user = directory.users.named(name);
            user.map(|user| Some(user.id)).ok_or_else(|| term.wrong("there is no such person"))
        }
    }
}

fn number(term: &Term<'_>) -> Result<i64, NotUnderstood> {
    term.is()?.parse().map_err(|_| term.wrong("use its number"))
}

/// `label:name=value`, or `label:name` where any value will do.
fn label(term: &Term<'_>) -> Result<Label, NotUnderstood> {
    let (name, value) = match term.is()?.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (term.value, None),
    };
    if name.is_empty() {
        return Err(term.wrong("use `label:name=value`, or `label:name` for any value"));
    }
    Ok(Label { name: name.to_owned(), value, negated: term.negated })
}

/// Narrows a period by `after:`, `before:` or `age:`; the end is no part of it.
fn period(
    directory: &Directory,
    (from, to): (&mut Option<Timestamp>, &mut Option<Timestamp>),
    term: &Term<'_>,
    now: Timestamp,
) -> Result<(), NotUnderstood> {
    if term.key == "after" {
        return set(from, term, instant(directory, term)?);
    }
    if term.key == "before" {
        return set(to, term, instant(directory, term)?);
    }
    let age = parse_duration(term.value).map_err(|error| term.wrong(error))?;
    let at = now.checked_sub(age).map_err(|_| term.wrong("is too long ago"))?;
    match (term.comparison, term.negated) {
        (Comparison::More | Comparison::AtLeast, false)
        | (Comparison::Less | Comparison::AtMost, true) => {
            *to = Some(to.map_or(at, |known| known.min(at)));
        }
        (Comparison::Less | Comparison::AtMost, false)
        | (Comparison::More | Comparison::AtLeast, true) => {
            *from = Some(from.map_or(at, |known| known.max(at)));
        }
        (Comparison::Is, _) => {
            return Err(term.wrong("say `age:>10m` for older, `age:<2h` for younger"));
        }
    }
    Ok(())
}

/// An instant, or the beginning of a day in the organisation's zone.
fn instant(directory: &Directory, term: &Term<'_>) -> Result<Timestamp, NotUnderstood> {
    term.plain()?;
    let text = term.is()?;
    let day = || {
        let day: Date = text.parse().ok()?;
        Some(day.to_zoned(directory.timezone.clone()).ok()?.timestamp())
    };
    let at = text.parse().ok().or_else(day);
    at.ok_or_else(|| term.wrong("use a day such as 2026-11-21 or an instant in RFC 3339"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use muster_core::id::{PolicyId, TeamId};
    use muster_core::org::directory::Table;
    use muster_core::org::service::Service;
    use muster_core::org::team::Team;
    use uuid::Uuid;

    use super::*;

    fn organisation() -> Snapshot {
        let team = TeamId(Uuid::from_u128(9));
        let service = |n: u128, name: &str, team| Service {
            team,
            ..Service::new(ServiceId(Uuid::from_u128(n)), name, PolicyId(Uuid::from_u128(5)))
        };
        let directory = Directory {
            teams: Table::new(vec![Team {
                id: team,
                name: "payments".to_owned(),
                manager: None,
                members: vec![],
            }]),
            services: Table::new(vec![
                service(1, "checkout", Some(team)),
                service(2, "search", None),
            ]),
            ..Directory::default()
        };
        Snapshot::new(Arc::new(directory), vec![])
    }

    const NOBODY: Asker = Asker { me: None, now: Timestamp::UNIX_EPOCH };

    fn wrong(text: &str) -> (usize, String) {
        let error = incidents(&organisation(), text, NOBODY).unwrap_err();
        (error.position, error.message)
    }

    #[test]
    fn a_query_becomes_a_filter() {
        let text = "state:open sev:<=2 team:payments -service:search -status:restored disk full";
        let filter = incidents(&organisation(), text, NOBODY).unwrap();
        assert_eq!(filter.open, Some(true));
        assert_eq!(filter.severity, Some((1, 2)));
        assert_eq!(filter.services, Some(vec![ServiceId(Uuid::from_u128(1))]));
        assert_eq!(filter.not_services, vec![ServiceId(Uuid::from_u128(2))]);
        let statuses = filter.statuses.unwrap();
        assert_eq!(statuses.len(), Status::NAMES.len() - 1);
        assert!(!statuses.contains(&Status::Restored));
        assert_eq!(filter.words, ["disk", "full"]);
    }

    #[test]
    fn a_service_outside_of_the_team_is_nothing() {
        let filter = incidents(&organisation(), "team:payments service:search", NOBODY).unwrap();
        assert_eq!(filter.services, Some(vec![]));
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        assert_eq!(wrong("state:open svc:x").0, 12);
        assert!(wrong("svc:x").1.contains("service"));
        assert_eq!(wrong("  sev:ten").0, 3);
        assert!(wrong("status:opened").1.contains("triggered"));
        assert!(wrong("service:chekout").1.contains("no such service"));
        assert!(wrong("assignee:me").1.contains("not signed in"));
        assert!(wrong("state:open state:resolved").1.contains("another value"));
        assert!(wrong("-disk").1.contains("excluded"));
        assert!(wrong("service:>checkout").1.contains("only `sev`"));
        assert!(wrong("field.cause:x").1.contains("none is configured"));
        assert!(messages(&organisation(), "disk").is_err());
        assert!(alerts(&organisation(), "incident:x", NOBODY).is_err());
    }

    #[test]
    fn ranges_of_severities_meet() {
        let range = |text| incidents(&organisation(), text, NOBODY).unwrap().severity;
        assert_eq!(range("sev:2"), Some((2, 2)));
        assert_eq!(range("sev:>1 sev:<4"), Some((2, 3)));
        assert_eq!(range("-sev:<=2"), Some((3, 9)));
    }
}
