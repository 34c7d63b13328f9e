//! Changes over the API: what was done to services and what came of it.

use muster_core::id::ServiceId;
use muster_core::org::access::{Action, Object};
use muster_core::org::directory::Directory;

use super::{Need, Routes};

pub mod audit;
pub mod calendar;
pub mod command;
pub mod conflict;
pub mod event;
pub mod exception;
pub mod notice;
pub mod plan;
pub mod record;
pub mod replay;
pub mod suspect;
pub mod template;

/// To see changes.
pub const SEE_CHANGES: Need = Need::new(Action::Read, Object::Changes);

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .merge(record::routes())
        .merge(command::routes())
        .merge(conflict::routes())
        .merge(calendar::routes())
        .merge(event::routes())
        .merge(notice::routes())
        .merge(template::routes())
        .merge(suspect::routes())
        .merge(exception::routes())
        .merge(audit::routes())
        .merge(replay::routes())
}

/// The name of a service, or its id where it is not configured any more.
fn service_name(directory: &Directory, id: ServiceId) -> String {
    directory.services.get(id).map_or_else(|| id.to_string(), |service| service.name.clone())
}
