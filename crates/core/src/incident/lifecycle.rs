//! The life of an incident (`T1`): from triggered to closed, with every move stamped and attributed.
//! This file knows the lifecycle only; who is asked next is decided by
//! [`crate::oncall::escalation`], whose effects it passes on.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::id::{IncidentId, NotificationListId, PageId, PolicyId, ServiceId, TeamId, UserId};
use crate::incident::bridge::Bridge;
use crate::incident::checklist::Marks;
use crate::incident::clocks::{Clocks, engage};
use crate::incident::estimate::Estimate;
use crate::incident::family::Parentage;
use crate::incident::gate::Gates;
use crate::incident::helper::Helpers;
use crate::incident::impact::Impact;
use crate::incident::restriction::Restriction;
use crate::incident::role::assignment::Roles;
use crate::incident::severity::{Level, Urgency};
use crate::incident::timeline::{Actor, Entry, Kind};
use crate::incident::update::Updates;
use crate::oncall::escalation;

mod around;
pub mod bridge;
pub mod checklist;
mod clocks;
mod command;
mod ending;
pub mod family;
mod flow;
pub mod gate;
mod help;
pub mod notice;
pub mod publish;
pub mod role;
pub mod roster;
mod scope;
pub mod sight;
mod silence;
mod times;
mod volunteer;
mod writing;
mod wrong;

pub use around::{Surroundings, management_chain, managers};
pub use command::{Command, handle, snooze_until};
pub use flow::{absorb, alerts_changed, open, open_quietly, step_failed, timer_fired};
pub use silence::asked_for_news;
pub use times::{Which, WrongTime, correct_times};
pub use writing::write;
pub use wrong::WrongMove;

/// The longest snooze.
pub const SNOOZE_MAX: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The longest title, in characters.
pub const TITLE_CHARS_MAX: usize = 300;

/// Where an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Nobody has it yet.
    Triggered,
    /// Somebody has it.
    Acknowledged,
    /// The cause is being looked for.
    Researching,
    /// The cause is known.
    Identified,
    /// Customers are well again.
    Restored,
    /// Tested and signed off.
    Resolved,
    /// Reviewed.
    Closed,
}

names!(Status {
    Triggered = "triggered",
    Acknowledged = "acknowledged",
    Researching = "researching",
    Identified = "identified",
    Restored = "restored",
    Resolved = "resolved",
    Closed = "closed",
});

impl Status {
    /// Every status before `resolved` is open.
    pub fn is_open(self) -> bool {
        self < Self::Resolved
    }

    /// Whether somebody has taken it.
    pub fn is_answered(self) -> bool {
        self > Self::Triggered
    }
}

/// When an incident first reached each status. A reopened incident keeps its first stamps, except
/// those of its end, which are cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stamps {
    /// When the trouble began, by the first alert's account.
    pub occurred_at: Option<Timestamp>,
    /// When Muster heard of it.
    pub detected_at: Option<Timestamp>,
    /// When somebody first had it.
    pub acknowledged_at: Option<Timestamp>,
    /// When the first person was there: took it, or checked in.
    pub engaged_at: Option<Timestamp>,
    /// When the search for the cause began.
    pub researching_at: Option<Timestamp>,
    /// When the cause was known.
    pub identified_at: Option<Timestamp>,
    /// When customers were well again.
    pub restored_at: Option<Timestamp>,
    /// When it was tested and signed off.
    pub resolved_at: Option<Timestamp>,
    /// When it was reviewed.
    pub closed_at: Option<Timestamp>,
}

impl Stamps {
    fn mark(&mut self, status: Status, now: Timestamp) {
        let stamp = match status {
            Status::Triggered => return,
            Status::Acknowledged => {
                self.engaged_at.get_or_insert(now);
                &mut self.acknowledged_at
            }
            Status::Researching => &mut self.researching_at,
            Status::Identified => &mut self.identified_at,
            Status::Restored => &mut self.restored_at,
            Status::Resolved => &mut self.resolved_at,
            Status::Closed => &mut self.closed_at,
        };
        stamp.get_or_insert(now);
    }
}

