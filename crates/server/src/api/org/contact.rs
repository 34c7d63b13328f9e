//! How a person is reached: contact methods with the codes that verify them, the rules that choose
//! among them, language and quiet hours. Methods of the configuration are shown and changed there.

use axum::extract::State;
use axum::http::StatusCode;
use jiff::SignedDuration;
use jiff::civil::Time;
use muster_core::incident::severity::Urgency;
use muster_core::org::access::{Action, Object};
use muster_core::org::channel::Channel;
use muster_core::org::language::Language;
use muster_core::org::quiet::QuietHours as Quiet;
use muster_core::org::user::{self, User};
use muster_store::oncall::contact as store_contact;
use muster_store::{Lane, audit};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::find;
use super::user::{NotificationRule, masked, whole};
use crate::api::extract::{Json, Path};
use crate::api::word::Instant;
use crate::api::{ApiError, Caller, Ctx, Need, Routes, SEE_ORGANIZATION};
use crate::app::oncall::contact::{NotChanged, Preferences};
use crate::ids;

/// The routes.
pub fn routes() -> Routes {
    let own = Need::of_person(Action::Manage);
    Routes::new()
        .on(own, routes!(show))
        .on(own, routes!(add))
        .on(own, routes!(remove))
        .on(own, routes!(send_code))
        .on(own, routes!(verify))
        .on(own, routes!(enable))
        .on(own, routes!(choose_rules))
        .on(own, routes!(choose_preferences))
        .on(SEE_ORGANIZATION, routes!(export))
}

impl From<NotChanged> for ApiError {
    fn from(error: NotChanged) -> Self {
        match error {
            NotChanged::Missing => Self::not_found("contact method", "of that name"),
            NotChanged::Configured => Self::conflict(error.to_string()),
            NotChanged::Wrong { field, why } => Self::field(field, why),
            NotChanged::Code(_) => Self::field("code", error.to_string()),
            NotChanged::Rules(_) => Self::field("high", error.to_string()),
            NotChanged::Store(error) => error.into(),
        }
    }
}

/// How a person is reached.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Contacts {
    /// The ways, those of the configuration first.
    pub methods: Vec<Method>,
    /// Which is tried when for pages that wake people.
    pub high: Vec<NotificationRule>,
    /// Which is tried when for pages that can wait.
    pub low: Vec<NotificationRule>,
    /// What text messages and calls are written and spoken in.
    pub language: String,
    /// When pages that can wait do wait.
    pub quiet_hours: Option<QuietHours>,
    /// The ways that could be added.
    pub channels: Vec<ChannelOffered>,
    /// The languages to choose from.
    pub languages: Vec<LanguageOffered>,
}

/// One way to reach a person.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Method {
    /// Unique per person.
    pub name: String,
    /// The channel.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where messages go.
    pub address: String,
    /// Whether messages are known to arrive.
    pub verified: bool,
    /// Whether a critical page may rely on it alone.
    pub critical: bool,
    /// Whether the person manages it, rather than the configuration.
    pub own: bool,
    /// Why it gets nothing, if it does not.
    pub disabled: Option<String>,
    /// When the last code was sent, while it is awaited.
    pub code_sent_at: Option<Instant>,
    /// What it can and cannot do at night.
    pub at_night: String,
}

/// A way that could be added.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChannelOffered {
    /// Its name.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether a critical page may rely on it alone.
    pub critical: bool,
    /// What it can and cannot do at night.
    pub at_night: String,
}

/// A language to choose.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct LanguageOffered {
    /// As it is chosen.
    pub code: String,
    /// Its own name.
    pub name: String,
}

/// A time of day in the person's zone.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// When it begins.
    #[schema(example = "22:00")]
    pub from: String,
    /// When it ends; earlier than `from` means on the next day.
    #[schema(example = "07:00")]
    pub to: String,
}

/// A new way to reach a person.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMethod {
    /// Unique per person.
    #[schema(example = "phone")]
    name: String,
    /// The channel.
    #[serde(rename = "type")]
    #[schema(example = "sms")]
    kind: String,
    /// Where messages go.
    #[schema(example = "+4915112345678")]
    address: String,
}

