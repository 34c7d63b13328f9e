//! A page or a digest that is answered by mail: the first line says what the person wants, in the
//! words that every channel understands, and it goes the way of every answer. Whoever holds the
//! mailbox of a page may answer that page, as with its link; to ask for more than that the letter
//! has to come from a mailbox of the person's own. What a program wrote does nothing. The person
//! hears in words what became of it, at a mailbox of theirs and nowhere else.

use muster_core::id::{DeliveryId, IncidentId, PageId, UserId};
use muster_core::incident::lifecycle::{Command, Incident};
use muster_core::incident::restriction::Viewer;
use muster_core::incident::timeline::Actor;
use muster_core::org::user::{Address, User};
use muster_integrations::channels::callback::{About, AnswerTo, Ask, Callback, Choice};
use muster_integrations::mail::answer;
use muster_integrations::mail::letter::Writer;
use muster_store::incident::incident as store_incident;
use muster_store::oncall::delivery::{Kind, NewDelivery};
use muster_store::oncall::digest as store_digest;
use muster_store::oncall::page as store_page;
use muster_store::{Lane, StoreError};
use serde_json::json;

use super::deliver::{Fate, Opened};
use crate::app::App;
use crate::app::incident::record;
use crate::app::link::{Answered, derive, encode, token};
use crate::app::oncall::chat::BY_MAIL;

/// Who brings an answer, as the audit log has it.
const VIA: &str = "mail";
/// How many characters of a line are told back.
const LINE_CHARS_MAX: usize = 80;
/// Lines that ask for nothing but to be told what can be asked.
const HELP: [&str; 3] = ["", "help", "?"];

/// What the mailbox stands for that was written to.
struct Asked {
    user: UserId,
    pages: Vec<(PageId, Incident)>,
    of: Answered,
}

/// Sees to an answer.
pub(super) async fn answer(app: &App, opened: &Opened<'_>, of: Answered) -> Fate {
    if opened.letter.writer != Writer::Person || opened.from.is_none() {
        tracing::info!("an automatic answer to a page was ignored");
        return Fate::Taken;
    }
    match answered(app, opened, of).await {
        Ok(fate) => fate,
        Err(error) => {
            tracing::warn!("an answer by mail was not stored: {error}");
            Fate::Later
        }
    }
}

async fn answered(app: &App, opened: &Opened<'_>, of: Answered) -> Result<Fate, StoreError> {
    let gone = || Ok(Fate::Refused(550, "5.1.1 what this answers is no longer here".to_owned()));
    let Some(asked) = asked(app, of).await? else { return gone() };
    let snapshot = app.snapshot();
    let Some(user) = snapshot.directory.users.get(asked.user) else { return gone() };
    let line = answer::first_line(&opened.letter.text).unwrap_or_default();
    let asks = asked.rewritten(app, answer::asks(line));
    let words = match stranger(opened, user, &asks) {
        Some(words) => words,
        None if asks.is_empty() => "Nothing that this mail asked for is open any more.".to_owned(),
        None => {
            let callback = Callback {
                from: is_of(user, &opened.letter.from).then(|| opened.letter.from.clone()),
                channel: "email",
                reference: reference(app, opened, of, line),
                asks,
                answer: AnswerTo::Reply,
            };
            let answered = app.answer(VIA, &callback).await?;
            // The letter came twice: the person has heard already.
            if answered.is_repeated {
                return Ok(Fate::Taken);
            }
            note(app, opened, &asked, &callback.asks, &user.name, line).await;
            match callback.asks.as_slice() {
                [Ask::Words(words)] if !is_understood(words) => {
                    format!(
                        "Nothing was changed. The first line was: {}\n\n{}",
                        short(line),
                        answered.words
                    )
                }
                _ => answered.words,
            }
        }
    };
    tell(app, opened, &asked, user, &words).await?;
    Ok(Fate::Taken)
}

/// What a mailbox stands for; none where it is no longer here.
async fn asked(app: &App, of: Answered) -> Result<Option<Asked>, StoreError> {
    let (ids, user) = match of {
        Answered::Page(id) => (vec![id], None),
        Answered::Digest(id) => match store_digest::get(&app.db, id).await? {
            Some(row) => (store_digest::pages(&app.db, id).await?, Some(UserId(row.user_id))),
            None => return Ok(None),
        },
    };
    let mut pages = Vec::new();
    let mut paged = user;
    for id in ids {
        let Some(page) = store_page::get(&app.db, id).await? else { continue };
        let incident =
            store_incident::get(&app.db, &Viewer::Engine, IncidentId(page.incident_id)).await?;
        paged = paged.or(Some(UserId(page.user_id)));
        pages.extend(incident.map(|incident| (id, incident)));
    }
    pages.sort_by_key(|(_, incident)| (incident.severity, std::cmp::Reverse(incident.number)));
    let found = paged.filter(|_| !pages.is_empty());
    Ok(found.map(|user| Asked { user, pages, of }))
}

impl Asked {
    /// Asks about what was answered, in terms of its pages. What is about something else stays.
    fn rewritten(&self, app: &App, asks: Vec<Ask>) -> Vec<Ask> {
        let is_digest = matches!(self.of, Answered::Digest(_));
        let mut out = Vec::new();
        for ask in asks {
            match ask {
                Ask::Answer { choice, about: About::OnlyOne } => {
                    out.extend(self.of_everything(app, choice));
                }
                Ask::Answer { choice, about: About::Everything } if is_digest => {
                    out.extend(self.of_everything(app, choice));
                }
                Ask::Answer { choice, about: About::Number(number) } => {
                    let page = self.pages.iter().find(|(_, one)| one.number == number);
                    out.push(match page {
                        Some((id, _)) => of_page(app, choice, *id),
                        None => Ask::Answer { choice, about: About::Number(number) },
                    });
                }
                other => out.push(other),
            }
        }
        out
    }

