//! What a visitor finds besides trouble: heartbeats that were heard, a maintenance window ahead, and
//! an alert that is only being tried out.

use anyhow::Context as _;
use muster_server::clock::Clock;
use serde_json::json;

use super::monitoring::{By, EDGE_EVENTS, Monitoring, Trouble};
use crate::api::Api;

/// The heartbeat monitors that have been heard of, and how their last run went.
const HEARD: [(&str, &str); 3] =
    [("nightly backup", ""), ("payout run", "/start"), ("stock import", "")];
/// Of a rule in shadow mode, so nobody is paged for it.
const DRIFT: Trouble = Trouble {
    service: "edge",
    by: By::Event(EDGE_EVENTS),
    name: "ClockDrift",
    summary: "The clock of edge-1 is 40 ms off",
    severity: "warning",
    instance: "edge-1",
};
/// How long until the window begins, and how long it is.
const WINDOW_IN_HOURS: i64 = 30;
const WINDOW_FOR: &str = "2h";

/// Puts it in place.
///
/// # Errors
/// When the server does not take it.
pub async fn set(monitoring: &Monitoring, api: &Api) -> anyhow::Result<()> {
    for (name, part) in HEARD {
        let found = api.get(&["heartbeats", name], &[]).await?;
        let url = found["heartbeat"]["url"].as_str().context("a heartbeat without an address")?;
        monitoring.ping(&format!("{url}{part}")).await?;
    }
    let now = Clock::System.now();
    let from = now.checked_add(jiff::SignedDuration::from_hours(WINDOW_IN_HOURS))?;
    let window = json!({
        "reason": "New disks for the standby",
        "services": ["ledger-db"],
        "public_title": "Order history may be slow",
        "from": from.to_string(),
        "for": WINDOW_FOR,
    });
    api.post(&["maintenance"], &window).await?;
    monitoring.tell(&DRIFT, 0, false, now, now).await
}
