//! The words that an organisation chooses for itself (`N6`): templates in the manner of Jinja that
//! put an incident into one line. A template is tried when it is configured, costs a bounded amount
//! of work, and where it fails all the same the built-in words are sent: a page never waits for
//! its wording.

use minijinja::value::ValueKind;
use minijinja::{Environment, UndefinedBehavior, Value, context};
use muster_core::incident::lifecycle::{Incident, Status};
use muster_core::incident::severity::Level;
use muster_core::org::directory::Directory;
use muster_core::org::service::Service;

/// The longest template, in characters.
pub const TEMPLATE_CHARS_MAX: usize = 500;
/// The longest line that a template makes, in characters.
const LINE_CHARS_MAX: usize = 300;
/// How much work a template may be, in steps of the engine.
const FUEL_MAX: u64 = 20_000;

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}{}", in_line(*line))]
pub struct Mistake {
    /// In words.
    pub why: String,
    /// In which of its lines, from 1; none where it is about the whole.
    pub line: Option<usize>,
}

impl From<String> for Mistake {
    fn from(why: String) -> Self {
        Self { why, line: None }
    }
}

impl From<minijinja::Error> for Mistake {
    fn from(error: minijinja::Error) -> Self {
        let why = match error.detail() {
            Some(detail) => format!("{}: {detail}", error.kind()),
            None => error.kind().to_string(),
        };
        Self { why, line: error.line() }
    }
}

fn in_line(line: Option<usize>) -> String {
    line.map_or_else(String::new, |line| format!(", in line {line}"))
}

/// A template that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// What it says.
    pub said: Result<String, Mistake>,
    /// What it may speak of, and what that is here, by name.
    pub values: Vec<(String, String)>,
}

impl Tried {
    /// What became of a template that was put together with `values`.
    pub fn of(said: Result<String, Mistake>, values: &Value) -> Self {
        let names = values.try_iter().into_iter().flatten();
        let named = names.filter_map(|name| {
            let value = values.get_item(&name).ok()?;
            // What is within has a short name too.
            (value.kind() != ValueKind::Map).then(|| (name.to_string(), value.to_string()))
        });
        let mut values: Vec<_> = named.collect();
        values.sort_unstable();
        Self { said, values }
    }
}

/// What a template may speak of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject<'a> {
    /// The incident's number.
    pub number: i64,
    /// How bad it is.
    pub severity: Level,
    /// What that level is called: `Outage`.
    pub severity_name: &'a str,
    /// The service.
    pub service: &'a str,
    /// The team, if there is one.
    pub team: &'a str,
    /// The incident's title; from outside.
    pub title: &'a str,
    /// Where it stands.
    pub status: &'a str,
    /// Alerts that ever joined.
    pub alert_count: i64,
    /// How bad it is, in a line; empty where nobody has said.
    pub impact: &'a str,
    /// Where people meet; empty where nowhere.
    pub bridge: &'a str,
}

/// What is told of an incident, whether there is one yet or it is only tried out.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// The incident's number.
    pub number: i64,
    /// How bad it is.
    pub severity: Level,
    /// The incident's title; from outside.
    pub title: &'a str,
    /// Where it stands.
    pub status: Status,
    /// Alerts that ever joined.
    pub alert_count: i64,
    /// How bad it is, in a line; empty where nobody has said.
    pub impact: &'a str,
    /// Where people meet; empty where nowhere.
    pub bridge: &'a str,
}

/// An incident of a service in the organisation's own words; nothing where it has none, or where
/// they fail.
pub fn in_own_words(directory: &Directory, service: Option<&Service>, told: &Told<'_>) -> String {
    if directory.headline.is_empty() {
        return String::new();
    }
    let team = service.and_then(|service| service.team).and_then(|id| directory.teams.get(id));
    let subject = Subject {
        number: told.number,
        severity: told.severity,
        severity_name: &directory.severity(told.severity).name,
        service: service.map_or("", |service| &service.name),
        team: team.map_or("", |team| &team.name),
        title: told.title,
        status: told.status.name(),
        alert_count: told.alert_count,
        impact: told.impact,
        bridge: told.bridge,
    };
    headline(&directory.headline, &subject).unwrap_or_else(|error| {
        tracing::warn!("the template of headlines was not used: {error}");
        String::new()
    })
}

/// What a template makes of values. Whatever it names must be there, and it costs at most `fuel_max`
/// steps of the engine.
///
/// # Errors
/// Says what is wrong with the template.
pub fn render(template: &str, fuel_max: u64, values: Value) -> Result<String, Mistake> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(fuel_max));
    Ok(environment.render_str(template, values)?)
}

