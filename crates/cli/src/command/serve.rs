//! `muster serve`: opens the store, starts the stages and listens until it is told to stop.

use std::io::IsTerminal as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use anyhow::{Context as _, anyhow};
use muster_server::api::Ctx;
use muster_server::app::App;
use muster_server::clock::Clock;
use muster_server::engine::Engine;
use muster_server::engine::accept::Accept;
use muster_server::settings;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::failure::usage;
use crate::operator;
use crate::settings::{Place, Settings};
use crate::store::{self, Missing};

mod mail;

/// Where the server listens unless it is told otherwise.
const LISTEN_DEFAULT: &str = "127.0.0.1:8080";
/// What is logged unless somebody asks for more.
const LOG_DEFAULT: &str = "info,sqlx=warn";

/// Run the server.
#[derive(Debug, clap::Args)]
pub struct Serve {
    /// The address and port to listen on; 127.0.0.1:8080 by default [env: MUSTER_LISTEN]
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<String>,
    #[command(flatten)]
    outside: Outside,
    #[command(flatten)]
    mail: mail::Listening,
    /// The log: text or json, a level, or both, such as json,debug [env: MUSTER_LOG]
    #[arg(long, value_name = "FORM")]
    log: Option<Log>,
}

/// How the server is reached and what it may reach.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Outside {
    /// The address that people and providers reach this installation at [env: MUSTER_PUBLIC_URL]
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// A private network that outgoing calls may reach; may be given several times
    /// [env: MUSTER_NETWORK_ALLOW, separated by commas]
    #[arg(long, value_name = "CIDR")]
    network_allow: Vec<String>,
    /// Where mail goes out: smtp://user:password@host:port [env: MUSTER_SMTP_URL]
    #[arg(long, value_name = "URL")]
    smtp_url: Option<String>,
    /// The sender of mail [env: MUSTER_MAIL_FROM]
    #[arg(long, value_name = "MAILBOX")]
    mail_from: Option<String>,
}

impl Serve {
    /// Runs the server until it is told to stop.
    ///
    /// # Errors
    /// When it cannot start, or the listener fails.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let in_file = settings.file().log.as_deref().map(str::parse).transpose();
        let in_file = in_file.map_err(|error| usage(format!("log: {error}")))?;
        let log = settings.pick(self.log, "MUSTER_LOG", in_file)?.unwrap_or_default();
        start_log(&log)?;
        let place = settings.place()?;
        let listen = settings.pick(self.listen, "MUSTER_LISTEN", settings.file().listen.clone())?;
        let listen = listen.unwrap_or_else(|| LISTEN_DEFAULT.to_owned());
        let db = store::open(&place, Missing::Create).await.map_err(|error| match &place {
            Place::Dir(dir) if store::is_in_use(&error) => anyhow!(
                "a server runs on {} already; stop it first, or serve another directory",
                dir.display()
            ),
            _ => error,
        })?;
        if let Place::Dir(dir) = &place {
            operator::clear(dir);
        }
        let listener = TcpListener::bind(&listen).await.with_context(|| {
            format!("{listen} cannot be listened on; choose another address with --listen")
        })?;
        let mail = self.mail.over(settings)?;
        let mail_listeners = mail.bind().await?;
        let own_url = format!("http://{}", reachable(listener.local_addr()?));

        let stop = stopped()?;
        let mut app_settings = self.outside.over(settings, &own_url)?;
        app_settings.mail_in = mail.settings();
        let app = App::start(db.clone(), Clock::System, app_settings).await?;
        let accept = Accept::start(&app);
        let engine = Engine::start(&app);
        let posted = match &place {
            Place::Dir(dir) => Some(operator::post(&db, dir, own_url.clone(), app.now()).await?),
            Place::Url(_) => None,
        };
        let engine_name = store::engine_name(db.engine());
        if app.snapshot().directory.catch_all.is_none() {
            tracing::warn!("nothing is configured yet; begin with `muster apply -f org.yaml`");
        }
        let listens = format!("Muster listens on {own_url} (store: {engine_name})");
        if log.is_json {
            tracing::info!("{listens}");
        } else {
            eprintln!("{listens}");
        }
        let ctx = Ctx::new(app, accept);
        let (stop_mail, stopping) = tokio::sync::watch::channel(());
        let mut letters = tokio::task::JoinSet::new();
        for listener in mail_listeners {
            let mut stopping = stopping.clone();
            let stop = async move { while stopping.changed().await.is_ok() {} };
            letters.spawn(muster_server::mail::serve(ctx.clone(), listener, stop));
        }
        muster_server::http::serve(ctx, listener, stop).await?;

        tracing::info!("stopping");
        drop(stop_mail);
        while letters.join_next().await.is_some() {}
        drop(engine);
        drop(posted);
        db.close().await;
        Ok(())
    }
}

/// How the server stands where no flags say so, as for an API that runs for one command.
///
/// # Errors
/// When a variable or the file holds something else than what it should.
pub fn settings(settings: &Settings, own_url: &str) -> anyhow::Result<settings::Settings> {
    Outside::default().over(settings, own_url)
}

