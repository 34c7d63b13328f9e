//! `muster page`: asks somebody at once, about something that has no incident yet.

use serde_json::json;

use super::incident::told_to_be_held;
use crate::session::with_api;
use crate::settings::Settings;
use crate::show;

/// Page a person or an alias.
#[derive(Debug, clap::Args)]
pub struct Page {
    /// A person, or an alias such as page-checkout-primary
    target: String,
    /// What it is about
    message: String,
    /// The service that it is about
    #[arg(long)]
    service: Option<String>,
}

impl Page {
    /// Pages.
    ///
    /// # Errors
    /// When the store or server fails or refuses.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        with_api(settings, async |api| {
            let mut body = json!({ "to": self.target, "message": self.message });
            if let Some(service) = &self.service {
                body["service"] = service.as_str().into();
            }
            let incident = api.post(&["pages"], &body).await?;
            if settings.json() {
                return show::json(&incident);
            }
            let number = show::text(&incident["number"]);
            show::line(format!("#{number} asks {}.", self.target))?;
            told_to_be_held(api);
            Ok(())
        })
        .await
    }
}
