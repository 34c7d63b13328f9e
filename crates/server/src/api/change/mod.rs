//! Changes over the API: what was done to services and what came of it.

use super::Routes;

pub mod command;
pub mod plan;
pub mod record;

/// The routes.
pub fn routes() -> Routes {
    Routes::new().merge(record::routes()).merge(command::routes())
}
