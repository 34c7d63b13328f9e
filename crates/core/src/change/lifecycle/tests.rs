use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::*;
use crate::change::exception::Earned;
use crate::change::plan::{Band, Impact, Phase, Step};
use crate::change::policy::{Delegate, Qualification};
use crate::change::record::{Origin, draft};
use crate::change::risk::History;
use crate::id::{ChangeId, PolicyId, ServiceId, TeamId, UserId};
use crate::incident::severity::Level;
use crate::org::directory::{Directory, Table};
use crate::org::language::Language;
use crate::org::service::Service;
use crate::org::team::Team;
use crate::org::user::{Role, User};

mod audit;
mod conflict;
mod exception;
mod replay;
mod step;

const TECH: u128 = 1;
const PEER: u128 = 2;
const BOSS: u128 = 3;
const VERA: u128 = 4;
const CAT: u128 = 5;
const UMA: u128 = 6;

fn user(number: u128) -> UserId {
    UserId(Uuid::from_u128(number))
}

fn team(number: u128) -> TeamId {
    TeamId(Uuid::from_u128(100 + number))
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn person(id: UserId, name: &str, reports_to: Option<UserId>) -> User {
    User {
        id,
        name: name.into(),
        full_name: name.into(),
        email: format!("{name}@example.com"),
        role: Role::Responder,
        timezone: jiff::tz::TimeZone::UTC,
        language: Language::English,
        quiet_hours: None,
        reports_to,
        contact_methods: vec![],
        rules_high: vec![],
        rules_low: vec![],
    }
}

/// A shop: tech and peer run the checkout of tier 1 under boss, who reports to vera; cat's team uses it.
fn shop(tier: u8) -> Directory {
    let names = [
        (TECH, "tech"),
        (PEER, "peer"),
        (BOSS, "boss"),
        (VERA, "vera"),
        (CAT, "cat"),
        (UMA, "uma"),
    ];
    let users = names.map(|(number, name)| {
        let reports_to = match number {
            BOSS => Some(user(VERA)),
            VERA => None,
            _ => Some(user(BOSS)),
        };
        person(user(number), name, reports_to)
    });
    let teams = vec![
        Team {
            id: team(1),
            name: "payments".into(),
            manager: Some(user(BOSS)),
            members: vec![user(TECH), user(PEER)],
        },
        Team { id: team(2), name: "games".into(), manager: None, members: vec![user(CAT)] },
    ];
    let checkout = Service {
        tier: Some(tier),
        team: Some(team(1)),
        ..Service::new(ServiceId(Uuid::from_u128(50)), "checkout", PolicyId(Uuid::nil()))
    };
    Directory {
        users: Table::new(users.into()),
        teams: Table::new(teams),
        services: Table::new(vec![checkout]),
        timezone: jiff::tz::TimeZone::get("Europe/Berlin").unwrap(),
        ..Directory::default()
    }
}

fn step(minutes: i64, phase: Phase, is_monitoring: bool) -> Step {
    Step {
        at: SignedDuration::from_mins(minutes),
        phase,
        is_monitoring,
        text: if is_monitoring { "Look at the dashboard".into() } else { "Switch it over".into() },
        command: if is_monitoring { String::new() } else { "switchctl apply".into() },
        hosts: vec!["sw1".into()],
        environment: "production".into(),
    }
}

fn plan(class: &str) -> Plan {
    Plan {
        technician: Some(user(TECH)),
        resolver: "page-checkout-primary".into(),
        start: Some(at("2026-05-20T08:00:00Z")),
        end: Some(at("2026-05-20T10:00:00Z")),
        impact: Some(Impact::Customer),
        worst_case: "Nobody can pay, which is unlikely".into(),
        confidence: Some(Band::High),
        benefit: "Twice the bandwidth".into(),
        without: "The links saturate in June".into(),
        timeline: vec![
            step(0, Phase::Before, true),
            step(10, Phase::During, false),
            step(20, Phase::During, true),
            step(60, Phase::After, true),
        ],
        rollback: vec![step(0, Phase::During, false), step(10, Phase::After, true)],
        rollback_takes: Some(SignedDuration::from_mins(15)),
        is_rollback_tested: true,
        customers: vec![team(2)],
        customers_told: "by mail on Monday".into(),
        ..Plan::new("Replace the switches", ServiceId(Uuid::from_u128(50)), class)
    }
}

fn by(number: u128) -> By {
    By { actor: Actor::User { id: user(number), name: format!("p{number}") }, is_admin: false }
}

struct Desk {
    directory: Directory,
    change: Change,
    incident: Option<Level>,
    conflicts: Vec<Conflict>,
    exceptions: Vec<Earned>,
    said: Vec<Entry>,
}

impl Desk {
    fn new(tier: u8, class: &str) -> Self {
        Self::of(shop(tier), plan(class))
    }

    fn of(directory: Directory, plan: Plan) -> Self {
        let id = ChangeId(Uuid::from_u128(9));
        let (change, _) = draft(id, plan, user(TECH), &by(TECH), at("2026-05-01T08:00:00Z"));
        let (conflicts, exceptions, said) = (Vec::new(), Vec::new(), Vec::new());
        Self { directory, change, incident: None, conflicts, exceptions, said }
    }

    fn tell(&mut self, who: u128, now: &str, command: Command) -> Result<State, Refusal> {
        let around = Surroundings {
            directory: &self.directory,
            history: History { successes: 3, ..History::default() },
            incident: self.incident,
            conflicts: &self.conflicts,
            exceptions: &self.exceptions,
        };
        let (change, said) = obey(self.change.clone(), command, &by(who), &around, at(now))?;
        self.change = change;
        self.said = said;
        Ok(self.change.state)
    }

    fn tick(&mut self, now: Timestamp) -> bool {
        let around = Surroundings {
            directory: &self.directory,
            history: History { successes: 3, ..History::default() },
            incident: self.incident,
            conflicts: &self.conflicts,
            exceptions: &self.exceptions,
        };
        let Some((change, said)) = tick(self.change.clone(), &around, now) else { return false };
        (self.change, self.said) = (change, said);
        true
    }

    fn submit(&mut self, now: &str) -> Result<State, Refusal> {
        self.tell(TECH, now, Command::Submit { excuse: String::new() })
    }

    fn approve(&mut self, who: u128, now: &str) -> Result<State, Refusal> {
        let revision = self.change.revision;
        let (approver, team, note) = (None, None, String::new());
        self.tell(who, now, Command::Approve { approver, team, revision, note })
    }

    fn open(&self) -> Vec<&'static str> {
        self.change.open_requirements().iter().map(|one| one.approver.name()).collect()
    }
}

