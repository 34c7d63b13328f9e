//! The demonstration: an organisation that does not exist, its past, its phones, and trouble that
//! unfolds while the visitor watches. Everything stays on this machine and goes away at the end.

pub mod history;
pub mod monitoring;
pub mod organization;
pub mod phones;
pub mod scenery;
pub mod story;
