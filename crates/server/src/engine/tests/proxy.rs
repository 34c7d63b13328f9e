//! A way to PostgreSQL that can lose the answer to a commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// The end of the message by which a client asks for a commit.
const COMMIT: &[u8] = b"COMMIT\0";
const CHUNK_BYTES: usize = 64 * 1024;

/// A relay in front of a server.
#[derive(Clone)]
pub(super) struct Proxy {
    to: String,
    answer_is_lost: Arc<AtomicBool>,
}

impl Proxy {
    /// Listens for clients of the server in `url`; gives the URL that leads through the relay.
    pub(super) async fn before(url: &str) -> (Self, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = listener.local_addr().unwrap();
        let (start, rest) = url.split_once('@').expect("a URL with a user");
        let (to, database) = rest.split_once('/').expect("a URL with a database");
        let through = format!("{start}@{here}/{database}");
        let proxy = Self { to: to.to_owned(), answer_is_lost: Arc::default() };
        let relay = proxy.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(relay.clone().relay(client));
            }
        });
        (proxy, through)
    }

    /// The next commit reaches the server, and its answer reaches nobody.
    pub(super) fn lose_the_next_answer(&self) {
        self.answer_is_lost.store(true, Ordering::SeqCst);
    }

    async fn relay(self, mut client: TcpStream) {
        let mut server = TcpStream::connect(&self.to).await.unwrap();
        let (mut asked, mut answered) = (vec![0; CHUNK_BYTES], vec![0; CHUNK_BYTES]);
        loop {
            tokio::select! {
                read = client.read(&mut asked) => {
                    let Ok(1..) = read else { return };
                    let bytes = &asked[..read.unwrap()];
                    if server.write_all(bytes).await.is_err() {
                        return;
                    }
                    let is_commit = bytes.ends_with(COMMIT);
                    if is_commit && self.answer_is_lost.swap(false, Ordering::SeqCst) {
                        // The server has answered, so the commit stands; the client is left alone.
                        let _ = server.read(&mut answered).await;
                        return;
                    }
                }
                read = server.read(&mut answered) => {
                    let Ok(1..) = read else { return };
                    if client.write_all(&answered[..read.unwrap()]).await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}
