//! Change: what somebody means to do to a service that runs, who must agree to it, when it may be
//! done, and how it went; and what pipelines report to have been done.

pub mod approval;
pub mod audit;
pub mod cause;
pub mod conflict;
pub mod environment;
pub mod event;
pub mod exception;
pub mod host;
pub mod lifecycle;
pub mod lint;
pub mod notice;
pub mod plan;
pub mod policy;
pub mod record;
pub mod relevance;
pub mod replay;
pub mod risk;
pub mod suspect;
pub mod template;
pub mod window;
