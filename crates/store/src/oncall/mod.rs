//! Pages and their deliveries.

pub mod delivery;
pub mod digest;
pub mod overrides;
pub mod page;
