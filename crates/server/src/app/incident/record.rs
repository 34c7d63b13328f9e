//! Recording a decision: the incident, its timeline, its pages with their deliveries, its timer,
//! the notices for the live stream and the audit record, all in the caller's transaction. Whatever
//! is decided about an incident, by whatever way, becomes durable here.

use jiff::{SignedDuration, Timestamp};
use muster_core::id::{DeliveryId, EntryId, IncidentId, PageId, UserId};
use muster_core::incident::lifecycle::{self, Decision, Effect, How, Incident, Superseded};
use muster_core::incident::restriction::may_hear;
use muster_core::incident::severity::Urgency;
use muster_core::incident::timeline::{Actor, Entry, Kind};
use muster_core::oncall::page::{DeliveryState, PageState};
use muster_core::org::directory::Directory;
use muster_core::org::user::ContactMethod;
use muster_store::event::NewEvent;
use muster_store::incident::incident::Grouping;
use muster_store::incident::workflow::Run;
use muster_store::incident::{incident as store_incident, room as store_room, timeline};
use muster_store::oncall::delivery::{self, NewDelivery};
use muster_store::oncall::page::{self as store_page, NewPage};
use muster_store::oncall::turn;
use muster_store::{StoreError, Tx, alerting, audit, event, timer};
use serde_json::json;
use uuid::Uuid;

use super::{outlet, shadow, status_page, workflow};
use crate::app::App;
use crate::ids;

/// How long the news that a page is over waits for a page that is just being sent.
const HEAD_START: SignedDuration = SignedDuration::from_secs(2);

/// Where an incident stood before the decision.
#[derive(Debug, Clone)]
pub enum Before {
    /// It did not exist; its first alert was grouped by this.
    New(Grouping),
    /// It was read at this version.
    Version(i64),
}

/// Makes a decision durable in the caller's transaction.
///
/// # Errors
/// When the store refuses; a conflict means that somebody else was faster.
pub async fn record(
    app: &App,
    tx: &mut Tx,
    directory: &Directory,
    before: Before,
    decision: &Decision,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut writes = Writes::default();
    gather(app, tx, &mut writes, directory, before, decision, actor, now).await?;
    writes.write(tx, now).await
}

/// As [`record`], with what can wait left to `writes`, so that many decisions are few statements.
///
/// # Errors
/// When the store refuses.
pub async fn gather(
    app: &App,
    tx: &mut Tx,
    writes: &mut Writes,
    directory: &Directory,
    before: Before,
    decision: &Decision,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), StoreError> {
    let incident = &decision.incident;
    match before {
        Before::New(grouping) => writes.opened.push((incident.clone(), grouping)),
        Before::Version(version) if version != incident.version => {
            writes.changed.push((incident.clone(), version));
        }
        Before::Version(_) => {}
    }
    for effect in &decision.effects {
        perform(app, tx, writes, directory, incident, effect, actor, now).await?;
    }
    match incident.next_at() {
        Some(at) => writes.timers.push((incident.id, at)),
        None => writes.cleared.push(incident.id.0),
    }
    tell(app, writes, directory, incident, &decision.entries, now);
    if !decision.entries.is_empty() {
        writes.audit.push((audit_entry(app, decision, actor, now), ids::random()));
    }
    Ok(())
}

/// What decisions add to the store and nobody reads again before the end of the transaction.
#[derive(Debug, Default)]
pub struct Writes {
    opened: Vec<(Incident, Grouping)>,
    changed: Vec<(Incident, i64)>,
    pages: Vec<NewPage>,
    deliveries: Vec<NewDelivery>,
    timers: Vec<(IncidentId, Timestamp)>,
    cleared: Vec<Uuid>,
    entries: Vec<(EntryId, IncidentId, Entry)>,
    events: Vec<NewEvent>,
    audit: Vec<(audit::Entry, [u8; 16])>,
    /// Incidents with news for their rooms, and whether their process asks for one.
    rooms: Vec<(IncidentId, bool)>,
    /// What workflows are to do.
    runs: Vec<Run>,
}

