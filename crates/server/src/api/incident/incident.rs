//! An incident as it is read: what it is, when it came where, who is asked next, and what happens
//! if nobody answers.

use std::collections::{BTreeMap, HashMap};

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use muster_core::alerting::signal::cut;
use muster_core::id::IncidentId;
use muster_core::incident::lifecycle::{self, Stamps};
use muster_core::incident::restriction::Viewer;
use muster_core::incident::severity::Level;
use muster_core::oncall::escalation;
use muster_core::oncall::preview::{self, Preview};
use muster_core::org::access::{Action, Object};
use muster_core::org::directory::Directory;
use muster_store::StoreError;
use muster_store::incident::field as store_field;
use muster_store::incident::incident as store_incident;
use muster_store::incident::tag as store_tag;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::bridge::{self, IncidentBridge, IncidentEstimate, IncidentRoom};
use super::clock::{self, IncidentClocks};
use super::field::{self, FieldValue, NewFieldValue};
use super::helper::{self, Helper};
use super::impact::{self, Impact, NewImpact};
use super::restriction::{self, NewRestriction, Restriction};
use super::role::{self, HeldRole};
use super::tag;
use crate::api::extract::{Json, Path, Query};
use crate::api::list::{List, Search};
use crate::api::word::{IncidentStatus, IncidentUrgency, Instant};
use crate::api::{ApiError, Caller, Ctx, Need, Routes, SEE_INCIDENTS};
use crate::app::App;
use crate::app::incident::declare::Report;
use crate::app::incident::facts;
use crate::app::query;

/// The longest summary of an incident, in characters.
pub const SUMMARY_CHARS_MAX: usize = 25_000;

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_INCIDENTS, routes!(list))
        .on(Need::new(Action::Create, Object::Incidents), routes!(declare))
        .on(SEE_INCIDENTS, routes!(get))
}

/// An incident.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Incident {
    /// For programs.
    #[schema(example = "inc_0193f0e4a1b27c3d8e9f00112233aabb")]
    pub id: String,
    /// For people to say.
    pub number: i64,
    /// One line.
    pub title: String,
    /// Where it stands.
    pub status: IncidentStatus,
    /// How bad it is; 1 is the worst.
    pub severity: u8,
    /// The severity's name.
    pub severity_name: String,
    /// How loudly people are asked.
    pub urgency: IncidentUrgency,
    /// What is affected; null where the service was deleted.
    #[schema(required)]
    pub service: Option<String>,
    /// Who owns the service.
    #[schema(required)]
    pub team: Option<String>,
    /// Who has it.
    #[schema(required)]
    pub assignee: Option<String>,
    /// Alerts that ever joined.
    pub alert_count: i64,
    /// Alerts that have not recovered.
    pub open_alert_count: i64,
    /// Free words on it, by name.
    pub tags: Vec<String>,
    /// The values of its custom fields, in the order of the configuration.
    pub fields: Vec<FieldValue>,
    /// Whether it is an exercise, kept out of the figures.
    pub practice: bool,
    /// The service's runbook.
    #[schema(required)]
    pub runbook: Option<String>,
    /// More than a line, if somebody wrote it.
    #[schema(required)]
    pub summary: Option<String>,
    /// When Muster heard of it.
    pub created_at: Instant,
    /// When the trouble began, by the first alert's account.
    #[schema(required)]
    pub occurred_at: Option<Instant>,
    /// When somebody first had it.
    #[schema(required)]
    pub acknowledged_at: Option<Instant>,
    /// When the first person was there: took it, or checked in.
    #[schema(required)]
    pub engaged_at: Option<Instant>,
    /// When the search for the cause began.
    #[schema(required)]
    pub researching_at: Option<Instant>,
    /// When the cause was known.
    #[schema(required)]
    pub identified_at: Option<Instant>,
    /// When customers were well again.
    #[schema(required)]
    pub restored_at: Option<Instant>,
    /// When it was tested and signed off, or every alert had recovered.
    #[schema(required)]
    pub resolved_at: Option<Instant>,
    /// When it was reviewed.
    #[schema(required)]
    pub closed_at: Option<Instant>,
    /// Until when it is quiet.
    #[schema(required)]
    pub snoozed_until: Option<Instant>,
    /// How often it was reopened.
    pub reopened_count: i64,
    /// Who alone sees it; null where everybody does.
    #[schema(required)]
    pub restricted: Option<Restriction>,
    /// The number of the incident that took its place.
    #[schema(required)]
    pub merged_into: Option<i64>,
    /// The number of the incident whose child effort it is; null where it stands by itself, and
    /// where you do not see that one.
    #[schema(required)]
    pub parent: Option<i64>,
    /// How many of its own child efforts are open.
    pub open_child_count: i64,
    /// Whether it tells audiences and notification lists itself; of a child effort its parent does,
    /// unless said otherwise.
    pub speaks: bool,
    /// Who is asked next.
    pub paging: Paging,
    /// What runs beside it, and who is there.
    pub clocks: IncidentClocks,
    /// Who volunteered, released ones included.
    pub helpers: Vec<Helper>,
    /// How bad it is for whom, and what it costs.
    pub impact: Impact,
    /// Where people meet about it.
    #[schema(required)]
    pub bridge: Option<IncidentBridge>,
    /// When somebody expects it to be over; no target.
    #[schema(required)]
    pub estimate: Option<IncidentEstimate>,
    /// Who holds which role now.
    pub roles: Vec<HeldRole>,
    /// What happens if nobody answers; only where one incident is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub plan: Option<Vec<PlannedStep>>,
    /// Its room in a chat, if it has or was to have one; only where one incident is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub room: Option<IncidentRoom>,
    /// How long things took.
    pub statistics: Statistics,
    /// Where people read it.
    pub url: String,
    /// Grows with every transition.
    pub version: i64,
}

