//! Pages and their deliveries.

pub mod delivery;
pub mod overrides;
pub mod page;
