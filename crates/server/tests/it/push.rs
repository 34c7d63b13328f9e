//! Notifications of people's browsers: registered by themselves, sealed so that only the browser can
//! read them, several at once, and forgotten when they are gone.

use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use web_push_native::Auth;
use web_push_native::p256::SecretKey;

use muster_store::{Lane, Sql};

use crate::harness::{World, on_both_stores};

/// What a push service was given.
#[derive(Clone)]
struct Pushed {
    path: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// A push service that knows every browser but those that are gone.
#[derive(Clone, Default)]
struct PushService {
    pushed: Arc<Mutex<Vec<Pushed>>>,
}

impl PushService {
    async fn start() -> (Self, String) {
        let service = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = axum::Router::new().fallback(take).with_state(service.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (service, base)
    }

    fn at(&self, path: &str) -> Vec<Pushed> {
        let pushed = self.pushed.lock().unwrap();
        pushed.iter().filter(|pushed| pushed.path == path).cloned().collect()
    }
}

async fn take(
    State(service): State<PushService>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let path = uri.path().to_owned();
    let status = match path.as_str() {
        "/gone" => StatusCode::GONE,
        "/unknown" => StatusCode::NOT_FOUND,
        "/busy" => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::CREATED,
    };
    service.pushed.lock().unwrap().push(Pushed { path, headers, body: body.to_vec() });
    status
}

/// A browser with its keys.
struct Browser {
    secret: SecretKey,
    auth: [u8; 16],
    endpoint: String,
}

impl Browser {
    fn new(number: u8, endpoint: String) -> Self {
        let secret = SecretKey::from_slice(&[number; 32]).unwrap();
        Self { secret, auth: [number; 16], endpoint }
    }

    fn subscription(&self) -> Value {
        let point = self.secret.public_key().to_sec1_bytes();
        // Uncompressed, as browsers write it.
        let key = web_push_native::p256::PublicKey::from_sec1_bytes(&point).unwrap();
        let point = p256::EncodedPoint::from(key);
        json!({
            "endpoint": self.endpoint, "expirationTime": null,
            "keys": {
                "p256dh": URL_SAFE_NO_PAD.encode(point.to_bytes()),
                "auth": URL_SAFE_NO_PAD.encode(self.auth),
            },
        })
    }