/// A code that arrived.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeGiven {
    /// Six digits; blanks between them do not matter.
    #[schema(example = "123456")]
    code: String,
}

/// Which contact method is tried when. An urgency that is left out stays as it is; one without
/// rules goes back to what the configuration says.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RulesChosen {
    /// For pages that wake people.
    high: Option<Vec<NotificationRule>>,
    /// For pages that can wait.
    low: Option<Vec<NotificationRule>>,
}

/// What a person wants of pages. What is left out is as the configuration says.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreferencesChosen {
    /// What text messages and calls are written and spoken in.
    #[schema(example = "de")]
    language: Option<String>,
    /// When pages that can wait do wait.
    quiet_hours: Option<QuietHours>,
}

async fn described(ctx: &Ctx, caller: &Caller, name: &str) -> Result<Contacts, ApiError> {
    let snapshot = ctx.app.snapshot();
    let user = find(&snapshot.directory.users, "user", name)?;
    let codes = store_contact::codes_of(&ctx.app.db, user.id).await?;
    let is_open = caller.may(Action::Manage, Object::User(user.id)).is_ok();
    let method = |method: &user::ContactMethod| {
        let code = codes.iter().find(|code| code.method_id == method.id.0);
        Method {
            name: method.name.clone(),
            kind: method.address.channel().to_owned(),
            address: if is_open { whole(&method.address) } else { masked(&method.address) },
            verified: method.verified,
            critical: method.address.is_critical(),
            own: method.is_own,
            disabled: method.disabled.clone(),
            code_sent_at: code.map(|code| Instant::from_micros(code.sent_at)),
            at_night: method.address.kind().at_night().to_owned(),
        }
    };
    let offered = Channel::ALL
        .into_iter()
        .filter(|channel| *channel != Channel::Push && ctx.app.carries(*channel));
    let channel = |channel: Channel| ChannelOffered {
        kind: channel.name().to_owned(),
        critical: channel.is_critical(),
        at_night: channel.at_night().to_owned(),
    };
    let language = |language: Language| LanguageOffered {
        code: language.name().to_owned(),
        name: language.endonym().to_owned(),
    };
    Ok(Contacts {
        methods: user.contact_methods.iter().map(method).collect(),
        high: written(user, &user.rules_high),
        low: written(user, &user.rules_low),
        language: user.language.name().to_owned(),
        quiet_hours: user.quiet_hours.map(|quiet| QuietHours {
            from: quiet.from.strftime("%H:%M").to_string(),
            to: quiet.to.strftime("%H:%M").to_string(),
        }),
        channels: offered.map(channel).collect(),
        languages: Language::ALL.into_iter().map(language).collect(),
    })
}

fn written(user: &User, rules: &[user::NotificationRule]) -> Vec<NotificationRule> {
    let name = |rule: &user::NotificationRule| {
        user.contact_method(rule.method).map(|method| method.name.clone())
    };
    let rule = |rule: &user::NotificationRule| {
        Some(NotificationRule { after_seconds: rule.after.as_secs(), method: name(rule)? })
    };
    rules.iter().filter_map(rule).collect()
}

/// How a person is reached.
#[utoipa::path(
    get, path = "/users/{name}/contacts", tag = "org", operation_id = "contacts",
    params(("name" = String, Path, description = "The person's name.")),
    responses((status = 200, description = "Methods, rules and preferences.", body = Contacts))
)]
async fn show(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<Contacts>, ApiError> {
    described(&ctx, &caller, &name).await.map(Json)
}

/// Add a way to reach a person, and send a code to it.
#[utoipa::path(
    post, path = "/users/{name}/contact-methods", tag = "org", operation_id = "add_contact_method",
    request_body = NewMethod,
    params(("name" = String, Path, description = "The person's name.")),
    responses((status = 201, description = "It is there, not yet verified.", body = Contacts))
)]
async fn add(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(name): Path<String>,
    Json(body): Json<NewMethod>,
) -> Result<(StatusCode, Json<Contacts>), ApiError> {
    let snapshot = ctx.app.snapshot();
    let user = find(&snapshot.directory.users, "user", &name)?;
    let channel = Channel::from_name(&body.kind)
        .ok_or_else(|| ApiError::field("type", "there is no such way to reach somebody"))?;
    let app = &ctx.app;
    app.add_contact_method(user, &body.name, channel, &body.address, &caller.actor).await?;
    Ok((StatusCode::CREATED, Json(described(&ctx, &caller, &name).await?)))
}

