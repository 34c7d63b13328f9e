//! `muster incident`: everything that people do to incidents, from a terminal.

use anyhow::Context as _;
use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use crate::api::Api;
use crate::failure::{Told, in_one_line};
use crate::session::with_api;
use crate::settings::Settings;
use crate::show::{self, Screen, time};

mod bridge;
mod changes;
mod checklist;
mod duplicate;
mod family;
mod field;
mod follow;
mod gate;
mod impact;
mod ledger;
mod link;
mod list;
mod nearby;
mod page;
mod record;
mod relation;
mod restriction;
mod role;
mod roster;
mod single;
mod tag;
mod timeline;
mod update;
mod writing;

/// Work on incidents. An incident is named by its number.
#[derive(Debug, clap::Subcommand)]
#[command(disable_help_subcommand = true)]
pub enum Incident {
    /// List incidents; the open ones unless something else is asked for
    List(list::List),
    /// Show one incident
    Show(One),
    /// Acknowledge: somebody is on it, nobody else is paged
    #[command(visible_alias = "acknowledge")]
    Ack(Several),
    /// Take an acknowledgement back: people are paged again
    #[command(visible_alias = "unacknowledge")]
    Unack(One),
    /// Resolve
    Resolve {
        #[command(flatten)]
        incidents: Several,
        /// What was done
        #[arg(long)]
        note: Option<String>,
        /// End the open child efforts with it
        #[arg(long)]
        with_children: bool,
    },
    /// Page the next step now
    Escalate(One),
    /// Page nobody for a while
    Snooze {
        #[command(flatten)]
        incident: One,
        /// For how long, such as 1h
        #[arg(long = "for", value_name = "TIME", value_parser = time::read_length)]
        length: SignedDuration,
    },
    /// End a snooze
    Unsnooze(One),
    /// Open a resolved incident again
    Reopen {
        #[command(flatten)]
        incident: One,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
    /// Make an incident part of another one
    Merge {
        #[command(flatten)]
        incident: One,
        /// The incident that remains
        #[arg(long, value_name = "INCIDENT", value_parser = reference)]
        into: String,
    },
    /// Close a resolved incident for good
    Close(One),
    /// Change how bad it is
    Severity {
        #[command(flatten)]
        incident: One,
        /// The new level; 1 is the worst
        #[arg(value_parser = clap::value_parser!(u8).range(1..=9))]
        level: u8,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Ask for help: whoever fits is paged at once
    Help {
        #[command(flatten)]
        incident: One,
        /// What kind: person, team, expert, manager
        #[arg(value_parser = ["person", "team", "expert", "manager"])]
        want: String,
        /// Whom: a person, an alias, a team, a service; somebody fits where nobody is named
        who: Option<String>,
        /// What you need
        #[arg(long)]
        message: Option<String>,
    },
    /// Say that the cause is known
    Identify {
        #[command(flatten)]
        incident: One,
        /// The cause
        #[arg(long)]
        cause: Option<String>,
        /// The team with whom it lies; its manager is paged
        #[arg(long)]
        team: Option<String>,
    },
    /// Say that you are there and work on it
    CheckIn {
        #[command(flatten)]
        incident: One,
        /// Somebody else who is there
        #[arg(long)]
        user: Option<String>,
        /// The team that you are there for; the usual one unless given
        #[arg(long)]
        team: Option<String>,
    },
    /// See who is there and why, say how services are, let people go
    #[command(subcommand)]
    Roster(roster::Roster),
    /// Show every message about an incident: to whom, when, by whom, how it went
    Ledger(ledger::Ledger),
    /// Show what stands around its service, and what else was open at the same time
    Nearby(One),
    /// Show what changed before it, the most suspicious first; or mark one as its cause
    Changes(changes::Changes),
    /// Tell a notification list: shows what it would be told, and sends it with --yes
    Notice(ledger::Notice),
    /// Say where people meet about it
    Bridge(bridge::Bridge),
    TryRoomAgain(bridge::TryRoomAgain),
    /// Say when it may be over: an estimate, and no target
    Estimate(bridge::Estimate),
    /// Engage a group: everybody it stands for now is paged once
    Engage {
        #[command(flatten)]
        incident: One,
        /// The engagement group
        group: String,
        /// In words
        #[arg(long)]
        message: Option<String>,
    },
    /// Offer to help
    Volunteer {
        #[command(flatten)]
        incident: One,
        /// Somebody else who helps
        #[arg(long)]
        user: Option<String>,
    },
    /// Ask a helper to do one thing; they are told at once
    Direct {
        #[command(flatten)]
        incident: One,
        /// The helper
        user: String,
        /// What they are asked to do; left out, what was asked is off
        task: Option<String>,
    },
    /// Let a helper go, with thanks
    Release {
        #[command(flatten)]
        incident: One,
        /// The helper
        user: String,
        /// What is said besides
        #[arg(long)]
        note: Option<String>,
    },
    /// Take the release of a helper back
    Recall {
        #[command(flatten)]
        incident: One,
        /// The helper
        user: String,
    },
    #[command(flatten)]
    Writing(writing::Writing),
    /// Say what has to be so before an incident is over
    #[command(subcommand)]
    Gate(gate::Gate),
    /// Tell audiences how an incident stands
    #[command(subcommand)]
    Update(update::Update),
    /// Hold, give and hand over the roles of an incident
    #[command(subcommand)]
    Role(role::Role),
    #[command(flatten)]
    Related(relation::Related),
    #[command(flatten)]
    Tagged(tag::Tagged),
    #[command(flatten)]
    Fielded(field::Fielded),
    #[command(flatten)]
    Efforts(family::Efforts),
    #[command(flatten)]
    Linked(link::Linked),
    /// Say who alone sees an incident
    #[command(subcommand)]
    Access(restriction::Access),
    #[command(flatten)]
    Recorded(record::Recorded),
    /// Go through the checklists of an incident
    #[command(subcommand)]
    Checklist(checklist::Checklist),
    /// Show what to ask and to keep in mind at this moment
    Prompts(One),
    /// Say how bad it is; what is left out stays
    Impact(impact::Tell),
    /// Add something that was lost: people's time, a penalty, goods
    Loss(impact::Loss),
    /// Strike a loss that was none
    StrikeLoss(impact::Strike),
    /// Declare an incident; a title is enough
    Declare {
        /// One line
        title: String,
        /// What is affected
        #[arg(long)]
        service: Option<String>,
        /// How bad it is; the worst unless said otherwise
        #[arg(long, value_name = "LEVEL", value_parser = clap::value_parser!(u8).range(1..=9))]
        severity: Option<u8>,
        /// More than a line
        #[arg(long)]
        summary: Option<String>,
        /// A word by which it is found again; once each
        #[arg(long = "tag", value_name = "TAG")]
        tags: Vec<String>,
        /// A custom field; once each
        #[arg(long = "field", value_name = "NAME=VALUE")]
        fields: Vec<String>,
        /// Why only you, those you name and those who are engaged see it
        #[arg(long, value_name = "REASON")]
        restricted: Option<String>,
        /// Somebody who sees it; once each
        #[arg(long = "user", value_name = "NAME", requires = "restricted")]
        users: Vec<String>,
        /// An engagement group that sees it; once each
        #[arg(long = "group", value_name = "NAME", requires = "restricted")]
        groups: Vec<String>,
    },
    /// Show who was paged, by what, and what the providers answered
    Pages(One),
    /// Show what happened, in order
    Timeline(timeline::Timeline),
}

/// One incident.
#[derive(Debug, clap::Args)]
pub struct One {
    /// The incident's number
    #[arg(value_name = "INCIDENT", value_parser = reference)]
    pub incident: String,
}

/// One incident or more.
#[derive(Debug, clap::Args)]
pub struct Several {
    /// The incidents' numbers
    #[arg(value_name = "INCIDENT", required = true, value_parser = reference)]
    incidents: Vec<String>,
}

impl Incident {
    /// Does what was asked.
    ///
    /// # Errors
    /// When the store or server fails or refuses.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        with_api(settings, async |api| self.with(settings, api).await).await
    }

    async fn with(self, settings: &Settings, api: &Api) -> anyhow::Result<()> {
        let verb = Verb { settings, api };
        match self {
            Self::List(list) => list.run(settings, api).await,
            Self::Show(one) => single::show(settings, api, &one.incident).await,
            Self::Pages(one) => page::list(settings, api, &one.incident).await,
            Self::Timeline(timeline) => timeline.run(settings, api).await,
            Self::Ack(several) => verb.each(several, "acknowledge", json!({})).await,
            Self::Resolve { incidents, note, with_children } => {
                let body = said([
                    ("note", note.map(Value::from)),
                    ("with_children", with_children.then_some(true.into())),
                ]);
                verb.each(incidents, "resolve", body).await
            }
            Self::Unack(one) => verb.on(&one, "unacknowledge", json!({})).await,
            Self::Escalate(one) => verb.on(&one, "escalate", json!({})).await,
            Self::Unsnooze(one) => verb.on(&one, "unsnooze", json!({})).await,
            Self::Close(one) => verb.on(&one, "close", json!({})).await,
            Self::Snooze { incident, length } => {
                let length = format!("{}s", length.as_secs());
                verb.on(&incident, "snooze", json!({ "for": length })).await
            }
            Self::Reopen { incident, reason } => {
                verb.on(&incident, "reopen", said([("reason", reason.map(Value::from))])).await
            }
            Self::Merge { incident, into } => {
                let into = into.parse::<i64>().map_or_else(|_| into.into(), Value::from);
                verb.on(&incident, "merge", json!({ "into": into })).await
            }
            Self::Severity { incident, level, reason } => {
                let body = json!({ "severity": level, "reason": reason });
                verb.on(&incident, "severity", body).await
            }
            Self::Help { incident, want, who, message } => {
                let body = said([
                    ("want", Some(want.into())),
                    ("who", who.map(Value::from)),
                    ("message", message.map(Value::from)),
                ]);
                verb.on(&incident, "help", body).await
            }
            Self::Identify { incident, cause, team } => {
                let body =
                    said([("cause", cause.map(Value::from)), ("team", team.map(Value::from))]);
                verb.on(&incident, "identify", body).await
            }
            Self::CheckIn { incident, user, team } => {
                let body = said([("user", user.map(Value::from)), ("team", team.map(Value::from))]);
                verb.on(&incident, "check-in", body).await
            }
            Self::Roster(roster) => roster.run(settings, api).await,
            Self::Ledger(ledger) => ledger.run(settings, api).await,
            Self::Nearby(one) => nearby::run(settings, api, &one).await,
            Self::Changes(changes) => changes.run(settings, api).await,
            Self::Notice(notice) => notice.run(settings, api).await,
            Self::Bridge(bridge) => bridge.run(verb).await,
            Self::TryRoomAgain(again) => again.run(verb).await,
            Self::Estimate(estimate) => estimate.run(verb).await,
            Self::Engage { incident, group, message } => {
                let body =
                    said([("group", Some(group.into())), ("message", message.map(Value::from))]);
                verb.on(&incident, "engage", body).await
            }
            Self::Volunteer { incident, user } => {
                verb.on(&incident, "helpers", said([("user", user.map(Value::from))])).await
            }
            Self::Direct { incident, user, task } => {
                verb.helper(&incident, &user, "direct", json!({ "task": task })).await
            }
            Self::Release { incident, user, note } => {
                let body = said([("note", note.map(Value::from))]);
                verb.helper(&incident, &user, "release", body).await
            }
            Self::Recall { incident, user } => {
                verb.helper(&incident, &user, "recall", json!({})).await
            }
            Self::Writing(writing) => writing.run(settings, api).await,
            Self::Role(role) => role.run(settings, api).await,
            Self::Update(update) => update.run(settings, api).await,
            Self::Gate(gate) => gate.run(settings, api).await,
            Self::Related(related) => related.run(settings, api).await,
            Self::Linked(linked) => linked.run(settings, api).await,
            Self::Efforts(efforts) => efforts.run(verb).await,
            Self::Tagged(tagged) => tagged.run(verb).await,
            Self::Fielded(fielded) => fielded.run(verb).await,
            Self::Access(access) => access.run(verb).await,
            Self::Recorded(recorded) => recorded.run(settings, api).await,
            Self::Checklist(checklist) => checklist.run(settings, api).await,
            Self::Prompts(one) => checklist::prompts(settings, api, &one.incident).await,
            Self::Impact(tell) => tell.run(verb).await,
            Self::Loss(loss) => loss.run(verb).await,
            Self::StrikeLoss(strike) => strike.run(verb).await,
            Self::Declare {
                title,
                service,
                severity,
                summary,
                tags,
                fields,
                restricted,
                users,
                groups,
            } => {
                let values = field::values_of(&fields)?;
                let restricted = restricted
                    .map(|reason| json!({ "reason": reason, "users": users, "groups": groups }));
                let body = said([
                    ("title", Some(title.into())),
                    ("service", service.map(Value::from)),
                    ("severity", severity.map(Value::from)),
                    ("summary", summary.map(Value::from)),
                    ("tags", (!tags.is_empty()).then(|| json!(tags))),
                    ("fields", (!fields.is_empty()).then_some(values)),
                    ("restricted", restricted),
                ]);
                let incident = api.post(&["incidents"], &body).await?;
                verb.tell(&incident)?;
                told_to_be_held(api);
                if settings.json() { Ok(()) } else { duplicate::warn(api, &incident).await }
            }
        }
    }
}

/// One of the verbs of incidents.
#[derive(Clone, Copy)]
pub(crate) struct Verb<'a> {
    settings: &'a Settings,
    api: &'a Api,
}

