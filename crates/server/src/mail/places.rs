//! How many connections one address may hold, so that one sender cannot take every place.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// The most connections from one address; a relay on this host stands for many and is not counted.
const PER_ADDRESS_MAX: usize = 16;

/// The connections by address.
#[derive(Debug, Clone, Default)]
pub(super) struct Places(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// One of them.
#[derive(Debug)]
pub(super) struct Place {
    of: Places,
    address: IpAddr,
}

impl Places {
    /// A place for a connection from there, if it has not too many.
    pub(super) fn take(&self, address: IpAddr) -> Option<Place> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if *count >= PER_ADDRESS_MAX && !address.is_loopback() {
            return None;
        }
        *count += 1;
        Some(Place { of: self.clone(), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.of.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_sender_cannot_take_every_place() {
        let places = Places::default();
        let greedy: IpAddr = "192.0.2.1".parse().unwrap();
        let taken: Vec<_> = std::iter::from_fn(|| places.take(greedy)).collect();
        assert_eq!(taken.len(), PER_ADDRESS_MAX);
        assert!(places.take("192.0.2.2".parse().unwrap()).is_some());
        drop(taken);
        assert!(places.take(greedy).is_some());
        assert!(places.0.lock().unwrap().is_empty(), "what is over is forgotten");
    }
}
