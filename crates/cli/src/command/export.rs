//! `muster export`: the configuration as a file that changes nothing when it is applied again.

use muster_server::app::org::config;

use crate::session::{Reach, reach};
use crate::settings::Settings;
use crate::show;
use crate::store::Missing;

/// Prints the configuration.
///
/// # Errors
/// When the store or server fails.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    let yaml = match reach(settings, Missing::Refuse).await? {
        Reach::Store(db) => config::export(&db).await?,
        Reach::Server(api) => api.text(&["config", "export"]).await?,
    };
    show::put(&yaml)
}
