//! Doing a change step by step: what is ticked, by whom, how late, and what is refused.

use super::*;
use crate::change::record::{Kind, Run};

fn tick(place: u32) -> Command {
    Command::Step { run: None, place, is_done: true }
}

fn begun() -> Desk {
    let mut desk = Desk::new(1, "deploy");
    let excuse = "nobody can pay".to_owned();
    desk.tell(TECH, "2026-05-20T08:00:00Z", Command::Start { excuse }).unwrap();
    desk
}

#[test]
fn a_step_is_late_or_early_to_the_minute_against_the_real_beginning() {
    let mut desk = begun();
    for (place, now, says) in [
        (0, "2026-05-20T08:00:29Z", "on time"),
        (1, "2026-05-20T08:10:30Z", "1 min late"),
        (2, "2026-05-20T08:14:00Z", "6 min early"),
    ] {
        desk.tell(PEER, now, tick(place)).unwrap();
        assert!(desk.said[0].text.ends_with(says), "{}", desk.said[0].text);
        assert_eq!(desk.said[0].kind, Kind::Stepped);
    }
    assert_eq!(desk.change.ticks.len(), 3);
    desk.tell(TECH, "2026-05-20T08:15:00Z", tick(2)).unwrap();
    assert!(desk.said.is_empty(), "it is done already");
    assert_eq!(desk.change.ticks[2].by.user(), Some(user(PEER)), "and stays theirs");
    let undo = Command::Step { run: Some(Run::Timeline), place: 1, is_done: false };
    desk.tell(TECH, "2026-05-20T08:16:00Z", undo.clone()).unwrap();
    assert_eq!(desk.change.ticks.len(), 2);
    desk.tell(TECH, "2026-05-20T08:17:00Z", undo).unwrap();
    assert!(desk.said.is_empty());
}

#[test]
fn only_steps_of_the_way_at_hand_are_ticked_while_it_is_under_way() {
    let mut desk = Desk::new(1, "deploy");
    let early = desk.tell(TECH, "2026-05-20T08:00:00Z", tick(0));
    assert!(matches!(early, Err(Refusal::WrongState { .. })), "{early:?}");
    let mut desk = begun();
    let now = "2026-05-20T08:10:00Z";
    let last = desk.tell(TECH, now, tick(4));
    assert_eq!(last, Err(Refusal::NoStep { run: Run::Timeline, place: 4, count: 4 }));
    let other = Command::Step { run: Some(Run::Rollback), place: 0, is_done: true };
    assert!(matches!(desk.tell(TECH, now, other), Err(Refusal::WrongState { .. })));
    assert_eq!(desk.tell(CAT, now, tick(0)), Err(Refusal::NoParty));
    let reason = "packets are lost".to_owned();
    desk.tell(TECH, "2026-05-20T08:20:00Z", Command::Abort { reason }).unwrap();
    let stale = Command::Step { run: Some(Run::Timeline), place: 0, is_done: true };
    assert!(matches!(desk.tell(TECH, now, stale), Err(Refusal::WrongState { .. })));
    desk.tell(TECH, "2026-05-20T08:23:00Z", tick(0)).unwrap();
    assert_eq!(desk.said[0].text, "Rollback step 1, T+00:00: Switch it over: done, 3 min late");
}
