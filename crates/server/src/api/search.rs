//! Searching everything at once: incidents, alerts, timelines and changes in one language, the newest first,
//! each hit with the place that says what was looked for.

use std::collections::HashMap;

use axum::extract::State;
use jiff::Timestamp;
use muster_core::change::record::Change;
use muster_core::id::{AlertId, EntryId, IncidentId, ServiceId};
use muster_core::incident::field::{ANY, NONE};
use muster_core::incident::lifecycle;
use muster_core::incident::restriction::Viewer;
use muster_core::org::access::{Action, Object};
use muster_core::query::{self as language, Says};
use muster_core::words::excerpt;
use muster_store::alerting::alert::{self as store_alert, AlertRow};
use muster_store::change::search as store_change;
use muster_store::incident::field as store_field;
use muster_store::incident::incident as store_incident;
use muster_store::incident::tag as store_tag;
use muster_store::incident::timeline::{self as store_timeline, EntryRow};
use muster_store::search::Kind;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

use super::change::plan::person;
use super::error::ApiError;
use super::extract::{Json, Query};
use super::incident::field as api_field;
use super::list::{List, Paging};
use super::word::{AlertState, ChangeState, IncidentStatus, Instant, SearchKind, TimelineKind};
use super::{Caller, Ctx, Routes, SEE_INCIDENTS};
use crate::app::query::{self, Asker, change, entry, key};
use crate::app::{App, Snapshot};

/// The most tags that are offered.
const VALUES_MAX: i64 = 500;

/// The most values of a custom field that are offered.
const FIELD_VALUES_MAX: i64 = 50;

/// How far what is found of a kind is counted.
const COUNTED_MAX: usize = 1_000;

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_INCIDENTS, routes!(search))
        .on(SEE_INCIDENTS, routes!(counts))
        .on(SEE_INCIDENTS, routes!(keys))
}

/// What to search, and for what.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// What to look for: `state:open sev:<=2 service:checkout label:env=prod "disk full"`.
    q: Option<String>,
    /// Only things of this kind; of every kind that the query can be about unless given.
    #[param(value_type = Option<SearchKind>)]
    kind: Option<String>,
    /// How many items at most: 1 to 500, 50 unless given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    /// Where the last part ended, from its `next`.
    cursor: Option<String>,
}

/// Something that was found.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Hit {
    /// What it is.
    pub kind: SearchKind,
    /// Its id.
    pub id: String,
    /// What it says in a line: a title, the summary of an alert, the text of an entry.
    pub title: String,
    /// When it began or happened.
    pub at: Instant,
    /// The number of its incident; null for changes, and for an alert that has none.
    #[schema(required)]
    pub incident: Option<i64>,
    /// The number of a change; null for everything else.
    #[schema(required)]
    pub change: Option<i64>,
    /// The service; null where it was deleted.
    #[schema(required)]
    pub service: Option<String>,
    /// How bad it is; null for changes and informational alerts.
    #[schema(required)]
    pub severity: Option<i64>,
    /// Where an incident stands, or that of an entry; null for alerts and changes.
    #[schema(required)]
    pub status: Option<IncidentStatus>,
    /// Where an alert stands; null for everything else.
    #[schema(required)]
    pub alert_status: Option<AlertState>,
    /// Where a change stands; null for everything else.
    #[schema(required)]
    pub change_state: Option<ChangeState>,
    /// The kind of an entry; null for everything else.
    #[schema(required)]
    pub entry_kind: Option<TimelineKind>,
    /// Who wrote an entry, or submits a change; null for everything else.
    #[schema(required)]
    pub by: Option<String>,
    /// Where it says the words that were looked for.
    pub matched: Vec<Matched>,
}

/// What to count.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Counted {
    /// What to look for, as a search takes it.
    q: Option<String>,
}

/// How many things of a kind a query finds.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct KindCount {
    /// What they are.
    pub kind: SearchKind,
    /// How many; no more than 1,000 are counted.
    pub count: usize,
    /// Whether there are more.
    pub more: bool,
}

