//! Heartbeat monitors (`D9`): something that says "I am alive" at regular times, and whose silence is
//! an alert. The machine knows pings and instants only; where pings come from and how the alert
//! goes its way is somebody else's business.

use jiff::{SignedDuration, Timestamp};

use crate::id::{HeartbeatId, ServiceId};
use crate::incident::severity::Level;

/// How late a ping may be, unless the monitor says otherwise.
pub const GRACE_DEFAULT: SignedDuration = SignedDuration::from_mins(1);
/// The shortest time between pings.
pub const EVERY_MIN: SignedDuration = SignedDuration::from_secs(10);
/// The longest time between pings.
pub const EVERY_MAX: SignedDuration = SignedDuration::from_hours(366 * 24);
/// How many pings are kept of each monitor.
pub const PINGS_KEPT_MAX: i64 = 100;
/// The longest note of a ping, in characters.
pub const NOTE_CHARS_MAX: usize = 1_000;
/// The longest name of a run, in characters.
pub const RUN_CHARS_MAX: usize = 64;

/// Something that must be heard of.
#[derive(Debug, Clone)]
pub struct Heartbeat {
    /// Stays the same when the monitor is renamed.
    pub id: HeartbeatId,
    /// Unique; for a source that must be heard of, its label.
    pub name: String,
    /// Whose alert its silence is.
    pub service: ServiceId,
    /// How often it must be heard of.
    pub every: SignedDuration,
    /// How late that may be.
    pub grace: SignedDuration,
    /// How bad its silence is; as the service rates it unless given.
    pub severity: Option<Level>,
    /// Whether it is heard of by its pings, or by the messages of a source.
    pub is_source: bool,
}

/// Where a monitor stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// It was heard of in time.
    Up,
    /// It was not, or it said that it failed.
    Down,
}

names!(State { Up = "up", Down = "down" });

/// What is known of a monitor that was heard of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Where it stands.
    pub state: State,
    /// Since when.
    pub since: Timestamp,
    /// When it was last heard of as done, well or not.
    pub last_at: Option<Timestamp>,
    /// When a run began that is not over.
    pub started_at: Option<Timestamp>,
    /// What that run is called.
    pub run: Option<String>,
    /// How long the last run took.
    pub duration: Option<SignedDuration>,
}

/// What a ping says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ping {
    /// All is well.
    Success,
    /// A run begins.
    Start,
    /// It failed.
    Fail,
    /// Something to keep; it changes nothing.
    Log,
}

names!(Ping { Success = "success", Start = "start", Fail = "fail", Log = "log" });

/// What monitoring is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// There is trouble, in words.
    Down(String),
    /// The trouble is over.
    Up,
}

/// What follows from a ping or from its absence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Where the monitor stands now.
    pub standing: Standing,
    /// What monitoring is to be told.
    pub news: Option<News>,
    /// When its absence is next looked at.
    pub next: Option<Timestamp>,
}

impl Heartbeat {
    /// Until when it must be heard of again.
    pub fn deadline(&self, standing: &Standing) -> Option<Timestamp> {
        if standing.state == State::Down {
            return None;
        }
        let heard = standing.last_at.max(standing.started_at)?;
        let within = self.every.saturating_add(self.grace);
        Some(heard.saturating_add(within).unwrap_or(Timestamp::MAX))
    }
}

/// A ping came.
pub fn heard(
    monitor: &Heartbeat,
    before: Option<Standing>,
    ping: Ping,
    run: Option<&str>,
    now: Timestamp,
) -> Turn {
    let fresh = || Standing {
        state: State::Up,
        since: now,
        last_at: None,
        started_at: None,
        run: None,
        duration: None,
    };
    let was = before.as_ref().map(|standing| standing.state);
    let mut standing = before.unwrap_or_else(fresh);
    let mut news = None;
    match ping {
        Ping::Log => {}
        Ping::Start => {
            standing.started_at = Some(now);
            standing.run = run.map(str::to_owned);
        }
        Ping::Success | Ping::Fail => {
            // Of runs that overlap, only the one that is known by name can be measured.
            let is_this = standing.run.as_deref() == run;
            if let Some(started) = standing.started_at.filter(|_| is_this) {
                standing.duration = Some(now.duration_since(started));
                (standing.started_at, standing.run) = (None, None);
            }
            standing.last_at = Some(now);
            let state = if ping == Ping::Fail { State::Down } else { State::Up };
            if was != Some(state) {
                standing.since = now;
            }
            standing.state = state;
            news = match (state, was) {
                (State::Down, _) => {
                    Some(News::Down(format!("{} says that it failed", monitor.name)))
                }
                (State::Up, Some(State::Down)) => Some(News::Up),
                (State::Up, _) => None,
            };
        }
    }
    let next = monitor.deadline(&standing);
    Turn { standing, news, next }
}

