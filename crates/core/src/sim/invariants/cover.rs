//! What holds of the shifts that people agreed about.

use jiff::{SignedDuration, Timestamp};

use super::{Key, World, require};
use crate::id::UserId;
use crate::oncall::cover::{Request, Span, State, closes_at};
use crate::oncall::schedule::{Override, Schedule, on_call_at};
use crate::sim::cover::turns;
use crate::sim::store::Fact;

/// 15. Whoever took a shift has it, and nobody else by an older agreement, until it is put back;
///     then nothing of it stands. An open request ends when its shift begins, or, where it ran by then,
///     with it.
pub(super) fn agreements_are_kept(world: &World, facts: &[Fact], all: bool) -> Result<(), String> {
    if !all && !facts.iter().any(|fact| matches!(fact, Fact::Planned)) {
        return Ok(());
    }
    let (plan, wall) = (&world.organisation.plan, world.wall());
    for (number, request) in &plan.requests {
        let due = world.store.timers.get(&Key::Request(*number)).map(|timer| timer.due);
        let is_open = request.state == State::Requested;
        let in_time = due.is_none_or(|due| due <= closes_at(request));
        require(due.is_some() == is_open && in_time, || {
            format!("request {number} is {} and is looked at {due:?}", request.state.name())
        })?;
        let put_back_at = request.decided_at.unwrap_or(wall);
        let stands = |request: &Request| {
            let mut made = plan.made.iter();
            made.any(|made| made.request == Some(request.id) && made.span.to > put_back_at)
        };
        require(request.state == State::Accepted || !stands(request), || {
            format!("request {number} is {} and its overrides stand", request.state.name())
        })?;
    }
    let is_agreed = |id| {
        let mut requests = plan.requests.values();
        requests.any(|request| request.id == id && request.state == State::Accepted)
    };
    let mut ahead = plan.made.iter().filter(|made| made.span.to > wall);
    let stray = ahead.find(|made| !made.request.is_some_and(is_agreed));
    require(stray.is_none(), || format!("an override stands that nobody agreed to: {stray:?}"))?;
    for (place, number) in plan.agreed.iter().enumerate() {
        let Some(request) = plan.requests.get(number) else { continue };
        if request.state != State::Accepted {
            continue;
        }
        let later = plan.agreed[place + 1..].iter().filter_map(|later| plan.requests.get(later));
        let later: Vec<_> = later.filter(|one| one.schedule == request.schedule).collect();
        for turn in turns(request) {
            takers_have_it(world, *number, request, turn, &later)?;
        }
    }
    let made = plan.made.iter().enumerate();
    let twice = made.clone().find(|(place, one)| {
        let mut others = plan.made[place + 1..].iter();
        others.any(|other| other.schedule == one.schedule && meet(&one.span, &other.span))
    });
    require(twice.is_none(), || format!("two overrides share an instant: {twice:?}"))
}

fn takers_have_it(
    world: &World,
    number: u64,
    request: &Request,
    (holder, taker, span): (UserId, UserId, Span),
    later: &[&Request],
) -> Result<(), String> {
    let Some(schedule) = world.directory.schedules.get(request.schedule) else { return Ok(()) };
    let wall = world.wall();
    let covers = |span: Span, at: Timestamp| span.from <= at && at < span.to;
    let last = span.to - SignedDuration::from_nanos(1);
    for at in [span.from.max(wall), last].into_iter().filter(|at| *at >= wall && covers(span, *at))
    {
        let gave_way = later.iter().any(|one| {
            one.state == State::Accepted && turns(one).iter().any(|turn| covers(turn.2, at))
        });
        let takes = on_call_at(schedule, at)
            .iter()
            .any(|shift| shift.user == taker || shift.mentor == Some(taker));
        require(gave_way || takes || !is_judged(world, schedule, holder, at), || {
            let name = &schedule.name;
            format!("{taker:?} took {name} from {holder:?} and does not have it at {at}: {number}")
        })?;
    }
    Ok(())
}

/// Whether it is plain who has a shift at an instant. Whoever took it from all who had it does. Of a
/// shift that several have, whoever replaces one of them does, as long as nobody else is replaced in
/// turn, and whoever gave it away would have it otherwise.
fn is_judged(world: &World, schedule: &Schedule, holder: UserId, at: Timestamp) -> bool {
    let made = world.organisation.plan.made.iter().filter(|made| made.schedule == schedule.id);
    let mut now = made.filter(|made| made.span.from <= at && at < made.span.to);
    let Some(first) = now.next() else { return true };
    if first.span.instead_of.is_none() {
        return true;
    }
    let written = world.organisation.written_in(schedule.id).to_vec();
    let without = on_call_at(&Schedule { overrides: written.into(), ..schedule.clone() }, at);
    now.next().is_none() && without.iter().any(|shift| shift.user == holder)
}

/// Whether two overrides share an instant, and not as the replacements of different people.
fn meet(one: &Override, other: &Override) -> bool {
    let apart = one.instead_of.zip(other.instead_of).is_some_and(|(one, other)| one != other);
    one.from < other.to && other.from < one.to && !apart
}
