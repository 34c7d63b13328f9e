//! An incident's own links (`T2`): adding one and taking it off. The timeline says so.

use muster_core::id::{IncidentId, IncidentLinkId};
use muster_core::incident::lifecycle::WrongMove;
use muster_core::incident::link::{LINKS_MAX, Link};
use muster_core::incident::timeline::{Actor, Entry, Kind};
use muster_store::Lane;
use muster_store::incident::incident as store_incident;
use muster_store::incident::link::{self, LinkRow};

use super::command::Refused;
use super::record;
use crate::app::App;

impl App {
    /// Adds a link; one that is there already stays as it is.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn add_link(
        &self,
        incident: IncidentId,
        new: &Link,
        actor: &Actor,
    ) -> Result<LinkRow, Refused> {
        let now = self.now();
        let mut tx = self.db.begin(Lane::Command).await?;
        let incident =
            store_incident::lock(&mut tx, incident).await?.ok_or(Refused::NoSuchIncident)?;
        let known = link::list_in(&mut tx, incident.id).await?;
        let is_same = |one: &&LinkRow| (&one.label, &one.address) == (&new.label, &new.address);
        if let Some(same) = known.iter().find(is_same) {
            return Ok(same.clone());
        }
        if i64::try_from(known.len()).is_ok_and(|count| count >= LINKS_MAX) {
            return Err(WrongMove::EnoughLinks { number: incident.number }.into());
        }
        let id = self.ids.next(now);
        link::insert(&mut tx, id, incident.id, new, actor, now).await?;
        let text = format!("Added the link {}: {}", new.label, new.address);
        let entry = Entry::new(now, Kind::LinkAdded, actor.clone(), text);
        let entry = entry.with("link", new.address.as_str()).with("label", new.label.as_str());
        let snapshot = self.snapshot();
        record::note(self, &mut tx, &snapshot.directory, &incident, &[entry], now).await?;
        tx.commit().await?;
        self.wake.all();
        Ok(LinkRow {
            id,
            label: new.label.clone(),
            address: new.address.clone(),
            added_at: now.as_microsecond(),
            author_name: actor.name().to_owned(),
        })
    }

    /// Takes a link off; whether there was one.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn remove_link(
        &self,
        incident: IncidentId,
        id: IncidentLinkId,
        actor: &Actor,
    ) -> Result<bool, Refused> {
        let now = self.now();
        let mut tx = self.db.begin(Lane::Command).await?;
        let incident =
            store_incident::lock(&mut tx, incident).await?.ok_or(Refused::NoSuchIncident)?;
        let known = link::list_in(&mut tx, incident.id).await?;
        let Some(gone) = known.into_iter().find(|one| one.id == id.0) else { return Ok(false) };
        link::remove(&mut tx, gone.id).await?;
        let text = format!("Took the link {} off: {}", gone.label, gone.address);
        let entry = Entry::new(now, Kind::LinkRemoved, actor.clone(), text);
        let entry = entry.with("label", gone.label);
        let snapshot = self.snapshot();
        record::note(self, &mut tx, &snapshot.directory, &incident, &[entry], now).await?;
        tx.commit().await?;
        self.wake.all();
        Ok(true)
    }
}
