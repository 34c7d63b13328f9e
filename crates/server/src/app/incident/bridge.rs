//! The link of an incident's bridge (`J6`): what the template of its severity's process makes for it,
//! in the manner of Jinja. A template is tried when it is configured and costs a bounded amount of
//! work; one that makes no link all the same opens no bridge and holds nothing up.

use minijinja::{Value, context};
use muster_core::incident::bridge::{TEMPLATE_CHARS_MAX, is_link};
use muster_core::incident::lifecycle::Incident;
use muster_core::incident::severity::Level;
use muster_core::org::directory::Directory;
use muster_core::org::service::Service;

use crate::app::template::{self, Mistake, Tried};

/// How much work a template may be, in steps of the engine.
const FUEL_MAX: u64 = 20_000;

/// What a template may speak of.
struct Subject<'a> {
    number: i64,
    severity: u8,
    service: &'a str,
    team: &'a str,
}

/// Where people would meet about an incident of that severity; nothing where its process names no
/// bridge.
pub fn link(directory: &Directory, incident: &Incident, level: Level) -> Option<String> {
    let service = directory.services.get(incident.service);
    link_for(directory, service, incident.number, level)
}

/// As [`link`], for an incident that might be.
pub fn link_for(
    directory: &Directory,
    service: Option<&Service>,
    number: i64,
    level: Level,
) -> Option<String> {
    let plan = directory.severity(level).process.bridge.as_ref()?;
    match render(&plan.template, &subject(directory, service, number, level)) {
        Ok(link) => Some(link),
        Err(why) => {
            tracing::warn!(incident = number, "the template of the bridge failed: {why}");
            None
        }
    }
}

fn subject<'a>(
    directory: &'a Directory,
    service: Option<&'a Service>,
    number: i64,
    level: Level,
) -> Subject<'a> {
    let team = service.and_then(|service| service.team).and_then(|id| directory.teams.get(id));
    Subject {
        number,
        severity: level.number(),
        service: service.map_or("", |service| &service.name),
        team: team.map_or("", |team| &team.name),
    }
}

/// Tries a template on an incident that might be.
///
/// # Errors
/// Says what is wrong with it.
pub fn check(template: &str) -> Result<(), String> {
    render(template, &SAMPLE).map(drop).map_err(|mistake| mistake.to_string())
}

/// An incident that might be.
const SAMPLE: Subject<'static> =
    Subject { number: 42, severity: 1, service: "checkout", team: "payments" };

/// Tries a template on an incident, or on one that might be.
pub fn tried(directory: &Directory, incident: Option<&Incident>, template: &str) -> Tried {
    let subject = incident.map_or(SAMPLE, |incident| {
        let service = directory.services.get(incident.service);
        subject(directory, service, incident.number, incident.severity)
    });
    Tried::of(render(template, &subject), &values(&subject))
}

fn values(of: &Subject<'_>) -> Value {
    let values = || {
        context! {
            number => of.number,
            severity => of.severity,
            service => of.service,
            team => of.team,
        }
    };
    // The same by its long name, for those who write it so.
    context! { incident => values(), ..values() }
}

fn render(template: &str, of: &Subject<'_>) -> Result<String, Mistake> {
    if template.chars().count() > TEMPLATE_CHARS_MAX {
        return Err(format!("a template has at most {TEMPLATE_CHARS_MAX} characters").into());
    }
    let link = template::render(template, FUEL_MAX, values(of))?;
    let link = link.trim().to_owned();
    if is_link(&link) {
        return Ok(link);
    }
    let made: String = link.chars().take(80).collect();
    Err(format!("it makes `{made}`, which is not an http, https, tel or sip link").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_makes_a_link_and_anything_else_is_refused_with_the_reason() {
        assert_eq!(check("https://meet.example.net/muster-{{ number }}"), Ok(()));
        assert_eq!(check("https://meet.example.net/{{ incident.number }}-{{ service }}"), Ok(()));
        assert_eq!(check("tel:+4930123,,{{ number }}#"), Ok(()));
        for (template, why) in [
            ("javascript:alert({{ number }})", "not an http, https, tel or sip link"),
            ("https://meet.example.net/{{ nubmer }}", "undefined"),
            ("https://meet.example.net/{{ number", "syntax"),
            ("https://{% for x in range(100000000) %}x{% endfor %}", ""),
        ] {
            let refused = check(template).unwrap_err();
            assert!(refused.contains(why), "{template}: {refused}");
        }
    }
}
