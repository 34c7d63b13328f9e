//! What a plan does to the balance of a schedule (`O12`): hours, nights, weekends and holidays of
//! each person, with what they are now where that is something else.

use serde_json::Value;

use crate::show::{self, Cell, Column, Screen, Style, Table};

/// What is counted, and what one of it is called in the answer; seconds are shown as hours.
const FIGURES: [(&str, &str); 4] = [
    ("HOURS", "on_call_seconds"),
    ("NIGHTS", "nights"),
    ("WEEKEND DAYS", "weekend_days"),
    ("HOLIDAYS", "holidays"),
];

/// Shows a person a line, if anybody has a part in it.
///
/// # Errors
/// When the output cannot be written.
pub fn tell(people: &Value) -> anyhow::Result<()> {
    let people = people.as_array().map_or(&[][..], Vec::as_slice);
    if people.is_empty() {
        return Ok(());
    }
    let mut columns = vec![Column::new("WHO")];
    columns.extend(FIGURES.map(|(title, _)| Column::number(title)));
    let mut table = Table::new(columns);
    for person in people {
        let mut row: Vec<Cell> = vec![show::text(&person["user"]).into()];
        row.extend(FIGURES.map(|(_, field)| cell(person, field)));
        table.row(row);
    }
    show::put(&table.render(Screen::of_stdout()))
}

fn cell(person: &Value, field: &str) -> Cell {
    let stays = person["before"][field] == person["after"][field];
    Cell::styled(shown(person, field), if stays { Style::Plain } else { Style::Bold })
}

/// `12`, or `12 → 16` where it changes.
fn shown(person: &Value, field: &str) -> String {
    let [before, after] = ["before", "after"].map(|side| figure(&person[side][field], field));
    if before == after { after } else { format!("{before} → {after}") }
}

fn figure(value: &Value, field: &str) -> String {
    let value = value.as_f64().unwrap_or_default();
    let value = if field.ends_with("_seconds") { value / 3_600.0 } else { value };
    format!("{}", (value * 10.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_figure_that_stays_is_said_once_and_seconds_are_hours() {
        let person = json!({
            "before": { "on_call_seconds": 3_600, "nights": 2 },
            "after": { "on_call_seconds": 5_400, "nights": 2 },
        });
        assert_eq!(shown(&person, "on_call_seconds"), "1 → 1.5");
        assert_eq!(shown(&person, "nights"), "2");
    }
}
