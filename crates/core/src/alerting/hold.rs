//! Holding: whether an alert that fires pages now, and if not, why and until when (`D5`, `D8`,
//! `D11`, `D12`, `D15`). Everything that can keep an alert from paging is asked here, in one order,
//! when the alert opens and again whenever the answer may have changed: at the end of a window, of a
//! pause, of a cause. Each answer comes with a sentence for the alert.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::alerting::alert::AlertStatus;
use crate::alerting::guard::{self, Guard, Record};
use crate::alerting::inhibition;
use crate::alerting::maintenance::{self, Maintenance};
use crate::id::AlertId;
use crate::org::service::Outcome;

/// What keeps an alert that fires from having an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Held {
    /// It is recorded and mailed, never paged (`D7`).
    Informational,
    /// Planned work.
    Maintenance,
    /// Another alert is its cause.
    Inhibited,
    /// It has not fired often or long enough.
    Guard,
    /// It may clear by itself.
    Pause,
    /// Its rule or service is being tried out.
    Shadow,
}

names!(Held {
    Informational = "informational",
    Maintenance = "maintenance",
    Inhibited = "inhibited",
    Guard = "guard",
    Pause = "pause",
    Shadow = "shadow",
});

impl Held {
    /// How an alert that is held like this stands.
    pub fn status(self) -> AlertStatus {
        match self {
            Self::Maintenance | Self::Inhibited => AlertStatus::Suppressed,
            Self::Informational | Self::Guard | Self::Pause | Self::Shadow => AlertStatus::Open,
        }
    }
}

/// An alert that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// By what.
    pub held: Held,
    /// When to ask again; `None` where no instant changes the answer.
    pub until: Option<Timestamp>,
    /// The window, the cause, or the alert whose page this one would have joined.
    pub by: Option<Uuid>,
    /// Why nobody was paged, in words.
    pub because: String,
}

/// An alert that mutes another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The alert.
    pub id: AlertId,
    /// What it says.
    pub summary: String,
}

/// An alert that fires, with all that may keep it from paging.
#[derive(Debug, Clone, Copy)]
pub struct Firing<'a> {
    /// How bad it is.
    pub outcome: Outcome,
    /// The window that mutes it.
    pub maintenance: Option<&'a Maintenance>,
    /// The alert that mutes it.
    pub cause: Option<&'a Cause>,
    /// What it must do before it pages.
    pub guard: Option<Guard>,
    /// How long it may clear by itself.
    pub pause: Option<SignedDuration>,
    /// Whether its rule or service is being tried out.
    pub shadow: bool,
    /// Whether its service has an open incident of the worst severity: what is being tried out then
    /// pages like anything else (`D8`).
    pub is_worst_time: bool,
    /// What it has done so far.
    pub record: Record<'a>,
}

/// What keeps the alert from paging at `now`; `None` means that nothing does.
pub fn hold(firing: &Firing<'_>, now: Timestamp) -> Option<Hold> {
    let simply = |held, until, because| Hold { held, until, by: None, because };
    if firing.outcome == Outcome::Informational {
        let because = "informational: recorded and mailed, never paged".to_owned();
        return Some(simply(Held::Informational, None, because));
    }
    if let Some(window) = firing.maintenance {
        return Some(Hold {
            held: Held::Maintenance,
            until: Some(window.to),
            by: Some(window.id.0),
            because: maintenance::words(&window.reason, window.to),
        });
    }
    if let Some(cause) = firing.cause {
        let again = now.saturating_add(inhibition::ASKED_AGAIN_AFTER).unwrap_or(Timestamp::MAX);
        return Some(Hold {
            held: Held::Inhibited,
            until: Some(again),
            by: Some(cause.id.0),
            because: format!("inhibited by the alert \"{}\", which is its cause", cause.summary),
        });
    }
    if let Some(waits) = guard::guarded(firing.guard, firing.record, now) {
        return Some(simply(Held::Guard, waits.until, waits.because));
    }
    if let Some(waits) = guard::paused(firing.pause, firing.record, now) {
        return Some(simply(Held::Pause, waits.until, waits.because));
    }
    if firing.shadow && !firing.is_worst_time {
        let because = "shadow mode: recorded who would have been paged".to_owned();
        return Some(simply(Held::Shadow, None, because));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::MaintenanceId;
    use crate::incident::severity::Level;

    fn t0() -> Timestamp {
        "2026-11-21T03:00:00Z".parse().unwrap()
    }

    fn firing() -> Firing<'static> {
        Firing {
            outcome: Outcome::Severity(Level::WORST),
            maintenance: None,
            cause: None,
            guard: None,
            pause: None,
            shadow: false,
            is_worst_time: false,
            record: Record { first_at: t0(), firings: &[] },
        }
    }

    #[test]
    fn an_alert_that_nothing_holds_pages() {
        assert_eq!(hold(&firing(), t0()), None);
    }

    #[test]
    fn maintenance_comes_before_everything_but_information() {
        let hour = SignedDuration::from_hours(1);
        let window = Maintenance {
            id: MaintenanceId::new(t0(), [0; 10]),
            reason: "new disks".to_owned(),
            services: vec![],
            when: None,
            from: t0(),
            to: t0() + hour,
        };
        let all = Firing {
            maintenance: Some(&window),
            guard: Some(Guard::FiringFor(hour)),
            pause: Some(hour),
            shadow: true,
            ..firing()
        };
        let held = hold(&all, t0()).unwrap();
        assert_eq!(
            (held.held, held.until, held.by),
            (Held::Maintenance, Some(t0() + hour), Some(window.id.0))
        );
        assert_eq!(
            held.because,
            "suppressed by maintenance \"new disks\" until 2026-11-21T04:00:00Z"
        );
        let known = Firing { outcome: Outcome::Informational, ..all };
        assert_eq!(hold(&known, t0()).unwrap().held, Held::Informational);
        // An hour later its guard and its pause have passed too.
        let over = Firing { maintenance: None, ..all };
        assert_eq!(hold(&over, t0() + hour).unwrap().held, Held::Shadow);
    }

    #[test]
    fn what_is_tried_out_pages_while_the_worst_is_going_on() {
        let shadow = Firing { shadow: true, ..firing() };
        assert_eq!(hold(&shadow, t0()).unwrap().held, Held::Shadow);
        assert_eq!(hold(&Firing { is_worst_time: true, ..shadow }, t0()), None);
    }
}
