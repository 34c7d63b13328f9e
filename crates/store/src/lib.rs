//! Muster's durable state, and the only crate that knows SQL. SQLite and PostgreSQL stand behind
//! one small facade ([`db`]); around it are the queries, with row types named as in the core. It
//! decides nothing about incidents and talks to nobody but its database.

pub mod db;

pub use db::{Db, Engine, Lane, Result, Row, Sql, StoreError, Tx, Value};
