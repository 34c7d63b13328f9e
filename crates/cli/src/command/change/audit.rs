//! `muster change audit`: the weekly audit per team, as a table, as CSV, as Markdown or as JSON, and the
//! changes behind it.

use clap::ValueEnum;
use jiff::Timestamp;
use serde_json::Value;

use crate::session::with_api;
use crate::settings::Settings;
use crate::show::csv::cell;
use crate::show::{self, Column, Screen, Table, time};

/// Print the weekly audit of changes per team.
#[derive(Debug, clap::Args)]
pub struct Audit {
    /// The beginning of the period; the Monday eight weeks ago unless given
    #[arg(long, value_name = "TIME", value_parser = time::read)]
    from: Option<Timestamp>,
    /// The end of the period, which is not part of it; now unless given
    #[arg(long, value_name = "TIME", value_parser = time::read)]
    to: Option<Timestamp>,
    /// Only this team's services
    #[arg(long)]
    team: Option<String>,
    /// Each change instead of weeks and teams
    #[arg(long)]
    changes: bool,
    /// How to print it
    #[arg(long, default_value = "table")]
    format: Format,
}

/// How to print it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Table,
    /// For spreadsheets
    Csv,
    /// For a wiki or a ticket
    Markdown,
    /// For programs
    Json,
}

/// The columns of weeks and teams: what stands above, and how it is read.
const WEEKS: [&str; 13] = [
    "WEEK",
    "TEAM",
    "CHANGES",
    "QUALITY",
    "NOTICE",
    "TOLD",
    "ON TIME",
    "EMERGENT",
    "SEV2",
    "DOUBTED",
    "CAUSED",
    "OUTAGE MINUTES",
    "MINUTES EACH",
];

/// The columns of changes.
const CHANGES: [&str; 13] = [
    "CHANGE",
    "WEEK",
    "TEAM",
    "TITLE",
    "QUALITY",
    "NOTICE",
    "TOLD",
    "ON TIME",
    "EMERGENT",
    "SEV2",
    "DOUBTS",
    "CAUSED",
    "OUTAGE MINUTES",
];

/// What a spreadsheet gets of weeks and teams, by the names of the API.
const WEEK_FIELDS: [&str; 26] = [
    "week",
    "team",
    "figures.changes",
    "figures.planned",
    "figures.emergent",
    "figures.after_the_fact",
    "figures.fix_first",
    "figures.excepted",
    "figures.overridden",
    "figures.points",
    "figures.points_most",
    "figures.notice.asked",
    "figures.notice.kept",
    "figures.customers_told.asked",
    "figures.customers_told.kept",
    "figures.customers_agreed.asked",
    "figures.customers_agreed.kept",
    "figures.schedule.asked",
    "figures.schedule.kept",
    "figures.succeeded.asked",
    "figures.succeeded.kept",
    "figures.sev2_excused",
    "figures.sev2_doubted",
    "figures.time.mean_seconds",
    "figures.caused",
    "figures.caused_outage_seconds",
];

/// What a spreadsheet gets of changes, by the names of the API.
const CHANGE_FIELDS: [&str; 19] = [
    "number",
    "title",
    "week",
    "team",
    "points",
    "notice",
    "customers_told",
    "customers_agreed",
    "schedule",
    "slip_seconds",
    "took_seconds",
    "emergent",
    "origin",
    "outcome",
    "exception",
    "excuse.incident",
    "excuse.doubts",
    "caused",
    "caused_outage_seconds",
];

impl Audit {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        with_api(settings, async |api| {
            let (from, to) = (self.from.map(|at| at.to_string()), self.to.map(|at| at.to_string()));
            let mut query = Vec::new();
            query.extend(from.as_deref().map(|at| ("from", at)));
            query.extend(to.as_deref().map(|at| ("to", at)));
            query.extend(self.team.as_deref().map(|name| ("team", name)));
            query.extend(self.changes.then_some(("changes", "true")));
            let audit = api.get(&["reports", "changes"], &query).await?;
            if settings.json() || self.format == Format::Json {
                return show::json(&audit);
            }
            let (names, rows) = match self.changes {
                true => (CHANGES, each(&audit).map(change).collect()),
                false => (WEEKS, weeks(&audit)),
            };
            show::put(&match self.format {
                Format::Csv if self.changes => csv(&CHANGE_FIELDS, each(&audit)),
                Format::Csv => csv(&WEEK_FIELDS, cells(&audit)),
                Format::Markdown => markdown(names, &rows),
                _ if rows.is_empty() => "No change in this period.\n".to_owned(),
                _ => table(names, &rows),
            })
        })
        .await
    }
}

fn each(audit: &Value) -> impl Iterator<Item = &Value> {
    audit["changes"].as_array().into_iter().flatten()
}

fn cells(audit: &Value) -> impl Iterator<Item = &Value> {
    audit["weeks"].as_array().into_iter().flatten()
}

/// The weeks and teams, and what they come to.
fn weeks(audit: &Value) -> Vec<[String; 13]> {
    let mut rows: Vec<_> =
        cells(audit).map(|cell| row(&cell["week"], &cell["team"], &cell["figures"])).collect();
    if !rows.is_empty() {
        rows.push(row(&Value::from("all"), &Value::Null, &audit["total"]));
    }
    rows
}

