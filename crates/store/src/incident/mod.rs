//! Incidents and their timelines.

mod clocks;
mod helper;
#[expect(clippy::module_inception, reason = "the chapter is named for its main concept")]
pub mod incident;
pub mod timeline;
