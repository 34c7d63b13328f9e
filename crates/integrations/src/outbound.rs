//! The one way out: an HTTP client and a resolver behind a guard that keeps outgoing calls off
//! private networks, where an address that somebody wrote into a form could otherwise read what
//! only machines inside may see. Names are checked after they are resolved and connected to at the
//! checked address, so that a second answer of the name server changes nothing. Redirects are not
//! followed, proxies of the environment are not used, and every wait and every answer is bounded.

use std::error::Error as StdError;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{ETAG, HeaderMap, IF_NONE_MATCH, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Method, Url};
use rustls::{ClientConfig, RootCertStore};

/// How long a connection may take to stand, name resolution and TLS included, in milliseconds.
pub const CONNECT_MS_MAX: u64 = 5_000;
/// How long a whole call may take, in milliseconds.
pub const TOTAL_MS_MAX: u64 = 15_000;
/// How much of an answer is read, in bytes.
pub const ANSWER_BYTES_MAX: usize = 16 * 1024;
/// How long an idle connection is kept for the next call, in milliseconds.
const IDLE_MS_MAX: u64 = 15_000;
/// The longest wait that a provider may ask for.
pub const RETRY_AFTER_MAX: SignedDuration = SignedDuration::from_hours(1);
/// The longest description of a failure, in characters.
const DETAIL_CHARS_MAX: usize = 300;

/// How long to wait and how much to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Until a connection stands, in milliseconds.
    pub connect_ms: u64,
    /// For a whole call, in milliseconds.
    pub total_ms: u64,
    /// Of an answer, in bytes.
    pub answer_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect_ms: CONNECT_MS_MAX, total_ms: TOTAL_MS_MAX, answer_bytes: ANSWER_BYTES_MAX }
    }
}

impl Limits {
    /// Until a connection stands.
    pub fn connect(&self) -> Duration {
        Duration::from_millis(self.connect_ms)
    }

    /// For a whole call.
    pub fn total(&self) -> Duration {
        Duration::from_millis(self.total_ms)
    }
}

/// Why there is no way out.
#[derive(Debug, thiserror::Error)]
pub enum InvalidOutbound {
    /// A network is not written as an address or in CIDR form.
    #[error("`{0}` is not a network; write for example 127.0.0.0/8 or 10.1.2.3")]
    Network(String),
    /// The HTTP client cannot be built.
    #[error("the HTTP client cannot be built: {0}")]
    Client(String),
}

/// Which addresses may be called.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    allow: Arc<[IpNet]>,
}

/// An address that may not be called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{host} is {address}, an address that outgoing calls may not reach; network.allow can list it"
)]
pub struct Refused {
    /// The host as it was asked for.
    pub host: String,
    /// Where it leads.
    pub address: IpAddr,
}

/// Why a host has no address to call.
#[derive(Debug, thiserror::Error)]
pub enum Unreachable {
    /// All of its addresses are refused.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The name cannot be resolved now.
    #[error("{0} cannot be resolved: {1}")]
    Unresolved(String, String),
}

impl Guard {
    /// A guard that also lets pass what `allow` lists, as addresses or in CIDR form.
    ///
    /// # Errors
    /// For a text that is no network.
    pub fn new<S: AsRef<str>>(allow: &[S]) -> Result<Self, InvalidOutbound> {
        let networks = allow
            .iter()
            .flat_map(|texts| texts.as_ref().split(','))
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .map(|text| {
                let network = text.parse::<IpNet>().ok();
                let network = network.or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
                network.ok_or_else(|| InvalidOutbound::Network(text.to_owned()))
            });
        Ok(Self { allow: networks.collect::<Result<_, _>>()? })
    }

    /// Whether an address may be called.
    pub fn permits(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        is_public(address) || self.allow.iter().any(|network| network.contains(&address))
    }

