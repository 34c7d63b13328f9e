use super::*;
use uuid::Uuid;

const ANA: UserId = UserId(Uuid::from_u128(1));
const BO: UserId = UserId(Uuid::from_u128(2));
const CATCHER: UserId = UserId(Uuid::from_u128(9));

fn t(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

fn policy(afters: &[i64], repeat: u32) -> Policy {
    Policy {
        id: PolicyId(Uuid::nil()),
        name: "p".into(),
        team: None,
        repeat,
        steps: afters
            .iter()
            .map(|m| Step { after: minutes(*m), targets: vec![], ..Step::default() })
            .collect(),
        second_set: None,
    }
}

fn run(
    policy: &Policy,
    reached: &[Vec<UserId>],
    state: State,
    event: Event,
    now: Timestamp,
) -> (State, Vec<Effect>) {
    decide(&Chain { policy, reached, unmet: &[], catch_all: &[CATCHER] }, state, event, now)
}

#[test]
fn each_step_begins_its_delay_after_the_one_before() {
    let policy = policy(&[0, 5, 15], 0);
    let reached = [vec![ANA], vec![BO], vec![ANA]];
    let t0 = t("2026-11-21T03:00:00Z");
    let (state, effects) = run(&policy, &reached, State::Idle, Event::Started, t0);
    assert_eq!(effects, [Effect::Page { step: 0, round: 0, users: vec![ANA] }]);
    assert_eq!(state, State::Waiting { next_step: 1, round: 0, next_at: t0 + minutes(5) });
    let fired = Event::TimedOut { next_step: 1, round: 0 };
    let (state, effects) = run(&policy, &reached, state, fired, t0 + minutes(5));
    assert_eq!(effects, [Effect::Page { step: 1, round: 0, users: vec![BO] }]);
    assert_eq!(state, State::Waiting { next_step: 2, round: 0, next_at: t0 + minutes(20) });
}

#[test]
fn late_timer_after_ack_pages_nobody() {
    let policy = policy(&[0, 5], 0);
    let reached = [vec![ANA], vec![BO]];
    let acked = State::Acknowledged { next_step: 1, round: 0, expires_at: None };
    let timer = Event::TimedOut { next_step: 1, round: 0 };
    let (state, effects) = run(&policy, &reached, acked, timer, t("2026-03-29T01:00:00Z"));
    assert_eq!((state, effects), (acked, vec![]));
}

#[test]
fn a_timer_that_fires_early_changes_nothing() {
    let policy = policy(&[0, 5], 0);
    let waiting = State::Waiting { next_step: 1, round: 0, next_at: t("2026-03-29T01:00:00Z") };
    let timer = Event::TimedOut { next_step: 1, round: 0 };
    let (state, effects) =
        run(&policy, &[vec![ANA], vec![BO]], waiting, timer, t("2026-03-29T00:59:59Z"));
    assert_eq!((state, effects), (waiting, vec![]));
}

#[test]
fn an_empty_step_is_left_at_once_and_its_successor_does_not_wait() {
    let policy = policy(&[0, 5, 15], 0);
    let t0 = t("2026-11-21T03:00:00Z");
    let (state, effects) =
        run(&policy, &[vec![], vec![BO], vec![ANA]], State::Idle, Event::Started, t0);
    assert_eq!(
        effects,
        [
            Effect::NoTarget { step: 0, round: 0 },
            Effect::Page { step: 1, round: 0, users: vec![BO] }
        ]
    );
    assert_eq!(state, State::Waiting { next_step: 2, round: 0, next_at: t0 + minutes(15) });
}

#[test]
fn a_policy_that_reaches_nobody_pages_the_catch_all() {
    let policy = policy(&[0, 5], 0);
    let t0 = t("2026-11-21T03:00:00Z");
    let (state, effects) = run(&policy, &[vec![], vec![]], State::Idle, Event::Started, t0);
    assert_eq!(effects.last(), Some(&Effect::PageCatchAll { users: vec![CATCHER], round: 0 }));
    assert_eq!(state, State::Waiting { next_step: 2, round: 0, next_at: t0 + minutes(5) });
}

#[test]
fn the_next_round_begins_the_longest_delay_after_the_last_step() {
    let policy = policy(&[0, 5, 15], 1);
    let reached = [vec![ANA], vec![BO], vec![ANA]];
    let t0 = t("2026-11-21T03:00:00Z");
    let at_last = State::Waiting { next_step: 2, round: 0, next_at: t0 };
    let fired = Event::TimedOut { next_step: 2, round: 0 };
    let (state, _) = run(&policy, &reached, at_last, fired, t0);
    assert_eq!(state, State::Waiting { next_step: 3, round: 0, next_at: t0 + minutes(15) });
    let fired = Event::TimedOut { next_step: 3, round: 0 };
    let (state, effects) = run(&policy, &reached, state, fired, t0 + minutes(15));
    assert_eq!(effects, [Effect::Page { step: 0, round: 1, users: vec![ANA] }]);
    assert_eq!(state, State::Waiting { next_step: 1, round: 1, next_at: t0 + minutes(20) });
}

#[test]
fn after_the_last_round_it_is_exhausted_and_the_catch_all_hears() {
    let policy = policy(&[0], 0);
    let t0 = t("2026-11-21T03:00:00Z");
    let (state, _) = run(&policy, &[vec![ANA]], State::Idle, Event::Started, t0);
    assert_eq!(state, State::Waiting { next_step: 1, round: 0, next_at: t0 + ROUND_PAUSE_MIN });
    let fired = Event::TimedOut { next_step: 1, round: 0 };
    let (state, effects) = run(&policy, &[vec![ANA]], state, fired, t0 + ROUND_PAUSE_MIN);
    assert_eq!(state, State::Exhausted);
    assert_eq!(
        effects,
        [Effect::Exhausted, Effect::PageCatchAll { users: vec![CATCHER], round: 0 }]
    );
}

#[test]
fn a_failed_step_is_left_at_once_but_only_while_it_is_the_current_one() {
    let policy = policy(&[0, 5], 0);
    let reached = [vec![ANA], vec![BO]];
    let t0 = t("2026-11-21T03:00:00Z");
    let waiting = State::Waiting { next_step: 1, round: 0, next_at: t0 + minutes(5) };
    let (_, effects) = run(&policy, &reached, waiting, Event::StepFailed { step: 0, round: 0 }, t0);
    assert_eq!(effects, [Effect::Page { step: 1, round: 0, users: vec![BO] }]);
    let later = State::Waiting { next_step: 2, round: 0, next_at: t0 + minutes(5) };
    let (state, effects) =
        run(&policy, &reached, later, Event::StepFailed { step: 0, round: 0 }, t0);
    assert_eq!((state, effects), (later, vec![]));
}

#[test]
fn an_acknowledgement_that_runs_out_starts_the_chain_again() {
    let policy = policy(&[0, 5], 0);
    let t0 = t("2026-11-21T03:00:00Z");
    let acked = State::Acknowledged { next_step: 2, round: 0, expires_at: Some(t0) };
    let fired = Event::TimedOut { next_step: 2, round: 0 };
    let (state, effects) = run(&policy, &[vec![ANA], vec![BO]], acked, fired, t0);
    assert_eq!(effects, [Effect::Page { step: 0, round: 0, users: vec![ANA] }]);
    assert_eq!(state, State::Waiting { next_step: 1, round: 0, next_at: t0 + minutes(5) });
}

#[test]
fn a_policy_shortened_in_mid_escalation_goes_on_to_the_next_round() {
    let policy = policy(&[0], 1);
    let t0 = t("2026-11-21T03:00:00Z");
    let waiting = State::Waiting { next_step: 3, round: 0, next_at: t0 };
    let fired = Event::TimedOut { next_step: 3, round: 0 };
    let (state, effects) = run(&policy, &[vec![ANA]], waiting, fired, t0);
    assert_eq!(effects, [Effect::Page { step: 0, round: 1, users: vec![ANA] }]);
    assert_eq!(state, State::Waiting { next_step: 1, round: 1, next_at: t0 + ROUND_PAUSE_MIN });
}

#[test]
fn a_failed_step_with_nobody_behind_it_pages_the_catch_all() {
    let policy = policy(&[0, 5, 15], 0);
    let t0 = t("2026-11-21T03:00:00Z");
    let waiting = State::Waiting { next_step: 1, round: 0, next_at: t0 + minutes(5) };
    let reached = [vec![ANA], vec![], vec![]];
    let failed = Event::StepFailed { step: 0, round: 0 };
    let (state, effects) = run(&policy, &reached, waiting, failed, t0);
    assert_eq!(effects.last(), Some(&Effect::PageCatchAll { users: vec![CATCHER], round: 0 }));
    assert_eq!(state, State::Waiting { next_step: 3, round: 0, next_at: t0 + minutes(15) });
}

#[test]
fn a_step_that_only_tells_a_place_keeps_its_time_and_the_catch_all_stands_in_for_people() {
    let mut policy = policy(&[0, 5], 0);
    let room = Outlet::Channel { provider: "chat".into(), address: "#room".into() };
    policy.steps[0].outlets = vec![room.clone()];
    policy.steps[1].targets = vec![Target::User(ANA)];
    let t0 = t("2026-11-21T03:00:00Z");
    let reached = [vec![], vec![ANA]];
    let (state, effects) = run(&policy, &reached, State::Idle, Event::Started, t0);
    assert_eq!(effects, [Effect::Tell { step: 0, round: 0 }]);
    assert_eq!(state.next_at(), Some(t0 + minutes(5)));
    // Where nobody is ever asked, telling a room is not enough.
    policy.steps.truncate(1);
    let (_, effects) = run(&policy, &reached[..1], State::Idle, Event::Started, t0);
    let catch_all = Effect::PageCatchAll { users: vec![CATCHER], round: 0 };
    assert_eq!(effects, [Effect::Tell { step: 0, round: 0 }, catch_all]);
}
