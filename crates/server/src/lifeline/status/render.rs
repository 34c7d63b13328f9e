//! A status page as HTML. Everything that people wrote is text here, whatever it looks like.

use askama::Template;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use muster_core::incident::status_page::{State, StatusPage};
use muster_store::incident::status_page::Update;

use super::links::Links;
use super::{Refusal, STYLE, feed, wire};
use crate::app::App;
use crate::app::incident::status_page::{ComponentNow, Published, View};

/// How long ago an incident ended that the page itself still tells of, in days.
const RECENT_DAYS: i64 = 14;
/// The most of them; the history has all.
const RECENT_MAX: usize = 10;

/// An instant in the page's zone. It says nothing about now, so that the page stays the same.
struct Moment {
    utc: String,
    local: String,
}

impl Moment {
    fn new(at: Timestamp, zone: &TimeZone) -> Self {
        let seconds = Timestamp::from_second(at.as_second()).unwrap_or(at);
        let local = at.to_zoned(zone.clone()).strftime("%-d %b %Y, %H:%M %Z").to_string();
        Self { utc: seconds.to_string(), local }
    }
}

/// A state with its look.
struct Look {
    class: &'static str,
    words: &'static str,
    headline: &'static str,
    state: State,
}

impl Look {
    fn of(state: State) -> Self {
        let headline = state.headline();
        Self { class: state.name(), words: state.words(), headline, state }
    }

    /// The outline of its glyph: a check, a wrench's square, a low bar, a triangle, an octagon.
    fn shape(&self) -> &'static str {
        match self.state {
            State::Operational => "M7.5 16 2 10.5 4 8.5l3.5 3.5L16 3.5l2 2z",
            State::UnderMaintenance => "M3 3h14v14H3zm3 3v8h8V6z",
            State::Degraded => "M10 1a9 9 0 1 1 0 18 9 9 0 0 1 0-18zM4 9v2h12V9z",
            State::PartialOutage => "M10 2 19 18H1zm-1 5v6h2V7zm0 7v2h2v-2z",
            State::MajorOutage => "M6 1h8l5 5v8l-5 5H6l-5-5V6zm3 4v6h2V5zm0 8v2h2v-2z",
        }
    }
}

struct Post {
    id: String,
    title: String,
    state: Option<Look>,
    components: String,
    started: Moment,
    ended: Option<Moment>,
    updates: Vec<Said>,
}

struct Said {
    stage: &'static str,
    at: Moment,
    text: String,
}

struct Work {
    id: String,
    title: String,
    components: String,
    from: Moment,
    to: Moment,
    has_begun: bool,
}

struct Group {
    name: Option<String>,
    components: Vec<Row>,
}

struct Row {
    name: String,
    description: Option<String>,
    state: Look,
    days: Vec<Bar>,
    summary: String,
}

struct Bar {
    class: &'static str,
    title: String,
}

#[derive(Template)]
#[template(path = "status/page.html")]
struct Page<'a> {
    links: &'a Links,
    title: &'a str,
    description: Option<&'a str>,
    overall: Look,
    open: Vec<Post>,
    over: Vec<Post>,
    work: Vec<Work>,
    groups: Vec<Group>,
    recent_days: i64,
    zone: String,
    changed: Option<Moment>,
}

#[derive(Template)]
#[template(path = "status/history.html")]
struct History<'a> {
    links: &'a Links,
    title: &'a str,
    posts: Vec<Post>,
    zone: String,
}

#[derive(Template)]
#[template(path = "status/list.html")]
struct List<'a> {
    links: Links,
    pages: &'a [&'a StatusPage],
}

fn rendered(page: &impl Template) -> Result<String, Refusal> {
    page.render().map_err(|error| {
        tracing::error!("a status page could not be made: {error}");
        Refusal::Broken
    })
}

/// The page.
pub(super) fn page(view: &View, links: &Links) -> Result<String, Refusal> {
    let zone = &view.page.timezone;
    let since = view.now.saturating_sub(jiff::SignedDuration::from_hours(RECENT_DAYS * 24));
    let since = since.unwrap_or(Timestamp::MIN);
    let recent = |post: &&Published| post.ended_at.is_some_and(|at| at >= since);
    let over = view.over().filter(recent).take(RECENT_MAX);
    let mut overall = Look::of(view.overall);
    overall.headline = view.headline;
    rendered(&Page {
        links,
        title: &view.page.title,
        description: view.page.description.as_deref(),
        overall,
        open: view.open().map(|one| post(one, zone)).collect(),
        over: over.map(|one| post(one, zone)).collect(),
        work: work(view, zone),
        groups: groups(view),
        recent_days: RECENT_DAYS,
        zone: zone_in_words(zone),
        changed: view
            .posts
            .iter()
            .map(|post| post.updated_at)
            .max()
            .map(|at| Moment::new(at, zone)),
    })
}

