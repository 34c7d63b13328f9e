use super::*;
use crate::id::{ContactMethodId, TeamId};
use crate::incident::clocks::Clocks;
use crate::incident::helper::Helpers;
use crate::incident::impact::Impact;
use crate::incident::role::assignment;
use crate::incident::severity::Severity;
use crate::oncall::escalation::{Policy, State, Step, Target};
use crate::oncall::facts::Facts;
use crate::org::directory::{Directory, Table};
use crate::org::user::{Address, ContactMethod, Role, User};
use jiff::tz::TimeZone;
use uuid::Uuid;

const ANA: UserId = UserId(Uuid::from_u128(1));
const BO: UserId = UserId(Uuid::from_u128(2));
const POLICY: PolicyId = PolicyId(Uuid::from_u128(3));

fn t(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    t("2026-11-21T03:12:04Z")
}

fn user(id: UserId, name: &str) -> User {
    User {
        id,
        name: name.into(),
        full_name: name.into(),
        email: format!("{name}@example.com"),
        role: Role::Responder,
        timezone: TimeZone::UTC,
        language: crate::org::language::Language::English,
        quiet_hours: None,
        reports_to: None,
        contact_methods: vec![ContactMethod {
            id: ContactMethodId(id.0),
            name: "hook".into(),
            address: Address::Webhook { url: "https://example.com".into(), secret: None },
            verified: true,
            disabled: None,
            is_own: false,
        }],
        rules_high: vec![],
        rules_low: vec![],
    }
}

fn directory() -> Directory {
    let step = |after, user| Step {
        after: SignedDuration::from_mins(after),
        targets: vec![Target::User(user)],
        ..Step::default()
    };
    let policy = Policy {
        id: POLICY,
        name: "payments".into(),
        team: None::<TeamId>,
        repeat: 0,
        steps: vec![step(0, ANA), step(5, BO)],
        second_set: None,
    };
    // The clocks have stories of their own.
    let severities = Severity::defaults()
        .into_iter()
        .map(|severity| Severity {
            management_chain: None,
            rotate_after: None,
            engage_within: None,
            ..severity
        })
        .collect();
    Directory {
        users: Table::new(vec![user(ANA, "ana"), user(BO, "bo")]),
        policies: Table::new(vec![policy]),
        catch_all: Some(POLICY),
        severities,
        ..Directory::default()
    }
}

/// An incident that was just detected.
pub(crate) fn incident() -> Incident {
    Incident {
        id: IncidentId(Uuid::from_u128(10)),
        number: 42,
        title: "checkout is down".into(),
        summary: None,
        service: ServiceId(Uuid::from_u128(11)),
        policy: POLICY,
        severity: Level::WORST,
        status: Status::Triggered,
        assignee: None,
        stamps: Stamps { detected_at: Some(now()), ..Stamps::default() },
        escalation: State::Idle,
        clocks: Clocks::default(),
        alert_count: 1,
        open_alert_count: 1,
        helpers: Helpers::default(),
        impact: Impact::default(),
        roles: Default::default(),
        updates: Default::default(),
        bridge: None,
        estimate: None,
        gates: Default::default(),
        restriction: None,
        marks: Default::default(),
        reopened_count: 0,
        merged_into: None,
        parentage: None,
        open_children: 0,
        practice: false,
        version: 0,
    }
}

fn ana() -> Actor {
    Actor::User { id: ANA, name: "ana".into() }
}

struct Room {
    directory: Directory,
    incident: Incident,
    now: Timestamp,
}

impl Room {
    fn open() -> (Self, Decision) {
        let mut room = Self { directory: directory(), incident: incident(), now: now() };
        let around = Surroundings::new(
            &room.directory,
            &room.incident,
            Level::WORST,
            &Facts::default(),
            room.now,
        )
        .unwrap();
        let decision = open(room.incident.clone(), false, &Actor::System, &around, room.now);
        room.incident = decision.incident.clone();
        (room, decision)
    }

    fn command(&mut self, command: Command) -> Result<Decision, WrongMove> {
        let level = match &command {
            Command::ChangeSeverity { level, .. } => *level,
            _ => self.incident.severity,
        };
        let around =
            Surroundings::new(&self.directory, &self.incident, level, &Facts::default(), self.now)
                .unwrap();
        let decision = handle(&self.incident, command, &ana(), &around, self.now)?;
        self.incident = decision.incident.clone();
        Ok(decision)
    }

    fn after(&mut self, minutes: i64) -> Decision {
        self.now += SignedDuration::from_mins(minutes);
        let around = Surroundings::new(
            &self.directory,
            &self.incident,
            self.incident.severity,
            &Facts::default(),
            self.now,
        )
        .unwrap();
        let decision = timer_fired(&self.incident, &around, self.now);
        self.incident = decision.incident.clone();
        decision
    }
}

fn paged(decision: &Decision) -> Vec<UserId> {
    decision
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Page { user, .. } => Some(*user),
            _ => None,
        })
        .collect()
}

#[test]
fn an_incident_that_opens_pages_its_first_step_and_waits_for_the_second() {
    let (mut room, opened) = Room::open();
    assert_eq!(paged(&opened), [ANA]);
    assert_eq!(room.incident.next_at(), Some(now() + SignedDuration::from_mins(5)));
    assert_eq!(paged(&room.after(5)), [BO]);
}