/// Remove a way to reach a person.
#[utoipa::path(
    delete, path = "/users/{name}/contact-methods/{method}", tag = "org",
    operation_id = "remove_contact_method",
    params(
        ("name" = String, Path, description = "The person's name."),
        ("method" = String, Path, description = "The method's name."),
    ),
    responses((status = 204, description = "It is gone."))
)]
async fn remove(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((name, method)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let snapshot = ctx.app.snapshot();
    let user = find(&snapshot.directory.users, "user", &name)?;
    ctx.app.remove_contact_method(user, &method, &caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Send another code.
#[utoipa::path(
    post, path = "/users/{name}/contact-methods/{method}/code", tag = "org",
    operation_id = "send_contact_code",
    params(
        ("name" = String, Path, description = "The person's name."),
        ("method" = String, Path, description = "The method's name."),
    ),
    responses((status = 202, description = "It is on its way.", body = Contacts))
)]
async fn send_code(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((name, method)): Path<(String, String)>,
) -> Result<(StatusCode, Json<Contacts>), ApiError> {
    let snapshot = ctx.app.snapshot();
    let user = find(&snapshot.directory.users, "user", &name)?;
    ctx.app.send_contact_code(user, &method, &caller.actor).await?;
    Ok((StatusCode::ACCEPTED, Json(described(&ctx, &caller, &name).await?)))
}

/// Verify a method by the code that arrived.
#[utoipa::path(
    post, path = "/users/{name}/contact-methods/{method}/verify", tag = "org",
    operation_id = "verify_contact_method", request_body = CodeGiven,
    params(
        ("name" = String, Path, description = "The person's name."),
        ("method" = String, Path, description = "The method's name."),
    ),
    responses((status = 200, description = "Pages go there from now on.", body = Contacts))
)]
async fn verify(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((name, method)): Path<(String, String)>,
    Json(body): Json<CodeGiven>,
) -> Result<Json<Contacts>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let user = find(&snapshot.directory.users, "user", &name)?;
    ctx.app.verify_contact_method(user, &method, &body.code, &caller.actor).await?;
    described(&ctx, &caller, &name).await.map(Json)
}

/// Let a method that was disabled get messages again.
#[utoipa::path(
    post, path = "/users/{name}/contact-methods/{method}/enable", tag = "org",
    operation_id = "enable_contact_method",
    params(
        ("name" = String, Path, description = "The person's name."),
        ("method" = String, Path, description = "The method's name."),
    ),
    responses((status = 200, description = "Pages go there again.", body = Contacts))
)]
async fn enable(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((name, method)): Path<(String, String)>,
) -> Result<Json<Contacts>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let user = find(&snapshot.directory.users, "user", &name)?;
    ctx.app.enable_contact_method(user, &method, &caller.actor).await?;
    described(&ctx, &caller, &name).await.map(Json)
}

/// Choose which contact method is tried when.
#[utoipa::path(
    put, path = "/users/{name}/notification-rules", tag = "org",
    operation_id = "choose_notification_rules", request_body = RulesChosen,
    params(("name" = String, Path, description = "The person's name.")),
    responses((status = 200, description = "The rules hold.", body = Contacts))
)]
async fn choose_rules(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(name): Path<String>,
    Json(body): Json<RulesChosen>,
) -> Result<Json<Contacts>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let user = find(&snapshot.directory.users, "user", &name)?;
    for (urgency, rules) in [(Urgency::High, body.high), (Urgency::Low, body.low)] {
        let Some(rules) = rules else { continue };
        let rules = rules.into_iter();
        let rules: Vec<_> = rules
            .map(|rule| (SignedDuration::from_secs(rule.after_seconds), rule.method))
            .collect();
        ctx.app.choose_rules(user, urgency, &rules, &caller.actor).await?;
    }
    described(&ctx, &caller, &name).await.map(Json)
}

