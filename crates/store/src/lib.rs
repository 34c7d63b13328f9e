//! Muster's durable state, and the only crate that knows SQL. SQLite and PostgreSQL stand behind
//! one small facade ([`db`]); around it are the queries, with row types named as in the core. It
//! decides nothing about incidents and talks to nobody but its database.

pub mod access;
pub mod audit;
pub mod alerting;
pub mod db;
pub mod event;
pub mod inbox;
pub mod incident;
pub mod oncall;
pub mod timer;
pub mod lease;
pub mod migration;
pub mod org;
pub mod setting;
#[cfg(feature = "testing")]
pub mod testing;

pub use db::{Db, Engine, Lane, Result, Row, Sql, StoreError, Tx, Value};
