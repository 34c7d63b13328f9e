//! Writing down what a batch led to, in a few set-based statements.

use muster_core::alerting::silence;
use muster_store::alerting::held::Amended;
use muster_store::alerting::{alert, held};
use muster_store::event::{self, NewEvent};
use muster_store::incident::incident as store_incident;
use muster_store::{StoreError, Tx, inbox, timer};
use serde_json::Value;

use super::case::Prepared;
use super::{Batch, Done, inform};
use crate::app::incident::record::Writes;

impl Batch<'_> {
    /// Writes down what the first `taken` of the prepared signals led to.
    pub(super) async fn write(
        mut self,
        tx: &mut Tx,
        messages: Vec<Prepared<'_>>,
        taken: usize,
    ) -> Result<Done, StoreError> {
        self.commit(tx).await?;
        self.finish(tx, messages, taken).await
    }

    /// Writes down everything but the end of messages.
    pub(super) async fn commit(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
        let amended: Vec<_> = std::mem::take(&mut self.amended).into_values().collect();
        held::amend(tx, &amended).await?;
        self.tell_of_held(tx, &amended).await?;
        // A recovery must be written before a new alert with the same key can be open.
        let repeats: Vec<_> = self.repeats.values().copied().collect();
        alert::repeat(tx, &repeats).await?;
        alert::insert(tx, &self.new_alerts).await?;
        let links: Vec<_> = self.links.iter().copied().collect();
        alert::link_messages(tx, &links).await?;
        if let Some(number) = self.last_number {
            store_incident::set_last_number(tx, number).await?;
        }
        let mut writes = Writes::default();
        for id in std::mem::take(&mut self.order) {
            if let Some(working) = self.working.remove(&id) {
                working.write(self.app, self.directory, tx, &mut writes, self.now).await?;
            }
        }
        writes.write(tx, self.now).await?;
        let informs: Vec<_> = self.informs.iter().map(|at| &self.new_alerts[*at]).collect();
        inform::mail(self.app, self.directory, tx, &informs, self.now).await?;
        metrics::counter!("muster_alerts_total").increment(self.new_alerts.len() as u64);
        std::mem::take(&mut self.quiet).write(tx).await?;
        self.set_timers(tx).await?;
        if !self.directory.inhibitions.is_empty() {
            held::wake_held_by(tx, &self.over, self.now, self.now).await?;
        }
        Ok(())
    }

    /// Tells the live stream of alerts that have no incident to speak for them: those that are
    /// held, whatever becomes of them, and those that were held until now.
    async fn tell_of_held(&self, tx: &mut Tx, amended: &[Amended]) -> Result<(), StoreError> {
        let new = self.new_alerts.iter().filter(|alert| alert.incident.is_none());
        let new = new.map(|alert| (alert.id, alert.hold.is_some() && alert.resolved_at.is_none()));
        let old = amended.iter().map(|alert| (alert.id, alert.hold.is_some()));
        let news: Vec<_> = new
            .chain(old)
            .map(|(id, is_held)| NewEvent {
                kind: if is_held { "alert.held" } else { "alert.changed" }.to_owned(),
                incident_number: None,
                subject: id.to_string(),
            })
            .collect();
        event::tell(tx, self.now, &news).await
    }

    /// Sets when alerts are looked at again: those that are held, and those that may fall silent.
    async fn set_timers(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let kind = timer::Kind::Alert;
        let firing = self.new_alerts.iter().filter(|alert| alert.resolved_at.is_none());
        let mut set: Vec<_> = firing
            .filter_map(|alert| {
                let service = self.directory.services.get(alert.service);
                let after = service.and_then(|service| service.auto_resolve_after);
                let over_at = silence::over_at(after, alert.last_at);
                let until = alert.hold.as_ref().and_then(|hold| hold.until);
                Some((kind, alert.id.0, until.into_iter().chain(over_at).min()?))
            })
            .collect();
        let known = self.timers.iter();
        set.extend(known.filter_map(|(id, at)| Some((kind, id.0, (*at)?))));
        timer::set_all(tx, &set, self.now).await?;
        let cleared: Vec<_> =
            self.timers.iter().filter(|(_, at)| at.is_none()).map(|(id, _)| id.0).collect();
        timer::clear(tx, kind, &cleared).await
    }

    async fn finish(
        mut self,
        tx: &mut Tx,
        messages: Vec<Prepared<'_>>,
        mut taken: usize,
    ) -> Result<Done, StoreError> {
        let mut done = Vec::with_capacity(messages.len());
        for mut message in messages {
            let of_this = taken.min(message.items.len());
            taken -= of_this;
            message.outcomes.extend(self.outcomes.remove(&message.id).unwrap_or_default());
            let outcome = Value::Array(message.outcomes).to_string();
            if of_this == message.items.len() && !message.more {
                done.push((message.id, outcome));
            } else if of_this > 0 {
                inbox::progress(tx, message.id, &outcome).await?;
            }
        }
        let done_now = Done { messages: done.len(), opened: self.opened };
        inbox::finish(tx, done).await?;
        Ok(done_now)
    }
}
