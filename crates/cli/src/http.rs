//! The client that the command line speaks to servers with. It goes where the person who typed the
//! command says, so it is not behind the guard that outgoing calls of the server pass.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::Context as _;
use reqwest::{Client, ClientBuilder, Url};
use rustls::{ClientConfig, RootCertStore};

/// How long a connection may take to stand, in milliseconds.
const CONNECT_MS_MAX: u64 = 5_000;
/// How long a server may be silent, in milliseconds; its live stream has a heartbeat.
const SILENCE_MS_MAX: u64 = 60_000;

/// A client for the server at `url`.
///
/// # Errors
/// When it cannot be built.
pub fn client(url: &Url) -> anyhow::Result<Client> {
    // Whoever comes first decides for the process; all of us choose ring.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let built = builder(url).build().or_else(|error| {
        // A machine without trusted certificates can still speak plain HTTP.
        let config = ClientConfig::builder().with_root_certificates(RootCertStore::empty());
        match url.scheme() {
            "http" => builder(url).tls_backend_preconfigured(config.with_no_client_auth()).build(),
            _ => Err(error),
        }
    });
    built.context("no HTTP client can be made")
}

#[expect(clippy::disallowed_methods, reason = "it calls the address that its user typed")]
fn builder(url: &Url) -> ClientBuilder {
    let builder = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_millis(CONNECT_MS_MAX))
        .read_timeout(Duration::from_millis(SILENCE_MS_MAX))
        .user_agent(concat!("muster-cli/", env!("CARGO_PKG_VERSION")));
    if is_loopback(url) { builder.no_proxy() } else { builder }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
