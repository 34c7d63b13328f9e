//! The page behind a page's link: `/p/{token}`. Whoever holds the link answers for the person who
//! was paged, without signing in. A GET shows, a POST acts (`N4`): link scanners, previews and
//! prefetching cannot acknowledge. The token is looked up by its digest and never written anywhere.

use std::collections::HashMap;

use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use muster_core::id::{IncidentId, PageId, UserId};
use muster_core::incident::lifecycle::{Command, How, Incident, Status};
use muster_core::incident::restriction::Viewer;
use muster_core::incident::timeline::Actor;
use muster_core::oncall::escalation::State as Escalation;
use muster_core::oncall::page::PageState;
use muster_core::org::access::{self, Action, Object};
use muster_store::incident::incident as store_incident;
use muster_store::oncall::page::{self as store_page, PageRow};
use serde_json::json;

use super::changed::{self, Changed};
use super::digest as digest_page;
use super::join::{Join, Offers};
use super::refusal::Refusal;
use super::scene::{self, Reader, Scene, Similar};
use super::words::{self, Moment};
use super::{Kept, html, see_other};
use crate::api::Ctx;
use crate::app::App;
use crate::app::incident::view;
use crate::app::link::{TOKEN_BYTES_MAX, digest};
use crate::app::snapshot::Snapshot;

/// The largest body of an answer, in bytes.
const ANSWER_BYTES_MAX: usize = 4 * 1024;
/// The newest timeline entries on the page.
const LINES_MAX: usize = 8;
/// The most fields of a form that are looked at.
const FIELDS_MAX: usize = 20;

/// The routes.
pub(super) fn router() -> Router<Ctx> {
    Router::new()
        .route("/p/{token}", get(show).post(act))
        .layer(DefaultBodyLimit::max(ANSWER_BYTES_MAX))
}

/// What a link opens.
struct Opened {
    token: String,
    page: PageRow,
    incident: Incident,
    actor: Actor,
}

impl Opened {
    fn page_id(&self) -> PageId {
        PageId(self.page.id)
    }

    fn user(&self) -> UserId {
        UserId(self.page.user_id)
    }

    fn path(&self) -> String {
        format!("/p/{}", self.token)
    }

    /// Whether the paged person has said no.
    fn is_declined(&self) -> bool {
        self.page.how.as_deref() == Some(How::Declined.name())
    }

    /// Whether they are asked for something else than the incident itself or a role.
    fn comes_besides(&self) -> bool {
        self.is_awaited()
            && self.incident.status.is_answered()
            && !self.incident.roles.is_awaited(self.user())
    }

    fn is_ended(&self) -> bool {
        self.page.state == PageState::Superseded.name()
    }

    /// Whether the paged person is still asked to come, whoever has the incident meanwhile: for a
    /// role, or because somebody requested them.
    fn is_awaited(&self) -> bool {
        let awaited = &self.incident.clocks.engage.awaited;
        self.incident.status.is_open()
            && !self.is_ended()
            && awaited.iter().any(|one| one.user == self.user())
    }
}

/// Finds what a token opens: nothing once its incident is closed or its person is gone.
async fn open(app: &App, snapshot: &Snapshot, token: String) -> Result<Opened, Refusal> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(Refusal::UnknownLink);
    }
    let page = store_page::by_token(&app.db, &digest(&token)).await?;
    let page = page.ok_or(Refusal::UnknownLink)?;
    let incident =
        store_incident::get(&app.db, &Viewer::Engine, IncidentId(page.incident_id)).await?;
    let incident = incident.ok_or(Refusal::UnknownLink)?;
    if incident.status == Status::Closed {
        let because = format!("Incident {} is closed.", incident.number);
        return Err(Refusal::Expired { because });
    }
    let user = snapshot.directory.users.get(UserId(page.user_id)).ok_or_else(|| {
        Refusal::Expired { because: "The person it was made for is no longer here.".to_owned() }
    })?;
    let actor = Actor::User { id: user.id, name: user.name.clone() };
    Ok(Opened { token, page, incident, actor })
}

async fn show(State(ctx): State<Ctx>, Path(token): Path<String>) -> Response {
    match shown(&ctx.app, token).await {
        Ok(response) => response,
        Err(refusal) => refusal.page(),
    }
}

