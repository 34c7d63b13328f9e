//! Who holds which role in one incident: the assignment table. It remembers who held what before,
//! who was asked to come as what, and which hand-overs wait for their receiver (`R5`). A role that
//! is offered stays with its holder until it is accepted. This file knows neither people's names nor
//! the lifecycle.

use jiff::Timestamp;

use super::boundary::Boundary;
use super::relief::Relief;
use crate::id::UserId;

/// The most assignments that one incident remembers, ended ones included.
pub const ASSIGNMENTS_MAX: usize = 300;
/// The longest brief of a hand-over, in characters.
pub const BRIEF_CHARS_MAX: usize = 5_000;

/// How somebody came to a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum How {
    /// They took it.
    Taken,
    /// Somebody gave it to them.
    Given,
    /// They were on call for it and came.
    OnCall,
    /// They accepted a hand-over.
    HandedOver,
}

names!(How {
    Taken = "taken",
    Given = "given",
    OnCall = "on_call",
    HandedOver = "handed_over",
});

/// Somebody in a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The role's name.
    pub role: String,
    /// Who.
    pub user: UserId,
    /// Since when.
    pub since: Timestamp,
    /// How they came to it.
    pub how: How,
    /// Until when; none while they hold it.
    pub until: Option<Timestamp>,
}

/// Somebody who was asked to come as something, and has not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Engaged {
    /// The role's name.
    pub role: String,
    /// Who.
    pub user: UserId,
    /// When they were asked.
    pub at: Timestamp,
    /// Whether they were paged for it, rather than being asked about the incident anyway.
    pub is_paged: bool,
}

/// A hand-over that waits for its receiver (`R5`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The role's name.
    pub role: String,
    /// Who holds it until then.
    pub from: UserId,
    /// Who is to have it.
    pub to: UserId,
    /// What the receiver must know.
    pub brief: String,
    /// When it was offered.
    pub at: Timestamp,
}

/// The roles of one incident.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Roles {
    /// Who declared it, where a person did.
    pub declared_by: Option<UserId>,
    /// Everybody who held a role, in that order.
    pub assignments: Vec<Assignment>,
    /// Who is asked to come as what.
    pub engaged: Vec<Engaged>,
    /// The asking for each role that somebody is asked for, or was and did not come.
    pub relief: Vec<Relief>,
    /// What waits for its receiver; at most one for each holder of a role.
    pub offers: Vec<Offer>,
    /// Which boundaries were spoken of, to whom.
    pub warned: Vec<(Boundary, UserId)>,
    /// When whoever declared is asked to hand over the lead.
    pub hand_over_at: Option<Timestamp>,
}

impl Roles {
    /// When it next needs attention.
    pub fn next_at(&self) -> Option<Timestamp> {
        let relief = self.relief.iter().filter_map(|relief| relief.next_at);
        relief.chain(self.hand_over_at).min()
    }

    /// Whether nothing ever happened here.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Who holds something now.
    pub fn held(&self) -> impl Iterator<Item = &Assignment> {
        self.assignments.iter().filter(|one| one.until.is_none())
    }

    /// Whether anybody holds anything: then the incident waits for its gates.
    pub fn is_held(&self) -> bool {
        self.held().next().is_some()
    }

    /// Who holds a role now.
    pub fn holders<'a>(&'a self, role: &'a str) -> impl Iterator<Item = &'a Assignment> {
        self.held().filter(move |one| one.role == role)
    }

    /// Whether nobody holds a role.
    pub fn is_vacant(&self, role: &str) -> bool {
        self.holders(role).next().is_none()
    }

    /// Whether a person holds a role.
    pub fn holds(&self, user: UserId, role: &str) -> bool {
        self.holders(role).any(|one| one.user == user)
    }

    /// Whether a person was paged for a role, for nothing else, and has not come.
    pub fn is_awaited(&self, user: UserId) -> bool {
        self.engaged.iter().any(|one| one.is_paged && one.user == user)
    }

    /// Whoever was paged for a role, for nothing else, and has not come; each once.
    pub fn awaited(&self) -> Vec<UserId> {
        let mut awaited: Vec<UserId> = Vec::new();
        for one in self.engaged.iter().filter(|one| one.is_paged) {
            if !awaited.contains(&one.user) {
                awaited.push(one.user);
            }
        }
        awaited
    }