    fn opened(&self, pushed: &Pushed) -> Value {
        let auth = Auth::from(self.auth);
        let open = web_push_native::decrypt(pushed.body.clone(), &self.secret, &auth);
        serde_json::from_slice(&open.expect("it was sealed for this browser")).unwrap()
    }
}

/// Ana is reached by her browsers, and by her phone a minute later.
async fn reach_by_browser(world: &World) {
    let admin = world.admin();
    let text = admin.get("/api/v1/config/export").await.text;
    let method = "  contact_methods:\n";
    let rule = "    - after: 0m\n      method: phone\n";
    assert!(text.contains(method) && text.contains(rule), "{text}");
    let rules = text
        .replacen(method, "  contact_methods:\n  - { name: browser, type: push }\n", 1)
        .replacen(
            rule,
            "    - { after: 0m, method: browser }\n    - { after: 1m, method: phone }\n",
            1,
        );
    let answer = admin
        .with("content-type", "text/yaml")
        .send(reqwest::Method::POST, "/api/v1/config/apply", rules)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

async fn register(world: &World, browser: &Browser, name: &str) -> String {
    let body = json!({ "name": name, "subscription": browser.subscription() });
    let answer = world.admin().post("/api/v1/users/ana/push-devices", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert!(!answer.text.contains(&browser.endpoint), "the address is never shown");
    answer.json()["id"].as_str().unwrap().to_owned()
}

fn part(token: &str, at: usize) -> Value {
    let part = token.split('.').nth(at).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[tokio::test]
async fn a_page_reaches_the_browser_sealed_and_signed() {
    on_both_stores(async |world| {
        let (service, base) = PushService::start().await;
        reach_by_browser(world).await;
        let browser = Browser::new(7, format!("{base}/ana"));
        register(world, &browser, "Firefox").await;
        world.event("trigger", "Überlast", "critical").await;
        world.settle().await;

        let pushed = service.at("/ana");
        assert_eq!(pushed.len(), 1);
        let payload = browser.opened(&pushed[0]);
        assert_eq!(payload["type"], "page");
        assert_eq!(payload["title"], "[SEV1] checkout: Überlast is in trouble");
        assert_eq!(payload["urgent"], true);
        assert!(pushed[0].body.len() <= 4_096);

        let header = |name: &str| pushed[0].headers[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-encoding"), "aes128gcm");
        assert_eq!((header("urgency"), header("ttl")), ("high".to_owned(), "3600".to_owned()));
        assert!(header("topic").len() <= 32);
        let authorization = header("authorization");
        let (token, key) =
            authorization.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
        let known = world.admin().read("/api/v1/push-key").await;
        assert_eq!(known["public_key"], key);
        let claims = part(token, 1);
        assert_eq!(claims["aud"], base);
        assert_eq!(claims["sub"], "mailto:muster@localhost");
        let now = world.app.now().as_second();
        let expires = claims["exp"].as_i64().unwrap();
        assert!(expires > now && expires <= now + 24 * 3_600);
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let key = VerifyingKey::from_sec1_bytes(&URL_SAFE_NO_PAD.decode(key).unwrap()).unwrap();
        let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
        key.verify(signed.as_bytes(), &signature).expect("our own signature");

        // The button of the notification posts to this address, with nothing else.
        let ack_url = payload["ack_url"].as_str().unwrap();
        let path = ack_url.strip_prefix(world.base()).unwrap();
        let answer = world.anybody().send(reqwest::Method::POST, path, "").await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let incident = world.admin().read("/api/v1/incidents/1").await;
        assert_eq!(
            (&incident["status"], &incident["assignee"]),
            (&json!("acknowledged"), &json!("ana"))
        );
        let devices = world.admin().read("/api/v1/users/ana/push-devices").await;
        assert!(devices["items"][0]["accepted_at"].is_string());
    })
    .await;
}

/// The keys of the only browser as they are stored.
async fn stored_keys(world: &World) -> (Vec<u8>, Vec<u8>) {
    let keys = Sql::same("SELECT p256dh, auth FROM push_device");
    world.app.db.fetch_one(&keys, vec![]).await.unwrap()
}

#[tokio::test]
async fn the_keys_of_a_browser_are_stored_sealed_and_so_are_those_of_an_earlier_version() {
    on_both_stores(async |world| {
        let (service, base) = PushService::start().await;
        reach_by_browser(world).await;
        let browser = Browser::new(7, format!("{base}/ana"));
        register(world, &browser, "Firefox").await;
        let is_plain = |(p256dh, auth): &(Vec<u8>, Vec<u8>)| {
            let point = browser.secret.public_key().to_sec1_bytes();
            let x = &point[1..17];
            let shows_point = p256dh.windows(16).any(|window| window == x);
            let shows_secret = auth.windows(16).any(|window| window == browser.auth);
            assert_eq!(shows_point, shows_secret);
            shows_secret
        };
        assert!(!is_plain(&stored_keys(world).await));

        // As an earlier version stored them: read as they are, and sealed by the janitor.
        let subscription = browser.subscription();
        let decoded = |name: &str| {
            let text = subscription["keys"][name].as_str().unwrap();
            URL_SAFE_NO_PAD.decode(text).unwrap()
        };
        let mut tx = world.app.db.begin(Lane::Cleanup).await.unwrap();
        let before = Sql::same("UPDATE push_device SET p256dh = ?, auth = ?, sealed = ?");
        tx.execute(&before, vec![decoded("p256dh").into(), decoded("auth").into(), false.into()])
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert!(is_plain(&stored_keys(world).await));
        let declare = async |title: &str| {
            let body = json!({ "title": title, "service": "checkout", "severity": 1 });
            assert_eq!(world.admin().post("/api/v1/incidents", body).await.status, 201);
            world.settle().await;
        };
        declare("disk").await;
        assert_eq!(world.app.seal_stored_keys().await.unwrap(), 1);
        assert_eq!(world.app.seal_stored_keys().await.unwrap(), 0);
        assert!(!is_plain(&stored_keys(world).await));
        declare("memory").await;
        let titles: Vec<_> =
            service.at("/ana").iter().map(|it| browser.opened(it)["title"].clone()).collect();
        let title = |key: &str| json!(format!("[SEV1] checkout: {key}"));
        assert_eq!(titles, [title("disk"), title("memory")]);
    })
    .await;
}

#[tokio::test]
async fn one_browser_of_several_is_enough_and_those_that_are_gone_are_forgotten() {
    on_both_stores(async |world| {
        let (service, base) = PushService::start().await;
        reach_by_browser(world).await;
        let paths = ["/gone", "/phone", "/unknown", "/busy", "/desk"];
        let browsers: Vec<_> = paths
            .iter()
            .zip(1..)
            .map(|(path, n)| Browser::new(n, format!("{base}{path}")))
            .collect();
        for (browser, path) in browsers.iter().zip(paths) {
            register(world, browser, path).await;
        }
        world.event("trigger", "disk", "critical").await;
        world.settle().await;
        for (browser, path) in browsers.iter().zip(paths) {
            assert_eq!(browser.opened(&service.at(path)[0])["type"], "page", "{path}");
        }
        let ledger = world.admin().read("/api/v1/incidents/1/pages").await;
        assert_eq!(ledger["items"][0]["deliveries"][0]["state"], "accepted");
        let left = world.admin().read("/api/v1/users/ana/push-devices").await;
        let names: Vec<_> =
            left["items"].as_array().unwrap().iter().map(|d| d["name"].clone()).collect();
        assert_eq!(names, ["/phone", "/busy", "/desk"]);
    })
    .await;
}

#[tokio::test]
async fn whoever_has_no_browser_left_is_reached_by_the_next_method_at_once() {
    on_both_stores(async |world| {
        let (_service, base) = PushService::start().await;
        reach_by_browser(world).await;
        let id = register(world, &Browser::new(1, format!("{base}/gone")), "gone").await;
        world.event("trigger", "disk", "critical").await;
        world.settle().await;
        assert_eq!(world.phones.of("ana").len(), 1, "the phone, without waiting for its minute");
        let path = format!("/api/v1/users/ana/push-devices/{id}");
        assert_eq!(world.admin().delete(&path).await.status, 404, "it was forgotten already");
    })
    .await;
}

#[tokio::test]
async fn people_register_their_own_browsers_and_nobody_elses() {
    on_both_stores(async |world| {
        world.give_password("ana").await;
        let ana = world.browser("ana").await;
        let browser = Browser::new(3, "https://push.example.com/x".to_owned());
        let body = |change: &dyn Fn(&mut Value)| {
            let mut body = json!({ "name": "Mine", "subscription": browser.subscription() });
            change(&mut body);
            body
        };
        let right = body(&|_| {});
        let made = ana.post("/api/v1/users/ana/push-devices", right.clone()).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let again = ana.post("/api/v1/users/ana/push-devices", right.clone()).await;
        assert_eq!(again.status, 201);
        let mine = ana.read("/api/v1/users/ana/push-devices").await;
        assert_eq!(mine["items"].as_array().unwrap().len(), 1, "the same browser is one");
        assert_eq!(ana.post("/api/v1/users/bo/push-devices", right.clone()).await.status, 403);
        assert_eq!(ana.get("/api/v1/users/bo/push-devices").await.status, 403);
        assert_eq!(world.anybody().get("/api/v1/push-key").await.status, 401);

        for (wrong, status) in [
            (body(&|b| b["name"] = json!(" ")), 400),
            (body(&|b| b["name"] = json!("x".repeat(101))), 400),
            (body(&|b| b["subscription"]["endpoint"] = json!("http://push.example.com/x")), 400),
            (body(&|b| b["subscription"]["endpoint"] = json!("javascript:alert(1)")), 400),
            (
                body(&|b| {
                    b["subscription"]["endpoint"] =
                        json!(format!("https://x/{}", "y".repeat(1_000)))
                }),
                400,
            ),
            (body(&|b| b["subscription"]["keys"]["p256dh"] = json!("AAAA")), 400),
            (body(&|b| b["subscription"]["keys"]["p256dh"] = json!("!!")), 400),
            (body(&|b| b["subscription"]["keys"]["auth"] = json!("AAAA")), 400),
        ] {
            let answer = ana.post("/api/v1/users/ana/push-devices", wrong.clone()).await;
            assert_eq!(answer.status, status, "{wrong}: {}", answer.text);
        }
        for number in 10..19 {
            let other = Browser::new(number, format!("https://push.example.com/{number}"));
            let body = json!({ "name": "More", "subscription": other.subscription() });
            assert_eq!(ana.post("/api/v1/users/ana/push-devices", body).await.status, 201);
        }
        let other = Browser::new(20, "https://push.example.com/20".to_owned());
        let body = json!({ "name": "Too many", "subscription": other.subscription() });
        ana.post("/api/v1/users/ana/push-devices", body).await.problem(409);
        let id = mine["items"][0]["id"].as_str().unwrap();
        assert_eq!(ana.delete(&format!("/api/v1/users/ana/push-devices/{id}")).await.status, 204);
    })
    .await;
}