/// Where the escalation of an incident stands.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Paging {
    /// Where it stands.
    pub state: PagingState,
    /// The step that was entered last, counted from 1.
    #[schema(required)]
    pub step: Option<u32>,
    /// The round, counted from 1.
    #[schema(required)]
    pub round: Option<u32>,
    /// When it goes on by itself.
    #[schema(required)]
    pub next_at: Option<Instant>,
}

/// Where an escalation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PagingState {
    /// Nobody is asked: the severity does not page.
    Idle,
    /// People have been asked, or soon will be.
    Waiting,
    /// Somebody has it.
    Acknowledged,
    /// Quiet for a while.
    Snoozed,
    /// Every step of every round was gone through and nobody took it.
    Exhausted,
    /// The incident is over.
    Finished,
}

/// People who will be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlannedStep {
    /// When.
    pub at: Instant,
    /// Whose step, or whose rounds led to the catch-all.
    pub policy: String,
    /// The step, counted from 1; null for the catch-all.
    #[schema(required)]
    pub step: Option<u32>,
    /// The round, counted from 1.
    pub round: u32,
    /// Whoever would be on call then.
    pub users: Vec<String>,
}

/// How long things took; null where it has not come to that.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Statistics {
    /// Until Muster heard of it.
    #[schema(required)]
    pub occurred_to_detected_seconds: Option<i64>,
    /// From the beginning of the trouble to its end.
    #[schema(required)]
    pub occurred_to_resolved_seconds: Option<i64>,
    /// Until somebody had it.
    #[schema(required)]
    pub detected_to_acknowledged_seconds: Option<i64>,
    /// Until customers were well again.
    #[schema(required)]
    pub detected_to_restored_seconds: Option<i64>,
    /// Until it was over.
    #[schema(required)]
    pub detected_to_resolved_seconds: Option<i64>,
}

/// What somebody reports. A title is enough.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewIncident {
    /// One line; longer ones are cut.
    #[schema(example = "Nobody can check out")]
    title: String,
    /// What is affected; the catch-all service where nobody knows.
    service: Option<String>,
    /// How bad it is; the worst where nobody knows.
    severity: Option<u8>,
    /// More than a line.
    summary: Option<String>,
    /// What is known of the impact, such as a contact at customer service.
    #[serde(default)]
    impact: NewImpact,
    /// Who alone sees it besides whoever declares it and those who are engaged; everybody does where
    /// this is left out.
    restricted: Option<NewRestriction>,
    /// Free words by which it is found again.
    #[serde(default)]
    #[schema(max_items = 20)]
    tags: Vec<String>,
    /// Values of its custom fields, each by the name of its field.
    #[serde(default)]
    fields: BTreeMap<String, NewFieldValue>,
    /// Whether it is an exercise, kept out of the figures.
    #[serde(default)]
    practice: bool,
}

