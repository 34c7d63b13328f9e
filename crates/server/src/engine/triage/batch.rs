//! One batch of messages: what is known is read in a few set-based queries, every signal is decided
//! in order against that knowledge, and what came of it is written in a few set-based statements.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use muster_core::alerting::alert::{AlertStatus, Latest};
use muster_core::alerting::signal::{Action, Signal};
use muster_core::alerting::triage::{self, Candidate, Classified, Decision, Ignored};
use muster_core::id::{AlertId, IncidentId, IntegrationId, MessageId, ServiceId};
use muster_core::incident::lifecycle::Incident;
use muster_core::incident::severity::Level;
use muster_core::org::directory::Directory;
use muster_core::org::service::{Grouping, Outcome, Service};
use muster_store::alerting::alert::{self, NewAlert, Repeat};
use muster_store::inbox::{self, MessageRow};
use muster_store::incident::incident as store_incident;
use muster_store::{StoreError, Tx};
use serde_json::{Value, json};

use super::read::{self, Reading, Request};
use crate::app::App;
use crate::app::incident::record::Writes;
use crate::app::snapshot::{Inlet, Snapshot};

mod inform;
mod working;

use working::Working;

/// The most incidents that new alerts of a batch may join.
const CANDIDATES_MAX: i64 = 500;
/// The most signals of one transaction: an acknowledgement waits no longer than these take.
const SIGNALS_MAX: usize = 2_000;
/// The most incidents that one transaction opens or changes.
const INCIDENTS_MAX: usize = 250;

/// One signal on its way.
struct Item<'a> {
    message: MessageId,
    received_at: Timestamp,
    inlet: Arc<Inlet>,
    signal: Signal,
    service: &'a Service,
    routed: String,
    rated: Classified,
}

/// What is known, and what the batch adds to it.
struct Batch<'a> {
    app: &'a App,
    directory: &'a Directory,
    now: Timestamp,
    latest: HashMap<(IntegrationId, String), Latest>,
    candidates: HashMap<ServiceId, Vec<Candidate>>,
    /// Incidents that are locked already and may be needed.
    locked: HashMap<IncidentId, Incident>,
    /// The last number given out to an incident, once this batch has opened one.
    last_number: Option<i64>,
    opened: usize,
    working: HashMap<IncidentId, Working>,
    order: Vec<IncidentId>,
    new_alerts: Vec<NewAlert>,
    new_at: HashMap<AlertId, usize>,
    repeats: HashMap<AlertId, Repeat>,
    links: HashSet<(AlertId, MessageId)>,
    informs: Vec<usize>,
    outcomes: HashMap<MessageId, Vec<Value>>,
}

/// Takes a batch of messages through triage in the caller's transaction, or as much of it as one
/// transaction should hold: what remains goes on waiting.
pub(super) async fn digest(
    app: &App,
    tx: &mut Tx,
    rows: &[MessageRow],
    now: Timestamp,
) -> Result<Done, StoreError> {
    let snapshot = app.snapshot();
    let directory = &snapshot.directory;
    let mut prepared = Vec::new();
    let mut room = SIGNALS_MAX;
    for row in rows {
        if room == 0 {
            break;
        }
        match Prepared::read(&snapshot, directory, row, room) {
            Ok(message) => {
                room -= message.items.len();
                prepared.push(message);
            }
            Err(error) => super::set_aside(app, tx, MessageId(row.id), &error, now).await?,
        }
    }
    let items: Vec<_> = prepared.iter().flat_map(|message| &message.items).collect();
    let mut batch = Batch::load(app, tx, directory, &items, now).await?;
    let mut taken = 0;
    for item in items {
        if batch.working.len() >= INCIDENTS_MAX {
            break;
        }
        batch.take(tx, item).await?;
        taken += 1;
    }
    batch.write(tx, prepared, taken).await
}

/// What a batch came to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Done {
    /// Messages that nothing is left of.
    pub(super) messages: usize,
    /// Incidents that were opened.
    pub(super) opened: usize,
}

/// A message with those of its signals that this batch may take.
struct Prepared<'a> {
    id: MessageId,
    items: Vec<Item<'a>>,
    /// What became of its signals so far.
    outcomes: Vec<Value>,
    /// Whether more of its signals follow in another batch.
    more: bool,
}

