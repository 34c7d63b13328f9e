//! One connection: bytes to commands, commands to replies, each within its time. What the client
//! says is walked by the session of `integrations`; here are the socket and the clock's patience.

use std::time::Duration;

use muster_integrations::mail::framing::{Broken, Framer, Message};
use muster_integrations::mail::session::{Protocol, Reply, Session, Step};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::deliver::{self, Fate};
use super::recipient::{self, Route};
use super::{Client, LETTER_BYTES_MAX, deliver::Letterhead};
use crate::api::Ctx;

/// How long a client may say nothing (RFC 5321, 4.5.3.2.7), in seconds.
const SILENCE_SECONDS_MAX: u64 = 300;
/// How long a letter may take to arrive, in seconds.
const LETTER_SECONDS_MAX: u64 = 600;
/// How long the beginning of TLS may take, in seconds.
const HANDSHAKE_SECONDS_MAX: u64 = 30;
/// How long a connection may last, in seconds.
const CONNECTION_SECONDS_MAX: u64 = 3_600;
/// How much is read at once, in bytes.
const CHUNK_BYTES: usize = 16 * 1024;

/// Speaks with a client until either ends it.
pub(super) async fn converse<S>(ctx: &Ctx, stream: S, protocol: Protocol, client: Client)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let name = ctx.app.settings.mail_in.domains.first().cloned();
    let mut session = Session::new(protocol, name.unwrap_or_default(), LETTER_BYTES_MAX);
    let certificate = client.at.as_ref().and_then(|(_, edge)| edge.tls.as_ref());
    if certificate.is_some() {
        session = session.offering_tls();
    }
    let patience = Duration::from_secs(CONNECTION_SECONDS_MAX);
    let talking = async {
        let mut plain = Connection::new(ctx, stream, session, protocol, &client);
        plain.say(&plain.session.welcome());
        if plain.walk().await? == Walked::ToTheEnd {
            return Ok(());
        }
        let Some(certificate) = certificate else { return Ok(()) };
        let mut session = plain.session;
        let handshake = certificate.acceptor().accept(plain.stream);
        let within = Duration::from_secs(HANDSHAKE_SECONDS_MAX);
        let stream = tokio::time::timeout(within, handshake).await??;
        session.encrypted();
        let mut encrypted = Connection::new(ctx, stream, session, protocol, &client);
        encrypted.walk().await.map(|_| ())
    };
    // What goes wrong on a connection is the client's doing and told to nobody.
    match tokio::time::timeout(patience, talking).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!("a mail connection ended early: {error}"),
        Err(_) => tracing::debug!("a mail connection lasted too long"),
    }
}

struct Connection<'a, S> {
    ctx: &'a Ctx,
    stream: S,
    session: Session<Route>,
    protocol: Protocol,
    client: &'a Client,
    framer: Framer,
    /// What is said once the client waits for it.
    says: String,
}

/// Whether the conversation goes on.
#[derive(PartialEq, Eq)]
enum Next {
    Command,
    Letter,
    Tls,
    End,
}

