//! Changes: what was done to services and what came of it.

pub mod record;
mod tell;
