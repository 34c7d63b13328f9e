//! The processes of a run, what they cost, and how the real server says how it is doing.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use serde::Serialize;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc;

use super::load::{Order, Outcome};
use super::wire::Connection;
use crate::settings::Place;

/// How long a process may take to say that it is there, in seconds.
const START_SECONDS_MAX: u64 = 60;
/// How long an order may take beyond its own time, in seconds.
const ORDER_SECONDS_MORE: u64 = 120;
/// How long triage may take to come to an end, in seconds.
const DRAIN_SECONDS_MAX: u64 = 600;
/// How often the server is asked whether triage has come to its end, in milliseconds.
const DRAIN_LOOK_MS: u64 = 100;
/// What the real server says first.
const GREETING: &str = "Muster listens on http://";
/// What Linux counts processor time in, as every program sees it.
const TICKS_PER_SECOND: f64 = 100.0;

/// The lines of standard input. They end when whoever started this process is gone.
pub(super) fn input() -> mpsc::UnboundedReceiver<String> {
    let (lines, read) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lines() {
            let Ok(line) = line else { return };
            if lines.send(line).is_err() {
                return;
            }
        }
    });
    read
}

/// Another process of this program, which ends when this is dropped.
struct Own(Child);

impl Own {
    /// `muster ARGS`, with no settings but those.
    fn start(args: &[&str], stdin: Stdio, stdout: Stdio, stderr: Stdio) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("this program cannot find itself")?;
        let mut command = Command::new(program);
        let ours = std::env::vars_os().map(|(name, _)| name);
        for name in ours.filter(|name| name.to_string_lossy().starts_with("MUSTER_")) {
            command.env_remove(name);
        }
        command.args(args).stdin(stdin).stdout(stdout).stderr(stderr).kill_on_drop(true);
        Ok(Self(command.spawn().context("another process cannot be started")?))
    }

    /// What it costs.
    fn cost(&self) -> Cost {
        self.0.id().and_then(Cost::of).unwrap_or_default()
    }
}

/// What a process has cost so far; zero where the system does not tell.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(super) struct Cost {
    /// Memory that it holds now.
    pub(super) rss_bytes: u64,
    /// The most memory that it ever held.
    pub(super) rss_peak_bytes: u64,
    /// Processor time.
    pub(super) cpu_seconds: f64,
}

impl Cost {
    fn of(process: u32) -> Option<Self> {
        let process = Path::new("/proc").join(process.to_string());
        let status = std::fs::read_to_string(process.join("status")).ok()?;
        let kib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim().trim_end_matches(" kB").parse::<u64>().ok()
        };
        let stat = std::fs::read_to_string(process.join("stat")).ok()?;
        // Fields are counted after the name, which may hold blanks.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
        let mut ticks = || fields.next()?.parse::<f64>().ok();
        Some(Self {
            rss_bytes: kib("VmRSS:")? * 1024,
            rss_peak_bytes: kib("VmHWM:")? * 1024,
            cpu_seconds: (ticks()? + ticks()?) / TICKS_PER_SECOND,
        })
    }
}

/// The load generator.
pub(super) struct Generator {
    _process: Own,
    orders: ChildStdin,
    outcomes: Lines<BufReader<ChildStdout>>,
    /// Where it takes the calls of webhooks.
    pub(super) hooks: u16,
}

impl Generator {
    pub(super) async fn start() -> anyhow::Result<Self> {
        let mut process =
            Own::start(&["bench", "load"], Stdio::piped(), Stdio::piped(), Stdio::inherit())?;
        let orders = process.0.stdin.take().context("no way to order")?;
        let outcomes = process.0.stdout.take().context("no way to hear")?;
        let mut outcomes = BufReader::new(outcomes).lines();
        let hooks = first_line(&mut outcomes).await?.parse::<SocketAddr>()?.port();
        Ok(Self { _process: process, orders, outcomes, hooks })
    }

    pub(super) async fn run(&mut self, order: &Order) -> anyhow::Result<Outcome> {
        let line = format!("{}\n", serde_json::to_string(order)?);
        self.orders.write_all(line.as_bytes()).await?;
        self.orders.flush().await?;
        let patience = Duration::from_secs(order.seconds + ORDER_SECONDS_MORE);
        let outcome = tokio::time::timeout(patience, self.outcomes.next_line()).await;
        let outcome = outcome.context("the load generator does not come to an end")??;
        let outcome = outcome.context("the load generator is gone")?;
        Ok(serde_json::from_str(&outcome)?)
    }
}