impl<'a> Prepared<'a> {
    fn read(
        snapshot: &Snapshot,
        directory: &'a Directory,
        row: &MessageRow,
        room: usize,
    ) -> Result<Self, String> {
        let id = MessageId(row.id);
        let inlet = snapshot
            .inlet(IntegrationId(row.integration_id))
            .ok_or("the integration it came through no longer exists; replay it once it does")?;
        let received_at =
            Timestamp::from_microsecond(row.received_at).map_err(|error| error.to_string())?;
        let request = Request::from_json(row.request.as_deref());
        let reading = Reading {
            id,
            received_at,
            content_type: row.content_type.as_deref().unwrap_or_default(),
            request: &request,
            body: &row.body,
        };
        let outcomes: Vec<Value> = row
            .outcome
            .as_deref()
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        let signals = read::signals(inlet, &reading)?;
        let more = signals.len().saturating_sub(outcomes.len()) > room;
        let items: Result<Vec<_>, String> = signals
            .into_iter()
            .skip(outcomes.len())
            .take(room)
            .map(|signal| {
                let route = triage::route(directory, &inlet.integration, &signal)
                    .ok_or("no catch-all is configured; apply a configuration and replay it")?;
                let rated = triage::classify(route.service, &inlet.integration.name, &signal);
                Ok(Item {
                    message: id,
                    received_at,
                    inlet: Arc::clone(inlet),
                    signal,
                    service: route.service,
                    routed: route.because,
                    rated,
                })
            })
            .collect();
        Ok(Self { id, items: items?, outcomes, more })
    }
}

