//! Passing the gates of an incident (`J4`): testers validate, the lead signs off, each may be waived
//! with a reason and taken back while the incident is open.

use jiff::Timestamp;

use super::{Decision, Status, Surroundings, WrongMove};
use crate::incident::field;
use crate::incident::gate::{Closed, Gate, Passed, closed};
use crate::incident::timeline::{Actor, Entry, Kind};

/// What people ask about gates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// It is so: validated, signed off.
    Pass {
        /// Which.
        gate: Gate,
    },
    /// It need not be so.
    Waive {
        /// Which.
        gate: Gate,
        /// Why.
        reason: String,
    },
    /// It is not so after all.
    TakeBack {
        /// Which.
        gate: Gate,
    },
}

impl Decision {
    /// Whether anything changed.
    pub(super) fn ask_about_gate(
        &mut self,
        ask: Ask,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<bool, WrongMove> {
        self.require_open()?;
        let (gate, waived) = match ask {
            Ask::TakeBack { gate } => {
                let changed = self.incident.gates.take_back(gate);
                if changed {
                    let text = match gate {
                        Gate::Validated => "It is not validated after all",
                        Gate::SignedOff => "It is not signed off after all",
                    };
                    let entry = Entry::new(now, Kind::GateClosed, actor.clone(), text);
                    self.note(entry.with("gate", gate.name()));
                }
                return Ok(changed);
            }
            Ask::Pass { gate } => (gate, None),
            Ask::Waive { reason, .. } if reason.trim().is_empty() => return Err(WrongMove::Empty),
            Ask::Waive { gate, reason } => (gate, Some(reason)),
        };
        let number = self.incident.number;
        if self.incident.status < Status::Restored && waived.is_none() {
            return Err(WrongMove::NotRestored { number, status: self.incident.status.name() });
        }
        let passed = Passed {
            gate,
            user: actor.user(),
            name: actor.name().to_owned(),
            at: now,
            waived: waived.clone(),
        };
        if !self.incident.gates.pass(passed) {
            return Ok(false);
        }
        let text = match (gate, &waived) {
            (Gate::Validated, None) => "Validated: it is well again".to_owned(),
            (Gate::SignedOff, None) => "Signed off: it is over".to_owned(),
            (Gate::Validated, Some(why)) => format!("Waived the testers' validation: {why}"),
            (Gate::SignedOff, Some(why)) => format!("Waived the lead's sign-off: {why}"),
        };
        let kind = if waived.is_some() { Kind::GateWaived } else { Kind::GatePassed };
        self.note(Entry::new(now, kind, actor.clone(), text).with("gate", gate.name()));
        self.worked(actor, around, now);
        Ok(true)
    }

    /// Nothing is over while a gate is closed.
    ///
    /// # Errors
    /// Says what is missing.
    pub(super) fn require_gates(&self, around: &Surroundings<'_>) -> Result<(), WrongMove> {
        let closed = closed(around.directory, &self.incident);
        if closed.is_empty() {
            return Ok(());
        }
        let missing = closed.iter().map(|one| in_words(one, around)).collect::<Vec<_>>();
        Err(WrongMove::GatesClosed { number: self.incident.number, missing: missing.join(" and ") })
    }

    /// An incident moves on only with the custom fields that are required by then (`T2`).
    ///
    /// # Errors
    /// Says which are missing.
    pub(super) fn require_fields(
        &self,
        status: Status,
        around: &Surroundings<'_>,
    ) -> Result<(), WrongMove> {
        let missing: Vec<_> = field::lacking(&around.directory.fields, around.filled(), status)
            .map(|field| format!("`{}`", field.name))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(WrongMove::FieldsMissing {
            number: self.incident.number,
            status: status.name(),
            is_are: if missing.len() == 1 { "is" } else { "are" },
            missing: missing.join(" and "),
        })
    }
}

/// `ana has not validated it`.
fn in_words(closed: &Closed, around: &Surroundings<'_>) -> String {
    let who: Vec<_> = closed.missing.iter().map(|user| around.person(*user)).collect();
    let who = match who[..] {
        [] => "nobody has".to_owned(),
        [ref one] => format!("{one} has not"),
        _ => format!("{} have not", who.join(", ")),
    };
    match closed.gate {
        Gate::Validated => format!("{who} validated it"),
        Gate::SignedOff => format!("{who} signed it off"),
    }
}
