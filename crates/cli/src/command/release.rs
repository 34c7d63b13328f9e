//! `muster release`: a restored installation may send again.

use muster_store::{Lane, setting};
use serde_json::{Value, json};

use crate::session::{Reach, reach};
use crate::settings::Settings;
use crate::show;
use crate::store::Missing;

/// Lets a held installation send again.
///
/// # Errors
/// When the store or server fails.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    match reach(settings, Missing::Refuse).await? {
        Reach::Store(db) => {
            let mut tx = db.begin(Lane::Command).await?;
            setting::remove(&mut tx, setting::HELD).await?;
            tx.commit().await?;
            db.close().await;
        }
        Reach::Server(api) => {
            api.post(&["system", "release"], &Value::Object(serde_json::Map::new())).await?;
        }
    }
    if settings.json() {
        return show::json(&json!({ "held": false }));
    }
    show::line("Released: what is due is sent.")
}
