//! The ledger of an incident (`E4`): every message about it, to whom, when, by whom and how it went,
//! whatever carried it. Who is on a restricted list (`E5`) shows only to those who may tell it.

use muster_core::id::UserId;
use muster_core::incident::lifecycle::{Incident, notice};
use muster_core::org::directory::Directory;
use muster_store::oncall::delivery::{DeliveryRow, Kind};
use serde_json::Value;

/// What a message is, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Somebody was asked to come.
    Page,
    /// News that a page was answered or withdrawn.
    PageEnded,
    /// A notification list was told.
    Notice,
    /// An audience was told.
    Update,
    /// Somebody was told something, or a room was.
    Message,
    /// A program was told.
    Event,
}

impl Sort {
    /// Every sort with its name.
    pub const NAMES: [(Self, &'static str); 6] = [
        (Self::Page, "page"),
        (Self::PageEnded, "page_ended"),
        (Self::Notice, "notice"),
        (Self::Update, "update"),
        (Self::Message, "message"),
        (Self::Event, "event"),
    ];

    /// Its name in the API.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(sort, _)| *sort == self).map_or("message", |(_, name)| name)
    }
}

/// Who a message went to, by whom, and what it said, as far as a reader may know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What it is.
    pub sort: Sort,
    /// Who it went to, in words: a person, a list whose people are nobody's to know, a place.
    pub to: String,
    /// The person, where the reader may know.
    pub user: Option<UserId>,
    /// By whom, in words.
    pub by: String,
    /// One line; empty where it is not the reader's to know.
    pub subject: String,
    /// The notification list or audience that it was for.
    pub list: Option<String>,
    /// Whether its people and its words are kept from this reader.
    pub is_hidden: bool,
}

/// What is kept from `reader`, and what not, of one message. `reason` is that of its page.
pub fn told(
    directory: &Directory,
    incident: &Incident,
    row: &DeliveryRow,
    reason: Option<&str>,
    reader: Option<UserId>,
) -> Told {
    let content: Value =
        row.content.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let text = |name: &str| content[name].as_str().unwrap_or_default().to_owned();
    let kind = Kind::from_name(&row.kind).unwrap_or(Kind::Notification);
    let named = [text("list"), text("audience")].into_iter().find(|name| !name.is_empty());
    let sort = match kind {
        Kind::Page => Sort::Page,
        Kind::Superseded => Sort::PageEnded,
        Kind::Event => Sort::Event,
        Kind::Notification | Kind::Test if !text("list").is_empty() => Sort::Notice,
        Kind::Notification | Kind::Test if !text("audience").is_empty() => Sort::Update,
        Kind::Notification | Kind::Test => Sort::Message,
    };
    let is_hidden = content["restricted"] == true && !may_see(directory, incident, &named, reader);
    let user = row.user_id.map(UserId);
    let person = user.map(|id| {
        let user = directory.users.get(id);
        user.map_or_else(|| "(deleted)".to_owned(), |user| user.name.clone())
    });
    let to = match (&named, is_hidden) {
        (Some(list), true) => format!("somebody on {list}"),
        _ => person.or_else(|| place(directory, row)).unwrap_or_else(|| row.method.clone()),
    };
    let subject = match kind {
        Kind::Page | Kind::Superseded => reason.unwrap_or_default().to_owned(),
        Kind::Event => text("type"),
        _ if is_hidden => String::new(),
        _ => text("subject"),
    };
    let by = match (reason.and_then(|reason| reason.split_once(" requests you")), text("by")) {
        (Some((name, _)), _) => name.to_owned(),
        (None, by) if !by.is_empty() => by,
        (None, _) => "Muster".to_owned(),
    };
    let user = user.filter(|_| !is_hidden);
    Told { sort, to, user, by, subject, list: named, is_hidden }
}

/// Whether a reader may know who is on a restricted list. One that is gone is kept closed.
fn may_see(
    directory: &Directory,
    incident: &Incident,
    list: &Option<String>,
    reader: Option<UserId>,
) -> bool {
    let list = list.as_deref().and_then(|name| directory.lists.named(name));
    list.is_some_and(|list| notice::may_tell(directory, incident, list, reader))
}

/// The place that a message without a person went to.
fn place(directory: &Directory, row: &DeliveryRow) -> Option<String> {
    let address = row.address.as_deref()?;
    let webhook = address.parse().ok().and_then(|id| directory.webhooks.get(id));
    Some(match webhook {
        Some(webhook) => format!("the webhook {}", webhook.name),
        None if row.channel == "webhook" => format!("the webhook {}", row.method),
        None => format!("{address} by {}", row.method),
    })
}
