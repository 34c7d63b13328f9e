//! Mail that comes in: alerts, pages and answers, over real connections of both protocols.

use std::sync::Arc;

use muster_server::api::Ctx;
use muster_server::engine::accept::Accept;
use muster_server::mail::{self, LETTER_BYTES_MAX, Listener};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{World, on_both_stores};

mod answer;
mod edge;

/// The address of the integration that takes letters.
const LETTERS: &str = "checkout-letters-key@alerts.example.com";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Smtp,
    Lmtp,
}

/// A mail server that talks to ours.
struct Post {
    stream: BufReader<TcpStream>,
}

impl Post {
    /// Connects to a listener of its own.
    async fn connect(world: &World, protocol: Protocol) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let listener = match protocol {
            Protocol::Smtp => Listener::Smtp(listener, Arc::default()),
            Protocol::Lmtp => Listener::Lmtp(listener),
        };
        Self::to(world, listener).await
    }

    /// Connects to a listener.
    async fn to(world: &World, listener: Listener) -> Self {
        let (address, greeting) = match &listener {
            Listener::Smtp(tcp, _) => (tcp.local_addr().unwrap(), "EHLO"),
            Listener::Lmtp(tcp) => (tcp.local_addr().unwrap(), "LHLO"),
            Listener::LmtpSocket(_) => panic!("these stories speak over TCP"),
        };
        let ctx = Ctx::new(world.app.clone(), Accept::start(&world.app));
        tokio::spawn(mail::serve(ctx, listener, std::future::pending()));
        let mut post = Self { stream: BufReader::new(TcpStream::connect(address).await.unwrap()) };
        assert!(post.reply().await.starts_with("220 alerts.example.com"));
        assert!(post.says(&format!("{greeting} relay.example.com")).await.starts_with("250"));
        post
    }

    async fn write(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).await.unwrap();
    }

    /// The next reply, all of its lines.
    async fn reply(&mut self) -> String {
        let mut reply = String::new();
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line).await.unwrap() == 0 {
                return reply;
            }
            reply.push_str(&line);
            if line.as_bytes().get(3) != Some(&b'-') {
                return reply;
            }
        }
    }

    async fn says(&mut self, command: &str) -> String {
        self.write(format!("{command}\r\n").as_bytes()).await;
        self.reply().await
    }

    /// Whether the other side has hung up.
    async fn is_over(&mut self) -> bool {
        self.stream.read(&mut [0]).await.is_ok_and(|count| count == 0)
    }

    /// Sends a letter to one recipient; the reply to it or to whatever was refused before.
    async fn send(&mut self, from: &str, to: &str, letter: &str) -> String {
        for command in [format!("MAIL FROM:<{from}>"), format!("RCPT TO:<{to}>")] {
            let reply = self.says(&command).await;
            if !reply.starts_with("250") {
                self.says("RSET").await;
                return reply;
            }
        }
        assert!(self.says("DATA").await.starts_with("354"));
        self.write(format!("{letter}\r\n.\r\n").as_bytes()).await;
        self.reply().await
    }
}

fn letter(head: &str, text: &str) -> String {
    let id = if head.contains("Message-ID:") { "" } else { "Message-ID: <1@db1>\r\n" };
    format!("From: root@db1.example.net\r\n{id}{head}\r\n\r\n{text}")
}

