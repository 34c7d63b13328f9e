//! Problems, as RFC 9457 writes them, and the only map from errors to statuses. Whatever goes wrong
//! in a handler ends here; what is our fault is logged here, once, and told without detail.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use muster_core::incident::lifecycle::WrongTime;
use muster_core::incident::writing;
use muster_core::org::access::Denied;
use muster_core::query::NotUnderstood;
use muster_store::StoreError;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::word::Instant;

use crate::app::access::password::NotTaken;
use crate::app::access::session::NotSignedIn;
use crate::app::access::token::NotMade;
use crate::app::alerting::message::NotReplayed;
use crate::app::incident::command::Refused;

/// How long a client is asked to wait when the store does not answer, in seconds.
const STORE_RETRY_SECONDS: u32 = 5;

/// What went wrong, as RFC 9457 writes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// What kind of problem it is; `about:blank` where the status says it all.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    pub kind: String,
    /// The kind in words.
    #[schema(example = "Conflict")]
    pub title: String,
    /// The status of the answer.
    #[schema(example = 409)]
    pub status: u16,
    /// What went wrong this time, and what to do about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(example = "incident 42 is closed")]
    pub detail: String,
    /// Every place that is wrong, where there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
    /// What two people changed in different ways, where an edit was not saved for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<EditConflict>,
    /// When nobody would be on call, where that must be consented to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
    /// The revision that holds now, where an edit named another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<i64>,
}

/// A section of a document that two people changed in different ways. What is absent is null.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EditConflict {
    /// Which section; empty for the document as a whole.
    #[schema(example = "layers(weekly).rotation.participants")]
    pub path: String,
    /// What both began with.
    #[schema(value_type = Value)]
    pub base: Value,
    /// What was to be saved.
    #[schema(value_type = Value)]
    pub mine: Value,
    /// What was saved in the meantime.
    #[schema(value_type = Value)]
    pub theirs: Value,
}

/// A stretch of time in which nobody is on call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Gap {
    /// From this instant on.
    pub from: Instant,
    /// Up to, but not at, this instant.
    pub to: Instant,
}

/// One place that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Fault {
    /// The field, such as `severity` or `services.checkout.tier`.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
    /// The file, where one was sent by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line in the text that was sent, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The column in that line, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
}

/// An error of a handler. `?` makes one of whatever the application answers.
#[derive(Debug, Clone)]
pub struct ApiError {
    status: StatusCode,
    detail: String,
    errors: Vec<Fault>,
    more: Option<Box<More>>,
    retry_after_seconds: Option<u32>,
}

/// What only some problems have.
#[derive(Debug, Clone, Default)]
struct More {
    conflicts: Vec<EditConflict>,
    gaps: Vec<Gap>,
    revision: Option<i64>,
}

impl ApiError {
    /// An error of that status.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
            errors: Vec::new(),
            more: None,
            retry_after_seconds: None,
        }
    }

    /// 400: the request cannot be understood.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// 400: one field of the request is wrong.
    pub fn field(path: impl Into<String>, message: impl Into<String>) -> Self {
        let (path, message) = (path.into(), message.into());
        let error = Self::bad_request(format!("{path}: {message}"));
        error.with_errors(vec![Fault { path, message, ..Fault::default() }])
    }

    /// 401: sign in first.
    pub fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, detail)
    }

    /// 403: not with this role, or not from this page.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    /// 404: `what` should be `service` or the like.
    pub fn not_found(what: &str, name: &str) -> Self {
        let name: String = name.chars().take(100).collect();
        Self::new(StatusCode::NOT_FOUND, format!("there is no {what} `{name}`"))
    }

    /// 409: not in this state.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, detail)
    }

    /// 422: understood, and wrong in all these places.
    pub fn unprocessable(detail: impl Into<String>, errors: Vec<Fault>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail).with_errors(errors)
    }

    /// 429: come back later.
    pub fn too_many(detail: impl Into<String>, retry_after_seconds: u32) -> Self {
        let mut error = Self::new(StatusCode::TOO_MANY_REQUESTS, detail);
        error.retry_after_seconds = Some(retry_after_seconds);
        error
    }

    /// 503: come back later.
    pub fn unavailable(detail: impl Into<String>, retry_after_seconds: u32) -> Self {
        let mut error = Self::new(StatusCode::SERVICE_UNAVAILABLE, detail);
        error.retry_after_seconds = Some(retry_after_seconds);
        error
    }

    /// 500: a fault of ours, logged here and told without detail.
    pub fn internal(error: impl std::fmt::Display) -> Self {
        tracing::error!("a request failed: {error:#}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "something went wrong; the log says what")
    }

    /// The same with all the places that are wrong.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<Fault>) -> Self {
        self.errors = errors;
        self
    }

    /// 409 with the sections that two people changed in different ways.
    pub fn edit_conflict(
        detail: impl Into<String>,
        conflicts: Vec<EditConflict>,
        revision: i64,
    ) -> Self {
        let more = More { conflicts, revision: Some(revision), ..More::default() };
        Self { more: Some(Box::new(more)), ..Self::conflict(detail) }
    }

    /// 422 with the gaps that must be consented to.
    pub fn consent_to(detail: impl Into<String>, gaps: Vec<Gap>) -> Self {
        let more = More { gaps, ..More::default() };
        Self { more: Some(Box::new(more)), ..Self::unprocessable(detail, Vec::new()) }
    }

    /// The status it answers with.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What went wrong, in words.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let more = self.more.map(|more| *more).unwrap_or_default();
        let problem = Problem {
            kind: "about:blank".to_owned(),
            title: self.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.status.as_u16(),
            detail: self.detail,
            errors: self.errors,
            conflicts: more.conflicts,
            gaps: more.gaps,
            revision: more.revision,
        };
        let body = serde_json::to_string(&problem).unwrap_or_default();
        let json = HeaderValue::from_static("application/problem+json");
        let mut response = (self.status, [(header::CONTENT_TYPE, json)], body).into_response();
        if let Some(seconds) = self.retry_after_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer realm=\"Muster\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}

