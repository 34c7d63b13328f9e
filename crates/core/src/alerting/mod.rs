//! From a monitoring message to a decision about it: signals, rules over them, alerts, and triage.

pub mod alert;
pub mod rule;
pub mod signal;
pub mod triage;
