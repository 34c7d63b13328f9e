//! From a monitoring message to a decision about it: signals, rules over them, alerts, triage, and
//! what keeps an alert from paging anybody.

pub mod alert;
pub mod forecast;
pub mod guard;
pub mod heartbeat;
pub mod hold;
pub mod hours;
pub mod inhibition;
pub mod maintenance;
pub mod rule;
pub mod signal;
pub mod silence;
pub mod triage;
