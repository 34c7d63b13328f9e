//! What applying a configuration would change: a comparison of documents, decided before anything
//! is written. A kind that the file speaks of is the file's whole business: what the file leaves out
//! of it is removed. Kinds that the file does not speak of stay as they are.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use muster_core::id::uuid_v7;
use muster_core::org::directory::Directory;
use muster_store::StoreError;
use muster_store::org::config::{Ids, Object, Stored};
use muster_store::org::directory;
use muster_store::org::document::secret::Environment;
use muster_store::org::document::{Documents, Item, Kind};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::problem::{Path, Problem};
use super::read::Problems;
use super::validate::{self, Whole, reachability};
use super::{ConfigError, Wanted, assertions, parse};

/// When and where a configuration is looked at.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The instant: new ids bear it, and gaps in schedules are looked for from it on.
    pub now: Timestamp,
    /// Where secrets given as `{ env: NAME }` are looked up, to warn of those that are not set.
    pub environment: Environment<'a>,
}

/// What happens to a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It is new.
    Create,
    /// It changes.
    Update,
    /// It goes.
    Delete,
}

impl Action {
    /// Its name in plans and API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What happens.
    pub action: Action,
    /// To what kind of thing.
    pub kind: Kind,
    /// To which.
    pub name: String,
    /// For an update, the fields that change.
    pub fields: Vec<String>,
}

/// What applying a configuration would do.
#[derive(Debug, Clone)]
pub struct Plan {
    /// In the order of a file; empty when everything is as wanted already.
    pub changes: Vec<Change>,
    /// What is allowed, and worth a second look.
    pub warnings: Vec<String>,
    /// The organisation as it would be. Its integrations and webhooks have no usable secrets.
    pub directory: std::sync::Arc<Directory>,
    /// The documents to write.
    pub(super) objects: Vec<Object>,
    /// The revision that the plan stands on.
    pub(super) base: i64,
}

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The changes for the record.
    pub(super) fn summary(&self) -> Value {
        let changes = self.changes.iter().map(|change| {
            json!({
                "action": change.action.name(),
                "kind": change.kind.name(),
                "name": change.name,
                "fields": change.fields,
            })
        });
        json!({ "changes": changes.collect::<Vec<_>>() })
    }
}

/// Decides what a configuration changes in what is stored.
///
/// # Errors
/// Every problem of the configuration as a whole, or that what is stored cannot be read.
pub fn decide(
    stored: &Stored,
    wanted: &Wanted,
    surroundings: &Surroundings<'_>,
) -> Result<Plan, ConfigError> {
    let documents = wanted.documents.clone().over(stored.documents()?);
    check_whole(&documents, wanted)?;

    let mut ids = stored.ids();
    assign(&documents, &mut ids, surroundings.now);
    let revision = stored.revision + 1;
    let anything = |name: &str| Some(format!("the value of {name}"));
    let built = directory::build(revision, &documents, &ids, &anything).directory;
    check_behaviour(&built, wanted, surroundings.now)?;

    let items = wanted.documents.items().map_err(unreadable)?;
    let (changes, objects) = compare(stored, wanted, items, &ids);
    let mut warnings = reachability::warnings(&built, surroundings.now);
    let environment = surroundings.environment;
    warnings.extend(directory::build(revision, &documents, &ids, environment).warnings);
    Ok(Plan { changes, warnings, directory: built, objects, base: stored.revision })
}

fn check_whole(documents: &Documents, wanted: &Wanted) -> Result<(), Vec<Problem>> {
    let problems = Problems::of(wanted.file.as_deref());
    validate::validate(&Whole {
        documents,
        written: &wanted.documents,
        root: &wanted.root,
        is_complete: true,
        problems: &problems,
    });
    if problems.is_empty() { Ok(()) } else { Err(problems.into_sorted()) }
}

