//! The invariants of the architecture, as far as they can be said about this model. Each is a named
//! function that looks at what the step did, and at every row when asked to look at all.

use jiff::SignedDuration;

use super::input::NODES;
use super::organisation::integration_id;
use super::record::{Link, Replay};
use super::rng::mix;
use super::store::{
    AlertRow, DeliveryRow, Fact, IncidentRow, Key, MessageState, PageRow, Store, Timer,
};
use super::triage::is_trigger;
use super::world::World;
use crate::alerting::hold::Held;
use crate::alerting::triage;
use crate::engine::breaker::{FAILURES_TO_OPEN, REST_MAX, REST_MIN};
use crate::engine::lease::LEASE;
use crate::incident::lifecycle::{How, Status};
use crate::incident::severity::Urgency;
use crate::oncall::bundle::Limit;
use crate::oncall::escalation::State;
use crate::oncall::page::{DeliveryState, PageState};
use crate::oncall::{reach, schedule};
use crate::org::service::Service;

mod cover;

/// How long work that is due, and that nobody holds, may wait while a node is alive and the store can
/// be reached.
const UNATTEMPTED_MAX: SignedDuration = SignedDuration::from_secs(5);
/// After so many steps every row is looked at.
const STEPS_BETWEEN_FULL_CHECKS: u64 = 5_000;

/// The invariants by number, with the name of the function that checks each.
pub const INVARIANTS: [(u8, &str); 15] = [
    (1, "receipts_are_readable"),
    (2, "one_open_alert_per_key"),
    (3, "nobody_is_forgotten"),
    (4, "steps_commit_with_their_pages"),
    (5, "due_work_is_attempted"),
    (6, "pages_end_with_a_reason"),
    (7, "stale_fences_change_nothing"),
    (8, "sends_are_accounted_for"),
    (9, "acknowledged_pages_stay_quiet"),
    (10, "versions_grow_and_timers_fire_once"),
    (11, "on_call_is_total"),
    (12, "the_record_replays"),
    (13, "carriers_rest_and_take_over"),
    (14, "held_alerts_come_back"),
    (15, "agreements_are_kept"),
];

type Check = fn(&World, &[Fact], bool) -> Result<(), String>;

const CHECKS: [Check; 15] = [
    receipts_are_readable,
    one_open_alert_per_key,
    nobody_is_forgotten,
    steps_commit_with_their_pages,
    due_work_is_attempted,
    pages_end_with_a_reason,
    stale_fences_change_nothing,
    sends_are_accounted_for,
    acknowledged_pages_stay_quiet,
    versions_grow_and_timers_fire_once,
    on_call_is_total,
    the_record_replays,
    carriers_rest_and_take_over,
    held_alerts_come_back,
    cover::agreements_are_kept,
];

/// The number, the name and what is wrong.
pub(super) type Failure = (u8, &'static str, String);

/// Checks what the latest step did; now and then, everything.
pub(super) fn check(world: &mut World) -> Result<(), Failure> {
    let all = world.trace.step.is_multiple_of(STEPS_BETWEEN_FULL_CHECKS);
    check_step(world, all)
}

/// Checks everything.
pub(super) fn check_all(world: &mut World) -> Result<(), Failure> {
    check_step(world, true)
}

fn check_step(world: &mut World, all: bool) -> Result<(), Failure> {
    let mut facts = std::mem::take(&mut world.store.facts);
    world.count(&facts);
    for ((number, name), check) in INVARIANTS.iter().zip(CHECKS) {
        check(world, &facts, all).map_err(|detail| (*number, *name, detail))?;
    }
    world.store.audit.fresh = 0;
    facts.clear();
    world.store.facts = facts;
    Ok(())
}

fn require(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

/// The incidents that a step committed, or all of them.
fn incidents<'a>(
    world: &'a World,
    facts: &'a [Fact],
    all: bool,
) -> impl Iterator<Item = (u64, &'a IncidentRow)> {
    let every = all.then_some(&world.store.incidents).into_iter().flatten();
    let every = every.map(|(id, row)| (*id, row));
    let touched = facts.iter().filter_map(|fact| match fact {
        Fact::Committed { incident, .. } => Some((*incident, world.store.incidents.get(incident)?)),
        _ => None,
    });
    every.chain(touched)
}

/// The deliveries that a step touched, or all of them.
fn deliveries<'a>(
    world: &'a World,
    facts: &'a [Fact],
    all: bool,
) -> impl Iterator<Item = (u64, &'a DeliveryRow)> {
    let every = all.then_some(&world.store.deliveries).into_iter().flatten();
    let every = every.map(|(id, row)| (*id, row));
    let touched = facts.iter().filter_map(|fact| match fact {
        Fact::Claimed { delivery } | Fact::Called { delivery } | Fact::Ended { delivery } => {
            Some((*delivery, world.store.deliveries.get(delivery)?))
        }
        _ => None,
    });
    every.chain(touched)
}

