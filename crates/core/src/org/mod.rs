//! People, teams, services and who may do what. The types here are the organisation as the rules
//! read it; how it is written in files or stored is the business of outer crates.

pub mod access;
pub mod channel;
pub mod dependency;
pub mod directory;
pub mod language;
pub mod provider;
pub mod quiet;
pub mod service;
pub mod service_group;
pub mod team;
pub mod user;
pub mod watch;
