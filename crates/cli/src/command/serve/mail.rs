//! Where mail comes in: SMTP, LMTP, and the domains whose mail is taken.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use muster_integrations::mail::check::Checker;
use muster_server::mail::{Certificate, Checks, Edge, Listener, Policy};
use muster_server::settings::MailIn;
use tokio::net::{TcpListener, UnixListener};

use crate::failure::usage;
use crate::settings::Settings;

/// Where mail comes in.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Mail that comes in")]
pub struct Listening {
    /// Take mail over SMTP at this address and port [env: MUSTER_SMTP_LISTEN]
    #[arg(long, value_name = "ADDR:PORT")]
    smtp_listen: Option<String>,
    /// Take mail from your own mail server over LMTP at this address and port, or at this socket
    /// [env: MUSTER_LMTP_LISTEN]
    #[arg(long, value_name = "ADDR:PORT|PATH")]
    lmtp_listen: Option<String>,
    /// A domain whose mail is taken; may be given several times, and the first one stands in the
    /// addresses that people answer to [env: MUSTER_MAIL_DOMAINS, separated by commas]
    #[arg(long = "mail-domain", value_name = "DOMAIN")]
    mail_domains: Vec<String>,
    /// The name under which your mail server writes Authentication-Results, so that they are
    /// believed [env: MUSTER_MAIL_TRUST]
    #[arg(long, value_name = "NAME")]
    mail_trust: Option<String>,
    /// Check who sends over SMTP by SPF, DKIM and DMARC, and then: `record` what was found out,
    /// `quarantine` what looks forged, or `refuse` it; `off` checks nothing. Without it: off where
    /// --mail-trust names somebody who checks, else record [env: MUSTER_MAIL_CHECK]
    #[arg(long, value_name = "WHAT")]
    mail_check: Option<String>,
    /// Ask this name server about senders, instead of the system's [env: MUSTER_MAIL_DNS]
    #[arg(long, value_name = "ADDR:PORT")]
    mail_dns: Option<String>,
    /// Offer STARTTLS over SMTP with the certificate chain in this PEM file, which is read again
    /// when it changes [env: MUSTER_SMTP_TLS_CERT]
    #[arg(long, value_name = "FILE")]
    smtp_tls_cert: Option<String>,
    /// The key of that certificate, as PEM [env: MUSTER_SMTP_TLS_KEY]
    #[arg(long, value_name = "FILE")]
    smtp_tls_key: Option<String>,
}

/// Where mail comes in, once it is known.
#[derive(Debug)]
pub struct Wanted {
    smtp: Option<String>,
    lmtp: Option<String>,
    domains: Vec<String>,
    trusted: Option<String>,
    policy: Option<Policy>,
    dns: Option<SocketAddr>,
    tls: Option<[PathBuf; 2]>,
}

impl Listening {
    /// The flags over the environment over the file.
    ///
    /// # Errors
    /// When a listener has no domain, or a domain is none.
    pub fn over(self, settings: &Settings) -> anyhow::Result<Wanted> {
        let file = settings.file();
        let smtp =
            settings.pick(self.smtp_listen, "MUSTER_SMTP_LISTEN", file.smtp_listen.clone())?;
        let lmtp =
            settings.pick(self.lmtp_listen, "MUSTER_LMTP_LISTEN", file.lmtp_listen.clone())?;
        let trusted =
            settings.pick(self.mail_trust, "MUSTER_MAIL_TRUST", file.mail_trust.clone())?;
        let check = settings.pick(self.mail_check, "MUSTER_MAIL_CHECK", file.mail_check.clone())?;
        let policy = match check.as_deref() {
            None if trusted.is_some() => None,
            None => Some(Policy::Record),
            Some(word) => checked_policy(word)?,
        };
        let dns = settings.pick(self.mail_dns, "MUSTER_MAIL_DNS", file.mail_dns.clone())?;
        let dns = dns.as_deref().map(checked_server).transpose()?;
        let chain = settings.pick(
            self.smtp_tls_cert,
            "MUSTER_SMTP_TLS_CERT",
            file.smtp_tls_cert.clone(),
        )?;
        let key =
            settings.pick(self.smtp_tls_key, "MUSTER_SMTP_TLS_KEY", file.smtp_tls_key.clone())?;
        let tls = match (chain, key) {
            (Some(chain), Some(key)) => Some([chain.into(), key.into()]),
            (None, None) => None,
            _ => return Err(usage("--smtp-tls-cert and --smtp-tls-key go together")),
        };
        let domains = match (self.mail_domains, settings.variable("MUSTER_MAIL_DOMAINS")) {
            (flags, _) if !flags.is_empty() => flags,
            (_, Some(list)) => list.split(',').map(|one| one.trim().to_owned()).collect(),
            _ => file.mail_domains.clone(),
        };
        let domains = domains.iter().map(|domain| checked_domain(domain)).collect::<Result<_, _>>();
        let wanted = Wanted { smtp, lmtp, domains: domains?, trusted, policy, dns, tls };
        if wanted.domains.is_empty() && (wanted.smtp.is_some() || wanted.lmtp.is_some()) {
            return Err(usage(
                "mail comes in for no domain yet; name one with --mail-domain alerts.example.com",
            ));
        }
        Ok(wanted)
    }
}

