//! The impact of an incident (`I6`, `I9`, `D4`): how many, who, how bad, whom customer service has to
//! talk to, and what it costs while it lasts.

use axum::extract::State;
use jiff::Timestamp;
use muster_core::id::ServiceId;
use muster_core::incident::impact::{self as core, Ask, Change};
use muster_core::incident::lifecycle::{self, Command};
use muster_core::org::directory::Directory;
use muster_core::org::service::{Money, is_currency};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::ANSWER_INCIDENTS;
use super::command::do_to;
use super::incident::{Incident, describe_whole};
use crate::api::extract::{Json, Path};
use crate::api::report::Cost;
use crate::api::{ApiError, Caller, Ctx, Routes};

/// The largest count, so that every client can say it exactly.
const COUNT_MAX: u64 = 1_000_000_000_000;
/// The largest loss, in whole units of its currency.
const AMOUNT_MAX: i64 = 1_000_000_000_000;

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(ANSWER_INCIDENTS, routes!(change))
        .on(ANSWER_INCIDENTS, routes!(add_loss))
        .on(ANSWER_INCIDENTS, routes!(strike_loss))
}

/// How bad it is for whom, and what it costs.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Impact {
    /// How many hosts; null where nobody has said.
    #[schema(required)]
    pub hosts: Option<u64>,
    /// How many users; null where nobody has said.
    #[schema(required)]
    pub users: Option<u64>,
    /// Services besides the incident's own.
    pub services: Vec<String>,
    /// Which customers.
    pub customers: Vec<String>,
    /// How bad it is, in words.
    #[schema(required)]
    pub how_bad: Option<String>,
    /// Whom to ask at customer service.
    #[schema(required)]
    pub contact: Option<Contact>,
    /// All of it in a line; empty where nothing is known.
    #[schema(example = "1,200 users, 3 hosts; customers Acme; nobody can pay")]
    pub summary: String,
    /// What each minute costs now, by currency; empty once customers are well.
    pub cost_per_minute: Vec<Cost>,
    /// What the time of the outage cost so far, by currency.
    pub outage_cost: Vec<Cost>,
    /// What it costs in all so far, by currency.
    pub cost: Vec<Cost>,
    /// What was lost besides, struck ones included.
    pub losses: Vec<Loss>,
}

/// Somebody at customer service.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// Who.
    #[schema(example = "Kim Doe")]
    pub name: String,
    /// How they are reached.
    #[schema(example = "+1 555 0100")]
    pub reach: Option<String>,
}

/// Something that was lost: people's time, a penalty, goods.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Loss {
    /// Counted from 1 within the incident.
    pub number: u32,
    /// What.
    pub what: String,
    /// How much.
    pub amount: Cost,
    /// Whether it was struck again.
    pub struck: bool,
}

/// What somebody knows better. What is left out stays; null means that it is not known.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewImpact {
    /// How many hosts.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<u64>)]
    hosts: Option<Option<u64>>,
    /// How many users.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<u64>)]
    users: Option<Option<u64>>,
    /// Services besides the incident's own, all of them.
    services: Option<Vec<String>>,
    /// Customers, all of them.
    customers: Option<Vec<String>>,
    /// How bad it is, in words.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    how_bad: Option<Option<String>>,
    /// Whom to ask at customer service.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<Contact>)]
    contact: Option<Option<Contact>>,
}

/// Something that was lost.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLoss {
    /// What, in a few words.
    #[schema(example = "six people for two hours")]
    what: String,
    /// How much, in whole units of the currency.
    #[schema(example = 900)]
    amount: i64,
    /// An ISO 4217 code.
    #[schema(example = "EUR")]
    currency: String,
}

/// Tells what is null from what is left out.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// The impact of an incident as it is read.
pub(super) fn describe(
    directory: &Directory,
    incident: &lifecycle::Incident,
    now: Timestamp,
) -> Impact {
    let impact = &incident.impact;
    let cost = core::cost(directory, incident, now);
    let amounts = |all: Vec<Money>| all.into_iter().map(Cost::from).collect();
    let services = impact.services.iter().filter_map(|id| directory.services.get(*id));
    let losses = impact.losses.iter().map(|loss| Loss {
        number: loss.number,
        what: loss.what.clone(),
        amount: loss.amount.clone().into(),
        struck: loss.is_struck,
    });
    let contact = impact.contact.as_ref();
    Impact {
        hosts: impact.hosts,
        users: impact.users,
        services: services.map(|service| service.name.clone()).collect(),
        customers: impact.customers.clone(),
        how_bad: impact.how_bad.clone(),
        contact: contact.map(|one| Contact { name: one.name.clone(), reach: one.reach.clone() }),
        summary: impact.words(directory),
        cost_per_minute: amounts(cost.per_minute),
        outage_cost: amounts(cost.outage),
        cost: amounts(cost.total),
        losses: losses.collect(),
    }
}

