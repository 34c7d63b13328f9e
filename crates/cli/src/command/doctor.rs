//! `muster doctor`: whether an installation can do its work, line by line, with what to do.

use serde_json::json;

use crate::doctor::facts::Facts;
use crate::doctor::judge::judge;
use crate::doctor::{Finding, Level};
use crate::failure::{Told, in_one_line};
use crate::session::{Reach, Visit, reach};
use crate::settings::{Place, Settings, Target};
use crate::show::{self, Screen, Style};
use crate::store::Missing;

/// Where the words of a finding begin, in columns.
const INDENT: usize = 21;

/// Looks at everything.
///
/// # Errors
/// When something is so that pages may be lost.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    let target = settings.target()?;
    let findings = match facts(settings).await {
        Ok(facts) => {
            let facts = match &target {
                Target::Store(Place::Dir(dir)) => facts.with_space(dir),
                _ => facts,
            };
            judge(&facts)
        }
        Err(error) => vec![Finding::fail("store", in_one_line(&error))],
    };
    if settings.json() {
        let items: Vec<_> = findings.iter().map(Finding::to_json).collect();
        show::json(&json!({ "items": items }))?;
    } else {
        show::put(&in_words(&findings, Screen::of_stdout()))?;
    }
    let fails = findings.iter().any(|finding| finding.level == Level::Fail);
    if fails { Err(Told.into()) } else { Ok(()) }
}

async fn facts(settings: &Settings) -> anyhow::Result<Facts> {
    match reach(settings, Missing::Refuse).await? {
        Reach::Server(api) => Facts::of_server(&api, settings).await,
        Reach::Store(db) => {
            let visit = Visit::begin(db.clone(), settings).await?;
            let facts = Facts::of_store(&db, visit.api(), settings).await;
            visit.end().await?;
            facts
        }
    }
}

fn in_words(findings: &[Finding], screen: Screen) -> String {
    let mut text = String::new();
    for finding in findings {
        let style = match finding.level {
            Level::Ok => Style::Fine,
            Level::Warn => Style::Warning,
            Level::Fail => Style::Wrong,
        };
        let level = screen.paint.apply(style, &format!("{:<4}", finding.level.name()));
        let words = show::wrapped(&show::clean(&finding.text), screen.width, INDENT);
        text += &format!("{level}  {:<13}  {words}\n", finding.name);
    }
    text
}
