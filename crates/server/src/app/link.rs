//! The links in pages: one token per person and page. A token is derived from the installation's
//! key and the page's id, so that a message sent again carries the same link; the store keeps its
//! digest only.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use muster_core::id::{DigestId, IncidentId, PageId};
use sha2::{Digest as _, Sha256};

use super::App;

/// The longest token that is looked at, in bytes.
pub const TOKEN_BYTES_MAX: usize = 64;

/// The token of a page's link.
pub fn token(instance_key: &[u8; 32], page: PageId) -> String {
    URL_SAFE_NO_PAD.encode(derive(instance_key, b"page link", page.0.as_bytes()))
}

/// What stands in front of the tag in the mailbox that a page is answered at.
pub const ANSWER_PREFIX: &str = "ack+";
/// What stands in front of the tag in the mailbox that a digest is answered at.
pub const ANSWER_ALL_PREFIX: &str = "all+";
/// How many bytes of its digest an answer's tag carries: the whole mailbox must fit into the 64
/// characters that mail allows, in letters that survive a change of case.
const ANSWER_DIGEST_BYTES: usize = 12;

/// What a mailbox that takes answers stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// One page.
    Page(PageId),
    /// Everything that one message asked for.
    Digest(DigestId),
}

impl Answered {
    fn parts(self) -> (&'static str, &'static [u8], uuid::Uuid) {
        match self {
            Self::Page(id) => (ANSWER_PREFIX, b"mail answer", id.0),
            Self::Digest(id) => (ANSWER_ALL_PREFIX, b"mail answer to all", id.0),
        }
    }

    /// What stands before the `@`: the id, and a digest that nobody can guess.
    pub fn local(self, instance_key: &[u8; 32]) -> String {
        let (prefix, purpose, id) = self.parts();
        let digest = derive(instance_key, purpose, id.as_bytes());
        let digest: String =
            digest[..ANSWER_DIGEST_BYTES].iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{prefix}{}{digest}", id.as_simple())
    }

    /// What such a mailbox stands for, in any case of letters; none where it was not made here.
    pub fn read(instance_key: &[u8; 32], local: &str) -> Option<Self> {
        let local = local.to_ascii_lowercase();
        let id = |prefix: &str| uuid::Uuid::try_parse(local.strip_prefix(prefix)?.get(..32)?).ok();
        let page = || id(ANSWER_PREFIX).map(|id| Self::Page(PageId(id)));
        let digest = || id(ANSWER_ALL_PREFIX).map(|id| Self::Digest(DigestId(id)));
        let found = page().or_else(digest)?;
        let right = found.local(instance_key);
        // Compared to the end whatever differs, so that the time it takes tells nothing.
        let differences = right.bytes().zip(local.bytes()).fold(0, |seen, (a, b)| seen | (a ^ b));
        (differences == 0 && right.len() == local.len()).then_some(found)
    }

    /// Whether a mailbox is of this kind at all, however wrong.
    pub fn is_meant(local: &str) -> bool {
        let local = local.to_ascii_lowercase();
        [ANSWER_PREFIX, ANSWER_ALL_PREFIX].iter().any(|prefix| local.starts_with(prefix))
    }
}

