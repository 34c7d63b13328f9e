//! Restricted incidents (`T4`): whoever is not on one finds no trace of it, by whatever way they look.

use std::time::Duration;

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, World, on_both_stores};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0";
/// What the alert of the secret is called, and everything about it says.
const SECRET: &str = "kryptonite";
/// The number that people say.
const NUMBER: i64 = 7;
/// How long a story waits for an event before it fails.
const EVENT_WITHIN: Duration = Duration::from_secs(30);

/// Bo and Root are in the core of a list that covers checkout, everything is told to an address
/// outside, Eve responds and has nothing to do with it, and Kim is in the group of the lawyers.
async fn with_onlookers(world: &World, more: &str) {
    let text = world.admin().get("/api/v1/config/export").await.text;
    let users = text.split("teams:").next().unwrap();
    let users = &users[users.find("users:").unwrap()..];
    let mut users = users.trim_end().to_owned();
    for name in ["eve", "kim"] {
        let url = world.phone(name);
        users.push_str(&format!(
            "\n- name: {name}\n  full_name: {name}\n  email: {name}@example.com\n  role: responder\
             \n  contact_methods: [ {{ name: phone, type: webhook, url: \"{url}\" }} ]"
        ));
    }
    let outside = world.phones.url("outside");
    let text = format!(
        "{users}\nengagement_groups: [ {{ name: lawyers, members: [kim] }} ]\n\
         notification_lists: [ {{ name: checkout-notify, services: [checkout], core: [bo, eve] }} ]\n\
         webhooks: [ {{ name: outside, url: \"{outside}\" }} ]\n{more}"
    );
    let answer = world.admin().send(Method::POST, "/api/v1/config/apply", text).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    for name in ["ana", "bo", "sam", "root", "eve", "kim"] {
        world.give_password(name).await;
    }
}

/// Six incidents that everybody sees.
async fn with_others(world: &World, ana: &Client<'_>) {
    for number in 1..NUMBER {
        let body =
            json!({ "title": format!("plain {number}"), "service": "checkout", "severity": 4 });
        assert_eq!(ana.post("/api/v1/incidents", body).await.json()["number"], number);
    }
    world.settle().await;
}

fn incident(rest: &str) -> String {
    format!("/api/v1/incidents/{NUMBER}{rest}")
}

