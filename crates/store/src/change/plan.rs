//! Plans and assessments of changes in the form in which they are stored: JSON that names everything,
//! with what is empty left out. A change to it is additive; what an older release wrote is read.

use jiff::{SignedDuration, Timestamp};
use muster_core::change::approval::{Assessment, Requirement};
use muster_core::change::notice::Notice;
use muster_core::change::plan::{Automation, Band, Impact, Phase, Plan, Step};
use muster_core::change::policy::Approver;
use muster_core::change::risk::Risk;
use muster_core::id::{ServiceId, TeamId, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::db::{Result, StoreError};

/// An id as text.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
struct Id(Uuid);

impl TryFrom<String> for Id {
    type Error = uuid::Error;

    fn try_from(text: String) -> std::result::Result<Self, uuid::Error> {
        Uuid::try_parse(&text).map(Self)
    }
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.0.as_simple().to_string()
    }
}

#[derive(Serialize, Deserialize)]
struct PlanDocument {
    title: String,
    service: Id,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    also: Vec<Id>,
    class: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    technician: Option<Id>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    resolver: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    contacts: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    start: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    impact: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    worst_case: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    confidence: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    benefit: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    without: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    timeline: Vec<StepDocument>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rollback: Vec<StepDocument>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rollback_takes: Option<i64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_rollback_tested: bool,
    automation: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_company_wide: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    customers: Vec<Id>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    customers_told: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    link: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    incident: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct StepDocument {
    at: i64,
    phase: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_monitoring: bool,
    text: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    command: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    hosts: Vec<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    environment: String,
}

#[derive(Serialize, Deserialize)]
struct AssessmentDocument {
    policy_revision: i64,
    row: String,
    tier: u8,
    risk: String,
    risk_because: Vec<String>,
    notice: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    notice_until: Option<i64>,
    is_emergent: bool,
    #[serde(default)]
    needs_window: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    technician_level: Option<u8>,
    requirements: Vec<RequirementDocument>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exception: Option<i64>,
    because: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct RequirementDocument {
    stage: u32,
    approver: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    team: Option<Id>,
    people: Vec<Id>,
    quorum: u32,
    timeout: i64,
    because: String,
}

fn corrupt(what: &str) -> StoreError {
    StoreError::Corrupt(format!("a change with {what}"))
}

fn instant(micros: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(micros).map_err(|_| corrupt("no instant"))
}

fn step(step: &Step) -> StepDocument {
    StepDocument {
        at: step.at.as_secs(),
        phase: step.phase.name().to_owned(),
        is_monitoring: step.is_monitoring,
        text: step.text.clone(),
        command: step.command.clone(),
        hosts: step.hosts.clone(),
        environment: step.environment.clone(),
    }
}

fn read_step(step: StepDocument) -> Result<Step> {
    Ok(Step {
        at: SignedDuration::from_secs(step.at),
        phase: Phase::from_name(&step.phase).ok_or_else(|| corrupt("an unknown phase"))?,
        is_monitoring: step.is_monitoring,
        text: step.text,
        command: step.command,
        hosts: step.hosts,
        environment: step.environment,
    })
}

/// A plan as it is stored.
pub fn write(plan: &Plan) -> Result<String> {
    let document = PlanDocument {
        title: plan.title.clone(),
        service: Id(plan.service.0),
        also: plan.also.iter().map(|id| Id(id.0)).collect(),
        class: plan.class.clone(),
        technician: plan.technician.map(|id| Id(id.0)),
        resolver: plan.resolver.clone(),
        contacts: plan.contacts.clone(),
        start: plan.start.map(Timestamp::as_microsecond),
        end: plan.end.map(Timestamp::as_microsecond),
        impact: plan.impact.map(|impact| impact.name().to_owned()),
        worst_case: plan.worst_case.clone(),
        confidence: plan.confidence.map(|band| band.name().to_owned()),
        benefit: plan.benefit.clone(),
        without: plan.without.clone(),
        timeline: plan.timeline.iter().map(step).collect(),
        rollback: plan.rollback.iter().map(step).collect(),
        rollback_takes: plan.rollback_takes.map(|time| time.as_secs()),
        is_rollback_tested: plan.is_rollback_tested,
        automation: plan.automation.name().to_owned(),
        is_company_wide: plan.is_company_wide,
        customers: plan.customers.iter().map(|id| Id(id.0)).collect(),
        customers_told: plan.customers_told.clone(),
        link: plan.link.clone(),
        incident: plan.incident,
    };
    serde_json::to_string(&document).map_err(|_| corrupt("a plan that cannot be written"))
}

/// A plan that was stored.
pub fn read(text: &str) -> Result<Plan> {
    let document: PlanDocument =
        serde_json::from_str(text).map_err(|_| corrupt("an unreadable plan"))?;
    let band = |name: &str| Band::from_name(name).ok_or_else(|| corrupt("an unknown band"));
    let impact = |name: &str| Impact::from_name(name).ok_or_else(|| corrupt("an unknown impact"));
    Ok(Plan {
        title: document.title,
        service: ServiceId(document.service.0),
        also: document.also.into_iter().map(|id| ServiceId(id.0)).collect(),
        class: document.class,
        technician: document.technician.map(|id| UserId(id.0)),
        resolver: document.resolver,
        contacts: document.contacts,
        start: document.start.map(instant).transpose()?,
        end: document.end.map(instant).transpose()?,
        impact: document.impact.as_deref().map(impact).transpose()?,
        worst_case: document.worst_case,
        confidence: document.confidence.as_deref().map(band).transpose()?,
        benefit: document.benefit,
        without: document.without,
        timeline: document.timeline.into_iter().map(read_step).collect::<Result<_>>()?,
        rollback: document.rollback.into_iter().map(read_step).collect::<Result<_>>()?,
        rollback_takes: document.rollback_takes.map(SignedDuration::from_secs),
        is_rollback_tested: document.is_rollback_tested,
        automation: Automation::from_name(&document.automation)
            .ok_or_else(|| corrupt("an unknown automation"))?,
        is_company_wide: document.is_company_wide,
        customers: document.customers.into_iter().map(|id| TeamId(id.0)).collect(),
        customers_told: document.customers_told,
        link: document.link,
        incident: document.incident,
    })
}

/// An assessment as it is stored.
pub fn write_assessment(assessment: &Assessment) -> Result<String> {
    let requirement = |one: &Requirement| RequirementDocument {
        stage: one.stage,
        approver: one.approver.name().to_owned(),
        team: one.team.map(|id| Id(id.0)),
        people: one.people.iter().map(|id| Id(id.0)).collect(),
        quorum: one.quorum,
        timeout: one.timeout_secs,
        because: one.because.clone(),
    };
    let document = AssessmentDocument {
        policy_revision: assessment.policy_revision,
        row: assessment.row.clone(),
        tier: assessment.tier,
        risk: assessment.risk.band.name().to_owned(),
        risk_because: assessment.risk.because.clone(),
        notice: assessment.notice.text(),
        notice_until: assessment.notice_until.map(Timestamp::as_microsecond),
        is_emergent: assessment.is_emergent,
        needs_window: assessment.needs_window,
        technician_level: assessment.technician_level,
        requirements: assessment.requirements.iter().map(requirement).collect(),
        exception: assessment.exception,
        because: assessment.because.clone(),
    };
    serde_json::to_string(&document).map_err(|_| corrupt("an assessment that cannot be written"))
}

/// An assessment that was stored.
pub fn read_assessment(text: &str) -> Result<Assessment> {
    let document: AssessmentDocument =
        serde_json::from_str(text).map_err(|_| corrupt("an unreadable assessment"))?;
    let requirement = |one: RequirementDocument| {
        Ok(Requirement {
            stage: one.stage,
            approver: Approver::from_name(&one.approver)
                .ok_or_else(|| corrupt("an unknown approver"))?,
            team: one.team.map(|id| TeamId(id.0)),
            people: one.people.into_iter().map(|id| UserId(id.0)).collect(),
            quorum: one.quorum,
            timeout_secs: one.timeout,
            because: one.because,
        })
    };
    let band = Band::from_name(&document.risk).ok_or_else(|| corrupt("an unknown risk"))?;
    Ok(Assessment {
        policy_revision: document.policy_revision,
        row: document.row,
        tier: document.tier,
        risk: Risk { band, because: document.risk_because },
        notice: Notice::read(&document.notice).ok_or_else(|| corrupt("an unknown notice"))?,
        notice_until: document.notice_until.map(instant).transpose()?,
        is_emergent: document.is_emergent,
        needs_window: document.needs_window,
        technician_level: document.technician_level,
        requirements: document.requirements.into_iter().map(requirement).collect::<Result<_>>()?,
        exception: document.exception,
        because: document.because,
    })
}