async fn shown(app: &App, token: String) -> Result<Response, Refusal> {
    let snapshot = app.snapshot();
    if let Some(opened) = digest_of(app, &token).await? {
        return Ok(digest_page::show(app, &opened));
    }
    let opened = open(app, &snapshot, token).await?;
    let who = access::Caller::PageLink { user: opened.user(), incident: opened.incident.id };
    access::may(who, Action::Read, Object::Incident(opened.incident.id))?;
    let page = look(app, &snapshot, &opened).await?;
    Ok(html(StatusCode::OK, Kept::Secret, &page))
}

#[derive(Template)]
#[template(path = "lifeline/resolve.html")]
struct AskOnceMore<'a> {
    number: i64,
    title: &'a str,
    open_alerts: Option<String>,
    path: String,
}

fn ask_once_more(opened: &Opened) -> Response {
    let incident = &opened.incident;
    let open = incident.open_alert_count;
    let page = AskOnceMore {
        number: incident.number,
        title: &incident.title,
        open_alerts: (open > 0).then(|| words::counted(open, "alert")),
        path: opened.path(),
    };
    html(StatusCode::OK, Kept::Secret, &page)
}

/// How things stand for the paged person, in words.
struct Notice {
    is_good: bool,
    text: String,
    at: Option<Moment>,
    merged_into: Option<i64>,
}

#[derive(Template)]
#[template(path = "lifeline/link.html")]
struct LinkPage {
    path: String,
    scene: Scene,
    now: Moment,
    recipient: String,
    reason: String,
    notice: Option<Notice>,
    can_acknowledge: bool,
    can_act: bool,
    can_decline: bool,
    escalates_to: String,
    /// Where the escalation stands, so that a form sent twice escalates once.
    stage: String,
    offers: Offers,
    similar: Vec<Similar>,
    changed: Vec<Changed>,
}

async fn look(app: &App, snapshot: &Snapshot, opened: &Opened) -> Result<LinkPage, Refusal> {
    let directory = &snapshot.directory;
    let incident = &opened.incident;
    let user = directory.users.get(opened.user());
    let zone = user.map_or(&directory.timezone, |user| &user.timezone);
    let reader = Reader { user: Some(opened.user()), zone, now: app.now() };
    let scene = Scene::load(&app.db, directory, incident, &reader, LINES_MAX).await?;
    let can_act = incident.status.is_open() && incident.merged_into.is_none();
    let answered = incident.status.is_answered();
    let similar = match answered {
        true => {
            let viewer = app.viewer(reader.user).await?;
            scene::similar(&app.db, &viewer, incident, &reader).await?
        }
        false => Vec::new(),
    };
    Ok(LinkPage {
        path: opened.path(),
        scene,
        now: reader.moment(reader.now),
        recipient: scene::person(directory, opened.user()),
        reason: opened.page.reason.clone(),
        notice: notice(app, opened, &reader, directory).await?,
        can_acknowledge: can_act && (!answered || opened.is_awaited()),
        can_act,
        can_decline: can_act && (!answered || opened.is_awaited()) && !opened.is_ended(),
        escalates_to: scene::next_people(directory, incident, reader.now),
        stage: stage(incident),
        offers: Offers::to(directory, incident, opened.user(), reader.now),
        similar,
        changed: changed::load(app, incident, &reader).await,
    })
}

async fn notice(
    app: &App,
    opened: &Opened,
    reader: &Reader<'_>,
    directory: &muster_core::org::directory::Directory,
) -> Result<Option<Notice>, Refusal> {
    let incident = &opened.incident;
    let stamps = &incident.stamps;
    let moment = |at: Option<jiff::Timestamp>| at.map(|at| reader.moment(at));
    let say = |is_good, text: String, at| Some(Notice { is_good, text, at, merged_into: None });
    if let Some(other) = incident.merged_into {
        let viewer = app.viewer(reader.user).await?;
        let other = store_incident::get(&app.db, &viewer, other).await?;
        let merged_into = other.map(|other| other.number);
        let text = "It was merged into another incident, which goes on.".to_owned();
        return Ok(Some(Notice { is_good: true, text, at: None, merged_into }));
    }
    if !incident.status.is_open() {
        let by = opened.page.superseded_by.as_deref().filter(|by| by.starts_with("resolved"));
        let text = by.map_or_else(|| "It is over.".to_owned(), |by| format!("It is over: {by}."));
        return Ok(say(true, text, moment(stamps.resolved_at)));
    }
    if incident.status.is_answered() && opened.is_awaited() {
        let text = match incident.assignee {
            Some(user) => {
                let user = scene::person(directory, user);
                format!("{user} has it, and you are asked to come: {}.", opened.page.reason)
            }
            None => format!("You are asked to come: {}.", opened.page.reason),
        };
        return Ok(say(false, text, None));
    }
    if incident.status.is_answered() {
        let mine = incident.assignee == reader.user;
        let held = incident.roles.held().filter(|one| one.user == opened.user());
        let held: Vec<_> = held.map(|one| directory.role_in_words(&one.role)).collect();
        let text = match incident.assignee {
            Some(user) if !mine && !held.is_empty() => {
                let user = scene::person(directory, user);
                format!("You are {}. {user} has it.", held.join(" and "))
            }
            Some(_) if mine => "You have it. Nobody else is being paged.".to_owned(),
            Some(user) => format!("{} has it. You need not act.", scene::person(directory, user)),
            None => "It is acknowledged. You need not act.".to_owned(),
        };
        return Ok(say(true, text, moment(stamps.acknowledged_at)));
    }
    if !opened.is_ended() {
        return Ok(None);
    }
    let ended = opened.page.ended_at.and_then(|at| jiff::Timestamp::from_microsecond(at).ok());
    let text = match opened.is_declined() {
        true => "You declined. You can still take it.".to_owned(),
        false => {
            let by = opened.page.superseded_by.as_deref().unwrap_or("somebody withdrew it");
            format!("This page has ended: {by}. You can still take the incident.")
        }
    };
    Ok(say(false, text, moment(ended)))
}

