//! Heartbeat monitors over HTTP: pings by key and by name, with their verbs, pushes, and how each
//! stands.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{World, on_both_stores};

async fn with_monitor(world: &World) -> Value {
    let admin = world.admin();
    let export = admin.get("/api/v1/config/export").await.text.replace("heartbeats: []\n", "");
    let monitors = "heartbeats:\n  - { name: nightly backup, service: checkout, every: 1h }\n";
    let applied =
        admin.request(Method::POST, "/api/v1/config/apply").body(format!("{export}\n{monitors}"));
    let applied = applied.send().await.unwrap();
    assert_eq!(applied.status(), 200, "{}", applied.text().await.unwrap());
    shown(world).await["heartbeat"].clone()
}

async fn shown(world: &World) -> Value {
    world.with_role("responder").read("/api/v1/heartbeats/nightly%20backup").await
}

fn path(monitor: &Value, name: &str, world: &World) -> String {
    monitor[name].as_str().unwrap().strip_prefix(world.base()).unwrap().to_owned()
}

#[tokio::test]
async fn every_way_of_pinging_is_heard_and_answered_ok() {
    on_both_stores(async |world| {
        let monitor = with_monitor(world).await;
        assert_eq!(monitor["state"], "new");
        let (own, named) = (path(&monitor, "url", world), path(&monitor, "url_by_name", world));
        let anybody = world.anybody();
        for (method, address) in [
            (Method::GET, own.clone()),
            (Method::POST, format!("{own}/start?rid=run-1")),
            (Method::GET, format!("{own}/0?rid=run-1")),
            (Method::POST, format!("{own}/log")),
            (Method::GET, named.clone()),
            (Method::POST, format!("{named}/start")),
        ] {
            let answer = anybody.send(method, &address, "said").await;
            assert_eq!((answer.status, answer.text.as_str()), (200, "OK"), "{address}");
        }
        let head = anybody.send(Method::HEAD, &own, "").await;
        assert_eq!((head.status, head.text.as_str()), (200, ""));
        let shown = shown(world).await;
        assert_eq!(shown["heartbeat"]["state"], "up");
        let kinds: Vec<_> =
            shown["pings"].as_array().unwrap().iter().map(|ping| &ping["kind"]).collect();
        assert_eq!(kinds, ["success", "start", "success", "log", "success", "start", "success"]);
        assert_eq!(shown["pings"][4]["run"], "run-1");
        assert_eq!(shown["pings"][3]["note"], "said");
        let failed = anybody.get(&format!("{own}/17")).await;
        assert_eq!(failed.status, 200);
        world.settle().await;
        assert_eq!(world.phones.of("ana").len(), 1);
        let incidents = world.admin().read("/api/v1/incidents").await;
        assert_eq!(incidents["items"][0]["title"], "nightly backup says that it failed");
    })
    .await;
}

#[tokio::test]
async fn a_push_says_up_or_down() {
    on_both_stores(async |world| {
        let monitor = with_monitor(world).await;
        let push = path(&monitor, "push_url", world);
        let up = world.anybody().get(&format!("{push}?status=up&msg=OK&ping=12")).await;
        assert_eq!((up.status, up.json()), (200, json!({ "ok": true })));
        world.advance(SignedDuration::from_mins(10)).await;
        world.anybody().get(&format!("{push}?status=down&msg=no+route")).await;
        world.settle().await;
        let shown = shown(world).await;
        assert_eq!(
            (&shown["heartbeat"]["state"], &shown["pings"][0]["note"]),
            (&json!("down"), &json!("no route"))
        );
        let nobody = world.anybody().get("/api/push/00000000000000000000000000000000").await;
        assert_eq!((nobody.status, nobody.json()["ok"].clone()), (404, json!(false)));
    })
    .await;
}

#[tokio::test]
async fn a_wrong_key_a_wrong_word_and_a_wrong_method_change_nothing() {
    on_both_stores(async |world| {
        let monitor = with_monitor(world).await;
        let own = path(&monitor, "url", world);
        let anybody = world.anybody();
        let unknown = "/ping/11111111-2222-3333-4444-555555555555";
        assert_eq!(anybody.get(unknown).await.status, 404);
        assert_eq!(anybody.get("/ping/not-a-key/nightly%20backup").await.status, 404);
        assert_eq!(anybody.get(&format!("{own}/nonsense")).await.status, 400);
        assert_eq!(anybody.get(&format!("{own}/256")).await.status, 400);
        assert_eq!(anybody.delete(&own).await.status, 405);
        let large = anybody.send(Method::POST, &own, vec![b'x'; 200 * 1024]).await;
        assert_eq!(large.status, 413);
        assert_eq!(shown(world).await["pings"], json!([]));
        let looker = world.with_role("stakeholder").get("/api/v1/heartbeats").await;
        assert_eq!(looker.status, 403);
    })
    .await;
}

#[tokio::test]
async fn how_the_installation_watches_itself_is_shown_and_never_where_to() {
    on_both_stores(async |world| {
        let client = world.with_role("responder");
        let nothing = client.read("/api/v1/watch").await;
        assert_eq!(nothing, json!({ "sign_of_life": null, "canaries": [] }));
        world.phones.set("bo", 503);
        let url = world.phone("alive");
        let watch = format!(
            "watch: {{ url: \"{url}\", every: 1m, canaries: [ {{ user: bo, method: phone, every: 1h, within: 2m }} ] }}\n"
        );
        let applied = world.admin().send(Method::POST, "/api/v1/config/apply", watch).await;
        assert_eq!(applied.status, 200, "{}", applied.text);
        world.advance(SignedDuration::from_secs(1)).await;
        let shown = client.read("/api/v1/watch").await;
        assert!(!shown.to_string().contains("alive"), "the address is a secret: {shown}");
        let sign = &shown["sign_of_life"];
        assert_eq!((&sign["every_seconds"], &sign["trouble"]), (&json!(60), &json!(null)));
        assert_eq!(sign["last_ok_at"], sign["last_at"]);
        let canary = &shown["canaries"][0];
        assert_eq!((&canary["user"], &canary["method"]), (&json!("bo"), &json!("phone")));
        assert_eq!((&canary["on_its_way"], &canary["last_ok_at"]), (&json!(true), &json!(null)));
        // It is not accepted in time.
        world.advance(SignedDuration::from_mins(3)).await;
        let canary = client.read("/api/v1/watch").await["canaries"][0].clone();
        assert_eq!(canary["on_its_way"], false);
        let trouble = canary["trouble"].as_str().unwrap();
        assert!(trouble.contains("was not accepted in time"), "{trouble}");
        let monitor = canary["monitor"].as_str().unwrap();
        let path = format!("/api/v1/heartbeats/{}", monitor.replace('/', "%2F").replace(' ', "%20"));
        assert_eq!(client.read(&path).await["heartbeat"]["state"], "down");
        assert_eq!(world.with_role("responder").get("/api/v1/watch").await.status, 200);
        assert_eq!(world.anybody().get("/api/v1/watch").await.status, 401);
    })
    .await;
}