impl Outside {
    fn over(self, settings: &Settings, own_url: &str) -> anyhow::Result<settings::Settings> {
        let file = settings.file();
        let public_url =
            settings.pick(self.public_url, "MUSTER_PUBLIC_URL", file.public_url.clone())?;
        let public_url = match public_url {
            Some(url) => checked_public_url(&url)?,
            None => own_url.to_owned(),
        };
        let network_allow = match (self.network_allow, settings.variable("MUSTER_NETWORK_ALLOW")) {
            (flags, _) if !flags.is_empty() => flags,
            (_, Some(list)) => list.split(',').map(|one| one.trim().to_owned()).collect(),
            _ => file.network_allow.iter().chain(&file.network.allow).cloned().collect(),
        };
        let defaults = settings::Settings::default();
        let mail_from =
            settings.pick(self.mail_from, "MUSTER_MAIL_FROM", file.mail_from.clone())?;
        Ok(settings::Settings {
            public_url,
            network_allow,
            outbound_limits: defaults.outbound_limits,
            smtp_url: settings.pick(self.smtp_url, "MUSTER_SMTP_URL", file.smtp_url.clone())?,
            mail_from: mail_from.unwrap_or(defaults.mail_from),
            mail_in: settings::MailIn::default(),
            demo: false,
        })
    }
}

fn checked_public_url(url: &str) -> anyhow::Result<String> {
    let url = url.trim().trim_end_matches('/');
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !host.contains(char::is_whitespace) => Ok(url.to_owned()),
        _ => Err(usage(format!(
            "`{url}` is not a public address; write for example https://muster.example.com"
        ))),
    }
}

/// The address to call a listener on this machine by.
pub fn reachable(listening: SocketAddr) -> SocketAddr {
    let ip = match listening.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listening.port())
}

/// Begins to log to standard error; RUST_LOG is stronger than what is asked for here.
///
/// # Errors
/// When RUST_LOG says something that is no filter.
pub fn start_log(log: &Log) -> anyhow::Result<()> {
    let wanted = std::env::var_os("RUST_LOG").and_then(|wanted| wanted.into_string().ok());
    let wanted = wanted.filter(|wanted| !wanted.is_empty()).unwrap_or_else(|| log.filter.clone());
    let filter = EnvFilter::try_new(wanted).map_err(|error| usage(format!("RUST_LOG: {error}")))?;
    let to = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // A log that somebody else began first is as good.
    let _ = if log.is_json { to.json().try_init() } else { to.with_target(false).try_init() };
    Ok(())
}

/// What is logged and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    is_json: bool,
    filter: String,
}

impl Log {
    /// Text, as far as the filter lets it pass.
    pub fn text(filter: &str) -> Self {
        Self { is_json: false, filter: filter.to_owned() }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self::text(LOG_DEFAULT)
    }
}

impl FromStr for Log {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut log = Self::default();
        let mut filters = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            match part {
                "json" => log.is_json = true,
                "text" => log.is_json = false,
                filter => filters.push(filter),
            }
        }
        if !filters.is_empty() {
            log.filter = filters.join(",");
        }
        let named = log.filter.split(',').all(|filter| {
            let level = filter.rsplit('=').next().unwrap_or(filter);
            ["off", "error", "warn", "info", "debug", "trace"].contains(&level)
        });
        match EnvFilter::try_new(&log.filter) {
            Ok(_) if named => Ok(log),
            _ => Err(format!("`{text}` is no log; write text, json, debug or json,debug")),
        }
    }
}

/// Done when the process is asked to end.
///
/// # Errors
/// When the system does not tell.
pub fn stopped() -> anyhow::Result<impl Future<Output = ()> + Send> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_address_is_a_web_address_without_a_final_slash() {
        assert_eq!(checked_public_url("https://m.example.com/").unwrap(), "https://m.example.com");
        assert!(checked_public_url("m.example.com").is_err());
        assert!(checked_public_url("https://").is_err());
    }

    #[test]
    fn a_log_has_a_form_and_a_filter() {
        let read = |text: &str| text.parse::<Log>();
        assert_eq!(read("json"), Ok(Log { is_json: true, filter: LOG_DEFAULT.to_owned() }));
        assert_eq!(read("debug"), Ok(Log::text("debug")));
        let both = Log { is_json: true, filter: "warn,muster_server=debug".to_owned() };
        assert_eq!(read("json,warn,muster_server=debug"), Ok(both));
        assert!(read("yaml").is_err());
    }

    #[test]
    fn a_listener_on_every_address_is_called_on_loopback() {
        let call = |listening: &str| reachable(listening.parse().unwrap()).to_string();
        assert_eq!(call("0.0.0.0:80"), "127.0.0.1:80");
        assert_eq!(call("[::]:80"), "[::1]:80");
        assert_eq!(call("192.0.2.1:80"), "192.0.2.1:80");
    }
}
