//! Mattermost: posts of a bot in its direct channel with a person or in a channel that is named,
//! patches, buttons of message attachments and the slash command. A pressed button comes back unsigned, with the context that
//! the post gave it; so the context carries a signature of ours over the answer and the person.

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use muster_core::incident::room::{self, Room, Step};
use muster_core::oncall::mirror::{self, Mirror};
use muster_core::org::provider::Provider;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;

use super::call::{Answered, Api, from_hex};
use super::callback::{AnswerTo, Ask, Callback, CallbackRequest, Choice, Refused, Reply};
use super::card::{Card, Line, Tone, card, escaped, read_code};
use super::reply::read;
use super::{Envelope, Outcome};
use crate::outbound::Outbound;

/// The longest text, in characters; a post may have 16383.
const TEXT_CHARS_MAX: usize = 4000;
/// The longest title, in characters.
const TITLE_CHARS_MAX: usize = 500;

/// The body of a post to a person, without its channel. `home` is where this installation is.
pub fn render(envelope: &Envelope, provider: &Provider, person: &Person<'_>, home: &str) -> Value {
    let card = card(envelope);
    let colour = match card.tone {
        Tone::Asking => "#d24b4e",
        Tone::Settled => "#3db887",
        Tone::Informing => "#5d89ea",
    };
    let title = markdown(&card.headline, TITLE_CHARS_MAX);
    let mut attachment = json!({
        "fallback": plain(&card.headline), "color": colour, "title": title, "text": text(&card),
    });
    let url = format!("{home}/callback/{}", provider.name);
    let button = |button: &super::card::Button| {
        let style = match button.choice {
            Choice::Acknowledge => "primary",
            Choice::Resolve => "danger",
            Choice::Escalate | Choice::Decline => "default",
        };
        json!({
            "id": button.label.chars().filter(char::is_ascii_alphanumeric).collect::<String>(),
            "name": button.label,
            "type": "button",
            "style": style,
            "integration": {
                "url": url,
                "context": context(provider, &button.code, person, &plain(&card.headline)),
            }
        })
    };
    attachment["actions"] = card.buttons.iter().map(button).collect();
    // A post without words makes a notification without words.
    json!({ "message": title, "props": { "attachments": [attachment] } })
}

/// What a button brings back: the answer, what it was about, and our signature over both and the
/// person who was asked, by id and by the address that is configured.
fn context(provider: &Provider, code: &str, person: &Person<'_>, about: &str) -> Value {
    let mac = button_mac(provider, code, person, about).map(|mac| mac.finalize().into_bytes());
    let hex: String = mac.iter().flatten().map(|byte| format!("{byte:02x}")).collect();
    json!({ "ask": code, "about": about, "to": person.address, "signature": hex })
}

/// A person as the server and as the configuration know them.
#[derive(Debug, Clone, Copy)]
pub struct Person<'a> {
    /// The server's id.
    pub id: &'a str,
    /// The same id, or `@name`.
    pub address: &'a str,
}

