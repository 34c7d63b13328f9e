//! Earned exceptions (`X7`): who agrees, what earns and what ends one, and what it spares a change.

use super::*;
use crate::change::exception::{
    self, Ending, Exception, Nomination, ROW_USUAL, Refusal as Refused, Run, Standing, clean_runs,
};
use crate::change::notice::Notice;
use crate::change::plan::Automation;
use crate::id::{ExceptionId, IncidentId};

const WHY: &str = "A pipeline does it wholly. It was done forty times without trouble. Three levels of \
                   approval add nothing to it.";

fn nomination(row: &str, why: &str) -> Nomination {
    Nomination {
        team: team(1),
        class: "deploy".into(),
        service: None,
        row: row.into(),
        justification: why.into(),
    }
}

fn nominated(directory: &Directory, who: u128) -> Exception {
    let id = ExceptionId(Uuid::from_u128(7));
    let new = nomination(ROW_USUAL, WHY);
    let mut one = exception::nominate(id, new, &by(who), directory, at(EARLY)).unwrap();
    one.number = 3;
    one
}

fn agreed(directory: &Directory) -> Exception {
    let one = nominated(directory, TECH);
    let (one, _) = one.agree(&by(BOSS), directory, at(EARLY)).unwrap();
    let (one, _) = one.agree(&by(VERA), directory, at(EARLY)).unwrap();
    one
}

fn deploy() -> Plan {
    Plan { automation: Automation::Full, ..plan("deploy") }
}

#[test]
fn the_manager_and_whoever_answers_for_the_policy_agree_and_nobody_to_their_own() {
    let directory = shop(1);
    let one = nominated(&directory, TECH);
    let agree = |one: &Exception, who| {
        one.clone().agree(&by(who), &directory, at(EARLY)).map(|(one, side)| (one, side.name()))
    };
    assert_eq!(agree(&one, TECH).unwrap_err(), Refused::Own);
    assert_eq!(agree(&one, PEER).unwrap_err(), Refused::NotAsked("boss, vera".into()));
    let (half, side) = agree(&one, BOSS).unwrap();
    assert_eq!((side, half.review_at), ("manager", None));
    assert_eq!(agree(&half, BOSS).unwrap_err(), Refused::Twice);
    let (whole, side) = agree(&half, VERA).unwrap();
    assert_eq!(side, "owner");
    assert_eq!(whole.review_at, Some(at("2026-10-31T08:00:00Z")), "180 days later");
    assert!(matches!(agree(&whole, VERA), Err(Refused::WrongState { what: "agreed to", .. })));
    // The manager's own falls to the next above, and then to nobody twice.
    let own = nominated(&directory, BOSS);
    let (half, side) = agree(&own, VERA).unwrap();
    assert_eq!(side, "manager");
    assert_eq!(agree(&half, VERA).unwrap_err(), Refused::Twice);
}

