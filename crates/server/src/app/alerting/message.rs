//! Replaying raw messages: one that was set aside goes through triage again once its cause is
//! gone.

use muster_core::id::MessageId;
use muster_core::incident::restriction::Viewer;
use muster_core::incident::timeline::Actor;
use muster_store::inbox::{self, MessageRow};
use muster_store::{Lane, StoreError, audit};
use serde_json::json;

use crate::app::App;
use crate::ids;

/// Why a message is not replayed.
#[derive(Debug, thiserror::Error)]
pub enum NotReplayed {
    /// There is no such message.
    #[error("there is no such message")]
    NoSuchMessage,
    /// It waits for triage already.
    #[error("the message waits for triage already")]
    Waits,
    /// It was understood; triage would count its signals once more.
    #[error("the message was understood; replay it with `force` if you mean it")]
    WasUnderstood,
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl App {
    /// Puts a message back for triage: one that was set aside, or any where `force` is given.
    ///
    /// # Errors
    /// See [`NotReplayed`].
    pub async fn replay(
        &self,
        viewer: &Viewer,
        id: MessageId,
        force: bool,
        actor: &Actor,
    ) -> Result<MessageRow, NotReplayed> {
        let row = inbox::get(&self.db, viewer, id).await?.ok_or(NotReplayed::NoSuchMessage)?;
        match row.state.as_str() {
            "pending" => return Err(NotReplayed::Waits),
            "failed" => {}
            _ if force => {}
            _ => return Err(NotReplayed::WasUnderstood),
        }
        let mut tx = self.db.begin(Lane::Command).await?;
        if !inbox::replay(&mut tx, id).await? {
            return Err(NotReplayed::Waits);
        }
        let object = ("message", id.to_string());
        let entry = self.audit_entry(actor, "message.replay", object, json!({ "force": force }));
        audit::append(&mut tx, &entry, ids::random()).await?;
        tx.commit().await?;
        self.wake.all();
        Ok(MessageRow { state: "pending".to_owned(), error: None, ..row })
    }
}
