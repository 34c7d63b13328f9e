//! The balance of a schedule while it is planned (`O12`): what everybody who has a part in it bears
//! in a period, as it is now and as it would be, before anything is in force.

use std::collections::{BTreeMap, BTreeSet};

use muster_core::id::UserId;
use muster_core::oncall::coverage::Span;
use muster_core::oncall::load::{Held, Load, by_person};
use muster_core::oncall::schedule::{Schedule, Shift, shifts};
use muster_core::org::directory::Directory;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::load::TimeFigures;
use crate::api::org::user_name;
use crate::api::word::Instant;

/// What somebody bears in one schedule, before and after.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PlannedLoad {
    /// Who.
    pub user: String,
    /// As it is planned now.
    pub before: TimeFigures,
    /// As it would be.
    pub after: TimeFigures,
}

/// What a change of one schedule would change, before it is made.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PlannedChange {
    /// From this instant on.
    pub from: Instant,
    /// Up to, but not at, this instant.
    pub to: Instant,
    /// How many of the shifts are not as they are now.
    pub shifts_changed: u64,
    /// What everybody who has a part in the schedule bears within the period, now and as it would
    /// be.
    pub people: Vec<PlannedLoad>,
}

/// Compares a schedule as it is with what it would be; either may not exist.
pub fn planned(
    directory: &Directory,
    (before, after): (Option<&Schedule>, Option<&Schedule>),
    span: Span,
) -> PlannedChange {
    let (was, is) = (parts(before, span), parts(after, span));
    let loads = |parts: &[Held]| -> BTreeMap<UserId, Load> {
        let zone = |user| directory.zone_of(user).clone();
        by_person(parts, &[], &directory.holidays, (span.from, span.to), zone)
    };
    let (lasting, coming) = (loads(&was), loads(&is));
    let people: BTreeSet<_> = lasting.keys().chain(coming.keys()).copied().collect();
    let figures = |loads: &BTreeMap<UserId, Load>, user: &UserId| {
        TimeFigures::from(loads.get(user).copied().unwrap_or_default())
    };
    let mut people: Vec<_> = people
        .iter()
        .map(|user| PlannedLoad {
            user: user_name(directory, *user),
            before: figures(&lasting, user),
            after: figures(&coming, user),
        })
        .collect();
    people.sort_by(|a, b| a.user.cmp(&b.user));
    PlannedChange {
        from: span.from.into(),
        to: span.to.into(),
        shifts_changed: is.iter().filter(|part| !was.contains(part)).count() as u64,
        people,
    }
}

/// Who has which part of a period.
fn parts(of: Option<&Schedule>, span: Span) -> Vec<Held> {
    let Some(of) = of else { return Vec::new() };
    let part = |shift: Shift| Held {
        user: shift.user,
        schedule: of.id,
        from: shift.from.max(span.from),
        to: shift.to.min(span.to),
    };
    shifts(of, span.from, span.to).into_iter().map(part).collect()
}
