//! The engage clock (`I5`): whoever is paged checks in within a set time of the page. Late
//! engagement is recorded, with how long it took; it blames nobody and pages nobody. Who has
//! checked in stays known: it is the roster of the incident.

use jiff::{SignedDuration, Timestamp};

use crate::id::UserId;
use crate::incident::roster::Stay;

/// The shortest time that somebody may be given.
pub const WITHIN_MIN: SignedDuration = SignedDuration::from_mins(1);
/// The most people who are waited for at one incident.
pub const AWAITED_MAX: usize = 200;
/// The most people of one roster.
pub const PRESENT_MAX: usize = 500;

/// Who is waited for, and who is there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct State {
    /// Paged, and not checked in yet, in the order of their pages.
    pub awaited: Vec<Awaited>,
    /// Checked in, in order.
    pub present: Vec<Present>,
}

/// Somebody who was paged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Awaited {
    /// Who.
    pub user: UserId,
    /// When they were first asked.
    pub paged_at: Timestamp,
    /// When they are to have checked in.
    pub due_at: Timestamp,
    /// Whether that has passed and was recorded.
    pub is_late: bool,
}

/// Somebody who checked in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    /// Who.
    pub user: UserId,
    /// When.
    pub at: Timestamp,
    /// When they had been paged; nobody need be paged to join.
    pub paged_at: Option<Timestamp>,
    /// Whether it was later than asked for.
    pub is_late: bool,
    /// What is known of their stay; whoever was let go and came back stays anew.
    pub stay: Stay,
}

impl Present {
    /// Whether they were not let go.
    pub fn is_here(&self) -> bool {
        self.stay.release.is_none()
    }
}

impl State {
    /// When somebody's time next runs out.
    pub fn next_at(&self) -> Option<Timestamp> {
        self.awaited.iter().filter(|one| !one.is_late).map(|one| one.due_at).min()
    }

    /// Whether somebody has checked in and was not let go.
    pub fn is_present(&self, user: UserId) -> bool {
        self.stay(user).is_some()
    }

    /// Everybody who is there, in the order in which they came.
    pub fn here(&self) -> impl Iterator<Item = &Present> {
        self.present.iter().filter(|one| one.is_here())
    }

    /// The stay of somebody who is there.
    pub fn stay(&self, user: UserId) -> Option<&Stay> {
        self.here().find(|one| one.user == user).map(|one| &one.stay)
    }

    /// As [`State::stay`], to change it.
    pub fn stay_mut(&mut self, user: UserId) -> Option<&mut Stay> {
        let mut here = self.present.iter_mut().filter(|one| one.is_here());
        here.find(|one| one.user == user).map(|one| &mut one.stay)
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Somebody was paged, and has this long.
    Paged {
        /// Who.
        user: UserId,
        /// Counted from now.
        within: SignedDuration,
    },
    /// Somebody is there.
    CheckedIn {
        /// Who.
        user: UserId,
    },
    /// Somebody need not come.
    Excused {
        /// Who.
        user: UserId,
    },
    /// Somebody has it: nobody else need come.
    Taken {
        /// Who, where it is a person.
        by: Option<UserId>,
    },
    /// Nobody need come any more; who is there stays known.
    Stopped,
    /// Somebody's time has run out.
    TimedOut,
}

/// What follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Somebody has not checked in in time.
    Late(Awaited),
    /// Somebody is there.
    Joined(Present),
}