/// An incident.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// For programs.
    pub id: IncidentId,
    /// For people to say.
    pub number: i64,
    /// One line.
    pub title: String,
    /// More than a line, if somebody wrote it.
    pub summary: Option<String>,
    /// What is affected.
    pub service: ServiceId,
    /// Whom it asks.
    pub policy: PolicyId,
    /// How bad it is.
    pub severity: Level,
    /// Where it stands.
    pub status: Status,
    /// Who has it.
    pub assignee: Option<UserId>,
    /// When it reached each status.
    pub stamps: Stamps,
    /// Who is asked next.
    pub escalation: escalation::State,
    /// What runs beside the escalation.
    pub clocks: Clocks,
    /// Who volunteered (`E6`).
    pub helpers: Helpers,
    /// How bad it is for whom, and what it costs (`I6`, `I9`).
    pub impact: Impact,
    /// What was said about its gates (`J4`).
    pub gates: Gates,
    /// Where people meet about it (`J6`).
    pub bridge: Option<Bridge>,
    /// When it may be over (`E3`).
    pub estimate: Option<Estimate>,
    /// What each audience has heard (`U1`).
    pub updates: Updates,
    /// Who leads, who writes, who tests (`R1`).
    pub roles: Roles,
    /// What people ticked by hand (`C1`).
    pub marks: Marks,
    /// Alerts that ever joined.
    pub alert_count: i64,
    /// Alerts that have not recovered.
    pub open_alert_count: i64,
    /// How often it was reopened.
    pub reopened_count: i64,
    /// The incident that took its place.
    pub merged_into: Option<IncidentId>,
    /// That it is a child effort of another one (`J5`).
    pub parentage: Option<Parentage>,
    /// How many of its own child efforts are open, as it was read; of restricted ones only where it
    /// is restricted itself.
    pub open_children: i64,
    /// That not everybody sees it (`T4`); none where everybody does.
    pub restriction: Option<Restriction>,
    /// Whether it is an exercise, kept out of the figures.
    pub practice: bool,
    /// Grows with every transition.
    pub version: i64,
}

impl Incident {
    /// When it next needs attention: the single instant in its timer row, the least of those of
    /// the escalation, the clocks and the roles.
    pub fn next_at(&self) -> Option<Timestamp> {
        let instants = [
            self.escalation.next_at(),
            self.clocks.next_at(),
            self.roles.next_at(),
            self.updates.next_at(),
        ];
        instants.into_iter().flatten().min()
    }
}

/// Why pages are superseded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Superseded {
    /// `acked`, `resolved`, `withdrawn`, `declined`.
    pub how: How,
    /// In words: `acknowledged by Ana Ortiz`.
    pub by: String,
}

/// The kinds of ending a page has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum How {
    /// Somebody has it.
    Acked,
    /// It is over.
    Resolved,
    /// Nobody is asked any more.
    Withdrawn,
    /// The person declined.
    Declined,
}

names!(How {
    Acked = "acked",
    Resolved = "resolved",
    Withdrawn = "withdrawn",
    Declined = "declined",
});

