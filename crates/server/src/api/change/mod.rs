//! Changes over the API: what was done to services and what came of it.

use muster_core::org::access::{Action, Object};

use super::{Need, Routes};

pub mod calendar;
pub mod command;
pub mod conflict;
pub mod event;
pub mod plan;
pub mod record;
pub mod suspect;

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
        .merge(suspect::routes())
}
