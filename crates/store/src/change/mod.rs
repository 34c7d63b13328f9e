//! Changes: what people plan, agree to and do, what pipelines report to have been done, and what came
//! of it.

pub mod event;
pub mod plan;
pub mod record;