/// What a decision asks the caller to do besides storing the incident and its timeline.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Ask a person.
    Page {
        /// Whom.
        user: UserId,
        /// The step, counted from 1; `None` for a page outside of the policy.
        step: Option<u32>,
        /// The round, counted from 1.
        round: u32,
        /// Why, in words: `step 1 of payments`.
        reason: String,
        /// Which of the person's rules apply.
        urgency: Urgency,
    },
    /// Withdraw every page of the incident that is not yet superseded.
    SupersedeAll(Superseded),
    /// As above, but for the pages of these people, who are asked for a role that nobody else has.
    SupersedeAllBut(Vec<UserId>, Superseded),
    /// Withdraw every page of one person.
    SupersedeOf(UserId, Superseded),
    /// Withdraw one page.
    Supersede(PageId, Superseded),
    /// Resolve every open alert of the incident.
    ResolveAlerts,
    /// Move every alert to another incident.
    MoveAlerts(IncidentId),
    /// Tell a place that belongs to no person.
    Tell {
        /// Which.
        outlet: escalation::Outlet,
        /// Why, in words: `step 2 of payments`.
        reason: String,
    },
    /// Tell one person something that asks for no answer.
    Inform {
        /// Whom.
        user: UserId,
        /// Which of the person's rules apply.
        urgency: Urgency,
        /// A line.
        subject: String,
        /// In words.
        text: String,
    },
    /// Tell an audience (`U1`).
    Publish {
        /// Which.
        audience: String,
        /// A line.
        subject: String,
        /// In words.
        text: String,
        /// Who said it, and need not be told.
        by: Option<UserId>,
        /// What the audience's status pages show of it.
        said: publish::Said,
    },
    /// Tell everybody on a notification list (`E5`).
    Notify {
        /// Which.
        list: NotificationListId,
        /// A line.
        subject: String,
        /// In words.
        text: String,
    },
    /// Somebody had the turn of a team.
    Turn {
        /// Whose members take turns.
        team: TeamId,
        /// Who had it.
        user: UserId,
    },
    /// Nobody could be asked at all.
    Alarm(String),
}

/// An incident after a decision, with what led there and what follows.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The incident as it is now.
    pub incident: Incident,
    /// What happened, in order.
    pub entries: Vec<Entry>,
    /// What follows.
    pub effects: Vec<Effect>,
}

impl Decision {
    fn of(incident: Incident) -> Self {
        Self { incident, entries: Vec::new(), effects: Vec::new() }
    }