impl Wanted {
    /// What the server needs to know.
    pub fn settings(&self) -> MailIn {
        MailIn { domains: self.domains.clone(), trusted: self.trusted.clone() }
    }

    /// How the SMTP listener stands towards strangers.
    fn edge(&self) -> anyhow::Result<Edge> {
        let checks = match self.policy {
            Some(policy) => {
                let checker = Checker::new(self.dns).map_err(|why| {
                    usage(format!("{why}; name one with --mail-dns, or --mail-check off"))
                })?;
                Some(Checks { checker, policy })
            }
            None => None,
        };
        let certificate = self.tls.as_ref().map(|[chain, key]| Certificate::open(chain, key));
        Ok(Edge { tls: certificate.transpose()?, checks })
    }

    /// Begins to listen.
    ///
    /// # Errors
    /// When an address is taken or is none.
    pub async fn bind(&self) -> anyhow::Result<Vec<Listener>> {
        let mut listeners = Vec::new();
        if let Some(address) = &self.smtp {
            let edge = Arc::new(self.edge()?);
            listeners.push(Listener::Smtp(tcp(address, "--smtp-listen").await?, edge));
        }
        match &self.lmtp {
            Some(path) if path.contains('/') => {
                listeners.push(Listener::LmtpSocket(socket(path).await?));
            }
            Some(address) => {
                listeners.push(Listener::Lmtp(tcp(address, "--lmtp-listen").await?));
            }
            None => {}
        }
        Ok(listeners)
    }
}

async fn tcp(address: &str, flag: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("{address} cannot be listened on for mail; choose another with {flag}")
    })
}

/// A socket in the file system. One that a server before us left behind is taken away; one that
/// somebody listens on is not.
async fn socket(path: &str) -> anyhow::Result<UnixListener> {
    use std::os::unix::fs::FileTypeExt as _;
    let left_behind = std::fs::symlink_metadata(path).is_ok_and(|is| is.file_type().is_socket());
    if left_behind && tokio::net::UnixStream::connect(path).await.is_err() {
        std::fs::remove_file(path).with_context(|| format!("{path} cannot be taken away"))?;
    }
    UnixListener::bind(path)
        .with_context(|| format!("{path} cannot be listened on for mail; choose another socket"))
}

fn checked_policy(word: &str) -> anyhow::Result<Option<Policy>> {
    match (word, Policy::from_name(word)) {
        ("off", _) => Ok(None),
        (_, Some(policy)) => Ok(Some(policy)),
        _ => Err(usage(format!(
            "`{word}` is nothing that mail is checked for; write off, record, quarantine or refuse"
        ))),
    }
}

fn checked_server(text: &str) -> anyhow::Result<SocketAddr> {
    text.parse().map_err(|_| usage(format!("`{text}` is no name server; write 192.0.2.53:53")))
}

fn checked_domain(text: &str) -> anyhow::Result<String> {
    let domain = text.trim().to_ascii_lowercase();
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
    let is_domain = !domain.is_empty() && domain.len() <= 190 && domain.chars().all(is_safe);
    if is_domain {
        return Ok(domain);
    }
    Err(usage(format!("`{text}` is no domain; write for example alerts.example.com")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_becomes_of_forged_mail_is_one_of_four_words() {
        assert_eq!(checked_policy("off").unwrap(), None);
        for (policy, name) in Policy::NAMES {
            assert_eq!(checked_policy(name).unwrap(), Some(policy));
        }
        assert!(checked_policy("Refuse").is_err() && checked_policy("").is_err());
        assert!(checked_server("192.0.2.53:53").is_ok() && checked_server("dns.example").is_err());
    }

    #[test]
    fn a_domain_is_written_plainly() {
        assert_eq!(checked_domain(" Alerts.Example.com").unwrap(), "alerts.example.com");
        for wrong in ["", "a b", "@example.com", "exämple.com", &"a".repeat(191)] {
            assert!(checked_domain(wrong).is_err(), "{wrong}");
        }
    }
}
