//! `muster incident update`: telling the audiences of an incident how it stands.

use serde_json::{Value, json};

use super::{One, said};
use crate::api::Api;
use crate::settings::Settings;
use crate::show;

/// Tell audiences how an incident stands
#[derive(Debug, clap::Subcommand)]
#[command(disable_help_subcommand = true)]
pub enum Update {
    /// Show what each audience has heard, when it must hear, and what it would be told now
    List(One),
    /// Tell an audience; without words it is the draft
    Send {
        #[command(flatten)]
        to: To,
        /// What it is told
        text: Option<String>,
        /// What the incident is called on the audience's status pages from now on
        #[arg(long)]
        title: Option<String>,
        /// How far it has come, for those pages: investigating, identified, monitoring or resolved
        #[arg(long)]
        stage: Option<String>,
        /// In how long the next one comes, such as 30m
        #[arg(long, value_name = "TIME")]
        next_in: Option<String>,
        /// Why it cannot wait for the pace or for review
        #[arg(long, value_name = "WHY")]
        urgent: Option<String>,
    },
    /// Let an update out that somebody else wrote
    Approve(To),
    /// Give an update back
    Reject {
        #[command(flatten)]
        to: To,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

/// An audience of an incident.
#[derive(Debug, clap::Args)]
pub struct To {
    #[command(flatten)]
    incident: One,
    /// The audience, such as external
    audience: String,
}

impl Update {
    /// Does what was asked.
    ///
    /// # Errors
    /// When the server fails or refuses.
    pub async fn run(self, settings: &Settings, api: &Api) -> anyhow::Result<()> {
        let answer = match self {
            Self::List(one) => api.get(&["incidents", &one.incident, "updates"], &[]).await?,
            Self::Send { to, text, title, stage, next_in, urgent } => {
                let text = match text {
                    Some(text) => text,
                    None => drafted(api, &to).await?,
                };
                let body = said([
                    ("audience", Some(to.audience.into())),
                    ("text", Some(text.into())),
                    ("title", title.map(Value::from)),
                    ("stage", stage.map(Value::from)),
                    ("next_in", next_in.map(Value::from)),
                    ("urgent", urgent.map(Value::from)),
                ]);
                api.post(&["incidents", &to.incident.incident, "updates"], &body).await?
            }
            Self::Approve(to) => to.verb(api, "approve", json!({})).await?,
            Self::Reject { to, reason } => {
                to.verb(api, "reject", json!({ "reason": reason })).await?
            }
        };
        if settings.json() { show::json(&answer) } else { show::put(&in_words(&answer)) }
    }
}

impl To {
    async fn verb(&self, api: &Api, verb: &str, body: Value) -> anyhow::Result<Value> {
        let path = ["incidents", &self.incident.incident, "updates", &self.audience, verb];
        api.post(&path, &body).await
    }
}

/// What the audience would be told now.
async fn drafted(api: &Api, to: &To) -> anyhow::Result<String> {
    let answer = api.get(&["incidents", &to.incident.incident, "updates"], &[]).await?;
    let audiences = answer["audiences"].as_array().map_or(&[][..], Vec::as_slice);
    let found = audiences.iter().find(|one| one["audience"] == *to.audience);
    let draft = found.and_then(|one| one["draft"].as_str());
    draft.map(ToOwned::to_owned).ok_or_else(|| {
        anyhow::anyhow!("there is no audience `{}`; say what it is to be told", to.audience)
    })
}

fn in_words(answer: &Value) -> String {
    let mut text = String::new();
    for one in answer["audiences"].as_array().into_iter().flatten() {
        let of = |name: &str| show::text(&one[name]);
        let due = match one["due_at"].as_str() {
            Some(due) => format!("due {due}"),
            None => "does not wait".to_owned(),
        };
        let missed = match one["missed"].as_u64() {
            Some(0) | None => String::new(),
            Some(missed) => {
                format!(", {}", show::count(missed as usize, "promise missed", "promises missed"))
            }
        };
        text +=
            &format!("{} ({}): {due}, {} sent{missed}\n", of("audience"), of("title"), of("count"));
        if one["in_review"].is_object() {
            let draft = &one["in_review"];
            text += &format!(
                "  to be looked at, by {}: {}\n",
                show::text(&draft["by"]),
                show::text(&draft["text"])
            );
        }
        text += &format!("  would be told: {}\n", of("draft"));
    }
    text
}
