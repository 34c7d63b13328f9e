//! Mattermost's REST API v4 as its reference describes it: direct channels, posts with message
//! attachments and their buttons, patches, and what a server sends for buttons and slash commands.
//! Errors carry an `id` that names the rule.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::judge::{Answer, Broken, Request, Rules};

pub mod room;

use room::{Room, TEAM};

pub const TOKEN: &str = "n6mtw4tn3jy5ic9sxwm7h8r1ke";
pub const COMMAND_TOKEN: &str = "xr3j5x3p4pfk7kk6ck7b4e6ghh";
pub const BOT: &str = "bot1bot1bot1bot1bot1bot1bo";
pub const ANA: &str = "ana1ana1ana1ana1ana1ana1an";
pub const ANA_CHANNEL: &str = "dm01dm01dm01dm01dm01dm01dm";
pub const TOWN_SQUARE: &str = "town1town1town1town1town1t";

/// A server with its people and posts.
#[derive(Default)]
pub struct Mattermost {
    /// The body of each post by id.
    pub posts: BTreeMap<String, Value>,
    /// Whether buttons may lead only to this address.
    pub calls_back: Option<String>,
    /// The channels that the bot made, by id.
    pub rooms: BTreeMap<String, Room>,
    /// The people of custom groups.
    pub groups: BTreeMap<String, Vec<String>>,
    /// Names of channels that others have.
    pub names_taken: Vec<String>,
}

fn broken(status: u16, id: &str) -> Broken {
    let body = json!({"id": id, "message": "See id.", "status_code": status, "request_id": "r"});
    Broken { rule: id.to_owned(), answer: Answer::json(status, &body) }
}

