//! People report too (`D4`): declaring an incident by hand, and paging somebody about something
//! that has no incident yet.

use jiff::Timestamp;
use muster_core::alerting::signal::cut;
use muster_core::id::{IncidentId, ServiceId, UserId};
use muster_core::incident::clocks::Clocks;
use muster_core::incident::duplicate::{self, Because, Known};
use muster_core::incident::helper::Helpers;
use muster_core::incident::impact::{Ask, Change, Impact};
use muster_core::incident::lifecycle::{
    self, Command, Incident, Stamps, Status, Surroundings, TITLE_CHARS_MAX,
};
use muster_core::incident::restriction::{Named, Restriction, Viewer, rule_for};
use muster_core::incident::severity::Level;
use muster_core::incident::timeline::Actor;
use muster_core::oncall::escalation::State;
use muster_core::org::directory::Directory;
use muster_core::org::service::Service;
use muster_store::incident::incident::{self as store_incident, Filter, Grouping};
use muster_store::{Lane, StoreError};

use super::command::{Refused, TRIES_MAX, obey};
use super::facts;
use super::field::Setting;
use super::record::{self, Before};
use crate::app::App;

/// The most open incidents, the newest, that a report is compared with.
const COMPARED_MAX: i64 = 500;

/// What somebody reports. A title is enough.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The incident's id, for a report that may come twice; a new one unless given.
    pub id: Option<IncidentId>,
    /// One line.
    pub title: String,
    /// More than a line.
    pub summary: Option<String>,
    /// What is affected; the catch-all service where nobody knows.
    pub service: Option<ServiceId>,
    /// How bad it is; the worst where nobody knows.
    pub severity: Option<Level>,
    /// What is known of the impact.
    pub impact: Change,
    /// Who alone sees it, and why; whoever declares it does too. Everybody sees it where nobody is
    /// named, unless a rule restricts it.
    pub restricted: Option<(Named, String)>,
    /// Free words on it.
    pub tags: Vec<String>,
    /// Values of its custom fields.
    pub fields: Vec<Setting>,
    /// Whether it is an exercise.
    pub practice: bool,
    /// Whom to ask besides, or instead if `only`.
    pub page: Vec<UserId>,
    /// Ask only the people in `page`, and not the service's policy.
    pub only: bool,
}

