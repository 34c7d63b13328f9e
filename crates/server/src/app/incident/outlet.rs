//! Places that hear of an escalation (`O6`) or of an update (`U1`) and belong to no person: a room, a number, a topic by a
//! provider, or an event webhook. They go through the same outbox as everything else, and nobody
//! waits for them.

use jiff::Timestamp;
use muster_core::id::DeliveryId;
use muster_core::incident::audience::Audience;
use muster_core::incident::lifecycle::Incident;
use muster_core::oncall::escalation::Outlet;
use muster_core::org::directory::Directory;
use muster_store::oncall::delivery::{Kind, NewDelivery};
use serde_json::{Value, json};

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
    let sent = Sent { kind, name, channel, address, content };
    put(app, writes, incident, sent, now);
}

/// Queues an update for the channels of an audience (`U1`). What is restricted is told to no channel:
/// nobody knows who reads there.
pub fn publish(
    app: &App,
    writes: &mut Writes,
    directory: &Directory,
    incident: &Incident,
    audience: &Audience,
    content: &Value,
    now: Timestamp,
) {
    if incident.restriction.is_some() {
        return;
    }
    for outlet in &audience.channels {
        let Outlet::Channel { provider, address } = outlet else { continue };
        let Some(provider) = directory.provider(provider) else { continue };
        let Some(channel) = provider.kind.channels().first() else { continue };
        let mut content = content.clone();
        content["via"] = json!(provider.name);
        let sent = Sent {
            kind: Kind::Notification,
            name: provider.name.clone(),
            channel: channel.name(),
            address: address.clone(),
            content,
        };
        put(app, writes, incident, sent, now);
    }
}

/// What goes to a place.
struct Sent {
    kind: Kind,
    name: String,
    channel: &'static str,
    address: String,
    content: Value,
}

fn put(app: &App, writes: &mut Writes, incident: &Incident, sent: Sent, now: Timestamp) {
    writes.put(NewDelivery {
        id: DeliveryId(app.ids.next(now)),
        kind: sent.kind,
        page: None,
        incident: Some(incident.id),
        user: None,
        method: None,
        method_name: sent.name,
        channel: sent.channel,
        address: Some(sent.address),
        content: Some(sent.content.to_string()),
        position: 0,
        due_at: now,
    });
}
