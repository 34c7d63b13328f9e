//! What people ask of an incident: one verb, one path. Asking for what is already so is not an
//! error; a wrong move is a 409 that says why.

use axum::extract::State;
use axum::http::StatusCode;
use muster_core::alerting::signal::cut;
use muster_core::id::UserId;
use muster_core::incident::lifecycle::{self, Command, snooze_until};
use muster_core::incident::timeline::TEXT_CHARS_MAX;
use muster_core::oncall::alias::{self, Alias};
use muster_core::oncall::help::{NoHelp, Want};
use muster_core::org::access::Action;
use muster_core::org::directory::Directory;
use muster_core::time::parse_duration;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::incident::{Incident, describe_whole, level};
use super::{ANSWER_INCIDENTS, find};
use crate::api::extract::{Json, MaybeJson, Path};
use crate::api::{ApiError, Caller, Ctx, Routes};
use crate::app::App;
use crate::app::incident::declare::Report;
use crate::app::incident::help;

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(ANSWER_INCIDENTS, routes!(acknowledge))
        .on(ANSWER_INCIDENTS, routes!(unacknowledge))
        .on(ANSWER_INCIDENTS, routes!(escalate))
        .on(ANSWER_INCIDENTS, routes!(snooze))
        .on(ANSWER_INCIDENTS, routes!(unsnooze))
        .on(ANSWER_INCIDENTS, routes!(research))
        .on(ANSWER_INCIDENTS, routes!(identify))
        .on(ANSWER_INCIDENTS, routes!(restore))
        .on(ANSWER_INCIDENTS, routes!(resolve))
        .on(ANSWER_INCIDENTS, routes!(close))
        .on(ANSWER_INCIDENTS, routes!(reopen))
        .on(ANSWER_INCIDENTS, routes!(merge))
        .on(ANSWER_INCIDENTS, routes!(severity))
        .on(ANSWER_INCIDENTS, routes!(assign))
        .on(ANSWER_INCIDENTS, routes!(page))
        .on(ANSWER_INCIDENTS, routes!(ask_for_help))
        .on(ANSWER_INCIDENTS, routes!(page_about_nothing))
}

/// An incident by its id or its number.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Reference {
    /// The number.
    Number(i64),
    /// The id, or the number as a text.
    Name(String),
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

/// How long to be quiet.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Snooze {
    /// Such as `30m`, `1h`, `1d`.
    #[schema(example = "1h")]
    r#for: String,
}

/// What the cause is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Identify {
    /// In words.
    cause: Option<String>,
    /// The team with whom it lies; its manager is paged.
    #[schema(example = "payments")]
    team: Option<String>,
}

/// A call for help.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Help {
    /// What kind.
    want: HelpWanted,
    /// Whom: a person or alias, a team, a service for an expert, a team for a manager. Somebody fits
    /// where nobody is named.
    who: Option<String>,
    /// In words.
    message: Option<String>,
}

/// What kind of help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HelpWanted {
    /// One more person.
    Person,
    /// A team.
    Team,
    /// Somebody who knows a service.
    Expert,
    /// A manager.
    Manager,
}

/// How it was resolved.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Resolve {
    /// In words.
    note: Option<String>,
    /// End its open child efforts with it, all or none; otherwise they keep it open.
    #[serde(default)]
    with_children: bool,
}

/// Why it is open again.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reopen {
    /// In words.
    reason: Option<String>,
}

/// The incident that stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Merge {
    /// Its id or number.
    into: Reference,
}

/// How bad it is after all.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeSeverity {
    /// 1 is the worst.
    severity: u8,
    /// In words.
    reason: Option<String>,
}

/// Who is responsible.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Assign {
    /// The person's name.
    #[schema(example = "ana")]
    user: String,
}

/// Whom to ask besides.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PagePeople {
    /// A person's name, or an alias such as `page-checkout-primary`.
    #[schema(example = "page-checkout-primary")]
    to: String,
    /// In words.
    message: Option<String>,
}

/// Whom to ask, and about what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPage {
    /// A person's name, or an alias such as `page-checkout-primary`.
    #[schema(example = "page-checkout-primary")]
    to: String,
    /// What it is about, in a line.
    message: String,
    /// What is affected; the alias's service, else the catch-all service.
    service: Option<String>,
}

macro_rules! verbs {
    ($($(#[$doc:meta])* $name:ident $path:literal => $command:expr;)*) => {$(
        $(#[$doc])*
        #[utoipa::path(
            post, path = $path, tag = "incident",
            params(("incident" = String, Path, description = "The id or the number.")),
            responses(
                (status = 200, description = "The incident as it is now.", body = Incident),
                (status = 409, description = "The incident's status does not allow it.",
                    body = crate::api::error::Problem, content_type = "application/problem+json"),
            )
        )]
        async fn $name(
            State(ctx): State<Ctx>,
            caller: Caller,
            Path(incident): Path<String>,
        ) -> Result<Json<Incident>, ApiError> {
            obey(&ctx, &caller, &incident, $command).await
        }
    )*};
}

