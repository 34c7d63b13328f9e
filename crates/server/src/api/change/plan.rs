//! The plan of a change on the wire (`X1` to `X3`): with names of people, services and teams, and steps
//! by their time from T+00:00.

use jiff::Timestamp;
use muster_core::change::plan::{
    self, Automation, HOSTS_MAX, Phase, STEPS_MAX, TEXT_CHARS_MAX, TITLE_CHARS_MAX,
};
use muster_core::id::{ServiceId, TeamId, UserId};
use muster_core::org::directory::Directory;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::ApiError;
use crate::api::error::Fault;
use crate::api::word::{Automated, ChangeImpact, Instant, RiskBand, StepPhase};

/// The most names in a list of a plan.
const NAMES_MAX: usize = 100;

/// One step of a timeline or of a rollback.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeStep {
    /// From T+00:00, in hours and minutes.
    #[schema(example = "T+00:10")]
    pub at: String,
    /// Before, during or after the work.
    #[serde(default = "during")]
    pub phase: StepPhase,
    /// Whether it is a look at how things are.
    #[serde(default)]
    pub monitoring: bool,
    /// What is done, in words.
    #[serde(default)]
    pub text: String,
    /// Exactly what is typed.
    #[serde(default)]
    pub command: String,
    /// On which hosts.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// In which environment.
    #[serde(default)]
    pub environment: String,
}

fn during() -> StepPhase {
    StepPhase(Phase::During)
}

/// What is meant to be done.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePlan {
    /// One line.
    #[schema(example = "Replace the core switches")]
    pub title: String,
    /// What is changed, by name.
    #[schema(example = "checkout")]
    pub service: String,
    /// What else is changed with it, by name.
    #[serde(default)]
    pub also: Vec<String>,
    /// The kind of change, as the policy names it.
    #[schema(example = "network")]
    pub class: String,
    /// Who does it, by name; whoever writes it down where nobody is named.
    #[serde(default)]
    #[schema(required)]
    pub technician: Option<String>,
    /// The alias of whoever supports what comes of it; the primary of the service where none is named.
    #[serde(default)]
    pub resolver: String,
    /// Other people and aliases to ask.
    #[serde(default)]
    pub contacts: Vec<String>,
    /// When it is to begin.
    #[serde(default)]
    #[schema(required)]
    pub start: Option<Instant>,
    /// When it is to be over.
    #[serde(default)]
    #[schema(required)]
    pub end: Option<Instant>,
    /// Whom it meets at worst.
    #[serde(default)]
    #[schema(required)]
    pub impact: Option<ChangeImpact>,
    /// The worst that can happen, in words.
    #[serde(default)]
    pub worst_case: String,
    /// How likely it is to go well.
    #[serde(default)]
    #[schema(required)]
    pub confidence: Option<RiskBand>,
    /// What is gained.
    #[serde(default)]
    pub benefit: String,
    /// What happens if it is not done.
    #[serde(default)]
    pub without: String,
    /// The steps.
    #[serde(default)]
    pub timeline: Vec<ChangeStep>,
    /// The steps back.
    #[serde(default)]
    pub rollback: Vec<ChangeStep>,
    /// How long the way back takes, such as `15m`.
    #[serde(default)]
    #[schema(required)]
    pub rollback_takes: Option<String>,
    /// Whether the way back was tried.
    #[serde(default)]
    pub rollback_tested: bool,
    /// How much a machine does.
    #[serde(default = "by_hand")]
    pub automation: Automated,
    /// Whether it meets the whole company.
    #[serde(default)]
    pub company_wide: bool,
    /// The teams whose services it meets, by name.
    #[serde(default)]
    pub customers: Vec<String>,
    /// How those were told.
    #[serde(default)]
    pub customers_told: String,
    /// Where more is to be read.
    #[serde(default)]
    pub link: String,
    /// The incident it is done for, by its number.
    #[serde(default)]
    #[schema(required)]
    pub incident: Option<i64>,
}

fn by_hand() -> Automated {
    Automated(Automation::Manual)
}

/// Every place of a plan that cannot be read.
#[derive(Default)]
struct Faults(Vec<Fault>);

