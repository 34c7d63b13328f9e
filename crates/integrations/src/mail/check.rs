//! Finding out about a sender ourselves, where mail comes from the open network: SPF (RFC 7208) of
//! the host that connects, DKIM (RFC 6376) of the letter, and DMARC, whether either agrees with the
//! sender that people see. It asks name servers, within a time; what they did not answer is
//! `temperror` and speaks against nobody.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use mail_auth::dmarc::verify::DmarcParameters;
use mail_auth::hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts,
};
use mail_auth::spf::verify::SpfParameters;
use mail_auth::{
    AuthenticatedMessage, DkimOutput, DkimResult, DmarcOutput, DmarcResult, MessageAuthenticator,
    SpfOutput, SpfResult,
};

use super::authentication::{Authentication, Verdict};

/// The most signatures of one letter that are looked at.
const SIGNATURES_MAX: usize = 8;
/// How long one question to a name server may take, in milliseconds.
const QUESTION_MS_MAX: u64 = 2_000;
/// How long all of it may take, in milliseconds.
const CHECK_MS_MAX: u64 = 10_000;

/// Asks name servers about senders.
pub struct Checker(MessageAuthenticator);

impl std::fmt::Debug for Checker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Checker")
    }
}

/// A letter and how it came.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// Who connected.
    pub client: IpAddr,
    /// What the client called itself.
    pub greeting: &'a str,
    /// The sender of the envelope; empty for letters that must not be answered.
    pub from: &'a str,
    /// The letter.
    pub bytes: &'a [u8],
}

impl Checker {
    /// Asks the system's name servers, or the one that is given.
    ///
    /// # Errors
    /// When the system names none.
    pub fn new(server: Option<SocketAddr>) -> Result<Self, String> {
        let made = match server {
            None => MessageAuthenticator::new_system_conf(),
            Some(at) => {
                let mut connections = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
                connections.iter_mut().for_each(|connection| connection.port = at.port());
                let mut server = NameServerConfig::udp_and_tcp(at.ip());
                server.connections = connections;
                let mut config = ResolverConfig::default();
                config.name_servers = vec![server];
                let mut options = ResolverOpts::default();
                options.timeout = Duration::from_millis(QUESTION_MS_MAX);
                options.attempts = 1;
                MessageAuthenticator::new(config, options)
            }
        };
        made.map(Self).map_err(|error| format!("name servers cannot be asked: {error}"))
    }

    /// What is found out about a letter, under the name `by`.
    pub async fn check(&self, by: &str, arrival: Arrival<'_>) -> Authentication {
        let patience = Duration::from_millis(CHECK_MS_MAX);
        match tokio::time::timeout(patience, self.ask(by, arrival)).await {
            Ok(found) => found,
            Err(_) => {
                let late = Some(Verdict { result: "temperror".to_owned(), domain: None });
                let (spf, dkim, dmarc) = (late.clone(), late.clone(), late);
                Authentication { by: by.to_owned(), spf, dkim, dmarc }
            }
        }
    }

    async fn ask(&self, by: &str, arrival: Arrival<'_>) -> Authentication {
        let sender = match arrival.from {
            "" => SpfParameters::verify_ehlo(arrival.client, arrival.greeting, by),
            from => SpfParameters::verify_mail_from(arrival.client, arrival.greeting, by, from),
        };
        let spf = self.0.verify_spf(sender).await;
        let mut found = Authentication {
            by: by.to_owned(),
            spf: Some(of_spf(&spf)),
            dkim: Some(verdict("none", "")),
            dmarc: Some(verdict("none", "")),
        };
        let Some(mut message) = AuthenticatedMessage::parse(arrival.bytes) else { return found };
        message.dkim_headers.truncate(SIGNATURES_MAX);
        let signatures = self.0.verify_dkim(&message).await;
        found.dkim = Some(of_dkim(&signatures));
        let domain = arrival.from.rsplit_once('@').map_or(arrival.greeting, |(_, domain)| domain);
        let dmarc = DmarcParameters::new(&message, &signatures, domain, &spf);
        found.dmarc = Some(of_dmarc(&self.0.verify_dmarc(dmarc).await));
        found
    }
}

fn verdict(result: &str, domain: &str) -> Verdict {
    let domain = Some(domain.to_ascii_lowercase()).filter(|domain| !domain.is_empty());
    Verdict { result: result.to_owned(), domain }
}

fn of_spf(output: &SpfOutput) -> Verdict {
    let result = match output.result() {
        SpfResult::Pass => "pass",
        SpfResult::Fail => "fail",
        SpfResult::SoftFail => "softfail",
        SpfResult::Neutral => "neutral",
        SpfResult::TempError => "temperror",
        SpfResult::PermError => "permerror",
        SpfResult::None => "none",
    };
    verdict(result, output.domain())
}

/// One for all signatures: a pass where there is one, else the first.
fn of_dkim(outputs: &[DkimOutput<'_>]) -> Verdict {
    let passed = outputs.iter().find(|output| *output.result() == DkimResult::Pass);
    let Some(output) = passed.or(outputs.first()) else { return verdict("none", "") };
    let result = match output.result() {
        DkimResult::Pass => "pass",
        // A signature that can be read and does not fit the letter is one that fails (RFC 8601).
        DkimResult::Neutral(_) if output.signature().is_none() => "neutral",
        DkimResult::Neutral(_) | DkimResult::Fail(_) => "fail",
        DkimResult::PermError(_) => "permerror",
        DkimResult::TempError(_) => "temperror",
        DkimResult::None => "none",
    };
    verdict(result, output.signature().map_or("", |signature| &signature.d))
}

fn of_dmarc(output: &DmarcOutput) -> Verdict {
    let result = match output.result() {
        DmarcResult::Pass => "pass",
        DmarcResult::Fail(_) => "fail",
        DmarcResult::TempError(_) => "temperror",
        DmarcResult::PermError(_) => "permerror",
        DmarcResult::None => "none",
    };
    verdict(result, output.domain())
}
