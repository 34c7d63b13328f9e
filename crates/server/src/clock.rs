//! The clock: the system's, or a simulated one that tests move by hand. Everything that needs to
//! know the time or to wait for it asks here.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// What time it is.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The operating system's clock.
    System,
    /// A clock that stands still until it is moved.
    Simulated(Arc<Simulated>),
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct Simulated {
    now: Mutex<Timestamp>,
    moved: watch::Sender<()>,
}

/// The longest single wait, so that a timer far ahead does not overflow the runtime's.
const WAIT_MAX: Duration = Duration::from_secs(3_600);

impl Clock {
    /// A clock that stands at `now` until it is moved.
    pub fn simulated(now: Timestamp) -> Self {
        let (moved, _) = watch::channel(());
        Self::Simulated(Arc::new(Simulated { now: Mutex::new(now), moved }))
    }

    /// The present instant, in whole microseconds, which is what the store keeps.
    pub fn now(&self) -> Timestamp {
        match self {
            #[expect(clippy::disallowed_methods, reason = "this is the clock")]
            Self::System => {
                let now = Timestamp::now();
                Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
            }
            Self::Simulated(clock) => *clock.now.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Waits until `at`. A simulated clock waits until it is moved there.
    pub async fn sleep_until(&self, at: Timestamp) {
        match self {
            Self::System => {
                while let Some(left) = positive(at.duration_since(self.now())) {
                    tokio::time::sleep(left.min(WAIT_MAX)).await;
                }
            }
            Self::Simulated(clock) => {
                let mut moved = clock.moved.subscribe();
                while self.now() < at {
                    if moved.changed().await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// Moves a simulated clock forward; the system's clock cannot be moved.
    pub fn advance(&self, by: SignedDuration) {
        if let Self::Simulated(clock) = self {
            {
                let mut now = clock.now.lock().unwrap_or_else(PoisonError::into_inner);
                *now = now.saturating_add(by).unwrap_or(Timestamp::MAX);
            }
            clock.moved.send_replace(());
        }
    }
}

fn positive(duration: SignedDuration) -> Option<Duration> {
    Duration::try_from(duration).ok().filter(|left| !left.is_zero())
}
