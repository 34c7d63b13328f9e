//! The memory of failed sign-ins. Guessing is slowed per name and address and per address, never
//! per name alone: somebody who guesses at Ana's password from elsewhere must not keep Ana out.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// Failures of one name from one address before the first wait.
const FREE_FAILURES_OF_NAME: u32 = 4;
/// Failures from one address, whatever the names, before the first wait.
const FREE_FAILURES_OF_ADDRESS: u32 = 30;
/// The longest wait, in seconds.
const WAIT_SECONDS_MAX: i64 = 60;
/// How long a failure is remembered.
const REMEMBERED: SignedDuration = SignedDuration::from_mins(15);
/// The most names and addresses that are remembered at once.
const REMEMBERED_MAX: usize = 10_000;

/// The memory of failed sign-ins, on this node.
#[derive(Debug, Default)]
pub struct Throttle {
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    by_name: HashMap<(String, Option<IpAddr>), Failures>,
    by_address: HashMap<IpAddr, Failures>,
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last_at: Timestamp,
}

impl Throttle {
    /// How many seconds this name must wait at this address before its password is looked at.
    /// Without an address it is about somebody who is signed in and proves it once more.
    pub fn wait_seconds(
        &self,
        name: &str,
        address: impl Into<Option<IpAddr>>,
        now: Timestamp,
    ) -> Option<u32> {
        let address = address.into();
        let memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let of_name = memory.by_name.get(&(name.to_owned(), address));
        let of_address = address.and_then(|address| memory.by_address.get(&address));
        let wait = [(of_name, FREE_FAILURES_OF_NAME), (of_address, FREE_FAILURES_OF_ADDRESS)]
            .into_iter()
            .filter_map(|(failures, free)| left(failures?, free, now))
            .max()?;
        u32::try_from(wait).ok()
    }

    /// Remembers a failure. It is noted before the password is looked at and taken back by
    /// [`Throttle::succeeded`], so that guesses in parallel count too.
    pub fn failed(&self, name: &str, address: impl Into<Option<IpAddr>>, now: Timestamp) {
        let address = address.into();
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        note(&mut memory.by_name, (name.to_owned(), address), now);
        if let Some(address) = address {
            note(&mut memory.by_address, address, now);
        }
    }

    /// Forgets the failures of a name at an address, after a right password.
    pub fn succeeded(&self, name: &str, address: impl Into<Option<IpAddr>>) {
        let address = address.into();
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.by_name.remove(&(name.to_owned(), address));
        if let Some(failures) = address.and_then(|address| memory.by_address.get_mut(&address)) {
            failures.count = failures.count.saturating_sub(1);
        }
    }
}

fn left(failures: &Failures, free: u32, now: Timestamp) -> Option<i64> {
    let over = failures.count.checked_sub(free)?;
    let wait = 1_i64.checked_shl(over).map_or(WAIT_SECONDS_MAX, |wait| wait.min(WAIT_SECONDS_MAX));
    let wait = if over >= 6 { WAIT_SECONDS_MAX } else { wait };
    let passed = now.duration_since(failures.last_at).as_secs().max(0);
    (wait > passed).then_some(wait - passed)
}

fn note<K: Hash + Eq + Clone>(table: &mut HashMap<K, Failures>, key: K, now: Timestamp) {
    if table.len() >= REMEMBERED_MAX && !table.contains_key(&key) {
        table.retain(|_, failures| now.duration_since(failures.last_at) < REMEMBERED);
        if table.len() >= REMEMBERED_MAX {
            let oldest = table.iter().min_by_key(|(_, failures)| failures.last_at);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                table.remove(&oldest);
            }
        }
    }
    let failures = table.entry(key).or_insert(Failures { count: 0, last_at: now });
    if now.duration_since(failures.last_at) >= REMEMBERED {
        failures.count = 0;
    }
    failures.count = failures.count.saturating_add(1);
    failures.last_at = now;
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const ELSEWHERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 7));

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn guessing_waits_longer_and_longer_up_to_a_minute() {
        let throttle = Throttle::default();
        let mut waits = Vec::new();
        for _ in 0..14 {
            waits.push(throttle.wait_seconds("ana", HERE, at(0)).unwrap_or(0));
            throttle.failed("ana", HERE, at(0));
        }
        assert_eq!(waits, [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
        assert_eq!(throttle.wait_seconds("ana", HERE, at(59)), Some(1));
        assert_eq!(throttle.wait_seconds("ana", HERE, at(60)), None);
    }

    #[test]
    fn guessing_elsewhere_does_not_keep_the_on_call_out() {
        let throttle = Throttle::default();
        for _ in 0..100 {
            throttle.failed("ana", ELSEWHERE, at(0));
        }
        assert_eq!(throttle.wait_seconds("ana", HERE, at(0)), None);
        assert!(throttle.wait_seconds("bo", ELSEWHERE, at(0)).is_some());
    }

    #[test]
    fn a_right_password_and_time_both_forgive() {
        let throttle = Throttle::default();
        for _ in 0..6 {
            throttle.failed("ana", HERE, at(0));
        }
        throttle.succeeded("ana", HERE);
        assert_eq!(throttle.wait_seconds("ana", HERE, at(0)), None);
        for _ in 0..6 {
            throttle.failed("ana", HERE, at(0));
        }
        throttle.failed("ana", HERE, at(900));
        assert_eq!(throttle.wait_seconds("ana", HERE, at(900)), None);
    }

    #[test]
    fn the_memory_is_bounded() {
        let throttle = Throttle::default();
        for n in 0..REMEMBERED_MAX + 50 {
            throttle.failed(&n.to_string(), HERE, at(0));
        }
        let memory = throttle.memory.lock().unwrap();
        assert!(memory.by_name.len() <= REMEMBERED_MAX);
    }
}
