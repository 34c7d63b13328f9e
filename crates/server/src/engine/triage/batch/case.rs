//! What triage knows of one signal or of one alert that is looked at again.

use std::sync::Arc;

use jiff::Timestamp;
use muster_core::alerting::rule::Subject;
use muster_core::alerting::signal::Signal;
use muster_core::alerting::triage::{self, Classified};
use muster_core::id::{IntegrationId, MessageId};
use muster_core::incident::severity::Level;
use muster_core::incident::timeline::Actor;
use muster_core::org::directory::Directory;
use muster_core::org::service::{Outcome, Service};
use muster_store::alerting::alert::AlertRow;
use muster_store::inbox::MessageRow;
use serde_json::Value;

use crate::app::snapshot::{Inlet, Snapshot};
use crate::engine::triage::read::{self, Reading, Request};

/// A signal, or what is kept of the one that opened an alert, with what the configuration makes of
/// it.
pub(super) struct Case<'a> {
    /// Where it came in; nothing once the integration is gone.
    pub(super) inlet: Option<Arc<Inlet>>,
    pub(super) integration: IntegrationId,
    pub(super) received_at: Timestamp,
    pub(super) signal: Signal,
    pub(super) service: &'a Service,
    pub(super) rated: Classified,
}

impl<'a> Case<'a> {
    /// An alert that is looked at again at `at`, rated by the rules of now. `None` when neither its
    /// service nor a catch-all is configured any more.
    pub(super) fn of_alert(
        snapshot: &Snapshot,
        directory: &'a Directory,
        row: &AlertRow,
        at: Timestamp,
    ) -> Option<Self> {
        let id = muster_core::id::ServiceId(row.service_id);
        let service = directory.services.get(id).or_else(|| directory.catch_all_service())?;
        let integration = IntegrationId(row.integration_id);
        let inlet = snapshot.inlet(integration).cloned();
        let signal = row.signal();
        let level = row.severity.and_then(|level| u8::try_from(level).ok()).and_then(Level::new);
        let rated = match &inlet {
            Some(inlet) => triage::classify(service, &inlet.integration, &signal, at),
            None => Classified {
                outcome: level.map_or(Outcome::Informational, Outcome::Severity),
                because: "its integration is gone".to_owned(),
                guard: None,
                shadow: service.shadow,
            },
        };
        let received_at = Timestamp::from_microsecond(row.first_at).unwrap_or(at);
        Some(Self { inlet, integration, received_at, signal, service, rated })
    }

    pub(super) fn key(&self) -> (IntegrationId, String) {
        // As it is stored: PostgreSQL keeps no NUL in text.
        (self.integration, self.signal.dedup_key.replace('\0', "\u{fffd}"))
    }

    pub(super) fn actor(&self) -> Actor {
        match &self.inlet {
            Some(inlet) => Actor::Integration { label: inlet.label.clone() },
            None => Actor::System,
        }
    }

    pub(super) fn subject(&self) -> Subject<'_> {
        let integration = self.inlet.as_ref().map_or("", |inlet| inlet.integration.name.as_str());
        Subject { signal: &self.signal, integration, service: &self.service.name }
    }
}

/// One signal on its way.
pub(super) struct Item<'a> {
    pub(super) message: MessageId,
    pub(super) routed: String,
    pub(super) case: Case<'a>,
}

/// A message with those of its signals that this batch may take.
pub(super) struct Prepared<'a> {
    pub(super) id: MessageId,
    pub(super) items: Vec<Item<'a>>,
    /// What became of its signals so far.
    pub(super) outcomes: Vec<Value>,
    /// Whether more of its signals follow in another batch.
    pub(super) more: bool,
}

impl<'a> Prepared<'a> {
    /// Reads a stored message, for as many signals as there is room.
    ///
    /// # Errors
    /// In words, why it cannot be digested.
    pub(super) fn read(
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
                let rated =
                    triage::classify(route.service, &inlet.integration, &signal, received_at);
                let case = Case {
                    inlet: Some(Arc::clone(inlet)),
                    integration: inlet.integration.id,
                    received_at,
                    signal,
                    service: route.service,
                    rated,
                };
                Ok(Item { message: id, routed: route.because, case })
            })
            .collect();
        Ok(Self { id, items: items?, outcomes, more })
    }
}