/// 1. Every 2xx receipt is readable, and every alert that was asked for is known or older than what
///    is known.
fn receipts_are_readable(world: &World, facts: &[Fact], all: bool) -> Result<(), String> {
    let is_readable = |message: &u64| {
        let spooled = |node: usize| world.nodes[node].spool.iter().any(|(id, ..)| id == message);
        world.store.inbox.contains_key(message) || (0..NODES).any(spooled)
    };
    for fact in facts {
        match fact {
            Fact::Receipt { message } => require(is_readable(message), || {
                format!("message {message} was answered with 2xx and cannot be read")
            })?,
            Fact::Triaged { message } => triaged_is_known(&world.store, *message)?,
            _ => {}
        }
    }
    // After every fault, whatever was promised is looked for.
    let all = all || facts.iter().any(|fact| matches!(fact, Fact::Broke));
    let receipts = all.then_some(&world.receipts).into_iter().flatten();
    let lost = receipts.into_iter().find(|message| !is_readable(message));
    require(lost.is_none(), || format!("message {lost:?} was answered with 2xx and is gone"))
}

fn triaged_is_known(store: &Store, message: u64) -> Result<(), String> {
    let Some(row) = store.inbox.get(&message) else {
        return Err(format!("message {message} was triaged and is gone"));
    };
    let is_done = row.state == MessageState::Done;
    if !is_done || !is_trigger(&row.sent) {
        return Ok(());
    }
    let latest = store.latest.get(&(row.sent.integration, row.sent.key));
    let known = latest.and_then(|alert| store.alerts.get(alert));
    require(known.is_some_and(|alert| alert.newest_message >= message), || {
        format!("message {message} asked for an alert and was dropped")
    })
}

/// 2. At most one open alert per integration and key.
fn one_open_alert_per_key(world: &World, facts: &[Fact], all: bool) -> Result<(), String> {
    let opened = facts.iter().find_map(|fact| match fact {
        Fact::AlertOpened { integration, key } => Some((*integration, *key)),
        _ => None,
    });
    if opened.is_none() && !all {
        return Ok(());
    }
    let mut open: Vec<_> = world
        .store
        .alerts
        .values()
        .filter(|alert| alert.status.is_firing())
        .map(|alert| (alert.integration, alert.key))
        .collect();
    open.sort_unstable();
    let twice = open.windows(2).find(|pair| pair[0] == pair[1]);
    require(twice.is_none(), || format!("two alerts are open for {twice:?}"))
}

