//! The plan of a change (`X1` to `X3`): what people write before anybody is asked to agree. This file
//! owns its fields, and which parts of it a new wording touches; whether it is complete is
//! [`super::lint`]'s to say.

use jiff::{SignedDuration, Timestamp};

use crate::id::{ServiceId, TeamId, UserId};

/// The longest title, in characters.
pub const TITLE_CHARS_MAX: usize = 200;
/// The longest of the longer texts, in characters.
pub const TEXT_CHARS_MAX: usize = 8_000;
/// The most steps of a timeline or a rollback.
pub const STEPS_MAX: usize = 200;
/// The most hosts of a step.
pub const HOSTS_MAX: usize = 200;

/// Low, medium or high, of whatever is banded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Band {
    /// The least.
    Low,
    /// Between.
    Medium,
    /// The most.
    High,
}

names!(Band { Low = "low", Medium = "medium", High = "high" });

/// Whom it meets if it goes as badly as it can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Impact {
    /// Nobody notices.
    Unnoticed,
    /// Only what colleagues use.
    Internal,
    /// Something that customers use.
    Customer,
    /// Much of what customers use.
    CustomerWide,
}

names!(Impact {
    Unnoticed = "none",
    Internal = "internal",
    Customer = "customer",
    CustomerWide = "customer_wide",
});

impl Impact {
    /// How bad that is.
    pub fn band(self) -> Band {
        match self {
            Self::Unnoticed | Self::Internal => Band::Low,
            Self::Customer => Band::Medium,
            Self::CustomerWide => Band::High,
        }
    }

    /// In words.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Unnoticed => "nobody notices",
            Self::Internal => "only internal sites are affected",
            Self::Customer => "something customers use is affected",
            Self::CustomerWide => "much of what customers use is affected",
        }
    }
}

/// How much of it a machine does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Automation {
    /// People type.
    Manual,
    /// People start tools and watch them.
    Partial,
    /// A tool does all of it, the way back included.
    Full,
}

names!(Automation { Manual = "manual", Partial = "partial", Full = "full" });

/// When a step is done, seen from the work itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Before anything is changed.
    Before,
    /// While it is.
    During,
    /// After.
    After,
}

names!(Phase { Before = "before", During = "during", After = "after" });

/// One step of a timeline or of a way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// From T+00:00, so that a new date changes no step.
    pub at: SignedDuration,
    /// Before, during or after the work.
    pub phase: Phase,
    /// Whether it is a look at how things are rather than a change to them.
    pub is_monitoring: bool,
    /// What is done, in words.
    pub text: String,
    /// Exactly what is typed or started; may be empty where it is monitoring.
    pub command: String,
    /// On which hosts.
    pub hosts: Vec<String>,
    /// In which environment, such as `production`.
    pub environment: String,
}

/// What people write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// One line.
    pub title: String,
    /// What is changed.
    pub service: ServiceId,
    /// What else is changed with it.
    pub also: Vec<ServiceId>,
    /// The kind of change, by the name that the policy knows.
    pub class: String,
    /// Who does it; never an approver.
    pub technician: Option<UserId>,
    /// Whoever supports what comes of it, as an alias that can be paged.
    pub resolver: String,
    /// Other people and aliases to ask.
    pub contacts: Vec<String>,
    /// When it is to begin.
    pub start: Option<Timestamp>,
    /// When it is to be over.
    pub end: Option<Timestamp>,
    /// Whom it meets at worst.
    pub impact: Option<Impact>,
    /// The worst that can happen, in words.
    pub worst_case: String,
    /// How likely it is to go well.
    pub confidence: Option<Band>,
    /// What is gained.
    pub benefit: String,
    /// What happens if it is not done.
    pub without: String,
    /// The steps, from T+00:00.
    pub timeline: Vec<Step>,
    /// The steps back, from their own T+00:00.
    pub rollback: Vec<Step>,
    /// How long the way back takes.
    pub rollback_takes: Option<SignedDuration>,
    /// Whether the way back was tried.
    pub is_rollback_tested: bool,
    /// How much a machine does.
    pub automation: Automation,
    /// Whether it meets the whole company, so that no single customer can agree to it.
    pub is_company_wide: bool,
    /// The teams whose services it meets.
    pub customers: Vec<TeamId>,
    /// How those were told; empty while they were not.
    pub customers_told: String,
    /// Where more is to be read: a diff, a ticket; an http or https address, or empty.
    pub link: String,
    /// The incident it is done for, by its number.
    pub incident: Option<i64>,
}

/// A part of a plan that people agree to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The steps.
    Timeline,
    /// The steps back.
    Rollback,
    /// When.
    Window,
    /// What is touched, and whom it meets.
    Scope,
    /// Who does it.
    Technician,
}

names!(Part {
    Timeline = "timeline",
    Rollback = "rollback",
    Window = "window",
    Scope = "scope",
    Technician = "technician",
});

