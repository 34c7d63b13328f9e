//! Who reads (`T4`): what a caller is to the store, which shows nobody a restricted incident that is
//! not theirs to see.

use muster_core::id::UserId;
use muster_core::incident::restriction::Viewer;
use muster_store::StoreError;
use muster_store::incident::restriction;

use crate::app::App;

impl App {
    /// A person as a reader, or whoever is nobody in particular.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn viewer(&self, user: Option<UserId>) -> Result<Viewer, StoreError> {
        let Some(user) = user else { return Ok(Viewer::Anybody) };
        let groups = restriction::groups(&self.db).await?;
        Ok(Viewer::person(&self.snapshot().directory, user, &groups, self.now()))
    }
}
