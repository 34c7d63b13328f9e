//! The organisation: configuration and the people in it.

pub mod config;
pub mod configure;
pub mod edit;
mod sealed;
