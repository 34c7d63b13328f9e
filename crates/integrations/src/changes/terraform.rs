//! Run notifications of Terraform Cloud and Enterprise, signed with `X-TFE-Notification-Signature`.
//! When a notification is set up or enabled, a verification is sent that must be answered with 200.
//! See developer.hashicorp.com, "Notification configurations".

use muster_core::change::event::{Kind, Report, State, What};
use serde_json::Value;

use super::payload::{Payload, joined};
use super::{Arrival, Parsed, Signature, Source};
use crate::sources::{Refusal, Request};

/// Terraform Cloud.
pub const SOURCE: Source = Source {
    name: "terraform",
    signature: Some(Signature::Sha512("x-tfe-notification-signature")),
    delivery: None,
    parse,
};

fn parse(request: &Request<'_>, arrival: &Arrival<'_>) -> Result<Parsed, Refusal> {
    let body = super::body(request)?;
    let payload = Payload(&body);
    let notifications = payload
        .at("notifications")
        .and_then(Value::as_array)
        .ok_or_else(|| Refusal::malformed("notifications must be a list"))?;
    let is_verification = notifications.iter().any(|one| one["trigger"] == "verification");
    if is_verification {
        return Ok(Parsed::greeting());
    }
    let reports: Vec<_> =
        notifications.iter().filter_map(|one| report(payload, Payload(one), arrival)).collect();
    if reports.is_empty() {
        return Ok(Parsed::nothing("nothing was changed by this"));
    }
    Ok(Parsed::of(reports, arrival.now))
}

fn report(run: Payload<'_>, news: Payload<'_>, arrival: &Arrival<'_>) -> Option<Report> {
    let id = run.some("run_id")?;
    let status = news.text("run_status");
    let state = match (news.text("trigger").as_str(), status.as_str()) {
        ("run:applying", _) => State::Started,
        // A plan that had nothing to do, or was only a plan, changed nothing.
        ("run:completed", "applied") => State::Succeeded,
        ("run:errored", _) => State::Failed,
        _ => return None,
    };
    let workspace = run.text("workspace_name");
    let message = run.line("run_message");
    let at = news.instant("run_updated_at").unwrap_or(arrival.now);
    let author = run.first(&["run_created_by"]);
    let author = if author.is_empty() { news.text("run_updated_by") } else { author };
    let summary = joined(&["Apply", &workspace, &message]);
    Some(Report {
        key: id.clone(),
        state,
        at,
        started_at: None,
        services: Vec::new(),
        what: What {
            subject: workspace,
            environment: run.text("organization_name"),
            version: id,
            author,
            url: run.some("run_url"),
            ..What::new(Kind::Infrastructure, summary)
        },
    })
}
