//! Correcting when things happened (`T5`): when the trouble occurred, was detected, when the first
//! person was there, when customers were well and when it was over. Each needs a reason; the timeline
//! keeps what was there before, and whatever counts from these instants follows by itself.

use jiff::Timestamp;

use super::{Decision, Incident, Stamps};
use crate::incident::timeline::{Actor, Entry, Kind};

/// Which instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Which {
    /// When the trouble began.
    Occurred,
    /// When it was noticed.
    Detected,
    /// When the first person was there.
    Engaged,
    /// When customers were well again.
    Restored,
    /// When it was over.
    Resolved,
}

names!(Which {
    Occurred = "occurred",
    Detected = "detected",
    Engaged = "engaged",
    Restored = "restored",
    Resolved = "resolved",
});

/// Why an instant is not corrected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongTime {
    /// It has not come.
    #[error("lies in the future")]
    Future,
    /// What comes first would come later.
    #[error("would put `{earlier}` after `{later}`; correct the other one first")]
    Disorder {
        /// What comes first.
        earlier: &'static str,
        /// What follows.
        later: &'static str,
    },
    /// It has not come to that.
    #[error("the incident is not {which} yet; move it there first")]
    NotYet {
        /// What.
        which: &'static str,
    },
    /// Nobody knows why.
    #[error("is empty: say why")]
    NoReason,
}

impl Stamps {
    /// One of the instants that people correct.
    pub fn of(&self, which: Which) -> Option<Timestamp> {
        match which {
            Which::Occurred => self.occurred_at,
            Which::Detected => self.detected_at,
            Which::Engaged => self.engaged_at,
            Which::Restored => self.restored_at,
            Which::Resolved => self.resolved_at,
        }
    }

    fn place(&mut self, which: Which) -> &mut Option<Timestamp> {
        match which {
            Which::Occurred => &mut self.occurred_at,
            Which::Detected => &mut self.detected_at,
            Which::Engaged => &mut self.engaged_at,
            Which::Restored => &mut self.restored_at,
            Which::Resolved => &mut self.resolved_at,
        }
    }
}

/// Decides what correcting one or more instants does. All of them are set before their order is
/// looked at, so that what was wrong together is put right together.
///
/// # Errors
/// When one may not lie there, with which; nothing has changed then.
pub fn correct_times(
    incident: &Incident,
    times: &[(Which, Timestamp)],
    reason: &str,
    actor: &Actor,
    now: Timestamp,
) -> Result<Decision, (Which, WrongTime)> {
    let mut decision = Decision::of(incident.clone());
    let before = incident.stamps;
    for (which, at) in times.iter().copied() {
        if reason.trim().is_empty() {
            return Err((which, WrongTime::NoReason));
        }
        if at > now {
            return Err((which, WrongTime::Future));
        }
        // Whoever resolves has restored, and somebody may have been there before Muster knew.
        let has_come = match which {
            Which::Occurred | Which::Detected | Which::Engaged => true,
            Which::Restored => before.restored_at.or(before.resolved_at).is_some(),
            Which::Resolved => before.resolved_at.is_some(),
        };
        if !has_come {
            return Err((which, WrongTime::NotYet { which: which.name() }));
        }
        *decision.incident.stamps.place(which) = Some(at);
    }
    for (which, _) in times.iter().copied() {
        in_order(&decision.incident.stamps, which)?;
    }
    for (which, at) in times.iter().copied() {
        let was = before.of(which);
        if was == Some(at) {
            continue;
        }
        let from = was.map_or_else(|| "unknown".to_owned(), |was| was.to_string());
        let reason = reason.trim();
        let text = format!("Corrected when it {} from {from} to {at}: {reason}", in_words(which));
        let mut entry = Entry::new(now, Kind::TimeCorrected, actor.clone(), text)
            .with("which", which.name())
            .with("to", at.to_string())
            .with("reason", reason);
        if let Some(was) = was {
            entry = entry.with("from", was.to_string());
        }
        decision.note(entry);
    }
    if decision.incident.stamps != before {
        decision.incident.version += 1;
    }
    Ok(decision)
}

