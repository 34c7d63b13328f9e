//! Alerts, and what keeps them from paging.

pub mod alert;
pub mod cause;
pub mod heartbeat;
pub mod held;
pub mod maintenance;
pub mod self_watch;
pub mod shadow;
