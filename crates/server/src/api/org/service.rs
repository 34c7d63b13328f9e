//! Services: what is paged for, where their alerts come in, and a real test of that way.

use std::collections::HashMap;

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use muster_core::alerting::signal::{Action as Wanted, Signal};
use muster_core::alerting::triage;
use muster_core::id::{MessageId, ServiceId};
use muster_core::incident::severity::Level;
use muster_core::org::access::{Action, Object};
use muster_core::org::directory::Directory;
use muster_core::org::service::{self, Outcome};
use muster_core::org::service_group;
use muster_store::inbox::{self, NewMessage};
use muster_store::incident::incident as store_incident;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::find;
use super::sample::{self, Sample};
use crate::api::extract::{Json, MaybeJson, Path, Query};
use crate::api::list::{List, Paging};
use crate::api::word::Instant;
use crate::api::{ApiError, Caller, Ctx, Need, Routes, SEE_ORGANIZATION};
use crate::app::snapshot::Inlet;
use crate::engine::triage::{self as stage, Reading, Request};

/// How long a client is asked to wait when a test could not be stored, in seconds.
const RETRY_AFTER_SECONDS: u32 = 5;

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_ORGANIZATION, routes!(list))
        .on(SEE_ORGANIZATION, routes!(show))
        .on(Need::new(Action::Respond, Object::Alerts), routes!(test))
}

/// Which services, and which part of the list.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// Only the services of this group.
    group: Option<String>,
    /// How many items at most: 1 to 500, 50 unless given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    /// Where the last part ended, from its `next`.
    cursor: Option<String>,
}

/// Something the organisation runs and is paged for.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Service {
    /// Unique.
    #[schema(example = "checkout")]
    pub name: String,
    /// For people to read.
    #[schema(required)]
    pub description: Option<String>,
    /// Who owns it.
    #[schema(required)]
    pub team: Option<String>,
    /// The groups that it is in, by name.
    pub groups: Vec<String>,
    /// 1 is the most important.
    #[schema(required)]
    pub tier: Option<u8>,
    /// Who is paged; null only where the policy is gone.
    #[schema(required)]
    pub escalation_policy: Option<String>,
    /// Services this one cannot work without.
    pub depends_on: Vec<String>,
    /// What to do, as an http or https address.
    #[schema(required)]
    pub runbook: Option<String>,
    /// Incidents that are open.
    pub open_incidents: i64,
    /// The worst severity among them.
    #[schema(required)]
    pub worst_severity: Option<i64>,
    /// Whether its alerts, or those of some lines of its severity map, page nobody because they are
    /// being tried out.
    pub shadow: bool,
    /// Where its alerts come in.
    pub integrations: Vec<Integration>,
}

/// Where alerts come in.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Integration {
    /// Unique within the service.
    pub name: String,
    /// The kind of client.
    #[serde(rename = "type")]
    #[schema(example = "alertmanager")]
    pub kind: String,
    /// The routing key that clients send; masked for those who may not answer alerts.
    pub key: String,
    /// Where clients send to.
    pub url: String,
    /// When it was last heard of.
    #[schema(required)]
    pub last_received_at: Option<Instant>,
}

/// What kind of test.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestWanted {
    /// How bad the test should be; as the service maps `critical` unless given.
    #[schema(minimum = 1, maximum = 9)]
    severity: Option<u8>,
    /// Ends the test instead.
    #[serde(default)]
    resolve: bool,
}

/// A test alert on its way.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TestSent {
    /// The raw message.
    pub message: String,
    /// The key of its alert.
    pub dedup_key: String,
}

/// How many open incidents each service has, and the worst severity among them.
pub(super) type Open = HashMap<ServiceId, (i64, i64)>;

pub(super) async fn open_incidents(ctx: &Ctx, caller: &Caller) -> Result<Open, ApiError> {
    let viewer = ctx.app.viewer(caller.user()).await?;
    let rows = store_incident::open_by_service(&ctx.app.db, &viewer).await?;
    Ok(rows.into_iter().map(|(service, count, worst)| (service, (count, worst))).collect())
}