/// Where an escalation stands, in a form's hidden field.
fn stage(incident: &Incident) -> String {
    match incident.escalation {
        Escalation::Waiting { next_step, round, .. } => format!("w{round}.{next_step}"),
        Escalation::Acknowledged { next_step, round, .. } => format!("a{round}.{next_step}"),
        Escalation::Idle => "idle".to_owned(),
        Escalation::Snoozed { .. } => "snoozed".to_owned(),
        Escalation::Exhausted => "exhausted".to_owned(),
        Escalation::Finished => "finished".to_owned(),
    }
}

/// What somebody answers.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Answer {
    Acknowledge,
    Decline,
    Escalate,
    Resolve,
    Join(Join),
}

/// What a form or a program sent.
#[derive(Debug, Default)]
struct Sent {
    action: Option<String>,
    confirm: Option<String>,
    stage: Option<String>,
    /// Every other field, for whoever joins.
    others: HashMap<String, String>,
}

impl Sent {
    /// Reads a form, or the JSON object that some programs send instead. A body that is neither
    /// asks for nothing, which acknowledges: nobody is woken twice for a stray byte.
    fn read(body: &[u8]) -> Self {
        let mut sent = Self::default();
        if let Ok(serde_json::Value::Object(fields)) = serde_json::from_slice(body) {
            for (name, value) in &fields {
                sent.set(name, value.as_str().unwrap_or_default());
            }
            return sent;
        }
        for (name, value) in form_urlencoded::parse(body) {
            sent.set(&name, &value);
        }
        sent
    }

    fn set(&mut self, name: &str, value: &str) {
        let value = value.to_owned();
        match name {
            "action" => self.action = Some(value),
            "confirm" => self.confirm = Some(value),
            "stage" => self.stage = Some(value),
            _ if self.others.len() < FIELDS_MAX => {
                self.others.insert(name.to_owned(), value);
            }
            _ => {}
        }
    }

    fn answer(&self) -> Result<Answer, Refusal> {
        match self.action.as_deref() {
            None | Some("" | "acknowledge") => Ok(Answer::Acknowledge),
            Some("decline") => Ok(Answer::Decline),
            Some("escalate") => Ok(Answer::Escalate),
            Some("resolve") => Ok(Answer::Resolve),
            Some(other) => {
                let join = Join::read(other, |name| self.others.get(name).cloned());
                join.map(Answer::Join).ok_or(Refusal::UnknownAction)
            }
        }
    }
}

async fn act(
    State(ctx): State<Ctx>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let for_people = wants_html(&headers);
    let outcome = match digest_of(&ctx.app, &token).await {
        Ok(Some(opened)) => digest_page::acknowledge(&ctx.app, &opened, for_people).await,
        Ok(None) => act_on_page(&ctx, token, &body, for_people).await,
        Err(refusal) => Err(refusal),
    };
    match outcome {
        Ok(response) => response,
        Err(refusal) if for_people => refusal.page(),
        Err(refusal) => refusal.problem(),
    }
}

/// The digest that a token opens, if it is one of a digest.
async fn digest_of(app: &App, token: &str) -> Result<Option<digest_page::Opened>, Refusal> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(Refusal::UnknownLink);
    }
    digest_page::open(app, token).await
}

