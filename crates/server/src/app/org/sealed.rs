//! Sealing what an earlier version stored of the configuration as it was written. The janitor asks for
//! it once no node of that version can run any more.

use muster_store::org::sealed;
use muster_store::{Lane, StoreError};

use crate::app::App;

impl App {
    /// Seals every document, kept version and draft that may hold a secret, and says that new ones are
    /// written sealed from now on. Says how many that were.
    ///
    /// # Errors
    /// When the store does not answer; what was sealed stays so.
    pub async fn seal_stored_documents(&self) -> Result<u64, StoreError> {
        let mut count = 0;
        loop {
            let mut tx = self.db.begin(Lane::Cleanup).await?;
            sealed::begin(&mut tx).await?;
            let portion = sealed::seal_stored(&mut tx).await?;
            tx.commit().await?;
            count += portion;
            if portion == 0 {
                return Ok(count);
            }
        }
    }
}