/// A place that says what was looked for.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Matched {
    /// Where: `title`, `summary`, `source`, `component`, `key`, `text`, or the field of a change's plan.
    pub field: String,
    /// The text around it, in pieces.
    pub pieces: Vec<MatchedPiece>,
}

/// A piece of a text.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MatchedPiece {
    /// As it is written.
    pub text: String,
    /// Whether it is what was looked for.
    pub hit: bool,
}

/// A key of the language.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SearchKey {
    /// As it is written before the colon.
    #[schema(example = "sev")]
    pub key: String,
    /// What it narrows.
    pub kinds: Vec<SearchKind>,
    /// What it means.
    pub says: String,
    /// How it is used.
    #[schema(example = "sev:<=2")]
    pub example: String,
    /// Values to choose from; empty where any will do.
    pub values: Vec<String>,
}

/// Search incidents, alerts, timelines and changes, the newest first.
///
/// The language is that of every list: words, `"words in a row"`, `key:value`, and `-key:value` to
/// exclude. A key that some kinds do not have leaves those out, and so does a
/// value of `status` that they never have. Alerts and timelines are found a
/// moment after they are written.
#[utoipa::path(
    get, path = "/search", tag = "incident", operation_id = "search", params(Asked),
    responses((status = 200, description = "A part of what was found.", body = List<Hit>))
)]
async fn search(
    State(ctx): State<Ctx>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Json<List<Hit>>, ApiError> {
    let app = &ctx.app;
    let viewer = app.viewer(caller.user()).await?;
    let text = asked.q.as_deref().unwrap_or_default();
    let mut kinds = entry::kinds(text)?;
    if let Some(name) = &asked.kind {
        let only = Kind::from_name(name)
            .ok_or_else(|| ApiError::field("kind", "must be incident, alert, entry or change"))?;
        if !kinds.contains(&only) {
            // Reading the query for that kind says which part of it that kind does not have.
            read(&app.snapshot(), only, text, caller.asker(app))?;
        }
        kinds = vec![only];
    }
    kinds.retain(|kind| may_find(&caller, *kind));
    let paging = Paging::new(asked.limit, asked.cursor);
    let before: Option<Uuid> = paging.after()?;
    let limit = paging.limit_and_one()?;
    let mut rows = Vec::new();
    for (_, filter) in read_all(&app.snapshot(), kinds, text, caller.asker(app))? {
        rows.extend(find(app, &viewer, filter, before, limit).await?);
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.id()));
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let part = paging.list(rows, Row::id, |row| row)?;
    let items = describe(app, &viewer, part.items, &words(text)?).await?;
    Ok(Json(List { items, next: part.next }))
}

/// Count what a search finds of each kind, no further than 1,000; kinds that the query cannot be about
/// are left out.
#[utoipa::path(
    get, path = "/search/counts", tag = "incident", operation_id = "count_search", params(Counted),
    responses((status = 200, description = "Each kind with its count.", body = List<KindCount>))
)]
async fn counts(
    State(ctx): State<Ctx>,
    caller: Caller,
    Query(asked): Query<Counted>,
) -> Result<Json<List<KindCount>>, ApiError> {
    let app = &ctx.app;
    let viewer = app.viewer(caller.user()).await?;
    let text = asked.q.as_deref().unwrap_or_default();
    let mut kinds = entry::kinds(text)?;
    kinds.retain(|kind| may_find(&caller, *kind));
    let mut items = Vec::new();
    for (kind, filter) in read_all(&app.snapshot(), kinds, text, caller.asker(app))? {
        let found = count(app, &viewer, filter).await?;
        let more = found > COUNTED_MAX;
        items.push(KindCount { kind: SearchKind(kind), count: found.min(COUNTED_MAX), more });
    }
    Ok(Json(List::whole(items)))
}

