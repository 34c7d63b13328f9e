//! Searching incidents, alerts, timelines and changes in one language: the same rows on both stores, through
//! indexes, and no trace of what the searcher does not see.

use muster_core::incident::restriction::Viewer;
use muster_server::app::query::{self, Asker, change, entry};
use muster_store::alerting::alert as store_alert;
use muster_store::change::search as store_change;
use muster_store::incident::{incident as store_incident, timeline as store_timeline};
use muster_store::testing::plan;
use muster_store::{Engine, Sql, Value as Argument};
use serde_json::{Value, json};

use crate::changes::{plan as change_plan, staff};
use crate::harness::{Client, World, on_both_stores};

/// One query a line: the kind, the query, and what it finds, the newest first.
const QUERIES: &str = include_str!("search/queries.txt");
/// The fewest queries that say something about the language.
const QUERIES_MIN: usize = 50;

/// A line of the list.
struct Written {
    kind: &'static str,
    text: &'static str,
    finds: Vec<&'static str>,
}

fn written() -> Vec<Written> {
    let lines = QUERIES.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let read = |line: &'static str| {
        let mut parts = line.split(" | ").map(str::trim);
        let mut next = || parts.next().unwrap_or_else(|| panic!("{line}"));
        Written { kind: next(), text: next(), finds: next().split_whitespace().collect() }
    };
    lines.map(read).collect()
}

