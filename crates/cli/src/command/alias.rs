//! `muster alias`: whom `page-SERVICE-primary` and its like reach.

use crate::session::with_api;
use crate::settings::Settings;
use crate::show;

/// Show whom an alias reaches.
#[derive(Debug, clap::Args)]
pub struct Alias {
    /// The alias, such as page-checkout-primary
    name: String,
}

impl Alias {
    /// Shows it.
    ///
    /// # Errors
    /// When the store or server fails, or there is no such alias.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        with_api(settings, async |api| {
            let answer = api.get(&["aliases", &self.name], &[]).await?;
            if settings.json() {
                return show::json(&answer);
            }
            let users = answer["users"].as_array().map_or(&[][..], Vec::as_slice);
            if users.is_empty() {
                return show::line("nobody");
            }
            users.iter().try_for_each(|user| show::line(show::text(user)))
        })
        .await
    }
}
