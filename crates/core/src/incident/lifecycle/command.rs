//! What people ask of an incident. A wrong move is refused with a reason and changes nothing;
//! asking for what is already so is not an error.

use jiff::{SignedDuration, Timestamp};

use super::{
    Decision, Effect, How, Incident, SNOOZE_MAX, Status, Superseded, Surroundings, WrongMove,
    bridge, checklist, gate, publish, role, roster, sight,
};
use crate::id::{IncidentId, NotificationListId, PageId, TeamId, UserId};
use crate::incident::clocks::{engage, rotation, silence};
use crate::incident::impact;
use crate::incident::severity::Level;
use crate::incident::timeline::{Actor, Entry, Kind};
use crate::oncall::escalation;
use crate::oncall::help::Want;

/// What a person asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// "I have it" (`I4`).
    Acknowledge,
    /// Give it back; the chain starts again.
    Unacknowledge,
    /// Ask the next step now (`O7`).
    Escalate,
    /// Quiet until then.
    Snooze {
        /// At most [`SNOOZE_MAX`] ahead.
        until: Timestamp,
    },
    /// Quiet no longer.
    Unsnooze,
    /// Look for the cause.
    Research,
    /// The cause is known.
    Identify {
        /// In words.
        cause: Option<String>,
        /// With whom it lies; their manager is asked (`O15`).
        team: Option<TeamId>,
    },
    /// Ask for help, in one word (`O7`).
    Help {
        /// What kind.
        want: Want,
        /// Whom it means; never empty.
        users: Vec<UserId>,
        /// In words.
        message: Option<String>,
    },
    /// Customers are well again.
    Restore,
    /// Tested and signed off.
    Resolve {
        /// In words.
        note: Option<String>,
    },
    /// Reviewed.
    Close,
    /// Open again (`T6`).
    Reopen {
        /// In words.
        reason: Option<String>,
    },
    /// Another incident takes its place.
    Merge {
        /// The incident that stays.
        into: IncidentId,
        /// Its number.
        into_number: i64,
    },
    /// It is better or worse than thought (`I8`).
    ChangeSeverity {
        /// The new level.
        level: Level,
        /// In words.
        reason: Option<String>,
    },
    /// Somebody else is responsible.
    Assign {
        /// Who.
        user: UserId,
    },
    /// Ask these people too, outside of the policy.
    PagePeople {
        /// Whom; never empty.
        users: Vec<UserId>,
        /// In words.
        message: Option<String>,
    },
    /// Engage everybody of a group (`E1`).
    Engage {
        /// What the group is called.
        group: String,
        /// Whom it stands for now; never empty.
        users: Vec<UserId>,
        /// In words.
        message: Option<String>,
    },
    /// The paged person cannot take it.
    Decline {
        /// The page.
        page: PageId,
        /// Whether the person was the last one asked by the step.
        last_of_step: Option<(u32, u32)>,
    },
    /// "I am here": joins the incident (`I5`).
    CheckIn {
        /// Who.
        user: UserId,
        /// For which team (`J1`); the usual one where nobody says.
        team: Option<TeamId>,
    },
    /// Say for which team somebody is there, how their services are, and let them go (`J1` to `J3`).
    Roster(roster::Ask),
    /// Open, move or close the bridge (`J6`).
    Bridge(bridge::Ask),
    /// Tell a notification list on purpose (`E5`).
    TellList {
        /// Which.
        list: NotificationListId,
        /// What.
        text: String,
    },
    /// Say when it may be over (`E3`).
    Estimate {
        /// When; `None` if nobody can tell.
        over_at: Option<Timestamp>,
    },
    /// Offer to help (`E6`).
    Volunteer {
        /// Who.
        user: UserId,
    },
    /// Ask a helper to do one thing (`E6`).
    Direct {
        /// Who.
        user: UserId,
        /// What; `None` takes it back.
        task: Option<String>,
    },
    /// Let a helper go, with thanks (`E6`).
    Release {
        /// Who.
        user: UserId,
        /// What is said besides.
        note: Option<String>,
    },
    /// Take the release of a helper back (`E6`).
    Recall {
        /// Who.
        user: UserId,
    },
    /// Say what its impact is (`I6`, `I9`).
    Impact(impact::Ask),
    /// Take, give, leave or hand over a role (`R1`, `R5`).
    Role(role::Ask),
    /// Tell an audience, or look at what it is to be told (`U1`).
    Update(publish::Ask),
    /// Tick an item of a checklist, or take the tick back (`C1`).
    Checklist(checklist::Ask),
    /// Pass, waive or close a gate (`J4`).
    Gate(gate::Ask),
    /// Say who sees it (`T4`).
    Sight(sight::Ask),
    /// Write something down.
    Note {
        /// In words.
        text: String,
    },
}

