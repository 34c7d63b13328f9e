//! Pages and digests that are answered by mail: the words of every channel, what a mailbox allows
//! and what it does not, and letters that come twice, from programs or from somebody else.

use jiff::SignedDuration;
use muster_core::id::{DigestId, IncidentId, PageId};
use muster_core::incident::restriction::Viewer;
use muster_server::app::link::Answered;
use muster_store::incident::incident as store_incident;
use muster_store::oncall::delivery;
use muster_store::{Db, Sql};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Post, Protocol, letter};
use crate::harness::{World, on_both_stores};

/// The only page of the only incident, and the mailbox that it is answered at.
async fn paged(world: &World) -> (IncidentId, String) {
    world.event("trigger", "disk", "critical").await;
    world.settle().await;
    let pages = world.admin().read("/api/v1/incidents/1/pages").await;
    let page: PageId = pages["items"][0]["id"].as_str().unwrap().parse().unwrap();
    let incident =
        store_incident::list(&world.app.db, &Viewer::Engine, &Default::default(), 1).await.unwrap();
    (incident[0].id, world.app.answer_mailbox(Answered::Page(page)).expect("mail comes in"))
}

/// What the person was told by mail.
async fn told(db: &Db, incident: IncidentId) -> Vec<String> {
    let rows = delivery::of_incident(db, incident).await.unwrap();
    let letters = rows.into_iter().filter(|row| row.method == "answer");
    let mut letters: Vec<_> = letters.collect();
    letters.sort_by_key(|row| row.id);
    let words = |row: delivery::DeliveryRow| {
        format!("{}: {}", row.address.unwrap_or_default(), row.content.unwrap_or_default())
    };
    letters.into_iter().map(words).collect()
}

/// What the person was told last.
async fn told_last(world: &World, incident: IncidentId) -> String {
    told(&world.app.db, incident).await.pop().unwrap_or_default()
}

async fn status(world: &World, number: i64) -> Value {
    world.settle().await;
    world.admin().read(&format!("/api/v1/incidents/{number}")).await["status"].clone()
}

/// A letter of ana's, each with a name of its own.
fn from(mailbox: &str, head: &str, words: &str) -> String {
    let id: String = format!("{mailbox} {words}").bytes().map(|b| format!("{b:02x}")).collect();
    format!(
        "{head}From: {mailbox}\r\nSubject: Re: page\r\nMessage-ID: <{id}@mail>\r\n\r\n{words}\r\n"
    )
}

/// From here on ana is reached by mail as well.
async fn ana_has_a_mailbox(world: &World) {
    let (hook, bo) = (world.phone("ana"), world.phone("bo"));
    let text = format!(
        r#"
users:
  - name: ana
    full_name: Ana Ortiz
    email: ana@example.com
    role: responder
    timezone: Europe/Berlin
    contact_methods:
      - {{ name: phone, type: webhook, url: "{hook}" }}
      - {{ name: mail, type: email, address: ana@home.example }}
    notification_rules: {{ high: [ {{ after: 0m, method: phone }} ] }}
  - name: bo
    full_name: Bo Lind
    email: bo@example.com
    role: manager
    timezone: America/New_York
    contact_methods: [ {{ name: phone, type: webhook, url: "{bo}" }} ]
    notification_rules: {{ high: [ {{ after: 0m, method: phone }} ] }}
  - {{ name: sam, full_name: Sam Roe, email: sam@example.com, role: stakeholder }}
  - {{ name: root, full_name: Root, email: root@example.com, role: admin }}
"#
    );
    let applied = world.admin().send(Method::POST, "/api/v1/config/apply", text).await;
    assert_eq!(applied.status, 200, "{}", applied.text);
}

async fn declare(world: &World, title: &str) {
    let body = json!({ "title": title, "service": "checkout", "severity": 1 });
    assert_eq!(world.admin().post("/api/v1/incidents", body).await.status, 201);
    world.settle().await;
}