/// 3. Every triggered, paging incident has a pending timer or an alarmed `exhausted` state, and the
///    timer is the one that its escalation waits for.
fn nobody_is_forgotten(world: &World, facts: &[Fact], all: bool) -> Result<(), String> {
    for (id, row) in incidents(world, facts, all) {
        let timer = world.store.timers.get(&Key::Incident(id)).map(|timer| timer.due);
        let next_at = row.state.next_at();
        require(timer == next_at, || {
            format!("incident {id} waits for {next_at:?} and its timer is set to {timer:?}")
        })?;
        let orphan = row.alerts.iter().find(|alert| is_open(&world.store, alert));
        require(row.state.status.is_open() || orphan.is_none(), || {
            format!("incident {id} is over and its alert {orphan:?} is not")
        })?;
        let pages = world.directory.severity(row.state.severity).pages();
        if row.state.status != Status::Triggered || !pages {
            continue;
        }
        let attended = match row.state.escalation {
            State::Waiting { .. } | State::Snoozed { .. } => timer.is_some(),
            State::Exhausted => row.alarms > 0,
            State::Idle | State::Acknowledged { .. } | State::Finished => false,
        };
        require(attended, || {
            format!(
                "incident {id} is triggered and nobody will be asked: {:?}",
                row.state.escalation
            )
        })?;
    }
    Ok(())
}

fn is_open(store: &Store, alert: &u64) -> bool {
    store.alerts.get(alert).is_some_and(|row| row.status.is_firing())
}

/// 4. A step commits if and only if its page rows, or a record that it reaches nobody, commit, and
///    nobody is let off by the very commit that asks them.
fn steps_commit_with_their_pages(world: &World, facts: &[Fact], all: bool) -> Result<(), String> {
    for fact in facts {
        let Fact::Reached { page } = fact else { continue };
        let Some(row) = world.store.pages.get(page) else { continue };
        let is_let_off = row.state == PageState::Superseded && row.ended_seq == row.created_seq;
        require(!is_let_off, || {
            let (user, incident) = (row.user, row.incident);
            format!("page {page} of incident {incident} asks {user:?} and is withdrawn at once")
        })?;
    }
    for (id, row) in incidents(world, facts, all) {
        let Replay { paged, steps_entered, .. } = row.replay;
        require(paged == row.page_rows, || {
            format!("incident {id} says it paged {paged} times and has {} pages", row.page_rows)
        })?;
        require(row.page_rows >= steps_entered, || {
            format!("incident {id} entered {steps_entered} steps with {} pages", row.page_rows)
        })?;
    }
    Ok(())
}

/// 5. With one node alive and the store reachable, nothing that is due stays unattempted.
fn due_work_is_attempted(world: &World, _: &[Fact], all: bool) -> Result<(), String> {
    let Some(healthy_since) = world.healthy_since else { return Ok(()) };
    let wall = world.wall();
    let late = |since: jiff::Timestamp, allowed: SignedDuration| {
        wall.duration_since(since.max(healthy_since)) > allowed
    };
    if let Some((at, key)) = world.store.queue.first() {
        let set_at = world.store.timers.get(key).map_or(*at, |timer| timer.set_at);
        let since = set_at.max(*at);
        require(!late(since, UNATTEMPTED_MAX), || {
            format!("{key:?} could be claimed since {since}")
        })?;
    }
    if let Some(at) = world.store.earliest_triage(wall) {
        let oldest = world.store.pending.first().and_then(|id| world.store.inbox.get(id));
        let since = oldest.map_or(at, |message| message.stored_at.max(at));
        let since = since.max(world.store.triage_ended_at);
        require(!late(since, UNATTEMPTED_MAX), || format!("a message waits since {since}"))?;
    }
    if let Some((at, id)) = world.store.untried.first() {
        let allowed = UNATTEMPTED_MAX + Limit::default().window;
        require(!late(*at, allowed), || format!("delivery {id} was never tried since {at}"))?;
    }
    if !all || !late(healthy_since, UNATTEMPTED_MAX) {
        return Ok(());
    }
    let longest = wall + LEASE + UNATTEMPTED_MAX;
    // What is not due by the clock as it is now waits for its time, whoever took it before.
    let is_held =
        |timer: &Timer| timer.due <= wall && timer.claim.until.is_some_and(|until| until > longest);
    let held = world.store.timers.iter().find(|(_, timer)| is_held(timer));
    require(held.is_none(), || {
        format!("{held:?} is held by a claim from before the clock was set back")
    })
}