fn is_id(text: &str) -> bool {
    text.len() == 26 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

impl Rules for Mattermost {
    fn judge(&mut self, request: &Request) -> Result<Answer, Broken> {
        let not_found = || broken(404, "api.context.404.app_error");
        let path = request.path().strip_prefix("/api/v4/").ok_or_else(not_found)?;
        if request.header("authorization") != Some(&format!("Bearer {TOKEN}")) {
            return Err(broken(401, "api.context.session_expired.app_error"));
        }
        let parts: Vec<_> = path.split('/').collect();
        match (request.method.as_str(), parts.as_slice()) {
            ("GET", ["users", "me"]) => {
                Ok(Answer::json(200, &json!({"id": BOT, "username": "muster", "is_bot": true})))
            }
            ("GET", ["users", "username", "ana"]) => {
                Ok(Answer::json(200, &json!({"id": ANA, "username": "ana"})))
            }
            ("GET", ["users", "username", _]) => {
                Err(broken(404, "store.sql_user.get_by_username.app_error"))
            }
            ("GET", ["teams", "name", "shop", "channels", "name", "town-square"]) => {
                Ok(Answer::json(200, &json!({"id": TOWN_SQUARE, "name": "town-square"})))
            }
            ("GET", ["teams", "name", "shop", "channels", "name", _]) => {
                Err(broken(404, "app.channel.get_by_name.missing.app_error"))
            }
            ("GET", ["teams", "name", "shop"]) => {
                Ok(Answer::json(200, &json!({"id": TEAM, "name": "shop"})))
            }
            ("POST" | "DELETE", ["groups", id, "members"]) => {
                self.group(&request.method, id, &body(request)?)
            }
            ("POST", ["channels"]) => self.make_room(&body(request)?),
            (_, ["channels", id, ..]) if self.rooms.contains_key(*id) => {
                let rest = parts.get(2..).unwrap_or_default().join("/");
                self.room(&request.method, id, &rest, request)
            }
            ("POST", ["posts"])
                if body(request)?["channel_id"]
                    .as_str()
                    .is_some_and(|id| self.rooms.contains_key(id)) =>
            {
                let body = body(request)?;
                self.post(&body)?;
                let id = body["channel_id"].as_str().unwrap_or_default();
                let room = self.rooms.get_mut(id).ok_or_else(not_found)?;
                if room.is_archived {
                    return Err(broken(400, "api.post.create_post.can_not_post_to_deleted.error"));
                }
                room.posts.push(body["message"].as_str().unwrap_or_default().replace('\\', ""));
                Ok(Answer::json(
                    201,
                    &json!({"id": "post9post9post9post9post9p", "channel_id": id}),
                ))
            }
            ("GET", ["teams", "name", _, ..]) => {
                Err(broken(404, "app.team.get_by_name.missing.app_error"))
            }
            ("POST", ["channels", "direct"]) => direct(&body(request)?),
            ("POST", ["posts"]) => {
                let body = body(request)?;
                let channel = body["channel_id"].as_str().unwrap_or_default();
                if !is_id(channel) {
                    return Err(broken(400, "model.post.is_valid.channel_id.app_error"));
                }
                if ![ANA_CHANNEL, TOWN_SQUARE].contains(&channel) {
                    return Err(broken(403, "api.context.permissions.app_error"));
                }
                self.post(&body)?;
                let id = format!("post1post1post1post1post1{}", self.posts.len() % 10);
                self.posts.insert(id.clone(), body.clone());
                Ok(Answer::json(201, &json!({"id": id, "channel_id": channel, "user_id": BOT})))
            }
            ("PUT", ["posts", id, "patch"]) => {
                let body = body(request)?;
                if !is_id(id) {
                    return Err(broken(400, "api.context.invalid_url_param.app_error"));
                }
                if !self.posts.contains_key(*id) {
                    return Err(broken(404, "app.post.get.app_error"));
                }
                self.post(&body)?;
                self.posts.insert((*id).to_owned(), body);
                Ok(Answer::json(200, &json!({"id": id, "channel_id": ANA_CHANNEL})))
            }
            _ => Err(not_found()),
        }
    }
}

fn body(request: &Request) -> Result<Value, Broken> {
    let invalid = || broken(400, "api.context.invalid_body_param.app_error");
    serde_json::from_str(&request.body).map_err(|_| invalid())
}

fn direct(body: &Value) -> Result<Answer, Broken> {
    let ids: Vec<_> = body.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let [first, second] = ids.as_slice() else {
        return Err(broken(400, "api.context.invalid_body_param.app_error"));
    };
    if !is_id(first) || !is_id(second) {
        return Err(broken(400, "api.context.invalid_body_param.app_error"));
    }
    if ![*first, *second].contains(&BOT) {
        return Err(broken(403, "api.context.permissions.app_error"));
    }
    if ![*first, *second].contains(&ANA) {
        return Err(broken(404, "app.user.missing_account.const"));
    }
    Ok(Answer::json(201, &json!({"id": ANA_CHANNEL, "type": "D"})))
}

impl Mattermost {
    fn post(&self, body: &Value) -> Result<(), Broken> {
        let message = body["message"].as_str().unwrap_or_default();
        if message.chars().count() > 16_383 {
            return Err(broken(400, "model.post.is_valid.msg.app_error"));
        }
        markdown(message)?;
        let props = body.get("props").cloned().unwrap_or_else(|| json!({}));
        if !props.is_object() {
            return Err(broken(400, "api.context.invalid_body_param.app_error"));
        }
        if props.to_string().chars().count() > 800_000 {
            return Err(broken(400, "model.post.is_valid.props.app_error"));
        }
        let attachments = props["attachments"].as_array().cloned().unwrap_or_default();
        if message.is_empty() && attachments.is_empty() {
            return Err(broken(400, "a post without words"));
        }
        attachments.iter().try_for_each(|attachment| self.attachment(attachment))
    }

    fn attachment(&self, attachment: &Value) -> Result<(), Broken> {
        if attachment["fallback"].as_str().is_none_or(str::is_empty) {
            return Err(broken(400, "an attachment without fallback"));
        }
        for name in ["text", "pretext", "title"] {
            markdown(attachment[name].as_str().unwrap_or_default())?;
        }
        if let Some(color) = attachment.get("color") {
            let text = color.as_str().unwrap_or_default();
            let digits = text.strip_prefix('#').unwrap_or_default();
            if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(broken(400, "a color that is none"));
            }
        }
        if let Some(link) = attachment.get("title_link") {
            web(link)?;
        }
        let mut ids = Vec::new();
        for action in attachment["actions"].as_array().into_iter().flatten() {
            let id = action["id"].as_str().unwrap_or_default();
            // With any other character in the id a button silently does nothing.
            if id.is_empty() || !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
                return Err(broken(400, "an action id with more than letters and digits"));
            }
            if ids.contains(&id) {
                return Err(broken(400, "an action id twice"));
            }
            ids.push(id);
            if action["name"].as_str().is_none_or(str::is_empty) {
                return Err(broken(400, "an action without a name"));
            }
            if action["type"] != "button" {
                return Err(broken(400, "an action of no known type"));
            }
            let styles = ["default", "primary", "success", "good", "warning", "danger"];
            if action.get("style").is_some_and(|s| !styles.contains(&s.as_str().unwrap_or(""))) {
                return Err(broken(400, "a style that does not exist"));
            }
            web(&action["integration"]["url"])?;
            let url = action["integration"]["url"].as_str().unwrap_or_default();
            if self.calls_back.as_ref().is_some_and(|known| !url.starts_with(known)) {
                return Err(broken(400, "a button that leads elsewhere"));
            }
            if !action["integration"]["context"].is_object() {
                return Err(broken(400, "an action without context"));
            }
        }
        Ok(())
    }
}

