//! The configuration as this process last read it, with what is derived from it: integrations by
//! key, compiled mappings, the source adapter of each. A change makes a new snapshot; whoever holds
//! an old one finishes with it.

use std::collections::HashMap;
use std::sync::Arc;

use muster_core::id::IntegrationId;
use muster_core::org::directory::Directory;
use muster_core::org::service::Integration;
use muster_integrations::changes;
use muster_integrations::sources::{self, CompiledMapping, Source};
use muster_store::Db;
use muster_store::oncall::contact;
use muster_store::org::directory;

use super::alerting::heartbeat;
use crate::app::oncall::contact::overlay;

/// The configuration as this process last read it.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The organisation.
    pub directory: Arc<Directory>,
    /// What was left out of it and why.
    pub warnings: Vec<String>,
    integrations: HashMap<IntegrationId, Arc<Inlet>>,
    by_key: HashMap<String, IntegrationId>,
    changes_by_key: HashMap<String, Arc<ChangeInlet>>,
}

/// An integration that takes what pipelines and tools report to have changed.
#[derive(Debug)]
pub struct ChangeInlet {
    /// The integration.
    pub integration: Integration,
    /// How its requests are read.
    pub source: &'static changes::Source,
    /// How its generic payloads become reports.
    pub mapping: changes::CompiledMapping,
}

/// An integration, ready to receive.
#[derive(Debug)]
pub struct Inlet {
    /// The integration.
    pub integration: Integration,
    /// What to call it: `checkout/alertmanager`.
    pub label: String,
    /// How its messages are read.
    pub source: &'static Source,
    /// How its generic payloads become signals.
    pub mapping: CompiledMapping,
}

impl Snapshot {
    /// Reads the configuration.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn load(db: &Db, instance_key: &[u8; 32]) -> anyhow::Result<Self> {
        let mut tx = db.snapshot().await?;
        let loaded = directory::load(&mut tx, &environment).await?;
        let chosen = contact::chosen(&mut tx).await?;
        let mut warnings = loaded.warnings;
        let directory = overlay::lay(&loaded.directory, &chosen, instance_key, &mut warnings);
        Ok(Self::new(Arc::new(directory), warnings))
    }

    /// The snapshot of a directory.
    pub fn new(directory: Arc<Directory>, mut warnings: Vec<String>) -> Self {
        let mut integrations = HashMap::new();
        let mut by_key = HashMap::new();
        let mut changes_by_key = HashMap::new();
        for integration in directory.all_integrations() {
            let label = directory.integration_label(integration);
            let of_changes = changes_of(integration, &label, &mut warnings);
            let takes_changes = of_changes.is_some();
            changes_by_key
                .extend(of_changes.map(|inlet| (integration.key.clone(), Arc::new(inlet))));
            let Some(source) = sources::named(&integration.source) else {
                if takes_changes {
                    continue;
                }
                warnings.push(format!("{label}: there is no source named {}", integration.source));
                continue;
            };
            let mapping = CompiledMapping::new(&integration.mapping).unwrap_or_else(|problems| {
                let fields: Vec<_> = problems.iter().map(|problem| &*problem.field).collect();
                warnings.push(format!("{label}: the mapping of {} is invalid", fields.join(", ")));
                CompiledMapping::default()
            });
            by_key.insert(integration.key.clone(), integration.id);
            let inlet = Inlet { integration: integration.clone(), label, source, mapping };
            integrations.insert(integration.id, Arc::new(inlet));
        }
        for monitor in &directory.heartbeats {
            // What monitors say goes the way of every message, but nobody can say it from outside.
            let inlet = Inlet {
                integration: heartbeat::integration(monitor),
                label: heartbeat::label(monitor),
                source: &sources::generic::SOURCE,
                mapping: CompiledMapping::default(),
            };
            integrations.insert(inlet.integration.id, Arc::new(inlet));
        }
        Self { directory, warnings, integrations, by_key, changes_by_key }
    }

    /// The integration that a key belongs to.
    pub fn inlet_by_key(&self, key: &str) -> Option<&Arc<Inlet>> {
        self.by_key.get(key).and_then(|id| self.integrations.get(id))
    }

    /// The integration that takes changes under that key.
    pub fn changes_by_key(&self, key: &str) -> Option<&Arc<ChangeInlet>> {
        self.changes_by_key.get(key)
    }

    /// The integration that a key belongs to whose letters may have changed their case on the way,
    /// as they may in mail; none where there are two.
    pub fn inlet_by_key_in_any_case(&self, key: &str) -> Option<&Arc<Inlet>> {
        let mut alike = self.by_key.iter().filter(|(known, _)| known.eq_ignore_ascii_case(key));
        let (_, id) = alike.next()?;
        if alike.next().is_some() {
            return None;
        }
        self.integrations.get(id)
    }

    /// An integration.
    pub fn inlet(&self, id: IntegrationId) -> Option<&Arc<Inlet>> {
        self.integrations.get(&id)
    }

    /// The integration that people call by that label.
    pub fn inlet_by_label(&self, label: &str) -> Option<&Arc<Inlet>> {
        self.integrations.values().find(|inlet| inlet.label == label)
    }
}

/// How an integration takes changes, if it does. Where the mapping does not fit any more, what a
/// payload says by itself is read.
fn changes_of(
    integration: &Integration,
    label: &str,
    warnings: &mut Vec<String>,
) -> Option<ChangeInlet> {
    let is_pagerduty = integration.source == changes::pagerduty::SOURCE.name;
    let source = if is_pagerduty {
        &changes::pagerduty::SOURCE
    } else {
        changes::named(&integration.source)?
    };
    let is_mapped = source.name == changes::generic::SOURCE.name;
    let mapping = is_mapped.then(|| changes::CompiledMapping::new(&integration.mapping));
    let mapping = mapping.unwrap_or_else(|| Ok(changes::CompiledMapping::default()));
    let mapping = mapping.unwrap_or_else(|problems| {
        let fields: Vec<_> = problems.iter().map(|problem| &*problem.field).collect();
        warnings.push(format!("{label}: the mapping of {} is invalid", fields.join(", ")));
        changes::CompiledMapping::default()
    });
    Some(ChangeInlet { integration: integration.clone(), source, mapping })
}

/// Reads secrets that the configuration names as `{ env: NAME }`.
#[expect(clippy::disallowed_methods, reason = "this is where configured secrets are looked up")]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
