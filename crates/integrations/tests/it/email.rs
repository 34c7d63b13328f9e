//! Mail to servers that take it, refuse it or break off.

use muster_core::incident::lifecycle::{How, Superseded};
use muster_core::org::user::Address;
use muster_integrations::channels::email::render;
use muster_integrations::channels::message::{Incident, Page};
use muster_integrations::channels::{Message, Outcome};
use muster_integrations::outbound::Limits;

use crate::support::smtp::{Fault, Received, Server, Step};
use crate::support::{LIMITS, a_page, channels, envelope, incident, mailbox, now, page};

/// What becomes of a page when the mail server fails so.
async fn outcome(fault: Fault, limits: Limits) -> Outcome {
    let server = Server::start(fault).await;
    channels(Some(server.address), limits).send(&envelope(mailbox(), a_page("x")), now()).await
}

async fn delivered(message: Message) -> Received {
    let mut server = Server::start(Fault::None).await;
    let channels = channels(Some(server.address), LIMITS);
    let outcome = channels.send(&envelope(mailbox(), message), now()).await;
    assert_eq!(outcome, Outcome::accepted(250));
    server.received().await
}

fn superseded() -> Message {
    let superseded = Superseded { how: How::Acked, by: "acknowledged by Bo Lind".to_owned() };
    Message::PageSuperseded { page: page(), superseded, incident: incident("Disk full") }
}

#[tokio::test]
async fn a_page_is_one_mail_with_everything_to_act_on() {
    let mail = delivered(a_page("Disk full")).await;
    assert_eq!(mail.from, "MAIL FROM:<muster@example.com>");
    assert_eq!(mail.to, "RCPT TO:<ana@example.com>");
    assert_eq!(mail.header("subject"), "[SEV1] checkout: Disk full");
    assert_eq!(mail.header("to"), "ana@example.com");
    assert_eq!(mail.header("message-id"), "<dlv_0001@example.com>");
    assert_eq!(mail.header("auto-submitted"), "auto-generated");
    assert_eq!(mail.header("date"), "Sat, 21 Nov 2026 03:12:04 +0000");
    let thread = format!("<{}@example.com>", incident("").id);
    assert_eq!(mail.header("references"), thread);
    assert_eq!(mail.header("in-reply-to"), thread);
    assert!(mail.header("content-type").starts_with("multipart/alternative"));
    assert!(mail.message.contains("https://muster.example.com/p/token"));
}

#[tokio::test]
async fn a_page_that_can_be_answered_by_mail_says_where_and_how() {
    let reply_to = Some("ack+0123@alerts.example.com".to_owned());
    let page = Page { reply_to, ..page() };
    let mail = delivered(Message::Page { page, incident: incident("Disk full") }).await;
    assert_eq!(mail.header("reply-to"), "ack+0123@alerts.example.com");
    assert_eq!(mail.header("x-muster-loop"), "0123abcd");
    assert!(mail.message.contains("ack, resolve, escalate or decline"));
    let mail = delivered(a_page("Disk full")).await;
    assert_eq!(mail.header("reply-to"), "", "where no mail comes in, none is asked for");
    assert!(!mail.message.contains("answer this mail"));
}

#[tokio::test]
async fn a_digest_that_can_be_answered_by_mail_says_where_and_how() {
    let digest = |reply_to: Option<&str>| Message::Digest {
        pages: vec![(page(), incident("a")), (page(), incident("b"))],
        answer_url: "https://muster.example.com/p/all".to_owned(),
        reply_to: reply_to.map(str::to_owned),
    };
    let mail = delivered(digest(Some("all+0123@alerts.example.com"))).await;
    assert_eq!(mail.header("reply-to"), "all+0123@alerts.example.com");
    assert!(mail.message.contains("It is for all of them"), "{}", mail.message);
    let mail = delivered(digest(None)).await;
    assert_eq!(mail.header("reply-to"), "");
    assert!(!mail.message.contains("answer this mail"));
}

#[tokio::test]
async fn every_attempt_of_a_delivery_is_the_same_mail_in_the_same_thread() {
    let first = delivered(a_page("Disk full")).await;
    let again = delivered(a_page("Disk full")).await;
    assert_eq!(first.message, again.message);
    let follow_up = delivered(superseded()).await;
    assert_eq!(follow_up.header("references"), first.header("references"));
    assert_eq!(follow_up.header("subject"), "Acknowledged by Bo Lind: [SEV1] checkout: Disk full");
}

#[test]
fn each_kind_of_message_has_plain_words() {
    let repeat = Page { possible_repeat: true, ..page() };
    let text = [
        Message::Page { page: repeat, incident: incident("Disk full") },
        superseded(),
        Message::Digest {
            pages: vec![(page(), incident("a")), (page(), incident("b"))],
            answer_url: "https://muster.example.com/p/all".to_owned(),
            reply_to: None,
        },
        Message::Notification {
            subject: "Informational alert".to_owned(),
            text: "Disk at 80%.\n\nNobody was paged.".to_owned(),
            incident: None,
        },
        Message::Test { requested_by: "Ana Ortiz".to_owned() },
    ]
    .map(|message| {
        let rendered = render(&envelope(mailbox(), message));
        format!("Subject: {}\n\n{}", rendered.subject, rendered.text)
    });
    insta::assert_snapshot!(text.join("--\n"));
}

