//! Incidents: reading them, what happened to them, and what people ask of them.

use muster_core::incident::lifecycle;
use muster_core::incident::restriction::Viewer;
use muster_core::org::access::{Action, Object};
use muster_store::incident::incident as store_incident;

use super::{ApiError, Caller, Ctx, Need, Routes};

pub mod action;
pub mod attachment;
pub mod bridge;
pub mod bulk;
pub mod checklist;
pub mod clock;
pub mod closing;
pub mod command;
pub mod concurrent;
pub mod duplicate;
pub mod family;
pub mod field;
pub mod gate;
pub mod helper;
pub mod hypothesis;
pub mod impact;
#[expect(clippy::module_inception, reason = "the chapter is named for its main concept")]
pub mod incident;
pub mod ledger;
pub mod link;
pub mod notice;
pub mod page;
pub mod process;
pub mod relation;
pub mod restriction;
pub mod role;
pub mod roster;
pub mod status_page;
pub mod synopsis;
pub mod tag;
pub mod timeline;
pub mod update;

pub use incident::Incident;

/// To answer incidents.
pub const ANSWER_INCIDENTS: Need = Need::new(Action::Respond, Object::Incidents);

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .merge(duplicate::routes())
        .merge(incident::routes())
        .merge(command::routes())
        .merge(clock::routes())
        .merge(roster::routes())
        .merge(bridge::routes())
        .merge(notice::routes())
        .merge(ledger::routes())
        .merge(gate::routes())
        .merge(helper::routes())
        .merge(impact::routes())
        .merge(process::routes())
        .merge(role::routes())
        .merge(checklist::routes())
        .merge(timeline::routes())
        .merge(update::routes())
        .merge(hypothesis::routes())
        .merge(action::routes())
        .merge(attachment::routes())
        .merge(status_page::routes())
        .merge(synopsis::routes())
        .merge(closing::routes())
        .merge(page::routes())
        .merge(relation::routes())
        .merge(concurrent::routes())
        .merge(tag::routes())
        .merge(field::routes())
        .merge(family::routes())
        .merge(link::routes())
        .merge(restriction::routes())
        .merge(bulk::routes())
}

/// The incident of that id or number, if the caller sees it and may do that to it.
///
/// # Errors
/// 404 where there is none that the caller sees, 403 where the caller may not.
pub async fn find(
    ctx: &Ctx,
    caller: &Caller,
    action: Action,
    name: &str,
) -> Result<lifecycle::Incident, ApiError> {
    let viewer = ctx.app.viewer(caller.user()).await?;
    let incident = named(ctx, &viewer, name).await?;
    caller.may(action, Object::Incident(incident.id))?;
    Ok(incident)
}

/// The incident of that id or number, if the viewer sees it.
///
/// # Errors
/// 404 where there is none.
async fn named(ctx: &Ctx, viewer: &Viewer, name: &str) -> Result<lifecycle::Incident, ApiError> {
    let db = &ctx.app.db;
    let found = match name.parse::<i64>() {
        Ok(number) => store_incident::by_number(db, viewer, number).await?,
        Err(_) => match name.parse() {
            Ok(id) => store_incident::get(db, viewer, id).await?,
            Err(_) => None,
        },
    };
    found.ok_or_else(|| ApiError::not_found("incident", name))
}
