//! Requests in the shapes that the tools document.

use jiff::Timestamp;
use muster_core::change::event::{Kind, State};
use muster_core::org::service::Mapping;
use muster_integrations::changes::{
    Arrival, CompiledMapping, argocd, flux, generic, github, gitlab, jenkins, pagerduty, terraform,
};
use muster_integrations::sources::Request;
use serde_json::{Value, json};

use super::{NOW, is_ignored, report, sent, sent_raw};

const SHA: &str = "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678";

fn t(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn repository() -> Value {
    json!({
        "full_name": "acme/checkout", "html_url": "https://github.com/acme/checkout",
        "default_branch": "main",
    })
}

fn deployment() -> Value {
    json!({
        "id": 145988746, "sha": SHA, "ref": "main", "task": "deploy", "environment": "production",
        "description": null, "creator": { "login": "ana" }, "created_at": "2026-11-21T08:30:00Z",
    })
}

#[test]
fn a_github_deployment_and_its_statuses_are_one_change() {
    let body = json!({
        "action": "created", "deployment": deployment(), "repository": repository(),
        "sender": { "login": "ana" },
    });
    let started = report(&github::SOURCE, &[("x-github-event", "deployment")], &body);
    assert_eq!((started.state, started.at), (State::Started, t("2026-11-21T08:30:00Z")));
    assert_eq!(started.what.kind, Kind::Deploy);
    assert_eq!(started.what.summary, "Deploy acme/checkout a1b2c3d4 to production");
    assert_eq!(started.what.subject, "acme/checkout");
    assert_eq!(
        (started.what.environment.as_str(), started.what.author.as_str()),
        ("production", "ana")
    );
    let commit = format!("https://github.com/acme/checkout/commit/{SHA}");
    assert_eq!(started.what.diff_url, Some(commit));

    let status = |state: &str| {
        json!({
            "action": "created", "deployment": deployment(), "repository": repository(),
            "deployment_status": {
                "id": 1, "state": state, "updated_at": "2026-11-21T08:40:00Z",
                "log_url": "https://ci.example.com/1",
            },
            "sender": { "login": "ana" },
        })
    };
    let headers = [("x-github-event", "deployment_status")];
    for (word, state) in
        [("in_progress", State::Started), ("success", State::Succeeded), ("failure", State::Failed)]
    {
        let told = report(&github::SOURCE, &headers, &status(word));
        assert_eq!((told.state, &told.key), (state, &started.key), "{word}");
        assert_eq!(told.what.url.as_deref(), Some("https://ci.example.com/1"));
        assert_eq!(told.progress().started_at, t("2026-11-21T08:30:00Z"));
    }
    is_ignored(&github::SOURCE, &headers, &status("inactive"));
}

#[test]
fn of_github_pushes_only_those_to_the_default_branch_and_of_tags_count() {
    let push = |reference: &str| {
        json!({
            "ref": reference, "before": "0".repeat(40), "after": SHA, "deleted": false,
            "compare": "https://github.com/acme/checkout/compare/1...2", "repository": repository(),
            "head_commit": { "id": SHA, "message": "Fix the cart\n\nIt was empty.", "url": "https://github.com/c/1" },
            "pusher": { "name": "bo" }, "sender": { "login": "bo" },
        })
    };
    let headers = [("x-github-event", "push")];
    let pushed = report(&github::SOURCE, &headers, &push("refs/heads/main"));
    assert_eq!(pushed.what.summary, "Push to main a1b2c3d4 Fix the cart");
    assert_eq!((pushed.what.author.as_str(), pushed.at), ("bo", t(NOW)));
    assert_eq!(
        pushed.what.diff_url.as_deref(),
        Some("https://github.com/acme/checkout/compare/1...2")
    );
    assert_eq!(report(&github::SOURCE, &headers, &push("refs/tags/v1")).what.version, SHA);
    is_ignored(&github::SOURCE, &headers, &push("refs/heads/feature"));
    let mut gone = push("refs/heads/main");
    gone["deleted"] = json!(true);
    is_ignored(&github::SOURCE, &headers, &gone);
    // A hook that is set to send forms wraps the same JSON.
    let form: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", &push("refs/heads/main").to_string())
        .finish();
    let kind = "application/x-www-form-urlencoded";
    let parsed = sent_raw(&github::SOURCE, &headers, kind, form.as_bytes()).unwrap();
    assert_eq!(parsed.reports, [pushed]);
}

#[test]
fn github_releases_runs_and_pings_are_told_apart() {
    let release = json!({
        "action": "published", "repository": repository(), "sender": { "login": "ana" },
        "release": {
            "id": 1, "tag_name": "v1.4", "name": "v1.4", "html_url": "https://github.com/r/1",
            "author": { "login": "ana" }, "published_at": "2026-11-21T08:00:00Z",
        },
    });
    let told = report(&github::SOURCE, &[("x-github-event", "release")], &release);
    assert_eq!(told.what.summary, "Release acme/checkout v1.4");
    let run = |action: &str, conclusion: Value, branch: &str| {
        json!({
            "action": action, "repository": repository(), "sender": { "login": "ana" },
            "workflow_run": {
                "id": 30433642, "name": "Deploy production", "head_branch": branch, "head_sha": SHA,
                "run_number": 562, "run_attempt": 1, "event": "push", "conclusion": conclusion,
                "html_url": "https://github.com/a/1", "display_title": "Fix the cart",
                "run_started_at": "2026-11-21T08:31:00Z", "updated_at": "2026-11-21T08:36:00Z",
                "actor": { "login": "ana" },
            },
        })
    };
    let headers = [("x-github-event", "workflow_run")];
    let begun = report(&github::SOURCE, &headers, &run("in_progress", Value::Null, "main"));
    let ended = report(&github::SOURCE, &headers, &run("completed", json!("failure"), "main"));
    assert_eq!((begun.state, ended.state), (State::Started, State::Failed));
    assert_eq!((&begun.key, begun.what.kind), (&ended.key, Kind::Deploy));
    is_ignored(&github::SOURCE, &headers, &run("completed", json!("success"), "feature"));
    is_ignored(&github::SOURCE, &headers, &run("completed", json!("skipped"), "main"));
    let ping = sent(&github::SOURCE, &[("x-github-event", "ping")], &json!({ "zen": "x" }));
    assert_eq!(ping.unwrap().reply.status, 200);
    is_ignored(&github::SOURCE, &[("x-github-event", "star")], &json!({}));
    assert!(sent(&github::SOURCE, &[], &json!({})).is_err(), "the event stands in a header");
}

#[test]
fn a_gitlab_deployment_is_read_with_its_own_spelling_of_time() {
    let body = |status: &str| {
        json!({
            "object_kind": "deployment", "status": status,
            "status_changed_at": "2026-11-21 09:35:00 +0100", "deployment_id": 15,
            "deployable_url": "https://gitlab.example.com/acme/checkout/-/jobs/796",
            "environment": "production", "environment_tier": "production", "ref": "main",
            "project": { "path_with_namespace": "acme/checkout", "web_url": "https://gitlab.example.com/acme/checkout" },
            "short_sha": "279484c0", "user": { "username": "ana", "name": "Ana" },
            "commit_url": "https://gitlab.example.com/acme/checkout/-/commit/279484c0",
            "commit_title": "Fix the cart",
        })
    };
    let told = report(&gitlab::SOURCE, &[], &body("success"));
    assert_eq!((told.state, told.at), (State::Succeeded, t("2026-11-21T08:35:00Z")));
    assert_eq!(told.what.summary, "Deploy acme/checkout 279484c0 to production: Fix the cart");
    assert_eq!(told.what.author, "ana");
    assert_eq!(report(&gitlab::SOURCE, &[], &body("running")).key, told.key);
    assert_eq!(report(&gitlab::SOURCE, &[], &body("canceled")).state, State::Failed);
    is_ignored(&gitlab::SOURCE, &[], &body("created"));
}

#[test]
fn gitlab_pipelines_pushes_and_tags_count_where_they_reach_people() {
    let project = json!({
        "path_with_namespace": "acme/checkout", "web_url": "https://gitlab.example.com/acme/checkout",
        "default_branch": "main",
    });
    let pipeline = |reference: &str, status: &str| {
        json!({
            "object_kind": "pipeline", "project": project, "user": { "username": "ana" },
            "object_attributes": {
                "id": 31, "ref": reference, "tag": false, "sha": SHA, "status": status,
                "created_at": "2026-11-21 08:20:00 UTC", "finished_at": "2026-11-21 08:25:00 UTC",
            },
            "commit": { "message": "Fix the cart\n", "url": "https://gitlab.example.com/c/1" },
        })
    };
    let told = report(&gitlab::SOURCE, &[], &pipeline("main", "success"));
    assert_eq!(told.progress().started_at, t("2026-11-21T08:20:00Z"));
    assert_eq!(told.progress().ended_at, Some(t("2026-11-21T08:25:00Z")));
    assert_eq!(told.what.summary, "Pipeline on main a1b2c3d4 Fix the cart");
    is_ignored(&gitlab::SOURCE, &[], &pipeline("feature", "success"));
    is_ignored(&gitlab::SOURCE, &[], &pipeline("main", "pending"));
    let push = |kind: &str, reference: &str, after: &str| {
        json!({
            "object_kind": kind, "before": "b".repeat(40), "after": after, "ref": reference,
            "user_username": "bo", "project": project,
            "commits": [{ "id": SHA, "message": "Fix the cart", "url": "https://gitlab.example.com/c/1" }],
        })
    };
    let told = report(&gitlab::SOURCE, &[], &push("push", "refs/heads/main", SHA));
    assert_eq!((told.what.author.as_str(), told.state), ("bo", State::Succeeded));
    assert!(
        told.what.diff_url.unwrap().ends_with(&format!("/-/compare/{}...{SHA}", "b".repeat(40)))
    );
    report(&gitlab::SOURCE, &[], &push("tag_push", "refs/tags/v1", SHA));
    is_ignored(&gitlab::SOURCE, &[], &push("push", "refs/heads/feature", SHA));
    is_ignored(&gitlab::SOURCE, &[], &push("tag_push", "refs/tags/v1", &"0".repeat(40)));
}

#[test]
fn argo_cd_may_send_the_application_whole_or_a_few_fields() {
    let whole = json!({ "app": {
        "metadata": { "name": "checkout" },
        "spec": {
            "source": { "repoURL": "https://github.com/acme/deploy.git" },
            "destination": { "namespace": "shop" },
        },
        "status": { "operationState": {
            "phase": "Succeeded", "startedAt": "2026-11-21T08:30:00Z", "finishedAt": "2026-11-21T08:31:00Z",
            "syncResult": { "revision": SHA }, "operation": { "initiatedBy": { "username": "ana" } },
        } },
    }});
    let told = report(&argocd::SOURCE, &[], &whole);
    assert_eq!((told.state, told.at), (State::Succeeded, t("2026-11-21T08:31:00Z")));
    assert_eq!(told.what.summary, "Sync checkout to a1b2c3d4");
    assert_eq!(told.what.diff_url, Some(format!("https://github.com/acme/deploy/commit/{SHA}")));
    let few = json!({
        "application": "checkout", "phase": "Running", "revision": SHA,
        "started_at": "2026-11-21T08:30:00Z", "url": "https://argocd.example.com/applications/checkout",
    });
    let begun = report(&argocd::SOURCE, &[], &few);
    assert_eq!((begun.state, &begun.key), (State::Started, &told.key));
    assert!(sent(&argocd::SOURCE, &[], &json!({ "application": "x" })).is_err());
}

#[test]
fn jenkins_tells_of_each_phase_of_a_build() {
    let build = |phase: &str, status: Value| {
        json!({
            "name": "deploy-checkout", "display_name": "Deploy checkout", "url": "job/deploy-checkout/",
            "build": {
                "full_url": "https://ci.example.com/job/deploy-checkout/18/", "number": 18,
                "phase": phase, "status": status, "timestamp": 1_795_250_000_000_i64, "duration": 60_000,
                "scm": { "url": "https://github.com/acme/checkout.git", "branch": "origin/main",
                         "commit": SHA, "culprits": ["ana"] },
                "parameters": { "environment": "production" },
            },
        })
    };
    let begun = report(&jenkins::SOURCE, &[], &build("STARTED", Value::Null));
    let ended = report(&jenkins::SOURCE, &[], &build("FINALIZED", json!("SUCCESS")));
    assert_eq!((begun.state, ended.state), (State::Started, State::Succeeded));
    assert_eq!((&begun.key, ended.what.author.as_str()), (&ended.key, "ana"));
    assert_eq!(ended.what.summary, "Deploy checkout #18 origin/main a1b2c3d4");
    assert_eq!(ended.what.kind, Kind::Deploy);
    let failed = report(&jenkins::SOURCE, &[], &build("COMPLETED", json!("ABORTED")));
    assert_eq!(failed.state, State::Failed);
    is_ignored(&jenkins::SOURCE, &[], &build("QUEUED", Value::Null));
    assert!(sent(&jenkins::SOURCE, &[], &json!({ "name": "x" })).is_err());
}

#[test]
fn flux_reports_what_it_applies() {
    let event = |kind: &str, severity: &str, reason: &str| {
        json!({
            "involvedObject": { "kind": kind, "namespace": "shop", "name": "checkout", "uid": "1",
                                "apiVersion": "kustomize.toolkit.fluxcd.io/v1" },
            "metadata": { "kustomize.toolkit.fluxcd.io/revision": "main@sha1:a1b2c3d4" },
            "severity": severity, "reason": reason, "message": "Reconciliation finished in 2s",
            "reportingController": "kustomize-controller", "timestamp": "2026-11-21T08:30:00Z",
        })
    };
    let told =
        report(&flux::SOURCE, &[], &event("Kustomization", "info", "ReconciliationSucceeded"));
    assert_eq!((told.state, told.what.subject.as_str()), (State::Succeeded, "checkout"));
    assert_eq!(told.what.version, "main@sha1:a1b2c3d4");
    let begun = report(&flux::SOURCE, &[], &event("Kustomization", "info", "Progressing"));
    assert_eq!((begun.state, &begun.key), (State::Started, &told.key));
    let failed = report(&flux::SOURCE, &[], &event("HelmRelease", "error", "UpgradeFailed"));
    assert_eq!(failed.state, State::Failed);
    let back = report(&flux::SOURCE, &[], &event("HelmRelease", "info", "RollbackSucceeded"));
    assert_eq!(back.state, State::RolledBack);
    is_ignored(&flux::SOURCE, &[], &event("GitRepository", "info", "NewArtifact"));
}

#[test]
fn terraform_is_answered_when_it_asks_and_heard_when_it_applies() {
    let run = |trigger: &str, status: &str| {
        json!({
            "payload_version": 1, "notification_configuration_id": "nc-1",
            "run_url": "https://app.terraform.io/app/acme/network/runs/run-1", "run_id": "run-1",
            "run_message": "Widen the subnet", "run_created_at": "2026-11-21T08:00:00.000Z",
            "run_created_by": "ana", "workspace_id": "ws-1", "workspace_name": "network",
            "organization_name": "acme",
            "notifications": [{ "message": "x", "trigger": trigger, "run_status": status,
                                "run_updated_at": "2026-11-21T08:30:00.000Z", "run_updated_by": "ana" }],
        })
    };
    let asked = json!({ "payload_version": 1, "run_url": null, "run_id": null, "notifications": [
        { "message": "Verification of production", "trigger": "verification", "run_status": null }
    ]});
    assert_eq!(sent(&terraform::SOURCE, &[], &asked).unwrap().reply.status, 200);
    let begun = report(&terraform::SOURCE, &[], &run("run:applying", "applying"));
    let ended = report(&terraform::SOURCE, &[], &run("run:completed", "applied"));
    assert_eq!((begun.state, ended.state), (State::Started, State::Succeeded));
    assert_eq!((&begun.key, ended.what.kind), (&ended.key, Kind::Infrastructure));
    assert_eq!(ended.what.summary, "Apply network Widen the subnet");
    is_ignored(&terraform::SOURCE, &[], &run("run:completed", "planned_and_finished"));
    is_ignored(&terraform::SOURCE, &[], &run("run:needs_attention", "planned"));
}

#[test]
fn a_pagerduty_change_event_needs_a_summary_and_is_answered_in_kind() {
    let event = json!({
        "routing_key": "k", "payload": {
            "summary": "Build Success: Increase snapshot create timeout", "source": "acme-build",
            "timestamp": "2026-11-21T08:17:54.000Z", "custom_details": { "environment": "production" },
        },
        "links": [{ "href": "https://acme.pagerduty.dev/build/2", "text": "View more details" },
                  { "href": "https://github.com/acme/x/compare/1...2" }],
    });
    let parsed = sent(&pagerduty::SOURCE, &[], &event).unwrap();
    assert_eq!(parsed.reply.status, 202);
    let answer: Value = serde_json::from_str(&parsed.reply.body).unwrap();
    assert_eq!(answer, json!({ "status": "success", "message": "Change event processed" }));
    let told = &parsed.reports[0];
    assert_eq!((told.state, told.at), (State::Succeeded, t("2026-11-21T08:17:54Z")));
    assert_eq!(told.what.url.as_deref(), Some("https://acme.pagerduty.dev/build/2"));
    assert_eq!(told.what.diff_url.as_deref(), Some("https://github.com/acme/x/compare/1...2"));
    for wrong in [
        json!({ "routing_key": "k" }),
        json!({ "payload": { "source": "x" } }),
        json!({ "payload": { "summary": "x".repeat(1_025) } }),
        json!({ "payload": { "summary": "x", "timestamp": "yesterday" } }),
    ] {
        assert!(sent(&pagerduty::SOURCE, &[], &wrong).is_err(), "{wrong}");
    }
}

#[test]
fn anything_else_is_read_by_common_names_or_by_a_mapping() {
    let plain = json!({
        "summary": "Checkout flag on", "kind": "feature_flag", "status": "completed",
        "service": ["checkout", "search"], "user": "ana", "diff": "https://flags.example.com/1",
    });
    let told = report(&generic::SOURCE, &[], &plain);
    assert_eq!((told.what.kind, told.state), (Kind::Flag, State::Succeeded));
    assert_eq!(told.services, ["checkout", "search"]);
    assert!(sent(&generic::SOURCE, &[], &json!({ "kind": "flag" })).is_err(), "no summary");
    assert!(sent(&generic::SOURCE, &[], &json!({ "summary": "x", "state": "who knows" })).is_err());

    let fields = vec![
        ("summary".to_owned(), "body.flag.name + ' is ' + body.flag.to".to_owned()),
        ("kind".to_owned(), "'flag'".to_owned()),
        ("service".to_owned(), "body.flag.owner".to_owned()),
    ];
    let mapping = CompiledMapping::new(&Mapping { fields }).unwrap();
    let body =
        json!({ "flag": { "name": "new cart", "to": "on", "owner": "checkout" } }).to_string();
    let request = Request {
        query: "",
        headers: &[],
        content_type: "application/json",
        body: body.as_bytes(),
    };
    let arrival = Arrival { now: t(NOW), chance: [7; 10], mapping: &mapping };
    let parsed = (generic::SOURCE.parse)(&request, &arrival).unwrap();
    assert_eq!(parsed.reports[0].what.summary, "new cart is on");
    assert_eq!(parsed.reports[0].services, ["checkout"]);
    let wrong = Mapping { fields: vec![("sumary".to_owned(), "body".to_owned())] };
    assert!(CompiledMapping::new(&wrong).unwrap_err()[0].reason.contains("is not a field"));
}
