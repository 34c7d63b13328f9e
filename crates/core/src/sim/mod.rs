//! The simulator: the real decisions (triage, lifecycle, escalation, paging, schedules, leases,
//! backoff) driven by a seeded world in which nodes die between claim and commit, leases run out,
//! providers lose answers, clocks jump and people edit the configuration while incidents run. After
//! every step the invariants of the architecture are checked, each a named function.
//!
//! Store, nodes, providers and people are models in memory; time is a number, chance comes from the
//! seed, and the same seed gives the same run on every machine. The simulator decides nothing about
//! incidents itself: what it commits is what the decisions of this crate said.

mod carriers;
mod cover;
mod incident;
mod input;
mod invariants;
mod node;
mod organisation;
mod outbox;
mod people;
mod record;
mod rng;
mod store;
mod trace;
mod triage;
mod world;

use jiff::Timestamp;

use crate::incident::lifecycle::Status;
use crate::incident::severity::Level;
use crate::org::directory::Directory;

pub use input::{
    Asked, BEGINNING_SECOND, Covering, Fault, Input, Mode, Moment, NODES, Scheduled, Sent, Verb,
    Wish, schedule,
};
pub use invariants::INVARIANTS;
pub use organisation::{CARRIERS, Edit, Edited, INTEGRATIONS, PEOPLE, SEVERITIES, TEAMS};
pub use trace::EVENTS_KEPT;
pub use triage::{dedup_key, signal};

/// What to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Everything that happens follows from it.
    pub seed: u64,
    /// How many virtual hours.
    pub hours: u32,
    /// A bug to plant, to see that the invariants catch it.
    pub sabotage: Option<Sabotage>,
}

/// Bugs that can be planted. Each is the opposite of one rule, and each must be caught.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sabotage {
    /// Clients hear 2xx before the message is durable.
    AnswerBeforeCommit,
    /// Triage does not look for the open alert with the same key.
    ForgetOpenAlert,
    /// Now and then a commit leaves the timer out.
    ForgetTimer,
    /// Now and then a step's pages are left to a second commit, which a crash prevents.
    PagesInSecondCommit,
    /// A second set that takes over lets off whomever the same timer asks.
    AskAndLetOff,
    /// What a dead node held is never taken up again.
    NeverReclaim,
    /// A page that no method could deliver is left at that.
    SilentExhaustion,
    /// Whoever comes back with an old fence commits all the same.
    IgnoreFence,
    /// Now and then an accepted delivery is sent again.
    SendAgainAfterSuccess,
    /// An acknowledgement leaves the pages under way.
    KeepPagesAfterAck,
    /// A timer that fired is set anew as if it had not.
    FireTwice,
    /// A command is decided on an old state and written over the newer one.
    OverwriteNewer,
    /// Handoffs are read in UTC.
    HandoffsInUtc,
    /// Whoever is on leave is asked all the same.
    ForgetLeave,
    /// Whoever gave a shift away is asked all the same.
    AskWhoGaveItAway,
    /// A resolution is not recorded.
    SilentTransition,
    /// Now and then a send is not recorded.
    UnrecordedSend,
    /// A carrier that fails again and again is asked on and on.
    NeverRest,
    /// While the first carrier is left alone, nobody carries.
    StayWithFirst,
    /// Windows of maintenance mute nothing.
    PageInMaintenance,
    /// An alert that is held is never looked at again.
    ForgetHeld,
    /// A window that ends early leaves what it mutes to its planned end.
    SleepThroughEnd,
    /// A shift that somebody took stays with whoever had it.
    ForgetSwap,
    /// An agreement that is put back stands all the same.
    KeepUndone,
    /// What stands again has forgotten the agreement that it came of.
    ForgetWhatItWas,
    /// Nobody looks at a request again.
    ForgetRequest,
}

