//! Pushover's message API by its documentation: keys of 30 letters and digits, limits in
//! characters, emergencies with their retry and expiry, receipts, how often they may be asked for
//! and their cancelling, errors that must not be repeated and limits that may.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::judge::{Answer, Broken, Request, Rules};

pub const TOKEN: &str = "azGDORePK8gMaC0QOYAMyEEuzJnyUi";
pub const USER: &str = "uQiRzpo4DXghDmr9QzzfQu27cmVRsG";
/// The receipt of the first emergency; the others count on from it in the last two letters.
pub const RECEIPT: &str = "rLqVuqTRh62UzxtmqiaLzQmVcPgi00";
/// No receipt is asked for more often, in seconds.
pub const ASKED_EVERY_SECONDS_MIN: i64 = 5;

const FIELDS: [&str; 17] = [
    "token",
    "user",
    "message",
    "title",
    "url",
    "url_title",
    "priority",
    "retry",
    "expire",
    "callback",
    "timestamp",
    "sound",
    "device",
    "html",
    "monospace",
    "ttl",
    "tags",
];

/// An emergency.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Emergency {
    /// The key of whoever acknowledged it.
    pub acknowledged_by: Option<String>,
    /// Whether its time has run out.
    pub is_expired: bool,
    /// Whether it was cancelled.
    pub is_cancelled: bool,
    /// When it was asked for, in seconds.
    pub asked_at: Vec<i64>,
}

/// A clock, in seconds.
type Clock = Box<dyn Fn() -> i64 + Send>;

/// The service with its emergencies.
#[derive(Default)]
pub struct Pushover {
    /// By receipt.
    pub emergencies: BTreeMap<String, Emergency>,
    /// The forms of the messages that were taken.
    pub messages: Vec<BTreeMap<String, String>>,
    /// What time it is; without it nobody asks too often.
    pub clock: Option<Clock>,
}

fn broken(rule: &str) -> Broken {
    let mut body = json!({ "status": 0, "request": "r", "errors": [format!("{rule} is invalid")] });
    body[rule] = json!("invalid");
    Broken { rule: rule.to_owned(), answer: Answer::json(400, &body) }
}

fn taken(more: &Value) -> Answer {
    let mut body = json!({ "status": 1, "request": "r" });
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    Answer::json(200, &body)
}

fn fields(text: &str) -> Result<BTreeMap<String, String>, Broken> {
    let mut form = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        if form.insert(name.into_owned(), value.into_owned()).is_some() {
            return Err(broken("twice"));
        }
    }
    Ok(form)
}

impl Rules for Pushover {
    fn judge(&mut self, request: &Request) -> Result<Answer, Broken> {
        let receipt = request.path().strip_prefix("/1/receipts/");
        if let Some(rest) = receipt.and_then(|rest| rest.strip_suffix("/cancel.json")) {
            let form = posted(request)?;
            let known = self.emergencies.get_mut(rest).ok_or_else(|| broken("receipt"))?;
            known.is_cancelled = form.len() == 1;
            return if known.is_cancelled {
                Ok(taken(&json!({})))
            } else {
                Err(broken("unknown field"))
            };
        }
        if let Some(rest) = receipt.and_then(|rest| rest.strip_suffix(".json")) {
            return self.asked(request, rest);
        }
        if request.path() != "/1/messages.json" {
            return Err(broken("path"));
        }
        let form = posted(request)?;
        let is_emergency = message(&form)?;
        self.messages.push(form);
        if !is_emergency {
            return Ok(taken(&json!({})));
        }
        let receipt = format!("{}{:02}", &RECEIPT[..28], self.emergencies.len());
        self.emergencies.insert(receipt.clone(), Emergency::default());
        Ok(taken(&json!({ "receipt": receipt })))
    }
}

impl Pushover {
    /// How an emergency stands.
    fn asked(&mut self, request: &Request, receipt: &str) -> Result<Answer, Broken> {
        if request.method != "GET" {
            return Err(broken("method"));
        }
        if !request.body.is_empty() {
            return Err(broken("a body"));
        }
        let query = fields(request.query())?;
        if query.get("token").map(String::as_str) != Some(TOKEN) {
            return Err(broken("token"));
        }
        if query.len() != 1 {
            return Err(broken("unknown field"));
        }
        let now = self.clock.as_ref().map(|clock| clock());
        let known = self.emergencies.get_mut(receipt).ok_or_else(|| broken("receipt"))?;
        if let Some(now) = now {
            let last = known.asked_at.last().copied();
            known.asked_at.push(now);
            if last.is_some_and(|last| now - last < ASKED_EVERY_SECONDS_MIN) {
                return Err(broken("asked too often"));
            }
        }
        let by = known.acknowledged_by.clone();
        let number = |is: bool| i64::from(is);
        Ok(taken(&json!({
            "acknowledged": number(by.is_some()),
            "acknowledged_at": number(by.is_some()) * 1_360_019_238,
            "acknowledged_by": by.clone().unwrap_or_default(),
            "acknowledged_by_device": by.map(|_| "phone").unwrap_or_default(),
            "last_delivered_at": 1_360_001_238,
            "expired": number(known.is_expired || known.is_cancelled),
            "expires_at": 1_360_019_290,
            "called_back": 0,
            "called_back_at": 0,
        })))
    }
}

/// A form that was posted by the application.
fn posted(request: &Request) -> Result<BTreeMap<String, String>, Broken> {
    if request.method != "POST" {
        return Err(broken("method"));
    }
    if request.header("content-type") != Some("application/x-www-form-urlencoded") {
        return Err(broken("content type"));
    }
    let form = fields(&request.body)?;
    if form.get("token").map(String::as_str) != Some(TOKEN) {
        return Err(broken("token"));
    }
    Ok(form)
}

/// Judges a message; says whether it is an emergency.
fn message(form: &BTreeMap<String, String>) -> Result<bool, Broken> {
    let get = |name: &str| form.get(name).map_or("", String::as_str);
    if form.keys().any(|name| !FIELDS.contains(&name.as_str())) {
        return Err(broken("unknown field"));
    }
    if get("user") != USER {
        return Err(broken("user"));
    }
    for (name, max) in [("message", 1_024), ("title", 250), ("url", 512), ("url_title", 100)] {
        if get(name).chars().count() > max || get(name).contains('\0') {
            return Err(broken(name));
        }
    }
    if get("message").trim().is_empty() {
        return Err(broken("message"));
    }
    for name in ["url", "callback"] {
        if form.contains_key(name) && !get(name).starts_with("http") {
            return Err(broken(name));
        }
    }
    let number = |name: &str| get(name).parse::<i64>().map_err(|_| broken(name));
    let priority = if form.contains_key("priority") { number("priority")? } else { 0 };
    if !(-2..=2).contains(&priority) {
        return Err(broken("priority"));
    }
    if priority == 2 {
        if number("retry")? < 30 {
            return Err(broken("retry"));
        }
        if !(1..=10_800).contains(&number("expire")?) {
            return Err(broken("expire"));
        }
        return Ok(true);
    }
    match ["retry", "expire", "callback"].iter().find(|name| form.contains_key(**name)) {
        Some(name) => Err(broken(name)),
        None => Ok(false),
    }
}
