//! Change events over the API (`X16`): what was deployed, switched and configured, and writing one
//! down from a script or by hand.

use axum::extract::State;
use axum::http::StatusCode;
use muster_core::change::event::{Kind, Progress, Report, State as ChangeState, What, is_address};
use muster_core::change::event::{SUMMARY_CHARS_MAX, WORD_CHARS_MAX};
use muster_core::id::{ChangeEventId, ServiceId};
use muster_core::org::access::{Action, Object};
use muster_store::change::event::{self as store, ChangeEventRow, Filter};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::SEE_CHANGES;
use super::suspect::{self, CausedIncident};
use crate::api::extract::{Json, Path, Query};
use crate::api::list::{List, Paging};
use crate::api::org::find;
use crate::api::period::{instant, instant_or};
use crate::api::word::{ChangeEventKind, ChangeEventState, Instant};
use crate::api::{ApiError, Caller, Ctx, Need, Routes};

/// To write an event down.
const ADD: Need = Need::new(Action::Create, Object::Changes);

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(SEE_CHANGES, routes!(list)).on(SEE_CHANGES, routes!(get)).on(ADD, routes!(add))
}

/// Something that was changed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChangeEvent {
    /// For programs.
    #[schema(example = "chg_0199b0c2a4d47a0c8f3e5d6b7a8c9d0e")]
    pub id: String,
    /// Which service it is about; null where it is not configured any more.
    #[schema(required)]
    pub service: Option<String>,
    /// What sort of thing was changed.
    pub kind: ChangeEventKind,
    /// How far it is.
    pub state: ChangeEventState,
    /// For people to read.
    pub summary: String,
    /// What was changed, as the source calls it; may be empty.
    #[schema(example = "acme/checkout")]
    pub subject: String,
    /// Where; may be empty.
    #[schema(example = "production")]
    pub environment: String,
    /// The version or commit; may be empty.
    pub version: String,
    /// Who, as the source calls them; may be empty.
    pub author: String,
    /// The kind of source: `github`, or `manual`.
    pub source: String,
    /// A page about it.
    #[schema(required)]
    pub url: Option<String>,
    /// A page that shows what was changed.
    #[schema(required)]
    pub diff_url: Option<String>,
    /// When it began.
    pub started_at: Instant,
    /// When it reached its state; null while it is being made.
    #[schema(required)]
    pub ended_at: Option<Instant>,
    /// When Muster first heard of it.
    pub received_at: Instant,
}

/// A change event with what came of it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChangeEventWhole {
    /// The event.
    #[serde(flatten)]
    pub event: ChangeEvent,
    /// The incidents that it was found to be the cause of, as far as you see them, the newest first; at
    /// most 50.
    pub caused: Vec<CausedIncident>,
}

/// An event to write down.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewChangeEvent {
    /// Which service it is about, by name.
    service: String,
    /// For people to read.
    #[schema(max_length = 1024)]
    summary: String,
    /// What sort of thing was changed; `deploy` unless given.
    kind: Option<ChangeEventKind>,
    /// How far it is; `succeeded` unless given.
    state: Option<ChangeEventState>,
    /// When it began; when it ended, unless given.
    started_at: Option<Instant>,
    /// When it reached its state; now unless given.
    ended_at: Option<Instant>,
    /// Where.
    environment: Option<String>,
    /// The version or commit.
    version: Option<String>,
    /// Who; whoever asks unless given.
    author: Option<String>,
    /// A page about it.
    url: Option<String>,
    /// A page that shows what was changed.
    diff_url: Option<String>,
}

/// Which events.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Of this service, by name; of several with commas between.
    service: Option<String>,
    /// Of this kind; of several with commas between.
    kind: Option<String>,
    /// Begun at this instant or after it.
    from: Option<Instant>,
    /// Begun before this instant.
    to: Option<Instant>,
    /// How many items at most: 1 to 500, 50 unless given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    /// Where the last part ended, from its `next`.
    cursor: Option<String>,
}

