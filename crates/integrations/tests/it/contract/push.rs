//! A push service by its standards: what a message is delivered with (RFC 8030), how its body is
//! laid out (RFC 8188 with the limits of RFC 8291), and who may send it (RFC 8292). Whether the body
//! opens is for the browser to say, which here is `web_push_native`'s other half, and in the stories
//! of the binary an implementation that shares nothing with ours.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use muster_core::incident::severity::Urgency;
use muster_core::org::channel::Channel;
use muster_core::org::user::Address;
use muster_integrations::channels::message::Page;
use muster_integrations::channels::push::{Subscription, Vapid};
use muster_integrations::channels::{Envelope, Message, Outcome};
use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use web_push_native::p256::SecretKey;
use web_push_native::{Auth, p256::PublicKey};

use crate::support::{LIMITS, a_page, channels, envelope, incident, now, page};

const SERVER_KEY: [u8; 32] = [7; 32];
const BROWSER_KEY: [u8; 32] = [9; 32];
const AUTH: [u8; 16] = [3; 16];
const BODY_BYTES_MAX: usize = 4_096;

/// A message as it came.
#[derive(Clone, Default)]
struct Pushed {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Pushed {
    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }
}

type Judged = Result<(), (u16, &'static str)>;

/// Judges a message for the browser at `/push/ana` that subscribed with our key at `origin`.
fn judge(pushed: &Pushed, origin: &str) -> Judged {
    if pushed.path != "/push/ana" {
        return Err((404, "subscription"));
    }
    if pushed.method != "POST" {
        return Err((405, "method"));
    }
    authorized(pushed.header("authorization"), origin)?;
    if !pushed.header("ttl").bytes().all(|byte| byte.is_ascii_digit())
        || pushed.header("ttl").parse::<u32>().is_err()
    {
        return Err((400, "ttl"));
    }
    if !["", "very-low", "low", "normal", "high"].contains(&pushed.header("urgency")) {
        return Err((400, "urgency"));
    }
    let topic = pushed.header("topic");
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if topic.len() > 32 || !topic.bytes().all(is_safe) {
        return Err((400, "topic"));
    }
    if pushed.header("content-encoding") != "aes128gcm" {
        return Err((400, "content encoding"));
    }
    laid_out(&pushed.body)
}

/// salt (16), record size (4), length of the key (1), the key (65), one record.
fn laid_out(body: &[u8]) -> Judged {
    if body.len() > BODY_BYTES_MAX {
        return Err((413, "too large"));
    }
    let Some((head, record)) = body.split_at_checked(86) else { return Err((400, "too short")) };
    let size = u32::from_be_bytes(head[16..20].try_into().unwrap_or_default());
    if size < 18 || record.len() as u64 > u64::from(size) {
        return Err((400, "record size"));
    }
    if head[20] != 65 || VerifyingKey::from_sec1_bytes(&head[21..]).is_err() {
        return Err((400, "key"));
    }
    // A delimiter and the tag, at least.
    if record.len() < 17 {
        return Err((400, "record"));
    }
    Ok(())
}

fn authorized(text: &str, origin: &str) -> Judged {
    let parameters = text.strip_prefix("vapid ").ok_or((401, "scheme"))?;
    let find = |name: &str| {
        parameters.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
    };
    let token = find("t").ok_or((401, "token"))?;
    let key = find("k").ok_or((401, "no key"))?;
    let decoded = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| (401, "base64url"));
    let key = decoded(key)?;
    let known = SigningKey::from_slice(&SERVER_KEY).expect("a key");
    if key != known.verifying_key().to_encoded_point(false).as_bytes() {
        return Err((403, "another key"));
    }
    let (signed, signature) = token.rsplit_once('.').ok_or((401, "token"))?;
    let (head, claims) = signed.split_once('.').ok_or((401, "token"))?;
    let parsed =
        |text: &str| serde_json::from_slice::<Value>(&decoded(text)?).map_err(|_| (401, "JSON"));
    if parsed(head)?["alg"] != "ES256" {
        return Err((401, "algorithm"));
    }
    let key = VerifyingKey::from_sec1_bytes(&key).map_err(|_| (401, "no key"))?;
    let signature = Signature::from_slice(&decoded(signature)?).map_err(|_| (403, "signature"))?;
    key.verify(signed.as_bytes(), &signature).map_err(|_| (403, "signature"))?;
    let claims = parsed(claims)?;
    if claims["aud"] != origin {
        return Err((403, "audience"));
    }
    let left = claims["exp"].as_i64().ok_or((401, "expiry"))? - now().as_second();
    if !(1..=24 * 3_600).contains(&left) {
        return Err((403, "expiry"));
    }
    let contact = claims["sub"].as_str().unwrap_or_default();
    if !contact.starts_with("mailto:") && !contact.starts_with("https:") {
        return Err((401, "contact"));
    }
    Ok(())
}

/// A push service that keeps what it took.
struct Service {
    address: SocketAddr,
    taken: Arc<Mutex<Vec<Pushed>>>,
}

