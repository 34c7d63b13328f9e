//! Who gets in, and who may do what.

use jiff::SignedDuration;
use muster_server::api;
use serde_json::json;

use crate::harness::{PASSWORD, World, on_both_stores};

/// The routes that are open to everybody.
const DOORS: [(&str, &str); 2] = [("POST", "/session"), ("DELETE", "/session")];
/// What a stakeholder may do besides reading.
const OF_STAKEHOLDERS: [(&str, &str); 8] = [
    ("POST", "/incidents"),
    ("POST", "/status-pages/{name}/subscribers"),
    ("POST", "/changes/{change}/approve"),
    ("POST", "/changes/{change}/reject"),
    ("POST", "/changes/exceptions/{exception}/agree"),
    ("POST", "/changes/exceptions/{exception}/reject"),
    ("POST", "/changes/exceptions/{exception}/withdraw"),
    ("POST", "/changes/replay"),
];
/// What a stakeholder may not even read.
const HIDDEN_FROM_STAKEHOLDERS: [&str; 19] = [
    "/alerts",
    "/alerts/{id}",
    "/alerts/{id}/messages",
    "/incidents/{incident}/alerts",
    "/messages",
    "/tokens",
    "/audit",
    "/system",
    "/config/export",
    "/maintenance",
    "/heartbeats",
    "/readiness",
    "/providers",
    "/webhooks",
    "/{collection}/{name}/document",
    "/{collection}/{name}/history",
    "/{collection}/{name}/history/{revision}",
    "/watch",
    "/status-pages/{name}/subscribers",
];

/// Every route with something in the place of its parameters.
fn walk() -> Vec<(&'static str, String, String)> {
    let fill = |part: &str| if part.starts_with('{') { "x".to_owned() } else { part.to_owned() };
    api::routes()
        .needs()
        .into_iter()
        .map(|(method, path, _)| {
            let filled: Vec<_> = path.split('/').map(fill).collect();
            (method, format!("/api/v1{}", filled.join("/")), path)
        })
        .collect()
}

#[tokio::test]
async fn every_route_asks_who_is_there() {
    on_both_stores(async |world| {
        let routes = walk();
        assert!(routes.len() > 30, "the walk sees the routes");
        for (method, url, path) in &routes {
            let status = world.anybody().status(method, url).await;
            let is_door = DOORS.contains(&(method, path.as_str()));
            assert_eq!(status == 401, !is_door, "{method} {path} answered {status}");
        }
        let doors = routes.iter().filter(|(method, _, path)| DOORS.contains(&(*method, path)));
        assert_eq!(doors.count(), DOORS.len());
    })
    .await;
}

