//! Engagement groups, notification lists and service groups in a file.

use muster_core::org::service_group::SERVICES_MAX;
use muster_store::org::document::group::{EngagementGroup, NotificationList, ServiceGroup};

use super::super::read::Cursor;
use crate::app::incident::draft;

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

pub fn service_group(cursor: Cursor<'_>) -> ServiceGroup {
    let fields = cursor.fields(&["name", "description", "services"]);
    let group = ServiceGroup {
        name: fields.name("name"),
        description: fields.optional_text("description"),
        services: fields.list("services", |service| service.name()),
    };
    if group.services.is_empty() || group.services.len() > SERVICES_MAX {
        fields.note_at("services", format!("a group has 1 to {SERVICES_MAX} services"));
    }
    group
}

pub fn list(cursor: Cursor<'_>) -> NotificationList {
    let fields = cursor.fields(&[
        "name",
        "services",
        "groups",
        "service_groups",
        "core",
        "upstream",
        "downstream",
        "restricted",
        "senders",
        "automatic",
        "wording",
    ]);
    let flag = |name| fields.optional(name).and_then(|flag| flag.flag()).unwrap_or(false);
    let list = NotificationList {
        name: fields.name("name"),
        services: fields.list("services", |service| service.name()),
        groups: fields.list("groups", |group| group.name()),
        service_groups: fields.list("service_groups", |group| group.name()),
        core: fields.list("core", |user| user.name()),
        upstream: flag("upstream"),
        downstream: flag("downstream"),
        restricted: flag("restricted"),
        senders: fields.list("senders", |user| user.name()),
        automatic: flag("automatic"),
        wording: fields.optional("wording").map(|wording| wording.checked(draft::check)),
    };
    if !list.restricted && (list.automatic || !list.senders.is_empty()) {
        cursor.note("`senders` and `automatic` are for lists with `restricted: true`");
    }
    list
}
