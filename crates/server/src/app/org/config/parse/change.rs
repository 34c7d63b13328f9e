//! The policy of changes in a file.

use jiff::Timestamp;
use muster_core::change::environment;
use muster_core::change::exception::CLEAN_RUNS_MAX;
use muster_core::change::notice::Notice;
use muster_core::change::plan::{Automation, Band};
use muster_core::change::policy::{Approver, LEVEL_MAX, QUORUM_MAX};
use muster_core::change::suspect::{LOOKS_BACK_MAX, LOOKS_BACK_MIN};
use muster_store::org::document::change::{
    ChangePolicy, Delegate, ExceptionTerms, MatrixRow, Qualification, Stage, Suspects,
};
use muster_store::org::document::text::{Length, short};

use super::super::read::{Cursor, Fields};
use super::{change_calendar, change_template};

/// The most rows of the matrix, and the most of any other list of the policy.
const ROWS_MAX: usize = 200;

/// The policy of changes.
pub fn policy(cursor: Cursor<'_>) -> ChangePolicy {
    let fields = cursor.fields(&[
        "classes",
        "matrix",
        "vps",
        "ops",
        "delegates",
        "qualifications",
        "windows",
        "freezes",
        "tier_1_at_once",
        "suspects",
        "exceptions",
        "templates",
    ]);
    let (windows, freezes, tier_1_at_once) = change_calendar::bounds(&fields);
    let classes = fields.optional("classes").map(|list| list.list(|one| one.name()));
    if classes.as_ref().is_some_and(Vec::is_empty) {
        fields.note_at("classes", "name at least one class");
    }
    let matrix = fields.optional("matrix").map(|list| list.list(row));
    for (name, length) in [
        ("classes", classes.as_ref().map_or(0, Vec::len)),
        ("matrix", matrix.as_ref().map_or(0, Vec::len)),
    ] {
        if length > ROWS_MAX {
            fields.note_at(name, format!("this is at most {ROWS_MAX} long"));
        }
    }
    let mut names: Vec<_> = matrix.iter().flatten().map(|row: &MatrixRow| &row.name).collect();
    names.sort();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        fields.note_at("matrix", format!("two rows are named `{}`", short(twice[0])));
    }
    ChangePolicy {
        classes,
        matrix,
        vps: fields.list("vps", |user| user.name()),
        ops: fields.list("ops", |user| user.name()),
        delegates: fields.list("delegates", delegate),
        qualifications: fields.list("qualifications", qualification),
        windows,
        freezes,
        tier_1_at_once,
        suspects: fields.optional("suspects").map(suspects),
        exceptions: fields.optional("exceptions").map(exception_terms),
        templates: change_template::templates(&fields),
    }
}

fn exception_terms(cursor: Cursor<'_>) -> ExceptionTerms {
    let fields = cursor.fields(&["clean_runs", "within", "review_after", "owners"]);
    let runs = fields.optional("clean_runs");
    let runs = runs.and_then(|many| many.number(1..=i64::from(CLEAN_RUNS_MAX)));
    let length = |name: &str| {
        let length = fields.parsed::<Length>(name);
        if length.is_some_and(|time| time.0.is_zero()) {
            fields.note_at(name, "this is longer than nothing");
        }
        length
    };
    ExceptionTerms {
        clean_runs: runs.and_then(|many| u32::try_from(many).ok()),
        within: length("within"),
        review_after: length("review_after"),
        owners: fields.list("owners", |user| user.name()),
    }
}

/// Where is looked for what caused an incident.
fn suspects(cursor: Cursor<'_>) -> Suspects {
    let fields = cursor.fields(&["back", "environments"]);
    let back = fields.parsed::<Length>("back");
    let bounds = LOOKS_BACK_MIN..=LOOKS_BACK_MAX;
    if back.is_some_and(|back| !bounds.contains(&back.0)) {
        fields.note_at("back", "this is from 1h to 14d");
    }
    let environments = fields.list("environments", |one| one.name());
    if environments.len() > environment::NAMED_MAX {
        fields.note_at("environments", format!("this is at most {} long", environment::NAMED_MAX));
    }
    if environments.is_empty() && fields.optional("environments").is_some() {
        fields.note_at("environments", "name at least one, or leave it out; `*` stands for all");
    }
    Suspects { back, environments }
}

