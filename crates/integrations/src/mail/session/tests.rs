//! Stories of the dialogue.

use super::*;

fn session(protocol: Protocol) -> Session<&'static str> {
    Session::new(protocol, "mx.example.com", 1_000)
}

/// The code of the reply to a command; recipients at example.com are known.
fn says(session: &mut Session<&'static str>, line: &str) -> u16 {
    let step = match session.command(line.as_bytes()) {
        Step::Recipient(mailbox) if mailbox.domain == "example.com" => {
            session.recipient(Verdict::Known("here"))
        }
        Step::Recipient(_) => session.recipient(Verdict::Elsewhere),
        step => step,
    };
    match step {
        Step::Reply(reply) | Step::Message(reply) | Step::StartTls(reply) | Step::Close(reply) => {
            reply.code()
        }
        Step::Recipient(_) => unreachable!("it was answered"),
    }
}

fn said_in_turn(protocol: Protocol, lines: &[(&str, u16)]) {
    let mut session = session(protocol);
    for (line, code) in lines {
        assert_eq!(says(&mut session, line), *code, "{line}");
    }
}

#[test]
fn what_was_said_before_tls_counts_for_nothing() {
    let mut session = session(Protocol::Smtp).offering_tls();
    for (line, code) in [
        ("STARTTLS", 503),
        ("EHLO db1.example.net", 250),
        ("STARTTLS now", 501),
        ("MAIL FROM:<root@db1>", 250),
        ("STARTTLS", 220),
    ] {
        assert_eq!(says(&mut session, line), code, "{line}");
    }
    session.encrypted();
    for (line, code) in [
        ("RCPT TO:<one@example.com>", 503),
        ("MAIL FROM:<root@db1>", 503),
        ("EHLO db1.example.net", 250),
        ("STARTTLS", 503),
        ("MAIL FROM:<root@db1>", 250),
    ] {
        assert_eq!(says(&mut session, line), code, "{line}");
    }
    said_in_turn(Protocol::Smtp, &[("EHLO db1.example.net", 250), ("STARTTLS", 502)]);
}

#[test]
fn a_message_goes_through_in_order() {
    let mut session = session(Protocol::Smtp);
    for (line, code) in [
        ("EHLO db1.example.net", 250),
        ("mail from:<root@db1> SIZE=900 BODY=8BITMIME SMTPUTF8", 250),
        ("RCPT TO:<one@example.com>", 250),
        ("Rcpt To:<two@example.com>", 250),
        ("DATA", 354),
    ] {
        assert_eq!(says(&mut session, line), code, "{line}");
    }
    let envelope = session.envelope();
    assert_eq!(envelope.to, ["here", "here"]);
    assert_eq!(envelope.greeting, "db1.example.net");
    let from = envelope.from.unwrap();
    assert_eq!((&*from.local, &*from.domain), ("root", "db1"));
    assert_eq!(says(&mut session, "DATA"), 503, "the next message begins anew");
}

#[test]
fn the_order_of_commands_is_kept() {
    said_in_turn(
        Protocol::Smtp,
        &[
            ("MAIL FROM:<a@example.net>", 503),
            ("EHLO a", 250),
            ("RCPT TO:<one@example.com>", 503),
            ("DATA", 503),
            ("MAIL FROM:<a@example.net>", 250),
            ("MAIL FROM:<b@example.net>", 503),
            ("DATA", 503),
            ("RCPT TO:<one@elsewhere.example>", 550),
            ("DATA", 503),
            ("RCPT TO:<one@example.com>", 250),
            ("RSET", 250),
            ("DATA", 503),
            ("MAIL FROM:<>", 250),
            ("QUIT", 221),
        ],
    );
}

#[test]
fn each_protocol_has_its_own_greeting() {
    said_in_turn(Protocol::Smtp, &[("LHLO a", 500), ("HELO a", 250), ("EHLO", 501)]);
    said_in_turn(Protocol::Lmtp, &[("EHLO a", 500), ("HELO a", 500), ("LHLO a", 250)]);
}