#[tokio::test]
async fn a_title_cannot_become_a_header() {
    let mail = delivered(a_page("x\r\nBcc: eve@example.com\r\n\r\n<b>body</b>")).await;
    assert_eq!(mail.header("subject"), "[SEV1] checkout: x Bcc: eve@example.com <b>body</b>");
    assert_eq!(mail.header("bcc"), "");
    assert_eq!(
        mail.message.matches("\r\n\r\n").count(),
        delivered(a_page("x")).await.message.matches("\r\n\r\n").count()
    );
}

#[tokio::test]
async fn a_title_in_any_script_survives_the_subject() {
    let mail = delivered(a_page("Überlast 🚨 数据库")).await;
    assert!(
        mail.header("subject").starts_with("[SEV1] checkout: =?utf-8?b?"),
        "{}",
        mail.header("subject")
    );
    assert!(mail.message.is_ascii());
}

#[test]
fn markup_in_an_alert_stays_text() {
    let hostile = Incident {
        url: "javascript:alert(1)".to_owned(),
        runbook: Some("data:text/html,<script>".to_owned()),
        impact: "<b>all</b>".to_owned(),
        bridge: Some("javascript:alert(1)".to_owned()),
        ..incident("<script>alert('x')</script> \" onmouseover=\"y & <a href='javascript:z'>")
    };
    let ack_url = "https://muster.example.com/p/\"><script>".to_owned();
    let page = Page { ack_url, ..page() };
    let html = render(&envelope(mailbox(), Message::Page { page, incident: hostile })).html;
    assert!(!html.contains("<script"), "{html}");
    assert!(!html.contains("href=\"javascript:") && !html.contains("href=\"data:"), "{html}");
    assert!(html.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"));
    assert!(html.contains("\" onmouseover").eq(&false));
    assert_eq!(html.matches("<a ").count(), 1, "only the web address is a link: {html}");
}

#[tokio::test]
async fn answers_of_the_server_decide_at_every_step() {
    for step in [Step::Greeting, Step::Hello, Step::From, Step::To, Step::Data, Step::Message] {
        let later = outcome(Fault::Reply(step, "451 4.3.0 try again"), LIMITS).await;
        assert_eq!((later.name(), later.status()), ("temporary", Some(451)), "{step:?}");
        let never = outcome(Fault::Reply(step, "550 5.1.1 no such user"), LIMITS).await;
        assert_eq!((never.name(), never.status()), ("permanent", Some(550)), "{step:?}");
        assert!(never.detail().unwrap_or_default().contains("no such user"), "{never:?}");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_message_lost_it_for_sure() {
    for step in [Step::Greeting, Step::Hello, Step::From, Step::To, Step::Data] {
        let outcome = outcome(Fault::Drop(step), LIMITS).await;
        assert_eq!((outcome.name(), outcome.status()), ("temporary", None), "{step:?}");
    }
    let impatient = Limits { total_ms: 100, ..LIMITS };
    assert_eq!(outcome(Fault::Silence(Step::To), impatient).await.name(), "temporary");
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_message_leaves_it_unknown() {
    assert_eq!(outcome(Fault::Drop(Step::Message), LIMITS).await.name(), "unknown");
    let impatient = Limits { total_ms: 100, ..LIMITS };
    assert_eq!(outcome(Fault::Silence(Step::Message), impatient).await.name(), "unknown");
}

#[tokio::test]
async fn what_is_no_mailbox_is_never_tried() {
    let server = Server::start(Fault::None).await;
    let channels = channels(Some(server.address), LIMITS);
    for mailbox in ["", "ana", "ana@example.com\r\nRCPT TO:<eve@example.com>", "a@b@c"] {
        let to = Address::Email { mailbox: mailbox.to_owned() };
        let outcome = channels.send(&envelope(to, a_page("x")), now()).await;
        assert_eq!((outcome.name(), outcome.status()), ("permanent", None), "{mailbox:?}");
    }
    let to = Address::Email { mailbox: "änä@example.com".to_owned() };
    let outcome = channels.send(&envelope(to, a_page("x")), now()).await;
    assert_eq!(outcome.name(), "permanent", "this server has no SMTPUTF8");
}

#[tokio::test]
async fn without_a_mail_server_mail_fails_and_says_why() {
    let letter = envelope(mailbox(), a_page("x"));
    let outcome = crate::support::channels(None, LIMITS).send(&letter, now()).await;
    assert_eq!((outcome.name(), outcome.detail()), ("permanent", Some("no mail server is set up")));
}
