//! The workbench (`D10`): what would become of a message, stored or pasted, under the configuration
//! in force or one that is only proposed. The same functions that triage and paging run are run on
//! it, in words; nothing is written and nobody is paged.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use muster_core::alerting::alert::Latest;
use muster_core::alerting::hold::Hold;
use muster_core::alerting::signal::{Action as Wanted, Signal, cut};
use muster_core::alerting::triage::{self, Candidate, Classified, Decision, Route};
use muster_core::id::{IncidentId, IntegrationId, MessageId, PageId};
use muster_core::incident::lifecycle::{Status, TITLE_CHARS_MAX};
use muster_core::incident::restriction::Viewer;
use muster_core::incident::severity::Level;
use muster_core::oncall::facts::{Facts, First};
use muster_core::oncall::preview::{self, Case, Preview};
use muster_core::org::access::{Action, Object};
use muster_core::org::directory::Directory;
use muster_core::org::language::Language;
use muster_core::org::provider::{Provider, ProviderKind};
use muster_core::org::service::{Outcome, Service};
use muster_core::org::user::Address;
use muster_integrations::channels::message::{self, Message};
use muster_integrations::channels::{
    Envelope, discord, email, gotify, matrix, mattermost, ntfy, push, pushover, slack, teams,
    telegram, twilio, webhook,
};
use muster_store::alerting::alert;
use muster_store::inbox;
use muster_store::incident::incident::{self as store_incident, Filter};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

use super::policy::{self, PlannedPage};
use super::user_name;
use crate::api::extract::Json;
use crate::api::word::{AlertHeld, Instant};
use crate::api::{ApiError, Caller, Ctx, Need, Routes};
use crate::app::incident::bridge;
use crate::app::snapshot::{Inlet, Snapshot};
use crate::app::template;
use crate::engine::triage::{self as stage, Reading, Request, quiet};

/// The most incidents that a signal might join.
const CANDIDATES_MAX: i64 = 500;
/// What stands where a text names its receiver.
const EXAMPLE: &str = "example";
/// The most signals that are shown.
const SIGNALS_MAX: usize = 20;

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(Need::new(Action::Read, Object::Alerts), routes!(try_out))
}

/// A message, and under which configuration to look at it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// The id of a stored message; or else `integration` and `body`.
    message: Option<String>,
    /// The integration it would come through: `checkout/alertmanager`.
    integration: Option<String>,
    /// The media type that its client would claim.
    content_type: Option<String>,
    /// The body, as text.
    body: Option<String>,
    /// The body in base64, where it is not text.
    body_base64: Option<String>,
    /// The query of the request, without its question mark.
    query: Option<String>,
    /// A configuration to look at it under, in YAML; the one in force unless given.
    config: Option<String>,
}

/// What would become of a message.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TrialResult {
    /// What its signals would become, in order.
    pub signals: Vec<TrialSignal>,
    /// How many more there are.
    pub more: usize,
}

/// What would become of a signal.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TrialSignal {
    /// What the client wants: `trigger`, `acknowledge` or `resolve`.
    pub action: String,
    /// What is the same trouble.
    pub dedup_key: String,
    /// One line.
    pub summary: String,
    /// The service it is about.
    pub service: String,
    /// Why that service.
    pub routed_by: String,
    /// How bad it is; null where it is informational.
    #[schema(required)]
    pub severity: Option<u8>,
    /// Why it is that bad.
    pub severity_by: String,
    /// What would happen if it came now.
    pub decision: String,
    /// Whether it would join an incident, and why.
    pub grouping: String,
    /// What would hold a new alert back: maintenance, a cause, a guard, a pause, shadow mode.
    #[schema(required)]
    pub held: Option<AlertHeld>,
    /// Why nobody would be paged at once, in words; null where somebody would.
    #[schema(required)]
    pub not_paged: Option<String>,
    /// When that may end by itself.
    #[schema(required)]
    pub held_until: Option<Instant>,
    /// Who would be paged by an incident of its own, if nobody answered.
    pub pages: Vec<PlannedPage>,
    /// What a planner should know.
    pub warnings: Vec<String>,
    /// What the first of them would receive; null where nobody would.
    #[schema(required)]
    pub texts: Option<TrialTexts>,
}

/// What somebody would receive, by channel. The links in it lead nowhere.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TrialTexts {
    /// The body of a webhook.
    #[schema(value_type = Object)]
    pub webhook: Value,
    /// A mail.
    pub email: TrialMail,
    /// A text message.
    pub sms: String,
    /// A call, as TwiML.
    pub voice: String,
    /// The body of a message by chat channel: `slack`, `teams`, `discord`, `telegram`, `matrix`,
    /// `mattermost`, `ntfy`, `pushover`, `gotify`, `web_push`.
    #[schema(value_type = BTreeMap<String, Object>)]
    pub chat: BTreeMap<String, Value>,
}

