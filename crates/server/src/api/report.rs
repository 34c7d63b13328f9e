//! Figures (`M1`, `L7`): read from the incidents of a period, computed in the core.

use axum::extract::State;
use jiff::{SignedDuration, Timestamp};
use muster_core::id::ServiceId;
use muster_core::incident::lifecycle::Incident;
use muster_core::incident::restriction::Viewer;
use muster_core::learning::{field, metric};
use muster_core::org::access::{Action, Object};
use muster_core::org::directory::Directory;
use muster_core::org::service::Money;
use muster_store::incident::field as store_field;
use muster_store::incident::incident::{self as store_incident, Filter};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::extract::{Json, Query};
use super::period::period;
use super::word::Instant;
use super::{ApiError, Caller, Ctx, Need, Routes};

/// The period of a report that names none.
const USUAL: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The longest period of a report.
const LONGEST: SignedDuration = SignedDuration::from_hours(5 * 366 * 24);
/// Incidents of one read.
const READ_INCIDENTS_MAX: i64 = 500;
/// The most incidents of one report.
const INCIDENTS_MAX: usize = 50_000;

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(Need::new(Action::Read, Object::Reports), routes!(incidents))
}

/// Which incidents a report is about: those that were detected in the period.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// The beginning of the period; 30 days before its end unless given.
    from: Option<Instant>,
    /// The end of the period, which is not part of it; now unless given.
    to: Option<Instant>,
    /// The name of a service.
    service: Option<String>,
    /// The name of a team: the services that it owns.
    team: Option<String>,
    /// The name of a service group: the services in it.
    group: Option<String>,
}

/// The figures of a period. Exercises and merged incidents are left out.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct IncidentReport {
    /// The beginning of the period.
    pub from: Instant,
    /// The end of the period.
    pub to: Instant,
    /// Incidents detected in the period.
    pub count: usize,
    /// Those that are still open.
    pub open: usize,
    /// How many of each severity, the worst first.
    pub by_severity: Vec<SeverityFigures>,
    /// By service, the longest outage first.
    pub by_service: Vec<ServiceFigures>,
    /// By service group, by name; groups that no incident hit are left out.
    pub by_group: Vec<GroupFigures>,
    /// By the values of custom fields, in the order of the configuration.
    pub by_field: Vec<FieldFigures>,
    /// From the beginning of the trouble to Muster hearing of it.
    pub time_to_detect: Distribution,
    /// From Muster hearing of it to somebody having it.
    pub time_to_acknowledge: Distribution,
    /// From Muster hearing of it to customers being well.
    pub time_to_restore: Distribution,
    /// From Muster hearing of it to its end.
    pub time_to_resolve: Distribution,
    /// From the beginning of the trouble to its end.
    pub occurred_to_resolved: Distribution,
    /// From a person's page to their check-in; its count is of people.
    pub time_to_engage: Distribution,
    /// Who checked in later than asked for, or not at all.
    pub late_engagements: Vec<LateEngagement>,
    /// What was lost besides the time of outages, by currency.
    pub losses: Vec<Cost>,
    /// What it cost in all, by currency.
    pub cost: Vec<Cost>,
    /// From the beginning of one incident to that of the next, on average.
    #[schema(required)]
    pub mean_time_between_failures_seconds: Option<i64>,
}

/// Incidents of one severity.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SeverityFigures {
    /// The level; 1 is the worst.
    pub severity: u8,
    /// How many.
    pub count: usize,
}

/// The figures of one service.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ServiceFigures {
    /// Its name; null for one that was deleted.
    #[schema(required)]
    pub service: Option<String>,
    /// Its incidents.
    pub count: usize,
    /// How long it was out, no moment counted twice.
    pub outage_seconds: i64,
    /// What that cost; null where the service has no price.
    #[schema(required)]
    pub cost: Option<Cost>,
}

/// The figures of one service group.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct GroupFigures {
    /// Its name.
    pub group: String,
    /// The incidents that hit any of its services.
    pub count: usize,
    /// How long any of its services was out, no moment counted twice.
    pub outage_seconds: i64,
}

