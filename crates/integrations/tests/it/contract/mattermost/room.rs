//! Channels of Mattermost as its reference describes them: the team they are in, what a name may be, how
//! long a header is, who may be a member, and what an archived one still takes.

use serde_json::{Value, json};

use super::{ANA, Answer, Broken, Mattermost, Request, body, broken, is_id, markdown};

/// A channel of a team.
#[derive(Debug, Clone, Default)]
pub struct Room {
    pub name: String,
    pub header: String,
    pub members: Vec<String>,
    pub posts: Vec<String>,
    pub is_private: bool,
    pub is_archived: bool,
}

pub const TEAM: &str = "team1team1team1team1team1t";

impl Mattermost {
    /// People join and leave a custom group.
    pub(super) fn group(&mut self, method: &str, id: &str, body: &Value) -> Result<Answer, Broken> {
        let missing = || broken(404, "app.group.no_rows");
        let group = self.groups.get_mut(id).ok_or_else(missing)?;
        let users: Vec<_> = body["user_ids"].as_array().into_iter().flatten().collect();
        let users: Vec<_> = users.into_iter().filter_map(Value::as_str).collect();
        if users.is_empty() || !users.iter().all(|user| is_id(user)) {
            return Err(broken(400, "api.context.invalid_body_param.app_error"));
        }
        group.retain(|known| !users.contains(&known.as_str()));
        if method == "POST" {
            group.extend(users.into_iter().map(ToOwned::to_owned));
        }
        Ok(Answer::json(200, &json!({"status": "OK"})))
    }

    /// A channel of a team; its name has at most 64 characters.
    pub(super) fn make_room(&mut self, body: &Value) -> Result<Answer, Broken> {
        if body["team_id"] != TEAM {
            return Err(broken(400, "model.channel.is_valid.team_id.app_error"));
        }
        let name = body["name"].as_str().unwrap_or_default();
        let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b);
        if name.is_empty() || name.len() > 64 || !name.bytes().all(is_plain) {
            return Err(broken(400, "model.channel.is_valid.2_or_more.app_error"));
        }
        if body["display_name"].as_str().is_none_or(str::is_empty) {
            return Err(broken(400, "model.channel.is_valid.display_name.app_error"));
        }
        if !matches!(body["type"].as_str(), Some("O" | "P")) {
            return Err(broken(400, "model.channel.is_valid.type.app_error"));
        }
        let is_ours = self.rooms.values().any(|room| room.name == name);
        if is_ours || self.names_taken.iter().any(|taken| taken == name) {
            return Err(broken(400, "store.sql_channel.save_channel.exists.app_error"));
        }
        let id = format!("room1room1room1room1room1{}", self.rooms.len() % 10);
        let is_private = body["type"] == "P";
        self.rooms
            .insert(id.clone(), Room { name: name.to_owned(), is_private, ..Room::default() });
        Ok(Answer::json(201, &json!({"id": id, "name": name, "team_id": TEAM})))
    }

    pub(super) fn room(
        &mut self,
        method: &str,
        id: &str,
        rest: &str,
        request: &Request,
    ) -> Result<Answer, Broken> {
        let not_found = || broken(404, "api.context.404.app_error");
        let room = self.rooms.get_mut(id).ok_or_else(not_found)?;
        match (method, rest, room.is_archived) {
            ("DELETE", "", false) => room.is_archived = true,
            ("POST", "restore", true) => room.is_archived = false,
            ("POST", "restore", false) => {
                return Err(broken(400, "api.channel.restore_channel.restored.app_error"));
            }
            (_, _, true) => {
                return Err(broken(400, "api.channel.delete_channel.deleted.app_error"));
            }
            ("PUT", "patch", false) => {
                let body = body(request)?;
                let header = body["header"].as_str().unwrap_or_default();
                markdown(header)?;
                if header.chars().count() > 1024 {
                    return Err(broken(400, "model.channel.is_valid.header.app_error"));
                }
                room.header = header.replace('\\', "");
            }
            ("POST", "members", false) => {
                let body = body(request)?;
                let user = body["user_id"].as_str().unwrap_or_default();
                if !is_id(user) {
                    return Err(broken(400, "api.context.invalid_body_param.app_error"));
                }
                if user != ANA {
                    return Err(broken(404, "app.user.missing_account.const"));
                }
                if !room.members.iter().any(|known| known == user) {
                    room.members.push(user.to_owned());
                }
                return Ok(Answer::json(201, &json!({"channel_id": id, "user_id": user})));
            }
            ("DELETE", leaves, false) => {
                let user = leaves.strip_prefix("members/").ok_or_else(not_found)?;
                if !room.members.iter().any(|known| known == user) {
                    return Err(broken(404, "store.sql_channel.get_member.missing.app_error"));
                }
                room.members.retain(|known| known != user);
            }
            _ => return Err(not_found()),
        }
        Ok(Answer::json(200, &json!({"id": id, "status": "OK"})))
    }
}
