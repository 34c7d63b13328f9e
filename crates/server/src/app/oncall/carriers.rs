//! Who carries a message: the preferred provider of its channel that is not left alone for failing.
//! What this node knows of failures is in memory, because it is advice and not truth.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use muster_core::engine::breaker::{self, Breaker};
use muster_core::org::channel::Channel;
use muster_core::org::directory::Directory;
use muster_core::org::provider::Provider;

/// The circuit breakers of this node, by provider.
#[derive(Debug, Default)]
pub struct Carriers {
    breakers: Mutex<HashMap<String, Breaker>>,
}

/// Who carries a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carrier {
    /// The channel has no providers; the channel sees to it.
    Nobody,
    /// This provider.
    Provider(Arc<Provider>),
    /// Every provider of the channel is left alone until then.
    Resting {
        /// The preferred provider.
        provider: Arc<Provider>,
        /// When the first of them is asked again.
        until: Timestamp,
    },
}

impl Carriers {
    /// Who carries the `attempt`th attempt of a message on a channel. Whoever is chosen counts as
    /// asked.
    pub fn choose(
        &self,
        directory: &Directory,
        channel: Channel,
        attempt: u32,
        now: Timestamp,
    ) -> Carrier {
        let providers: Vec<_> = directory.providers_of(channel).collect();
        let Some(preferred) = providers.first() else { return Carrier::Nobody };
        let mut known = self.breakers.lock().unwrap_or_else(PoisonError::into_inner);
        let breaker = |provider: &Provider| known.get(&provider.name).copied().unwrap_or_default();
        let breakers: Vec<_> = providers.iter().map(|provider| breaker(provider)).collect();
        if let Some(at) = breaker::choose(&breakers, attempt, now) {
            let provider = Arc::clone(providers[at]);
            known.insert(provider.name.clone(), breakers[at].asked(now));
            return Carrier::Provider(provider);
        }
        let until = breakers.iter().filter_map(|breaker| breaker.resting_until(now)).min();
        Carrier::Resting { provider: Arc::clone(preferred), until: until.unwrap_or(now) }
    }

    /// Remembers how a provider answered.
    pub fn answered(&self, provider: &str, failed: bool, now: Timestamp) {
        let mut known = self.breakers.lock().unwrap_or_else(PoisonError::into_inner);
        let breaker = known.get(provider).copied().unwrap_or_default().answered(failed, now);
        if matches!(breaker, Breaker::Resting { .. }) {
            tracing::warn!(provider, "a provider fails again and again and is left alone");
        }
        known.insert(provider.to_owned(), breaker);
    }

    /// How a provider does, as far as this node knows.
    pub fn state(&self, provider: &str) -> Breaker {
        let known = self.breakers.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(provider).copied().unwrap_or_default()
    }
}
