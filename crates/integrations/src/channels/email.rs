//! Mail over SMTP: plain text with an HTML twin, one thread per incident, the same `Message-ID` for
//! every attempt of a delivery. The dialogue is walked step by step, because only the steps tell
//! whether a broken connection lost the message or may have delivered it.
//!
//! The server is written as an address: `smtp://[user:password@]host[:port][?tls=...]` with
//! `tls=required`, `opportunistic` (STARTTLS if offered) or `none`; `smtps://` speaks TLS from the
//! first byte. Without `tls`, a server with a password must offer STARTTLS and one without may.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use lettre::message::{Mailbox, MultiPart, SinglePart, header};
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use reqwest::Url;
use sha2::{Digest as _, Sha256};

use super::{Envelope, Message, Outcome};
use crate::mail::LOOP_HEADER;
use crate::outbound::{Outbound, Unreachable, chain, one_line};

mod text;

pub use text::{Rendered, render};

const PORT_PLAIN: u16 = 587;
const PORT_TLS: u16 = 465;
const MECHANISMS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];

/// When TLS is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encryption {
    FromTheFirstByte,
    Required,
    Opportunistic,
    None,
}

/// A mail server and how to send through it. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Mailer(Arc<Server>);

struct Server {
    host: String,
    port: u16,
    encryption: Encryption,
    credentials: Option<Credentials>,
    from: Mailbox,
    loop_mark: String,
}

impl std::fmt::Debug for Server {
    /// The password stays out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { host, port, encryption, from, .. } = self;
        write!(f, "Server {{ {host}:{port}, {encryption:?}, from {from} }}")
    }
}

impl Mailer {
    /// Reads the server's address and the sender.
    pub(super) fn new(url: &str, from: &str, loop_mark: &str) -> Result<Self, String> {
        let url = Url::parse(url).map_err(|error| format!("the address is wrong: {error}"))?;
        let host =
            url.host_str().filter(|host| !host.is_empty()).ok_or("the address has no host")?;
        let tls = url.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value);
        let has_password = !url.username().is_empty();
        let (encryption, port) = match (url.scheme(), tls.as_deref()) {
            ("smtps", _) => (Encryption::FromTheFirstByte, PORT_TLS),
            ("smtp", Some("required")) => (Encryption::Required, PORT_PLAIN),
            ("smtp", Some("opportunistic")) => (Encryption::Opportunistic, PORT_PLAIN),
            ("smtp", Some("none")) => (Encryption::None, PORT_PLAIN),
            ("smtp", None) if has_password => (Encryption::Required, PORT_PLAIN),
            ("smtp", None) => (Encryption::Opportunistic, PORT_PLAIN),
            ("smtp", Some(_)) => {
                return Err("tls must be one of required, opportunistic, none".to_owned());
            }
            _ => return Err("the address must begin with smtp:// or smtps://".to_owned()),
        };
        let credentials = has_password.then(|| {
            let part = |text: &str| percent_decoded(text);
            Credentials::new(part(url.username()), part(url.password().unwrap_or_default()))
        });
        let from = from.parse().map_err(|_| format!("`{from}` is not a sender"))?;
        let server = Server {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: url.port().unwrap_or(port),
            encryption,
            credentials,
            from,
            loop_mark: loop_mark.to_owned(),
        };
        Ok(Self(Arc::new(server)))
    }

    /// Makes one attempt.
    pub(super) async fn send(
        &self,
        outbound: &Outbound,
        envelope: &Envelope,
        mailbox: &str,
        now: Timestamp,
    ) -> Outcome {
        let letter = match Letter::new(&self.0, envelope, mailbox, now) {
            Ok(letter) => letter,
            Err(why) => return Outcome::permanent(why),
        };
        let limits = outbound.limits();
        let resolving = outbound.guard().resolve(&self.0.host, self.0.port);
        let addresses = match within(limits.connect(), resolving).await {
            Some(Ok(addresses)) => addresses,
            Some(Err(Unreachable::Refused(refused))) => {
                return Outcome::permanent(refused.to_string());
            }
            Some(Err(unresolved)) => return Outcome::temporary(unresolved.to_string()),
            None => return Outcome::temporary("the mail server's name was not resolved in time"),
        };
        let prepared = within(limits.total(), async {
            let mut connection = self.0.connect(&addresses, limits.connect()).await?;
            letter.announce(&mut connection).await?;
            Ok(connection)
        });
        let mut connection = match prepared.await {
            Some(Ok(connection)) => connection,
            Some(Err(outcome)) => return outcome,
            None => return Outcome::temporary("the mail server did not answer in time"),
        };
        // From here on the server may have the message although its answer is lost.
        let outcome = match within(limits.total(), connection.message(&letter.bytes)).await {
            Some(Ok(response)) => Outcome::accepted(response.code().into()),
            Some(Err(error)) => answered(&error).unwrap_or_else(|| Outcome::Unknown {
                detail: format!(
                    "the connection broke after the message was sent: {}",
                    chain(&error)
                ),
            }),
            None => Outcome::Unknown { detail: "no answer to the message in time".to_owned() },
        };
        if !matches!(outcome, Outcome::Unknown { .. }) {
            // The answer stands; taking leave is a courtesy.
            let _ = within(limits.connect(), connection.quit()).await;
        }
        outcome
    }
}