impl Writes {
    /// Writes what was gathered, one statement per table.
    ///
    /// # Errors
    /// When the store refuses; a conflict means that somebody else was faster.
    pub async fn write(&mut self, tx: &mut Tx, now: Timestamp) -> Result<(), StoreError> {
        let all = std::mem::take(self);
        store_incident::insert(tx, &all.opened).await?;
        store_incident::update(tx, &all.changed).await?;
        store_page::insert(tx, &all.pages, now).await?;
        delivery::insert(tx, &all.deliveries).await?;
        let of_incidents =
            all.timers.iter().map(|(incident, at)| (timer::Kind::Incident, incident.0, *at));
        let of_deliveries = all
            .deliveries
            .iter()
            .map(|delivery| (delivery.kind.timer(), delivery.id.0, delivery.due_at));
        let timers: Vec<_> = of_incidents.chain(of_deliveries).collect();
        timer::set_all(tx, &timers, now).await?;
        timer::clear(tx, timer::Kind::Incident, &all.cleared).await?;
        wake_rooms(tx, &all.rooms, now).await?;
        workflow::queue(tx, &all.runs, now).await?;
        timeline::append(tx, &all.entries, now).await?;
        event::tell(tx, now, &all.events).await?;
        audit::append_all(tx, &all.audit).await
    }

    /// An entry that tells nobody but whoever reads the timeline.
    pub fn note(&mut self, app: &App, incident: &Incident, entry: Entry) {
        self.entries.push((EntryId(app.ids.next(entry.at)), incident.id, entry));
    }

    /// A delivery to store together with its timer.
    pub fn put(&mut self, delivery: NewDelivery) {
        self.deliveries.push(delivery);
    }
}

/// Adds entries to an incident's timeline and tells the live stream and the event webhooks.
///
/// # Errors
/// When the store refuses.
pub async fn note(
    app: &App,
    tx: &mut Tx,
    directory: &Directory,
    incident: &Incident,
    entries: &[Entry],
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut writes = Writes::default();
    tell(app, &mut writes, directory, incident, entries, now);
    writes.write(tx, now).await
}

fn tell(
    app: &App,
    writes: &mut Writes,
    directory: &Directory,
    incident: &Incident,
    entries: &[Entry],
    now: Timestamp,
) {
    let has_rooms = directory.severities.iter().any(|one| one.process.room.is_some());
    if has_rooms && !entries.is_empty() && !incident.practice {
        let is_planned = directory.severity(incident.severity).process.room.is_some();
        writes.rooms.retain(|(known, _)| *known != incident.id);
        writes.rooms.push((incident.id, is_planned));
    }
    for entry in entries {
        let id = entry.id.unwrap_or_else(|| EntryId(app.ids.next(now)));
        writes.entries.push((id, incident.id, entry.clone()));
        writes.events.push(NewEvent {
            kind: format!("incident.{}", entry.kind.name()),
            incident_number: Some(incident.number),
            subject: incident.id.to_string(),
        });
        // Nobody knows who reads what an event webhook is told.
        if incident.restriction.is_none() {
            super::webhook::tell(app, writes, directory, incident, entry, now);
        }
        super::lists::tell(app, writes, directory, incident, entry, now);
        writes.runs.extend(workflow::set_off(app, directory, incident, (id, entry), now));
    }
}

/// Lets the rooms of incidents know that there is news. One that was opened is kept in step also where
/// the process of the severity asks for none any more.
async fn wake_rooms(
    tx: &mut Tx,
    rooms: &[(IncidentId, bool)],
    now: Timestamp,
) -> Result<(), StoreError> {
    let unplanned: Vec<_> =
        rooms.iter().filter(|(_, is_planned)| !is_planned).map(|(incident, _)| *incident).collect();
    let opened = store_room::among(tx, &unplanned).await?;
    for (incident, is_planned) in rooms {
        if *is_planned || opened.contains(incident) {
            timer::expect(tx, timer::Kind::Room, incident.0, now, now).await?;
        }
    }
    Ok(())
}