impl From<Denied> for ApiError {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::SignInFirst => Self::unauthorized(denied.to_string()),
            Denied::NotAllowed => Self::forbidden(denied.to_string()),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict { .. } => {
                Self::conflict("somebody else changed it at the same time; look again")
            }
            StoreError::Missing => Self::new(StatusCode::NOT_FOUND, "there is no such thing"),
            StoreError::Unavailable { .. }
            | StoreError::GaveWay { .. }
            | StoreError::CommitUnknown => {
                tracing::warn!("the store did not answer a request: {error}");
                Self::unavailable(
                    "the store does not answer; look before you try again",
                    STORE_RETRY_SECONDS,
                )
            }
            error => Self::internal(error),
        }
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NoSuchIncident | Refused::NoSuchPage => {
                Self::new(StatusCode::NOT_FOUND, refused.to_string())
            }
            Refused::WrongMove(_) | Refused::NotConfigured => Self::conflict(refused.to_string()),
            Refused::WrongTime { why: WrongTime::NoReason, .. } => {
                Self::field("reason", WrongTime::NoReason.to_string())
            }
            Refused::WrongTime { which, why } => Self::field(which, why.to_string()),
            Refused::Writing(why) => match why.field() {
                Some(field) => Self::field(field, why.to_string()),
                None if why == writing::Refusal::NoSuchEntry => {
                    Self::new(StatusCode::NOT_FOUND, why.to_string())
                }
                None => Self::conflict(why.to_string()),
            },
            Refused::Store(error) => error.into(),
        }
    }
}

impl From<NotSignedIn> for ApiError {
    fn from(error: NotSignedIn) -> Self {
        match error {
            NotSignedIn::Wrong => Self::unauthorized(error.to_string()),
            NotSignedIn::Slowly { retry_after_seconds } => {
                Self::too_many(error.to_string(), retry_after_seconds)
            }
            NotSignedIn::Store(error) => error.into(),
        }
    }
}

impl From<NotReplayed> for ApiError {
    fn from(error: NotReplayed) -> Self {
        match error {
            NotReplayed::NoSuchMessage => Self::new(StatusCode::NOT_FOUND, error.to_string()),
            NotReplayed::Waits | NotReplayed::WasUnderstood => Self::conflict(error.to_string()),
            NotReplayed::Store(error) => error.into(),
        }
    }
}

impl From<NotMade> for ApiError {
    fn from(error: NotMade) -> Self {
        match error {
            NotMade::Name => Self::field("name", error.to_string()),
            NotMade::Expired => Self::field("expires_at", error.to_string()),
            NotMade::NameTaken => Self::conflict(error.to_string()),
            NotMade::Store(error) => error.into(),
        }
    }
}

impl From<NotTaken> for ApiError {
    fn from(error: NotTaken) -> Self {
        match error {
            NotTaken::Length => Self::field("password", error.to_string()),
            NotTaken::CurrentIsWrong => Self::field("current", error.to_string()),
            NotTaken::Slowly { retry_after_seconds } => {
                Self::too_many(error.to_string(), retry_after_seconds)
            }
            NotTaken::Hashing => Self::internal(error),
            NotTaken::Store(error) => error.into(),
        }
    }
}

impl From<NotUnderstood> for ApiError {
    fn from(error: NotUnderstood) -> Self {
        Self::field("q", error.to_string())
    }
}

impl From<anyhow::Error> for ApiError {
    fn from(error: anyhow::Error) -> Self {
        match error.downcast::<StoreError>() {
            Ok(error) => error.into(),
            Err(error) => Self::internal(format!("{error:#}")),
        }
    }
}
