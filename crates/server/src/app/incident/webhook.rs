//! Outgoing event webhooks (`Z2`): every timeline entry is told to the addresses that asked for its
//! type, through the same outbox as pages.

use jiff::Timestamp;
use muster_core::id::DeliveryId;
use muster_core::incident::lifecycle::Incident;
use muster_core::incident::timeline::Entry;
use muster_core::org::directory::{Directory, EventWebhook};
use muster_store::oncall::delivery::{Kind, NewDelivery};
use serde_json::{Value, json};

use super::record::Writes;
use super::view;
use crate::app::App;

/// Queues an entry for every webhook that asked for its type.
///
/// # Errors
/// When the store refuses.
pub fn tell(
    app: &App,
    writes: &mut Writes,
    directory: &Directory,
    incident: &Incident,
    entry: &Entry,
    now: Timestamp,
) {
    let kind = format!("incident.{}", entry.kind.name());
    for webhook in directory.webhooks.iter().filter(|webhook| wants(webhook, &kind)) {
        let content = json!({
            "type": kind,
            "at": entry.at.to_string(),
            "incident": view::short(app, directory, incident),
            "data": {
                "actor": { "kind": entry.actor.kind(), "name": entry.actor.name() },
                "text": entry.text,
                "data": entry.data,
            },
        });
        writes.put(call(app, webhook, incident, &content, now));
    }
}

/// A call of a webhook about an incident, to be queued.
pub fn call(
    app: &App,
    webhook: &EventWebhook,
    incident: &Incident,
    content: &Value,
    now: Timestamp,
) -> NewDelivery {
    NewDelivery {
        id: DeliveryId(app.ids.next(now)),
        kind: Kind::Event,
        page: None,
        incident: Some(incident.id),
        user: None,
        method: None,
        method_name: webhook.name.clone(),
        channel: "webhook",
        address: Some(webhook.id.to_string()),
        content: Some(content.to_string()),
        position: 0,
        due_at: now,
    }
}

/// Whether a webhook asked for events of this type: by name, by a prefix such as `incident.*`, or
/// for all by naming none.
fn wants(webhook: &EventWebhook, kind: &str) -> bool {
    webhook.events.is_empty()
        || webhook.events.iter().any(|wanted| match wanted.strip_suffix('*') {
            Some(prefix) => kind.starts_with(prefix),
            None => wanted == kind,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_core::id::WebhookId;

    #[test]
    fn a_webhook_hears_what_it_asked_for() {
        let webhook = |events: &[&str]| EventWebhook {
            id: WebhookId(uuid::Uuid::nil()),
            name: "w".into(),
            url: "https://example.com".into(),
            secret: None,
            events: events.iter().map(|event| (*event).to_owned()).collect(),
        };
        assert!(wants(&webhook(&[]), "incident.opened"));
        assert!(wants(&webhook(&["incident.*"]), "incident.opened"));
        assert!(wants(&webhook(&["incident.opened"]), "incident.opened"));
        assert!(!wants(&webhook(&["incident.opened"]), "incident.paged"));
    }
}