/// A mail.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TrialMail {
    /// The subject.
    pub subject: String,
    /// The plain text.
    pub text: String,
}

/// A message to try out.
struct Tried {
    id: MessageId,
    inlet: Arc<Inlet>,
    received_at: Timestamp,
    content_type: String,
    request: Request,
    body: Vec<u8>,
}

/// Try a message out.
///
/// Shows where its signals would go, how bad they would be, what they would join, who would be
/// paged and what those people would read. Nothing is stored, nobody is paged.
#[utoipa::path(
    post, path = "/workbench", tag = "alerting", operation_id = "try_message",
    request_body = Trial,
    responses((status = 200, description = "What would happen.", body = TrialResult))
)]
async fn try_out(
    State(ctx): State<Ctx>,
    caller: Caller,
    Json(trial): Json<Trial>,
) -> Result<Json<TrialResult>, ApiError> {
    let snapshot = match &trial.config {
        Some(text) => {
            let plan = ctx.app.plan_configuration(text).await?;
            Arc::new(Snapshot::new(plan.directory, Vec::new()))
        }
        None => ctx.app.snapshot(),
    };
    let viewer = ctx.app.viewer(caller.user()).await?;
    let tried = tried(&ctx, &viewer, &snapshot, trial).await?;
    let reading = Reading {
        id: tried.id,
        received_at: tried.received_at,
        content_type: &tried.content_type,
        request: &tried.request,
        body: &tried.body,
    };
    let parsed = stage::read(&tried.inlet, &reading).map_err(|refusal| {
        let detail = format!("the message is not understood: {}", refusal.reason());
        ApiError::unprocessable(detail, Vec::new())
    })?;
    let mut signals = parsed.signals;
    let more = signals.len().saturating_sub(SIGNALS_MAX);
    signals.truncate(SIGNALS_MAX);
    let bench = Bench::load(&ctx, &snapshot.directory, &tried.inlet, &signals).await?;
    let mut tx = ctx.app.db.snapshot().await?;
    let now = ctx.app.now();
    let holds = stage::holds(&mut tx, &snapshot.directory, &tried.inlet, &signals, now).await?;
    drop(tx);
    let looks = signals.iter().zip(holds);
    let signals: Result<_, _> = looks.map(|(signal, hold)| bench.look(signal, hold)).collect();
    Ok(Json(TrialResult { signals: signals?, more }))
}

async fn tried(
    ctx: &Ctx,
    viewer: &Viewer,
    snapshot: &Snapshot,
    trial: Trial,
) -> Result<Tried, ApiError> {
    let now = ctx.app.now();
    let gone = |name: &str| ApiError::not_found("integration", name);
    if let Some(name) = trial.message {
        let id: MessageId = name.parse().map_err(|_| ApiError::not_found("message", &name))?;
        let row = inbox::get(&ctx.app.db, viewer, id).await?;
        let row = row.ok_or_else(|| ApiError::not_found("message", &name))?;
        let came_through = IntegrationId(row.integration_id);
        let inlet = match &trial.integration {
            Some(label) => snapshot.inlet_by_label(label).ok_or_else(|| gone(label))?,
            None => snapshot.inlet(came_through).ok_or_else(|| gone(&came_through.to_string()))?,
        };
        return Ok(Tried {
            id,
            inlet: Arc::clone(inlet),
            received_at: Timestamp::from_microsecond(row.received_at).unwrap_or(now),
            content_type: row.content_type.unwrap_or_default(),
            request: Request::from_json(row.request.as_deref()),
            body: row.body,
        });
    }
    let label = trial.integration.ok_or_else(|| {
        ApiError::field("integration", "name the integration, or a stored message")
    })?;
    let body = match (trial.body, trial.body_base64) {
        (Some(text), None) => text.into_bytes(),
        (None, Some(coded)) => STANDARD
            .decode(coded.trim())
            .map_err(|_| ApiError::field("body_base64", "is not base64"))?,
        _ => return Err(ApiError::field("body", "give either `body` or `body_base64`")),
    };
    Ok(Tried {
        id: MessageId(ctx.app.ids.next(now)),
        inlet: Arc::clone(snapshot.inlet_by_label(&label).ok_or_else(|| gone(&label))?),
        received_at: now,
        content_type: trial.content_type.unwrap_or_else(|| "application/json".to_owned()),
        request: Request { query: trial.query.unwrap_or_default(), headers: Vec::new() },
        body,
    })
}