/// The figures of one custom field.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct FieldFigures {
    /// Its name.
    pub field: String,
    /// What people read.
    pub title: String,
    /// By value, the most incidents first, at most 50; incidents without one come last.
    pub values: Vec<FieldValueFigures>,
}

/// The figures of one value of a custom field.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct FieldValueFigures {
    /// The value; null for incidents that have none.
    #[schema(required)]
    pub value: Option<String>,
    /// How many incidents have it.
    pub count: usize,
    /// How long their outages lasted, each counted whole.
    pub outage_seconds: i64,
}

/// Somebody who checked in later than asked for, or not at all.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct LateEngagement {
    /// The incident's number.
    pub incident: i64,
    /// Who; null for somebody who was deleted.
    #[schema(required)]
    pub user: Option<String>,
    /// When they were paged.
    pub paged_at: Instant,
    /// When they checked in; null where they never did.
    #[schema(required)]
    pub checked_in_at: Option<Instant>,
}

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Cost {
    /// In whole units of the currency.
    pub amount: i64,
    /// An ISO 4217 code.
    #[schema(example = "EUR")]
    pub currency: String,
}

/// How one quantity is spread. Percentiles are by nearest rank; all are null where nothing was
/// measured.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Distribution {
    /// How many incidents have the quantity.
    pub count: usize,
    /// The mean.
    #[schema(required)]
    pub mean_seconds: Option<i64>,
    /// The median.
    #[schema(required)]
    pub p50_seconds: Option<i64>,
    /// Nine of ten took no longer.
    #[schema(required)]
    pub p90_seconds: Option<i64>,
    /// Nineteen of twenty took no longer.
    #[schema(required)]
    pub p95_seconds: Option<i64>,
}

impl From<metric::Distribution> for Distribution {
    fn from(of: metric::Distribution) -> Self {
        let seconds = |duration: Option<SignedDuration>| duration.map(|some| some.as_secs());
        Self {
            count: of.count,
            mean_seconds: seconds(of.mean),
            p50_seconds: seconds(of.p50),
            p90_seconds: seconds(of.p90),
            p95_seconds: seconds(of.p95),
        }
    }
}

