//! Informational alerts (`D7`): recorded and mailed, never paged.

use std::collections::BTreeMap;

use jiff::Timestamp;
use muster_core::id::{DeliveryId, ServiceId, UserId};
use muster_core::org::directory::Directory;
use muster_core::org::service::Service;
use muster_core::org::user::{Address, User};
use muster_store::alerting::alert::NewAlert;
use muster_store::oncall::delivery::{Kind, NewDelivery};
use muster_store::{StoreError, Tx};
use serde_json::json;

use crate::app::App;
use crate::app::incident::record;

/// The most alerts that one mail names.
const NAMED_MAX: usize = 50;

/// Queues mail about informational alerts to the addresses of their services, or to the members of
/// their teams: one mail for all of a service that came together.
pub(super) async fn mail(
    app: &App,
    directory: &Directory,
    tx: &mut Tx,
    alerts: &[&NewAlert],
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut by_service: BTreeMap<ServiceId, Vec<&NewAlert>> = BTreeMap::new();
    for alert in alerts {
        by_service.entry(alert.service).or_default().push(alert);
    }
    for (id, alerts) in by_service {
        let Some(service) = directory.services.get(id) else { continue };
        let content = content(app, &service.name, &alerts);
        for mailbox in mailboxes(directory, service) {
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
    }
    Ok(())
}

fn content(app: &App, service: &str, alerts: &[&NewAlert]) -> String {
    let url = &app.settings.public_url;
    if let [alert] = alerts {
        let signal = &alert.signal;
        return json!({
            "subject": format!("[info] {service}: {}", signal.summary),
            "text": format!(
                "{}\n\nService: {service}\nSource: {}\nKey: {}\n\nThis alert is informational: it was recorded and nobody was paged.",
                signal.summary, signal.source, signal.dedup_key
            ),
            "url": format!("{url}/app/alerts/{}", alert.id),
        })
        .to_string();
    }
    let mut lines: Vec<_> =
        alerts.iter().take(NAMED_MAX).map(|alert| format!("- {}", alert.signal.summary)).collect();
    if let Some(more) = alerts.len().checked_sub(NAMED_MAX).filter(|more| *more > 0) {
        lines.push(format!("and {more} more"));
    }
    json!({
        "subject": format!("[info] {service}: {} alerts", alerts.len()),
        "text": format!(
            "{}\n\nService: {service}\n\nThese alerts are informational: they were recorded and nobody was paged.",
            lines.join("\n")
        ),
        "url": format!("{url}/app/alerts"),
    })
    .to_string()
}

struct Mailbox {
    address: String,
    user: Option<UserId>,
}

fn mailboxes(directory: &Directory, service: &Service) -> Vec<Mailbox> {
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
            Address::Webhook { .. } | Address::Direct { .. } => None,
        })
        .unwrap_or_else(|| user.email.clone())
}
