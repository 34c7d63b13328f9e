//! `muster oncall record`: hours, nights, weekends, holidays and call-outs per person, for pay and
//! for law (`O16`), how heavy they said that it was (`O12`), and what they bore as which role in
//! incidents (`R4`), as a table, as CSV or as JSON.

use clap::ValueEnum;
use jiff::Timestamp;
use serde_json::Value;

use crate::api::Api;
use crate::settings::Settings;
use crate::show::csv::cell;
use crate::show::{self, Column, Screen, Table, time};

/// What each column of the file holds, by the names of the API; what people said stands after them.
const FIELDS: [&str; 14] = [
    "user",
    "full_name",
    "shifts",
    "on_call_seconds",
    "nights",
    "night_seconds",
    "weekend_days",
    "weekend_seconds",
    "holidays",
    "holiday_seconds",
    "pages",
    "night_pages",
    "call_outs",
    "said_average",
];

/// Print the record of who was on call.
#[derive(Debug, clap::Args)]
pub struct Record {
    /// The beginning of the period
    #[arg(long, value_name = "TIME", value_parser = time::read)]
    from: Timestamp,
    /// The end of the period, which is not part of it
    #[arg(long, value_name = "TIME", value_parser = time::read)]
    to: Timestamp,
    /// Only this schedule
    #[arg(long)]
    schedule: Option<String>,
    /// Only this team's schedules
    #[arg(long)]
    team: Option<String>,
    /// By role in incidents: hours, nights and incidents as lead, scribe and the others
    #[arg(long, conflicts_with = "schedule")]
    by_role: bool,
    /// How to print it
    #[arg(long, default_value = "table")]
    format: Format,
}

/// How to print it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Table,
    /// For spreadsheets and payroll
    Csv,
    /// For programs
    Json,
}

impl Record {
    /// Prints it.
    ///
    /// # Errors
    /// When the server fails or refuses.
    pub async fn run(&self, settings: &Settings, api: &Api) -> anyhow::Result<()> {
        let (from, to) = (self.from.to_string(), self.to.to_string());
        let mut query = vec![("from", from.as_str()), ("to", to.as_str())];
        query.extend(self.schedule.iter().map(|name| ("schedule", name.as_str())));
        query.extend(self.team.iter().map(|name| ("team", name.as_str())));
        let report = api.get(&["reports", "on-call"], &query).await?;
        let people = report["people"].as_array().map_or(&[][..], Vec::as_slice);
        if report["others_hidden"] == true {
            eprintln!("Figures of others are left out, because they are not for you.");
        }
        match self.format {
            Format::Json => show::json(&report),
            Format::Table if settings.json() => show::json(&report),
            Format::Csv if self.by_role => show::put(&roles_csv(people)),
            Format::Csv => show::put(&csv(people)),
            Format::Table if self.by_role => {
                show::put(&roles_table(people).render(Screen::of_stdout()))
            }
            Format::Table => show::put(&table(people).render(Screen::of_stdout())),
        }
    }
}

fn table(people: &[Value]) -> Table {
    let mut table = Table::new([
        Column::text("WHO"),
        Column::number("SHIFTS"),
        Column::number("HOURS"),
        Column::number("NIGHTS"),
        Column::number("WEEKEND DAYS"),
        Column::number("HOLIDAYS"),
        Column::number("PAGES"),
        Column::number("AT NIGHT"),
        Column::number("CALL-OUTS"),
        Column::number("HOW HEAVY"),
    ]);
    for person in people {
        let hours = person["on_call_seconds"].as_f64().unwrap_or(0.0) / 3_600.0;
        table.row([
            show::text(&person["user"]).into(),
            show::text(&person["shifts"]).into(),
            format!("{hours:.1}").into(),
            show::text(&person["nights"]).into(),
            show::text(&person["weekend_days"]).into(),
            show::text(&person["holidays"]).into(),
            show::text(&person["pages"]).into(),
            show::text(&person["night_pages"]).into(),
            show::text(&person["call_outs"]).into(),
            person["said_average"]
                .as_f64()
                .map(|said| format!("{said:.1}"))
                .unwrap_or_default()
                .into(),
        ]);
    }
    table
}

