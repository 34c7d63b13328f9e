//! The engine's stories, each told on both stores.

mod inbox;
mod nodes;
mod paging;
mod proxy;
mod storm;
mod triage;
mod world;
