//! The organisation at rest: configuration as documents with revisions, and the snapshot of it that
//! the rules read.

pub mod config;
pub mod directory;
pub mod document;
pub mod draft;
pub mod history;
pub mod sealed;

#[cfg(test)]
mod tests;