/// The mark by which an installation knows its own mail.
pub fn loop_mark(instance_key: &[u8; 32]) -> String {
    let digest = derive(instance_key, b"mail loop", &[]);
    digest[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The token of a digest's link.
fn digest_token(instance_key: &[u8; 32], digest: DigestId) -> String {
    URL_SAFE_NO_PAD.encode(derive(instance_key, b"digest link", digest.0.as_bytes()))
}

/// A token as it stands in an address.
pub fn encode(token: [u8; 32]) -> String {
    URL_SAFE_NO_PAD.encode(token)
}

/// A key of its own for one purpose and object, derived from the installation's key.
pub fn derive(instance_key: &[u8; 32], purpose: &[u8], object: &[u8]) -> [u8; 32] {
    // HMAC takes keys of any length, so this cannot fail; an empty key would only weaken it.
    let mut mac = Hmac::<Sha256>::new_from_slice(instance_key)
        .unwrap_or_else(|_| Hmac::<Sha256>::new(&Default::default()));
    mac.update(purpose);
    mac.update(&[0]);
    mac.update(object);
    mac.finalize().into_bytes().into()
}

/// The secret that signs webhooks whose address has none of its own, as `whsec_...`.
pub fn signing_secret(instance_key: &[u8; 32]) -> String {
    format!("whsec_{}", STANDARD.encode(derive(instance_key, b"webhook signing", &[])))
}

/// What the store keeps of a token.
pub fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

impl App {
    /// Where the page's link leads: `https://.../p/{token}`.
    pub fn page_url(&self, page: PageId) -> String {
        format!("{}/p/{}", self.settings.public_url, token(self.instance_key(), page))
    }

    /// The mailbox that a page or a digest is answered at, where mail comes in.
    pub fn answer_mailbox(&self, of: Answered) -> Option<String> {
        let domain = self.settings.mail_in.domains.first()?;
        Some(format!("{}@{domain}", of.local(self.instance_key())))
    }

    /// Where the link of a digest leads, which answers all of its pages.
    pub fn digest_url(&self, id: DigestId) -> String {
        format!("{}/p/{}", self.settings.public_url, digest_token(self.instance_key(), id))
    }

    /// What is stored with a digest.
    pub fn digest_token_hash(&self, id: DigestId) -> [u8; 32] {
        digest(&digest_token(self.instance_key(), id))
    }

    /// Where an incident is shown in the app.
    pub fn incident_url(&self, number: i64) -> String {
        format!("{}/app/incidents/{number}", self.settings.public_url)
    }

    /// The digest that is stored with a page.
    pub fn page_token_hash(&self, page: PageId) -> [u8; 32] {
        digest(&token(self.instance_key(), page))
    }

    /// The name that a mail client threads an incident's messages by.
    pub fn thread_of(incident: IncidentId) -> String {
        incident.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_known_by_its_mailbox_alone() {
        let key = [7; 32];
        let id = uuid::Uuid::from_u128(7);
        for of in [Answered::Page(PageId(id)), Answered::Digest(DigestId(id))] {
            let local = of.local(&key);
            assert!(local.len() <= 64, "it fits into a mailbox");
            assert_eq!(Answered::read(&key, &local), Some(of));
            assert_eq!(Answered::read(&key, &local.to_uppercase()), Some(of));
            assert_eq!(Answered::read(&[8; 32], &local), None, "another installation's");
            let forged = |at: usize| {
                let mut forged = local.clone().into_bytes();
                forged[at] = if forged[at] == b'0' { b'1' } else { b'0' };
                String::from_utf8(forged).unwrap()
            };
            for at in 0..local.len() {
                assert_eq!(Answered::read(&key, &forged(at)), None, "{at}");
            }
            for wrong in ["", "ä", "ack+", "all+ä", &local[..local.len() - 1], &format!("{local}0")]
            {
                assert_eq!(Answered::read(&key, wrong), None, "{wrong}");
            }
        }
        let page = Answered::Page(PageId(id)).local(&key);
        let swapped = page.replacen(ANSWER_PREFIX, ANSWER_ALL_PREFIX, 1);
        assert_eq!(Answered::read(&key, &swapped), None, "a page's is no digest's");
    }

    #[test]
    fn every_page_has_its_own_unguessable_token() {
        let page = |n| PageId(uuid::Uuid::from_u128(n));
        let key = [7; 32];
        assert_eq!(token(&key, page(1)), token(&key, page(1)));
        assert_ne!(token(&key, page(1)), token(&key, page(2)));
        assert_ne!(token(&key, page(1)), token(&[8; 32], page(1)));
        assert_eq!(token(&key, page(1)).len(), 43);
    }
}
