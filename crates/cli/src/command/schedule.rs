//! `muster schedule`: whether somebody is reached at every instant ahead, and who changed a schedule.

mod look;
mod preview;

use serde_json::{Value, json};

use crate::failure::Told;
use crate::session::with_api;
use crate::settings::Settings;
use crate::show::{self, Cell, Column, Screen, Style, Table, time};

/// Look at schedules, prove coverage, and look at or undo changes of a schedule.
#[derive(Debug, clap::Subcommand)]
pub enum Schedule {
    #[command(flatten)]
    Look(look::Look),
    /// Find every time ahead at which an escalation would reach nobody, or somebody who may not hear
    /// it; fails where there is a gap
    Check(Check),
    /// Show who would be on call, where nobody would be, and what changes for whom
    Preview(preview::Preview),
    /// Show who changed a schedule, when and what
    History {
        /// The schedule
        name: String,
    },
    /// Take the last change of a schedule back; a second time brings it back
    Undo {
        /// The schedule
        name: String,
        /// Also if nobody would be on call at some time
        #[arg(long)]
        consent: bool,
    },
}

/// What is looked at.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// How many weeks ahead
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u8).range(1..=104))]
    weeks: u8,
    /// One escalation policy; all of them by default
    #[arg(long)]
    policy: Option<String>,
    /// Fail for risks as well, not only for gaps
    #[arg(long)]
    strict: bool,
}

impl Schedule {
    /// Does it.
    ///
    /// # Errors
    /// When the store or server fails or refuses, or the check finds a gap.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        match self {
            Self::Look(look) => look.run(settings).await,
            Self::Check(check) => check.run(settings).await,
            Self::Preview(preview) => preview.run(settings).await,
            Self::History { name } => history(settings, &name).await,
            Self::Undo { name, consent } => undo(settings, &name, consent).await,
        }
    }
}

impl Check {
    async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let weeks = self.weeks.to_string();
        let mut query = vec![("weeks", weeks.as_str())];
        query.extend(self.policy.as_deref().map(|policy| ("policy", policy)));
        with_api(settings, async |api| {
            let found = api.get(&["coverage"], &query).await?;
            if settings.json() {
                show::json(&found)?;
            } else {
                tell(&found, self.weeks)?;
            }
            let fails = |finding: &Value| match finding["weight"].as_str() {
                Some("gap") => true,
                Some("risk") => self.strict,
                _ => false,
            };
            let is_cut = found["cut"].as_array().is_some_and(|cut| !cut.is_empty());
            let is_bad = is_cut || show::items(&found).iter().any(fails);
            if is_bad { Err(Told.into()) } else { Ok(()) }
        })
        .await
    }
}

fn tell(found: &Value, weeks: u8) -> anyhow::Result<()> {
    let mut table = Table::new([
        Column::new("FROM"),
        Column::new("TO"),
        Column::text("POLICY"),
        Column::new("SEV"),
        Column::text("WHAT"),
    ]);
    for finding in show::items(found) {
        let weight = show::text(&finding["weight"]);
        let style = if weight == "notice" { Style::Muted } else { Style::Warning };
        table.row([
            time::minute_of(&finding["from"]).into(),
            time::minute_of(&finding["to"]).into(),
            show::text(&finding["policy"]).into(),
            severities(finding).into(),
            Cell::styled(format!("{weight}: {}", show::text(&finding["words"])), style),
        ]);
    }
    let screen = Screen::of_stdout();
    let count = show::items(found).len();
    if count > 0 {
        show::put(&table.render(screen))?;
    }
    for cut in found["cut"].as_array().into_iter().flatten() {
        let mark = screen.paint.apply(Style::Warning, "warning:");
        let (policy, at) = (show::text(&cut["policy"]), time::minute_of(&cut["at"]));
        show::line(format!("{mark} {policy} changes too often; it was proved up to {at}"))?;
    }
    let findings = show::count(count, "finding", "findings");
    let score = &found["score"];
    show::line(format!(
        "{findings} in the next {weeks} weeks; over the next year every policy reaches somebody {}% of the time, by its first step {}%",
        show::text(&score["anybody_percent"]),
        show::text(&score["first_step_percent"]),
    ))
}

/// The severities of a finding, neighbours in short: `1-3`, `1,4`.
fn severities(finding: &Value) -> String {
    let levels = finding["severities"].as_array().into_iter().flatten();
    let mut spans: Vec<(u64, u64)> = Vec::new();
    for level in levels.filter_map(Value::as_u64) {
        match spans.last_mut() {
            Some((_, last)) if *last + 1 == level => *last = level,
            _ => spans.push((level, level)),
        }
    }
    let span = |(first, last): (u64, u64)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    spans.into_iter().map(span).collect::<Vec<_>>().join(",")
}

async fn history(settings: &Settings, name: &str) -> anyhow::Result<()> {
    with_api(settings, async |api| {
        let answer = api.get(&["schedules", name, "history"], &[]).await?;
        if settings.json() { show::json(&answer) } else { versions(&answer) }
    })
    .await
}

fn versions(answer: &Value) -> anyhow::Result<()> {
    let mut table = Table::new([
        Column::number("REVISION"),
        Column::new("AT"),
        Column::text("WHO"),
        Column::new("HOW"),
        Column::text("WHAT"),
    ]);
    for version in show::items(answer) {
        let changes: Vec<_> = version["changes"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|change| show::text(&change["path"]))
            .collect();
        let what = match (version["removed"].as_bool(), version["first"].as_bool()) {
            (Some(true), _) => "removed".to_owned(),
            (_, Some(true)) => "made".to_owned(),
            _ => changes.join(", "),
        };
        table.row([
            show::text(&version["revision"]).into(),
            time::minute_of(&version["at"]).into(),
            show::text(&version["actor"]).into(),
            show::text(&version["way"]).into(),
            what.into(),
        ]);
    }
    show::put(&table.render(Screen::of_stdout()))
}

async fn undo(settings: &Settings, name: &str, consent: bool) -> anyhow::Result<()> {
    let body = json!({ "consent": consent });
    with_api(settings, async |api| {
        let answer = api.post(&["schedules", name, "undo"], &body).await?;
        if settings.json() {
            return show::json(&answer);
        }
        let is_gone = answer["document"].is_null();
        let what = if is_gone { "is gone again" } else { "is as it was before" };
        show::line(format!("{name} {what}, as revision {}", show::text(&answer["revision"])))
    })
    .await
}
