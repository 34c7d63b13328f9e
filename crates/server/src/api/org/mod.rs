//! The organisation: people, teams, schedules, escalation policies, services, aliases, and the
//! configuration that all of them come from. Everything is read from one snapshot, so an answer
//! never mixes two configurations.

use std::hash::Hash;
use std::str::FromStr;

use jiff::tz::TimeZone;
use muster_core::id::UserId;
use muster_core::org::directory::{Directory, Named, Table};

use super::{ApiError, Routes};

pub mod alias;
pub mod config;
pub mod contact;
pub mod dependency;
pub mod edit;
pub mod policy;
pub mod provider;
pub mod push;
pub mod sample;
pub mod schedule;
pub mod service;
pub mod service_group;
pub mod team;
pub mod template;
pub mod user;
pub mod webhook;
pub mod workbench;
pub mod workflow;

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .merge(user::routes())
        .merge(contact::routes())
        .merge(team::routes())
        .merge(schedule::routes())
        .merge(policy::routes())
        .merge(service::routes())
        .merge(service_group::routes())
        .merge(dependency::routes())
        .merge(alias::routes())
        .merge(provider::routes())
        .merge(webhook::routes())
        .merge(config::routes())
        .merge(edit::routes())
        .merge(workbench::routes())
        .merge(workflow::routes())
        .merge(template::routes())
        .merge(push::routes())
}

/// The thing of that unique name or id; `what` should be `service` or the like.
pub(in crate::api) fn find<'a, T: Named>(
    table: &'a Table<T::Id, T>,
    what: &str,
    name: &str,
) -> Result<&'a T, ApiError>
where
    T::Id: FromStr + Eq + Hash,
{
    table
        .named(name)
        .or_else(|| name.parse().ok().and_then(|id| table.get(id)))
        .ok_or_else(|| ApiError::not_found(what, name))
}

/// What a person is called, also after they left.
pub(in crate::api) fn user_name(directory: &Directory, id: UserId) -> String {
    directory.users.get(id).map_or("a former colleague", |user| &user.name).to_owned()
}

/// The name of a zone.
pub(in crate::api) fn zone_name(zone: &TimeZone) -> String {
    zone.iana_name().unwrap_or("UTC").to_owned()
}
