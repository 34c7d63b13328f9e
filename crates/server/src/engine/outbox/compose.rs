//! Composing: what a delivery says, made when it is sent, so that it says how things stand then.

use std::sync::Arc;

use jiff::Timestamp;
use muster_core::id::{
    ContactMethodId, DigestId, IncidentId, PageId, SubscriberId, UserId, WebhookId,
};
use muster_core::incident::lifecycle::{How, Incident, Status, Superseded};
use muster_core::incident::severity::{Level, Urgency};
use muster_core::oncall::page::{self, PageState};
use muster_core::org::channel::Channel;
use muster_core::org::directory::Directory;
use muster_core::org::language::Language;
use muster_core::org::user::Address;
use muster_integrations::channels::Envelope;
use muster_integrations::channels::message::{self, Message};
use muster_store::incident::{incident as store_incident, subscriber as store_subscriber};
use muster_store::oncall::delivery::{self, DeliveryRow, Kind};
use muster_store::oncall::digest as store_digest;
use muster_store::oncall::page::{self as store_page, PageRow};
use muster_store::{StoreError, Tx};
use serde_json::{Map, Value};

use super::{Job, Member};
use crate::app::App;
use crate::app::incident::view;
use crate::app::link::Answered;
use crate::app::oncall::carriers::Carrier;
use crate::app::oncall::contact::words;
use crate::app::template;

/// A mailbox that nobody has: what has lost its address is refused for good by its channel.
const NOWHERE: &str = "";
/// The field of a delivery's content that says who outside it goes to.
const SUBSCRIBER: &str = "subscriber";

/// The message of one delivery.
pub(super) async fn single(
    app: &App,
    tx: &mut Tx,
    member: Member,
    now: Timestamp,
) -> Result<Job, StoreError> {
    let row = &member.row;
    let snapshot = app.snapshot();
    let directory = &snapshot.directory;
    let message = match row.delivery_kind()? {
        Kind::Page => {
            let (page, incident) = page_and_incident(app, tx, directory, &member).await?;
            Message::Page { page: as_message(app, &member, &page, now), incident }
        }
        Kind::Superseded => {
            let (page, incident) = page_and_incident(app, tx, directory, &member).await?;
            Message::PageSuperseded {
                page: as_message(app, &member, &page, now),
                superseded: superseded(&page),
                incident,
            }
        }
        Kind::Notification => notification(app, row),
        Kind::Test => trial(app, directory, row),
        Kind::Event => event(app, row)?,
    };
    let earlier = match (row.delivery_kind()?, row.page_id, row.method_id) {
        (Kind::Superseded, Some(page), Some(method)) => {
            delivery::accepted_of_page(tx, PageId(page), ContactMethodId(method)).await?
        }
        _ => None,
    };
    // A digest is neither edited nor cancelled while something in it still asks: the news is a
    // message of its own then.
    let reference = match &earlier {
        Some(earlier) if !delivery::is_still_asked(tx, earlier).await? => earlier.reference.clone(),
        _ => None,
    };
    let subscriber = subscriber(row);
    let to = match subscriber {
        Some(id) => outside(app, tx, row, id).await?,
        None => address(directory, row),
    };
    let envelope = Envelope {
        id: member.row.id_on_wire(),
        to,
        recipient: recipient(directory, row),
        at: now,
        message,
        language: language(directory, row),
        via: None,
        earlier: reference,
        unsubscribe: subscriber.map(|id| app.subscription_url(id)),
    };
    // A place by a provider is reached by that one; news goes the way that the page went.
    let named = || Some(text_of(&member.row, "via")).filter(|name| !name.is_empty());
    let carrier = earlier.and_then(|earlier| earlier.provider).or_else(named);
    carried(
        app,
        tx,
        directory,
        Job { envelope, members: vec![member], resting: None },
        carrier,
        now,
    )
    .await
}

/// One message for everything that waited for it, the most severe and newest first.
pub(super) async fn digest(
    app: &App,
    tx: &mut Tx,
    members: Vec<Member>,
    now: Timestamp,
) -> Result<Job, StoreError> {
    if let [only] = members.as_slice() {
        return single(app, tx, only.clone(), now).await;
    }
    let snapshot = app.snapshot();
    let directory = &snapshot.directory;
    let mut pages = Vec::new();
    for member in &members {
        let (page, incident) = page_and_incident(app, tx, directory, member).await?;
        pages.push((as_message(app, member, &page, now), incident));
    }
    pages.sort_by_key(|(_, incident)| (incident.severity, std::cmp::Reverse(incident.number)));
    let first = members.first().ok_or(StoreError::Missing)?;
    let ids: Vec<_> = pages.iter().map(|(page, _)| page.id).collect();
    let user = UserId(first.row.user_id.ok_or(StoreError::Missing)?);
    let digest = DigestId(app.ids.next(now));
    store_digest::insert(tx, digest, user, &ids, app.digest_token_hash(digest), now).await?;
    let envelope = Envelope {
        id: first.row.id_on_wire(),
        to: address(directory, &first.row),
        recipient: recipient(directory, &first.row),
        at: now,
        message: Message::Digest {
            pages,
            answer_url: app.digest_url(digest),
            reply_to: app.answer_mailbox(Answered::Digest(digest)),
        },
        language: language(directory, &first.row),
        via: None,
        earlier: None,
        unsubscribe: None,
    };
    carried(app, tx, directory, Job { envelope, members, resting: None }, None, now).await
}

