//! The incident: its severity, its life from triggered to closed, its timeline and
//! what people write into it.

pub mod audience;
pub mod bridge;
pub mod checklist;
pub mod clocks;
pub mod closing;
pub mod concurrent;
pub mod duplicate;
pub mod estimate;
pub mod family;
pub mod field;
pub mod gate;
pub mod helper;
pub mod impact;
pub mod lifecycle;
pub mod link;
pub mod process;
pub mod prompt;
pub mod relation;
pub mod restriction;
pub mod role;
pub mod room;
pub mod roster;
pub mod severity;
pub mod status_page;
pub mod synopsis;
pub mod tag;
pub mod timeline;
pub mod update;
pub mod workflow;
pub mod writing;