/// List incidents, the newest first.
///
/// `q` takes `state:open`, `status:triggered`, `sev:<=2`, `service:checkout`, `team:payments`, `group:shop`,
/// `assignee:ana` (or `me`, `none`), `tag:database`, `field.cause:deploy`, `practice:no`, `after:2026-11-21`, `before:`, and words of the
/// title. A minus before a key excludes.
#[utoipa::path(
    get, path = "/incidents", tag = "incident", operation_id = "list_incidents", params(Search),
    responses((status = 200, description = "A part of the list.", body = List<Incident>))
)]
async fn list(
    State(ctx): State<Ctx>,
    caller: Caller,
    Query(search): Query<Search>,
) -> Result<Json<List<Incident>>, ApiError> {
    let app = &ctx.app;
    let viewer = app.viewer(caller.user()).await?;
    let paging = search.paging();
    let text = search.q.as_deref().unwrap_or_default();
    let mut filter = query::incidents(&app.snapshot(), text, caller.asker(app))?;
    filter.before = paging.after()?;
    let rows = store_incident::list(&app.db, &viewer, &filter, paging.limit_and_one()?).await?;
    let part = paging.list(rows, |incident| incident.number, |incident| incident)?;
    let items = describe_all(app, &viewer, &part.items).await?;
    Ok(Json(List { items, next: part.next }))
}

/// Declare an incident.
#[utoipa::path(
    post, path = "/incidents", tag = "incident", operation_id = "declare_incident",
    request_body = NewIncident,
    responses((status = 201, description = "The new incident.", body = Incident))
)]
async fn declare(
    State(ctx): State<Ctx>,
    caller: Caller,
    Json(body): Json<NewIncident>,
) -> Result<(StatusCode, Json<Incident>), ApiError> {
    if body.title.trim().is_empty() {
        return Err(ApiError::field("title", "say in a line what is wrong"));
    }
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let service = match &body.service {
        Some(name) => Some(
            directory
                .services
                .named(name)
                .ok_or_else(|| ApiError::field("service", format!("there is no service `{name}`")))?
                .id,
        ),
        None => None,
    };
    let severity = body.severity.map(|number| level(directory, number)).transpose()?;
    let summary = body.summary.filter(|summary| !summary.trim().is_empty()).map(|mut summary| {
        cut(&mut summary, SUMMARY_CHARS_MAX);
        summary
    });
    let practice = body.practice;
    let impact = impact::read(directory, body.impact)?;
    let restricted = body.restricted.map(|new| new.read(directory)).transpose()?;
    let tags = tag::read(&body.tags)?;
    let fields = field::read(directory, "fields", body.fields)?;
    let report = Report {
        tags,
        fields,
        title: body.title,
        summary,
        service,
        severity,
        impact,
        restricted,
        practice,
        ..Report::default()
    };
    let incident = ctx.app.declare(report, &caller.actor).await?;
    Ok((StatusCode::CREATED, Json(describe_whole(&ctx, &caller, &incident).await?)))
}