/// What is known about the message's surroundings, read at one moment.
struct Bench<'a> {
    ctx: &'a Ctx,
    directory: &'a Directory,
    inlet: &'a Inlet,
    now: Timestamp,
    latest: HashMap<String, Latest>,
    candidates: Vec<(muster_core::id::ServiceId, Candidate)>,
    next_number: i64,
}

impl<'a> Bench<'a> {
    async fn load(
        ctx: &'a Ctx,
        directory: &'a Directory,
        inlet: &'a Inlet,
        signals: &[Signal],
    ) -> Result<Self, ApiError> {
        let mut tx = ctx.app.db.snapshot().await?;
        let keys: Vec<_> =
            signals.iter().map(|signal| (inlet.integration.id, key(signal))).collect();
        let latest = alert::latest(&mut tx, &keys).await?;
        let services: Vec<_> = directory.services.iter().map(|service| service.id).collect();
        let mut candidates = store_incident::candidates(&mut tx, &services, CANDIDATES_MAX).await?;
        // What would join a restricted incident is not shown here, where everybody looks.
        candidates.retain(|(_, candidate)| !candidate.is_restricted);
        drop(tx);
        let newest =
            store_incident::list(&ctx.app.db, &Viewer::Engine, &Filter::default(), 1).await?;
        Ok(Self {
            ctx,
            directory,
            inlet,
            now: ctx.app.now(),
            latest: latest.into_iter().map(|((_, key), latest)| (key, latest)).collect(),
            candidates,
            next_number: newest.first().map_or(1, |incident| incident.number + 1),
        })
    }

    fn look(&self, signal: &Signal, hold: Option<Hold>) -> Result<TrialSignal, ApiError> {
        let integration = &self.inlet.integration;
        let Route { service, because: routed_by } =
            triage::route(self.directory, integration, signal)
                .ok_or_else(|| ApiError::conflict("no catch-all is configured"))?;
        let rated = triage::classify(service, integration, signal, self.now);
        let level = match rated.outcome {
            Outcome::Severity(level) => Some(level),
            Outcome::Informational => None,
        };
        let paging = level.filter(|_| signal.action == Wanted::Trigger);
        let preview =
            paging.and_then(|level| self.preview(service, level, signal)).unwrap_or_default();
        let planned = policy::planned(self.directory, &preview);
        let hold = hold.filter(|_| signal.action == Wanted::Trigger);
        let quiet = paging.and_then(|level| quiet::severity_is_quiet(self.directory, level));
        Ok(TrialSignal {
            action: signal.action.name().to_owned(),
            dedup_key: signal.dedup_key.clone(),
            summary: signal.summary.clone(),
            service: service.name.clone(),
            routed_by,
            severity: level.map(Level::number),
            severity_by: rated.because.clone(),
            decision: self.decision(signal, &rated),
            grouping: self.grouping(service, signal, level),
            held: hold.as_ref().map(|hold| AlertHeld(hold.held)),
            held_until: hold.as_ref().and_then(|hold| hold.until).map(Instant::from),
            not_paged: hold.map(|hold| hold.because).or(quiet),
            texts: paging.and_then(|level| self.texts(service, signal, level, &preview)),
            pages: planned.pages,
            warnings: planned.warnings,
        })
    }

    fn preview(&self, service: &Service, level: Level, signal: &Signal) -> Option<Preview> {
        let directory = self.directory;
        let policy = directory.policies.get(service.policy).or(directory.catch_all_policy())?;
        let integration = self.inlet.integration.name.clone();
        let signal = Signal { severity: String::new(), ..signal.clone() };
        let first = Some(First { signal, integration });
        let facts = Facts { first, alert_times: vec![self.now], ..Facts::default() };
        let case = Case { policy, service: Some(service), level, facts: &facts };
        Some(preview::of_case(directory, &case, self.now))
    }

    fn decision(&self, signal: &Signal, rated: &Classified) -> String {
        let informational = rated.outcome == Outcome::Informational;
        match triage::decide(signal, self.latest.get(&key(signal)), self.now) {
            Decision::Open { .. } if informational => {
                "it is a new alert, recorded and mailed; nobody is paged".to_owned()
            }
            Decision::Open { previous: Some(_) } => "it is a new alert; it fired before".to_owned(),
            Decision::Open { previous: None } => "it is a new alert".to_owned(),
            Decision::Count(_) => {
                "it repeats an alert that is open: counted, nobody is paged".to_owned()
            }
            Decision::Resolve(_) => "the open alert recovers".to_owned(),
            Decision::Acknowledge(_) => "the incident of the alert is acknowledged".to_owned(),
            Decision::Ignore(why) => format!("it changes nothing: {}", why.words()),
        }
    }

