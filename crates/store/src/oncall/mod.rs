//! Pages and their deliveries.

pub mod delivery;
pub mod page;
