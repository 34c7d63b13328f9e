//! Who is on call, whom an escalation reaches, and how one person is paged.

pub mod alias;
pub mod bundle;
pub mod condition;
pub mod contact;
pub mod cover;
pub mod coverage;
pub mod escalation;
pub mod facts;
pub mod group;
pub mod handoff;
pub mod help;
pub mod list;
pub mod load;
pub mod mirror;
pub mod overrides;
pub mod page;
pub mod preview;
pub mod reach;
pub mod schedule;
pub mod survey;
#[cfg(test)]
pub(crate) mod tests;