#[test]
fn an_acknowledgement_stops_every_page_at_once() {
    let (mut room, _) = Room::open();
    let acked = room.command(Command::Acknowledge).unwrap();
    assert_eq!(room.incident.status, Status::Acknowledged);
    assert_eq!(room.incident.assignee, Some(ANA));
    assert_eq!(room.incident.stamps.acknowledged_at, Some(now()));
    let by = "acknowledged by ana".to_owned();
    assert_eq!(acked.effects, [Effect::SupersedeAll(Superseded { how: How::Acked, by })]);
    assert!(paged(&room.after(60)).is_empty());
}

#[test]
fn giving_it_back_starts_the_chain_again() {
    let (mut room, _) = Room::open();
    room.command(Command::Acknowledge).unwrap();
    let back = room.command(Command::Unacknowledge).unwrap();
    assert_eq!(paged(&back), [ANA]);
    assert_eq!(room.incident.status, Status::Triggered);
    assert_eq!(
        room.command(Command::Unacknowledge),
        Err(WrongMove::NotAcknowledged { number: 42 })
    );
}

#[test]
fn the_last_recovery_resolves_the_incident_unless_somebody_holds_a_role() {
    let (room, _) = Room::open();
    let around =
        Surroundings::new(&room.directory, &room.incident, Level::WORST, &Facts::default(), now())
            .unwrap();
    let alone = alerts_changed(&room.incident, 0, 1, &Actor::System, &around, now());
    assert_eq!(alone.incident.status, Status::Resolved);
    assert_eq!(alone.incident.escalation, State::Finished);
    let mut led = room.incident.clone();
    led.roles.assign("incident-lead", false, BO, assignment::How::Taken, now());
    let restored = alerts_changed(&led, 0, 1, &Actor::System, &around, now());
    assert_eq!(restored.incident.status, Status::Restored);
    led.roles.end("incident-lead", BO, now());
    let left = alerts_changed(&led, 0, 1, &Actor::System, &around, now());
    assert_eq!(left.incident.status, Status::Resolved);
}

#[test]
fn every_state_of_the_mission_is_reached_in_order_and_stamped() {
    let (mut room, _) = Room::open();
    for command in [
        Command::Acknowledge,
        Command::Research,
        Command::Identify { team: None, cause: Some("a bad deploy".into()) },
        Command::Restore,
        Command::Resolve { note: None },
        Command::Close,
    ] {
        room.command(command).unwrap();
    }
    let stamps = room.incident.stamps;
    assert_eq!(room.incident.status, Status::Closed);
    for stamp in [
        stamps.acknowledged_at,
        stamps.researching_at,
        stamps.identified_at,
        stamps.restored_at,
        stamps.resolved_at,
        stamps.closed_at,
    ] {
        assert_eq!(stamp, Some(now()));
    }
}

#[test]
fn a_reopened_incident_keeps_its_record_counts_and_pages_again() {
    let (mut room, _) = Room::open();
    room.command(Command::Resolve { note: None }).unwrap();
    assert!(room.command(Command::Acknowledge).is_err());
    let again = room.command(Command::Reopen { reason: None }).unwrap();
    assert_eq!(paged(&again), [ANA]);
    assert_eq!((room.incident.reopened_count, room.incident.stamps.resolved_at), (1, None));
    assert_eq!(room.incident.stamps.detected_at, Some(now()));
}

#[test]
fn lowering_the_severity_below_paging_withdraws_the_pages() {
    let (mut room, _) = Room::open();
    let level = Level::new(4).unwrap();
    let lowered = room.command(Command::ChangeSeverity { level, reason: None }).unwrap();
    assert_eq!(room.incident.escalation, State::Idle);
    assert!(matches!(&lowered.effects[..], [Effect::SupersedeAll(_)]));
    let raised =
        room.command(Command::ChangeSeverity { level: Level::WORST, reason: None }).unwrap();
    assert_eq!(paged(&raised), [ANA]);
}

#[test]
fn asking_for_help_after_an_acknowledgement_asks_the_next_step() {
    let (mut room, _) = Room::open();
    room.command(Command::Acknowledge).unwrap();
    let asked = room.command(Command::Escalate).unwrap();
    assert_eq!(paged(&asked), [BO]);
    assert_eq!(room.incident.status, Status::Triggered);
}

#[test]
fn a_snooze_is_quiet_and_then_the_chain_starts_again() {
    let (mut room, _) = Room::open();
    let until = now() + SignedDuration::from_mins(30);
    room.command(Command::Snooze { until }).unwrap();
    assert!(paged(&room.after(29)).is_empty());
    assert_eq!(paged(&room.after(1)), [ANA]);
    let past = Command::Snooze { until: now() };
    assert_eq!(room.command(past), Err(WrongMove::SnoozeOutOfRange));
}

#[test]
fn a_merged_incident_hands_over_its_alerts_and_asks_nobody() {
    let (mut room, _) = Room::open();
    let into = IncidentId(Uuid::from_u128(99));
    let merged = room.command(Command::Merge { into, into_number: 7 }).unwrap();
    assert!(merged.effects.contains(&Effect::MoveAlerts(into)));
    assert_eq!(room.incident.next_at(), None);
    assert_eq!(room.command(Command::Escalate), Err(WrongMove::WasMerged { number: 42 }));
    let itself = Command::Merge { into: room.incident.id, into_number: 42 };
    let (mut fresh, _) = Room::open();
    assert_eq!(fresh.command(itself), Err(WrongMove::IntoItself { number: 42 }));
}

mod clocks;
