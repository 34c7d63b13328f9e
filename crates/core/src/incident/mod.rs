//! The incident: its severity, its life from triggered to closed, its timeline and
//! what people write into it.

pub mod audience;
pub mod clocks;
pub mod duplicate;
pub mod helper;
pub mod impact;
pub mod lifecycle;
pub mod process;
pub mod role;
pub mod severity;
pub mod timeline;
pub mod update;
pub mod writing;
