//! Filling templates of changes (`X11`): the placeholders of one, and a plan out of it with values in
//! their places. A template costs a bounded amount of work, and a placeholder without a value is an
//! error with its name, never an empty place in a command.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::{Environment, Value};
use muster_core::change::lint::{self, Finding};
use muster_core::change::plan::{Plan, TEXT_CHARS_MAX};
use muster_core::change::template::{Template, texts};
use muster_core::org::directory::Directory;

use crate::app::template::{Mistake, render};

/// How much work one text of a template may be, in steps of the engine.
const FUEL_MAX: u64 = 20_000;
/// What every template may speak of besides its own placeholders.
pub const SERVICE: &str = "service";

/// A text of a template that cannot be put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Where, as a path into the plan such as `timeline[2].command`.
    pub path: String,
    /// Why.
    pub why: String,
}

/// The names of the values that a plan asks for.
///
/// # Errors
/// Every text that is no template.
pub fn placeholders(plan: &Plan) -> Result<BTreeSet<String>, Vec<Broken>> {
    let environment = Environment::new();
    let mut names = BTreeSet::new();
    let mut broken = Vec::new();
    for (path, text) in texts(&mut plan.clone()) {
        match environment.template_from_str(text) {
            Ok(template) => names.extend(template.undeclared_variables(false)),
            Err(error) => broken.push(Broken { path, why: Mistake::from(error).to_string() }),
        }
    }
    names.remove(SERVICE);
    if broken.is_empty() { Ok(names) } else { Err(broken) }
}

/// A plan with values in the places of its placeholders.
///
/// # Errors
/// Every text that cannot be put together.
pub fn filled(
    plan: &Plan,
    service: &str,
    values: &BTreeMap<String, String>,
) -> Result<Plan, Vec<Broken>> {
    let mut values = values.clone();
    values.insert(SERVICE.to_owned(), service.to_owned());
    let values = Value::from_pairs(values);
    let mut plan = plan.clone();
    let mut broken = Vec::new();
    for (path, text) in texts(&mut plan) {
        match render(text, FUEL_MAX, values.clone()) {
            Ok(said) if said.chars().count() > TEXT_CHARS_MAX => {
                let why = format!("is longer than {TEXT_CHARS_MAX} characters with these values");
                broken.push(Broken { path, why });
            }
            Ok(said) => *text = said,
            Err(mistake) => broken.push(Broken { path, why: mistake.to_string() }),
        }
    }
    if broken.is_empty() { Ok(plan) } else { Err(broken) }
}

/// What is wrong with a template as it is configured, as far as it can be said without the change: its
/// texts, its class, and the timeline and rollback where it has them. Each placeholder stands for its
/// own name.
pub fn faults(plan: &Plan, classes: &[String]) -> Vec<Finding> {
    let tried = placeholders(plan).and_then(|names| {
        let values = names.into_iter().map(|name| (name.clone(), name)).collect();
        filled(plan, SERVICE, &values)
    });
    match tried {
        Ok(plan) => lint::of_template(&plan, classes),
        Err(broken) => broken
            .into_iter()
            .map(|one| Finding { field: one.path, text: one.why, is_blocking: true })
            .collect(),
    }
}

/// The template of that name.
pub fn named<'a>(directory: &'a Directory, name: &str) -> Option<&'a Template> {
    directory.change_policy.templates.iter().find(|template| template.name == name)
}
