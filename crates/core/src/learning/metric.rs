//! The figures of incidents (`M1`, `L7`): how long it took to notice, to take, to restore and to
//! resolve; how long each service was out and what that cost; how long it stayed well in between.
//! Exercises and incidents that were merged into others are no incidents of their own here. It
//! reads stamps and writes nothing; which period is asked about is the caller's choice.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::id::{ServiceId, UserId};
use crate::incident::impact;
use crate::incident::lifecycle::{Incident, Stamps};
use crate::incident::severity::Level;
use crate::org::directory::Directory;
use crate::org::service::Money;

/// How one quantity is spread over many incidents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Distribution {
    /// How many incidents have the quantity at all.
    pub count: usize,
    /// The arithmetic mean, rounded down to a second.
    pub mean: Option<SignedDuration>,
    /// Half of the incidents took no longer.
    pub p50: Option<SignedDuration>,
    /// Nine of ten took no longer.
    pub p90: Option<SignedDuration>,
    /// Nineteen of twenty took no longer.
    pub p95: Option<SignedDuration>,
}

impl Distribution {
    /// The distribution of some durations. Percentiles are by nearest rank, so each of them is a
    /// duration that really happened.
    pub fn of(durations: impl IntoIterator<Item = SignedDuration>) -> Self {
        let mut sorted: Vec<_> = durations.into_iter().collect();
        sorted.sort_unstable();
        Self {
            count: sorted.len(),
            mean: mean(&sorted),
            p50: nearest_rank(&sorted, 50),
            p90: nearest_rank(&sorted, 90),
            p95: nearest_rank(&sorted, 95),
        }
    }
}

/// The smallest of the sorted values that at least `percent` of them do not exceed.
pub fn nearest_rank(sorted: &[SignedDuration], percent: usize) -> Option<SignedDuration> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

fn mean(durations: &[SignedDuration]) -> Option<SignedDuration> {
    let seconds: i128 = durations.iter().map(|duration| i128::from(duration.as_secs())).sum();
    let mean = seconds.checked_div(i128::try_from(durations.len()).ok()?)?;
    i64::try_from(mean).ok().map(SignedDuration::from_secs)
}

/// The distances within the life of one incident, as far as its stamps go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Distances {
    /// From the beginning of the trouble to Muster hearing of it.
    pub occurred_to_detected: Option<SignedDuration>,
    /// From the beginning of the trouble to its end.
    pub occurred_to_resolved: Option<SignedDuration>,
    /// From Muster hearing of it to somebody having it.
    pub detected_to_acknowledged: Option<SignedDuration>,
    /// From Muster hearing of it to customers being well.
    pub detected_to_restored: Option<SignedDuration>,
    /// From Muster hearing of it to its end.
    pub detected_to_resolved: Option<SignedDuration>,
}

impl Distances {
    /// The distances between stamps. An incident that was resolved without having been restored was
    /// restored by that; a distance is never negative.
    pub fn of(stamps: &Stamps) -> Self {
        let between = |from: Option<Timestamp>, to: Option<Timestamp>| {
            from.zip(to).map(|(from, to)| to.duration_since(from).max(SignedDuration::ZERO))
        };
        let restored = stamps.restored_at.or(stamps.resolved_at);
        Self {
            occurred_to_detected: between(stamps.occurred_at, stamps.detected_at),
            occurred_to_resolved: between(stamps.occurred_at, stamps.resolved_at),
            detected_to_acknowledged: between(stamps.detected_at, stamps.acknowledged_at),
            detected_to_restored: between(stamps.detected_at, restored),
            detected_to_resolved: between(stamps.detected_at, stamps.resolved_at),
        }
    }
}

/// The figures of one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceFigures {
    /// Which.
    pub service: ServiceId,
    /// Its incidents.
    pub count: usize,
    /// How long it was out: the time that its outages cover together, none counted twice.
    pub outage: SignedDuration,
    /// What that cost, in whole units; none where the service has no price.
    pub cost: Option<Money>,
}