const EARLY: &str = "2026-05-04T08:00:00Z";

#[test]
fn a_tier_1_change_passes_its_stages_in_order_and_is_done() {
    let mut desk = Desk::new(1, "deploy");
    assert_eq!(desk.submit(EARLY), Ok(State::Submitted));
    assert_eq!(desk.open(), ["peer"]);
    assert!(matches!(desk.approve(BOSS, EARLY), Err(Refusal::MayNot(MayNot::NotAsked { .. }))));
    assert_eq!(desk.approve(PEER, EARLY), Ok(State::InReview));
    assert_eq!(desk.open(), ["manager"]);
    desk.approve(BOSS, EARLY).unwrap();
    assert_eq!(desk.open(), ["customer"]);
    assert_eq!(desk.approve(CAT, EARLY), Ok(State::Scheduled));
    assert_eq!(desk.said.last().unwrap().kind, Kind::Scheduled);
    let start = Command::Start { excuse: String::new() };
    assert_eq!(desk.tell(TECH, "2026-05-20T08:01:00Z", start), Ok(State::InProgress));
    let done = Command::Finish { outcome: Outcome::Success, note: String::new() };
    assert_eq!(desk.tell(TECH, "2026-05-20T09:00:00Z", done), Ok(State::Resolved));
    assert!(desk.tick(at("2026-05-20T10:00:00Z")));
    assert_eq!(desk.change.state, State::Monitored);
    let close = Command::Close { outcome: None, note: String::new() };
    assert_eq!(desk.tell(TECH, "2026-05-20T11:00:00Z", close), Ok(State::Closed));
    assert_eq!(desk.change.outcome, Some(Outcome::Success));
    assert_eq!(desk.change.next_at(), None);
}

