//! `muster apply`: what a file would change, then the change, all or nothing.

use std::io::{IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use muster_server::app::org::config::{self, Action, ConfigError, Surroundings};
use muster_server::app::snapshot::environment;
use muster_server::clock::Clock;
use serde_json::{Value, json};

use crate::api::Problem;
use crate::failure::{Told, usage};
use crate::operator;
use crate::session::{Reach, reach};
use crate::settings::Settings;
use crate::show::{self, Screen, Style};
use crate::store::Missing;

/// Apply a configuration file.
#[derive(Debug, clap::Args)]
pub struct Apply {
    /// The file; `-` reads standard input
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,
    /// Only show what would change
    #[arg(long)]
    dry_run: bool,
    /// Do not ask before anything is changed
    #[arg(short, long)]
    yes: bool,
}

impl Apply {
    /// Applies the file.
    ///
    /// # Errors
    /// When the file is wrong or the store or server fails.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let (text, name) = read(&self.file)?;
        match reach(settings, Missing::Create).await? {
            Reach::Store(db) => {
                let wanted =
                    config::check(&text, Some(&name)).map_err(|found| invalid(&name, &found))?;
                let around = Surroundings { now: Clock::System.now(), environment: &environment };
                let plan = config::plan(&db, &wanted, &around)
                    .await
                    .map_err(|error| refused(&name, error))?;
                let plan = in_json(&plan, false);
                if self.goes_on(settings, &plan)? {
                    config::apply(&db, &wanted, operator::NAME, &around)
                        .await
                        .map_err(|error| refused(&name, error))?;
                    self.done(settings, plan)?;
                }
                db.close().await;
                Ok(())
            }
            Reach::Server(api) => {
                let problem = |error: anyhow::Error| told_by_server(&name, error);
                let plan =
                    api.post_yaml(&["config", "plan"], text.clone()).await.map_err(problem)?;
                if self.goes_on(settings, &plan)? {
                    let applied = api.post_yaml(&["config", "apply"], text).await;
                    self.done(settings, applied.map_err(problem)?)?;
                }
                Ok(())
            }
        }
    }

    /// Shows the plan; says whether to go on.
    fn goes_on(&self, settings: &Settings, plan: &Value) -> anyhow::Result<bool> {
        let changes = plan["changes"].as_array().map_or(&[][..], Vec::as_slice);
        if settings.json() {
            if self.dry_run {
                show::json(plan)?;
            }
        } else {
            show::put(&in_words(plan, Screen::of_stdout()))?;
        }
        if self.dry_run {
            return Ok(false);
        }
        // A file from a pipe, or a program without a terminal, has nobody to ask.
        let asks = !self.yes && self.file != Path::new("-") && std::io::stdin().is_terminal();
        if asks && !changes.is_empty() {
            let changes = show::count(changes.len(), "change", "changes");
            return confirmed(&format!("Apply {changes}?"));
        }
        Ok(true)
    }

    fn done(&self, settings: &Settings, mut plan: Value) -> anyhow::Result<()> {
        let count = plan["changes"].as_array().map_or(0, Vec::len);
        if settings.json() {
            plan["applied"] = Value::Bool(true);
            return show::json(&plan);
        }
        match count {
            0 => Ok(()),
            count => show::line(format!("Applied {}.", show::count(count, "change", "changes"))),
        }
    }
}

/// Reads a file, or standard input for `-`; returns it with its name.
///
/// # Errors
/// When it cannot be read.
pub fn read(file: &Path) -> anyhow::Result<(String, String)> {
    if file == Path::new("-") {
        let mut text = String::new();
        let limit = config::FILE_BYTES_MAX as u64 + 1;
        std::io::stdin()
            .take(limit)
            .read_to_string(&mut text)
            .context("standard input cannot be read as text")?;
        return Ok((text, "standard input".to_owned()));
    }
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).with_context(|| format!("{name} cannot be read"))?;
    Ok((text, name))
}

/// Tells every problem on a line of its own.
pub fn invalid(name: &str, problems: &[config::Problem]) -> anyhow::Error {
    tell(name, problems.iter().map(ToString::to_string))
}

/// Tells why a configuration was refused.
pub fn refused(name: &str, error: ConfigError) -> anyhow::Error {
    match error {
        ConfigError::Invalid(problems) => invalid(name, &problems),
        ConfigError::Store(error) => error.into(),
    }
}

fn told_by_server(name: &str, error: anyhow::Error) -> anyhow::Error {
    match error.downcast::<Problem>() {
        Ok(problem) if !problem.places.is_empty() => {
            let in_file = |place: String| match place.strip_prefix("line ") {
                Some(rest) => format!("{name}:{}", rest.replacen(", column ", ":", 1)),
                None => place,
            };
            tell(name, problem.places.into_iter().map(in_file))
        }
        Ok(problem) => problem.into(),
        Err(error) => error,
    }
}

fn tell(name: &str, problems: impl Iterator<Item = String>) -> anyhow::Error {
    let mut count = 0;
    for problem in problems {
        count += 1;
        eprintln!("{}", show::clean(&problem));
    }
    let problems = show::count(count, "problem", "problems");
    eprintln!("muster: {name} has {problems}; nothing was changed");
    Told.into()
}

/// A plan as the API writes it.
pub fn in_json(plan: &config::Plan, applied: bool) -> Value {
    let changes: Vec<_> = plan
        .changes
        .iter()
        .map(|change| {
            json!({
                "action": change.action.name(),
                "kind": change.kind.name(),
                "name": change.name,
                "fields": change.fields,
            })
        })
        .collect();
    json!({ "changes": changes, "warnings": plan.warnings, "applied": applied })
}

fn in_words(plan: &Value, screen: Screen) -> String {
    let mut text = String::new();
    let changes = plan["changes"].as_array().map_or(&[][..], Vec::as_slice);
    for change in changes {
        let (mark, style) = match change["action"].as_str() {
            Some(action) if action == Action::Create.name() => ("+", Style::Fine),
            Some(action) if action == Action::Delete.name() => ("-", Style::Wrong),
            _ => ("~", Style::Warning),
        };
        let kind = show::text(&change["kind"]).replace('_', " ");
        let name = show::text(&change["name"]);
        let fields = change["fields"].as_array().filter(|fields| !fields.is_empty());
        let fields = fields.map_or_else(String::new, |_| {
            screen.paint.muted(&format!(": {}", show::names(&change["fields"])))
        });
        // There is one organisation and one catch-all, and they are named as what they are.
        let is_only_one = name.is_empty() || change["kind"] == change["name"];
        let name = if is_only_one { String::new() } else { format!(" {name}") };
        text += &format!("{} {kind}{name}{fields}\n", screen.paint.apply(style, mark));
    }
    for warning in plan["warnings"].as_array().into_iter().flatten() {
        let mark = screen.paint.apply(Style::Warning, "warning:");
        text += &format!("{mark} {}\n", show::text(warning));
    }
    if changes.is_empty() {
        text += "No changes: everything is configured like this already.\n";
    }
    text
}

fn confirmed(question: &str) -> anyhow::Result<bool> {
    eprint!("{question} [y/N] ");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    if matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
        return Ok(true);
    }
    Err(usage("nothing was changed"))
}
