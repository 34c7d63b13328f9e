//! `muster preview`: who would be paged, when and by what, if nobody answered.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::draft::{Draft, POLICIES};
use crate::api::Api;
use crate::session::with_api;
use crate::settings::Settings;
use crate::show::{self, Column, Screen, Style, Table, time};

/// Show who would be paged by an escalation policy.
#[derive(Debug, clap::Args)]
pub struct Preview {
    /// The escalation policy
    policy: String,
    /// When it would begin; now by default
    #[arg(long, value_name = "TIME", value_parser = time::read)]
    at: Option<Timestamp>,
    /// How bad it would be
    #[arg(long, value_name = "LEVEL", value_parser = clap::value_parser!(u8).range(1..=9))]
    severity: Option<u8>,
    /// Labels of its first alert, such as team:payments,env:prod
    #[arg(long)]
    labels: Option<String>,
    /// The service it would be about, whose managers are asked
    #[arg(long)]
    service: Option<String>,
    #[command(flatten)]
    draft: Draft,
}

impl Preview {
    /// Shows it.
    ///
    /// # Errors
    /// When the store or server fails, or there is no such policy or draft.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        with_api(settings, async |api| {
            let answer = match self.draft.document(api, POLICIES, &self.policy).await? {
                Some(document) => self.unsaved(api, document).await?,
                None => self.in_force(api).await?,
            };
            if settings.json() { show::json(&answer) } else { tell(&answer) }
        })
        .await
    }

    async fn in_force(&self, api: &Api) -> anyhow::Result<Value> {
        let at = self.at.map(|at| at.to_string());
        let severity = self.severity.map(|level| level.to_string());
        let mut query: Vec<(&str, &str)> = Vec::new();
        query.extend(at.as_deref().map(|at| ("at", at)));
        query.extend(severity.as_deref().map(|level| ("severity", level)));
        query.extend(self.labels.as_deref().map(|labels| ("labels", labels)));
        query.extend(self.service.as_deref().map(|service| ("service", service)));
        api.get(&["escalation-policies", &self.policy, "preview"], &query).await
    }

    async fn unsaved(&self, api: &Api, document: Value) -> anyhow::Result<Value> {
        let mut body = json!({ "document": document, "labels": self.labels()? });
        if let Some(at) = self.at {
            body["at"] = at.to_string().into();
        }
        if let Some(severity) = self.severity {
            body["severity"] = severity.into();
        }
        if let Some(service) = &self.service {
            body["service"] = service.as_str().into();
        }
        api.post(&["escalation-policies", &self.policy, "preview"], &body).await
    }

    fn labels(&self) -> anyhow::Result<BTreeMap<&str, &str>> {
        let pairs = self.labels.as_deref().unwrap_or_default().split(',').map(str::trim);
        pairs
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let label = pair.split_once(':').filter(|(name, _)| !name.is_empty());
                label.ok_or_else(|| anyhow::anyhow!("`{pair}` is no label; write it as name:value"))
            })
            .collect()
    }
}

fn tell(answer: &Value) -> anyhow::Result<()> {
    let mut table = Table::new([
        Column::new("AT"),
        Column::number("STEP"),
        Column::text("WHO"),
        Column::text("BY"),
    ]);
    for page in answer["pages"].as_array().into_iter().flatten() {
        table.row([
            time::instant(&page["at"]).map(time::second).unwrap_or_default().into(),
            show::text(&page["step"]).into(),
            show::text(&page["user"]).into(),
            show::text(&page["method"]).into(),
        ]);
    }
    let screen = Screen::of_stdout();
    show::put(&table.render(screen))?;
    let at = |row: &Value| time::instant(&row["at"]).map(time::second).unwrap_or_default();
    for step in answer["skipped"].as_array().into_iter().flatten() {
        let (number, why) = (show::text(&step["step"]), show::text(&step["why"]));
        show::line(format!("{} step {number} is left out: {why}", at(step)))?;
    }
    for set in answer["second_sets"].as_array().into_iter().flatten() {
        show::line(format!("{} {} takes over", at(set), show::text(&set["policy"])))?;
    }
    for manager in answer["management"].as_array().into_iter().flatten() {
        let user = show::text(&manager["user"]);
        show::line(format!("{} the management chain pages {user}", at(manager)))?;
    }
    for warning in answer["warnings"].as_array().into_iter().flatten() {
        let mark = screen.paint.apply(Style::Warning, "warning:");
        show::line(format!("{mark} {}", show::text(warning)))?;
    }
    Ok(())
}