/// Says who carries a message, and writes it down. News of a message that was sent before goes the
/// way that one went.
async fn carried(
    app: &App,
    tx: &mut Tx,
    directory: &Directory,
    mut job: Job,
    carrier: Option<String>,
    now: Timestamp,
) -> Result<Job, StoreError> {
    let channel = job.envelope.to.kind();
    let number = job.members.first().map_or(1, |member| member.number);
    let attempt = u32::try_from(number).unwrap_or(u32::MAX);
    let same = carrier.as_deref().and_then(|name| directory.provider(name));
    let chosen = match same.filter(|provider| provider.serves(channel)) {
        Some(provider) => Carrier::Provider(Arc::clone(provider)),
        None => app.carriers.choose(directory, channel, attempt, now),
    };
    let provider = match chosen {
        Carrier::Nobody => return Ok(job),
        Carrier::Provider(provider) => provider,
        Carrier::Resting { provider, until } => {
            job.resting = Some(until);
            provider
        }
    };
    for member in &job.members {
        delivery::carry(tx, member.row.id, member.number, &provider.name).await?;
    }
    job.envelope.via = Some(provider);
    Ok(job)
}

async fn page_and_incident(
    app: &App,
    tx: &mut Tx,
    directory: &Directory,
    member: &Member,
) -> Result<(PageRow, message::Incident), StoreError> {
    let id = member.row.page_id.map(PageId).ok_or(StoreError::Missing)?;
    let page = store_page::read(tx, id).await?.ok_or(StoreError::Missing)?;
    let incident =
        store_incident::read(tx, IncidentId(page.incident_id)).await?.ok_or(StoreError::Missing)?;
    Ok((page, incident_message(app, directory, &incident)))
}

/// An incident as messages show it.
pub(super) fn incident_message(
    app: &App,
    directory: &Directory,
    incident: &Incident,
) -> message::Incident {
    message::Incident {
        id: incident.id,
        number: incident.number,
        severity: incident.severity,
        status: incident.status,
        title: incident.title.clone(),
        service: view::service_name(directory, incident),
        alert_count: incident.alert_count,
        url: app.incident_url(incident.number),
        words: words(directory, incident),
        created_at: incident.stamps.detected_at.unwrap_or(Timestamp::UNIX_EPOCH),
        runbook: directory.services.get(incident.service).and_then(|s| s.runbook.clone()),
        impact: incident.impact.words(directory),
        bridge: incident.bridge.as_ref().map(|bridge| bridge.link.clone()),
    }
}

/// An incident in the organisation's own words; nothing where it has none.
fn words(directory: &Directory, incident: &Incident) -> String {
    template::in_own_words(
        directory,
        directory.services.get(incident.service),
        &template::Told {
            number: incident.number,
            severity: incident.severity,
            title: &incident.title,
            status: incident.status,
            alert_count: incident.alert_count,
            impact: &incident.impact.words(directory),
            bridge: incident.bridge.as_ref().map_or("", |bridge| &bridge.link),
        },
    )
}

fn as_message(app: &App, member: &Member, page: &PageRow, now: Timestamp) -> message::Page {
    let due = Timestamp::from_microsecond(member.row.first_due_at).unwrap_or(now);
    let reason = match page::late(due, now) {
        Some(late) if page.state == PageState::Pending.name() => format!("{}, {late}", page.reason),
        _ => page.reason.clone(),
    };
    message::Page {
        id: PageId(page.id),
        reason,
        urgency: Urgency::from_name(&page.urgency).unwrap_or(Urgency::High),
        attempt: u32::try_from(member.number).unwrap_or(u32::MAX),
        possible_repeat: member.possible_repeat,
        ack_url: app.page_url(PageId(page.id)),
        reply_to: app.answer_mailbox(Answered::Page(PageId(page.id))),
    }
}

fn superseded(page: &PageRow) -> Superseded {
    Superseded {
        how: page.how.as_deref().and_then(How::from_name).unwrap_or(How::Withdrawn),
        by: page.superseded_by.clone().unwrap_or_default(),
    }
}

fn content(row: &DeliveryRow) -> Value {
    row.content
        .as_deref()
        .and_then(|content| serde_json::from_str(content).ok())
        .unwrap_or(Value::Null)
}

