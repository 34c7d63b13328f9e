//! Editing one document of the configuration: an edit names the version that it began with, and
//! whatever was saved in the meantime is merged with it, section by section. Every version is kept,
//! so the last one can be undone and any restored. What is saved passes the checks that a file
//! passes, and a schedule with gaps asks for consent (`O5`).

mod draft;
mod history;
pub mod merge;

use jiff::SignedDuration;
use muster_core::incident::timeline::Actor;
use muster_core::oncall::coverage::{self, Span};
use muster_core::org::access::{Action, Denied, Object, plans_for};
use muster_core::org::directory::Directory;
use muster_store::event::{self, NewEvent};
use muster_store::org::config::{self as store, RECORD_CONFLICT, Stored};
use muster_store::org::document::Kind;
use muster_store::org::{directory, draft as drafts, history as versions};
use muster_store::{Lane, StoreError, Tx, audit};
use serde_json::{Value, json};

pub use self::draft::{DraftOf, Drafts};
pub use self::history::Entry;
use self::merge::Conflict;
use super::config::{self, Applied, ConfigError, Problem, object};
use crate::app::App;
use crate::app::access::Caller;
use crate::ids;

/// How often an edit that another change overtook looks again.
const ATTEMPTS_MAX: u32 = 5;
/// How far ahead gaps are looked for when a schedule is saved.
pub const GAPS_AHEAD: SignedDuration = SignedDuration::from_hours(8 * 7 * 24);
/// The most gaps that are told when a schedule is saved.
const GAPS_MAX: usize = 50;

/// The kinds whose documents are edited one by one, with their names in the API.
pub const EDITED: [(Kind, &str); 8] = [
    (Kind::Schedule, "schedules"),
    (Kind::EscalationPolicy, "escalation-policies"),
    (Kind::Service, "services"),
    (Kind::Team, "teams"),
    (Kind::EngagementGroup, "engagement-groups"),
    (Kind::NotificationList, "notification-lists"),
    (Kind::StatusPage, "status-pages"),
    (Kind::Severities, "severities"),
];

/// A document as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Current {
    /// The change that wrote it; what an edit of it names.
    pub revision: i64,
    /// The document, with its name.
    pub value: Value,
}

/// An edit.
#[derive(Debug, Clone)]
pub struct Edit {
    /// What the document shall be; none removes it.
    pub value: Option<Value>,
    /// The revision that the edit began with; none for a document that is new.
    pub base: Option<i64>,
    /// In which way it is changed.
    pub way: Way,
    /// Whether gaps in a schedule are meant.
    pub consent: bool,
}

/// In which way a document is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Saved at once.
    Edit,
    /// Saved from a draft, which goes.
    Publish,
    /// The version before the last one came back.
    Undo,
    /// An earlier version came back.
    Restore,
}

impl Way {
    /// Its name in history and API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Edit => "edit",
            Self::Publish => "publish",
            Self::Undo => "undo",
            Self::Restore => "restore",
        }
    }
}

/// What was saved.
#[derive(Debug, Clone)]
pub struct Edited {
    /// The document's revision from now on; that of the whole configuration where it was removed.
    pub revision: i64,
    /// The document as it was saved; none where it was removed.
    pub value: Option<Value>,
    /// Whether what somebody else saved in the meantime was merged with it.
    pub merged: bool,
    /// What is allowed, and worth a second look.
    pub warnings: Vec<String>,
}

