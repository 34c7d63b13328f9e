//! The clocks of an incident in the course of its life.

use super::*;
use crate::incident::clocks::management;
use crate::org::service::Service;
use crate::org::team::Team;

const CLEO: UserId = UserId(Uuid::from_u128(5));
const DAN: UserId = UserId(Uuid::from_u128(6));
const TEAM: TeamId = TeamId(Uuid::from_u128(7));

/// Ana is primary, Bo secondary, Cleo their manager, who reports to Dan.
fn room() -> Room {
    let mut directory = directory();
    let mut cleo = user(CLEO, "cleo");
    cleo.reports_to = Some(DAN);
    let people = vec![user(ANA, "ana"), user(BO, "bo"), cleo, user(DAN, "dan")];
    directory.users = Table::new(people);
    let team =
        Team { id: TEAM, name: "payments".into(), manager: Some(CLEO), members: vec![ANA, BO] };
    directory.teams = Table::new(vec![team]);
    directory.services = Table::new(vec![service()]);
    let minutes = SignedDuration::from_mins;
    directory.severities[0] = Severity {
        management_chain: Some(management::Rules { after: minutes(15), every: minutes(10) }),
        ..directory.severities[0].clone()
    };
    let mut room = Room { directory, incident: incident(), now: now() };
    room.begin();
    room
}

fn service() -> Service {
    let id = ServiceId(Uuid::from_u128(11));
    Service { team: Some(TEAM), ..Service::new(id, "checkout", POLICY) }
}

/// The same, with the clocks of rotation and check-in instead of the chain.
fn working_room(rotate: i64, engage: i64) -> Room {
    let mut room = room();
    room.directory.severities[0] = Severity {
        management_chain: None,
        rotate_after: Some(SignedDuration::from_mins(rotate)),
        engage_within: Some(SignedDuration::from_mins(engage)),
        ..room.directory.severities[0].clone()
    };
    room.incident = incident();
    room.begin();
    room
}

impl Room {
    fn begin(&mut self) {
        let around = Surroundings::new(
            &self.directory,
            &self.incident,
            Level::WORST,
            &Facts::default(),
            self.now,
        )
        .unwrap();
        let begun = open(self.incident.clone(), false, &Actor::System, &around, self.now);
        self.incident = begun.incident;
    }
}

fn texts(decision: &Decision, kind: Kind) -> Vec<&str> {
    decision.entries.iter().filter(|e| e.kind == kind).map(|e| e.text.as_str()).collect()
}

#[test]
fn the_management_chain_climbs_from_the_teams_manager_whoever_has_acknowledged() {
    let mut room = room();
    room.command(Command::Acknowledge).unwrap();
    assert_eq!(room.incident.next_at(), Some(now() + SignedDuration::from_mins(15)));
    let first = room.after(15);
    assert_eq!(paged(&first), [CLEO]);
    assert_eq!(texts(&first, Kind::ManagementAsked), ["Management chain: cleo is asked after 15m"]);
    assert_eq!(paged(&room.after(10)), [DAN]);
    assert_eq!(room.incident.clocks.management, management::State::Ended);
    assert_eq!(room.incident.next_at(), None);
}

#[test]
fn the_chain_stops_when_customers_are_well_and_begins_anew_when_it_is_reopened() {
    let mut room = room();
    room.command(Command::Restore).unwrap();
    assert_eq!(room.incident.next_at(), None);
    room.command(Command::Resolve { note: None }).unwrap();
    room.now += SignedDuration::from_mins(60);
    room.command(Command::Reopen { reason: None }).unwrap();
    room.command(Command::Acknowledge).unwrap();
    assert_eq!(room.incident.next_at(), Some(room.now + SignedDuration::from_mins(15)));
}