async fn describe(
    ctx: &Ctx,
    caller: &Caller,
    directory: &Directory,
    open: &Open,
    of: &service::Service,
) -> Result<Service, ApiError> {
    let may_send = caller.may(Action::Respond, Object::Alerts).is_ok();
    let mut integrations = Vec::new();
    for integration in &of.integrations {
        let last = inbox::last_received(&ctx.app.db, integration.id).await?;
        integrations.push(Integration {
            name: integration.name.clone(),
            kind: integration.source.clone(),
            key: if may_send { integration.key.clone() } else { "…".to_owned() },
            url: address(ctx, integration, may_send),
            last_received_at: last.map(Instant::from_micros),
        });
    }
    let depends_on = of.depends_on.iter().filter_map(|id| directory.services.get(*id));
    Ok(Service {
        name: of.name.clone(),
        description: of.description.clone(),
        team: of.team.and_then(|team| directory.teams.get(team)).map(|team| team.name.clone()),
        groups: service_group::of(directory, of.id).map(|group| group.name.clone()).collect(),
        tier: of.tier,
        escalation_policy: directory.policies.get(of.policy).map(|policy| policy.name.clone()),
        depends_on: depends_on.map(|service| service.name.clone()).collect(),
        runbook: of.runbook.clone(),
        open_incidents: open.get(&of.id).map_or(0, |(count, _)| *count),
        worst_severity: open.get(&of.id).map(|(_, worst)| *worst),
        shadow: of.shadow || of.severity_map.iter().any(|rule| rule.shadow),
        integrations,
    })
}

/// Where clients of an integration send to.
fn address(ctx: &Ctx, integration: &service::Integration, may_send: bool) -> String {
    let base = &ctx.app.settings.public_url;
    let key = if may_send { integration.key.as_str() } else { "…" };
    match (integration.source.as_str(), ctx.app.settings.mail_in.domains.first()) {
        ("email", Some(domain)) => format!("{key}@{domain}"),
        ("pagerduty", _) => format!("{base}/v2/enqueue"),
        (source, _) => format!("{base}/ingest/{source}/{key}"),
    }
}

/// Services.
#[utoipa::path(
    get, path = "/services", tag = "org", operation_id = "services", params(Asked),
    responses((status = 200, description = "Services by name.", body = List<Service>))
)]
async fn list(
    State(ctx): State<Ctx>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Json<List<Service>>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let open = open_incidents(&ctx, &caller).await?;
    let name = |service: &&service::Service| service.name.clone();
    let group = match &asked.group {
        Some(name) => {
            let group = directory.service_group(name);
            Some(group.ok_or_else(|| ApiError::not_found("service group", name))?)
        }
        None => None,
    };
    let services = directory.services.iter();
    let services = services.filter(|service| group.is_none_or(|group| group.has(service.id)));
    let paging = Paging::new(asked.limit, asked.cursor);
    let part = paging.part(services, name, |service| service)?;
    let mut items = Vec::new();
    for service in part.items {
        items.push(describe(&ctx, &caller, directory, &open, service).await?);
    }
    Ok(Json(List { items, next: part.next }))
}

/// One service.
#[utoipa::path(
    get, path = "/services/{name}", tag = "org", operation_id = "service",
    params(("name" = String, Path, description = "The name.")),
    responses((status = 200, description = "The service.", body = Service))
)]
async fn show(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<Service>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let service = find(&directory.services, "service", &name)?;
    let open = open_incidents(&ctx, &caller).await?;
    Ok(Json(describe(&ctx, &caller, directory, &open, service).await?))
}

