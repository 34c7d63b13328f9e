//! What a letter does, recipient by recipient. Alerts go the way of every alert: the letter is
//! durable in the inbox before it is acknowledged. A page to an alias is an incident whose id is
//! derived from the letter's own name, so that a letter that its server sends twice pages once.

use muster_core::id::{DeliveryId, IncidentId, IntegrationId, MessageId, uuid_v7};
use muster_core::incident::timeline::Actor;
use muster_core::oncall::alias::{self, Alias};
use muster_integrations::mail::authentication::Authentication;
use muster_integrations::mail::check::Arrival;
use muster_integrations::mail::letter::{self, HOPS_MAX, Letter, Writer};
use muster_integrations::mail::session::{Envelope, Mailbox};
use muster_integrations::sources::email;
use muster_store::Lane;
use muster_store::inbox::{self, NewMessage};

use super::recipient::Route;
use super::{Client, Policy, answer, declare};
use crate::api::Ctx;
use crate::app::App;
use crate::app::incident::command::Refused;
use crate::app::incident::declare::Report;
use crate::app::link::{derive, loop_mark};
use crate::engine::triage::{self, Reading, Request};

/// How far the date of a letter may be from now to be believed, in seconds.
const DATE_SECONDS_OFF_MAX: i64 = 7 * 24 * 3_600;

/// What became of a letter for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// What it says is durable.
    Taken,
    /// It will never be taken: a code and words.
    Refused(u16, String),
    /// It could not be stored now.
    Later,
}

/// What is known of a letter besides its bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Letterhead<'a> {
    pub(super) envelope: &'a Envelope<Route>,
    /// Where it came from.
    pub(super) client: &'a Client,
}

/// A letter that was read.
pub(super) struct Opened<'a> {
    pub(super) letter: Letter,
    pub(super) authentication: Authentication,
    pub(super) from: Option<&'a Mailbox>,
    client: &'a str,
    bytes: &'a [u8],
    /// What becomes of it if it looks forged.
    policy: Policy,
}

/// Sees to a letter; one fate for each recipient, in order.
pub(super) async fn deliver(ctx: &Ctx, head: Letterhead<'_>, bytes: &[u8]) -> Vec<Fate> {
    let app = &ctx.app;
    let (authentication, policy) = authenticated(app, &head, bytes).await;
    let opened = Opened {
        letter: Letter::read(bytes),
        authentication,
        from: head.envelope.from.as_ref(),
        client: &head.client.name,
        bytes,
        policy,
    };
    let refused = circling(app, &opened.letter).or_else(|| forged(&opened));
    let mut fates = Vec::new();
    for route in &head.envelope.to {
        let fate = match &refused {
            Some(fate) => fate.clone(),
            None => match route {
                Route::Integration { id, tag, mailbox } => {
                    alert(ctx, &opened, *id, tag, mailbox).await
                }
                Route::Alias(alias) => page(app, &opened, alias).await,
                Route::Declare(service) => declare::declare(app, &opened, *service).await,
                Route::Answer(of) => answer::answer(app, &opened, *of).await,
            },
        };
        let kind = match &fate {
            Fate::Taken => "taken",
            Fate::Refused(..) => "refused",
            Fate::Later => "later",
        };
        metrics::counter!("muster_letters_total", "fate" => kind).increment(1);
        fates.push(fate);
    }
    fates
}

/// What is known of a letter's sender, and what becomes of it if that speaks against it: found out
/// here where strangers connect, else as our own mail server wrote it down.
async fn authenticated(app: &App, head: &Letterhead<'_>, bytes: &[u8]) -> (Authentication, Policy) {
    let mail_in = &app.settings.mail_in;
    let at = head.client.at.as_ref();
    let Some((client, checks)) = at.and_then(|(at, edge)| Some((*at, edge.checks.as_ref()?)))
    else {
        let found = letter::authentication(bytes, mail_in.trusted.as_deref());
        return (found, Policy::Record);
    };
    let from = head.envelope.from.as_ref().map(ToString::to_string).unwrap_or_default();
    let arrival = Arrival { client, greeting: &head.envelope.greeting, from: &from, bytes };
    let name = mail_in.domains.first().map(String::as_str).unwrap_or_default();
    (checks.checker.check(name, arrival).await, checks.policy)
}

