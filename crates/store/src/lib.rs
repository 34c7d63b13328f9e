//! Muster's durable state, and the only crate that knows SQL. SQLite and PostgreSQL stand behind
//! one small facade ([`db`]); around it are the queries, with row types named as in the core. It
//! decides nothing about incidents and talks to nobody but its database.

pub mod access;
pub mod alerting;
pub mod audit;
pub mod backup;
pub mod change;
pub mod db;
pub mod event;
pub mod health;
pub mod inbox;
pub mod incident;
pub mod lease;
pub mod migration;
pub mod oncall;
pub mod org;
pub mod search;
pub mod setting;
#[cfg(feature = "testing")]
pub mod testing;
pub mod timer;

pub use db::{Db, Engine, Lane, Result, Row, Sql, StoreError, Tx, Value};
