//! Alerts and the messages behind them.

use super::Routes;

pub mod receive;

/// The routes under `/api/v1`; those that monitoring systems send to are in [`receive`].
pub fn routes() -> Routes {
    Routes::new()
}
