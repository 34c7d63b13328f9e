//! Checklists of an incident (`C1`, `C2`) and prompts (`C3`): what must not be forgotten, how far it
//! is, and what helps at this moment.

use axum::extract::State;
use muster_core::id::EntryId;
use muster_core::incident::checklist::{By, Occurrence, Seen, WORDS_CHARS_MAX};
use muster_core::incident::lifecycle::checklist::Ask;
use muster_core::incident::lifecycle::{self, Command};
use muster_core::incident::prompt;
use muster_core::incident::timeline::Kind;
use muster_core::org::access::Action;
use muster_store::incident::timeline;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::command::do_to;
use super::{ANSWER_INCIDENTS, find};
use crate::api::extract::{Json, MaybeJson, Path};
use crate::api::word::{Instant, PromptSort};
use crate::api::{ApiError, Caller, Ctx, Routes, SEE_INCIDENTS};
use crate::app::App;

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_INCIDENTS, routes!(read))
        .on(ANSWER_INCIDENTS, routes!(mark))
        .on(SEE_INCIDENTS, routes!(prompts))
        .on(ANSWER_INCIDENTS, routes!(dismiss))
}

/// The checklists of an incident.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct IncidentChecklists {
    /// Those of the severity's process, and those in which something was ticked.
    pub checklists: Vec<IncidentChecklist>,
}

/// A checklist, and how far it is.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct IncidentChecklist {
    /// Its name.
    #[schema(example = "incident-lead")]
    pub name: String,
    /// For people.
    pub title: String,
    /// The role that goes through it.
    #[schema(required)]
    pub role: Option<String>,
    /// Who holds that role.
    pub holders: Vec<String>,
    /// How many items are done.
    pub done: usize,
    /// In order.
    pub items: Vec<ChecklistItem>,
}

/// One thing that must not be forgotten.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChecklistItem {
    /// Unique within its list.
    #[schema(example = "scope")]
    pub id: String,
    /// In words.
    pub text: String,
    /// Whether it ticks by itself.
    pub by_itself: bool,
    /// Whether each time counts.
    pub repeats: bool,
    /// Its tick; null while it is not done.
    #[schema(required)]
    pub done: Option<ChecklistTick>,
}

/// That an item is done.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChecklistTick {
    /// When; the last time for one that repeats.
    pub at: Instant,
    /// Who ticked it.
    pub by: String,
    /// The timeline entry that Muster ticked it for; null where a person did.
    #[schema(required)]
    pub entry: Option<String>,
    /// What was written besides.
    #[schema(required)]
    pub note: Option<String>,
    /// How often it happened.
    pub count: usize,
}

/// What became of an item.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkItem {
    /// Whether it is done; false takes the tick back.
    #[serde(default = "yes")]
    done: bool,
    /// In words, up to 500 characters.
    note: Option<String>,
}

impl Default for MarkItem {
    fn default() -> Self {
        Self { done: true, note: None }
    }
}

fn yes() -> bool {
    true
}

/// What helps now.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Prompts {
    /// In the order in which they help.
    pub prompts: Vec<OfferedPrompt>,
}

/// Something that helps at this moment.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OfferedPrompt {
    /// Stays the same for ever.
    #[schema(example = "rollback")]
    pub id: String,
    /// What kind.
    pub sort: PromptSort,
    /// In words.
    pub text: String,
}

/// The checklists of an incident, with everybody's progress.
#[utoipa::path(
    get, path = "/incidents/{incident}/checklist", tag = "incident",
    operation_id = "incident_checklist",
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The checklists.", body = IncidentChecklists))
)]
async fn read(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
) -> Result<Json<IncidentChecklists>, ApiError> {
    let incident = find(&ctx, &caller, Action::Read, &incident).await?;
    Ok(Json(describe(&ctx.app, &incident).await?))
}

/// Tick an item, or take its tick back.
///
/// Taking back the tick of an item that ticks by itself holds until the thing happens again.
#[utoipa::path(
    post, path = "/incidents/{incident}/checklist/{list}/{item}", tag = "incident",
    operation_id = "mark_checklist_item", request_body = Option<MarkItem>,
    params(
        ("incident" = String, Path, description = "The id or the number."),
        ("list" = String, Path, description = "The checklist's name."),
        ("item" = String, Path, description = "The item's id."),
    ),
    responses((status = 200, description = "As they are now.", body = IncidentChecklists))
)]
async fn mark(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((incident, list, item)): Path<(String, String, String)>,
    MaybeJson(body): MaybeJson<MarkItem>,
) -> Result<Json<IncidentChecklists>, ApiError> {
    let note = body.note.map(|note| note.trim().to_owned()).filter(|note| !note.is_empty());
    if note.as_ref().is_some_and(|note| note.chars().count() > WORDS_CHARS_MAX) {
        let why = format!("must be at most {WORDS_CHARS_MAX} characters");
        return Err(ApiError::field("note", why));
    }
    let known = ctx.app.snapshot();
    let known = known.directory.checklist(&list);
    if known.is_none_or(|known| known.items.iter().all(|one| one.id != item)) {
        return Err(ApiError::not_found("checklist item", &format!("{list}/{item}")));
    }
    let ask = Ask::Mark { list, item, is_done: body.done, note };
    let incident = do_to(&ctx, &caller, &incident, Command::Checklist(ask)).await?;
    Ok(Json(describe(&ctx.app, &incident).await?))
}