/// Everything that was published.
pub(super) fn history(view: &View, links: &Links) -> Result<String, Refusal> {
    let zone = &view.page.timezone;
    rendered(&History {
        links,
        title: &view.page.title,
        posts: view.posts.iter().map(|one| post(one, zone)).collect(),
        zone: zone_in_words(zone),
    })
}

/// The pages that a reader may choose from.
pub(super) fn list(pages: &[&StatusPage]) -> Result<String, Refusal> {
    rendered(&List { links: Links::of_none(), pages })
}

/// A file of a copy.
pub(crate) struct Copy {
    /// Its name within the copy.
    pub(crate) name: &'static str,
    /// What it holds.
    pub(crate) text: String,
}

/// A page as files that another server can hand out.
///
/// # Errors
/// When a template fails, which is a fault of ours.
pub(crate) fn copy(app: &App, view: &View) -> Result<Vec<Copy>, StatusNotMade> {
    let links = Links::within_copy(app, &view.page);
    let file = |name, text| Copy { name, text };
    Ok(vec![
        // The page itself comes last: what it leads to is there already.
        file("style.css", STYLE.to_owned()),
        file("feed.xml", feed::of(view, &app.status_url(&view.page))),
        file("summary.json", wire::summary(app, view).to_text()),
        file("history.html", history(view, &links).map_err(|_| StatusNotMade)?),
        file("index.html", page(view, &links).map_err(|_| StatusNotMade)?),
    ])
}

/// A page as it would look, to be shown within another.
///
/// # Errors
/// When a template fails, which is a fault of ours.
pub(crate) fn preview(app: &App, view: &View) -> Result<String, StatusNotMade> {
    page(view, &Links::live(app, &view.page)).map_err(|_| StatusNotMade)
}

/// A template failed.
#[derive(Debug)]
pub(crate) struct StatusNotMade;

fn zone_in_words(zone: &TimeZone) -> String {
    zone.iana_name().unwrap_or("UTC").to_owned()
}

fn post(published: &Published, zone: &TimeZone) -> Post {
    Post {
        id: published.id.to_string(),
        title: published.title.clone(),
        state: published.state.filter(|_| published.ended_at.is_none()).map(Look::of),
        components: published.components.join(", "),
        started: Moment::new(published.started_at, zone),
        ended: published.ended_at.map(|at| Moment::new(at, zone)),
        updates: published.updates.iter().map(|update| said(update, zone)).collect(),
    }
}

fn said(update: &Update, zone: &TimeZone) -> Said {
    let at = Moment::new(update.at, zone);
    Said { stage: update.stage.words(), at, text: update.text.clone() }
}

fn work(view: &View, zone: &TimeZone) -> Vec<Work> {
    let works = view.work.iter().map(|one| Work {
        id: muster_core::id::MaintenanceId(one.id).to_string(),
        title: one.title.clone(),
        components: one.components.join(", "),
        from: Moment::new(one.from, zone),
        to: Moment::new(one.to, zone),
        has_begun: one.has_begun,
    });
    works.collect()
}

/// Components under their headings, in the order in which each is first met.
fn groups(view: &View) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for component in &view.components {
        let row = row(component);
        match groups.iter_mut().find(|group| group.name == component.group) {
            Some(group) => group.components.push(row),
            None => groups.push(Group { name: component.group.clone(), components: vec![row] }),
        }
    }
    groups
}

fn row(component: &ComponentNow) -> Row {
    let mut told = Vec::new();
    let bars = component.days.iter().map(|day| {
        if day.state == State::Operational {
            return Bar { class: "", title: String::new() };
        }
        let words = day.state.words().to_lowercase();
        let title = format!("{}: {words}", day.date.strftime("%-d %b"));
        told.push(title.clone());
        Bar { class: day.state.name(), title }
    });
    let days = bars.collect();
    let summary = match told.len() {
        0 => "The last 90 days: operational".to_owned(),
        _ => format!("The last 90 days: {}; operational otherwise", told.join(", ")),
    };
    Row {
        name: component.name.clone(),
        description: component.description.clone(),
        state: Look::of(component.state),
        days,
        summary,
    }
}
