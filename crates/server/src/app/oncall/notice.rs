//! Telling people something that asks for no answer: about their shifts, about what they help with.
//! One message to the first method of the rules for that urgency. It holds up no page.

use jiff::Timestamp;
use muster_core::id::{DeliveryId, IncidentId, UserId};
use muster_core::incident::severity::Urgency;
use muster_core::org::directory::Directory;
use muster_store::oncall::delivery::{Kind, NewDelivery};
use muster_store::{StoreError, Tx};
use serde_json::Value;

use crate::app::App;
use crate::app::incident::record;

impl App {
    /// Tells one person something that can wait. `content` has a `subject` and a `text`, and a `url`
    /// or what the outbox makes one of when it sends. Somebody who cannot be reached is passed over.
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
        match self.notice(directory, user, Urgency::Low, None, content, now) {
            Some(delivery) => record::put(tx, &delivery, now).await,
            None => Ok(()),
        }
    }

    /// The message that tells one person something, about an incident if it is about one; none
    /// where the person cannot be reached.
    pub(crate) fn notice(
        &self,
        directory: &Directory,
        user: UserId,
        urgency: Urgency,
        incident: Option<IncidentId>,
        content: &Value,
        now: Timestamp,
    ) -> Option<NewDelivery> {
        let person = directory.users.get(user)?;
        let rules = person.rules(urgency);
        let method = rules.iter().find_map(|rule| person.contact_method(rule.method))?;
        Some(NewDelivery {
            id: DeliveryId(self.ids.next(now)),
            kind: Kind::Notification,
            page: None,
            incident,
            user: Some(user),
            method: Some(method.id),
            method_name: method.name.clone(),
            channel: method.address.channel(),
            address: None,
            content: Some(content.to_string()),
            position: 0,
            due_at: now,
        })
    }
}
