//! Status pages (`U5`): what those outside are shown of the organisation's services. A page has
//! components in the organisation's public words, each backed by services; it shows what somebody
//! published there, planned work that is meant to be seen, and how each component stood day by day.
//! This file owns what follows from that; what is published is written by people, and nothing internal
//! ever comes out of here.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::id::{ServiceId, StatusPageId};
use crate::incident::lifecycle::{Incident, Status};
use crate::incident::severity::Level;

/// How many days a page looks back.
pub const DAYS: i64 = 90;
/// The most components of one page.
pub const COMPONENTS_MAX: usize = 100;
/// The longest title of a page, of a component, of a group or of what is published, in characters.
pub const TITLE_CHARS_MAX: usize = 120;
/// The longest description of a page or of a component, in characters.
pub const DESCRIPTION_CHARS_MAX: usize = 500;

/// Who may see a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Everybody.
    Public,
    /// Whoever is signed in.
    Private,
}

names!(Visibility { Public = "public", Private = "private" });

/// A status page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusPage {
    /// Stays the same when the page is renamed.
    pub id: StatusPageId,
    /// Unique; what configuration and API call it.
    pub name: String,
    /// Its place in addresses: `/status/{slug}`.
    pub slug: String,
    /// For people.
    pub title: String,
    /// What it is about, if that needs saying.
    pub description: Option<String>,
    /// Who may see it.
    pub visibility: Visibility,
    /// The zone of its days and times.
    pub timezone: TimeZone,
    /// The severities that it shows, with what each means for a component.
    pub shows: BTreeMap<Level, State>,
    /// Whether open incidents that nobody published change the state of components, too.
    pub is_automatic: bool,
    /// What it speaks of, in order.
    pub components: Vec<Component>,
}

/// Something that those outside know by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// Its public name, unique within the page.
    pub name: String,
    /// Under which heading it stands.
    pub group: Option<String>,
    /// What it is, if that needs saying.
    pub description: Option<String>,
    /// The services behind it.
    pub services: Vec<ServiceId>,
}

/// How a component stands, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// It works.
    Operational,
    /// Planned work is going on.
    UnderMaintenance,
    /// It works, but badly.
    Degraded,
    /// Part of it does not work.
    PartialOutage,
    /// It does not work.
    MajorOutage,
}

names!(State {
    Operational = "operational",
    UnderMaintenance = "under_maintenance",
    Degraded = "degraded",
    PartialOutage = "partial_outage",
    MajorOutage = "major_outage",
});

impl State {
    /// For people: `Partial outage`.
    pub fn words(self) -> &'static str {
        match self {
            Self::Operational => "Operational",
            Self::UnderMaintenance => "Under maintenance",
            Self::Degraded => "Degraded",
            Self::PartialOutage => "Partial outage",
            Self::MajorOutage => "Major outage",
        }
    }

    /// What a whole page says whose worst component stands so.
    pub fn headline(self) -> &'static str {
        match self {
            Self::Operational => "Everything works",
            Self::UnderMaintenance => "Planned work is going on",
            Self::Degraded => "Some things work badly",
            Self::PartialOutage => "Some things do not work",
            Self::MajorOutage => "Important things do not work",
        }
    }

    /// What incidents of a severity mean for components unless a page says otherwise: the three worst
    /// levels are shown, the others are not.
    pub fn shown_by_default() -> BTreeMap<Level, Self> {
        let states = [Self::MajorOutage, Self::PartialOutage, Self::Degraded];
        let levels = (1..).filter_map(Level::new);
        levels.zip(states).collect()
    }
}

/// How far those who work on a published incident have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// The cause is being looked for.
    Investigating,
    /// The cause is known and being mended.
    Identified,
    /// It works again and is being watched.
    Monitoring,
    /// It is over.
    Resolved,
}

names!(Stage {
    Investigating = "investigating",
    Identified = "identified",
    Monitoring = "monitoring",
    Resolved = "resolved",
});

impl Stage {
    /// For people: `Identified`.
    pub fn words(self) -> &'static str {
        match self {
            Self::Investigating => "Investigating",
            Self::Identified => "Identified",
            Self::Monitoring => "Monitoring",
            Self::Resolved => "Resolved",
        }
    }

    /// What an incident's status means to those outside.
    pub fn of(status: Status) -> Self {
        match status {
            Status::Triggered | Status::Acknowledged | Status::Researching => Self::Investigating,
            Status::Identified => Self::Identified,
            Status::Restored => Self::Monitoring,
            Status::Resolved | Status::Closed => Self::Resolved,
        }
    }
}

/// What an update is called where it is published; what is left out follows from the incident.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Face {
    /// The public title from now on; as before, or made of the components' names.
    pub title: Option<String>,
    /// How far it has come.
    pub stage: Option<Stage>,
}

