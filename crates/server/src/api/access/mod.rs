//! Who gets in, over the API.

use super::Routes;

pub mod session;

/// The routes.
pub fn routes() -> Routes {
    session::routes()
}
