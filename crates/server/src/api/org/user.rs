//! People: how they are reached, and when they are on call. Where messages go is shown in full to
//! the person and to administrators only.

use axum::extract::State;
use axum::http::StatusCode;
use muster_core::id::DeliveryId;
use muster_core::oncall::schedule::on_call_at;
use muster_core::org::access::{Action, Object};
use muster_core::org::channel::Channel;
use muster_core::org::directory::Directory;
use muster_core::org::user::{self, Address};
use muster_store::Lane;
use muster_store::oncall::delivery::{Kind, NewDelivery};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{find, zone_name};
use crate::api::extract::{Json, Path, Query};
use crate::api::list::{List, Paging};
use crate::api::word::RoleName;
use crate::api::{ApiError, Caller, Ctx, Need, Routes, SEE_ORGANIZATION};
use crate::app::incident::record;

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_ORGANIZATION, routes!(list))
        .on(SEE_ORGANIZATION, routes!(show))
        .on(Need::of_person(Action::Manage), routes!(test))
}

/// A person.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct User {
    /// Unique.
    #[schema(example = "ana")]
    pub name: String,
    /// For people to read.
    pub full_name: String,
    /// What the person may do in general.
    pub role: RoleName,
    /// The zone that times are shown in.
    pub timezone: String,
    /// The teams that the person is a member of.
    pub teams: Vec<String>,
    /// The schedules in which the person is on call now.
    pub on_call: Vec<String>,
    /// The ways to reach the person; empty for those who may not see them.
    pub contact_methods: Vec<ContactMethod>,
    /// Which of them is tried when; empty for those who may not see them.
    pub notification_rules: NotificationRules,
}

/// One way to reach a person.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ContactMethod {
    /// Unique per person.
    pub name: String,
    /// `webhook` or `email`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether messages are known to arrive.
    pub verified: bool,
    /// Whether a critical page may rely on it alone.
    pub critical: bool,
    /// Where messages go; masked but for the person and administrators.
    pub address: String,
}

/// Which contact method is tried when, by urgency.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct NotificationRules {
    /// For pages that wake people.
    pub high: Vec<NotificationRule>,
    /// For pages that can wait.
    pub low: Vec<NotificationRule>,
}

/// This method, that long after the page.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NotificationRule {
    /// Counted from the page.
    pub after_seconds: i64,
    /// The method's name.
    pub method: String,
}

/// A test message on its way.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TestMessage {
    /// The delivery.
    pub delivery: String,
}

fn describe(ctx: &Ctx, directory: &Directory, caller: &Caller, of: &user::User) -> User {
    let now = ctx.app.now();
    let is_on_call = |schedule: &&muster_core::oncall::schedule::Schedule| {
        on_call_at(schedule, now).iter().any(|shift| shift.user == of.id)
    };
    let teams = directory.teams.iter().filter(|team| team.members.contains(&of.id));
    let (contact_methods, notification_rules) = match caller.may(Action::Read, Object::User(of.id))
    {
        Ok(()) => (methods(caller, of), rules(of)),
        Err(_) => (Vec::new(), NotificationRules::default()),
    };
    User {
        name: of.name.clone(),
        full_name: of.full_name.clone(),
        role: of.role.into(),
        timezone: zone_name(&of.timezone),
        teams: teams.map(|team| team.name.clone()).collect(),
        on_call: directory
            .schedules
            .iter()
            .filter(is_on_call)
            .map(|schedule| schedule.name.clone())
            .collect(),
        contact_methods,
        notification_rules,
    }
}

fn methods(caller: &Caller, of: &user::User) -> Vec<ContactMethod> {
    let is_open = caller.may(Action::Manage, Object::User(of.id)).is_ok();
    let method = |method: &user::ContactMethod| ContactMethod {
        name: method.name.clone(),
        kind: method.address.channel().to_owned(),
        verified: method.verified,
        critical: method.address.is_critical(),
        address: if is_open { whole(&method.address) } else { masked(&method.address) },
    };
    of.contact_methods.iter().map(method).collect()
}

fn rules(of: &user::User) -> NotificationRules {
    let written = |rules: &[user::NotificationRule]| {
        let rule = |rule: &user::NotificationRule| NotificationRule {
            after_seconds: rule.after.as_secs(),
            method: of
                .contact_method(rule.method)
                .map_or_else(String::new, |method| method.name.clone()),
        };
        rules.iter().map(rule).collect()
    };
    NotificationRules { high: written(&of.rules_high), low: written(&of.rules_low) }
}