fn web(url: &Value) -> Result<(), Broken> {
    let url = url.as_str().unwrap_or_default();
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    if is_web { Ok(()) } else { Err(broken(400, "an address that is not of the web")) }
}

/// What a text from outside must not do: wake a channel, or pass for a link or a picture.
fn markdown(text: &str) -> Result<(), Broken> {
    let lower = text.to_lowercase();
    if ["@channel", "@all", "@here"].iter().any(|mention| lower.contains(mention)) {
        return Err(broken(400, "a mention of everybody"));
    }
    let mut rest = text;
    while let Some(at) = rest.find("](") {
        // A bracket behind a backslash is only a bracket.
        let is_escaped = rest[..at].ends_with('\\');
        let target = &rest[at + 2..];
        if !is_escaped && !target.starts_with("https://") && !target.starts_with("http://") {
            return Err(broken(400, "a link that is not of the web"));
        }
        rest = target;
    }
    Ok(())
}

/// What a server sends when a button is pressed: whatever the post gave as context, unsigned.
pub fn pressed(target: &str, user: &str, post: &str, context: &Value) -> Request {
    Request::new("POST", target).with("content-type", "application/json").with_json(&json!({
        "user_id": user,
        "user_name": "ana",
        "channel_id": ANA_CHANNEL,
        "channel_name": "dm",
        "team_id": "",
        "team_domain": "",
        "post_id": post,
        "trigger_id": "dHJpZ2dlcg==",
        "type": "button",
        "data_source": "",
        "context": context
    }))
}

/// What a server sends for a slash command.
pub fn command(target: &str, token: &str, user: &str, text: &str) -> Request {
    let mut request = Request::new("POST", target)
        .with("content-type", "application/x-www-form-urlencoded")
        .with("authorization", &format!("Token {token}"));
    request.body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("channel_id", ANA_CHANNEL),
            ("channel_name", "dm"),
            ("command", "/muster"),
            (
                "response_url",
                "https://mattermost.example.com/hooks/commands/9zx7s1kr3fypudp8xb1pg6mp1a",
            ),
            ("team_domain", "example"),
            ("team_id", "team1team1team1team1team1t"),
            ("text", text),
            ("token", token),
            ("trigger_id", "dHJpZ2dlcg=="),
            ("user_id", user),
            ("user_name", "ana"),
        ])
        .finish();
    request
}
