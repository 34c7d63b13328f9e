//! What goes wrong while the visitor watches: checkout becomes slow and then fails, its database
//! turns out to be why, and things mend once somebody has taken it. A smaller trouble follows.

use std::time::Duration;

use jiff::Timestamp;
use muster_server::clock::Clock;

use super::monitoring::{By, CHECKOUT_EVENTS, Monitoring, SEARCH_EVENTS, Trouble};
use super::scenery;
use crate::api::Api;
use crate::show::{self, Screen};

/// When the first trouble begins, in seconds after the start.
const FIRST_AFTER_SECONDS: u64 = 2;
/// How long nobody may answer before things mend by themselves, in seconds.
const UNANSWERED_SECONDS_MAX: u64 = 600;
/// How often one looks whether somebody answered, in seconds.
const LOOK_SECONDS: u64 = 2;

const LATENCY: Trouble = Trouble {
    service: "checkout",
    by: By::Alertmanager("demo-checkout-alertmanager"),
    name: "CheckoutSlow",
    summary: "One in a hundred customers waits longer than 4 s to pay",
    severity: "critical",
    instance: "checkout-web-2",
};
const ERRORS: Trouble = Trouble {
    service: "checkout",
    by: By::Event(CHECKOUT_EVENTS),
    name: "CheckoutErrors",
    summary: "7 % of the orders fail",
    severity: "critical",
    instance: "checkout-web",
};
const DATABASE: Trouble = Trouble {
    service: "ledger-db",
    by: By::Alertmanager("demo-ledger-alertmanager"),
    name: "LedgerReplicationLag",
    summary: "The standby is 90 s behind and commits wait for it",
    severity: "critical",
    instance: "ledger-db-1",
};
const SEARCH: Trouble = Trouble {
    service: "search",
    by: By::Event(SEARCH_EVENTS),
    name: "IndexBehind",
    summary: "New products are not found: the index is 25 minutes behind",
    severity: "warning",
    instance: "indexer",
};

/// Tells the story to its end.
///
/// # Errors
/// When the server goes away.
pub async fn tell(monitoring: &Monitoring, api: &Api) -> anyhow::Result<()> {
    let stage = Stage { monitoring, api };
    scenery::set(monitoring, api).await?;
    pause(FIRST_AFTER_SECONDS).await;
    let slow = stage.begin(&LATENCY).await?;
    // Soon enough to join, for trouble after an acknowledgement pages again.
    pause(5).await;
    let failing = stage.begin(&ERRORS).await?;
    pause(30).await;
    let lagging = stage.begin(&DATABASE).await?;

    stage.answered("checkout").await?;
    pause(35).await;
    stage.end(&DATABASE, lagging).await?;
    pause(15).await;
    stage.end(&ERRORS, failing).await?;
    pause(15).await;
    stage.end(&LATENCY, slow).await?;
    aside("The database has caught up and every alert is over. Look at the timeline and figures.")?;

    pause(120).await;
    let behind = stage.begin(&SEARCH).await?;
    stage.answered("search").await?;
    pause(90).await;
    stage.end(&SEARCH, behind).await?;
    aside("That was the story. Everything still works: declare something, or send a test alert.")
}

struct Stage<'a> {
    monitoring: &'a Monitoring,
    api: &'a Api,
}

impl Stage<'_> {
    async fn begin(&self, trouble: &Trouble) -> anyhow::Result<Timestamp> {
        let now = Clock::System.now();
        self.monitoring.tell(trouble, 0, false, now, now).await?;
        Ok(now)
    }

    async fn end(&self, trouble: &Trouble, since: Timestamp) -> anyhow::Result<()> {
        self.monitoring.tell(trouble, 0, true, since, Clock::System.now()).await
    }

    /// Waits until nothing of a service waits for an answer any more.
    async fn answered(&self, service: &str) -> anyhow::Result<()> {
        let query = format!("status:triggered service:{service}");
        for _ in 0..UNANSWERED_SECONDS_MAX / LOOK_SECONDS {
            pause(LOOK_SECONDS).await;
            let waiting = self.api.get(&["incidents"], &[("q", &query), ("limit", "1")]).await?;
            if show::items(&waiting).is_empty() {
                return Ok(());
            }
        }
        aside("Nobody answered, so the next step was asked. It mends by itself now.")
    }
}

fn aside(text: &str) -> anyhow::Result<()> {
    let screen = Screen::of_stdout();
    let at = crate::show::time::clock(Clock::System.now());
    show::line(screen.paint.muted(&format!("{at}  {text}")))
}

async fn pause(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}
