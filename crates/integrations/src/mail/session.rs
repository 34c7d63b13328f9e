//! The dialogue of SMTP (RFC 5321) and LMTP (RFC 2033) as a machine of states: a command in, a reply
//! or a wish out. Who may be written to is asked of the caller, one recipient at a time; what a
//! message does is the caller's too.

use std::fmt;

/// The most recipients of one message.
pub const RECIPIENTS_MAX: usize = 100;
/// The most commands of one connection that were not understood or not obeyed.
pub const MISTAKES_MAX: u32 = 20;
/// The most commands of one connection.
pub const COMMANDS_MAX: u32 = 5_000;
/// The longest mailbox in an envelope, in bytes. RFC 5321 allows 254; keys may make it longer.
const MAILBOX_BYTES_MAX: usize = 512;

/// Which of the two protocols is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// From anybody; one answer for a message.
    Smtp,
    /// From our own mail server; one answer for each recipient of a message.
    Lmtp,
}

/// A reply: code, enhanced code and words, on one line or, for the greeting, on several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    code: u16,
    lines: Vec<String>,
}

impl Reply {
    /// A reply of one line.
    pub fn new(code: u16, words: impl Into<String>) -> Self {
        Self { code, lines: vec![words.into()] }
    }

    /// The code.
    pub fn code(&self) -> u16 {
        self.code
    }
}

impl fmt::Display for Reply {
    /// As it goes over the wire, with line ends.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.lines.len().saturating_sub(1);
        for (at, line) in self.lines.iter().enumerate() {
            let separator = if at == last { ' ' } else { '-' };
            write!(f, "{}{separator}{line}\r\n", self.code)?;
        }
        Ok(())
    }
}

/// A mailbox of the envelope, as the client wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// What stands before the last `@`, without quotes.
    pub local: String,
    /// What stands after it.
    pub domain: String,
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

/// What the caller does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Says this and reads the next command.
    Reply(Reply),
    /// Finds out about a recipient and tells [`Session::recipient`].
    Recipient(Mailbox),
    /// Says this and speaks TLS from then on (RFC 3207); then tells [`Session::encrypted`].
    StartTls(Reply),
    /// Says this, reads the message and takes [`Session::envelope`].
    Message(Reply),
    /// Says this and closes.
    Close(Reply),
}

/// What is known of a recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict<R> {
    /// It leads there.
    Known(R),
    /// There is nobody of that name here.
    Unknown,
    /// It is of a domain that is not ours; we do not pass mail on.
    Elsewhere,
    /// It cannot be told at the moment.
    Later,
}

/// A message's sender and recipients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope<R> {
    /// Who gets to hear of failures; none for failures themselves.
    pub from: Option<Mailbox>,
    /// What the client called itself.
    pub greeting: String,
    /// Where each recipient leads, in the client's order.
    pub to: Vec<R>,
}

/// One connection.
#[derive(Debug)]
pub struct Session<R> {
    protocol: Protocol,
    name: String,
    bytes_max: usize,
    greeting: Option<String>,
    from: Option<Option<Mailbox>>,
    to: Vec<R>,
    commands: u32,
    mistakes: u32,
    tls: Tls,
}

/// Whether the connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tls {
    NotOffered,
    Offered,
    Spoken,
}

impl<R> Session<R> {
    /// A connection to the server of that name, which takes messages of at most `bytes_max`.
    pub fn new(protocol: Protocol, name: impl Into<String>, bytes_max: usize) -> Self {
        let name = name.into();
        Self {
            protocol,
            name,
            bytes_max,
            greeting: None,
            from: None,
            to: Vec::new(),
            commands: 0,
            mistakes: 0,
            tls: Tls::NotOffered,
        }
    }

    /// The same connection, which may be encrypted.
    pub fn offering_tls(mut self) -> Self {
        self.tls = Tls::Offered;
        self
    }

    /// The connection is encrypted now: what was said before counts for nothing (RFC 3207, 4.2).
    pub fn encrypted(&mut self) {
        self.tls = Tls::Spoken;
        self.greeting = None;
        self.reset();
    }

    /// What is said first.
    pub fn welcome(&self) -> Reply {
        let kind = match self.protocol {
            Protocol::Smtp => "ESMTP",
            Protocol::Lmtp => "LMTP",
        };
        Reply::new(220, format!("{} {kind} Muster", self.name))
    }