    fn grouping(&self, service: &Service, signal: &Signal, level: Option<Level>) -> String {
        let Some(level) = level.filter(|_| signal.action == Wanted::Trigger) else {
            return "it opens and joins no incident".to_owned();
        };
        let of_service = self.candidates.iter().filter(|(of, _)| *of == service.id);
        let candidates: Vec<_> = of_service.map(|(_, candidate)| candidate.clone()).collect();
        let grouped = triage::group(&service.grouping, signal, level, &candidates, self.now);
        match grouped.join {
            Some(_) => format!("it joins an open incident: {}", grouped.because),
            None => format!("it opens an incident: {}", grouped.because),
        }
    }

    /// What the first person would receive, rendered by the channels themselves.
    fn texts(
        &self,
        service: &Service,
        signal: &Signal,
        level: Level,
        preview: &Preview,
    ) -> Option<TrialTexts> {
        let first = preview.pages.first()?;
        let app = &self.ctx.app;
        let policy = self.directory.policies.get(service.policy);
        let policy = policy.map_or("the catch-all", |policy| &policy.name);
        let title = signal.summary.trim();
        let mut title = if title.is_empty() { &signal.dedup_key } else { title }.to_owned();
        cut(&mut title, TITLE_CHARS_MAX);
        let page = message::Page {
            id: PageId(Uuid::nil()),
            reason: match first.step {
                Some(step) => format!("step {step} of {policy}"),
                None => "the catch-all".to_owned(),
            },
            urgency: self.directory.severity(level).urgency,
            attempt: 1,
            possible_repeat: false,
            ack_url: format!("{}/p/example", app.settings.public_url),
            reply_to: None,
        };
        let bridge = bridge::link_for(self.directory, Some(service), self.next_number, level);
        let told = template::Told {
            number: self.next_number,
            severity: level,
            title: &title,
            status: Status::Triggered,
            alert_count: 1,
            impact: "",
            bridge: bridge.as_deref().unwrap_or_default(),
        };
        let incident = message::Incident {
            id: IncidentId(Uuid::nil()),
            number: self.next_number,
            severity: level,
            status: Status::Triggered,
            words: template::in_own_words(self.directory, Some(service), &told),
            title,
            service: service.name.clone(),
            alert_count: 1,
            url: app.incident_url(self.next_number),
            created_at: self.now,
            runbook: service.runbook.clone(),
            impact: String::new(),
            bridge: bridge.clone(),
        };
        let envelope = Envelope {
            id: String::new(),
            to: Address::Email { mailbox: String::new() },
            recipient: user_name(self.directory, first.user),
            at: self.now,
            message: Message::Page { page, incident },
            language: Language::English,
            via: None,
            earlier: None,
            unsubscribe: None,
        };
        let mail = email::render(&envelope);
        let keys = format!("{}/callback/example", app.settings.public_url);
        let chat = [
            ("slack", slack::render(&envelope)),
            ("teams", teams::render(&envelope)),
            ("discord", discord::render(&envelope)),
            ("telegram", telegram::render(&envelope)),
            ("matrix", matrix::render(&envelope)),
            ("mattermost", mattermost_text(&envelope, &app.settings.public_url)),
            ("ntfy", ntfy::render(&envelope, EXAMPLE)),
            ("pushover", json!(pushover::render(&envelope))),
            ("gotify", gotify::render(&envelope)),
            ("web_push", push::render(&envelope)),
        ];
        Some(TrialTexts {
            webhook: webhook::body(&envelope),
            email: TrialMail { subject: mail.subject, text: mail.text },
            sms: twilio::text(&envelope.message, envelope.language),
            voice: twilio::speech(&envelope.message, envelope.language, &keys),
            chat: chat.into_iter().map(|(channel, body)| (channel.to_owned(), body)).collect(),
        })
    }
}

/// What Mattermost would get. Its buttons are signed for a person; these are signed for nobody.
fn mattermost_text(envelope: &Envelope, home: &str) -> Value {
    let provider = Provider {
        name: EXAMPLE.to_owned(),
        kind: ProviderKind::Mattermost,
        settings: BTreeMap::new(),
    };
    let person = mattermost::Person { id: EXAMPLE, address: EXAMPLE };
    mattermost::render(envelope, &provider, &person, home)
}

/// A key as it is stored.
fn key(signal: &Signal) -> String {
    signal.dedup_key.replace('\0', "\u{fffd}")
}