/// How many things a filter finds; one more than is counted stands for any number.
async fn count(app: &App, viewer: &Viewer, filter: Filter) -> Result<usize, ApiError> {
    let limit = i64::try_from(COUNTED_MAX + 1).unwrap_or(i64::MAX);
    Ok(match filter {
        Filter::Incident(filter) => store_incident::count(&app.db, viewer, &filter, limit).await?,
        Filter::Alert(found) => match of_incident(app, viewer, *found).await? {
            Some(filter) => store_alert::count(&app.db, viewer, &filter, limit).await?,
            None => 0,
        },
        Filter::Entry(filter) => store_timeline::count(&app.db, viewer, &filter, limit).await?,
        Filter::Change(filter) => match for_incident(app, viewer, &filter).await? {
            true => store_change::count(&app.db, &filter, limit).await?,
            false => 0,
        },
    })
}

/// What alerts are narrowed by, with the incident that they belong to; nothing where there is none that
/// the viewer sees.
async fn of_incident(
    app: &App,
    viewer: &Viewer,
    found: query::AlertFilter,
) -> Result<Option<store_alert::Filter>, ApiError> {
    let mut filter = found.filter;
    if let Some(number) = found.incident {
        let Some(incident) = store_incident::by_number(&app.db, viewer, number).await? else {
            return Ok(None);
        };
        filter.incident = Some(incident.id);
    }
    Ok(Some(filter))
}

/// Whether changes may be told by the incident they are done for: not where nobody may know that
/// there is one.
pub(super) async fn for_incident(
    app: &App,
    viewer: &Viewer,
    filter: &store_change::Filter,
) -> Result<bool, ApiError> {
    let Some(number) = filter.incident else { return Ok(true) };
    Ok(store_incident::by_number(&app.db, viewer, number).await?.is_some())
}

/// List what can be searched by.
#[utoipa::path(
    get, path = "/search/keys", tag = "incident", operation_id = "list_search_keys",
    responses((status = 200, description = "All of them, the most used first.", body = List<SearchKey>))
)]
async fn keys(State(ctx): State<Ctx>, caller: Caller) -> Result<Json<List<SearchKey>>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let viewer = ctx.app.viewer(caller.user()).await?;
    let tags = store_tag::in_use(&ctx.app.db, &viewer, VALUES_MAX).await?;
    let mut keys = Vec::new();
    for key in key::KEYS {
        if key.name == key::FIELD {
            keys.extend(field_keys(&ctx.app, &viewer, key).await?);
            continue;
        }
        keys.push(SearchKey {
            key: key.name.to_owned(),
            kinds: key.kinds.iter().map(|kind| SearchKind(*kind)).collect(),
            says: key.says.to_owned(),
            example: key.example.to_owned(),
            values: match key.name {
                "tag" => tags.iter().map(|(tag, _)| tag.clone()).collect(),
                name => key::values(&snapshot, name),
            },
        });
    }
    Ok(Json(List::whole(keys)))
}

/// A key for each custom field, with what there is to choose from or what is in use.
async fn field_keys(
    app: &App,
    viewer: &Viewer,
    key: &key::Key,
) -> Result<Vec<SearchKey>, ApiError> {
    let snapshot = app.snapshot();
    let mut keys = Vec::new();
    for field in &snapshot.directory.fields {
        let mut values = api_field::choices(&snapshot.directory, field);
        if values.is_empty() {
            let in_use =
                store_field::in_use(&app.db, viewer, &field.name, FIELD_VALUES_MAX).await?;
            values = in_use.into_iter().map(|(value, _)| value).collect();
        }
        values.extend([ANY, NONE].map(str::to_owned));
        keys.push(SearchKey {
            key: format!("field.{}", field.name),
            kinds: key.kinds.iter().map(|kind| SearchKind(*kind)).collect(),
            says: field.title.clone(),
            example: format!("field.{}:{}", field.name, values.first().map_or(ANY, String::as_str)),
            values,
        });
    }
    Ok(keys)
}

/// What a kind is narrowed by.
enum Filter {
    Incident(Box<store_incident::Filter>),
    Alert(Box<query::AlertFilter>),
    Entry(Box<store_timeline::Filter>),
    Change(Box<store_change::Filter>),
}

/// Whether somebody may find things of a kind; incidents and timelines are found by everybody.
fn may_find(caller: &Caller, kind: Kind) -> bool {
    let object = match kind {
        Kind::Incident | Kind::Entry => return true,
        Kind::Alert => Object::Alerts,
        Kind::Change => Object::Changes,
    };
    caller.may(Action::Read, object).is_ok()
}

