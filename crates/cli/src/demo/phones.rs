//! Everybody's phones: a webhook receiver on loopback that takes pages as a provider would and
//! shows them in the terminal.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use muster_server::clock::Clock;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::show::{self, Screen, Style, time};

/// The largest head and body that a phone takes, in bytes.
const HEAD_BYTES_MAX: u64 = 16 * 1024;
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// Everybody's phones.
#[derive(Clone)]
pub struct Phones {
    /// Where they are: `http://127.0.0.1:PORT`.
    pub url: String,
    shown: Arc<AtomicBool>,
    rung: Arc<Mutex<Vec<Ring>>>,
}

/// Somebody was asked about an incident.
#[derive(Debug, Clone)]
pub struct Ring {
    /// Who.
    pub user: String,
    /// The incident's number.
    pub incident: i64,
}

impl Phones {
    /// Begins to listen. Nothing is shown yet.
    ///
    /// # Errors
    /// When loopback has no port.
    pub async fn listen() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("loopback has no port")?;
        let url = format!("http://{}", listener.local_addr()?);
        let phones = Self { url, shown: Arc::default(), rung: Arc::default() };
        let answering = phones.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let phones = answering.clone();
                tokio::spawn(async move {
                    // A connection that breaks off is the sender's to notice.
                    let _ = phones.answer(stream).await;
                });
            }
        });
        Ok(phones)
    }

    /// From now on pages are shown in the terminal.
    pub fn show(&self) {
        self.shown.store(true, Ordering::Relaxed);
    }

    /// Who was asked last about an incident.
    pub fn last_asked(&self, incident: i64) -> Option<Ring> {
        let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        rung.iter().rev().find(|ring| ring.incident == incident).cloned()
    }

    async fn answer(&self, stream: TcpStream) -> anyhow::Result<()> {
        let mut stream = BufReader::new(stream);
        while let Some((path, body)) = request(&mut stream).await? {
            self.take(path.trim_start_matches('/'), &body)?;
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await?;
        }
        Ok(())
    }

    fn take(&self, user: &str, body: &Value) -> anyhow::Result<()> {
        let asks: Vec<(&Value, &Value)> = match body["type"].as_str() {
            Some("page") => vec![(&body["incident"], &body["page"])],
            Some("digest") => {
                let incidents = body["incidents"].as_array().map_or(&[][..], Vec::as_slice);
                incidents.iter().map(|incident| (incident, &incident["page"])).collect()
            }
            _ => Vec::new(),
        };
        {
            let mut rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
            rung.extend(asks.iter().filter_map(|(incident, _)| {
                Some(Ring { user: user.to_owned(), incident: incident["number"].as_i64()? })
            }));
        }
        if !self.shown.load(Ordering::Relaxed) {
            return Ok(());
        }
        let screen = Screen::of_stdout();
        if let Some("page.superseded") = body["type"].as_str() {
            return show::put(&over(user, body, screen));
        }
        asks.iter().try_for_each(|(incident, page)| show::put(&ring(user, incident, page, screen)))
    }
}

fn ring(user: &str, incident: &Value, page: &Value, screen: Screen) -> String {
    let level = incident["severity"].as_u64().unwrap_or(0);
    let severity = screen.paint.apply(Style::Severity(level), &format!("[SEV{level}]"));
    let number = show::text(&incident["number"]);
    let more = match incident["alert_count"].as_u64() {
        Some(count) if count > 1 => format!(" ({count} alerts)"),
        _ => String::new(),
    };
    format!(
        "{}  {severity} #{number} {}: {}{more}\n{}acknowledge: {}\n",
        opening(user, screen),
        show::text(&incident["service"]),
        show::text(&incident["title"]),
        " ".repeat(10),
        show::text(&page["ack_url"]),
    )
}

fn over(user: &str, body: &Value, screen: Screen) -> String {
    let number = show::text(&body["incident"]["number"]);
    let text = format!("#{number} {}", show::text(&body["superseded"]["by"]));
    format!("{}  {}\n", opening(user, screen), screen.paint.muted(&text))
}

fn opening(user: &str, screen: Screen) -> String {
    let at = time::clock(Clock::System.now());
    let mut name = user.to_owned();
    if let Some(first) = name.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    format!("{}  {}", screen.paint.muted(&at), screen.paint.bold(&format!("{name}'s phone:")))
}

/// One request: its path and its body, as JSON.
async fn request(stream: &mut BufReader<TcpStream>) -> anyhow::Result<Option<(String, Value)>> {
    let mut head = stream.take(HEAD_BYTES_MAX);
    let (mut path, mut length) = (String::new(), 0_usize);
    loop {
        let mut line = String::new();
        if head.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        let line = line.trim_end();
        if path.is_empty() {
            line.split_whitespace().nth(1).unwrap_or("/").clone_into(&mut path);
            continue;
        }
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().context("a length is a number")?;
        }
    }
    anyhow::ensure!(length <= BODY_BYTES_MAX, "a body is too large");
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(Some((path, serde_json::from_slice(&body).unwrap_or_default())))
}