impl Server {
    /// A connection that is encrypted and signed in as it should be.
    async fn connect(
        &self,
        addresses: &[SocketAddr],
        wait: Duration,
    ) -> Result<AsyncSmtpConnection, Outcome> {
        let tls = || {
            TlsParameters::new_rustls(self.host.clone())
                .map_err(|error| Outcome::permanent(chain(&error)))
        };
        let hello = ClientId::Domain(self.from.email.domain().to_owned());
        let from_first = match self.encryption {
            Encryption::FromTheFirstByte => Some(tls()?),
            _ => None,
        };
        let connecting =
            AsyncSmtpConnection::connect_tokio1(addresses, Some(wait), &hello, from_first, None);
        let mut connection = connecting.await.map_err(|error| before_the_message(&error))?;
        let upgrade = match self.encryption {
            Encryption::Required => true,
            Encryption::Opportunistic => connection.can_starttls(),
            Encryption::FromTheFirstByte | Encryption::None => false,
        };
        if upgrade {
            if !connection.can_starttls() {
                return Err(Outcome::temporary("the mail server does not offer STARTTLS"));
            }
            let starting = connection.starttls(tls()?, &hello);
            starting.await.map_err(|error| before_the_message(&error))?;
        }
        if let Some(credentials) = &self.credentials {
            let signing_in = connection.auth(&MECHANISMS, credentials);
            signing_in.await.map_err(|error| before_the_message(&error))?;
        }
        Ok(connection)
    }
}

/// A message ready to be sent.
struct Letter {
    from: lettre::Address,
    to: lettre::Address,
    bytes: Vec<u8>,
}

impl Letter {
    fn new(
        server: &Server,
        envelope: &Envelope,
        mailbox: &str,
        now: Timestamp,
    ) -> Result<Self, String> {
        let to: lettre::Address = mailbox
            .trim()
            .parse()
            .map_err(|_| format!("`{}` is not a mailbox", one_line(mailbox)))?;
        let rendered = render(envelope);
        let from = &server.from;
        let domain = from.email.domain();
        let date = std::time::SystemTime::from(now);
        let mut builder = lettre::Message::builder()
            .from(from.clone())
            .to(Mailbox::new(None, to.clone()))
            .date(date)
            .message_id(Some(format!("<{}@{domain}>", id_part(&envelope.id))))
            .subject(one_line(&rendered.subject))
            .header(AutoSubmitted)
            .header(LoopMark(server.loop_mark.clone()));
        if let Some(url) = &envelope.unsubscribe {
            builder = builder.header(ListUnsubscribe(url.clone())).header(ListUnsubscribePost);
        }
        if let Some(answers) = answer_mailbox(&envelope.message) {
            let answers = answers.parse().map_err(|_| "the answers' mailbox is none".to_owned())?;
            builder = builder.reply_to(Mailbox::new(None, answers));
        }
        if let Some(incident) = thread_of(&envelope.message) {
            let root = format!("<{}@{domain}>", id_part(&incident));
            builder = builder.in_reply_to(root.clone()).references(root);
        }
        let digest = Sha256::digest(&envelope.id);
        let boundary: String = digest[..12].iter().map(|byte| format!("{byte:02x}")).collect();
        let parts = MultiPart::alternative()
            .boundary(format!("muster-{boundary}"))
            .singlepart(SinglePart::plain(rendered.text))
            .singlepart(SinglePart::html(rendered.html));
        let message = builder.multipart(parts).map_err(|error| error.to_string())?;
        Ok(Self { from: from.email.clone(), to, bytes: message.formatted() })
    }

    /// Everything up to the server's word that it is ready for the message.
    async fn announce(&self, connection: &mut AsyncSmtpConnection) -> Result<(), Outcome> {
        let is_ascii = [&self.from, &self.to].iter().all(|address| address.to_string().is_ascii());
        let mut options = Vec::new();
        if !is_ascii {
            if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                return Err(Outcome::permanent(
                    "the mail server cannot take a mailbox outside of ASCII",
                ));
            }
            options.push(MailParameter::SmtpUtfEight);
        }
        let from = Mail::new(Some(self.from.clone()), options);
        connection.command(from).await.map_err(|error| before_the_message(&error))?;
        let to = Rcpt::new(self.to.clone(), Vec::new());
        connection.command(to).await.map_err(|error| before_the_message(&error))?;
        connection.command(Data).await.map_err(|error| before_the_message(&error))?;
        Ok(())
    }
}

