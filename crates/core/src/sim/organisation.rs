//! The organisation that is simulated: six people with different ways to be reached, rotas in three
//! time zones with gaps, four services that group their alerts differently, and the edits that are
//! made to it while incidents run.

use jiff::civil::{Date, Time, Weekday, date, time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::cover::Plan;
use crate::alerting::guard::Guard;
use crate::alerting::maintenance::Maintenance;
use crate::alerting::rule::Rule;
use crate::id::{
    ContactMethodId, IntegrationId, MaintenanceId, PolicyId, ScheduleId, ServiceId, TeamId, UserId,
};
use crate::incident::severity::{Level, Severity};
use crate::oncall::condition::{Condition, Flood};
use crate::oncall::escalation::{Policy, SecondSet, Step, Target};
use crate::oncall::schedule::{
    Absence, Handoff, HandoffDay, Layer, Override, Restriction, RosterChange, Rotation, Schedule,
    Shadow, TurnLength,
};
use crate::org::directory::{CATCH_ALL_SERVICE, Directory, Table};
use crate::org::service::{
    Grouping, Integration, Mapping, Outcome, RoutingRule, Service, SeverityRule,
};
use crate::org::team::Team;
use crate::org::user::{Address, ContactMethod, NotificationRule, Role, User};

/// The people, by number.
pub const PEOPLE: [&str; 6] = ["ana", "bo", "cleo", "dan", "eve", "fay"];
/// The integrations, by number; the last belongs to no service and is routed by rules.
pub const INTEGRATIONS: [&str; 4] = ["checkout", "ledger", "search", "organisation"];
/// The values of the label `team` that signals bear; the first is routed, the second is not.
pub const TEAMS: [&str; 2] = ["payments", "nobody-knows"];
/// The providers that carry mail, by number.
pub const CARRIERS: [&str; 2] = ["first-mail", "second-mail"];
/// The client's words for how bad it is, by number.
pub const SEVERITIES: [&str; 4] = ["critical", "warning", "info", "strange"];

/// The most overrides that edits leave behind; the oldest go first.
const OVERRIDES_MAX: usize = 12;
/// The most absences that edits leave behind; the oldest go first.
const ABSENCES_MAX: usize = 12;
/// The most windows of maintenance that are remembered; the oldest go first.
const WINDOWS_MAX: usize = 40;

/// A change of configuration in mid-flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    /// A person is deleted, or comes back.
    Person {
        /// By number.
        person: usize,
        /// Whether the person is there afterwards.
        exists: bool,
    },
    /// The steps of the policy `payments` are rewritten.
    Policy {
        /// 0 is as at the beginning.
        variant: u8,
    },
    /// The rota `search` loses its layers, or gets them back.
    Gap {
        /// Whether it is empty afterwards.
        empty: bool,
    },
    /// Somebody takes over from whoever is on call.
    Override {
        /// By number.
        person: usize,
        /// For how long from now.
        hours: u8,
    },
    /// A service is being worked on from now on.
    Maintenance {
        /// By number, as its integration.
        service: usize,
        /// For how long.
        minutes: u16,
    },
    /// Every window of maintenance ends now.
    EndMaintenance,
    /// Somebody goes on leave, and whoever is next takes their turns.
    Leave {
        /// By number.
        person: usize,
        /// For how long from now.
        hours: u8,
    },
}

/// The organisation as edits have left it.
#[derive(Debug, Clone, Default)]
pub(super) struct Organisation {
    revision: i64,
    gone: [bool; PEOPLE.len()],
    policy_variant: u8,
    gap: bool,
    overrides: Vec<Override>,
    absences: Vec<Absence>,
    /// What people agreed about their shifts.
    pub plan: Plan,
    /// Windows of maintenance, the oldest first.
    pub windows: Vec<Maintenance>,
}

/// The organisation as edits leave it, for whoever plays the same inputs elsewhere. Windows of
/// maintenance are no part of it: they are planned while the server runs.
#[derive(Debug, Clone, Default)]
pub struct Edited(Organisation);

impl Edited {
    /// Edits it.
    pub fn edit(&mut self, edit: Edit, now: Timestamp) {
        self.0.edit(edit, now);
    }