#[test]
fn the_technician_never_approves_by_any_path() {
    let mut directory = shop(2);
    // As the manager, as a delegate of the manager, and a delegate of the technician.
    let delegate = |of, to| Delegate { of: user(of), to: user(to), from: None, until: None };
    directory.change_policy.delegates = vec![delegate(BOSS, TECH), delegate(TECH, UMA)];
    let mut desk = Desk::of(directory, plan("deploy"));
    desk.submit(EARLY).unwrap();
    assert_eq!(desk.approve(TECH, EARLY), Err(Refusal::MayNot(MayNot::Technician)));
    assert_eq!(desk.approve(UMA, EARLY), Err(Refusal::MayNot(MayNot::ForTechnician)));
    desk.approve(PEER, EARLY).unwrap();
    assert_eq!(desk.approve(TECH, EARLY), Err(Refusal::MayNot(MayNot::Technician)));
    let reject = Command::Reject { revision: 1, reason: "I would rather not do it".into() };
    assert_eq!(desk.tell(TECH, EARLY, reject), Err(Refusal::MayNot(MayNot::Technician)));
    // A manager who does the work is replaced by the next above.
    let own = Plan { technician: Some(user(BOSS)), ..plan("deploy") };
    let mut desk = Desk::of(shop(2), own);
    desk.submit(EARLY).unwrap();
    desk.approve(PEER, EARLY).unwrap();
    assert_eq!(desk.change.open_requirements()[0].people, [user(VERA)]);
    // A token of nobody decides nothing.
    let token = By { actor: Actor::Token { name: "ci".into() }, is_admin: true };
    let around = Surroundings {
        directory: &desk.directory,
        history: History::default(),
        incident: None,
        conflicts: &[],
        exceptions: &[],
    };
    let (approver, team, note) = (None, None, String::new());
    let command = Command::Approve { approver, team, revision: 1, note };
    let answer = obey(desk.change.clone(), command, &token, &around, at(EARLY));
    assert_eq!(answer, Err(Refusal::NoPerson));
}

#[test]
fn a_delegate_approves_for_whom_they_stand() {
    let mut directory = shop(2);
    let until = Some(at("2026-05-05T00:00:00Z"));
    directory.change_policy.delegates =
        vec![Delegate { of: user(BOSS), to: user(UMA), from: None, until }];
    let mut desk = Desk::of(directory, plan("deploy"));
    desk.submit(EARLY).unwrap();
    desk.approve(PEER, EARLY).unwrap();
    assert!(desk.approve(UMA, "2026-05-05T00:00:00Z").is_err(), "no longer");
    assert_eq!(desk.approve(UMA, EARLY), Ok(State::Scheduled));
    assert_eq!(desk.change.decisions[1].on_behalf_of, Some(user(BOSS)));
    assert!(desk.said[0].text.contains("for boss"), "{:?}", desk.said);
}

#[test]
fn a_material_edit_voids_what_it_touches_and_a_stale_approval_is_refused() {
    let mut desk = Desk::new(2, "deploy");
    desk.submit(EARLY).unwrap();
    desk.approve(PEER, EARLY).unwrap();
    desk.approve(BOSS, EARLY).unwrap();
    assert_eq!(desk.change.state, State::Scheduled);
    // A title is nobody's agreement.
    let mut other = desk.change.plan.clone();
    other.title = "Replace both switches".into();
    desk.tell(TECH, EARLY, Command::Edit { plan: Box::new(other.clone()) }).unwrap();
    assert_eq!((desk.change.state, desk.change.revision), (State::Scheduled, 1));
    // Another day is the manager's business and not the peer's.
    other.start = Some(at("2026-05-21T08:00:00Z"));
    other.end = Some(at("2026-05-21T10:00:00Z"));
    desk.tell(TECH, EARLY, Command::Edit { plan: Box::new(other) }).unwrap();
    assert_eq!((desk.change.state, desk.change.revision), (State::InReview, 2));
    assert_eq!(desk.open(), ["manager"]);
    let (approver, team, note) = (None, None, String::new());
    let stale = Command::Approve { approver, team, revision: 1, note };
    assert_eq!(desk.tell(BOSS, EARLY, stale), Err(Refusal::Stale { read: 1, now: 2 }));
    assert_eq!(desk.approve(BOSS, EARLY), Ok(State::Scheduled));
}

