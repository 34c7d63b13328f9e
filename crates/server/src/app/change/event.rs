//! Change events (`X16`): which services a report is about, and folding it into their events. An
//! event is told to the live stream and to nobody else.

use jiff::Timestamp;
use muster_core::change::event::{Progress, Report, What};
use muster_core::id::{ChangeEventId, ServiceId};
use muster_core::incident::timeline::Actor;
use muster_core::org::directory::Directory;
use muster_core::org::service::Integration;
use muster_store::change::event::{self as store, NewReport, Recorded};
use muster_store::event::{self, NewEvent};
use muster_store::{Lane, StoreError, Tx, audit};
use serde_json::json;

use crate::app::App;
use crate::app::snapshot::ChangeInlet;
use crate::ids;

/// The source of events that a person or a program wrote over the API.
pub const BY_HAND: &str = "manual";

/// Why reports are not recorded.
#[derive(Debug, thiserror::Error)]
pub enum NotRecorded {
    /// Nothing says which service the thing belongs to that its source calls so.
    #[error("nothing says which service `{0}` belongs to")]
    NobodyKnows(String),
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl App {
    /// Records what a source reported, all of it or nothing. A delivery that came before changes
    /// nothing.
    ///
    /// # Errors
    /// See [`NotRecorded`].
    pub async fn record_reports(
        &self,
        inlet: &ChangeInlet,
        reports: Vec<Report>,
        delivery: Option<String>,
    ) -> Result<(), NotRecorded> {
        let now = self.now();
        let directory = &self.snapshot().directory;
        let integration = &inlet.integration;
        let mut new = Vec::new();
        for report in reports {
            let services = services_of(directory, integration, &report);
            if services.is_empty() {
                return Err(NotRecorded::NobodyKnows(report.what.subject));
            }
            let progress = report.progress();
            new.extend(services.into_iter().map(|service| NewReport {
                id: ChangeEventId(self.ids.next(now)),
                service,
                integration: Some(integration.id),
                source: inlet.source.name,
                key: report.key.clone(),
                progress,
                what: report.what.clone(),
            }));
        }
        if new.is_empty() {
            return Ok(());
        }
        // Locked in one order by all, so that two messages about the same changes do not cross.
        new.sort_by(|a, b| (&a.key, a.service).cmp(&(&b.key, b.service)));
        let mut tx = self.db.begin(Lane::Accept).await?;
        if let Some(delivery) = delivery
            && !store::note_delivery(&mut tx, integration.id, &delivery, now).await?
        {
            return Ok(());
        }
        for report in &new {
            record(&mut tx, report, now).await?;
        }
        tx.commit().await?;
        self.wake.stream.notify_waiters();
        Ok(())
    }

    /// Writes an event down that somebody tells of.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn write_change_event(
        &self,
        service: ServiceId,
        progress: Progress,
        what: What,
        actor: &Actor,
    ) -> Result<ChangeEventId, StoreError> {
        let now = self.now();
        let id = ChangeEventId(self.ids.next(now));
        let data = json!({ "summary": what.summary, "kind": what.kind.name() });
        let report = NewReport {
            id,
            service,
            integration: None,
            source: BY_HAND,
            key: id.to_string(),
            progress,
            what: what.within_limits(),
        };
        let mut tx = self.db.begin(Lane::Command).await?;
        record(&mut tx, &report, now).await?;
        let object = ("change_event", id.to_string());
        let entry = self.audit_entry(actor, "change_event.add", object, data);
        audit::append(&mut tx, &entry, ids::random()).await?;
        tx.commit().await?;
        self.wake.stream.notify_waiters();
        Ok(id)
    }
}

async fn record(tx: &mut Tx, report: &NewReport, now: Timestamp) -> Result<(), StoreError> {
    let (kind, id) = match store::record(tx, report, now).await? {
        Recorded::New(id) => ("change_event.recorded", id),
        Recorded::Changed(id) => ("change_event.changed", id),
        Recorded::Known(_) => return Ok(()),
    };
    let news = NewEvent { kind: kind.to_owned(), incident_number: None, subject: id.to_string() };
    event::tell(tx, now, &[news]).await
}

/// The services that a report is about: what the integration says of the thing, else what the
/// source says itself, else the integration's own service, else the service that is called as the
/// thing is (its last part, where that is a path), else the catch-all.
fn services_of(
    directory: &Directory,
    integration: &Integration,
    report: &Report,
) -> Vec<ServiceId> {
    let subject = report.what.subject.as_str();
    let mapped = integration.services.iter().filter(|(name, _)| {
        name.eq_ignore_ascii_case(subject)
            || name.eq_ignore_ascii_case(&format!("{subject}@{}", report.what.environment))
    });
    let mut found: Vec<_> = mapped.flat_map(|(_, services)| services.iter().copied()).collect();
    let named = |name: &str| directory.services.named(name.trim()).map(|service| service.id);
    if found.is_empty() {
        found = report.services.iter().filter_map(|name| named(name)).collect();
    }
    if found.is_empty() {
        let last = subject.rsplit('/').next().unwrap_or_default();
        let one = integration
            .service
            .or_else(|| named(subject))
            .or_else(|| named(last))
            .or_else(|| directory.catch_all_service().map(|service| service.id));
        found.extend(one);
    }
    found.sort_unstable();
    found.dedup();
    found
}
