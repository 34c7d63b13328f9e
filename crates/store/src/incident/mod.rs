//! Incidents and their timelines.

pub mod attachment;
mod bridge;
mod checklist;
mod clocks;
pub mod family;
pub mod field;
mod gate;
mod helper;
mod impact;
#[expect(clippy::module_inception, reason = "the chapter is named for its main concept")]
pub mod incident;
pub mod link;
pub mod relation;
pub mod restriction;
mod role;
pub mod room;
pub mod shared_text;
pub mod status_page;
pub mod subscriber;
pub mod tag;
pub mod timeline;
mod update;
pub mod workflow;