#[test]
fn it_says_why_in_three_sentences_and_names_what_there_is() {
    let directory = shop(1);
    let id = ExceptionId(Uuid::from_u128(7));
    let ask = |new, who| exception::nominate(id, new, &by(who), &directory, at(EARLY));
    let short = "A pipeline does it wholly. It never failed.";
    let field = |refused| match refused {
        Err(Refused::Field { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(field(ask(nomination(ROW_USUAL, short), TECH)), "justification");
    assert_eq!(field(ask(nomination(ROW_USUAL, &WHY.repeat(40)), TECH)), "justification");
    assert_eq!(field(ask(nomination("nothing", WHY), TECH)), "row");
    let class = Nomination { class: "magic".into(), ..nomination(ROW_USUAL, WHY) };
    assert_eq!(field(ask(class, TECH)), "class");
    let service = Some(ServiceId(Uuid::from_u128(51)));
    assert_eq!(field(ask(Nomination { service, ..nomination(ROW_USUAL, WHY) }, TECH)), "service");
    assert_eq!(ask(nomination(ROW_USUAL, WHY), CAT).unwrap_err(), Refused::NotOfTeam);
    assert!(ask(nomination("tier-2", WHY), PEER).is_ok());
}

#[test]
fn only_the_last_runs_in_a_row_by_a_machine_count() {
    let run = |outcome, automation, is_cause| Run { outcome, automation, is_cause };
    let good = run(Outcome::Success, Automation::Full, false);
    let by_hand = run(Outcome::Failed, Automation::Manual, false);
    assert_eq!(clean_runs([]), 0);
    assert_eq!(clean_runs([good, by_hand, good]), 2, "what was done by hand says nothing");
    for bad in [
        run(Outcome::Issues, Automation::Full, false),
        run(Outcome::RolledBack, Automation::Full, false),
        run(Outcome::Success, Automation::Full, true),
    ] {
        assert_eq!(clean_runs([good, bad, good, good]), 1, "{bad:?}");
    }
}

#[test]
fn it_holds_once_it_is_earned_until_it_is_looked_at_again() {
    let directory = shop(1);
    let terms = &directory.change_policy.exceptions;
    let one = agreed(&directory);
    let standing = |runs, now| one.standing(runs, terms, at(now));
    assert_eq!(nominated(&directory, TECH).standing(99, terms, at(EARLY)), Standing::Asked);
    assert_eq!(standing(9, EARLY), Standing::Earning);
    assert_eq!(standing(10, EARLY), Standing::InForce);
    assert_eq!(standing(10, "2026-10-31T07:59:59Z"), Standing::InForce);
    assert_eq!(standing(10, "2026-10-31T08:00:00Z"), Standing::ReviewDue);
    let later = at("2026-11-01T08:00:00Z");
    let (again, _) = one.clone().agree(&by(VERA), &directory, later).unwrap();
    assert_eq!(again.standing(10, terms, later), Standing::Asked, "both agree anew");
    let (again, _) = again.agree(&by(BOSS), &directory, later).unwrap();
    assert_eq!(again.standing(10, terms, later), Standing::InForce);
    let incident = IncidentId(Uuid::from_u128(70));
    let revoked = one.clone().revoke(12, (incident, false), "ana", later).unwrap();
    assert!(revoked.end.as_ref().unwrap().reason.contains("CHG-12"));
    let quiet = one.clone().revoke(12, (incident, true), "ana", later).unwrap().end.unwrap();
    assert!(!format!("{} {}", quiet.by, quiet.reason).contains("12"), "{quiet:?}");
    assert_eq!(quiet.by, "Muster", "who found out is not told either");
    assert_eq!(revoked.standing(99, terms, later), Standing::Revoked);
    assert_eq!(revoked.clone().revoke(13, (incident, false), "ana", later), None);
    let reason = "It is not needed any more";
    let withdraw =
        |one: Exception, who| one.give_up(Ending::Withdrawn, reason, &by(who), &directory, later);
    assert!(withdraw(revoked, TECH).is_err());
    assert!(withdraw(one.clone(), PEER).is_err());
    assert_eq!(withdraw(one, TECH).unwrap().standing(99, terms, later), Standing::Withdrawn);
}

#[test]
fn it_spares_approvals_and_notice_and_the_record_says_so() {
    let mut desk = Desk::of(shop(1), deploy());
    desk.exceptions = vec![Earned { exception: agreed(&desk.directory), runs: 9 }];
    let late = "2026-05-20T07:59:00Z";
    assert!(matches!(desk.submit(late), Err(Refusal::ShortNotice { .. })), "not earned yet");
    desk.exceptions[0].runs = 10;
    assert_eq!(desk.submit(late), Ok(State::Scheduled));
    let assessment = desk.change.assessment.clone().unwrap();
    assert_eq!((assessment.row.as_str(), assessment.exception), (ROW_USUAL, Some(3)));
    assert_eq!((assessment.notice, assessment.is_emergent), (Notice::Free, false));
    let said = assessment.because.join("\n");
    assert!(said.contains("row `tier-1`: tier 1, class deploy"), "{said}");
    let why = "exception EXC-3: deploy of payments, earned by 10 runs in a row without trouble, \
               agreed to by boss and vera: held to `earned-exception`";
    assert!(said.contains(why), "{said}");
}

#[test]
fn what_is_riskier_or_by_hand_or_elsewhere_is_held_to_its_row() {
    let row = |plan: Plan| {
        let mut desk = Desk::of(shop(1), plan);
        desk.exceptions = vec![Earned { exception: agreed(&desk.directory), runs: 10 }];
        desk.submit(EARLY).unwrap();
        let assessment = desk.change.assessment.unwrap();
        (assessment.row, assessment.exception, assessment.because.join("\n"))
    };
    let risky =
        Plan { impact: Some(Impact::CustomerWide), confidence: Some(Band::Low), ..deploy() };
    let (name, exception, said) = row(risky);
    assert_eq!((name.as_str(), exception), ("tier-1", None));
    assert!(said.contains("exception EXC-3 spares nothing of high risk"), "{said}");
    for plan in [plan("deploy"), Plan { automation: Automation::Full, ..plan("database") }] {
        let (name, exception, said) = row(plan);
        assert_eq!((name.as_str(), exception), ("tier-1", None));
        assert!(!said.contains("EXC-"), "{said}");
    }
}

#[test]
fn a_row_that_asks_for_less_but_not_nothing_still_asks() {
    let mut desk = Desk::of(shop(1), deploy());
    let mut lesser = agreed(&desk.directory);
    lesser.row = "internal-low-risk".into();
    desk.exceptions = vec![Earned { exception: lesser, runs: 10 }];
    assert_eq!(desk.submit("2026-05-20T07:59:00Z"), Ok(State::Submitted));
    assert_eq!(desk.open(), ["peer"]);
    // A row that is not in the matrix any more spares nothing.
    let mut gone = Desk::of(shop(1), deploy());
    let mut one = agreed(&gone.directory);
    one.row = "gone".into();
    gone.exceptions = vec![Earned { exception: one, runs: 10 }];
    gone.submit(EARLY).unwrap();
    assert_eq!(gone.change.assessment.as_ref().unwrap().row, "tier-1");
}

#[test]
fn what_has_not_begun_is_asked_about_anew_when_the_exception_is_over() {
    let mut desk = Desk::of(shop(1), deploy());
    desk.exceptions = vec![Earned { exception: agreed(&desk.directory), runs: 10 }];
    desk.submit(EARLY).unwrap();
    let around = Surroundings {
        directory: &desk.directory,
        history: History::default(),
        incident: None,
        conflicts: &[],
        exceptions: &[],
    };
    let now = at("2026-05-10T08:00:00Z");
    let (change, said) = ask_anew(desk.change.clone(), "EXC-3 is over", &around, now);
    assert_eq!((change.state, change.approved_at), (State::Submitted, None));
    assert!(said[0].text.starts_with("Asked anew, because EXC-3 is over"), "{said:?}");
    assert_eq!(change.open_requirements()[0].approver.name(), "peer");
    let begun = Change { state: State::InProgress, ..desk.change.clone() };
    assert_eq!(ask_anew(begun.clone(), "EXC-3 is over", &around, now), (begun, Vec::new()));
}
