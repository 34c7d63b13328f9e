//! The days before: incidents that the engine itself lived through, on a clock that is moved by
//! hand, so that lists and figures have something to show.

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use muster_core::id::IncidentId;
use muster_core::incident::lifecycle::Command;
use muster_core::incident::lifecycle::publish::Ask;
use muster_core::incident::restriction::Viewer;
use muster_core::incident::status_page::{Face, Stage};
use muster_core::incident::timeline::Actor;
use muster_server::app::App;
use muster_store::incident::incident as store_incident;
use muster_store::timer;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::time::Duration;

use super::monitoring::{By, CHECKOUT_EVENTS, Monitoring, PAYMENTS_EVENTS, SEARCH_EVENTS, Trouble};
use super::phones::Phones;

/// How far back the history begins.
pub const BEGINS_BEFORE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long to wait at most before looking again whether everything has come to rest.
const LOOK_AGAIN_MS: u64 = 50;
/// How often one looks before it is a failure.
const LOOKS_MAX: u32 = 400;

/// What happened once.
struct Past {
    /// How long ago it began, in minutes.
    minutes_ago: i64,
    trouble: Trouble,
    /// In how many places at once.
    copies: u32,
    /// After how many seconds somebody took it.
    taken_after: Option<i64>,
    /// What they wrote.
    notes: &'static [&'static str],
    /// What customers were told, the last of it once it was over.
    told: &'static [&'static str],
    /// After how many minutes monitoring was content again.
    over_after: i64,
    /// Whether it was looked at afterwards.
    is_closed: bool,
}

const PAST: [Past; 7] = [
    Past {
        minutes_ago: 9_120,
        trouble: Trouble {
            service: "search",
            by: By::Event(SEARCH_EVENTS),
            name: "IndexBehind",
            summary: "The search index is 40 minutes behind the catalogue",
            severity: "warning",
            instance: "indexer",
        },
        copies: 1,
        taken_after: Some(1_500),
        told: &[],
        notes: &["The import of the new catalogue takes all of the queue. It will catch up."],
        over_after: 95,
        is_closed: true,
    },
    Past {
        minutes_ago: 7_430,
        trouble: Trouble {
            service: "checkout",
            by: By::Event(CHECKOUT_EVENTS),
            name: "CheckoutDown",
            summary: "Nobody can pay: checkout answers 503",
            severity: "critical",
            instance: "checkout-web",
        },
        copies: 3,
        taken_after: Some(75),
        told: &[
            "Payments fail at the moment. We are looking for the cause.",
            "The latest release is the cause and is being taken back.",
            "Payments work again. Orders that were not paid are kept for a day.",
        ],
        notes: &[
            "Every instance waits for the ledger. Last deploy was 20 minutes ago.",
            "Rolled back to 2026.11.1.",
        ],
        over_after: 31,
        is_closed: true,
    },
    Past {
        minutes_ago: 5_590,
        trouble: Trouble {
            service: "edge",
            by: By::Alertmanager("demo-edge-alertmanager"),
            name: "CertificateExpiresSoon",
            summary: "The certificate of shop.example.com expires in 3 days",
            severity: "warning",
            instance: "edge-1",
        },
        copies: 1,
        taken_after: Some(190),
        told: &[],
        notes: &["Renewal had failed since the name moved. Renewed by hand, task filed."],
        over_after: 140,
        is_closed: true,
    },
    Past {
        minutes_ago: 4_210,
        trouble: Trouble {
            service: "ledger-db",
            by: By::Alertmanager("demo-ledger-alertmanager"),
            name: "DiskAlmostFull",
            summary: "ledger-db-2: 94 % of the disk is used",
            severity: "critical",
            instance: "ledger-db-2",
        },
        copies: 1,
        // The first one asked slept through it; the manager took it.
        taken_after: Some(420),
        told: &[],
        notes: &["Old replication slot held back the log. Dropped it, space is coming back."],
        over_after: 22,
        is_closed: true,
    },
    Past {
        minutes_ago: 2_660,
        trouble: Trouble {
            service: "storefront",
            by: By::Alertmanager("demo-storefront-alertmanager"),
            name: "PagesFail",
            summary: "More than 5 % of the shop's pages fail",
            severity: "critical",
            instance: "storefront",
        },
        copies: 14,
        taken_after: Some(130),
        told: &["Some pages of the shop do not open. Trying again helps.", "All pages open again."],
        notes: &["All of it is one node of the cache. Taken out of rotation."],
        over_after: 18,
        is_closed: true,
    },
    Past {
        minutes_ago: 1_370,
        trouble: Trouble {
            service: "payments-api",
            by: By::Event(PAYMENTS_EVENTS),
            name: "CardsDeclined",
            summary: "One card payment in five is declined by the provider",
            severity: "critical",
            instance: "payments-api",
        },
        copies: 1,
        taken_after: Some(55),
        told: &[
            "Some cards are declined although they are good. We work on it with the card company.",
            "Cards are accepted again.",
        ],
        notes: &["Their status page says nothing yet. Moved traffic to the second provider."],
        over_after: 47,
        is_closed: false,
    },
    Past {
        minutes_ago: 310,
        trouble: Trouble {
            service: "search",
            by: By::Event(SEARCH_EVENTS),
            name: "SlowQueries",
            summary: "Searches take longer than a second",
            severity: "critical",
            instance: "search-3",
        },
        copies: 2,
        taken_after: None,
        told: &[],
        notes: &[],
        over_after: 6,
        is_closed: false,
    },
];

