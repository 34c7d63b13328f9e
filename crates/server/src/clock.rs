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
    Simulated {
        /// The time that all clocks of the simulation follow, the database's among them.
        time: Arc<Simulated>,
        /// How far this clock is ahead of that time.
        ahead: SignedDuration,
    },
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
        let time = Arc::new(Simulated { now: Mutex::new(now), moved });
        Self::Simulated { time, ahead: SignedDuration::ZERO }
    }

    /// The clock of another node in the same simulation, which goes wrong by so much.
    pub fn wrong_by(&self, wrong: SignedDuration) -> Self {
        match self {
            Self::System => Self::System,
            Self::Simulated { time, ahead } => {
                Self::Simulated { time: Arc::clone(time), ahead: *ahead + wrong }
            }
        }
    }

    /// The present instant, in whole microseconds, which is what the store keeps.
    pub fn now(&self) -> Timestamp {
        match self {
            #[expect(clippy::disallowed_methods, reason = "this is the clock")]
            Self::System => {
                let now = Timestamp::now();
                Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
            }
            Self::Simulated { time, ahead } => {
                let now = *time.now.lock().unwrap_or_else(PoisonError::into_inner);
                now.saturating_add(*ahead).unwrap_or(now)
            }
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
            Self::Simulated { time, .. } => {
                let mut moved = time.moved.subscribe();
                while self.now() < at {
                    if moved.changed().await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// Moves a simulated clock, forward or back; the system's clock cannot be moved.
    pub fn advance(&self, by: SignedDuration) {
        if let Self::Simulated { time, .. } = self {
            {
                let mut now = time.now.lock().unwrap_or_else(PoisonError::into_inner);
                *now = now.saturating_add(by).unwrap_or(Timestamp::MAX);
            }
            time.moved.send_replace(());
        }
    }
}

fn positive(duration: SignedDuration) -> Option<Duration> {
    Duration::try_from(duration).ok().filter(|left| !left.is_zero())
}