/// Decides what a command does. The caller has already asked [`crate::org::access::may`], and for a
/// change of severity the surroundings are those of the new level.
///
/// # Errors
/// When the incident's status does not allow it; nothing has changed then.
pub fn handle(
    incident: &Incident,
    command: Command,
    actor: &Actor,
    around: &Surroundings<'_>,
    now: Timestamp,
) -> Result<Decision, WrongMove> {
    let mut decision = Decision::of(incident.clone());
    if incident.merged_into.is_some()
        && !matches!(command, Command::Note { .. } | Command::Sight(_))
    {
        return Err(WrongMove::WasMerged { number: incident.number });
    }
    let changed = decision.obey(command, actor, around, now)?;
    if changed {
        decision.incident.version += 1;
    }
    Ok(decision)
}

impl Decision {
    /// Whether anything but the timeline changed.
    fn obey(
        &mut self,
        command: Command,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<bool, WrongMove> {
        match command {
            Command::Acknowledge => self.acknowledge(actor, around, now)?,
            Command::Unacknowledge => self.unacknowledge(actor, around, now)?,
            Command::Escalate => self.ask_next_step(actor, around, now)?,
            Command::Snooze { until } => self.snooze(until, actor, around, now)?,
            Command::Unsnooze => self.unsnooze(actor, around, now)?,
            Command::Research => {
                self.progress(Status::Researching, None, None, actor, around, now)?
            }
            Command::Identify { cause, team } => {
                self.progress(Status::Identified, cause, team, actor, around, now)?;
            }
            Command::Help { want, users, message } => {
                self.ask_for_help(want, &users, message.as_deref(), actor, around, now)?;
            }
            Command::Restore => self.progress(Status::Restored, None, None, actor, around, now)?,
            Command::Resolve { note } => self.resolve(note, actor, around, now)?,
            Command::Close => self.close(actor, around, now)?,
            Command::Reopen { reason } => self.reopen(reason, actor, around, now)?,
            Command::Merge { into, into_number } => {
                self.merge(into, into_number, actor, around, now)?;
            }
            Command::ChangeSeverity { level, reason } => {
                self.change_severity(level, reason, actor, around, now)?;
            }
            Command::Assign { user } => self.assign(user, actor, around, now)?,
            Command::PagePeople { users, message } => {
                self.page_people(users, message, actor, around, now)?;
            }
            Command::Engage { group, users, message } => {
                self.engage_group(&group, users, message.as_deref(), actor, around, now)?;
            }
            Command::Decline { page, last_of_step } => {
                self.decline(page, last_of_step, actor, around, now);
            }
            Command::CheckIn { user, team } => {
                self.require_open()?;
                return self.check_in_for(user, team, actor, around, now);
            }
            Command::Roster(ask) => return self.ask_about_roster(ask, actor, around, now),
            Command::Bridge(ask) => return self.ask_about_bridge(ask, actor, around, now),
            Command::TellList { list, text } => {
                return self.tell_list(list, text, actor, around, now);
            }
            Command::Estimate { over_at } => return self.estimate(over_at, actor, around, now),
            Command::Volunteer { user } => return self.volunteer(user, actor, around, now),
            Command::Direct { user, task } => {
                return self.direct(user, task, actor, around, now);
            }
            Command::Release { user, note } => {
                self.release(user, note.as_deref(), actor, around, now)?;
            }
            Command::Recall { user } => self.recall(user, actor, around, now)?,
            Command::Impact(ask) => return self.tell_impact(ask, actor, around, now),
            Command::Checklist(ask) => return self.ask_about_checklist(ask, actor, around, now),
            Command::Role(ask) => return self.ask_about_role(ask, actor, around, now),
            Command::Update(ask) => self.ask_about_update(ask, actor, around, now)?,
            Command::Gate(ask) => return self.ask_about_gate(ask, actor, around, now),
            Command::Sight(ask) => return self.ask_about_sight(ask, actor, around, now),
            Command::Note { text } => {
                if text.trim().is_empty() {
                    return Err(WrongMove::Empty);
                }
                self.note(Entry::new(now, Kind::Note, actor.clone(), text));
                let before = self.incident.clocks.clone();
                self.worked(actor, around, now);
                return Ok(self.incident.clocks != before);
            }
        }
        Ok(true)
    }

    pub(super) fn require_open(&self) -> Result<(), WrongMove> {
        if self.incident.status.is_open() {
            return Ok(());
        }
        let Incident { number, status, .. } = self.incident;
        Err(WrongMove::NotOpen { number, status: status.name() })
    }

    fn acknowledge(
        &mut self,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<(), WrongMove> {
        self.require_open()?;
        if self.comes_for_a_role(actor, around, now) {
            return Ok(());
        }
        self.take(actor, around, now);
        Ok(())
    }

    /// Somebody has it.
    fn take(&mut self, actor: &Actor, around: &Surroundings<'_>, now: Timestamp) {
        let again = self.incident.status.is_answered();
        let expires_at = around
            .severity
            .acknowledgement_expires_after
            .and_then(|after| now.checked_add(after).ok());
        let missing = self.still_missing(actor.user());
        if let Some(user) = actor.user() {
            self.responds(user);
        }
        let mut text =
            if again { "Confirmed the acknowledgement" } else { "Acknowledged" }.to_owned();
        if !missing.is_empty() {
            let names: Vec<_> = missing.iter().map(|user| around.person(*user)).collect();
            text = format!("{text}; still asked: {}", names.join(", "));
        }
        self.note(Entry::new(now, Kind::Acknowledged, actor.clone(), text));
        if !again {
            self.incident.status = Status::Acknowledged;
            self.incident.stamps.mark(Status::Acknowledged, now);
        }
        if let Some(user) = actor.user() {
            self.fill_roles(user, around, now);
        }
        self.open_bridge(around, now);
        if !missing.is_empty() {
            // The step goes on asking the others, and its time goes on.
            self.incident.assignee = self.incident.assignee.or(actor.user());
            if let Some(user) = actor.user() {
                let by = format!("acknowledged by {}", actor.name());
                self.effects.push(Effect::SupersedeOf(user, Superseded { how: How::Acked, by }));
            }
            return;
        }
        self.incident.assignee = actor.user().or(self.incident.assignee);
        self.engage_but_roles(engage::Event::Taken { by: actor.user() }, now);
        self.escalate(around, escalation::Event::Acknowledged { expires_at }, now);
        self.supersede_all(How::Acked, format!("acknowledged by {}", actor.name()), now);
    }

    /// Whose acknowledgement a step that asks for everybody's still lacks, once `user` gave theirs.
    fn still_missing(&mut self, user: Option<UserId>) -> Vec<UserId> {
        let missing = &mut self.incident.clocks.missing;
        missing.retain(|one| Some(*one) != user);
        missing.clone()
    }

    fn unacknowledge(
        &mut self,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<(), WrongMove> {
        self.require_open()?;
        if !self.incident.status.is_answered() {
            return Err(WrongMove::NotAcknowledged { number: self.incident.number });
        }
        self.incident.status = Status::Triggered;
        self.incident.assignee = None;
        let text = "Withdrew the acknowledgement; the chain starts again";
        self.note(Entry::new(now, Kind::Unacknowledged, actor.clone(), text));
        self.restart(around, now);
        self.rotate(around, rotation::Event::Stopped, now);
        self.rotate(around, rotation::Event::Started, now);
        Ok(())
    }

    fn ask_next_step(
        &mut self,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<(), WrongMove> {
        self.require_open()?;
        self.note(Entry::new(now, Kind::Escalated, actor.clone(), "Asked for the next step"));
        self.escalate(around, escalation::Event::Escalated, now);
        self.worked(actor, around, now);
        if self.incident.status == Status::Acknowledged {
            self.incident.status = Status::Triggered;
            self.incident.assignee = None;
        }
        Ok(())
    }

    fn snooze(
        &mut self,
        until: Timestamp,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<(), WrongMove> {
        self.require_open()?;
        if until <= now || until.duration_since(now) > SNOOZE_MAX {
            return Err(WrongMove::SnoozeOutOfRange);
        }
        // To the nearest one: the moments between asking and deciding do not count.
        let minutes = (until.duration_since(now).as_secs() + 30).div_euclid(60);
        let text = format!("Snoozed for {minutes} minutes");
        self.note(
            Entry::new(now, Kind::Snoozed, actor.clone(), text).with("until", until.to_string()),
        );
        self.escalate(around, escalation::Event::Snoozed { until }, now);
        self.rotate(around, rotation::Event::Held { until }, now);
        self.silence(around, silence::Event::Held { until }, now);
        self.supersede_all(How::Withdrawn, format!("snoozed by {}", actor.name()), now);
        Ok(())
    }

    fn unsnooze(
        &mut self,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<(), WrongMove> {
        self.require_open()?;
        if !matches!(self.incident.escalation, escalation::State::Snoozed { .. }) {
            return Err(WrongMove::NotSnoozed { number: self.incident.number });
        }
        self.note(Entry::new(now, Kind::Unsnoozed, actor.clone(), "Ended the snooze"));
        self.restart(around, now);
        Ok(())
    }

    /// Moves forward along the states; whoever works on it has it, so the paging stops.
    fn progress(
        &mut self,
        status: Status,
        words: Option<String>,
        team: Option<TeamId>,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<(), WrongMove> {
        self.require_open()?;
        if self.incident.status < status {
            self.require_fields(status, around)?;
        }
        if !self.incident.status.is_answered() {
            self.take(actor, around, now);
        }
        self.move_to(status, actor, now);
        if status == Status::Researching {
            self.works_on_the_cause(actor, around, now);
        }
        if let (Some(words), Some(entry)) = (words, self.entries.last_mut()) {
            entry.text = format!("{}: {words}", entry.text);
            entry.data.insert("words".to_owned(), words.into());
        }
        if let Some(team) = team {
            self.cause_lies_with(team, around, now);
        }
        self.clocks_follow(around, now);
        self.worked(actor, around, now);
        Ok(())
    }

    fn change_severity(
        &mut self,
        level: Level,
        reason: Option<String>,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<(), WrongMove> {
        self.require_open()?;
        let from = self.incident.severity;
        if from == level {
            return Ok(());
        }
        self.incident.severity = level;
        let mut text = format!(
            "Changed severity from {} to {} ({})",
            from.number(),
            level.number(),
            around.severity.name
        );
        if let Some(reason) = reason {
            text = format!("{text}: {reason}");
        }
        self.note(
            Entry::new(now, Kind::SeverityChanged, actor.clone(), text)
                .with("from", from.number())
                .with("to", level.number()),
        );
        if !around.severity.pages() {
            self.escalate(around, escalation::Event::Quieted, now);
            let by = format!("severity lowered to {} by {}", level.number(), actor.name());
            self.supersede_all(How::Withdrawn, by, now);
        } else if !self.incident.status.is_answered() && level.at_least_as_bad_as(from) {
            // The process of the new level starts at once, with the people and rules it asks for.
            self.restart(around, now);
        }
        self.clocks_change(around, now);
        self.process_changes(actor, around, now);
        self.worked(actor, around, now);
        Ok(())
    }

    fn assign(
        &mut self,
        user: UserId,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<(), WrongMove> {
        self.require_open()?;
        self.incident.assignee = Some(user);
        self.responds(user);
        let name = around.person(user);
        self.note(
            Entry::new(now, Kind::Assigned, actor.clone(), format!("Assigned to {name}"))
                .with("user", name),
        );
        // Whoever has it now gets the full time.
        self.rotate(around, rotation::Event::Started, now);
        Ok(())
    }

    fn page_people(
        &mut self,
        users: Vec<UserId>,
        message: Option<String>,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<(), WrongMove> {
        self.require_open()?;
        if users.is_empty() {
            return Err(WrongMove::Empty);
        }
        let mut reason = format!("{} requests you", actor.name());
        if let Some(message) = message {
            reason = format!("{reason}: {message}");
        }
        for user in users {
            self.page(around, user, None, 1, &reason, now);
        }
        self.worked(actor, around, now);
        Ok(())
    }

    fn decline(
        &mut self,
        page: PageId,
        last_of_step: Option<(u32, u32)>,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) {
        self.note(Entry::new(now, Kind::PageDeclined, actor.clone(), "Cannot take it"));
        if let Some(user) = actor.user() {
            self.engage(engage::Event::Excused { user }, now);
            self.cannot_come(user, around, now);
            self.last_missing_declines(user, around, now);
        }
        let by = format!("declined by {}", actor.name());
        self.effects.push(Effect::Supersede(page, Superseded { how: How::Declined, by }));
        if let Some((step, round)) = last_of_step {
            let event = escalation::Event::StepFailed {
                step: step.saturating_sub(1),
                round: round.saturating_sub(1),
            };
            self.escalate(around, event, now);
        }
    }

    /// Where everybody of a step must acknowledge, whoever declines is not waited for: if all the
    /// others have it, that is enough.
    fn last_missing_declines(&mut self, user: UserId, around: &Surroundings<'_>, now: Timestamp) {
        let lacked = !self.incident.clocks.missing.is_empty();
        if lacked && self.still_missing(Some(user)).is_empty() && self.incident.status.is_answered()
        {
            let expires_at = around
                .severity
                .acknowledgement_expires_after
                .and_then(|after| now.checked_add(after).ok());
            self.escalate(around, escalation::Event::Acknowledged { expires_at }, now);
            self.supersede_all(How::Acked, "acknowledged by everybody else".to_owned(), now);
        }
    }

    /// Starts the chain from its first step, once the pages of before are out of the way.
    pub(super) fn restart(&mut self, around: &Surroundings<'_>, now: Timestamp) {
        self.supersede_all(How::Withdrawn, "the escalation started again".to_owned(), now);
        if around.severity.pages() {
            self.escalate(around, escalation::Event::Started, now);
        } else {
            self.incident.escalation = escalation::State::Idle;
        }
    }
}

/// The end of a snooze that lasts `length` from `now`.
///
/// # Errors
/// When it is not positive or beyond [`SNOOZE_MAX`].
pub fn snooze_until(length: SignedDuration, now: Timestamp) -> Result<Timestamp, WrongMove> {
    if length <= SignedDuration::ZERO || length > SNOOZE_MAX {
        return Err(WrongMove::SnoozeOutOfRange);
    }
    now.checked_add(length).map_err(|_| WrongMove::SnoozeOutOfRange)
}
