//! What is in a change's way (`X9`): other changes of the service and of those around it in both
//! directions, windows and freezes, people who do something else or are on leave, open incidents,
//! gaps of the on-call, and too much at once. Times are half-open, so what ends when another begins
//! is in nobody's way. Each finding names its rule and the other thing; it blocks, or it is worth
//! knowing. Nothing is decided here: [`super::lifecycle`] asks, and an override needs a reason.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};

use super::approval::Assessment;
use super::notice::Notice;
use super::record::Change;
use crate::id::{ServiceId, TeamId, UserId};
use crate::incident::severity::{Level, Urgency};
use crate::oncall::alias::{self, Alias};
use crate::oncall::cover::Span;
use crate::oncall::schedule::Absence;
use crate::oncall::{coverage, group};
use crate::org::dependency;
use crate::org::directory::Directory;

mod index;
mod slot;
#[cfg(test)]
mod tests;

pub use index::{Booked, Index};
pub use slot::{AHEAD_MAX, GRAIN, Slot, next_free_slot};

/// How far around a service other changes and incidents are looked for, in steps. What is next to it
/// blocks; what is further away is worth knowing.
pub const STEPS_MAX: usize = 2;
/// How long an open incident is taken to go on: a change that begins within that waits for it.
pub const INCIDENT_HOLDS: SignedDuration = SignedDuration::from_hours(4);
/// How long before a change an open incident is worth knowing of.
pub const INCIDENT_WARNS: SignedDuration = SignedDuration::from_hours(48);
/// The highest number of a severity that holds changes up nearby.
const HOLDING_LEVEL_MAX: u8 = 2;
/// The highest number of a severity that keeps its people from supporting a change.
const BUSY_LEVEL_MAX: u8 = 1;

/// The rule that finds something in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// Another change of the same service at the same time.
    SameService,
    /// Another change of a service around it.
    Neighbour,
    /// Only the way back of one reaches into the other.
    Rollback,
    /// It is not within an outage window.
    Window,
    /// The way back would not be over when the window is.
    RollbackPastWindow,
    /// Nothing is touched at that time.
    Freeze,
    /// Whoever does it does another one.
    TechnicianBooked,
    /// Whoever does it is on leave.
    TechnicianAway,
    /// Whoever agreed to it does another one.
    ApproverBooked,
    /// Whoever agreed to it is on leave.
    ApproverAway,
    /// A bad incident is open nearby.
    Incident,
    /// Whoever would support it is in a bad incident.
    ResolverBusy,
    /// Nobody would be paged if it went wrong.
    OnCallGap,
    /// Too many of services of tier 1 at once.
    Tier1AtOnce,
}

names!(Rule {
    SameService = "same_service",
    Neighbour = "neighbour",
    Rollback = "rollback",
    Window = "window",
    RollbackPastWindow = "rollback_past_window",
    Freeze = "freeze",
    TechnicianBooked = "technician_booked",
    TechnicianAway = "technician_away",
    ApproverBooked = "approver_booked",
    ApproverAway = "approver_away",
    Incident = "incident",
    ResolverBusy = "resolver_busy",
    OnCallGap = "on_call_gap",
    Tier1AtOnce = "tier_1_at_once",
});

/// What is in the way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Other {
    /// A change, by its number.
    Change(i64),
    /// A freeze, by its name.
    Freeze(String),
    /// An incident, by its number; none where it may not be named.
    Incident(Option<i64>),
    /// Somebody, by their name.
    User(String),
    /// A service, by its name.
    Service(String),
}

/// Something in the way of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Which rule says so.
    pub rule: Rule,
    /// Whether the change waits for it, unless somebody says why not.
    pub is_blocking: bool,
    /// What it is.
    pub other: Other,
    /// In words, without its times.
    pub text: String,
    /// When it is in the way.
    pub span: Span,
    /// The earliest beginning at which it may be out of the way.
    pub clear_from: Timestamp,
}

impl Conflict {
    /// What makes it the same finding again, whatever its times: what an override is about.
    pub fn key(&self) -> String {
        let rule = self.rule.name();
        match &self.other {
            Other::Change(number) => format!("{rule}:change:{number}"),
            Other::Freeze(name) => format!("{rule}:freeze:{name}"),
            Other::Incident(Some(number)) => format!("{rule}:incident:{number}"),
            Other::Incident(None) => format!("{rule}:incident:"),
            Other::User(name) => format!("{rule}:user:{name}"),
            Other::Service(name) => format!("{rule}:service:{name}"),
        }
    }
}

