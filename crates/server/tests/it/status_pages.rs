//! Status pages (`U5`, `U1`): what an audience is told appears on its pages in public words, with the
//! state of components, planned work and the days behind; and nothing internal ever does.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Client, World, on_both_stores};

const UPDATES: &str = "/api/v1/incidents/1/updates";
const SUMMARY: &str = "/api/v1/status-pages/shop/summary";

/// A public page of paying and searching, a private one of everything that changes by itself.
const PAGES: &str = r#"
status_pages:
  - name: shop
    slug: shop-status
    title: Shop & friends
    description: How the shop is.
    timezone: Europe/Berlin
    components:
      - { name: Paying, group: Shop, description: Cards and vouchers., services: [checkout] }
      - { name: Searching, group: Shop, services: [search] }
      - { name: Forum }
  - name: inside
    title: Inside
    visibility: private
    automatic: true
    components: [ { name: Checkout service, services: [checkout] }, { name: Search service, services: [search] } ]
"#;

pub async fn configure(world: &World, more: &str) {
    let admin = world.admin();
    let text = admin.get("/api/v1/config/export").await.text;
    let text = format!("{text}{PAGES}{more}");
    let answer = admin.send(Method::POST, "/api/v1/config/apply", text).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// Trouble with checkout, said in words that nobody outside should read.
pub async fn declare(world: &World) {
    let report = json!({ "title": "Oracle RAC node 3 is on fire", "service": "checkout" });
    assert_eq!(world.admin().post("/api/v1/incidents", report).await.status, 201);
    world.settle().await;
}

pub async fn tell(client: &Client<'_>, body: Value) -> Answer {
    let answer = client.post(UPDATES, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer
}

fn states(summary: &Value) -> Vec<&str> {
    let components = summary["components"].as_array().unwrap().iter();
    components.map(|one| one["state"].as_str().unwrap()).collect()
}

async fn page(world: &World, path: &str) -> String {
    let answer = world.anybody().get(path).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.text
}

#[tokio::test]
async fn an_update_for_customers_is_on_their_page_until_it_is_over() {
    on_both_stores(async |world: &World| {
        configure(world, "").await;
        declare(world).await;
        let (admin, anybody) = (world.admin(), world.anybody());
        let calm = anybody.read(SUMMARY).await;
        assert_eq!(states(&calm), ["operational"; 3], "nobody published anything yet");
        assert_eq!(calm["headline"], "Everything works");

        let before = admin.read(UPDATES).await;
        let external = before["audiences"].as_array().unwrap();
        let external = external.iter().find(|one| one["audience"] == "external").unwrap();
        let shown = &external["status_pages"][0];
        assert_eq!((&shown["name"], &shown["published"]), (&json!("shop"), &json!(false)));
        assert_eq!(shown["public_title"], "Trouble with Paying");
        assert_eq!(external["stage"], "investigating");

        tell(&admin, json!({ "audience": "external", "text": "Cards are refused." })).await;
        let shown = anybody.read(SUMMARY).await;
        assert_eq!(states(&shown), ["major_outage", "operational", "operational"]);
        let incident = &shown["incidents"][0];
        assert_eq!(incident["title"], "Trouble with Paying");
        assert_eq!(incident["components"], json!(["Paying"]));
        assert_eq!(
            (&incident["stage"], &incident["ended_at"]),
            (&json!("investigating"), &Value::Null)
        );
        let html = page(world, "/status/shop-status").await;
        assert!(html.contains("Cards are refused.") && html.contains("Major outage"), "{html}");

        world.advance(SignedDuration::from_mins(30)).await;
        let named = json!({ "audience": "external", "text": "It is the card company.",
            "title": "Cards are refused", "stage": "identified" });
        tell(&admin, named).await;
        world.advance(SignedDuration::from_mins(30)).await;
        let watched =
            json!({ "audience": "external", "text": "Cards work.", "stage": "monitoring" });
        tell(&admin, watched).await;
        let shown = anybody.read(SUMMARY).await;
        assert_eq!(states(&shown), ["operational"; 3], "what is watched works again");
        assert_eq!(shown["incidents"][0]["title"], "Cards are refused", "a chosen title stays");
        assert_eq!(
            shown["components"][0]["days"],
            json!([{ "date": "2026-11-21", "state": "major_outage" }])
        );

        assert_eq!(admin.post("/api/v1/incidents/1/resolve", json!({})).await.status, 200);
        let over = anybody.read(SUMMARY).await;
        let incident = &over["incidents"][0];
        assert_eq!(
            (&incident["stage"], incident["ended_at"].is_string()),
            (&json!("resolved"), true)
        );
        let said = incident["updates"].as_array().unwrap().iter();
        let said: Vec<_> = said
            .map(|one| (one["stage"].as_str().unwrap(), one["text"].as_str().unwrap()))
            .collect();
        assert_eq!(
            said,
            [
                ("monitoring", "Cards work."),
                ("identified", "It is the card company."),
                ("investigating", "Cards are refused.")
            ]
        );
        assert!(page(world, "/status/shop-status").await.contains("Cards are refused"));

        world.advance(SignedDuration::from_hours(24 * 15)).await;
        let html = page(world, "/status/shop-status").await;
        assert!(html.contains("None in the last 14 days") && html.contains("21 Nov: major outage"));
        let history = page(world, "/status/shop-status/history").await;
        assert!(history.contains("It is the card company."));
        world.advance(SignedDuration::from_hours(24 * 77)).await;
        let forgotten = anybody.read(SUMMARY).await;
        assert_eq!(
            (&forgotten["incidents"], &forgotten["components"][0]["days"]),
            (&json!([]), &json!([]))
        );
    })
    .await;
}

#[tokio::test]
async fn nothing_internal_and_no_markup_comes_out_of_a_status_page() {
    on_both_stores(async |world: &World| {
        configure(world, "").await;
        declare(world).await;
        let admin = world.admin();
        let evil = "<script>alert(1)</script> & \"quotes\" </title><img src=x>";
        let update = json!({ "audience": "external", "text": evil, "title": evil });
        tell(&admin, update).await;
        let internal = json!({ "audience": "internal", "text": "Ana reboots rac3." });
        tell(&admin, internal).await;
        let window = json!({ "reason": "swap the blade in rac3", "services": ["checkout"],
            "from": "2026-11-21T20:00:00Z", "for": "1h", "public_title": "<b>New</b> machines" });
        assert_eq!(admin.post("/api/v1/maintenance", window).await.status, 201);
        let all = [
            "/status/shop-status",
            "/status/shop-status/history",
            "/status/shop-status/feed.xml",
            "/status/shop-status/summary.json",
            SUMMARY,
            "/api/v1/status-pages/shop/files",
        ];
        for path in all {
            let text = page(world, path).await;
            for secret in [
                "Oracle",
                "rac3",
                "blade",
                "Ana",
                "ana",
                "Root",
                "payments",
                "inc_",
                "/app/",
                "Checkout service",
            ] {
                assert!(!text.contains(secret), "{path} tells {secret}: {text}");
            }
            let is_markup = !path.ends_with("json") && !path.starts_with("/api");
            for markup in ["<script", "<img", "<b>"] {
                assert!(!(is_markup && text.contains(markup)), "{path}: {text}");
            }
        }
        let feed = page(world, "/status/shop-status/feed.xml").await;
        assert!(feed.contains("<![CDATA[&#60;script&#62;"), "{feed}");
        let html = page(world, "/status/shop-status").await;
        assert!(
            html.contains("&#60;script&#62;alert(1)") || html.contains("&lt;script&gt;"),
            "{html}"
        );
        assert!(html.contains("Shop &amp; friends") || html.contains("Shop &#38; friends"));

        let exercise = json!({ "title": "Drill", "service": "search", "practice": true });
        assert_eq!(admin.post("/api/v1/incidents", exercise).await.status, 201);
        let update = json!({ "audience": "external", "text": "Only a drill." });
        let answer = admin.post("/api/v1/incidents/2/updates", update).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(!page(world, SUMMARY).await.contains("drill"), "exercises are told to nobody");
    })
    .await;
}

#[tokio::test]
async fn a_private_page_is_for_whoever_is_signed_in_and_may_change_by_itself() {
    on_both_stores(async |world: &World| {
        configure(world, "").await;
        declare(world).await;
        let (anybody, sam) = (world.anybody(), world.with_role("stakeholder"));
        for path in ["/status/inside", "/status/inside/history", "/status/inside/feed.xml"] {
            let refused = anybody.get(path).await;
            assert_eq!(refused.status, 303, "{path}");
            assert!(refused.header("location").starts_with("/sign-in?next=%2Fstatus%2Finside"));
        }
        assert_eq!(anybody.get("/api/v1/status-pages/inside/summary").await.status, 401);
        assert_eq!(anybody.get("/api/v1/status-pages/nothing/summary").await.status, 401);
        assert_eq!(anybody.get("/api/v1/status-pages").await.status, 401);
        assert_eq!(anybody.get("/status/nothing").await.status, 404);
        let list = anybody.get("/status").await;
        assert_eq!(list.header("location"), "/status/shop-status", "the only one for everybody");
        assert!(sam.get("/status").await.text.contains("/status/inside"));

        let summary = sam.read("/api/v1/status-pages/inside/summary").await;
        assert_eq!(states(&summary), ["major_outage", "operational"], "nobody had to publish it");
        assert_eq!(summary["incidents"], json!([]));
        assert_eq!(summary["headline"], "Important things do not work");
        let answer = sam.get("/status/inside").await;
        assert_eq!(answer.header("cache-control"), "private, no-cache");
        assert!(answer.text.contains("noindex"));

        let admin = world.admin();
        let change = json!({ "severity": 4, "reason": "not that bad" });
        assert_eq!(admin.post("/api/v1/incidents/1/severity", change).await.status, 200);
        let summary = sam.read("/api/v1/status-pages/inside/summary").await;
        assert_eq!(states(&summary), ["operational"; 2], "severity 4 is not shown");
        let pages = sam.read("/api/v1/status-pages").await;
        let audiences: Vec<_> =
            pages["items"].as_array().unwrap().iter().map(|one| &one["audiences"]).collect();
        assert_eq!(audiences, [&json!(["internal"]), &json!(["external"])]);
    })
    .await;
}

#[tokio::test]
async fn planned_work_shows_under_its_public_title_or_not_at_all() {
    on_both_stores(async |world: &World| {
        configure(world, "").await;
        let (admin, anybody) = (world.admin(), world.anybody());
        let plan = async |services: Value, title: Value, from: &str| {
            let window = json!({ "reason": "new disks", "services": services, "from": from,
                "for": "2h", "public_title": title });
            let answer = admin.post("/api/v1/maintenance", window).await;
            assert_eq!(answer.status, 201, "{}", answer.text);
            answer.json()["id"].as_str().unwrap().to_owned()
        };
        plan(json!(["checkout"]), Value::Null, "2026-11-21T05:00:00Z").await;
        let id = plan(json!(["search"]), json!("Faster search"), "2026-11-21T04:00:00Z").await;
        let shown = anybody.read(SUMMARY).await;
        let maintenance = shown["maintenance"].as_array().unwrap();
        assert_eq!(maintenance.len(), 1, "{shown}");
        assert_eq!(maintenance[0]["title"], "Faster search");
        assert_eq!(maintenance[0]["components"], json!(["Searching"]));
        assert_eq!(maintenance[0]["begun"], false);
        assert_eq!(states(&shown), ["operational"; 3]);
        let html = page(world, "/status/shop-status").await;
        assert!(html.contains("21 Nov 2026, 05:00 CET") && !html.contains("new disks"), "{html}");

        world.advance(SignedDuration::from_hours(1)).await;
        let shown = anybody.read(SUMMARY).await;
        assert_eq!(states(&shown), ["operational", "under_maintenance", "operational"]);
        assert_eq!(shown["headline"], "Planned work is going on");
        assert_eq!(
            admin.post(&format!("/api/v1/maintenance/{id}/end"), json!({})).await.status,
            200
        );
        world.advance(SignedDuration::from_secs(1)).await;
        let shown = anybody.read(SUMMARY).await;
        assert_eq!((states(&shown), &shown["maintenance"]), (vec!["operational"; 3], &json!([])));
        let long = "x".repeat(121);
        let window =
            json!({ "reason": "r", "services": ["search"], "for": "1h", "public_title": long });
        let refused = admin.post("/api/v1/maintenance", window).await;
        assert_eq!(refused.status, 400, "{}", refused.text);
    })
    .await;
}

#[tokio::test]
async fn a_page_is_light_and_loaded_again_only_when_it_has_changed() {
    on_both_stores(async |world: &World| {
        configure(world, "").await;
        declare(world).await;
        let (admin, anybody) = (world.admin(), world.anybody());
        for path in [
            "/status/shop-status",
            "/status/shop-status/feed.xml",
            "/status/shop-status/summary.json",
        ] {
            let first = anybody.get(path).await;
            assert_eq!(first.header("cache-control"), "public, max-age=15");
            let tag = first.header("etag").to_owned();
            let again = world.anybody().with("if-none-match", &format!("\"x\", W/{tag}"));
            let again = again.get(path).await;
            assert_eq!((again.status, again.text.as_str(), again.header("etag")), (304, "", &*tag));
            world.advance(SignedDuration::from_mins(31)).await;
            let later = world.anybody().with("if-none-match", &tag).get(path).await;
            assert_eq!(later.status, 304, "time alone changes nothing on {path}");
            tell(&admin, json!({ "audience": "external", "text": path })).await;
            let news = world.anybody().with("if-none-match", &tag).get(path).await;
            assert_eq!(news.status, 200);
        }
        let packed = world.anybody().with("accept-encoding", "gzip");
        let mut bytes = 0;
        for path in ["/status/shop-status", "/status/style.css"] {
            let answer = packed.request(Method::GET, path).send().await.unwrap();
            assert_eq!(answer.headers()["content-encoding"], "gzip", "{path}");
            bytes += answer.bytes().await.unwrap().len();
        }
        assert!(bytes < 14_000, "{bytes} bytes");
        let html = page(world, "/status/shop-status").await;
        assert!(!html.contains("<script") && !html.contains("style="), "{html}");
    })
    .await;
}

#[tokio::test]
async fn a_reviewed_update_keeps_its_public_title_and_a_late_one_is_told_where_it_is_shown() {
    on_both_stores(async |world: &World| {
        configure(world, "audiences: [ { name: external, reviewed: true } ]\n").await;
        declare(world).await;
        let admin = world.admin();
        assert_eq!(admin.post("/api/v1/incidents/1/acknowledge", json!({})).await.status, 200);
        let lead = json!({ "user": "ana" });
        assert_eq!(admin.post("/api/v1/incidents/1/roles/incident-lead", lead).await.status, 200);
        let named = json!({ "audience": "external", "text": "We look.", "title": "Cards fail",
            "stage": "identified", "next_in": "30m" });
        tell(&admin, named).await;
        let anybody = world.anybody();
        assert_eq!(anybody.read(SUMMARY).await["incidents"], json!([]), "it waits for review");
        let waiting = admin.read(UPDATES).await;
        let waiting = waiting["audiences"].as_array().unwrap();
        let waiting = waiting.iter().find(|one| one["audience"] == "external").unwrap();
        assert_eq!(waiting["in_review"]["title"], "Cards fail");
        let approve = format!("{UPDATES}/external/approve");
        let answer = world.with_role("responder").post(&approve, json!({})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let shown = anybody.read(SUMMARY).await;
        assert_eq!(
            (&shown["incidents"][0]["title"], &shown["incidents"][0]["stage"]),
            (&json!("Cards fail"), &json!("identified"))
        );

        world.advance(SignedDuration::from_mins(30)).await;
        let late = anybody.read(SUMMARY).await;
        let updates = late["incidents"][0]["updates"].as_array().unwrap();
        assert_eq!(updates.len(), 2);
        assert!(updates[0]["text"].as_str().unwrap().contains("is late"), "{late}");
        assert_eq!(updates[0]["stage"], "identified", "it has come no further");
    })
    .await;
}