impl App {
    /// Declares an incident.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn declare(&self, report: Report, actor: &Actor) -> Result<Incident, Refused> {
        let snapshot = self.snapshot();
        let incident =
            self.new_incident(&snapshot.directory, &report).ok_or(Refused::NotConfigured)?;
        let mut tries = 0;
        loop {
            match self.try_declare(incident.clone(), &report, actor).await {
                Err(Refused::Store(StoreError::GaveWay { .. } | StoreError::CommitUnknown))
                    if tries < TRIES_MAX =>
                {
                    tries += 1;
                }
                outcome => return outcome,
            }
        }
    }

    /// The open incidents that the viewer sees and that may be what somebody is about to declare or has just declared as
    /// `besides`, the likeliest first, each with the reasons. Exercises are never meant.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn likely_duplicates(
        &self,
        viewer: &Viewer,
        title: &str,
        service: Option<ServiceId>,
        besides: Option<IncidentId>,
    ) -> Result<Vec<(Incident, Vec<Because>)>, StoreError> {
        let filter = Filter { open: Some(true), practice: Some(false), ..Filter::default() };
        let mut open = store_incident::list(&self.db, viewer, &filter, COMPARED_MAX).await?;
        open.retain(|one| one.merged_into.is_none() && Some(one.id) != besides);
        let now = self.now();
        let known: Vec<_> = open
            .iter()
            .map(|one| Known {
                id: one.id,
                number: one.number,
                title: &one.title,
                service: one.service,
                since: one.stamps.detected_at.unwrap_or(now),
            })
            .collect();
        let report = duplicate::Report { title, service };
        let likely = duplicate::likely(&self.snapshot().directory, report, &known, now);
        let whole = likely.into_iter().filter_map(|likely| {
            let at = open.iter().position(|one| one.id == likely.id)?;
            Some((open[at].clone(), likely.because))
        });
        Ok(whole.collect())
    }

    async fn try_declare(
        &self,
        mut incident: Incident,
        report: &Report,
        actor: &Actor,
    ) -> Result<Incident, Refused> {
        let now = self.now();
        let snapshot = self.snapshot();
        let directory = &snapshot.directory;
        let mut tx = self.db.begin(Lane::Command).await?;
        // Drawing a number waits for whoever drew the last one, and so for an earlier try whose
        // commit was not confirmed.
        incident.number = store_incident::next_number(&mut tx).await?;
        if let Some(declared) = store_incident::read(&mut tx, incident.id).await? {
            return Ok(declared);
        }
        let facts = facts::load(&mut tx, directory, &incident).await?;
        let around = Surroundings::new(directory, &incident, incident.severity, &facts, now)
            .ok_or(Refused::NotConfigured)?;
        let decision = if report.only {
            lifecycle::open_quietly(incident, actor, &around, now)
        } else {
            lifecycle::open(incident, true, actor, &around, now)
        };
        let before = Before::New(Grouping::default());
        record::record(self, &mut tx, directory, before, &decision, actor, now).await?;
        let mut incident = decision.incident;
        if report.impact != Change::default() {
            let command = Command::Impact(Ask::Change(report.impact.clone()));
            incident = obey(self, &mut tx, incident.id, command, actor, now).await?;
        }
        if !report.tags.is_empty() {
            self.add_tags(&mut tx, incident.id, &report.tags, actor).await?;
        }
        if !report.fields.is_empty() {
            self.change_fields(&mut tx, incident.id, &report.fields, None, actor).await?;
        }
        if !report.page.is_empty() {
            let command = Command::PagePeople { users: report.page.clone(), message: None };
            incident = obey(self, &mut tx, incident.id, command, actor, now).await?;
        }
        tx.commit().await?;
        self.wake.all();
        Ok(incident)
    }

    fn new_incident(&self, directory: &Directory, report: &Report) -> Option<Incident> {
        let now = self.now();
        let service: &Service = report
            .service
            .and_then(|id| directory.services.get(id))
            .or_else(|| directory.catch_all_service())?;
        let mut title = report.title.trim().to_owned();
        cut(&mut title, TITLE_CHARS_MAX);
        Some(Incident {
            id: report.id.unwrap_or_else(|| IncidentId(self.ids.next(now))),
            number: 0,
            title,
            summary: report.summary.clone(),
            service: service.id,
            policy: service.policy,
            severity: report.severity.unwrap_or(Level::WORST),
            status: Status::Triggered,
            assignee: None,
            stamps: Stamps { occurred_at: Some(now), detected_at: Some(now), ..Stamps::default() },
            escalation: State::Idle,
            clocks: Clocks::default(),
            alert_count: 0,
            open_alert_count: 0,
            helpers: Helpers::default(),
            impact: Impact::default(),
            roles: Default::default(),
            updates: Default::default(),
            bridge: None,
            estimate: None,
            gates: Default::default(),
            restriction: self.restriction(directory, service.id, report, now),
            marks: Default::default(),
            reopened_count: 0,
            merged_into: None,
            parentage: None,
            open_children: 0,
            practice: report.practice,
            version: 0,
        })
    }
    /// What somebody asks for, or else what the first rule says; whoever declares it sees it.
    fn restriction(
        &self,
        directory: &Directory,
        service: ServiceId,
        report: &Report,
        now: Timestamp,
    ) -> Option<Restriction> {
        let asked = report.restricted.clone().map(|(named, reason)| Restriction {
            named,
            reason,
            since: now,
        });
        let by_rule = || {
            let rule = rule_for(&directory.restrictions, service, None);
            rule.map(|rule| rule.restriction(now))
        };
        asked.or_else(by_rule)
    }
}
