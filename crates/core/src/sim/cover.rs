//! Requests to cover or swap a shift (`O3`), as the store keeps them. The real decisions say what an
//! answer leads to and what placing and taking back an override does to the others; here stand the
//! rows, changed whole or not at all.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::Sabotage;
use super::input::{Covering, Wish};
use super::organisation::{PEOPLE, user_id};
use crate::id::{OverrideId, RequestId, ScheduleId, UserId};
use crate::oncall::cover::{self, Asked, Effect, Event, Request, Span, State};
use crate::oncall::overrides::{self, Displaced, Standing, Withdrawal};
use crate::oncall::schedule::{Override, Schedule, on_call_at, shifts};
use crate::org::directory::Directory;

/// The longest part of a shift that is asked for, so that requests come to an end.
const ASKED_MAX: SignedDuration = SignedDuration::from_hours(48);

/// An override that a person made.
#[derive(Debug, Clone)]
pub(super) struct Made {
    id: OverrideId,
    pub schedule: ScheduleId,
    /// The request that it came of.
    pub request: Option<RequestId>,
    pub span: Override,
    displaced: Vec<Displaced>,
}

/// What people have agreed about their shifts.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    pub requests: BTreeMap<u64, Request>,
    /// Requests that somebody accepted, in that order.
    pub agreed: Vec<u64>,
    pub made: Vec<Made>,
    last_override: u128,
}

/// Whose shift goes to whom: one, or in a swap two.
pub(super) fn turns(request: &Request) -> Vec<(UserId, UserId, Span)> {
    let Some(by) = request.accepted_by else { return vec![] };
    let back = request.in_return.map(|span| (by, request.requester, span));
    [(request.requester, by, request.shift)].into_iter().chain(back).collect()
}

impl Plan {
    /// Does what a person wishes about a request. Whether it was obeyed.
    pub(super) fn wish(
        &mut self,
        covering: &Covering,
        directory: &Directory,
        sabotage: Option<Sabotage>,
        now: Timestamp,
    ) -> bool {
        let number = covering.request;
        let event = match covering.wish {
            Wish::Cover { schedule, in_hours } => {
                return self.open(number, (schedule, in_hours, false), directory, now);
            }
            Wish::Swap { schedule, in_hours } => {
                return self.open(number, (schedule, in_hours, true), directory, now);
            }
            Wish::Accept { person } => Event::Accept { by: user_id(person) },
            Wish::Decline { person } => Event::Decline { by: user_id(person) },
            Wish::Reconsider { person } => Event::Reconsider { by: user_id(person) },
            Wish::Withdraw => Event::Withdraw,
            Wish::Undo => Event::Undo,
        };
        self.step(number, event, directory, sabotage, now)
    }

    /// Whoever has the shift asks everybody else, or, in a swap, whoever has the time after it.
    fn open(
        &mut self,
        number: u64,
        (place, in_hours, is_swap): (usize, u8, bool),
        directory: &Directory,
        now: Timestamp,
    ) -> bool {
        let Some(schedule) = directory.schedules.iter().nth(place) else { return false };
        let begins = now + SignedDuration::from_hours(in_hours.into());
        let Some((requester, shift)) = part_of_shift(schedule, begins, None) else { return false };
        let in_return = is_swap.then(|| part_of_shift(schedule, shift.to, Some(requester)));
        let asked: Vec<_> = match in_return {
            Some(None) => return false,
            Some(Some((holder, _))) => vec![holder],
            None => (0..PEOPLE.len()).map(user_id).collect(),
        };
        let asked = asked.into_iter().filter(|user| *user != requester);
        let asked = asked.filter(|user| directory.users.get(*user).is_some());
        let asked = asked.filter(|user| !schedule.absences.is_away(*user, shift.from));
        let asked: Vec<_> = asked.map(|user| Asked { user, declined_at: None }).collect();
        if asked.is_empty() || self.requests.contains_key(&number) {
            return false;
        }
        let request = Request {
            id: RequestId(Uuid::from_u64_pair(4, number)),
            schedule: schedule.id,
            requester,
            shift,
            in_return: in_return.flatten().map(|(_, span)| span),
            reason: String::new(),
            asked,
            state: State::Requested,
            accepted_by: None,
            absence: None,
            reminders: 0,
            created_at: now,
            decided_at: None,
        };
        self.requests.insert(number, request);
        true
    }

    /// Moves a request, with the overrides that follow. Whether it was allowed; nothing has changed
    /// where it was not.
    pub(super) fn step(
        &mut self,
        number: u64,
        event: Event,
        directory: &Directory,
        sabotage: Option<Sabotage>,
        now: Timestamp,
    ) -> bool {
        let Some(request) = self.requests.get(&number).cloned() else { return false };
        let Ok((request, effects)) = cover::decide(request, event, now) else { return false };
        let before = (self.made.clone(), self.agreed.clone());
        for effect in effects {
            let done = match effect {
                Effect::Assign => {
                    self.agreed.push(number);
                    sabotage == Some(Sabotage::ForgetSwap)
                        || self.assign(&request, directory, now).is_some()
                }
                Effect::Release => {
                    if sabotage != Some(Sabotage::KeepUndone) {
                        self.put_back(request.id, sabotage, now);
                    }
                    true
                }
                Effect::Tell(..) | Effect::TellLead(_) => true,
            };
            if !done {
                (self.made, self.agreed) = before;
                return false;
            }
        }
        self.requests.insert(number, request);
        true
    }