    /// Obeys a command.
    pub fn command(&mut self, line: &[u8]) -> Step {
        self.commands += 1;
        if self.commands > COMMANDS_MAX {
            return Step::Close(Reply::new(421, "4.7.0 too many commands"));
        }
        let step = match std::str::from_utf8(line) {
            Ok(line) if !line.contains('\0') => self.obey(line),
            _ => wrong(500, "5.5.2 the command is no text"),
        };
        match &step {
            Step::Reply(reply) if reply.code >= 400 => {
                self.mistakes += 1;
                if self.mistakes > MISTAKES_MAX {
                    return Step::Close(Reply::new(421, "4.7.0 too many mistakes"));
                }
                step
            }
            _ => step,
        }
    }

    fn obey(&mut self, line: &str) -> Step {
        let line = line.trim_end_matches([' ', '\t']);
        let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
        let argument = argument.trim();
        match (verb.to_ascii_uppercase().as_str(), self.protocol) {
            ("EHLO", Protocol::Smtp) | ("LHLO", Protocol::Lmtp) => self.hello(argument, true),
            ("HELO", Protocol::Smtp) => self.hello(argument, false),
            ("EHLO" | "HELO" | "LHLO", _) => wrong(500, "5.5.1 this is the other protocol"),
            ("MAIL", _) => self.mail(argument),
            ("RCPT", _) => self.rcpt(argument),
            ("DATA", _) => self.data(argument),
            ("RSET", _) => {
                self.reset();
                said(250, "2.0.0 forgotten")
            }
            ("NOOP", _) => said(250, "2.0.0 ok"),
            ("QUIT", _) => Step::Close(Reply::new(221, "2.0.0 goodbye")),
            ("VRFY", _) => said(252, "2.5.0 send it and see"),
            ("HELP", _) => said(214, "2.0.0 RFC 5321"),
            ("STARTTLS", Protocol::Smtp) if self.tls != Tls::NotOffered => self.start_tls(argument),
            ("EXPN" | "AUTH" | "STARTTLS" | "BDAT" | "ETRN" | "TURN", _) => {
                wrong(502, "5.5.1 not offered")
            }
            _ => wrong(500, "5.5.2 there is no such command"),
        }
    }

    fn hello(&mut self, name: &str, extended: bool) -> Step {
        if name.is_empty() || name.len() > 255 || name.contains(char::is_whitespace) {
            return wrong(501, "5.5.4 say your name");
        }
        self.reset();
        self.greeting = Some(name.to_owned());
        let mut lines = vec![self.name.clone()];
        if extended {
            lines.push("PIPELINING".to_owned());
            lines.push(format!("SIZE {}", self.bytes_max));
            lines.extend(["8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"].map(str::to_owned));
            if self.tls == Tls::Offered {
                lines.push("STARTTLS".to_owned());
            }
        }
        Step::Reply(Reply { code: 250, lines })
    }

    fn start_tls(&mut self, argument: &str) -> Step {
        match (self.tls, argument, &self.greeting) {
            (Tls::Spoken, _, _) => wrong(503, "5.5.1 it is spoken already"),
            (_, "", Some(_)) => Step::StartTls(Reply::new(220, "2.0.0 go on in TLS")),
            (_, "", None) => wrong(503, "5.5.1 greet first"),
            _ => wrong(501, "5.5.4 STARTTLS stands alone"),
        }
    }

    fn mail(&mut self, argument: &str) -> Step {
        if self.greeting.is_none() {
            return wrong(503, "5.5.1 greet first");
        }
        if self.from.is_some() {
            return wrong(503, "5.5.1 one sender is enough");
        }
        let Some((path, parameters)) = strip_word(argument, "FROM:").and_then(path) else {
            return wrong(501, "5.5.4 write MAIL FROM:<mailbox>");
        };
        for parameter in parameters.split_ascii_whitespace() {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match (name.to_ascii_uppercase().as_str(), value) {
                ("SIZE", size) => match size.parse::<u64>() {
                    Ok(size) if size > self.bytes_max as u64 => {
                        let words = format!("5.3.4 at most {} bytes are taken", self.bytes_max);
                        return wrong(552, &words);
                    }
                    Ok(_) => {}
                    Err(_) => return wrong(501, "5.5.4 SIZE is a number"),
                },
                ("BODY", body) if ["7BIT", "8BITMIME"].contains(&&*body.to_ascii_uppercase()) => {}
                ("SMTPUTF8", "") => {}
                _ => return wrong(555, "5.5.4 a parameter is not known"),
            }
        }
        self.from = match path.as_str() {
            "" => Some(None),
            path => match mailbox(path) {
                Some(mailbox) => Some(Some(mailbox)),
                // Hosts that do not know their domain still have something to say.
                None => Some(Some(Mailbox { local: path.to_owned(), domain: String::new() })),
            },
        };
        said(250, "2.1.0 ok")
    }