#[test]
fn what_is_no_mailbox_is_refused_and_what_is_one_is_taken_apart() {
    for (line, code) in [
        ("RCPT TO:<one@example.com>", 250),
        ("RCPT TO: <one@example.com>", 250),
        ("RCPT TO:one@example.com", 250),
        ("RCPT TO:<@relay.example:one@example.com>", 250),
        ("RCPT TO:<\"one two\"@example.com>", 250),
        ("RCPT TO:<\"a>b\"@example.com>", 250),
        ("RCPT TO:<key+tag@example.com>", 250),
        ("RCPT TO:<one@example.com> NOTIFY=NEVER", 555),
        ("RCPT TO:<one@example.com>NOTIFY", 501),
        ("RCPT TO:<one two@example.com>", 501),
        ("RCPT TO:<one@example.com", 501),
        ("RCPT TO:<>", 501),
        ("RCPT TO:", 501),
        ("RCPT one@example.com", 501),
        ("RCPT TO:<@example.com>", 501),
        ("RCPT TO:<one@exa mple.com>", 501),
        ("RCPT TO:<one@exa\tmple.com>", 501),
    ] {
        said_in_turn(
            Protocol::Smtp,
            &[("EHLO a", 250), ("MAIL FROM:<a@example.net>", 250), (line, code)],
        );
    }
    assert_eq!(mailbox("\"a\\\"@b\"@example.com").unwrap().local, "a\"@b");
}

#[test]
fn senders_are_taken_as_they_come() {
    for (line, code) in [
        ("MAIL FROM:<>", 250),
        ("MAIL FROM:<root>", 250),
        ("MAIL FROM:<root@localhost> SIZE=1000", 250),
        ("MAIL FROM:<root@localhost> SIZE=1001", 552),
        ("MAIL FROM:<root@localhost> SIZE=many", 501),
        ("MAIL FROM:<root@localhost> BODY=BINARYMIME", 555),
        ("MAIL FROM:<root@localhost> AUTH=<>", 555),
        ("MAIL FROM", 501),
        ("MAIL", 501),
    ] {
        said_in_turn(Protocol::Smtp, &[("EHLO a", 250), (line, code)]);
    }
}

#[test]
fn there_is_an_end_to_recipients_mistakes_and_commands() {
    let mut many = session(Protocol::Lmtp);
    says(&mut many, "LHLO a");
    says(&mut many, "MAIL FROM:<a@example.net>");
    for _ in 0..RECIPIENTS_MAX {
        assert_eq!(says(&mut many, "RCPT TO:<one@example.com>"), 250);
    }
    assert_eq!(says(&mut many, "RCPT TO:<one@example.com>"), 452);
    assert_eq!(says(&mut many, "DATA"), 354, "those that were taken still get it");

    let mut clumsy = session(Protocol::Smtp);
    for _ in 0..MISTAKES_MAX {
        assert_eq!(says(&mut clumsy, "WHAT"), 500);
    }
    assert!(matches!(clumsy.command(b"WHAT"), Step::Close(reply) if reply.code() == 421));

    let mut guessing = session(Protocol::Smtp);
    says(&mut guessing, "EHLO a");
    says(&mut guessing, "MAIL FROM:<>");
    let mut refused = 0;
    let closed = loop {
        match guessing.command(b"RCPT TO:<a@guess.example>") {
            Step::Recipient(_) => match guessing.recipient(Verdict::Unknown) {
                Step::Close(reply) => break reply.code(),
                _ => refused += 1,
            },
            step => panic!("{step:?}"),
        }
    };
    assert_eq!((closed, refused), (421, MISTAKES_MAX));

    let mut busy = session(Protocol::Smtp);
    for _ in 0..COMMANDS_MAX {
        assert_eq!(says(&mut busy, "NOOP"), 250);
    }
    assert_eq!(says(&mut busy, "NOOP"), 421);
}

#[test]
fn replies_are_written_as_the_wire_wants_them() {
    let mut session = session(Protocol::Smtp);
    let Step::Reply(reply) = session.command(b"EHLO a") else { panic!("a reply") };
    assert_eq!(
        reply.to_string(),
        "250-mx.example.com\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250-8BITMIME\r\n\
         250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES\r\n"
    );
    assert_eq!(session.welcome().to_string(), "220 mx.example.com ESMTP Muster\r\n");
}