    /// As it stands.
    pub fn directory(&self) -> Directory {
        self.0.directory()
    }
}

impl Organisation {
    pub(super) fn edit(&mut self, edit: Edit, now: Timestamp) {
        self.revision += 1;
        match edit {
            Edit::Person { person, exists } => self.gone[person] = !exists,
            Edit::Policy { variant } => self.policy_variant = variant,
            Edit::Gap { empty } => self.gap = empty,
            Edit::Maintenance { service, minutes } => {
                if self.windows.len() >= WINDOWS_MAX {
                    self.windows.remove(0);
                }
                let number = u128::from(self.revision.unsigned_abs());
                self.windows.push(Maintenance {
                    id: MaintenanceId(Uuid::from_u128(0x8_0000 + number)),
                    reason: "new disks".to_owned(),
                    services: vec![service_id(service)],
                    when: None,
                    from: now,
                    to: now + SignedDuration::from_mins(minutes.into()),
                });
            }
            Edit::EndMaintenance => {
                for window in self.windows.iter_mut().filter(|window| window.is_in_force(now)) {
                    window.to = now;
                }
            }
            Edit::Leave { person, hours } => {
                if self.absences.len() >= ABSENCES_MAX {
                    self.absences.remove(0);
                }
                let to = now + SignedDuration::from_hours(hours.into());
                self.absences.push(Absence { user: user_id(person), from: now, to });
            }
            Edit::Override { person, hours } => {
                if self.overrides.len() >= OVERRIDES_MAX {
                    self.overrides.remove(0);
                }
                let to = now + SignedDuration::from_hours(hours.into());
                self.overrides.push(Override {
                    user: user_id(person),
                    from: now,
                    to,
                    instead_of: None,
                });
            }
        }
    }

    /// Whether a person is on leave, by the plain list.
    pub(super) fn is_on_leave(&self, user: UserId, at: Timestamp) -> bool {
        self.absences.iter().any(|of| of.user == user && of.from <= at && at < of.to)
    }

    /// The overrides that edits wrote into a schedule.
    pub(super) fn written_in(&self, schedule: ScheduleId) -> &[Override] {
        if schedule == schedule_id(1) { &self.overrides } else { &[] }
    }

    /// When a window of maintenance ends, by the plain list.
    pub(super) fn window_ends(&self, id: Uuid) -> Option<Timestamp> {
        self.windows.iter().find(|window| window.id.0 == id).map(|window| window.to)
    }

    /// Whether a service is being worked on, by the plain list.
    pub(super) fn is_worked_on(&self, service: ServiceId, at: Timestamp) -> bool {
        let mut windows = self.windows.iter();
        windows.any(|window| window.services[0] == service && window.from <= at && at < window.to)
    }

