//! Telling people about their shifts: a message to the first method of their rules for what can
//! wait. It asks for no acknowledgement and holds up no page.

use muster_core::id::{DeliveryId, UserId};
use muster_core::incident::severity::Urgency;
use muster_core::org::directory::Directory;
use muster_store::oncall::delivery::{Kind, NewDelivery};
use muster_store::{StoreError, Tx};
use serde_json::Value;

use crate::app::App;
use crate::app::incident::record;

impl App {
    /// Tells one person something. `content` has a `subject` and a `text`, and a `url` or what the
    /// outbox makes one of when it sends. Somebody who cannot be reached is passed over.
    ///
    /// # Errors
    /// When the store refuses.
    pub(crate) async fn tell_person(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        user: UserId,
        content: &Value,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let Some(person) = directory.users.get(user) else { return Ok(()) };
        let rules = person.rules(Urgency::Low);
        let first = rules.iter().find_map(|rule| person.contact_method(rule.method));
        let Some(method) = first else { return Ok(()) };
        let delivery = NewDelivery {
            id: DeliveryId(self.ids.next(now)),
            kind: Kind::Notification,
            page: None,
            incident: None,
            user: Some(user),
            method: Some(method.id),
            method_name: method.name.clone(),
            channel: method.address.channel(),
            address: None,
            content: Some(content.to_string()),
            position: 0,
            due_at: now,
        };
        record::put(tx, &delivery, now).await
    }
}
