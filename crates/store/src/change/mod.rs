//! Changes: what people plan, agree to and do, what pipelines report to have been done, and what came
//! of it.

pub mod calendar;
pub mod event;
pub mod mark;
pub mod plan;
pub mod record;
pub mod search;
