//! Going through what was written, so that it can be searched: some texts in each transaction, the
//! newest first, in the last lane. Whatever was written before there was a search is gone through in
//! the same way.

use muster_store::{Lane, search};

use super::Found;
use crate::app::App;

/// Goes through the next texts.
///
/// # Errors
/// When the store does not answer.
pub async fn step(app: App) -> anyhow::Result<Found> {
    if !search::is_behind(&app.db).await? {
        return Ok(Found::Nothing(None));
    }
    let mut tx = app.db.begin(Lane::Cleanup).await?;
    let count = search::index_next(&mut tx).await?;
    tx.commit().await?;
    // What another node holds is left to it.
    Ok(if count == 0 { Found::Nothing(None) } else { Found::Work })
}
