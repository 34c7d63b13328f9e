//! The SMTP listener at the edge of the network: senders are checked against name servers, and what
//! looks forged is recorded, kept aside or refused.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use muster_integrations::mail::check::Checker;
use muster_server::mail::{Checks, Edge, Listener, Policy};
use serde_json::{Value, json};
use tokio::net::{TcpListener, UdpSocket};

use super::{LETTERS, Post, letter};
use crate::harness::{World, on_both_stores};

/// A letter of RFC 8463 with the signature that stands there.
const SIGNED: &str = "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n \
    d=football.example.com; i=@football.example.com;\r\n \
    q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n \
    subject : date : message-id : from : subject : date;\r\n \
    bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n \
    b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n \
    Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n\
    From: Joe SixPack <joe@football.example.com>\r\n\
    To: Suzie Q <suzie@shopping.example.net>\r\n\
    Subject: Is dinner ready?\r\n\
    Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n\
    Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n\
    \r\n\
    Hi.\r\n\
    \r\n\
    We lost the game.  Are you hungry yet?\r\n\
    \r\n\
    Joe.";

/// What the domains of the stories publish.
fn zone() -> HashMap<&'static str, &'static str> {
    HashMap::from([
        ("football.example.com", "v=spf1 ip4:127.0.0.0/8 -all"),
        (
            "brisbane._domainkey.football.example.com",
            "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        ),
        ("_dmarc.football.example.com", "v=DMARC1; p=reject"),
        ("elsewhere.example", "v=spf1 ip4:192.0.2.1 -all"),
        ("circle.example", "v=spf1 include:circle.example -all"),
    ])
}

/// A name server on loopback that knows these texts and nothing else (RFC 1035).
async fn name_server(zone: HashMap<&'static str, &'static str>) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut bytes = [0; 1_500];
        while let Ok((count, from)) = socket.recv_from(&mut bytes).await {
            let answer = answered(&bytes[..count], &zone);
            socket.send_to(&answer, from).await.unwrap();
        }
    });
    address
}

fn answered(question: &[u8], zone: &HashMap<&'static str, &'static str>) -> Vec<u8> {
    const TXT: [u8; 2] = [0, 16];
    let mut labels = Vec::new();
    let mut at = 12;
    while question[at] != 0 {
        let length = usize::from(question[at]);
        labels.push(String::from_utf8_lossy(&question[at + 1..=at + length]).to_lowercase());
        at += length + 1;
    }
    let end = at + 5;
    let name = labels.join(".");
    let is_known = zone.keys().any(|known| *known == name || known.ends_with(&format!(".{name}")));
    let text = zone.get(&*name).filter(|_| question[at + 1..at + 3] == TXT);
    let code = if is_known { 0 } else { 3 };
    let mut answer = question[..2].to_vec();
    answer.extend([0x81, 0x80 | code, 0, 1, 0, u8::from(text.is_some()), 0, 0, 0, 0]);
    answer.extend(&question[12..end]);
    if let Some(text) = text {
        let length = u8::try_from(text.len()).unwrap();
        answer.extend([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0, length + 1, length]);
        answer.extend(text.bytes());
    }
    answer
}

async fn edge(world: &World, dns: SocketAddr, policy: Policy) -> Post {
    let checks = Some(Checks { checker: Checker::new(Some(dns)).unwrap(), policy });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let edge = Arc::new(Edge { tls: None, checks });
    Post::to(world, Listener::Smtp(listener, edge)).await
}

async fn newest_alert(world: &World) -> Value {
    world.settle().await;
    world.admin().read("/api/v1/alerts").await["items"][0].clone()
}