fn audit_entry(app: &App, decision: &Decision, actor: &Actor, now: Timestamp) -> audit::Entry {
    let incident = &decision.incident;
    let kinds: Vec<_> = decision.entries.iter().map(|entry| entry.kind.name()).collect();
    audit::Entry {
        id: app.ids.next(now),
        at: now,
        actor_kind: actor.kind().to_owned(),
        actor_id: actor.user().map(|user| user.0),
        action: "incident.transition".to_owned(),
        object_kind: "incident".to_owned(),
        object_id: incident.id.to_string(),
        data: json!({
            "status": incident.status.name(),
            "severity": incident.severity.number(),
            "version": incident.version,
            "entries": kinds,
        }),
    }
}

async fn perform(
    app: &App,
    tx: &mut Tx,
    writes: &mut Writes,
    directory: &Directory,
    incident: &Incident,
    effect: &Effect,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), StoreError> {
    // What reads the store must find what the effects before it have added.
    if matches!(
        effect,
        Effect::SupersedeAll(_)
            | Effect::SupersedeAllBut(..)
            | Effect::SupersedeOf(..)
            | Effect::Supersede(..)
            | Effect::ResolveAlerts
            | Effect::MoveAlerts(_)
    ) {
        writes.write(tx, now).await?;
    }
    match effect {
        Effect::Page { user, step, round, reason, urgency } => {
            let request =
                Request { user: *user, step: *step, round: *round, reason, urgency: *urgency };
            open_page(app, writes, directory, incident, &request, now);
            Ok(())
        }
        Effect::SupersedeAll(why) => {
            let live = store_page::live(tx, incident.id).await?;
            for page in live {
                supersede(app, tx, &page, why, actor, now).await?;
            }
            Ok(())
        }
        Effect::Publish { audience, subject, text, by, said } => {
            publish(app, writes, directory, incident, (audience, subject, text), (*by, actor), now);
            match directory.audience(audience) {
                Some(to) => status_page::publish(app, tx, directory, incident, to, said, now).await,
                None => Ok(()),
            }
        }
        Effect::Notify { list, subject, text } => {
            let said = (subject.as_str(), text.as_str());
            super::lists::notify(app, writes, directory, incident, *list, said, actor, now);
            Ok(())
        }
        Effect::SupersedeAllBut(but, why) => {
            let live = store_page::live(tx, incident.id).await?;
            for page in live.iter().filter(|page| !but.contains(&UserId(page.user_id))) {
                supersede(app, tx, page, why, actor, now).await?;
            }
            Ok(())
        }
        Effect::SupersedeOf(user, why) => {
            let live = store_page::live(tx, incident.id).await?;
            for page in live.iter().filter(|page| page.user_id == user.0) {
                supersede(app, tx, page, why, actor, now).await?;
            }
            Ok(())
        }
        Effect::Supersede(id, why) => match store_page::lock(tx, *id).await? {
            Some(page) => supersede(app, tx, &page, why, actor, now).await,
            None => Ok(()),
        },
        Effect::ResolveAlerts => {
            alerting::alert::resolve_of_incident(tx, incident.id, now).await?;
            Ok(())
        }
        Effect::MoveAlerts(into) => {
            move_alerts(app, tx, directory, incident, *into, actor, now).await
        }
        Effect::Tell { outlet, reason } => {
            outlet::tell(app, writes, directory, incident, outlet, reason, now);
            Ok(())
        }
        Effect::Inform { user, urgency, subject, text } => {
            let content = json!({
                "subject": subject, "text": text, "url": app.incident_url(incident.number),
                "by": actor.name(),
            });
            let told = app.notice(directory, *user, *urgency, Some(incident.id), &content, now);
            writes.deliveries.extend(told);
            Ok(())
        }
        Effect::Turn { team, user } => turn::take(tx, *team, *user).await,
        Effect::Alarm(text) => {
            tracing::error!(incident = incident.number, "{text}");
            metrics::counter!("muster_alarms_total").increment(1);
            Ok(())
        }
    }
}