impl Service {
    async fn start(planted: Option<u16>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let taken = Arc::<Mutex<Vec<Pushed>>>::default();
        let shared = Arc::clone(&taken);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                serve(stream, address, planted, &shared).await;
            }
        });
        Self { address, taken }
    }

    fn subscription(&self) -> Subscription {
        let key = SecretKey::from_slice(&BROWSER_KEY).expect("a key").public_key();
        let endpoint = format!("http://{}/push/ana", self.address);
        Subscription::new(&endpoint, &key.to_sec1_bytes(), &AUTH).expect("a subscription")
    }

    async fn send(&self, message: Message) -> Outcome {
        let vapid = Vapid::new(&SERVER_KEY, "mailto:muster@example.com").expect("a key");
        let envelope = to_browser(message);
        channels(None, LIMITS).push(&envelope, &vapid, &self.subscription(), now()).await
    }

    fn opened(&self) -> (Pushed, Value) {
        let pushed = self.taken.lock().expect("not poisoned").pop().expect("a message");
        let secret = SecretKey::from_slice(&BROWSER_KEY).expect("a key");
        let open = web_push_native::decrypt(pushed.body.clone(), &secret, &Auth::from(AUTH));
        let said = serde_json::from_slice(&open.expect("it was sealed for us")).expect("JSON");
        (pushed, said)
    }
}

async fn serve(
    mut stream: TcpStream,
    address: SocketAddr,
    planted: Option<u16>,
    taken: &Mutex<Vec<Pushed>>,
) {
    let mut read = Vec::new();
    let pushed = loop {
        if stream.read_buf(&mut read).await.unwrap_or(0) == 0 {
            return;
        }
        let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&read[..end]).into_owned();
        let mut lines = head.lines();
        let line = lines.next().unwrap_or_default();
        let mut words = line.split(' ').map(str::to_owned);
        let headers = lines.filter_map(|line| line.split_once(": "));
        let pushed = Pushed {
            method: words.next().unwrap_or_default(),
            path: words.next().unwrap_or_default(),
            headers: headers.map(|(n, v)| (n.to_owned(), v.to_owned())).collect(),
            body: read[end + 4..].to_vec(),
        };
        if pushed.body.len().to_string() == pushed.header("content-length") {
            break pushed;
        }
    };
    let judged = judge(&pushed, &format!("http://{address}"));
    let (status, why) = judged.err().unwrap_or((201, ""));
    let status = planted.unwrap_or(status);
    taken.lock().expect("not poisoned").push(pushed);
    let length = why.len();
    let answer = format!(
        "HTTP/1.1 {status} X\r\nretry-after: 11\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{why}"
    );
    let _ = stream.write_all(answer.as_bytes()).await;
}

fn to_browser(message: Message) -> Envelope {
    envelope(Address::Direct { channel: Channel::Push, address: String::new() }, message)
}

const ORIGIN: &str = "https://push.example.com";

