//! `muster bench`: how fast this machine is with it, beside a bare server in the same run.

use crate::bench::{self, Store, accept, changes, coverage, oncall, page, page_many, room, search};
use crate::settings::Settings;

/// Measure speed on this machine.
#[derive(Debug, clap::Subcommand)]
pub enum Bench {
    /// Accept events as fast as they are answered, beside a bare server that stores nothing
    Accept {
        /// The store behind the server
        #[arg(long, value_enum, default_value = "sqlite")]
        store: Store,
        /// How long each server is loaded in each pair
        #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=600))]
        seconds: u64,
        /// How many times bare and durable take turns
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=100))]
        pairs: u64,
    },
    /// Page somebody for every alert, at a steady rate
    Page {
        /// The store behind the server
        #[arg(long, value_enum, default_value = "sqlite")]
        store: Store,
        /// Alerts per second
        #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..=5_000))]
        rate: u64,
        /// For how long
        #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u64).range(1..=120))]
        seconds: u64,
    },
    /// Page many people with one alert, by a provider that takes its time
    PageMany {
        /// The store behind the server
        #[arg(long, value_enum, default_value = "sqlite")]
        store: Store,
        /// How many people are paged
        #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=5_000))]
        people: u64,
        /// How long the provider takes to answer each call, in milliseconds
        #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(0..=5_000))]
        answer_ms: u64,
    },
    /// Prove the coverage of many policies, and score the next year
    Coverage {
        /// Escalation policies, each with two schedules
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=1_000))]
        policies: u64,
        /// Weeks ahead
        #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(i64).range(1..=104))]
        weeks: i64,
        /// How often it is measured
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=100))]
        runs: u64,
    },
    /// Say who is on call, in core and through the API
    Oncall {
        /// The store behind the server
        #[arg(long, value_enum, default_value = "sqlite")]
        store: Store,
    },
    /// Write into an incident that many watch, and read a long timeline
    Room {
        /// The store behind the server
        #[arg(long, value_enum, default_value = "sqlite")]
        store: Store,
        /// How many watch
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=2_000))]
        viewers: u64,
        /// How long the timeline becomes
        #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u64).range(200..=100_000))]
        entries: u64,
    },
    /// Look for entries as they are written, and among many
    Search {
        /// The store behind the server
        #[arg(long, value_enum, default_value = "sqlite")]
        store: Store,
        /// How many entries are looked through
        #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u64).range(200..=1_000_000))]
        entries: u64,
    },
    /// Look for what is in a change's way, and for what changed before an incident
    Changes {
        /// The store behind the server
        #[arg(long, value_enum, default_value = "sqlite")]
        store: Store,
        /// How many services there are, each needing three others
        #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(200..=10_000))]
        services: u64,
        /// How many changes are scheduled
        #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=100_000))]
        changes: u64,
        /// How many change events came in within thirty days
        #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
        events: u64,
    },
    /// The server to compare with
    #[command(hide = true)]
    Bare,
    /// The load generator
    #[command(hide = true)]
    Load,
}

impl Bench {
    /// Measures and prints.
    ///
    /// # Errors
    /// When something cannot be measured.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        match self {
            Self::Accept { store, seconds, pairs } => {
                accept::run(accept::Plan { store, seconds, pairs }, settings).await
            }
            Self::Page { store, rate, seconds } => {
                page::run(page::Plan { store, rate, seconds }, settings).await
            }
            Self::PageMany { store, people, answer_ms } => {
                page_many::run(page_many::Plan { store, people, answer_ms }, settings).await
            }
            Self::Coverage { policies, weeks, runs } => {
                coverage::run(coverage::Plan { policies, weeks, runs }, settings)
            }
            Self::Room { store, viewers, entries } => {
                room::run(room::Plan { store, viewers, entries }, settings).await
            }
            Self::Search { store, entries } => {
                search::run(search::Plan { store, entries }, settings).await
            }
            Self::Changes { store, services, changes, events } => {
                changes::run(changes::Plan { store, services, changes, events }, settings).await
            }
            Self::Oncall { store } => oncall::run(store, settings).await,
            Self::Bare => bench::bare().await,
            // It has a runtime of one thread, which cannot run inside another.
            Self::Load => tokio::task::spawn_blocking(bench::generate).await?,
        }
    }
}
