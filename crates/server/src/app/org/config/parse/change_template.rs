//! Templates of changes in a file (`X11`).

use muster_core::change::plan::{self, Automation, Band, Impact, Phase};
use muster_core::change::template::TEMPLATES_MAX;
use muster_core::time::parse_duration;
use muster_store::org::document::change_template::{ChangeTemplate, TemplateStep};
use muster_store::org::document::text::short;

use super::super::read::{Cursor, Fields};
use super::change::one_of;

/// The templates of a policy.
pub fn templates(policy: &Fields<'_>) -> Vec<ChangeTemplate> {
    let templates = policy.list("templates", template);
    if templates.len() > TEMPLATES_MAX {
        policy.note_at("templates", format!("this is at most {TEMPLATES_MAX} long"));
    }
    let mut names: Vec<_> = templates.iter().map(|one| &one.name).collect();
    names.sort();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        policy.note_at("templates", format!("two templates are named `{}`", short(twice[0])));
    }
    templates
}

fn template(cursor: Cursor<'_>) -> ChangeTemplate {
    let fields = cursor.fields(&[
        "name",
        "class",
        "title",
        "description",
        "service",
        "takes",
        "resolver",
        "contacts",
        "impact",
        "worst_case",
        "confidence",
        "benefit",
        "without",
        "timeline",
        "rollback",
        "rollback_takes",
        "rollback_tested",
        "automation",
        "company_wide",
        "customers",
        "customers_told",
        "link",
    ]);
    let time = |name: &str| {
        fields.optional(name).map(|time| {
            time.checked(|text| parse_duration(text).map(drop).map_err(|error| error.to_string()))
        })
    };
    let flag = |name| fields.optional(name).and_then(|flag| flag.flag()).unwrap_or(false);
    ChangeTemplate {
        name: fields.name("name"),
        class: fields.name("class"),
        title: fields.text("title"),
        description: fields.optional_text("description"),
        service: fields.optional_name("service"),
        takes: time("takes"),
        resolver: fields.optional_text("resolver"),
        contacts: fields.list("contacts", |contact| contact.text()),
        impact: word(
            &fields,
            "impact",
            |text| Impact::from_name(text).is_some(),
            "none, internal, customer, customer_wide",
        ),
        worst_case: fields.optional_text("worst_case"),
        confidence: word(
            &fields,
            "confidence",
            |text| Band::from_name(text).is_some(),
            "low, medium, high",
        ),
        benefit: fields.optional_text("benefit"),
        without: fields.optional_text("without"),
        timeline: fields.list("timeline", step),
        rollback: fields.list("rollback", step),
        rollback_takes: time("rollback_takes"),
        rollback_tested: flag("rollback_tested"),
        automation: word(
            &fields,
            "automation",
            |text| Automation::from_name(text).is_some(),
            "manual, partial, full",
        ),
        company_wide: flag("company_wide"),
        customers: fields.list("customers", |team| team.name()),
        customers_told: fields.optional_text("customers_told"),
        link: fields.optional_text("link"),
    }
}

fn word(
    fields: &Fields<'_>,
    name: &str,
    is_one: impl Fn(&str) -> bool,
    all: &str,
) -> Option<String> {
    fields.optional(name).map(|word| word.checked(|text| one_of(text, is_one(text), all)))
}

fn step(cursor: Cursor<'_>) -> TemplateStep {
    let fields =
        cursor.fields(&["at", "phase", "monitoring", "text", "command", "hosts", "environment"]);
    let at = fields.required("at").map(|at| {
        at.checked(|text| {
            let is_read = plan::offset(text).is_some();
            one_of(text, is_read, "the times from the beginning, such as T+00:10")
        })
    });
    TemplateStep {
        at: at.unwrap_or_default(),
        phase: word(
            &fields,
            "phase",
            |text| Phase::from_name(text).is_some(),
            "before, during, after",
        ),
        monitoring: fields.optional("monitoring").and_then(|flag| flag.flag()).unwrap_or(false),
        text: fields.text("text"),
        command: fields.optional_text("command"),
        hosts: fields.list("hosts", |host| host.text()),
        environment: fields.optional_text("environment"),
    }
}
