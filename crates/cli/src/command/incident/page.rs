//! The delivery ledger: who was paged, by what, and what the providers answered.

use serde_json::{Value, json};

use crate::api::Api;
use crate::settings::Settings;
use crate::show::{self, Cell, Column, Screen, Style, Table, time};

/// Lists the pages of an incident.
///
/// # Errors
/// When the server fails or there is no such incident.
pub async fn list(settings: &Settings, api: &Api, incident: &str) -> anyhow::Result<()> {
    let pages = super::whole(api, &["incidents", incident, "pages"], &[]).await?;
    if settings.json() {
        return show::json(&json!({ "items": pages, "next": null }));
    }
    if pages.is_empty() {
        return show::line(format!("Nobody was paged for #{incident}."));
    }
    show::put(&table(&pages).render(Screen::of_stdout()))
}

fn table(pages: &[Value]) -> Table {
    let mut table = Table::new([
        Column::new("AT"),
        Column::new("WHO"),
        Column::number("STEP"),
        Column::text("BY"),
        Column::new("STATE"),
        Column::text("ANSWER"),
    ]);
    for page in pages {
        let deliveries = page["deliveries"].as_array().map_or(&[][..], Vec::as_slice);
        if deliveries.is_empty() {
            table.row(row(page, &Value::Null, &Value::Null));
        }
        for delivery in deliveries {
            let attempts = delivery["attempts"].as_array().map_or(&[][..], Vec::as_slice);
            if attempts.is_empty() {
                table.row(row(page, delivery, &Value::Null));
            }
            for attempt in attempts {
                table.row(row(page, delivery, attempt));
            }
        }
    }
    table
}

fn row(page: &Value, delivery: &Value, attempt: &Value) -> Vec<Cell> {
    let at = [&attempt["started_at"], &delivery["due_at"], &page["created_at"]];
    let at = at.into_iter().find_map(time::instant);
    // An attempt that failed says so, also where a later one was accepted.
    let state = match (attempt["outcome"].as_str(), delivery["state"].as_str()) {
        (Some(outcome), _) if outcome != "accepted" => outcome,
        (_, Some(state)) => state,
        (..) => page["state"].as_str().unwrap_or_default(),
    };
    let style = match state {
        "accepted" => Style::Fine,
        "failed" | "permanent" | "exhausted" => Style::Wrong,
        "temporary" | "unknown" | "retrying" => Style::Warning,
        _ => Style::Plain,
    };
    let answer = [show::text(&attempt["status"]), show::text(&attempt["detail"])];
    let answer = answer.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    let answer = match page["superseded_by"].as_str() {
        Some(by) if answer.is_empty() => format!("superseded: {by}"),
        _ => answer,
    };
    vec![
        at.map(time::clock).unwrap_or_default().into(),
        show::text(&page["user"]).into(),
        show::text(&page["step"]).into(),
        show::text(&delivery["method"]).into(),
        Cell::styled(state, style),
        answer.into(),
    ]
}
