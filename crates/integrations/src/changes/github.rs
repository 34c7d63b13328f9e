//! GitHub webhooks: deployments and their statuses, pushes to the default branch and of tags,
//! releases and workflow runs. Signed with `X-Hub-Signature-256`, numbered by `X-GitHub-Delivery`.
//! See docs.github.com, "Webhook events and payloads".

use muster_core::change::event::{Kind, Report, State, What};
use serde_json::Value;

use super::payload::{Payload, joined, short};
use super::{Arrival, Parsed, Signature, Source};
use crate::sources::{Refusal, Request};

/// GitHub.
pub const SOURCE: Source = Source {
    name: "github",
    signature: Some(Signature::Sha256("x-hub-signature-256")),
    delivery: Some("x-github-delivery"),
    parse,
};

fn parse(request: &Request<'_>, arrival: &Arrival<'_>) -> Result<Parsed, Refusal> {
    let event = super::header(request, "x-github-event")
        .ok_or_else(|| Refusal::malformed("the header X-GitHub-Event is required"))?;
    let body = super::body(request)?;
    let payload = Payload(&body);
    let report = match event {
        "ping" => return Ok(Parsed::greeting()),
        "deployment" => deployment(payload, arrival),
        "deployment_status" => deployment_status(payload, arrival),
        "push" => push(payload, arrival),
        "release" => release(payload, arrival),
        "workflow_run" => workflow_run(payload, arrival),
        _ => return Ok(Parsed::nothing("this kind of event is no change")),
    };
    match report {
        Ok(report) => Ok(Parsed::of(vec![report], arrival.now)),
        Err(None) => Ok(Parsed::nothing("nothing was changed by this")),
        Err(Some(missing)) => Err(Refusal::malformed(format!("{missing} is required"))),
    }
}

/// A report; else nothing to report, or what is missing.
type Read = Result<Report, Option<&'static str>>;

fn what(payload: Payload<'_>, kind: Kind, summary: String) -> What {
    let subject = payload.text("repository.full_name");
    let author = payload.text("sender.login");
    What { subject, author, ..What::new(kind, summary) }
}

fn deployment(payload: Payload<'_>, arrival: &Arrival<'_>) -> Read {
    let id = payload.some("deployment.id").ok_or(Some("deployment.id"))?;
    let environment = payload.text("deployment.environment");
    let version = payload.first(&["deployment.sha", "deployment.ref"]);
    let repository = payload.text("repository.full_name");
    let summary = match payload.line("deployment.description") {
        said if said.is_empty() => {
            joined(&["Deploy", &repository, short(&version), "to", &environment])
        }
        said => said,
    };
    let diff = (!version.is_empty())
        .then(|| payload.some("repository.html_url").map(|url| format!("{url}/commit/{version}")))
        .flatten();
    let author = payload.first(&["deployment.creator.login", "sender.login"]);
    let at = payload.instant("deployment.created_at").unwrap_or(arrival.now);
    Ok(Report {
        key: format!("deployment/{id}"),
        state: State::Started,
        at,
        started_at: None,
        services: Vec::new(),
        what: What {
            environment,
            version,
            author,
            diff_url: diff,
            url: payload.some("repository.html_url").map(|url| format!("{url}/deployments")),
            ..what(payload, Kind::Deploy, summary)
        },
    })
}

fn deployment_status(payload: Payload<'_>, arrival: &Arrival<'_>) -> Read {
    let state = match payload.text("deployment_status.state").as_str() {
        "queued" | "pending" | "waiting" | "in_progress" => State::Started,
        "success" => State::Succeeded,
        "failure" | "error" => State::Failed,
        // A later deployment took its place, which that one says itself.
        _ => return Err(None),
    };
    let begun = deployment(payload, arrival)?;
    let at = payload
        .first_instant(&["deployment_status.updated_at", "deployment_status.created_at"])
        .unwrap_or(arrival.now);
    let page = payload.first(&["deployment_status.log_url", "deployment_status.target_url"]);
    let mut what = begun.what;
    what.url = (!page.is_empty()).then_some(page).or(what.url);
    Ok(Report { state, at, started_at: Some(begun.at), what, ..begun })
}

