//! Telling notification lists (`E1` to `E3`, `E5`): whoever is on a list that covers the service, or
//! that hears of it as of a neighbour, hears that an incident was declared, that its severity changed
//! and that it is over, once each, by their rules for what can wait, and never of what they did
//! themselves. A restricted list hears what somebody decides to tell it.

use jiff::Timestamp;
use muster_core::id::{NotificationListId, ServiceId};
use muster_core::incident::lifecycle::Incident;
use muster_core::incident::restriction::may_hear;
use muster_core::incident::severity::{Level, Urgency};
use muster_core::incident::timeline::{Actor, Entry, Kind};
use muster_core::oncall::list::{self, NotificationList, Route};
use muster_core::org::directory::Directory;
use serde_json::{Value, json};

use super::draft;
use super::record::Writes;
use crate::app::App;

/// Queues an entry for everybody who is to hear of it.
pub fn tell(
    app: &App,
    writes: &mut Writes,
    directory: &Directory,
    incident: &Incident,
    entry: &Entry,
    now: Timestamp,
) {
    let Some(what) = news(directory, incident, entry) else { return };
    let mut hearers = list::told(directory, incident.service, entry.actor.user());
    hearers.retain(|hearer| may_hear(directory, incident, hearer.user, now));
    // Everybody of one list is told the same.
    let mut told: Vec<(NotificationListId, Route, Value)> = Vec::new();
    let mut people = Vec::new();
    for hearer in hearers {
        let Some(list) = directory.lists.get(hearer.list) else { continue };
        let known = told.iter().position(|(id, route, _)| (*id, route) == (list.id, &hearer.route));
        let at = known.unwrap_or_else(|| {
            let path = path(directory, &hearer.route);
            let text = draft::notice(directory, list, incident, (&entry.text, &path), now);
            let subject = format!("Incident {} {what}: {}", incident.number, incident.title);
            let content = content(app, incident, list, (&subject, &text), &entry.actor);
            told.push((list.id, hearer.route.clone(), content));
            told.len() - 1
        });
        let Some((_, _, content)) = told.get(at) else { continue };
        let about = Some(incident.id);
        let notice = app.notice(directory, hearer.user, Urgency::Low, about, content, now);
        if let Some(delivery) = notice {
            writes.put(delivery);
            people.push(list.id);
        }
    }
    for (at, (id, _, content)) in told.iter().enumerate() {
        // A list that hears by several ways is told once.
        if told.iter().take(at).any(|(known, ..)| known == id) {
            continue;
        }
        let count = people.iter().filter(|list| *list == id).count();
        if let Some(list) = directory.lists.get(*id).filter(|_| count > 0) {
            writes.note(app, incident, said(list, count, content, now));
        }
    }
}

/// What the timeline says of a list that was told (`U6`).
fn said(list: &NotificationList, count: usize, content: &Value, now: Timestamp) -> Entry {
    let people = if count == 1 { "1 person".to_owned() } else { format!("{count} people") };
    let name = list.name.as_str();
    let subject = content["subject"].as_str().unwrap_or_default();
    let text = format!("Told the list {name}, {people}: {subject}");
    Entry::new(now, Kind::NoticeSent, Actor::System, text).with("list", name).with("people", count)
}

/// Queues what somebody decided to tell a list, for everybody on it; whoever told it hears it too, so
/// that they know what the others got.
pub fn notify(
    app: &App,
    writes: &mut Writes,
    directory: &Directory,
    incident: &Incident,
    list: NotificationListId,
    said: (&str, &str),
    actor: &Actor,
    now: Timestamp,
) {
    let Some(list) = directory.lists.get(list) else { return };
    let content = content(app, incident, list, said, actor);
    for user in list.people() {
        if !may_hear(directory, incident, user, now) {
            continue;
        }
        let about = Some(incident.id);
        let notice = app.notice(directory, user, Urgency::Low, about, &content, now);
        if let Some(delivery) = notice {
            writes.put(delivery);
        }
    }
}

/// What a delivery to somebody on a list holds. The ledger reads the list and who told it there.
fn content(
    app: &App,
    incident: &Incident,
    list: &NotificationList,
    (subject, text): (&str, &str),
    actor: &Actor,
) -> Value {
    json!({
        "subject": subject,
        "text": text,
        "url": app.incident_url(incident.number),
        "list": list.name,
        "restricted": list.restricted.is_some(),
        "by": actor.name(),
    })
}

/// Why a list hears of a service that it does not cover, in a sentence; nothing where it covers it.
fn path(directory: &Directory, route: &Route) -> String {
    let name = |id: &ServiceId| {
        let service = directory.services.get(*id);
        service.map_or("a deleted service", |service| service.name.as_str()).to_owned()
    };
    let (services, what) = match route {
        Route::Own => return String::new(),
        Route::Upstream(services) => (services, "upstream"),
        Route::Downstream(services) => (services, "downstream"),
    };
    let names: Vec<_> = services.iter().map(name).collect();
    format!("You hear of it as {what} trouble: {}.", names.join(" depends on "))
}

/// What is worth telling, in a word or two. Exercises, what asks nobody and child
/// efforts whose parent speaks for them are not.
fn news(directory: &Directory, incident: &Incident, entry: &Entry) -> Option<&'static str> {
    let pages = |level: Level| directory.severity(level).pages();
    let was = |name: &str| {
        let number = entry.data.get(name).and_then(serde_json::Value::as_u64);
        number.and_then(|number| u8::try_from(number).ok()).and_then(Level::new)
    };
    let matters = match entry.kind {
        Kind::SeverityChanged => pages(incident.severity) || was("from").is_some_and(pages),
        _ => pages(incident.severity),
    };
    if incident.practice || !matters || incident.is_spoken_for() {
        return None;
    }
    match entry.kind {
        Kind::Declared | Kind::Opened => Some("declared"),
        Kind::SeverityChanged => Some("changed severity"),
        Kind::Resolved => Some("resolved"),
        Kind::Reopened => Some("reopened"),
        // Of two incidents that become one, the one that took the other over tells nothing new.
        Kind::Merged if incident.merged_into.is_some() => Some("merged"),
        _ => None,
    }
}
