//! Tagging incidents (`T2`), from wherever somebody does.

use muster_core::id::IncidentId;
use muster_core::incident::lifecycle::WrongMove;
use muster_core::incident::tag::TAGS_MAX;
use muster_core::incident::timeline::{Actor, Entry, Kind};
use muster_store::incident::incident as store_incident;
use muster_store::incident::tag;
use muster_store::{Lane, Tx, audit};
use serde_json::json;

use super::command::{Refused, TRIES_MAX};
use super::record;
use crate::app::App;
use crate::ids;

impl App {
    /// Adds tags to an incident; those that it bears stay as they are.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn tag(
        &self,
        incident: IncidentId,
        tags: &[String],
        actor: &Actor,
    ) -> Result<(), Refused> {
        let mut tries = 0;
        loop {
            match self.try_to_tag(incident, tags, actor).await {
                Err(refused) if refused.may_pass() && tries < TRIES_MAX => tries += 1,
                outcome => {
                    self.wake.all();
                    return outcome;
                }
            }
        }
    }

    async fn try_to_tag(
        &self,
        incident: IncidentId,
        tags: &[String],
        actor: &Actor,
    ) -> Result<(), Refused> {
        let mut tx = self.db.begin(Lane::Command).await?;
        self.add_tags(&mut tx, incident, tags, actor).await?;
        Ok(tx.commit().await?)
    }

    /// As [`App::tag`], in a transaction that ends elsewhere.
    pub(super) async fn add_tags(
        &self,
        tx: &mut Tx,
        incident: IncidentId,
        tags: &[String],
        actor: &Actor,
    ) -> Result<(), Refused> {
        let found = store_incident::lock(tx, incident).await?.ok_or(Refused::NoSuchIncident)?;
        let known = tag::of_in(tx, incident).await?;
        let mut more: Vec<_> = tags.iter().filter(|tag| !known.contains(tag)).cloned().collect();
        more.sort();
        more.dedup();
        if more.is_empty() {
            return Ok(());
        }
        if known.len() + more.len() > TAGS_MAX {
            return Err(WrongMove::EnoughTags { number: found.number }.into());
        }
        tag::add(tx, incident, &more, self.now()).await?;
        self.say_of_tags(tx, Kind::Tagged, &found, &more, actor).await
    }

    /// Takes a tag off an incident; nothing changes where it does not bear it.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn untag(
        &self,
        incident: IncidentId,
        name: &str,
        actor: &Actor,
    ) -> Result<(), Refused> {
        let mut tx = self.db.begin(Lane::Command).await?;
        let found =
            store_incident::lock(&mut tx, incident).await?.ok_or(Refused::NoSuchIncident)?;
        if tag::remove(&mut tx, incident, name).await? {
            let tags = [name.to_owned()];
            self.say_of_tags(&mut tx, Kind::Untagged, &found, &tags, actor).await?;
            tx.commit().await?;
            self.wake.all();
        }
        Ok(())
    }

    async fn say_of_tags(
        &self,
        tx: &mut Tx,
        kind: Kind,
        incident: &muster_core::incident::lifecycle::Incident,
        tags: &[String],
        actor: &Actor,
    ) -> Result<(), Refused> {
        let now = self.now();
        let all = tags.join(", ");
        let text = match kind {
            Kind::Untagged => format!("No longer tagged {all}"),
            _ => format!("Tagged {all}"),
        };
        let entry = Entry::new(now, kind, actor.clone(), text).with("tags", json!(tags));
        let snapshot = self.snapshot();
        record::note(self, tx, &snapshot.directory, incident, &[entry], now).await?;
        let object = ("incident", incident.id.to_string());
        let action = format!("incident.{}", kind.name());
        let entry = self.audit_entry(actor, &action, object, json!({ "tags": tags }));
        Ok(audit::append(tx, &entry, ids::random()).await?)
    }
}
