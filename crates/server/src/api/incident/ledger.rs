//! The ledger of an incident (`E4`): every message about it, to whom, when, by whom, and how it went.

use std::collections::HashMap;

use axum::extract::State;
use muster_core::org::access::Action;
use muster_store::oncall::delivery::{self, AttemptRow};
use muster_store::oncall::page as store_page;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

use super::find;
use crate::api::extract::{Json, Path, Query};
use crate::api::list::{List, Paging};
use crate::api::word::{DeliveryState, Instant};
use crate::api::{ApiError, Caller, Ctx, Routes, SEE_INCIDENTS};
use crate::app::incident::ledger::{Sort, told};

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(SEE_INCIDENTS, routes!(list))
}

/// One message, to one person or place.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LedgerEntry {
    /// For programs.
    pub id: String,
    /// `page`, `page_ended`, `notice`, `update`, `message` or `event`.
    pub sort: String,
    /// Who or what it went to, in words.
    pub to: String,
    /// The person by name; null for a place, and where it is not yours to know.
    #[schema(required)]
    pub user: Option<String>,
    /// The notification list or audience that it was for.
    #[schema(required)]
    pub list: Option<String>,
    /// Who sent it, in words.
    pub by: String,
    /// What it was about, in a line; empty where it is not yours to know.
    pub subject: String,
    /// Whether it went to a restricted list that is not yours to see.
    pub hidden: bool,
    /// When it was, or is, to go out first.
    pub at: Instant,
    /// What carried it: `sms`, `email`, `slack`, `webhook`.
    pub channel: String,
    /// The person's name for the method, or the place's.
    pub method: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// When its provider took it.
    #[schema(required)]
    pub accepted_at: Option<Instant>,
    /// How often it was tried.
    pub attempts: usize,
    /// What the provider said the last time.
    #[schema(required)]
    pub answer: Option<String>,
}

/// What is asked of the ledger; all of it unless something is given.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Messages to this person.
    user: Option<String>,
    /// Messages that this carried: `sms`, `email`, `slack`, `webhook`.
    channel: Option<String>,
    /// Messages of this sort: `page`, `page_ended`, `notice`, `update`, `message` or `event`.
    sort: Option<String>,
    /// Messages that stand so: `accepted`, `failed`.
    state: Option<String>,
    /// Messages that this person sent.
    by: Option<String>,
    /// How many items at most: 1 to 500, 50 unless given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    /// Where the last part ended, from its `next`.
    cursor: Option<String>,
}

/// Read every message about an incident, in order: pages, notices, updates, chat, mail, webhooks.
#[utoipa::path(
    get, path = "/incidents/{incident}/ledger", tag = "incident", operation_id = "read_ledger",
    params(("incident" = String, Path, description = "The id or the number."), Wanted),
    responses((status = 200, description = "A part of the ledger.", body = List<LedgerEntry>))
)]
async fn list(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<List<LedgerEntry>>, ApiError> {
    known("sort", wanted.sort.as_deref(), &Sort::NAMES.map(|(_, name)| name))?;
    let states: Vec<_> =
        muster_core::oncall::page::DeliveryState::NAMES.iter().map(|(_, name)| *name).collect();
    known("state", wanted.state.as_deref(), &states)?;
    let incident = find(&ctx, &caller, Action::Read, &incident).await?;
    let db = &ctx.app.db;
    let reasons: HashMap<Uuid, String> = store_page::of_incident(db, incident.id)
        .await?
        .into_iter()
        .map(|page| (page.id, page.reason))
        .collect();
    let mut attempts: HashMap<Uuid, Vec<AttemptRow>> = HashMap::new();
    for attempt in delivery::attempts_of_incident(db, incident.id).await? {
        attempts.entry(attempt.delivery_id).or_default().push(attempt);
    }
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let mut entries = Vec::new();
    for row in delivery::of_incident(db, incident.id).await? {
        let reason = row.page_id.and_then(|page| reasons.get(&page)).map(String::as_str);
        let told = told(directory, &incident, &row, reason, caller.user());
        let tried = attempts.remove(&row.id).unwrap_or_default();
        let said = |attempt: &AttemptRow| {
            let parts = [&attempt.status, &attempt.detail].into_iter().flatten();
            let parts: Vec<_> = parts.filter(|part| !part.is_empty()).cloned().collect();
            (!parts.is_empty()).then(|| parts.join(" "))
        };
        let user = told.user.and_then(|id| directory.users.get(id)).map(|user| user.name.clone());
        entries.push(LedgerEntry {
            id: row.id_on_wire(),
            sort: told.sort.name().to_owned(),
            to: told.to,
            user,
            list: told.list,
            by: told.by,
            subject: told.subject,
            hidden: told.is_hidden,
            at: Instant::from_micros(row.first_due_at),
            channel: row.channel.clone(),
            // What a person calls their method may name them.
            method: if told.is_hidden { String::new() } else { row.method.clone() },
            state: row.delivery_state()?.into(),
            accepted_at: row.accepted_at.map(Instant::from_micros),
            attempts: tried.len(),
            answer: tried.last().and_then(said).filter(|_| !told.is_hidden),
        });
    }
    let is = |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|one| one == is);
    entries.retain(|one| {
        (wanted.user.is_none() || wanted.user == one.user)
            && is(&wanted.channel, &one.channel)
            && is(&wanted.sort, &one.sort)
            && is(&wanted.state, one.state.0.name())
            && is(&wanted.by, &one.by)
    });
    let paging = Paging::new(wanted.limit, wanted.cursor);
    Ok(Json(paging.part(entries, |entry| entry.id.clone(), |entry| entry)?))
}

fn known(field: &'static str, wanted: Option<&str>, names: &[&str]) -> Result<(), ApiError> {
    match wanted {
        Some(name) if !names.contains(&name) => {
            Err(ApiError::field(field, format!("must be one of {}", names.join(", "))))
        }
        _ => Ok(()),
    }
}
