//! Engagement groups and notification lists in a file.

use muster_store::org::document::group::{EngagementGroup, NotificationList};

use super::super::read::Cursor;

pub fn group(cursor: Cursor<'_>) -> EngagementGroup {
    let fields = cursor.fields(&["name", "services", "members", "keepers"]);
    let group = EngagementGroup {
        name: fields.name("name"),
        services: fields.list("services", |service| service.name()),
        members: fields.list("members", |member| member.name()),
        keepers: fields.list("keepers", |keeper| keeper.name()),
    };
    if group.members.is_empty() {
        fields.note_at("members", "a group engages somebody; name an alias or a person");
    }
    group
}

pub fn list(cursor: Cursor<'_>) -> NotificationList {
    let fields = cursor.fields(&["name", "services", "core"]);
    NotificationList {
        name: fields.name("name"),
        services: fields.list("services", |service| service.name()),
        core: fields.list("core", |user| user.name()),
    }
}