/// The bare server.
pub(super) struct Bare {
    process: Own,
    pub(super) address: SocketAddr,
}

impl Bare {
    pub(super) async fn start() -> anyhow::Result<Self> {
        let mut process =
            Own::start(&["bench", "bare"], Stdio::piped(), Stdio::piped(), Stdio::inherit())?;
        let said = process.0.stdout.take().context("no way to hear")?;
        let address = first_line(&mut BufReader::new(said).lines()).await?.parse()?;
        Ok(Self { process, address })
    }

    pub(super) fn cost(&self) -> Cost {
        self.process.cost()
    }
}

/// The real server, as anybody starts it.
pub(super) struct Real {
    process: Own,
    pub(super) address: SocketAddr,
}

impl Real {
    pub(super) async fn start(place: &Place) -> anyhow::Result<Self> {
        let (flag, place) = match place {
            Place::Dir(dir) => ("--data", dir.display().to_string()),
            Place::Url(url) => ("--database-url", url.clone()),
        };
        let args =
            [flag, &place, "serve", "--listen", "127.0.0.1:0", "--network-allow", "127.0.0.0/8"];
        let mut process = Own::start(&args, Stdio::null(), Stdio::null(), Stdio::piped())?;
        let said = process.0.stderr.take().context("no way to hear")?;
        let mut said = BufReader::new(said).lines();
        let greeted = tokio::time::timeout(Duration::from_secs(START_SECONDS_MAX), async {
            let mut before = String::new();
            while let Some(line) = said.next_line().await? {
                if let Some((_, rest)) = line.split_once(GREETING) {
                    let address = rest.split_whitespace().next().unwrap_or_default();
                    return Ok(address.parse::<SocketAddr>()?);
                }
                before = line;
            }
            Err(anyhow!("the server did not start: {before}"))
        });
        let address = greeted.await.context("the server does not say that it listens")??;
        tokio::spawn(async move {
            while let Ok(Some(line)) = said.next_line().await {
                eprintln!("server: {line}");
            }
        });
        Ok(Self { process, address })
    }

    pub(super) fn cost(&self) -> Cost {
        self.process.cost()
    }

    /// What the server says about its work.
    pub(super) async fn progress(&self) -> anyhow::Result<Progress> {
        let mut connection = Connection::open(self.address).await?;
        let request = format!("GET /metrics HTTP/1.1\r\nhost: {}\r\n\r\n", self.address);
        let text = connection.fetch(request.as_bytes()).await?;
        let figure = |name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
                .and_then(|figure| figure.trim().parse::<f64>().ok())
        };
        Ok(Progress {
            waiting: figure("muster_inbox_waiting").context("no figure of the inbox")?,
            lag_seconds: figure("muster_inbox_oldest_seconds").unwrap_or_default(),
            triaged: figure("muster_messages_triaged_total").unwrap_or_default(),
        })
    }

    /// Waits until triage has come to its end; how long that took, in seconds.
    pub(super) async fn drained(&self) -> anyhow::Result<f64> {
        let began = Instant::now();
        while self.progress().await?.waiting > 0.0 {
            if began.elapsed() > Duration::from_secs(DRAIN_SECONDS_MAX) {
                bail!("triage does not come to an end");
            }
            tokio::time::sleep(Duration::from_millis(DRAIN_LOOK_MS)).await;
        }
        Ok(began.elapsed().as_secs_f64())
    }
}

/// How far the real server's triage is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Progress {
    /// Messages that wait for it.
    pub(super) waiting: f64,
    /// For how long the oldest of them has waited.
    pub(super) lag_seconds: f64,
    /// Messages that it has taken since the start.
    pub(super) triaged: f64,
}

async fn first_line<R>(lines: &mut Lines<R>) -> anyhow::Result<String>
where
    R: tokio::io::AsyncBufRead + Unpin,
{
    let line = tokio::time::timeout(Duration::from_secs(START_SECONDS_MAX), lines.next_line());
    line.await.context("a process does not say that it is there")??.context("a process is gone")
}