    /// The pages that a word without a number is about: the one page, or those of a digest that
    /// it can still change.
    fn of_everything(&self, app: &App, choice: Choice) -> Vec<Ask> {
        let is_digest = matches!(self.of, Answered::Digest(_));
        let can_change = |incident: &Incident| {
            incident.status.is_open()
                && incident.merged_into.is_none()
                && (choice != Choice::Acknowledge || !incident.status.is_answered())
        };
        let pages = self.pages.iter().filter(|(_, one)| !is_digest || can_change(one));
        pages.map(|(id, _)| of_page(app, choice, *id)).collect()
    }
}

fn of_page(app: &App, choice: Choice, page: PageId) -> Ask {
    Ask::Answer { choice, about: About::PageToken(token(app.instance_key(), page)) }
}

/// What is said to somebody who asks for more than the mailbox stands for and is not known to be
/// the person; nothing where it may be asked.
fn stranger(opened: &Opened<'_>, user: &User, asks: &[Ask]) -> Option<String> {
    let is_more = asks.iter().any(|ask| match ask {
        Ask::Answer { about, .. } => !matches!(about, About::PageToken(_)),
        Ask::Words(words) => is_understood(words) && !HELP.contains(&&*words.to_lowercase()),
        _ => true,
    });
    let is_forged = opened.authentication.is_forged();
    if opened.is_quarantined() {
        return Some(format!(
            "Nothing was changed: your letter looks forged ({}).",
            opened.checks()
        ));
    }
    if !is_more || (is_of(user, &opened.letter.from) && !is_forged) {
        return None;
    }
    let why = match is_forged {
        true => format!("your letter looks forged ({})", opened.checks()),
        false => format!("{} is no verified contact method of yours", opened.sender_shown()),
    };
    Some(format!(
        "Nothing was changed: {why}. Without that only what this mail asked for can be answered: \
         ack, resolve, escalate or decline."
    ))
}

/// Whether a line of words is one that leads to something, also to being told what does.
fn is_understood(words: &str) -> bool {
    let verb = words.split_whitespace().next().unwrap_or_default().to_lowercase();
    ["page", "who", "show"].contains(&&*verb)
        || BY_MAIL.contains(&&*verb)
        || HELP.contains(&&*words.trim().to_lowercase())
}

/// Whether a mailbox is one that the person is known to have.
pub(super) fn is_of(user: &User, mailbox: &str) -> bool {
    let methods = user.contact_methods.iter().filter(|method| method.verified);
    let mut mailboxes = methods.filter_map(|method| match &method.address {
        Address::Email { mailbox } => Some(mailbox),
        _ => None,
    });
    mailboxes.any(|known| known.eq_ignore_ascii_case(mailbox))
}

/// By what the same letter is known that comes twice; none where it has no name.
fn reference(app: &App, opened: &Opened<'_>, of: Answered, line: &str) -> Option<String> {
    let id = opened.letter.message_id.as_ref()?;
    let text = format!("{} {id} {line}", of.local(app.instance_key()));
    Some(encode(derive(app.instance_key(), b"mail answer seen", text.as_bytes())))
}

fn short(line: &str) -> String {
    match line {
        "" => "nothing".to_owned(),
        line => line.chars().take(LINE_CHARS_MAX).collect(),
    }
}

/// Writes down how the answer came. It has been obeyed already, so a failure here costs the note
/// only.
async fn note(app: &App, opened: &Opened<'_>, asked: &Asked, asks: &[Ask], name: &str, line: &str) {
    let key = app.instance_key();
    let is_answered = |page: PageId| {
        let own = token(key, page);
        asks.iter().any(|ask| {
            matches!(ask, Ask::Answer { about: About::PageToken(token), .. } if *token == own)
        })
    };
    for (_, incident) in asked.pages.iter().filter(|(page, _)| is_answered(*page)) {
        let text = format!("{name} answered {}: {}", opened.provenance(), short(line));
        let command = Command::Note { text };
        if let Err(error) = app.command(incident.id, command, &Actor::System).await {
            tracing::info!("how an answer came was not written down: {error}");
        }
    }
}

/// Tells the person what became of their answer: where they wrote from if that is a mailbox of
/// theirs, else at the one they sign in with, so that nobody else is written to.
async fn tell(
    app: &App,
    opened: &Opened<'_>,
    asked: &Asked,
    user: &User,
    words: &str,
) -> Result<(), StoreError> {
    let from = &opened.letter.from;
    let to = if is_of(user, from) { from } else { &user.email };
    if to.is_empty() {
        return Ok(());
    }
    let now = app.now();
    let first = asked.pages.first().map(|(_, incident)| incident);
    let subject = match (first, asked.pages.len()) {
        (Some(incident), 1) => format!("Re: incident {}", incident.number),
        _ => format!("Re: {} incidents", asked.pages.len()),
    };
    let url = first.map(|incident| app.incident_url(incident.number)).unwrap_or_default();
    let content = json!({ "subject": subject, "text": words, "url": url });
    let delivery = NewDelivery {
        id: DeliveryId(app.ids.next(now)),
        kind: Kind::Notification,
        page: None,
        incident: first.map(|incident| incident.id),
        user: Some(user.id),
        method: None,
        method_name: "answer".to_owned(),
        channel: "email",
        address: Some(to.clone()),
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
