//! Figures by the values of custom fields (`T2`): how many incidents have each value of a field, and how
//! long they took services from their users. Which incidents count is as in every other figure.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use crate::id::IncidentId;
use crate::incident::impact;
use crate::incident::lifecycle::Incident;
use crate::learning::metric::counts;
use crate::org::directory::Directory;

/// The most values of a field that are told apart.
pub const VALUES_MAX: usize = 50;

/// The values of incidents: the name of each field with its value.
pub type Values = HashMap<IncidentId, Vec<(String, String)>>;

/// The figures of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFigures {
    /// Its name.
    pub field: String,
    /// By value, the most incidents first, at most [`VALUES_MAX`]; incidents without one come last.
    pub values: Vec<ValueFigures>,
}

/// The figures of one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueFigures {
    /// The value; none for incidents that have none.
    pub value: Option<String>,
    /// How many incidents have it.
    pub count: usize,
    /// How long their outages lasted, each counted whole.
    pub outage: SignedDuration,
}

/// The figures of every configured field as they stand at `now`. A field of which no incident has a
/// value is left out.
pub fn by_field<'a>(
    incidents: impl IntoIterator<Item = &'a Incident>,
    values: &Values,
    directory: &Directory,
    now: Timestamp,
) -> Vec<FieldFigures> {
    let incidents: Vec<_> = incidents.into_iter().filter(|incident| counts(incident)).collect();
    let mut all = Vec::new();
    for field in &directory.fields {
        let mut sums: BTreeMap<Option<&str>, (usize, SignedDuration)> = BTreeMap::new();
        for incident in &incidents {
            let of_incident = values.get(&incident.id).map(Vec::as_slice).unwrap_or_default();
            let value = of_incident.iter().find(|(name, _)| *name == field.name);
            let severity = directory.severity(incident.severity);
            let outage = impact::outage(&incident.stamps, severity, now);
            let sum = sums.entry(value.map(|(_, value)| value.as_str())).or_default();
            sum.0 += 1;
            if let Some((from, to)) = outage {
                sum.1 = sum.1.saturating_add(to.duration_since(from));
            }
        }
        let figures = sums.into_iter().map(|(value, (count, outage))| ValueFigures {
            value: value.map(str::to_owned),
            count,
            outage,
        });
        let (mut figures, without): (Vec<_>, Vec<_>) =
            figures.partition(|figures| figures.value.is_some());
        if figures.is_empty() {
            continue;
        }
        figures.sort_by_key(|figures| Reverse((figures.count, figures.outage)));
        figures.truncate(VALUES_MAX);
        figures.extend(without);
        all.push(FieldFigures { field: field.name.clone(), values: figures });
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::field::{Field, Kind};
    use crate::incident::lifecycle::tests::incident;
    use uuid::Uuid;

    #[test]
    fn incidents_are_counted_by_value_and_those_without_one_come_last() {
        let field = |name: &str| Field {
            name: name.to_owned(),
            title: name.to_owned(),
            description: String::new(),
            kind: Kind::Text,
            choices: Vec::new(),
            required: None,
        };
        let directory =
            Directory { fields: vec![field("cause"), field("unused")], ..Directory::default() };
        let t0: Timestamp = "2026-11-21T03:00:00Z".parse().unwrap();
        let min = SignedDuration::from_mins;
        let mut values = Values::new();
        let mut one = |number: u128, cause: Option<&str>, minutes: i64| {
            let mut incident = incident();
            incident.id = IncidentId(Uuid::from_u128(number));
            incident.stamps.occurred_at = Some(t0);
            incident.stamps.restored_at = Some(t0 + min(minutes));
            let value = cause.map(|cause| ("cause".to_owned(), cause.to_owned()));
            values.insert(incident.id, value.into_iter().collect());
            incident
        };
        let mut exercise = one(6, Some("practice"), 60);
        exercise.practice = true;
        let incidents = [
            one(1, None, 1),
            one(2, Some("config"), 90),
            one(3, Some("deploy"), 10),
            one(4, Some("deploy"), 20),
            one(5, None, 2),
            exercise,
        ];
        let figures = by_field(&incidents, &values, &directory, t0);
        let figure = |value: Option<&str>, count, minutes| ValueFigures {
            value: value.map(str::to_owned),
            count,
            outage: min(minutes),
        };
        let expected =
            vec![figure(Some("deploy"), 2, 30), figure(Some("config"), 1, 90), figure(None, 2, 3)];
        assert_eq!(figures, [FieldFigures { field: "cause".to_owned(), values: expected }]);
    }
}
