//! Changes by hand: list, show, check, write, submit, decide and do.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use super::event;
use crate::api::Api;
use crate::command::apply;
use crate::session::with_api;
use crate::settings::Settings;
use crate::show::{self, Column, Screen, Table, time};

/// Changes that people plan, agree to and do.
#[derive(Debug, clap::Subcommand)]
pub enum Record {
    /// List changes, the newest first
    List {
        /// What to look for, as a search takes it: class:network technician:me and words
        query: Vec<String>,
        /// In these states, separated by commas; `open` for what is not over
        #[arg(long, default_value = "open")]
        state: String,
        /// Touching this service
        #[arg(long)]
        service: Option<String>,
        /// Only what you submitted or do
        #[arg(long)]
        mine: bool,
        /// Only what waits for you to agree
        #[arg(long)]
        asked: bool,
    },
    /// Show one with who must agree and why
    Show(One),
    /// Say what a plan lacks and who would have to agree; nothing is written
    Check(File),
    /// Write a plan down without asking anybody yet, out of a file or a template
    Draft(New),
    /// List the templates, and what each asks for
    Templates,
    /// Ask people to agree, to a plan in a file or to a draft
    Submit {
        /// The draft, by its number
        #[arg(value_name = "CHANGE", required_unless_present_any = ["file", "template"],
              conflicts_with = "template")]
        change: Option<String>,
        /// A plan as YAML or JSON; `-` for standard input
        #[arg(short, long, conflicts_with_all = ["change", "template"])]
        file: Option<PathBuf>,
        #[command(flatten)]
        filling: Filling,
        /// Whose it is, where a token of nobody submits it
        #[arg(long)]
        submitter: Option<String>,
        /// Why it is announced later than the policy asks for
        #[arg(long, default_value = "")]
        excuse: String,
    },
    /// Word a plan anew
    Edit {
        #[command(flatten)]
        change: One,
        #[command(flatten)]
        file: File,
    },
    /// Agree to one
    Approve {
        #[command(flatten)]
        change: One,
        /// As whom, where you are asked as more than one
        #[arg(long = "as", value_parser = ["peer", "manager", "vp", "customer", "ops"])]
        approver: Option<String>,
        /// More in words
        #[arg(long, default_value = "")]
        note: String,
    },
    /// Disagree with one, and say what is to be better
    Reject {
        #[command(flatten)]
        change: One,
        /// What is to be better
        reason: String,
    },
    /// Say that one begins
    Start {
        #[command(flatten)]
        change: One,
        /// Why it cannot wait for those who must agree
        #[arg(long, default_value = "")]
        excuse: String,
    },
    /// Tick off a step of one that is under way
    Step {
        #[command(flatten)]
        change: One,
        /// Which, from 1; of the rollback once it is taken back
        step: u32,
        /// It is not done after all
        #[arg(long)]
        undo: bool,
    },
    /// Take one back: its rollback begins
    Abort {
        #[command(flatten)]
        change: One,
        /// Why
        reason: String,
    },
    /// Say that one is done
    Finish {
        #[command(flatten)]
        change: One,
        /// How it went
        #[arg(long, default_value = "success",
            value_parser = ["success", "issues", "failed", "rolled_back"])]
        outcome: String,
        /// More in words
        #[arg(long, default_value = "")]
        note: String,
    },
    /// Say that one was looked at afterwards
    Monitor {
        #[command(flatten)]
        change: One,
        /// What was seen
        #[arg(long, default_value = "")]
        note: String,
    },
    /// Close one
    Close {
        #[command(flatten)]
        change: One,
        /// How it went, where that is seen better now
        #[arg(long, value_parser = ["success", "issues", "failed", "rolled_back"])]
        outcome: Option<String>,
        /// More in words
        #[arg(long, default_value = "")]
        note: String,
    },
    /// Cancel one
    Cancel {
        #[command(flatten)]
        change: One,
        /// Why
        #[arg(default_value = "")]
        reason: String,
    },
    /// Write down after the fact what was done for a sev1
    #[command(name = "record")]
    AfterTheFact {
        #[command(flatten)]
        change: One,
        /// When it began
        #[arg(long, value_parser = time::read)]
        from: jiff::Timestamp,
        /// When it was done
        #[arg(long, value_parser = time::read)]
        to: jiff::Timestamp,
        /// How it went
        #[arg(long, default_value = "success",
            value_parser = ["success", "issues", "failed", "rolled_back"])]
        outcome: String,
    },
    /// Show the kinds of changes and the matrix that they are held to
    Policy,
}