#[test]
fn emergent_is_computed_at_the_edge_and_asks_for_a_vp() {
    // 48 hours before the beginning on 20 May, 08:00.
    let edge = at("2026-05-18T08:00:00Z");
    let mut desk = Desk::new(2, "deploy");
    desk.submit(EARLY).unwrap();
    desk.approve(PEER, EARLY).unwrap();
    assert!(!desk.change.is_emergent());
    let mut late = Desk {
        directory: shop(2),
        change: desk.change.clone(),
        incident: None,
        conflicts: vec![],
        exceptions: vec![],
        said: vec![],
    };
    assert_eq!(desk.approve(BOSS, "2026-05-18T08:00:00Z"), Ok(State::Scheduled), "just in time");
    assert!(!desk.tick(edge + SignedDuration::from_secs(1)), "what is approved stays planned");
    // Whoever comes a second later finds it emergent, whether or not the clock was looked at.
    assert_eq!(late.approve(BOSS, "2026-05-18T08:00:01Z"), Ok(State::InReview));
    assert!(late.change.is_emergent());
    assert_eq!(late.open(), ["vp"]);
    assert_eq!(late.approve(VERA, "2026-05-18T09:00:00Z"), Ok(State::Scheduled));
    // Moved to a later day in time, it is planned again.
    let mut other = late.change.plan.clone();
    other.start = Some(at("2026-06-20T08:00:00Z"));
    other.end = Some(at("2026-06-20T10:00:00Z"));
    late.tell(TECH, "2026-05-18T10:00:00Z", Command::Edit { plan: Box::new(other) }).unwrap();
    assert!(!late.change.is_emergent());
    assert!(late.said.iter().any(|one| one.text.contains("No longer emergent")));
}

#[test]
fn the_clock_itself_makes_it_emergent_reminds_and_expires() {
    let mut desk = Desk::new(2, "deploy");
    desk.submit(EARLY).unwrap();
    let reminder = at(EARLY) + SignedDuration::from_hours(24);
    assert_eq!(desk.change.next_at(), Some(reminder));
    assert!(!desk.tick(reminder - SignedDuration::from_secs(1)));
    assert!(desk.tick(reminder));
    assert_eq!(desk.said[0].kind, Kind::Reminded);
    desk.change.asked_at = Some(at("2026-05-18T07:00:00Z"));
    let edge = at("2026-05-18T08:00:00Z");
    assert!(!desk.tick(edge));
    assert!(desk.tick(edge + SignedDuration::from_micros(1)));
    assert_eq!(desk.said[0].kind, Kind::Emergent);
    desk.change.asked_at = Some(at("2026-05-20T09:59:00Z"));
    assert!(desk.tick(at("2026-05-20T10:00:00Z")));
    assert_eq!((desk.change.state, desk.change.next_at()), (State::Expired, None));
}

#[test]
fn late_notice_needs_a_reason_and_is_counted_in_business_days() {
    let mut desk = Desk::new(1, "network");
    // Five business days before Wednesday the 20th is Wednesday the 13th, 08:00.
    assert!(matches!(desk.submit("2026-05-13T08:00:01Z"), Err(Refusal::ShortNotice { .. })));
    let refused = desk.submit("2026-05-13T08:00:01Z").unwrap_err().to_string();
    assert!(refused.contains("5 business days") && refused.contains("tier-1-network"), "{refused}");
    let excuse = "The vendor withdraws the firmware".to_owned();
    let late = desk.tell(TECH, "2026-05-13T08:00:01Z", Command::Submit { excuse });
    assert_eq!(late, Ok(State::Submitted));
    let mut desk = Desk::new(1, "network");
    assert_eq!(desk.submit("2026-05-13T08:00:00Z"), Ok(State::Submitted));
    assert_eq!(desk.change.excuse, "");
}