/// The figures of incidents.
///
/// Restricted incidents are counted for those who see them alone.
#[utoipa::path(
    get, path = "/reports/incidents", tag = "learning", operation_id = "report_incidents",
    params(Asked),
    responses((status = 200, description = "The figures of the period.", body = IncidentReport))
)]
async fn incidents(
    State(ctx): State<Ctx>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Json<IncidentReport>, ApiError> {
    let now = ctx.app.now();
    let usual = || (now.saturating_sub(USUAL).unwrap_or(Timestamp::MIN), now);
    let (from, to) = period(asked.from.as_ref(), asked.to.as_ref(), (USUAL, LONGEST), usual)?;
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let services = services(directory, &asked)?;
    let viewer = ctx.app.viewer(caller.user()).await?;
    let incidents = read(&ctx, &viewer, from, to, services).await?;
    let report = metric::report(&incidents, directory, now);
    let by_field = by_field(&ctx, &incidents, directory, now).await?;
    Ok(Json(IncidentReport { by_field, ..body(directory, (from, to), report) }))
}

/// The figures by the values of custom fields.
async fn by_field(
    ctx: &Ctx,
    incidents: &[Incident],
    directory: &Directory,
    now: Timestamp,
) -> Result<Vec<FieldFigures>, ApiError> {
    if directory.fields.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<_> = incidents.iter().map(|incident| incident.id).collect();
    let rows = store_field::of_all(&ctx.app.db, &ids).await?.into_iter();
    let values = rows
        .map(|(id, rows)| (id, rows.into_iter().map(|row| (row.field, row.value)).collect()))
        .collect();
    let figures = field::by_field(incidents, &values, directory, now).into_iter();
    let figures = figures.map(|figures| FieldFigures {
        title: directory.field(&figures.field).map(|one| one.title.clone()).unwrap_or_default(),
        field: figures.field,
        values: figures
            .values
            .into_iter()
            .map(|figures| FieldValueFigures {
                value: figures.value,
                count: figures.count,
                outage_seconds: figures.outage.as_secs(),
            })
            .collect(),
    });
    Ok(figures.collect())
}

/// The services that are asked about; `None` for all of them.
fn services(directory: &Directory, asked: &Asked) -> Result<Option<Vec<ServiceId>>, ApiError> {
    if asked.service.is_none() && asked.team.is_none() && asked.group.is_none() {
        return Ok(None);
    }
    let team = match &asked.team {
        Some(name) => {
            let team = directory.teams.named(name);
            Some(team.ok_or_else(|| ApiError::not_found("team", name))?.id)
        }
        None => None,
    };
    let group = match &asked.group {
        Some(name) => {
            let group = directory.service_group(name);
            Some(group.ok_or_else(|| ApiError::not_found("service group", name))?)
        }
        None => None,
    };
    if let Some(name) = &asked.service
        && directory.services.named(name).is_none()
    {
        return Err(ApiError::not_found("service", name));
    }
    let wanted = directory.services.iter().filter(|service| {
        asked.service.as_ref().is_none_or(|name| *name == service.name)
            && team.is_none_or(|team| service.team == Some(team))
            && group.is_none_or(|group| group.has(service.id))
    });
    Ok(Some(wanted.map(|service| service.id).collect()))
}

async fn read(
    ctx: &Ctx,
    viewer: &Viewer,
    from: Timestamp,
    to: Timestamp,
    services: Option<Vec<ServiceId>>,
) -> Result<Vec<Incident>, ApiError> {
    let mut filter = Filter {
        from: Some(from),
        to: Some(to),
        practice: Some(false),
        services,
        ..Filter::default()
    };
    let mut all: Vec<Incident> = Vec::new();
    loop {
        let part = store_incident::list(&ctx.app.db, viewer, &filter, READ_INCIDENTS_MAX).await?;
        let Some(last) = part.last() else { return Ok(all) };
        filter.before = Some(last.number);
        all.extend(part);
        if all.len() > INCIDENTS_MAX {
            let detail = format!("the period has more than {INCIDENTS_MAX} incidents; narrow it");
            return Err(ApiError::unprocessable(detail, Vec::new()));
        }
    }
}

impl From<Money> for Cost {
    fn from(money: Money) -> Self {
        Self { amount: money.amount, currency: money.currency }
    }
}

fn body(
    directory: &Directory,
    (from, to): (Timestamp, Timestamp),
    report: metric::Report,
) -> IncidentReport {
    let by_severity = report
        .by_severity
        .iter()
        .map(|(level, count)| SeverityFigures { severity: level.number(), count: *count });
    let by_service = report.by_service.into_iter().map(|figures| ServiceFigures {
        service: directory.services.get(figures.service).map(|service| service.name.clone()),
        count: figures.count,
        outage_seconds: figures.outage.as_secs(),
        cost: figures.cost.map(Cost::from),
    });
    let by_group = report.by_group.into_iter().map(|figures| GroupFigures {
        group: figures.group,
        count: figures.count,
        outage_seconds: figures.outage.as_secs(),
    });
    let late = report.late.iter().map(|late| LateEngagement {
        incident: late.incident,
        user: directory.users.get(late.user).map(|user| user.name.clone()),
        paged_at: late.paged_at.into(),
        checked_in_at: late.checked_in_at.map(Instant::from),
    });
    IncidentReport {
        from: from.into(),
        to: to.into(),
        count: report.count,
        open: report.open,
        losses: report.losses.into_iter().map(Cost::from).collect(),
        cost: report.cost.into_iter().map(Cost::from).collect(),
        by_severity: by_severity.collect(),
        by_service: by_service.collect(),
        by_group: by_group.collect(),
        by_field: Vec::new(),
        time_to_detect: report.time_to_detect.into(),
        time_to_acknowledge: report.time_to_acknowledge.into(),
        time_to_restore: report.time_to_restore.into(),
        time_to_resolve: report.time_to_resolve.into(),
        occurred_to_resolved: report.occurred_to_resolved.into(),
        time_to_engage: report.time_to_engage.into(),
        late_engagements: late.collect(),
        mean_time_between_failures_seconds: report
            .mean_time_between_failures
            .map(|mean| mean.as_secs()),
    }
}