/// The change in question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Its number; none while it has none.
    pub number: Option<i64>,
    /// What it changes.
    pub services: Vec<ServiceId>,
    /// Its class.
    pub class: String,
    /// The most important tier that it touches.
    pub tier: u8,
    /// How long it takes.
    pub takes: SignedDuration,
    /// How long the way back takes.
    pub back_takes: SignedDuration,
    /// Who does it.
    pub technician: Option<UserId>,
    /// Who agreed to it.
    pub approvers: Vec<UserId>,
    /// Whoever supports what comes of it: an alias, or the name of a group.
    pub resolver: String,
    /// Whether it must lie in an outage window.
    pub needs_window: bool,
    /// How long before it must be announced.
    pub notice: Notice,
}

impl Subject {
    /// A change as it is assessed; none while it has no time.
    pub fn of(change: &Change, assessment: &Assessment) -> Option<Self> {
        let plan = &change.plan;
        let takes = plan.end?.duration_since(plan.start?);
        if !takes.is_positive() {
            return None;
        }
        let agreed = change.decisions.iter().filter(|one| one.is_approval && !one.is_void);
        Some(Self {
            number: (change.number > 0).then_some(change.number),
            services: plan.services().collect(),
            class: plan.class.clone(),
            tier: assessment.tier,
            takes,
            back_takes: plan.rollback_takes.unwrap_or_default(),
            technician: plan.technician,
            approvers: agreed.map(|one| one.by).collect(),
            resolver: plan.resolver.clone(),
            needs_window: assessment.needs_window,
            notice: assessment.notice,
        })
    }

    /// How long it takes with the way back.
    pub fn at_most(&self) -> SignedDuration {
        self.takes.saturating_add(self.back_takes)
    }
}

/// An open incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Its number; none where it may not be named.
    pub number: Option<i64>,
    /// How bad it is.
    pub level: Level,
    /// Of which service.
    pub service: ServiceId,
    /// Who is engaged.
    pub people: Vec<UserId>,
}

/// Everything around the change.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// The organisation.
    pub directory: &'a Directory,
    /// When changes may be made.
    pub bounds: &'a super::window::Bounds,
    /// What stands in the calendar.
    pub booked: &'a Index,
    /// Who is on leave.
    pub absences: &'a [Absence],
    /// Incidents that are open.
    pub troubles: &'a [Trouble],
    /// The present instant.
    pub now: Timestamp,
}

/// What is in the way of a change that begins at `start`: what blocks first, in order of time.
pub fn check(subject: &Subject, around: Around<'_>, start: Timestamp) -> Vec<Conflict> {
    let end = start.saturating_add(subject.at_most()).unwrap_or(Timestamp::MAX);
    Check::new(subject, around, Span { from: start, to: end }).at(start)
}

/// A check that is ready for every beginning within a time.
struct Check<'a> {
    subject: &'a Subject,
    around: Around<'a>,
    /// Services with how far away they are: 0 for those it changes.
    nearby: BTreeMap<ServiceId, usize>,
    /// When each of its services may be changed.
    open: Vec<(ServiceId, Option<Vec<Span>>)>,
    /// When nobody whom the policy names would be paged, and whether the catch-all stands in.
    gaps: Vec<(ServiceId, Span, bool)>,
    /// Who would support it.
    resolvers: Vec<UserId>,
    /// Up to when this is known.
    until: Timestamp,
}

impl<'a> Check<'a> {
    fn new(subject: &'a Subject, around: Around<'a>, within: Span) -> Self {
        let directory = around.directory;
        let mut nearby: BTreeMap<ServiceId, usize> = BTreeMap::new();
        for service in &subject.services {
            nearby.insert(*service, 0);
            for one in dependency::around(directory, *service, STEPS_MAX) {
                let steps = nearby.entry(one.service).or_insert(one.steps);
                *steps = one.steps.min(*steps);
            }
        }
        let open =
            |service: &ServiceId| (*service, around.bounds.open(*service, &subject.class, within));
        Self {
            open: subject.services.iter().map(open).collect(),
            gaps: gaps(&subject.services, directory, within),
            resolvers: resolvers(&subject.resolver, directory, around.now),
            until: within.to,
            subject,
            around,
            nearby,
        }
    }

