//! Alerts and raw messages: what people do with them by hand.

pub mod forecast;
pub mod heartbeat;
pub mod maintenance;
pub mod message;