    /// A person is asked about the incident for another reason as well.
    pub fn asked_besides(&mut self, user: UserId) {
        for one in self.engaged.iter_mut().filter(|one| one.user == user) {
            one.is_paged = false;
        }
    }

    /// Puts somebody into a role; unless it is shared, whoever held it before holds it no longer.
    /// Who that was. There is no room for more than [`ASSIGNMENTS_MAX`]: the oldest that ended go.
    pub fn assign(
        &mut self,
        role: &str,
        is_shared: bool,
        user: UserId,
        how: How,
        now: Timestamp,
    ) -> Vec<UserId> {
        let mut before = Vec::new();
        if !is_shared {
            before = self.holders(role).map(|one| one.user).collect();
            for user in &before {
                self.end(role, *user, now);
            }
        }
        self.engaged.retain(|one| one.role != role || one.user != user);
        self.relief.retain(|one| one.role != role);
        if self.assignments.len() >= ASSIGNMENTS_MAX
            && let Some(oldest) = self.assignments.iter().position(|one| one.until.is_some())
        {
            self.assignments.remove(oldest);
        }
        let role = role.to_owned();
        self.assignments.push(Assignment { role, user, since: now, how, until: None });
        before
    }

    /// Takes somebody out of a role, with what they offered of it. Whether they held it.
    pub fn end(&mut self, role: &str, user: UserId, now: Timestamp) -> bool {
        self.offers.retain(|offer| offer.role != role || offer.from != user);
        let mut ended = false;
        for one in &mut self.assignments {
            if one.role == role && one.user == user && one.until.is_none() {
                one.until = Some(now);
                ended = true;
            }
        }
        ended
    }

    /// The offer of a role to somebody.
    pub fn offered_to(&self, role: &str, user: UserId) -> Option<&Offer> {
        self.offers.iter().find(|offer| offer.role == role && offer.to == user)
    }

    /// Nobody need come as anything any more, and nothing waits for anybody.
    pub fn stop(&mut self) {
        self.engaged.clear();
        self.relief.clear();
        self.offers.clear();
        self.hand_over_at = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const ANA: UserId = UserId(Uuid::from_u128(1));
    const BO: UserId = UserId(Uuid::from_u128(2));

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(60 * minute).unwrap()
    }

    fn holders(roles: &Roles, role: &str) -> Vec<UserId> {
        roles.holders(role).map(|one| one.user).collect()
    }

    #[test]
    fn a_role_has_one_holder_and_a_shared_one_has_many() {
        let mut roles = Roles::default();
        assert_eq!(roles.assign("incident-lead", false, ANA, How::Taken, at(0)), []);
        assert_eq!(roles.assign("incident-lead", false, BO, How::Given, at(5)), [ANA]);
        assert_eq!(holders(&roles, "incident-lead"), [BO]);
        assert_eq!(roles.assignments[0].until, Some(at(5)), "the record stays");
        roles.assign("tester", true, ANA, How::Taken, at(6));
        roles.assign("tester", true, BO, How::Taken, at(7));
        assert_eq!(holders(&roles, "tester"), [ANA, BO]);
    }

    #[test]
    fn whoever_leaves_takes_their_offers_with_them() {
        let mut roles = Roles::default();
        roles.assign("scribe", false, ANA, How::Taken, at(0));
        let offer = Offer {
            role: "scribe".into(),
            from: ANA,
            to: BO,
            brief: "all is written".into(),
            at: at(1),
        };
        roles.offers.push(offer);
        assert!(roles.offered_to("scribe", BO).is_some());
        assert!(roles.end("scribe", ANA, at(2)));
        assert!(!roles.end("scribe", ANA, at(3)));
        assert!(roles.offered_to("scribe", BO).is_none() && !roles.is_held());
    }

    #[test]
    fn the_record_is_bounded_and_forgets_no_holder() {
        let mut roles = Roles::default();
        for minute in 0..ASSIGNMENTS_MAX as i64 + 5 {
            let user = if minute % 2 == 0 { ANA } else { BO };
            roles.assign("incident-lead", false, user, How::Taken, at(minute));
        }
        assert_eq!(roles.assignments.len(), ASSIGNMENTS_MAX);
        assert_eq!(roles.held().count(), 1);
    }
}