#[test]
fn the_vp_covers_the_customers_of_a_company_wide_change() {
    let risky = Plan { confidence: Some(Band::Low), ..plan("deploy") };
    let mut desk = Desk::of(shop(1), risky.clone());
    desk.submit(EARLY).unwrap();
    let asked = |desk: &Desk| -> Vec<_> {
        let all = &desk.change.assessment.as_ref().unwrap().requirements;
        all.iter().map(|one| one.approver.name()).collect()
    };
    assert_eq!(asked(&desk), ["peer", "manager", "customer", "vp"]);
    let mut desk = Desk::of(shop(1), Plan { is_company_wide: true, ..risky });
    desk.submit(EARLY).unwrap();
    assert_eq!(asked(&desk), ["peer", "manager", "vp"]);
    // Without a VP nobody covers them.
    let calm = Plan { is_company_wide: true, ..plan("deploy") };
    let mut desk = Desk::of(shop(1), calm);
    desk.submit(EARLY).unwrap();
    assert_eq!(asked(&desk), ["peer", "manager", "customer"]);
}

#[test]
fn a_rejection_says_what_to_do_and_gives_it_back() {
    let mut desk = Desk::new(2, "deploy");
    desk.submit(EARLY).unwrap();
    let reject = |reason: &str| Command::Reject { revision: 1, reason: reason.into() };
    assert_eq!(desk.tell(PEER, EARLY, reject("no")), Err(Refusal::Useless));
    let useful = reject("Say which firmware the switches get");
    assert_eq!(desk.tell(BOSS, EARLY, useful), Ok(State::Rejected), "any approver may");
    let mut better = desk.change.plan.clone();
    better.timeline[1].command = "switchctl apply --firmware 7.2".into();
    desk.tell(TECH, EARLY, Command::Edit { plan: Box::new(better) }).unwrap();
    assert_eq!((desk.change.state, desk.change.revision), (State::Draft, 2));
    assert_eq!(desk.submit(EARLY), Ok(State::Submitted));
    assert_eq!(desk.open(), ["peer"]);
}

#[test]
fn a_fix_is_never_held_up_and_is_approved_after() {
    let mut desk = Desk::new(1, "deploy");
    desk.submit(EARLY).unwrap();
    let start = |excuse: &str| Command::Start { excuse: excuse.into() };
    assert!(matches!(desk.tell(TECH, EARLY, start("")), Err(Refusal::NoReason(_))));
    assert_eq!(desk.tell(TECH, EARLY, start("Nobody can pay")), Ok(State::InProgress));
    assert_eq!(desk.change.origin, Origin::FixFirst);
    let done = Command::Finish { outcome: Outcome::Success, note: String::new() };
    desk.tell(TECH, EARLY, done).unwrap();
    let close = Command::Close { outcome: None, note: String::new() };
    assert_eq!(desk.tell(TECH, EARLY, close), Ok(State::RetroReview));
    desk.approve(PEER, EARLY).unwrap();
    desk.approve(BOSS, EARLY).unwrap();
    assert_eq!(desk.approve(CAT, EARLY), Ok(State::Closed));
}

#[test]
fn only_a_sev1_is_recorded_after_the_fact_and_is_exempt() {
    let record = |from: &str, to: &str| Command::Record {
        started_at: at(from),
        ended_at: at(to),
        outcome: Outcome::Success,
    };
    let (from, to) = ("2026-05-20T08:00:00Z", "2026-05-20T09:00:00Z");
    let now = "2026-05-20T12:00:00Z";
    let mut desk = Desk::new(1, "network");
    assert_eq!(desk.tell(TECH, now, record(from, to)), Err(Refusal::NoSev1));
    desk.incident = Level::new(2);
    assert_eq!(desk.tell(TECH, now, record(from, to)), Err(Refusal::NoSev1), "a sev2 is no excuse");
    desk.incident = Level::new(1);
    assert!(matches!(desk.tell(TECH, now, record(to, from)), Err(Refusal::Times(_))));
    assert!(matches!(desk.tell(TECH, to, record(from, now)), Err(Refusal::Times(_))));
    assert_eq!(desk.tell(TECH, now, record(from, to)), Ok(State::RetroReview));
    assert!(!desk.change.is_emergent(), "exempt");
    desk.approve(PEER, now).unwrap();
    assert_eq!(desk.approve(BOSS, now), Ok(State::Closed));
}