/// Reads a query for every kind that knows its values; the complaint of the first where none does.
fn read_all(
    snapshot: &Snapshot,
    kinds: Vec<Kind>,
    text: &str,
    asker: Asker,
) -> Result<Vec<(Kind, Filter)>, language::NotUnderstood> {
    let mut filters = Vec::new();
    let mut complaint = None;
    for kind in kinds {
        match read(snapshot, kind, text, asker) {
            Ok(filter) => filters.push((kind, filter)),
            Err(error) => complaint = complaint.or(Some(error)),
        }
    }
    match complaint {
        Some(complaint) if filters.is_empty() => Err(complaint),
        _ => Ok(filters),
    }
}

fn read(
    snapshot: &Snapshot,
    kind: Kind,
    text: &str,
    asker: Asker,
) -> Result<Filter, language::NotUnderstood> {
    Ok(match kind {
        Kind::Incident => Filter::Incident(Box::new(query::incidents(snapshot, text, asker)?)),
        Kind::Alert => Filter::Alert(Box::new(query::alerts(snapshot, text, asker)?)),
        Kind::Entry => Filter::Entry(Box::new(entry::entries(snapshot, text, asker)?)),
        Kind::Change => Filter::Change(Box::new(change::changes(snapshot, text, asker)?)),
    })
}

/// What was found, as it is stored.
enum Row {
    Incident(Box<lifecycle::Incident>),
    Alert(Box<AlertRow>),
    Entry(Box<EntryRow>),
    Change(Box<Change>),
}

impl Row {
    /// Its id, which begins with the instant at which it was made.
    fn id(&self) -> Uuid {
        match self {
            Self::Incident(incident) => incident.id.0,
            Self::Alert(alert) => alert.id,
            Self::Entry(entry) => entry.id,
            Self::Change(change) => change.id.0,
        }
    }

    fn incident(&self) -> Option<IncidentId> {
        match self {
            Self::Incident(incident) => Some(incident.id),
            Self::Alert(alert) => alert.incident_id.map(IncidentId),
            Self::Entry(entry) => Some(IncidentId(entry.incident_id)),
            Self::Change(_) => None,
        }
    }
}

