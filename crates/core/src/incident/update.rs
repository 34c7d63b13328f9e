//! Updates to the outside (`U1` to `U3`): each audience hears at a steady pace, never closer than half
//! an hour and never silent for more than an hour unless it is configured otherwise, and each update
//! says when the next one comes. Whoever leads the communication is reminded, then the lead is asked,
//! and a promise that was not kept is announced and counted. This file owns the pace; it writes no
//! text and reaches nobody.

use jiff::{SignedDuration, Timestamp};

use crate::incident::status_page::Face;

/// How close two updates to one audience may be, unless configured.
pub const CLOSEST: SignedDuration = SignedDuration::from_mins(30);
/// How long an audience may hear nothing, unless configured.
pub const SILENT_MAX: SignedDuration = SignedDuration::from_mins(60);
/// How long before an update is due somebody is reminded.
pub const REMINDED_BEFORE: SignedDuration = SignedDuration::from_mins(10);
/// The longest update, in characters.
pub const TEXT_CHARS_MAX: usize = 5_000;
/// The most audiences of one incident.
pub const AUDIENCES_MAX: usize = 20;

/// How often an audience hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Two updates are never closer than this.
    pub closest: SignedDuration,
    /// The audience is never silent for longer than this.
    pub silent_max: SignedDuration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { closest: CLOSEST, silent_max: SILENT_MAX }
    }
}

/// What one audience has heard and waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// Its name.
    pub audience: String,
    /// Since when it waits for the first update.
    pub since: Timestamp,
    /// When it last heard.
    pub last_at: Option<Timestamp>,
    /// When it was told that the next one comes; none once that was missed or nothing was promised.
    pub promised_at: Option<Timestamp>,
    /// Whether somebody was reminded of the update that is due.
    pub is_reminded: bool,
    /// When the lead was last asked because the audience was silent for too long.
    pub escalated_at: Option<Timestamp>,
    /// How many updates it heard.
    pub sent: u32,
    /// How many promises were not kept.
    pub missed: u32,
    /// What waits for somebody to look at it.
    pub in_review: Option<Draft>,
}

/// An update that is not out yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What it says.
    pub text: String,
    /// What it is called where it is published.
    pub face: Face,
    /// When it says that the next one comes.
    pub next_in: Option<SignedDuration>,
    /// Who wrote it, by name.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl Track {
    fn new(audience: String, since: Timestamp) -> Self {
        Self {
            audience,
            since,
            last_at: None,
            promised_at: None,
            is_reminded: false,
            escalated_at: None,
            sent: 0,
            missed: 0,
            in_review: None,
        }
    }

    fn heard_at(&self) -> Timestamp {
        self.last_at.unwrap_or(self.since)
    }

    /// The first instant at which it may hear again; it may hear at once before the first update.
    pub fn may_hear_at(&self, pace: Pace) -> Option<Timestamp> {
        self.last_at.map(|at| later(at, pace.closest))
    }

    /// When it has to hear: at what was promised, and never later than its longest silence.
    pub fn due_at(&self, pace: Pace) -> Timestamp {
        let latest = later(self.heard_at(), pace.silent_max);
        self.promised_at.map_or(latest, |promised| promised.min(latest))
    }

    fn remind_at(&self, pace: Pace) -> Option<Timestamp> {
        let at = self.due_at(pace).checked_sub(REMINDED_BEFORE).unwrap_or(Timestamp::MIN);
        (!self.is_reminded).then(|| at.max(self.heard_at()))
    }

    /// After the first time the lead is asked again at the pace of the closest updates.
    fn escalate_at(&self, pace: Pace) -> Timestamp {
        match self.escalated_at {
            Some(at) => later(at, pace.closest),
            None => later(self.heard_at(), pace.silent_max),
        }
    }

    fn next_at(&self, pace: Pace) -> Timestamp {
        let others = self.remind_at(pace).into_iter().chain(self.promised_at);
        others.fold(self.escalate_at(pace), Ord::min)
    }
}

/// Every audience of one incident; empty where it has none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Updates {
    tracks: Vec<Track>,
    /// Kept beside the tracks, so that the instant is known without the configuration.
    next_at: Option<Timestamp>,
}

/// What follows from the passing of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Somebody is reminded that an update is due then.
    Remind {
        /// Which audience.
        audience: String,
        /// When it has to hear.
        due_at: Timestamp,
    },
    /// The audience waited for an update that did not come.
    Missed {
        /// Which audience.
        audience: String,
        /// When it was told that it would come.
        promised_at: Timestamp,
        /// How many that makes.
        missed: u32,
    },
    /// The audience was silent for too long: the lead is asked.
    Silent {
        /// Which audience.
        audience: String,
        /// For how long.
        silent_for: SignedDuration,
    },
}

/// Why an update is not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// The audience heard less than [`Pace::closest`] ago.
    TooSoon {
        /// When it may hear again.
        at: Timestamp,
    },
    /// The next update is promised closer than updates may be, or later than silence may last.
    NextOutOfRange,
    /// Nothing waits to be looked at.
    NothingInReview,
}

impl Updates {
    /// Tracks that were kept somewhere.
    pub fn of(tracks: Vec<Track>, next_at: Option<Timestamp>) -> Self {
        Self { tracks, next_at }
    }

