//! A small organisation that the tests of this chapter share.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::id::{ContactMethodId, PolicyId, ScheduleId, ServiceId, UserId};
use crate::oncall::escalation::{Policy, Step, Target};
use crate::oncall::schedule::Schedule;
use crate::org::directory::{Directory, Table};
use crate::org::service::Service;
use crate::org::user::{Address, ContactMethod, NotificationRule, Role, User};

pub(crate) const ANA: UserId = UserId(Uuid::from_u128(1));
pub(crate) const BO: UserId = UserId(Uuid::from_u128(2));
pub(crate) const CY: UserId = UserId(Uuid::from_u128(3));

pub(crate) fn now() -> Timestamp {
    "2026-11-21T03:12:04Z".parse().unwrap()
}

pub(crate) fn hook(user: UserId) -> ContactMethodId {
    ContactMethodId(Uuid::from_u128(100 + user.0.as_u128()))
}

pub(crate) fn mail(user: UserId) -> ContactMethodId {
    ContactMethodId(Uuid::from_u128(200 + user.0.as_u128()))
}

/// Three people with a webhook and a mailbox each, of which rules name the webhook; the service
/// `checkout`, whose policy `payments` has a step every five minutes.
pub(crate) struct Organisation {
    pub users: Vec<User>,
    pub schedules: Vec<Schedule>,
    pub policy: Policy,
    catch_all: Option<Policy>,
}

impl Organisation {
    pub(crate) const SCHEDULE: ScheduleId = ScheduleId(Uuid::from_u128(9));

    pub(crate) fn steps(steps: &[&[UserId]]) -> Self {
        let users = [(ANA, "ana"), (BO, "bo"), (CY, "cy")].map(|(id, name)| person(id, name));
        let policy = policy(PolicyId(Uuid::from_u128(20)), "payments", steps);
        Self { users: users.into(), schedules: Vec::new(), policy, catch_all: None }
    }

    pub(crate) fn repeat(mut self, repeat: u32) -> Self {
        self.policy.repeat = repeat;
        self
    }

    pub(crate) fn catch_all(mut self, users: &[UserId]) -> Self {
        self.catch_all = Some(policy(PolicyId(Uuid::from_u128(21)), "last resort", &[users]));
        self
    }

    pub(crate) fn directory(&self) -> Directory {
        let policies: Vec<_> = self.catch_all.iter().chain([&self.policy]).cloned().collect();
        let service = Service::new(ServiceId(Uuid::from_u128(30)), "checkout", self.policy.id);
        Directory {
            users: Table::new(self.users.clone()),
            schedules: Table::new(self.schedules.clone()),
            policies: Table::new(policies),
            services: Table::new(vec![service]),
            catch_all: self.catch_all.as_ref().map(|policy| policy.id),
            ..Directory::default()
        }
    }
}

fn policy(id: PolicyId, name: &str, steps: &[&[UserId]]) -> Policy {
    let step = |(at, users): (usize, &&[UserId])| Step {
        after: SignedDuration::from_mins(if at == 0 { 0 } else { 5 }),
        targets: users.iter().copied().map(Target::User).collect(),
        ..Step::default()
    };
    let steps = steps.iter().enumerate().map(step).collect();
    Policy { id, name: name.into(), team: None, repeat: 0, steps, second_set: None }
}

fn person(id: UserId, name: &str) -> User {
    let method = |id, name: &str, address| ContactMethod {
        id,
        name: name.into(),
        address,
        verified: true,
        disabled: None,
        is_own: false,
    };
    let url = format!("https://example.com/{name}");
    let mailbox = format!("{name}@example.com");
    let now = |method| NotificationRule { after: SignedDuration::ZERO, method };
    User {
        id,
        name: name.into(),
        full_name: name.into(),
        email: mailbox.clone(),
        role: Role::Responder,
        timezone: TimeZone::UTC,
        language: crate::org::language::Language::English,
        quiet_hours: None,
        reports_to: None,
        contact_methods: vec![
            method(hook(id), "hook", Address::Webhook { url, secret: None }),
            method(mail(id), "mail", Address::Email { mailbox }),
        ],
        rules_high: vec![now(hook(id))],
        rules_low: vec![now(hook(id))],
    }
}