#[tokio::test]
async fn a_page_is_answered_by_the_first_line_of_a_reply() {
    on_both_stores(async |world| {
        let (incident, mailbox) = paged(world).await;
        let mut post = Post::connect(world, Protocol::Lmtp).await;
        let quoted = "\r\n\r\nOn Sat, 21 Nov 2026 Muster wrote:\r\n> resolve\r\n> escalate\r\n";
        let reply = |first: &str| {
            format!(
                "From: Ana <ana@example.com>\r\nSubject: Re: [SEV1] checkout\r\n\
                 Message-ID: <{}@mail>\r\n\r\n{first}{quoted}",
                first.len()
            )
        };
        let status = async || {
            world.settle().await;
            world.admin().read("/api/v1/incidents/1").await["status"].clone()
        };
        // Nothing of this is a word, so nothing changes and the person hears so.
        assert!(
            post.send("ana@example.com", &mailbox, &reply("resolve it please"))
                .await
                .starts_with("250")
        );
        assert_eq!(status().await, "triggered");
        let heard = told(&world.app.db, incident).await;
        assert!(heard[0].contains("Nothing was changed") && heard[0].contains("resolve it please"));

        assert!(
            post.send("ana@example.com", &mailbox.to_uppercase(), &reply("Ack, on it"))
                .await
                .starts_with("250")
        );
        assert_eq!(status().await, "acknowledged");
        let shown = world.admin().read("/api/v1/incidents/1").await;
        assert_eq!(shown["assignee"], "ana");
        assert!(told(&world.app.db, incident).await[1].contains("You have 1."));
        let timeline = world.admin().read("/api/v1/incidents/1/timeline").await.to_string();
        assert!(
            timeline.contains("ana answered by mail from ana@example.com (SPF not checked"),
            "{timeline}"
        );

        world.advance(SignedDuration::from_mins(10)).await;
        assert!(world.phones.of("bo").is_empty(), "whoever is next sleeps on");
        post.send("ana@example.com", &mailbox, &reply("resolve")).await;
        assert_eq!(status().await, "resolved");
        post.send("ana@example.com", &mailbox, &reply("escalate")).await;
        assert_eq!(status().await, "resolved");
        let heard = told(&world.app.db, incident).await;
        let last = heard.last().unwrap();
        assert!(last.contains("1: that did not work: incident 1 is already resolved"), "{last}");
    })
    .await;
}

#[tokio::test]
async fn declining_and_escalating_by_mail_asks_the_next() {
    for word in ["decline", "escalate"] {
        on_both_stores(async |world| {
            let (_, mailbox) = paged(world).await;
            let mut post = Post::connect(world, Protocol::Smtp).await;
            let letter = format!("From: ana@example.com\r\nSubject: Re\r\n\r\n{word}\r\n");
            assert!(post.send("ana@example.com", &mailbox, &letter).await.starts_with("250"));
            world.settle().await;
            assert_eq!(world.phones.of("bo").len(), 1, "{word}");
        })
        .await;
    }
}

#[tokio::test]
async fn no_program_answers_a_page() {
    on_both_stores(async |world| {
        let (incident, mailbox) = paged(world).await;
        let mut post = Post::connect(world, Protocol::Smtp).await;
        for (from, head) in [
            ("ana@example.com", "Auto-Submitted: auto-replied"),
            ("ana@example.com", "Auto-Submitted: auto-generated"),
            ("ana@example.com", "Precedence: bulk"),
            ("ana@example.com", "X-Autoreply: yes"),
            ("ana@example.com", "List-Id: <team.example.com>"),
            ("ana@example.com", "Content-Type: multipart/report; boundary=b"),
            ("", "Subject: Re"),
        ] {
            let said = post.send(from, &mailbox, &letter(head, "ack")).await;
            assert!(said.starts_with("250"), "{head}: {said}");
        }
        let mark = muster_server::app::link::loop_mark(world.app.instance_key());
        let own = letter(&format!("X-Muster-Loop: {mark}"), "ack");
        assert!(post.send("ana@example.com", &mailbox, &own).await.starts_with("554"));
        world.settle().await;
        assert_eq!(world.admin().read("/api/v1/incidents/1").await["status"], "triggered");
        assert!(told(&world.app.db, incident).await.is_empty(), "and none is written to");
    })
    .await;
}

