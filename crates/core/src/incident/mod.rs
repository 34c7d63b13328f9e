//! The incident: its severity, its life from triggered to closed, its timeline.

pub mod clocks;
pub mod duplicate;
pub mod helper;
pub mod impact;
pub mod lifecycle;
pub mod severity;
pub mod timeline;