impl Which {
    fn filter(&self, ctx: &Ctx) -> Result<Filter, ApiError> {
        let snapshot = ctx.app.snapshot();
        let table = &snapshot.directory.services;
        let services = words(self.service.as_deref());
        let services: Result<Vec<_>, ApiError> =
            services.map(|name| find(table, "service", name).map(|one| one.id)).collect();
        let kind = |name: &str| {
            let known: Vec<_> = Kind::NAMES.iter().map(|(_, name)| *name).collect();
            let message = || format!("must be one of {}", known.join(", "));
            Kind::from_name(name).ok_or_else(|| ApiError::field("kind", message()))
        };
        let kinds: Result<Vec<_>, ApiError> = words(self.kind.as_deref()).map(kind).collect();
        let from = self.from.as_ref().map(|from| instant("from", from)).transpose()?;
        let to = self.to.as_ref().map(|to| instant("to", to)).transpose()?;
        Ok(Filter { services: services?, kinds: kinds?, from, to, after: None })
    }
}

fn words(text: Option<&str>) -> impl Iterator<Item = &str> {
    text.unwrap_or_default().split(',').map(str::trim).filter(|word| !word.is_empty())
}

/// List what was changed, the last begun first.
#[utoipa::path(
    get, path = "/change-events", tag = "change", operation_id = "list_change_events",
    params(Which),
    responses((status = 200, description = "A part of the list.", body = List<ChangeEvent>))
)]
async fn list(
    State(ctx): State<Ctx>,
    Query(which): Query<Which>,
) -> Result<Json<List<ChangeEvent>>, ApiError> {
    let paging = Paging::new(which.limit, which.cursor.clone());
    let after = paging.after::<Place>()?.map(|place| (place.0, place.1));
    let filter = Filter { after, ..which.filter(&ctx)? };
    let rows = store::list(&ctx.app.db, &filter, paging.limit_and_one()?).await?;
    let list = paging.list(
        rows,
        |row| Place(row.started_at, ChangeEventId(row.id)),
        |row| describe(&ctx, row),
    )?;
    let items: Result<Vec<_>, ApiError> = list.items.into_iter().collect();
    Ok(Json(List { items: items?, next: list.next }))
}

/// The place of an event in the list.
struct Place(i64, ChangeEventId);

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.0, self.1)
    }
}

impl std::str::FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (at, id) = text.split_once(' ').ok_or(())?;
        Ok(Self(at.parse().map_err(|_| ())?, id.parse().map_err(|_| ())?))
    }
}

/// Read a change event.
#[utoipa::path(
    get, path = "/change-events/{id}", tag = "change", operation_id = "get_change_event",
    params(("id" = String, Path, description = "The id.")),
    responses((status = 200, description = "The event.", body = ChangeEventWhole))
)]
async fn get(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ChangeEventWhole>, ApiError> {
    let event = one(&ctx, &id).await?;
    let key: ChangeEventId = id.parse().map_err(|_| ApiError::not_found("change event", &id))?;
    let viewer = ctx.app.viewer(caller.user()).await?;
    let caused = suspect::caused(ctx.app.caused_by(&viewer, key.into()).await?);
    Ok(Json(ChangeEventWhole { event, caused }))
}

/// Write down that something was changed. It pages nobody.
#[utoipa::path(
    post, path = "/change-events", tag = "change", operation_id = "add_change_event",
    request_body = NewChangeEvent,
    responses((status = 201, description = "The event.", body = ChangeEvent))
)]
async fn add(
    State(ctx): State<Ctx>,
    caller: Caller,
    Json(new): Json<NewChangeEvent>,
) -> Result<(StatusCode, Json<ChangeEvent>), ApiError> {
    let snapshot = ctx.app.snapshot();
    let service = find(&snapshot.directory.services, "service", &new.service)?.id;
    let progress = progress(&ctx, &new)?;
    let what = what(new, caller.actor.name())?;
    let id = ctx.app.write_change_event(service, progress, what, &caller.actor).await?;
    Ok((StatusCode::CREATED, Json(one(&ctx, &id.to_string()).await?)))
}

