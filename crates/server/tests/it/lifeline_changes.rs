//! What changed, on the pages without script (`X15`): a few lines for whoever was woken, of what they may
//! see, and no heavier than such a page may be.

use serde_json::json;

use crate::changes::{plan, staff};
use crate::harness::{Client, World, on_both_stores};
use crate::lifeline::{WEIGHT_BYTES_MAX, link, phone, style_of, weight};

async fn reported(world: &World, summary: &str, at: &str) -> String {
    let body = json!({
        "service": "checkout", "summary": summary, "ended_at": format!("2026-11-21T{at}:00Z"),
        "url": format!("https://ci.example.com/{}", summary.replace(' ', "-")),
    });
    let answer = world.with_role("responder").post("/api/v1/change-events", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()["id"].as_str().unwrap().to_owned()
}

/// The part of a page that says what changed.
async fn changed(client: &Client<'_>, path: &str) -> String {
    let page = client.get(path).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let part = page.text.split("<h2>What changed</h2>").nth(1).unwrap_or_default();
    part.split("<h2>").next().unwrap().to_owned()
}

#[tokio::test]
async fn whoever_is_woken_reads_what_changed_in_the_last_two_hours() {
    on_both_stores(async |world| {
        staff(world).await;
        let kim = world.browser("kim").await;
        let mut drafted = plan("deploy", 20);
        drafted["technician"] = json!("kim");
        assert_eq!(kim.post("/api/v1/changes", json!({ "plan": drafted })).await.status, 201);
        let excuse = json!({ "excuse": "The disks fill up" });
        assert_eq!(kim.post("/api/v1/changes/1/start", excuse).await.status, 200);
        reported(world, "too long ago", "00:30").await;
        let cart = reported(world, "new <cart>", "02:58").await;
        let index = reported(world, "new index", "02:40").await;
        assert_eq!(world.event("trigger", "disk", "critical").await.status, 202);
        world.settle().await;
        let path = link(world, "ana");
        let page = changed(&phone(world), &path).await;
        assert!(!page.contains("too long ago"), "{page}");
        let places: Vec<_> = ["CHG-1 Replace the core switches", "new &#60;cart&#62;", "new index"]
            .map(|what| page.find(what).unwrap_or_else(|| panic!("{what} in {page}")))
            .into();
        assert!(places.is_sorted(), "the most suspicious first: {page}");
        assert!(page.contains("href=\"/app/changes/1\""), "{page}");
        assert!(page.contains("href=\"https://ci.example.com/new-index\""), "{page}");
        assert!(page.contains("it ended 2m before; it is on the service itself"), "{page}");

        let mark = async |event: &str, mark: &str| {
            let path = format!("/api/v1/incidents/1/changes/{event}/mark");
            let answer = kim.put(&path, json!({ "mark": mark })).await;
            assert_eq!(answer.status, 204, "{}", answer.text);
        };
        mark(&index, "cause").await;
        mark(&cart, "ruled_out").await;
        let signed_in = changed(&kim, "/p/incident/1").await;
        assert!(signed_in.contains("<strong>· the cause</strong>"), "{signed_in}");
        assert!(!signed_in.contains("cart"), "{signed_in}");
        let places = ["new index", "CHG-1"].map(|what| signed_in.find(what).unwrap());
        assert!(places.is_sorted(), "what people found goes first: {signed_in}");
    })
    .await;
}

#[tokio::test]
async fn what_changed_is_a_few_lines_that_the_reader_may_see_and_weighs_little() {
    on_both_stores(async |world| {
        staff(world).await;
        let (ana, kim) = (world.browser("ana").await, world.browser("kim").await);
        let body = json!({ "title": "kryptonite", "service": "checkout", "severity": 2 });
        assert_eq!(ana.post("/api/v1/incidents", body).await.status, 201);
        world.settle().await;
        let restrict = json!({ "reason": "personal data" });
        assert_eq!(ana.post("/api/v1/incidents/1/restrict", restrict).await.status, 200);
        let body = json!({ "title": "plain", "service": "checkout", "severity": 4 });
        assert_eq!(ana.post("/api/v1/incidents", body).await.json()["number"], 2);
        assert!(changed(&ana, "/p/incident/2").await.contains("Incident 1 kryptonite"));
        assert_eq!(changed(&kim, "/p/incident/2").await, "", "nothing that Kim may see");

        for number in 10..30 {
            let words = format!("deploy {number} {}", "of what was written last week ".repeat(30));
            reported(world, &words, &format!("02:{number}")).await;
        }
        assert_eq!(changed(&kim, "/p/incident/2").await.matches("<li>").count(), 5);
        assert_eq!(world.event("trigger", "disk", "critical").await.status, 202);
        world.settle().await;
        let path = link(world, "ana");
        let style = style_of(&phone(world).get(&path).await);
        let style = weight(&kim, &style).await;
        for page in [path.as_str(), "/p/incident/2"] {
            let together = weight(&kim, page).await + style;
            assert!(together < WEIGHT_BYTES_MAX, "{page} weighs {together} bytes");
        }
    })
    .await;
}