/// What helps now: the questions of whoever leads and the rules of troubleshooting, by the state of
/// the incident and how long it has lasted.
#[utoipa::path(
    get, path = "/incidents/{incident}/prompts", tag = "incident",
    operation_id = "incident_prompts",
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The prompts.", body = Prompts))
)]
async fn prompts(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
) -> Result<Json<Prompts>, ApiError> {
    let incident = find(&ctx, &caller, Action::Read, &incident).await?;
    Ok(Json(offered(&ctx.app, &caller, &incident)))
}

/// Do not show a prompt to yourself again in this incident.
#[utoipa::path(
    post, path = "/incidents/{incident}/prompts/{prompt}/dismiss", tag = "incident",
    operation_id = "dismiss_prompt",
    params(
        ("incident" = String, Path, description = "The id or the number."),
        ("prompt" = String, Path, description = "The prompt's id."),
    ),
    responses((status = 200, description = "What helps besides.", body = Prompts))
)]
async fn dismiss(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((incident, prompt)): Path<(String, String)>,
) -> Result<Json<Prompts>, ApiError> {
    if prompt::ALL.iter().all(|known| known.id != prompt) {
        return Err(ApiError::not_found("prompt", &prompt));
    }
    let command = Command::Checklist(Ask::Dismiss { prompt });
    let incident = do_to(&ctx, &caller, &incident, command).await?;
    Ok(Json(offered(&ctx.app, &caller, &incident)))
}

fn offered(app: &App, caller: &Caller, incident: &lifecycle::Incident) -> Prompts {
    let snapshot = app.snapshot();
    let process = &snapshot.directory.severity(incident.severity).process;
    let offered = prompt::offered(incident, process, caller.user(), app.now());
    let prompts = offered.into_iter().map(|prompt| OfferedPrompt {
        id: prompt.id.to_owned(),
        sort: prompt.sort.into(),
        text: prompt.text.to_owned(),
    });
    Prompts { prompts: prompts.collect() }
}

/// The checklists of an incident as they are read.
async fn describe(
    app: &App,
    incident: &lifecycle::Incident,
) -> Result<IncidentChecklists, ApiError> {
    let seen = seen(app, incident).await?;
    let snapshot = app.snapshot();
    let directory = &snapshot.directory;
    let process = &directory.severity(incident.severity).process;
    let mut names: Vec<&str> = process.checklists.iter().map(String::as_str).collect();
    for mark in &incident.marks.marks {
        if !names.contains(&mark.list.as_str()) {
            names.push(&mark.list);
        }
    }
    let lists = names.into_iter().filter_map(|name| directory.checklist(name));
    let lists = lists.filter(|list| list.is_for(incident.service));
    let name_of = |user| {
        directory.users.get(user).map_or_else(|| "(deleted)".to_owned(), |user| user.name.clone())
    };
    let checklists = lists.map(|list| {
        let items: Vec<ChecklistItem> = list
            .items
            .iter()
            .map(|item| ChecklistItem {
                id: item.id.clone(),
                text: item.text.clone(),
                by_itself: item.ticks_on.is_some(),
                repeats: item.repeats,
                done: incident.marks.progress(&list.name, item, &seen).map(|progress| {
                    let (by, entry) = match progress.by {
                        By::Hand { user, name } => (user.map_or(name, name_of), None),
                        By::Muster(entry) => ("Muster".to_owned(), Some(entry.to_string())),
                    };
                    let count = progress.count;
                    ChecklistTick { at: progress.at.into(), by, entry, note: progress.note, count }
                }),
            })
            .collect();
        let holders = list.role.iter().flat_map(|role| incident.roles.holders(role));
        IncidentChecklist {
            name: list.name.clone(),
            title: list.title.clone(),
            role: list.role.clone(),
            holders: holders.map(|one| name_of(one.user)).collect(),
            done: items.iter().filter(|item| item.done.is_some()).count(),
            items,
        }
    });
    Ok(IncidentChecklists { checklists: checklists.collect() })
}

/// What the timeline tells of that may tick an item.
async fn seen(
    app: &App,
    incident: &lifecycle::Incident,
) -> Result<Vec<Occurrence<EntryId>>, ApiError> {
    let kinds = Seen::KINDS.map(Kind::name);
    let rows = timeline::of_kinds(&app.db, incident.id, &kinds).await?;
    let occurrence = |row: timeline::EntryRow| {
        let data = serde_json::from_str(&row.data).unwrap_or_default();
        let kind = Kind::from_name(&row.kind)?;
        let at = jiff::Timestamp::from_microsecond(row.at).ok()?;
        Some(Occurrence { at, kind, data, entry: EntryId(row.id) })
    };
    Ok(rows.into_iter().filter_map(occurrence).collect())
}