fn progress(ctx: &Ctx, new: &NewChangeEvent) -> Result<Progress, ApiError> {
    let now = ctx.app.now();
    let state = new.state.map_or(ChangeState::Succeeded, |state| state.0);
    let started_at = new.started_at.as_ref().map(|at| instant("started_at", at)).transpose()?;
    let is_going_on = state == ChangeState::Started;
    if is_going_on && new.ended_at.is_some() {
        let message = "a change that is being made has not ended";
        return Err(ApiError::field("ended_at", message));
    }
    let at = match started_at {
        Some(started_at) if is_going_on => started_at,
        _ => instant_or("ended_at", new.ended_at.as_ref(), now)?,
    };
    if started_at.is_some_and(|started| started > at) {
        return Err(ApiError::field("ended_at", "must not be before `started_at`"));
    }
    if at > now {
        let field = if is_going_on { "started_at" } else { "ended_at" };
        return Err(ApiError::field(field, "is in the future; events have happened"));
    }
    let report = Report {
        key: String::new(),
        state,
        at,
        started_at,
        services: Vec::new(),
        what: What::new(Kind::Other, ""),
    };
    Ok(report.progress())
}

fn what(new: NewChangeEvent, asker: &str) -> Result<What, ApiError> {
    let summary = new.summary.trim().to_owned();
    if summary.is_empty() {
        return Err(ApiError::field("summary", "say what was changed"));
    }
    if summary.chars().count() > SUMMARY_CHARS_MAX {
        let message = format!("is longer than {SUMMARY_CHARS_MAX} characters");
        return Err(ApiError::field("summary", message));
    }
    let word = |field: &'static str, text: Option<String>| {
        let text = text.unwrap_or_default().trim().to_owned();
        if text.chars().count() > WORD_CHARS_MAX {
            let message = format!("is longer than {WORD_CHARS_MAX} characters");
            return Err(ApiError::field(field, message));
        }
        Ok(text)
    };
    let page = |field: &'static str, url: Option<String>| match url {
        Some(url) if !url.trim().is_empty() && !is_address(url.trim()) => {
            Err(ApiError::field(field, "must be an http or https address"))
        }
        other => Ok(other.map(|url| url.trim().to_owned()).filter(|url| !url.is_empty())),
    };
    let kind = new.kind.map_or(Kind::Deploy, |kind| kind.0);
    Ok(What {
        environment: word("environment", new.environment)?,
        version: word("version", new.version)?,
        author: word("author", new.author.or_else(|| Some(asker.to_owned())))?,
        url: page("url", new.url)?,
        diff_url: page("diff_url", new.diff_url)?,
        ..What::new(kind, summary)
    })
}

async fn one(ctx: &Ctx, id: &str) -> Result<ChangeEvent, ApiError> {
    let missing = || ApiError::not_found("change event", id);
    let key: ChangeEventId = id.parse().map_err(|_| missing())?;
    let row = store::get(&ctx.app.db, key).await?.ok_or_else(missing)?;
    describe(ctx, row)
}

/// An event as it is told.
///
/// # Errors
/// When the store holds what this version does not know.
pub fn describe(ctx: &Ctx, row: ChangeEventRow) -> Result<ChangeEvent, ApiError> {
    let snapshot = ctx.app.snapshot();
    let service = snapshot.directory.services.get(ServiceId(row.service_id));
    Ok(ChangeEvent {
        id: ChangeEventId(row.id).to_string(),
        service: service.map(|service| service.name.clone()),
        kind: row.kind()?.into(),
        state: row.progress()?.state.into(),
        summary: row.summary,
        subject: row.subject,
        environment: row.environment,
        version: row.version,
        author: row.author,
        source: row.source,
        url: row.url,
        diff_url: row.diff_url,
        started_at: Instant::from_micros(row.started_at),
        ended_at: row.ended_at.map(Instant::from_micros),
        received_at: Instant::from_micros(row.received_at),
    })
}