/// Why nothing more is said over a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Walked {
    /// It is over.
    ToTheEnd,
    /// It goes on in TLS.
    IntoTls,
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Connection<'a, S> {
    fn new(
        ctx: &'a Ctx,
        stream: S,
        session: Session<Route>,
        protocol: Protocol,
        client: &'a Client,
    ) -> Self {
        let framer = Framer::default();
        Self { ctx, stream, session, protocol, client, framer, says: String::new() }
    }

    async fn walk(&mut self) -> std::io::Result<Walked> {
        loop {
            let line = match self.framer.command() {
                Ok(Some(line)) => line,
                Ok(None) if self.read(SILENCE_SECONDS_MAX).await? => continue,
                Ok(None) => return Ok(Walked::ToTheEnd),
                Err(broken) => {
                    self.give_up(broken).await?;
                    return Ok(Walked::ToTheEnd);
                }
            };
            match self.obey(&line).await {
                Next::Command => {}
                Next::End => {
                    self.flush().await?;
                    return Ok(Walked::ToTheEnd);
                }
                Next::Tls => return self.upgrade().await,
                Next::Letter => {
                    let patience = Duration::from_secs(LETTER_SECONDS_MAX);
                    match tokio::time::timeout(patience, self.letter()).await {
                        Ok(Ok(true)) => {}
                        Ok(Ok(false)) => return Ok(Walked::ToTheEnd),
                        Ok(Err(error)) => return Err(error),
                        Err(_) => {
                            self.say(&Reply::new(421, "4.4.2 the letter took too long"));
                            self.flush().await?;
                            return Ok(Walked::ToTheEnd);
                        }
                    }
                }
            }
        }
    }

    async fn obey(&mut self, line: &[u8]) -> Next {
        let step = match self.session.command(line) {
            Step::Recipient(mailbox) => {
                let verdict = recipient::find(&self.ctx.app, &mailbox).await;
                self.session.recipient(verdict)
            }
            step => step,
        };
        match step {
            Step::Reply(reply) => {
                self.say(&reply);
                Next::Command
            }
            Step::Message(reply) => {
                self.say(&reply);
                Next::Letter
            }
            Step::StartTls(reply) => {
                self.say(&reply);
                Next::Tls
            }
            Step::Close(reply) => {
                self.say(&reply);
                Next::End
            }
            // The session never asks twice about one recipient.
            Step::Recipient(_) => Next::End,
        }
    }

    /// Gives the word to go on in TLS. What a client says behind STARTTLS without waiting was not
    /// encrypted, and somebody on the way may have put it there.
    async fn upgrade(&mut self) -> std::io::Result<Walked> {
        if self.framer.is_empty() {
            self.flush().await?;
            return Ok(Walked::IntoTls);
        }
        self.says.clear();
        self.say(&Reply::new(554, "5.5.1 wait for the word to go on in TLS"));
        self.flush().await?;
        Ok(Walked::ToTheEnd)
    }

    /// Reads a letter and sees to it; whether the conversation goes on.
    async fn letter(&mut self) -> std::io::Result<bool> {
        let message = loop {
            match self.framer.message(LETTER_BYTES_MAX) {
                Ok(Some(message)) => break message,
                Ok(None) if self.read(SILENCE_SECONDS_MAX).await? => {}
                Ok(None) => return Ok(false),
                Err(broken) => {
                    self.give_up(broken).await?;
                    return Ok(false);
                }
            }
        };
        let envelope = self.session.envelope();
        let fates = match message {
            Message::TooLarge => {
                let why = format!("5.3.4 at most {LETTER_BYTES_MAX} bytes are taken");
                vec![Fate::Refused(552, why); envelope.to.len()]
            }
            Message::Whole(bytes) => {
                let head = Letterhead { envelope: &envelope, client: self.client };
                deliver::deliver(self.ctx, head, &bytes).await
            }
        };
        match self.protocol {
            Protocol::Lmtp => fates.iter().for_each(|fate| self.say(&reply(fate))),
            Protocol::Smtp => self.say(&reply(&together(fates))),
        }
        Ok(true)
    }

    fn say(&mut self, reply: &Reply) {
        self.says.push_str(&reply.to_string());
    }

    async fn flush(&mut self) -> std::io::Result<()> {
        let says = std::mem::take(&mut self.says);
        let patience = Duration::from_secs(SILENCE_SECONDS_MAX);
        let writing = async {
            self.stream.write_all(says.as_bytes()).await?;
            self.stream.flush().await
        };
        tokio::time::timeout(patience, writing).await.unwrap_or(Ok(()))
    }

    /// Says what there is to say and reads on; false where the client is gone or asleep.
    async fn read(&mut self, seconds_max: u64) -> std::io::Result<bool> {
        self.flush().await?;
        let mut chunk = vec![0; CHUNK_BYTES];
        let reading = self.stream.read(&mut chunk);
        match tokio::time::timeout(Duration::from_secs(seconds_max), reading).await {
            Ok(count) => {
                let count = count?;
                self.framer.feed(&chunk[..count]);
                Ok(count > 0)
            }
            Err(_) => {
                self.say(&Reply::new(421, "4.4.2 nothing was said for too long"));
                self.flush().await?;
                Ok(false)
            }
        }
    }

    async fn give_up(&mut self, broken: Broken) -> std::io::Result<()> {
        let words = broken.to_string();
        let (code, words) = words.split_once(' ').unwrap_or(("521", &words));
        self.say(&Reply::new(code.parse().unwrap_or(521), words));
        self.flush().await
    }
}

fn reply(fate: &Fate) -> Reply {
    match fate {
        Fate::Taken => Reply::new(250, "2.6.0 taken"),
        Fate::Refused(code, why) => Reply::new(*code, why.as_str()),
        Fate::Later => Reply::new(451, "4.3.0 it could not be stored; send it again"),
    }
}

/// One answer for all recipients: a letter that some could not take yet is sent again, which those
/// who have it survive; one that nobody takes is refused.
fn together(fates: Vec<Fate>) -> Fate {
    if fates.contains(&Fate::Later) {
        return Fate::Later;
    }
    if fates.contains(&Fate::Taken) {
        return Fate::Taken;
    }
    fates.into_iter().next().unwrap_or(Fate::Later)
}
