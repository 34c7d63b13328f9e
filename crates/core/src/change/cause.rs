//! What changes cost (`X15`, `M2`): the outage of each incident that a change was found to be the cause
//! of, and of several together. Which incidents those are, people say by their marks; which of them
//! somebody may read is the reader's business.

use jiff::{SignedDuration, Timestamp};

use crate::incident::impact;
use crate::incident::lifecycle::Incident;
use crate::learning::metric;
use crate::org::directory::Directory;

/// What some incidents that changes caused come to together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Caused {
    /// How many there are; those without an outage count too.
    pub incidents: usize,
    /// The time that their outages cover together, none of it counted twice.
    pub outage: SignedDuration,
}

/// How long an incident that a change caused kept its services from their users: from the beginning of
/// the trouble (when it occurred, else when Muster heard of it) to restoration, else to the end, else
/// to `now`. The whole of it counts, however long the change itself took and whenever it was marked.
///
/// As everywhere in the figures ([`impact::outage`], [`metric::counts`]), none for a severity that
/// wakes nobody, for exercises, for what was merged into another incident and for child efforts.
pub fn caused_outage(
    incident: &Incident,
    directory: &Directory,
    now: Timestamp,
) -> Option<SignedDuration> {
    interval(incident, directory, now).map(|(from, to)| to.duration_since(from))
}

/// What changes caused, over all the incidents that any of them was the cause of, each given once.
/// Incidents that are none of their own ([`metric::counts`]) are left out.
pub fn caused<'a>(
    incidents: impl IntoIterator<Item = &'a Incident>,
    directory: &Directory,
    now: Timestamp,
) -> Caused {
    let counted: Vec<_> = incidents.into_iter().filter(|one| metric::counts(one)).collect();
    let outages = counted.iter().filter_map(|one| interval(one, directory, now));
    Caused { incidents: counted.len(), outage: metric::covered(outages.collect()) }
}

fn interval(
    incident: &Incident,
    directory: &Directory,
    now: Timestamp,
) -> Option<(Timestamp, Timestamp)> {
    let severity = directory.severity(incident.severity);
    impact::outage(&incident.stamps, severity, now).filter(|_| metric::counts(incident))
}