struct Request<'a> {
    user: UserId,
    step: Option<u32>,
    round: u32,
    reason: &'a str,
    urgency: Urgency,
}

fn open_page(
    app: &App,
    writes: &mut Writes,
    directory: &Directory,
    incident: &Incident,
    request: &Request<'_>,
    now: Timestamp,
) {
    let id = PageId(app.ids.next(now));
    let user = directory.users.get(request.user);
    let plan = user.map(|user| user.plan(request.urgency, now)).unwrap_or_default();
    let mut position = 0;
    for (method, due_at) in plan {
        let Some(method) = user.and_then(|user| user.contact_method(method)) else { continue };
        let carries = Carries {
            kind: delivery::Kind::Page,
            page: id,
            incident: incident.id,
            user: request.user,
        };
        writes.put(to_method(app, &carries, method, position, due_at, now));
        position += 1;
    }
    writes.pages.push(NewPage {
        id,
        incident: incident.id,
        user: request.user,
        step: request.step,
        round: request.round,
        reason: request.reason.to_owned(),
        urgency: request.urgency,
        state: if position == 0 { PageState::Exhausted } else { PageState::Pending },
        token_hash: app.page_token_hash(id),
    });
    for copy in user
        .iter()
        .flat_map(|user| shadow::copies(app, directory, incident, request.step, user, now))
    {
        writes.put(copy);
    }
    if position == 0 {
        metrics::counter!("muster_pages_exhausted_total").increment(1);
        let name = user.map_or("a former colleague", |user| user.name.as_str());
        tell(app, writes, directory, incident, &[exhausted_entry(name, now)], now);
    }
    metrics::counter!("muster_pages_total").increment(1);
}

/// Tells everybody of an audience; exercises are told to nobody outside.
fn publish(
    app: &App,
    writes: &mut Writes,
    directory: &Directory,
    incident: &Incident,
    (audience, subject, text): (&str, &str, &str),
    (by, actor): (Option<UserId>, &Actor),
    now: Timestamp,
) {
    let Some(audience) = directory.audience(audience).filter(|_| !incident.practice) else {
        return;
    };
    let url = app.incident_url(incident.number);
    let content = json!({
        "subject": subject, "text": text, "url": url,
        "audience": audience.name, "by": actor.name(),
    });
    outlet::publish(app, writes, directory, incident, audience, &content, now);
    for user in audience.people(directory, incident, by) {
        if !may_hear(directory, incident, user, now) {
            continue;
        }
        let told = app.notice(directory, user, Urgency::Low, Some(incident.id), &content, now);
        writes.deliveries.extend(told);
    }
}

/// What a delivery to a contact method is about.
struct Carries {
    kind: delivery::Kind,
    page: PageId,
    incident: IncidentId,
    user: UserId,
}

fn to_method(
    app: &App,
    carries: &Carries,
    method: &ContactMethod,
    position: i64,
    due_at: Timestamp,
    now: Timestamp,
) -> NewDelivery {
    NewDelivery {
        id: DeliveryId(app.ids.next(now)),
        kind: carries.kind,
        page: Some(carries.page),
        incident: Some(carries.incident),
        user: Some(carries.user),
        method: Some(method.id),
        method_name: method.name.clone(),
        channel: method.address.channel(),
        address: None,
        content: None,
        position,
        due_at,
    }
}

/// Stores a delivery together with its timer.
///
/// # Errors
/// When the store refuses.
pub async fn put(tx: &mut Tx, delivery: &NewDelivery, now: Timestamp) -> Result<(), StoreError> {
    delivery::insert(tx, std::slice::from_ref(delivery)).await?;
    timer::set(tx, delivery.kind.timer(), delivery.id.0, delivery.due_at, now).await
}