impl Sabotage {
    /// Every planted bug with the number of the invariant that it breaks.
    pub const ALL: [(Self, u8); 26] = [
        (Self::AnswerBeforeCommit, 1),
        (Self::ForgetOpenAlert, 2),
        (Self::ForgetTimer, 3),
        (Self::PagesInSecondCommit, 4),
        (Self::AskAndLetOff, 4),
        (Self::NeverReclaim, 5),
        (Self::SilentExhaustion, 6),
        (Self::IgnoreFence, 7),
        (Self::SendAgainAfterSuccess, 8),
        (Self::KeepPagesAfterAck, 9),
        (Self::FireTwice, 10),
        (Self::OverwriteNewer, 10),
        (Self::HandoffsInUtc, 11),
        (Self::ForgetLeave, 11),
        (Self::AskWhoGaveItAway, 11),
        (Self::SilentTransition, 12),
        (Self::UnrecordedSend, 12),
        (Self::NeverRest, 13),
        (Self::StayWithFirst, 13),
        (Self::PageInMaintenance, 14),
        (Self::ForgetHeld, 14),
        (Self::SleepThroughEnd, 14),
        (Self::ForgetSwap, 15),
        (Self::KeepUndone, 15),
        (Self::ForgetWhatItWas, 15),
        (Self::ForgetRequest, 15),
    ];
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// The virtual hours that were run.
    pub hours: u32,
    /// Events and commits, after each of which the invariants were checked.
    pub steps: u64,
    /// Messages that clients sent, repeats included.
    pub signals: u64,
    /// Alerts that were opened.
    pub alerts: u64,
    /// Incidents that were opened.
    pub incidents: u64,
    /// Commands of people that were obeyed.
    pub commands: u64,
    /// Faults of nodes, store, clocks and providers.
    pub faults: u64,
    /// People asked.
    pub pages: u64,
    /// Calls to providers, one for each delivery in them.
    pub sends: u64,
    /// Results that were dropped because the claim was lost.
    pub stale: u64,
    /// Claims that ran out unfinished and were taken up again.
    pub reclaimed: u64,
    /// Messages that a node kept on its own disk until the store came back.
    pub spooled: u64,
    /// Deliveries that waited for a digest.
    pub bundled: u64,
    /// Messages that the second carrier took over.
    pub taken_over: u64,
    /// Alerts that something held back when they came.
    pub held: u64,
    /// Alerts that were looked at again because an instant had come.
    pub looked_at: u64,
    /// Attempts for which every carrier was left alone.
    pub rested: u64,
    /// Shifts that somebody agreed to take, or to swap.
    pub agreed: u64,
    /// Agreements that were put back.
    pub put_back: u64,
    /// Timeline entries by kind.
    pub told: Vec<(&'static str, u64)>,
    /// A digest of everything that happened.
    pub digest: u64,
    /// The invariant that broke, if one did; the run ended there.
    pub broken: Option<Broken>,
}

/// An invariant that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Its number in the list of invariants.
    pub number: u8,
    /// The name of the function that found it.
    pub name: &'static str,
    /// What is wrong.
    pub detail: String,
    /// To run it again.
    pub seed: u64,
    /// The virtual instant, on the clock that never jumps.
    pub at: Timestamp,
    /// The number of the step.
    pub step: u64,
    /// The newest events, the last one last.
    pub events: Vec<String>,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { number, name, detail, seed, at, step, events } = self;
        writeln!(f, "invariant {number} ({name}) is broken: {detail}")?;
        writeln!(f, "seed {seed}, virtual time {at}, step {step}; what happened before:")?;
        events.iter().try_for_each(|event| writeln!(f, "  {event}"))
    }
}

/// Runs one seed to the end or to the first broken invariant.
pub fn run(options: Options) -> Report {
    world::World::new(options).run()
}

/// How a trouble ended: what another player of the same inputs must find too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// The integration, by number in [`INTEGRATIONS`].
    pub integration: usize,
    /// The trouble; see [`dedup_key`].
    pub key: u64,
    /// Whether its newest alert is open.
    pub is_open: bool,
    /// How many signals its newest alert counts.
    pub count: u64,
    /// The incident of its newest alert; informational alerts have none.
    pub incident: Option<SettledIncident>,
}

/// How an incident ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettledIncident {
    /// The trouble that opened it.
    pub first_key: u64,
    /// Where it stands.
    pub status: Status,
    /// How bad it is.
    pub severity: Level,
    /// Alerts that ever joined.
    pub alert_count: i64,
    /// Alerts that have not recovered.
    pub open_alert_count: i64,
    /// How often it was reopened.
    pub reopened_count: i64,
}

/// Plays inputs, without any of its own, and tells how each trouble ended, by integration and key.
/// With the signals, people and edits of [`schedule`] this is what a real server must come to as well.
pub fn settle(inputs: &[Scheduled]) -> Vec<Settled> {
    world::World::new(Options { seed: 0, hours: 0, sabotage: None }).settle(inputs)
}

/// The organisation in which every run begins.
pub fn directory() -> Directory {
    organisation::Organisation::default().directory()
}

#[cfg(test)]
mod tests;
