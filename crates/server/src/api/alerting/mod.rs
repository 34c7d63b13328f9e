//! Alerts and the messages behind them.

use muster_core::org::access::{Action, Object};

use super::{Need, Routes};

pub mod alert;
pub mod forecast;
pub mod heartbeat;
pub mod maintenance;
pub mod message;
pub mod ping;
pub mod receive;
pub mod watch;

/// To see alerts and raw messages.
pub const SEE_ALERTS: Need = Need::new(Action::Read, Object::Alerts);

/// The routes under `/api/v1`; those that monitoring systems send to are in [`receive`].
pub fn routes() -> Routes {
    Routes::new()
        .merge(alert::routes())
        .merge(forecast::routes())
        .merge(heartbeat::routes())
        .merge(maintenance::routes())
        .merge(message::routes())
        .merge(watch::routes())
}
