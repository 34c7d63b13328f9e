//! Local passwords: argon2id, a few at a time so that sign-ins cannot take all memory and cores,
//! and never on a thread that serves requests.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};
use muster_core::id::{SessionId, UserId};
use muster_core::incident::timeline::Actor;
use muster_store::access::credential::{self, Credential};
use muster_store::access::session as store_session;
use muster_store::{Lane, StoreError, audit};
use serde_json::json;

use super::Doors;
use crate::app::App;
use crate::ids;

/// The most passwords that are hashed at once.
pub(super) const HASHINGS_MAX: usize = 2;
/// The shortest password, in characters.
pub const PASSWORD_CHARS_MIN: usize = 8;
/// The longest password, in bytes.
pub const PASSWORD_BYTES_MAX: usize = 1_024;

/// Why a password is not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// It is too short or too long.
    #[error(
        "a password has at least {PASSWORD_CHARS_MIN} characters and at most {PASSWORD_BYTES_MAX} bytes"
    )]
    Length,
    /// The present password is wrong.
    #[error("the current password is wrong")]
    CurrentIsWrong,
    /// The present password was given wrongly too often.
    #[error("too many wrong passwords; wait {retry_after_seconds} s and try again")]
    Slowly {
        /// How long to wait.
        retry_after_seconds: u32,
    },
    /// It could not be hashed.
    #[error("the password could not be hashed")]
    Hashing,
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Doors {
    /// Whether `password` is what `hash` was made of. Without a hash it takes as long and says no,
    /// so that nobody can tell who has a password.
    pub(super) async fn verify(&self, password: String, hash: Option<String>) -> bool {
        if password.len() > PASSWORD_BYTES_MAX {
            return false;
        }
        let Ok(_slot) = self.hashing.acquire().await else { return false };
        let checked = tokio::task::spawn_blocking(move || match hash {
            Some(hash) => PasswordHash::new(&hash).is_ok_and(|hash| {
                Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
            }),
            None => {
                let _ = hash_with(&password, &[0; 16]);
                false
            }
        });
        checked.await.unwrap_or(false)
    }

    /// The hash of a new password.
    ///
    /// # Errors
    /// When the password is too short or too long.
    pub async fn hash(&self, password: String) -> Result<String, NotTaken> {
        if password.chars().count() < PASSWORD_CHARS_MIN || password.len() > PASSWORD_BYTES_MAX {
            return Err(NotTaken::Length);
        }
        let _slot = self.hashing.acquire().await.map_err(|_| NotTaken::Hashing)?;
        tokio::task::spawn_blocking(move || hash_with(&password, &ids::random()))
            .await
            .ok()
            .flatten()
            .ok_or(NotTaken::Hashing)
    }
}

fn hash_with(password: &str, salt: &[u8; 16]) -> Option<String> {
    let hash = Argon2::default().hash_password_with_salt(password.as_bytes(), salt).ok()?;
    Some(hash.to_string())
}

impl App {
    /// Sets a person's password. The person's other sessions end; `keep` is the one it is done
    /// from. Where `current` is given, it must be right.
    ///
    /// # Errors
    /// See [`NotTaken`].
    pub async fn set_password(
        &self,
        doors: &Doors,
        user: UserId,
        password: String,
        current: Option<String>,
        keep: Option<SessionId>,
        actor: &Actor,
    ) -> Result<(), NotTaken> {
        if let Some(current) = current {
            self.confirm(doors, user, current).await?;
        }
        let password_hash = doors.hash(password).await?;
        let now = self.now();
        let kept = match keep {
            Some(keep) => store_session::of_user(&self.db, user, now)
                .await?
                .into_iter()
                .find(|session| session.id == keep),
            None => None,
        };
        let mut tx = self.db.begin(Lane::Command).await?;
        credential::set(&mut tx, &Credential { user, password_hash, updated_at: now }).await?;
        store_session::remove_of_user(&mut tx, user).await?;
        if let Some(kept) = kept {
            store_session::add(&mut tx, &kept).await?;
        }
        let entry = self.audit_entry(actor, "password.set", ("user", user.to_string()), json!({}));
        audit::append(&mut tx, &entry, ids::random()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Has somebody who is signed in prove it once more, no faster than at the door: whoever finds
    /// an open browser must not be able to guess.
    async fn confirm(&self, doors: &Doors, user: UserId, current: String) -> Result<(), NotTaken> {
        let now = self.now();
        let name = user.to_string();
        if let Some(retry_after_seconds) = doors.throttle.wait_seconds(&name, None, now) {
            return Err(NotTaken::Slowly { retry_after_seconds });
        }
        doors.throttle.failed(&name, None, now);
        let known = credential::get(&self.db, user).await?;
        if !doors.verify(current, known.map(|known| known.password_hash)).await {
            return Err(NotTaken::CurrentIsWrong);
        }
        doors.throttle.succeeded(&name, None);
        Ok(())
    }

    /// An entry of the audit log for something done now.
    pub fn audit_entry(
        &self,
        actor: &Actor,
        action: &str,
        (object_kind, object_id): (&str, String),
        data: serde_json::Value,
    ) -> audit::Entry {
        let now = self.now();
        audit::Entry {
            id: self.ids.next(now),
            at: now,
            actor_kind: actor.kind().to_owned(),
            actor_id: actor.user().map(|user| user.0),
            action: action.to_owned(),
            object_kind: object_kind.to_owned(),
            object_id,
            data,
        }
    }
}