/// Each person with each role that they held.
fn by_role(people: &[Value]) -> impl Iterator<Item = (&Value, &Value)> {
    people.iter().flat_map(|person| {
        person["roles"].as_array().into_iter().flatten().map(move |role| (person, role))
    })
}

fn roles_table(people: &[Value]) -> Table {
    let mut table = Table::new([
        Column::text("WHO"),
        Column::text("ROLE"),
        Column::number("INCIDENTS"),
        Column::number("HOURS"),
        Column::number("AT NIGHT"),
    ]);
    for (person, role) in by_role(people) {
        let hours = |field: &str| format!("{:.1}", role[field].as_f64().unwrap_or(0.0) / 3_600.0);
        table.row([
            show::text(&person["user"]).into(),
            show::text(&role["title"]).into(),
            show::text(&role["incidents"]).into(),
            hours("held_seconds").into(),
            hours("night_seconds").into(),
        ]);
    }
    table
}

fn roles_csv(people: &[Value]) -> String {
    let mut text = "user,full_name,role,incidents,held_seconds,night_seconds\r\n".to_owned();
    for (person, role) in by_role(people) {
        let cells = [
            &person["user"],
            &person["full_name"],
            &role["role"],
            &role["incidents"],
            &role["held_seconds"],
            &role["night_seconds"],
        ];
        text += &(cells.map(|value| cell(&show::text(value))).join(",") + "\r\n");
    }
    text
}

/// CSV as RFC 4180 writes it; a text that a spreadsheet would run as a formula is defused.
fn csv(people: &[Value]) -> String {
    let mut text = FIELDS.join(",") + ",said\r\n";
    for person in people {
        let fields = FIELDS.iter().map(|field| show::text(&person[*field]));
        let cells: Vec<_> = fields.chain([said(&person["said"])]).map(|text| cell(&text)).collect();
        text += &(cells.join(",") + "\r\n");
    }
    text
}

/// Each shift that somebody spoke of: the score, from 1, light, to 5, too much, and the comment.
fn said(said: &Value) -> String {
    let one = |said: &Value| {
        let words = format!("{} {}", show::text(&said["score"]), show::text(&said["comment"]));
        words.trim().to_owned()
    };
    said.as_array().into_iter().flatten().map(one).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_name_cannot_become_a_formula_or_another_column() {
        let people = [json!({ "user": "ana", "full_name": "Ana", "shifts": 2 })];
        assert_eq!(csv(&people).lines().nth(1), Some("ana,Ana,2,,,,,,,,,,,,"));
    }

    #[test]
    fn what_people_bore_as_which_role_is_a_row_each() {
        let scribe = json!({ "role": "scribe", "title": "Scribe", "incidents": 2,
                             "held_seconds": 5_400, "night_seconds": 1_800 });
        let people = [
            json!({ "user": "ana", "full_name": "Ana", "roles": [scribe] }),
            json!({ "user": "bo", "full_name": "Bo", "roles": [] }),
        ];
        let file = roles_csv(&people);
        assert_eq!(file.lines().nth(1), Some("ana,Ana,scribe,2,5400,1800"));
        assert_eq!(file.lines().count(), 2);
        let shown = roles_table(&people).render(Screen::of_stdout());
        assert!(shown.contains("Scribe") && shown.contains("1.5"), "{shown}");
    }

    #[test]
    fn what_people_said_of_their_shifts_is_in_the_file_and_in_the_table() {
        let said = json!([{ "score": 4, "comment": "=two, false" }, { "score": 3, "comment": "" }]);
        let people = [json!({ "user": "ana", "said_average": 3.5, "said": said })];
        let file = csv(&people);
        assert!(file.starts_with("user,") && file.contains(",said_average,said\r\n"), "{file}");
        assert!(file.ends_with(",3.5,\"4 =two, false; 3\"\r\n"), "{file}");
        let shown = table(&people).render(Screen::of_stdout());
        assert!(shown.contains("HOW HEAVY") && shown.contains("3.5"), "{shown}");
    }
}
