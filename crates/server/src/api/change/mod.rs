//! Changes over the API: what was done to services and what came of it.

use super::Routes;

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
}
