//! Pages, their deliveries, what comes back, and how people are reached.

pub mod absence;
pub mod calendar;
pub mod callback;
pub mod carrier;
pub mod contact;
pub mod delivery;
pub mod digest;
pub mod facts;
pub mod feed;
pub mod handoff;
pub mod mirror;
pub mod overrides;
pub mod page;
pub mod push;
pub mod reached;
pub mod record;
pub mod request;
pub mod subscription;
pub mod survey;
pub mod turn;