impl Faults {
    fn note(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.0.push(Fault { path: path.into(), message: message.into(), ..Fault::default() });
    }

    fn text(&mut self, path: &str, text: &str, most: usize) -> String {
        let text = text.trim();
        if text.chars().count() > most {
            self.note(path, format!("must be at most {most} characters"));
        } else if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
            self.note(path, "must not hold control characters");
        }
        text.to_owned()
    }

    fn texts(&mut self, path: &str, texts: &[String], most: usize) -> Vec<String> {
        if texts.len() > most {
            self.note(path, format!("must be at most {most}"));
            return Vec::new();
        }
        texts.iter().map(|text| self.text(path, text, TITLE_CHARS_MAX)).collect()
    }

    fn instant(&mut self, path: &str, at: Option<&Instant>) -> Option<Timestamp> {
        let read = at?.0.parse();
        if read.is_err() {
            self.note(
                path,
                "must be an instant as RFC 3339 writes it, such as 2026-05-20T08:00:00Z",
            );
        }
        read.ok()
    }

    fn named<Id>(&mut self, path: &str, what: &str, name: &str, found: Option<Id>) -> Option<Id> {
        if found.is_none() {
            let name: String = name.chars().take(60).collect();
            self.note(path, format!("there is no {what} `{name}`"));
        }
        found
    }

    fn steps(&mut self, path: &str, steps: &[ChangeStep]) -> Vec<plan::Step> {
        if steps.len() > STEPS_MAX {
            self.note(path, format!("must be at most {STEPS_MAX} steps"));
            return Vec::new();
        }
        let mut read = Vec::with_capacity(steps.len());
        for (place, step) in steps.iter().enumerate() {
            let at = |field: &str| format!("{path}[{place}].{field}");
            let offset = plan::offset(&step.at);
            if offset.is_none() {
                self.note(at("at"), "must be a time from the beginning, such as T+00:10");
            }
            read.push(plan::Step {
                at: offset.unwrap_or_default(),
                phase: step.phase.0,
                is_monitoring: step.monitoring,
                text: self.text(&at("text"), &step.text, TEXT_CHARS_MAX),
                command: self.text(&at("command"), &step.command, TEXT_CHARS_MAX),
                hosts: self.texts(&at("hosts"), &step.hosts, HOSTS_MAX),
                environment: self.text(&at("environment"), &step.environment, TITLE_CHARS_MAX),
            });
        }
        read
    }
}

