//! How an incident comes to its bridge (`J6`) and to an estimate of its end (`E3`). The process of the
//! severity opens the bridge at once when it begins (`I8`); what somebody opened by hand stays
//! theirs. There is one place to meet (`U4`), to which all else points: that of the process, the one
//! that somebody named, or else the room of the incident.

use jiff::Timestamp;

use super::{Decision, Surroundings, WrongMove};
use crate::incident::bridge::{Bridge, From, is_link};
use crate::incident::estimate::{AHEAD_MAX, Estimate};
use crate::incident::timeline::{Actor, Entry, Kind};

/// What people ask about the bridge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Open the one that the process of the severity names.
    Open,
    /// Meet there instead.
    Set {
        /// Where; see [`is_link`].
        link: String,
    },
    /// The room of the incident is open (`U4`): people meet there, unless they meet elsewhere or the
    /// process names where.
    Room {
        /// Where; see [`is_link`].
        link: String,
        /// Where the room was that it replaces.
        before: Option<String>,
    },
    /// Meet nowhere any more.
    Close,
}

/// Why the bridge does not allow it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// The process names none.
    #[error("the process of {severity} names no bridge; say where people meet")]
    NoneNamed {
        /// The severity in words.
        severity: String,
    },
    /// It is no address that people can meet at.
    #[error("a bridge is an http, https, tel or sip link without blanks")]
    NoLink,
    /// An estimate in the past or too far ahead.
    #[error("an estimate lies after now and within 30 days")]
    EstimateOutOfRange,
}

impl Decision {
    /// Whether anything changed.
    pub(super) fn ask_about_bridge(
        &mut self,
        ask: Ask,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<bool, WrongMove> {
        let changed = match ask {
            Ask::Open => {
                let severity = around.severity_words();
                let link = around.bridge().ok_or(Wrong::NoneNamed { severity })?.to_owned();
                self.meet_at(link, actor, now)
            }
            Ask::Set { link } if is_link(&link) => self.meet_at(link, actor, now),
            Ask::Set { .. } => return Err(Wrong::NoLink.into()),
            Ask::Room { link, before } => {
                let is_free = match &self.incident.bridge {
                    Some(bridge) => before.as_ref() == Some(&bridge.link),
                    None => around.severity.process.bridge.is_none(),
                };
                is_free && is_link(&link) && self.meet_at(link, actor, now)
            }
            Ask::Close => self.incident.bridge.take().is_some_and(|bridge| {
                let text = format!("Closed the bridge {}", bridge.link);
                let entry = Entry::new(now, Kind::BridgeClosed, actor.clone(), text);
                self.note(entry.with("link", bridge.link));
                true
            }),
        };
        if changed && self.incident.status.is_open() {
            self.worked(actor, around, now);
        }
        Ok(changed)
    }

    /// The process opens its bridge, if its time has come and there is none.
    pub(super) fn open_bridge(&mut self, around: &Surroundings<'_>, now: Timestamp) {
        let Some(plan) = &around.severity.process.bridge else { return };
        let is_time = match plan.from {
            From::Declared => true,
            From::Acknowledged => self.incident.status.is_answered(),
            From::Asked => false,
        };
        if !is_time || self.incident.bridge.is_some() || !self.incident.status.is_open() {
            return;
        }
        if let Some(link) = around.bridge() {
            self.meet_at(link.to_owned(), &Actor::System, now);
        }
    }

    fn meet_at(&mut self, link: String, actor: &Actor, now: Timestamp) -> bool {
        if self.incident.bridge.as_ref().is_some_and(|bridge| bridge.link == link) {
            return false;
        }
        let by = actor.name().to_owned();
        let before = self.incident.bridge.replace(Bridge { link: link.clone(), at: now, by });
        let text = match before {
            None => format!("Opened the bridge {link}"),
            Some(before) => format!("Moved the bridge from {} to {link}", before.link),
        };
        let entry = Entry::new(now, Kind::BridgeOpened, actor.clone(), text);
        self.note(entry.with("link", link));
        true
    }

    /// Somebody says when it may be over, or that nobody can tell any more. Whether that is news.
    pub(super) fn estimate(
        &mut self,
        over_at: Option<Timestamp>,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<bool, WrongMove> {
        self.require_open()?;
        let by = actor.name().to_owned();
        let known = self.incident.estimate.as_ref().map(|estimate| estimate.over_at);
        if known == over_at {
            return Ok(false);
        }
        let entry = |text: String| Entry::new(now, Kind::EstimateChanged, actor.clone(), text);
        match over_at {
            Some(over_at) => {
                if over_at <= now || over_at.duration_since(now) > AHEAD_MAX {
                    return Err(Wrong::EstimateOutOfRange.into());
                }
                let at = over_at.strftime("%Y-%m-%d %H:%M UTC");
                let text = format!("Expects it to be over at about {at}");
                self.note(entry(text).with("over_at", over_at.to_string()));
                self.incident.estimate = Some(Estimate { over_at, by, at: now });
            }
            None => {
                self.note(entry("Nobody can tell any more when it will be over".to_owned()));
                self.incident.estimate = None;
            }
        }
        self.worked(actor, around, now);
        Ok(true)
    }
}
