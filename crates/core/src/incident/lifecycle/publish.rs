//! How updates go out (`U1` to `U3`): what people say to an audience becomes an entry and reaches it;
//! whoever speaks to it is reminded, the lead is asked, and a promise that was not kept is told to
//! whoever waited. The pace runs once somebody holds a role: before that nobody could keep it.

use jiff::{SignedDuration, Timestamp};

use super::{Decision, Effect, Surroundings, WrongMove, family};
use crate::incident::audience::{self, Audience};
use crate::incident::severity::Urgency;
use crate::incident::status_page::{Face, Stage};
use crate::incident::timeline::{Actor, Entry, Kind};
use crate::incident::update::{self, Draft, Pace, Wrong};
use crate::org::directory::Directory;
use crate::time::format_duration;

/// What people ask about updates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Say something to an audience; where its updates are reviewed, to whoever reviews them first.
    Send {
        /// Which audience.
        audience: String,
        /// What.
        text: String,
        /// What it is called on the audience's status pages.
        face: Face,
        /// In how long the next one comes; as long as it may be silent where nothing is said.
        next_in: Option<SignedDuration>,
        /// Why it cannot wait for the pace, if it cannot.
        urgent: Option<String>,
    },
    /// Let the update out that waits for review.
    Approve {
        /// Which audience.
        audience: String,
    },
    /// Give the update back that waits for review.
    Reject {
        /// Which audience.
        audience: String,
        /// Why.
        reason: String,
    },
}

/// What a status page shows of an update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// In words.
    pub text: String,
    /// The public title from now on, if somebody chose one.
    pub title: Option<String>,
    /// How far it has come; none for what is shown only where the incident is published already.
    pub stage: Option<Stage>,
}