/// The incident whose thread a message belongs to. A digest begins a thread of its own.
fn thread_of(message: &Message) -> Option<String> {
    match message {
        Message::Page { incident, .. } | Message::PageSuperseded { incident, .. } => {
            Some(incident.id.to_string())
        }
        Message::Notification { incident, .. } | Message::Event { incident, .. } => {
            incident.as_ref().map(|incident| incident.id.to_string())
        }
        Message::Digest { .. } | Message::Test { .. } => None,
    }
}

/// Where an answer to the letter goes, if its receiver can answer by mail.
fn answer_mailbox(message: &Message) -> Option<&str> {
    match message {
        Message::Page { page, .. } => page.reply_to.as_deref(),
        Message::Digest { reply_to, .. } => reply_to.as_deref(),
        _ => None,
    }
}

/// By this an installation knows its own mail and does not take it for an alert.
#[derive(Clone)]
struct LoopMark(String);

impl header::Header for LoopMark {
    fn name() -> header::HeaderName {
        header::HeaderName::new_from_ascii_str(LOOP_HEADER)
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(text.to_owned()))
    }

    fn display(&self) -> header::HeaderValue {
        header::HeaderValue::new(Self::name(), self.0.clone())
    }
}

/// RFC 2369: where a mail program ends what its reader receives.
#[derive(Clone)]
struct ListUnsubscribe(String);

impl header::Header for ListUnsubscribe {
    fn name() -> header::HeaderName {
        header::HeaderName::new_from_ascii_str("List-Unsubscribe")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(text.trim_matches(['<', '>']).to_owned()))
    }

    fn display(&self) -> header::HeaderValue {
        header::HeaderValue::new(Self::name(), format!("<{}>", self.0))
    }
}

/// RFC 8058: a POST there ends it, without a page in between.
#[derive(Clone)]
struct ListUnsubscribePost;

impl header::Header for ListUnsubscribePost {
    fn name() -> header::HeaderName {
        header::HeaderName::new_from_ascii_str("List-Unsubscribe-Post")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> header::HeaderValue {
        header::HeaderValue::new(Self::name(), "List-Unsubscribe=One-Click".to_owned())
    }
}

/// RFC 3834: no auto-responder should answer.
#[derive(Clone)]
struct AutoSubmitted;

impl header::Header for AutoSubmitted {
    fn name() -> header::HeaderName {
        header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> header::HeaderValue {
        header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// The characters of an id that may stand in a `Message-ID`.
fn id_part(id: &str) -> String {
    id.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')).collect()
}

/// What an error before the message means: the server has nothing yet.
fn before_the_message(error: &SmtpError) -> Outcome {
    answered(error).unwrap_or_else(|| Outcome::temporary(chain(error)))
}

/// The outcome if the server answered with a status.
fn answered(error: &SmtpError) -> Option<Outcome> {
    let status = u16::from(error.status()?);
    let detail = one_line(&chain(error));
    Some(if error.is_permanent() {
        Outcome::Permanent { status: Some(status), detail, disable: false }
    } else {
        Outcome::Temporary { status: Some(status), detail, retry_after: None }
    })
}

async fn within<T>(wait: Duration, work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(wait, work).await.ok()
}

/// A part of an address without its percent signs.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let code = (*first == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(url: &str) -> Result<String, String> {
        Mailer::new(url, "Muster <muster@example.com>", "mark").map(|mailer| format!("{mailer:?}"))
    }

    #[test]
    fn addresses_of_mail_servers_say_how_safe_they_must_be() {
        for (url, expected) in [
            ("smtp://mail.example.com", "mail.example.com:587, Opportunistic"),
            ("smtp://u:p@mail.example.com", "mail.example.com:587, Required"),
            (
                "smtp://u:p@mail.example.com:25?tls=opportunistic",
                "mail.example.com:25, Opportunistic",
            ),
            ("smtp://127.0.0.1:2525?tls=none", "127.0.0.1:2525, None"),
            ("smtps://u:p@mail.example.com", "mail.example.com:465, FromTheFirstByte"),
        ] {
            assert!(server(url).unwrap().contains(expected), "{url}");
        }
        for wrong in ["mail.example.com", "http://mail", "smtp://", "smtp://m?tls=maybe"] {
            assert!(server(wrong).is_err(), "{wrong}");
        }
        assert!(Mailer::new("smtp://m", "nobody", "mark").is_err());
    }

    #[test]
    fn the_password_is_decoded_and_never_shown() {
        assert_eq!(percent_decoded("p%40ss%2Fw+%zz"), "p@ss/w+%zz");
        let shown = server("smtp://user:geheim@mail.example.com").unwrap();
        assert!(!shown.contains("geheim") && !shown.contains("user"), "{shown}");
    }
}
