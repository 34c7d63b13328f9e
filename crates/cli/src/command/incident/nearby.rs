//! `muster incident nearby`: what the service of an incident depends on and what depends on it, with
//! how each is, and what else was open at the same time.

use serde_json::Value;

use super::One;
use crate::api::Api;
use crate::settings::Settings;
use crate::show::{self, Cell, Column, Screen, Style, Table};

/// Shows both.
///
/// # Errors
/// When the server fails or refuses.
pub async fn run(settings: &Settings, api: &Api, one: &One) -> anyhow::Result<()> {
    let concurrent = api.get(&["incidents", &one.incident, "concurrent"], &[]).await?;
    let incident = api.get(&["incidents", &one.incident], &[]).await?;
    let dependencies = match incident["service"].as_str() {
        Some(service) => api.get(&["services", service, "dependencies"], &[]).await?,
        None => Value::Null,
    };
    if settings.json() {
        let both = [("dependencies", &dependencies), ("concurrent", &concurrent)];
        let both = both.map(|(name, list)| (name.to_owned(), list["items"].clone()));
        return show::json(&Value::Object(both.into_iter().collect()));
    }
    around(&dependencies)?;
    at_the_same_time(&concurrent)
}

fn around(dependencies: &Value) -> anyhow::Result<()> {
    let items = show::items(dependencies);
    if items.is_empty() {
        return show::line("Nothing is known of what it depends on or what depends on it.");
    }
    let mut table = Table::new([
        Column::new("SERVICE"),
        Column::new("SIDE"),
        Column::number("STEPS"),
        Column::new("VIA"),
        Column::new("NOW"),
    ]);
    for item in items {
        table.row([
            show::text(&item["service"]).into(),
            show::text(&item["side"]).into(),
            show::text(&item["steps"]).into(),
            Cell::styled(show::text(&item["via"]), Style::Muted),
            now(item),
        ]);
    }
    show::put(&table.render(Screen::of_stdout()))
}

/// `SEV1, 2 open`, or that nothing is.
fn now(item: &Value) -> Cell {
    match item["worst_severity"].as_u64() {
        Some(worst) => {
            let open = show::text(&item["open_incidents"]);
            Cell::styled(format!("SEV{worst}, {open} open"), Style::Severity(worst))
        }
        None => Cell::styled("nothing open", Style::Muted),
    }
}

fn at_the_same_time(concurrent: &Value) -> anyhow::Result<()> {
    let items = show::items(concurrent);
    if items.is_empty() {
        return show::line("Nothing else was open at the same time.");
    }
    let mut table = Table::new([
        Column::number("#"),
        Column::new("SEV"),
        Column::new("STATUS"),
        Column::new("SERVICE"),
        Column::new("NEARNESS"),
        Column::text("TITLE"),
    ]);
    for item in items {
        let severity = item["severity"].as_u64().unwrap_or_default();
        table.row([
            show::text(&item["number"]).into(),
            Cell::styled(format!("SEV{severity}"), Style::Severity(severity)),
            show::text(&item["status"]).into(),
            show::text(&item["service"]).into(),
            show::text(&item["nearness"]).into(),
            show::text(&item["title"]).into(),
        ]);
    }
    show::put(&table.render(Screen::of_stdout()))
}
