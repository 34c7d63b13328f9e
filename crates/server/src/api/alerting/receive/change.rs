//! Where pipelines and tools send what changed (`X16`): PagerDuty's change events by the key in the
//! body, the others under `/ingest/{source}/{key}`. What comes in is made durable before it is
//! answered; it is no alert and pages nobody.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::response::Response;
use muster_integrations::changes::{self, Arrival, Forged, Source};
use muster_integrations::sources::{self, Refusal, Reply, pagerduty};

use super::body::{Unread, Whole};
use super::{
    KEY_BYTES_MAX, Receiving, answer, key_in_header, missing_key, nowhere, overloaded, text,
    wrong_method,
};
use crate::app::change::event::NotRecorded;
use crate::app::snapshot::ChangeInlet;
use crate::ids;

/// Why nothing is accepted.
enum Refused {
    /// It cannot be understood or stored.
    Refusal(Refusal),
    /// It was not sent by who it says.
    Forged(Forged),
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

/// `POST /v2/change/enqueue`: PagerDuty change events, the key in the body.
pub(super) async fn enqueue(State(receiving): State<Receiving>, request: Request) -> Response {
    if request.method() != Method::POST {
        return wrong_method("POST");
    }
    let outcome = receiving.take_change_by_body(request).await;
    let source = &changes::pagerduty::SOURCE;
    // Clients of this path know the answers of the path for alerts.
    receiving.tell(source, outcome, pagerduty::SOURCE.refused)
}

/// `/ingest/{source}/{key}` for a source of changes.
pub(super) async fn ingest(
    receiving: &Receiving,
    source: &'static Source,
    tail: &[&str],
    request: Request,
) -> Response {
    let key = match tail {
        [] => key_in_header(request.headers()).unwrap_or_default(),
        [key] => (*key).to_owned(),
        _ => return nowhere(),
    };
    if request.method() != Method::POST && request.method() != Method::PUT {
        return wrong_method("POST, PUT");
    }
    let outcome = receiving.take_change(source, &key, request).await;
    receiving.tell(source, outcome, changes::refused)
}

impl Receiving {
    fn tell(
        &self,
        source: &Source,
        outcome: Result<Reply, Refused>,
        refused: fn(&Refusal) -> Reply,
    ) -> Response {
        let refusal = match outcome {
            Ok(reply) => return answer(reply),
            Err(refusal) => refusal,
        };
        metrics::counter!("muster_requests_refused_total", "source" => source.name).increment(1);
        answer(match refusal {
            Refused::Refusal(refusal) => refused(&refusal),
            Refused::Forged(forged) => {
                tracing::warn!(source = source.name, "a report of a change is refused: {forged}");
                changes::not_believed(&forged)
            }
        })
    }

    async fn take_change_by_body(&self, request: Request) -> Result<Reply, Refused> {
        let (parts, body) = request.into_parts();
        let body = self.read_change(&parts.headers, body).await?;
        let Some(key) = pagerduty::routing_key(body.bytes()) else {
            return Err(missing_key(body.bytes()).into());
        };
        let inlet = self.change_inlet(&changes::pagerduty::SOURCE, &key).await?;
        self.record_change(&inlet, parts.uri.query(), &parts.headers, body.bytes()).await
    }

    async fn take_change(
        &self,
        source: &'static Source,
        key: &str,
        request: Request,
    ) -> Result<Reply, Refused> {
        let (parts, body) = request.into_parts();
        let inlet = match self.change_inlet(source, key).await {
            Ok(inlet) => inlet,
            // A stranger's body is not worth its memory.
            Err(refusal) => {
                self.bodies.discard(body).await;
                return Err(refusal.into());
            }
        };
        let body = self.read_change(&parts.headers, body).await?;
        self.record_change(&inlet, parts.uri.query(), &parts.headers, body.bytes()).await
    }

    async fn read_change(
        &self,
        headers: &HeaderMap,
        body: axum::body::Body,
    ) -> Result<Whole, Refusal> {
        self.bodies.read(headers, body).await.map_err(|unread| match unread {
            Unread::TooLarge => Refusal::TooLarge,
            Unread::Crowded => overloaded(),
            Unread::Broken => Refusal::malformed("the body ended early or came too slowly"),
        })
    }

    /// The integration of a key, as for alerts.
    async fn change_inlet(&self, source: &Source, key: &str) -> Result<Arc<ChangeInlet>, Refusal> {
        let app = &self.ctx.app;
        let find = || match key.len() {
            1..=KEY_BYTES_MAX => app.snapshot().changes_by_key(key).cloned(),
            _ => None,
        };
        let mut inlet = find();
        if inlet.is_none() && self.unknown.may_look_again(app.now()) && app.refresh().await.is_ok()
        {
            inlet = find();
        }
        let Some(inlet) = inlet else {
            if let Some(other) = app.snapshot().inlet_by_key(key) {
                let kind = other.source.name;
                let why = format!("this key belongs to an integration of type {kind}");
                return Err(Refusal::malformed(why));
            }
            self.unknown.note(source.name, app.now());
            return Err(Refusal::UnknownKey);
        };
        if inlet.source.name != source.name {
            let kind = inlet.source.name;
            let why = format!("this key belongs to an integration of type {kind}");
            return Err(Refusal::malformed(why));
        }
        Ok(inlet)
    }

    async fn record_change(
        &self,
        inlet: &ChangeInlet,
        query: Option<&str>,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Reply, Refused> {
        let app = &self.ctx.app;
        let content_type = text(headers, header::CONTENT_TYPE).to_ascii_lowercase();
        let headers: Vec<_> = headers
            .iter()
            .filter_map(|(name, value)| {
                Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
            })
            .collect();
        let query = query.unwrap_or_default();
        let request =
            sources::Request { query, headers: &headers, content_type: &content_type, body };
        if let Some(secret) = &inlet.integration.secret {
            inlet.source.verify(secret, &request).map_err(Refused::Forged)?;
        }
        let arrival = Arrival { now: app.now(), chance: ids::random(), mapping: &inlet.mapping };
        let parsed = (inlet.source.parse)(&request, &arrival)?;
        let delivery = inlet.source.delivery_of(&request);
        match app.record_reports(inlet, parsed.reports, delivery).await {
            Ok(()) => Ok(parsed.reply),
            Err(NotRecorded::NobodyKnows(subject)) => {
                let whom = "name it under `services` of the integration";
                Err(Refusal::malformed(format!(
                    "nothing says which service `{subject}` belongs to; {whom}"
                ))
                .into())
            }
            Err(NotRecorded::Store(error)) => {
                tracing::warn!("a change was not stored: {error}");
                Err(overloaded().into())
            }
        }
    }
}
