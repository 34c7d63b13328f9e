//! Bundling (`N5`): how many messages one person gets by one way before the rest wait for a digest.
//! A flood of one service is two messages and a digest, however many incidents it is; another
//! service that is in trouble for the first time does not wait behind it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::id::ServiceId;
use crate::org::channel::Channel;

/// How many messages go out singly within how long a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// At least one.
    pub singles: usize,
    /// Counted back from the present instant.
    pub window: SignedDuration,
}

/// The contract "a person's first two pages within a minute go out at once; more become a digest".
impl Default for Limit {
    fn default() -> Self {
        Self { singles: 2, window: SignedDuration::from_mins(1) }
    }
}

/// The longest window: whoever waits longer for a page is not on call.
pub const WINDOW_MAX: SignedDuration = SignedDuration::from_mins(15);
/// The most messages that may be allowed to go out singly.
pub const SINGLES_MAX: usize = 100;
/// How many messages of services that are new to a flood go out besides the singles.
pub const NEWCOMERS_MAX: usize = 2;
/// How many messages of one service within the window are a flood.
const FLOOD_FROM: usize = 2;

/// The limits of every channel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Limits {
    /// Where the channel has none of its own.
    pub usual: Limit,
    /// By channel.
    pub by_channel: BTreeMap<Channel, Limit>,
}

impl Limits {
    /// The limit of a channel.
    pub fn of(&self, channel: Channel) -> Limit {
        self.by_channel.get(&channel).copied().unwrap_or(self.usual)
    }
}

/// A message that went out, or is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// When.
    pub at: Timestamp,
    /// About which service.
    pub service: ServiceId,
}

/// When a message to a person by one way goes out: at once, or at the instant at which its digest
/// is sent. `waiting` are the services of what waits for that digest already.
pub fn hold_until(
    limit: Limit,
    sent: &[Sent],
    waiting: &[ServiceId],
    service: ServiceId,
    now: Timestamp,
) -> Option<Timestamp> {
    let since = now.checked_sub(limit.window).unwrap_or(Timestamp::MIN);
    // What went out "later" went out before the clock was set back, and says nothing about now.
    let is_recent = |sent: &&Sent| since < sent.at && sent.at <= now;
    let mut recent: Vec<Sent> = sent.iter().filter(is_recent).copied().collect();
    recent.sort_unstable_by_key(|sent| sent.at);
    let singles = limit.singles.max(1);
    let first = recent.get(recent.len().checked_sub(singles)?)?.at;
    let services = || recent.iter().map(|sent| sent.service).chain(waiting.iter().copied());
    let is_flooded = services()
        .any(|other| services().filter(|service| *service == other).count() >= FLOOD_FROM);
    let is_newcomer = services().all(|other| other != service);
    if is_flooded && is_newcomer && recent.len() < singles + NEWCOMERS_MAX {
        return None;
    }
    first.checked_add(limit.window).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const SHOP: ServiceId = ServiceId(Uuid::from_u128(1));
    const LEDGER: ServiceId = ServiceId(Uuid::from_u128(2));
    const MAIL: ServiceId = ServiceId(Uuid::from_u128(3));

    fn t0() -> Timestamp {
        "2026-11-21T03:00:00Z".parse().unwrap()
    }

    fn sent(services: &[ServiceId]) -> Vec<Sent> {
        let second = SignedDuration::from_secs(1);
        (0..)
            .zip(services)
            .map(|(at, service)| Sent { at: t0() + second * at, service: *service })
            .collect()
    }

    fn hold(before: &[ServiceId], waiting: &[ServiceId], service: ServiceId) -> Option<Timestamp> {
        let now = t0() + SignedDuration::from_secs(10);
        hold_until(Limit::default(), &sent(before), waiting, service, now)
    }

    #[test]
    fn the_third_message_within_a_minute_waits_for_the_digest() {
        assert_eq!(hold(&[SHOP], &[], SHOP), None);
        let digest = t0() + Limit::default().window;
        assert_eq!(hold(&[SHOP, SHOP], &[], SHOP), Some(digest));
        let later = hold_until(Limit::default(), &sent(&[SHOP, SHOP]), &[], SHOP, digest);
        assert_eq!(later, None, "a minute later it is a new minute");
    }

    #[test]
    fn a_flood_does_not_hold_up_the_first_message_of_another_service() {
        assert_eq!(hold(&[SHOP, SHOP], &[SHOP], LEDGER), None);
        assert!(hold(&[SHOP, SHOP, LEDGER], &[], LEDGER).is_some(), "its second one waits");
        assert!(hold(&[SHOP, SHOP], &[LEDGER], LEDGER).is_some(), "it waits already");
    }

    #[test]
    fn trouble_everywhere_is_a_digest_and_not_a_message_for_each_service() {
        assert!(hold(&[SHOP, LEDGER], &[], MAIL).is_some());
        let many: Vec<_> = (10..14).map(|n| ServiceId(Uuid::from_u128(n))).collect();
        let flooded = [&[SHOP, SHOP], &many[..NEWCOMERS_MAX]].concat();
        assert!(hold(&flooded, &[], many[3]).is_some());
    }

    #[test]
    fn a_channel_may_have_a_limit_of_its_own() {
        let slow = Limit { singles: 1, window: SignedDuration::from_mins(5) };
        let limits = Limits { by_channel: [(Channel::Sms, slow)].into(), ..Limits::default() };
        assert_eq!(limits.of(Channel::Voice), Limit::default());
        let held = hold_until(limits.of(Channel::Sms), &sent(&[SHOP]), &[], SHOP, t0());
        assert_eq!(held, Some(t0() + slow.window));
    }

    #[test]
    fn a_clock_that_was_set_back_holds_up_no_message() {
        let before = t0() - SignedDuration::from_hours(1);
        let held = hold_until(Limit::default(), &sent(&[SHOP, SHOP]), &[], SHOP, before);
        assert_eq!(held, None);
    }
}
