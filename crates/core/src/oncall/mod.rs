//! Who is on call, whom an escalation reaches, and how one person is paged.

pub mod alias;
pub mod escalation;
pub mod page;
pub mod reach;
pub mod schedule;
