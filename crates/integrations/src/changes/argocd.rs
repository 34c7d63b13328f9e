//! Argo CD notifications. What they send is a template that the operator writes, so either the whole
//! application (`{"app": {{toJson .app}}}`) or the few fields of the template in the guide are read.
//! Argo CD does not sign. See argo-cd.readthedocs.io, "Notifications".

use muster_core::change::event::{Kind, Report, State, What};

use super::payload::{Payload, joined, short};
use super::{Arrival, Parsed, Source};
use crate::sources::{Refusal, Request};

/// Argo CD notifications.
pub const SOURCE: Source = Source { name: "argocd", signature: None, delivery: None, parse };

fn parse(request: &Request<'_>, arrival: &Arrival<'_>) -> Result<Parsed, Refusal> {
    let body = super::body(request)?;
    let payload = Payload(&body);
    let application = payload.first(&["app.metadata.name", "application"]);
    if application.is_empty() {
        return Err(Refusal::malformed("application is required, or the whole app"));
    }
    let operation = |name: &str| format!("app.status.operationState.{name}");
    let phase = payload.first(&[&operation("phase"), "phase"]);
    let state = match phase.to_lowercase().as_str() {
        "running" | "terminating" => State::Started,
        "succeeded" => State::Succeeded,
        "failed" | "error" => State::Failed,
        _ => return Err(Refusal::malformed("phase must be Running, Succeeded, Failed or Error")),
    };
    let revision = payload.first(&[
        &operation("syncResult.revision"),
        "app.status.sync.revision",
        &operation("operation.sync.revision"),
        "revision",
    ]);
    let started_at = payload.first_instant(&[&operation("startedAt"), "started_at"]);
    let finished_at = payload.first_instant(&[&operation("finishedAt"), "finished_at"]);
    let at = match state {
        State::Started => started_at,
        _ => finished_at,
    };
    let namespace = payload.first(&["app.spec.destination.namespace", "environment"]);
    let repository = payload.first(&["app.spec.source.repoURL", "repository"]);
    // Each sync has its own beginning; without one, a revision is one change.
    let begun = started_at.map(|at| at.to_string()).unwrap_or_default();
    let page = payload.first(&["url"]);
    let author = payload.first(&[&operation("operation.initiatedBy.username"), "author"]);
    let summary = joined(&["Sync", &application, "to", short(&revision)]);
    let report = Report {
        key: format!("{application}/{revision}/{begun}"),
        state,
        at: at.unwrap_or(arrival.now),
        started_at,
        services: Vec::new(),
        what: What {
            subject: application,
            environment: namespace,
            diff_url: commit_page(&repository, &revision),
            version: revision,
            author,
            url: Some(page).filter(|page| !page.is_empty()),
            ..What::new(Kind::Deploy, summary)
        },
    };
    Ok(Parsed::of(vec![report], arrival.now))
}

/// Where a forge shows a commit of a repository that is fetched by this address.
pub(super) fn commit_page(repository: &str, commit: &str) -> Option<String> {
    let base = repository.strip_suffix(".git").unwrap_or(repository).trim_end_matches('/');
    let is_commit = commit.len() >= 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    (base.starts_with("https://") && is_commit).then(|| format!("{base}/commit/{commit}"))
}