verbs! {
    /// "I have it."
    ///
    /// Everybody who was paged hears of it, and nobody else is asked.
    acknowledge "/incidents/{incident}/acknowledge" => Command::Acknowledge;
    /// Give it back; the escalation starts again.
    unacknowledge "/incidents/{incident}/unacknowledge" => Command::Unacknowledge;
    /// Ask the next step now.
    escalate "/incidents/{incident}/escalate" => Command::Escalate;
    /// End the snooze; the escalation starts again.
    unsnooze "/incidents/{incident}/unsnooze" => Command::Unsnooze;
    /// The cause is being looked for.
    research "/incidents/{incident}/research" => Command::Research;
    /// Customers are well again.
    restore "/incidents/{incident}/restore" => Command::Restore;
    /// It was reviewed.
    close "/incidents/{incident}/close" => Command::Close;
}

/// Be quiet for a while; then the escalation starts again.
#[utoipa::path(
    post, path = "/incidents/{incident}/snooze", tag = "incident", request_body = Snooze,
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The incident as it is now.", body = Incident))
)]
async fn snooze(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Json(body): Json<Snooze>,
) -> Result<Json<Incident>, ApiError> {
    let length =
        parse_duration(&body.r#for).map_err(|error| ApiError::field("for", error.to_string()))?;
    let until = snooze_until(length, ctx.app.now())
        .map_err(|error| ApiError::field("for", error.to_string()))?;
    obey(&ctx, &caller, &incident, Command::Snooze { until }).await
}

/// The cause is known.
#[utoipa::path(
    post, path = "/incidents/{incident}/identify", tag = "incident",
    request_body = Option<Identify>,
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The incident as it is now.", body = Incident))
)]
async fn identify(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    MaybeJson(body): MaybeJson<Identify>,
) -> Result<Json<Incident>, ApiError> {
    let team = match &body.team {
        Some(name) => {
            let snapshot = ctx.app.snapshot();
            let team = snapshot.directory.teams.named(name);
            Some(
                team.ok_or_else(|| ApiError::field("team", format!("there is no team `{name}`")))?
                    .id,
            )
        }
        None => None,
    };
    obey(&ctx, &caller, &incident, Command::Identify { cause: words(body.cause), team }).await
}

/// Ask for help, in one word.
///
/// Asking blames nobody: whoever fits is paged at once, and the timeline says that help was asked
/// for.
#[utoipa::path(
    post, path = "/incidents/{incident}/help", tag = "incident", operation_id = "ask_for_help",
    request_body = Help,
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The incident as it is now.", body = Incident))
)]
async fn ask_for_help(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Json(body): Json<Help>,
) -> Result<Json<Incident>, ApiError> {
    let found = find(&ctx, &caller, Action::Respond, &incident).await?;
    let want = match body.want {
        HelpWanted::Person => Want::Person,
        HelpWanted::Team => Want::Team,
        HelpWanted::Expert => Want::Expert,
        HelpWanted::Manager => Want::Manager,
    };
    let who = words(body.who);
    let asked =
        ctx.app.ask_for_help(&found, want, who.as_deref(), words(body.message), &caller.actor);
    let incident = asked.await.map_err(|error| match error {
        help::Unheard::Nobody(why @ NoHelp::Unknown { .. }) => {
            ApiError::field("who", why.to_string())
        }
        help::Unheard::Nobody(why @ NoHelp::Nobody) => ApiError::conflict(why.to_string()),
        help::Unheard::Refused(refused) => refused.into(),
    })?;
    Ok(Json(describe_whole(&ctx, &caller, &incident).await?))
}

/// It is over: tested and signed off.
#[utoipa::path(
    post, path = "/incidents/{incident}/resolve", tag = "incident",
    request_body = Option<Resolve>,
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The incident as it is now.", body = Incident))
)]
async fn resolve(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    MaybeJson(body): MaybeJson<Resolve>,
) -> Result<Json<Incident>, ApiError> {
    let note = words(body.note);
    if !body.with_children {
        return obey(&ctx, &caller, &incident, Command::Resolve { note }).await;
    }
    let incident = find(&ctx, &caller, Action::Respond, &incident).await?;
    let incident = ctx.app.resolve_family(incident.id, note, &caller.actor).await?;
    Ok(Json(describe_whole(&ctx, &caller, &incident).await?))
}

/// It is not over after all.
#[utoipa::path(
    post, path = "/incidents/{incident}/reopen", tag = "incident",
    request_body = Option<Reopen>,
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The incident as it is now.", body = Incident))
)]
async fn reopen(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    MaybeJson(body): MaybeJson<Reopen>,
) -> Result<Json<Incident>, ApiError> {
    obey(&ctx, &caller, &incident, Command::Reopen { reason: words(body.reason) }).await
}

