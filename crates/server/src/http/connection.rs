//! Connections: how many there may be, from one place and in all, and how long each may take to say
//! what it wants. Thousands of sockets that say nothing must not keep an alert out.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite};
use tower::ServiceExt as _;

use crate::api::caller::Peer;

/// The most connections at once, where the system allows as many open files.
const CONNECTIONS_MAX: usize = 8_192;
/// Open files that are kept for the store and for outgoing calls.
const OPEN_FILES_RESERVED: u64 = 256;
/// The most connections from one address; a proxy on this host stands for many and is not counted.
const CONNECTIONS_PER_ADDRESS_MAX: usize = 512;
/// How long a client may take to send the head of a request, also of the next one, in seconds.
const HEAD_SECONDS_MAX: u64 = 15;
/// The largest head of a request, in bytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// The open connections.
pub(super) struct Connections {
    router: Router,
    protocol: http1::Builder,
    graceful: GracefulShutdown,
    open: Arc<Open>,
}

/// How many connections are open.
struct Open {
    max: usize,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// One place among the open connections.
struct Place {
    open: Arc<Open>,
    address: IpAddr,
}

impl Connections {
    pub(super) fn new(router: Router) -> Self {
        let mut protocol = http1::Builder::new();
        protocol
            .timer(TokioTimer::new())
            .header_read_timeout(Duration::from_secs(HEAD_SECONDS_MAX))
            .max_buf_size(HEAD_BYTES_MAX);
        let open = Open { max: room(), counts: Mutex::default() };
        Self { router, protocol, graceful: GracefulShutdown::new(), open: Arc::new(open) }
    }

    /// Serves a connection, or closes it at once where there is no room.
    pub(super) fn take(&self, stream: tokio::net::TcpStream, peer: SocketAddr) {
        let Some(place) = Open::place(&self.open, peer.ip()) else {
            metrics::counter!("muster_connections_refused_total").increment(1);
            return;
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!("a connection was lost at once: {error}");
            return;
        }
        self.serve(stream, peer, place);
    }

    fn serve<S>(&self, stream: S, peer: SocketAddr, place: Place)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let router = self.router.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Peer(peer));
            router.clone().oneshot(request)
        });
        let connection = self.protocol.serve_connection(TokioIo::new(stream), service);
        let connection = self.graceful.watch(connection);
        tokio::spawn(async move {
            // What goes wrong on a connection is the client's doing and told to nobody.
            if let Err(error) = connection.await {
                tracing::debug!("a connection ended early: {error}");
            }
            drop(place);
        });
    }

    /// Waits for the requests in flight, but not for longer than `patience`.
    pub(super) async fn finish(self, patience: Duration) {
        if tokio::time::timeout(patience, self.graceful.shutdown()).await.is_err() {
            tracing::info!("some connections were still open at the end");
        }
    }
}

impl Open {
    fn place(open: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let mut counts = open.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let of_address = counts.by_address.get(&address).copied().unwrap_or(0);
        let crowded = of_address >= CONNECTIONS_PER_ADDRESS_MAX && !address.is_loopback();
        if counts.all >= open.max || crowded {
            return None;
        }
        counts.all += 1;
        *counts.by_address.entry(address).or_default() += 1;
        Some(Place { open: Arc::clone(open), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.open.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.all = counts.all.saturating_sub(1);
        if let Some(count) = counts.by_address.get_mut(&self.address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.by_address.remove(&self.address);
            }
        }
    }
}

/// How many connections the system has room for, once this process has asked for as many open
/// files as it may have.
fn room() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_ok();
    let files = if raised { maximum } else { current };
    let room = files.map_or(u64::MAX, |files| files.saturating_sub(OPEN_FILES_RESERVED).max(64));
    usize::try_from(room).unwrap_or(usize::MAX).min(CONNECTIONS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(max: usize) -> Arc<Open> {
        Arc::new(Open { max, counts: Mutex::default() })
    }

    #[test]
    fn one_address_cannot_take_every_place() {
        let open = open(CONNECTIONS_MAX);
        let greedy: IpAddr = "192.0.2.1".parse().unwrap();
        let taken: Vec<_> = std::iter::from_fn(|| Open::place(&open, greedy)).collect();
        assert_eq!(taken.len(), CONNECTIONS_PER_ADDRESS_MAX);
        assert!(Open::place(&open, "192.0.2.2".parse().unwrap()).is_some());
        drop(taken);
        assert!(Open::place(&open, greedy).is_some());
        assert_eq!(open.counts.lock().unwrap().by_address.len(), 0);
    }

    #[test]
    fn there_is_an_end_to_all_places() {
        let open = open(3);
        let here: IpAddr = "127.0.0.1".parse().unwrap();
        let taken: Vec<_> = std::iter::from_fn(|| Open::place(&open, here)).collect();
        assert_eq!(taken.len(), 3);
    }
}
