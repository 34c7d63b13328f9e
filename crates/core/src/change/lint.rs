//! What a plan still lacks (`X14`, and the rules of `X2` and `X3`), in words that say what to write, and
//! how good it is over eight fields. What is blocking keeps it from being submitted; the rest is
//! advice.

use jiff::{SignedDuration, Timestamp};

use super::approval::Assessment;
use super::host::Known;
use super::plan::{Phase, Plan, Step};
use crate::org::directory::Directory;

/// Something that is missing or wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where, as a path into the plan such as `timeline[2].command`.
    pub field: String,
    /// What to write, in words.
    pub text: String,
    /// Whether the change cannot be submitted so.
    pub is_blocking: bool,
}

/// How good one of the eight fields is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Score {
    /// Which.
    pub field: &'static str,
    /// From −2 to 2; below zero where it misleads or is missing.
    pub points: i32,
}

/// How far in the past a beginning may lie that is submitted: people write minutes, and pipelines begin
/// at once.
const START_GRACE: SignedDuration = SignedDuration::from_mins(5);

/// Ways of saying "the same backwards", which help nobody who did not write the plan.
const BACKWARDS: [&str; 9] = [
    "in reverse",
    "reverse order",
    "reverse the steps",
    "reverse the timeline",
    "reverse of",
    "backwards",
    "repeat the timeline",
    "undo the steps",
    "undo the above",
];

struct Findings(Vec<Finding>);

impl Findings {
    fn must(&mut self, holds: bool, field: &str, text: &str) {
        self.put(holds, field, text, true);
    }

    fn should(&mut self, holds: bool, field: &str, text: &str) {
        self.put(holds, field, text, false);
    }

    fn put(&mut self, holds: bool, field: &str, text: &str, is_blocking: bool) {
        if !holds {
            self.0.push(Finding { field: field.to_owned(), text: text.to_owned(), is_blocking });
        }
    }
}

fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

/// What a plan lacks, in the order of its fields. A change that is recorded after the fact may lie in
/// the past.
pub fn findings(
    plan: &Plan,
    assessment: &Assessment,
    directory: &Directory,
    now: Timestamp,
    is_after_the_fact: bool,
) -> Vec<Finding> {
    let mut found = Findings(Vec::new());
    found.must(words(&plan.title) >= 2, "title", "say in a line what is changed");
    let is_known_class = directory.change_policy.classes.contains(&plan.class);
    found.must(
        is_known_class,
        "class",
        &format!(
            "`{}` is no class of the policy; it knows {}",
            plan.class,
            directory.change_policy.classes.join(", ")
        ),
    );
    found.must(plan.technician.is_some(), "technician", "say who does it");
    if let (Some(least), Some(technician)) = (assessment.technician_level, plan.technician) {
        let level = directory.change_policy.level(technician, &plan.class);
        found.must(
            level >= least,
            "technician",
            &format!(
                "row `{}` asks for level {least} in {}; the technician has {level} (X17)",
                assessment.row, plan.class
            ),
        );
    }
    found.must(
        !plan.resolver.trim().is_empty(),
        "resolver",
        "name the alias of the group that supports what comes of it",
    );
    window(plan, now, is_after_the_fact, &mut found);
    found.must(plan.impact.is_some(), "impact", "choose whom it meets at worst");
    found.must(
        words(&plan.worst_case) >= 4,
        "worst_case",
        "describe the worst case in a sentence, and how likely it is",
    );
    found.must(plan.confidence.is_some(), "confidence", "say how likely it is to go well");
    found.must(words(&plan.benefit) >= 3, "benefit", "say what is gained");
    found.must(words(&plan.without) >= 3, "without", "say what happens if it is not done");
    timeline(plan, &mut found);
    rollback(plan, &mut found);
    hosts(plan, directory, &mut found);
    found.should(plan.is_rollback_tested, "rollback_tested", "try the rollback before");
    let asks_customers = assessment.requirements.iter().any(|one| one.team.is_some());
    let is_met = matches!(plan.impact, Some(impact) if impact.band() > super::plan::Band::Low);
    found.should(
        !is_met || plan.is_company_wide || !plan.customers.is_empty(),
        "customers",
        "customers are affected: name the teams",
    );
    found.should(
        plan.customers.is_empty() || asks_customers || !plan.customers_told.is_empty(),
        "customers_told",
        "say how the customers were told",
    );
    for one in &assessment.requirements {
        let enough = one.people.len() >= usize::try_from(one.quorum).unwrap_or(usize::MAX);
        found.must(
            enough,
            "approvals",
            &format!(
                "the {} asks for {} and {} can give it ({}); name people in teams or in the policy",
                one.approver.in_words(),
                one.quorum,
                one.people.len(),
                one.because
            ),
        );
    }
    found.0
}

