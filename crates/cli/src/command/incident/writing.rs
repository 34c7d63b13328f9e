//! What people write into an incident's timeline, from a terminal. An entry is named by its number in
//! the timeline, as `muster incident timeline` shows it, or by its id.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{One, said, timeline};
use crate::api::Api;
use crate::settings::Settings;
use crate::show::{self, Screen, time};

/// The verbs of writing.
#[derive(Debug, clap::Subcommand)]
pub enum Writing {
    /// Write a note into the timeline
    Note {
        #[command(flatten)]
        incident: One,
        /// The note
        text: String,
        #[command(flatten)]
        when: When,
        /// It happened outside of the team: at a provider, at a customer
        #[arg(long)]
        external: bool,
    },
    /// Write down what was decided
    Decision {
        #[command(flatten)]
        incident: One,
        /// The decision
        text: String,
        #[command(flatten)]
        when: When,
    },
    /// Write down what a customer said
    Contact {
        #[command(flatten)]
        incident: One,
        /// Who was in touch
        customer: String,
        /// What they said
        text: String,
        /// A ticket's number or a link
        #[arg(long)]
        reference: Option<String>,
        #[command(flatten)]
        when: When,
    },
    /// Add a link that shows something
    Evidence {
        #[command(flatten)]
        incident: One,
        /// What it shows
        text: String,
        /// Where it can be seen
        #[arg(long)]
        link: Option<String>,
        /// A file that shows it: a picture, a log, a document
        #[arg(long, value_name = "PATH")]
        file: Option<PathBuf>,
        #[command(flatten)]
        when: When,
    },
    /// Note what is to be done once it is over
    ActionItem {
        #[command(flatten)]
        incident: One,
        /// What is to be done
        text: String,
        /// Who sees to it
        #[arg(long, value_name = "USER")]
        owner: Option<String>,
    },
    /// Say what it might be, or go on with a hypothesis
    Hypothesis {
        #[command(flatten)]
        incident: One,
        /// What it might be, or with a step what was found
        #[arg(required_unless_present = "step", default_value = "")]
        text: String,
        /// Who looks into it
        #[arg(long, value_name = "USER")]
        assignee: Option<String>,
        /// Go on with a hypothesis that is there already
        #[arg(long, requires = "entry", value_parser = ["assign", "explore", "abandon", "confirm", "reopen"])]
        step: Option<String>,
        /// Which
        #[arg(long, requires = "step")]
        entry: Option<String>,
        #[command(flatten)]
        when: When,
    },
    /// Say what you change and why, or go on with a change
    Action {
        #[command(flatten)]
        incident: One,
        /// What you change, or with a step what came of it
        #[arg(required_unless_present = "step", default_value = "")]
        text: String,
        /// Why
        #[arg(long)]
        why: Option<String>,
        /// What you expect of it
        #[arg(long)]
        expected: Option<String>,
        /// How to undo it
        #[arg(long)]
        undo: Option<String>,
        /// It cannot be undone
        #[arg(long)]
        irreversible: bool,
        /// A change of which only one should be under way
        #[arg(long)]
        major: bool,
        /// Only planned; it is begun later
        #[arg(long)]
        planned: bool,
        /// Go on with a change that is there already
        #[arg(long, requires = "entry", value_parser = ["begin", "finish", "undo", "drop"])]
        step: Option<String>,
        /// Which
        #[arg(long, requires = "step")]
        entry: Option<String>,
        #[command(flatten)]
        when: When,
    },
    /// Keep an entry in sight
    Pin {
        #[command(flatten)]
        incident: One,
        /// The entry
        entry: String,
        /// Keep it in sight no longer
        #[arg(long)]
        off: bool,
    },
    /// Say what an entry should have said; the original stays
    Correct {
        #[command(flatten)]
        incident: One,
        /// The entry
        entry: String,
        /// The right text, if it was wrong
        text: Option<String>,
        /// When it happened, if that was wrong
        #[arg(long, value_name = "INSTANT", value_parser = time::read)]
        at: Option<Timestamp>,
    },
}

/// When it happened.
#[derive(Debug, clap::Args)]
pub struct When {
    /// When it happened; now unless given
    #[arg(long, value_name = "INSTANT", value_parser = time::read)]
    at: Option<Timestamp>,
    /// The time is a guess
    #[arg(long)]
    approximate: bool,
}

impl When {
    fn with(self, mut body: Value) -> Value {
        if let Some(at) = self.at {
            body["at"] = at.to_string().into();
        }
        if self.approximate {
            body["approximate"] = true.into();
        }
        body
    }
}

impl Writing {
    /// Writes it down.
    ///
    /// # Errors
    /// When the server fails or refuses.
    pub async fn run(self, settings: &Settings, api: &Api) -> anyhow::Result<()> {
        let (incident, path, body) = self.request(api).await?;
        let mut whole = vec!["incidents", incident.as_str()];
        whole.extend(path.iter().map(String::as_str));
        let entry = api.post(&whole, &body).await?;
        if settings.json() {
            return show::json(&entry);
        }
        let screen = Screen::of_stdout();
        show::put(&timeline::in_one_line(&entry, screen))?;
        for warning in entry["warnings"].as_array().into_iter().flatten() {
            eprintln!("muster: {}", show::text(warning));
        }
        Ok(())
    }

