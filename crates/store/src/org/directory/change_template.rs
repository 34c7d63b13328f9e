//! Templates of changes out of their documents.

use muster_core::change::plan::{self, Automation, Band, Impact, Phase, Plan};
use muster_core::change::template::Template;
use muster_core::id::{ServiceId, TeamId};
use muster_core::time::parse_duration;
use uuid::Uuid;

use super::Builder;
use crate::org::document::Kind;
use crate::org::document::change_template::{ChangeTemplate, TemplateStep};

/// The plan of a template, without what it refers to by name.
pub fn plan_of(written: &ChangeTemplate) -> Plan {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let steps = |steps: &[TemplateStep]| steps.iter().map(step).collect();
    let automation = written.automation.as_deref().and_then(Automation::from_name);
    Plan {
        resolver: text(&written.resolver),
        contacts: written.contacts.clone(),
        impact: written.impact.as_deref().and_then(Impact::from_name),
        worst_case: text(&written.worst_case),
        confidence: written.confidence.as_deref().and_then(Band::from_name),
        benefit: text(&written.benefit),
        without: text(&written.without),
        timeline: steps(&written.timeline),
        rollback: steps(&written.rollback),
        rollback_takes: written
            .rollback_takes
            .as_deref()
            .and_then(|time| parse_duration(time).ok()),
        is_rollback_tested: written.rollback_tested,
        automation: automation.unwrap_or(Automation::Manual),
        is_company_wide: written.company_wide,
        customers_told: text(&written.customers_told),
        link: text(&written.link),
        ..Plan::new(written.title.clone(), ServiceId(Uuid::nil()), written.class.clone())
    }
}

fn step(written: &TemplateStep) -> plan::Step {
    let phase = written.phase.as_deref().and_then(Phase::from_name);
    plan::Step {
        at: plan::offset(&written.at).unwrap_or_default(),
        phase: phase.unwrap_or(Phase::During),
        is_monitoring: written.monitoring,
        text: written.text.clone(),
        command: written.command.clone().unwrap_or_default(),
        hosts: written.hosts.clone(),
        environment: written.environment.clone().unwrap_or_default(),
    }
}

impl Builder<'_> {
    pub(super) fn change_template(&mut self, written: &ChangeTemplate) -> Option<Template> {
        let mut plan = plan_of(written);
        let service = self.reference(Kind::Service, written.service.as_deref()).map(ServiceId);
        let customers = written.customers.iter();
        plan.customers = customers
            .filter_map(|name| self.reference(Kind::Team, Some(name.as_str())).map(TeamId))
            .collect();
        plan.service = service.unwrap_or(plan.service);
        Some(Template {
            name: written.name.clone(),
            description: written.description.clone().unwrap_or_default(),
            service,
            takes: written.takes.as_deref().and_then(|time| parse_duration(time).ok()),
            plan,
        })
    }
}