#[tokio::test]
async fn more_than_the_page_is_answered_only_from_a_mailbox_of_ones_own() {
    on_both_stores(async |world| {
        ana_has_a_mailbox(world).await;
        let (incident, mailbox) = paged(world).await;
        declare(world, "another").await;
        let mut post = Post::connect(world, Protocol::Lmtp).await;
        let mut send = async |letter: String| {
            assert!(post.send("somebody@example.net", &mailbox, &letter).await.starts_with("250"));
            world.settle().await;
        };
        // Somebody who got hold of the mailbox may answer its page, and nothing else.
        for words in ["ack 2", "ack all", "page checkout help", "who checkout"] {
            send(from("eve@example.net", "", words)).await;
            let heard = told_last(world, incident).await;
            assert!(heard.starts_with("ana@example.com: "), "eve hears nothing: {heard}");
            let why = "eve@example.net is no verified contact method of yours";
            assert!(heard.contains(why), "{words}: {heard}");
        }
        assert_eq!((status(world, 1).await, status(world, 2).await), ("triggered".into(), "triggered".into()));
        // A letter that claims to be ana's and is not, as the mail server found out.
        let results = "Authentication-Results: mx.example.com; spf=fail \
                       smtp.mailfrom=example.net; dkim=none; dmarc=fail header.from=home.example\r\n";
        send(from("ana@home.example", results, "ack all")).await;
        let heard = told_last(world, incident).await;
        let why = "your letter looks forged (SPF fail (example.net), DKIM none, DMARC fail (home.example))";
        assert!(heard.starts_with("ana@home.example: ") && heard.contains(why), "{heard}");
        assert_eq!(status(world, 2).await, "triggered");

        send(from("Ana <ANA@home.example>", "", "ack 3")).await;
        let heard = told_last(world, incident).await;
        assert!(heard.contains("No open page 3; yours are "), "{heard}");
        send(from("ana@home.example", "", "help")).await;
        let heard = told_last(world, incident).await;
        assert!(heard.contains("Reply 1 to acknowledge"), "{heard}");
        assert!(!heard.contains("Nothing was changed"), "{heard}");
        send(from("ana@home.example", "", "who checkout")).await;
        assert!(told_last(world, incident).await.contains("On call for checkout: "));
        send(from("ana@home.example", "", "ack 2")).await;
        assert!(told_last(world, incident).await.contains("You have 2."));
        assert_eq!((status(world, 1).await, status(world, 2).await), ("triggered".into(), "acknowledged".into()));
        send(from("ana@home.example", "", "all")).await;
        assert_eq!(status(world, 1).await, "acknowledged");
        assert_eq!(world.admin().read("/api/v1/incidents/1").await["assignee"], "ana");
    })
    .await;
}

