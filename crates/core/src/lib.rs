//! The rules of Muster. Everything here is a plain function of its arguments: no clock, no chance,
//! no database, no network, no environment. The same six chapters (alerting, oncall, incident,
//! change, learning, org) stand in every crate.

#[macro_use]
mod names;

pub mod alerting;
pub mod change;
pub mod engine;
pub mod id;
pub mod incident;
pub mod learning;
pub mod oncall;
pub mod org;
pub mod query;
pub mod sim;
pub mod text;
pub mod time;
pub mod words;
