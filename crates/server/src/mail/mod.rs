//! Mail that comes in, over SMTP from anybody or over LMTP from our own mail server. A letter to an
//! integration's key becomes an alert, one to a standard alias pages whoever is behind it, and one
//! to the address that a page is answered at answers it. A letter is acknowledged once what it says
//! is durable. Muster passes no mail on and writes none back over these connections.

use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use muster_integrations::mail::session::Protocol;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use crate::api::Ctx;

mod answer;
mod connection;
mod declare;
mod deliver;
mod edge;
mod places;
mod recipient;

pub use edge::{Certificate, Checks, Edge, Policy};
use places::Places;

/// The largest letter, in bytes.
pub const LETTER_BYTES_MAX: usize = 1024 * 1024;
/// The most connections of a listener at once.
const CONNECTIONS_MAX: usize = 256;
/// How long connections may go on after the server was told to stop.
const STOPPING_MS_MAX: u64 = 2_000;
/// How long to wait after a connection could not be taken.
const NOT_TAKEN_WAIT_MS: u64 = 50;

/// Where mail servers connect to.
#[derive(Debug)]
pub enum Listener {
    /// SMTP, from anybody.
    Smtp(TcpListener, Arc<Edge>),
    /// LMTP over TCP, from our own mail server.
    Lmtp(TcpListener),
    /// LMTP over a socket in the file system, from our own mail server.
    LmtpSocket(UnixListener),
}

/// Serves until `stop` is done.
pub async fn serve(ctx: Ctx, listener: Listener, stop: impl Future<Output = ()> + Send) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let places = Places::default();
    let mut open = JoinSet::new();
    tokio::pin!(stop);
    loop {
        while open.try_join_next().is_some() {}
        tokio::select! {
            () = take(&ctx, &listener, &room, &places, &mut open) => {}
            () = &mut stop => break,
        }
    }
    drop(listener);
    let finish = async { while open.join_next().await.is_some() {} };
    let patience = Duration::from_millis(STOPPING_MS_MAX);
    // A letter that was not acknowledged is sent again by its server.
    let _ = tokio::time::timeout(patience, finish).await;
}

/// Takes the next connection.
async fn take(
    ctx: &Ctx,
    listener: &Listener,
    room: &Arc<Semaphore>,
    places: &Places,
    open: &mut JoinSet<()>,
) {
    let Ok(place) = Arc::clone(room).acquire_owned().await else { return };
    let taken = match listener {
        Listener::Smtp(tcp, edge) => match tcp.accept().await {
            Ok((stream, peer)) => {
                let Some(of_address) = places.take(peer.ip()) else { return };
                let held = (place, Some(of_address));
                let client =
                    Client { name: peer.ip().to_string(), at: Some((peer.ip(), Arc::clone(edge))) };
                start(ctx, stream, Protocol::Smtp, client, held, open);
                Ok(())
            }
            Err(error) => Err(error),
        },
        Listener::Lmtp(tcp) => tcp.accept().await.map(|(stream, peer)| {
            let client = Client { name: peer.ip().to_string(), at: None };
            start(ctx, stream, Protocol::Lmtp, client, (place, None), open);
        }),
        Listener::LmtpSocket(socket) => socket.accept().await.map(|(stream, _)| {
            let client = Client { name: "a local socket".to_owned(), at: None };
            start(ctx, stream, Protocol::Lmtp, client, (place, None), open);
        }),
    };
    if let Err(error) = taken {
        // Usually too many open files: those that are open will end.
        tracing::warn!("a mail connection was not taken: {error}");
        tokio::time::sleep(Duration::from_millis(NOT_TAKEN_WAIT_MS)).await;
    }
}

/// Who connected.
#[derive(Debug)]
struct Client {
    /// As it is written down.
    name: String,
    /// Where it is and how we stand towards it; none for our own mail server.
    at: Option<(IpAddr, Arc<Edge>)>,
}

type Held = (OwnedSemaphorePermit, Option<places::Place>);

fn start<S>(
    ctx: &Ctx,
    stream: S,
    protocol: Protocol,
    client: Client,
    held: Held,
    open: &mut JoinSet<()>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let ctx = ctx.clone();
    open.spawn(async move {
        connection::converse(&ctx, stream, protocol, client).await;
        drop(held);
    });
}
