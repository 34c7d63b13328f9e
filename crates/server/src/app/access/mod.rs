//! Who gets in: signing in with a password, sessions behind a cookie, API tokens. It says who
//! somebody is; what they may do is asked of [`muster_core::org::access::may`], always.

use muster_core::id::{SessionId, UserId};
use muster_core::incident::timeline::Actor;
use muster_core::org::access::{self, Action, Denied, Object};
use muster_core::org::user::{Role, User};
use sha2::{Digest as _, Sha256};

use crate::app::App;
use crate::app::incident::status_page::subscription::Clients;
use crate::app::query::Asker;

pub mod password;
pub mod session;
mod throttle;
pub mod token;

/// What signing in needs in memory: the slots for hashing and the memory of failures.
#[derive(Debug)]
pub struct Doors {
    hashing: tokio::sync::Semaphore,
    throttle: throttle::Throttle,
    /// How often clients asked to hear of status pages.
    pub(crate) subscribing: Clients,
}

impl Default for Doors {
    fn default() -> Self {
        Self {
            hashing: tokio::sync::Semaphore::new(password::HASHINGS_MAX),
            throttle: throttle::Throttle::default(),
            subscribing: Clients::default(),
        }
    }
}

/// Who asks, and how to name them in the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// For the gate.
    pub who: access::Caller,
    /// For timeline and audit log.
    pub actor: Actor,
    /// The session of a browser, if it is one.
    pub session: Option<SessionId>,
}

impl Caller {
    /// Nobody is signed in.
    pub fn anonymous() -> Self {
        Self { who: access::Caller::Anonymous, actor: Actor::System, session: None }
    }

    /// A person with at most `role`.
    pub fn person(user: &User, role: Role, session: Option<SessionId>) -> Self {
        Self {
            who: access::Caller::Person { id: user.id, role: role.min(user.role) },
            actor: Actor::User { id: user.id, name: user.name.clone() },
            session,
        }
    }

    /// Asks the one gate.
    ///
    /// # Errors
    /// When the caller may not.
    pub fn may(&self, action: Action, object: Object) -> Result<(), Denied> {
        access::may(self.who, action, object)
    }

    /// The person, if it is one.
    pub fn user(&self) -> Option<UserId> {
        match self.who {
            access::Caller::Person { id, .. } => Some(id),
            _ => None,
        }
    }

    /// Who asks a query, and when.
    pub fn asker(&self, app: &App) -> Asker {
        Asker { me: self.user(), now: app.now() }
    }

    /// What the caller may do in general; nothing for somebody who is not signed in.
    pub fn role(&self) -> Option<Role> {
        match self.who {
            access::Caller::Person { role, .. } | access::Caller::Token { role } => Some(role),
            access::Caller::Anonymous | access::Caller::PageLink { .. } => None,
        }
    }
}

/// What the store keeps of a secret.
fn digest(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}