/// Something that was wrong, as far as a page needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// With which services.
    pub services: Vec<ServiceId>,
    /// How bad.
    pub level: Level,
    /// Since when.
    pub from: Timestamp,
    /// Until when; none while it lasts.
    pub to: Option<Timestamp>,
}

/// Planned work that a page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedWork {
    /// On which services; on none in particular where it names none.
    pub services: Vec<ServiceId>,
    /// From then on.
    pub from: Timestamp,
    /// Up to, but not at, then.
    pub to: Timestamp,
}

/// A day of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// In the page's zone.
    pub date: Date,
    /// The worst that it saw.
    pub state: State,
}

impl Component {
    fn concerns(&self, services: &[ServiceId]) -> bool {
        self.services.iter().any(|service| services.contains(service))
    }
}

impl StatusPage {
    /// The components that some services stand behind, in order.
    pub fn touched<'a>(
        &'a self,
        services: &'a [ServiceId],
    ) -> impl Iterator<Item = &'a Component> + 'a {
        self.components.iter().filter(|component| component.concerns(services))
    }

    /// Whether an incident may be published here: an exercise and a restricted one never, one of a
    /// severity that is not shown neither, nor one of services that the page does not speak of.
    pub fn takes(&self, incident: &Incident) -> bool {
        !incident.practice
            && incident.restriction.is_none()
            && self.shows.contains_key(&incident.severity)
            && self.touched(&services_of(incident)).next().is_some()
    }

    /// What an incident of some services is called where nobody chose a title: never anything that
    /// those inside wrote.
    pub fn title_for(&self, services: &[ServiceId]) -> String {
        let names: Vec<_> = self.touched(services).map(|one| one.name.as_str()).collect();
        match names.as_slice() {
            [] => "Trouble with our services".to_owned(),
            [one] => format!("Trouble with {one}"),
            [one, other] => format!("Trouble with {one} and {other}"),
            [first, .., last] if names.len() == 3 => {
                format!("Trouble with {first}, {} and {last}", names[1])
            }
            [first, second, ..] => {
                format!("Trouble with {first}, {second} and {} more", names.len() - 2)
            }
        }
    }

    /// How a component stands at an instant: trouble weighs more than planned work.
    pub fn state(
        &self,
        component: &Component,
        troubles: &[Trouble],
        work: &[PlannedWork],
        at: Timestamp,
    ) -> State {
        let troubles = troubles.iter().filter(|one| {
            one.from <= at && one.to.is_none_or(|to| at < to) && component.concerns(&one.services)
        });
        let work = work
            .iter()
            .filter(|one| one.from <= at && at < one.to && component.concerns(&one.services))
            .map(|_| State::UnderMaintenance);
        let states = troubles.filter_map(|one| self.shows.get(&one.level).copied()).chain(work);
        states.max().unwrap_or(State::Operational)
    }

    /// The last [`DAYS`] days of a component, today last: the worst that each saw.
    pub fn days(
        &self,
        component: &Component,
        troubles: &[Trouble],
        work: &[PlannedWork],
        now: Timestamp,
    ) -> Vec<Day> {
        let date_of = |at: Timestamp| at.to_zoned(self.timezone.clone()).date();
        let today = date_of(now);
        let first = today.saturating_sub(jiff::Span::new().days(DAYS - 1));
        let mut worst: BTreeMap<Date, State> = BTreeMap::new();
        let mut mark = |from: Timestamp, to: Timestamp, state: State| {
            // Midnight at the end of a day is the next day's.
            let last = to.saturating_sub(SignedDuration::from_nanos(1)).unwrap_or(to).max(from);
            let mut date = date_of(from).max(first);
            let last = date_of(last).min(today);
            while date <= last {
                let known = worst.entry(date).or_insert(state);
                *known = (*known).max(state);
                date = date.saturating_add(jiff::Span::new().days(1));
            }
        };
        for one in troubles.iter().filter(|one| component.concerns(&one.services)) {
            if let Some(state) = self.shows.get(&one.level).filter(|_| one.from <= now) {
                mark(one.from, one.to.unwrap_or(now).min(now), *state);
            }
        }
        for one in work.iter().filter(|one| component.concerns(&one.services)) {
            if one.from <= now {
                mark(one.from, one.to.min(now), State::UnderMaintenance);
            }
        }
        let date = |ago: i64| today.saturating_sub(jiff::Span::new().days(ago));
        let days = (0..DAYS).rev().map(date);
        days.map(|date| Day {
            date,
            state: worst.get(&date).copied().unwrap_or(State::Operational),
        })
        .collect()
    }
}

/// Every service that an incident is about: its own and those of its impact.
pub fn services_of(incident: &Incident) -> Vec<ServiceId> {
    let others = incident.impact.services.iter().copied();
    std::iter::once(incident.service).chain(others).collect()
}

#[cfg(test)]
mod tests;
