//! Informational alerts (`D7`): recorded and mailed, never paged.

use jiff::Timestamp;
use muster_core::id::{DeliveryId, UserId};
use muster_core::org::directory::Directory;
use muster_core::org::user::{Address, User};
use muster_store::alerting::alert::NewAlert;
use muster_store::oncall::delivery::{Kind, NewDelivery};
use muster_store::{StoreError, Tx};
use serde_json::json;

use crate::app::App;
use crate::app::incident::record;

/// Queues mail about an informational alert to the addresses of its service, or to the members of
/// its team.
pub(super) async fn mail(
    app: &App,
    directory: &Directory,
    tx: &mut Tx,
    alert: &NewAlert,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(service) = directory.services.get(alert.service) else { return Ok(()) };
    let content = json!({
        "subject": format!("[info] {}: {}", service.name, alert.signal.summary),
        "text": format!(
            "{}\n\nService: {}\nSource: {}\nKey: {}\n\nThis alert is informational: it was recorded and nobody was paged.",
            alert.signal.summary, service.name, alert.signal.source, alert.signal.dedup_key
        ),
        "url": format!("{}/app/alerts/{}", app.settings.public_url, alert.id),
    })
    .to_string();
    for mailbox in mailboxes(directory, alert) {
        let delivery = NewDelivery {
            id: DeliveryId(app.ids.next(now)),
            kind: Kind::Notification,
            page: None,
            incident: None,
            user: mailbox.user,
            method: None,
            method_name: "inform".to_owned(),
            channel: "email",
            address: Some(mailbox.address),
            content: Some(content.clone()),
            position: 0,
            due_at: now,
        };
        record::put(tx, &delivery, now).await?;
    }
    Ok(())
}

struct Mailbox {
    address: String,
    user: Option<UserId>,
}

fn mailboxes(directory: &Directory, alert: &NewAlert) -> Vec<Mailbox> {
    let Some(service) = directory.services.get(alert.service) else { return Vec::new() };
    if !service.inform.is_empty() {
        let named = service.inform.iter();
        return named.map(|address| Mailbox { address: address.clone(), user: None }).collect();
    }
    let members = service
        .team
        .and_then(|id| directory.teams.get(id))
        .map(|team| team.members.as_slice())
        .unwrap_or_default();
    members
        .iter()
        .filter_map(|id| directory.users.get(*id))
        .map(|user| Mailbox { address: mailbox_of(user), user: Some(user.id) })
        .collect()
}

fn mailbox_of(user: &User) -> String {
    user.contact_methods
        .iter()
        .find_map(|method| match &method.address {
            Address::Email { mailbox } => Some(mailbox.clone()),
            Address::Webhook { .. } => None,
        })
        .unwrap_or_else(|| user.email.clone())
}