    fn rcpt(&mut self, argument: &str) -> Step {
        if self.from.is_none() {
            return wrong(503, "5.5.1 name the sender first");
        }
        let Some((path, parameters)) = strip_word(argument, "TO:").and_then(path) else {
            return wrong(501, "5.5.4 write RCPT TO:<mailbox>");
        };
        if !parameters.trim().is_empty() {
            return wrong(555, "5.5.4 a parameter is not known");
        }
        let Some(mailbox) = mailbox(&path) else {
            return wrong(501, "5.1.3 that is no mailbox");
        };
        if self.to.len() >= RECIPIENTS_MAX {
            return wrong(452, "4.5.3 too many recipients; send the others another copy");
        }
        Step::Recipient(mailbox)
    }

    /// Takes word of a recipient that was asked for.
    pub fn recipient(&mut self, verdict: Verdict<R>) -> Step {
        let reply = match verdict {
            Verdict::Known(route) => {
                self.to.push(route);
                return said(250, "2.1.5 ok");
            }
            Verdict::Unknown => Reply::new(550, "5.1.1 there is nobody of that name here"),
            Verdict::Elsewhere => Reply::new(550, "5.7.1 mail is not passed on"),
            Verdict::Later => Reply::new(451, "4.3.0 it cannot be looked up now; try again"),
        };
        self.mistakes += 1;
        if self.mistakes > MISTAKES_MAX {
            return Step::Close(Reply::new(421, "4.7.0 too many mistakes"));
        }
        Step::Reply(reply)
    }

    fn data(&mut self, argument: &str) -> Step {
        if !argument.is_empty() {
            return wrong(501, "5.5.4 DATA stands alone");
        }
        if self.from.is_none() {
            return wrong(503, "5.5.1 name the sender first");
        }
        if self.to.is_empty() {
            return wrong(503, "5.5.1 no recipient was taken");
        }
        Step::Message(Reply::new(354, "end with a dot on a line of its own"))
    }

    /// The envelope of the message that was just read; the next one begins anew.
    pub fn envelope(&mut self) -> Envelope<R> {
        let envelope = Envelope {
            from: self.from.take().flatten(),
            greeting: self.greeting.clone().unwrap_or_default(),
            to: std::mem::take(&mut self.to),
        };
        self.reset();
        envelope
    }

    fn reset(&mut self) {
        self.from = None;
        self.to.clear();
    }
}

fn said(code: u16, words: &str) -> Step {
    Step::Reply(Reply::new(code, words))
}

fn wrong(code: u16, words: &str) -> Step {
    Step::Reply(Reply::new(code, words))
}

/// What follows `word` in any case.
fn strip_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let head = text.get(..word.len())?;
    head.eq_ignore_ascii_case(word).then(|| text[word.len()..].trim_start())
}

/// A path and what stands behind it: `<@relay:ana@example.com> SIZE=7`, with the angle brackets that
/// some scripts leave out.
fn path(text: &str) -> Option<(String, String)> {
    let (path, rest) = match text.strip_prefix('<') {
        Some(inside) => {
            let end = end_of_path(inside)?;
            (&inside[..end], &inside[end + 1..])
        }
        None => text.split_once(' ').unwrap_or((text, "")),
    };
    if !rest.is_empty() && !rest.starts_with([' ', '\t']) && text.starts_with('<') {
        return None;
    }
    // A source route is taken and not followed (RFC 5321, 4.1.1.3).
    let path = match path.strip_prefix('@') {
        Some(route) => route.split_once(':')?.1,
        None => path,
    };
    let is_clean = path.len() <= MAILBOX_BYTES_MAX && !path.chars().any(char::is_control);
    let is_named = text.starts_with('<') || !path.is_empty();
    (is_clean && is_named).then(|| (path.to_owned(), rest.trim().to_owned()))
}

/// Where the closing bracket stands, which may also stand within quotes.
fn end_of_path(text: &str) -> Option<usize> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            '>' if !is_quoted => return Some(at),
            _ => {}
        }
    }
    None
}

/// The two sides of a mailbox.
fn mailbox(path: &str) -> Option<Mailbox> {
    let (local, domain) = path.rsplit_once('@')?;
    let local = match local.strip_prefix('"').and_then(|local| local.strip_suffix('"')) {
        Some(quoted) => unescaped(quoted),
        None if local.contains(|c: char| c.is_whitespace() || "<>()[]\\,;:\"@".contains(c)) => {
            return None;
        }
        None => local.to_owned(),
    };
    let is_domain = !domain.is_empty()
        && domain.len() <= 255
        && domain.chars().all(|c| c.is_alphanumeric() || "-._[]:".contains(c));
    (is_domain && !local.is_empty()).then(|| Mailbox { local, domain: domain.to_owned() })
}

fn unescaped(quoted: &str) -> String {
    let mut out = String::with_capacity(quoted.len());
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(chars.next()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests;