async fn act_on_page(
    ctx: &Ctx,
    token: String,
    body: &[u8],
    for_people: bool,
) -> Result<Response, Refusal> {
    match open(&ctx.app, &ctx.app.snapshot(), token).await {
        Ok(opened) => answer(&ctx.app, opened, &Sent::read(body), for_people).await,
        Err(refusal) => Err(refusal),
    }
}

/// Browsers ask for HTML by name; programs do not.
fn wants_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

async fn answer(
    app: &App,
    opened: Opened,
    sent: &Sent,
    for_people: bool,
) -> Result<Response, Refusal> {
    let answer = sent.answer()?;
    let id = opened.incident.id;
    let who = access::Caller::PageLink { user: opened.user(), incident: id };
    access::may(who, Action::Respond, Object::Incident(id))?;
    if answer == Answer::Resolve && sent.confirm.as_deref() != Some("yes") {
        if for_people && opened.incident.status.is_open() {
            return Ok(ask_once_more(&opened));
        }
        return Err(Refusal::Unconfirmed);
    }
    let incident = match command(&opened, answer, sent) {
        Some(Answer::Decline) => app.decline(opened.page_id(), &opened.actor).await?,
        // Whoever comes besides leaves it with whoever has it.
        Some(Answer::Acknowledge) if opened.comes_besides() => {
            let user = opened.user();
            app.command(id, Command::CheckIn { user, team: None }, &opened.actor).await?
        }
        Some(Answer::Acknowledge) => app.command(id, Command::Acknowledge, &opened.actor).await?,
        Some(Answer::Escalate) => app.command(id, Command::Escalate, &opened.actor).await?,
        Some(Answer::Resolve) => {
            app.command(id, Command::Resolve { note: None }, &opened.actor).await?
        }
        Some(Answer::Join(join)) => {
            join.by(app, &opened.incident, opened.user(), &opened.actor).await?
        }
        None => opened.incident.clone(),
    };
    if for_people {
        return Ok(see_other(&opened.path(), Kept::Secret));
    }
    let snapshot = app.snapshot();
    let body = json!({
        "status": incident.status.name(),
        "incident": view::short(app, &snapshot.directory, &incident),
    });
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::REFERRER_POLICY, "no-referrer")];
    Ok((headers, axum::Json(body)).into_response())
}

/// What is left to do: nothing where it is done already, so that a form or program that sends the
/// same twice does it once.
fn command(opened: &Opened, answer: Answer, sent: &Sent) -> Option<Answer> {
    let incident = &opened.incident;
    let is_over = !incident.status.is_open();
    let is_done = match &answer {
        // Confirming what one has already matters only where an acknowledgement runs out.
        Answer::Acknowledge if opened.is_awaited() => false,
        Answer::Acknowledge if incident.status.is_answered() => {
            let runs_out =
                matches!(incident.escalation, Escalation::Acknowledged { expires_at: Some(_), .. });
            is_over || !(runs_out && incident.assignee == Some(opened.user()))
        }
        Answer::Acknowledge => false,
        Answer::Decline => is_over || opened.is_ended(),
        Answer::Escalate => sent.stage.as_ref().is_some_and(|seen| *seen != stage(incident)),
        Answer::Resolve => is_over,
        Answer::Join(_) => false,
    };
    (!is_done).then_some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_body_a_form_and_json_all_say_what_to_do() {
        let answer = |body: &[u8]| Sent::read(body).answer();
        assert_eq!(answer(b"").ok(), Some(Answer::Acknowledge));
        assert_eq!(answer(b"{}").ok(), Some(Answer::Acknowledge));
        assert_eq!(answer(b"action=decline").ok(), Some(Answer::Decline));
        assert_eq!(answer(br#"{"action":"escalate"}"#).ok(), Some(Answer::Escalate));
        assert!(answer(b"action=close").is_err());
        let sent = Sent::read(b"action=resolve&confirm=yes");
        assert_eq!(
            (sent.answer().ok(), sent.confirm.as_deref()),
            (Some(Answer::Resolve), Some("yes"))
        );
    }

    #[test]
    fn only_a_browser_asks_for_html() {
        let asks = |accept: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(header::ACCEPT, axum::http::HeaderValue::from_static(accept));
            }
            wants_html(&headers)
        };
        assert!(asks(Some("text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")));
        assert!(!asks(Some("*/*")) && !asks(Some("application/json")) && !asks(None));
    }
}
