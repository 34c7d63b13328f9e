//! Incidents: recording what the core decided, and what people ask for.

pub mod command;
pub mod declare;
pub mod record;
pub mod view;
pub mod webhook;
