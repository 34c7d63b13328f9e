//! Doing it: the beginning, the way back, the end and what follows; fixing first (`X10`), and writing
//! down what was done already (`X8`).

use jiff::{SignedDuration, Timestamp};

use super::{Command, Refusal, blocking, emergent_entry, overridden, said, with};
use crate::change::plan::offset_in_words;
use crate::change::record::{
    By, Change, Entry, Kind, Origin, Outcome, Run, State, Surroundings, Tick,
};

/// How long ago a change may have begun that is recorded after the fact.
pub const AFTER_THE_FACT_MAX: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Commands of those who do it.
pub(super) fn perform(
    change: &mut Change,
    command: Command,
    by: &By,
    around: &Surroundings<'_>,
    now: Timestamp,
) -> Result<Vec<Entry>, Refusal> {
    let actor = &by.actor;
    match command {
        Command::Start { excuse } => start(change, &excuse, by, around, now),
        Command::Abort { reason } => {
            change.must_be(&[State::InProgress], "taken back")?;
            if reason.trim().is_empty() {
                return Err(Refusal::NoReason("it is taken back"));
            }
            change.state = State::RollingBack;
            change.aborted_at = Some(now);
            Ok(vec![said(now, Kind::Aborted, actor, with("Taking it back", &reason))])
        }
        Command::Step { run, place, is_done } => step(change, (run, place), is_done, by, now),
        Command::Finish { outcome, note } => {
            change.must_be(&[State::InProgress, State::RollingBack], "finished")?;
            let is_back = change.state == State::RollingBack;
            let outcome = match outcome {
                Outcome::Success | Outcome::Issues if is_back => Outcome::RolledBack,
                other => other,
            };
            change.state = State::Resolved;
            change.ended_at = Some(now);
            change.outcome = Some(outcome);
            let text = format!("Done: {}", outcome.name().replace('_', " "));
            Ok(vec![said(now, Kind::Finished, actor, with(&text, &note))])
        }
        Command::Monitor { note } => {
            change.must_be(&[State::Resolved], "monitored")?;
            change.state = State::Monitored;
            Ok(vec![said(now, Kind::Monitored, actor, with("Looked at afterwards", &note))])
        }
        Command::Close { outcome, note } => {
            change.must_be(&[State::Resolved, State::Monitored], "closed")?;
            change.outcome = outcome.or(change.outcome);
            let went = change.outcome.map_or("", Outcome::name).replace('_', " ");
            close(change, &with(&format!("Closed: {went}"), &note), by, now)
        }
        Command::Cancel { reason } => {
            if !change.may_be_edited() {
                return Err(Refusal::WrongState { state: change.state, what: "cancelled" });
            }
            if reason.trim().is_empty() && change.state != State::Draft {
                return Err(Refusal::NoReason("it is cancelled"));
            }
            change.state = State::Cancelled;
            change.closed_at = Some(now);
            Ok(vec![said(now, Kind::Cancelled, actor, with("Cancelled", &reason))])
        }
        _ => Err(Refusal::WrongState { state: change.state, what: "dealt with so" }),
    }
}

/// Ticks a step off, or takes that back. What is so already is no error: two people may see to the
/// same step.
fn step(
    change: &mut Change,
    (run, place): (Option<Run>, u32),
    is_done: bool,
    by: &By,
    now: Timestamp,
) -> Result<Vec<Entry>, Refusal> {
    change.must_be(&[State::InProgress, State::RollingBack], "ticked off step by step")?;
    let at_hand = match change.state {
        State::RollingBack => Run::Rollback,
        _ => Run::Timeline,
    };
    let run = run.unwrap_or(at_hand);
    if run != at_hand {
        let what = "ticked off on the other way";
        return Err(Refusal::WrongState { state: change.state, what });
    }
    let steps = change.steps(run);
    let found = usize::try_from(place).ok().and_then(|at| steps.get(at));
    let Some(found) = found else {
        return Err(Refusal::NoStep { run, place, count: steps.len() });
    };
    let name = format!(
        "{} {}, {}: {}",
        if run == Run::Rollback { "Rollback step" } else { "Step" },
        u64::from(place) + 1,
        offset_in_words(found.at),
        found.text
    );
    let known = change.ticks.iter().position(|tick| (tick.run, tick.place) == (run, place));
    let text = match (known, is_done) {
        (Some(_), true) | (None, false) => return Ok(Vec::new()),
        (None, true) => {
            let planned = change.planned_at(run, place);
            change.ticks.push(Tick { run, place, by: by.actor.clone(), at: now });
            let late = planned.map(|at| format!(", {}", drift(at, now)));
            format!("{name}: done{}", late.unwrap_or_default())
        }
        (Some(known), false) => {
            change.ticks.remove(known);
            format!("{name}: not done after all")
        }
    };
    Ok(vec![said(now, Kind::Stepped, &by.actor, text)])
}

