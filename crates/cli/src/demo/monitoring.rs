//! What stands for monitoring: it sends the messages that PagerDuty clients and Alertmanager send,
//! to the demonstration's own server.

use anyhow::{Context as _, ensure};
use jiff::Timestamp;
use reqwest::{Client, Url};
use serde_json::{Value, json};

use crate::http;

/// The event keys of the demonstration's services.
pub const CHECKOUT_EVENTS: &str = "c0ffee0123456789c0ffee0123456789";
/// The same of the payment interface.
pub const PAYMENTS_EVENTS: &str = "decade0123456789decade0123456789";
/// The same of the search.
pub const SEARCH_EVENTS: &str = "facade0123456789facade0123456789";

/// The same of the load balancers.
pub const EDGE_EVENTS: &str = "ed9e0123456789abed9e0123456789ab";

/// How a trouble is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// By Alertmanager, with that key.
    Alertmanager(&'static str),
    /// As an event, with that key.
    Event(&'static str),
}

/// Something that goes wrong.
#[derive(Debug, Clone, Copy)]
pub struct Trouble {
    /// The service.
    pub service: &'static str,
    /// Who tells of it.
    pub by: By,
    /// What its rule is called.
    pub name: &'static str,
    /// What people read.
    pub summary: &'static str,
    /// `critical`, `error` or `warning`.
    pub severity: &'static str,
    /// The machine.
    pub instance: &'static str,
}

/// What stands for monitoring.
#[derive(Clone)]
pub struct Monitoring {
    client: Client,
    server: Url,
}

impl Monitoring {
    /// Monitoring that tells the server at `url`.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(url: &str) -> anyhow::Result<Self> {
        let server = Url::parse(url)?;
        Ok(Self { client: http::client(&server)?, server })
    }

    /// Tells that the trouble, in its `copy`-th place, began or is over.
    ///
    /// # Errors
    /// When the server does not take it.
    pub async fn tell(
        &self,
        trouble: &Trouble,
        copy: u32,
        is_over: bool,
        since: Timestamp,
        now: Timestamp,
    ) -> anyhow::Result<()> {
        let (path, body) = match trouble.by {
            By::Alertmanager(key) => {
                (format!("/ingest/alertmanager/{key}"), alerts(trouble, copy, is_over, since, now))
            }
            By::Event(key) => ("/v2/enqueue".to_owned(), event(trouble, copy, key, is_over, since)),
        };
        let url = self.server.join(&path)?;
        let answer = self.client.post(url).json(&body).send().await;
        let answer = answer.context("the demonstration's server does not answer")?;
        let status = answer.status();
        ensure!(status.is_success(), "the server answered {status} to {}", trouble.name);
        Ok(())
    }

    /// Makes the sign of life of a heartbeat monitor at that address.
    ///
    /// # Errors
    /// When the server does not take it.
    pub async fn ping(&self, url: &str) -> anyhow::Result<()> {
        let answer = self.client.get(url).send().await;
        let answer = answer.context("the demonstration's server does not answer")?;
        let status = answer.status();
        ensure!(status.is_success(), "the server answered {status} to a ping");
        Ok(())
    }
}

fn instance(trouble: &Trouble, copy: u32) -> String {
    match copy {
        0 => trouble.instance.to_owned(),
        copy => format!("{}-{copy}", trouble.instance),
    }
}

fn alerts(trouble: &Trouble, copy: u32, is_over: bool, since: Timestamp, now: Timestamp) -> Value {
    let status = if is_over { "resolved" } else { "firing" };
    let Trouble { service, name, summary, severity, .. } = trouble;
    let ends = if is_over { now.to_string() } else { "0001-01-01T00:00:00Z".to_owned() };
    let labels = json!({
        "alertname": name, "service": service, "severity": severity,
        "instance": instance(trouble, copy), "cluster": "eu-central",
    });
    let annotations = json!({
        "summary": summary,
        "dashboard_url": format!("https://grafana.example.com/d/{service}"),
    });
    json!({
        "version": "4",
        "groupKey": format!("{{}}:{{service=\"{service}\"}}:{}", since.as_second()),
        "status": status,
        "receiver": "muster",
        "groupLabels": { "service": service },
        "commonLabels": labels,
        "commonAnnotations": annotations,
        "externalURL": "https://alertmanager.example.com",
        "truncatedAlerts": 0,
        "alerts": [{
            "status": status,
            "labels": labels,
            "annotations": annotations,
            "startsAt": since.to_string(),
            "endsAt": ends,
            "generatorURL": format!("https://prometheus.example.com/graph?g0.expr={name}"),
            "fingerprint": format!("{name}-{copy}"),
        }],
    })
}

fn event(trouble: &Trouble, copy: u32, key: &str, is_over: bool, since: Timestamp) -> Value {
    let Trouble { service, name, summary, severity, .. } = trouble;
    json!({
        "routing_key": key,
        "event_action": if is_over { "resolve" } else { "trigger" },
        "dedup_key": format!("{name}-{copy}"),
        "client": "Monitoring",
        "client_url": format!("https://grafana.example.com/d/{service}"),
        "payload": {
            "summary": summary,
            "source": instance(trouble, copy),
            "severity": severity,
            "timestamp": since.to_string(),
            "component": service,
            "class": name,
            "custom_details": { "region": "eu-central", "release": "2026.11.3" },
        },
    })
}
