//! The notification controller of Flux, by its providers `generic` and `generic-hmac`, which signs
//! with `X-Signature`. One event tells of one reconciliation. See fluxcd.io, "Notification
//! providers" and "Events".

use muster_core::change::event::{Kind, Report, State, What};

use super::payload::{Payload, joined};
use super::{Arrival, Parsed, Signature, Source};
use crate::sources::{Refusal, Request};

/// Flux.
pub const SOURCE: Source = Source {
    name: "flux",
    signature: Some(Signature::Sha256("x-signature")),
    delivery: None,
    parse,
};

/// The most characters of a message that stand in a summary.
const MESSAGE_CHARS_MAX: usize = 200;

fn parse(request: &Request<'_>, arrival: &Arrival<'_>) -> Result<Parsed, Refusal> {
    let body = super::body(request)?;
    let payload = Payload(&body);
    let required = |path: &str| {
        payload.some(path).ok_or_else(|| Refusal::malformed(format!("{path} is required")))
    };
    let kind = required("involvedObject.kind")?;
    let name = required("involvedObject.name")?;
    let namespace = payload.text("involvedObject.namespace");
    let is_applied = matches!(kind.as_str(), "Kustomization" | "HelmRelease" | "Terraform");
    if !is_applied {
        return Ok(Parsed::nothing("only what is applied to the cluster is a change"));
    }
    let reason = payload.text("reason");
    let state = match reason.as_str() {
        _ if payload.text("severity") == "error" => State::Failed,
        "Progressing" | "ProgressingWithRetry" => State::Started,
        said if said.contains("Rollback") => State::RolledBack,
        "ReconciliationSucceeded" | "InstallSucceeded" | "UpgradeSucceeded" | "Succeeded" => {
            State::Succeeded
        }
        _ => return Ok(Parsed::nothing("nothing was changed by this")),
    };
    let revision = revision(payload);
    let message: String = payload.line("message").chars().take(MESSAGE_CHARS_MAX).collect();
    let object = format!("{kind}/{namespace}/{name}");
    let at = payload.instant("timestamp").unwrap_or(arrival.now);
    // What has no revision is told apart by when it happened.
    let which = if revision.is_empty() { at.to_string() } else { revision.clone() };
    let summary = joined(&["Apply", &kind, &name, &revision]);
    let summary = if message.is_empty() { summary } else { format!("{summary}: {message}") };
    let report = Report {
        key: format!("{object}/{which}"),
        state,
        at,
        started_at: None,
        services: Vec::new(),
        what: What {
            subject: name,
            environment: namespace,
            version: revision,
            ..What::new(Kind::Deploy, summary)
        },
    };
    Ok(Parsed::of(vec![report], arrival.now))
}

/// The revision stands in the metadata under the name of its controller, or without.
fn revision(payload: Payload<'_>) -> String {
    let metadata = payload.at("metadata").and_then(serde_json::Value::as_object);
    let found = metadata
        .into_iter()
        .flatten()
        .find(|(name, _)| name.as_str() == "revision" || name.ends_with("/revision"));
    found.and_then(|(_, value)| value.as_str()).unwrap_or_default().trim().to_owned()
}
