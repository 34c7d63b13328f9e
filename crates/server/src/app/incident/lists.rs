//! Telling notification lists (`E1`): whoever is on a list that covers the service hears that an
//! incident was declared, that its severity changed and that it is over, once each, by their rules
//! for what can wait, and never of what they did themselves.

use jiff::Timestamp;
use muster_core::incident::lifecycle::Incident;
use muster_core::incident::severity::{Level, Urgency};
use muster_core::incident::timeline::{Entry, Kind};
use muster_core::oncall::list;
use muster_core::org::directory::Directory;
use serde_json::json;

use super::record::Writes;
use super::view;
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
    let hearers = list::hearers(directory, incident.service, entry.actor.user());
    if hearers.is_empty() {
        return;
    }
    let content = json!({
        "subject": format!("Incident {} {what}: {}", incident.number, incident.title),
        "text": text(directory, incident, entry),
        "url": app.incident_url(incident.number),
    });
    for user in hearers {
        let incident = Some(incident.id);
        let told = app.notice(directory, user, Urgency::Low, incident, &content, now);
        if let Some(delivery) = told {
            writes.put(delivery);
        }
    }
}

/// What is worth telling, in a word or two. Exercises and what asks nobody are not.
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
    if incident.practice || !matters {
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

/// How things stand, in a few lines (`E3`).
fn text(directory: &Directory, incident: &Incident, entry: &Entry) -> String {
    let severity = directory.severity(incident.severity);
    let name =
        |user| directory.users.get(user).map_or("a former colleague", |user| &user.full_name);
    let who = match incident.assignee {
        Some(user) => format!("{} has it", name(user)),
        None if incident.status.is_open() => "nobody has it yet".to_owned(),
        None => "it is over".to_owned(),
    };
    format!(
        "{}\nSeverity {} ({}), {}; {who}.",
        entry.text,
        incident.severity.number(),
        severity.name,
        view::service_name(directory, incident),
    )
}