fn button_mac(
    provider: &Provider,
    code: &str,
    person: &Person<'_>,
    about: &str,
) -> Option<Hmac<Sha256>> {
    let token = provider.setting("token");
    if token.is_empty() {
        return None;
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(token.as_bytes()).ok()?;
    let Person { id, address } = person;
    for part in ["mattermost button", &provider.name, code, id, address, about] {
        mac.update(part.as_bytes());
        mac.update(&[0]);
    }
    Some(mac)
}

fn text(card: &Card) -> String {
    let mut text = String::new();
    let mut rest = TEXT_CHARS_MAX;
    let lines = card.lines.iter().map(linked);
    let links: Vec<_> = card.links.iter().map(|link| link_to(link.label, &link.href)).collect();
    for line in lines.chain((!links.is_empty()).then(|| links.join(" · "))) {
        let length = line.chars().count() + 1;
        if length > rest {
            break;
        }
        rest -= length;
        text.push_str(&line);
        text.push('\n');
    }
    text
}

fn linked(line: &Line) -> String {
    match &line.href {
        Some(href) => link_to(&line.text, href),
        None => markdown(&line.text, TEXT_CHARS_MAX),
    }
}

/// A link. A closing bracket or a blank would end the address too early.
fn link_to(label: &str, href: &str) -> String {
    let href = href.replace('(', "%28").replace(')', "%29").replace(' ', "%20");
    format!("[{}]({href})", markdown(label, TITLE_CHARS_MAX))
}

/// A text that means itself in Markdown, and that wakes nobody: an escape does not stop a mention,
/// so a character without width parts the name from its sign.
fn markdown(text: &str, chars_max: usize) -> String {
    escaped(text, chars_max, |c, out| {
        if r"\`*_{}[]()#+-!|<>~:$&".contains(c) {
            out.push('\\');
        }
        out.push(c);
        if c == '@' {
            out.push('\u{200b}');
        }
    })
}

/// The same where nothing is Markdown.
fn plain(text: &str) -> String {
    escaped(text, TITLE_CHARS_MAX, |c, out| {
        out.push(c);
        if c == '@' {
            out.push('\u{200b}');
        }
    })
}

/// Makes one attempt.
pub(super) async fn send(
    outbound: &Outbound,
    envelope: &Envelope,
    provider: &Provider,
    address: &str,
    home: &str,
    now: Timestamp,
) -> Outcome {
    match posted(outbound, envelope, provider, address, home, now).await {
        Ok(outcome) | Err(outcome) => outcome,
    }
}

async fn posted(
    outbound: &Outbound,
    envelope: &Envelope,
    provider: &Provider,
    address: &str,
    home: &str,
    now: Timestamp,
) -> Result<Outcome, Outcome> {
    let server = Server::new(outbound, provider, now)?;
    // Ids of channels and of people look alike; `@name` is a person wherever it stands.
    if envelope.is_for_a_room() && !address.starts_with('@') {
        let mut body = render(envelope, provider, &Person { id: "", address }, home);
        body["channel_id"] = json!(server.channel(address).await?);
        let answer = server.call(Method::POST, "posts", Some(&body)).await?;
        let reference = Some(answer.text("id").to_owned()).filter(|id| !id.is_empty());
        return Ok(Outcome::Accepted { status: answer.status, reference });
    }
    let user = server.person(address).await?;
    let mut body = render(envelope, provider, &Person { id: &user, address }, home);
    let answer = match &envelope.earlier {
        Some(post) => server.call(Method::PUT, &format!("posts/{post}/patch"), Some(&body)).await?,
        None => {
            let channel = server.conversation(&user).await?;
            body["channel_id"] = json!(channel);
            server.call(Method::POST, "posts", Some(&body)).await?
        }
    };
    let reference = Some(answer.text("id").to_owned()).filter(|id| !id.is_empty());
    Ok(Outcome::Accepted { status: answer.status, reference })
}

/// Takes one step in a room, which is a channel of a team.
pub(super) async fn room(
    outbound: &Outbound,
    provider: &Provider,
    room: &Room,
    step: &Step,
    now: Timestamp,
) -> Result<room::Answer, Outcome> {
    let server = Server::new(outbound, provider, now)?;
    let id = room.id.as_deref().unwrap_or_default();
    let channel = format!("channels/{id}");
    match step {
        Step::Open { name, is_private } => {
            let sort = if *is_private { "P" } else { "O" };
            let team = room.team.as_deref().unwrap_or_default();
            let team = server.call(Method::GET, &format!("teams/name/{team}"), None).await?;
            let body = json!({
                "team_id": team.text("id"), "name": name, "display_name": name, "type": sort,
            });
            let answer = server.ask(Method::POST, "channels", Some(&body)).await?;
            if answer.is_success() {
                let id = Some(answer.text("id").to_owned()).filter(|id| !id.is_empty());
                return Ok(room::Answer::Done(id));
            }
            match answer.text("id").contains("exists") {
                true => Ok(room::Answer::NameTaken),
                false => Err(refusal(&answer)),
            }
        }
        Step::Topic { text, link } => {
            let text = markdown(text, 2 * room::TOPIC_CHARS_MAX);
            let body = json!({ "header": format!("{text} · {}", link_to("incident", link)) });
            server.call(Method::PUT, &format!("{channel}/patch"), Some(&body)).await?;
            Ok(room::Answer::Done(None))
        }
        Step::Invite(people) => {
            let mut refused = None;
            for address in people {
                match invite(&server, &channel, address).await {
                    Ok(()) => {}
                    // Whoever cannot be invited keeps nobody else out.
                    Err(Outcome::Permanent { detail, .. }) => refused = Some(detail),
                    Err(later) => return Err(later),
                }
            }
            Ok(refused.map_or(room::Answer::Done(None), room::Answer::Refused))
        }
        Step::Remove(address) => {
            let user = server.person(address).await?;
            let answer =
                server.ask(Method::DELETE, &format!("{channel}/members/{user}"), None).await?;
            match answer.is_success() || answer.status == 404 {
                true => Ok(room::Answer::Done(None)),
                false => Err(refusal(&answer)),
            }
        }
        Step::Post(_, text) => {
            let body = json!({ "channel_id": id, "message": markdown(text, TEXT_CHARS_MAX) });
            server.call(Method::POST, "posts", Some(&body)).await?;
            Ok(room::Answer::Done(None))
        }
        Step::Archive => {
            let answer = server.ask(Method::DELETE, &channel, None).await?;
            match answer.is_success() || answer.status == 404 {
                true => Ok(room::Answer::Done(None)),
                false => Err(refusal(&answer)),
            }
        }
        Step::Reopen => {
            server.call(Method::POST, &format!("{channel}/restore"), None).await?;
            Ok(room::Answer::Done(None))
        }
    }
}

async fn invite(server: &Server<'_>, channel: &str, address: &str) -> Result<(), Outcome> {
    let user = server.person(address).await?;
    let body = json!({ "user_id": user });
    server.call(Method::POST, &format!("{channel}/members"), Some(&body)).await?;
    Ok(())
}

/// Takes one step for what follows a schedule: a custom group, the header of a channel.
pub(super) async fn mirror(
    outbound: &Outbound,
    provider: &Provider,
    before: &Mirror,
    step: &mirror::Step,
    now: Timestamp,
) -> Result<(), Outcome> {
    let server = Server::new(outbound, provider, now)?;
    match step {
        mirror::Step::Fill { group, people } => {
            let members = format!("groups/{group}/members");
            let mut wanted = Vec::new();
            for address in people {
                wanted.push(server.person(address).await?);
            }
            let mut gone = Vec::new();
            // Whoever else is in the group was put there by others, and stays.
            for address in before.people_of(group) {
                let user = server.person(address).await?;
                if !wanted.contains(&user) {
                    gone.push(user);
                }
            }
            server.call(Method::POST, &members, Some(&json!({ "user_ids": wanted }))).await?;
            if !gone.is_empty() {
                server.call(Method::DELETE, &members, Some(&json!({ "user_ids": gone }))).await?;
            }
        }
        mirror::Step::Name { channel, topic } => {
            let body = json!({ "header": markdown(topic, 2 * room::TOPIC_CHARS_MAX) });
            server.call(Method::PUT, &format!("channels/{channel}/patch"), Some(&body)).await?;
        }
    }
    Ok(())
}

/// Whether the token works, and for whom.
pub(super) async fn probe(
    outbound: &Outbound,
    provider: &Provider,
    now: Timestamp,
) -> Result<String, Outcome> {
    let me = Server::new(outbound, provider, now)?.call(Method::GET, "users/me", None).await?;
    Ok(format!("signed in as {}", me.text("username")))
}

/// A server, signed in as the bot.
struct Server<'a> {
    api: Api<'a>,
    base: &'a str,
}