/// The figures of one service group (`T2`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupFigures {
    /// Its name.
    pub group: String,
    /// The incidents that hit any of its services.
    pub count: usize,
    /// How long any of its services was out: the time that their outages cover together.
    pub outage: SignedDuration,
}

/// Somebody who checked in later than asked for, or not at all (`I5`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Late {
    /// The incident's number.
    pub incident: i64,
    /// Who.
    pub user: UserId,
    /// When they were paged.
    pub paged_at: Timestamp,
    /// When they checked in.
    pub checked_in_at: Option<Timestamp>,
}

/// The figures of a period.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Incidents.
    pub count: usize,
    /// Those that are still open.
    pub open: usize,
    /// How many of each severity, the worst first.
    pub by_severity: Vec<(Level, usize)>,
    /// By service, the longest outage first.
    pub by_service: Vec<ServiceFigures>,
    /// By service group, by name; groups without an incident are left out.
    pub by_group: Vec<GroupFigures>,
    /// From occurred to detected.
    pub time_to_detect: Distribution,
    /// From detected to acknowledged.
    pub time_to_acknowledge: Distribution,
    /// From detected to restored.
    pub time_to_restore: Distribution,
    /// From detected to resolved.
    pub time_to_resolve: Distribution,
    /// From occurred to resolved.
    pub occurred_to_resolved: Distribution,
    /// From a person's page to their check-in (`I5`).
    pub time_to_engage: Distribution,
    /// What was lost besides the time of outages, by currency (`I9`).
    pub losses: Vec<Money>,
    /// What it cost in all: every service's outage and the losses, by currency.
    pub cost: Vec<Money>,
    /// Everybody who checked in later than asked for, or not at all, by incident.
    pub late: Vec<Late>,
    /// From the beginning of one incident to that of the next; none for fewer than two.
    pub mean_time_between_failures: Option<SignedDuration>,
}

/// The figures of `incidents` as they stand at `now`: an outage that has not ended lasts until then.
/// Each incident counts whole, also where it reaches beyond the period it was looked for in.
pub fn report<'a>(
    incidents: impl IntoIterator<Item = &'a Incident>,
    directory: &Directory,
    now: Timestamp,
) -> Report {
    let incidents: Vec<_> = incidents.into_iter().filter(|incident| counts(incident)).collect();
    let distances: Vec<_> =
        incidents.iter().map(|incident| Distances::of(&incident.stamps)).collect();
    let spread = |pick: fn(&Distances) -> Option<SignedDuration>| {
        Distribution::of(distances.iter().filter_map(pick))
    };
    let mut by_severity = BTreeMap::new();
    for incident in &incidents {
        *by_severity.entry(incident.severity).or_insert(0) += 1;
    }
    let by_service = by_service(&incidents, directory, now);
    let mut losses = Vec::new();
    for loss in incidents.iter().flat_map(|incident| incident.impact.standing_losses()) {
        impact::add(&mut losses, &loss.amount);
    }
    let mut cost = losses.clone();
    for outage in by_service.iter().filter_map(|figures| figures.cost.as_ref()) {
        impact::add(&mut cost, outage);
    }
    Report {
        count: incidents.len(),
        open: incidents.iter().filter(|incident| incident.status.is_open()).count(),
        by_severity: by_severity.into_iter().collect(),
        by_service,
        by_group: by_group(&incidents, directory, now),
        losses,
        cost,
        time_to_detect: spread(|of| of.occurred_to_detected),
        time_to_acknowledge: spread(|of| of.detected_to_acknowledged),
        time_to_restore: spread(|of| of.detected_to_restored),
        time_to_engage: Distribution::of(incidents.iter().flat_map(|incident| engaged(incident))),
        late: incidents.iter().flat_map(|incident| late(incident)).collect(),
        time_to_resolve: spread(|of| of.detected_to_resolved),
        occurred_to_resolved: spread(|of| of.occurred_to_resolved),
        mean_time_between_failures: between_failures(&incidents),
    }
}

