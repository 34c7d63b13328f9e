//! Incidents and their timelines.

mod clocks;
mod helper;
mod impact;
#[expect(clippy::module_inception, reason = "the chapter is named for its main concept")]
pub mod incident;
mod role;
pub mod timeline;
mod update;
