//! What stands around every answer: headers for browsers, health, figures, the web app's place.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::on_both_stores;

#[tokio::test]
async fn every_answer_keeps_browsers_safe() {
    on_both_stores(async |world| {
        for path in ["/", "/app/", "/api/v1/session", "/healthz", "/nothing"] {
            let answer = world.anybody().get(path).await;
            let policy = answer.header("content-security-policy");
            assert!(policy.contains("default-src 'self'"), "{path}: {policy}");
            assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
            assert!(!policy.contains("script-src 'unsafe"), "{path}: {policy}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
            assert_eq!(answer.header("strict-transport-security"), "", "only over https");
            assert_eq!(answer.header("x-request-id").len(), 32, "{path}");
        }
        let given = world.anybody().with("x-request-id", "story-1").get("/healthz").await;
        assert_eq!(given.header("x-request-id"), "story-1");
        let odd = world.anybody().with("x-request-id", "a b").get("/healthz").await;
        assert_eq!(odd.header("x-request-id").len(), 32);
    })
    .await;
}

#[tokio::test]
async fn the_root_leads_to_the_app() {
    on_both_stores(async |world| {
        let root = world.anybody().get("/").await;
        assert_eq!((root.status, root.header("location")), (303, "/app/"));
        let missing = world.anybody().get("/app/assets/gone-12345678.js").await;
        assert_eq!(missing.status, 404);
    })
    .await;
}

#[tokio::test]
async fn health_and_figures_are_there_for_everybody() {
    on_both_stores(async |world| {
        assert_eq!(world.anybody().get("/healthz").await.status, 200);
        assert_eq!(world.anybody().get("/readyz").await.status, 200);
        world.event("trigger", "disk", "critical").await;
        world.settle().await;
        let figures = world.anybody().get("/metrics").await;
        assert!(figures.header("content-type").starts_with("text/plain"));
        for name in [
            "muster_messages_accepted_total",
            "muster_accept_seconds_bucket",
            "muster_inbox_waiting 0",
            "muster_messages_failed 0",
            "muster_http_requests_total",
            "muster_timers_overdue",
        ] {
            assert!(figures.text.contains(name), "{name}");
        }
        assert!(!figures.text.contains("checkout-events-key"), "no key in the figures");
    })
    .await;
}

#[tokio::test]
async fn answers_of_the_api_are_never_kept_and_can_be_packed() {
    on_both_stores(async |world| {
        let client = world.admin().with("accept-encoding", "gzip");
        let answer = client.request(reqwest::Method::GET, "/api/v1/openapi.json").send().await;
        let answer = answer.unwrap();
        assert_eq!(answer.headers()["content-encoding"], "gzip");
        assert_eq!(answer.headers()["cache-control"], "no-store");
    })
    .await;
}

#[tokio::test]
async fn a_head_that_is_too_large_or_no_http_is_refused() {
    on_both_stores(async |world| {
        let address = world.base().strip_prefix("http://").unwrap();
        let say = async |bytes: Vec<u8>| {
            let mut stream = TcpStream::connect(address).await.unwrap();
            // The server may close before it has heard everything.
            let _ = stream.write_all(&bytes).await;
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer).await;
            String::from_utf8_lossy(&answer).into_owned()
        };
        let nonsense = say(b"\x16\x03\x01 hello\r\n\r\n".to_vec()).await;
        assert!(nonsense.is_empty() || nonsense.starts_with("HTTP/1.1 400"), "{nonsense}");
        let mut large = b"GET / HTTP/1.1\r\nhost: x\r\nx-large: ".to_vec();
        large.extend(std::iter::repeat_n(b'x', 128 * 1024));
        let refused = say(large).await;
        assert!(refused.is_empty() || refused.starts_with("HTTP/1.1 431"), "{refused}");
        assert_eq!(world.anybody().get("/healthz").await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn hundreds_of_sockets_that_say_nothing_keep_nobody_out() {
    on_both_stores(async |world| {
        let address = world.base().strip_prefix("http://").unwrap();
        let mut silent = Vec::new();
        for _ in 0..300 {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(b"POST /v2/enqueue HTTP/1.1\r\nhost:").await.unwrap();
            silent.push(stream);
        }
        assert_eq!(world.event("trigger", "disk", "critical").await.status, 202);
    })
    .await;
}