/// The instant has come at which the monitor must have been heard of.
pub fn looked_at(monitor: &Heartbeat, standing: Standing, now: Timestamp) -> Turn {
    match monitor.deadline(&standing) {
        Some(deadline) if deadline <= now => {
            let heard = standing.last_at.max(standing.started_at);
            let since = heard.map(|at| format!(" since {at}")).unwrap_or_default();
            let news = News::Down(format!("{} was not heard of{since}", monitor.name));
            let standing = Standing { state: State::Down, since: now, ..standing };
            Turn { standing, news: Some(news), next: None }
        }
        next => Turn { standing, news: None, next },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn monitor() -> Heartbeat {
        Heartbeat {
            id: HeartbeatId(Uuid::from_u128(1)),
            name: "nightly backup".to_owned(),
            service: ServiceId(Uuid::from_u128(2)),
            every: SignedDuration::from_mins(5),
            grace: SignedDuration::from_mins(1),
            severity: None,
            is_source: false,
        }
    }

    fn at(minutes: i64) -> Timestamp {
        let start: Timestamp = "2026-11-21T03:00:00Z".parse().unwrap();
        start + SignedDuration::from_mins(minutes)
    }

    #[test]
    fn silence_beyond_the_grace_is_trouble_and_a_ping_ends_it() {
        let monitor = monitor();
        let up = heard(&monitor, None, Ping::Success, None, at(0));
        assert_eq!((up.news.clone(), up.next), (None, Some(at(6))));
        let early = looked_at(&monitor, up.standing.clone(), at(5));
        assert_eq!((early.news, early.next), (None, Some(at(6))));
        let down = looked_at(&monitor, up.standing, at(6));
        let said = "nightly backup was not heard of since 2026-11-21T03:00:00Z".to_owned();
        assert_eq!((down.news, down.next), (Some(News::Down(said)), None));
        let again = heard(&monitor, Some(down.standing), Ping::Success, None, at(9));
        assert_eq!((again.news, again.next), (Some(News::Up), Some(at(15))));
    }

    #[test]
    fn a_failure_is_trouble_at_once() {
        let monitor = monitor();
        let failed = heard(&monitor, None, Ping::Fail, None, at(0));
        assert!(matches!(failed.news, Some(News::Down(_))));
        assert_eq!(failed.next, None);
    }

    #[test]
    fn a_run_is_measured_from_its_start_to_its_own_end() {
        let monitor = monitor();
        let begun = heard(&monitor, None, Ping::Start, Some("a"), at(0));
        assert_eq!(begun.next, Some(at(6)));
        let other = heard(&monitor, Some(begun.standing), Ping::Success, Some("b"), at(1));
        assert_eq!(other.standing.duration, None);
        let ended = heard(&monitor, Some(other.standing), Ping::Success, Some("a"), at(3));
        assert_eq!(ended.standing.duration, Some(SignedDuration::from_mins(3)));
        let log = heard(&monitor, Some(ended.standing.clone()), Ping::Log, None, at(4));
        assert_eq!((log.standing, log.next), (ended.standing, ended.next));
    }

    #[test]
    fn a_run_that_never_ends_is_trouble() {
        let monitor = monitor();
        let begun = heard(&monitor, None, Ping::Start, None, at(0));
        assert!(looked_at(&monitor, begun.standing, at(6)).news.is_some());
    }
}