/// Read an incident, by its id or number.
#[utoipa::path(
    get, path = "/incidents/{incident}", tag = "incident", operation_id = "get_incident",
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The incident.", body = Incident))
)]
async fn get(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<Incident>, ApiError> {
    let incident = super::find(&ctx, &caller, Action::Read, &name).await?;
    Ok(Json(describe_whole(&ctx, &caller, &incident).await?))
}

/// The level of that number, which must be configured.
///
/// # Errors
/// 400 where it is not.
pub(super) fn level(directory: &Directory, number: u8) -> Result<Level, ApiError> {
    let level = Level::new(number).filter(|level| directory.knows_severity(*level));
    level.ok_or_else(|| {
        let known: Vec<_> = directory
            .severities
            .iter()
            .map(|severity| severity.level.number().to_string())
            .collect();
        ApiError::field("severity", format!("must be one of {}", known.join(", ")))
    })
}

/// Incidents as they are read, without their plans.
///
/// # Errors
/// When the store does not answer.
pub async fn describe_all(
    app: &App,
    viewer: &Viewer,
    incidents: &[lifecycle::Incident],
) -> Result<Vec<Incident>, StoreError> {
    let merged: Vec<IncidentId> = incidents.iter().flat_map(others).collect();
    let numbers: HashMap<_, _> =
        store_incident::numbers(&app.db, viewer, &merged).await?.into_iter().collect();
    let snapshot = app.snapshot();
    let ids: Vec<_> = incidents.iter().map(|incident| incident.id).collect();
    let mut tags: HashMap<IncidentId, Vec<String>> = HashMap::new();
    for (id, tag) in store_tag::of_all(&app.db, &ids).await? {
        tags.entry(id).or_default().push(tag);
    }
    let mut fields = store_field::of_all(&app.db, &ids).await?;
    Ok(incidents
        .iter()
        .map(|incident| Incident {
            fields: fields
                .remove(&incident.id)
                .map(|rows| field::describe(&snapshot.directory, rows))
                .unwrap_or_default(),
            tags: tags.remove(&incident.id).unwrap_or_default(),
            ..describe(app, &snapshot.directory, incident, &numbers)
        })
        .collect())
}

/// An incident as it is read, with its plan.
///
/// # Errors
/// When the store does not answer.
pub async fn describe_whole(
    ctx: &Ctx,
    caller: &Caller,
    incident: &lifecycle::Incident,
) -> Result<Incident, ApiError> {
    let app = &ctx.app;
    let viewer = app.viewer(caller.user()).await?;
    let snapshot = app.snapshot();
    let merged: Vec<_> = others(incident).collect();
    let numbers = store_incident::numbers(&app.db, &viewer, &merged).await?.into_iter().collect();
    let mut described = describe(app, &snapshot.directory, incident, &numbers);
    described.tags = store_tag::of(&app.db, incident.id).await?;
    let fields = store_field::of(&app.db, incident.id).await?;
    described.fields = field::describe(&snapshot.directory, fields);
    let facts = facts::read(&app.db, &snapshot.directory, incident).await?;
    let ahead = preview::remaining(&snapshot.directory, incident, &facts);
    described.clocks.plan(&snapshot.directory, &ahead);
    described.room = bridge::describe_room(app, incident.id).await?;
    described.plan = Some(plan(&snapshot.directory, ahead));
    Ok(described)
}

fn describe(
    app: &App,
    directory: &Directory,
    incident: &lifecycle::Incident,
    numbers: &HashMap<IncidentId, i64>,
) -> Incident {
    let severity = directory.severity(incident.severity);
    let service = directory.services.get(incident.service);
    let team = service.and_then(|service| service.team).and_then(|id| directory.teams.get(id));
    let assignee = incident.assignee.and_then(|id| directory.users.get(id));
    let stamps = &incident.stamps;
    let created_at = stamps.detected_at.unwrap_or_else(|| made_at(incident.id));
    let at = |stamp: Option<Timestamp>| stamp.map(Instant::from);
    Incident {
        id: incident.id.to_string(),
        number: incident.number,
        title: incident.title.clone(),
        status: incident.status.into(),
        severity: incident.severity.number(),
        severity_name: severity.name.clone(),
        urgency: severity.urgency.into(),
        service: service.map(|service| service.name.clone()),
        team: team.map(|team| team.name.clone()),
        assignee: assignee.map(|user| user.name.clone()),
        alert_count: incident.alert_count,
        open_alert_count: incident.open_alert_count,
        tags: Vec::new(),
        fields: Vec::new(),
        practice: incident.practice,
        runbook: service.and_then(|service| service.runbook.clone()),
        summary: incident.summary.clone(),
        created_at: created_at.into(),
        occurred_at: at(stamps.occurred_at),
        acknowledged_at: at(stamps.acknowledged_at),
        engaged_at: at(stamps.engaged_at),
        researching_at: at(stamps.researching_at),
        identified_at: at(stamps.identified_at),
        restored_at: at(stamps.restored_at),
        resolved_at: at(stamps.resolved_at),
        closed_at: at(stamps.closed_at),
        snoozed_until: match incident.escalation {
            escalation::State::Snoozed { until } => Some(until.into()),
            _ => None,
        },
        reopened_count: incident.reopened_count,
        restricted: restriction::describe(directory, incident),
        merged_into: incident.merged_into.and_then(|id| numbers.get(&id).copied()),
        parent: incident.parentage.and_then(|of| numbers.get(&of.parent).copied()),
        open_child_count: incident.open_children,
        speaks: !incident.is_spoken_for(),
        paging: paging(incident.escalation),
        clocks: clock::describe(directory, incident),
        helpers: helper::describe(directory, incident),
        impact: impact::describe(directory, incident, app.now()),
        bridge: bridge::describe(incident),
        estimate: bridge::describe_estimate(incident),
        roles: role::held(directory, incident),
        plan: None,
        room: None,
        statistics: statistics(stamps),
        url: app.incident_url(incident.number),
        version: incident.version,
    }
}

/// The incidents that one is read with the numbers of.
fn others(incident: &lifecycle::Incident) -> impl Iterator<Item = IncidentId> {
    let parent = incident.parentage.map(|parentage| parentage.parent);
    incident.merged_into.into_iter().chain(parent)
}

/// When an id was made, for rows from before its instant was kept.
fn made_at(id: IncidentId) -> Timestamp {
    let millis = id.0.get_timestamp().map(|at| at.to_unix());
    millis
        .and_then(|(seconds, nanos)| {
            Timestamp::new(i64::try_from(seconds).ok()?, i32::try_from(nanos).ok()?).ok()
        })
        .unwrap_or_default()
}

fn paging(state: escalation::State) -> Paging {
    use escalation::State;
    let (name, place) = match state {
        State::Idle => (PagingState::Idle, None),
        State::Waiting { next_step, round, .. } => (PagingState::Waiting, Some((next_step, round))),
        State::Acknowledged { next_step, round, .. } => {
            (PagingState::Acknowledged, Some((next_step, round)))
        }
        State::Snoozed { .. } => (PagingState::Snoozed, None),
        State::Exhausted => (PagingState::Exhausted, None),
        State::Finished => (PagingState::Finished, None),
    };
    Paging {
        state: name,
        // The step before the next one, counted from 1, has the same number as the next from 0.
        step: place.map(|(next_step, _)| next_step).filter(|step| *step > 0),
        round: place.map(|(_, round)| round + 1),
        next_at: state.next_at().map(Instant::from),
    }
}

fn plan(directory: &Directory, ahead: Preview) -> Vec<PlannedStep> {
    let Preview { pages, .. } = ahead;
    let name = |id| directory.policies.get(id).map(|policy| policy.name.clone());
    let mut planned: Vec<PlannedStep> = Vec::new();
    for page in pages {
        let Some(user) = directory.users.get(page.user) else { continue };
        // Later methods of the same person in the same step are not news.
        let same = planned.iter_mut().find(|known| {
            let of = name(page.policy).unwrap_or_default();
            (&known.policy, known.step, known.round) == (&of, page.step, page.round)
        });
        match same {
            Some(same) if !same.users.contains(&user.name) => same.users.push(user.name.clone()),
            Some(_) => {}
            None => planned.push(PlannedStep {
                at: page.at.into(),
                policy: name(page.policy).unwrap_or_default(),
                step: page.step,
                round: page.round,
                users: vec![user.name.clone()],
            }),
        }
    }
    planned
}

fn statistics(stamps: &Stamps) -> Statistics {
    let between = |from: Option<Timestamp>, to: Option<Timestamp>| {
        Some(to?.duration_since(from?).as_secs().max(0))
    };
    Statistics {
        occurred_to_detected_seconds: between(stamps.occurred_at, stamps.detected_at),
        occurred_to_resolved_seconds: between(stamps.occurred_at, stamps.resolved_at),
        detected_to_acknowledged_seconds: between(stamps.detected_at, stamps.acknowledged_at),
        detected_to_restored_seconds: between(stamps.detected_at, stamps.restored_at),
        detected_to_resolved_seconds: between(stamps.detected_at, stamps.resolved_at),
    }
}
