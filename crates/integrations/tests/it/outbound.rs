//! The guard on the way out, tried through the channels.

use muster_core::org::user::Address;
use muster_integrations::channels::{Channels, Config, Outcome};

use crate::support::http::{Answer, Server};
use crate::support::{LIMITS, a_page, envelope, mailbox, now, smtp};

/// Channels that may reach only what `allow` lists.
fn guarded(allow: &[&str], smtp_url: Option<String>) -> Channels {
    Channels::new(Config {
        network_allow: allow.iter().map(|text| (*text).to_owned()).collect(),
        limits: LIMITS,
        smtp_url,
        mail_from: "muster@example.com".to_owned(),
        signing_secret: "secret".to_owned(),
        loop_mark: String::new(),
        public_url: String::new(),
    })
    .expect("channels")
}

async fn call(channels: &Channels, url: &str) -> Outcome {
    let to = Address::Webhook { url: url.to_owned(), secret: None };
    channels.send(&envelope(to, a_page("x")), now()).await
}

#[tokio::test]
async fn this_machine_is_not_called_by_name_or_number() {
    let mut server = Server::start(Answer::status(200)).await;
    let port = server.address.port();
    let channels = guarded(&[], None);
    for host in [
        "localhost",
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.0.0.1",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "169.254.169.254",
        "10.0.0.1",
        "[fd00:ec2::254]",
    ] {
        let outcome = call(&channels, &format!("http://{host}:{port}/")).await;
        assert_eq!((outcome.name(), outcome.status()), ("permanent", None), "{host}: {outcome:?}");
        let detail = outcome.detail().unwrap_or_default();
        assert!(detail.contains("network.allow"), "{host}: {detail}");
    }
    assert!(server.is_untouched());
}

#[tokio::test]
async fn what_is_listed_is_called_by_name_and_by_number() {
    let server = Server::start(Answer::status(200)).await;
    let port = server.address.port();
    let channels = guarded(&["127.0.0.0/8"], None);
    for host in ["localhost", "127.0.0.1"] {
        let outcome = call(&channels, &format!("http://{host}:{port}/")).await;
        assert_eq!(outcome, Outcome::accepted(200), "{host}");
    }
}

#[tokio::test]
async fn only_web_addresses_are_called() {
    let channels = guarded(&["0.0.0.0/0"], None);
    for url in ["ftp://127.0.0.1/", "file:///etc/passwd", "javascript:alert(1)", "nonsense", ""] {
        assert_eq!(call(&channels, url).await.name(), "permanent", "{url}");
    }
}

#[tokio::test]
async fn a_name_that_does_not_exist_may_exist_later() {
    let outcome = call(&guarded(&[], None), "http://nowhere.invalid/").await;
    assert_eq!((outcome.name(), outcome.status()), ("temporary", None));
}

#[tokio::test]
async fn a_mail_server_passes_the_same_guard() {
    let mail = smtp::Server::start(smtp::Fault::None).await;
    for host in ["127.0.0.1", "localhost"] {
        let url = format!("smtp://{host}:{}?tls=none", mail.address.port());
        let letter = envelope(mailbox(), a_page("x"));
        let refused = guarded(&[], Some(url.clone())).send(&letter, now()).await;
        assert_eq!(refused.name(), "permanent", "{host}");
        assert!(refused.detail().unwrap_or_default().contains("network.allow"));
        let allowed = guarded(&["127.0.0.1"], Some(url)).send(&letter, now()).await;
        assert_eq!(allowed, Outcome::accepted(250), "{host}");
    }
}

#[test]
fn a_wrong_configuration_is_refused_with_the_reason() {
    let config = |change: fn(&mut Config)| {
        let mut config = Config { mail_from: "muster@example.com".to_owned(), ..Config::default() };
        change(&mut config);
        Channels::new(config).map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(config(|_| {}), Ok(()));
    assert!(
        config(|c| c.network_allow = vec!["everything".to_owned()])
            .unwrap_err()
            .contains("`everything`")
    );
    assert!(config(|c| c.smtp_url = Some("mail".to_owned())).unwrap_err().contains("mail: "));
}
