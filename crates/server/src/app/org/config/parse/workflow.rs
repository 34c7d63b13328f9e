//! Workflows in a file.

use muster_core::alerting::rule::Condition;
use muster_core::incident::bridge::is_link;
use muster_core::incident::severity::Level;
use muster_core::incident::timeline::Kind;
use muster_core::incident::workflow::{OF_PROCESS, RUNS_MAX, STEPS_MAX};
use muster_store::org::document::text::short;
use muster_store::org::document::workflow::{Setting, Step, Workflow};

use super::super::read::{Cursor, Fields};
use crate::app::template;

/// The fields of a step, of which it has exactly one.
const DEEDS: [&str; 7] = ["engage", "page", "post", "tell", "set", "webhook", "open_bridge"];

pub fn workflow(cursor: Cursor<'_>) -> Workflow {
    let fields = cursor.fields(&["name", "description", "on", "when", "at_most", "off", "do"]);
    let on = fields.list("on", |kind| kind.checked(check_event));
    if on.is_empty() {
        fields.note_at("on", "name at least one event, such as `declared`");
    }
    let steps = fields.list("do", step);
    if steps.is_empty() || steps.len() > STEPS_MAX {
        fields.note_at("do", format!("a workflow has 1 to {STEPS_MAX} steps"));
    }
    let at_most = fields.optional("at_most").and_then(|most| most.number(1..=i64::from(RUNS_MAX)));
    Workflow {
        name: fields.name("name"),
        description: fields.optional("description").map(|text| text.text()),
        on,
        when: fields.optional("when").map(|condition| condition.checked(check_condition)),
        at_most: at_most.and_then(|most| u32::try_from(most).ok()),
        off: fields.optional("off").and_then(|flag| flag.flag()).unwrap_or(false),
        r#do: steps,
    }
}

fn step(cursor: Cursor<'_>) -> Step {
    let fields = cursor.fields(&[
        "engage",
        "page",
        "post",
        "tell",
        "set",
        "webhook",
        "open_bridge",
        "message",
        "text",
    ]);
    let deeds: Vec<_> = DEEDS.into_iter().filter(|name| fields.optional(name).is_some()).collect();
    if deeds.len() != 1 {
        cursor.note(format!("a step does exactly one of {}", DEEDS.join(", ")));
        return Step::default();
    }
    let deed = deeds[0];
    belongs(&fields, "message", deed, &["engage", "page"]);
    belongs(&fields, "text", deed, &["tell"]);
    let template = |name| fields.optional(name).map(|text| text.checked(template::check));
    if deed == "tell" && fields.optional("text").is_none() {
        fields.note_at("text", "say what the list is told");
    }
    Step {
        engage: fields.optional_name("engage"),
        page: fields.list("page", |user| user.name()),
        message: template("message"),
        post: template("post"),
        tell: fields.optional_name("tell"),
        text: template("text"),
        set: fields.optional("set").map(setting),
        webhook: fields.optional_name("webhook"),
        open_bridge: fields.optional("open_bridge").map(|link| link.checked(check_bridge)),
    }
}

fn belongs(fields: &Fields<'_>, name: &'static str, deed: &str, to: &[&str]) {
    if fields.optional(name).is_some() && !to.contains(&deed) {
        fields.note_at(name, format!("this belongs to {}", to.join(" and ")));
    }
}

fn setting(cursor: Cursor<'_>) -> Setting {
    let fields = cursor.fields(&["severity"]);
    let severity = fields
        .required("severity")
        .and_then(|level| level.number(1..=i64::from(Level::NUMBER_MAX)));
    Setting { severity: severity.and_then(|level| u8::try_from(level).ok()).unwrap_or(1) }
}

fn check_event(text: &str) -> Result<(), String> {
    if text == Kind::WorkflowRan.name() {
        return Err("workflows set off no workflow".to_owned());
    }
    if Kind::from_name(text).is_some() {
        return Ok(());
    }
    Err(format!(
        "`{}` is no kind of timeline entry; write for example `declared`, `opened`, \
         `severity_changed`, `status_changed`, `restored`, `resolved`",
        short(text)
    ))
}

fn check_condition(text: &str) -> Result<(), String> {
    Condition::parse(text).map(drop).map_err(|invalid| invalid.to_string())
}

fn check_bridge(text: &str) -> Result<(), String> {
    if text == OF_PROCESS || is_link(text) {
        return Ok(());
    }
    Err(format!("write `{OF_PROCESS}` or an http, https, tel or sip link without blanks"))
}