/// One change.
#[derive(Debug, clap::Args)]
pub struct One {
    /// The change, by its number
    #[arg(value_name = "CHANGE")]
    change: String,
}

/// A plan in a file.
#[derive(Debug, clap::Args)]
pub struct File {
    /// A plan as YAML or JSON; `-` for standard input
    #[arg(short, long)]
    file: PathBuf,
}

/// A template, and what goes into its places.
#[derive(Debug, clap::Args)]
pub struct Filling {
    /// A template, by its name
    #[arg(long)]
    template: Option<String>,
    /// A value for one of its places, such as version=1.2
    #[arg(long = "set", value_name = "NAME=VALUE", requires = "template", value_parser = pair)]
    values: Vec<(String, String)>,
    /// What is changed, where the template leaves it open
    #[arg(long, requires = "template")]
    service: Option<String>,
    /// When it begins; what is submitted begins now where nothing is said
    #[arg(long, requires = "template", value_parser = time::read)]
    start: Option<jiff::Timestamp>,
    /// Who does it; you where nobody is named
    #[arg(long, requires = "template")]
    technician: Option<String>,
    /// Where more is to be read, such as the run of a pipeline
    #[arg(long, requires = "template")]
    link: Option<String>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    Ok((name.trim().to_owned(), value.to_owned()))
}

impl Filling {
    /// What is sent of it; none where no template is named.
    fn body(&self) -> Option<Value> {
        let template = self.template.as_ref()?;
        let values: serde_json::Map<_, _> = self
            .values
            .iter()
            .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
            .collect();
        let start = self.start.map(|at| at.to_string());
        Some(json!({ "template": template, "filling": {
            "values": values, "service": self.service, "start": start,
            "technician": self.technician, "link": self.link,
        } }))
    }
}

/// A plan in a file, and whose it is.
#[derive(Debug, clap::Args)]
pub struct New {
    /// A plan as YAML or JSON; `-` for standard input
    #[arg(short, long, required_unless_present = "template", conflicts_with = "template")]
    file: Option<PathBuf>,
    #[command(flatten)]
    filling: Filling,
    /// Whose it is, where a token of nobody writes it
    #[arg(long)]
    submitter: Option<String>,
}

/// The plan in a file, as JSON.
pub(super) fn plan(file: &std::path::Path) -> anyhow::Result<Value> {
    let (text, name) = apply::read(file)?;
    serde_saphyr::from_str(&text).with_context(|| format!("{name} is no plan as YAML or JSON"))
}

