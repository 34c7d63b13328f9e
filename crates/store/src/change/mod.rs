//! Changes: what people plan, agree to and do, what pipelines report to have been done, and what came
//! of it.

pub mod audit;
pub mod calendar;
pub mod event;
pub mod exception;
pub mod mark;
pub mod notice;
pub mod plan;
pub mod record;
pub mod search;
