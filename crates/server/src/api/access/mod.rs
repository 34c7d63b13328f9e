//! Who gets in, over the API, and the record of who did what.

use super::Routes;

pub mod audit;
pub mod password;
pub mod session;
pub mod token;

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .merge(session::routes())
        .merge(token::routes())
        .merge(password::routes())
        .merge(audit::routes())
}