impl Plan {
    /// A plan of which nothing is said but what is changed.
    pub fn new(title: impl Into<String>, service: ServiceId, class: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            service,
            also: Vec::new(),
            class: class.into(),
            technician: None,
            resolver: String::new(),
            contacts: Vec::new(),
            start: None,
            end: None,
            impact: None,
            worst_case: String::new(),
            confidence: None,
            benefit: String::new(),
            without: String::new(),
            timeline: Vec::new(),
            rollback: Vec::new(),
            rollback_takes: None,
            is_rollback_tested: false,
            automation: Automation::Manual,
            is_company_wide: false,
            customers: Vec::new(),
            customers_told: String::new(),
            link: String::new(),
            incident: None,
        }
    }

    /// Everything it changes, the service first.
    pub fn services(&self) -> impl Iterator<Item = ServiceId> + '_ {
        std::iter::once(self.service).chain(self.also.iter().copied())
    }

    /// What it says in words, by the name of the field; steps with what is typed and where.
    pub fn texts(&self) -> Vec<(&'static str, String)> {
        let steps = |steps: &[Step]| {
            let line = |step: &Step| {
                let hosts = step.hosts.join(" ");
                let parts = [&step.text, &step.command, &hosts, &step.environment];
                let said: Vec<_> =
                    parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
                said.join(" ")
            };
            steps.iter().map(line).collect::<Vec<_>>().join("\n")
        };
        let texts = [
            ("title", self.title.clone()),
            ("worst_case", self.worst_case.clone()),
            ("benefit", self.benefit.clone()),
            ("without", self.without.clone()),
            ("timeline", steps(&self.timeline)),
            ("rollback", steps(&self.rollback)),
            ("resolver", self.resolver.clone()),
            ("contacts", self.contacts.join(" ")),
            ("customers_told", self.customers_told.clone()),
            ("link", self.link.clone()),
        ];
        texts.into_iter().filter(|(_, text)| !text.is_empty()).collect()
    }

    /// The parts in which another wording differs from this one in what people agreed to. A title, a
    /// contact or a link is none of them.
    pub fn changed_parts(&self, other: &Self) -> Vec<Part> {
        let same_scope = (self.service, &self.also, &self.class, self.impact, self.confidence)
            == (other.service, &other.also, &other.class, other.impact, other.confidence)
            && (self.automation, self.is_company_wide, &self.customers)
                == (other.automation, other.is_company_wide, &other.customers)
            && self.worst_case == other.worst_case;
        let same_rollback = (&self.rollback, self.rollback_takes, self.is_rollback_tested)
            == (&other.rollback, other.rollback_takes, other.is_rollback_tested);
        let parts = [
            (Part::Timeline, self.timeline == other.timeline),
            (Part::Rollback, same_rollback),
            (Part::Window, (self.start, self.end) == (other.start, other.end)),
            (Part::Scope, same_scope),
            (Part::Technician, self.technician == other.technician),
        ];
        parts.into_iter().filter(|(_, same)| !same).map(|(part, _)| part).collect()
    }
}

/// How a step's time is written: `T+01:30`, in hours and minutes; `T-00:10` before the beginning.
pub fn offset_in_words(at: SignedDuration) -> String {
    let minutes = at.as_secs().abs() / 60;
    let sign = if at.is_negative() { '-' } else { '+' };
    format!("T{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// Reads `T+01:30`, `+01:30` or `01:30`; `T-00:10` is before the beginning.
pub fn offset(text: &str) -> Option<SignedDuration> {
    let rest = text.trim();
    let rest = rest.strip_prefix(['T', 't']).unwrap_or(rest);
    let (is_before, rest) = match rest.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, rest.strip_prefix('+').unwrap_or(rest)),
    };
    let (hours, minutes) = rest.split_once(':')?;
    let number = |text: &str, most: i64| {
        let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_plain.then(|| text.parse().ok()).flatten().filter(|number: &i64| *number <= most)
    };
    let all = SignedDuration::from_mins(number(hours, 999)? * 60 + number(minutes, 59)?);
    Some(if is_before { -all } else { all })
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn offsets_are_read_as_they_are_written() {
        for (text, minutes) in
            [("T+00:00", 0), ("T+01:30", 90), ("T-00:10", -10), ("T+26:05", 1_565)]
        {
            let read = offset(text);
            assert_eq!(read, Some(SignedDuration::from_mins(minutes)), "{text}");
            assert_eq!(read.map(offset_in_words).as_deref(), Some(text));
        }
        assert_eq!(offset("1:05"), Some(SignedDuration::from_mins(65)));
        for wrong in ["", "T+", "90", "T+1:60", "T+-1:00", "T+x:00", "1:2:3", "T+9999:00"] {
            assert_eq!(offset(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn only_what_people_agreed_to_is_a_part() {
        let plan = Plan::new("New disks", ServiceId(Uuid::nil()), "network");
        let mut other = plan.clone();
        other.title = "Newer disks".into();
        other.contacts = vec!["ana".into()];
        other.customers_told = "by mail".into();
        assert_eq!(plan.changed_parts(&other), []);
        other.rollback_takes = Some(SignedDuration::from_mins(5));
        other.end = Some(Timestamp::UNIX_EPOCH);
        other.automation = Automation::Full;
        assert_eq!(plan.changed_parts(&other), [Part::Rollback, Part::Window, Part::Scope]);
    }
}
