//! `muster change replay`: what a configuration would have asked of past changes, before it is applied.

use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::command::apply;
use crate::session::with_api;
use crate::settings::Settings;
use crate::show::{self, time};

/// Hold a configuration against past changes.
#[derive(Debug, clap::Args)]
pub struct Replay {
    /// The configuration; `-` for standard input. What it leaves out is as in force
    #[arg(short, long)]
    file: PathBuf,
    /// Changes that began, or were to begin, from then on; 90 days ago unless given
    #[arg(long, value_name = "TIME", value_parser = time::read)]
    since: Option<Timestamp>,
    /// And before then; now unless given
    #[arg(long, value_name = "TIME", value_parser = time::read)]
    until: Option<Timestamp>,
}

impl Replay {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let (text, _) = apply::read(&self.file)?;
        with_api(settings, async |api| {
            let instant = |at: Option<Timestamp>| at.map(|at| at.to_string());
            let body =
                json!({ "config": text, "from": instant(self.since), "to": instant(self.until) });
            let replayed = api.post(&["changes", "replay"], &body).await?;
            if settings.json() {
                return show::json(&replayed);
            }
            show::put(&in_words(&replayed))
        })
        .await
    }
}

fn in_words(replayed: &Value) -> String {
    let summary = &replayed["summary"];
    let mut text = format!(
        "{} of {} changes would be asked something else; {} approvals instead of {}.\n",
        summary["different"],
        summary["changes"],
        summary["approvals_would"],
        summary["approvals_were"]
    );
    for (field, words) in [
        ("more_approvals", "need more approvals"),
        ("fewer_approvals", "need fewer approvals"),
        ("late", "would be announced too late"),
        ("no_longer_late", "would be announced in time after all"),
        ("emergent", "would be emergent"),
        ("no_longer_emergent", "would not be emergent any more"),
        ("blocked", "would be held up by a window or a freeze"),
        ("no_longer_blocked", "would not be held up any more"),
        ("nobodys", "would wait for somebody whom nobody can be found for"),
    ] {
        if summary[field] != 0 {
            text += &format!("  {} {words}\n", summary[field]);
        }
    }
    for one in replayed["changes"].as_array().into_iter().flatten() {
        let (was, would) = (&one["was"], &one["would"]);
        text += &format!(
            "CHG-{} {} ({})\n    was   {}\n    would {}\n",
            one["number"],
            show::text(&one["title"]),
            show::text(&one["service"]),
            asked(was),
            asked(would)
        );
    }
    if replayed["more"] != 0 {
        text += &format!("And {} more.\n", replayed["more"]);
    }
    text
}

fn asked(one: &Value) -> String {
    let mut parts = vec![
        format!("{}:", show::text(&one["row"])),
        match one["approvals"].as_array().is_some_and(Vec::is_empty) {
            true => "nobody".to_owned(),
            false => show::names(&one["approvals"]),
        },
    ];
    let late = if one["announced"] == false { " (too late)" } else { "" };
    parts.push(format!("with {}{late}", show::text(&one["notice"])));
    if one["emergent"] == true {
        parts.push("emergent".to_owned());
    }
    for why in one["blocked"].as_array().into_iter().flatten() {
        parts.push(format!("held up: {}", show::text(why)));
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_stands_under_its_change() {
        let was = json!({ "row": "tier-2", "approvals": ["peer review"], "notice": "48 hours",
            "announced": true, "emergent": false, "blocked": [] });
        let would = json!({ "row": "loose", "approvals": [], "notice": "5 business days",
            "announced": false, "emergent": true, "blocked": ["the freeze sale"] });
        let mut summary = json!({ "changes": 3, "different": 1, "approvals_were": 3,
            "approvals_would": 2, "late": 1 });
        for field in [
            "more_approvals",
            "fewer_approvals",
            "no_longer_late",
            "emergent",
            "no_longer_emergent",
            "blocked",
            "no_longer_blocked",
            "nobodys",
        ] {
            summary[field] = json!(0);
        }
        let replayed = json!({ "summary": summary, "more": 2, "changes": [
            { "number": 7, "title": "New disks", "service": "ledger", "was": was, "would": would } ] });
        assert_eq!(
            in_words(&replayed),
            "1 of 3 changes would be asked something else; 2 approvals instead of 3.\n  \
             1 would be announced too late\nCHG-7 New disks (ledger)\n    \
             was   tier-2: peer review with 48 hours\n    \
             would loose: nobody with 5 business days (too late) emergent held up: the freeze sale\n\
             And 2 more.\n"
        );
    }
}
