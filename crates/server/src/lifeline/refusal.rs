//! What these pages say when they cannot do what was asked: in words, with what to do instead, as a
//! page for people and as a problem for programs.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use muster_core::org::access::Denied;
use muster_store::StoreError;

use super::{Kept, html};
use crate::api::error::ApiError;
use crate::app::incident::command::Refused;

/// Why a page cannot do what was asked.
#[derive(Debug, Clone)]
pub(super) enum Refusal {
    /// The link is not one of ours.
    UnknownLink,
    /// The link has ended with its incident.
    Expired {
        /// What became of the incident.
        because: String,
    },
    /// There is no such status page.
    UnknownPage,
    /// There is no such incident.
    UnknownIncident,
    /// The form asks for something that these pages do not do.
    UnknownAction,
    /// Ending an incident must be confirmed.
    Unconfirmed,
    /// The incident's status does not allow it.
    WrongMove(String),
    /// Not with this role.
    NotAllowed(String),
    /// The store does not answer: what was asked for has not been recorded, as far as is known.
    Unavailable,
    /// A fault of ours.
    Broken,
}

#[derive(Template)]
#[template(path = "lifeline/refusal.html")]
struct Page<'a> {
    heading: &'a str,
    detail: &'a str,
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::UnknownLink | Self::UnknownPage | Self::UnknownIncident => StatusCode::NOT_FOUND,
            Self::Expired { .. } => StatusCode::GONE,
            Self::UnknownAction => StatusCode::BAD_REQUEST,
            Self::Unconfirmed | Self::WrongMove(_) => StatusCode::CONFLICT,
            Self::NotAllowed(_) => StatusCode::FORBIDDEN,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn words(&self) -> (&'static str, &str) {
        match self {
            Self::UnknownLink => (
                "This link opens nothing",
                "Look whether it was copied whole, or open the latest message about the incident.",
            ),
            Self::Expired { because } => ("This link has ended", because),
            Self::UnknownPage => ("No such status page", "Look whether the address is right."),
            Self::UnknownIncident => ("No such incident", "Nothing has this number."),
            Self::UnknownAction => (
                "That cannot be done here",
                "A link can acknowledge, decline, escalate, resolve, check in, volunteer and ask for help.",
            ),
            Self::Unconfirmed => {
                ("Not resolved yet", "To resolve, confirm it: send `confirm=yes` as well.")
            }
            Self::WrongMove(detail) => ("That is not possible now", detail),
            Self::NotAllowed(detail) => ("Not allowed", detail),
            Self::Unavailable => (
                "Not confirmed",
                "The database does not answer. What you asked for may not have been recorded, \
                 and others are still being paged. Go back and try again in a few seconds.",
            ),
            Self::Broken => {
                ("Something went wrong", "It was a fault of Muster's and stands in its log.")
            }
        }
    }

    /// The refusal for people.
    pub(super) fn page(&self) -> Response {
        let (heading, detail) = self.words();
        html(self.status(), Kept::Secret, &Page { heading, detail })
    }

    /// The refusal for programs.
    pub(super) fn problem(&self) -> Response {
        let (heading, detail) = self.words();
        ApiError::new(self.status(), format!("{heading}. {detail}")).into_response()
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable { .. }
            | StoreError::GaveWay { .. }
            | StoreError::CommitUnknown
            | StoreError::Conflict { .. } => {
                tracing::warn!("the store did not answer a lifeline page: {error}");
                Self::Unavailable
            }
            error => {
                tracing::error!("a lifeline page failed: {error}");
                Self::Broken
            }
        }
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NoSuchIncident => Self::UnknownIncident,
            Refused::NoSuchPage => Self::UnknownLink,
            Refused::WrongMove(wrong) => Self::WrongMove(wrong.to_string()),
            Refused::NotConfigured | Refused::Writing(_) | Refused::WrongTime { .. } => {
                Self::WrongMove(refused.to_string())
            }
            Refused::Store(error) => error.into(),
        }
    }
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        Self::NotAllowed(denied.to_string())
    }
}