/// Whether an incident is one of its own: no exercise, not merged into another, no child effort.
pub fn counts(incident: &Incident) -> bool {
    !incident.practice && incident.merged_into.is_none() && incident.parentage.is_none()
}

/// How long each person who was paged took to check in.
fn engaged(incident: &Incident) -> impl Iterator<Item = SignedDuration> + '_ {
    let present = &incident.clocks.engage.present;
    present.iter().filter_map(|one| Some(one.at.duration_since(one.paged_at?)))
}

fn late(incident: &Incident) -> impl Iterator<Item = Late> + '_ {
    let engage = &incident.clocks.engage;
    let came = engage.present.iter().filter(|one| one.is_late).filter_map(|one| {
        let (paged_at, checked_in_at) = (one.paged_at?, Some(one.at));
        Some(Late { incident: incident.number, user: one.user, paged_at, checked_in_at })
    });
    let never = engage.awaited.iter().filter(|one| one.is_late).map(|one| Late {
        incident: incident.number,
        user: one.user,
        paged_at: one.paged_at,
        checked_in_at: None,
    });
    came.chain(never)
}

fn by_service(
    incidents: &[&Incident],
    directory: &Directory,
    now: Timestamp,
) -> Vec<ServiceFigures> {
    let mut services: BTreeMap<ServiceId, (usize, Vec<(Timestamp, Timestamp)>)> = BTreeMap::new();
    for incident in incidents {
        services.entry(incident.service).or_default().0 += 1;
        let outage = impact::outage(&incident.stamps, directory.severity(incident.severity), now);
        for service in impact::affected(incident).filter(|_| outage.is_some()) {
            services.entry(service).or_default().1.extend(outage);
        }
    }
    let mut figures: Vec<_> = services
        .into_iter()
        .map(|(service, (count, outages))| {
            let outage = covered(outages);
            let price = directory
                .services
                .get(service)
                .and_then(|service| service.cost_per_minute.as_ref());
            let cost = price.map(|price| impact::cost_of(outage, price));
            ServiceFigures { service, count, outage, cost }
        })
        .collect();
    figures.sort_by_key(|figures| {
        (std::cmp::Reverse((figures.outage, figures.count)), figures.service)
    });
    figures
}

fn by_group(incidents: &[&Incident], directory: &Directory, now: Timestamp) -> Vec<GroupFigures> {
    let figures = directory.service_groups.iter().map(|group| {
        let hit: Vec<_> = incidents
            .iter()
            .filter(|incident| impact::affected(incident).any(|service| group.has(service)))
            .collect();
        let outages = hit.iter().filter_map(|incident| {
            impact::outage(&incident.stamps, directory.severity(incident.severity), now)
        });
        GroupFigures {
            group: group.name.clone(),
            count: hit.len(),
            outage: covered(outages.collect()),
        }
    });
    figures.filter(|figures| figures.count > 0).collect()
}

/// The time that intervals cover together.
pub(crate) fn covered(mut intervals: Vec<(Timestamp, Timestamp)>) -> SignedDuration {
    intervals.sort_unstable();
    let mut total = SignedDuration::ZERO;
    let mut end = Timestamp::MIN;
    for (from, to) in intervals {
        if to > end {
            total = total.saturating_add(to.duration_since(from.max(end)));
            end = to;
        }
    }
    total
}

fn between_failures(incidents: &[&Incident]) -> Option<SignedDuration> {
    let began = |incident: &&Incident| incident.stamps.occurred_at.or(incident.stamps.detected_at);
    let mut beginnings: Vec<_> = incidents.iter().filter_map(began).collect();
    beginnings.sort_unstable();
    let gaps: Vec<_> = beginnings.windows(2).map(|pair| pair[1].duration_since(pair[0])).collect();
    mean(&gaps)
}

#[cfg(test)]
mod tests;