/// 6. A page ends accepted, superseded (saying by what) or exhausted, and what is exhausted is
///    followed up. Whatever is over has no page under way.
fn pages_end_with_a_reason(world: &World, facts: &[Fact], all: bool) -> Result<(), String> {
    for (id, row) in incidents(world, facts, all) {
        for page in &row.pages {
            let Some(asked) = world.store.pages.get(page) else {
                return Err(format!("page {page} of incident {id} is gone"));
            };
            page_ends_with_a_reason(&world.store, row, *page, asked)?;
        }
    }
    for (id, row) in deliveries(world, facts, all) {
        let Some(page) = world.store.pages.get(&row.page) else { continue };
        let Some(incident) = world.store.incidents.get(&page.incident) else { continue };
        page_ends_with_a_reason(&world.store, incident, row.page, page)?;
        let waits = world.store.timers.contains_key(&Key::Delivery(id));
        require(row.state.is_final() != waits, || {
            format!("delivery {id} is {} and its timer is {waits}", row.state.name())
        })?;
    }
    Ok(())
}

fn page_ends_with_a_reason(
    store: &Store,
    incident: &IncidentRow,
    page: u64,
    row: &PageRow,
) -> Result<(), String> {
    match row.state {
        PageState::Pending | PageState::Accepted => {
            require(incident.state.status.is_open(), || {
                format!("page {page} goes on after its incident is over")
            })
        }
        PageState::Superseded => require(matches!(row.ended, Some((_, true))), || {
            format!("page {page} was superseded by nothing")
        }),
        PageState::Exhausted => require(is_followed_up(store, incident, page, row), || {
            format!("page {page} could not be delivered and nothing followed")
        }),
    }
}

/// Whether something came of a page that no method delivered: an alarm, somebody else of the same
/// step, the next step, the catch-all, or the end of the whole matter.
fn is_followed_up(store: &Store, incident: &IncidentRow, page: u64, row: &PageRow) -> bool {
    let of_step = |other: &&PageRow| {
        (other.activation, other.step, other.round) == (row.activation, row.step, row.round)
    };
    let is_asked = |other: &PageRow| match other.state {
        PageState::Pending | PageState::Accepted => true,
        PageState::Superseded => !matches!(other.ended, Some((How::Declined, _))),
        PageState::Exhausted => false,
    };
    let others = incident.pages.iter().filter(|other| **other != page);
    let somebody = row.step.is_some()
        && others.filter_map(|other| store.pages.get(other)).filter(of_step).any(is_asked);
    let waits_for_next = matches!(incident.state.escalation,
        State::Waiting { next_step, round, .. }
            if row.step == Some(next_step) && row.round == round + 1);
    let is_current = incident.activation == row.activation;
    let fell_through = incident
        .pages
        .iter()
        .filter_map(|other| store.pages.get(other))
        .any(|other| other.step.is_none() && other.created_seq > row.ended_seq);
    let is_alarmed = incident.alarms > 0 && incident.alarm_seq >= row.ended_seq;
    somebody || fell_through || is_alarmed || !is_current || (row.step.is_some() && !waits_for_next)
}

/// 7. A stale fence changes nothing: what is committed was claimed by the newest fence.
fn stale_fences_change_nothing(_: &World, facts: &[Fact], _: bool) -> Result<(), String> {
    for fact in facts {
        if let Fact::Applied { key, fence, granted, .. } = fact {
            require(*granted == Some(*fence), || {
                format!("{key:?} was committed with fence {fence}, the newest is {granted:?}")
            })?;
        }
    }
    Ok(())
}

/// 8. Each call to a provider is accounted for: one, and one more for each "later", each unknown
///    answer and each claim that ran out. What repeats without being asked for says so.
fn sends_are_accounted_for(world: &World, facts: &[Fact], all: bool) -> Result<(), String> {
    for (id, row) in deliveries(world, facts, all) {
        let seen = row.seen;
        let may_repeat = seen.unknown + seen.expired;
        require(seen.calls <= 1 + seen.temporary + may_repeat, || {
            format!("delivery {id} was sent {} times without a cause: {seen:?}", seen.calls)
        })?;
        require(row.state != DeliveryState::Accepted || seen.calls > 0, || {
            format!("delivery {id} is accepted and was never sent")
        })?;
        let is_repeat = row.state == DeliveryState::Sending && seen.calls > 1 + seen.temporary;
        require(!is_repeat || row.possible_repeat, || {
            format!("delivery {id} repeats and does not say so")
        })?;
    }
    Ok(())
}

