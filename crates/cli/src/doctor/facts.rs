//! What there is to know about an installation.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use muster_core::org::directory::Directory;
use muster_server::app::org::config::{self, Surroundings};
use muster_server::app::snapshot::environment;
use muster_server::clock::Clock;
use muster_store::health::{Health, health};
use muster_store::org::directory;
use muster_store::{Db, Engine};
use reqwest::Url;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpStream;

use crate::api::Api;
use crate::settings::Settings;

/// How long a mail server may take to greet, in milliseconds.
const GREETING_MS_MAX: u64 = 5_000;

/// What there is to know about an installation. What could not be asked is `None`.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// When it was asked.
    pub now: Timestamp,
    /// Whether a server runs on the store.
    pub is_live: bool,
    /// Which engine the store is on, by its name for people.
    pub engine: String,
    /// How the database stands.
    pub health: Option<Health>,
    /// The newest migration that this program knows.
    pub schema_newest: i64,
    /// How far the other clock is ahead of this machine's.
    pub skew: Option<SignedDuration>,
    /// Free and whole space of the data directory's file system, in bytes.
    pub space: Option<(u64, u64)>,
    /// What the API says of the installation.
    pub system: Value,
    /// The organisation.
    pub directory: Option<Arc<Directory>>,
    /// What of the configuration deserves a look.
    pub warnings: Vec<String>,
    /// Where people reach the installation.
    pub public_url: Option<String>,
    /// Providers that can be asked, by name: as whom they know us, or what they answered instead.
    pub providers: Vec<(String, Result<String, String>)>,
    /// The mail server, where one is set here, and why it cannot be used.
    pub mail: Option<Result<(), String>>,
}

impl Facts {
    /// Asks a server.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn of_server(api: &Api, settings: &Settings) -> anyhow::Result<Self> {
        let mut facts = Self::of_api(api, settings).await?;
        facts.is_live = true;
        let theirs = facts.system["now"].as_str().and_then(|now| now.parse::<Timestamp>().ok());
        facts.skew = theirs.map(|theirs| theirs.duration_since(Clock::System.now()));
        // The configuration holds secrets, so not everybody who may ask how it stands may read it.
        if let Ok(text) = api.text(&["config", "export"]).await {
            let around = Surroundings { now: facts.now, environment: &|_| Some(String::new()) };
            let plan = config::check(&text, None).ok();
            let plan = plan.and_then(|wanted| config::plan_alone(&wanted, &around).ok());
            facts.directory = plan.map(|plan| plan.directory);
        }
        Ok(facts)
    }

    /// Asks a store that no server runs on, over an API for the moment.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn of_store(db: &Db, api: &Api, settings: &Settings) -> anyhow::Result<Self> {
        let mut facts = Self::of_api(api, settings).await?;
        facts.health = Some(health(db).await?);
        if db.engine() == Engine::Postgres {
            facts.skew = Some(db.now_skew(Clock::System.now()).await?);
        }
        let mut tx = db.snapshot().await?;
        let loaded = directory::load(&mut tx, &environment).await?;
        facts.directory = Some(loaded.directory);
        facts.public_url = settings
            .variable("MUSTER_PUBLIC_URL")
            .map(ToOwned::to_owned)
            .or_else(|| settings.file().public_url.clone());
        Ok(facts)
    }

    async fn of_api(api: &Api, settings: &Settings) -> anyhow::Result<Self> {
        let system = api.get(&["system"], &[]).await?;
        let session = api.get(&["session"], &[]).await?;
        let warnings = system["warnings"].as_array().into_iter().flatten();
        let warnings = warnings.filter_map(|warning| warning.as_str().map(ToOwned::to_owned));
        let smtp = settings.pick(None, "MUSTER_SMTP_URL", settings.file().smtp_url.clone())?;
        let mail = match smtp {
            Some(url) => Some(greeted(&url).await),
            None => None,
        };
        Ok(Self {
            now: Clock::System.now(),
            schema_newest: muster_store::migration::version_newest(),
            engine: match system["engine"].as_str() {
                Some("postgres") => "PostgreSQL".to_owned(),
                _ => "SQLite".to_owned(),
            },
            warnings: warnings.collect(),
            public_url: session["public_url"].as_str().map(ToOwned::to_owned),
            providers: providers(api).await,
            system,
            mail,
            ..Self::default()
        })
    }

    /// Looks at the file system of the data directory.
    #[must_use]
    pub fn with_space(mut self, dir: &Path) -> Self {
        self.space = rustix::fs::statvfs(dir)
            .ok()
            .map(|space| (space.f_bavail * space.f_frsize, space.f_blocks * space.f_frsize));
        self
    }
}

/// Asks each provider that has such a question whether it knows us; nobody gets a message. Only
/// administrators may ask, so for others the list is empty.
async fn providers(api: &Api) -> Vec<(String, Result<String, String>)> {
    let mut found = Vec::new();
    let Ok(all) = api.get(&["providers"], &[]).await else { return found };
    let all = all["items"].as_array().into_iter().flatten();
    for provider in all.filter(|provider| provider["can_be_tested"] == true) {
        let name = provider["name"].as_str().unwrap_or_default();
        let Ok(answer) = api.post(&["providers", name, "test"], &json!({})).await else { continue };
        let detail = answer["detail"].as_str().unwrap_or_default().to_owned();
        found.push((name.to_owned(), if answer["ok"] == true { Ok(detail) } else { Err(detail) }));
    }
    found
}

/// Whether a mail server is there. What it says in a TLS session is not looked at.
async fn greeted(url: &str) -> Result<(), String> {
    let url = Url::parse(url).map_err(|error| format!("the address is wrong: {error}"))?;
    let host = url.host_str().ok_or("the address has no host")?;
    let speaks_first = url.scheme() == "smtp";
    let port = url.port().unwrap_or(if speaks_first { 587 } else { 465 });
    let greeting = async {
        let stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
        let mut line = String::new();
        if speaks_first {
            BufReader::new(stream).read_line(&mut line).await?;
        }
        Ok::<_, std::io::Error>(line)
    };
    let patience = Duration::from_millis(GREETING_MS_MAX);
    match tokio::time::timeout(patience, greeting).await {
        Ok(Ok(line)) if !speaks_first || line.starts_with("220") => Ok(()),
        Ok(Ok(_)) => Err(format!("{host}:{port} does not greet as a mail server does")),
        Ok(Err(error)) => Err(format!("{host}:{port}: {error}")),
        Err(_) => Err(format!("{host}:{port} does not answer")),
    }
}