impl<'a> Batch<'a> {
    async fn load(
        app: &'a App,
        tx: &mut Tx,
        directory: &'a Directory,
        items: &[&Item<'_>],
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let keys: HashSet<_> = items.iter().map(|item| item.key()).collect();
        let keys: Vec<_> = keys.into_iter().collect();
        let latest: HashMap<_, _> = alert::latest(tx, &keys).await?.into_iter().collect();
        let grouped = items.iter().filter(|item| item.service.grouping != Grouping::Disabled);
        let services: HashSet<_> = grouped.map(|item| item.service.id).collect();
        let services: Vec<_> = services.into_iter().collect();
        let mut candidates: HashMap<_, Vec<_>> = HashMap::new();
        for (service, candidate) in
            store_incident::candidates(tx, &services, CANDIDATES_MAX).await?
        {
            candidates.entry(service).or_default().push(candidate);
        }
        let locked = lock_likely(tx, items, &latest, &candidates).await?;
        Ok(Self {
            app,
            directory,
            now,
            latest,
            candidates,
            locked,
            last_number: None,
            opened: 0,
            working: HashMap::new(),
            order: Vec::new(),
            new_alerts: Vec::new(),
            new_at: HashMap::new(),
            repeats: HashMap::new(),
            links: HashSet::new(),
            informs: Vec::new(),
            outcomes: HashMap::new(),
        })
    }

    /// Decides one signal and remembers what follows.
    async fn take(&mut self, tx: &mut Tx, item: &Item<'_>) -> Result<(), StoreError> {
        let latest = self.latest.get(&item.key()).copied();
        let at = triage::counts_as_received(item.received_at, latest.as_ref(), self.now);
        let decision = triage::decide(&item.signal, latest.as_ref(), at);
        let (alert, incident, words) = match decision {
            Decision::Open { previous } => self.open(tx, item, previous).await?,
            Decision::Count(id) => {
                self.count(id, item);
                let words = "counted: it repeats what is known".to_owned();
                (Some(id), latest.and_then(|alert| alert.incident), words)
            }
            Decision::Resolve(id) => {
                let incident = latest.and_then(|alert| alert.incident);
                self.recover(tx, id, incident, item).await?;
                (Some(id), incident, "the alert recovered".to_owned())
            }
            Decision::Acknowledge(id) => {
                let words = self.acknowledge(tx, id, item).await?;
                (latest.map(|alert| alert.id), Some(id), words)
            }
            Decision::Ignore(why) => (latest.map(|alert| alert.id), None, ignored(why)),
        };
        if let Some(alert) = alert {
            self.links.insert((alert, item.message));
        }
        self.outcomes.entry(item.message).or_default().push(json!({
            "dedup_key": item.signal.dedup_key,
            "action": item.signal.action.name(),
            "decision": words,
            "alert": alert.map(|id| id.to_string()),
            "incident": incident.map(|id| id.to_string()),
        }));
        Ok(())
    }

    async fn open(
        &mut self,
        tx: &mut Tx,
        item: &Item<'_>,
        previous: Option<AlertId>,
    ) -> Result<(Option<AlertId>, Option<IncidentId>, String), StoreError> {
        let id = AlertId(self.app.ids.next(self.now));
        let mut words = format!("{}; {}", item.routed, item.rated.because);
        let incident = match item.rated.outcome {
            Outcome::Informational => {
                words.push_str("; informational: recorded and mailed, nobody is paged");
                self.informs.push(self.new_alerts.len());
                None
            }
            Outcome::Severity(level) => {
                let (incident, because) = self.place(tx, item, level).await?;
                words.push_str("; ");
                words.push_str(&because);
                Some(incident)
            }
        };
        self.new_at.insert(id, self.new_alerts.len());
        self.new_alerts.push(NewAlert {
            id,
            integration: item.inlet.integration.id,
            service: item.service.id,
            signal: item.signal.clone(),
            severity: level_of(item.rated.outcome),
            incident,
            count: 1,
            first_at: item.received_at,
            last_at: item.received_at,
            resolved_at: None,
            previous,
            decision: words.clone(),
        });
        let latest = Latest { id, status: AlertStatus::Open, incident, last_at: item.received_at };
        self.latest.insert(item.key(), latest);
        Ok((Some(id), incident, words))
    }

    /// Finds the incident that a new alert joins, or opens one.
    async fn place(
        &mut self,
        tx: &mut Tx,
        item: &Item<'_>,
        level: Level,
    ) -> Result<(IncidentId, String), StoreError> {
        let grouping = &item.service.grouping;
        let because = loop {
            let candidates = self.candidates.entry(item.service.id).or_default();
            let grouped =
                triage::group(grouping, &item.signal, level, candidates, item.received_at);
            let Some(incident) = grouped.join else { break grouped.because };
            let working = self.working(tx, incident).await?;
            if working.is_triggered() {
                working.join();
                return Ok((incident, format!("joined because {}", grouped.because)));
            }
            // Somebody answered it after the candidates were read: trouble after that pages again.
            self.forget(incident);
        };
        let number = match self.last_number {
            Some(number) => number,
            None => store_incident::last_number(tx).await?,
        } + 1;
        self.last_number = Some(number);
        self.opened += 1;
        let working = Working::open(self.app, self.directory, number, item, level, self.now)?;
        let id = working.id();
        self.candidates.entry(item.service.id).or_default().insert(0, working.candidate());
        self.order.push(id);
        self.working.insert(id, working);
        Ok((id, format!("opened an incident because {because}")))
    }

    fn count(&mut self, id: AlertId, item: &Item<'_>) {
        if let Some(at) = self.new_at.get(&id) {
            let alert = &mut self.new_alerts[*at];
            alert.count += 1;
            alert.last_at = alert.last_at.max(item.received_at);
            return;
        }
        let repeat = self.repeat(id, item);
        repeat.more += 1;
    }

    fn repeat(&mut self, id: AlertId, item: &Item<'_>) -> &mut Repeat {
        let repeat = self.repeats.entry(id).or_insert(Repeat {
            id,
            more: 0,
            last_at: item.received_at,
            resolved_at: None,
        });
        repeat.last_at = repeat.last_at.max(item.received_at);
        repeat
    }

    async fn recover(
        &mut self,
        tx: &mut Tx,
        id: AlertId,
        incident: Option<IncidentId>,
        item: &Item<'_>,
    ) -> Result<(), StoreError> {
        if let Some(at) = self.new_at.get(&id) {
            let alert = &mut self.new_alerts[*at];
            alert.resolved_at = Some(item.received_at);
            alert.last_at = alert.last_at.max(item.received_at);
        } else {
            self.repeat(id, item).resolved_at = Some(item.received_at);
        }
        let latest =
            Latest { id, status: AlertStatus::Resolved, incident, last_at: item.received_at };
        self.latest.insert(item.key(), latest);
        if let Some(incident) = incident {
            let (app, directory, now) = (self.app, self.directory, self.now);
            let actor = item.actor();
            let working = self.working(tx, incident).await?;
            working.recover(app, directory, &actor, now)?;
            let incident = working.id();
            self.forget_if_over(incident);
        }
        Ok(())
    }

    async fn acknowledge(
        &mut self,
        tx: &mut Tx,
        incident: IncidentId,
        item: &Item<'_>,
    ) -> Result<String, StoreError> {
        let (app, directory, now) = (self.app, self.directory, self.now);
        let actor = item.actor();
        let working = self.working(tx, incident).await?;
        let words = working.acknowledge(app, directory, &actor, now)?;
        let incident = working.id();
        self.forget_if_over(incident);
        Ok(words)
    }

    /// An incident that somebody has or that is over takes no more alerts.
    fn forget_if_over(&mut self, incident: IncidentId) {
        if !self.working.get(&incident).is_some_and(Working::is_triggered) {
            self.forget(incident);
        }
    }

    fn forget(&mut self, incident: IncidentId) {
        for candidates in self.candidates.values_mut() {
            candidates.retain(|candidate| candidate.id != incident);
        }
    }

    /// The incident, locked from here on, or the one that took its place meanwhile.
    async fn working(
        &mut self,
        tx: &mut Tx,
        mut id: IncidentId,
    ) -> Result<&mut Working, StoreError> {
        while !self.working.contains_key(&id) {
            let incident = match self.locked.remove(&id) {
                Some(incident) => incident,
                None => store_incident::lock(tx, id).await?.ok_or(StoreError::Missing)?,
            };
            if let Some(into) = incident.merged_into {
                id = into;
                continue;
            }
            self.order.push(id);
            self.working.insert(id, Working::known(incident));
        }
        self.working.get_mut(&id).ok_or(StoreError::Missing)
    }

    /// Writes down what the first `taken` of the prepared signals led to.
    async fn write(
        mut self,
        tx: &mut Tx,
        messages: Vec<Prepared<'_>>,
        taken: usize,
    ) -> Result<Done, StoreError> {
        // A recovery must be written before a new alert with the same key can be open.
        let repeats: Vec<_> = self.repeats.values().copied().collect();
        alert::repeat(tx, &repeats).await?;
        alert::insert(tx, &self.new_alerts).await?;
        let links: Vec<_> = self.links.iter().copied().collect();
        alert::link_messages(tx, &links).await?;
        if let Some(number) = self.last_number {
            store_incident::set_last_number(tx, number).await?;
        }
        let mut writes = Writes::default();
        for id in std::mem::take(&mut self.order) {
            if let Some(working) = self.working.remove(&id) {
                working.write(self.app, self.directory, tx, &mut writes, self.now).await?;
            }
        }
        writes.write(tx, self.now).await?;
        let informs: Vec<_> = self.informs.iter().map(|at| &self.new_alerts[*at]).collect();
        inform::mail(self.app, self.directory, tx, &informs, self.now).await?;
        metrics::counter!("muster_alerts_total").increment(self.new_alerts.len() as u64);
        self.finish(tx, messages, taken).await
    }

    async fn finish(
        mut self,
        tx: &mut Tx,
        messages: Vec<Prepared<'_>>,
        mut taken: usize,
    ) -> Result<Done, StoreError> {
        let mut done = Vec::with_capacity(messages.len());
        for mut message in messages {
            let of_this = taken.min(message.items.len());
            taken -= of_this;
            message.outcomes.extend(self.outcomes.remove(&message.id).unwrap_or_default());
            let outcome = Value::Array(message.outcomes).to_string();
            if of_this == message.items.len() && !message.more {
                done.push((message.id, outcome));
            } else if of_this > 0 {
                inbox::progress(tx, message.id, &outcome).await?;
            }
        }
        let done_now = Done { messages: done.len(), opened: self.opened };
        inbox::finish(tx, done).await?;
        Ok(done_now)
    }
}

/// Locks, in one statement, the incidents that the batch will most likely change: those that most
/// alerts join, and those of alerts that recover.
async fn lock_likely(
    tx: &mut Tx,
    items: &[&Item<'_>],
    latest: &HashMap<(IntegrationId, String), Latest>,
    candidates: &HashMap<ServiceId, Vec<Candidate>>,
) -> Result<HashMap<IncidentId, Incident>, StoreError> {
    let likely: HashSet<_> = items
        .iter()
        .filter_map(|item| match (item.signal.action, latest.get(&item.key())) {
            (Action::Trigger, Some(known)) if known.status == AlertStatus::Open => None,
            (Action::Trigger, _) => Some(candidates.get(&item.service.id)?.first()?.id),
            (Action::Acknowledge | Action::Resolve, known) => known?.incident,
        })
        .take(INCIDENTS_MAX)
        .collect();
    let likely: Vec<_> = likely.into_iter().collect();
    let locked = store_incident::lock_all(tx, &likely).await?;
    Ok(locked.into_iter().map(|incident| (incident.id, incident)).collect())
}

impl Item<'_> {
    fn key(&self) -> (IntegrationId, String) {
        // As it is stored: PostgreSQL keeps no NUL in text.
        (self.inlet.integration.id, self.signal.dedup_key.replace('\0', "\u{fffd}"))
    }

    fn actor(&self) -> muster_core::incident::timeline::Actor {
        muster_core::incident::timeline::Actor::Integration { label: self.inlet.label.clone() }
    }
}

fn level_of(outcome: Outcome) -> Option<u8> {
    match outcome {
        Outcome::Severity(level) => Some(level.number()),
        Outcome::Informational => None,
    }
}

fn ignored(why: Ignored) -> String {
    format!("ignored: {}", why.words())
}
