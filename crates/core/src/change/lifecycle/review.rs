//! Agreeing and disagreeing (`X5`): who may, on which wording, and what follows.

use jiff::Timestamp;

use super::{Refusal, emergent_entry, said, with};
use crate::change::approval::{self, Decision, MayNot, Requirement};
use crate::change::notice::is_emergent;
use crate::change::policy::Approver;
use crate::change::record::{By, Change, Entry, Kind, State, Surroundings};
use crate::id::{TeamId, UserId};

pub(super) fn approve(
    change: &mut Change,
    (approver, team): (Option<Approver>, Option<TeamId>),
    revision: u32,
    note: String,
    by: &By,
    around: &Surroundings<'_>,
    now: Timestamp,
) -> Result<Vec<Entry>, Refusal> {
    let mut entries = Vec::new();
    let is_late = |start| is_emergent(start, change.approved_at, now);
    if change.state.is_ahead() && !change.is_emergent() && change.plan.start.is_some_and(is_late) {
        change.reassess(around, now);
        entries.extend(emergent_entry(false, change, now));
    }
    let (user, open) = decider(change, revision, by, "approved")?;
    let fits = |one: &&Requirement| {
        approver.is_none_or(|approver| one.approver == approver)
            && (team.is_none() || one.team == team)
    };
    let technician = change.plan.technician;
    let mut refused = None;
    let mut found = None;
    for one in open.iter().filter(fits) {
        match one.may_decide(user, technician, around.directory, now) {
            Ok(behalf) => {
                found = Some((one.clone(), behalf));
                break;
            }
            Err(why) => refused = Some(why),
        }
    }
    let Some((requirement, on_behalf_of)) = found else {
        return Err(refused.map_or(
            Refusal::WrongState { state: change.state, what: "approved by that one now" },
            Refusal::MayNot,
        ));
    };
    let again = change.decisions.iter().any(|one| {
        one.by == user && one.is_approval && !one.is_void && requirement.is_decided_by(one)
    });
    if again {
        return Err(Refusal::Already);
    }
    let what = requirement.approver.in_words();
    let mut text = match on_behalf_of.and_then(|id| around.directory.users.get(id)) {
        Some(whom) => format!("Agreed ({what}, for {})", whom.name),
        None => format!("Agreed ({what})"),
    };
    text = with(&text, &note);
    let place = requirement.stage;
    change.decisions.push(Decision {
        approver: requirement.approver,
        team: requirement.team,
        by: user,
        on_behalf_of,
        is_approval: true,
        reason: note,
        revision: change.revision,
        at: now,
        is_void: false,
    });
    entries.push(said(now, Kind::Approved, &by.actor, text));
    if change.open_requirements().first().is_some_and(|next| next.stage != place) {
        change.asked_at = Some(now);
    }
    entries.extend(change.advance(&by.actor, around, now));
    Ok(entries)
}

/// Who decides, and what is asked for now.
fn decider(
    change: &Change,
    revision: u32,
    by: &By,
    what: &'static str,
) -> Result<(UserId, Vec<Requirement>), Refusal> {
    let user = by.actor.user().ok_or(Refusal::NoPerson)?;
    if Some(user) == change.plan.technician {
        return Err(MayNot::Technician.into());
    }
    let open: Vec<_> = change.open_requirements().into_iter().cloned().collect();
    if open.is_empty() {
        return Err(Refusal::WrongState { state: change.state, what });
    }
    if revision != change.revision {
        return Err(Refusal::Stale { read: revision, now: change.revision });
    }
    Ok((user, open))
}

pub(super) fn reject(
    change: &mut Change,
    revision: u32,
    reason: String,
    by: &By,
    around: &Surroundings<'_>,
    now: Timestamp,
) -> Result<Vec<Entry>, Refusal> {
    let (user, _) = decider(change, revision, by, "rejected")?;
    if !approval::is_useful(&reason) {
        return Err(Refusal::Useless);
    }
    // Every approver may disagree, in whatever order they are asked.
    let technician = change.plan.technician;
    let all = change.assessment.iter().flat_map(|one| &one.requirements);
    let mut refused = MayNot::NotAsked { approver: Approver::Peer, whom: "nobody".to_owned() };
    let mut found = None;
    for one in all {
        match one.may_decide(user, technician, around.directory, now) {
            Ok(behalf) => {
                found = Some((one.approver, one.team, behalf));
                break;
            }
            Err(why) => refused = why,
        }
    }
    let Some((approver, team, on_behalf_of)) = found else { return Err(refused.into()) };
    let text = format!("Rejected ({}): {}", approver.in_words(), reason.trim());
    change.decisions.push(Decision {
        approver,
        team,
        by: user,
        on_behalf_of,
        is_approval: false,
        reason: reason.trim().to_owned(),
        revision: change.revision,
        at: now,
        is_void: false,
    });
    // What is done already cannot be sent back; the disagreement stands in its record.
    if change.state.is_ahead() {
        change.state = State::Rejected;
        change.approved_at = None;
        change.asked_at = None;
    }
    Ok(vec![said(now, Kind::Rejected, &by.actor, text)])
}