fn row(week: &Value, team: &Value, figures: &Value) -> [String; 13] {
    let share = |name: &str| {
        let (kept, asked) = (&figures[name]["kept"], &figures[name]["asked"]);
        format!("{kept} of {asked}")
    };
    let count = |name: &str| show::text(&figures[name]);
    [
        show::text(week),
        show::text(team),
        count("changes"),
        format!("{} of {}", figures["points"], figures["points_most"]),
        share("notice"),
        share("customers_told"),
        share("schedule"),
        count("emergent"),
        count("sev2_excused"),
        count("sev2_doubted"),
        count("caused"),
        minutes(&figures["caused_outage_seconds"]),
        minutes(&figures["time"]["mean_seconds"]),
    ]
}

fn change(one: &Value) -> [String; 13] {
    let kept = |name: &str| show::text(&one[name]).replace("not_asked", "").replace('_', " ");
    let excuse = &one["excuse"];
    [
        format!("CHG-{}", one["number"]),
        show::text(&one["week"]),
        show::text(&one["team"]),
        show::text(&one["title"]),
        format!("{} of 16", one["points"]),
        kept("notice"),
        kept("customers_told"),
        kept("schedule"),
        if one["emergent"] == true { "yes" } else { "no" }.to_owned(),
        show::text(&excuse["incident"]),
        joined(&excuse["because"]),
        joined(&one["caused"]),
        minutes(&one["caused_outage_seconds"]),
    ]
}

fn joined(list: &Value) -> String {
    list.as_array().into_iter().flatten().map(show::text).collect::<Vec<_>>().join(", ")
}

/// Whole minutes of some seconds.
fn minutes(seconds: &Value) -> String {
    seconds.as_i64().map(|seconds| (seconds / 60).to_string()).unwrap_or_default()
}

fn table(names: [&'static str; 13], rows: &[[String; 13]]) -> String {
    let columns = names.map(|name| match name {
        "TITLE" | "DOUBTS" => Column::text(name),
        _ => Column::new(name),
    });
    let mut table = Table::new(columns);
    for row in rows {
        table.row(row.clone().map(Into::into));
    }
    table.render(Screen::of_stdout())
}

fn csv<'a>(fields: &[&str], rows: impl Iterator<Item = &'a Value>) -> String {
    let heads: Vec<_> =
        fields.iter().map(|field| field.trim_start_matches("figures.").replace('.', "_")).collect();
    let mut text = heads.join(",") + "\r\n";
    for row in rows {
        let read = |field: &&str| field.split('.').fold(row, |value, name| &value[name]);
        let cells: Vec<_> = fields.iter().map(|field| written(read(field))).collect();
        text += &(cells.join(",") + "\r\n");
    }
    text
}

/// A value as a spreadsheet reads it: numbers as they are, several in one cell with blanks between.
fn written(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::Array(all) => cell(&all.iter().map(show::text).collect::<Vec<_>>().join(" ")),
        other => cell(&show::text(other)),
    }
}

fn markdown(names: [&str; 13], rows: &[[String; 13]]) -> String {
    let line = |cells: [String; 13]| format!("| {} |\n", cells.join(" | "));
    let mut text = line(names.map(str::to_lowercase));
    text += &line(names.map(|_| "---".to_owned()));
    for row in rows {
        text += &line(row.clone().map(|one| one.replace('|', "\\|").replace('\n', " ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_title_stays_in_its_cell() {
        let one = json!({ "number": 7, "week": "2026-11-16", "team": "payments", "points": -2,
            "title": "=a|b, c", "notice": "not_asked", "customers_told": "no", "schedule": "yes",
            "emergent": true, "caused": [], "caused_outage_seconds": 125,
            "excuse": { "incident": 3, "doubts": ["over", "elsewhere"], "because": ["it is over", "it is elsewhere"] } });
        let rows = [change(&one)];
        let expected = "7,\"'=a|b, c\",2026-11-16,payments,-2,not_asked,no,,yes,,,true,,,,3,\
                        over elsewhere,,125";
        assert_eq!(csv(&CHANGE_FIELDS, [&one].into_iter()).lines().nth(1), Some(expected));
        let expected = "| CHG-7 | 2026-11-16 | payments | =a\\|b, c | -2 of 16 |  | no | yes | yes | 3 \
                        | it is over, it is elsewhere |  | 2 |";
        assert_eq!(markdown(CHANGES, &rows).lines().nth(2), Some(expected));
    }

    #[test]
    fn weeks_end_with_what_they_come_to() {
        let share = json!({ "asked": 2, "kept": 1 });
        let figures = json!({ "changes": 2, "points": 20, "points_most": 32, "notice": share,
            "customers_told": share, "schedule": share, "emergent": 1, "sev2_excused": 0,
            "sev2_doubted": 0, "caused": 0, "caused_outage_seconds": 0,
            "time": { "mean_seconds": null } });
        let audit = json!({ "total": figures,
            "weeks": [ { "week": "2026-11-16", "team": null, "figures": figures } ] });
        let rows = weeks(&audit);
        assert_eq!((rows.len(), rows[1][0].as_str()), (2, "all"));
        assert_eq!(rows[0][3..8], ["20 of 32", "1 of 2", "1 of 2", "1 of 2", "1"]);
        assert_eq!(weeks(&json!({ "weeks": [] })), Vec::<[String; 13]>::new());
    }
}