impl Verb<'_> {
    async fn on(self, one: &One, verb: &str, body: Value) -> anyhow::Result<()> {
        let incident = self.api.post(&["incidents", &one.incident, verb], &body).await?;
        self.tell(&incident)
    }

    async fn helper(self, one: &One, user: &str, verb: &str, body: Value) -> anyhow::Result<()> {
        let path = ["incidents", &one.incident, "helpers", user, verb];
        let incident = self.api.post(&path, &body).await?;
        self.tell(&incident)
    }

    /// Does it to each; what one refuses does not keep it from the next.
    async fn each(self, several: Several, verb: &str, body: Value) -> anyhow::Result<()> {
        let mut refused = 0;
        let mut done = Vec::new();
        for incident in &several.incidents {
            match self.api.post(&["incidents", incident, verb], &body).await {
                Ok(incident) if self.settings.json() => done.push(incident),
                Ok(incident) => self.tell(&incident)?,
                Err(error) if several.incidents.len() == 1 => return Err(error),
                Err(error) => {
                    eprintln!("muster: #{incident}: {}", in_one_line(&error));
                    refused += 1;
                }
            }
        }
        if self.settings.json() {
            match several.incidents.len() {
                1 => done.iter().try_for_each(show::json)?,
                _ => show::json(&json!({ "items": done }))?,
            }
        }
        if refused > 0 { Err(Told.into()) } else { Ok(()) }
    }

    fn tell(self, incident: &Value) -> anyhow::Result<()> {
        if self.settings.json() {
            return show::json(incident);
        }
        show::put(&single::in_one_line(incident, Screen::of_stdout()))
    }
}

