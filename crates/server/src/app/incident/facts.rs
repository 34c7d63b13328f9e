//! What a decision about an incident must know besides the organisation: looked up only where a
//! step of its policy, or of the one that would take over, asks about it, or where the configuration
//! requires custom fields.

use muster_core::alerting::signal::Signal;
use muster_core::id::IntegrationId;
use muster_core::incident::lifecycle::Incident;
use muster_core::oncall::facts::{Facts, First, Needs};
use muster_core::org::directory::Directory;
use muster_store::incident::field;
use muster_store::oncall::{facts, turn};
use muster_store::{Db, StoreError, Tx};

use super::bridge;

/// What is needed for an incident.
pub fn needs(directory: &Directory, incident: &Incident) -> Needs {
    let policy = directory.policies.get(incident.policy).or_else(|| directory.catch_all_policy());
    let second = policy.and_then(|policy| policy.second_set);
    let second = second.and_then(|second| directory.policies.get(second.policy));
    let policies = [policy, second, directory.catch_all_policy()];
    policies.into_iter().flatten().map(Needs::of).fold(Needs::default(), |a, b| Needs {
        first: a.first || b.first,
        alerts: a.alerts.max(b.alerts),
        turns: a.turns || b.turns,
    })
}

/// What is known about an incident, for a decision in this transaction.
///
/// # Errors
/// When the store refuses.
pub async fn load(
    tx: &mut Tx,
    directory: &Directory,
    incident: &Incident,
) -> Result<Facts, StoreError> {
    let needs = needs(directory, incident);
    let mut known = Facts { bridge: link_of(directory, incident), ..Facts::default() };
    if needs.first {
        known.first = facts::first(tx, incident.id).await?.map(|found| first(directory, found));
    }
    if needs.alerts > 0 {
        known.alert_times = facts::times(tx, incident.id, needs.alerts).await?;
    }
    if needs.turns {
        known.turns = turn::all(tx).await?;
    }
    if directory.fields.iter().any(|field| field.required.is_some()) {
        let rows = field::of_in(tx, incident.id).await?;
        known.filled = rows.into_iter().map(|row| row.field).collect();
    }
    Ok(known)
}

/// As [`load`], to look at.
///
/// # Errors
/// When the store refuses.
pub async fn read(
    db: &Db,
    directory: &Directory,
    incident: &Incident,
) -> Result<Facts, StoreError> {
    let needs = needs(directory, incident);
    let mut known = Facts::default();
    if needs.first {
        known.first =
            facts::read_first(db, incident.id).await?.map(|found| first(directory, found));
    }
    if needs.alerts > 0 {
        known.alert_times = facts::read_times(db, incident.id, needs.alerts).await?;
    }
    if needs.turns {
        known.turns = turn::read(db).await?;
    }
    Ok(known)
}

fn link_of(directory: &Directory, incident: &Incident) -> Option<String> {
    bridge::link(directory, incident, incident.severity)
}

fn first(directory: &Directory, (integration, signal): (IntegrationId, Signal)) -> First {
    let integration = directory.integration(integration);
    let name = integration.map_or_else(String::new, |integration| integration.name.clone());
    First { signal, integration: name }
}