#[tokio::test]
async fn who_sends_is_found_out_and_stands_with_the_alert() {
    on_both_stores(async |world| {
        let mut post = edge(world, name_server(zone()).await, Policy::Record).await;
        let forged = SIGNED.replace("lost the game", "won the game");
        let claims = "Authentication-Results: mx.example.com; spf=pass; dmarc=pass\r\n";
        let unsigned = SIGNED.split_once("From:").unwrap().1;
        for (from, letter, spf, dkim, dmarc) in [
            (
                "joe@football.example.com",
                SIGNED.to_owned(),
                "pass (football.example.com)",
                "pass (football.example.com)",
                "pass (football.example.com)",
            ),
            // Forwarded: the host is another one, and the signature still speaks for the sender.
            (
                "list@elsewhere.example",
                SIGNED.to_owned(),
                "fail (elsewhere.example)",
                "pass (football.example.com)",
                "pass (football.example.com)",
            ),
            // What a stranger wrote about himself counts for nothing.
            (
                "list@elsewhere.example",
                format!("{claims}{forged}"),
                "fail (elsewhere.example)",
                "fail (football.example.com)",
                "fail (football.example.com)",
            ),
            (
                "joe@nothing.example",
                format!("From:{}", unsigned.replace("football.example.com", "nothing.example")),
                "none (nothing.example)",
                "none",
                "none (nothing.example)",
            ),
            (
                "joe@circle.example",
                "From: joe@circle.example\r\nSubject: circle\r\n\r\nx".to_owned(),
                "permerror (circle.example)",
                "none",
                "none (circle.example)",
            ),
        ] {
            let reply = post
                .send(
                    from,
                    &LETTERS.replace('@', &format!("+{spf}{dkim}@").replace([' ', '(', ')'], "")),
                    &letter,
                )
                .await;
            assert_eq!(reply, "250 2.6.0 taken\r\n");
            let details = newest_alert(world).await["details"].clone();
            assert_eq!(
                (&details["spf"], &details["dkim"], &details["dmarc"]),
                (&spf.into(), &dkim.into(), &dmarc.into()),
                "{from}"
            );
            assert_eq!(details["authenticated_by"], "alerts.example.com");
        }
    })
    .await;
}

#[tokio::test]
async fn what_looks_forged_is_refused_where_that_is_the_policy() {
    on_both_stores(async |world| {
        let mut post = edge(world, name_server(zone()).await, Policy::Refuse).await;
        let letter = letter("Subject: x", "x");
        for to in [LETTERS, "page-checkout-primary@alerts.example.com"] {
            let said = post.send("eve@elsewhere.example", to, &letter).await;
            let why = "550 5.7.1 the letter looks forged (SPF fail (elsewhere.example), DKIM none";
            assert!(said.starts_with(why), "{said}");
            let said = post.send("joe@football.example.com", to, SIGNED).await;
            assert!(said.starts_with("250"), "{said}");
        }
        world.settle().await;
        assert_eq!(
            world.admin().read("/api/v1/messages").await["items"].as_array().unwrap().len(),
            1
        );
    })
    .await;
}

#[tokio::test]
async fn what_is_quarantined_pages_nobody_until_somebody_lets_it_through() {
    on_both_stores(async |world| {
        let mut post = edge(world, name_server(zone()).await, Policy::Quarantine).await;
        let letter = letter("Subject: disk full", "x");
        let said = post.send("eve@elsewhere.example", LETTERS, &letter).await;
        assert!(said.starts_with("250"), "the sender learns nothing: {said}");
        let alias = "page-checkout-primary@alerts.example.com";
        let said = post.send("eve@elsewhere.example", alias, &letter).await;
        assert!(said.starts_with("550 5.7.1"), "{said}");
        world.settle().await;
        assert!(world.phones.of("ana").is_empty());
        let kept = world.admin().read("/api/v1/messages?q=state:failed").await["items"][0].clone();
        let why = "quarantined, for it looks forged (SPF fail (elsewhere.example), DKIM none";
        assert!(kept["error"].as_str().unwrap().starts_with(why), "{kept}");
        let path = format!("/api/v1/messages/{}/replay", kept["id"].as_str().unwrap());
        let replayed = world.admin().post(&path, json!({})).await;
        assert!(replayed.status < 300, "{}", replayed.text);
        assert_eq!(newest_alert(world).await["summary"], "disk full");
        assert_eq!(world.phones.of("ana").len(), 1);
    })
    .await;
}

#[tokio::test]
async fn name_servers_that_do_not_answer_speak_against_nobody() {
    on_both_stores(async |world| {
        let nobody = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let mut post = edge(world, nobody, Policy::Refuse).await;
        let said = post.send("joe@football.example.com", LETTERS, SIGNED).await;
        assert!(said.starts_with("250"), "{said}");
        let details = newest_alert(world).await["details"].clone();
        assert!(details["spf"].as_str().unwrap().starts_with("temperror"), "{details}");
        assert!(details["dkim"].as_str().unwrap().starts_with("temperror"), "{details}");
        assert_eq!(world.phones.of("ana").len(), 1);
    })
    .await;
}