pub(super) fn whole(address: &Address) -> String {
    match address {
        Address::Webhook { url, .. } => url.clone(),
        Address::Email { mailbox } => mailbox.clone(),
        Address::Direct { address, .. } => address.clone(),
    }
}

/// Enough to recognise one's own, too little to use: the host of an address, the first letter of a
/// mailbox.
pub(super) fn masked(address: &Address) -> String {
    match address {
        Address::Webhook { url, .. } => {
            let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let host = authority.rsplit('@').next().unwrap_or_default();
            format!("{scheme}://{host}/…")
        }
        Address::Email { mailbox } => {
            let (local, domain) = mailbox.rsplit_once('@').unwrap_or((mailbox, ""));
            let first: String = local.chars().take(1).collect();
            format!("{first}…@{domain}")
        }
        Address::Direct { channel: Channel::Teams | Channel::Ntfy, address } => {
            masked(&Address::Webhook { url: address.clone(), secret: None })
        }
        Address::Direct { address, .. } => {
            let count = address.chars().count();
            let shown = if count > 8 { 3 } else { 0 };
            let last: String = address.chars().skip(count - shown).collect();
            format!("…{last}")
        }
    }
}

/// People.
#[utoipa::path(
    get, path = "/users", tag = "org", operation_id = "users", params(Paging),
    responses((status = 200, description = "People by name.", body = List<User>))
)]
async fn list(
    State(ctx): State<Ctx>,
    caller: Caller,
    Query(paging): Query<Paging>,
) -> Result<Json<List<User>>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let name = |user: &&user::User| user.name.clone();
    let item = |user: &user::User| describe(&ctx, directory, &caller, user);
    paging.part(directory.users.iter(), name, item).map(Json)
}

/// One person.
#[utoipa::path(
    get, path = "/users/{name}", tag = "org", operation_id = "user",
    params(("name" = String, Path, description = "The name.")),
    responses((status = 200, description = "The person.", body = User))
)]
async fn show(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<User>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let user = find(&directory.users, "user", &name)?;
    Ok(Json(describe(&ctx, directory, &caller, user)))
}

/// Send a test message.
#[utoipa::path(
    post, path = "/users/{name}/contact-methods/{method}/test", tag = "org",
    operation_id = "test_contact_method",
    params(
        ("name" = String, Path, description = "The person's name."),
        ("method" = String, Path, description = "The method's name."),
    ),
    responses((status = 202, description = "It is on its way.", body = TestMessage))
)]
async fn test(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((name, method)): Path<(String, String)>,
) -> Result<(StatusCode, Json<TestMessage>), ApiError> {
    let snapshot = ctx.app.snapshot();
    let user = find(&snapshot.directory.users, "user", &name)?;
    let method = user
        .contact_methods
        .iter()
        .find(|known| known.name == method)
        .ok_or_else(|| ApiError::not_found("contact method", &method))?;
    let app = &ctx.app;
    let now = app.now();
    let delivery = NewDelivery {
        id: DeliveryId(app.ids.next(now)),
        kind: Kind::Test,
        page: None,
        incident: None,
        user: Some(user.id),
        method: Some(method.id),
        method_name: method.name.clone(),
        channel: method.address.channel(),
        address: None,
        content: Some(json!({ "requested_by": caller.actor.name() }).to_string()),
        position: 0,
        due_at: now,
    };
    let mut tx = app.db.begin(Lane::Command).await?;
    record::put(&mut tx, &delivery, now).await?;
    tx.commit().await?;
    app.wake.all();
    Ok((StatusCode::ACCEPTED, Json(TestMessage { delivery: delivery.id.to_string() })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_address_is_recognised_and_useless() {
        let hook = |url: &str| masked(&Address::Webhook { url: url.to_owned(), secret: None });
        assert_eq!(
            hook("https://u:p@hooks.example.com/T0/secret?x"),
            "https://hooks.example.com/…"
        );
        let mail = Address::Email { mailbox: "ana@example.com".to_owned() };
        assert_eq!(masked(&mail), "a…@example.com");
    }
}