#[tokio::test]
async fn a_letter_to_a_key_is_an_alert_that_pages_and_its_recovery_ends_it() {
    on_both_stores(async |world| {
        for protocol in [Protocol::Smtp, Protocol::Lmtp] {
            let mut post = Post::connect(world, protocol).await;
            let to = format!("Checkout-Letters-Key+disk-{}@ALERTS.example.com", protocol as u8);
            let results = "Authentication-Results: mx.example.com; spf=pass \
                           smtp.mailfrom=db1.example.net; dkim=none";
            let head = format!(
                "{results}\r\nSubject: [FIRING] disk full\r\nAuto-Submitted: auto-generated"
            );
            let reply = post.send("root@db1", &to, &letter(&head, "3 % free")).await;
            assert_eq!(reply, "250 2.6.0 taken\r\n");
            world.settle().await;

            let alerts = world.admin().read("/api/v1/alerts?q=status:open").await;
            let alert = &alerts["items"][0];
            assert_eq!(alert["dedup_key"], format!("disk-{}", protocol as u8));
            assert_eq!(alert["integration"], "checkout/letters");
            assert_eq!(alert["summary"], "[FIRING] disk full");
            let details = &alert["details"];
            assert_eq!(details["text"], "3 % free");
            assert_eq!(details["spf"], "pass (db1.example.net)");
            assert_eq!(details["dkim"], "none");
            assert_eq!(details["dmarc"], "not checked");
            assert_eq!(details["envelope_from"], "root@db1");
            assert_eq!(details["authenticated_by"], "mx.example.com");
            let path = format!("/api/v1/alerts/{}/messages", alert["id"].as_str().unwrap());
            let kept = &world.admin().read(&path).await["items"][0];
            assert!(kept["body"].as_str().unwrap().contains("Message-ID: <1@db1>"), "kept whole");

            let reply =
                post.send("root@db1", &to, &letter("Subject: [RESOLVED] disk full", "")).await;
            assert!(reply.starts_with("250"), "{reply}");
            world.settle().await;
            let alerts = world.admin().read("/api/v1/alerts?q=status:open").await;
            assert_eq!(alerts["items"], serde_json::json!([]));
        }
        assert_eq!(world.phones.of("ana").iter().filter(|m| m["type"] == "page").count(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_letter_to_an_alias_pages_whoever_is_behind_it_and_sent_twice_pages_once() {
    on_both_stores(async |world| {
        let mut post = Post::connect(world, Protocol::Smtp).await;
        let date = "Date: Sat, 21 Nov 2026 02:59:00 +0000";
        let help = letter(&format!("{date}\r\nSubject: Payments are slow"), "Since 2 am.");
        for _ in 0..2 {
            // A relay that did not hear the answer sends again.
            let reply = post
                .send("sam@example.com", "page-checkout-secondary@alerts.example.com", &help)
                .await;
            assert!(reply.starts_with("250"), "{reply}");
        }
        world.settle().await;
        let incidents = world.admin().read("/api/v1/incidents").await;
        assert_eq!(incidents["items"].as_array().unwrap().len(), 1);
        let incident = &incidents["items"][0];
        assert_eq!(incident["title"], "Payments are slow");
        assert_eq!(incident["service"], "checkout");
        let summary = incident["summary"].as_str().unwrap();
        assert!(summary.starts_with("Since 2 am."), "{summary}");
        assert!(summary.contains("from root@db1.example.net (SPF not checked, DKIM not checked)"));
        assert_eq!(world.phones.of("bo").len(), 1, "bo is second");
        assert!(world.phones.of("ana").is_empty());

        let other = letter("Subject: Another\r\nX-Extra: 1", "x").replace("<1@db1>", "<2@db1>");
        post.send("sam@example.com", "PAGE-checkout-PRIMARY@alerts.example.com", &other).await;
        world.settle().await;
        assert_eq!(world.phones.of("ana").len(), 1);
    })
    .await;
}

#[tokio::test]
async fn an_incident_is_declared_by_mail_by_people_who_are_known() {
    on_both_stores(async |world| {
        let mut post = Post::connect(world, Protocol::Smtp).await;
        let date = "Date: Sat, 21 Nov 2026 02:59:00 +0000";
        let from = |letter: String, who: &str| letter.replace("root@db1.example.net", who);
        let subject = format!("{date}\r\nSubject: sev2: Payments are slow");
        let wrong = from(letter(&subject, "Since 2 am."), "eve@example.net");
        let reply = post.send("eve@example.net", "declare@alerts.example.com", &wrong).await;
        assert!(reply.starts_with("550 5.7.1 Muster knows nobody"), "{reply}");

        let subject = format!("{date}\r\nSubject: sev2 Payments are slow");
        let report = from(letter(&subject, "Since 2 am."), "Ana <ANA@example.com>");
        for _ in 0..2 {
            // A relay that did not hear the answer sends again.
            let to = "Declare+checkout@alerts.example.com";
            let reply = post.send("ana@example.com", to, &report).await;
            assert!(reply.starts_with("250"), "{reply}");
        }
        world.settle().await;
        let incidents = world.admin().read("/api/v1/incidents").await;
        assert_eq!(incidents["items"].as_array().unwrap().len(), 1);
        let incident = &incidents["items"][0];
        assert_eq!(incident["title"], "Payments are slow");
        assert_eq!((&incident["service"], &incident["severity"]), (&"checkout".into(), &2.into()));
        let summary = incident["summary"].as_str().unwrap();
        assert!(summary.starts_with("Since 2 am.\n\nReported by mail from ANA@"), "{summary}");
        assert_eq!(world.phones.of("ana").len(), 1);

        for (head, to, code) in [
            ("Subject: x", "declare+chekout@alerts.example.com", "550 5.1.1"),
            ("Subject: sev9 x", "declare@alerts.example.com", "554 5.6.0 There is no severity 9"),
            ("Subject: ", "declare@alerts.example.com", "554 5.6.0 Say what is wrong"),
            (
                "Subject: away\r\nAuto-Submitted: auto-replied",
                "declare@alerts.example.com",
                "554 5.7.1",
            ),
        ] {
            let other = from(letter(head, ""), "ana@example.com").replace("<1@db1>", "<2@db1>");
            let reply = post.send("ana@example.com", to, &other).await;
            assert!(reply.starts_with(code), "{to} {head}: {reply}");
        }
        let incidents = world.admin().read("/api/v1/incidents").await;
        assert_eq!(incidents["items"].as_array().unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn recipients_that_are_nobody_are_refused_while_the_sender_listens() {
    on_both_stores(async |world| {
        let mut post = Post::connect(world, Protocol::Smtp).await;
        for (to, code) in [
            ("nobody@alerts.example.com", "550 5.1.1"),
            ("checkout-events-key@alerts.example.com", "550 5.1.1"),
            ("page-nothing-primary@alerts.example.com", "550 5.1.1"),
            ("page-checkout-third@alerts.example.com", "550 5.1.1"),
            (
                "ack+00000000000000000000000000000000000000000000000000000000@alerts.example.com",
                "550 5.1.1",
            ),
            ("ack+@alerts.example.com", "550 5.1.1"),
            (
                "all+00000000000000000000000000000000000000000000000000000000@alerts.example.com",
                "550 5.1.1",
            ),
            ("all+@alerts.example.com", "550 5.1.1"),
            ("checkout-letters-key@elsewhere.example", "550 5.7.1"),
        ] {
            let reply = post.send("a@example.net", to, &letter("Subject: x", "x")).await;
            assert!(reply.starts_with(code), "{to}: {reply}");
        }
        assert!(
            post.send("a@example.net", "checkout-letters-key@alerts.example.net", "\r\nx")
                .await
                .starts_with("250"),
            "the second domain is as good"
        );
        let incidents = world.admin().read("/api/v1/messages").await;
        assert_eq!(incidents["items"].as_array().unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn commands_may_come_all_at_once_and_each_lmtp_recipient_has_its_answer() {
    on_both_stores(async |world| {
        let mut post = Post::connect(world, Protocol::Lmtp).await;
        let all = format!(
            "MAIL FROM:<>\r\nRCPT TO:<{LETTERS}>\r\nRCPT TO:<nobody@alerts.example.com>\r\n\
             RCPT TO:<page-checkout-primary@alerts.example.com>\r\nDATA\r\n"
        );
        post.write(all.as_bytes()).await;
        let mut replies = Vec::new();
        for _ in 0..5 {
            replies.push(post.reply().await[..3].to_owned());
        }
        assert_eq!(replies, ["250", "250", "550", "250", "354"]);
        let text = letter("Subject: x", "..a line that begins with a dot\r\n...");
        post.write(format!("{text}\r\n.\r\nNOOP\r\n").as_bytes()).await;
        for expected in ["250 2.6.0", "250 2.6.0", "250 2.0.0"] {
            let reply = post.reply().await;
            assert!(reply.starts_with(expected), "{reply}");
        }
        world.settle().await;
        let alert = &world.admin().read("/api/v1/alerts").await["items"][0];
        assert_eq!(alert["details"]["text"], ".a line that begins with a dot\n..");
    })
    .await;
}

#[tokio::test]
async fn what_is_too_large_or_smuggled_is_refused_and_changes_nothing() {
    on_both_stores(async |world| {
        let mut post = Post::connect(world, Protocol::Smtp).await;
        let reply = post.says(&format!("MAIL FROM:<a@b> SIZE={}", LETTER_BYTES_MAX + 1)).await;
        assert!(reply.starts_with("552 5.3.4"), "{reply}");
        let huge = letter("Subject: x", &"0123456789abcdef\r\n".repeat(LETTER_BYTES_MAX / 16));
        let reply = post.send("a@b", LETTERS, &huge).await;
        assert!(reply.starts_with("552 5.3.4"), "{reply}");
        assert!(post.says("NOOP").await.starts_with("250"), "the connection goes on");

        let smuggled = "Subject: x\r\n\r\none\n.\nMAIL FROM:<ceo@example.com>\r\nRCPT TO:<page-checkout-primary@alerts.example.com>\r\nDATA\r\nSubject: smuggled\r\n\r\n";
        let reply = post.send("a@b", LETTERS, smuggled).await;
        assert!(reply.starts_with("521 5.5.2"), "{reply}");
        assert!(post.is_over().await);

        let mut post = Post::connect(world, Protocol::Smtp).await;
        post.write(b"NOOP\nNOOP\r\n").await;
        assert!(post.reply().await.starts_with("521"));
        assert!(post.is_over().await);
        let kept = world.admin().read("/api/v1/messages").await;
        assert_eq!(kept["items"], serde_json::json!([]));
    })
    .await;
}

#[tokio::test]
async fn our_own_letters_and_circling_ones_are_refused_and_automatic_answers_too() {
    on_both_stores(async |world| {
        let mut post = Post::connect(world, Protocol::Smtp).await;
        let mark = muster_server::app::link::loop_mark(world.app.instance_key());
        let hops = "Received: from a by b; Sat, 21 Nov 2026 03:00:00 +0000\r\n".repeat(31);
        for (head, reply) in [
            (format!("X-Muster-Loop: {mark}"), "554 5.4.6"),
            (format!("{hops}Subject: x"), "554 5.4.6"),
            (
                "Message-ID: <dlv_019aa4a2c5807000800000000000002a@localhost>".to_owned(),
                "554 5.4.6",
            ),
            ("Auto-Submitted: auto-replied\r\nSubject: I am away".to_owned(), "554 5.7.1"),
            (
                "Content-Type: multipart/report; boundary=b\r\nSubject: Undelivered".to_owned(),
                "554 5.7.1",
            ),
            ("X-Muster-Loop: another-installation\r\nSubject: x".to_owned(), "250"),
            ("Auto-Submitted: auto-generated\r\nSubject: Cron".to_owned(), "250"),
        ] {
            for to in [LETTERS, "page-checkout-primary@alerts.example.com"] {
                let said = post.send("a@b", to, &letter(&head, "x")).await;
                assert!(said.starts_with(reply), "{head} to {to}: {said}");
            }
        }
    })
    .await;
}
