//! The notification plugin of Jenkins, in its JSON format. It tells of each phase of a build and
//! does not sign. See plugins.jenkins.io/notification.

use jiff::SignedDuration;
use muster_core::change::event::{Kind, Report, State, What};

use super::github::speaks_of_deploying;
use super::payload::{Payload, joined, short};
use super::{Arrival, Parsed, Source};
use crate::sources::{Refusal, Request};

/// Jenkins.
pub const SOURCE: Source = Source { name: "jenkins", signature: None, delivery: None, parse };

fn parse(request: &Request<'_>, arrival: &Arrival<'_>) -> Result<Parsed, Refusal> {
    let body = super::body(request)?;
    let payload = Payload(&body);
    let required = |path: &str| {
        payload.some(path).ok_or_else(|| Refusal::malformed(format!("{path} is required")))
    };
    let (job, number, phase) =
        (required("name")?, required("build.number")?, required("build.phase")?);
    let state = match (phase.as_str(), payload.text("build.status").as_str()) {
        ("QUEUED", _) => return Ok(Parsed::nothing("the build waits for its turn")),
        ("STARTED", _) => State::Started,
        (_, "SUCCESS") => State::Succeeded,
        (_, "NOT_BUILT") => return Ok(Parsed::nothing("nothing was built")),
        // Unstable, failed and aborted alike may have stopped half-way.
        _ => State::Failed,
    };
    let started_at = payload.instant("build.timestamp");
    let length = payload.at("build.duration").and_then(serde_json::Value::as_i64);
    let ended_at = started_at
        .zip(length.filter(|length| *length > 0))
        .and_then(|(at, length)| at.checked_add(SignedDuration::from_millis(length)).ok());
    let at = match state {
        State::Started => started_at,
        _ => ended_at,
    };
    let name = payload.first(&["display_name", "name"]);
    let version = payload.text("build.scm.commit");
    let branch = payload.text("build.scm.branch");
    let kind = if speaks_of_deploying(&job) { Kind::Deploy } else { Kind::Other };
    let repository = payload.text("build.scm.url");
    let summary = joined(&[&name, &format!("#{number}"), &branch, short(&version)]);
    let report = Report {
        key: format!("{job}/{number}"),
        state,
        at: at.unwrap_or(arrival.now),
        started_at,
        services: Vec::new(),
        what: What {
            environment: payload
                .first(&["build.parameters.environment", "build.parameters.ENVIRONMENT"]),
            author: payload.text("build.scm.culprits.0"),
            url: payload.some("build.full_url"),
            diff_url: super::argocd::commit_page(&repository, &version),
            subject: job,
            version,
            ..What::new(kind, summary)
        },
    };
    Ok(Parsed::of(vec![report], arrival.now))
}
