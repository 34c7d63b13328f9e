//! The subcommands, one file each.

pub mod alert;
pub mod alias;
pub mod apply;
pub mod backup;
pub mod bench;
pub mod check;
pub mod completions;
pub mod contacts;
pub mod demo;
pub mod doctor;
pub mod export;
pub mod heartbeat;
pub mod incident;
pub mod maintenance;
pub mod message;
pub mod oncall;
pub mod page;
pub mod preview;
pub mod release;
pub mod restore;
pub mod schedule;
pub mod serve;
pub mod shadow;
pub mod sim;
pub mod token;
pub mod user;