    fn note(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    fn move_to(&mut self, status: Status, actor: &Actor, now: Timestamp) {
        let from = self.incident.status;
        if from == status {
            return;
        }
        self.incident.status = status;
        self.incident.stamps.mark(status, now);
        let text = format!("Moved from {} to {}", from.name(), status.name());
        self.note(
            Entry::new(now, Kind::StatusChanged, actor.clone(), text)
                .with("from", from.name())
                .with("to", status.name()),
        );
    }

    /// Runs one event through the escalation and turns its effects into entries and pages.
    fn escalate(&mut self, around: &Surroundings<'_>, event: escalation::Event, now: Timestamp) {
        let (state, effects) =
            escalation::decide(&around.chain(), self.incident.escalation, event, now);
        self.incident.escalation = state;
        for effect in effects {
            self.apply(around, effect, now);
        }
        if !matches!(state, escalation::State::Waiting { .. }) {
            self.incident.clocks.missing.clear();
        }
    }

    fn apply(&mut self, around: &Surroundings<'_>, effect: escalation::Effect, now: Timestamp) {
        let policy = around.policy.name.as_str();
        match effect {
            escalation::Effect::Page { step, round, users } => {
                let reason = format!("step {} of {policy}", step + 1);
                self.note(
                    Entry::new(
                        now,
                        Kind::StepEntered,
                        Actor::System,
                        format!("Escalation {reason} began{}", round_words(round)),
                    )
                    .with("policy", policy)
                    .with("step", step + 1)
                    .with("round", round + 1),
                );
                let asked = around.policy.steps.get(step as usize);
                let all = asked.is_some_and(|step| step.all_acknowledge);
                self.incident.clocks.missing = if all { users.clone() } else { Vec::new() };
                for (team, user) in around.turns_taken(step) {
                    self.effects.push(Effect::Turn { team, user });
                }
                for user in users {
                    self.page(around, user, Some(step + 1), round + 1, &reason, now);
                }
            }
            escalation::Effect::Tell { step, round } => self.tell(around, step, round, now),
            escalation::Effect::Skipped { step, round } => {
                let why = around.why_skipped(step);
                let text = format!("Step {} of {policy} was left out: {why}", step + 1);
                self.note(
                    Entry::new(now, Kind::StepSkipped, Actor::System, text)
                        .with("policy", policy)
                        .with("step", step + 1)
                        .with("round", round + 1),
                );
            }
            escalation::Effect::NoTarget { step, round } => self.note(
                Entry::new(
                    now,
                    Kind::NoTarget,
                    Actor::System,
                    format!("Step {} of {policy} reaches nobody and was left at once", step + 1),
                )
                .with("policy", policy)
                .with("step", step + 1)
                .with("round", round + 1),
            ),
            escalation::Effect::PageCatchAll { users, round } => {
                if users.is_empty() {
                    let text =
                        format!("Nobody can be paged: {policy} and the catch-all reach nobody");
                    self.note(Entry::new(now, Kind::NoTarget, Actor::System, text.clone()));
                    self.effects.push(Effect::Alarm(text));
                }
                for user in users {
                    self.page(around, user, None, round + 1, "the catch-all", now);
                }
            }
            escalation::Effect::Exhausted => {
                let text = format!("Nobody took it: every round of {policy} is over");
                self.effects.push(Effect::Alarm(text.clone()));
                self.note(Entry::new(now, Kind::Exhausted, Actor::System, text));
                self.engage_manager(around, "every round is over and nobody took it", now);
            }
        }
    }

    /// Tells the places of a step.
    fn tell(&mut self, around: &Surroundings<'_>, step: u32, round: u32, now: Timestamp) {
        let Some(outlets) = around.policy.steps.get(step as usize).map(|step| &step.outlets) else {
            return;
        };
        let reason = format!("step {} of {}", step + 1, around.policy.name);
        for outlet in outlets {
            let place = around.place(outlet);
            if self.incident.restriction.is_some() {
                let text = format!("Did not tell {place}, because this incident is restricted");
                self.note(Entry::new(now, Kind::Told, Actor::System, text).with("place", place));
                continue;
            }
            self.note(
                Entry::new(now, Kind::Told, Actor::System, format!("Told {place}: {reason}"))
                    .with("place", place)
                    .with("step", step + 1)
                    .with("round", round + 1),
            );
            self.effects.push(Effect::Tell { outlet: outlet.clone(), reason: reason.clone() });
        }
    }

    /// Asks the manager of the team, unless this decision asks them already (`O15`).
    fn engage_manager(&mut self, around: &Surroundings<'_>, why: &str, now: Timestamp) {
        let Some(manager) = around.management.first().copied() else { return };
        let asks =
            |effect: &Effect| matches!(effect, Effect::Page { user, .. } if *user == manager);
        if !self.effects.iter().any(asks) {
            self.page(around, manager, None, 1, why, now);
        }
    }

    fn page(
        &mut self,
        around: &Surroundings<'_>,
        user: UserId,
        step: Option<u32>,
        round: u32,
        reason: &str,
        now: Timestamp,
    ) {
        let name = around.person(user);
        self.note(
            Entry::new(now, Kind::Paged, Actor::System, format!("Paged {name}: {reason}"))
                .with("user", name)
                .with("step", step.map_or(Value::Null, Value::from))
                .with("round", round),
        );
        // A page that a person asked for is urgent even where the severity asks nobody.
        let urgency = match around.severity.urgency {
            Urgency::None => Urgency::High,
            other => other,
        };
        self.effects.push(Effect::Page { user, step, round, reason: reason.to_owned(), urgency });
        // Whoever is asked for more than a role answers for more than a role.
        self.incident.roles.asked_besides(user);
        if let Some(within) = around.severity.engage_within {
            self.engage(engage::Event::Paged { user, within }, now);
        }
    }

    /// Ends every page; nobody whose page is withdrawn need come. Until the incident is over, whoever
    /// is asked for a role goes on being asked.
    fn supersede_all(&mut self, how: How, by: String, now: Timestamp) {
        let why = Superseded { how, by };
        if how == How::Resolved {
            self.engage(engage::Event::Stopped, now);
            self.effects.push(Effect::SupersedeAll(why));
            return;
        }
        if how != How::Acked {
            self.engage_but_roles(engage::Event::Stopped, now);
        }
        let awaited = self.incident.roles.awaited();
        self.effects.push(match awaited.is_empty() {
            true => Effect::SupersedeAll(why),
            false => Effect::SupersedeAllBut(awaited, why),
        });
    }
}

fn round_words(round: u32) -> String {
    if round == 0 { String::new() } else { format!(", round {}", round + 1) }
}

#[cfg(test)]
pub(crate) mod tests;
