//! One batch of messages: what is known is read in a few set-based queries, every signal is decided
//! in order against that knowledge, and what came of it is written in a few set-based statements.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use muster_core::alerting::alert::{AlertStatus, Latest};
use muster_core::alerting::guard::Record;
use muster_core::alerting::hold::{Held, Hold};
use muster_core::alerting::signal::Action;
use muster_core::alerting::silence;
use muster_core::alerting::triage::{self, Candidate, Decision, Ignored};
use muster_core::id::{AlertId, IncidentId, IntegrationId, MessageId, ServiceId};
use muster_core::incident::lifecycle::Incident;
use muster_core::incident::restriction::rule_for;
use muster_core::incident::severity::Level;
use muster_core::incident::timeline::Actor;
use muster_core::oncall::facts::{Needs, Turns};
use muster_core::org::directory::Directory;
use muster_core::org::service::{Grouping, Outcome};
use muster_store::alerting::alert::{self, NewAlert, Repeat};
use muster_store::alerting::held::Amended;
use muster_store::alerting::maintenance;
use muster_store::inbox::MessageRow;
use muster_store::incident::incident as store_incident;
use muster_store::oncall::turn;
use muster_store::org::directory::source_id;
use muster_store::{StoreError, Tx};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::App;
use crate::app::incident::facts;
use crate::app::snapshot::Snapshot;
use case::{Case, Item, Prepared};
use quiet::{Quiet, level_of};
use working::Working;

mod case;
mod due;
mod inform;
pub(crate) mod quiet;
mod trial;
mod working;
mod write;

pub(super) use due::reconsider;
pub use trial::holds;

/// The most incidents that new alerts of a batch may join.
const CANDIDATES_MAX: i64 = 500;
/// The most signals of one transaction: an acknowledgement waits no longer than these take.
const SIGNALS_MAX: usize = 2_000;
/// The most incidents that one transaction opens or changes.
const INCIDENTS_MAX: usize = 250;

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
    /// Whose turn it was, where members of a team take turns.
    turns: Turns,
    working: HashMap<IncidentId, Working>,
    order: Vec<IncidentId>,
    new_alerts: Vec<NewAlert>,
    new_at: HashMap<AlertId, usize>,
    repeats: HashMap<AlertId, Repeat>,
    /// Alerts that go on and have become something else.
    amended: HashMap<AlertId, Amended>,
    /// When alerts that were there before need attention; `None` is never.
    timers: HashMap<AlertId, Option<Timestamp>>,
    quiet: Quiet,
    links: HashSet<(AlertId, MessageId)>,
    informs: Vec<usize>,
    /// Alerts that are over.
    over: Vec<Uuid>,
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
    let cases: Vec<_> = items.iter().map(|item| &item.case).collect();
    sources_heard(app, tx, &snapshot, rows).await?;
    let mut batch = Batch::load(app, tx, directory, &cases, now).await?;
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

/// Notes that sources were heard of whose silence is an alert.
async fn sources_heard(
    app: &App,
    tx: &mut Tx,
    snapshot: &Snapshot,
    rows: &[MessageRow],
) -> Result<(), StoreError> {
    let sources = snapshot.directory.heartbeats.iter().filter(|monitor| monitor.is_source);
    for monitor in sources {
        let heard =
            rows.iter().filter(|row| source_id(IntegrationId(row.integration_id)) == monitor.id);
        let at = heard.map(|row| row.received_at).max();
        if let Some(at) = at.and_then(|at| Timestamp::from_microsecond(at).ok()) {
            app.source_heard(tx, monitor, at).await?;
        }
    }
    Ok(())
}

/// What a batch came to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Done {
    /// Messages that nothing is left of.
    pub(super) messages: usize,
    /// Incidents that were opened.
    pub(super) opened: usize,
}