/// A push to the default branch, or of a tag. What happens on other branches reaches nobody yet.
fn push(payload: Payload<'_>, arrival: &Arrival<'_>) -> Read {
    let reference = payload.some("ref").ok_or(Some("ref"))?;
    if payload.at("deleted") == Some(&Value::Bool(true)) {
        return Err(None);
    }
    let name = match reference.strip_prefix("refs/heads/") {
        Some(branch) if branch == payload.text("repository.default_branch") => branch,
        Some(_) => return Err(None),
        None => reference.strip_prefix("refs/tags/").ok_or(None)?,
    };
    let after = payload.some("after").ok_or(Some("after"))?;
    let title = payload.line("head_commit.message");
    let summary = joined(&["Push to", name, short(&after), &title]);
    let author = payload.first(&["pusher.name", "sender.login"]);
    let at = arrival.now;
    Ok(Report {
        key: format!("push/{reference}/{after}"),
        state: State::Succeeded,
        at,
        started_at: None,
        services: Vec::new(),
        what: What {
            version: after,
            author,
            url: payload.some("head_commit.url"),
            diff_url: payload.some("compare"),
            ..what(payload, Kind::Other, summary)
        },
    })
}

fn release(payload: Payload<'_>, arrival: &Arrival<'_>) -> Read {
    // `released` and `created` come beside it for the same release.
    if payload.text("action") != "published" {
        return Err(None);
    }
    let id = payload.some("release.id").ok_or(Some("release.id"))?;
    let version = payload.text("release.tag_name");
    let repository = payload.text("repository.full_name");
    let name = payload.text("release.name");
    let summary =
        joined(&["Release", &repository, &version, if name == version { "" } else { &name }]);
    let at = payload.instant("release.published_at").unwrap_or(arrival.now);
    let author = payload.first(&["release.author.login", "sender.login"]);
    Ok(Report {
        key: format!("release/{id}"),
        state: State::Succeeded,
        at,
        started_at: None,
        services: Vec::new(),
        what: What {
            version,
            author,
            url: payload.some("release.html_url"),
            ..what(payload, Kind::Deploy, summary)
        },
    })
}

/// A run of a workflow on the default branch or a tag. One whose name speaks of deploying is a
/// deploy.
fn workflow_run(payload: Payload<'_>, arrival: &Arrival<'_>) -> Read {
    let id = payload.some("workflow_run.id").ok_or(Some("workflow_run.id"))?;
    let branch = payload.text("workflow_run.head_branch");
    let event = payload.text("workflow_run.event");
    let is_aside = branch != payload.text("repository.default_branch")
        && !matches!(event.as_str(), "release" | "deployment" | "workflow_dispatch");
    if is_aside {
        return Err(None);
    }
    let state = match payload.text("workflow_run.conclusion").as_str() {
        _ if payload.text("action") != "completed" => State::Started,
        "success" => State::Succeeded,
        "failure" | "timed_out" | "cancelled" | "startup_failure" => State::Failed,
        _ => return Err(None),
    };
    let name = payload.first(&["workflow_run.name", "workflow.name"]);
    let attempt = payload.text("workflow_run.run_attempt");
    let kind = if speaks_of_deploying(&name) { Kind::Deploy } else { Kind::Other };
    let version = payload.text("workflow_run.head_sha");
    let title = payload.first(&["workflow_run.display_title", "workflow_run.head_commit.message"]);
    let summary = joined(&[&name, title.lines().next().unwrap_or_default()]);
    let at = payload.instant("workflow_run.updated_at").unwrap_or(arrival.now);
    let diff = payload.some("repository.html_url").map(|url| format!("{url}/commit/{version}"));
    Ok(Report {
        key: format!("workflow_run/{id}/{attempt}"),
        state,
        at,
        started_at: payload
            .first_instant(&["workflow_run.run_started_at", "workflow_run.created_at"]),
        services: Vec::new(),
        what: What {
            diff_url: diff.filter(|_| !version.is_empty()),
            version,
            author: payload.first(&["workflow_run.actor.login", "sender.login"]),
            url: payload.some("workflow_run.html_url"),
            ..what(payload, kind, summary)
        },
    })
}

/// Whether the name of a job says that it brings a version to people.
pub(super) fn speaks_of_deploying(name: &str) -> bool {
    let name = name.to_lowercase();
    ["deploy", "release", "rollout", "publish", "ship"].iter().any(|word| name.contains(word))
}