/// Why an edit was not saved. Nothing has changed then, and drafts stay.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// There is no such document.
    #[error("there is no {0} `{1}`")]
    Missing(String, String),
    /// There is such a document, and the edit does not say which version of it it began with.
    #[error("`{0}` exists; say which revision of it you have changed")]
    WhichRevision(String),
    /// Two people changed the same section, or the version that the edit began with is not known.
    #[error(
        "somebody else has changed the same in the meantime; nothing was saved and nothing is lost"
    )]
    Conflict {
        /// The sections, with both texts.
        conflicts: Vec<Conflict>,
        /// The revision that holds now, to be named by the next try.
        revision: i64,
    },
    /// The schedule would have gaps, and the edit does not say that they are meant.
    #[error("with this change nobody is on call in {} stretch(es) of the next eight weeks; say that you mean it", .0.len())]
    Gaps(Vec<Span>),
    /// There is nothing to publish, undo or restore.
    #[error("{0}")]
    Nothing(&'static str),
    /// It is another team's.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The document has problems.
    #[error("the document has {} problem(s)", .0.len())]
    Invalid(Vec<Problem>),
    /// The store did not do its part.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whether the caller may change a document: of its own team, or a new one as far as is known yet.
pub fn gate(directory: &Directory, caller: &Caller, kind: Kind, name: &str) -> Object {
    let team = match kind {
        Kind::Schedule => directory.schedules.named(name).map(|schedule| schedule.team),
        Kind::EscalationPolicy => directory.policies.named(name).map(|policy| policy.team),
        Kind::EngagementGroup => return of_group(directory, caller, name),
        _ => return Object::Configuration,
    };
    // The document of a new thing says whose it is; it is asked again when it is saved.
    let of_own_team =
        team.map_or(caller.user().is_some(), |team| plans_for(directory, caller.who, team));
    Object::Rota { of_own_team }
}

/// A group is changed by whoever keeps it as it stands, whatever it shall become.
fn of_group(directory: &Directory, caller: &Caller, name: &str) -> Object {
    let group = directory.groups.named(name);
    Object::EngagementGroup { is_kept: group.is_some_and(|group| group.is_kept_by(caller.user())) }
}

/// Whether the caller may save a document that says it is of this team.
fn may_save(
    directory: &Directory,
    caller: &Caller,
    kind: Kind,
    value: &Value,
) -> Result<(), Denied> {
    let object = match kind {
        Kind::Schedule | Kind::EscalationPolicy => {
            let team = value["team"].as_str().and_then(|team| directory.teams.named(team));
            let team = team.map(|team| team.id);
            Object::Rota { of_own_team: plans_for(directory, caller.who, team) }
        }
        Kind::EngagementGroup => {
            of_group(directory, caller, value["name"].as_str().unwrap_or_default())
        }
        _ => Object::Configuration,
    };
    caller.may(Action::Configure, object)
}

impl App {
    /// A document as it stands.
    ///
    /// # Errors
    /// When there is none of that name, or the store does not answer.
    pub async fn document(&self, kind: Kind, name: &str) -> Result<Current, EditError> {
        let mut tx = self.db.snapshot().await?;
        let stored = store::stored(&mut tx).await?;
        current(&stored, kind, name).ok_or_else(|| missing(kind, name))
    }

    /// Saves an edit; from then on it is in force here, and soon on other nodes.
    ///
    /// # Errors
    /// When it is not saved; nothing has changed then.
    pub async fn edit(
        &self,
        caller: &Caller,
        (kind, name): (Kind, &str),
        edit: Edit,
    ) -> Result<Edited, EditError> {
        if let Some(value) = &edit.value {
            may_save(&self.snapshot().directory, caller, kind, value)?;
        }
        let mut attempt = 1;
        let (edited, is_change) = loop {
            match self.try_edit(&caller.actor, (kind, name), &edit).await {
                Err(EditError::Store(error))
                    if error.is_conflict_on(RECORD_CONFLICT) && attempt < ATTEMPTS_MAX =>
                {
                    attempt += 1;
                }
                outcome => break outcome?,
            }
        };
        if is_change && let Err(error) = self.reload().await {
            // It is stored and will be read at the next chance; until then the old one is in force.
            tracing::error!("the new configuration could not be taken into service: {error:#}");
        }
        Ok(edited)
    }

    async fn try_edit(
        &self,
        actor: &Actor,
        (kind, name): (Kind, &str),
        edit: &Edit,
    ) -> Result<(Edited, bool), EditError> {
        let mut tx = self.db.begin(Lane::Command).await?;
        let stored = store::stored(&mut tx).await?;
        let (value, merged) = reconciled(&mut tx, &stored, (kind, name), edit).await?;
        let (wanted, place) =
            object::edited(&stored, (kind, name), value.as_ref(), edit.way.name())?;
        let surroundings = self.surroundings();
        let applied = config::apply_in(&mut tx, &wanted, actor.name(), &surroundings).await;
        let applied = applied.map_err(|error| match error {
            ConfigError::Invalid(problems) => EditError::Invalid(place.relative(problems)),
            ConfigError::Store(error) => error.into(),
        })?;
        if kind == Kind::Schedule && !edit.consent && value.is_some() {
            // Read back with what people planned besides: an override may fill a gap.
            let after = directory::load(&mut tx, surroundings.environment).await?;
            let gaps = gaps_of(&after.directory, name, self);
            if !gaps.is_empty() {
                return Err(EditError::Gaps(gaps));
            }
        }
        if edit.way == Way::Publish {
            drafts::remove(&mut tx, kind, name, actor.name()).await?;
        }
        if applied.is_change() {
            self.tell(&mut tx, actor, (kind, name), edit.way, &applied).await?;
        }
        let after = store::stored(&mut tx).await?;
        let saved = current(&after, kind, name);
        tx.commit().await?;
        let edited = Edited {
            revision: saved.as_ref().map_or(applied.revision, |saved| saved.revision),
            value: saved.map(|saved| saved.value),
            merged,
            warnings: applied.plan.warnings.clone(),
        };
        Ok((edited, applied.is_change()))
    }

    async fn tell(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        (kind, name): (Kind, &str),
        way: Way,
        applied: &Applied,
    ) -> Result<(), StoreError> {
        let subject = format!("revision {}", applied.revision);
        let fields: Vec<_> =
            applied.plan.changes.iter().flat_map(|change| change.fields.clone()).collect();
        let data = json!({ "revision": applied.revision, "way": way.name(), "fields": fields });
        let entry = self.audit_entry(actor, "config.edit", (kind.name(), name.to_owned()), data);
        audit::append(tx, &entry, ids::random()).await?;
        let news = NewEvent { kind: "config.applied".to_owned(), incident_number: None, subject };
        event::tell(tx, self.now(), &[news]).await
    }
}

/// What is saved in the end: the edit, merged with what was saved since the version it began with.
async fn reconciled(
    tx: &mut Tx,
    stored: &Stored,
    (kind, name): (Kind, &str),
    edit: &Edit,
) -> Result<(Option<Value>, bool), EditError> {
    let Some(current) = current(stored, kind, name) else {
        return match (edit.base, &edit.value) {
            (_, None) => Err(missing(kind, name)),
            (None | Some(0), Some(value)) => Ok((Some(value.clone()), false)),
            // A version that was removed since: what was meant to stay must not go unseen.
            (Some(_), Some(value)) if edit.way == Way::Edit || edit.way == Way::Publish => {
                Err(EditError::Conflict {
                    conflicts: vec![whole(Value::Null, value.clone(), Value::Null)],
                    revision: 0,
                })
            }
            (Some(_), Some(value)) => Ok((Some(value.clone()), false)),
        };
    };
    let Some(base) = edit.base else { return Err(EditError::WhichRevision(name.to_owned())) };
    if base == current.revision {
        return Ok((edit.value.clone(), false));
    }
    let known = versions::version(tx, kind, name, base).await?.and_then(|version| version.value);
    let known = known.map(|value| object::shown(kind, value));
    let conflict = |conflicts: Vec<Conflict>| {
        Err(EditError::Conflict { conflicts, revision: current.revision })
    };
    match (known, &edit.value) {
        (Some(base), Some(mine)) => match merge::merge(&base, mine, &current.value) {
            (merged, conflicts) if conflicts.is_empty() => Ok((Some(merged), true)),
            (_, conflicts) => conflict(conflicts),
        },
        // What was changed since is not removed unseen, and two new things are not mixed.
        (base, mine) => conflict(vec![whole(
            base.unwrap_or_default(),
            mine.clone().unwrap_or_default(),
            current.value.clone(),
        )]),
    }
}

fn whole(base: Value, mine: Value, theirs: Value) -> Conflict {
    Conflict { path: String::new(), base, mine, theirs }
}

fn current(stored: &Stored, kind: Kind, name: &str) -> Option<Current> {
    let found = stored.objects.iter().find(|object| {
        object.item.kind == kind && object.item.name == name && !object.is_removed
    })?;
    let value = object::shown(kind, found.item.value.clone());
    Some(Current { revision: found.revision, value })
}

fn missing(kind: Kind, name: &str) -> EditError {
    EditError::Missing(kind.noun(), name.to_owned())
}

fn gaps_of(directory: &Directory, name: &str, app: &App) -> Vec<Span> {
    let Some(schedule) = directory.schedules.named(name) else { return Vec::new() };
    let from = app.now();
    let to = from.saturating_add(GAPS_AHEAD).unwrap_or(jiff::Timestamp::MAX);
    let mut gaps = coverage::gaps(schedule, from, to);
    gaps.truncate(GAPS_MAX);
    gaps
}

impl From<ConfigError> for EditError {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::Invalid(problems) => Self::Invalid(problems),
            ConfigError::Store(error) => Self::Store(error),
        }
    }
}
