//! The arithmetic of the audit chain: what is digested, in which form, and what it means when the
//! figures do not agree. It asks no database. The form of the digests never changes, or every chain
//! written before would break.

use sha2::{Digest, Sha256};

use super::AuditRow;

/// What stands in the place of details that were blotted out.
const BLOTTED_OUT: &str = "null";

/// The end of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// How many entries are sealed.
    pub position: i64,
    /// The digest over all of them.
    pub hash: Vec<u8>,
}

/// What became of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every sealed entry is as it was when it was sealed.
    Intact {
        /// The end of the chain.
        head: Head,
        /// Entries that wait for the sealer.
        unsealed: i64,
        /// Entries whose details were blotted out, so that only their digest remains.
        redacted: i64,
    },
    /// Somebody or something changed the record.
    Broken {
        /// The first position that does not fit.
        position: i64,
        /// What is wrong there.
        fault: Fault,
    },
}

/// What is wrong with an entry of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The entry at this position is gone.
    #[error("the entry is missing")]
    Missing,
    /// The entry does not follow the one before it.
    #[error("the entry does not follow the one before it")]
    Unlinked,
    /// The entry says something else than when it was sealed.
    #[error("the entry was changed after it was sealed")]
    Changed,
    /// The entry's details are not those that were recorded.
    #[error("the details were changed after they were recorded")]
    DetailsChanged,
    /// The chain does not contain the head that was noted earlier.
    #[error("the chain does not contain the head that was noted earlier")]
    NotTheNotedHead,
}

impl Head {
    /// The end of an empty chain.
    pub fn origin() -> Self {
        Self { position: 0, hash: vec![0; 32] }
    }

    /// The end of the chain once `row` has been sealed behind this one.
    pub(super) fn next(&self, row: &AuditRow) -> Self {
        let position = self.position + 1;
        let mut hasher = Sha256::new();
        let mut field = |bytes: &[u8]| {
            // A length before each field keeps two different entries from reading the same.
            hasher.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
            hasher.update(bytes);
        };
        field(b"muster audit 1");
        field(&self.hash);
        field(&position.to_be_bytes());
        field(row.id.as_bytes());
        field(&row.at.to_be_bytes());
        field(row.actor_kind.as_bytes());
        field(row.actor_id.as_ref().map_or(&[], |id| id.as_bytes().as_slice()));
        field(row.action.as_bytes());
        field(row.object_kind.as_bytes());
        field(row.object_id.as_bytes());
        field(&row.digest);
        Self { position, hash: hasher.finalize().to_vec() }
    }
}

/// The salted digest of an entry's details.
pub(super) fn digest(salt: &[u8], data: &str) -> Vec<u8> {
    Sha256::new().chain_update(salt).chain_update(data.as_bytes()).finalize().to_vec()
}

/// A walk along the chain, from its first entry.
pub(super) struct Walk {
    head: Head,
    known: Option<Head>,
    redacted: i64,
}

impl Walk {
    pub(super) fn new(known: Option<Head>) -> Self {
        Self { head: Head::origin(), known, redacted: 0 }
    }

    /// The last position that was found in order.
    pub(super) fn position(&self) -> i64 {
        self.head.position
    }

    pub(super) fn step(&mut self, row: &AuditRow) -> Result<(), Fault> {
        let next = self.head.next(row);
        if row.position != Some(next.position) {
            return Err(Fault::Missing);
        }
        if row.prev_hash.as_ref() != Some(&self.head.hash) {
            return Err(Fault::Unlinked);
        }
        if row.hash.as_ref() != Some(&next.hash) {
            return Err(Fault::Changed);
        }
        match &row.salt {
            Some(salt) if digest(salt, &row.data) != row.digest => {
                return Err(Fault::DetailsChanged);
            }
            Some(_) => {}
            None if row.data == BLOTTED_OUT => self.redacted += 1,
            None => return Err(Fault::DetailsChanged),
        }
        if self
            .known
            .as_ref()
            .is_some_and(|known| known.position == next.position && *known != next)
        {
            return Err(Fault::NotTheNotedHead);
        }
        self.head = next;
        Ok(())
    }

    pub(super) fn finish(self, unsealed: i64) -> Verdict {
        match self.known {
            Some(known) if known.position > self.head.position => {
                Verdict::Broken { position: self.head.position + 1, fault: Fault::Missing }
            }
            _ => Verdict::Intact { head: self.head, unsealed, redacted: self.redacted },
        }
    }
}