/// 9. No page is claimed after the acknowledgement commits, until it is withdrawn or runs out.
fn acknowledged_pages_stay_quiet(world: &World, facts: &[Fact], _: bool) -> Result<(), String> {
    for fact in facts {
        let Fact::Claimed { delivery } = fact else { continue };
        let Some(row) = world.store.deliveries.get(delivery) else { continue };
        let Some(page) = world.store.pages.get(&row.page) else { continue };
        let Some(incident) = world.store.incidents.get(&page.incident) else { continue };
        let quiet = incident.acknowledged_seq.is_some_and(|seq| page.created_seq < seq);
        require(!quiet, || {
            format!(
                "delivery {delivery} of page {} was claimed after the acknowledgement",
                row.page
            )
        })?;
    }
    Ok(())
}

/// 10. Versions strictly grow, and each timer generation fires once.
fn versions_grow_and_timers_fire_once(
    world: &World,
    facts: &[Fact],
    _: bool,
) -> Result<(), String> {
    for fact in facts {
        match fact {
            Fact::Committed { incident, version_before, was_changed: true, .. } => {
                let after = world.store.incidents.get(incident).map(|row| row.state.version);
                require(after.is_some_and(|after| after > *version_before), || {
                    format!("incident {incident} went from version {version_before} to {after:?}")
                })?;
            }
            Fact::Applied { key, generation, fired, .. } => {
                require(fired.is_none_or(|fired| fired < *generation), || {
                    format!("generation {generation} of {key:?} was committed twice")
                })?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// 11. On-call is a total, deterministic function of configuration and instant, a step asks exactly
///     whom it names, and a gap yields the fallback.
fn on_call_is_total(world: &World, facts: &[Fact], all: bool) -> Result<(), String> {
    for fact in facts {
        match fact {
            Fact::Reached { page } => reached_whom_it_names(world, *page)?,
            Fact::Committed { incident, told_before, alarms_before, .. } => {
                gap_yields_the_fallback(world, *incident, told_before, *alarms_before)?;
            }
            _ => {}
        }
    }
    if !all {
        return Ok(());
    }
    let wall = world.wall();
    for rota in world.directory.schedules.iter() {
        let now = schedule::on_call_at(rota, wall);
        require(now == schedule::on_call_at(&rota.clone(), wall), || {
            format!("{} has two answers at {wall}", rota.name)
        })?;
        for shift in &now {
            let last = shift.to - SignedDuration::from_nanos(1);
            let there = [shift.from, last].map(|at| schedule::on_call_at(rota, at).contains(shift));
            require(there == [true; 2], || {
                format!("{} changes within a shift at {wall}: {shift:?}", rota.name)
            })?;
            let is_by_turn = shift.layer != schedule::OVERRIDE_LAYER && shift.mentor.is_none();
            require(!is_by_turn || !world.organisation.is_on_leave(shift.user, wall), || {
                format!("{:?} is on leave and has a turn of {}", shift.user, rota.name)
            })?;
        }
    }
    Ok(())
}

fn reached_whom_it_names(world: &World, page: u64) -> Result<(), String> {
    let Some(row) = world.store.pages.get(&page) else { return Ok(()) };
    let Some(incident) = world.store.incidents.get(&row.incident) else { return Ok(()) };
    let Some(step) = row.step.and_then(|step| usize::try_from(step).ok()) else { return Ok(()) };
    let policy = world.directory.policies.get(incident.state.policy);
    let policy = policy.or_else(|| world.directory.catch_all_policy());
    let Some(step) = policy.and_then(|policy| policy.steps.get(step - 1)) else { return Ok(()) };
    let urgency = match world.directory.severity(incident.state.severity).urgency {
        Urgency::None => Urgency::High,
        other => other,
    };
    let wall = world.wall();
    let named: Vec<_> = step
        .targets
        .iter()
        .flat_map(|target| reach::everybody(&world.directory, target, urgency, wall))
        .filter(|user| {
            world.directory.users.get(*user).is_some_and(|user| user.is_reachable(urgency))
        })
        .collect();
    require(named.contains(&row.user), || {
        format!("page {page} asks {:?} and its step names {named:?}", row.user)
    })
}

fn gap_yields_the_fallback(
    world: &World,
    incident: u64,
    before: &Replay,
    alarms_before: u32,
) -> Result<(), String> {
    let Some(row) = world.store.incidents.get(&incident) else { return Ok(()) };
    let Some(policy) = world.directory.policies.get(row.state.policy) else { return Ok(()) };
    let left = (row.replay.steps_left - before.steps_left) as usize;
    let is_gap = left >= policy.steps.len() && row.replay.steps_entered == before.steps_entered;
    let fell_back = row.replay.paged > before.paged || row.alarms > alarms_before;
    require(!is_gap || fell_back, || {
        format!("every step of incident {incident} reaches nobody and nobody else was asked")
    })
}

/// 12. One record for each transition and each send; the chain verifies; replaying it gives the
///     state.
fn the_record_replays(world: &World, facts: &[Fact], all: bool) -> Result<(), String> {
    for (id, row) in incidents(world, facts, all) {
        let Replay { status, severity, alerts_joined, exhausted, .. } = row.replay;
        require(status == Some(row.state.status), || {
            format!("incident {id} is {:?} and its record says {status:?}", row.state.status)
        })?;
        require(severity == u64::from(row.state.severity.number()), || {
            format!("incident {id} is of severity {} by its record", severity)
        })?;
        require(row.state.alert_count == 1 + alerts_joined, || {
            format!("incident {id} counts {} alerts", row.state.alert_count)
        })?;
        let open = row.alerts.iter().filter(|alert| is_open(&world.store, alert)).count();
        require(row.state.open_alert_count.unsigned_abs() == open as u64, || {
            format!("incident {id} counts {} open alerts of {open}", row.state.open_alert_count)
        })?;
        require(row.state.escalation != State::Exhausted || exhausted > 0, || {
            format!("incident {id} is exhausted and its record does not say so")
        })?;
    }
    let audit = &world.store.audit;
    let claimed = facts.iter().filter(|fact| matches!(fact, Fact::Claimed { .. })).count();
    let told: u32 = facts.iter().map(|fact| transitions_told(world, fact)).sum();
    require(all || audit.fresh >= claimed + told as usize, || {
        format!("{claimed} sends and {told} transitions left {} records", audit.fresh)
    })?;
    let links = if all { audit.newest.len() } else { audit.fresh.min(audit.newest.len()) };
    let newest = &audit.newest[audit.newest.len() - links..];
    let is_whole = |link: &Link| Link::hash(link.content, link.before) == link.hash;
    let follows = newest.windows(2).all(|pair| pair[1].before == pair[0].hash);
    let ends = newest.last().is_none_or(|link| link.hash == audit.head);
    require(newest.iter().all(is_whole) && follows && ends, || {
        format!("the chain of records is broken before {:x}", mix(audit.head))
    })
}

/// A commit that changed an incident's state left at least one record.
fn transitions_told(world: &World, fact: &Fact) -> u32 {
    let Fact::Committed { incident, was_changed: true, told_before, .. } = fact else { return 0 };
    let now = world.store.incidents.get(incident).map(|row| row.replay);
    u32::from(now.is_some_and(|now| now != *told_before))
}

/// 13. A carrier that has failed often enough in a row is left alone by the node that met it, and
///     only while each of them has is a message given to none, and not for ever.
fn carriers_rest_and_take_over(world: &World, facts: &[Fact], _: bool) -> Result<(), String> {
    for fact in facts {
        match fact {
            Fact::Carried { node, carrier } => {
                let since = world.nodes[*node].carriers.met[*carrier].enough_at;
                let is_soon = |(at, wall): (jiff::Timestamp, jiff::Timestamp)| {
                    let passed = world.wall().duration_since(wall);
                    world.now.duration_since(at) < REST_MIN
                        && (SignedDuration::ZERO..REST_MIN).contains(&passed)
                };
                require(!since.is_some_and(is_soon), || {
                    format!("node {node} asks carrier {carrier}, which failed since {since:?}")
                })?;
            }
            Fact::Rested { node } => {
                let met = world.nodes[*node].carriers.met;
                require(met.iter().all(|met| met.failures >= FAILURES_TO_OPEN), || {
                    format!("node {node} gives a message to nobody although {met:?}")
                })?;
                // A clock that is set back comes to the end of a rest again, and no further.
                let newest = met.iter().map(|met| met.touched_at).max();
                let rested = newest.map(|(at, wall)| {
                    let by_clock = world.wall().duration_since(wall).abs();
                    world.now.duration_since(at).min(by_clock)
                });
                require(rested.is_none_or(|rested| rested <= REST_MAX * 2), || {
                    format!("node {node} has asked no carrier for {rested:?}")
                })?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// 14. No alert pages while its service is being worked on. What is held back is looked at again when
///     its reason ends, also where that is sooner than planned, and what falls silent ends in time.
fn held_alerts_come_back(world: &World, facts: &[Fact], all: bool) -> Result<(), String> {
    let store = &world.store;
    for fact in facts {
        let opened = match fact {
            Fact::AlertOpened { integration, key } => store.latest.get(&(*integration, *key)),
            Fact::LookedAt { alert } => Some(alert),
            _ => None,
        };
        let Some((id, row)) = opened.and_then(|id| Some((*id, store.alerts.get(id)?))) else {
            continue;
        };
        comes_back(world, id, row)?;
        let is_new = matches!(fact, Fact::AlertOpened { .. });
        let is_muted = service_of(world, row)
            .is_some_and(|service| world.organisation.is_worked_on(service.id, row.first_at));
        require(!(is_new && is_muted) || row.incident.is_none(), || {
            format!("alert {id} pages while its service is being worked on")
        })?;
    }
    if all || facts.iter().any(|fact| matches!(fact, Fact::WindowsEnded)) {
        for (id, row) in &store.alerts {
            comes_back(world, *id, row)?;
        }
    }
    Ok(())
}

fn comes_back(world: &World, id: u64, row: &AlertRow) -> Result<(), String> {
    if !row.status.is_firing() {
        return Ok(());
    }
    let due = world.store.timers.get(&Key::Alert(id)).map(|timer| timer.due);
    let by = |latest: jiff::Timestamp| due.is_some_and(|due| due <= latest);
    if let Some(after) = service_of(world, row).and_then(|service| service.auto_resolve_after) {
        require(by(row.last_at + after), || {
            format!("alert {id} was last heard of at {} and is looked at {due:?}", row.last_at)
        })?;
    }
    match row.held {
        None => require(row.incident.is_some(), || format!("alert {id} fires and pages nobody")),
        Some((Held::Informational | Held::Shadow, _)) => Ok(()),
        Some((held, window)) => {
            require(due.is_some(), || format!("alert {id} is held by {held:?} for ever"))?;
            let ends = window.and_then(|window| world.organisation.window_ends(window));
            require(ends.is_none_or(by), || {
                format!("alert {id} is muted until {ends:?} and is looked at {due:?}")
            })
        }
    }
}

fn service_of<'a>(world: &'a World, row: &AlertRow) -> Option<&'a Service> {
    let integration = world.directory.integration(integration_id(row.integration))?;
    let signal = super::triage::signal(&row.sent);
    triage::route(&world.directory, integration, &signal).map(|route| route.service)
}
