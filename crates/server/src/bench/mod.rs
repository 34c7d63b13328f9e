//! What `muster bench` measures against: the least that a web server of the same kind can do with an
//! event. It reads the same JSON into types and answers 202 as the real one does, but it knows no
//! key, stores nothing and guards nothing, so nothing durable can be as fast on the same machine.

use axum::http::StatusCode;
use axum::routing::post;
use axum::serve::ListenerExt as _;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::net::TcpListener;

/// An event as PagerDuty Events v2 has it. All of it is read, which is the work.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "reading it is the work; nothing is done with it")]
struct Event {
    routing_key: String,
    event_action: String,
    dedup_key: Option<String>,
    payload: Payload,
    #[serde(default)]
    links: Vec<Link>,
    client: Option<String>,
    client_url: Option<String>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "reading it is the work; nothing is done with it")]
struct Payload {
    summary: String,
    source: String,
    severity: String,
    timestamp: Option<String>,
    component: Option<String>,
    group: Option<String>,
    class: Option<String>,
    #[serde(default)]
    custom_details: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "reading it is the work; nothing is done with it")]
struct Link {
    href: String,
    text: Option<String>,
}

/// What the client hears.
#[derive(Debug, Serialize)]
struct Accepted {
    status: &'static str,
    message: &'static str,
    dedup_key: String,
}

/// Serves until the process ends.
///
/// # Errors
/// When the listener fails.
pub async fn serve(listener: TcpListener) -> std::io::Result<()> {
    let router = Router::new().route("/v2/enqueue", post(enqueue));
    let listener = listener.tap_io(|stream| {
        // A connection that is lost already says so when it is read.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, router).await
}

async fn enqueue(Json(event): Json<Event>) -> (StatusCode, Json<Accepted>) {
    let event = std::hint::black_box(event);
    let accepted = Accepted {
        status: "success",
        message: "Event processed",
        dedup_key: event.dedup_key.unwrap_or_default(),
    };
    (StatusCode::ACCEPTED, Json(accepted))
}
