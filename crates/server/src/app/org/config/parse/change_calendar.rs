//! When changes may be made, in a file: outage windows and freezes.

use jiff::Timestamp;
use muster_core::change::window::{FREEZES_MAX, WINDOWS_MAX};
use muster_store::org::document::change_calendar::{Freeze, OutageWindow};
use muster_store::org::document::text::{Zone, short};

use super::super::read::{Cursor, Fields};
use super::schedule::restriction;

/// The most changes of services of tier 1 at once that may be allowed.
const AT_ONCE_MAX: i64 = 1_000;

/// The windows, the freezes, and how many of tier 1 may be under way at once.
pub(super) fn bounds(fields: &Fields<'_>) -> (Vec<OutageWindow>, Vec<Freeze>, Option<u32>) {
    let windows = fields.list("windows", window);
    let freezes = fields.list("freezes", freeze);
    let names = |name: &str, names: Vec<&String>, most: usize| {
        if names.len() > most {
            fields.note_at(name, format!("this is at most {most} long"));
        }
        let mut names = names;
        names.sort();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            fields.note_at(name, format!("two of them are named `{}`", short(twice[0])));
        }
    };
    names("windows", windows.iter().map(|one| &one.name).collect(), WINDOWS_MAX);
    names("freezes", freezes.iter().map(|one| &one.name).collect(), FREEZES_MAX);
    let at_once = fields.optional("tier_1_at_once").and_then(|many| many.number(1..=AT_ONCE_MAX));
    (windows, freezes, at_once.and_then(|many| u32::try_from(many).ok()))
}

fn window(cursor: Cursor<'_>) -> OutageWindow {
    let fields = cursor.fields(&["name", "services", "classes", "hours", "timezone"]);
    OutageWindow {
        name: fields.name("name"),
        services: fields.list("services", |service| service.name()),
        classes: fields.list("classes", |class| class.name()),
        hours: fields.list("hours", restriction),
        timezone: fields.parsed::<Zone>("timezone"),
    }
}

fn freeze(cursor: Cursor<'_>) -> Freeze {
    let fields = cursor.fields(&[
        "name",
        "from",
        "until",
        "services",
        "tiers",
        "reason",
        "exempt_teams",
        "exempt_classes",
    ]);
    let tier = |tier: Cursor<'_>| tier.number(1..=9).and_then(|tier| u8::try_from(tier).ok());
    let instant = |name: &str| {
        let at = fields.required(name).map(|at| {
            at.checked(|text| {
                let read = text.parse::<Timestamp>();
                read.map(drop).map_err(|_| {
                    format!("`{}` is no instant such as 2026-12-20T00:00:00Z", short(text))
                })
            })
        });
        at.unwrap_or_default()
    };
    let (from, until) = (instant("from"), instant("until"));
    if let (Ok(begin), Ok(end)) = (from.parse::<Timestamp>(), until.parse::<Timestamp>())
        && begin >= end
    {
        fields.note_at("until", "a freeze ends after it begins");
    }
    let reason = fields.required("reason").map(|reason| {
        reason.checked(
            |text| {
                if text.trim().is_empty() { Err("say why".to_owned()) } else { Ok(()) }
            },
        )
    });
    Freeze {
        name: fields.name("name"),
        from,
        until,
        services: fields.list("services", |service| service.name()),
        tiers: fields.list("tiers", tier).into_iter().flatten().collect(),
        reason: reason.unwrap_or_default(),
        exempt_teams: fields.list("exempt_teams", |team| team.name()),
        exempt_classes: fields.list("exempt_classes", |class| class.name()),
    }
}