/// One thing that happens at one instant.
enum Deed {
    Begin(&'static Past),
    Take(&'static Past),
    Note(&'static Past, &'static str),
    Tell(&'static Past, &'static str, Option<Stage>),
    End(&'static Past),
    Close(&'static Past),
}

/// The days before, lived through on a clock that is moved by hand.
pub struct History<'a> {
    /// The installation, on its simulated clock, with its stages running.
    pub app: &'a App,
    /// What stands for monitoring.
    pub monitoring: &'a Monitoring,
    /// Everybody's phones.
    pub phones: &'a Phones,
}

impl History<'_> {
    /// Lives through the days before `now`.
    ///
    /// # Errors
    /// When the engine does not do its part.
    pub async fn live(&self, now: Timestamp, seed: u64) -> anyhow::Result<()> {
        let mut chance = StdRng::seed_from_u64(seed);
        let mut deeds = Vec::new();
        for past in &PAST {
            // Nothing in the world happens on the minute.
            let seconds = past.minutes_ago * 60 + chance.random_range(-240..240);
            let begin = now.checked_sub(SignedDuration::from_secs(seconds))?;
            deeds.extend(past.deeds(begin, &mut chance)?);
        }
        deeds.sort_by_key(|(at, _)| *at);
        for (at, deed) in &deeds {
            self.pass_until(*at).await?;
            self.act(deed, *at).await.context("the days before could not be made up")?;
            self.come_to_rest().await?;
        }
        Ok(())
    }

    async fn act(&self, deed: &Deed, at: Timestamp) -> anyhow::Result<()> {
        match deed {
            Deed::Begin(past) => {
                for copy in 0..past.copies {
                    self.monitoring.tell(&past.trouble, copy, false, at, at).await?;
                }
            }
            Deed::End(past) => {
                for copy in 0..past.copies {
                    self.monitoring.tell(&past.trouble, copy, true, at, at).await?;
                }
            }
            Deed::Take(past) => self.command(past, Command::Acknowledge).await?,
            Deed::Note(past, text) => {
                self.command(past, Command::Note { text: (*text).to_owned() }).await?;
            }
            Deed::Tell(past, text, stage) => {
                let ask = Ask::Send {
                    audience: "external".to_owned(),
                    text: (*text).to_owned(),
                    face: Face { title: None, stage: *stage },
                    next_in: None,
                    urgent: Some("customers ask".to_owned()),
                };
                self.command(past, Command::Update(ask)).await?;
            }
            Deed::Close(past) => self.command(past, Command::Close).await?,
        }
        Ok(())
    }

    /// Has the person who was asked last do something about an incident.
    async fn command(&self, past: &Past, command: Command) -> anyhow::Result<()> {
        let (id, number) = self.incident_of(past).await?;
        let snapshot = self.app.snapshot();
        let asked = self.phones.last_asked(number);
        let user = asked.and_then(|ring| snapshot.directory.users.named(&ring.user).cloned());
        let user = user.with_context(|| format!("nobody was asked about #{number}"))?;
        let actor = Actor::User { id: user.id, name: user.name };
        self.app.command(id, command, &actor).await?;
        Ok(())
    }

    /// The newest incident of a service.
    async fn incident_of(&self, past: &Past) -> anyhow::Result<(IncidentId, i64)> {
        let snapshot = self.app.snapshot();
        let service = snapshot.directory.services.named(past.trouble.service);
        let service = service.context("the demonstration's service is there")?.id;
        let filter = store_incident::Filter::default();
        let newest = store_incident::list(&self.app.db, &Viewer::Engine, &filter, 500).await?;
        let newest = newest.into_iter().find(|incident| incident.service == service);
        let newest = newest.with_context(|| format!("{} opened nothing", past.trouble.name))?;
        Ok((newest.id, newest.number))
    }

    /// Lets time pass, with everything that becomes due on the way.
    async fn pass_until(&self, until: Timestamp) -> anyhow::Result<()> {
        loop {
            self.come_to_rest().await?;
            let now = self.app.now();
            if now >= until {
                return Ok(());
            }
            let mut next = until;
            for kind in [timer::Kind::Incident, timer::Kind::Delivery] {
                if let Some(due) = timer::earliest(&self.app.db, kind).await? {
                    next = next.min(due);
                }
            }
            let step = next.duration_since(now).max(SignedDuration::from_millis(1));
            self.app.clock.advance(step);
        }
    }

    /// Waits until nothing is left to do at this instant.
    async fn come_to_rest(&self) -> anyhow::Result<()> {
        for _ in 0..LOOKS_MAX {
            let progress = self.app.wake.progress.notified();
            tokio::pin!(progress);
            progress.as_mut().enable();
            if self.app.is_idle().await? {
                return Ok(());
            }
            let patience = Duration::from_millis(LOOK_AGAIN_MS);
            let _ = tokio::time::timeout(patience, progress).await;
        }
        anyhow::bail!("the engine does not come to rest")
    }
}

impl Past {
    fn deeds(
        &'static self,
        begin: Timestamp,
        chance: &mut StdRng,
    ) -> anyhow::Result<Vec<(Timestamp, Deed)>> {
        let after = |seconds: i64| begin.checked_add(SignedDuration::from_secs(seconds));
        let end = self.over_after * 60 + chance.random_range(0..60);
        let mut deeds = vec![(begin, Deed::Begin(self)), (after(end)?, Deed::End(self))];
        if let Some(taken) = self.taken_after {
            let taken = taken + chance.random_range(0..20);
            deeds.push((after(taken)?, Deed::Take(self)));
            let parts = i64::try_from(self.notes.len())? + 1;
            for (at, note) in (1..).zip(self.notes) {
                deeds.push((after(taken + (end - taken) * at / parts)?, Deed::Note(self, note)));
            }
        }
        let told = i64::try_from(self.told.len())?;
        for (at, text) in (1..).zip(self.told) {
            let seconds = if at == told { end + 150 } else { end * at / (told + 1) };
            let stage = (1 < at && at < told).then_some(Stage::Identified);
            deeds.push((after(seconds)?, Deed::Tell(self, text, stage)));
        }
        if self.is_closed {
            deeds.push((after(end + 5_400)?, Deed::Close(self)));
        }
        Ok(deeds)
    }
}
