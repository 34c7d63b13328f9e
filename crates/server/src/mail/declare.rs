//! Declaring an incident by mail (`D4`): the subject is the title, as in a chat it may begin with a
//! severity and a service, and the text becomes the summary. Only people whom Muster knows may, by a
//! mailbox of theirs; the letter itself hears why where one may not.

use muster_core::id::ServiceId;
use muster_core::incident::timeline::Actor;
use muster_core::org::access::{self, Action, Object};
use muster_core::org::directory::Directory;
use muster_core::org::user::User;

use super::answer::is_of;
use super::deliver::{Fate, Opened, no_news};
use crate::app::App;
use crate::app::incident::command::Refused;
use crate::app::incident::declare::Report;
use crate::app::incident::line;

/// Sees to a letter that declares an incident.
pub(super) async fn declare(app: &App, opened: &Opened<'_>, service: Option<ServiceId>) -> Fate {
    if let Some(fate) = no_news(&opened.letter) {
        return fate;
    }
    let refused = |words: &str| Fate::Refused(550, format!("5.7.1 {words}"));
    if opened.is_quarantined() {
        return refused(&format!("the letter looks forged ({})", opened.checks()));
    }
    let snapshot = app.snapshot();
    let directory = &snapshot.directory;
    let letter = &opened.letter;
    let Some(user) = writer(directory, &letter.from) else {
        return refused("Muster knows nobody by this sender's address; write from one of yours");
    };
    let caller = access::Caller::Person { id: user.id, role: user.role };
    if access::may(caller, Action::Create, Object::Incidents).is_err() {
        return refused("the sender may not declare incidents");
    }
    let first_line = letter.text.lines().map(str::trim).find(|line| !line.is_empty());
    let title = Some(letter.subject.trim()).filter(|subject| !subject.is_empty()).or(first_line);
    let declared = match line::read(directory, title.unwrap_or_default()) {
        Ok(declared) => declared,
        Err(words) => return Fate::Refused(554, format!("5.6.0 {words}")),
    };
    let service = declared.service.or(service);
    let summary = format!("{}\n\nReported {}.", letter.text, opened.provenance());
    let report = Report {
        id: opened.incident(app, super::recipient::DECLARE),
        title: declared.title.to_owned(),
        summary: Some(summary.trim().to_owned()),
        service,
        severity: declared.severity,
        ..Report::default()
    };
    let actor = Actor::User { id: user.id, name: user.name.clone() };
    match app.declare(report, &actor).await {
        Ok(_) => Fate::Taken,
        Err(Refused::Store(error)) => {
            tracing::warn!("an incident by mail was not stored: {error}");
            Fate::Later
        }
        Err(refused) => {
            tracing::warn!("an incident by mail was refused: {refused}");
            Fate::Later
        }
    }
}

/// Whose mailbox it is: the one they sign in with, or one that was verified.
fn writer<'a>(directory: &'a Directory, mailbox: &str) -> Option<&'a User> {
    let known = |user: &&User| user.email.eq_ignore_ascii_case(mailbox) || is_of(user, mailbox);
    directory.users.iter().filter(|_| !mailbox.is_empty()).find(known)
}