#[tokio::test]
async fn time_on_call_is_taken_by_mail_from_a_mailbox_of_ones_own() {
    on_both_stores(async |world| {
        ana_has_a_mailbox(world).await;
        let rota = "schedules:
  - name: primary
    team: payments
    timezone: Europe/Berlin
    layers: [ { name: days, rotation: { every: 1d, handoff: \"09:00\", start: 2026-11-01, participants: [bo, ana] } } ]
";
        let applied = world.admin().send(Method::POST, "/api/v1/config/apply", rota).await;
        assert_eq!(applied.status, 200, "{}", applied.text);
        let (incident, mailbox) = paged(world).await;
        let mut post = Post::connect(world, Protocol::Lmtp).await;
        let mut send = async |mailbox_of: &str, words: &str| {
            let letter = from(mailbox_of, "", words);
            assert!(post.send(mailbox_of, &mailbox, &letter).await.starts_with("250"));
            world.settle().await;
            told_last(world, incident).await
        };
        let taken = "/api/v1/schedules/primary/overrides";
        let heard = send("eve@example.net", "take primary 4h").await;
        assert!(heard.contains("is no verified contact method of yours"), "{heard}");
        assert_eq!(world.admin().read(taken).await["items"], json!([]));

        let heard = send("ana@home.example", "take primary 4h").await;
        assert!(heard.contains("You are on call in primary until "), "{heard}");
        assert!(!heard.contains("Nothing was changed"), "{heard}");
        let rows = world.admin().read(taken).await;
        assert_eq!(rows["items"][0]["user"], "ana", "{rows}");
        assert_eq!(rows["items"][0]["reason"], "taken by mail");

        let heard = send("ana@home.example", "take nowhere 4h").await;
        assert!(heard.contains("There is no schedule nowhere."), "{heard}");
        let heard = send("ana@home.example", "here 1").await;
        assert!(heard.contains("1"), "{heard}");
        assert_eq!(status(world, 1).await, "triggered", "being there is not having it");
    })
    .await;
}

#[tokio::test]
async fn a_forged_answer_to_the_page_itself_is_recorded_as_such() {
    on_both_stores(async |world| {
        let (_, mailbox) = paged(world).await;
        let mut post = Post::connect(world, Protocol::Lmtp).await;
        let results = "Authentication-Results: mx.example.com; spf=fail \
                       smtp.mailfrom=example.net; dkim=fail header.d=home.example\r\n";
        post.send("a@example.net", &mailbox, &from("ana@home.example", results, "ack")).await;
        assert_eq!(status(world, 1).await, "acknowledged", "whoever holds it may answer its page");
        let timeline = world.admin().read("/api/v1/incidents/1/timeline").await.to_string();
        let noted = "ana answered by mail from ana@home.example (SPF fail (example.net), \
                     DKIM fail (home.example)): ack";
        assert!(timeline.contains(noted), "{timeline}");
        let audit = world.admin().read("/api/v1/audit?limit=50").await.to_string();
        assert!(
            audit.contains("page.answered") && audit.contains(r#""channel":"email""#),
            "{audit}"
        );
    })
    .await;
}

#[tokio::test]
async fn the_same_letter_twice_acts_and_is_answered_once() {
    on_both_stores(async |world| {
        let (incident, mailbox) = paged(world).await;
        let mut post = Post::connect(world, Protocol::Lmtp).await;
        let escalate = from("ana@example.com", "", "escalate");
        for _ in 0..3 {
            assert!(post.send("ana@example.com", &mailbox, &escalate).await.starts_with("250"));
            world.settle().await;
        }
        assert_eq!(world.phones.of("bo").len(), 1);
        let heard = told(&world.app.db, incident).await;
        assert_eq!(heard.len(), 1, "{heard:?}");
        assert!(heard[0].contains("The next person is asked about 1."), "{heard:?}");
        let timeline = world.admin().read("/api/v1/incidents/1/timeline").await.to_string();
        assert_eq!(timeline.matches("ana answered by mail").count(), 1, "{timeline}");
    })
    .await;
}

#[tokio::test]
async fn one_reply_to_a_digest_answers_all_of_it() {
    on_both_stores(async |world| {
        for title in ["a", "b", "c", "d", "e"] {
            declare(world, title).await;
        }
        world.advance(SignedDuration::from_mins(1)).await;
        assert_eq!(world.phones.of("ana")[2]["digest"]["count"], 3);
        let newest = Sql::same("SELECT id FROM digest");
        let (id,): (uuid::Uuid,) = world.app.db.fetch_one(&newest, vec![]).await.unwrap();
        let mailbox = world.app.answer_mailbox(Answered::Digest(DigestId(id))).unwrap();
        assert!(mailbox.starts_with("all+"), "{mailbox}");
        let mut post = Post::connect(world, Protocol::Smtp).await;
        let mut send = async |words: &str| {
            let letter = from("ana@example.com", "", words);
            let said = post.send("ana@example.com", &mailbox, &letter).await;
            assert!(said.starts_with("250"), "{said}");
            world.settle().await;
            // News goes with the most urgent of them.
            let first = store_incident::by_number(&world.app.db, &Viewer::Engine, 5)
                .await
                .unwrap()
                .unwrap();
            told_last(world, first.id).await
        };
        let heard = send("resolve 4").await;
        assert!(heard.contains("Resolved: 4.") && heard.contains("Re: 3 incidents"), "{heard}");
        assert!(send("ack").await.contains("You have 5 and 3."), "what is over is left out");
        for (number, is) in [
            (1, "triggered"),
            (2, "triggered"),
            (3, "acknowledged"),
            (4, "resolved"),
            (5, "acknowledged"),
        ] {
            assert_eq!(status(world, number).await, is, "{number}");
        }
        assert!(send("acknowledged.").await.contains("Nothing that this mail asked for is open"));
        assert!(send("resolve all").await.contains("Resolved: 5 and 3."));
        assert_eq!(status(world, 1).await, "triggered", "it was not in the digest");
    })
    .await;
}

#[tokio::test]
async fn an_answer_to_what_is_gone_is_refused() {
    on_both_stores(async |world| {
        let (_, mailbox) = paged(world).await;
        world.settle().await;
        let mut tx = world.app.db.begin(muster_store::Lane::Cleanup).await.unwrap();
        tx.execute(&Sql::same("DELETE FROM page"), vec![]).await.unwrap();
        tx.commit().await.unwrap();
        let mut post = Post::connect(world, Protocol::Lmtp).await;
        let said = post.send("ana@example.com", &mailbox, &letter("Subject: Re", "ack")).await;
        assert!(said.starts_with("550 5.1.1"), "{said}");
    })
    .await;
}