async fn find(
    app: &App,
    viewer: &Viewer,
    filter: Filter,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Row>, ApiError> {
    Ok(match filter {
        Filter::Incident(mut filter) => {
            filter.older_than = before;
            let rows = store_incident::found(&app.db, viewer, &filter, limit).await?;
            rows.into_iter().map(|row| Row::Incident(Box::new(row))).collect()
        }
        Filter::Alert(found) => {
            let Some(mut filter) = of_incident(app, viewer, *found).await? else {
                return Ok(Vec::new());
            };
            filter.before = before.map(AlertId);
            let rows = store_alert::list(&app.db, viewer, &filter, limit).await?;
            rows.into_iter().map(|row| Row::Alert(Box::new(row))).collect()
        }
        Filter::Entry(mut filter) => {
            filter.older_than = before;
            let rows = store_timeline::found(&app.db, viewer, &filter, limit).await?;
            rows.into_iter().map(|row| Row::Entry(Box::new(row))).collect()
        }
        Filter::Change(mut filter) => {
            if !for_incident(app, viewer, &filter).await? {
                return Ok(Vec::new());
            }
            filter.older_than = before;
            let rows = store_change::found(&app.db, &filter, limit).await?;
            rows.into_iter().map(|row| Row::Change(Box::new(row))).collect()
        }
    })
}

/// The words that a query looks for.
fn words(text: &str) -> Result<Vec<String>, language::NotUnderstood> {
    let says = language::parse(text)?.into_iter().map(|part| part.says);
    Ok(says
        .filter_map(|says| match says {
            Says::Words(words) => Some(words),
            Says::Term { .. } => None,
        })
        .collect())
}

async fn describe(
    app: &App,
    viewer: &Viewer,
    rows: Vec<Row>,
    words: &[String],
) -> Result<Vec<Hit>, ApiError> {
    let mut ids: Vec<_> = rows.iter().filter_map(Row::incident).collect();
    ids.sort_unstable();
    ids.dedup();
    let incidents: HashMap<_, _> = store_incident::get_all(&app.db, viewer, &ids)
        .await?
        .into_iter()
        .map(|incident| (incident.id, incident))
        .collect();
    let snapshot = app.snapshot();
    Ok(rows
        .into_iter()
        .map(|row| {
            let incident = row.incident().and_then(|id| incidents.get(&id));
            hit(&snapshot, row, incident, words)
        })
        .collect())
}

fn hit(
    snapshot: &Snapshot,
    row: Row,
    incident: Option<&lifecycle::Incident>,
    words: &[String],
) -> Hit {
    let service =
        |id: ServiceId| snapshot.directory.services.get(id).map(|service| service.name.clone());
    let of_incident = Hit {
        kind: SearchKind(Kind::Incident),
        id: String::new(),
        title: String::new(),
        at: Timestamp::UNIX_EPOCH.into(),
        incident: incident.map(|incident| incident.number),
        service: incident.and_then(|incident| service(incident.service)),
        severity: incident.map(|incident| i64::from(incident.severity.number())),
        status: incident.map(|incident| incident.status.into()),
        alert_status: None,
        change: None,
        change_state: None,
        entry_kind: None,
        by: None,
        matched: Vec::new(),
    };
    match row {
        Row::Incident(incident) => {
            let summary = incident.summary.as_deref().unwrap_or_default();
            let detected_at = incident.stamps.detected_at.unwrap_or_default();
            Hit {
                id: incident.id.to_string(),
                at: detected_at.into(),
                matched: matched(&[("title", &incident.title), ("summary", summary)], words),
                title: incident.title,
                ..of_incident
            }
        }
        Row::Alert(alert) => {
            let texts = [
                ("summary", alert.summary.as_str()),
                ("source", &alert.source),
                ("component", &alert.component),
                ("key", &alert.dedup_key),
            ];
            let status = muster_core::alerting::alert::AlertStatus::from_name(&alert.status);
            Hit {
                kind: SearchKind(Kind::Alert),
                id: AlertId(alert.id).to_string(),
                at: Instant::from_micros(alert.first_at),
                service: service(ServiceId(alert.service_id)),
                severity: alert.severity,
                status: None,
                alert_status: status.map(AlertState),
                matched: matched(&texts, words),
                title: alert.summary,
                ..of_incident
            }
        }
        Row::Entry(entry) => Hit {
            kind: SearchKind(Kind::Entry),
            id: EntryId(entry.id).to_string(),
            at: Instant::from_micros(entry.at),
            entry_kind: muster_core::incident::timeline::Kind::from_name(&entry.kind)
                .map(TimelineKind),
            by: Some(entry.actor_name),
            matched: matched(&[("text", &entry.text)], words),
            title: entry.text,
            ..of_incident
        },
        Row::Change(change) => {
            let texts = change.plan.texts();
            let texts: Vec<_> = texts.iter().map(|(field, text)| (*field, text.as_str())).collect();
            Hit {
                kind: SearchKind(Kind::Change),
                id: change.id.to_string(),
                at: change.started_at.or(change.plan.start).unwrap_or(change.created_at).into(),
                change: Some(change.number),
                change_state: Some(change.state.into()),
                service: service(change.plan.service),
                by: Some(person(&snapshot.directory, change.submitter)),
                matched: matched(&texts, words),
                title: change.plan.title,
                ..of_incident
            }
        }
    }
}

fn matched(texts: &[(&str, &str)], words: &[String]) -> Vec<Matched> {
    let matched = texts.iter().filter_map(|(field, text)| {
        let pieces = excerpt(text, words)?.into_iter();
        let pieces = pieces.map(|piece| MatchedPiece { text: piece.text, hit: piece.is_hit });
        Some(Matched { field: (*field).to_owned(), pieces: pieces.collect() })
    });
    matched.collect()
}