impl<'a> Batch<'a> {
    async fn load(
        app: &'a App,
        tx: &mut Tx,
        directory: &'a Directory,
        cases: &[&Case<'_>],
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let keys: HashSet<_> = cases.iter().map(|case| case.key()).collect();
        let keys: Vec<_> = keys.into_iter().collect();
        let latest: HashMap<(IntegrationId, String), Latest> =
            alert::latest(tx, &keys).await?.into_iter().collect();
        let guarded: Vec<_> = latest
            .values()
            .filter(|alert| alert.held.is_some_and(quiet::may_end))
            .map(|alert| alert.id)
            .collect();
        let earliest = cases.iter().map(|case| case.received_at).min().unwrap_or(now);
        let windows = maintenance::in_force(tx, earliest.min(now), now).await?;
        let quiet = Quiet::load(tx, directory, cases, &guarded, windows).await?;
        let grouped = cases.iter().filter(|case| case.service.grouping != Grouping::Disabled);
        let services: HashSet<_> = grouped.map(|case| case.service.id).collect();
        let services: Vec<_> = services.into_iter().collect();
        let mut candidates: HashMap<_, Vec<_>> = HashMap::new();
        for (service, candidate) in
            store_incident::candidates(tx, &services, CANDIDATES_MAX).await?
        {
            candidates.entry(service).or_default().push(candidate);
        }
        let locked = lock_likely(tx, cases, &latest, &candidates).await?;
        let takes_turns = directory.policies.iter().any(|policy| Needs::of(policy).turns);
        let turns = if takes_turns { turn::all(tx).await? } else { Turns::new() };
        Ok(Self {
            app,
            directory,
            now,
            latest,
            candidates,
            locked,
            last_number: None,
            opened: 0,
            turns,
            working: HashMap::new(),
            order: Vec::new(),
            new_alerts: Vec::new(),
            new_at: HashMap::new(),
            repeats: HashMap::new(),
            amended: HashMap::new(),
            timers: HashMap::new(),
            quiet,
            links: HashSet::new(),
            informs: Vec::new(),
            over: Vec::new(),
            outcomes: HashMap::new(),
        })
    }

    /// Decides one signal and remembers what follows.
    async fn take(&mut self, tx: &mut Tx, item: &Item<'_>) -> Result<(), StoreError> {
        let case = &item.case;
        let latest = self.latest.get(&case.key()).copied();
        let at = triage::counts_as_received(case.received_at, latest.as_ref(), self.now);
        let decision = triage::decide(&case.signal, latest.as_ref(), at);
        let (alert, incident, words) = match decision {
            Decision::Open { .. } => self.open(tx, item, latest).await?,
            Decision::Count(id) => {
                let (incident, words) = self.count(tx, latest, id, case).await?;
                (Some(id), incident, words)
            }
            Decision::Resolve(id) => {
                let incident = latest.and_then(|alert| alert.incident);
                self.recover(tx, latest, case, case.received_at, &case.actor()).await?;
                (Some(id), incident, "the alert recovered".to_owned())
            }
            Decision::Acknowledge(id) => {
                let words = self.acknowledge(tx, id, case).await?;
                (latest.map(|alert| alert.id), Some(id), words)
            }
            Decision::Ignore(why) => (latest.map(|alert| alert.id), None, ignored(why)),
        };
        if let Some(alert) = alert {
            self.links.insert((alert, item.message));
        }
        self.outcomes.entry(item.message).or_default().push(json!({
            "dedup_key": case.signal.dedup_key,
            "action": case.signal.action.name(),
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
        previous: Option<Latest>,
    ) -> Result<(Option<AlertId>, Option<IncidentId>, String), StoreError> {
        let case = &item.case;
        let id = AlertId(self.app.ids.next(self.now));
        let before = previous.map(|alert| self.firings_of(alert.id).1).unwrap_or_default();
        let firings = quiet::remember(case, before, case.received_at);
        let record = Record { first_at: case.received_at, firings: &firings };
        let fate = self.judge(tx, case, id, record, case.received_at).await?;
        let words = format!("{}; {}; {}", item.routed, case.rated.because, fate.words);
        self.quiet.opened(self.directory, case, id);
        if fate.hold.as_ref().is_some_and(|hold| hold.held == Held::Informational) {
            self.informs.push(self.new_alerts.len());
        }
        let latest = Latest {
            id,
            status: AlertStatus::Open,
            incident: fate.incident,
            last_at: case.received_at,
            held: fate.hold.as_ref().map(|hold| hold.held),
            flaps: silence::flaps(previous.as_ref(), case.received_at),
        };
        self.new_at.insert(id, self.new_alerts.len());
        self.new_alerts.push(NewAlert {
            id,
            integration: case.integration,
            service: case.service.id,
            signal: case.signal.clone(),
            severity: level_of(case.rated.outcome),
            incident: fate.incident,
            count: 1,
            first_at: case.received_at,
            last_at: case.received_at,
            resolved_at: None,
            previous: previous.map(|alert| alert.id),
            decision: words.clone(),
            flaps: latest.flaps,
            hold: fate.hold,
            firings,
            not_paged: fate.not_paged,
        });
        self.latest.insert(case.key(), latest);
        Ok((Some(id), fate.incident, words))
    }

    /// Whether an alert that fires pages at `at`: its incident, or what holds it back.
    async fn judge(
        &mut self,
        tx: &mut Tx,
        case: &Case<'_>,
        id: AlertId,
        record: Record<'_>,
        at: Timestamp,
    ) -> Result<Fate, StoreError> {
        let hold = self.quiet.hold(self.directory, case, id, record, at);
        match (hold, case.rated.outcome) {
            (None, Outcome::Severity(level)) => self.place(tx, case, level, at).await,
            (None, Outcome::Informational) => Ok(Fate::default()),
            (Some(hold), Outcome::Severity(level)) if hold.held == Held::Shadow => {
                let hold = self.quiet.shadow(self.directory, case, (id, level), hold, at);
                Ok(Fate::held(hold))
            }
            (Some(hold), _) => Ok(Fate::held(hold)),
        }
    }

    /// Finds the incident that an alert joins, or opens one. What was held back is grouped as of the
    /// instant at which nothing holds it any more.
    async fn place(
        &mut self,
        tx: &mut Tx,
        case: &Case<'_>,
        level: Level,
        at: Timestamp,
    ) -> Result<Fate, StoreError> {
        let grouping = &case.service.grouping;
        let rules = &self.directory.restrictions;
        let is_restricted = rule_for(rules, case.service.id, Some(&case.subject())).is_some();
        let because = loop {
            let candidates: &[Candidate] = self.candidates.entry(case.service.id).or_default();
            let restricted: Vec<Candidate>;
            // What only some may see joins nothing that everybody sees.
            let candidates = if is_restricted {
                restricted = candidates.iter().filter(|one| one.is_restricted).cloned().collect();
                &restricted
            } else {
                candidates
            };
            let grouped = triage::group(grouping, &case.signal, level, candidates, at);
            let Some(incident) = grouped.join else { break grouped.because };
            let directory = self.directory;
            let working = self.working(tx, incident).await?;
            if working.is_triggered() {
                working.join();
                let quiet = quiet::severity_is_quiet(directory, working.level());
                let not_paged = quiet.unwrap_or_else(|| quiet::grouped_into(working.number()));
                let words = format!("joined because {}", grouped.because);
                return Ok(Fate::placed(incident, Some(not_paged), words));
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
        let working = Working::open(
            self.app,
            self.directory,
            number,
            case,
            (level, at),
            &mut self.turns,
            self.now,
        )?;
        let id = working.id();
        self.candidates.entry(case.service.id).or_default().insert(0, working.candidate());
        self.order.push(id);
        self.working.insert(id, working);
        self.quiet.incident_opened(self.directory, case.service.id, level);
        let not_paged = quiet::severity_is_quiet(self.directory, level);
        Ok(Fate::placed(id, not_paged, format!("opened an incident because {because}")))
    }

    /// A repeat. An alert that waits for more firings may have come to enough of them.
    async fn count(
        &mut self,
        tx: &mut Tx,
        latest: Option<Latest>,
        id: AlertId,
        case: &Case<'_>,
    ) -> Result<(Option<IncidentId>, String), StoreError> {
        if let Some(at) = self.new_at.get(&id) {
            let alert = &mut self.new_alerts[*at];
            alert.count += 1;
            alert.last_at = alert.last_at.max(case.received_at);
        } else {
            self.repeat(id, case.received_at).more += 1;
        }
        let incident = latest.and_then(|alert| alert.incident);
        let counted = "counted: it repeats what is known".to_owned();
        let Some(alert) = latest.filter(|alert| alert.held.is_some_and(quiet::may_end)) else {
            return Ok((incident, counted));
        };
        if !quiet::counts(case) {
            return Ok((incident, counted));
        }
        let (first_at, before) = self.firings_of(id);
        let firings = quiet::remember(case, before, case.received_at);
        let record = Record { first_at: first_at.unwrap_or(case.received_at), firings: &firings };
        let fate = self.judge(tx, case, id, record, case.received_at).await?;
        let words = format!("{counted}; {}", fate.words);
        let incident = fate.incident;
        self.becomes(alert, case, fate, firings);
        Ok((incident, words))
    }

    /// When an alert began to fire, and the firings that its guard counts.
    fn firings_of(&self, id: AlertId) -> (Option<Timestamp>, Vec<Timestamp>) {
        if let Some(at) = self.new_at.get(&id) {
            let alert = &self.new_alerts[*at];
            return (Some(alert.first_at), alert.firings.clone());
        }
        let record = self.quiet.record(id);
        let firings = self.amended.get(&id).map(|alert| &alert.firings);
        let firings = firings.or(record.map(|record| &record.firings));
        (record.map(|record| record.first_at), firings.cloned().unwrap_or_default())
    }

    /// Remembers what has become of an alert that goes on.
    fn becomes(&mut self, latest: Latest, case: &Case<'_>, fate: Fate, firings: Vec<Timestamp>) {
        let id = latest.id;
        let held = fate.hold.as_ref().map(|hold| hold.held);
        let known = Latest { incident: fate.incident, held, ..latest };
        self.latest.insert(case.key(), known);
        let severity = level_of(case.rated.outcome);
        let told = |before: &str| match held {
            Some(_) => before.to_owned(),
            None => format!("{before}; {}", fate.words),
        };
        if let Some(at) = self.new_at.get(&id) {
            let alert = &mut self.new_alerts[*at];
            alert.decision = told(&alert.decision);
            (alert.severity, alert.incident) = (severity, fate.incident);
            (alert.hold, alert.firings, alert.not_paged) = (fate.hold, firings, fate.not_paged);
            return;
        }
        let before = match self.amended.get(&id) {
            Some(alert) => alert.decision.clone(),
            None => self.quiet.record(id).map(|one| one.decision.clone()).unwrap_or_default(),
        };
        let over_at = silence::over_at(case.service.auto_resolve_after, latest.last_at);
        let until = fate.hold.as_ref().and_then(|hold| hold.until);
        self.timers.insert(id, until.into_iter().chain(over_at).min());
        let amended = Amended {
            id,
            severity,
            incident: fate.incident,
            decision: told(&before),
            hold: fate.hold,
            firings,
            not_paged: fate.not_paged,
        };
        self.amended.insert(id, amended);
    }

    fn repeat(&mut self, id: AlertId, heard_at: Timestamp) -> &mut Repeat {
        let repeat = self.repeats.entry(id).or_insert(Repeat {
            id,
            more: 0,
            last_at: heard_at,
            resolved_at: None,
        });
        repeat.last_at = repeat.last_at.max(heard_at);
        repeat
    }

    /// An alert is over since `at`.
    async fn recover(
        &mut self,
        tx: &mut Tx,
        latest: Option<Latest>,
        case: &Case<'_>,
        at: Timestamp,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        let Some(alert) = latest else { return Ok(()) };
        if let Some(place) = self.new_at.get(&alert.id) {
            let new = &mut self.new_alerts[*place];
            new.resolved_at = Some(at);
            new.last_at = new.last_at.max(at);
        } else {
            self.repeat(alert.id, at).resolved_at = Some(at);
            if alert.held.is_some_and(quiet::may_end) || case.service.auto_resolve_after.is_some() {
                self.timers.insert(alert.id, None);
            }
        }
        let over = Latest { status: AlertStatus::Resolved, last_at: at, ..alert };
        self.latest.insert(case.key(), over);
        self.quiet.recovered(alert.id);
        self.over.push(alert.id.0);
        if let Some(incident) = alert.incident {
            let (app, directory, now) = (self.app, self.directory, self.now);
            let working = self.working(tx, incident).await?;
            working.recover(app, directory, actor, now)?;
            let incident = working.id();
            self.forget_if_over(incident);
        }
        Ok(())
    }

    async fn acknowledge(
        &mut self,
        tx: &mut Tx,
        incident: IncidentId,
        case: &Case<'_>,
    ) -> Result<String, StoreError> {
        let (app, directory, now) = (self.app, self.directory, self.now);
        let actor = case.actor();
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
            let facts = facts::load(tx, self.directory, &incident).await?;
            self.working.insert(id, Working::known(incident, facts));
        }
        self.working.get_mut(&id).ok_or(StoreError::Missing)
    }
}

/// Locks, in one statement, the incidents that the batch will most likely change: those that most
/// alerts join, and those of alerts that recover.
async fn lock_likely(
    tx: &mut Tx,
    cases: &[&Case<'_>],
    latest: &HashMap<(IntegrationId, String), Latest>,
    candidates: &HashMap<ServiceId, Vec<Candidate>>,
) -> Result<HashMap<IncidentId, Incident>, StoreError> {
    let likely: HashSet<_> = cases
        .iter()
        .filter_map(|case| match (case.signal.action, latest.get(&case.key())) {
            (Action::Trigger, Some(known)) if known.status.is_firing() => None,
            (Action::Trigger, _) => Some(candidates.get(&case.service.id)?.first()?.id),
            (Action::Acknowledge | Action::Resolve, known) => known?.incident,
        })
        .take(INCIDENTS_MAX)
        .collect();
    let likely: Vec<_> = likely.into_iter().collect();
    let locked = store_incident::lock_all(tx, &likely).await?;
    Ok(locked.into_iter().map(|incident| (incident.id, incident)).collect())
}

/// What becomes of an alert that fires.
#[derive(Default)]
struct Fate {
    incident: Option<IncidentId>,
    hold: Option<Hold>,
    /// Why nobody was paged for it.
    not_paged: Option<String>,
    words: String,
}

impl Fate {
    fn placed(incident: IncidentId, not_paged: Option<String>, words: String) -> Self {
        Self { incident: Some(incident), hold: None, not_paged, words }
    }

    fn held(hold: Hold) -> Self {
        let (not_paged, words) = (Some(hold.because.clone()), hold.because.clone());
        Self { incident: None, hold: Some(hold), not_paged, words }
    }
}

fn ignored(why: Ignored) -> String {
    format!("ignored: {}", why.words())
}
