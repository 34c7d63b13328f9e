//! Signing in and out. A session is a random secret in a cookie; the store knows its digest.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use muster_core::alerting::signal::cut;
use muster_core::id::SessionId;
use muster_core::incident::timeline::Actor;
use muster_core::org::user::{Role, User};
use muster_store::access::credential;
use muster_store::access::session::{self as store_session, Session};
use muster_store::{Lane, StoreError, audit};
use serde_json::json;

use super::{Caller, Doors, digest};
use crate::app::App;
use crate::ids;

/// How long a session lasts after it was last used.
pub const SESSION_LENGTH: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How often at most the use of a session is written down.
const TOUCHED_EVERY: SignedDuration = SignedDuration::from_mins(10);
/// The longest name to sign in with, in bytes.
const NAME_BYTES_MAX: usize = 320;
/// The longest description of a browser that is kept, in characters.
const AGENT_CHARS_MAX: usize = 200;

/// Why somebody was not let in.
#[derive(Debug, thiserror::Error)]
pub enum NotSignedIn {
    /// There is no such person with such a password.
    #[error("the name or the password is wrong")]
    Wrong,
    /// Too many wrong passwords came from there.
    #[error("too many wrong passwords; wait {retry_after_seconds} s and try again")]
    Slowly {
        /// How long to wait.
        retry_after_seconds: u32,
    },
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Somebody who has just signed in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who.
    pub caller: Caller,
    /// The secret for the cookie.
    pub secret: String,
}

impl App {
    /// Opens a session for the person of that name or email address. Wrong passwords slow down
    /// further tries with the same name from the same address and nothing else.
    ///
    /// # Errors
    /// See [`NotSignedIn`].
    pub async fn sign_in(
        &self,
        doors: &Doors,
        name: &str,
        password: String,
        address: IpAddr,
        agent: &str,
    ) -> Result<SignedIn, NotSignedIn> {
        let name = name.trim().to_lowercase();
        if name.is_empty() || name.len() > NAME_BYTES_MAX {
            return Err(NotSignedIn::Wrong);
        }
        let now = self.now();
        if let Some(retry_after_seconds) = doors.throttle.wait_seconds(&name, address, now) {
            return Err(NotSignedIn::Slowly { retry_after_seconds });
        }
        doors.throttle.failed(&name, address, now);
        let snapshot = self.snapshot();
        let user = snapshot.directory.users.iter().find(|user| is_called(user, &name));
        let known = match user {
            Some(user) => credential::get(&self.db, user.id).await?,
            None => None,
        };
        let right = doors.verify(password, known.map(|known| known.password_hash)).await;
        let Some(user) = user.filter(|_| right) else {
            tracing::warn!(%address, "a sign-in failed");
            metrics::counter!("muster_sign_ins_failed_total").increment(1);
            return Err(NotSignedIn::Wrong);
        };
        doors.throttle.succeeded(&name, address);
        Ok(self.open_session(user, address, agent).await?)
    }

    /// Opens a session for a person who has shown who they are.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn open_session(
        &self,
        user: &User,
        address: IpAddr,
        agent: &str,
    ) -> Result<SignedIn, StoreError> {
        let now = self.now();
        let secret = URL_SAFE_NO_PAD.encode(ids::random::<32>());
        let mut agent = agent.to_owned();
        cut(&mut agent, AGENT_CHARS_MAX);
        let session = Session {
            id: SessionId(self.ids.next(now)),
            user: user.id,
            token_hash: digest(&secret),
            created_at: now,
            expires_at: later(now),
            last_used_at: now,
            address: address.to_string(),
            agent: agent.replace('\0', ""),
        };
        let actor = Actor::User { id: user.id, name: user.name.clone() };
        let mut tx = self.db.begin(Lane::Command).await?;
        store_session::add(&mut tx, &session).await?;
        let object = ("session", session.id.to_string());
        let entry = self.audit_entry(&actor, "session.open", object, json!({}));
        audit::append(&mut tx, &entry, ids::random()).await?;
        tx.commit().await?;
        let caller = Caller::person(user, Role::Admin, Some(session.id));
        Ok(SignedIn { caller, secret })
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn sign_out(&self, session: SessionId, actor: &Actor) -> Result<(), StoreError> {
        let mut tx = self.db.begin(Lane::Command).await?;
        if store_session::remove(&mut tx, session).await? {
            let object = ("session", session.to_string());
            let entry = self.audit_entry(actor, "session.close", object, json!({}));
            audit::append(&mut tx, &entry, ids::random()).await?;
        }
        tx.commit().await
    }

    /// Whom the secret of a cookie stands for; nobody where the session is over or the person gone.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn caller_of_session(&self, secret: &str) -> Result<Option<Caller>, StoreError> {
        let now = self.now();
        let Some(session) = store_session::find(&self.db, &digest(secret), now).await? else {
            return Ok(None);
        };
        let snapshot = self.snapshot();
        let Some(user) = snapshot.directory.users.get(session.user) else { return Ok(None) };
        if now.duration_since(session.last_used_at) >= TOUCHED_EVERY {
            self.touch_session(session.id, now);
        }
        Ok(Some(Caller::person(user, Role::Admin, Some(session.id))))
    }

    /// Writes down that a session is in use; nobody waits for it.
    fn touch_session(&self, id: SessionId, now: Timestamp) {
        let app = self.clone();
        tokio::spawn(async move {
            let touched = async {
                let mut tx = app.db.begin(Lane::Cleanup).await?;
                store_session::touch(&mut tx, id, now, later(now)).await?;
                tx.commit().await
            };
            if let Err(error) = touched.await {
                tracing::warn!("the use of a session was not written down: {error}");
            }
        });
    }
}

fn is_called(user: &User, name: &str) -> bool {
    user.name.to_lowercase() == name || user.email.to_lowercase() == name
}

fn later(now: Timestamp) -> Timestamp {
    now.saturating_add(SESSION_LENGTH).unwrap_or(Timestamp::MAX)
}
