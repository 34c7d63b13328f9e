//! Drafts of updates and notices (`U1`, `E3`): what an audience or a notification list would be told
//! now, written from the record in its own wording. A draft is an offer: whoever speaks to the audience changes it and sends it. Where a
//! template fails all the same, the built-in words are offered.

use jiff::Timestamp;
use minijinja::{Value, context};
use muster_core::incident::audience::{Audience, WORDING_CHARS_MAX};
use muster_core::incident::impact;
use muster_core::incident::lifecycle::{Incident, Status};
use muster_core::incident::update::TEXT_CHARS_MAX;
use muster_core::oncall::list::NotificationList;
use muster_core::org::directory::Directory;

use crate::app::template::{self, Mistake, Tried};

/// How much work a template may be, in steps of the engine.
const FUEL_MAX: u64 = 50_000;
/// The most people whom a notice names.
const PEOPLE_MAX: usize = 12;

/// For colleagues: what is wrong, how bad, who has it, whether the cause is known.
const INTERNAL: &str = "\
{{ state }}: {{ title }} (incident {{ number }}, severity {{ severity }} {{ severity_name }}, {{ service }}).\
{% if impact %} Impact: {{ impact }}.{% endif %}\
{% if lead %} {{ lead }} leads.{% elif assignee %} {{ assignee }} has it.{% endif %}\
 {{ cause }} Since {{ began }}.{% if estimate %} It may be over at about {{ estimate }}.{% endif %}\
{% if bridge %} Join at {{ bridge }}{% endif %}";

/// For customers: what they notice and what is done, without names.
const EXTERNAL: &str = "\
{% if status == 'resolved' or status == 'closed' %}The problem with {{ service }} is resolved. \
Everything works as usual again.\
{% elif status == 'restored' %}{{ service }} works again. We go on watching it.\
{% elif status == 'identified' %}We know why {{ service }} does not work as it should and are \
mending it.\
{% else %}Something is wrong with {{ service }} since {{ began }}. We are looking for the cause.{% endif %}";

/// For upper management: how bad, what it costs, who leads.
const MANAGEMENT: &str = "\
{{ state }}: {{ service }}, severity {{ severity }} ({{ severity_name }}), since {{ began }}.\
{% if impact %} Impact: {{ impact }}.{% endif %}\
{% if cost %} Cost so far: {{ cost }}.{% endif %}\
{% if lead %} {{ lead }} leads, {% endif %}{{ engaged }} engaged. {{ cause }}";

/// For notification lists: what happened, how bad, who is engaged, whether the cause is known, when it
/// may be over.
const NOTICE: &str = "\
{% if happened %}{{ happened }}\n{% endif %}\
Severity {{ severity }} ({{ severity_name }}), {{ service }}; \
{% if lead %}{{ lead }} leads{% elif assignee %}{{ assignee }} has it\
{% elif status == 'resolved' or status == 'closed' %}it is over{% else %}nobody has it yet{% endif %}.\
{% if impact %}\nImpact: {{ impact }}.{% endif %}\
{% if people %}\nEngaged: {{ people }}.{% endif %}\
\n{{ cause }}{% if estimate %} It may be over at about {{ estimate }}, an estimate.{% endif %}\
{% if path %}\n{{ path }}{% endif %}";

/// What a notification list would be told now. `happened` says in a sentence why, where something
/// did; `path` why this list hears of it, where it does not cover the service.
pub fn notice(
    directory: &Directory,
    list: &NotificationList,
    incident: &Incident,
    (happened, path): (&str, &str),
    now: Timestamp,
) -> String {
    let template = list.wording.as_deref().unwrap_or_else(|| notice_in_force(directory));
    let mut subject = Subject::of(directory, incident, now);
    (subject.happened, subject.path) = (happened.to_owned(), path.to_owned());
    render(template, &subject).or_else(|_| render(NOTICE, &subject)).unwrap_or_else(|error| {
        tracing::warn!("no notice could be written: {error}");
        happened.to_owned()
    })
}