/// What a template says about an incident, in one line.
///
/// # Errors
/// Says what is wrong with the template.
pub fn about(
    directory: &Directory,
    incident: &Incident,
    template: &str,
) -> Result<String, Mistake> {
    with_subject(directory, incident, |subject| headline(template, subject))
}

/// Tries a template on an incident, or on one that might be.
pub fn tried(directory: &Directory, incident: Option<&Incident>, template: &str) -> Tried {
    let tried = |of: &Subject<'_>| Tried::of(headline(template, of), &values(of));
    match incident {
        Some(incident) => with_subject(directory, incident, tried),
        None => tried(&SAMPLE),
    }
}

fn with_subject<T>(
    directory: &Directory,
    incident: &Incident,
    then: impl FnOnce(&Subject<'_>) -> T,
) -> T {
    let service = directory.services.get(incident.service);
    let team = service.and_then(|service| service.team).and_then(|id| directory.teams.get(id));
    let subject = Subject {
        number: incident.number,
        severity: incident.severity,
        severity_name: &directory.severity(incident.severity).name,
        service: service.map_or("", |service| &service.name),
        team: team.map_or("", |team| &team.name),
        title: &incident.title,
        status: incident.status.name(),
        alert_count: incident.alert_count,
        impact: &incident.impact.words(directory),
        bridge: incident.bridge.as_ref().map_or("", |bridge| &bridge.link),
    };
    then(&subject)
}

/// Puts an incident into one line.
///
/// # Errors
/// Says what is wrong with the template.
pub fn headline(template: &str, of: &Subject<'_>) -> Result<String, Mistake> {
    if template.chars().count() > TEMPLATE_CHARS_MAX {
        return Err(format!("a template has at most {TEMPLATE_CHARS_MAX} characters").into());
    }
    let text = render(template, FUEL_MAX, values(of))?;
    let words: Vec<_> = text.split_whitespace().collect();
    let line: String = words.join(" ").chars().take(LINE_CHARS_MAX).collect();
    if line.is_empty() { Err("the template says nothing".to_owned().into()) } else { Ok(line) }
}

fn values(of: &Subject<'_>) -> Value {
    context! {
        number => of.number,
        severity => of.severity.number(),
        severity_name => of.severity_name,
        service => of.service,
        team => of.team,
        title => of.title,
        status => of.status,
        alert_count => of.alert_count,
        impact => of.impact,
        bridge => of.bridge,
    }
}

/// An incident that might be.
const SAMPLE: Subject<'static> = Subject {
    number: 42,
    severity: Level::WORST,
    severity_name: "Outage",
    service: "checkout",
    team: "payments",
    title: "Disk full",
    status: "triggered",
    alert_count: 1,
    impact: "1,200 users",
    bridge: "https://meet.example.net/muster-42",
};

/// Tries a template on an incident that might be.
///
/// # Errors
/// Says what is wrong with the template.
pub fn check(template: &str) -> Result<(), String> {
    headline(template, &SAMPLE).map(drop).map_err(|mistake| mistake.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(template: &str) -> Result<String, String> {
        let subject = Subject {
            number: 7,
            severity: Level::WORST,
            severity_name: "Outage",
            service: "shop",
            team: "",
            title: "{{ number }}\nand <b>",
            status: "triggered",
            alert_count: 3,
            impact: "",
            bridge: "",
        };
        headline(template, &subject).map_err(|mistake| mistake.to_string())
    }

    #[test]
    fn a_mistake_has_its_line_and_a_trial_says_what_there_is_to_speak_of() {
        let directory = Directory::default();
        let tried = tried(&directory, None, "{{ title }}\n{{ numbr }}");
        let mistake = tried.said.unwrap_err();
        assert_eq!((mistake.line, mistake.why.contains("undefined")), (Some(2), true), "{mistake}");
        assert!(tried.values.contains(&("title".to_owned(), "Disk full".to_owned())));
    }

    #[test]
    fn a_template_puts_an_incident_into_one_line() {
        let said = line("#{{ number }} {{ severity_name|upper }}: {{ title }}");
        assert_eq!(said.as_deref(), Ok("#7 OUTAGE: {{ number }} and <b>"));
        let said = line("{% if alert_count > 1 %}{{ alert_count }} alerts{% endif %}");
        assert_eq!(said.as_deref(), Ok("3 alerts"));
    }

    #[test]
    fn what_cannot_be_said_is_refused_with_the_reason() {
        assert!(line("{{ numbr }}").unwrap_err().contains("undefined"));
        assert!(line("{{ number ").unwrap_err().contains("syntax"));
        assert!(line("{{ team }}").unwrap_err().contains("says nothing"));
        let endless =
            "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}";
        assert!(line(endless).is_err());
        assert!(line(&"x".repeat(TEMPLATE_CHARS_MAX + 1)).is_err());
    }
}