/// Choose language and quiet hours.
#[utoipa::path(
    put, path = "/users/{name}/preferences", tag = "org", operation_id = "choose_preferences",
    request_body = PreferencesChosen,
    params(("name" = String, Path, description = "The person's name.")),
    responses((status = 200, description = "They hold.", body = Contacts))
)]
async fn choose_preferences(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(name): Path<String>,
    Json(body): Json<PreferencesChosen>,
) -> Result<Json<Contacts>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let user = find(&snapshot.directory.users, "user", &name)?;
    let language = match &body.language {
        Some(name) => Some(
            Language::from_name(name)
                .ok_or_else(|| ApiError::field("language", "choose one of en, de, fr, es"))?,
        ),
        None => None,
    };
    let time = |text: &str| {
        let (hour, minute) = text.split_once(':')?;
        Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
    };
    let quiet_hours = match &body.quiet_hours {
        Some(quiet) => Some(
            time(&quiet.from)
                .zip(time(&quiet.to))
                .map(|(from, to)| Quiet { from, to })
                .ok_or_else(|| ApiError::field("quiet_hours", "write times such as 22:00"))?,
        ),
        None => None,
    };
    let preferences = Preferences { language, quiet_hours };
    ctx.app.choose_preferences(user, preferences, &caller.actor).await?;
    described(&ctx, &caller, &name).await.map(Json)
}

/// Everybody's contacts, to keep where this server is not.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ContactSheet {
    /// When it was made.
    pub at: Instant,
    /// People by name.
    pub people: Vec<ContactCard>,
}

/// One person's contacts.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ContactCard {
    /// The person's name.
    pub name: String,
    /// For people to read.
    pub full_name: String,
    /// The teams that the person is a member of.
    pub teams: Vec<String>,
    /// Verified ways; masked but for the person and administrators.
    pub methods: Vec<ContactLine>,
}

/// One way to reach a person.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ContactLine {
    /// The channel.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where.
    pub address: String,
}

/// Everybody's contacts, to print or keep for when this server is away. Written down in the audit
/// log.
#[utoipa::path(
    get, path = "/contacts", tag = "org", operation_id = "export_contacts",
    responses((status = 200, description = "People with their verified contact methods.", body = ContactSheet))
)]
async fn export(State(ctx): State<Ctx>, caller: Caller) -> Result<Json<ContactSheet>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let card = |user: &User| {
        let is_open = caller.may(Action::Manage, Object::User(user.id)).is_ok();
        let teams = directory.teams.iter().filter(|team| team.members.contains(&user.id));
        // A webhook or an app's token is nothing that a colleague could call.
        let methods = user.contact_methods.iter().filter(|method| {
            let channel = method.address.kind();
            method.verified && (channel.is_phone() || channel == Channel::Email)
        });
        ContactCard {
            name: user.name.clone(),
            full_name: user.full_name.clone(),
            teams: teams.map(|team| team.name.clone()).collect(),
            methods: methods
                .map(|method| ContactLine {
                    kind: method.address.channel().to_owned(),
                    address: match is_open {
                        true => whole(&method.address),
                        false => masked(&method.address),
                    },
                })
                .collect(),
        }
    };
    let people: Vec<_> = directory.users.iter().map(card).collect();
    let app = &ctx.app;
    let entry = app.audit_entry(
        &caller.actor,
        "contacts.exported",
        ("organization", directory.name.clone()),
        json!({ "people": people.len() }),
    );
    let mut tx = app.db.begin(Lane::Command).await?;
    audit::append(&mut tx, &entry, ids::random()).await?;
    tx.commit().await?;
    Ok(Json(ContactSheet { at: app.now().into(), people }))
}