    /// The incident, the path below it, and the body.
    async fn request(self, api: &Api) -> anyhow::Result<(String, Vec<String>, Value)> {
        let below = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect();
        Ok(match self {
            Self::Note { incident, text, when, external } => {
                let body = json!({ "text": text, "external": external });
                (incident.incident, below(&["timeline"]), when.with(body))
            }
            Self::Decision { incident, text, when } => {
                let body = json!({ "kind": "decision", "text": text });
                (incident.incident, below(&["timeline"]), when.with(body))
            }
            Self::Contact { incident, customer, text, reference, when } => {
                let body = said([
                    ("kind", Some("contact".into())),
                    ("customer", Some(customer.into())),
                    ("text", Some(text.into())),
                    ("reference", reference.map(Value::from)),
                ]);
                (incident.incident, below(&["timeline"]), when.with(body))
            }
            Self::Evidence { incident, text, link, file, when } => {
                let attachment = match file {
                    Some(file) => Some(upload(api, &incident, &file).await?.into()),
                    None => None,
                };
                let body = said([
                    ("kind", Some("evidence".into())),
                    ("text", Some(text.into())),
                    ("link", link.map(Value::from)),
                    ("attachment", attachment),
                ]);
                (incident.incident, below(&["timeline"]), when.with(body))
            }
            Self::ActionItem { incident, text, owner } => {
                let body = said([
                    ("kind", Some("action_item".into())),
                    ("text", Some(text.into())),
                    ("owner", owner.map(Value::from)),
                ]);
                (incident.incident, below(&["timeline"]), body)
            }
            Self::Hypothesis { incident, text, assignee, step, entry, when } => {
                let body =
                    said([("text", Some(text.into())), ("assignee", assignee.map(Value::from))]);
                let path = path(api, &incident, "hypotheses", entry, step).await?;
                (incident.incident, path, when.with(body))
            }
            Self::Action {
                incident,
                text,
                why,
                expected,
                undo,
                irreversible,
                major,
                planned,
                step,
                entry,
                when,
            } => {
                let path = path(api, &incident, "actions", entry, step).await?;
                let body = if path.len() > 1 {
                    json!({ "text": text })
                } else {
                    said([
                        ("text", Some(text.into())),
                        ("why", why.map(Value::from)),
                        ("expected", expected.map(Value::from)),
                        ("undo", undo.map(Value::from)),
                        ("irreversible", Some(irreversible.into())),
                        ("major", Some(major.into())),
                        ("planned", Some(planned.into())),
                    ])
                };
                (incident.incident, path, when.with(body))
            }
            Self::Pin { incident, entry, off } => {
                let entry = id_of(api, &incident, &entry).await?;
                let verb = if off { "unpin" } else { "pin" };
                (incident.incident, below(&["timeline", &entry, verb]), json!({}))
            }
            Self::Correct { incident, entry, text, at } => {
                let entry = id_of(api, &incident, &entry).await?;
                let at = at.map(|at| at.to_string().into());
                let body = said([("text", text.map(Value::from)), ("at", at)]);
                (incident.incident, below(&["timeline", &entry, "correct"]), body)
            }
        })
    }
}

/// Uploads a file to an incident; its id.
async fn upload(api: &Api, incident: &One, file: &Path) -> anyhow::Result<String> {
    let bytes = tokio::fs::read(file).await;
    let bytes = bytes.with_context(|| format!("cannot read {}", file.display()))?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let path = ["incidents", &incident.incident, "attachments"];
    let taken = api.upload(&path, &[("name", &name)], bytes).await?;
    let id = taken["id"].as_str();
    Ok(id.context("the server did not say what it took")?.to_owned())
}

/// Where a new one is made, or where one goes on.
async fn path(
    api: &Api,
    incident: &One,
    list: &str,
    entry: Option<String>,
    step: Option<String>,
) -> anyhow::Result<Vec<String>> {
    Ok(match (entry, step) {
        (Some(entry), Some(step)) => {
            vec![list.to_owned(), id_of(api, incident, &entry).await?, step]
        }
        _ => vec![list.to_owned()],
    })
}

/// The id of an entry that is named by its number.
async fn id_of(api: &Api, incident: &One, entry: &str) -> anyhow::Result<String> {
    let Ok(number) = entry.trim_start_matches('#').parse::<u64>() else {
        return Ok(entry.to_owned());
    };
    let path = ["incidents", &incident.incident, "timeline"];
    let entries = super::whole(api, &path, &[("order", "recorded")]).await?;
    let found = entries.iter().find(|one| one["seq"].as_u64() == Some(number));
    let found = found.and_then(|one| one["id"].as_str());
    found.map(ToOwned::to_owned).with_context(|| {
        format!("incident {} has no entry {number}; see its timeline", incident.incident)
    })
}
