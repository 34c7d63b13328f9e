//! Audiences (`U1`): who outside the incident hears how it stands. Each has its own lead, its own
//! wording, its own pace, and its own way to the people who are meant.

use std::sync::LazyLock;

use crate::id::{NotificationListId, StatusPageId, UserId};
use crate::incident::lifecycle::Incident;
use crate::incident::lifecycle::management_chain;
use crate::incident::role::Part;
use crate::incident::update::Pace;
use crate::oncall::escalation::Outlet;
use crate::oncall::list;
use crate::org::directory::Directory;

/// The longest template of an update, in characters.
pub const WORDING_CHARS_MAX: usize = 5_000;

/// Who hears how an incident stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audience {
    /// Unique; what configuration, API and records call it.
    pub name: String,
    /// For people: `Customers`.
    pub title: String,
    /// The role that speaks to it.
    pub lead: Option<String>,
    /// Who is meant.
    pub hearers: Hearers,
    /// The status pages that its updates are published on (`U5`).
    pub status_pages: Vec<StatusPageId>,
    /// The channels of chats that its updates are posted to.
    pub channels: Vec<Outlet>,
    /// How often it hears.
    pub pace: Pace,
    /// Whether somebody else looks at an update before it goes out.
    pub is_reviewed: bool,
    /// A template for drafts; the built-in words where there is none.
    pub wording: Option<String>,
}

/// Who is meant by an audience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hearers {
    /// Everybody on a notification list that covers the service.
    Covering,
    /// The managers of the service's team, all the way up.
    Chain,
    /// Everybody on these lists.
    Lists(Vec<NotificationListId>),
}

static DEFAULTS: LazyLock<Vec<Audience>> = LazyLock::new(|| {
    let audience = |name: &str, title: &str, hearers| Audience {
        name: name.to_owned(),
        title: title.to_owned(),
        lead: Some(format!("communication-lead-{name}")),
        hearers,
        status_pages: Vec::new(),
        channels: Vec::new(),
        pace: Pace::default(),
        is_reviewed: false,
        wording: None,
    };
    vec![
        audience("internal", "Internal users", Hearers::Covering),
        audience("external", "Customers", Hearers::Lists(Vec::new())),
        audience("management", "Upper management", Hearers::Chain),
    ]
});

impl Audience {
    /// The audiences that every organisation has, in the order in which they are shown.
    pub fn defaults() -> Vec<Self> {
        DEFAULTS.clone()
    }

    /// What is left out of a configuration is as in the default audience of the name.
    pub fn default_of(name: &str) -> Option<&'static Self> {
        DEFAULTS.iter().find(|audience| audience.name == name)
    }

    /// Whoever is meant, each once, but for whoever said it.
    pub fn people(
        &self,
        directory: &Directory,
        incident: &Incident,
        besides: Option<UserId>,
    ) -> Vec<UserId> {
        let mut people = match &self.hearers {
            Hearers::Covering => list::hearers(directory, incident.service, None),
            Hearers::Chain => management_chain(directory, incident),
            Hearers::Lists(lists) => {
                let lists = lists.iter().filter_map(|id| directory.lists.get(*id));
                let lists = lists.filter(|list| list.hears_by_itself());
                lists.flat_map(|list| list.people().collect::<Vec<_>>()).collect()
            }
        };
        let mut seen: Vec<UserId> = besides.into_iter().collect();
        people.retain(|user| {
            let is_new = !seen.contains(user);
            seen.push(*user);
            is_new
        });
        people
    }

    /// Whoever speaks to it in an incident; where nobody does, whoever leads.
    pub fn speakers(&self, directory: &Directory, incident: &Incident) -> Vec<UserId> {
        let role = self.lead.as_deref().unwrap_or_default();
        let speakers: Vec<_> = incident.roles.holders(role).map(|one| one.user).collect();
        if speakers.is_empty() { leads(directory, incident) } else { speakers }
    }
}

/// Whoever leads an incident.
pub fn leads(directory: &Directory, incident: &Incident) -> Vec<UserId> {
    let leads = |role: &str| directory.role(role).is_some_and(|role| role.part == Part::Lead);
    incident.roles.held().filter(|one| leads(&one.role)).map(|one| one.user).collect()
}