impl Record {
    /// Does it and tells what came of it.
    ///
    /// # Errors
    /// When the server fails or refuses.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        with_api(settings, async |api| {
            let answer = self.ask(api).await?;
            if settings.json() {
                return show::json(&answer);
            }
            match &self {
                Self::List { .. } => list(&answer),
                Self::Check(_) => check(&answer),
                Self::Policy => policy(&answer),
                Self::Templates => templates(&answer),
                Self::Show(_) => tell(&answer),
                Self::Step { .. } => run(&answer),
                _ => brief(&answer),
            }
        })
        .await
    }

    async fn ask(&self, api: &Api) -> anyhow::Result<Value> {
        let act = async |change: &One, what: &str, body: Value| {
            api.post(&["changes", &change.change, what], &body).await
        };
        match self {
            Self::List { query: words, state, service, mine, asked } => {
                let words = words.join(" ");
                let mut query = vec![("state", state.as_str()), ("q", words.as_str())];
                query.extend(service.as_deref().map(|name| ("service", name)));
                query.extend(mine.then_some(("mine", "true")));
                query.extend(asked.then_some(("asked", "true")));
                api.get(&["changes"], &query).await
            }
            Self::Show(one) => api.get(&["changes", &one.change], &[]).await,
            Self::Policy => api.get(&["changes", "policy"], &[]).await,
            Self::Templates => api.get(&["changes", "templates"], &[]).await,
            Self::Check(file) => api.post(&["changes", "check"], &plan(&file.file)?).await,
            Self::Draft(new) => {
                let mut body = match (&new.file, new.filling.body()) {
                    (Some(file), _) => json!({ "plan": plan(file)? }),
                    (None, Some(body)) => body,
                    (None, None) => bail!("name a plan with --file, or a template"),
                };
                body["submitter"] = json!(new.submitter);
                api.post(&["changes"], &body).await
            }
            Self::Submit { change: Some(number), excuse, .. } => {
                api.post(&["changes", number, "submit"], &json!({ "excuse": excuse })).await
            }
            Self::Submit { file: Some(file), submitter, excuse, .. } => {
                submit(api, file, submitter.as_deref(), excuse).await
            }
            Self::Submit { filling, submitter, excuse, .. } => {
                let Some(mut body) = filling.body() else {
                    bail!("name a draft, a plan with --file, or a template");
                };
                body["submitter"] = json!(submitter);
                body["submit"] = json!(true);
                body["excuse"] = json!(excuse);
                api.post(&["changes"], &body).await
            }
            Self::Edit { change, file } => {
                let body = json!({ "plan": plan(&file.file)? });
                api.put(&["changes", &change.change], &body).await
            }
            Self::Approve { change, approver, note } => {
                let revision = revision(api, change).await?;
                let body = json!({ "revision": revision, "approver": approver, "note": note });
                act(change, "approve", body).await
            }
            Self::Reject { change, reason } => {
                let revision = revision(api, change).await?;
                act(change, "reject", json!({ "revision": revision, "reason": reason })).await
            }
            Self::Start { change, excuse } => {
                act(change, "start", json!({ "excuse": excuse })).await
            }
            Self::Step { change, step, undo } => {
                act(change, "steps", json!({ "step": step, "done": !undo })).await
            }
            Self::Abort { change, reason } => {
                act(change, "abort", json!({ "reason": reason })).await
            }
            Self::Finish { change, outcome, note } => {
                act(change, "finish", json!({ "outcome": outcome, "note": note })).await
            }
            Self::Monitor { change, note } => act(change, "monitor", json!({ "note": note })).await,
            Self::Close { change, outcome, note } => {
                act(change, "close", json!({ "outcome": outcome, "note": note })).await
            }
            Self::Cancel { change, reason } => {
                act(change, "cancel", json!({ "reason": reason })).await
            }
            Self::AfterTheFact { change, from, to, outcome } => {
                let (from, to) = (from.to_string(), to.to_string());
                let body = json!({ "started_at": from, "ended_at": to, "outcome": outcome });
                act(change, "record", body).await
            }
        }
    }
}

/// Submits the plan in a file.
pub(super) async fn submit(
    api: &Api,
    file: &std::path::Path,
    submitter: Option<&str>,
    excuse: &str,
) -> anyhow::Result<Value> {
    let body = json!({
        "plan": plan(file)?, "submitter": submitter, "submit": true, "excuse": excuse,
    });
    api.post(&["changes"], &body).await
}

/// The revision that is agreed or disagreed to: the one that stands now.
async fn revision(api: &Api, change: &One) -> anyhow::Result<Value> {
    Ok(api.get(&["changes", &change.change], &[]).await?["revision"].clone())
}

fn words(value: &Value) -> String {
    show::text(value).replace('_', " ")
}