/// What an audience would be told now.
pub fn draft(
    directory: &Directory,
    audience: &Audience,
    incident: &Incident,
    now: Timestamp,
) -> String {
    let template = audience.wording.as_deref().unwrap_or_else(|| built_in(&audience.name));
    let subject = Subject::of(directory, incident, now);
    render(template, &subject)
        .or_else(|_| render(built_in(&audience.name), &subject))
        .unwrap_or_else(|error| {
            tracing::warn!("no draft could be written: {error}");
            String::new()
        })
}

/// Tries a template on an incident that might be.
///
/// # Errors
/// Says what is wrong with it.
pub fn check(template: &str) -> Result<(), String> {
    bounded(template, &sample()).map(drop).map_err(|mistake| mistake.to_string())
}

/// Tries a template on an incident, or on one that might be.
pub fn tried(
    directory: &Directory,
    incident: Option<&Incident>,
    template: &str,
    now: Timestamp,
) -> Tried {
    let subject = incident.map_or_else(sample, |incident| Subject::of(directory, incident, now));
    Tried::of(bounded(template, &subject), &values(&subject))
}

fn bounded(template: &str, of: &Subject) -> Result<String, Mistake> {
    if template.chars().count() > WORDING_CHARS_MAX {
        return Err(format!("a template has at most {WORDING_CHARS_MAX} characters").into());
    }
    render(template, of)
}

/// An incident that might be.
fn sample() -> Subject {
    Subject {
        number: 42,
        title: "Nobody can pay".to_owned(),
        service: "checkout".to_owned(),
        severity: 1,
        severity_name: "Outage".to_owned(),
        status: Status::Identified.name(),
        state: "The cause is known",
        cause: "The cause is known.",
        lead: "Ana Ortiz".to_owned(),
        assignee: "Ana Ortiz".to_owned(),
        engaged: 3,
        impact: "1,200 users".to_owned(),
        cost: "3000 EUR".to_owned(),
        began: "04:07 UTC".to_owned(),
        estimate: "05:30 UTC".to_owned(),
        people: "Ana Ortiz, Bo Lind".to_owned(),
        bridge: "https://meet.example.net/muster-42".to_owned(),
        happened: "Declared as severity 1 (Outage)".to_owned(),
        path: "You hear of it because shop depends on checkout.".to_owned(),
    }
}

/// What notification lists are told where nobody says otherwise.
pub fn notice_in_force(directory: &Directory) -> &str {
    if directory.notice.is_empty() { NOTICE } else { &directory.notice }
}

/// How an audience is told where nobody says otherwise.
pub fn built_in(audience: &str) -> &'static str {
    match audience {
        "external" => EXTERNAL,
        "management" => MANAGEMENT,
        _ => INTERNAL,
    }
}

/// What a template may speak of.
struct Subject {
    number: i64,
    title: String,
    service: String,
    severity: u8,
    severity_name: String,
    status: &'static str,
    state: &'static str,
    cause: &'static str,
    lead: String,
    assignee: String,
    engaged: usize,
    impact: String,
    cost: String,
    began: String,
    estimate: String,
    people: String,
    bridge: String,
    happened: String,
    path: String,
}

impl Subject {
    fn of(directory: &Directory, incident: &Incident, now: Timestamp) -> Self {
        let service = directory.services.get(incident.service);
        let severity = directory.severity(incident.severity);
        let name = |user| directory.users.get(user).map(|user| user.full_name.clone());
        let leads = muster_core::incident::audience::leads(directory, incident);
        let leads: Vec<_> = leads.into_iter().filter_map(name).collect();
        let cost = impact::cost(directory, incident, now).total;
        let cost: Vec<_> =
            cost.iter().map(|sum| format!("{} {}", sum.amount, sum.currency)).collect();
        let stamps = &incident.stamps;
        let began = stamps.occurred_at.or(stamps.detected_at).unwrap_or(now);
        let (state, cause) = words(incident.status);
        let people = incident.clocks.engage.here().take(PEOPLE_MAX);
        let people = people.filter_map(|one| name(one.user));
        Self {
            number: incident.number,
            title: incident.title.clone(),
            service: service.map_or_else(String::new, |service| service.name.clone()),
            severity: incident.severity.number(),
            severity_name: severity.name.clone(),
            status: incident.status.name(),
            state,
            cause,
            lead: leads.join(" and "),
            assignee: incident.assignee.and_then(name).unwrap_or_default(),
            engaged: incident.clocks.engage.here().count(),
            impact: incident.impact.words(directory),
            cost: cost.join(", "),
            began: began.strftime("%H:%M UTC").to_string(),
            estimate: estimate(incident, now),
            people: people.collect::<Vec<_>>().join(", "),
            bridge: incident.bridge.as_ref().map_or_else(String::new, |one| one.link.clone()),
            happened: String::new(),
            path: String::new(),
        }
    }
}