    fn at(&self, start: Timestamp) -> Vec<Conflict> {
        let end = start.saturating_add(self.subject.takes).unwrap_or(Timestamp::MAX);
        let back = end.saturating_add(self.subject.back_takes).unwrap_or(Timestamp::MAX);
        let (span, at_most) = (Span { from: start, to: end }, Span { from: start, to: back });
        let mut found = self.others(span, at_most);
        found.extend(self.outside_windows(span, at_most));
        found.extend(self.frozen(span));
        found.extend(self.technician(span));
        found.extend(self.approvers(span));
        found.extend(self.incidents(span));
        found.extend(self.uncovered(at_most));
        found.extend(self.too_much(span));
        found.sort_by(|a, b| {
            let key = |one: &Conflict| (!one.is_blocking, one.span.from, one.rule);
            key(a).cmp(&key(b)).then_with(|| a.other.cmp(&b.other))
        });
        found
    }

    fn is_another(&self, other: &Booked) -> bool {
        Some(other.number) != self.subject.number
    }

    fn service(&self, id: ServiceId) -> &'a str {
        self.around.directory.services.get(id).map_or("a service", |service| &service.name)
    }

    fn user(&self, id: UserId) -> String {
        let user = self.around.directory.users.get(id);
        user.map_or_else(|| "somebody".to_owned(), |user| user.name.clone())
    }

    /// Other changes of the services and of those around them; each once, for what is nearest.
    fn others(&self, span: Span, at_most: Span) -> Vec<Conflict> {
        let mut nearest: HashMap<i64, (usize, ServiceId, &Booked)> = HashMap::new();
        for (service, steps) in &self.nearby {
            let others = self.around.booked.of_service(*service, at_most);
            for other in others.filter(|other| self.is_another(other)) {
                let known = nearest.entry(other.number).or_insert((*steps, *service, other));
                if *steps < known.0 {
                    *known = (*steps, *service, other);
                }
            }
        }
        let conflict = |(steps, service, other): (usize, ServiceId, &Booked)| {
            let what = format!("CHG-{} ({})", other.number, other.title);
            let (name, meets) = (self.service(service), other.span.meets(span));
            let (rule, text) = match (meets, steps) {
                (false, _) => (
                    Rule::Rollback,
                    format!("{what} on {name} and this one meet where one is taken back"),
                ),
                (true, 0) => (Rule::SameService, format!("{what} changes {name} as well")),
                (true, steps) => (
                    Rule::Neighbour,
                    format!("{what} changes {name}, {} away", counted(steps, "step", "steps")),
                ),
            };
            Conflict {
                rule,
                is_blocking: meets && steps <= 1,
                other: Other::Change(other.number),
                text,
                span: other.span,
                clear_from: other.span.to,
            }
        };
        nearest.into_values().map(conflict).collect()
    }

    fn outside_windows(&self, span: Span, at_most: Span) -> Vec<Conflict> {
        let mut found = Vec::new();
        let needed = self.subject.needs_window;
        for (service, open) in &self.open {
            let name = self.service(*service);
            let conflict = |rule, text, clear_from| Conflict {
                rule,
                is_blocking: needed,
                other: Other::Service(name.to_owned()),
                text,
                span,
                clear_from,
            };
            let Some(open) = open else {
                if needed {
                    let text = format!("no outage window of {name} is for such changes");
                    found.push(conflict(Rule::Window, text, self.until));
                }
                continue;
            };
            let after = open.partition_point(|window| window.from <= span.from);
            let next = open.get(after).map_or(self.until, |window| window.from);
            let current = after.checked_sub(1).and_then(|at| open.get(at));
            match current.filter(|window| span.from < window.to) {
                None => {
                    let text = format!("it does not begin in an outage window of {name}");
                    found.push(conflict(Rule::Window, text, next));
                }
                Some(window) if window.to < span.to => {
                    let text = format!("it goes on after the outage window of {name}");
                    found.push(conflict(Rule::Window, text, next));
                }
                Some(window) if window.to < at_most.to => {
                    let text =
                        format!("taken back at its end, it goes past the outage window of {name}");
                    found.push(conflict(Rule::RollbackPastWindow, text, next));
                }
                Some(_) => {}
            }
        }
        found
    }

    fn frozen(&self, span: Span) -> Vec<Conflict> {
        let tier_of = |service: ServiceId| {
            let service = self.around.directory.services.get(service);
            service.and_then(|service| service.tier).unwrap_or(super::policy::TIER_USUAL)
        };
        let team_of = |service: ServiceId| -> Option<TeamId> {
            self.around.directory.services.get(service).and_then(|service| service.team)
        };
        let freezes = self.around.bounds.freezes.iter().filter(|freeze| freeze.span().meets(span));
        freezes
            .filter_map(|freeze| {
                let held = self.subject.services.iter().copied().find(|service| {
                    freeze.holds_for(*service, tier_of(*service))
                        && !freeze.exempts(team_of(*service), &self.subject.class)
                })?;
                let name = self.service(held);
                Some(Conflict {
                    rule: Rule::Freeze,
                    is_blocking: true,
                    other: Other::Freeze(freeze.name.clone()),
                    text: format!("{name} is frozen by {}: {}", freeze.name, freeze.reason),
                    span: freeze.span(),
                    clear_from: freeze.until,
                })
            })
            .collect()
    }

    fn technician(&self, span: Span) -> Vec<Conflict> {
        let Some(technician) = self.subject.technician else { return Vec::new() };
        let name = self.user(technician);
        let booked = self.around.booked.of_technician(technician, span);
        let booked = booked.filter(|other| self.is_another(other) && other.span.meets(span));
        let mut found: Vec<_> = booked
            .map(|other| Conflict {
                rule: Rule::TechnicianBooked,
                is_blocking: true,
                other: Other::Change(other.number),
                text: format!("{name} does CHG-{} ({}) then", other.number, other.title),
                span: other.span,
                clear_from: other.span.to,
            })
            .collect();
        found.extend(self.away(technician, span, Rule::TechnicianAway, true));
        found
    }

    fn approvers(&self, span: Span) -> Vec<Conflict> {
        let mut found = Vec::new();
        let approvers: BTreeSet<UserId> = self.subject.approvers.iter().copied().collect();
        for approver in approvers {
            let booked = self.around.booked.of_technician(approver, span);
            let other = booked
                .filter(|other| self.is_another(other) && other.span.meets(span))
                .min_by_key(|other| (other.span.from, other.number));
            if let Some(other) = other {
                let name = self.user(approver);
                found.push(Conflict {
                    rule: Rule::ApproverBooked,
                    is_blocking: false,
                    text: format!(
                        "{name}, who approves it, does CHG-{} ({}) then",
                        other.number, other.title
                    ),
                    other: Other::User(name),
                    span: other.span,
                    clear_from: other.span.to,
                });
            }
            found.extend(self.away(approver, span, Rule::ApproverAway, false));
        }
        found
    }

    fn away(&self, user: UserId, span: Span, rule: Rule, is_blocking: bool) -> Vec<Conflict> {
        let name = self.user(user);
        let of_user = self.around.absences.iter().filter(|leave| leave.user == user);
        let spans = of_user.map(|leave| Span { from: leave.from, to: leave.to });
        spans
            .filter(|leave| leave.from < leave.to && leave.meets(span))
            .map(|leave| Conflict {
                rule,
                is_blocking,
                other: Other::User(name.clone()),
                text: match rule {
                    Rule::ApproverAway => format!("{name}, who approves it, is on leave then"),
                    _ => format!("{name} is on leave then"),
                },
                span: leave,
                clear_from: leave.to,
            })
            .collect()
    }

    fn incidents(&self, span: Span) -> Vec<Conflict> {
        let now = self.around.now;
        let after = |time| now.saturating_add(time).unwrap_or(Timestamp::MAX);
        let (holds, warns) = (after(INCIDENT_HOLDS), after(INCIDENT_WARNS));
        if span.from >= warns {
            return Vec::new();
        }
        let mut found = Vec::new();
        for trouble in self.around.troubles {
            let level = trouble.level.number();
            let conflict = |rule, is_near, open: String| Conflict {
                rule,
                is_blocking: is_near && span.from < holds,
                other: Other::Incident(trouble.number),
                text: match trouble.number {
                    Some(_) => open,
                    None => "something is going on nearby that may not be named".to_owned(),
                },
                span: Span { from: now, to: holds },
                clear_from: holds,
            };
            let severity = self.around.directory.severity(trouble.level);
            let number = trouble.number.unwrap_or_default();
            let busy = trouble.people.iter().find(|user| self.resolvers.contains(user));
            if let Some(steps) = self.nearby.get(&trouble.service)
                && level <= HOLDING_LEVEL_MAX
            {
                let name = self.service(trouble.service);
                let text = format!("incident {number} ({}) is open on {name}", severity.name);
                found.push(conflict(Rule::Incident, *steps <= 1, text));
            }
            // That somebody is busy would tell who works on what may not be named.
            if let Some(busy) = busy.filter(|_| trouble.number.is_some())
                && level <= BUSY_LEVEL_MAX
            {
                let name = self.user(*busy);
                let text = format!(
                    "{name}, who would support it, works on incident {number} ({})",
                    severity.name
                );
                found.push(conflict(Rule::ResolverBusy, true, text));
            }
        }
        found
    }

    fn uncovered(&self, at_most: Span) -> Vec<Conflict> {
        let gaps = self.gaps.iter().filter(|(_, gap, _)| gap.meets(at_most));
        gaps.map(|(service, gap, is_caught)| {
            let name = self.service(*service);
            Conflict {
                rule: Rule::OnCallGap,
                is_blocking: !is_caught,
                other: Other::Service(name.to_owned()),
                text: match is_caught {
                    true => format!("only the catch-all is on call for {name} then"),
                    false => format!("nobody is on call for {name} then"),
                },
                span: *gap,
                clear_from: gap.to,
            }
        })
        .collect()
    }

    /// A sweep over the beginnings and ends of everything of tier 1 within the time: the last stretch
    /// that would hold more than the policy allows, with what is under way in it.
    fn too_much(&self, span: Span) -> Option<Conflict> {
        if self.subject.tier != 1 {
            return None;
        }
        let others: Vec<&Booked> = self
            .around
            .booked
            .of_tier_1(span)
            .filter(|other| self.is_another(other) && other.span.meets(span))
            .collect();
        let most = usize::try_from(self.around.bounds.tier_1_at_once).unwrap_or(usize::MAX);
        let mut edges: Vec<(Timestamp, bool)> = others
            .iter()
            .flat_map(|other| {
                [(other.span.from.max(span.from), true), (other.span.to.min(span.to), false)]
            })
            .collect();
        // What ends at an instant is over before what begins there.
        edges.sort_unstable();
        let mut running = 0_usize;
        let mut full_since = None;
        let mut full: Option<Span> = None;
        for (at, begins) in edges {
            running = if begins { running + 1 } else { running.saturating_sub(1) };
            match (running + 1 > most, full_since) {
                (true, None) => full_since = Some(at),
                (false, Some(from)) => {
                    if from < at {
                        full = Some(Span { from, to: at });
                    }
                    full_since = None;
                }
                _ => {}
            }
        }
        let full = full?;
        let mut then: Vec<_> =
            others.iter().filter(|o| o.span.meets(full)).map(|o| o.number).collect();
        then.sort_unstable();
        let first = *then.first()?;
        let numbers: Vec<_> = then.iter().map(|number| format!("CHG-{number}")).collect();
        Some(Conflict {
            rule: Rule::Tier1AtOnce,
            is_blocking: true,
            other: Other::Change(first),
            text: format!(
                "more than {} of tier 1 at once, with {}",
                counted(most, "change", "changes"),
                numbers.join(", ")
            ),
            span: full,
            clear_from: full.to,
        })
    }
}

fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Whom a resolver stands for at an instant: an alias, or a group by its name.
fn resolvers(resolver: &str, directory: &Directory, at: Timestamp) -> Vec<UserId> {
    if let Some(alias) = Alias::parse(resolver)
        && let Some(people) = alias::resolve(directory, &alias, at)
    {
        return people;
    }
    let of_group = directory.groups.named(resolver);
    of_group.map(|found| group::resolve(directory, found, at)).unwrap_or_default()
}

/// When nobody whom a service's policy names would be paged, and whether the catch-all stands in.
pub fn gaps(
    services: &[ServiceId],
    directory: &Directory,
    within: Span,
) -> Vec<(ServiceId, Span, bool)> {
    let within = coverage::Span { from: within.from, to: within.to };
    let mut found = Vec::new();
    for id in services {
        let service = directory.services.get(*id);
        let policy = service.and_then(|service| directory.policies.get(service.policy));
        let proved = coverage::prove(directory, policy, Urgency::High, within);
        for finding in proved.into_iter().flat_map(|(_, coverage)| coverage.findings) {
            if let coverage::Trouble::Nobody { caught } = finding.trouble {
                let span = Span { from: finding.span.from, to: finding.span.to };
                found.push((*id, span, caught));
            }
        }
    }
    found
}
