//! What the SMTP listener does because it stands at the edge of the network: it offers encryption,
//! and it finds out about senders and deals with those that look forged.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use anyhow::Context as _;
use muster_integrations::mail::check::Checker;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// How the SMTP listener stands towards strangers.
#[derive(Debug, Default)]
pub struct Edge {
    /// With what it is encrypted, if it is.
    pub tls: Option<Certificate>,
    /// How senders are checked, if they are.
    pub checks: Option<Checks>,
}

/// How senders are checked.
#[derive(Debug)]
pub struct Checks {
    /// Who asks.
    pub checker: Checker,
    /// What becomes of letters that look forged.
    pub policy: Policy,
}

/// What becomes of letters that look forged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// They are taken as every other, and what was found out is written down.
    Record,
    /// Alerts are kept aside until somebody lets them through; pages are refused, answers do
    /// nothing.
    Quarantine,
    /// They are refused.
    Refuse,
}

impl Policy {
    /// Every policy with its name in configuration.
    pub const NAMES: [(Self, &'static str); 3] =
        [(Self::Record, "record"), (Self::Quarantine, "quarantine"), (Self::Refuse, "refuse")];

    /// The policy of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(policy, _)| *policy)
    }
}

/// A certificate in two files, which are read again when they have changed.
#[derive(Debug)]
pub struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    read: RwLock<Read>,
}

#[derive(Debug, Clone)]
struct Read {
    of: [SystemTime; 2],
    config: Arc<ServerConfig>,
}

impl Certificate {
    /// Reads the chain, the server's own certificate first, and its key, both as PEM.
    ///
    /// # Errors
    /// When a file cannot be read, or they do not belong together.
    pub fn open(chain: &Path, key: &Path) -> anyhow::Result<Self> {
        let read = Read { of: changed(chain, key)?, config: config(chain, key)? };
        let (chain, key) = (chain.to_owned(), key.to_owned());
        Ok(Self { chain, key, read: RwLock::new(read) })
    }

    /// Takes a connection over, with the certificate as it is now. A renewal that cannot be read
    /// leaves the one before in force.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let known = self.read.read().unwrap_or_else(PoisonError::into_inner).clone();
        match changed(&self.chain, &self.key) {
            Ok(of) if of == known.of => return known.config.into(),
            Ok(of) => match config(&self.chain, &self.key) {
                Ok(config) => {
                    let read = Read { of, config: Arc::clone(&config) };
                    *self.read.write().unwrap_or_else(PoisonError::into_inner) = read;
                    return config.into();
                }
                Err(error) => tracing::warn!("the certificate for mail is not renewed: {error:#}"),
            },
            Err(error) => tracing::warn!("the certificate for mail is not renewed: {error:#}"),
        }
        known.config.into()
    }
}

fn changed(chain: &Path, key: &Path) -> anyhow::Result<[SystemTime; 2]> {
    let of = |path: &Path| -> anyhow::Result<SystemTime> {
        let changed = std::fs::metadata(path).and_then(|file| file.modified());
        changed.with_context(|| format!("{} cannot be read", path.display()))
    };
    Ok([of(chain)?, of(key)?])
}

fn config(chain: &Path, key: &Path) -> anyhow::Result<Arc<ServerConfig>> {
    let unreadable = |path: &Path| format!("{} is no PEM file of that kind", path.display());
    let certificates: Vec<_> = CertificateDer::pem_file_iter(chain)
        .and_then(Iterator::collect)
        .with_context(|| unreadable(chain))?;
    anyhow::ensure!(!certificates.is_empty(), "{} holds no certificate", chain.display());
    let secret = PrivateKeyDer::from_pem_file(key).with_context(|| unreadable(key))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(certificates, secret)
        .with_context(|| format!("{} and {} make no pair", chain.display(), key.display()))?;
    Ok(Arc::new(config))
}
