//! `muster schedule preview`: what a schedule would be if a draft of it were in force.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::command::draft::{Draft, SCHEDULES};
use crate::command::oncall::balance;
use crate::session::with_api;
use crate::settings::Settings;
use crate::show::{self, Cell, Column, Screen, Style, Table, time};

/// What is looked at.
#[derive(Debug, clap::Args)]
pub struct Preview {
    /// The schedule
    name: String,
    /// From when on; now by default
    #[arg(long, value_name = "TIME", value_parser = time::read)]
    from: Option<Timestamp>,
    /// Up to when; four weeks after the beginning by default
    #[arg(long, value_name = "TIME", value_parser = time::read)]
    to: Option<Timestamp>,
    #[command(flatten)]
    draft: Draft,
}

impl Preview {
    /// Shows it.
    ///
    /// # Errors
    /// When the store or server fails, there is no such draft, or it could not be in force.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        with_api(settings, async |api| {
            let document = match self.draft.document(api, SCHEDULES, &self.name).await? {
                Some(document) => document,
                None => {
                    let mut answer = api.get(&["schedules", &self.name, "document"], &[]).await?;
                    answer["document"].take()
                }
            };
            let mut body = json!({ "document": document });
            for (field, at) in [("from", self.from), ("to", self.to)] {
                if let Some(at) = at {
                    body[field] = at.to_string().into();
                }
            }
            let answer = api.post(&["schedules", &self.name, "preview"], &body).await?;
            if settings.json() { show::json(&answer) } else { tell(&answer) }
        })
        .await
    }
}

fn tell(answer: &Value) -> anyhow::Result<()> {
    let screen = Screen::of_stdout();
    let lanes = answer["lanes"].as_array().into_iter().flatten();
    let shifts =
        lanes.filter(|lane| lane["kind"] == "final").flat_map(|lane| list(&lane["shifts"]));
    let mut table = Table::new([
        Column::new("FROM"),
        Column::new("UNTIL"),
        Column::text("WHO"),
        Column::text("LAYER"),
    ]);
    for shift in shifts {
        table.row([
            time::minute_of(&shift["from"]).into(),
            time::minute_of(&shift["to"]).into(),
            show::text(&shift["user"]).into(),
            Cell::styled(show::text(&shift["layer"]), Style::Muted),
        ]);
    }
    show::put(&table.render(screen))?;
    let gaps = list(&answer["gaps"]);
    for gap in gaps {
        let mark = screen.paint.apply(Style::Warning, "warning:");
        let (from, to) = (time::minute_of(&gap["from"]), time::minute_of(&gap["to"]));
        show::line(format!("{mark} nobody is on call from {from} to {to}"))?;
    }
    show::line(in_words(answer, gaps.len()))?;
    balance::tell(&answer["people"])
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[][..], Vec::as_slice)
}

/// `12 shifts change, 1 gap`.
fn in_words(answer: &Value, gaps: usize) -> String {
    let changed = answer["shifts_changed"].as_u64().unwrap_or_default();
    let mut parts = vec![match changed {
        0 => "no shift changes".to_owned(),
        1 => "1 shift changes".to_owned(),
        changed => format!("{changed} shifts change"),
    }];
    parts.push(if gaps == 0 { "no gap".to_owned() } else { show::count(gaps, "gap", "gaps") });
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_draft_changes_is_one_sentence() {
        assert_eq!(in_words(&json!({ "shifts_changed": 12 }), 1), "12 shifts change, 1 gap");
        assert_eq!(in_words(&json!({ "shifts_changed": 0 }), 0), "no shift changes, no gap");
    }
}