/// Send a test alert.
///
/// A message as the integration's own clients send it goes the way of every message: it is stored,
/// routed, rated and grouped, and pages whoever is on call. Ending the test recovers its alert.
#[utoipa::path(
    post, path = "/services/{name}/integrations/{integration}/test", tag = "org",
    operation_id = "test_integration", request_body = TestWanted,
    params(
        ("name" = String, Path, description = "The service's name."),
        ("integration" = String, Path, description = "The integration's name."),
    ),
    responses((status = 202, description = "It is stored.", body = TestSent))
)]
async fn test(
    State(ctx): State<Ctx>,
    Path((name, integration)): Path<(String, String)>,
    MaybeJson(wanted): MaybeJson<TestWanted>,
) -> Result<(StatusCode, Json<TestSent>), ApiError> {
    let snapshot = ctx.app.snapshot();
    let service = find(&snapshot.directory.services, "service", &name)?;
    let inlet = service
        .integrations
        .iter()
        .find(|known| known.name == integration)
        .and_then(|known| snapshot.inlet(known.id))
        .ok_or_else(|| ApiError::not_found("integration", &integration))?;
    let now = ctx.app.now();
    let id = MessageId(ctx.app.ids.next(now));
    let (sample, signal) = compose(service, inlet, &wanted, id, now)?;
    let message = NewMessage {
        id,
        integration: inlet.integration.id,
        received_at: now,
        content_type: Some(sample.content_type.to_owned()),
        request: None,
        body: sample.body,
    };
    ctx.accept
        .accept(message)
        .await
        .map_err(|error| ApiError::unavailable(error.to_string(), RETRY_AFTER_SECONDS))?;
    let sent = TestSent { message: id.to_string(), dedup_key: signal.dedup_key };
    Ok((StatusCode::ACCEPTED, Json(sent)))
}

/// The test message, with the signal that it will be read as. Of the words for how bad it is, the
/// first is taken that the service maps to the severity that is asked for.
fn compose(
    service: &service::Service,
    inlet: &Inlet,
    wanted: &TestWanted,
    id: MessageId,
    now: Timestamp,
) -> Result<(Sample, Signal), ApiError> {
    let level = match wanted.severity.filter(|_| !wanted.resolve) {
        Some(number) => Some(
            Level::new(number).ok_or_else(|| ApiError::field("severity", "must be from 1 to 9"))?,
        ),
        None => None,
    };
    let action = if wanted.resolve { Wanted::Resolve } else { Wanted::Trigger };
    for word in sample::SEVERITY_WORDS {
        let (source, key) = (inlet.source.name, &inlet.integration.key);
        let sample = sample::message(source, key, action, word, now)
            .ok_or_else(|| ApiError::conflict(format!("there is no test for a {source} source")))?;
        let signal = understood(inlet, id, &sample, now)?;
        let outcome = triage::classify(service, &inlet.integration, &signal, now).outcome;
        if level.is_none_or(|level| outcome == Outcome::Severity(level)) {
            return Ok((sample, signal));
        }
    }
    let detail = match level {
        Some(level) => format!(
            "no test becomes severity {}: the severity map of {} makes none of {} that",
            level.number(),
            service.name,
            sample::SEVERITY_WORDS.join(", ")
        ),
        None => "no test could be made".to_owned(),
    };
    Err(ApiError::unprocessable(detail, Vec::new()))
}

/// The first signal of a message, which a mapping may have turned into anything.
fn understood(
    inlet: &Inlet,
    id: MessageId,
    sample: &Sample,
    now: Timestamp,
) -> Result<Signal, ApiError> {
    let request = Request::default();
    let Sample { content_type, body } = sample;
    let reading = Reading { id, received_at: now, content_type, request: &request, body };
    let refused = |why: String| {
        let detail = format!("the integration does not understand the test message: {why}");
        ApiError::unprocessable(detail, Vec::new())
    };
    let parsed =
        stage::read(inlet, &reading).map_err(|refusal| refused(refusal.reason().into_owned()))?;
    parsed.signals.into_iter().next().ok_or_else(|| refused("it holds no signal".to_owned()))
}