fn in_order(stamps: &Stamps, which: Which) -> Result<(), (Which, WrongTime)> {
    let known = Which::NAMES.iter().filter_map(|(one, name)| Some((name, stamps.of(*one)?)));
    let known: Vec<_> = known.collect();
    for pair in known.windows(2) {
        if let [(earlier, first), (later, second)] = pair
            && first > second
        {
            return Err((which, WrongTime::Disorder { earlier, later }));
        }
    }
    Ok(())
}

fn in_words(which: Which) -> &'static str {
    match which {
        Which::Occurred => "occurred",
        Which::Detected => "was detected",
        Which::Engaged => "was engaged",
        Which::Restored => "was restored",
        Which::Resolved => "was resolved",
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use uuid::Uuid;

    use super::*;
    use crate::id::UserId;

    fn at(minutes: i64) -> Timestamp {
        "2026-11-21T03:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
    }

    fn over() -> Incident {
        let stamps = Stamps {
            occurred_at: Some(at(0)),
            detected_at: Some(at(5)),
            engaged_at: Some(at(8)),
            resolved_at: Some(at(40)),
            ..Stamps::default()
        };
        Incident { stamps, ..super::super::tests::incident() }
    }

    fn correct(times: &[(Which, Timestamp)]) -> Result<Decision, (Which, WrongTime)> {
        let ana = Actor::User { id: UserId(Uuid::from_u128(1)), name: "ana".into() };
        correct_times(&over(), times, "the clock was wrong", &ana, at(60))
    }

    #[test]
    fn a_corrected_time_keeps_the_original_in_the_timeline() {
        let decision = correct(&[(Which::Occurred, at(-30))]).unwrap();
        assert_eq!(decision.incident.stamps.occurred_at, Some(at(-30)));
        assert_eq!(decision.incident.version, over().version + 1);
        let entry = &decision.entries[0];
        assert_eq!(
            entry.text,
            "Corrected when it occurred from 2026-11-21T03:00:00Z to 2026-11-21T02:30:00Z: \
             the clock was wrong"
        );
        assert_eq!(entry.data["from"], "2026-11-21T03:00:00Z");
    }

    #[test]
    fn the_order_holds_to_the_instant_also_over_what_is_not_known() {
        assert!(correct(&[(Which::Occurred, at(5))]).is_ok());
        let second = SignedDuration::from_secs(1);
        let disorder = |earlier, later| WrongTime::Disorder { earlier, later };
        let refused = correct(&[(Which::Occurred, at(5) + second)]);
        assert_eq!(refused, Err((Which::Occurred, disorder("occurred", "detected"))));
        let refused = correct(&[(Which::Resolved, at(8) - second)]);
        assert_eq!(refused, Err((Which::Resolved, disorder("engaged", "resolved"))));
        let together = correct(&[(Which::Occurred, at(20)), (Which::Detected, at(21))]);
        assert_eq!(together, Err((Which::Occurred, disorder("detected", "engaged"))));
        let all = [(Which::Occurred, at(6)), (Which::Detected, at(7))];
        assert_eq!(correct(&all).unwrap().entries.len(), 2);
    }

    #[test]
    fn nothing_has_happened_in_the_future_or_before_its_time_came() {
        let second = SignedDuration::from_secs(1);
        assert!(correct(&[(Which::Resolved, at(60))]).is_ok());
        let refused = correct(&[(Which::Resolved, at(60) + second)]);
        assert_eq!(refused, Err((Which::Resolved, WrongTime::Future)));
        assert!(correct(&[(Which::Restored, at(30))]).is_ok());
        let open = Incident { stamps: Stamps::default(), ..over() };
        for which in [Which::Restored, Which::Resolved] {
            let refused = correct_times(&open, &[(which, at(1))], "x", &Actor::System, at(60));
            assert_eq!(refused, Err((which, WrongTime::NotYet { which: which.name() })));
        }
        let refused = correct_times(&open, &[(Which::Occurred, at(1))], " ", &Actor::System, at(9));
        assert_eq!(refused, Err((Which::Occurred, WrongTime::NoReason)));
    }

    #[test]
    fn what_was_right_is_no_news() {
        let decision = correct(&[(Which::Detected, at(5))]).unwrap();
        assert_eq!((decision.entries.len(), decision.incident), (0, over()));
    }
}