#[test]
fn a_severity_raised_late_finds_its_chain_already_due() {
    let mut room = room();
    let mild = Command::ChangeSeverity { level: Level::new(2).unwrap(), reason: None };
    room.command(mild).unwrap();
    room.command(Command::Acknowledge).unwrap();
    assert_eq!(room.incident.next_at(), None);
    room.now += SignedDuration::from_mins(40);
    room.command(Command::ChangeSeverity { level: Level::WORST, reason: None }).unwrap();
    assert_eq!(room.incident.next_at(), Some(room.now));
    assert_eq!(paged(&room.after(0)), [CLEO]);
}

#[test]
fn an_acknowledged_incident_that_does_not_move_goes_to_the_secondary_and_the_manager_hears() {
    let mut room = working_room(15, 60);
    room.command(Command::Acknowledge).unwrap();
    assert_eq!(room.incident.assignee, Some(ANA));
    room.command(Command::Note { text: "looking".into() }).unwrap();
    let fired = room.after(15);
    assert_eq!(paged(&fired), [BO, CLEO]);
    assert_eq!(room.incident.assignee, Some(BO));
    assert_eq!(
        texts(&fired, Kind::Rotated),
        ["Reassigned to bo: not moved to researching within 15m"]
    );
    // And back again, for as long as nobody moves it.
    assert_eq!(paged(&room.after(15)), [ANA, CLEO]);
}

#[test]
fn work_on_the_incident_gives_it_its_full_time_again() {
    let mut room = working_room(15, 60);
    room.command(Command::Research).unwrap();
    room.now += SignedDuration::from_mins(10);
    room.command(Command::Note { text: "it is the database".into() }).unwrap();
    assert_eq!(paged(&room.after(14)), []);
    let fired = room.after(1);
    assert_eq!(texts(&fired, Kind::Rotated), ["Reassigned to bo: no update within 15m"]);
    room.command(Command::Restore).unwrap();
    assert_eq!(room.incident.clocks.rotation.next_at(), None);
}

#[test]
fn whoever_was_paged_and_does_not_check_in_is_recorded_as_late_and_nobody_is_paged_for_it() {
    let mut room = working_room(600, 15);
    room.command(Command::Acknowledge).unwrap();
    let fired = room.after(15);
    assert_eq!(texts(&fired, Kind::EngagedLate), ["ana has not checked in within 15m of the page"]);
    assert_eq!(paged(&fired), []);
    room.now += SignedDuration::from_mins(7);
    let joined = room.command(Command::CheckIn { user: ANA, team: None }).unwrap();
    assert_eq!(
        texts(&joined, Kind::CheckedIn),
        ["ana checked in for payments 22m after the page; asked how checkout is"]
    );
    assert!(room.incident.clocks.engage.present[0].is_late);
}

#[test]
fn beginning_to_work_is_a_check_in() {
    let mut room = working_room(600, 15);
    let decision = room.command(Command::Research).unwrap();
    assert_eq!(
        texts(&decision, Kind::CheckedIn),
        ["ana checked in for payments 0m after the page; asked how checkout is"]
    );
    assert!(texts(&room.after(15), Kind::EngagedLate).is_empty());
}

#[test]
fn a_step_that_asks_for_everybody_goes_on_until_the_last_one_has_it() {
    let mut room = working_room(600, 600);
    let mut policy = room.directory.policies.get(POLICY).unwrap().clone();
    policy.steps[0].targets = vec![Target::User(ANA), Target::User(CLEO)];
    policy.steps[0].all_acknowledge = true;
    room.directory.policies = Table::new(vec![policy]);
    room.incident = incident();
    room.begin();
    let first = room.command(Command::Acknowledge).unwrap();
    assert_eq!(texts(&first, Kind::Acknowledged), ["Acknowledged; still asked: cleo"]);
    assert!(matches!(first.effects[..], [Effect::SupersedeOf(ANA, _)]));
    assert_eq!((room.incident.status, room.incident.assignee), (Status::Acknowledged, Some(ANA)));
    // Bo is the next step: it comes, because Cleo has not answered.
    assert_eq!(room.incident.escalation.next_at(), Some(now() + SignedDuration::from_mins(5)));
    let cleo = Actor::User { id: CLEO, name: "cleo".into() };
    let around =
        Surroundings::new(&room.directory, &room.incident, Level::WORST, &Facts::default(), now());
    let last =
        handle(&room.incident, Command::Acknowledge, &cleo, &around.unwrap(), now()).unwrap();
    assert!(matches!(last.incident.escalation, State::Acknowledged { .. }));
    assert!(last.effects.iter().any(|effect| matches!(effect, Effect::SupersedeAll(_))));
}

