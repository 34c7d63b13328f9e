//! What it costs people to hold roles in incidents (`R4`): for how long, how much of it at night, and in
//! how many incidents. Who leads every outage, or writes at every one, shows here before they are
//! tired of it. Hours of one role are counted once, however many incidents a person has at a time.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{NIGHT_FROM, NIGHT_TO, count, days, meeting, united, window};
use crate::id::{IncidentId, UserId};

/// A role that somebody held in an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Played {
    /// Who.
    pub user: UserId,
    /// The role's name.
    pub role: String,
    /// Where.
    pub incident: IncidentId,
    /// From this instant on.
    pub from: Timestamp,
    /// Up to, but not at, this instant.
    pub to: Timestamp,
}

/// What a person bore as one role in a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleLoad {
    /// The role's name.
    pub role: String,
    /// Time in which they held it.
    pub held: SignedDuration,
    /// Of it, at night by the person's own clocks.
    pub night: SignedDuration,
    /// Incidents in which they held it.
    pub incidents: u32,
}

/// What each person bore by role from `from` up to, but not at, `to`, in the order of the roles' names.
pub fn by_role(
    played: &[Played],
    (from, to): (Timestamp, Timestamp),
    zone: impl Fn(UserId) -> TimeZone,
) -> BTreeMap<UserId, Vec<RoleLoad>> {
    let mut borne: BTreeMap<(UserId, &str), Vec<&Played>> = BTreeMap::new();
    for one in played.iter().filter(|one| one.from < to && one.to > from && one.from < one.to) {
        borne.entry((one.user, one.role.as_str())).or_default().push(one);
    }
    let mut people: BTreeMap<UserId, Vec<RoleLoad>> = BTreeMap::new();
    for ((user, role), played) in borne {
        let spans = played.iter().map(|one| (one.from.max(from), one.to.min(to)));
        let (spans, zone) = (united(spans.collect()), zone(user));
        let nights = days(&spans, &zone).into_iter();
        let night = nights.map(|date| meeting(&spans, window(&zone, date, NIGHT_FROM, NIGHT_TO)));
        let mut incidents: Vec<_> = played.iter().map(|one| one.incident).collect();
        incidents.sort_unstable();
        incidents.dedup();
        people.entry(user).or_default().push(RoleLoad {
            role: role.to_owned(),
            held: spans.iter().map(|(from, to)| to.duration_since(*from)).sum(),
            night: night.sum(),
            incidents: count(incidents.len()),
        });
    }
    people
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const ANA: UserId = UserId(Uuid::from_u128(1));
    const BO: UserId = UserId(Uuid::from_u128(2));

    fn t(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn played(user: UserId, role: &str, incident: u128, from: &str, to: &str) -> Played {
        let incident = IncidentId(Uuid::from_u128(incident));
        Played { user, role: role.to_owned(), incident, from: t(from), to: t(to) }
    }

    #[test]
    fn hours_nights_and_incidents_are_counted_by_person_and_role() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let told = [
            // Two incidents at once are two incidents and the same hours.
            played(ANA, "scribe", 1, "2026-11-18T20:00:00Z", "2026-11-18T23:00:00Z"),
            played(ANA, "scribe", 2, "2026-11-18T22:00:00Z", "2026-11-19T00:00:00Z"),
            played(ANA, "incident-lead", 2, "2026-11-19T00:00:00Z", "2026-11-19T01:30:00Z"),
            // It began before the period, and it never was.
            played(BO, "scribe", 3, "2026-10-31T22:00:00Z", "2026-11-01T02:00:00Z"),
            played(BO, "tester", 3, "2026-11-02T10:00:00Z", "2026-11-02T10:00:00Z"),
        ];
        let period = (t("2026-11-01T00:00:00Z"), t("2026-12-01T00:00:00Z"));
        let loads = by_role(&told, period, |_| berlin.clone());
        let hours = SignedDuration::from_hours;
        let load = |role: &str, held, night, incidents| RoleLoad {
            role: role.to_owned(),
            held,
            night,
            incidents,
        };
        let half = SignedDuration::from_mins(90);
        assert_eq!(
            loads[&ANA],
            [load("incident-lead", half, half, 1), load("scribe", hours(4), hours(3), 2)]
        );
        assert_eq!(loads[&BO], [load("scribe", hours(2), hours(2), 1)]);
    }
}
