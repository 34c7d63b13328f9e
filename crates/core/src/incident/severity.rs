//! Severities (`I1`): how bad it is, how loudly people are asked, and which clocks run. Levels,
//! names and clocks are configuration; the rules ask a severity what it means and never compare
//! levels with literals.

use std::sync::LazyLock;

use jiff::SignedDuration;

use crate::incident::clocks::management;
use crate::incident::process::Process;

/// How bad an incident is; 1 is the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Level(u8);

impl Level {
    /// The worst level.
    pub const WORST: Self = Self(1);
    /// The highest number that a level may have.
    pub const NUMBER_MAX: u8 = 9;
    /// What an alert gets that no map entry matches.
    pub const UNMAPPED: Self = Self(2);

    /// The level of that number, from 1 to [`Level::NUMBER_MAX`].
    pub fn new(number: u8) -> Option<Self> {
        (1..=Self::NUMBER_MAX).contains(&number).then_some(Self(number))
    }

    /// The number that people say.
    pub fn number(self) -> u8 {
        self.0
    }

    /// Whether this is the same as or worse than `other`.
    pub fn at_least_as_bad_as(self, other: Self) -> bool {
        self.0 <= other.0
    }
}

/// A set of levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Levels(u16);

impl Levels {
    /// What is in either.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The levels, the worst first.
    pub fn iter(self) -> impl Iterator<Item = Level> {
        (1..=Level::NUMBER_MAX).filter(move |number| self.0 & (1 << number) != 0).map(Level)
    }
}

impl FromIterator<Level> for Levels {
    fn from_iter<I: IntoIterator<Item = Level>>(levels: I) -> Self {
        Self(levels.into_iter().fold(0, |set, level| set | 1 << level.0))
    }
}

/// How loudly people are asked; it picks the notification rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Urgency {
    /// Wakes people.
    High,
    /// Can wait for the morning.
    Low,
    /// Nobody is asked.
    None,
}

impl Urgency {
    /// Its name in configuration and API.
    pub fn name(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Low => "low",
            Self::None => "none",
        }
    }

    /// The urgency of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::High, Self::Low, Self::None].into_iter().find(|urgency| urgency.name() == name)
    }
}

/// One severity with its process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Severity {
    /// Its place; 1 is the worst.
    pub level: Level,
    /// For people: `Outage`.
    pub name: String,
    /// When it applies, in words.
    pub definition: String,
    /// How loudly people are asked.
    pub urgency: Urgency,
    /// How long an acknowledgement holds before it must be confirmed again (`I4`); forever if `None`.
    pub acknowledgement_expires_after: Option<SignedDuration>,
    /// When and how fast the management chain is climbed (`I2`); not at all if `None`.
    pub management_chain: Option<management::Rules>,
    /// How long nothing may move before somebody else gets it (`I3`); for ever if `None`.
    pub rotate_after: Option<SignedDuration>,
    /// How long whoever is paged has to check in (`I5`); for ever if `None`.
    pub engage_within: Option<SignedDuration>,
    /// Which roles it wants.
    pub process: Process,
}

static DEFAULTS: LazyLock<Vec<Severity>> = LazyLock::new(|| {
    let severity = |number, name: &str, definition: &str, urgency| Severity {
        level: Level(number),
        name: name.to_owned(),
        definition: definition.to_owned(),
        urgency,
        acknowledgement_expires_after: None,
        management_chain: None,
        rotate_after: None,
        engage_within: None,
        process: Process::default_of(Level(number)),
    };
    let minutes = SignedDuration::from_mins;
    vec![
        Severity {
            management_chain: Some(management::Rules { after: minutes(15), every: minutes(10) }),
            rotate_after: Some(minutes(15)),
            engage_within: Some(minutes(15)),
            ..severity(1, "Outage", "Customers cannot use the service.", Urgency::High)
        },
        Severity {
            rotate_after: Some(minutes(30)),
            engage_within: Some(minutes(15)),
            ..severity(
                2,
                "Diminished",
                "The service works, but badly or only in part.",
                Urgency::High,
            )
        },
        severity(3, "Group", "A group of colleagues cannot work as usual.", Urgency::Low),
        severity(4, "Individual", "One person is hindered, or it can wait.", Urgency::None),
    ]
});

impl Severity {
    /// The four severities of an organisation that configures none.
    pub fn defaults() -> Vec<Self> {
        DEFAULTS.clone()
    }

    /// The clocks of a level that are left out of a configuration: those of the default of the same
    /// level, and none for a level that has no default.
    pub fn default_of(level: Level) -> Option<&'static Self> {
        DEFAULTS.iter().find(|severity| severity.level == level)
    }

    /// The worst default, for an organisation whose list is empty.
    pub(crate) fn fallback() -> &'static Self {
        &DEFAULTS[0]
    }

    /// Whether anybody is asked at all.
    pub fn pages(&self) -> bool {
        self.urgency != Urgency::None
    }
}
