//! Linking incidents with each other (`T2`, `T3`), from wherever somebody links them. Both timelines
//! say so.

use muster_core::id::{IncidentId, RelationId};
use muster_core::incident::lifecycle::{Incident, WrongMove};
use muster_core::incident::relation::{RELATIONS_MAX, Sort};
use muster_core::incident::timeline::{Actor, Entry, Kind};
use muster_store::incident::incident as store_incident;
use muster_store::incident::relation::{self, Relation};
use muster_store::{Lane, Tx, audit};
use serde_json::json;

use super::command::{Refused, TRIES_MAX};
use super::record;
use crate::app::App;
use crate::ids;

impl App {
    /// Links an incident to another one; a link that there was between the two is replaced.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn relate(
        &self,
        incident: IncidentId,
        other: IncidentId,
        (sort, note): (Sort, &str),
        actor: &Actor,
    ) -> Result<Relation, Refused> {
        let now = self.now();
        let relation = Relation {
            id: RelationId(self.ids.next(now)),
            sort,
            other,
            note: note.to_owned(),
            related_at: now.as_microsecond(),
            author: actor.user(),
            author_name: actor.name().to_owned(),
        };
        let mut tries = 0;
        loop {
            match self.try_to_relate(incident, &relation, actor).await {
                Err(refused) if refused.may_pass() && tries < TRIES_MAX => tries += 1,
                outcome => {
                    self.wake.all();
                    return outcome;
                }
            }
        }
    }

    async fn try_to_relate(
        &self,
        incident: IncidentId,
        relation: &Relation,
        actor: &Actor,
    ) -> Result<Relation, Refused> {
        let mut tx = self.db.begin(Lane::Command).await?;
        let (one, other) = both(&mut tx, incident, relation.other).await?;
        let known = relation::between(&mut tx, incident, relation.other).await?;
        if let Some(known) = known
            && (known.id == relation.id
                || (known.sort, &known.note) == (relation.sort, &relation.note))
        {
            return Ok(known);
        }
        for incident in [&one, &other] {
            if relation::count(&mut tx, incident.id).await? >= RELATIONS_MAX {
                return Err(WrongMove::EnoughRelations { number: incident.number }.into());
            }
        }
        relation::put(&mut tx, incident, relation, self.now()).await?;
        let note =
            if relation.note.is_empty() { String::new() } else { format!(": {}", relation.note) };
        let says = |sort: Sort, other: &Incident| {
            format!("{} incident {}, {}{note}", sort.words(), other.number, other.title)
        };
        let texts = [says(relation.sort, &other), says(relation.sort.back(), &one)];
        self.say_to_both(&mut tx, Kind::Related, [&one, &other], texts, actor).await?;
        tx.commit().await?;
        Ok(relation.clone())
    }

    /// Takes the link between two incidents back; nothing changes where there is none.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn unrelate(
        &self,
        incident: IncidentId,
        other: IncidentId,
        actor: &Actor,
    ) -> Result<(), Refused> {
        let mut tx = self.db.begin(Lane::Command).await?;
        let (one, other) = both(&mut tx, incident, other).await?;
        let Some(known) = relation::between(&mut tx, one.id, other.id).await? else {
            return Ok(());
        };
        relation::remove(&mut tx, known.id).await?;
        let says = |sort: Sort, other: &Incident| {
            format!("No longer: {} incident {}", sort.words().to_lowercase(), other.number)
        };
        let texts = [says(known.sort, &other), says(known.sort.back(), &one)];
        self.say_to_both(&mut tx, Kind::Unrelated, [&one, &other], texts, actor).await?;
        tx.commit().await?;
        self.wake.all();
        Ok(())
    }

    async fn say_to_both(
        &self,
        tx: &mut Tx,
        kind: Kind,
        incidents: [&Incident; 2],
        texts: [String; 2],
        actor: &Actor,
    ) -> Result<(), Refused> {
        let now = self.now();
        let snapshot = self.snapshot();
        let [one, other] = incidents;
        for ((to, about), text) in [(one, other), (other, one)].into_iter().zip(texts) {
            let entry = Entry::new(now, kind, actor.clone(), text).with("incident", about.number);
            record::note(self, tx, &snapshot.directory, to, &[entry], now).await?;
        }
        let object = ("incident", one.id.to_string());
        let data = json!({ "other": other.id.to_string() });
        let action = format!("incident.{}", kind.name());
        let entry = self.audit_entry(actor, &action, object, data);
        Ok(audit::append(tx, &entry, ids::random()).await?)
    }
}

/// Both incidents, held in the order of their ids. One that only some see is not linked with one that
/// everybody sees, whose timeline would speak of it.
async fn both(
    tx: &mut Tx,
    one: IncidentId,
    other: IncidentId,
) -> Result<(Incident, Incident), Refused> {
    if other < one {
        store_incident::lock(tx, other).await?;
    }
    let first = store_incident::lock(tx, one).await?.ok_or(Refused::NoSuchIncident)?;
    if one == other {
        return Err(WrongMove::ToItself { number: first.number }.into());
    }
    let second = store_incident::lock(tx, other).await?.ok_or(Refused::NoSuchIncident)?;
    if first.restriction.is_some() != second.restriction.is_some() {
        return Err(WrongMove::RestrictedApart.into());
    }
    Ok((first, second))
}
