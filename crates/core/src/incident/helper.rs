//! Helpers (`E6`): people who volunteer for an incident that they were not asked about. Without
//! direction a dozen of them make it worse, so each is listed once, is asked to do one thing, and is
//! released with thanks. Whoever responds anyway is no helper. This file owns the list; it tells
//! nobody anything.

use jiff::Timestamp;

use crate::id::UserId;

/// The most helpers that one incident remembers, released ones included.
pub const HELPERS_MAX: usize = 200;
/// The longest task, in characters.
pub const TASK_CHARS_MAX: usize = 500;

/// Somebody who volunteered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Helper {
    /// Who.
    pub user: UserId,
    /// When they volunteered.
    pub since: Timestamp,
    /// What they are asked to do; none until somebody directs them.
    pub task: Option<String>,
    /// When they were released; none while they help.
    pub released_at: Option<Timestamp>,
}

/// Everybody who volunteered, in that order, each of them once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Helpers(Vec<Helper>);

/// Why the list refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// The person does not help.
    NotHelping,
    /// The person was never released, or not at all.
    NotReleased,
    /// There are [`HELPERS_MAX`] already.
    Full,
}

impl Helpers {
    /// A list that was kept somewhere; of anybody listed twice the first stays.
    pub fn of(list: impl IntoIterator<Item = Helper>) -> Self {
        let mut helpers = Self::default();
        for helper in list {
            if helpers.get(helper.user).is_none() && helpers.0.len() < HELPERS_MAX {
                helpers.0.push(helper);
            }
        }
        helpers
    }

    /// Everybody, released ones included.
    pub fn iter(&self) -> impl Iterator<Item = &Helper> {
        self.0.iter()
    }

    /// Whoever helps now.
    pub fn helping(&self) -> impl Iterator<Item = &Helper> {
        self.iter().filter(|helper| helper.released_at.is_none())
    }

    /// Whether nobody ever volunteered.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn get(&self, user: UserId) -> Option<&Helper> {
        self.iter().find(|helper| helper.user == user)
    }

    fn helping_mut(&mut self, user: UserId) -> Result<&mut Helper, Wrong> {
        let mut helping = self.0.iter_mut().filter(|helper| helper.released_at.is_none());
        helping.find(|helper| helper.user == user).ok_or(Wrong::NotHelping)
    }

    /// Lists somebody. Whether that is news: volunteering twice is not.
    ///
    /// # Errors
    /// When the list is full.
    pub fn add(&mut self, user: UserId, now: Timestamp) -> Result<bool, Wrong> {
        match self.get(user) {
            Some(helper) if helper.released_at.is_none() => return Ok(false),
            // Whoever comes back begins anew.
            Some(_) => self.remove(user),
            None => {}
        }
        if self.0.len() >= HELPERS_MAX {
            return Err(Wrong::Full);
        }
        self.0.push(Helper { user, since: now, task: None, released_at: None });
        Ok(true)
    }

    /// Says what somebody is asked to do; `None` takes it back. Whether that is news.
    ///
    /// # Errors
    /// When the person does not help.
    pub fn direct(&mut self, user: UserId, task: Option<String>) -> Result<bool, Wrong> {
        let helper = self.helping_mut(user)?;
        let is_news = helper.task != task;
        helper.task = task;
        Ok(is_news)
    }

    /// Whoever else is asked to do the same, however it is written.
    pub fn same_task(&self, user: UserId) -> Vec<UserId> {
        let plain =
            |task: &str| task.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        let Some(task) = self.get(user).and_then(|helper| helper.task.as_deref()).map(plain) else {
            return Vec::new();
        };
        let others = self.helping().filter(|other| other.user != user);
        others
            .filter(|other| other.task.as_deref().map(plain).as_ref() == Some(&task))
            .map(|other| other.user)
            .collect()
    }

    /// Lets somebody go; what they were asked to do stays known.
    ///
    /// # Errors
    /// When the person does not help.
    pub fn release(&mut self, user: UserId, now: Timestamp) -> Result<(), Wrong> {
        self.helping_mut(user)?.released_at = Some(now);
        Ok(())
    }

    /// Takes a release back: the person helps again, with what they were asked to do.
    ///
    /// # Errors
    /// When the person was not released.
    pub fn recall(&mut self, user: UserId) -> Result<(), Wrong> {
        let helper = self.0.iter_mut().find(|helper| helper.user == user);
        let helper =
            helper.filter(|helper| helper.released_at.is_some()).ok_or(Wrong::NotReleased)?;
        helper.released_at = None;
        Ok(())
    }

    /// Strikes somebody who responds now, and so is no helper.
    pub fn remove(&mut self, user: UserId) {
        self.0.retain(|helper| helper.user != user);
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

    #[test]
    fn volunteering_twice_lists_once_and_coming_back_begins_anew() {
        let mut helpers = Helpers::default();
        assert_eq!(helpers.add(ANA, at(0)), Ok(true));
        assert_eq!(helpers.add(ANA, at(1)), Ok(false));
        assert_eq!(helpers.direct(ANA, Some("watch the queue".into())), Ok(true));
        assert_eq!(helpers.release(ANA, at(2)), Ok(()));
        assert_eq!(helpers.add(ANA, at(3)), Ok(true));
        let anew = Helper { user: ANA, since: at(3), task: None, released_at: None };
        assert_eq!(helpers.iter().collect::<Vec<_>>(), [&anew]);
    }

    #[test]
    fn a_release_that_is_taken_back_leaves_everything_as_it_was() {
        let mut helpers = Helpers::default();
        helpers.add(ANA, at(0)).unwrap();
        helpers.direct(ANA, Some("watch the queue".into())).unwrap();
        let before = helpers.clone();
        assert_eq!(helpers.recall(ANA), Err(Wrong::NotReleased));
        helpers.release(ANA, at(5)).unwrap();
        assert_eq!(helpers.release(ANA, at(6)), Err(Wrong::NotHelping));
        assert_eq!(helpers.helping().count(), 0);
        helpers.recall(ANA).unwrap();
        assert_eq!(helpers, before);
    }

    #[test]
    fn the_same_task_given_twice_is_found_however_it_is_written() {
        let mut helpers = Helpers::default();
        for (user, task) in [(ANA, "Watch  the queue"), (BO, "watch the queue ")] {
            helpers.add(user, at(0)).unwrap();
            helpers.direct(user, Some(task.into())).unwrap();
        }
        assert_eq!(helpers.same_task(BO), [ANA]);
        helpers.release(ANA, at(1)).unwrap();
        assert_eq!(helpers.same_task(BO), []);
    }

    #[test]
    fn a_full_list_takes_nobody_else() {
        let mut helpers = Helpers::default();
        for number in 0..HELPERS_MAX as u128 {
            helpers.add(UserId(Uuid::from_u128(number + 10)), at(0)).unwrap();
        }
        assert_eq!(helpers.add(ANA, at(1)), Err(Wrong::Full));
    }
}
