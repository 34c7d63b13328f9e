//! What is configured, as a file that changes nothing when it is applied again.

use muster_store::org::config;
use muster_store::org::document::Documents;
use muster_store::{Db, StoreError};

/// The configuration as YAML. Secrets that were given as `{ env: NAME }` are written that way;
/// others stand in the text.
///
/// # Errors
/// When the database does not answer or what is stored cannot be read.
pub async fn export(db: &Db) -> Result<String, StoreError> {
    let mut tx = db.snapshot().await?;
    to_yaml(config::stored(&mut tx).await?.documents()?)
}

/// Documents as a file. Kinds without a member are left out.
pub fn to_yaml(mut documents: Documents) -> Result<String, StoreError> {
    drop_empty(&mut documents.users);
    drop_empty(&mut documents.teams);
    drop_empty(&mut documents.schedules);
    drop_empty(&mut documents.escalation_policies);
    drop_empty(&mut documents.services);
    drop_empty(&mut documents.integrations);
    drop_empty(&mut documents.heartbeats);
    drop_empty(&mut documents.routing);
    drop_empty(&mut documents.inhibit);
    drop_empty(&mut documents.severities);
    drop_empty(&mut documents.roles);
    drop_empty(&mut documents.audiences);
    drop_empty(&mut documents.status_pages);
    drop_empty(&mut documents.checklists);
    drop_empty(&mut documents.fields);
    drop_empty(&mut documents.webhooks);
    drop_empty(&mut documents.workflows);
    drop_empty(&mut documents.service_groups);
    drop_empty(&mut documents.engagement_groups);
    drop_empty(&mut documents.notification_lists);
    drop_empty(&mut documents.providers);
    // Block scalars fold lines, and what is folded must be unfolded by every reader the same way.
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    serde_saphyr::to_string_with_options(&documents, options)
        .map_err(|error| StoreError::Corrupt(error.to_string()))
}

fn drop_empty<T>(list: &mut Option<Vec<T>>) {
    if list.as_ref().is_some_and(Vec::is_empty) {
        *list = None;
    }
}