/// The policy `managers`, which asks Dan, takes over after two hours.
fn with_second_set(room: &mut Room) -> PolicyId {
    use crate::oncall::escalation::SecondSet;
    let other = PolicyId(Uuid::from_u128(33));
    let mut policy = room.directory.policies.get(POLICY).unwrap().clone();
    policy.second_set = Some(SecondSet { after: SignedDuration::from_hours(2), policy: other });
    let mut managers = policy.clone();
    (managers.id, managers.name) = (other, "managers".into());
    managers.second_set = None;
    managers.steps = vec![Step { targets: vec![Target::User(DAN)], ..Step::default() }];
    room.directory.policies = Table::new(vec![policy, managers]);
    room.incident = incident();
    room.begin();
    other
}

#[test]
fn an_incident_that_is_not_over_goes_to_the_second_set() {
    let mut room = working_room(600, 600);
    let other = with_second_set(&mut room);
    room.command(Command::Acknowledge).unwrap();
    room.command(Command::Research).unwrap();
    let fired = room.after(120);
    assert_eq!(
        texts(&fired, Kind::SecondSetBegan),
        ["Not over after 2h: managers takes over from payments"]
    );
    assert_eq!(paged(&fired), [DAN]);
    assert_eq!((room.incident.policy, room.incident.status), (other, Status::Researching));
}

#[test]
fn a_step_that_is_due_when_the_second_set_takes_over_is_not_entered() {
    let mut room = working_room(600, 600);
    let other = with_second_set(&mut room);
    let snooze = Command::Snooze { until: room.now + SignedDuration::from_hours(2) };
    room.command(snooze).unwrap();
    let fired = room.after(180);
    assert_eq!(paged(&fired), [DAN]);
    assert_eq!(room.incident.policy, other);
    let steps = texts(&fired, Kind::StepEntered);
    assert_eq!(steps, ["Escalation step 1 of managers began, 1h late"]);
    assert_eq!(texts(&fired, Kind::Unsnoozed), ["The snooze is over"]);
}

#[test]
fn whoever_is_asked_when_the_second_set_takes_over_is_not_let_off_at_once() {
    let mut room = working_room(120, 600);
    room.directory.severities[0].management_chain = Some(management::Rules {
        after: SignedDuration::from_hours(2),
        every: SignedDuration::from_mins(10),
    });
    with_second_set(&mut room);
    let fired = room.after(120);
    let withdrawn = fired.effects.iter().position(|one| matches!(one, Effect::SupersedeAll(_)));
    assert_eq!(withdrawn, Some(0));
    assert_eq!(paged(&fired), [DAN, CLEO, DAN, CLEO]);
    assert_eq!(room.incident.assignee, Some(DAN));
}

#[test]
fn asking_for_help_pages_whom_it_means_and_blames_nobody() {
    let mut room = working_room(600, 600);
    let help = Command::Help {
        want: crate::oncall::help::Want::Expert,
        users: vec![BO],
        message: Some("the ledger does not answer".into()),
    };
    let decision = room.command(help).unwrap();
    assert_eq!(paged(&decision), [BO]);
    assert_eq!(
        texts(&decision, Kind::HelpAsked),
        ["Asked for somebody who knows this well: bo; the ledger does not answer"]
    );
}

#[test]
fn the_manager_is_asked_when_the_on_calls_cannot_be_reached() {
    let room = working_room(600, 600);
    let around = Surroundings::new(
        &room.directory,
        &room.incident,
        Level::WORST,
        &Facts::default(),
        room.now,
    );
    let decision = step_failed(&room.incident, 1, 1, &around.unwrap(), room.now);
    assert_eq!(paged(&decision), [BO, CLEO]);
}