/// Another incident takes its place, with all of its alerts.
#[utoipa::path(
    post, path = "/incidents/{incident}/merge", tag = "incident", request_body = Merge,
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The incident as it is now.", body = Incident))
)]
async fn merge(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Json(body): Json<Merge>,
) -> Result<Json<Incident>, ApiError> {
    let into = find(&ctx, &caller, Action::Respond, &body.into.to_string()).await?;
    if into.merged_into.is_some() || !into.status.is_open() {
        let number = into.number;
        return Err(ApiError::conflict(format!(
            "incident {number} is over; merge into an open one"
        )));
    }
    let command = Command::Merge { into: into.id, into_number: into.number };
    obey(&ctx, &caller, &incident, command).await
}

/// It is better or worse than thought.
#[utoipa::path(
    post, path = "/incidents/{incident}/severity", tag = "incident", request_body = ChangeSeverity,
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The incident as it is now.", body = Incident))
)]
async fn severity(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Json(body): Json<ChangeSeverity>,
) -> Result<Json<Incident>, ApiError> {
    let level = level(&ctx.app.snapshot().directory, body.severity)?;
    let command = Command::ChangeSeverity { level, reason: words(body.reason) };
    obey(&ctx, &caller, &incident, command).await
}

/// Somebody else is responsible.
#[utoipa::path(
    post, path = "/incidents/{incident}/assign", tag = "incident", request_body = Assign,
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The incident as it is now.", body = Incident))
)]
async fn assign(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Json(body): Json<Assign>,
) -> Result<Json<Incident>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let user = snapshot.directory.users.named(&body.user);
    let user = user.ok_or_else(|| nobody("user", &body.user))?.id;
    obey(&ctx, &caller, &incident, Command::Assign { user }).await
}

/// Ask somebody besides those whom the policy asks.
#[utoipa::path(
    post, path = "/incidents/{incident}/page", tag = "incident", operation_id = "page_people",
    request_body = PagePeople,
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The incident as it is now.", body = Incident))
)]
async fn page(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Json(body): Json<PagePeople>,
) -> Result<Json<Incident>, ApiError> {
    let (users, _) = people(&ctx.app, &body.to)?;
    let command = Command::PagePeople { users, message: words(body.message) };
    obey(&ctx, &caller, &incident, command).await
}

/// Ask somebody about something that has no incident yet.
#[utoipa::path(
    post, path = "/pages", tag = "incident", operation_id = "page_somebody",
    request_body = NewPage,
    responses((status = 201, description = "The new incident.", body = Incident))
)]
async fn page_about_nothing(
    State(ctx): State<Ctx>,
    caller: Caller,
    Json(body): Json<NewPage>,
) -> Result<(StatusCode, Json<Incident>), ApiError> {
    if body.message.trim().is_empty() {
        return Err(ApiError::field("message", "say in a line what it is about"));
    }
    let (users, of_alias) = people(&ctx.app, &body.to)?;
    let snapshot = ctx.app.snapshot();
    let name = body.service.or(of_alias);
    let service = match &name {
        Some(name) => {
            let service = snapshot.directory.services.named(name);
            Some(service.ok_or_else(|| ApiError::not_found("service", name))?.id)
        }
        None => None,
    };
    let report =
        Report { title: body.message, service, page: users, only: true, ..Report::default() };
    let incident = ctx.app.declare(report, &caller.actor).await?;
    Ok((StatusCode::CREATED, Json(describe_whole(&ctx, &caller, &incident).await?)))
}

async fn obey(
    ctx: &Ctx,
    caller: &Caller,
    incident: &str,
    command: Command,
) -> Result<Json<Incident>, ApiError> {
    let incident = do_to(ctx, caller, incident, command).await?;
    Ok(Json(describe_whole(ctx, caller, &incident).await?))
}

/// Does something to an incident of that id or number.
pub(in crate::api) async fn do_to(
    ctx: &Ctx,
    caller: &Caller,
    incident: &str,
    command: Command,
) -> Result<lifecycle::Incident, ApiError> {
    let incident = find(ctx, caller, Action::Respond, incident).await?;
    Ok(ctx.app.command(incident.id, command, &caller.actor).await?)
}

/// The people whom a name or an alias stands for now, and the alias's service.
fn people(app: &App, to: &str) -> Result<(Vec<UserId>, Option<String>), ApiError> {
    let snapshot = app.snapshot();
    let directory: &Directory = &snapshot.directory;
    if let Some(user) = directory.users.named(to) {
        return Ok((vec![user.id], None));
    }
    let alias = Alias::parse(to).ok_or_else(|| nobody("to", to))?;
    let users = alias::resolve(directory, &alias, app.now()).ok_or_else(|| nobody("to", to))?;
    if users.is_empty() {
        return Err(ApiError::conflict(format!("nobody is behind {alias} at the moment")));
    }
    Ok((users, Some(alias.service)))
}

fn nobody(field: &str, name: &str) -> ApiError {
    let name: String = name.chars().take(100).collect();
    ApiError::field(field, format!("there is no person or alias `{name}`"))
}

/// What somebody wrote, within its limit; blank is nothing.
pub(in crate::api) fn words(text: Option<String>) -> Option<String> {
    let mut text = text.filter(|text| !text.trim().is_empty())?;
    cut(&mut text, TEXT_CHARS_MAX);
    Some(text)
}