    /// Every audience, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Track> {
        self.tracks.iter()
    }

    /// Whether there is no audience at all.
    pub fn is_empty(&self) -> bool {
        self.tracks.is_empty()
    }

    /// One audience, if the incident has it.
    pub fn track(&self, audience: &str) -> Option<&Track> {
        self.tracks.iter().find(|track| track.audience == audience)
    }

    /// When somebody is next reminded, asked, or told of a promise that was missed.
    pub fn next_at(&self) -> Option<Timestamp> {
        self.next_at
    }

    /// These audiences wait for news from now on. Those that do already go on as they are.
    pub fn start<'a>(
        &mut self,
        audiences: impl IntoIterator<Item = &'a str>,
        pace: impl Fn(&str) -> Pace,
        now: Timestamp,
    ) {
        for audience in audiences {
            if self.track(audience).is_none() && self.tracks.len() < AUDIENCES_MAX {
                self.tracks.push(Track::new(audience.to_owned(), now));
            }
        }
        self.look_ahead(pace);
    }

    /// Nobody waits any more; what was said stays known.
    pub fn stop(&mut self) {
        for track in &mut self.tracks {
            track.promised_at = None;
        }
        self.next_at = None;
    }

    /// They wait again, as if they had just heard.
    pub fn restart(&mut self, pace: impl Fn(&str) -> Pace, now: Timestamp) {
        for track in &mut self.tracks {
            track.since = now;
            track.last_at = None;
            track.is_reminded = false;
            track.escalated_at = None;
        }
        self.look_ahead(pace);
    }

    /// An audience hears now. `is_urgent` says that it cannot wait for the pace: what was said is
    /// wrong, or everything has changed. `is_last` promises nothing: nobody waits any more.
    ///
    /// # Errors
    /// When it heard too recently, or the promise is none that can be kept at its pace.
    pub fn send(
        &mut self,
        audience: &str,
        next_in: Option<SignedDuration>,
        is_urgent: bool,
        is_last: bool,
        pace: impl Fn(&str) -> Pace,
        now: Timestamp,
    ) -> Result<&Track, Wrong> {
        let its_pace = pace(audience);
        let next_in = next_in.unwrap_or(its_pace.silent_max);
        if !(its_pace.closest..=its_pace.silent_max).contains(&next_in) {
            return Err(Wrong::NextOutOfRange);
        }
        let at = match self.tracks.iter().position(|track| track.audience == audience) {
            Some(at) => at,
            None => {
                self.tracks.push(Track::new(audience.to_owned(), now));
                self.tracks.len() - 1
            }
        };
        let track = &mut self.tracks[at];
        if let Some(at) = track.may_hear_at(its_pace).filter(|at| now < *at && !is_urgent) {
            return Err(Wrong::TooSoon { at });
        }
        *track = Track {
            last_at: Some(now),
            promised_at: (!is_last).then(|| later(now, next_in)),
            sent: track.sent + 1,
            missed: track.missed,
            ..Track::new(audience.to_owned(), track.since)
        };
        if !is_last {
            self.look_ahead(pace);
        }
        Ok(&self.tracks[at])
    }

    /// Keeps a draft until somebody has looked at it; a newer one takes its place.
    pub fn review(&mut self, audience: &str, draft: Draft, now: Timestamp) {
        if self.track(audience).is_none() {
            self.tracks.push(Track::new(audience.to_owned(), now));
        }
        if let Some(track) = self.tracks.iter_mut().find(|track| track.audience == audience) {
            track.in_review = Some(draft);
        }
    }

    /// Takes the draft that waits.
    ///
    /// # Errors
    /// When none does.
    pub fn reviewed(&mut self, audience: &str) -> Result<Draft, Wrong> {
        let track = self.tracks.iter_mut().find(|track| track.audience == audience);
        track.and_then(|track| track.in_review.take()).ok_or(Wrong::NothingInReview)
    }

    /// The instant that somebody waited for has come.
    pub fn time_out(&mut self, pace: impl Fn(&str) -> Pace, now: Timestamp) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.next_at.is_none_or(|at| now < at) {
            return effects;
        }
        for track in &mut self.tracks {
            let its_pace = pace(&track.audience);
            let audience = || track.audience.clone();
            if let Some(promised_at) = track.promised_at.filter(|at| *at <= now) {
                track.missed += 1;
                let missed = track.missed;
                effects.push(Effect::Missed { audience: audience(), promised_at, missed });
                track.promised_at = None;
                track.is_reminded = true;
            }
            let silent_for = now.duration_since(track.heard_at());
            if track.escalate_at(its_pace) <= now {
                effects.push(Effect::Silent { audience: audience(), silent_for });
                track.escalated_at = Some(now);
                track.is_reminded = true;
            }
            if track.remind_at(its_pace).is_some_and(|at| at <= now) {
                let due_at = track.due_at(its_pace);
                effects.push(Effect::Remind { audience: audience(), due_at });
                track.is_reminded = true;
            }
        }
        self.look_ahead(pace);
        effects
    }

    fn look_ahead(&mut self, pace: impl Fn(&str) -> Pace) {
        self.next_at = self.tracks.iter().map(|track| track.next_at(pace(&track.audience))).min();
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