impl<'a> Server<'a> {
    fn new(
        outbound: &'a Outbound,
        provider: &'a Provider,
        now: Timestamp,
    ) -> Result<Self, Outcome> {
        let token = format!("Bearer {}", provider.setting("token"));
        let base = provider.setting("url").trim_end_matches('/');
        Ok(Self { api: Api::new(outbound, Some(&token), now)?, base })
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answered, Outcome> {
        let answer = self.ask(method, path, body).await?;
        if answer.is_success() { Ok(answer) } else { Err(refusal(&answer)) }
    }

    /// As [`Server::call`]; what a refusal says is read by whoever asks.
    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answered, Outcome> {
        let url = format!("{}/api/v4/{path}", self.base);
        self.api.call(method, &url, body).await
    }

    /// The id of a person who is named by id or as `@name`.
    async fn person(&self, address: &str) -> Result<String, Outcome> {
        let Some(name) = address.strip_prefix('@') else { return Ok(address.to_owned()) };
        let found = self.call(Method::GET, &format!("users/username/{name}"), None).await?;
        Ok(found.text("id").to_owned())
    }

    /// The id of a channel that is named by id or as `team/channel`.
    async fn channel(&self, address: &str) -> Result<String, Outcome> {
        let Some((team, channel)) = address.split_once('/') else { return Ok(address.to_owned()) };
        let channel = channel.trim_start_matches('~');
        let is_name = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        if !is_name(team) || !is_name(channel) {
            return Err(Outcome::permanent(format!("`{address}` names no channel")));
        }
        let path = format!("teams/name/{team}/channels/name/{channel}");
        Ok(self.call(Method::GET, &path, None).await?.text("id").to_owned())
    }

    /// The direct channel with a person, which is made where there is none yet.
    async fn conversation(&self, user: &str) -> Result<String, Outcome> {
        let me = self.call(Method::GET, "users/me", None).await?;
        let body = json!([me.text("id"), user]);
        let channel = self.call(Method::POST, "channels/direct", Some(&body)).await?;
        Ok(channel.text("id").to_owned())
    }
}

fn refusal(answer: &Answered) -> Outcome {
    let id = answer.text("id");
    match (answer.status, id) {
        (404, "store.sql_user.get_by_username.app_error" | "app.user.missing_account.const") => {
            answer.gone(id)
        }
        _ => answer.refusal(id),
    }
}

/// Reads what a server sends: pressed buttons and the slash command.
///
/// # Errors
/// When neither our signature of a button nor the token of the command fits.
pub fn read_callback(provider: &Provider, request: &CallbackRequest) -> Result<Callback, Refused> {
    let is_json = request
        .header("content-type")
        .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("application/json"));
    if is_json { pressed(provider, request) } else { commanded(provider, request) }
}

