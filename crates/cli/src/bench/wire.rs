//! The least of HTTP/1.1 that a load generator needs: requests that are ready as bytes go out over
//! connections that stay open, and answers with a length come back.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The largest message that is read, in bytes.
const MESSAGE_BYTES_MAX: usize = 4 << 20;

/// A connection that stays open.
pub(super) struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

/// A message that has arrived: where its head and where all of it ends.
struct Arrived {
    head: usize,
    end: usize,
}

impl Connection {
    pub(super) async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self::over(stream))
    }

    pub(super) fn over(stream: TcpStream) -> Self {
        Self { stream, read: Vec::with_capacity(4096) }
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Sends a request and waits for the status of the answer.
    pub(super) async fn ask(&mut self, request: &[u8]) -> io::Result<u16> {
        self.write(request).await?;
        self.message(|head, _| status(head)).await?.ok_or_else(|| broken("no status"))?
    }

    /// Sends a request and waits for the answer's body.
    pub(super) async fn fetch(&mut self, request: &[u8]) -> io::Result<String> {
        self.write(request).await?;
        let body = self.message(|_, body| String::from_utf8_lossy(body).into_owned()).await?;
        body.ok_or_else(|| broken("no answer"))
    }

    /// Waits for a message and shows its head and body; nothing once the other side is done.
    pub(super) async fn message<T>(
        &mut self,
        look: impl FnOnce(&[u8], &[u8]) -> T,
    ) -> io::Result<Option<T>> {
        loop {
            if let Some(Arrived { head, end }) = arrived(&self.read)? {
                let seen = look(&self.read[..head], &self.read[head..end]);
                self.read.drain(..end);
                return Ok(Some(seen));
            }
            if self.read.len() > MESSAGE_BYTES_MAX {
                return Err(broken("a message without end"));
            }
            if self.stream.read_buf(&mut self.read).await? == 0 {
                let is_clean = self.read.is_empty();
                return if is_clean { Ok(None) } else { Err(broken("half a message")) };
            }
        }
    }
}

fn broken(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn status(head: &[u8]) -> io::Result<u16> {
    let digits = head.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok());
    digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| broken("no status"))
}

fn arrived(read: &[u8]) -> io::Result<Option<Arrived>> {
    let Some(head) = read.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = head + 4;
    let length = length(&read[..head]).ok_or_else(|| broken("a message without a length"))?;
    let end = head + length;
    Ok((read.len() >= end).then_some(Arrived { head, end }))
}

fn length(head: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"content-length:";
    let line = head
        .split(|byte| *byte == b'\n')
        .find(|line| line.get(..NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME)))?;
    std::str::from_utf8(&line[NAME.len()..]).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_whole_once_its_length_is_there() {
        let text = b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}HTTP";
        assert!(arrived(&text[..30]).unwrap().is_none());
        assert!(arrived(&text[..text.len() - 5]).unwrap().is_none());
        let whole = arrived(text).unwrap().unwrap();
        assert_eq!(&text[whole.head..whole.end], b"{}");
        assert_eq!(status(&text[..whole.head]).unwrap(), 202);
    }

    #[test]
    fn a_message_of_unknown_length_is_refused() {
        assert!(arrived(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
