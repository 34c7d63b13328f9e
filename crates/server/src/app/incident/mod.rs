//! Incidents: recording what the core decided, and what people ask for.

pub mod attachment;
pub mod bridge;
pub mod closing;
pub mod command;
pub mod concurrent;
pub mod declare;
pub mod draft;
pub mod facts;
pub mod family;
pub mod help;
pub mod ledger;
pub mod line;
pub mod link;
pub mod lists;
mod outlet;
pub mod record;
mod relation;
pub mod room;
mod shadow;
mod sight;
pub mod status_page;
pub mod synopsis;
pub mod times;
pub mod view;
pub mod webhook;
pub mod workflow;
pub mod writing;
