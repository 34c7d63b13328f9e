//! What happens to an incident without anybody asking: alerts open it, join it and recover; timers
//! fire; a step's pages all fail.

use jiff::Timestamp;

use super::{Decision, Effect, How, Incident, Status, Surroundings};
use crate::incident::timeline::{Actor, Entry, Kind};
use crate::oncall::{escalation, page};

/// A new incident begins. The incident comes with its escalation idle and its first alerts counted.
pub fn open(
    incident: Incident,
    declared: bool,
    actor: &Actor,
    around: &Surroundings<'_>,
    now: Timestamp,
) -> Decision {
    let (kind, verb) =
        if declared { (Kind::Declared, "Declared") } else { (Kind::Opened, "Opened by an alert") };
    let mut decision = begin(incident, kind, verb, actor, around, now);
    if around.severity.pages() {
        decision.escalate(around, escalation::Event::Started, now);
    }
    let detected = decision.incident.stamps.detected_at;
    decision.say_how_late(detected, now);
    decision.start_clocks(around, detected.unwrap_or(now), now);
    decision.start_process(actor, around, now);
    decision
}

fn begin(
    incident: Incident,
    kind: Kind,
    verb: &str,
    actor: &Actor,
    around: &Surroundings<'_>,
    now: Timestamp,
) -> Decision {
    let mut decision = Decision::of(incident);
    let level = decision.incident.severity.number();
    let text = format!("{verb} as severity {level} ({})", around.severity.name);
    decision.note(
        Entry::new(now, kind, actor.clone(), text)
            .with("severity", level)
            .with("title", decision.incident.title.clone()),
    );
    if kind == Kind::Declared {
        decision.incident.roles.declared_by = actor.user();
    }
    decision.begin_restricted(actor, around, now);
    decision.incident.version += 1;
    decision
}

/// A new incident begins that asks nobody by itself: somebody is paged by name instead.
pub fn open_quietly(
    incident: Incident,
    actor: &Actor,
    around: &Surroundings<'_>,
    now: Timestamp,
) -> Decision {
    begin(incident, Kind::Declared, "Declared", actor, around, now)
}

/// Alerts joined or recovered. `joined` and `recovered` are counts of alerts. Where somebody holds an
/// incident role or a child effort is open, the incident waits instead of resolving by itself.
pub fn alerts_changed(
    incident: &Incident,
    joined: i64,
    recovered: i64,
    actor: &Actor,
    around: &Surroundings<'_>,
    now: Timestamp,
) -> Decision {
    let mut decision = Decision::of(incident.clone());
    let after = &mut decision.incident;
    after.alert_count += joined;
    after.open_alert_count = (after.open_alert_count + joined - recovered).max(0);
    let (total, open) = (after.alert_count, after.open_alert_count);
    if joined > 0 {
        let text = match joined {
            1 => format!("An alert joined; {total} in all"),
            many => format!("{many} alerts joined; {total} in all"),
        };
        decision.note(
            Entry::new(now, Kind::AlertJoined, actor.clone(), text)
                .with("joined", joined)
                .with("alert_count", total),
        );
    }
    if recovered > 0 {
        let text = match (recovered, open) {
            (1, 0) => "The last alert recovered".to_owned(),
            (many, 0) => format!("The last {many} alerts recovered"),
            (1, open) => format!("An alert recovered; {open} still open"),
            (many, open) => format!("{many} alerts recovered; {open} still open"),
        };
        decision.note(
            Entry::new(now, Kind::AlertResolved, actor.clone(), text)
                .with("recovered", recovered)
                .with("open_alert_count", open),
        );
    }
    if recovered > 0 && open == 0 && decision.incident.status.is_open() {
        let by = "every alert recovered".to_owned();
        if decision.incident.roles.is_held() || decision.incident.open_children > 0 {
            decision.restored_by_itself(around, now);
        } else {
            decision.finish(
                How::Resolved,
                by,
                "Resolved by itself: every alert recovered",
                around,
                now,
            );
        }
    }
    decision.incident.version += 1;
    decision
}

/// The incident's timer fired: the escalation and every clock that is due goes on. A second set that
/// takes over goes first, for it withdraws whatever was asked: nobody is asked and let off at once,
/// and nothing is asked in the name of the policy that it relieves.
pub fn timer_fired(incident: &Incident, around: &Surroundings<'_>, now: Timestamp) -> Decision {
    let mut decision = Decision::of(incident.clone());
    let is_due = |at: &Timestamp| *at <= now;
    if incident.next_at().filter(is_due).is_none() {
        return decision;
    }
    let due = incident.escalation.next_at().filter(is_due);
    if due.is_some() {
        decision.pause_ended(now);
    }
    decision.check_in_fired(around, now);
    let theirs = decision.second_set_fired(around, now);
    let began_anew = theirs.as_ref().is_some_and(|theirs| theirs.severity.pages());
    let around = theirs.as_ref().unwrap_or(around);
    if due.is_some() && !began_anew {
        decision.escalation_fired(around, now);
        decision.say_how_late(due, now);
    }
    decision.clocks_fired(around, now);
    decision.roles_fired(around, now);
    decision.updates_fired(around, now);
    decision.silence_fired(around, now);
    decision.incident.version += 1;
    decision
}