/// Whether somebody can be paged, and signals go where the file's assertions say.
fn check_behaviour(
    directory: &Directory,
    wanted: &Wanted,
    now: Timestamp,
) -> Result<(), Vec<Problem>> {
    let problems = Problems::of(wanted.file.as_deref());
    if let Some(reason) = reachability::nobody_to_page(directory) {
        let path = Path::top(Kind::CatchAll.field());
        let is_written = wanted.documents.speaks_of(Kind::CatchAll);
        problems.note(is_written.then(|| path.locate(&wanted.root)), &path, reason);
    }
    let verdicts = assertions::run(directory, &wanted.assertions, now);
    for (at, verdict) in verdicts.iter().enumerate() {
        for failure in &verdict.failures {
            let fields = failure.field.iter().filter(|field| !field.is_empty());
            let top = Path::top(parse::ASSERTIONS_FIELD).index(at);
            let path = fields.fold(top, |path, field| path.field(field));
            let message = format!("`{}` does not hold: {}", verdict.name, failure.message);
            problems.note(Some(path.locate(&wanted.root)), &path, message);
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.into_sorted()) }
}

fn compare(
    stored: &Stored,
    wanted: &Wanted,
    items: Vec<Item>,
    ids: &Ids,
) -> (Vec<Change>, Vec<Object>) {
    let named: BTreeSet<(Kind, String)> =
        items.iter().map(|item| (item.kind, item.name.clone())).collect();
    let present = stored.objects.iter().filter(|object| !object.is_removed);
    let present: BTreeMap<(Kind, &str), &Object> =
        present.map(|object| ((object.item.kind, object.item.name.as_str()), object)).collect();
    let (mut changes, mut objects) = (Vec::new(), Vec::new());
    for item in items {
        let before = present.get(&(item.kind, item.name.as_str()));
        let (action, fields) = match before {
            None => (Action::Create, Vec::new()),
            Some(before) if before.item.value == item.value => continue,
            Some(before) => (Action::Update, changed_fields(&before.item.value, &item.value)),
        };
        let (kind, name) = (item.kind, item.name.clone());
        if let Some(id) = ids.object(kind, &name) {
            let (parts, revision) = (ids.parts(kind, &name), stored.revision + 1);
            objects.push(Object { id, item, parts, revision, is_removed: false });
            changes.push(Change { action, kind, name, fields });
        }
    }
    let gone = stored.objects.iter().filter(|object| {
        let Item { kind, name, .. } = &object.item;
        let is_named = named.contains(&(*kind, name.clone()));
        !object.is_removed && wanted.documents.speaks_of(*kind) && !is_named
    });
    changes.extend(gone.map(|object| Change {
        action: Action::Delete,
        kind: object.item.kind,
        name: object.item.name.clone(),
        fields: Vec::new(),
    }));
    (changes, objects)
}

fn changed_fields(before: &Value, after: &Value) -> Vec<String> {
    let (Value::Object(before), Value::Object(after)) = (before, after) else { return Vec::new() };
    let changed = after.iter().filter(|(name, value)| before.get(*name) != Some(value));
    let gone = before.iter().filter(|(name, _)| !after.contains_key(*name));
    changed.chain(gone).map(|(name, _)| name.clone()).collect()
}

/// Gives everything that has none an id. Ids are no secrets: their random part is a digest of what
/// they name, so that the same file on an empty store at the same instant has the same ids.
fn assign(documents: &Documents, ids: &mut Ids, now: Timestamp) {
    for (kind, name) in documents.names() {
        if ids.object(kind, name).is_none() {
            ids.set_object(kind, name, identity(now, &[kind.name(), name]));
        }
    }
    let mut part = |kind: Kind, name: &str, part: &str| {
        if ids.part(kind, name, part).is_none() {
            ids.set_part(kind, name, part, identity(now, &[kind.name(), name, part]));
        }
    };
    for user in documents.users.iter().flatten() {
        for method in &user.contact_methods {
            part(Kind::User, &user.name, &method.name);
        }
    }
    for service in documents.services.iter().flatten() {
        for integration in &service.integrations {
            part(Kind::Service, &service.name, &integration.name);
        }
    }
}

fn identity(now: Timestamp, names: &[&str]) -> Uuid {
    let mut digest = Sha256::new();
    for name in names {
        digest.update(name.as_bytes());
        digest.update([0]);
    }
    let digest = digest.finalize();
    let mut chance = [0; 10];
    chance.copy_from_slice(&digest[..10]);
    uuid_v7(now, chance)
}

fn unreadable(error: serde_json::Error) -> StoreError {
    StoreError::Corrupt(error.to_string())
}
