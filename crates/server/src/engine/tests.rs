//! The engine's stories, each told on both stores.

mod catch_up;
mod clocks;
mod faults;
mod heartbeat;
mod inbox;
mod janitor;
mod nodes;
mod outage;
mod paging;
mod providers;
mod proxy;
mod quiet;
mod replay;
mod requests;
mod routing;
mod shadow;
mod steps;
mod storm;
mod targets;
mod triage;
mod watch;
mod world;