fn row(cursor: Cursor<'_>) -> MatrixRow {
    let fields = cursor.fields(&[
        "name",
        "tiers",
        "classes",
        "risks",
        "automation",
        "teams",
        "approvals",
        "notice",
        "window",
        "technician_level",
    ]);
    let tier = |tier: Cursor<'_>| tier.number(1..=9).and_then(|tier| u8::try_from(tier).ok());
    let band = |risk: Cursor<'_>| {
        risk.checked(|text| one_of(text, Band::from_name(text).is_some(), "low, medium, high"))
    };
    let automation = |much: Cursor<'_>| {
        much.checked(|text| {
            one_of(text, Automation::from_name(text).is_some(), "manual, partial, full")
        })
    };
    let notice = fields.optional("notice").map(|notice| {
        notice.checked(|text| {
            let is_read = Notice::read(text).is_some();
            one_of(
                text,
                is_read,
                "`none`, a length of time such as `48h`, business days such as `5bd`",
            )
        })
    });
    Row {
        name: fields.name("name"),
        tiers: fields.list("tiers", tier).into_iter().flatten().collect(),
        classes: fields.list("classes", |class| class.name()),
        risks: fields.list("risks", band),
        automation: fields.list("automation", automation),
        teams: fields.list("teams", |team| team.name()),
        approvals: fields.list("approvals", stage),
        notice,
        window: fields.optional("window").and_then(|flag| flag.flag()).unwrap_or(false),
        technician_level: level(&fields, "technician_level"),
    }
}

use MatrixRow as Row;

pub(super) fn one_of(text: &str, is_one: bool, all: &str) -> Result<(), String> {
    if is_one { Ok(()) } else { Err(format!("`{}` is none of {all}", short(text))) }
}

fn level(fields: &Fields<'_>, name: &str) -> Option<u8> {
    let level = fields.optional(name)?.number(1..=i64::from(LEVEL_MAX))?;
    u8::try_from(level).ok()
}

fn check_approver(text: &str) -> Result<(), String> {
    one_of(text, Approver::from_name(text).is_some(), "peer, manager, vp, customer, ops")
}

/// A kind of approver alone, or with more about it.
fn stage(cursor: Cursor<'_>) -> Stage {
    if !cursor.is_map() {
        let by = cursor.checked(check_approver);
        return Stage { by, quorum: None, people: Vec::new(), from_risk: None, timeout: None };
    }
    let fields = cursor.fields(&["by", "quorum", "people", "from_risk", "timeout"]);
    let quorum = fields.optional("quorum").and_then(|many| many.number(1..=i64::from(QUORUM_MAX)));
    let from_risk = fields.optional("from_risk").map(|risk| {
        risk.checked(|text| one_of(text, Band::from_name(text).is_some(), "low, medium, high"))
    });
    Stage {
        by: fields.required("by").map(|by| by.checked(check_approver)).unwrap_or_default(),
        quorum: quorum.and_then(|many| u32::try_from(many).ok()),
        people: fields.list("people", |user| user.name()),
        from_risk,
        timeout: fields.parsed::<Length>("timeout"),
    }
}

fn delegate(cursor: Cursor<'_>) -> Delegate {
    let fields = cursor.fields(&["of", "to", "from", "until"]);
    let instant = |name: &str| {
        fields.optional(name).map(|at| {
            at.checked(|text| {
                let read = text.parse::<Timestamp>();
                read.map(drop).map_err(|_| {
                    format!("`{}` is no instant such as 2026-05-20T08:00:00Z", short(text))
                })
            })
        })
    };
    let delegate = Delegate {
        of: fields.name("of"),
        to: fields.name("to"),
        from: instant("from"),
        until: instant("until"),
    };
    if delegate.of == delegate.to && !delegate.of.is_empty() {
        fields.note_at("to", "nobody decides for themselves");
    }
    delegate
}

fn qualification(cursor: Cursor<'_>) -> Qualification {
    let fields = cursor.fields(&["user", "class", "level"]);
    Qualification {
        user: fields.name("user"),
        class: fields.name("class"),
        level: level(&fields, "level").unwrap_or(1),
    }
}
