//! The server's stories: a real server on a port, real stores, real HTTP, and a clock that stands
//! until a story moves it.

mod access;
mod chat;
mod clocks;
mod contact;
mod cover;
mod declare;
mod digest;
mod edit;
mod feed;
mod groups;
mod guard;
mod handoff;
mod harness;
mod heartbeat;
mod helpers;
mod life;
mod lifeline;
mod load;
mod mail;
mod openapi;
mod org;
mod overrides;
mod paging;
mod phones;
mod policy;
mod problem;
mod proof;
mod push;
mod quiet;
mod receive;
mod rosters;
mod shared;
mod stream;
mod unsaved_policy;
mod workbench;
