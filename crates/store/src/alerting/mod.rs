//! Alerts.

pub mod alert;