#[tokio::test]
async fn a_stakeholder_reads_and_reports_and_nothing_else() {
    on_both_stores(async |world| {
        let client = world.with_role("stakeholder");
        for (method, url, path) in walk() {
            let route = (method, path.as_str());
            let status = client.status(method, &url).await;
            let hidden = HIDDEN_FROM_STAKEHOLDERS.contains(&path.as_str());
            let may = match method {
                "GET" => !hidden,
                _ => DOORS.contains(&route) || OF_STAKEHOLDERS.contains(&route),
            };
            assert_ne!(status, 401, "{method} {path}");
            if !may {
                assert_eq!(status, 403, "{method} {path}");
            } else if !path.contains('{') {
                assert_ne!(status, 403, "{method} {path}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn somebody_signs_in_by_name_or_address_and_out_again() {
    on_both_stores(async |world| {
        world.give_password("ana").await;
        let session = world.browser("ana").await.read("/api/v1/session").await;
        assert_eq!(session["user"]["name"], "ana");
        assert_eq!(session["user"]["role"], "responder");
        assert_eq!(session["user"]["timezone"], "Europe/Berlin");
        assert_eq!(session["organization"]["name"], "Shop");

        let browser = world.browser("ANA@example.com").await;
        let out = browser.delete("/api/v1/session").await;
        assert_eq!(out.status, 204);
        assert!(out.header("set-cookie").contains("Max-Age=0"));
        assert_eq!(browser.get("/api/v1/session").await.status, 401);
    })
    .await;
}

#[tokio::test]
async fn the_cookie_is_for_this_site_and_no_script() {
    on_both_stores(async |world| {
        world.give_password("ana").await;
        let body = json!({ "name": "ana", "password": PASSWORD });
        let answer = world.anybody().post("/api/v1/session", body).await;
        let cookie = answer.header("set-cookie");
        assert!(cookie.starts_with("muster_session="), "{cookie}");
        assert!(cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Lax"), "{cookie}");
    })
    .await;
}

async fn try_password(world: &World, name: &str, password: &str, from: &str) -> (u16, String) {
    let body = json!({ "name": name, "password": password });
    let client = world.anybody().with("x-forwarded-for", from);
    let answer = client.post("/api/v1/session", body).await;
    (answer.status, answer.header("retry-after").to_owned())
}

#[tokio::test]
async fn guessing_is_slowed_where_it_comes_from_and_nowhere_else() {
    on_both_stores(async |world| {
        world.give_password("ana").await;
        let mut refused = Vec::new();
        for _ in 0..6 {
            refused.push(try_password(world, "ana", "wrong", "192.0.2.1").await.0);
        }
        assert_eq!(refused, [401, 401, 401, 401, 429, 429]);
        let (status, retry_after) = try_password(world, "ana", PASSWORD, "192.0.2.1").await;
        assert_eq!((status, retry_after.as_str()), (429, "1"));
        assert_eq!(try_password(world, "ana", PASSWORD, "198.51.100.7").await.0, 200);
        world.advance(SignedDuration::from_secs(1)).await;
        assert_eq!(try_password(world, "ana", PASSWORD, "192.0.2.1").await.0, 200);
    })
    .await;
}

#[tokio::test]
async fn nobody_learns_who_exists() {
    on_both_stores(async |world| {
        world.give_password("ana").await;
        let sign_in = async |name: &str| {
            let body = json!({ "name": name, "password": "wrong" });
            world.anybody().post("/api/v1/session", body).await.problem(401)
        };
        assert_eq!(sign_in("ana").await, sign_in("zoe").await);
        assert_eq!(sign_in("bo").await, sign_in("").await);
    })
    .await;
}

#[tokio::test]
async fn a_foreign_page_cannot_act_with_somebodys_cookie() {
    on_both_stores(async |world| {
        world.give_password("ana").await;
        let browser = world.browser("ana").await;
        let title = json!({ "title": "Nobody can check out" });
        let ours = browser.post("/api/v1/incidents", title.clone()).await;
        assert_eq!(ours.status, 201, "{}", ours.text);

        let origins = ["https://evil.example", "null", "http://127.0.0.1:1"];
        for origin in origins {
            let foreign = browser.clone().without("origin").with("origin", origin);
            let answer = foreign.post("/api/v1/incidents", title.clone()).await;
            assert!(answer.problem(403).contains("pages"), "{origin}");
            assert_eq!(foreign.get("/api/v1/session").await.status, 200, "reading is safe");
        }
        let without = browser.clone().without("origin");
        without.post("/api/v1/incidents", title.clone()).await.problem(403);

        // A foreign page may not sign somebody in as somebody else either.
        let body = json!({ "name": "ana", "password": PASSWORD });
        let foreign = world.anybody().with("origin", "https://evil.example");
        foreign.post("/api/v1/session", body).await.problem(403);
    })
    .await;
}

#[tokio::test]
async fn a_token_is_shown_once_and_opens_until_it_is_revoked() {
    on_both_stores(async |world| {
        let admin = world.admin();
        let wanted = json!({ "name": "ci", "role": "responder" });
        let created = admin.post("/api/v1/tokens", wanted.clone()).await;
        assert_eq!(created.status, 201, "{}", created.text);
        let created = created.json();
        let secret = created["token"].as_str().unwrap();
        assert!(secret.starts_with("mst_") && secret.len() >= 47, "256 bits");
        admin.post("/api/v1/tokens", wanted).await.problem(409);

        let list = admin.get("/api/v1/tokens").await;
        assert!(!list.text.contains(secret));
        let named = |item: &serde_json::Value| item["name"] == "ci";
        assert!(list.json()["items"].as_array().unwrap().iter().any(named));

        let ci = world.anybody().with("authorization", &format!("bearer {secret}"));
        assert_eq!(ci.get("/api/v1/incidents").await.status, 200);
        ci.get("/api/v1/tokens").await.problem(403);
        let path = format!("/api/v1/tokens/{}", created["id"].as_str().unwrap());
        assert_eq!(admin.delete(&path).await.status, 204);
        ci.get("/api/v1/incidents").await.problem(401);
        admin.delete(&path).await.problem(404);
    })
    .await;
}

#[tokio::test]
async fn a_token_expires() {
    on_both_stores(async |world| {
        let wanted =
            json!({ "name": "brief", "role": "admin", "expires_at": "2026-11-21T04:00:00Z" });
        let created = world.admin().post("/api/v1/tokens", wanted).await.json();
        let secret = format!("Bearer {}", created["token"].as_str().unwrap());
        let brief = world.anybody().with("authorization", &secret);
        assert_eq!(brief.get("/api/v1/incidents").await.status, 200);
        world.advance(SignedDuration::from_hours(1)).await;
        brief.get("/api/v1/incidents").await.problem(401);
    })
    .await;
}

#[tokio::test]
async fn a_person_changes_their_own_password_with_the_present_one_only() {
    on_both_stores(async |world| {
        world.give_password("ana").await;
        let here = world.browser("ana").await;
        let elsewhere = world.browser("ana").await;
        let path = "/api/v1/users/ana/password";
        here.put(path, json!({ "password": "another good one" })).await.problem(400);
        let wrong = json!({ "password": "another good one", "current": "wrong" });
        here.put(path, wrong).await.problem(400);
        let short = json!({ "password": "short", "current": PASSWORD });
        assert!(here.put(path, short).await.problem(400).contains("at least 8"));
        let right = json!({ "password": "another good one", "current": PASSWORD });
        assert_eq!(here.put(path, right.clone()).await.status, 204);
        assert_eq!(here.get("/api/v1/session").await.status, 200);
        assert_eq!(elsewhere.get("/api/v1/session").await.status, 401, "other sessions end");
        here.put("/api/v1/users/bo/password", right).await.problem(403);
        assert_eq!(try_password(world, "ana", PASSWORD, "192.0.2.9").await.0, 401);
    })
    .await;
}

#[tokio::test]
async fn an_open_browser_is_no_place_to_guess_a_password() {
    on_both_stores(async |world| {
        world.give_password("ana").await;
        let browser = world.browser("ana").await;
        let guess = json!({ "password": "another good one", "current": "a guess" });
        let mut refused = Vec::new();
        for _ in 0..5 {
            refused.push(browser.put("/api/v1/users/ana/password", guess.clone()).await.status);
        }
        assert_eq!(refused, [400, 400, 400, 400, 429]);
        assert_eq!(try_password(world, "ana", PASSWORD, "192.0.2.9").await.0, 200);
    })
    .await;
}

#[tokio::test]
async fn what_was_done_stands_in_the_audit_log() {
    on_both_stores(async |world| {
        world.give_password("ana").await;
        let browser = world.browser("ana").await;
        browser.post("/api/v1/incidents", json!({ "title": "Smoke" })).await;
        let log = world.admin().read("/api/v1/audit").await;
        let actions: Vec<_> = log["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| (item["action"].as_str().unwrap(), item["actor"].as_str()))
            .collect();
        assert!(actions.contains(&("session.open", Some("ana"))), "{actions:?}");
        assert!(actions.contains(&("incident.transition", Some("ana"))), "{actions:?}");
        assert!(actions.contains(&("password.set", None)), "{actions:?}");
        assert!(!log.to_string().contains(PASSWORD));
    })
    .await;
}