/// Say how bad it is.
///
/// What is left out stays as it is. It can be known better at any time, also long after the end.
#[utoipa::path(
    patch, path = "/incidents/{incident}/impact", tag = "incident", operation_id = "change_impact",
    request_body = NewImpact,
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The incident as it is now.", body = Incident))
)]
async fn change(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Json(body): Json<NewImpact>,
) -> Result<Json<Incident>, ApiError> {
    let change = read(&ctx.app.snapshot().directory, body)?;
    obey(&ctx, &caller, &incident, Ask::Change(change)).await
}

/// Add something that was lost to what the incident costs: people's time, a penalty, goods.
#[utoipa::path(
    post, path = "/incidents/{incident}/losses", tag = "incident", operation_id = "add_loss",
    request_body = NewLoss,
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The incident as it is now.", body = Incident))
)]
async fn add_loss(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Json(body): Json<NewLoss>,
) -> Result<Json<Incident>, ApiError> {
    let what = name("what", &body.what)?;
    if !(1..=AMOUNT_MAX).contains(&body.amount) {
        return Err(ApiError::field("amount", format!("must be from 1 to {AMOUNT_MAX}")));
    }
    if !is_currency(&body.currency) {
        let why = "is not a currency; write its three letters, for example `EUR`";
        return Err(ApiError::field("currency", why));
    }
    let amount = Money { amount: body.amount, currency: body.currency };
    obey(&ctx, &caller, &incident, Ask::AddLoss { what, amount }).await
}

/// Strike a loss that was none; it stays on the list.
#[utoipa::path(
    post, path = "/incidents/{incident}/losses/{number}/strike", tag = "incident",
    operation_id = "strike_loss",
    params(
        ("incident" = String, Path, description = "The id or the number."),
        ("number" = u32, Path, description = "The number of the loss within the incident."),
    ),
    responses((status = 200, description = "The incident as it is now.", body = Incident))
)]
async fn strike_loss(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((incident, number)): Path<(String, u32)>,
) -> Result<Json<Incident>, ApiError> {
    obey(&ctx, &caller, &incident, Ask::StrikeLoss { number }).await
}

async fn obey(
    ctx: &Ctx,
    caller: &Caller,
    incident: &str,
    ask: Ask,
) -> Result<Json<Incident>, ApiError> {
    let incident = do_to(ctx, caller, incident, Command::Impact(ask)).await?;
    Ok(Json(describe_whole(ctx, caller, &incident).await?))
}

/// What a body changes.
///
/// # Errors
/// 400 with the field that is wrong.
pub(super) fn read(directory: &Directory, body: NewImpact) -> Result<Change, ApiError> {
    let count = |field: &'static str, count: Option<Option<u64>>| match count.flatten() {
        Some(many) if many > COUNT_MAX => {
            Err(ApiError::field(field, format!("must be at most {COUNT_MAX}")))
        }
        _ => Ok(count),
    };
    let many = |field: &'static str, names: &Option<Vec<String>>| match names {
        Some(names) if names.len() > core::NAMED_MAX => {
            Err(ApiError::field(field, format!("names at most {}", core::NAMED_MAX)))
        }
        _ => Ok(()),
    };
    many("services", &body.services)?;
    many("customers", &body.customers)?;
    let service = |(place, name): (usize, String)| -> Result<ServiceId, ApiError> {
        let found = directory.services.named(&name).map(|service| service.id);
        let why = || format!("there is no service `{name}`");
        found.ok_or_else(|| ApiError::field(format!("services[{place}]"), why()))
    };
    let services = body.services.map(|names| names.into_iter().enumerate().map(service).collect());
    let customer = |(place, text): (usize, String)| name(&format!("customers[{place}]"), &text);
    let customers = body.customers.map(|all| all.into_iter().enumerate().map(customer).collect());
    let how_bad = body.how_bad.map(|text| text.filter(|text| !text.trim().is_empty()));
    if let Some(Some(text)) = &how_bad
        && text.chars().count() > core::HOW_BAD_CHARS_MAX
    {
        let why = format!("must be at most {} characters", core::HOW_BAD_CHARS_MAX);
        return Err(ApiError::field("how_bad", why));
    }
    let contact = body.contact.map(|contact| contact.map(read_contact).transpose()).transpose()?;
    Ok(Change {
        hosts: count("hosts", body.hosts)?,
        users: count("users", body.users)?,
        services: services.transpose()?,
        customers: customers.transpose()?,
        how_bad: how_bad.map(|text| text.map(|text| text.trim().to_owned())),
        contact,
    })
}

fn read_contact(contact: Contact) -> Result<core::Contact, ApiError> {
    let reach = contact.reach.filter(|reach| !reach.trim().is_empty());
    Ok(core::Contact {
        name: name("contact.name", &contact.name)?,
        reach: reach.map(|reach| name("contact.reach", &reach)).transpose()?,
    })
}

/// A name in one line.
fn name(field: &str, text: &str) -> Result<String, ApiError> {
    let text = text.trim();
    let is_short = text.chars().count() <= core::NAME_CHARS_MAX;
    if text.is_empty() || !is_short || text.contains(char::is_control) {
        let why = format!("must be a line of 1 to {} characters", core::NAME_CHARS_MAX);
        return Err(ApiError::field(field, why));
    }
    Ok(text.to_owned())
}