fn text_of(row: &DeliveryRow, name: &str) -> String {
    content(row).get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn notification(app: &App, row: &DeliveryRow) -> Message {
    let request = text_of(row, "request").parse().ok();
    let link = request.zip(row.user_id).map(|(id, user)| app.request_url(id, UserId(user)));
    let handoff = text_of(row, "handoff").parse().ok();
    let passed_on = handoff.zip(row.user_id).map(|(id, user)| app.handoff_url(id, UserId(user)));
    let survey = text_of(row, "survey").parse().ok().map(|id| app.survey_url(id));
    let url = link.or(passed_on).or(survey).unwrap_or_else(|| text_of(row, "url"));
    let mut text = text_of(row, "text");
    if !url.is_empty() {
        text = format!("{text}\n\n{url}");
    }
    Message::Notification { subject: text_of(row, "subject"), text, incident: None }
}

fn event(app: &App, row: &DeliveryRow) -> Result<Message, StoreError> {
    let content = content(row);
    let unreadable = || StoreError::Corrupt("an event's content".to_owned());
    let kind = content.get("type").and_then(Value::as_str).ok_or_else(unreadable)?.to_owned();
    let incident = content.get("incident").and_then(|incident| event_incident(app, row, incident));
    let data = match content.get("data") {
        Some(Value::Object(data)) => data.clone(),
        _ => Map::new(),
    };
    Ok(Message::Event { kind, incident, data })
}

/// The incident as it stood when the event happened.
fn event_incident(app: &App, row: &DeliveryRow, told: &Value) -> Option<message::Incident> {
    let number = told.get("number")?.as_i64()?;
    let level = u8::try_from(told.get("severity")?.as_u64()?).ok().and_then(Level::new)?;
    Some(message::Incident {
        id: IncidentId(row.incident_id?),
        number,
        severity: level,
        status: Status::from_name(told.get("status")?.as_str()?)?,
        title: told.get("title")?.as_str()?.to_owned(),
        service: told.get("service")?.as_str()?.to_owned(),
        alert_count: told.get("alert_count")?.as_i64()?,
        url: app.incident_url(number),
        words: String::new(),
        created_at: Timestamp::from_microsecond(row.first_due_at).ok()?,
        runbook: None,
        impact: String::new(),
        bridge: None,
    })
}

/// Where a delivery goes now. Whoever lost the method, or the webhook, is reached nowhere, which
/// the channel refuses for good, so that the next method begins at once.
fn address(directory: &Directory, row: &DeliveryRow) -> Address {
    let nowhere = || Address::Email { mailbox: NOWHERE.to_owned() };
    if let Some(method) = row.method_id.map(ContactMethodId) {
        return row
            .user_id
            .and_then(|id| directory.users.get(UserId(id)))
            .and_then(|user| user.contact_method(method))
            .map_or_else(nowhere, |method| method.address.clone());
    }
    let named = row.address.clone().unwrap_or_default();
    if row.channel == "email" {
        return Address::Email { mailbox: named };
    }
    let channel = Channel::from_name(&row.channel).filter(|channel| *channel != Channel::Webhook);
    if let Some(channel) = channel {
        return Address::Direct { channel, address: named };
    }
    named.parse::<WebhookId>().ok().and_then(|id| directory.webhooks.get(id)).map_or_else(
        nowhere,
        |webhook| Address::Webhook { url: webhook.url.clone(), secret: webhook.secret.clone() },
    )
}

/// Who outside a delivery goes to, if it goes there.
pub(super) fn subscriber(row: &DeliveryRow) -> Option<SubscriberId> {
    text_of(row, SUBSCRIBER).parse().ok()
}

/// Somebody outside who hears of a status page; nowhere once they have ended that.
async fn outside(
    app: &App,
    tx: &mut Tx,
    row: &DeliveryRow,
    id: SubscriberId,
) -> Result<Address, StoreError> {
    let known = store_subscriber::get(tx, id).await?;
    Ok(match known {
        Some(known) if known.channel == store_subscriber::Channel::Webhook => {
            let secret = Some(app.subscriber_secret(id));
            Address::Webhook { url: row.address.clone().unwrap_or_default(), secret }
        }
        Some(_) => Address::Email { mailbox: row.address.clone().unwrap_or_default() },
        None => Address::Email { mailbox: NOWHERE.to_owned() },
    })
}

/// A trial of a contact method, or the code that shows that it works.
fn trial(app: &App, directory: &Directory, row: &DeliveryRow) -> Message {
    let sent_at = content(row).get("code_at").and_then(Value::as_i64);
    let sent_at = sent_at.and_then(|at| Timestamp::from_microsecond(at).ok());
    let (Some(sent_at), Some(method)) = (sent_at, row.method_id.map(ContactMethodId)) else {
        return Message::Test { requested_by: text_of(row, "requested_by") };
    };
    let code = app.contact_code(method, sent_at);
    let channel = address(directory, row).kind();
    let (subject, text) = words::code(&code, channel, language(directory, row));
    Message::Notification { subject, text, incident: None }
}

/// What text messages and calls to the person are written and spoken in.
fn language(directory: &Directory, row: &DeliveryRow) -> Language {
    let user = row.user_id.and_then(|id| directory.users.get(UserId(id)));
    user.map(|user| user.language).unwrap_or_default()
}

fn recipient(directory: &Directory, row: &DeliveryRow) -> String {
    row.user_id
        .and_then(|id| directory.users.get(UserId(id)))
        .map(|user| user.name.clone())
        .unwrap_or_default()
}