/// The refusal of a letter that looks forged, where such letters are not taken.
fn forged(opened: &Opened<'_>) -> Option<Fate> {
    if opened.policy != Policy::Refuse || !opened.authentication.is_forged() {
        return None;
    }
    tracing::warn!(client = opened.client, "a letter that looks forged was refused");
    Some(Fate::Refused(550, format!("5.7.1 the letter looks forged ({})", opened.checks())))
}

/// The refusal of a letter that goes round in circles, or that is our own.
fn circling(app: &App, letter: &Letter) -> Option<Fate> {
    let mark = loop_mark(app.instance_key());
    let is_ours = letter.loop_marks.contains(&mark) || bears_our_name(app, letter);
    let words = match (is_ours, letter.hops > HOPS_MAX) {
        (true, _) => "5.4.6 this letter is Muster's own",
        (false, true) => "5.4.6 this letter has passed too many servers",
        (false, false) => return None,
    };
    tracing::warn!("a letter was refused: {words}");
    Some(Fate::Refused(554, words.to_owned()))
}

/// Whether a letter has a name that Muster gives to its own: one that came back with its mark cut
/// off.
fn bears_our_name(app: &App, letter: &Letter) -> bool {
    let name = letter.message_id.as_deref().and_then(|id| id.rsplit_once('@'));
    let sender = app.settings.mail_from.trim_end_matches('>');
    let domain = sender.rsplit_once('@').map(|(_, domain)| domain);
    name.zip(domain).is_some_and(|((name, theirs), ours)| {
        name.parse::<DeliveryId>().is_ok() && theirs.eq_ignore_ascii_case(ours)
    })
}

/// The refusal of a letter that only answers another, where news is expected.
pub(super) fn no_news(letter: &Letter) -> Option<Fate> {
    let is_news = matches!(letter.writer, Writer::Person | Writer::Program);
    (!is_news).then(|| Fate::Refused(554, "5.7.1 automatic answers are not taken".to_owned()))
}

async fn alert(
    ctx: &Ctx,
    opened: &Opened<'_>,
    id: IntegrationId,
    tag: &str,
    mailbox: &Mailbox,
) -> Fate {
    if let Some(fate) = no_news(&opened.letter) {
        return fate;
    }
    let app = &ctx.app;
    let snapshot = app.snapshot();
    // The configuration may have changed since the recipient was named.
    let Some(inlet) = snapshot.inlet(id) else { return Fate::Later };
    let now = app.now();
    let id = MessageId(app.ids.next(now));
    let request = opened.request(tag, &mailbox.domain);
    let reading = Reading {
        id,
        received_at: now,
        content_type: email::MEDIA_TYPE,
        request: &request,
        body: opened.bytes,
    };
    if let Err(refusal) = triage::read(inlet, &reading) {
        return Fate::Refused(554, format!("5.6.0 {}", refusal.reason()));
    }
    let message = NewMessage {
        id,
        integration: inlet.integration.id,
        received_at: now,
        content_type: Some(email::MEDIA_TYPE.to_owned()),
        request: request.to_json(),
        body: opened.bytes.to_vec(),
    };
    if opened.is_quarantined() {
        return keep_aside(app, &message, &opened.checks()).await;
    }
    match ctx.accept.accept(message).await {
        Ok(()) => Fate::Taken,
        Err(_) => Fate::Later,
    }
}

/// Keeps a letter that looks forged where what was set aside is shown and can be let through.
async fn keep_aside(app: &App, message: &NewMessage, checks: &str) -> Fate {
    let why = format!("quarantined, for it looks forged ({checks})");
    tracing::warn!("a letter was {why}");
    let stored = async {
        let mut tx = app.db.begin(Lane::Accept).await?;
        inbox::insert_aside(&mut tx, message, &why).await?;
        tx.commit().await
    };
    match stored.await {
        Ok(()) => Fate::Taken,
        Err(error) => {
            tracing::warn!("a letter was not stored: {error}");
            Fate::Later
        }
    }
}

