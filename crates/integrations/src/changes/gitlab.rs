//! GitLab webhooks: deployments, pipelines on the default branch or a tag, pushes and tags. The
//! secret comes as it is in `X-Gitlab-Token`; `Idempotency-Key` stays the same when something is sent
//! again. See docs.gitlab.com, "Webhooks" and "Webhook events".

use muster_core::change::event::{Kind, Report, State, What};
use serde_json::Value;

use super::payload::{Payload, joined, short};
use super::{Arrival, Parsed, Signature, Source};
use crate::sources::{Refusal, Request};

/// GitLab.
pub const SOURCE: Source = Source {
    name: "gitlab",
    signature: Some(Signature::Token("x-gitlab-token")),
    delivery: Some("idempotency-key"),
    parse,
};

fn parse(request: &Request<'_>, arrival: &Arrival<'_>) -> Result<Parsed, Refusal> {
    let body = super::body(request)?;
    let payload = Payload(&body);
    let kind =
        payload.some("object_kind").ok_or_else(|| Refusal::malformed("object_kind is required"))?;
    let report = match kind.as_str() {
        "deployment" => deployment(payload, arrival),
        "pipeline" => pipeline(payload, arrival),
        "push" | "tag_push" => push(payload, arrival),
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
    let subject = payload.text("project.path_with_namespace");
    let author = payload.first(&["user.username", "user_username", "user.name", "user_name"]);
    What { subject, author, ..What::new(kind, summary) }
}

/// How far something is by the word of its status; nothing where that is no news.
fn state(status: &str) -> Option<State> {
    match status {
        "running" => Some(State::Started),
        "success" => Some(State::Succeeded),
        "failed" | "canceled" => Some(State::Failed),
        _ => None,
    }
}

fn deployment(payload: Payload<'_>, arrival: &Arrival<'_>) -> Read {
    let id = payload.some("deployment_id").ok_or(Some("deployment_id"))?;
    let state = state(&payload.text("status")).ok_or(None)?;
    let environment = payload.text("environment");
    let version = payload.first(&["short_sha", "ref"]);
    let project = payload.text("project.path_with_namespace");
    let title = payload.line("commit_title");
    let summary = joined(&["Deploy", &project, &version, "to", &environment]);
    let summary = if title.is_empty() { summary } else { format!("{summary}: {title}") };
    let at = payload.instant("status_changed_at").unwrap_or(arrival.now);
    Ok(Report {
        key: format!("deployment/{id}"),
        state,
        at,
        started_at: None,
        services: Vec::new(),
        what: What {
            environment,
            version,
            url: payload.some("deployable_url"),
            diff_url: payload.some("commit_url"),
            ..what(payload, Kind::Deploy, summary)
        },
    })
}

fn pipeline(payload: Payload<'_>, arrival: &Arrival<'_>) -> Read {
    let of = |name: &str| format!("object_attributes.{name}");
    let id = payload.some(&of("id")).ok_or(Some("object_attributes.id"))?;
    let state = state(&payload.text(&of("status"))).ok_or(None)?;
    let reference = payload.text(&of("ref"));
    let is_tag = payload.at(&of("tag")) == Some(&Value::Bool(true));
    if !is_tag && reference != payload.text("project.default_branch") {
        return Err(None);
    }
    let version = payload.text(&of("sha"));
    let name = payload.text(&of("name"));
    let title = payload.first(&["commit.title", "commit.message"]);
    let title = title.lines().next().unwrap_or_default().to_owned();
    let named = if name.is_empty() { "Pipeline" } else { &name };
    let finished = payload.instant(&of("finished_at"));
    let started_at = payload.instant(&of("created_at"));
    let at = match state {
        State::Started => started_at,
        _ => finished,
    };
    let page = payload.some("project.web_url").map(|url| format!("{url}/-/pipelines/{id}"));
    let summary = joined(&[named, "on", &reference, short(&version), &title]);
    Ok(Report {
        key: format!("pipeline/{id}"),
        state,
        at: at.unwrap_or(arrival.now),
        started_at,
        services: Vec::new(),
        what: What {
            url: payload.some(&of("url")).or(page),
            diff_url: payload.some("commit.url"),
            version,
            ..what(payload, Kind::Other, summary)
        },
    })
}

fn push(payload: Payload<'_>, arrival: &Arrival<'_>) -> Read {
    let reference = payload.some("ref").ok_or(Some("ref"))?;
    let after = payload.some("after").ok_or(Some("after"))?;
    // Zeros stand for what is not there: the branch or tag was deleted.
    if after.bytes().all(|byte| byte == b'0') {
        return Err(None);
    }
    let name = match reference.strip_prefix("refs/heads/") {
        Some(branch) if branch == payload.text("project.default_branch") => branch,
        Some(_) => return Err(None),
        None => reference.strip_prefix("refs/tags/").ok_or(None)?,
    };
    let before = payload.text("before");
    let commits = payload.at("commits").and_then(Value::as_array);
    let last = commits.and_then(|commits| {
        commits.iter().find(|commit| commit["id"].as_str() == Some(&after)).or(commits.last())
    });
    let last = last.map(Payload);
    let title = last.map(|commit| commit.line("message")).unwrap_or_default();
    let compare = payload.some("project.web_url").map(|url| {
        if before.bytes().all(|byte| byte == b'0') {
            format!("{url}/-/commit/{after}")
        } else {
            format!("{url}/-/compare/{before}...{after}")
        }
    });
    let summary = joined(&["Push to", name, short(&after), &title]);
    Ok(Report {
        key: format!("push/{reference}/{after}"),
        state: State::Succeeded,
        at: arrival.now,
        started_at: None,
        services: Vec::new(),
        what: What {
            url: last.and_then(|commit| commit.some("url")),
            diff_url: compare,
            version: after,
            ..what(payload, Kind::Other, summary)
        },
    })
}
