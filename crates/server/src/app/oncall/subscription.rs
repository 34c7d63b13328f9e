//! Subscribing to notification lists and leaving them (`E1`). Anybody may, for themselves; the core of
//! a list cannot leave. It counts as a change of configuration, so that every node reads it.

use muster_core::incident::timeline::Actor;
use muster_core::oncall::list::NotificationList;
use muster_core::org::user::User;
use muster_store::event::{self, NewEvent};
use muster_store::oncall::subscription as store_subscription;
use muster_store::org::config::{self, Change, RECORD_CONFLICT};
use muster_store::{Lane, StoreError, audit};
use serde_json::json;

use crate::app::App;
use crate::ids;

/// How often a change that another one overtook looks again.
const TRIES_MAX: u32 = 5;

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum NotChanged {
    /// The person belongs to the core.
    #[error(
        "{user} is in the core of {list} and cannot leave it; an administrator changes the core"
    )]
    Core {
        /// The person.
        user: String,
        /// The list.
        list: String,
    },
    /// Nobody joins a restricted list by themselves (`E5`).
    #[error("{list} is restricted: an administrator says who is on it")]
    Restricted {
        /// The list.
        list: String,
    },
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl App {
    /// Subscribes a person to a list, or ends it; asking for what is already so is not an error.
    ///
    /// # Errors
    /// See [`NotChanged`].
    pub async fn subscribe(
        &self,
        user: &User,
        list: &NotificationList,
        wanted: bool,
        actor: &Actor,
    ) -> Result<(), NotChanged> {
        if wanted && list.restricted.is_some() {
            return Err(NotChanged::Restricted { list: list.name.clone() });
        }
        if !wanted && list.core.contains(&user.id) {
            let (user, list) = (user.name.clone(), list.name.clone());
            return Err(NotChanged::Core { user, list });
        }
        let mut tries = 0;
        loop {
            match self.try_subscribe(user, list, wanted, actor).await {
                Err(error)
                    if tries < TRIES_MAX
                        && (error.is_conflict_on(RECORD_CONFLICT)
                            || matches!(error, StoreError::GaveWay { .. })) =>
                {
                    tries += 1;
                }
                outcome => break outcome?,
            }
        }
        if let Err(error) = self.reload().await {
            // It is stored and will be read at the next chance; until then the old one is in force.
            tracing::error!("a changed subscription is not in force yet: {error:#}");
        }
        Ok(())
    }

    async fn try_subscribe(
        &self,
        user: &User,
        list: &NotificationList,
        wanted: bool,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let mut tx = self.db.begin(Lane::Command).await?;
        let is_news = match wanted {
            true => store_subscription::insert(&mut tx, list.id, user.id, now).await?,
            false => store_subscription::remove(&mut tx, list.id, user.id).await?,
        };
        if !is_news {
            return Ok(());
        }
        let revision = config::revision(&mut tx).await? + 1;
        let summary = json!({ "changes": [{
            "action": "update", "kind": "notification_list", "name": list.name,
            "fields": ["subscribers"],
        }] });
        let recorded = Change { revision, at: now, actor: actor.name().to_owned(), summary };
        config::record(&mut tx, &recorded).await?;
        let action = if wanted { "notification_list.joined" } else { "notification_list.left" };
        let data = json!({ "list": list.name, "user": user.name });
        let entry = self.audit_entry(actor, action, ("user", user.id.to_string()), data);
        audit::append(&mut tx, &entry, ids::random()).await?;
        let subject = user.id.to_string();
        let news = NewEvent { kind: "user.changed".to_owned(), incident_number: None, subject };
        event::tell(&mut tx, now, &[news]).await?;
        tx.commit().await
    }
}