    /// The addresses of a host that may be called.
    ///
    /// # Errors
    /// When the host has none, or they are all refused.
    pub async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Unreachable> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let unresolved = |why: String| Unreachable::Unresolved(host.to_owned(), why);
        let found: Vec<_> = match bare.parse::<IpAddr>() {
            Ok(address) => vec![SocketAddr::new(address, port)],
            Err(_) => tokio::net::lookup_host((bare, port))
                .await
                .map_err(|error| unresolved(error.to_string()))?
                .collect(),
        };
        let first = found.first().ok_or_else(|| unresolved("it has no address".to_owned()))?.ip();
        let permitted: Vec<_> =
            found.into_iter().filter(|address| self.permits(address.ip())).collect();
        if permitted.is_empty() {
            return Err(Refused { host: host.to_owned(), address: first }.into());
        }
        Ok(permitted)
    }

    /// Checks the host of an address that is written as a number: such hosts are not resolved.
    fn check_literal(&self, url: &Url) -> Result<(), Refused> {
        let host = url.host_str().unwrap_or_default();
        match host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            Ok(address) if !self.permits(address) => {
                Err(Refused { host: host.to_owned(), address })
            }
            _ => Ok(()),
        }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let addresses = Self::resolve(&guard, name.as_str(), 0).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// Whether an address belongs to the public internet, as far as its number says.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_shared = a == 100 && (64..128).contains(&b);
    let is_protocol = a == 192 && b == 0 && c == 0;
    let is_benchmark = a == 198 && (18..20).contains(&b);
    let is_reserved = a == 0 || a >= 240;
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || is_shared
        || is_protocol
        || is_benchmark
        || is_reserved)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let parts = address.segments();
    let embedded = |high: u16, low: u16| {
        let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match parts {
        // Mapped, compatible and translated addresses are as good as the one inside.
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            embedded(high, low)
        }
        [0x2002, high, low, ..] => embedded(high, low),
        // Local-use translation, Teredo, documentation.
        [0x64, 0xff9b, 1, ..] | [0x2001, 0, ..] | [0x2001, 0xdb8, ..] => false,
        // Only 2000::/3 is handed out; private, link-local and multicast lie outside of it.
        [first, ..] => (0x2000..0x4000).contains(&first),
    }
}

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// How long it asks us to wait, at most [`RETRY_AFTER_MAX`].
    pub retry_after: Option<SignedDuration>,
    /// The beginning of its body.
    pub body: String,
}

/// A document that was read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The status.
    pub status: u16,
    /// What the server calls this state of it, for asking whether it has changed.
    pub etag: Option<String>,
    /// All of its body; empty unless the status says that there is one.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The call may not be made, now or later.
    Refused(String),
    /// The request was not sent.
    NotSent(String),
    /// The request may have arrived.
    Unknown(String),
}

/// The HTTP client behind the guard. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Outbound {
    client: Client,
    guard: Guard,
    limits: Limits,
}

