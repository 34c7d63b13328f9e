//! Changes: what was done to services and what came of it.

pub mod audit;
pub mod calendar;
pub mod conflict;
pub mod digest;
pub mod event;
pub mod exception;
pub mod record;
pub mod suspect;
mod tell;
pub mod template;
