//! What the organisation says in its own words (`E3`, `U1`, `N6`): which templates are in force, and what
//! one would say while somebody edits it. Nothing is sent and nothing is stored.

use jiff::Timestamp;
use muster_core::incident::lifecycle::Incident;
use muster_core::org::directory::Directory;

use super::{bridge, draft, room};
use crate::app::template::{self, Tried};

/// What a template is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An incident in one line, as in subjects, and what workflows say.
    Headline,
    /// What a notification list is told.
    Notice,
    /// A draft of an update for an audience.
    Update,
    /// The name of a room in a chat.
    Room,
    /// The link of a bridge.
    Bridge,
}

impl Kind {
    /// Every value with its name in the API.
    pub const NAMES: &[(Self, &'static str)] = &[
        (Self::Headline, "headline"),
        (Self::Notice, "notice"),
        (Self::Update, "update"),
        (Self::Room, "room"),
        (Self::Bridge, "bridge"),
    ];

    /// The name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Headline => "headline",
            Self::Notice => "notice",
            Self::Update => "update",
            Self::Room => "room",
            Self::Bridge => "bridge",
        }
    }

    /// The value of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }
}

/// A template that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    /// What it is for.
    pub kind: Kind,
    /// Whose it is: a list, an audience, a severity; the organisation's where nothing is named.
    pub of: Option<String>,
    /// Itself.
    pub template: String,
    /// Whether nobody has said otherwise.
    pub is_built_in: bool,
}

/// Every template that is in force, but those of rooms and bridges unless `is_whole`.
pub fn in_force(directory: &Directory, is_whole: bool) -> Vec<Wording> {
    let wording = |kind, of: Option<&str>, template: &str, is_built_in| {
        let (of, template) = (of.map(ToOwned::to_owned), template.to_owned());
        Wording { kind, of, template, is_built_in }
    };
    let headline = directory.headline.as_str();
    let notice = draft::notice_in_force(directory);
    let mut all = vec![
        wording(Kind::Headline, None, headline, headline.is_empty()),
        wording(Kind::Notice, None, notice, directory.notice.is_empty()),
    ];
    all.extend(directory.lists.iter().filter_map(|list| {
        Some(wording(Kind::Notice, Some(&list.name), list.wording.as_deref()?, false))
    }));
    all.extend(directory.audiences.iter().map(|audience| {
        let own = audience.wording.as_deref();
        let template = own.unwrap_or_else(|| draft::built_in(&audience.name));
        wording(Kind::Update, Some(&audience.name), template, own.is_none())
    }));
    for severity in directory.severities.iter().filter(|_| is_whole) {
        let (name, process) = (Some(severity.name.as_str()), &severity.process);
        let room = process.room.as_ref().map(|plan| (Kind::Room, &plan.template));
        let bridge = process.bridge.as_ref().map(|plan| (Kind::Bridge, &plan.template));
        let both = room.into_iter().chain(bridge);
        all.extend(both.map(|(kind, template)| wording(kind, name, template, false)));
    }
    all
}

/// What a template would say of an incident, or of one that might be.
pub fn tried(
    directory: &Directory,
    kind: Kind,
    template: &str,
    incident: Option<&Incident>,
    now: Timestamp,
) -> Tried {
    match kind {
        Kind::Headline => template::tried(directory, incident, template),
        Kind::Notice | Kind::Update => draft::tried(directory, incident, template, now),
        Kind::Room => room::tried(directory, incident, template),
        Kind::Bridge => bridge::tried(directory, incident, template),
    }
}