/// When somebody expects it to be over; nothing where nobody says or where that has passed.
pub(super) fn estimate(incident: &Incident, now: Timestamp) -> String {
    let over_at = incident.estimate.as_ref().map(|estimate| estimate.over_at);
    let over_at = over_at.filter(|at| *at > now && incident.status.is_open());
    let pattern = |at: Timestamp| match at.duration_since(now).as_hours() < 20 {
        true => at.strftime("%H:%M UTC").to_string(),
        false => at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
    };
    over_at.map(pattern).unwrap_or_default()
}

/// A status in words, and what is known of the cause.
pub(super) fn words(status: Status) -> (&'static str, &'static str) {
    match status {
        Status::Triggered => ("New", "The cause is not known yet."),
        Status::Acknowledged => ("Being looked at", "The cause is not known yet."),
        Status::Researching => ("Looking for the cause", "The cause is not known yet."),
        Status::Identified => ("The cause is known", "The cause is known and being mended."),
        Status::Restored => ("Restored", "The service works again and is being tested."),
        Status::Resolved | Status::Closed => ("Resolved", "It is over."),
    }
}

fn render(template: &str, of: &Subject) -> Result<String, Mistake> {
    let text = template::render(template, FUEL_MAX, values(of))?;
    let text: String = text.trim().chars().take(TEXT_CHARS_MAX).collect();
    if text.is_empty() { Err("the template says nothing".to_owned().into()) } else { Ok(text) }
}

fn values(of: &Subject) -> Value {
    context! {
        number => of.number,
        title => &of.title,
        service => &of.service,
        severity => of.severity,
        severity_name => &of.severity_name,
        status => of.status,
        state => of.state,
        cause => of.cause,
        lead => &of.lead,
        assignee => &of.assignee,
        engaged => of.engaged,
        impact => &of.impact,
        cost => &of.cost,
        began => &of.began,
        estimate => &of.estimate,
        people => &of.people,
        bridge => &of.bridge,
        happened => &of.happened,
        path => &of.path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_wording_says_something_and_a_wrong_one_says_why() {
        for template in [INTERNAL, EXTERNAL, MANAGEMENT, NOTICE] {
            assert_eq!(check(template), Ok(()));
        }
        assert!(check("{{ nothing }}").is_err());
        assert!(check("{% for x in range(100000000) %}x{% endfor %}").is_err());
        assert!(check("  ").is_err());
    }

    #[test]
    fn what_comes_from_outside_is_text_and_never_a_template() {
        let mut subject = Subject {
            number: 1,
            title: "{{ 7 * 7 }} <b>".to_owned(),
            service: "checkout".to_owned(),
            severity: 1,
            severity_name: "Outage".to_owned(),
            status: "triggered",
            state: "New",
            cause: "",
            lead: String::new(),
            assignee: String::new(),
            engaged: 0,
            impact: String::new(),
            cost: String::new(),
            began: String::new(),
            estimate: String::new(),
            people: String::new(),
            bridge: String::new(),
            happened: String::new(),
            path: String::new(),
        };
        assert_eq!(render("{{ title }}", &subject).unwrap(), "{{ 7 * 7 }} <b>");
        subject.title = "x".repeat(TEXT_CHARS_MAX * 2);
        assert_eq!(render("{{ title }}", &subject).unwrap().len(), TEXT_CHARS_MAX);
    }
}