/// Decides what one event does to the clock.
pub fn decide(state: State, event: Event, now: Timestamp) -> (State, Vec<Effect>) {
    let mut state = state;
    let mut effects = Vec::new();
    match event {
        Event::Paged { user, within } => {
            let known = state.is_present(user) || state.awaited.iter().any(|one| one.user == user);
            if !known && state.awaited.len() < AWAITED_MAX {
                let due_at = now.checked_add(within).unwrap_or(Timestamp::MAX);
                state.awaited.push(Awaited { user, paged_at: now, due_at, is_late: false });
            }
        }
        Event::CheckedIn { user } if !state.is_present(user) => {
            let waited = state.awaited.iter().find(|one| one.user == user).copied();
            state.awaited.retain(|one| one.user != user);
            let is_late = waited.is_some_and(|one| one.is_late || one.due_at < now);
            let paged_at = waited.map(|one| one.paged_at);
            let joined = Present { user, at: now, paged_at, is_late, stay: Stay::default() };
            if state.present.len() < PRESENT_MAX {
                state.present.push(joined.clone());
            }
            effects.push(Effect::Joined(joined));
        }
        Event::CheckedIn { .. } => {}
        // Who was late was late, whatever happened since.
        Event::Excused { user } => state.awaited.retain(|one| one.is_late || one.user != user),
        Event::Taken { by } => {
            state.awaited.retain(|one| one.is_late || Some(one.user) == by);
        }
        Event::Stopped => state.awaited.retain(|one| one.is_late),
        Event::TimedOut => {
            for one in state.awaited.iter_mut().filter(|one| !one.is_late && one.due_at <= now) {
                one.is_late = true;
                effects.push(Effect::Late(*one));
            }
        }
    }
    (state, effects)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const ANA: UserId = UserId(Uuid::from_u128(1));
    const BO: UserId = UserId(Uuid::from_u128(2));
    const MINUTE: SignedDuration = SignedDuration::from_mins(1);
    const WITHIN: SignedDuration = SignedDuration::from_mins(15);

    fn t0() -> Timestamp {
        "2026-11-21T03:00:00Z".parse().unwrap()
    }

    fn paged(state: State, user: UserId, now: Timestamp) -> State {
        decide(state, Event::Paged { user, within: WITHIN }, now).0
    }

    #[test]
    fn whoever_checks_in_in_time_is_on_the_roster_and_not_late() {
        let state = paged(State::default(), ANA, t0());
        assert_eq!(state.next_at(), Some(t0() + WITHIN));
        let at = t0() + MINUTE * 4;
        let (state, effects) = decide(state, Event::CheckedIn { user: ANA }, at);
        let stay = Stay::default();
        let joined = Present { user: ANA, at, paged_at: Some(t0()), is_late: false, stay };
        assert_eq!(effects, [Effect::Joined(joined.clone())]);
        assert_eq!((state.next_at(), state.present), (None, vec![joined]));
    }

    #[test]
    fn being_late_is_recorded_once_and_remembered_when_they_come() {
        let state = paged(State::default(), ANA, t0());
        let (state, effects) = decide(state, Event::TimedOut, t0() + WITHIN);
        assert!(matches!(effects[..], [Effect::Late(Awaited { user: ANA, .. })]));
        assert_eq!(state.next_at(), None);
        let (state, effects) = decide(state, Event::TimedOut, t0() + WITHIN * 2);
        assert_eq!(effects, []);
        let (_, effects) = decide(state, Event::CheckedIn { user: ANA }, t0() + MINUTE * 22);
        assert!(matches!(effects[..], [Effect::Joined(Present { is_late: true, .. })]));
    }

    #[test]
    fn a_second_page_gives_no_second_time() {
        let state = paged(State::default(), ANA, t0());
        let state = paged(state, ANA, t0() + MINUTE * 5);
        assert_eq!((state.awaited.len(), state.next_at()), (1, Some(t0() + WITHIN)));
    }

    #[test]
    fn once_somebody_has_it_only_they_are_waited_for() {
        let state = paged(paged(State::default(), ANA, t0()), BO, t0());
        let (state, _) = decide(state, Event::Taken { by: Some(BO) }, t0());
        assert_eq!(state.awaited.iter().map(|one| one.user).collect::<Vec<_>>(), [BO]);
        let (state, _) = decide(state, Event::Excused { user: BO }, t0());
        assert_eq!(state.next_at(), None);
    }

    #[test]
    fn anybody_may_join_once() {
        let (state, effects) = decide(State::default(), Event::CheckedIn { user: BO }, t0());
        assert_eq!(effects.len(), 1);
        let (again, effects) = decide(state.clone(), Event::CheckedIn { user: BO }, t0());
        assert_eq!((again, effects), (state, vec![]));
    }
}
