//! How an incident looks from outside: the one place where it becomes the JSON that webhooks and
//! the API share.

use muster_core::incident::lifecycle::Incident;
use muster_core::org::directory::Directory;
use serde_json::{Value, json};

use crate::app::App;

/// What a service is called, also after it was deleted.
pub fn service_name(directory: &Directory, incident: &Incident) -> String {
    directory
        .services
        .get(incident.service)
        .map_or_else(|| "a deleted service".to_owned(), |service| service.name.clone())
}

/// The short form in pages and events.
pub fn short(app: &App, directory: &Directory, incident: &Incident) -> Value {
    json!({
        "id": incident.id.to_string(),
        "number": incident.number,
        "severity": incident.severity.number(),
        "status": incident.status.name(),
        "title": incident.title,
        "service": service_name(directory, incident),
        "alert_count": incident.alert_count,
        "url": app.incident_url(incident.number),
    })
}
