//! How incidents end, and begin again: resolving, closing, reopening, and giving way to another one.

use jiff::Timestamp;

use super::{Decision, Effect, How, Incident, Status, Surroundings, WrongMove};
use crate::id::IncidentId;
use crate::incident::timeline::{Actor, Entry, Kind};
use crate::oncall::escalation;

impl Decision {
    pub(super) fn resolve(
        &mut self,
        note: Option<String>,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<(), WrongMove> {
        self.require_open()?;
        self.require_no_open_children()?;
        self.require_gates(around)?;
        self.require_fields(Status::Resolved, around)?;
        self.worked(actor, around, now);
        let text = note.map_or_else(|| "Resolved".to_owned(), |note| format!("Resolved: {note}"));
        self.finish(How::Resolved, format!("resolved by {}", actor.name()), &text, around, now);
        let mut entries = self.entries.iter_mut();
        if let Some(entry) = entries.rfind(|entry| entry.kind == Kind::Resolved) {
            entry.actor = actor.clone();
        }
        self.effects.push(Effect::ResolveAlerts);
        self.incident.open_alert_count = 0;
        Ok(())
    }

    pub(super) fn close(
        &mut self,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<(), WrongMove> {
        match self.incident.status {
            Status::Closed => Ok(()),
            Status::Resolved => {
                self.require_no_open_children()?;
                self.require_fields(Status::Closed, around)?;
                self.move_to(Status::Closed, actor, now);
                Ok(())
            }
            status => Err(WrongMove::StillOpen {
                number: self.incident.number,
                status: status.name(),
                wanted: "closed",
            }),
        }
    }

    pub(super) fn reopen(
        &mut self,
        reason: Option<String>,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<(), WrongMove> {
        let Incident { number, status, .. } = self.incident;
        if status.is_open() {
            let status = status.name();
            return Err(WrongMove::StillOpen { number, status, wanted: "reopened" });
        }
        self.incident.status = Status::Triggered;
        self.incident.assignee = None;
        self.incident.reopened_count += 1;
        self.incident.gates.clear();
        self.incident.stamps.restored_at = None;
        self.incident.stamps.resolved_at = None;
        self.incident.stamps.closed_at = None;
        let text = reason.map_or_else(|| "Reopened".to_owned(), |why| format!("Reopened: {why}"));
        self.note(Entry::new(now, Kind::Reopened, actor.clone(), text).with("from", status.name()));
        self.restart(around, now);
        self.restart_clocks(around, now);
        self.start_process(actor, around, now);
        self.restart_updates(around, now);
        self.await_news(around, now);
        Ok(())
    }

    pub(super) fn merge(
        &mut self,
        into: IncidentId,
        into_number: i64,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<(), WrongMove> {
        self.require_open()?;
        if into == self.incident.id {
            return Err(WrongMove::IntoItself { number: self.incident.number });
        }
        self.incident.merged_into = Some(into);
        self.incident.status = Status::Resolved;
        self.incident.stamps.mark(Status::Resolved, now);
        self.incident.open_alert_count = 0;
        self.note(
            Entry::new(
                now,
                Kind::Merged,
                actor.clone(),
                format!("Merged into incident {into_number}"),
            )
            .with("into", into_number),
        );
        self.escalate(around, escalation::Event::Finished, now);
        self.supersede_all(How::Resolved, format!("merged into incident {into_number}"), now);
        self.clocks_follow(around, now);
        self.release_all(actor, around, now);
        self.incident.roles.stop();
        self.incident.updates.stop();
        self.effects.push(Effect::MoveAlerts(into));
        Ok(())
    }
}
