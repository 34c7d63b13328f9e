//! Places that hear of an escalation and belong to no person (`O6`): a room, a number, a topic by a
//! provider, or an event webhook. They go through the same outbox as everything else, and nobody
//! waits for them.

use jiff::Timestamp;
use muster_core::id::DeliveryId;
use muster_core::incident::lifecycle::Incident;
use muster_core::oncall::escalation::Outlet;
use muster_core::org::directory::Directory;
use muster_store::oncall::delivery::{Kind, NewDelivery};
use serde_json::json;

use super::record::Writes;
use super::view;
use crate::app::App;

/// Queues what a place hears. A place that is not configured any more hears nothing.
pub fn tell(
    app: &App,
    writes: &mut Writes,
    directory: &Directory,
    incident: &Incident,
    outlet: &Outlet,
    reason: &str,
    now: Timestamp,
) {
    let (kind, name, channel, address, content) = match outlet {
        Outlet::Webhook(id) => {
            let Some(webhook) = directory.webhooks.get(*id) else { return };
            let content = json!({
                "type": "incident.told",
                "at": now.to_string(),
                "incident": view::short(app, directory, incident),
                "data": { "text": reason },
            });
            (Kind::Event, webhook.name.clone(), "webhook", webhook.id.to_string(), content)
        }
        Outlet::Channel { provider, address } => {
            let Some(provider) = directory.provider(provider) else { return };
            let Some(channel) = provider.kind.channels().first() else { return };
            let service = view::service_name(directory, incident);
            let severity = directory.severity(incident.severity);
            let level = incident.severity.number();
            let content = json!({
                "subject": format!("#{} SEV{level} {}", incident.number, incident.title),
                "text": format!("{}\n\nSeverity {level} ({}) of {service}, {}: {reason}",
                    incident.title, severity.name, incident.status.name()),
                "url": app.incident_url(incident.number),
                "via": provider.name,
            });
            (Kind::Notification, provider.name.clone(), channel.name(), address.clone(), content)
        }
    };
    writes.put(NewDelivery {
        id: DeliveryId(app.ids.next(now)),
        kind,
        page: None,
        incident: Some(incident.id),
        user: None,
        method: None,
        method_name: name,
        channel,
        address: Some(address),
        content: Some(content.to_string()),
        position: 0,
        due_at: now,
    });
}