impl Opened<'_> {
    /// What the source adapter is told of the letter's way here. The key stays out of it.
    fn request(&self, tag: &str, domain: &str) -> Request {
        let in_words = |verdict| Authentication::in_words(verdict);
        let found = &self.authentication;
        let values = [
            (email::TAG, tag.to_owned()),
            ("x-envelope-from", self.sender()),
            ("x-envelope-to", domain.to_owned()),
            ("x-client", self.client.to_owned()),
            ("x-spf", in_words(found.spf.as_ref())),
            ("x-dkim", in_words(found.dkim.as_ref())),
            ("x-dmarc", in_words(found.dmarc.as_ref())),
            ("x-authenticated-by", found.by.clone()),
        ];
        let headers = values.into_iter().filter(|(_, value)| !value.is_empty());
        Request {
            query: String::new(),
            headers: headers.map(|(name, value)| (name.to_owned(), value)).collect(),
        }
    }

    /// Whether it is kept from doing anything because it looks forged.
    pub(super) fn is_quarantined(&self) -> bool {
        self.policy == Policy::Quarantine && self.authentication.is_forged()
    }

    fn sender(&self) -> String {
        self.from.map(ToString::to_string).unwrap_or_default()
    }

    /// The sender that people see.
    pub(super) fn sender_shown(&self) -> &str {
        match self.letter.from.as_str() {
            "" => "somebody without a name",
            from => from,
        }
    }

    /// What is known of the sender, in words.
    pub(super) fn checks(&self) -> String {
        let found = &self.authentication;
        let mut words = format!(
            "SPF {}, DKIM {}",
            Authentication::in_words(found.spf.as_ref()),
            Authentication::in_words(found.dkim.as_ref())
        );
        if let Some(verdict) = &found.dmarc {
            words = format!("{words}, DMARC {verdict}");
        }
        words
    }

    /// Who wrote it and what is known of that, in words.
    pub(super) fn provenance(&self) -> String {
        format!("by mail from {} ({})", self.sender_shown(), self.checks())
    }

    /// The id of the incident that this letter opens, the same each time that it comes. The date is
    /// the letter's own if that is near enough, for the same letter always bears the same.
    pub(super) fn incident(&self, app: &App, mailbox: &str) -> Option<IncidentId> {
        let name = self.letter.message_id.as_ref()?;
        let at = self.letter.written_at?;
        let off = at.duration_since(app.now()).as_secs().abs();
        if off > DATE_SECONDS_OFF_MAX {
            return None;
        }
        let digest =
            derive(app.instance_key(), b"mail page", format!("{mailbox} {name}").as_bytes());
        let mut chance = [0; 10];
        chance.copy_from_slice(&digest[..10]);
        Some(IncidentId(uuid_v7(at, chance)))
    }
}

async fn page(app: &App, opened: &Opened<'_>, alias: &Alias) -> Fate {
    if let Some(fate) = no_news(&opened.letter) {
        return fate;
    }
    if opened.is_quarantined() {
        let why = format!("5.7.1 the letter looks forged ({})", opened.checks());
        return Fate::Refused(550, why);
    }
    let snapshot = app.snapshot();
    let directory = &snapshot.directory;
    let service = directory.services.named(&alias.service);
    let Some(service) = service.map(|service| service.id) else { return Fate::Later };
    let users = alias::resolve(directory, alias, app.now()).unwrap_or_default();
    let letter = &opened.letter;
    let first_line = letter.text.lines().map(str::trim).find(|line| !line.is_empty());
    let title = Some(letter.subject.as_str())
        .filter(|subject| !subject.is_empty())
        .or(first_line)
        .unwrap_or("A letter without words");
    let summary = format!("{}\n\nReported {}.", letter.text, opened.provenance());
    let report = Report {
        id: opened.incident(app, &alias.to_string()),
        title: title.to_owned(),
        summary: Some(summary.trim().to_owned()),
        service: Some(service),
        // Where nobody is behind the alias, the service's policy finds somebody.
        only: !users.is_empty(),
        page: users,
        ..Report::default()
    };
    let actor = Actor::Integration { label: format!("mail to {alias}") };
    match app.declare(report, &actor).await {
        Ok(_) => Fate::Taken,
        Err(Refused::Store(error)) => {
            tracing::warn!("a page by mail was not stored: {error}");
            Fate::Later
        }
        Err(refused) => {
            tracing::warn!("a page by mail was refused: {refused}");
            Fate::Later
        }
    }
}