#[test]
fn what_is_missing_is_said_with_its_place() {
    let mut bad = plan("deploy");
    bad.rollback = vec![step(0, Phase::During, false)];
    bad.rollback[0].text = "Repeat the steps in reverse".into();
    bad.timeline.remove(3);
    bad.timeline[1].hosts.clear();
    bad.end = bad.start;
    bad.class = "magic".into();
    let mut desk = Desk::of(shop(2), bad);
    let Err(Refusal::Incomplete(findings)) = desk.submit(EARLY) else { panic!("it was taken") };
    let told = |field: &str, words: &str| {
        findings.iter().any(|one| one.field == field && one.text.contains(words))
    };
    assert!(told("class", "`magic`") && told("end", "before it begins"), "{findings:?}");
    assert!(told("rollback", "in reverse") && told("rollback", "check that it worked"));
    assert!(told("timeline", "after the change") && told("timeline[1].hosts", "hosts"));
    let around = Surroundings {
        directory: &desk.directory,
        history: History::default(),
        incident: None,
        conflicts: &[],
        exceptions: &[],
    };
    let points: i32 = desk.change.quality(&around, at(EARLY)).iter().map(|one| one.points).sum();
    let good = Desk::new(2, "deploy").change.quality(&around, at(EARLY));
    assert_eq!(good.iter().map(|one| one.points).sum::<i32>(), 16, "{good:?}");
    assert!(points < 10, "{points}");
}

#[test]
fn a_technician_below_the_level_is_named() {
    let mut directory = shop(2);
    directory.change_policy.rows[2].technician_level = Some(2);
    let qualify = |level| Qualification { user: user(TECH), class: "deploy".into(), level };
    directory.change_policy.qualifications = vec![qualify(1)];
    let mut desk = Desk::of(directory, plan("deploy"));
    let refused = desk.submit(EARLY).unwrap_err().to_string();
    assert!(refused.contains("level 2 in deploy; the technician has 1"), "{refused}");
    desk.directory.change_policy.qualifications.push(qualify(2));
    assert_eq!(desk.submit(EARLY), Ok(State::Submitted));
}

#[test]
fn strangers_do_nothing_and_nobody_moves_what_is_over() {
    let mut desk = Desk::new(2, "deploy");
    let submit = Command::Submit { excuse: String::new() };
    assert_eq!(desk.tell(CAT, EARLY, submit), Err(Refusal::NoParty));
    let cancel = Command::Cancel { reason: String::new() };
    assert_eq!(desk.tell(TECH, EARLY, cancel), Ok(State::Cancelled));
    assert!(matches!(desk.submit(EARLY), Err(Refusal::WrongState { .. })));
    let edit = Command::Edit { plan: Box::new(plan("deploy")) };
    assert!(matches!(desk.tell(TECH, EARLY, edit), Err(Refusal::WrongState { .. })));
}

#[test]
fn what_asks_for_no_notice_is_never_emergent_and_what_asks_nobody_is_scheduled_at_once() {
    let soon = Plan {
        start: Some(at("2026-05-04T09:00:00Z")),
        end: Some(at("2026-05-04T11:00:00Z")),
        impact: Some(Impact::Internal),
        automation: crate::change::plan::Automation::Full,
        ..plan("deploy")
    };
    let mut desk = Desk::of(shop(3), soon.clone());
    desk.submit(EARLY).unwrap();
    let assessment = desk.change.assessment.clone().unwrap();
    assert_eq!((assessment.row.as_str(), assessment.is_emergent), ("internal-low-risk", false));
    assert_eq!(assessment.notice_until, None, "it cannot be announced too late");
    let next = desk.change.next_at();
    assert_eq!(next, Some(at("2026-05-04T11:00:00Z")), "it only expires");
    assert_eq!(desk.approve(PEER, "2026-05-04T08:30:00Z"), Ok(State::Scheduled));

    let mut directory = shop(3);
    directory.change_policy.rows[3].stages.clear();
    let mut desk = Desk::of(directory, soon);
    assert_eq!(desk.submit(EARLY), Ok(State::Scheduled));
}