    pub(super) fn directory(&self) -> Directory {
        let people = (0..PEOPLE.len()).filter(|person| !self.gone[*person]);
        let last_resort = policy(3, "last-resort", 0, vec![step(0, &[Target::User(user_id(5))])]);
        let second_set = SecondSet { after: SignedDuration::from_hours(2), policy: policy_id(3) };
        let policies = vec![
            policy(1, "payments", 1, self.payments_steps()),
            Policy { second_set: Some(second_set), ..policy(2, "search", 0, search_steps()) },
            last_resort,
        ];
        let rule =
            RoutingRule { when: rule(r#"labels.team == "payments""#), service: service_id(0) };
        let mut severities = Severity::defaults();
        if let Some(diminished) = severities.get_mut(1) {
            diminished.acknowledgement_expires_after = Some(SignedDuration::from_mins(30));
        }
        Directory {
            revision: self.revision,
            name: "Example Shop".to_owned(),
            timezone: zone("Europe/Berlin"),
            users: Table::new(people.map(user).collect()),
            teams: Table::new(vec![team()]),
            schedules: Table::new(self.schedules()),
            policies: Table::new(policies),
            services: Table::new(services()),
            integrations: vec![integration(3, None)],
            routing: vec![rule],
            catch_all: Some(policy_id(3)),
            severities,
            ..Directory::default()
        }
    }

    fn payments_steps(&self) -> Vec<Step> {
        let schedule = |number| Target::Schedule(schedule_id(number));
        match self.policy_variant {
            0 => vec![
                step(0, &[schedule(1)]),
                step(5, &[schedule(2)]),
                step(10, &[Target::ManagerOf(team_id())]),
            ],
            // Shorter, slower and with a first step that waits; everybody must acknowledge, and the
            // members of the team take turns, where more than one alert came.
            1 => vec![
                Step { all_acknowledge: true, ..step(1, &[schedule(2), schedule(1)]) },
                Step { when: two_alerts(), ..step(5, &[Target::RoundRobin(team_id())]) },
                step(15, &[Target::User(user_id(3))]),
            ],
            // Steps that may all reach nobody.
            _ => vec![step(0, &[Target::User(user_id(4))]), step(2, &[schedule(3)])],
        }
    }

    fn schedules(&self) -> Vec<Schedule> {
        let mut weekly = layer(
            "weekly",
            TurnLength::Weeks(1),
            Some(Weekday::Monday),
            time(9, 0, 0, 0),
            date(2025, 12, 1),
            &[0, 1, 2],
        );
        // From the first Friday on, others take turns; from the second month on, twice a week.
        let roster = |day, every, people: &[usize]| RosterChange {
            from: day,
            participants: people.iter().map(|person| vec![user_id(*person)]).collect(),
            every,
            handoff: None,
        };
        let (four, three) = (TurnLength::Days(4), TurnLength::Days(3));
        weekly.rotation.changes = vec![
            roster(date(2026, 1, 9), None, &[1, 2, 0]),
            roster(date(2026, 2, 2), Some(vec![four, three]), &[0, 1, 2]),
        ];
        // Somebody in another zone joins whoever has the week, half of each day.
        let (ten, fourteen) = (TurnLength::Hours(10), TurnLength::Hours(14));
        let mut joins = layer("joins", ten, None, time(8, 0, 0, 0), date(2025, 12, 1), &[4, 5]);
        joins.rotation.every = vec![ten, fourteen];
        joins.timezone = Some(zone("America/New_York"));
        joins.adds = true;
        // Two of them together, by the month.
        let month = TurnLength::Months(1);
        let mut pairs = layer("pairs", month, None, time(9, 0, 0, 0), date(2025, 10, 31), &[]);
        pairs.rotation.participants =
            vec![vec![user_id(0), user_id(3)], vec![user_id(1), user_id(2)]];
        // Handoffs in the hour that daylight saving skips and repeats, and nobody at night.
        let mut daily = layer(
            "daily",
            TurnLength::Days(1),
            None,
            time(2, 30, 0, 0),
            date(2025, 12, 1),
            &[1, 3],
        );
        daily.restrictions =
            vec![Restriction { days: vec![], from: time(6, 0, 0, 0), to: time(1, 30, 0, 0) }];
        let shifts = layer(
            "shifts",
            TurnLength::Hours(12),
            None,
            time(2, 0, 0, 0),
            date(2025, 12, 1),
            &[2, 4, 5],
        );
        let mut weekend =
            layer("weekend", TurnLength::Days(1), None, time(0, 0, 0, 0), date(2025, 12, 1), &[3]);
        weekend.restrictions = vec![Restriction {
            days: vec![Weekday::Saturday, Weekday::Sunday],
            from: time(0, 0, 0, 0),
            to: time(0, 0, 0, 0),
        }];
        let search = if self.gap { vec![] } else { vec![shifts, weekend] };
        let mut schedules = vec![
            schedule(1, "payments-primary", "Europe/Berlin", vec![weekly, joins]),
            schedule(2, "payments-secondary", "America/New_York", vec![pairs, daily]),
            schedule(3, "search", "Australia/Lord_Howe", search),
        ];
        let (from, to) = (Timestamp::MIN, Timestamp::MAX);
        let goes_along = |user, follows, reverse| Shadow {
            user: user_id(user),
            follows: user_id(follows),
            from,
            to,
            reverse,
        };
        for schedule in &mut schedules {
            let written = self.written_in(schedule.id).iter();
            let all: Vec<_> = written.chain(self.plan.made_in(schedule.id)).cloned().collect();
            schedule.overrides = all.into();
            schedule.absences = self.absences.iter().copied().collect();
            schedule.shadows = vec![goes_along(2, 3, true), goes_along(5, 0, false)];
        }
        schedules
    }
}

pub(super) fn user_id(person: usize) -> UserId {
    UserId(Uuid::from_u128(0x100 + person as u128))
}

/// A person's method: 0 is the webhook, 1 is mail.
pub(super) fn method_id(person: usize, method: usize) -> ContactMethodId {
    ContactMethodId(Uuid::from_u128(0x200 + 2 * person as u128 + method as u128))
}

/// The place of a method among all methods of all people.
pub(super) fn method_place(method: ContactMethodId) -> usize {
    let last = 2 * PEOPLE.len() - 1;
    usize::try_from(method.0.as_u128().saturating_sub(0x200)).unwrap_or(0).min(last)
}

/// Whether a carrier brings what goes to a method, by its place.
pub(super) fn is_carried(place: usize) -> bool {
    place % 2 == 1
}

pub(super) fn integration_id(number: usize) -> IntegrationId {
    IntegrationId(Uuid::from_u128(0x300 + number as u128))
}

fn service_id(number: usize) -> ServiceId {
    ServiceId(Uuid::from_u128(0x400 + number as u128))
}

fn policy_id(number: u128) -> PolicyId {
    PolicyId(Uuid::from_u128(0x500 + number))
}

fn schedule_id(number: u128) -> ScheduleId {
    ScheduleId(Uuid::from_u128(0x600 + number))
}

fn team_id() -> TeamId {
    TeamId(Uuid::from_u128(0x700))
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

fn team() -> Team {
    Team {
        id: team_id(),
        name: "payments".to_owned(),
        manager: Some(user_id(2)),
        members: vec![user_id(0), user_id(1)],
    }
}

fn user(person: usize) -> User {
    let name = PEOPLE[person];
    let mailbox = format!("{name}@example.com");
    let method = |place, name: &str, address| ContactMethod {
        id: method_id(person, place),
        name: name.to_owned(),
        address,
        verified: true,
        disabled: None,
        is_own: false,
    };
    let rule = |minutes, place| NotificationRule {
        after: SignedDuration::from_mins(minutes),
        method: method_id(person, place),
    };
    let url = format!("https://example.com/{name}");
    let hook = method(0, "hook", Address::Webhook { url, secret: None });
    let mail = method(1, "mail", Address::Email { mailbox: mailbox.clone() });
    let (contact_methods, rules_high, rules_low) = match person {
        // One way only, no rule written, mail alone: the rest have both.
        1 => (vec![hook], vec![rule(0, 0)], vec![]),
        3 => (vec![hook, mail], vec![], vec![]),
        4 => (vec![mail], vec![rule(0, 1)], vec![rule(0, 1)]),
        _ => (vec![hook, mail], vec![rule(0, 0), rule(5, 1)], vec![rule(0, 1)]),
    };
    User {
        id: user_id(person),
        name: name.to_owned(),
        full_name: name.to_owned(),
        email: mailbox,
        role: Role::Responder,
        timezone: zone("Europe/Berlin"),
        language: crate::org::language::Language::English,
        quiet_hours: None,
        reports_to: (person == 2).then(|| user_id(5)),
        contact_methods,
        rules_high,
        rules_low,
    }
}

fn services() -> Vec<Service> {
    let window = |minutes, by: &[&str]| Grouping::Window {
        window: SignedDuration::from_mins(minutes),
        by: by.iter().map(|name| (*name).to_owned()).collect(),
    };
    vec![
        service(0, INTEGRATIONS[0], 1, Grouping::default()),
        service(1, INTEGRATIONS[1], 1, Grouping::Disabled),
        service(2, INTEGRATIONS[2], 2, window(20, &["team"])),
        service(3, CATCH_ALL_SERVICE, 3, Grouping::default()),
    ]
}

fn service(number: usize, name: &str, policy: u128, grouping: Grouping) -> Service {
    let level = |number| Level::new(number).unwrap_or(Level::WORST);
    let entry = |text, outcome| SeverityRule {
        when: rule(text),
        outcome,
        during: None,
        // Of one service, a warning has to last before it pages anybody.
        guard: (number == 2 && outcome == Outcome::Severity(level(3)))
            .then_some(Guard::FiringFor(SignedDuration::from_mins(3))),
        shadow: false,
    };
    Service {
        id: service_id(number),
        name: name.to_owned(),
        description: None,
        team: Some(team_id()),
        tier: Some(1),
        policy: policy_id(policy),
        depends_on: vec![],
        hosts: vec![],
        runbook: None,
        cost_per_minute: None,
        severity_map: vec![
            entry(r#"severity == "critical""#, Outcome::Severity(level(1))),
            entry(r#"severity == "warning""#, Outcome::Severity(level(3))),
            entry(r#"severity == "info""#, Outcome::Informational),
        ],
        grouping,
        // One service waits whether trouble clears by itself; of another, silence is the end of it.
        pause: (number == 1).then_some(SignedDuration::from_mins(2)),
        auto_resolve_after: (number == 2).then_some(SignedDuration::from_hours(4)),
        shadow: false,
        inform: vec![],
        integrations: match number {
            0..3 => vec![integration(number, Some(service_id(number)))],
            _ => vec![],
        },
    }
}

fn integration(number: usize, service: Option<ServiceId>) -> Integration {
    Integration {
        id: integration_id(number),
        name: INTEGRATIONS[number].to_owned(),
        source: "generic".to_owned(),
        key: format!("simulated-key-{number}"),
        service,
        severity: None,
        expect_every: None,
        mapping: Mapping::default(),
        secret: None,
        services: Vec::new(),
    }
}

/// A rule of this file. None of them is refused; a test says so.
fn rule(text: &str) -> Rule {
    match Rule::parse(text) {
        Ok(rule) => rule,
        Err(refused) => unreachable!("{refused}"),
    }
}

fn policy(number: u128, name: &str, repeat: u32, steps: Vec<Step>) -> Policy {
    Policy {
        id: policy_id(number),
        name: name.to_owned(),
        team: Some(team_id()),
        repeat,
        steps,
        second_set: None,
    }
}

fn step(after_minutes: i64, targets: &[Target]) -> Step {
    Step {
        after: SignedDuration::from_mins(after_minutes),
        targets: targets.to_vec(),
        ..Step::default()
    }
}

fn two_alerts() -> Condition {
    let flood = Flood { more_than: 1, within: SignedDuration::from_mins(30) };
    Condition { flood: Some(flood), ..Condition::default() }
}

fn search_steps() -> Vec<Step> {
    vec![step(0, &[Target::Schedule(schedule_id(3))]), step(3, &[Target::Team(team_id())])]
}

fn layer(
    name: &str,
    every: TurnLength,
    handoff_weekday: Option<Weekday>,
    handoff_time: Time,
    start: Date,
    people: &[usize],
) -> Layer {
    let participants = people.iter().map(|person| vec![user_id(*person)]).collect();
    let on = handoff_weekday.map_or(HandoffDay::OfStart, HandoffDay::Weekday);
    let handoff = Handoff { on, at: handoff_time };
    let rotation = Rotation { every: vec![every], handoff, start, participants, changes: vec![] };
    Layer::new(name, rotation)
}

fn schedule(number: u128, name: &str, timezone: &str, layers: Vec<Layer>) -> Schedule {
    let mut schedule = Schedule::new(schedule_id(number), name, zone(timezone));
    schedule.team = Some(team_id());
    schedule.layers = layers;
    schedule
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_edit_leaves_a_whole_organisation() {
        let now: Timestamp = "2026-03-29T00:00:00Z".parse().unwrap();
        let mut organisation = Organisation::default();
        let edits = [
            Edit::Person { person: 5, exists: false },
            Edit::Policy { variant: 2 },
            Edit::Gap { empty: true },
            Edit::Override { person: 1, hours: 4 },
            Edit::Leave { person: 0, hours: 9 },
        ];
        for edit in edits {
            organisation.edit(edit, now);
            let directory = organisation.directory();
            assert!(directory.catch_all_policy().is_some());
            assert!(directory.services.iter().all(|s| directory.policies.get(s.policy).is_some()));
        }
        assert_eq!(organisation.directory().users.len(), PEOPLE.len() - 1);
    }
}
