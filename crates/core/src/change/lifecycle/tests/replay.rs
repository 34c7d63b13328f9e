//! A policy held against past changes (`X6`): what it would have asked, beside what was asked.

use super::*;
use crate::change::notice::Notice;
use crate::change::policy::{Row, Stage};
use crate::change::replay::{Part, Replayed, replay, summary};
use crate::change::window::Freeze;

fn row(approvers: &[Approver], notice: Notice) -> Row {
    Row {
        name: "draft".into(),
        tiers: vec![],
        classes: vec![],
        risks: vec![],
        automation: vec![],
        teams: vec![],
        stages: approvers.iter().copied().map(Stage::new).collect(),
        notice,
        needs_window: false,
        technician_level: None,
    }
}

fn with(row: Row) -> Directory {
    let mut draft = shop(2);
    draft.change_policy.rows = vec![row];
    draft
}

/// Submitted in time on 4 May for 20 May and agreed to by both.
fn past() -> Change {
    let mut desk = Desk::new(2, "deploy");
    desk.submit(EARLY).unwrap();
    desk.approve(PEER, EARLY).unwrap();
    desk.approve(BOSS, EARLY).unwrap();
    desk.change
}

fn held(change: &Change, draft: &Directory) -> Replayed {
    replay(change, &shop(2), draft, at("2026-06-01T00:00:00Z")).unwrap()
}

#[test]
fn the_policy_in_force_asks_what_it_asked() {
    let same = held(&past(), &shop(2));
    assert_eq!((same.parts.as_slice(), &same.was), ([].as_slice(), &same.would));
    assert_eq!(same.was.approvals, ["peer review", "manager review"]);
    assert_eq!(summary([&same]).different, 0);
}

#[test]
fn stricter_and_looser_drafts_differ_in_what_they_ask_for() {
    let strict =
        with(row(&[Approver::Peer, Approver::Manager, Approver::Vp], Notice::BusinessDays(15)));
    let one = held(&past(), &strict);
    assert_eq!(one.parts, [Part::Row, Part::Approvals, Part::Notice]);
    assert_eq!((one.was.is_announced, one.would.is_announced), (true, false));
    let loose = held(&past(), &with(row(&[], Notice::Free)));
    assert_eq!(loose.would.approvals, Vec::<String>::new());
    let all = summary([&one, &loose]);
    assert_eq!((all.changes, all.different), (2, 2));
    assert_eq!((all.more_approvals, all.fewer_approvals, all.late), (1, 1, 1));
    assert_eq!((all.approvals_were, all.approvals_would), (4, 3));
}

#[test]
fn what_was_agreed_to_too_late_is_emergent_only_where_notice_is_asked_for() {
    let mut late = past();
    late.approved_at = Some(at("2026-05-18T08:00:01Z"));
    late.assessment.as_mut().unwrap().is_emergent = true;
    let free = held(&late, &with(row(&[Approver::Peer], Notice::Free)));
    assert_eq!((free.was.is_emergent, free.would.is_emergent), (true, false));
    assert_eq!(summary([&free]).no_longer_emergent, 1);
    let two_days = Notice::Within(SignedDuration::from_hours(48));
    let asked = held(&late, &with(row(&[Approver::Peer], two_days)));
    assert_eq!(asked.would.approvals, ["peer review", "VP review"], "emergent asks a VP");
    // Whom nobody is asked for is agreed to as it is submitted, in time.
    let nobody = held(&late, &with(row(&[], two_days)));
    assert!(!nobody.would.is_emergent, "{nobody:?}");
    let in_time = Change { approved_at: Some(at("2026-05-18T08:00:00Z")), ..late };
    assert!(!held(&in_time, &with(row(&[Approver::Peer], two_days))).would.is_emergent);
}

#[test]
fn a_freeze_of_the_draft_holds_up_what_was_free_before() {
    let mut draft = shop(2);
    draft.change_policy.bounds.freezes = vec![Freeze {
        name: "sale".into(),
        from: at("2026-05-20T09:59:59Z"),
        until: at("2026-05-21T00:00:00Z"),
        services: vec![],
        tiers: vec![],
        reason: "The sale".into(),
        exempt_teams: vec![],
        exempt_classes: vec![],
    }];
    let one = held(&past(), &draft);
    assert_eq!(one.parts, [Part::Time]);
    assert!(one.would.blocked[0].contains("sale"), "{one:?}");
    assert_eq!(summary([&one]).blocked, 1);
}

#[test]
fn what_has_no_answer_under_both_is_left_out() {
    let now = at("2026-06-01T00:00:00Z");
    let draft = Desk::new(2, "deploy").change;
    assert_eq!(replay(&draft, &shop(2), &shop(2), now), None, "never submitted");
    let mut elsewhere = past();
    elsewhere.plan.service = ServiceId(Uuid::from_u128(51));
    assert_eq!(replay(&elsewhere, &shop(2), &shop(2), now), None);
    let after = Change { origin: Origin::AfterTheFact, ..past() };
    assert_eq!(replay(&after, &shop(2), &shop(2), now), None);
    let mut spared = past();
    spared.assessment.as_mut().unwrap().exception = Some(1);
    assert_eq!(replay(&spared, &shop(2), &shop(2), now), None);
    let by_nobody = held(&past(), &with(row(&[Approver::Ops], Notice::Free)));
    assert_eq!(summary([&by_nobody]).nobodys, 1, "nobody runs production");
}
