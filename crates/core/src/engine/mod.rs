//! The decisions of the machinery itself: who may claim work, and when a failed attempt is tried
//! again. They are pure so that the simulator runs the very functions that the server runs.

pub mod backoff;
pub mod breaker;
pub mod lease;
pub mod watch;
