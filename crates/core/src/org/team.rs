//! A team: people who own services together, and the manager who answers for them.

use crate::id::{TeamId, UserId};

/// People who own services together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// Stays the same when the team is renamed.
    pub id: TeamId,
    /// Unique.
    pub name: String,
    /// Who answers for the team.
    pub manager: Option<UserId>,
    /// In the order of the configuration.
    pub members: Vec<UserId>,
}
