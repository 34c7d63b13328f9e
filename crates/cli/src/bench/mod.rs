//! Benchmarks: how fast the real server is beside a bare one on the same machine, in the same run.
//! Servers and load generator are processes of their own, so that none of them borrows another's
//! time unseen. Nothing here is a test: it measures and asserts nothing.

pub mod accept;
pub mod changes;
pub mod coverage;
pub mod figures;
mod load;
pub mod oncall;
mod organization;
pub mod page;
pub mod page_many;
mod process;
pub mod room;
pub mod search;
mod wire;

use anyhow::Context as _;
use tokio::net::TcpListener;

use crate::failure::usage;
use crate::settings::{Place, Settings};

pub use load::run as generate;

/// Where the cluster for tests is named, if nothing else names a database.
const CLUSTER_VARIABLE: &str = "MUSTER_TEST_POSTGRES_URL";

/// Which store stands behind the server that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Store {
    /// The embedded one, in a temporary directory.
    Sqlite,
    /// The empty PostgreSQL database that --database-url names.
    Postgres,
}

/// A place that is gone, or at least not ours any more, when this is dropped.
struct Lodging {
    place: Place,
    _dir: Option<tempfile::TempDir>,
}

impl Store {
    fn lodging(self, settings: &Settings) -> anyhow::Result<Lodging> {
        match self {
            Self::Sqlite => {
                let dir = tempfile::tempdir().context("a temporary directory is needed")?;
                Ok(Lodging { place: Place::Dir(dir.path().join("data")), _dir: Some(dir) })
            }
            Self::Postgres => Ok(Lodging { place: Place::Url(database(settings)?), _dir: None }),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

fn database(settings: &Settings) -> anyhow::Result<String> {
    if let Ok(Place::Url(url)) = settings.place() {
        return Ok(url);
    }
    let cluster = settings.variable(CLUSTER_VARIABLE).map(str::to_owned);
    cluster.ok_or_else(|| {
        usage("say which empty database may be filled: --database-url postgres://...")
    })
}

/// The bare server, until whoever started it closes its standard input.
///
/// # Errors
/// When it cannot listen.
pub async fn bare() -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let mut input = process::input();
    tokio::select! {
        served = muster_server::bench::serve(listener) => Ok(served?),
        _ = input.recv() => Ok(()),
    }
}