impl Outbound {
    /// A client.
    ///
    /// # Errors
    /// When the client cannot be built.
    pub fn new(guard: Guard, limits: Limits) -> Result<Self, InvalidOutbound> {
        // Whoever comes first decides for the process; all of us choose ring.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = builder(&guard, limits).build().or_else(|error| {
            // A machine without trusted certificates can still page over plain HTTP and over mail;
            // every https call then fails with its own reason.
            tracing::warn!(error = chain(&error), "no certificate is trusted for outgoing calls");
            builder(&guard, limits).tls_backend_preconfigured(trusting_nobody()).build()
        });
        let client = client.map_err(|error| InvalidOutbound::Client(chain(&error)))?;
        Ok(Self { client, guard, limits })
    }

    /// The guard, for connections of other protocols.
    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    /// How long to wait.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Posts `body`.
    ///
    /// # Errors
    /// When there is no answer; the failure says whether the request may have arrived.
    pub async fn post(
        &self,
        url: &str,
        headers: HeaderMap,
        body: Vec<u8>,
        now: Timestamp,
    ) -> Result<Answer, Failure> {
        self.call(Method::POST, url, headers, body, now).await
    }

    /// Makes a call by any method.
    ///
    /// # Errors
    /// As [`Self::post`].
    pub async fn call(
        &self,
        method: Method,
        url: &str,
        headers: HeaderMap,
        body: Vec<u8>,
        now: Timestamp,
    ) -> Result<Answer, Failure> {
        let url = Url::parse(url)
            .map_err(|error| Failure::Refused(format!("the address is wrong: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Failure::Refused("only http and https addresses are called".to_owned()));
        }
        self.guard.check_literal(&url).map_err(|refused| Failure::Refused(refused.to_string()))?;
        let request = self.client.request(method, url).headers(headers).body(body);
        let mut response = request.send().await.map_err(failure)?;
        let status = response.status().as_u16();
        let retry_after = retry_after(response.headers(), now);
        let mut read = Vec::new();
        // The status decides; a body that breaks off only shortens what is shown.
        while let Ok(Some(chunk)) = response.chunk().await {
            read.extend_from_slice(&chunk);
            if read.len() >= self.limits.answer_bytes {
                read.truncate(self.limits.answer_bytes);
                break;
            }
        }
        Ok(Answer { status, retry_after, body: String::from_utf8_lossy(&read).into_owned() })
    }

    /// Reads a document whole, unless it is still in the state that `etag` names. One that is larger
    /// than `bytes_max` or breaks off is a failure: half of it would say that the rest is gone.
    ///
    /// # Errors
    /// As [`Self::post`].
    pub async fn read(
        &self,
        url: &str,
        etag: Option<&str>,
        bytes_max: usize,
    ) -> Result<Document, Failure> {
        let url = Url::parse(url)
            .map_err(|error| Failure::Refused(format!("the address is wrong: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Failure::Refused("only http and https addresses are called".to_owned()));
        }
        self.guard.check_literal(&url).map_err(|refused| Failure::Refused(refused.to_string()))?;
        let mut request = self.client.request(Method::GET, url);
        if let Some(etag) = etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        let mut response = request.send().await.map_err(failure)?;
        let status = response.status().as_u16();
        let etag = response.headers().get(ETAG).and_then(|value| value.to_str().ok());
        let etag = etag.map(str::to_owned);
        let mut body = Vec::new();
        if response.status().is_success() {
            while let Some(chunk) = response.chunk().await.map_err(failure)? {
                body.extend_from_slice(&chunk);
                if body.len() > bytes_max {
                    let most = bytes_max / 1024;
                    return Err(Failure::Unknown(format!("it is larger than {most} KiB")));
                }
            }
        }
        Ok(Document { status, etag, body })
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the guarded way out")]
fn builder(guard: &Guard, limits: Limits) -> ClientBuilder {
    Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .dns_resolver(guard.clone())
        .connect_timeout(limits.connect())
        .timeout(limits.total())
        .pool_idle_timeout(Duration::from_millis(IDLE_MS_MAX))
        .user_agent(concat!("Muster/", env!("CARGO_PKG_VERSION")))
}

fn trusting_nobody() -> ClientConfig {
    ClientConfig::builder().with_root_certificates(RootCertStore::empty()).with_no_client_auth()
}

fn failure(error: reqwest::Error) -> Failure {
    let error = error.without_url();
    let text = chain(&error);
    if sources(&error).any(|source| source.is::<Refused>() || is_refused(source)) {
        return Failure::Refused(text);
    }
    if error.is_builder() {
        return Failure::Refused(text);
    }
    if error.is_connect() {
        return Failure::NotSent(text);
    }
    Failure::Unknown(if error.is_timeout() { "no answer in time".to_owned() } else { text })
}

fn is_refused(error: &(dyn StdError + 'static)) -> bool {
    matches!(error.downcast_ref::<Unreachable>(), Some(Unreachable::Refused(_)))
}

fn sources<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

/// An error and what led to it, in one line.
pub(crate) fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    for source in sources(error) {
        let text = source.to_string();
        // Many errors already end in the words of their source.
        if !parts.last().is_some_and(|last| last.ends_with(&text)) {
            parts.push(text);
        }
    }
    one_line(&parts.join(": "))
}

/// A text from outside as one short line.
pub(crate) fn one_line(text: &str) -> String {
    on_one_line(text).chars().take(DETAIL_CHARS_MAX).collect()
}

/// A text without line ends and other control characters.
pub(crate) fn on_one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// `Retry-After` in seconds or as a date (RFC 9110, 10.2.3).
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<SignedDuration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse::<u32>() {
        Ok(seconds) => SignedDuration::from_secs(i64::from(seconds)),
        Err(_) => {
            let at = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
            at.duration_since(now).max(SignedDuration::ZERO)
        }
    };
    Some(wait.min(RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_refused_in_every_disguise() {
        let guard = Guard::default();
        for refused in [
            "127.0.0.1",
            "127.8.8.8",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "100.100.100.200",
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "192.0.0.192",
            "198.18.0.1",
            "192.0.2.1",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001:0:1::",
            "2001:db8::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
        ] {
            assert!(!guard.permits(refused.parse().unwrap()), "{refused}");
        }
        for public in [
            "1.1.1.1",
            "172.32.0.1",
            "100.128.0.1",
            "192.0.1.1",
            "2606:4700::1111",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
        ] {
            assert!(guard.permits(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn what_is_listed_is_let_pass_and_nothing_else() {
        let guard = Guard::new(&["127.0.0.0/8, ::1", "10.1.2.3"]).unwrap();
        for allowed in ["127.0.0.1", "::1", "10.1.2.3", "::ffff:127.0.0.1"] {
            assert!(guard.permits(allowed.parse().unwrap()), "{allowed}");
        }
        for refused in ["10.1.2.4", "192.168.0.1", "169.254.169.254"] {
            assert!(!guard.permits(refused.parse().unwrap()), "{refused}");
        }
        assert!(Guard::new(&["localhost"]).is_err());
    }

    #[test]
    fn waits_are_read_from_seconds_and_dates_and_bounded() {
        let now: Timestamp = "2026-11-21T08:00:00Z".parse().unwrap();
        let wait = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            retry_after(&headers, now)
        };
        assert_eq!(wait("7"), Some(SignedDuration::from_secs(7)));
        assert_eq!(wait("Sat, 21 Nov 2026 08:00:30 GMT"), Some(SignedDuration::from_secs(30)));
        assert_eq!(wait("Sat, 21 Nov 2026 07:00:00 GMT"), Some(SignedDuration::ZERO));
        assert_eq!(wait("999999"), Some(RETRY_AFTER_MAX));
        assert_eq!(wait("soon"), None);
    }
}