impl Decision {
    pub(super) fn ask_about_update(
        &mut self,
        ask: Ask,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<(), WrongMove> {
        match ask {
            Ask::Send { audience, text, face, next_in, urgent } => {
                if self.incident.is_spoken_for() {
                    let number = self.incident.number;
                    return Err(family::Wrong::IsSpokenFor { number }.into());
                }
                let meant = self.audience(&audience, around)?;
                if text.trim().is_empty() {
                    return Err(WrongMove::Empty);
                }
                let draft = Draft { text, face, next_in, by: actor.name().to_owned(), at: now };
                if meant.is_reviewed && urgent.is_none() {
                    self.put_to_review(meant, draft, actor, around, now)?;
                } else {
                    self.send_update(meant, &draft, urgent.as_deref(), actor, around, now)?;
                }
            }
            Ask::Approve { audience } => {
                let meant = self.audience(&audience, around)?;
                let draft = self.take_draft(meant)?;
                if draft.by == actor.name() {
                    return Err(WrongMove::OwnUpdate { by: draft.by });
                }
                let text = format!("Approved the update of {} for {}", draft.by, meant.title);
                self.note(
                    Entry::new(now, Kind::UpdateApproved, actor.clone(), text)
                        .with("audience", meant.name.clone()),
                );
                self.send_update(meant, &draft, None, actor, around, now)?;
            }
            Ask::Reject { audience, reason } => {
                let meant = self.audience(&audience, around)?;
                if reason.trim().is_empty() {
                    return Err(WrongMove::Empty);
                }
                let draft = self.take_draft(meant)?;
                let text = format!("Gave the update for {} back: {reason}", meant.title);
                self.note(
                    Entry::new(now, Kind::UpdateRejected, actor.clone(), text)
                        .with("audience", meant.name.clone())
                        .with("text", draft.text),
                );
            }
        }
        if self.incident.status.is_open() {
            self.worked(actor, around, now);
        }
        Ok(())
    }

    fn audience<'a>(
        &self,
        name: &str,
        around: &Surroundings<'a>,
    ) -> Result<&'a Audience, WrongMove> {
        let found = around.directory.audience(name);
        found.ok_or_else(|| WrongMove::NoSuchAudience { name: name.chars().take(100).collect() })
    }

    fn take_draft(&mut self, audience: &Audience) -> Result<Draft, WrongMove> {
        let number = self.incident.number;
        let draft = self.incident.updates.reviewed(&audience.name);
        draft.map_err(|_| WrongMove::NothingInReview { audience: audience.name.clone(), number })
    }

    fn put_to_review(
        &mut self,
        audience: &Audience,
        draft: Draft,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<(), WrongMove> {
        // What could not be promised is refused now and not when somebody has looked at it.
        let pace = audience.pace;
        if draft.next_in.is_some_and(|next_in| !(pace.closest..=pace.silent_max).contains(&next_in))
        {
            return Err(self.wrong_update(Wrong::NextOutOfRange, audience, now));
        }
        let Draft { by, text, .. } = &draft;
        let subject = format!("Incident {}: look at an update", self.incident.number);
        let words = format!("{by} wrote for {}: {text}", audience.title);
        let entry = Entry::new(
            now,
            Kind::UpdateDrafted,
            actor.clone(),
            format!("Wrote an update for {}, to be looked at: {text}", audience.title),
        );
        self.note(entry.with("audience", audience.name.clone()));
        self.incident.updates.review(&audience.name, draft, now);
        for lead in audience::leads(around.directory, &self.incident) {
            self.inform(lead, Urgency::High, subject.clone(), &words, actor);
        }
        Ok(())
    }

    fn send_update(
        &mut self,
        audience: &Audience,
        draft: &Draft,
        urgent: Option<&str>,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<(), WrongMove> {
        let Draft { text, face, next_in, .. } = draft;
        let is_last = !self.incident.status.is_open();
        let pace = pace_of(around.directory);
        let name = &audience.name;
        let sent = self
            .incident
            .updates
            .send(name, *next_in, urgent.is_some(), is_last, pace, now)
            .cloned();
        let track = sent.map_err(|wrong| self.wrong_update(wrong, audience, now))?;
        let mut words = format!("Update for {}: {text}", audience.title);
        if let Some(why) = urgent {
            words = format!("{words} (could not wait: {why})");
        }
        let mut entry = Entry::new(now, Kind::UpdateSent, actor.clone(), words)
            .with("audience", name.clone())
            .with("text", text.clone())
            .with("count", track.sent);
        if let Some(next) = track.promised_at {
            entry = entry.with("next_at", next.to_string());
        }
        let pages = audience.status_pages.iter();
        let pages = pages.filter_map(|id| around.directory.status_pages.get(*id));
        let pages: Vec<_> =
            pages.filter(|page| page.takes(&self.incident)).map(|page| page.name.clone()).collect();
        if !pages.is_empty() {
            entry = entry.with("status_pages", pages);
        }
        self.note(entry);
        let number = self.incident.number;
        let subject = format!("Incident {number}, update {}: {}", track.sent, self.incident.title);
        let next = track.promised_at.map(|_| next_in.unwrap_or(audience.pace.silent_max));
        let next = next.map_or_else(String::new, |next| {
            format!("\n\nThe next update comes within {}.", format_duration(next))
        });
        self.effects.push(Effect::Publish {
            audience: name.clone(),
            subject,
            text: format!("{text}{next}"),
            by: actor.user(),
            said: Said {
                text: text.clone(),
                title: face.title.clone(),
                stage: Some(face.stage.unwrap_or(Stage::of(self.incident.status))),
            },
        });
        Ok(())
    }

    /// The audiences of the severity's process begin to wait, once somebody holds a role.
    pub(super) fn start_updates(&mut self, around: &Surroundings<'_>, now: Timestamp) {
        let is_told_elsewhere = self.incident.is_spoken_for();
        if !self.incident.status.is_open() || !self.incident.roles.is_held() || is_told_elsewhere {
            return;
        }
        let audiences = around.severity.process.audiences.iter().map(String::as_str);
        let known = audiences.filter(|name| around.directory.audience(name).is_some());
        let known: Vec<_> = known.collect();
        self.incident.updates.start(known, pace_of(around.directory), now);
    }

    /// It is open again: whoever waited before waits anew.
    pub(super) fn restart_updates(&mut self, around: &Surroundings<'_>, now: Timestamp) {
        if !self.incident.updates.is_empty() && !self.incident.is_spoken_for() {
            self.incident.updates.restart(pace_of(around.directory), now);
        }
    }

    /// Whoever is to be reminded or asked by now.
    pub(super) fn updates_fired(&mut self, around: &Surroundings<'_>, now: Timestamp) {
        let pace = pace_of(around.directory);
        for effect in self.incident.updates.time_out(pace, now) {
            match effect {
                update::Effect::Remind { audience, due_at } => {
                    let Some(audience) = around.directory.audience(&audience) else { continue };
                    let in_words = in_minutes(due_at.duration_since(now));
                    let subject = format!(
                        "Incident {}: {} must hear within {in_words}",
                        self.incident.number, audience.title
                    );
                    let speakers = audience.speakers(around.directory, &self.incident);
                    let names: Vec<_> = speakers.iter().map(|one| around.person(*one)).collect();
                    let reminded =
                        if names.is_empty() { "nobody".to_owned() } else { names.join(", ") };
                    let text = format!(
                        "An update for {} is due in {in_words}: reminded {reminded}",
                        audience.title
                    );
                    self.note(
                        Entry::new(now, Kind::UpdateDue, Actor::System, text)
                            .with("audience", audience.name.clone()),
                    );
                    for speaker in speakers {
                        let words = "Ask the scribe for the latest, and say it in their words.";
                        self.inform(speaker, Urgency::High, subject.clone(), words, &Actor::System);
                    }
                }
                update::Effect::Missed { audience, promised_at, missed } => {
                    let Some(audience) = around.directory.audience(&audience) else { continue };
                    let text = format!(
                        "The update that {} was promised did not come; {missed} missed so far",
                        audience.title
                    );
                    self.note(
                        Entry::new(now, Kind::PromiseMissed, Actor::System, text)
                            .with("audience", audience.name.clone())
                            .with("promised_at", promised_at.to_string())
                            .with("missed", missed),
                    );
                    let number = self.incident.number;
                    let text = "The update that was promised for now is late. Work goes on; you \
                                hear as soon as there is one.";
                    self.effects.push(Effect::Publish {
                        audience: audience.name.clone(),
                        subject: format!("Incident {number}: the update is late"),
                        text: text.to_owned(),
                        by: None,
                        said: Said { text: text.to_owned(), title: None, stage: None },
                    });
                }
                update::Effect::Silent { audience, silent_for } => {
                    let Some(audience) = around.directory.audience(&audience) else { continue };
                    let silent_for = in_minutes(silent_for);
                    let leads = audience::leads(around.directory, &self.incident);
                    let mut asked = audience.speakers(around.directory, &self.incident);
                    asked.extend(leads);
                    asked.sort_unstable();
                    asked.dedup();
                    let text = format!("{} heard nothing for {silent_for}", audience.title);
                    if asked.is_empty() {
                        self.effects.push(Effect::Alarm(format!(
                            "{text} about incident {}, and nobody leads it",
                            self.incident.number
                        )));
                    }
                    self.note(
                        Entry::new(now, Kind::AudienceSilent, Actor::System, text.clone())
                            .with("audience", audience.name.clone()),
                    );
                    let subject = format!("Incident {}: {text}", self.incident.number);
                    for user in asked {
                        let words = "Send an update now, or say who does.";
                        self.inform(user, Urgency::High, subject.clone(), words, &Actor::System);
                    }
                }
            }
        }
    }

    fn wrong_update(&self, wrong: Wrong, audience: &Audience, now: Timestamp) -> WrongMove {
        let name = audience.name.clone();
        match wrong {
            Wrong::TooSoon { at } => {
                let wait = in_minutes(at.duration_since(now));
                let closest = format_duration(audience.pace.closest);
                WrongMove::UpdateTooSoon { audience: name, closest, wait }
            }
            Wrong::NextOutOfRange => WrongMove::NextOutOfRange {
                audience: name,
                closest: format_duration(audience.pace.closest),
                silent_max: format_duration(audience.pace.silent_max),
            },
            Wrong::NothingInReview => {
                WrongMove::NothingInReview { audience: name, number: self.incident.number }
            }
        }
    }
}

/// How often each audience hears; one that is no longer configured at the usual pace.
fn pace_of(directory: &Directory) -> impl Fn(&str) -> Pace + '_ {
    |name| directory.audience(name).map_or_else(Pace::default, |audience| audience.pace)
}

/// Minutes, rounded up.
fn in_minutes(length: SignedDuration) -> String {
    let minutes = (length.as_secs().max(0) + 59) / 60;
    if minutes == 1 { "1 minute".to_owned() } else { format!("{minutes} minutes") }
}