/// Ends a page: what has not gone out is cancelled, and methods that already got it hear how it
/// ended, unless the person ended it themselves.
async fn supersede(
    app: &App,
    tx: &mut Tx,
    page: &store_page::PageRow,
    why: &Superseded,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), StoreError> {
    if page.state == PageState::Superseded.name() {
        return Ok(());
    }
    let id = PageId(page.id);
    store_page::supersede(tx, id, why, now).await?;
    let deliveries = delivery::of_page(tx, id).await?;
    let acted = actor.user() == Some(UserId(page.user_id));
    let mut cancelled = Vec::new();
    for row in &deliveries {
        match row.delivery_state()? {
            state @ (DeliveryState::Accepted | DeliveryState::Sending) => {
                if !acted && why.how != How::Declined {
                    // What is on its way gets a head start, so that the news does not overtake it.
                    let on_its_way = state == DeliveryState::Sending;
                    let due_at = if on_its_way { soon(now) } else { now };
                    follow_up(app, tx, row, id, due_at, now).await?;
                }
            }
            DeliveryState::Failed | DeliveryState::Cancelled => {}
            DeliveryState::Retrying
                if !acted
                    && why.how != How::Declined
                    && delivery::may_have_arrived(tx, row.id).await? =>
            {
                follow_up(app, tx, row, id, now, now).await?;
                delivery::set_state(tx, row.id, DeliveryState::Cancelled, None, None).await?;
                cancelled.push(row.id);
            }
            DeliveryState::Scheduled | DeliveryState::Retrying | DeliveryState::Bundled => {
                delivery::set_state(tx, row.id, DeliveryState::Cancelled, None, None).await?;
                cancelled.push(row.id);
            }
        }
    }
    timer::clear(tx, timer::Kind::Delivery, &cancelled).await
}

/// "Acknowledged by X", to a method that got the page.
async fn follow_up(
    app: &App,
    tx: &mut Tx,
    row: &delivery::DeliveryRow,
    page: PageId,
    due_at: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    let channel = if row.channel == "email" { "email" } else { "webhook" };
    let news = NewDelivery {
        id: DeliveryId(app.ids.next(now)),
        kind: delivery::Kind::Superseded,
        page: Some(page),
        incident: row.incident_id.map(IncidentId),
        user: row.user_id.map(UserId),
        method: row.method_id.map(muster_core::id::ContactMethodId),
        method_name: row.method.clone(),
        channel,
        address: None,
        content: None,
        position: row.position,
        due_at,
    };
    put(tx, &news, now).await
}

fn soon(now: Timestamp) -> Timestamp {
    now.saturating_add(HEAD_START).unwrap_or(now)
}

async fn move_alerts(
    app: &App,
    tx: &mut Tx,
    directory: &Directory,
    from: &Incident,
    into: IncidentId,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (all, open) = alerting::alert::move_all(tx, from.id, into).await?;
    let target = store_incident::lock(tx, into).await?.ok_or(StoreError::Missing)?;
    let decision = lifecycle::absorb(&target, from.number, all, open, actor, now);
    store_incident::update(tx, &[(decision.incident.clone(), target.version)]).await?;
    note(app, tx, directory, &decision.incident, &decision.entries, now).await
}

/// Whether every page of a step was declined or exhausted, so that the next step begins at once.
/// Pages that were withdrawn belong to a chain that has ended: the step may have begun anew since.
///
/// # Errors
/// When the store cannot be read.
pub async fn step_is_lost(
    tx: &mut Tx,
    incident: IncidentId,
    step: i64,
    round: i64,
    besides: Option<PageId>,
) -> Result<bool, StoreError> {
    let pages = store_page::of_step(tx, incident, step, round).await?;
    Ok(pages.iter().filter(|page| Some(PageId(page.id)) != besides).all(|page| {
        page.state == PageState::Exhausted.name() || page.state == PageState::Superseded.name()
    }))
}

/// The entry that says that a page could not be delivered by any method.
pub fn exhausted_entry(user: &str, now: Timestamp) -> Entry {
    Entry::new(now, Kind::PageFailed, Actor::System, format!("No method reaches {user}"))
        .with("user", user)
}
