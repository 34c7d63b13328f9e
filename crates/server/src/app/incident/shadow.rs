//! Copies for shadows (`O10`): whoever learns, or stands behind a trainee, hears of a page to the
//! person they go along with. A copy asks for nothing and can be answered by nobody.

use jiff::Timestamp;
use muster_core::id::DeliveryId;
use muster_core::incident::lifecycle::Incident;
use muster_core::incident::restriction::may_hear;
use muster_core::incident::severity::Urgency;
use muster_core::oncall::reach;
use muster_core::org::directory::Directory;
use muster_core::org::user::User;
use muster_store::oncall::delivery::{Kind, NewDelivery};
use serde_json::json;

use crate::app::App;

/// The copies of a page to `paged`, whom a step of the incident's policy reached; the step counts
/// from 1.
pub(super) fn copies(
    app: &App,
    directory: &Directory,
    incident: &Incident,
    step: Option<u32>,
    paged: &User,
    now: Timestamp,
) -> Vec<NewDelivery> {
    let place = step.and_then(|step| usize::try_from(step).ok()?.checked_sub(1));
    let policy = directory.policies.get(incident.policy);
    let step = place.and_then(|place| policy.and_then(|policy| policy.steps.get(place)));
    let Some(step) = step else { return Vec::new() };
    let shadows = reach::copies(directory, &step.targets, paged.id, now);
    shadows
        .into_iter()
        .filter(|shadow| may_hear(directory, incident, *shadow, now))
        .filter_map(|user| directory.users.get(user))
        .filter_map(|shadow| copy(app, incident, shadow, paged, now))
        .collect()
}

fn copy(
    app: &App,
    incident: &Incident,
    shadow: &User,
    paged: &User,
    now: Timestamp,
) -> Option<NewDelivery> {
    let first = shadow.rules(Urgency::High).first().map(|rule| rule.method);
    let method = first
        .and_then(|method| shadow.contact_method(method))
        .or_else(|| shadow.contact_methods.first())?;
    let url = app.incident_url(incident.number);
    let content = json!({
        "subject": format!("[shadow] {} was paged: {}", paged.name, incident.title),
        "text": format!(
            "{} was paged for #{}: {}\n\nYou go along with this shift. Nothing is asked of you.",
            paged.full_name, incident.number, incident.title
        ),
        "url": url,
    });
    Some(NewDelivery {
        id: DeliveryId(app.ids.next(now)),
        kind: Kind::Notification,
        page: None,
        incident: Some(incident.id),
        user: Some(shadow.id),
        method: Some(method.id),
        method_name: method.name.clone(),
        channel: method.address.channel(),
        address: None,
        content: Some(content.to_string()),
        position: 0,
        due_at: now,
    })
}
