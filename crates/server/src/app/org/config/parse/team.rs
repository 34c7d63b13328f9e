//! Teams in a file.

use muster_store::org::document::team::Team;

use super::super::read::Cursor;

pub fn team(cursor: Cursor<'_>) -> Team {
    let fields = cursor.fields(&["name", "manager", "members"]);
    Team {
        name: fields.name("name"),
        manager: fields.optional_name("manager"),
        members: fields.list("members", |member| member.name()),
    }
}
