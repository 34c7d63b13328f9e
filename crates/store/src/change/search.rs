//! Which changes a query finds (`T2`), and the words of their plans. A change is gone through in the
//! transaction that writes it.

use jiff::Timestamp;
use muster_core::change::plan::Plan;
use muster_core::change::record::{Change, Outcome, State};
use muster_core::id::{ServiceId, UserId};
use muster_core::words::fold;
use uuid::Uuid;

use super::record::{self, SELECT};
use crate::args;
use crate::db::{Db, Result, Sql, Value};
use crate::incident::incident::marks;
use crate::search::{self, Kind};

/// When a change is or was done; when it was written, as long as nobody says.
const AT: &str = "coalesce(started_at, start_at, created_at)";

/// What a query narrows changes by; nothing unless said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Saying each of these.
    pub words: Vec<String>,
    /// In one of these states.
    pub states: Option<Vec<State>>,
    /// Touching one of these services.
    pub services: Option<Vec<ServiceId>>,
    /// Touching none of these services.
    pub not_services: Vec<ServiceId>,
    /// Of one of these classes.
    pub classes: Option<Vec<String>>,
    /// Of none of these classes.
    pub not_classes: Vec<String>,
    /// Done by this person; by nobody yet where that is asked for.
    pub technician: Option<Option<UserId>>,
    /// Submitted by this person.
    pub submitter: Option<UserId>,
    /// Held to one of these tiers.
    pub tiers: Option<Vec<u8>>,
    /// Emergent, or not.
    pub emergent: Option<bool>,
    /// Gone one of these ways.
    pub outcomes: Option<Vec<Outcome>>,
    /// Done for the incident of this number.
    pub incident: Option<i64>,
    /// Done from then on.
    pub from: Option<Timestamp>,
    /// Done before then.
    pub to: Option<Timestamp>,
    /// Written before the one with this id.
    pub older_than: Option<Uuid>,
}

/// What the texts of a plan are folded to.
pub(crate) fn folded_of(plan: &Plan) -> String {
    let texts: Vec<_> = plan.texts().into_iter().map(|(_, text)| text).collect();
    fold(&texts.join("\n"))
}

impl Filter {
    /// Adds its conditions on the columns of `change`.
    pub(super) fn conditions(&self, text: &mut String, values: &mut Vec<Value>) {
        let mut one_of = |condition: &str, end: &str, wanted: Vec<Value>| {
            text.push_str(&format!(" AND {condition} ({}){end}", marks(wanted.len())));
            values.extend(wanted);
        };
        if let Some(states) = &self.states {
            one_of("state IN", "", states.iter().map(|state| state.name().into()).collect());
        }
        let touching = "IN (SELECT change_id FROM change_service WHERE service_id IN";
        if let Some(services) = &self.services {
            let wanted = services.iter().map(|id| Value::from(*id)).collect();
            one_of(&format!("id {touching}"), ")", wanted);
        }
        if !self.not_services.is_empty() {
            let unwanted = self.not_services.iter().map(|id| Value::from(*id)).collect();
            one_of(&format!("id NOT {touching}"), ")", unwanted);
        }
        let named = |names: &[String]| names.iter().map(|name| name.as_str().into()).collect();
        if let Some(classes) = &self.classes {
            one_of("class IN", "", named(classes));
        }
        if !self.not_classes.is_empty() {
            one_of("class NOT IN", "", named(&self.not_classes));
        }
        if let Some(tiers) = &self.tiers {
            one_of("tier IN", "", tiers.iter().map(|tier| i64::from(*tier).into()).collect());
        }
        if let Some(outcomes) = &self.outcomes {
            one_of("outcome IN", "", outcomes.iter().map(|one| one.name().into()).collect());
        }
        match self.technician {
            Some(Some(user)) => one_of("technician_id IN", "", args![user]),
            Some(None) => text.push_str(" AND technician_id IS NULL"),
            None => {}
        }
        if let Some(user) = self.submitter {
            text.push_str(" AND submitter_id = ?");
            values.extend(args![user]);
        }
        if let Some(emergent) = self.emergent {
            text.push_str(" AND is_emergent = ?");
            values.extend(args![emergent]);
        }
        if let Some(number) = self.incident {
            text.push_str(" AND incident_number = ?");
            values.extend(args![number]);
        }
        search::within(AT, (self.from, self.to), text, values);
        for words in &self.words {
            search::says(Kind::Change, words, text, values);
        }
        if let Some(id) = self.older_than {
            text.push_str(" AND id < ?");
            values.extend(args![id]);
        }
    }
}

/// The changes that a query finds, the newest first.
pub async fn found(db: &Db, filter: &Filter, limit: i64) -> Result<Vec<Change>> {
    let (sql, values) = finding(filter, limit);
    record::selected(db, sql, values).await
}

/// How many changes [`found`] would find, counted no further than `limit`.
pub async fn count(db: &Db, filter: &Filter, limit: i64) -> Result<usize> {
    let (sql, values) = selecting("SELECT id FROM change ", filter, limit);
    let ids: Vec<(Uuid,)> = db.fetch_all(&sql, values).await?;
    Ok(ids.len())
}

/// The statement of [`found`].
pub fn finding(filter: &Filter, limit: i64) -> (Sql, Vec<Value>) {
    selecting(SELECT, filter, limit)
}

fn selecting(select: &str, filter: &Filter, limit: i64) -> (Sql, Vec<Value>) {
    let mut text = format!("{select}WHERE number > 0");
    let mut values = vec![];
    filter.conditions(&mut text, &mut values);
    text.push_str(" ORDER BY id DESC LIMIT ?");
    values.extend(args![limit]);
    (Sql::built(text), values)
}
