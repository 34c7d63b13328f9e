//! The bytes of a connection, cut into command lines and messages (RFC 5321, 2.3.8 and 4.5.2). Only
//! CRLF ends a line. A bare line feed or carriage return ends the connection: two servers that
//! disagree about where a message ends can be made to smuggle a second one past the first.

/// The longest command line with its end, in bytes; RFC 5321 asks for 512 and extensions for more.
pub const COMMAND_BYTES_MAX: usize = 2_048;
/// The longest line of a message with its end, in bytes. RFC 5321 allows 1,000; generators of HTML
/// keep to it as little as they keep to anything.
pub const TEXT_LINE_BYTES_MAX: usize = 64 * 1024;
/// How much of a message that is too large is read and thrown away before the connection is closed,
/// in bytes.
pub const DISCARD_BYTES_MAX: usize = 32 * 1024 * 1024;

/// What a client did that leaves no way to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A line feed without a carriage return before it, or the other way round.
    #[error("521 5.5.2 lines end in CRLF and in nothing else")]
    BareLineEnd,
    /// A line without an end.
    #[error("521 5.5.6 the line is too long")]
    LineTooLong,
    /// A message far beyond the limit that was announced.
    #[error("521 5.3.4 the message is far too large")]
    Endless,
}

/// A message as it was sent, without the dots of transparency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Within the limit.
    Whole(Vec<u8>),
    /// Beyond it; it was read and thrown away.
    TooLarge,
}

/// Bytes that were read and not yet understood.
#[derive(Debug, Default)]
pub struct Framer {
    bytes: Vec<u8>,
    message: Option<Gathering>,
}

/// A message on its way.
#[derive(Debug, Default)]
struct Gathering {
    bytes: Vec<u8>,
    seen: usize,
    is_too_large: bool,
}

impl Framer {
    /// Takes bytes as they came.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether the client has said more than was looked at.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The next command without its end, once it is there.
    ///
    /// # Errors
    /// See [`Broken`].
    pub fn command(&mut self) -> Result<Option<Vec<u8>>, Broken> {
        self.line(COMMAND_BYTES_MAX)
    }

    /// The message, once it has ended with a dot on a line of its own; at most `bytes_max`.
    ///
    /// # Errors
    /// See [`Broken`].
    pub fn message(&mut self, bytes_max: usize) -> Result<Option<Message>, Broken> {
        let mut gathering = self.message.take().unwrap_or_default();
        while let Some(line) = self.line(TEXT_LINE_BYTES_MAX)? {
            if line == b"." {
                return Ok(Some(match gathering.is_too_large {
                    true => Message::TooLarge,
                    false => Message::Whole(gathering.bytes),
                }));
            }
            gathering.take(line.strip_prefix(b".").unwrap_or(&line), bytes_max)?;
        }
        self.message = Some(gathering);
        Ok(None)
    }

    fn line(&mut self, bytes_max: usize) -> Result<Option<Vec<u8>>, Broken> {
        let end = self.bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
        let Some(end) = end else {
            return if self.bytes.len() >= bytes_max { Err(Broken::LineTooLong) } else { Ok(None) };
        };
        if end + 2 > bytes_max {
            return Err(Broken::LineTooLong);
        }
        match (self.bytes.get(end), self.bytes.get(end + 1)) {
            (Some(b'\r'), Some(b'\n')) => {
                let mut line: Vec<u8> = self.bytes.drain(..end + 2).collect();
                line.truncate(end);
                Ok(Some(line))
            }
            (Some(b'\r'), None) => Ok(None),
            _ => Err(Broken::BareLineEnd),
        }
    }
}

impl Gathering {
    fn take(&mut self, line: &[u8], bytes_max: usize) -> Result<(), Broken> {
        self.seen = self.seen.saturating_add(line.len() + 2);
        if self.seen > bytes_max {
            self.is_too_large = true;
            self.bytes = Vec::new();
        }
        if self.seen > bytes_max.saturating_add(DISCARD_BYTES_MAX) {
            return Err(Broken::Endless);
        }
        if !self.is_too_large {
            self.bytes.extend_from_slice(line);
            self.bytes.extend_from_slice(b"\r\n");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(bytes: &[u8], bytes_max: usize) -> Result<Option<Message>, Broken> {
        let mut framer = Framer::default();
        framer.feed(bytes);
        framer.message(bytes_max)
    }

    #[test]
    fn commands_may_come_together_or_byte_by_byte() {
        let mut framer = Framer::default();
        framer.feed(b"EHLO a\r\nNOOP\r\n");
        assert_eq!(framer.command().unwrap().unwrap(), b"EHLO a");
        assert_eq!(framer.command().unwrap().unwrap(), b"NOOP");
        assert_eq!(framer.command(), Ok(None));
        for byte in b"QUIT\r\n" {
            assert_eq!(framer.command(), Ok(None));
            framer.feed(&[*byte]);
        }
        assert_eq!(framer.command().unwrap().unwrap(), b"QUIT");
        assert!(framer.is_empty());
    }

    #[test]
    fn dots_are_taken_off_and_one_alone_ends_the_message() {
        let read = message(b"one\r\n..two\r\n.three\r\n\r\n.\r\nQUIT\r\n", 100);
        assert_eq!(read, Ok(Some(Message::Whole(b"one\r\n.two\r\nthree\r\n\r\n".to_vec()))));
        assert_eq!(message(b"one\r\n.", 100), Ok(None));
        assert_eq!(message(b".\r\n", 100), Ok(Some(Message::Whole(Vec::new()))));
    }

    #[test]
    fn no_other_line_end_smuggles_a_message() {
        for smuggled in [
            &b"a\n.\nMAIL FROM:<x@y>\r\n"[..],
            b"a\r\n.\nMAIL",
            b"a\n.\r\n",
            b"a\r.\r\n",
            b"a\r\r\n.\r\n",
            b"a\r\n.\r\r\n",
        ] {
            assert_eq!(message(smuggled, 100), Err(Broken::BareLineEnd), "{smuggled:?}");
        }
    }

    #[test]
    fn what_is_too_large_is_read_to_its_end_and_kept_nowhere() {
        let large = [&b"12345678\r\n".repeat(20)[..], b".\r\nNOOP\r\n"].concat();
        let mut framer = Framer::default();
        framer.feed(&large);
        assert_eq!(framer.message(199), Ok(Some(Message::TooLarge)));
        assert_eq!(framer.command().unwrap().unwrap(), b"NOOP");
        assert!(matches!(message(&large, 200), Ok(Some(Message::Whole(_)))));
    }

    #[test]
    fn a_line_without_an_end_is_not_waited_for() {
        let mut framer = Framer::default();
        framer.feed(&vec![b'a'; COMMAND_BYTES_MAX]);
        assert_eq!(framer.command(), Err(Broken::LineTooLong));
        assert_eq!(message(&vec![b'a'; TEXT_LINE_BYTES_MAX], 1 << 30), Err(Broken::LineTooLong));
    }
}