/// What is wrong with a template whose placeholders are filled (`X11`): of what it leaves out, whoever
/// uses it says more, so only what stands in it is looked at.
pub fn of_template(plan: &Plan, classes: &[String]) -> Vec<Finding> {
    let mut found = Findings(Vec::new());
    let known =
        format!("`{}` is no class of the policy; it knows {}", plan.class, classes.join(", "));
    found.must(classes.contains(&plan.class), "class", &known);
    found.must(words(&plan.title) >= 2, "title", "say in a line what is changed");
    let said = |text: &str, least: usize| text.is_empty() || words(text) >= least;
    found.must(
        said(&plan.worst_case, 4),
        "worst_case",
        "describe the worst case in a sentence, and how likely it is",
    );
    found.must(said(&plan.benefit, 3), "benefit", "say what is gained");
    found.must(said(&plan.without, 3), "without", "say what happens if it is not done");
    if !plan.timeline.is_empty() {
        timeline(plan, &mut found);
    }
    if !plan.rollback.is_empty() {
        rollback(plan, &mut found);
    }
    found.0
}

fn window(plan: &Plan, now: Timestamp, is_after_the_fact: bool, found: &mut Findings) {
    found.must(plan.start.is_some(), "start", "say when it begins");
    found.must(plan.end.is_some(), "end", "say when it is over");
    let (Some(start), Some(end)) = (plan.start, plan.end) else { return };
    found.must(start < end, "end", "it ends before it begins");
    let is_ahead = start.saturating_add(START_GRACE).is_ok_and(|latest| latest >= now);
    found.must(is_after_the_fact || is_ahead, "start", "it begins in the past");
    let last = plan.timeline.iter().map(|step| step.at).max();
    if let Some(last) = last.filter(|_| start < end) {
        found.must(
            last <= end.duration_since(start),
            "end",
            "the last step is later than the end: give it more time",
        );
    }
}

fn steps(steps: &[Step], name: &str, found: &mut Findings) {
    for (place, step) in steps.iter().enumerate() {
        let at = |field: &str| format!("{name}[{place}].{field}");
        found.must(!step.text.trim().is_empty(), &at("text"), "say what is done");
        if !step.is_monitoring {
            found.must(!step.command.trim().is_empty(), &at("command"), "write the exact command");
            found.must(!step.hosts.is_empty(), &at("hosts"), "name the hosts it runs on");
        }
        found.must(!step.environment.trim().is_empty(), &at("environment"), "name the environment");
        let earlier = steps[..place].iter().any(|before| before.at > step.at);
        found.must(!earlier, &at("at"), "it is earlier than the step before it");
    }
}

fn hosts(plan: &Plan, directory: &Directory, found: &mut Findings) {
    let known = Known::of(plan, directory);
    for (name, steps) in [("timeline", &plan.timeline), ("rollback", &plan.rollback)] {
        for (place, step) in steps.iter().enumerate() {
            let stranger = known.stranger(step);
            found.must(
                stranger.is_none(),
                &format!("{name}[{place}].hosts"),
                &format!(
                    "`{}` is no host of what is changed; name another, or the service it belongs to",
                    stranger.unwrap_or_default()
                ),
            );
        }
    }
}

