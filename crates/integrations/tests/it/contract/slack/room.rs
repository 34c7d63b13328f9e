//! Channels of Slack as the reference of `conversations.*` describes them: what a name may be, how long
//! a topic is, whom an invitation takes, and that a bot brings nothing back from the archive.

use serde_json::{Value, json};

use super::{ANA, Answer, BO, Broken, Slack, broken, mrkdwn};

/// A channel.
#[derive(Debug, Clone, Default)]
pub struct Room {
    pub name: String,
    pub topic: String,
    pub members: Vec<String>,
    pub posts: Vec<String>,
    pub is_private: bool,
    pub is_archived: bool,
}

/// The most characters of a channel's name and of its topic.
const NAME_CHARS_MAX: usize = 80;
const TOPIC_CHARS_MAX: usize = 250;
/// The most people of one invitation.
const INVITED_MAX: usize = 1000;

impl Slack {
    /// `usergroups.users.update`: the whole list of a group, which is never empty.
    pub(super) fn group(&mut self, body: &Value) -> Result<Answer, Broken> {
        if self.lacks_scope {
            return Err(broken("missing_scope"));
        }
        let id = body["usergroup"].as_str().unwrap_or_default();
        let group = self.groups.get_mut(id).ok_or_else(|| broken("no_such_subteam"))?;
        let users = body["users"].as_str().unwrap_or_default();
        if users.is_empty() {
            return Err(broken("no_users_provided"));
        }
        let users: Vec<_> = users.split(',').map(ToOwned::to_owned).collect();
        if !users.iter().all(|user| [ANA, BO].contains(&user.as_str())) {
            return Err(broken("invalid_users"));
        }
        *group = users;
        Ok(Answer::json(200, &json!({"ok": true, "usergroup": {"id": id, "users": group}})))
    }

    /// `conversations.*`, for the channels that the app made and is a member of.
    pub(super) fn room(&mut self, method: &str, body: &Value) -> Result<Answer, Broken> {
        if self.lacks_scope {
            return Err(broken("missing_scope"));
        }
        let done = |body: Value| Ok(Answer::json(200, &body));
        if method == "conversations.create" {
            let name = body["name"].as_str().ok_or_else(|| broken("invalid_name_required"))?;
            let is_plain =
                |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b);
            if name.is_empty() || name.len() > NAME_CHARS_MAX || !name.bytes().all(is_plain) {
                return Err(broken("invalid_name"));
            }
            let is_ours = self.rooms.values().any(|room| room.name == name);
            if is_ours || self.names_taken.iter().any(|taken| taken == name) {
                return Err(broken("name_taken"));
            }
            let id = format!("C0ROOM{:05}", self.rooms.len() + 1);
            let is_private = match &body["is_private"] {
                Value::Null => false,
                Value::Bool(is_private) => *is_private,
                _ => return Err(broken("invalid_arguments")),
            };
            let room = Room { name: name.to_owned(), is_private, ..Room::default() };
            self.rooms.insert(id.clone(), room);
            return done(json!({"ok": true, "channel": {"id": id, "name": name}}));
        }
        let id = body["channel"].as_str().unwrap_or_default();
        let room = self.rooms.get_mut(id).ok_or_else(|| broken("channel_not_found"))?;
        match (method, room.is_archived) {
            ("conversations.unarchive", false) => return Err(broken("not_archived")),
            // Archiving takes the bot out, and it cannot come back to what is archived.
            ("conversations.unarchive", true) => return Err(broken("not_in_channel")),
            ("conversations.archive", true) => return Err(broken("already_archived")),
            ("conversations.archive", false) => room.is_archived = true,
            (_, true) => return Err(broken("is_archived")),
            ("conversations.setTopic", false) => {
                let topic = body["topic"].as_str().ok_or_else(|| broken("invalid_arguments"))?;
                mrkdwn(topic)?;
                if topic.chars().count() > TOPIC_CHARS_MAX {
                    return Err(broken("too_long"));
                }
                room.topic = topic.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">");
            }
            ("conversations.invite", false) => {
                let users = body["users"].as_str().ok_or_else(|| broken("no_user"))?;
                let users: Vec<_> = users.split(',').filter(|user| !user.is_empty()).collect();
                if users.is_empty() || users.len() > INVITED_MAX {
                    return Err(broken("no_user"));
                }
                if users.iter().any(|user| room.members.iter().any(|known| known == user)) {
                    return Err(broken("already_in_channel"));
                }
                let known = |user: &&&str| [ANA, BO].contains(user);
                if body["force"] != true && !users.iter().all(|user| known(&user)) {
                    return Err(broken("user_not_found"));
                }
                room.members.extend(users.iter().filter(known).map(|user| (*user).to_owned()));
            }
            ("conversations.kick", false) => {
                let user = body["user"].as_str().ok_or_else(|| broken("user_not_found"))?;
                if !room.members.iter().any(|known| known == user) {
                    return Err(broken("not_in_channel"));
                }
                room.members.retain(|known| known != user);
            }
            _ => return Err(broken("unknown_method")),
        }
        done(json!({"ok": true, "channel": {"id": id}}))
    }
}