/// Warns where nothing is sent because no server runs on the store.
pub fn told_to_be_held(api: &Api) {
    if !api.is_live() {
        eprintln!(
            "muster: no server runs on this store; people are paged once `muster serve` runs"
        );
    }
}

/// Every page of a list, as one.
pub(super) async fn whole(
    api: &Api,
    path: &[&str],
    query: &[(&str, &str)],
) -> anyhow::Result<Vec<Value>> {
    let mut items = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut query = query.to_vec();
        query.push(("limit", "500"));
        if let Some(cursor) = &cursor {
            query.push(("cursor", cursor));
        }
        let list = api.get(path, &query).await?;
        items.extend_from_slice(show::items(&list));
        let next = list["next"].as_str().map(ToOwned::to_owned);
        if next.is_none() || next == cursor {
            return Ok(items);
        }
        cursor = next;
    }
}

fn said<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    let said = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(said.collect::<Map<_, _>>())
}

/// An incident as people write it: `42` or `#42`; or its id.
fn reference(text: &str) -> Result<String, String> {
    let bare = text.trim().trim_start_matches('#');
    let is_number = bare.parse::<u32>().is_ok();
    if is_number || bare.starts_with("inc_") {
        return Ok(bare.to_owned());
    }
    Err(format!("`{text}` is not an incident; write its number, such as 42"))
}

/// A field that an answer must have.
fn field<'a>(answer: &'a Value, name: &str) -> anyhow::Result<&'a Value> {
    answer.get(name).with_context(|| format!("the server's answer has no `{name}`"))
}