    /// Writes the overrides of an accepted request, if the shifts are still whose they were.
    fn assign(&mut self, request: &Request, directory: &Directory, now: Timestamp) -> Option<()> {
        let schedule = directory.schedules.get(request.schedule)?;
        for (holder, taker, span) in turns(request) {
            let span = Span { from: span.from.max(now), to: span.to };
            let standing = self.standing(schedule, now);
            let is_taken = standing.iter().any(|Standing { span: other, .. }| {
                let replaces_other = other.instead_of.is_some_and(|user| user != holder);
                let meets = other.from < span.to && span.from < other.to;
                !replaces_other && other.user != holder && meets
            });
            if is_taken || !has_all_of(schedule, holder, span) {
                return None;
            }
            let instead_of = cover::instead_of(schedule, holder, taker, span.from);
            let new = Override { user: taker, from: span.from, to: span.to, instead_of };
            let placement = overrides::place(&standing, &new, true, now).ok()?;
            for (of, rest) in placement.remainders {
                let whole = self.made.iter().find(|made| made.id == of)?.clone();
                self.make(request.schedule, rest, whole.displaced, whole.request);
            }
            for (id, to) in placement.shortened {
                self.made.iter_mut().find(|made| made.id == id)?.span.to = to;
            }
            self.made.retain(|made| !placement.removed.contains(&made.id));
            self.make(request.schedule, new, placement.displaced, Some(request.id));
        }
        Some(())
    }

    fn make(
        &mut self,
        schedule: ScheduleId,
        span: Override,
        displaced: Vec<Displaced>,
        request: Option<RequestId>,
    ) {
        self.last_override += 1;
        let id = OverrideId(Uuid::from_u128(0x9_0000 + self.last_override));
        self.made.push(Made { id, schedule, request, span, displaced });
    }

    /// Takes back what came of a request; what it displaced stands again, and where it was displaced
    /// itself, it does not.
    fn put_back(&mut self, request: RequestId, sabotage: Option<Sabotage>, now: Timestamp) {
        let knows = sabotage != Some(Sabotage::ForgetWhatItWas);
        for made in self.made.iter_mut().filter(|_| knows) {
            made.displaced = overrides::without(&made.displaced, request);
        }
        let of_request = |made: &&Made| made.request == Some(request) && made.span.to > now;
        let ids: Vec<_> = self.made.iter().filter(of_request).map(|made| made.id).collect();
        for id in ids {
            let Some(at) = self.made.iter().position(|made| made.id == id) else { continue };
            let (withdrawal, back) =
                overrides::withdraw(&self.made[at].span, &self.made[at].displaced, now);
            let schedule = self.made[at].schedule;
            match withdrawal {
                Withdrawal::Removed => {
                    self.made.remove(at);
                }
                Withdrawal::EndsNow => self.made[at].span.to = now,
                Withdrawal::Over => continue,
            }
            for piece in back {
                self.make(schedule, piece.span, piece.displaced, piece.request.filter(|_| knows));
            }
        }
    }

    fn standing(&self, schedule: &Schedule, now: Timestamp) -> Vec<Standing> {
        let made = self.made.iter().filter(|made| made.schedule == schedule.id);
        let made = made.map(|made| Standing {
            id: Some(made.id),
            span: made.span.clone(),
            request: made.request,
            displaced: made.displaced.clone(),
        });
        let is_made = |span: &&Override| {
            !self.made.iter().any(|made| made.schedule == schedule.id && made.span == **span)
        };
        let configured = schedule.overrides.iter().filter(is_made).cloned();
        let configured =
            configured.map(|span| Standing { id: None, span, request: None, displaced: vec![] });
        made.chain(configured).filter(|standing| standing.span.to > now).collect()
    }

    /// The overrides that people made in a schedule, in the order of their precedence.
    pub(super) fn made_in(&self, schedule: ScheduleId) -> impl Iterator<Item = &Override> {
        self.made.iter().filter(move |made| made.schedule == schedule).map(|made| &made.span)
    }

    /// Drops what was over before `before`.
    pub(super) fn forget(&mut self, before: Timestamp) {
        self.made.retain(|made| made.span.to >= before);
        let is_over = |span: Span| span.to < before;
        self.requests.retain(|_, request| {
            request.state == State::Requested
                || !is_over(request.shift)
                || !request.in_return.is_none_or(is_over)
        });
        let Self { requests, agreed, .. } = self;
        agreed.retain(|number| requests.contains_key(number));
    }
}

/// The first person on call at `begins` who is not `other_than`, with their time from then on.
fn part_of_shift(
    schedule: &Schedule,
    begins: Timestamp,
    other_than: Option<UserId>,
) -> Option<(UserId, Span)> {
    let on_call = on_call_at(schedule, begins);
    let shift = on_call.into_iter().find(|shift| Some(shift.user) != other_than)?;
    Some((shift.user, Span { from: begins, to: shift.to.min(begins + ASKED_MAX) }))
}

/// Whether somebody has a schedule for all of a time.
fn has_all_of(schedule: &Schedule, user: UserId, span: Span) -> bool {
    let mut covered = span.from;
    for shift in shifts(schedule, span.from, span.to).iter().filter(|shift| shift.user == user) {
        if shift.from <= covered {
            covered = covered.max(shift.to);
        }
    }
    covered >= span.to
}