/// Seven incidents, two of them opened by alerts with labels, one that only Ana sees, and notes.
async fn happened(world: &World) {
    staff(world).await;
    let ana = world.browser("ana").await;
    for (title, service, severity, more) in [
        ("Ärger: Disk FULL on a", "checkout", 1, json!({ "summary": "Kassen im LAGER stehen" })),
        ("disk is 100% full", "checkout", 3, json!({})),
        ("search is slow", "search", 2, json!({})),
        ("Drill: ΣΊΓΜΑ station", "search", 4, json!({ "practice": true })),
        ("kryptonite disk", "search", 3, json!({ "restricted": { "reason": "personal data" } })),
    ] {
        let mut body = json!({ "title": title, "service": service, "severity": severity });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = ana.post("/api/v1/incidents", body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        world.settle().await;
    }
    for (name, env, text) in
        [("DiskFull", "prod", "Datenträger VOLL auf db-1"), ("Latency", "dev", "p99 is 3 s")]
    {
        let alert = json!({
            "status": "firing", "startsAt": "2026-11-21T10:00:00Z",
            "labels": {
                "alertname": name, "env": env, "group": name, "severity": "critical",
            },
            "annotations": { "summary": text },
        });
        let body = json!({
            "version": "4", "groupKey": format!("{{}}:{{alertname={name}}}"),
            "status": "firing", "receiver": "muster", "alerts": [alert],
        });
        let path = "/ingest/alertmanager/checkout-alertmanager-key";
        let answer = world.anybody().post(path, body).await;
        assert!(answer.status < 300, "{}", answer.text);
        world.settle().await;
    }
    for (number, text) in [
        (2, "Rebooted DB-1, ÄRGER vorbei"),
        (2, "磁盘已满"),
        (5, "kryptonite seen in the disk"),
        (3, "the 50%_mark \\ is near"),
    ] {
        let path = format!("/api/v1/incidents/{number}/timeline");
        assert_eq!(ana.post(&path, json!({ "text": text })).await.status, 201);
    }
    planned(&ana).await;
    ana.post("/api/v1/incidents/3/acknowledge", json!({})).await;
    ana.post("/api/v1/incidents/1/resolve", json!({})).await;
    world.indexed().await;
}

/// A submitted change to the checkout, which Ana does for the second incident; a draft for the
/// search; and one done for the incident that Ana alone sees.
async fn planned(ana: &Client<'_>) {
    let write = async |plan: Value, submit: bool| {
        let body = json!({ "plan": plan, "submit": submit, "excuse": "The disk fills up tonight" });
        let answer = ana.post("/api/v1/changes", body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
    };
    let mut disks = change_plan("network", 8);
    disks["title"] = json!("Swap the disks of DB-1");
    disks["incident"] = json!(2);
    write(disks, true).await;
    write(
        json!({
            "title": "Schütz the SEARCH", "service": "search", "class": "configuration",
            "timeline": [{ "at": "T+00:00", "phase": "during", "text": "Reload", "command": "nginx -s reload" }],
        }),
        false,
    )
    .await;
    let quiet =
        json!({ "title": "quiet fix", "service": "checkout", "class": "deploy", "incident": 5 });
    write(quiet, false).await;
}

fn named(hit: &Value) -> String {
    let incident = &hit["incident"];
    if hit["kind"] == "change" {
        return format!("c{}", hit["change"]);
    }
    match hit["kind"].as_str().unwrap() {
        "incident" => format!("i{incident}"),
        "alert" => format!("a{incident}"),
        _ => format!("e{incident}:{}", hit["entry_kind"].as_str().unwrap()),
    }
}

fn path(text: &str, more: &str) -> String {
    let url = reqwest::Url::parse_with_params("http://x/api/v1/search", [("q", text)]).unwrap();
    format!("{}?{}{more}", url.path(), url.query().unwrap())
}

/// Walks all that is found in parts of three.
async fn found(client: &Client<'_>, kind: &str, text: &str) -> Vec<String> {
    let kind = if kind == "all" { String::new() } else { format!("&kind={kind}") };
    let (mut names, mut cursor) = (Vec::new(), String::new());
    loop {
        let list = client.read(&path(text, &format!("{kind}&limit=3{cursor}"))).await;
        names.extend(list["items"].as_array().unwrap().iter().map(named));
        match list["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return names,
        }
    }
}

#[tokio::test]
async fn fifty_queries_find_the_same_on_both_stores_and_read_no_table_whole() {
    let written = written();
    assert!(written.len() >= QUERIES_MIN, "{} queries", written.len());
    on_both_stores(async |world| {
        happened(world).await;
        let client = world.admin();
        let mut wrong = Vec::new();
        for line in &written {
            let names = found(&client, line.kind, line.text).await;
            if names != line.finds {
                wrong.push(format!("{} | {} | {}", line.kind, line.text, names.join(" ")));
            }
            for statement in statements(world, line) {
                let steps = plan(&world.app.db, statement).await;
                let whole = steps.iter().filter(|step| reads_whole(world, step));
                wrong.extend(whole.map(|step| format!("{}: {step}", line.text)));
                let looks_up = line.text.split(' ').any(|part| !part.contains(':'));
                if looks_up && !line.text.is_empty() {
                    wrong.extend(
                        not_looked_up(world, &steps).map(|why| format!("{}: {why}", line.text)),
                    );
                }
            }
        }
        assert!(wrong.is_empty(), "{:?}\n{}", world.app.db.engine(), wrong.join("\n"));
    })
    .await;
}

/// The statements that a line becomes, for a viewer for whom there is something to hide.
fn statements(world: &World, line: &Written) -> Vec<(Sql, Vec<Argument>)> {
    let snapshot = world.app.snapshot();
    let ana = snapshot.directory.users.named("ana").unwrap().id;
    let viewer = Viewer::Person { user: ana, groups: vec![] };
    let asker = Asker { me: Some(ana), now: world.app.now() };
    let mut statements = Vec::new();
    if matches!(line.kind, "incident" | "all")
        && let Ok(filter) = query::incidents(&snapshot, line.text, asker)
    {
        statements.push(store_incident::finding(&viewer, &filter, 4));
    }
    if matches!(line.kind, "alert" | "all")
        && let Ok(found) = query::alerts(&snapshot, line.text, asker)
    {
        statements.push(store_alert::finding(&viewer, &found.filter, 4));
    }
    if matches!(line.kind, "entry" | "all")
        && let Ok(filter) = entry::entries(&snapshot, line.text, asker)
    {
        statements.push(store_timeline::finding(&viewer, &filter, 4));
    }
    if matches!(line.kind, "change" | "all")
        && let Ok(filter) = change::changes(&snapshot, line.text, asker)
    {
        statements.push(store_change::finding(&filter, 4));
    }
    assert!(!statements.is_empty(), "{}", line.text);
    statements
}

/// Whether a step of a plan reads a table without an index. Walking one in the order of the answer
/// ends with the answer.
fn reads_whole(world: &World, step: &str) -> bool {
    match world.app.db.engine() {
        Engine::Sqlite => step.starts_with("SCAN ") && !step.contains(" USING "),
        Engine::Postgres => step.contains("Seq Scan"),
    }
}

/// Why words are not looked up in their index, if they are not.
fn not_looked_up(world: &World, steps: &[String]) -> Option<String> {
    let looks_up = match world.app.db.engine() {
        Engine::Sqlite => {
            let grows = ["incident", "alert", "timeline_entry", "change"];
            let walked = grows
                .iter()
                .any(|table| steps.iter().any(|step| step.starts_with(&format!("SCAN {table}"))));
            !walked && steps.iter().any(|step| step.starts_with("SEARCH search_word USING PRIMARY"))
        }
        Engine::Postgres => {
            let of_words = steps.iter().position(|step| step.contains("search_word_pkey"));
            of_words.is_some_and(|at| {
                steps[at..].iter().take(3).any(|step| step.contains("Index Cond"))
            })
        }
    };
    (!looks_up).then(|| format!("the words are not looked up:\n  {}", steps.join("\n  ")))
}

#[tokio::test]
async fn a_hit_says_where_it_matches_and_what_it_is() {
    on_both_stores(async |world| {
        happened(world).await;
        let client = world.admin();
        let list = client.read(&path("lager", "")).await;
        assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
        let hit = &list["items"][0];
        assert_eq!((&hit["incident"], &hit["status"]), (&json!(1), &json!("resolved")));
        let pieces = json!([
            { "text": "Kassen im ", "hit": false }, { "text": "LAGER", "hit": true },
            { "text": " stehen", "hit": false },
        ]);
        assert_eq!(hit["matched"], json!([{ "field": "summary", "pieces": pieces }]));
        let alert = &client.read(&path("datenträger", "&kind=alert")).await["items"][0];
        assert_eq!((&alert["alert_status"], &alert["severity"]), (&json!("open"), &json!(1)));
        let entry = &client.read(&path("kind:note rebooted", "")).await["items"][0];
        assert_eq!((&entry["by"], &entry["incident"]), (&json!("ana"), &json!(2)));
    })
    .await;
}

#[tokio::test]
async fn a_mistake_is_named_with_its_place() {
    on_both_stores(async |world| {
        let client = world.admin();
        let wrong = async |text: &str, more: &str| client.get(&path(text, more)).await.problem(400);
        assert!(wrong("state:open svc:x", "").await.contains("position 12"), "unknown to all");
        assert!(
            wrong("held:guard kind:note", "").await.contains("position 12"),
            "unknown together"
        );
        assert!(wrong("disk held:guard", "&kind=entry").await.contains("position 6"));
        assert!(wrong("age:10m", "").await.contains("age:>10m"));
        assert!(wrong("disk ~", "").await.contains("position 6"));
        assert!(wrong("label:=x", "&kind=alert").await.contains("label:name"));
        wrong("disk", "&kind=service").await;
        assert!(wrong("class:dance", "").await.contains("network"), "what there is instead");
        assert!(wrong("state:open technician:nobody", "").await.contains("position 12"));
        assert!(wrong("sev:1", "&kind=change").await.contains("not changes"));
        let keys = client.read("/api/v1/search/keys").await;
        let keys = keys["items"].as_array().unwrap();
        let sev = keys.iter().find(|key| key["key"] == "sev").unwrap();
        assert_eq!(sev["kinds"], json!(["incident", "alert", "entry"]));
        let service = keys.iter().find(|key| key["key"] == "service").unwrap();
        assert!(service["values"].as_array().unwrap().contains(&json!("checkout")));
        for key in keys {
            let example = key["example"].as_str().unwrap();
            let answer = client.get(&path(example, "")).await;
            // Names of examples need not be those of this organisation; the key has to be known.
            assert!(
                answer.status == 200 || !answer.text.contains("nothing to search"),
                "{example}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_restricted_incident_is_found_by_those_on_it_alone() {
    on_both_stores(async |world| {
        happened(world).await;
        let ana = world.browser("ana").await;
        assert_eq!(found(&ana, "incident", "kryptonite").await, ["i5"]);
        assert_eq!(found(&ana, "entry", "kryptonite kind:note").await, ["e5:note"]);
        for name in ["sam", "bo"] {
            world.give_password(name).await;
            let other = world.browser(name).await;
            for text in ["kryptonite", "incident:5", "kind:note kryptonite", "\"personal data\""] {
                assert_eq!(found(&other, "all", text).await, [] as [&str; 0], "{name} {text}");
            }
            let all = found(&other, "all", "").await;
            assert!(
                !all.is_empty() && all.iter().all(|name| !name[1..].starts_with('5')),
                "{all:?}"
            );
        }
        // Whoever may not see alerts does not find them either.
        let sam = world.browser("sam").await;
        assert!(found(&sam, "all", "").await.iter().all(|name| !name.starts_with('a')));
        assert_eq!(sam.get(&path("", "&kind=alert")).await.json()["items"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn what_was_written_before_there_was_a_search_is_found() {
    on_both_stores(async |world| {
        happened(world).await;
        for table in ["incident", "alert", "timeline_entry", "change"] {
            let forget = Sql::built(format!("UPDATE {table} SET folded = NULL"));
            let mut tx = world.app.db.begin(muster_store::Lane::Command).await.unwrap();
            tx.execute(&forget, vec![]).await.unwrap();
            tx.execute(&Sql::same("DELETE FROM search_word"), vec![]).await.unwrap();
            tx.commit().await.unwrap();
        }
        let client = world.admin();
        world.indexed().await;
        assert_eq!(found(&client, "incident", "ärger").await, ["i1"]);
        assert_eq!(found(&client, "alert", "label:env=dev").await, ["a7"]);
        assert_eq!(found(&client, "entry", "磁盘").await, ["e2:note"]);
        assert_eq!(found(&client, "change", "schütz").await, ["c2"]);
    })
    .await;
}