fn list(answer: &Value) -> anyhow::Result<()> {
    let items = show::items(answer);
    if items.is_empty() {
        return show::line("No change.");
    }
    let mut table = Table::new([
        Column::number("CHANGE"),
        Column::new("STATE"),
        Column::new("SERVICE"),
        Column::new("BEGINS"),
        Column::new("RISK"),
        Column::text("TITLE"),
        Column::text("WAITS FOR"),
    ]);
    for item in items {
        let emergent = if item["emergent"] == true { " (emergent)" } else { "" };
        table.row([
            show::text(&item["number"]).into(),
            format!("{}{emergent}", words(&item["state"])).into(),
            show::text(&item["service"]).into(),
            time::minute_of(&item["start"]).into(),
            show::text(&item["risk"]).into(),
            show::text(&item["title"]).into(),
            show::names(&item["asked"]).into(),
        ]);
    }
    show::put(&table.render(Screen::of_stdout()))
}

/// What a change is by now, in a line, and who is asked.
pub(super) fn brief(change: &Value) -> anyhow::Result<()> {
    let (number, title) = (&change["number"], show::text(&change["plan"]["title"]));
    show::line(format!("CHG-{number} {title}: {}", words(&change["state"])))?;
    approvals(change, |one| one["state"] == "asked")
}

/// The steps that are at hand, each ticked or not.
fn run(change: &Value) -> anyhow::Result<()> {
    let name = if change["state"] == "rolling_back" { "rollback" } else { "timeline" };
    steps(name, &change["plan"][name], &done(change, name))
}

/// Who did which steps of a way, and when.
fn done(change: &Value, run: &str) -> Vec<(u64, String)> {
    let ticks = change["steps_done"].as_array().into_iter().flatten();
    let of_run = ticks.filter(|one| one["run"] == run);
    let tell = |one: &Value| {
        let said = format!("{} {}", show::text(&one["by"]), time::minute_of(&one["at"]));
        Some((one["step"].as_u64()?, said))
    };
    of_run.filter_map(tell).collect()
}

fn approvals(change: &Value, wanted: impl Fn(&Value) -> bool) -> anyhow::Result<()> {
    for one in change["approvals"].as_array().into_iter().flatten().filter(|one| wanted(one)) {
        let team = one["team"].as_str().map(|team| format!(" of {team}")).unwrap_or_default();
        show::line(format!(
            "  {}{team}: {} ({} of {}, {}; {})",
            show::text(&one["approver"]),
            show::names(&one["people"]),
            one["agreed"],
            one["quorum"],
            show::text(&one["state"]),
            show::text(&one["because"]),
        ))?;
    }
    Ok(())
}

fn findings(answer: &Value) -> anyhow::Result<()> {
    for one in answer["findings"].as_array().into_iter().flatten() {
        let kind = if one["blocking"] == true { "missing" } else { "advice" };
        show::line(format!(
            "  {kind}: {}: {}",
            show::text(&one["field"]),
            show::text(&one["text"])
        ))?;
    }
    Ok(())
}

fn quality(answer: &Value) -> anyhow::Result<()> {
    let scores: Vec<_> = answer["quality"].as_array().into_iter().flatten().collect();
    let sum: i64 = scores.iter().filter_map(|one| one["points"].as_i64()).sum();
    show::line(format!("Quality {sum} of {}", 2 * scores.len()))
}

fn check(answer: &Value) -> anyhow::Result<()> {
    reasons(&answer["assessment"])?;
    approvals(answer, |_| true)?;
    if show::items(&json!({ "items": answer["findings"] })).is_empty() {
        show::line("Nothing is missing.")?;
    }
    findings(answer)?;
    quality(answer)
}

fn reasons(assessment: &Value) -> anyhow::Result<()> {
    let list = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().map(show::text).collect()
    };
    for why in list(&assessment["because"]).into_iter().chain(list(&assessment["risk_because"])) {
        show::line(format!("  {why}"))?;
    }
    Ok(())
}