impl Decision {
    /// An acknowledgement has run out, or a snooze is over.
    fn pause_ended(&mut self, now: Timestamp) {
        match self.incident.escalation {
            escalation::State::Acknowledged { .. } => {
                self.incident.status = Status::Triggered;
                self.incident.assignee = None;
                self.note(Entry::new(
                    now,
                    Kind::Unacknowledged,
                    Actor::System,
                    "The acknowledgement was not confirmed in time; the chain starts again",
                ));
            }
            escalation::State::Snoozed { .. } => {
                self.note(Entry::new(now, Kind::Unsnoozed, Actor::System, "The snooze is over"));
            }
            _ => {}
        }
    }

    /// The instant that the escalation waited for has come.
    fn escalation_fired(&mut self, around: &Surroundings<'_>, now: Timestamp) {
        let was = self.incident.escalation;
        let event = match was {
            escalation::State::Waiting { next_step, round, .. }
            | escalation::State::Acknowledged { next_step, round, .. } => {
                escalation::Event::TimedOut { next_step, round }
            }
            _ => escalation::Event::TimedOut { next_step: 0, round: 0 },
        };
        // Where the severity has come to ask nobody, a snooze or an acknowledgement ends in quiet.
        let ends_a_pause = matches!(
            was,
            escalation::State::Acknowledged { .. } | escalation::State::Snoozed { .. }
        );
        if ends_a_pause && !around.severity.pages() {
            self.escalate(around, escalation::Event::Quieted, now);
        } else {
            self.escalate(around, event, now);
        }
    }
}

/// Every page of a step was declined or exhausted.
pub fn step_failed(
    incident: &Incident,
    step: u32,
    round: u32,
    around: &Surroundings<'_>,
    now: Timestamp,
) -> Decision {
    let mut decision = Decision::of(incident.clone());
    let event = escalation::Event::StepFailed {
        step: step.saturating_sub(1),
        round: round.saturating_sub(1),
    };
    let before = (decision.incident.escalation, decision.effects.len());
    decision.escalate(around, event, now);
    if (decision.incident.escalation, decision.effects.len()) != before {
        let text = format!("Nobody of step {step} could be reached or took it");
        decision.effects.push(Effect::Alarm(text.clone()));
        decision.entries.insert(0, Entry::new(now, Kind::PageFailed, Actor::System, text));
        let why = format!("nobody of step {step} could be reached or took it");
        decision.engage_manager(around, &why, now);
        decision.incident.version += 1;
    }
    decision
}

/// The alerts of an incident that was merged into this one come over.
pub fn absorb(
    incident: &Incident,
    from_number: i64,
    alerts: i64,
    open_alerts: i64,
    actor: &Actor,
    now: Timestamp,
) -> Decision {
    let mut decision = Decision::of(incident.clone());
    decision.incident.alert_count += alerts;
    decision.incident.open_alert_count += open_alerts;
    decision.incident.version += 1;
    let text = format!("Took over incident {from_number} with {alerts} alerts");
    decision.note(
        Entry::new(now, Kind::Merged, actor.clone(), text)
            .with("from", from_number)
            .with("alerts", alerts),
    );
    decision
}

impl Decision {
    /// Pages and steps that begin long after their time say so.
    pub(super) fn say_how_late(&mut self, due: Option<Timestamp>, now: Timestamp) {
        let Some(late) = due.and_then(|due| page::late(due, now)) else { return };
        for effect in &mut self.effects {
            if let Effect::Page { reason, .. } = effect {
                *reason = format!("{reason}, {late}");
            }
        }
        for entry in &mut self.entries {
            if matches!(entry.kind, Kind::StepEntered | Kind::Paged) {
                entry.text = format!("{}, {late}", entry.text);
            }
        }
    }

    pub(super) fn finish(
        &mut self,
        how: How,
        by: String,
        text: &str,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) {
        let from = self.incident.status;
        self.incident.status = Status::Resolved;
        self.incident.stamps.mark(Status::Restored, now);
        self.incident.stamps.mark(Status::Resolved, now);
        self.note(Entry::new(now, Kind::Resolved, Actor::System, text).with("from", from.name()));
        self.escalate(around, escalation::Event::Finished, now);
        self.supersede_all(how, by, now);
        self.clocks_follow(around, now);
        self.release_all(&Actor::System, around, now);
        self.incident.roles.stop();
        self.incident.updates.stop();
    }
}
