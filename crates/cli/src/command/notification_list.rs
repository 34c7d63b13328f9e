//! `muster notification-list`: who hears of trouble and of changes, joining and leaving.

use serde_json::Value;

use super::incident::whole;
use crate::session::with_api;
use crate::settings::Settings;
use crate::show;

/// Notification lists: who hears of incidents and changes without being asked to do anything.
#[derive(Debug, clap::Subcommand)]
#[command(disable_help_subcommand = true)]
pub enum NotificationList {
    /// List the lists, and what each covers
    List {
        /// Those that hear of changes; every service has one
        #[arg(long)]
        changes: bool,
    },
    /// Show one list
    Show {
        /// The list
        name: String,
    },
    /// Hear what a list is told
    Subscribe(Membership),
    /// Leave a list; its core cannot
    Unsubscribe(Membership),
}

/// Who, and which list.
#[derive(Debug, clap::Args)]
pub struct Membership {
    /// Who
    user: String,
    /// The list
    name: String,
}

impl NotificationList {
    /// Does what was asked.
    ///
    /// # Errors
    /// When the store or server fails or refuses.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        with_api(settings, async |api| match self {
            Self::List { changes } => {
                let about = if changes { "changes" } else { "incidents" };
                let lists = whole(api, &["notification-lists"], &[("about", about)]).await?;
                if settings.json() {
                    return show::json(&serde_json::json!({ "items": lists }));
                }
                if lists.is_empty() {
                    return show::line("There are no notification lists.");
                }
                lists.iter().try_for_each(|list| show::line(in_one_line(list)))
            }
            Self::Show { name } => {
                let list = api.get(&["notification-lists", &name], &[]).await?;
                if settings.json() {
                    return show::json(&list);
                }
                show::line(in_one_line(&list))?;
                show::line(format!("  core: {}", show::names(&list["core"])))?;
                show::line(format!("  subscribed: {}", show::names(&list["subscribers"])))
            }
            Self::Subscribe(who) => {
                let path = ["users", &who.user, "subscriptions", &who.name];
                let list = api.put(&path, &Value::Null).await?;
                if settings.json() {
                    return show::json(&list);
                }
                show::line(format!("{} hears what {} is told.", who.user, who.name))
            }
            Self::Unsubscribe(who) => {
                api.delete(&["users", &who.user, "subscriptions", &who.name]).await?;
                if settings.json() {
                    return Ok(());
                }
                show::line(format!("{} hears nothing more from {}.", who.user, who.name))
            }
        })
        .await
    }
}

fn in_one_line(list: &Value) -> String {
    let covers = match list["services"].as_array() {
        Some(services) if services.is_empty() => "every service".to_owned(),
        _ => show::names(&list["services"]),
    };
    let is = |name: &str| list[name] == true;
    let hears = match (is("restricted"), is("upstream"), is("downstream")) {
        (true, ..) => ", restricted",
        (_, true, true) => ", upstream and downstream too",
        (_, true, false) => ", upstream too",
        (_, false, true) => ", downstream too",
        (_, false, false) => "",
    };
    let yours = match (list["mandatory"] == true, list["subscribed"] == true) {
        (true, _) => " (you are in its core)",
        (false, true) => " (you are on it)",
        (false, false) => "",
    };
    format!("{}: {covers}{hears}{yours}", show::text(&list["name"]))
}