fn pressed(provider: &Provider, request: &CallbackRequest) -> Result<Callback, Refused> {
    let forged = |why: &str| Refused::Forged(why.to_owned());
    let body: Value =
        serde_json::from_slice(&request.body).map_err(|_| forged("the body is no JSON"))?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let context = &body["context"];
    let (code, about) = (text(&context["ask"]), text(&context["about"]));
    let (user, address) = (text(&body["user_id"]), text(&context["to"]));
    let given = context["signature"].as_str().and_then(from_hex);
    let given = given.ok_or_else(|| forged("there is no signature"))?;
    let person = Person { id: &user, address: &address };
    let mac = button_mac(provider, &code, &person, &about);
    let mac = mac.ok_or_else(|| forged("there is no secret to check it with"))?;
    mac.verify_slice(&given).map_err(|_| forged("it does not fit"))?;
    let ask = read_code(&code).map(|(choice, about)| Ask::Answer { choice, about });
    let ask = ask.ok_or_else(|| Refused::Unreadable("the button is not known".to_owned()))?;
    Ok(Callback {
        from: Some(format!("{user} {address}")),
        channel: "mattermost",
        reference: press(&text(&body["trigger_id"]), &given),
        asks: vec![ask],
        answer: AnswerTo::Edit { original: about },
    })
}

/// By what one press of a button is known: what the server calls it, and which button it was.
fn press(trigger: &str, signature: &[u8]) -> Option<String> {
    let button: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
    (!trigger.is_empty()).then(|| format!("{trigger} {button}"))
}

fn commanded(provider: &Provider, request: &CallbackRequest) -> Result<Callback, Refused> {
    let forged = |why: &str| Refused::Forged(why.to_owned());
    let secret = provider.setting("command_token");
    if secret.is_empty() {
        return Err(forged("there is no token of a command to check it with"));
    }
    let fields: Vec<(String, String)> =
        form_urlencoded::parse(&request.body).into_owned().collect();
    let field = |name: &str| {
        let found = fields.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    // A person is known by id or by name, whichever is configured.
    let from = format!("{} @{}", field("user_id"), field("user_name"));
    let header = request.header("authorization").and_then(|text| text.strip_prefix("Token "));
    let given = header.unwrap_or_else(|| field("token"));
    if !super::call::is_same(given, secret) {
        return Err(forged("the token does not fit"));
    }
    Ok(Callback {
        from: Some(from),
        channel: "mattermost",
        // A trigger id is made for each command.
        reference: Some(field("trigger_id").to_owned()).filter(|id| !id.is_empty()),
        asks: read(field("text")),
        answer: AnswerTo::Reply,
    })
}

/// The answer to a call: the post loses its buttons and says what became of it; a command is
/// answered in words that only the asker sees.
pub(super) fn reply(callback: &Callback, words: &str) -> Reply {
    let words = markdown(words, TEXT_CHARS_MAX);
    match &callback.answer {
        AnswerTo::Edit { original } => {
            let attachment = json!({
                "fallback": original, "color": "#3db887", "text": words,
                "title": markdown(original, TITLE_CHARS_MAX),
            });
            let post = json!({
                "message": markdown(original, TITLE_CHARS_MAX),
                "props": { "attachments": [attachment] }
            });
            Reply::json(&json!({ "update": post }))
        }
        _ => Reply::json(&json!({ "response_type": "ephemeral", "text": words })),
    }
}