impl ChangePlan {
    /// The plan in the terms of the core. What nobody said of technician and resolver is filled in.
    ///
    /// # Errors
    /// 422 with every place that cannot be read.
    pub fn read(
        &self,
        directory: &Directory,
        writer: Option<UserId>,
    ) -> Result<plan::Plan, ApiError> {
        let mut faults = Faults::default();
        let service = |faults: &mut Faults, path: &str, name: &str| {
            let found = directory.services.named(name).map(|one| one.id);
            faults.named(path, "service", name, found)
        };
        let main = service(&mut faults, "service", &self.service);
        let also: Vec<ServiceId> = self
            .also
            .iter()
            .take(NAMES_MAX)
            .filter_map(|name| service(&mut faults, "also", name))
            .collect();
        let customers: Vec<TeamId> = self
            .customers
            .iter()
            .take(NAMES_MAX)
            .filter_map(|name| {
                let found = directory.teams.named(name).map(|one| one.id);
                faults.named("customers", "team", name, found)
            })
            .collect();
        let technician = match self.technician.as_deref().filter(|name| !name.is_empty()) {
            None => writer,
            Some(name) => {
                let found = directory.users.named(name).map(|one| one.id);
                faults.named("technician", "person", name, found)
            }
        };
        let takes = self.rollback_takes.as_deref().filter(|text| !text.trim().is_empty());
        let rollback_takes = takes.and_then(|text| match muster_core::time::parse_duration(text) {
            Ok(time) => Some(time),
            Err(invalid) => {
                faults.note("rollback_takes", invalid.to_string());
                None
            }
        });
        let link = faults.text("link", &self.link, 2_000);
        let is_web = link.starts_with("https://") || link.starts_with("http://");
        if !link.is_empty() && !is_web {
            faults.note("link", "must be an http or https address");
        }
        let resolver = match faults.text("resolver", &self.resolver, TITLE_CHARS_MAX) {
            none if none.is_empty() => format!("page-{}-primary", self.service),
            named => named,
        };
        let read = plan::Plan {
            title: faults.text("title", &self.title, TITLE_CHARS_MAX).replace(['\n', '\t'], " "),
            service: main.unwrap_or(ServiceId(uuid::Uuid::nil())),
            also,
            class: faults.text("class", &self.class, TITLE_CHARS_MAX),
            technician,
            resolver,
            contacts: faults.texts("contacts", &self.contacts, NAMES_MAX),
            start: faults.instant("start", self.start.as_ref()),
            end: faults.instant("end", self.end.as_ref()),
            impact: self.impact.map(|impact| impact.0),
            worst_case: faults.text("worst_case", &self.worst_case, TEXT_CHARS_MAX),
            confidence: self.confidence.map(|band| band.0),
            benefit: faults.text("benefit", &self.benefit, TEXT_CHARS_MAX),
            without: faults.text("without", &self.without, TEXT_CHARS_MAX),
            timeline: faults.steps("timeline", &self.timeline),
            rollback: faults.steps("rollback", &self.rollback),
            rollback_takes,
            is_rollback_tested: self.rollback_tested,
            automation: self.automation.0,
            is_company_wide: self.company_wide,
            customers,
            customers_told: faults.text("customers_told", &self.customers_told, TEXT_CHARS_MAX),
            link,
            incident: self.incident,
        };
        if read.title.is_empty() {
            faults.note("title", "say in a line what is changed");
        }
        if faults.0.is_empty() {
            return Ok(read);
        }
        let told: Vec<_> =
            faults.0.iter().map(|fault| format!("{}: {}", fault.path, fault.message)).collect();
        Err(ApiError::unprocessable(told.join("; "), faults.0))
    }

    /// A plan with the names that things have now.
    pub fn of(plan: &plan::Plan, directory: &Directory) -> Self {
        let service = |id: ServiceId| {
            directory.services.get(id).map_or_else(|| id.to_string(), |one| one.name.clone())
        };
        let team = |id: &TeamId| {
            directory.teams.get(*id).map_or_else(|| id.to_string(), |one| one.name.clone())
        };
        let step = |step: &plan::Step| ChangeStep {
            at: plan::offset_in_words(step.at),
            phase: step.phase.into(),
            monitoring: step.is_monitoring,
            text: step.text.clone(),
            command: step.command.clone(),
            hosts: step.hosts.clone(),
            environment: step.environment.clone(),
        };
        Self {
            title: plan.title.clone(),
            service: service(plan.service),
            also: plan.also.iter().copied().map(service).collect(),
            class: plan.class.clone(),
            technician: plan.technician.map(|id| person(directory, id)),
            resolver: plan.resolver.clone(),
            contacts: plan.contacts.clone(),
            start: plan.start.map(Instant::from),
            end: plan.end.map(Instant::from),
            impact: plan.impact.map(ChangeImpact),
            worst_case: plan.worst_case.clone(),
            confidence: plan.confidence.map(RiskBand),
            benefit: plan.benefit.clone(),
            without: plan.without.clone(),
            timeline: plan.timeline.iter().map(step).collect(),
            rollback: plan.rollback.iter().map(step).collect(),
            rollback_takes: plan.rollback_takes.map(muster_core::time::format_duration),
            rollback_tested: plan.is_rollback_tested,
            automation: plan.automation.into(),
            company_wide: plan.is_company_wide,
            customers: plan.customers.iter().map(team).collect(),
            customers_told: plan.customers_told.clone(),
            link: plan.link.clone(),
            incident: plan.incident,
        }
    }
}

/// The name of a person, or their id where they are gone.
pub(in crate::api) fn person(directory: &Directory, id: UserId) -> String {
    directory.users.get(id).map_or_else(|| id.to_string(), |user| user.name.clone())
}
