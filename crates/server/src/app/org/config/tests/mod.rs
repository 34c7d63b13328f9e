mod applying;
mod asserting;
mod documented;
mod refusing;
mod rosters;
mod warning;

use jiff::Timestamp;

use super::{ConfigError, Plan, Surroundings, Wanted, check, plan_alone};

/// The normative example of the format.
const EXAMPLE: &str = include_str!("../../../../../tests/fixtures/org-example.yaml");

fn surroundings() -> Surroundings<'static> {
    let now: Timestamp = "2026-02-04T12:00:00Z".parse().unwrap();
    Surroundings { now, environment: &|_| None }
}

fn wanted(text: &str) -> Wanted {
    check(text, Some("org.yaml")).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

/// The example with one passage replaced by another.
fn example_with(from: &str, to: &str) -> String {
    assert!(EXAMPLE.contains(from), "the example has no {from:?}");
    EXAMPLE.replacen(from, to, 1)
}

/// Every problem of a file that must stand by itself, one a line.
fn problems(text: &str) -> Vec<String> {
    let problems = match check(text, None) {
        Err(problems) => problems,
        Ok(wanted) => match plan_alone(&wanted, &surroundings()) {
            Err(ConfigError::Invalid(problems)) => problems,
            Err(other) => panic!("{other}"),
            Ok(_) => Vec::new(),
        },
    };
    problems.iter().map(ToString::to_string).collect()
}

fn planned(text: &str) -> Plan {
    plan_alone(&wanted(text), &surroundings()).unwrap_or_else(|error| panic!("{error}"))
}