fn timeline(plan: &Plan, found: &mut Findings) {
    let looks = |phase| plan.timeline.iter().any(|step| step.is_monitoring && step.phase == phase);
    let acts = plan.timeline.iter().any(|step| !step.is_monitoring);
    found.must(acts, "timeline", "write the steps with their exact commands");
    let begins = plan.timeline.iter().any(|step| step.at.is_zero());
    found.must(plan.timeline.is_empty() || begins, "timeline", "begin at T+00:00");
    let phases = [
        (
            Phase::Before,
            "add a look at the monitoring before the change, so that trouble is not yours",
        ),
        (Phase::During, "add a look at the monitoring during the change"),
        (
            Phase::After,
            "add a look at the monitoring after the change, so that you know it is well",
        ),
    ];
    for (phase, text) in phases {
        found.must(looks(phase), "timeline", text);
    }
    steps(&plan.timeline, "timeline", found);
}

fn rollback(plan: &Plan, found: &mut Findings) {
    let acts = plan.rollback.iter().any(|step| !step.is_monitoring);
    let ends_with_look = plan.rollback.last().is_some_and(|step| step.is_monitoring);
    found.must(acts, "rollback", "write the steps back with their exact commands");
    found.must(ends_with_look, "rollback", "end the rollback with a check that it worked");
    found.must(!is_backwards(plan), "rollback",
        "`repeat in reverse` is no rollback: whoever is on call at four in the morning needs the steps \
         and commands themselves (X3)");
    found.must(plan.rollback_takes.is_some(), "rollback_takes", "say how long the rollback takes");
    steps(&plan.rollback, "rollback", found);
}

/// Whether a step back says no more than that the steps are to be done backwards.
fn is_backwards(plan: &Plan) -> bool {
    plan.rollback.iter().any(|step| {
        let said = format!("{} {}", step.text, step.command).to_lowercase();
        BACKWARDS.iter().any(|phrase| said.contains(phrase))
    })
}

/// How good a plan is over its eight fields, from −2 to 2 each; it may go below zero.
pub fn quality(plan: &Plan, assessment: &Assessment, findings: &[Finding]) -> Vec<Score> {
    let faults = |names: &[&str]| {
        let of = |one: &&Finding| names.iter().any(|name| one.field.starts_with(name));
        findings.iter().filter(of).count()
    };
    let by = |names: &[&str], is_missing: bool| match (is_missing, faults(names)) {
        (true, _) => -1,
        (false, 0) => 2,
        (false, 1) => 1,
        (false, _) => 0,
    };
    let told = !plan.customers_told.trim().is_empty();
    let has_customers = !plan.customers.is_empty() || plan.is_company_wide;
    let rollback =
        if is_backwards(plan) { -2 } else { by(&["rollback"], plan.rollback.is_empty()) };
    let customers = match (has_customers, told) {
        (false, _) => by(&["customers"], false),
        (true, told) => {
            if told {
                2
            } else {
                -1
            }
        }
    };
    vec![
        Score { field: "tier", points: by(&["class", "approvals"], assessment.tier == 0) },
        Score { field: "window", points: by(&["start", "end"], plan.start.is_none()) },
        Score { field: "impact", points: by(&["impact", "worst_case"], plan.impact.is_none()) },
        Score { field: "timeline", points: by(&["timeline"], plan.timeline.is_empty()) },
        Score { field: "rollback", points: rollback },
        Score { field: "benefit", points: by(&["benefit", "without"], plan.benefit.is_empty()) },
        Score {
            field: "contacts",
            points: by(&["resolver", "technician"], plan.resolver.is_empty()),
        },
        Score { field: "customers", points: customers },
    ]
}
