//! Whatever comes over a mail connection, it is answered or ended: hostile bytes neither panic nor
//! make Muster hold more than it announced.

use muster_integrations::mail::answer;
use muster_integrations::mail::authentication::Authentication;
use muster_integrations::mail::framing::{Framer, Message};
use muster_integrations::mail::letter::{self, Letter, TEXT_CHARS_MAX};
use muster_integrations::mail::session::{Protocol, RECIPIENTS_MAX, Session, Step, Verdict};
use proptest::prelude::*;

const BYTES_MAX: usize = 4_096;

/// Pieces of the dialogue, so that random bytes get past the first command.
const PIECES: &[&[u8]] = &[
    b"EHLO a\r\n",
    b"LHLO a\r\n",
    b"MAIL FROM:<a@b>\r\n",
    b"MAIL FROM:<> SIZE=99999999999999999999\r\n",
    b"RCPT TO:<key+tag@example.com>\r\n",
    b"RCPT TO:<\"a\\",
    b"DATA\r\n",
    b".\r\n",
    b"..\r\n",
    b"\r\n",
    b"\n",
    b"\r",
    b"\0",
    b"Subject: x\r\n\r\n",
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
    b"--b--\r\n",
    b"=?utf-8?B?8J+aqA==?=",
    b"QUIT\r\n",
    b"STARTTLS\r\n",
    b"\xff\xfe\xf0\x9f",
];

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => prop::sample::select(PIECES).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..64),
        1 => (any::<u8>(), 0..6_000_usize).prop_map(|(byte, count)| vec![byte; count]),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Walks a connection as the server does; gives the messages that got through.
fn walk(protocol: Protocol, input: &[u8], chunk: usize) -> Vec<Vec<u8>> {
    let mut framer = Framer::default();
    let mut session: Session<usize> =
        Session::new(protocol, "mx.example.com", BYTES_MAX).offering_tls();
    let mut is_message = false;
    let mut messages = Vec::new();
    for bytes in input.chunks(chunk.max(1)) {
        framer.feed(bytes);
        loop {
            if is_message {
                match framer.message(BYTES_MAX) {
                    Ok(Some(Message::Whole(message))) => messages.push(message),
                    Ok(Some(Message::TooLarge)) => {}
                    Ok(None) => break,
                    Err(_) => return messages,
                }
                let envelope = session.envelope();
                assert!((1..=RECIPIENTS_MAX).contains(&envelope.to.len()));
                is_message = false;
                continue;
            }
            let line = match framer.command() {
                Ok(Some(line)) => line,
                Ok(None) => break,
                Err(_) => return messages,
            };
            let step = match session.command(&line) {
                Step::Recipient(mailbox) => session.recipient(Verdict::Known(mailbox.local.len())),
                step => step,
            };
            match step {
                Step::Message(_) => is_message = true,
                // What follows in TLS is not in these bytes.
                Step::Close(_) | Step::StartTls(_) => return messages,
                Step::Reply(reply) => assert!(reply.to_string().ends_with("\r\n")),
                Step::Recipient(_) => unreachable!("it was answered"),
            }
        }
    }
    messages
}

proptest! {
    #[test]
    fn any_bytes_are_answered_or_end_the_connection(input in bytes(), chunk in 1..5_000_usize) {
        for protocol in [Protocol::Smtp, Protocol::Lmtp] {
            let messages = walk(protocol, &input, chunk);
            for message in &messages {
                prop_assert!(message.len() <= BYTES_MAX);
            }
            // How the bytes were cut on their way says nothing about what they mean.
            prop_assert_eq!(&messages, &walk(protocol, &input, 1));
        }
    }

    #[test]
    fn any_bytes_are_read_as_some_letter(input in bytes()) {
        let letter = Letter::read(&input);
        prop_assert!(letter.text.chars().count() <= TEXT_CHARS_MAX);
        prop_assert!(!letter.subject.contains(['\r', '\n', '\0']));
        letter::authentication(&input, Some("mx.example.com"));
        answer::asks(answer::first_line(&letter.text).unwrap_or_default());
    }

    #[test]
    fn any_text_is_read_as_some_result(text in ".{0,400}") {
        Authentication::read([&*text].into_iter(), Some("mx"));
        Letter::read(format!("Authentication-Results: {text}\r\nReceived: {text}\r\nFrom: {text}\r\nDate: {text}\r\n\r\n{text}").as_bytes());
        answer::asks(answer::first_line(&text).unwrap_or_default());
    }
}
