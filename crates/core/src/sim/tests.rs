use super::*;

fn honest(seed: u64, hours: u32) -> Report {
    run(Options { seed, hours, sabotage: None })
}

fn told(report: &Report) -> String {
    report.broken.as_ref().map(ToString::to_string).unwrap_or_default()
}

#[test]
fn no_invariant_breaks_in_a_few_hundred_hours() {
    for seed in 1..=3 {
        let report = honest(seed, 70);
        assert!(report.broken.is_none(), "{}", told(&report));
        assert!(report.alerts >= 10 * 70, "{report:?}");
        assert!(report.faults >= 70, "{report:?}");
        // The faults did something.
        assert!(report.stale > 0 && report.reclaimed > 0, "{report:?}");
        assert!(report.spooled > 0 && report.bundled > 0, "{report:?}");
        assert!(report.held > 0 && report.looked_at > 0, "{report:?}");
        assert!(report.agreed > 0 && report.put_back > 0, "{report:?}");
        assert!(report.taken_over > 0 && report.rested > 0, "{report:?}");
    }
}

#[test]
fn a_run_goes_through_the_whole_life_of_incidents() {
    let report = honest(5, 200);
    let told: Vec<_> = report.told.iter().map(|(kind, _)| *kind).collect();
    let expected = [
        "acknowledged",
        "alert_joined",
        "alert_resolved",
        "checked_in",
        "engaged_late",
        "escalated",
        "exhausted",
        "management_asked",
        "merged",
        "no_target",
        "opened",
        "page_declined",
        "page_failed",
        "paged",
        "reopened",
        "resolved",
        "rotated",
        "second_set_began",
        "severity_changed",
        "snoozed",
        "status_changed",
        "step_entered",
        "step_skipped",
        "unacknowledged",
        "unsnoozed",
    ];
    assert_eq!(told, expected);
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let (first, second) = (honest(7, 25), honest(7, 25));
    assert_eq!(first, second);
    assert_ne!(first.digest, honest(8, 25).digest);
}

#[test]
fn every_planted_bug_is_caught_by_the_invariant_that_it_breaks() {
    for (sabotage, number) in Sabotage::ALL {
        let report = (1..=4)
            .map(|seed| run(Options { seed, hours: 200, sabotage: Some(sabotage) }))
            .find(|report| report.broken.is_some());
        let report = report.unwrap_or_else(|| panic!("{sabotage:?} was not caught"));
        let found = report.broken.as_ref().map(|broken| broken.number);
        assert_eq!(found, Some(number), "{sabotage:?}: {}", told(&report));
    }
}

#[test]
fn every_invariant_has_a_planted_bug() {
    for (number, name) in INVARIANTS {
        assert!(Sabotage::ALL.iter().any(|(_, breaks)| *breaks == number), "{number} {name}");
    }
}

#[test]
fn a_broken_invariant_tells_how_to_find_it_again() {
    let options = Options { seed: 1, hours: 200, sabotage: Some(Sabotage::ForgetOpenAlert) };
    let report = run(options);
    let broken = report.broken.unwrap();
    assert_eq!((broken.seed, broken.events.len()), (1, EVENTS_KEPT));
    assert!(broken.to_string().contains("seed 1, virtual time 2026-"));
}

#[test]
fn inputs_without_faults_settle_the_same_every_time() {
    let inputs: Vec<_> = schedule(11, 12)
        .into_iter()
        .filter(|scheduled| matches!(scheduled.input, Input::Signal(_) | Input::Person(_)))
        .collect();
    let settled = settle(&inputs);
    assert!(settled.len() > 100);
    assert_eq!(settled, settle(&inputs));
    // Every client has said by then that its trouble is over.
    assert!(settled.iter().all(|trouble| !trouble.is_open));
}
