//! The engine's stories, each told on both stores.

mod paging;
mod storm;
mod triage;
mod world;