/// The secret, opened by an alert and worked on by Ana, who was paged for it. Gives what names it.
async fn with_secret(world: &World, ana: &Client<'_>) -> Secret {
    assert_eq!(world.event("trigger", SECRET, "critical").await.status, 202);
    world.settle().await;
    let whole = ana.read(&incident("")).await;
    assert_eq!(whole["title"], format!("{SECRET} is in trouble"));
    let picture = ana
        .send(Method::POST, &incident(&format!("/attachments?name={SECRET}.png")), PNG)
        .await
        .json();
    let texts = [
        json!({ "text": format!("a note about {SECRET}") }),
        json!({ "kind": "decision", "text": format!("{SECRET} did it") }),
        json!({ "kind": "evidence", "text": SECRET, "attachment": picture["id"] }),
    ];
    for body in texts {
        let answer = ana.post(&incident("/timeline"), body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
    }
    let alerts = ana.read(&incident("/alerts")).await;
    let alert = alerts["items"][0]["id"].as_str().unwrap().to_owned();
    let messages = ana.read(&format!("/api/v1/alerts/{alert}/messages")).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Secret {
        id: text(&whole["id"]),
        attachment: text(&picture["id"]),
        message: text(&messages["items"][0]["id"]),
        alert,
    }
}

/// What names the secret.
struct Secret {
    id: String,
    alert: String,
    message: String,
    attachment: String,
}

impl Secret {
    /// What of the secret stands in a text.
    fn traces(&self, text: &str) -> Vec<String> {
        let text = text.to_lowercase();
        let spoken = [
            SECRET.to_owned(),
            self.id.clone(),
            self.attachment.clone(),
            format!("\"number\":{NUMBER},"),
            format!("\"incident\":{NUMBER},"),
            format!("\"merged_into\":{NUMBER},"),
            format!("#{NUMBER}"),
            format!("incident {NUMBER}"),
            format!("incidents/{NUMBER}"),
        ];
        // What goes on behind the number is another number, or a colour of a style sheet.
        let ends = |at: usize| !text[at..].starts_with(|c: char| c.is_ascii_alphanumeric());
        let stands = |trace: &String| {
            text.match_indices(trace.as_str()).any(|(at, found)| ends(at + found.len()))
        };
        spoken.into_iter().filter(stands).collect()
    }

    /// A value for a parameter of a path that leads to the secret, or to what stands beside it.
    fn parameter(&self, path: &str, name: &str) -> String {
        let text = match (name, path) {
            ("incident", _) => return NUMBER.to_string(),
            ("attachment", _) => return self.attachment.clone(),
            ("alias", _) => "page-checkout-primary",
            ("collection", _) => "services",
            ("revision", _) => "1",
            ("id", path) if path.contains("/alerts/") => return self.alert.clone(),
            ("id", path) if path.contains("/messages/") => return self.message.clone(),
            ("name", path) if path.contains("/services/") => "checkout",
            ("name", path) if path.contains("{collection}") => "checkout",
            ("name", path) if path.contains("/users/") => "ana",
            ("name", path) if path.contains("/schedules/") => "nobody",
            ("name", path) if path.contains("/notification-lists/") => "checkout-notify",
            ("name", path) if path.contains("/engagement-groups/") => "lawyers",
            _ => "payments",
        };
        text.to_owned()
    }

    /// Every address that can be read, by the API's own description, as it leads to the secret.
    async fn addresses(&self, world: &World) -> Vec<String> {
        let described = world.anybody().read("/api/v1/openapi.json").await;
        let paths = described["paths"].as_object().unwrap();
        let mut addresses = Vec::new();
        for (path, item) in paths.iter().filter(|(_, item)| item["get"].is_object()) {
            if path == "/api/v1/stream" {
                continue;
            }
            let mut address = String::new();
            for part in path.split('/').skip(1) {
                let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
                address.push('/');
                address.push_str(&name.map_or(part.to_owned(), |name| self.parameter(path, name)));
            }
            let asks = item["get"]["parameters"].as_array().cloned().unwrap_or_default();
            let has = |name: &str| asks.iter().any(|ask| ask["name"] == name);
            addresses.push(address.clone());
            if path.contains("{incident}") {
                addresses.push(address.replace(&format!("/{NUMBER}"), &format!("/{}", self.id)));
            }
            if has("q") {
                addresses.push(format!("{address}?q={SECRET}"));
                addresses.push(format!("{address}?q=incident:{NUMBER}"));
            }
            if has("title") {
                addresses.push(format!("{address}?title={SECRET}&service=checkout"));
            }
            if has("limit") {
                addresses.push(format!("{address}?limit=500"));
            }
        }
        assert!(addresses.len() > 100, "the description is walked: {}", addresses.len());
        addresses
    }
}

#[tokio::test]
async fn an_outsider_finds_no_trace_of_a_restricted_incident_by_any_route() {
    on_both_stores(async |world| {
        with_onlookers(world, "").await;
        let ana = world.browser("ana").await;
        with_others(world, &ana).await;
        let secret = with_secret(world, &ana).await;
        let eve = world.browser("eve").await;
        assert_eq!(eve.get(&incident("")).await.status, 200, "everybody sees it so far");
        let addresses = secret.addresses(world).await;
        let mut seen = 0;
        for address in &addresses {
            seen += usize::from(!secret.traces(&eve.get(address).await.text).is_empty());
        }
        assert!(seen > 25, "the walk passes by it in {seen} places");
        let services = "/api/v1/services/checkout";
        assert_eq!(eve.read(services).await["open_incidents"], NUMBER);

        let body = json!({ "reason": "personal data", "users": [], "groups": ["lawyers"] });
        let answer = ana.post(&incident("/restrict"), body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.json()["restricted"]["users"], json!(["ana"]));

        let mut outsiders = vec![("nobody", world.anybody()), ("eve", eve.clone())];
        for name in ["bo", "sam", "root"] {
            outsiders.push((name, world.browser(name).await));
        }
        for role in ["stakeholder", "responder", "manager", "admin"] {
            outsiders.push((role, world.with_role(role)));
        }
        for (who, outsider) in &outsiders {
            for address in &addresses {
                let answer = outsider.get(address).await;
                // A refusal repeats what was asked for, and says nothing else.
                let asked = address.split(['/', '?']).map(|part| format!("`{part}`"));
                let said = asked.fold(answer.text.clone(), |text, part| text.replace(&part, ""));
                let mut traces = secret.traces(&said);
                // The audit log names what was done to what, by its id, and administrators read it.
                if address.starts_with("/api/v1/audit") {
                    traces.retain(|trace| *trace != secret.id && *trace != secret.attachment);
                }
                assert!(traces.is_empty(), "{who} reads {traces:?} at {address}: {}", answer.text);
                let leads_there = address.contains(&incident("")) || address.contains(&secret.id);
                if leads_there {
                    let nowhere = address.replace(&secret.id, "999");
                    let nowhere = nowhere.replace(&incident(""), "/api/v1/incidents/999");
                    assert_eq!(
                        answer.status,
                        outsider.get(&nowhere).await.status,
                        "{who} {address}"
                    );
                    assert!([401, 403, 404].contains(&answer.status), "{who} at {address}");
                }
            }
            let whole = outsider.get(&incident("")).await.status;
            assert_eq!(whole, if *who == "nobody" { 401 } else { 404 });
        }
        assert_eq!(eve.read(services).await["open_incidents"], NUMBER - 1, "nor by counting");
        let report = "/api/v1/reports/incidents";
        world.advance(SignedDuration::from_mins(1)).await;
        assert_eq!(eve.read(report).await["count"], NUMBER - 1);
        assert_eq!(ana.read(report).await["count"], NUMBER);

        let mut seen = 0;
        for address in &addresses {
            seen += usize::from(!secret.traces(&ana.get(address).await.text).is_empty());
        }
        assert!(seen > 25, "whoever is on it sees it in {seen} places");
        let kim = world.browser("kim").await;
        assert_eq!(kim.get(&incident("")).await.status, 200, "a member of the group sees it");
    })
    .await;
}

#[tokio::test]
async fn what_is_asked_besides_reading_does_not_tell_of_it_either() {
    on_both_stores(async |world| {
        with_onlookers(world, "").await;
        let ana = world.browser("ana").await;
        with_others(world, &ana).await;
        let secret = with_secret(world, &ana).await;
        let body = json!({ "reason": "personal data" });
        assert_eq!(ana.post(&incident("/restrict"), body).await.status, 200);
        let eve = world.browser("eve").await;
        let asks = [
            ("/api/v1/incidents/bulk", json!({ "action": "acknowledge", "incidents": [NUMBER] })),
            ("/api/v1/incidents/1/merge", json!({ "into": NUMBER })),
            ("/api/v1/workbench", json!({ "message": secret.message })),
            (
                "/api/v1/maintenance/preview",
                json!({
                    "services": ["checkout"], "reason": "work",
                    "from": "2026-11-21T03:00:00Z", "to": "2026-11-21T05:00:00Z",
                }),
            ),
            ("/api/v1/forecast", json!({ "service": "checkout" })),
        ];
        for (path, body) in asks {
            let answer = eve.post(path, body).await;
            let echoed = answer.text.replace(&format!("incident `{NUMBER}`"), "");
            let traces = secret.traces(&echoed);
            let only_what_was_asked = traces.is_empty()
                || (path.ends_with("/bulk") && traces == [format!("incident {NUMBER}")]);
            assert!(only_what_was_asked, "{path}: {traces:?} {}", answer.text);
        }
        for verb in ["acknowledge", "resolve", "restrict", "unrestrict", "access", "check-in"] {
            let body = json!({ "reason": "why", "add_users": ["eve"] });
            let answer = eve.post(&incident(&format!("/{verb}")), body).await;
            assert!([400, 404].contains(&answer.status), "{verb}: {}", answer.text);
        }
        assert_eq!(eve.post(&incident("/acknowledge"), json!({})).await.status, 404);
        let replay = format!("/api/v1/messages/{}/replay", secret.message);
        assert_eq!(eve.post(&replay, json!({ "force": true })).await.status, 404);
        let page = eve.get(&format!("/p/incident/{NUMBER}")).await;
        assert!(page.status == 404 && !page.text.contains(SECRET), "{}", page.text);
        assert_eq!(ana.get(&format!("/p/incident/{NUMBER}")).await.status, 200);
        let merged = ana.post("/api/v1/incidents/1/merge", json!({ "into": NUMBER })).await;
        assert!(merged.problem(409).contains("restrict both or neither"));
    })
    .await;
}

#[tokio::test]
async fn nobody_is_told_of_what_begins_restricted_but_those_who_are_asked() {
    on_both_stores(async |world| {
        let rules = r#"
organization:
  name: Shop
  timezone: Europe/Berlin
  restricted:
    - { name: leaks, when: 'summary.contains("kryptonite")', groups: [lawyers] }
"#;
        with_onlookers(world, rules).await;
        let ana = world.browser("ana").await;
        with_others(world, &ana).await;
        let before = world.phones.of("outside").len();
        assert!(before > 0, "the address outside hears of the others");
        assert_eq!(world.event("trigger", "plain trouble", "critical").await.status, 202);
        world.settle().await;
        assert!(world.phones.of("bo").iter().any(|told| told["type"] == "notification"));
        let heard = |who: &str| {
            let all = world.phones.of(who);
            all.iter().any(|told| told.to_string().contains(SECRET))
        };
        assert_eq!(world.event("trigger", SECRET, "critical").await.status, 202);
        world.settle().await;
        assert!(heard("ana"), "whoever is on call is paged for it");
        let found = ana.read(&format!("/api/v1/incidents?q={SECRET}")).await;
        assert_eq!(found["items"][0]["restricted"]["groups"], json!(["lawyers"]));
        assert_eq!(found["items"][0]["restricted"]["reason"], "by the rule `leaks`");
        let number = found["items"][0]["number"].as_i64().unwrap();
        for who in ["bo", "eve", "kim", "outside"] {
            assert!(!heard(who), "{who}: {:?}", world.phones.of(who));
        }
        let (eve, kim) = (world.browser("eve").await, world.browser("kim").await);
        let path = format!("/api/v1/incidents/{number}");
        assert_eq!((eve.get(&path).await.status, kim.get(&path).await.status), (404, 200));
        // Bo is asked next, and whoever is asked sees what it is about.
        let bo = world.browser("bo").await;
        assert_eq!(bo.get(&path).await.status, 404);
        world.advance(SignedDuration::from_mins(5)).await;
        assert!(heard("bo"));
        assert_eq!(bo.get(&path).await.status, 200);
        assert!(!heard("eve") && !heard("outside"));
    })
    .await;
}

#[tokio::test]
async fn an_administrator_who_looks_says_why_and_it_is_on_record() {
    on_both_stores(async |world| {
        with_onlookers(world, "").await;
        let ana = world.browser("ana").await;
        let body = json!({
            "title": SECRET, "service": "checkout",
            "restricted": { "reason": "personal data", "users": ["kim"] },
        });
        let declared = ana.post("/api/v1/incidents", body).await;
        assert_eq!(declared.status, 201, "{}", declared.text);
        let declared = declared.json();
        assert_eq!(declared["restricted"]["users"], json!(["kim", "ana"]));
        let path = format!("/api/v1/incidents/{}", declared["id"].as_str().unwrap());
        let (root, eve) = (world.browser("root").await, world.browser("eve").await);
        let kim = world.browser("kim").await;
        let enter = format!("{path}/enter");
        let why = json!({ "reason": "kim is on leave" });
        assert_eq!(root.get(&path).await.status, 404);
        assert_eq!(eve.post(&enter, why.clone()).await.status, 403);
        assert_eq!(world.admin().post(&enter, why.clone()).await.status, 403);
        assert_eq!(root.post(&enter, json!({ "reason": " " })).await.status, 400);
        assert_eq!(root.post(&enter, why).await.status, 200);
        assert_eq!(root.read(&path).await["title"], SECRET);
        let timeline = kim.read(&format!("{path}/timeline?limit=500")).await.to_string();
        assert!(timeline.contains("Let themselves in as an administrator: kim is on leave"));
        let audit = root.read("/api/v1/audit?limit=500").await;
        let entered =
            audit["items"].as_array().unwrap().iter().any(|entry| {
                entry["actor"] == "root" && entry.to_string().contains("access_taken")
            });
        assert!(entered, "{audit}");

        // Whoever sees it says who does, and takes them off again.
        let change = |body: Value| {
            let (kim, path) = (kim.clone(), format!("{path}/access"));
            async move { kim.post(&path, body).await }
        };
        assert_eq!(change(json!({ "add_users": ["nobody"] })).await.status, 400);
        assert_eq!(
            change(json!({ "add_users": ["eve"], "remove_users": ["root"] })).await.status,
            200
        );
        assert_eq!((eve.get(&path).await.status, root.get(&path).await.status), (200, 404));
        assert_eq!(
            eve.post(&format!("{path}/unrestrict"), json!({ "reason": "" })).await.status,
            400
        );
        let lifted =
            eve.post(&format!("{path}/unrestrict"), json!({ "reason": "it is public" })).await;
        assert_eq!((lifted.status, &lifted.json()["restricted"]), (200, &Value::Null));
        assert_eq!(root.get(&path).await.status, 200);
        let sam = world.browser("sam").await;
        assert_eq!(sam.get(&path).await.status, 200, "it is everybody's again");
    })
    .await;
}

#[tokio::test]
async fn the_live_stream_tells_those_who_see_it_and_nobody_else() {
    on_both_stores(async |world| {
        with_onlookers(world, "").await;
        let (ana, eve) = (world.browser("ana").await, world.browser("eve").await);
        let body = json!({ "title": SECRET, "service": "checkout", "severity": 4 });
        let number = ana.post("/api/v1/incidents", body).await.json()["number"].clone();
        let path = format!("/api/v1/incidents/{number}");
        let (mut hers, mut others) = (Stream::open(&ana).await, Stream::open(&eve).await);
        let restrict = json!({ "reason": "personal data" });
        assert_eq!(ana.post(&format!("{path}/restrict"), restrict).await.status, 200);
        let note = json!({ "text": "only for us" });
        assert_eq!(ana.post(&format!("{path}/timeline"), note).await.status, 201);
        let body = json!({ "title": "plain", "service": "checkout", "severity": 4 });
        assert_eq!(ana.post("/api/v1/incidents", body).await.status, 201);
        let heard = hers.until("incident.declared").await;
        let about = heard.iter().filter(|event| event["incident"] == number);
        let kinds: Vec<_> = about.map(|event| event["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["incident.restricted", "incident.note"]);
        let heard = others.until("incident.declared").await;
        assert!(heard.iter().all(|event| event["incident"] != number), "{heard:?}");
        assert_eq!(heard[0]["type"], "reset", "whoever lost sight of it looks again");
        // What was missed is told by the same rule.
        let mut late = Stream::after(&eve, 1).await;
        let heard = late.until("incident.declared").await;
        assert!(heard.iter().all(|event| event["incident"] != number), "{heard:?}");
    })
    .await;
}

/// A listener of the live stream.
pub struct Stream {
    response: reqwest::Response,
    text: String,
}

impl Stream {
    pub async fn open(client: &Client<'_>) -> Self {
        let response = client.request(Method::GET, "/api/v1/stream").send().await.unwrap();
        let mut stream = Self { response, text: String::new() };
        assert!(stream.block().await.contains(": live"));
        stream
    }

    async fn after(client: &Client<'_>, id: i64) -> Self {
        Self::open(&client.clone().with("last-event-id", &id.to_string())).await
    }

    async fn block(&mut self) -> String {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                return block;
            }
            let chunk = tokio::time::timeout(EVENT_WITHIN, self.response.chunk()).await;
            let chunk = chunk.expect("something arrives").unwrap().expect("the stream goes on");
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// Every event up to the first of that type.
    pub async fn until(&mut self, kind: &str) -> Vec<Value> {
        let mut events: Vec<Value> = Vec::new();
        loop {
            let block = self.block().await;
            let Some(data) = block.lines().find_map(|line| line.strip_prefix("data: ")) else {
                continue;
            };
            let event: Value = serde_json::from_str(data).unwrap();
            let is_last = event["type"] == kind;
            events.push(event);
            if is_last {
                return events;
            }
        }
    }
}