fn tell(change: &Value) -> anyhow::Result<()> {
    let plan = &change["plan"];
    show::line(format!("CHG-{} {}", change["number"], show::text(&plan["title"])))?;
    let emergent = if change["assessment"]["emergent"] == true { ", emergent" } else { "" };
    show::line(format!("{}{emergent}, revision {}", words(&change["state"]), change["revision"]))?;
    show::line(format!(
        "{} ({}), {} to {}, done by {} for {}",
        show::text(&plan["service"]),
        show::text(&plan["class"]),
        time::minute_of(&plan["start"]),
        time::minute_of(&plan["end"]),
        show::text(&plan["technician"]),
        show::text(&change["submitter"]),
    ))?;
    for (name, field) in [
        ("Impact", "impact"),
        ("Worst case", "worst_case"),
        ("Benefit", "benefit"),
        ("If not done", "without"),
        ("Resolver", "resolver"),
        ("Customers told", "customers_told"),
        ("See", "link"),
    ] {
        let text = show::text(&plan[field]);
        if !text.is_empty() {
            show::line(format!("{name}: {text}"))?;
        }
    }
    steps("Timeline", &plan["timeline"], &done(change, "timeline"))?;
    steps("Rollback", &plan["rollback"], &done(change, "rollback"))?;
    event::caused(change)?;
    show::line("Approvals")?;
    approvals(change, |_| true)?;
    show::line("Why")?;
    reasons(&change["assessment"])?;
    findings(change)?;
    quality(change)?;
    show::line("History")?;
    for one in change["history"].as_array().into_iter().flatten() {
        let (who, text) = (show::text(&one["actor"]), show::text(&one["text"]));
        show::line(format!("  {} {who}: {text}", time::minute_of(&one["at"])))?;
    }
    Ok(())
}

fn steps(name: &str, steps: &Value, done: &[(u64, String)]) -> anyhow::Result<()> {
    show::line(name)?;
    for (number, step) in (1..).zip(steps.as_array().into_iter().flatten()) {
        let tick = done.iter().find(|(step, _)| *step == number);
        let tick = tick.map(|(_, said)| format!(", done by {said}")).unwrap_or_default();
        let look = if step["monitoring"] == true { " (look)" } else { "" };
        let hosts = show::names(&step["hosts"]);
        let at = if hosts.is_empty() { String::new() } else { format!(" on {hosts}") };
        show::line(format!(
            "  {} {}{look}{at}, {}{tick}",
            show::text(&step["at"]),
            show::text(&step["text"]),
            show::text(&step["environment"])
        ))?;
        let command = show::text(&step["command"]);
        if !command.is_empty() {
            show::line(format!("      {command}"))?;
        }
    }
    Ok(())
}

fn templates(answer: &Value) -> anyhow::Result<()> {
    let items = show::items(answer);
    if items.is_empty() {
        return show::line("There are no templates of changes.");
    }
    let mut table = Table::new([
        Column::new("TEMPLATE"),
        Column::new("CLASS"),
        Column::new("SERVICE"),
        Column::text("ASKS FOR"),
        Column::text("ABOUT"),
    ]);
    for one in items {
        table.row([
            show::text(&one["name"]).into(),
            show::text(&one["class"]).into(),
            show::text(&one["service"]).into(),
            show::names(&one["placeholders"]).into(),
            show::text(&one["description"]).into(),
        ]);
    }
    show::put(&table.render(Screen::of_stdout()))
}

fn policy(answer: &Value) -> anyhow::Result<()> {
    show::line(format!("Classes: {}", show::names(&answer["classes"])))?;
    let mut table = Table::new([
        Column::new("ROW"),
        Column::new("TIERS"),
        Column::text("CLASSES"),
        Column::new("RISK"),
        Column::text("APPROVALS"),
        Column::new("NOTICE"),
    ]);
    let any = |value: &Value| {
        let names = show::names(value);
        if names.is_empty() { "any".to_owned() } else { names }
    };
    for row in answer["rows"].as_array().into_iter().flatten() {
        table.row([
            show::text(&row["name"]).into(),
            any(&row["tiers"]).into(),
            any(&row["classes"]).into(),
            any(&row["risks"]).into(),
            show::names(&row["approvals"]).into(),
            show::text(&row["notice"]).into(),
        ]);
    }
    show::put(&table.render(Screen::of_stdout()))
}
