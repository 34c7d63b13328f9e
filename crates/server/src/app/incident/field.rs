//! Setting custom fields of incidents (`T2`), from wherever somebody does. Each change stands in the
//! timeline with what was there before.

use std::collections::{BTreeMap, HashMap};

use muster_core::id::IncidentId;
use muster_core::incident::field::{self, Field, NoValue, Value};
use muster_core::incident::timeline::{Actor, Entry, Kind};
use muster_core::org::directory::Directory;
use muster_store::incident::field::{self as store, FieldRow};
use muster_store::incident::incident as store_incident;
use muster_store::{Lane, StoreError, Tx, audit};
use serde_json::json;

use super::command::{Refused, TRIES_MAX};
use super::record;
use crate::app::App;
use crate::ids;

/// What a field is to be; nothing where its value is taken away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    field: Field,
    value: Option<Value>,
}

/// Why values cannot be set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongSetting {
    /// No such field is configured.
    #[error("there is no field `{name}`; {known}")]
    NoField {
        /// What somebody wrote, shortened.
        name: String,
        /// Which fields there are, in words.
        known: String,
    },
    /// The field cannot have that value.
    #[error(transparent)]
    NoValue(#[from] NoValue),
}

/// Reads what somebody wants fields to be; an empty text takes a value away.
///
/// # Errors
/// Where there is no such field, or it cannot have that value.
pub fn read(
    directory: &Directory,
    written: &BTreeMap<String, String>,
) -> Result<Vec<Setting>, WrongSetting> {
    let read = written.iter().map(|(name, text)| {
        let field = directory.field(name).ok_or_else(|| WrongSetting::NoField {
            name: name.chars().take(field::NAME_CHARS_MAX).collect(),
            known: known(directory),
        })?;
        let is_taken_away = text.trim().is_empty();
        let value = if is_taken_away { None } else { Some(field::read(directory, field, text)?) };
        Ok(Setting { field: field.clone(), value })
    });
    read.collect()
}

/// Which fields there are, in words.
pub fn known(directory: &Directory) -> String {
    let names: Vec<_> = directory.fields.iter().map(|field| field.name.as_str()).collect();
    if names.is_empty() {
        return "none is configured".to_owned();
    }
    format!("there are {}", names.join(", "))
}

impl App {
    /// The titles and values of an incident's custom fields, those that are configured first.
    pub(super) async fn field_words(
        &self,
        incident: IncidentId,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let mut rows = store::of(&self.db, incident).await?;
        let snapshot = self.snapshot();
        store::in_order(&snapshot.directory, &mut rows);
        let title =
            |row: &FieldRow| snapshot.directory.field(&row.field).map(|one| one.title.clone());
        Ok(rows.into_iter().map(|row| (title(&row).unwrap_or(row.title), row.value)).collect())
    }

    /// Sets custom fields of an incident, all of them or none; what is so already changes nothing.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn set_fields(
        &self,
        incident: IncidentId,
        settings: &[Setting],
        reason: Option<&str>,
        actor: &Actor,
    ) -> Result<(), Refused> {
        let mut tries = 0;
        loop {
            match self.try_to_set_fields(incident, settings, reason, actor).await {
                Err(refused) if refused.may_pass() && tries < TRIES_MAX => tries += 1,
                outcome => {
                    self.wake.all();
                    return outcome;
                }
            }
        }
    }

    async fn try_to_set_fields(
        &self,
        incident: IncidentId,
        settings: &[Setting],
        reason: Option<&str>,
        actor: &Actor,
    ) -> Result<(), Refused> {
        let mut tx = self.db.begin(Lane::Command).await?;
        self.change_fields(&mut tx, incident, settings, reason, actor).await?;
        Ok(tx.commit().await?)
    }

    /// As [`App::set_fields`], in a transaction that ends elsewhere.
    pub(super) async fn change_fields(
        &self,
        tx: &mut Tx,
        incident: IncidentId,
        settings: &[Setting],
        reason: Option<&str>,
        actor: &Actor,
    ) -> Result<(), Refused> {
        let now = self.now();
        let found = store_incident::lock(tx, incident).await?.ok_or(Refused::NoSuchIncident)?;
        let rows = store::of_in(tx, incident).await?.into_iter();
        let known: HashMap<_, _> = rows.map(|row| (row.field, row.value)).collect();
        let mut entries = Vec::new();
        for Setting { field, value } in settings {
            let before = known.get(&field.name);
            if before == value.as_ref().map(|value| &value.text) {
                continue;
            }
            match value {
                Some(value) => store::set(tx, incident, field, value, now).await?,
                None => store::clear(tx, incident, &field.name).await?,
            }
            let text = in_words(field, before, value.as_ref(), reason);
            let entry = Entry::new(now, Kind::FieldSet, actor.clone(), text)
                .with("field", field.name.as_str())
                .with("from", json!(before))
                .with("to", json!(value.as_ref().map(|value| &value.text)))
                .with("reason", json!(reason));
            entries.push(entry);
        }
        if entries.is_empty() {
            return Ok(());
        }
        let snapshot = self.snapshot();
        record::note(self, tx, &snapshot.directory, &found, &entries, now).await?;
        let changed: Vec<_> = entries.iter().map(|entry| json!(entry.data)).collect();
        let object = ("incident", incident.to_string());
        let detail = json!({ "fields": changed });
        let entry = self.audit_entry(actor, "incident.field_set", object, detail);
        Ok(audit::append(tx, &entry, ids::random()).await?)
    }
}

fn in_words(
    field: &Field,
    before: Option<&String>,
    value: Option<&Value>,
    reason: Option<&str>,
) -> String {
    let title = &field.title;
    let text = match (before, value) {
        (Some(before), Some(value)) => {
            format!("Changed {title} from {before} to {}", value.text)
        }
        (Some(before), None) => format!("Took {title} away, which was {before}"),
        (None, value) => {
            let text = value.map(|value| value.text.as_str()).unwrap_or_default();
            format!("Set {title} to {text}")
        }
    };
    match reason {
        Some(reason) => format!("{text}: {reason}"),
        None => text,
    }
}
