//! A page that is answered by mail: the first line says what the person wants, and it is done as if
//! they had used the page's link. What a program wrote does nothing, and neither does a copy that
//! was only opened. The person hears in words what became of it.

use muster_core::id::{DeliveryId, IncidentId, PageId, UserId};
use muster_core::incident::lifecycle::{Command, Incident};
use muster_core::incident::timeline::Actor;
use muster_core::org::access::{self, Action, Object};
use muster_integrations::mail::answer::{self, Word};
use muster_integrations::mail::letter::Writer;
use muster_store::incident::incident as store_incident;
use muster_store::oncall::delivery::{Kind, NewDelivery};
use muster_store::oncall::page as store_page;
use muster_store::{Lane, StoreError};
use serde_json::json;

use super::deliver::{Fate, Opened};
use crate::app::App;
use crate::app::incident::command::Refused;
use crate::app::incident::record;

/// How many characters of a line that was not understood are told back.
const LINE_CHARS_MAX: usize = 80;

/// Sees to an answer.
pub(super) async fn answer(app: &App, opened: &Opened<'_>, page: PageId) -> Fate {
    if opened.letter.writer != Writer::Person || opened.from.is_none() {
        tracing::info!(%page, "an automatic answer to a page was ignored");
        return Fate::Taken;
    }
    match answered(app, opened, page).await {
        Ok(fate) => fate,
        Err(error) => {
            tracing::warn!("an answer by mail was not stored: {error}");
            Fate::Later
        }
    }
}

async fn answered(app: &App, opened: &Opened<'_>, page: PageId) -> Result<Fate, StoreError> {
    let gone = |why: &str| Ok(Fate::Refused(550, format!("5.1.1 {why}")));
    let Some(row) = store_page::get(&app.db, page).await? else {
        return gone("this page is no longer here");
    };
    let snapshot = app.snapshot();
    let Some(user) = snapshot.directory.users.get(UserId(row.user_id)) else {
        return gone("the person that was paged is no longer here");
    };
    let incident = IncidentId(row.incident_id);
    let Some(found) = store_incident::get(&app.db, incident).await? else {
        return gone("this incident is no longer here");
    };
    let who = access::Caller::PageLink { user: user.id, incident };
    if access::may(who, Action::Respond, Object::Incident(incident)).is_err() {
        return gone("this page can no longer be answered");
    }
    let actor = Actor::User { id: user.id, name: user.name.clone() };
    let line = answer::first_line(&opened.letter.text).unwrap_or_default();
    let words = match answer::word(line) {
        Some(word) => match obey(app, page, &found, word, &actor).await {
            Ok(incident) => {
                note(app, opened, incident.id, &user.name).await;
                done(&incident, word)
            }
            Err(Refused::Store(error)) => return Err(error),
            Err(refused) => format!("Nothing was changed: {refused}."),
        },
        None => not_understood(line),
    };
    tell(app, opened, &found, user.id, &words).await?;
    Ok(Fate::Taken)
}

async fn obey(
    app: &App,
    page: PageId,
    incident: &Incident,
    word: Word,
    actor: &Actor,
) -> Result<Incident, Refused> {
    let command = match word {
        // What is done already need not be done again.
        Word::Acknowledge if incident.status.is_answered() => return Ok(incident.clone()),
        Word::Resolve if !incident.status.is_open() => return Ok(incident.clone()),
        Word::Acknowledge => Command::Acknowledge,
        Word::Resolve => Command::Resolve { note: None },
        Word::Escalate => Command::Escalate,
        Word::Decline => return app.decline(page, actor).await,
    };
    app.command(incident.id, command, actor).await
}

fn done(incident: &Incident, word: Word) -> String {
    let number = incident.number;
    match word {
        Word::Acknowledge => format!("Incident {number} is acknowledged."),
        Word::Resolve => format!("Incident {number} is resolved."),
        Word::Escalate => format!("Incident {number} was escalated; the next are being asked."),
        Word::Decline => format!("You declined incident {number}; somebody else is asked."),
    }
}

fn not_understood(line: &str) -> String {
    let mut shown: String = line.chars().take(LINE_CHARS_MAX).collect();
    if shown.is_empty() {
        shown = "nothing".to_owned();
    }
    format!(
        "Nothing was changed. The first line must be one word: ack, resolve, escalate or decline. \
         It was: {shown}"
    )
}

/// Writes down how the answer came. It has been obeyed already, so a failure here costs the note
/// only.
async fn note(app: &App, opened: &Opened<'_>, incident: IncidentId, name: &str) {
    let text = format!("{name} answered {}.", opened.provenance());
    let command = Command::Note { text };
    if let Err(error) = app.command(incident, command, &Actor::System).await {
        tracing::warn!("how an answer came was not written down: {error}");
    }
}

/// Tells the person what became of their answer, at the mailbox that they wrote from.
async fn tell(
    app: &App,
    opened: &Opened<'_>,
    incident: &Incident,
    user: UserId,
    words: &str,
) -> Result<(), StoreError> {
    if opened.letter.from.is_empty() {
        return Ok(());
    }
    let now = app.now();
    let content = json!({
        "subject": format!("Re: incident {}", incident.number),
        "text": words,
        "url": app.incident_url(incident.number),
    });
    let delivery = NewDelivery {
        id: DeliveryId(app.ids.next(now)),
        kind: Kind::Notification,
        page: None,
        incident: Some(incident.id),
        user: Some(user),
        method: None,
        method_name: "answer".to_owned(),
        channel: "email",
        address: Some(opened.letter.from.clone()),
        content: Some(content.to_string()),
        position: 0,
        due_at: now,
    };
    let mut tx = app.db.begin(Lane::Command).await?;
    record::put(&mut tx, &delivery, now).await?;
    tx.commit().await?;
    app.wake.all();
    Ok(())
}