/// How late something was against what was planned, to the minute.
fn drift(planned: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(planned).as_secs();
    let minutes = (seconds.abs() + 30) / 60;
    match (minutes, seconds > 0) {
        (0, _) => "on time".to_owned(),
        (minutes, true) => format!("{minutes} min late"),
        (minutes, false) => format!("{minutes} min early"),
    }
}

fn start(
    change: &mut Change,
    excuse: &str,
    by: &By,
    around: &Surroundings<'_>,
    now: Timestamp,
) -> Result<Vec<Entry>, Refusal> {
    change.must_be(
        &[State::Draft, State::Submitted, State::InReview, State::Approved, State::Scheduled],
        "started",
    )?;
    let mut entries = Vec::new();
    let is_agreed = matches!(change.state, State::Approved | State::Scheduled);
    let blocked = change.blocked_by(around.conflicts);
    if !blocked.is_empty() {
        if is_agreed && excuse.trim().is_empty() {
            return Err(Refusal::Blocked(blocked.into_iter().cloned().collect()));
        }
        let new: Vec<_> = blocked.iter().map(|one| overridden(one, excuse, by, now)).collect();
        let what: Vec<_> = new.iter().map(|one| one.text.as_str()).collect();
        let text = format!("Begun although {}", what.join("; "));
        entries.push(said(now, Kind::Overridden, &by.actor, with(&text, excuse)));
        change.overrides.extend(new);
    }
    if !is_agreed {
        // A business-critical fix is never blocked; it is approved after (`X10`).
        if excuse.trim().is_empty() {
            return Err(Refusal::NoReason(
                "it cannot wait for those who must agree, or have it approved first (X10)",
            ));
        }
        change.excuse = excuse.trim().to_owned();
        change.origin = if around.incident.is_some_and(|level| level.number() == 1) {
            Origin::AfterTheFact
        } else {
            Origin::FixFirst
        };
        change.submitted_at.get_or_insert(now);
        let was_emergent = change.is_emergent();
        change.plan.start.get_or_insert(now);
        change.reassess(around, now);
        change.asked_at = Some(now);
        entries.extend(emergent_entry(was_emergent, change, now));
    }
    change.state = State::InProgress;
    change.started_at = Some(now);
    entries.insert(0, said(now, Kind::Started, &by.actor, with("Started", excuse)));
    Ok(entries)
}

fn close(change: &mut Change, text: &str, by: &By, now: Timestamp) -> Result<Vec<Entry>, Refusal> {
    let is_agreed = change.assessment.as_ref().is_none_or(|one| one.is_complete(&change.decisions));
    if !is_agreed {
        change.state = State::RetroReview;
        change.asked_at = Some(now);
        let text = format!("{text}; those who must agree are asked now");
        return Ok(vec![said(now, Kind::RetroReview, &by.actor, text)]);
    }
    change.state = State::Closed;
    change.closed_at = Some(now);
    Ok(vec![said(now, Kind::Closed, &by.actor, text.to_owned())])
}

pub(super) fn record(
    change: &mut Change,
    (started_at, ended_at): (Timestamp, Timestamp),
    outcome: Outcome,
    by: &By,
    around: &Surroundings<'_>,
    now: Timestamp,
) -> Result<Vec<Entry>, Refusal> {
    change.must_be(&[State::Draft, State::Rejected], "recorded after the fact")?;
    if around.incident.is_none_or(|level| level.number() != 1) {
        return Err(Refusal::NoSev1);
    }
    if started_at >= ended_at {
        return Err(Refusal::Times("it ends before it begins"));
    }
    if ended_at > now {
        return Err(Refusal::Times("what is recorded after the fact lies in the past"));
    }
    if now.duration_since(started_at) > AFTER_THE_FACT_MAX {
        return Err(Refusal::Times("a change is recorded within two weeks"));
    }
    change.origin = Origin::AfterTheFact;
    change.plan.start.get_or_insert(started_at);
    change.plan.end.get_or_insert(ended_at);
    let blocking = blocking(change.findings(around, now));
    if !blocking.is_empty() {
        return Err(Refusal::Incomplete(blocking));
    }
    change.reassess(around, now);
    change.started_at = Some(started_at);
    change.ended_at = Some(ended_at);
    change.submitted_at = Some(now);
    change.outcome = Some(outcome);
    let went = outcome.name().replace('_', " ");
    close(change, &format!("Recorded after the fact: {went}"), by, now)
}
