//! The clocks that run beside an incident's escalation: the management chain (`I2`), the rotation
//! of the whole state (`I3`), the check-in of whoever was paged (`I5`) and the silence of the record
//! (`L5`). Each is a machine of its
//! own in its own file, which knows neither the others nor the lifecycle, and has its own next
//! instant; here they only stand together.

use jiff::Timestamp;

use crate::id::UserId;

pub mod engage;
pub mod management;
pub mod rotation;
pub mod second_set;
pub mod silence;

/// The clocks of one incident.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Clocks {
    /// When the next manager up the chain is asked.
    pub management: management::State,
    /// When somebody else gets the incident because nothing moves.
    pub rotation: rotation::State,
    /// Who must have checked in by when.
    pub engage: engage::State,
    /// When another policy takes over.
    pub second_set: second_set::State,
    /// When somebody is asked for news, because nobody writes any down.
    pub silence: silence::State,
    /// Whose acknowledgement is still missing, where the step asks for everybody's.
    pub missing: Vec<UserId>,
}

impl Clocks {
    /// When one of them next needs attention.
    pub fn next_at(&self) -> Option<Timestamp> {
        let Self { management, rotation, engage, second_set, silence, missing: _ } = self;
        let instants = [
            management.next_at(),
            rotation.next_at(),
            engage.next_at(),
            second_set.next_at(),
            silence.next_at(),
        ];
        instants.into_iter().flatten().min()
    }
}