fn token(change: impl Fn(&mut Value, &mut Value)) -> String {
    let key = SigningKey::from_slice(&SERVER_KEY).expect("a key");
    let mut head = json!({ "typ": "JWT", "alg": "ES256" });
    let mut claims = json!({
        "aud": ORIGIN, "exp": now().as_second() + 3_600, "sub": "mailto:muster@example.com",
    });
    change(&mut head, &mut claims);
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&head), part(&claims));
    let signature: Signature = key.sign(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

fn public_key(secret: &[u8; 32]) -> String {
    let key = SigningKey::from_slice(secret).expect("a key");
    URL_SAFE_NO_PAD.encode(key.verifying_key().to_encoded_point(false).as_bytes())
}

fn correct() -> Pushed {
    let key = SecretKey::from_slice(&BROWSER_KEY).expect("a key").public_key();
    let key: PublicKey = key;
    let body = web_push_native::encrypt(b"{}".to_vec(), &key, &Auth::from(AUTH)).expect("sealed");
    let authorization = format!("vapid t={}, k={}", token(|_, _| {}), public_key(&SERVER_KEY));
    let headers = [
        ("authorization", authorization.as_str()),
        ("ttl", "3600"),
        ("urgency", "high"),
        ("topic", "abc-_9"),
        ("content-encoding", "aes128gcm"),
    ];
    Pushed {
        method: "POST".to_owned(),
        path: "/push/ana".to_owned(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        body,
    }
}

#[test]
fn every_planted_mistake_is_noticed() {
    assert_eq!(judge(&correct(), ORIGIN), Ok(()));
    let changed = |change: &dyn Fn(&mut Pushed)| {
        let mut pushed = correct();
        change(&mut pushed);
        judge(&pushed, ORIGIN).map_err(|(_, why)| why)
    };
    let headed = |name: &str, value: &str| {
        changed(&|pushed| {
            pushed.headers.retain(|(known, _)| known != name);
            pushed.headers.push((name.to_owned(), value.to_owned()));
        })
    };
    let signed = |token: String| {
        headed("authorization", &format!("vapid t={token}, k={}", public_key(&SERVER_KEY)))
    };
    let claimed =
        |name: &str, value: Value| signed(token(|_, claims| claims[name] = value.clone()));
    let in_a_day = now().as_second() + 24 * 3_600;
    let fine = token(|_, _| {});
    for (why, verdict) in [
        ("subscription", changed(&|pushed| pushed.path = "/push/bo".to_owned())),
        ("method", changed(&|pushed| pushed.method = "PUT".to_owned())),
        ("scheme", headed("authorization", "")),
        ("scheme", headed("authorization", &format!("WebPush {fine}"))),
        ("token", headed("authorization", "vapid k=x")),
        ("no key", headed("authorization", &format!("vapid t={fine}"))),
        (
            "another key",
            headed("authorization", &format!("vapid t={fine}, k={}", public_key(&[8; 32]))),
        ),
        ("algorithm", signed(token(|head, _| head["alg"] = json!("none")))),
        (
            "signature",
            signed(format!("{}A", &fine[..fine.len() - 86].to_owned()) + &"A".repeat(85)),
        ),
        ("audience", claimed("aud", json!("https://elsewhere.example"))),
        ("audience", claimed("aud", json!(format!("{ORIGIN}/push/ana")))),
        ("expiry", claimed("exp", json!(now().as_second()))),
        ("expiry", claimed("exp", json!(in_a_day + 1))),
        ("expiry", claimed("exp", json!("soon"))),
        ("contact", claimed("sub", json!("muster@example.com"))),
        ("contact", claimed("sub", Value::Null)),
        ("ttl", headed("ttl", "")),
        ("ttl", headed("ttl", "-1")),
        ("ttl", headed("ttl", "1h")),
        ("urgency", headed("urgency", "highest")),
        ("topic", headed("topic", &"a".repeat(33))),
        ("topic", headed("topic", "a.b")),
        ("content encoding", headed("content-encoding", "aesgcm")),
        ("too large", changed(&|pushed| pushed.body.resize(4_097, 0))),
        ("too short", changed(&|pushed| pushed.body.truncate(80))),
        ("record size", changed(&|pushed| pushed.body[16..20].copy_from_slice(&[0, 0, 0, 17]))),
        ("record size", changed(&|pushed| pushed.body.extend([0; 64]))),
        ("key", changed(&|pushed| pushed.body[20] = 33)),
        ("key", changed(&|pushed| pushed.body[21] = 9)),
        ("record", changed(&|pushed| pushed.body.truncate(90))),
    ] {
        assert_eq!(verdict, Err(why));
    }
}

#[tokio::test]
async fn every_kind_of_message_keeps_to_the_rules_however_long() {
    let service = Service::start(None).await;
    let long = "🚨".repeat(5_000);
    let far =
        Page { ack_url: format!("https://muster.example.com/{}", "x".repeat(5_000)), ..page() };
    let digest = Message::Digest {
        pages: (0..40).map(|_| (page(), incident(&long))).collect(),
        answer_url: "https://muster.example.com/p/all".to_owned(),
        reply_to: None,
    };
    for message in [
        a_page("Disk full"),
        a_page(&long),
        digest,
        Message::Page { page: far, incident: incident(&"\"\\\u{1}".repeat(3_000)) },
        Message::Notification { subject: long.clone(), text: long.clone(), incident: None },
        Message::Test { requested_by: long.clone() },
    ] {
        let kind = message.kind().to_owned();
        assert_eq!(service.send(message).await, Outcome::accepted(201), "{kind}");
        let (_, said) = service.opened();
        assert_eq!(said["type"], kind);
    }
}

#[tokio::test]
async fn urgency_follows_the_page_and_an_incident_is_one_topic() {
    let service = Service::start(None).await;
    let page = Page { urgency: Urgency::Low, ..page() };
    service.send(a_page("x")).await;
    let (urgent, said) = service.opened();
    assert_eq!(said["ack_url"], page.ack_url);
    service.send(Message::Page { page, incident: incident("x") }).await;
    let (calm, _) = service.opened();
    assert_eq!((urgent.header("urgency"), calm.header("urgency")), ("high", "normal"));
    assert_eq!(urgent.header("topic"), calm.header("topic"));
}

#[tokio::test]
async fn a_browser_that_is_gone_says_so_and_a_limit_is_waited_for() {
    for (status, expected, gone) in [
        (404, "permanent", true),
        (410, "permanent", true),
        (403, "permanent", false),
        (413, "permanent", false),
        (429, "temporary", false),
        (503, "temporary", false),
    ] {
        let outcome = Service::start(Some(status)).await.send(a_page("x")).await;
        assert_eq!(outcome.name(), expected, "{status}");
        assert_eq!(matches!(outcome, Outcome::Permanent { disable: true, .. }), gone, "{status}");
        if let Outcome::Temporary { retry_after, .. } = outcome {
            assert_eq!(retry_after, Some(SignedDuration::from_secs(11)));
        }
    }
}
