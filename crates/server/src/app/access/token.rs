//! API tokens: 256 random bits behind a prefix that scanners know. Shown once, stored as a digest.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use muster_core::id::{TokenId, UserId};
use muster_core::incident::timeline::Actor;
use muster_core::org::access;
use muster_core::org::user::Role;
use muster_store::access::token::{self as store_token, Token};
use muster_store::{Db, Lane, StoreError, audit};
use serde_json::json;

use super::{Caller, digest};
use crate::app::App;
use crate::ids::{self, Ids};

/// What every token begins with.
pub const PREFIX: &str = "mst_";
/// The longest token that is looked at, in bytes.
const TOKEN_BYTES_MAX: usize = 128;
/// The longest name of a token, in characters.
pub const NAME_CHARS_MAX: usize = 100;
/// How often at most the use of a token is written down.
const TOUCHED_EVERY: SignedDuration = SignedDuration::from_mins(10);

/// Why a token is not made.
#[derive(Debug, thiserror::Error)]
pub enum NotMade {
    /// The name is empty or too long.
    #[error("a token's name has 1 to {NAME_CHARS_MAX} characters")]
    Name,
    /// Another token has the name.
    #[error("a token with this name exists")]
    NameTaken,
    /// It would already be over.
    #[error("the token would have expired already")]
    Expired,
    /// The store does not answer.
    #[error(transparent)]
    Store(StoreError),
}

/// What a new token is to be.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Unique among the tokens in force.
    pub name: String,
    /// What it may do in general.
    pub role: Role,
    /// The person it belongs to, if to anybody.
    pub user: Option<UserId>,
    /// From when on it opens nothing.
    pub expires_at: Option<Timestamp>,
}

/// Makes a token on a database, with or without a running server; returns it with its secret, which
/// nobody can read again.
///
/// # Errors
/// See [`NotMade`].
pub async fn create(
    db: &Db,
    wanted: Wanted,
    actor: &Actor,
    now: Timestamp,
) -> Result<(Token, String), NotMade> {
    let name = wanted.name.trim().to_owned();
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || name.contains('\0') {
        return Err(NotMade::Name);
    }
    if wanted.expires_at.is_some_and(|at| at <= now) {
        return Err(NotMade::Expired);
    }
    let secret = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(ids::random::<32>()));
    let ids = Ids::default();
    let token = Token {
        id: TokenId(ids.next(now)),
        name,
        role: wanted.role,
        user: wanted.user,
        token_hash: digest(&secret),
        created_at: now,
        expires_at: wanted.expires_at,
        last_used_at: None,
        revoked_at: None,
    };
    match add(db, &token, actor, ids.next(now)).await {
        Ok(()) => Ok((token, secret)),
        Err(StoreError::Conflict { .. }) => Err(NotMade::NameTaken),
        Err(error) => Err(NotMade::Store(error)),
    }
}

async fn add(db: &Db, token: &Token, actor: &Actor, entry: uuid::Uuid) -> Result<(), StoreError> {
    let mut tx = db.begin(Lane::Command).await?;
    store_token::add(&mut tx, token).await?;
    let entry = audit::Entry {
        id: entry,
        at: token.created_at,
        actor_kind: actor.kind().to_owned(),
        actor_id: actor.user().map(|user| user.0),
        action: "token.create".to_owned(),
        object_kind: "token".to_owned(),
        object_id: token.id.to_string(),
        data: json!({ "name": token.name, "role": token.role.name() }),
    };
    audit::append(&mut tx, &entry, ids::random()).await?;
    tx.commit().await
}

impl App {
    /// Whom a bearer token stands for; nobody where it is unknown, revoked or expired.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn caller_of_token(&self, secret: &str) -> Result<Option<Caller>, StoreError> {
        if !secret.starts_with(PREFIX) || secret.len() > TOKEN_BYTES_MAX {
            return Ok(None);
        }
        let now = self.now();
        let Some(token) = store_token::find(&self.db, &digest(secret), now).await? else {
            return Ok(None);
        };
        let is_stale = token.last_used_at.is_none_or(|at| now.duration_since(at) >= TOUCHED_EVERY);
        if is_stale {
            self.touch_token(token.id, now);
        }
        let Some(owner) = token.user else {
            let who = access::Caller::Token { role: token.role };
            let actor = Actor::Token { name: token.name };
            return Ok(Some(Caller { who, actor, session: None }));
        };
        let snapshot = self.snapshot();
        let user = snapshot.directory.users.get(owner);
        Ok(user.map(|user| Caller::person(user, token.role, None)))
    }

    /// Revokes a token; says whether it was in force.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn revoke_token(&self, id: TokenId, actor: &Actor) -> Result<bool, StoreError> {
        let mut tx = self.db.begin(Lane::Command).await?;
        let revoked = store_token::revoke(&mut tx, id, self.now()).await?;
        if revoked {
            let object = ("token", id.to_string());
            let entry = self.audit_entry(actor, "token.revoke", object, json!({}));
            audit::append(&mut tx, &entry, ids::random()).await?;
        }
        tx.commit().await?;
        Ok(revoked)
    }

    /// Writes down that a token is in use; nobody waits for it.
    fn touch_token(&self, id: TokenId, now: Timestamp) {
        let app = self.clone();
        tokio::spawn(async move {
            let touched = async {
                let mut tx = app.db.begin(Lane::Cleanup).await?;
                store_token::touch(&mut tx, id, now).await?;
                tx.commit().await
            };
            if let Err(error) = touched.await {
                tracing::warn!("the use of a token was not written down: {error}");
            }
        });
    }
}
