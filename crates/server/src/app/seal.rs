//! Sealing: what only this installation may read is stored encrypted, with ChaCha20-Poly1305 under a
//! key derived from the installation's own. It keeps addresses out of dumps of a table, queries and
//! replicas of a part; whoever holds the whole database holds the key as well.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use super::App;
use super::link::derive;
use crate::ids;

/// The first byte of everything sealed so, so that another way can follow.
const VERSION: u8 = 1;

/// Why something could not be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what is sealed cannot be read with this installation's key")]
pub struct Unreadable;

/// Seals a text for one purpose and object; it opens for no other.
///
/// # Errors
/// When the cipher refuses, which it does for nothing that fits into memory.
pub fn seal(
    instance_key: &[u8; 32],
    purpose: &[u8],
    object: &[u8],
    text: &str,
) -> Result<Vec<u8>, Unreadable> {
    seal_bytes(instance_key, purpose, object, text.as_bytes())
}

/// As [`seal`], for what is no text.
///
/// # Errors
/// See [`seal`].
pub fn seal_bytes(
    instance_key: &[u8; 32],
    purpose: &[u8],
    object: &[u8],
    bytes: &[u8],
) -> Result<Vec<u8>, Unreadable> {
    let nonce: [u8; NONCE_LEN] = ids::random();
    let mut sealed = bytes.to_vec();
    let unique = Nonce::assume_unique_for_key(nonce);
    key(instance_key, purpose)?
        .seal_in_place_append_tag(unique, Aad::from(object), &mut sealed)
        .map_err(|_| Unreadable)?;
    let mut out = vec![VERSION];
    out.extend_from_slice(&nonce);
    out.extend_from_slice(&sealed);
    Ok(out)
}

/// Opens what [`seal`] sealed for the same purpose and object.
///
/// # Errors
/// When it was sealed for something else, with another key, or changed.
pub fn open(
    instance_key: &[u8; 32],
    purpose: &[u8],
    object: &[u8],
    sealed: &[u8],
) -> Result<String, Unreadable> {
    let bytes = open_bytes(instance_key, purpose, object, sealed)?;
    String::from_utf8(bytes).map_err(|_| Unreadable)
}

/// As [`open`], for what is no text.
///
/// # Errors
/// See [`open`].
pub fn open_bytes(
    instance_key: &[u8; 32],
    purpose: &[u8],
    object: &[u8],
    sealed: &[u8],
) -> Result<Vec<u8>, Unreadable> {
    let [VERSION, rest @ ..] = sealed else { return Err(Unreadable) };
    let (nonce, sealed) = rest.split_at_checked(NONCE_LEN).ok_or(Unreadable)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Unreadable)?;
    let mut bytes = sealed.to_vec();
    let opened = key(instance_key, purpose)?
        .open_in_place(nonce, Aad::from(object), &mut bytes)
        .map_err(|_| Unreadable)?;
    Ok(opened.to_vec())
}

fn key(instance_key: &[u8; 32], purpose: &[u8]) -> Result<LessSafeKey, Unreadable> {
    let key = derive(instance_key, purpose, b"seal");
    UnboundKey::new(&CHACHA20_POLY1305, &key).map(LessSafeKey::new).map_err(|_| Unreadable)
}

impl App {
    /// Seals a contact method's address.
    ///
    /// # Errors
    /// See [`seal`].
    pub fn seal_address(&self, method: &[u8; 16], address: &str) -> Result<Vec<u8>, Unreadable> {
        seal(self.instance_key(), ADDRESS, method, address)
    }
}

/// The purpose of contact methods' addresses.
pub const ADDRESS: &[u8] = b"contact address";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_for_its_own_object_and_nothing_else() {
        let key = [7; 32];
        let sealed = seal(&key, ADDRESS, b"one", "+491715550001").unwrap();
        assert_eq!(open(&key, ADDRESS, b"one", &sealed).as_deref(), Ok("+491715550001"));
        assert!(!sealed.windows(4).any(|window| window == b"5550"));
        assert_ne!(sealed, seal(&key, ADDRESS, b"one", "+491715550001").unwrap());
        assert_eq!(open(&key, ADDRESS, b"two", &sealed), Err(Unreadable));
        assert_eq!(open(&key, b"other", b"one", &sealed), Err(Unreadable));
        assert_eq!(open(&[8; 32], ADDRESS, b"one", &sealed), Err(Unreadable));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(open(&key, ADDRESS, b"one", &changed), Err(Unreadable), "{at}");
        }
        for short in 0..NONCE_LEN {
            assert_eq!(open(&key, ADDRESS, b"one", &sealed[..short]), Err(Unreadable));
        }
    }
}
