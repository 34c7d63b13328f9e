//! A web server of one answer, written on the socket by hand so that it can also misbehave.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What the server does once it has read a request.
#[derive(Clone)]
pub enum Answer {
    /// Writes this and closes.
    Bytes(String),
    /// Never answers.
    Silence,
    /// Closes without a word.
    Drop,
    /// Promises a body and never ends it.
    Endless(String),
}

impl Answer {
    pub fn status(status: u16) -> Self {
        Self::with(status, "", "")
    }

    pub fn with(status: u16, headers: &str, body: &str) -> Self {
        let length = body.len();
        Self::Bytes(format!(
            "HTTP/1.1 {status} Status\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}"
        ))
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Received {
    pub head: String,
    pub body: String,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map_or("", |(_, value)| value)
    }
}

type Judge = Arc<dyn Fn(&Received) -> Answer + Send + Sync>;

pub struct Server {
    pub address: SocketAddr,
    requests: UnboundedReceiver<Received>,
}

impl Server {
    /// Answers every request alike.
    pub async fn start(answer: Answer) -> Self {
        Self::judging(move |_| answer.clone()).await
    }

    /// Answers each request by what it says, as a provider with rules does.
    pub async fn judging(judge: impl Fn(&Received) -> Answer + Send + Sync + 'static) -> Self {
        let judge: Judge = Arc::new(judge);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (sender, requests) = unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&judge), sender.clone()));
            }
        });
        Self { address, requests }
    }

    pub async fn received(&mut self) -> Received {
        self.requests.recv().await.expect("a request")
    }

    /// Whether anything came that was not looked at.
    pub fn is_untouched(&mut self) -> bool {
        self.requests.try_recv().is_err()
    }
}

async fn serve(mut stream: TcpStream, judge: Judge, sender: UnboundedSender<Received>) {
    let mut read = Vec::new();
    let mut chunk = [0; 4096];
    let received = loop {
        let count = stream.read(&mut chunk).await.unwrap_or(0);
        if count == 0 {
            return;
        }
        read.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&read);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let received = Received { head: head.to_owned(), body: body.to_owned() };
        if received.body.len().to_string() == received.header("content-length") {
            break received;
        }
    };
    let answer = judge(&received);
    sender.send(received).expect("the test still listens");
    match answer {
        Answer::Bytes(bytes) => {
            stream.write_all(bytes.as_bytes()).await.expect("the client still listens");
        }
        Answer::Drop => {}
        Answer::Silence => {
            // Held open until the client gives up.
            let _ = stream.read(&mut chunk).await;
        }
        Answer::Endless(part) => {
            let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
            let mut alive = stream.write_all(head.as_bytes()).await.is_ok();
            let part = format!("{:x}\r\n{part}\r\n", part.len());
            while alive {
                alive = stream.write_all(part.as_bytes()).await.is_ok();
            }
        }
    }
}
