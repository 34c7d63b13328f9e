//! What a page shows of an incident, read at one instant and turned into words for one reader. It
//! is data only: the templates lay it out, and nothing here changes anything.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use muster_core::alerting::signal::is_web_address;
use muster_core::id::UserId;
use muster_core::incident::lifecycle::{How, Incident};
use muster_core::incident::restriction::Viewer;
use muster_core::oncall::escalation::State;
use muster_core::oncall::facts::{Facts, Turns};
use muster_core::oncall::page::PageState;
use muster_core::oncall::{preview, reach};
use muster_core::org::directory::Directory;
use muster_store::incident::incident::{self as store_incident, Filter};
use muster_store::incident::timeline::{self, EntryRow};
use muster_store::oncall::page::{self as store_page, PageRow};
use muster_store::{Db, StoreError};

use super::words::{self, Moment};
use crate::app::incident::facts;
use crate::app::incident::view;

/// The most characters of a timeline entry on a page.
const ENTRY_CHARS_MAX: usize = 400;
/// The most characters of a summary on a page.
const SUMMARY_CHARS_MAX: usize = 1_000;
/// The most people on a page.
const PEOPLE_MAX: usize = 12;
/// The most similar incidents on a page.
const SIMILAR_MAX: usize = 4;

/// Who reads a page, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    /// The person, if it is one.
    pub user: Option<UserId>,
    /// Their zone.
    pub zone: &'a TimeZone,
    /// The instant of the page.
    pub now: Timestamp,
}

impl Reader<'_> {
    /// An instant as the reader's page shows it.
    pub(super) fn moment(&self, at: Timestamp) -> Moment {
        Moment::new(at, self.now, self.zone)
    }

    fn micros(&self, at: i64) -> Option<Moment> {
        Timestamp::from_microsecond(at).ok().map(|at| self.moment(at))
    }
}

/// The band at the top: how bad it is and where it stands.
#[derive(Debug)]
pub(super) struct Band {
    pub class: &'static str,
    pub shape: &'static str,
    pub is_hollow: bool,
    /// Where the number stands in the glyph, which depends on its shape.
    pub baseline: u8,
    pub level: u8,
    pub severity: String,
    pub mark: &'static str,
    pub status: &'static str,
}

/// A line of the timeline.
#[derive(Debug)]
pub(super) struct Line {
    pub at: Option<Moment>,
    pub actor: String,
    pub text: String,
}

/// Somebody who was asked.
#[derive(Debug)]
pub(super) struct Person {
    pub name: String,
    pub what: String,
    pub at: Option<Moment>,
}

/// Somebody who volunteered and helps.
#[derive(Debug)]
pub(super) struct Helper {
    pub name: String,
    pub what: String,
}

/// An earlier incident of the same service.
#[derive(Debug)]
pub(super) struct Similar {
    pub number: i64,
    pub title: String,
    pub what: String,
    pub at: Option<Moment>,
}

/// What everybody may see of an incident.
#[derive(Debug)]
pub(super) struct Scene {
    pub number: i64,
    pub title: String,
    pub summary: Option<String>,
    pub service: String,
    pub practice: bool,
    pub band: Band,
    pub began: Option<Moment>,
    pub assignee: Option<String>,
    pub paging: String,
    pub next_at: Option<Moment>,
    pub alerts: String,
    pub runbook: Option<String>,
    /// Where people meet.
    pub bridge: Option<String>,
    /// When somebody expects it to be over, and who.
    pub estimate: Option<(Moment, String)>,
    pub people: Vec<Person>,
    pub helpers: Vec<Helper>,
    pub lines: Vec<Line>,
    pub has_more_lines: bool,
}

impl Scene {
    /// Reads what a page shows of `incident`, with its newest `lines` timeline entries.
    pub(super) async fn load(
        db: &Db,
        directory: &Directory,
        incident: &Incident,
        reader: &Reader<'_>,
        lines: usize,
    ) -> Result<Self, StoreError> {
        let pages = store_page::of_incident(db, incident.id).await?;
        let limit = i64::try_from(lines).unwrap_or(i64::MAX).saturating_add(1);
        let mut entries = timeline::newest(db, incident.id, limit).await?;
        let has_more_lines = entries.len() > lines;
        entries.truncate(lines);
        let facts = facts::read(db, directory, incident).await?;
        let service = directory.services.get(incident.service);
        let summary = incident.summary.as_deref().map(str::trim).filter(|text| !text.is_empty());
        Ok(Self {
            number: incident.number,
            title: incident.title.clone(),
            summary: summary.map(|text| words::cut(text, SUMMARY_CHARS_MAX)),
            service: view::service_name(directory, incident),
            practice: incident.practice,
            band: band(directory, incident),
            began: incident
                .stamps
                .occurred_at
                .or(incident.stamps.detected_at)
                .map(|at| reader.moment(at)),
            assignee: incident.assignee.map(|user| person(directory, user)),
            paging: paging(directory, incident, &facts),
            next_at: incident.next_at().map(|at| reader.moment(at)),
            alerts: alerts(incident),
            runbook: service
                .and_then(|service| service.runbook.clone())
                .filter(|address| is_web_address(address)),
            bridge: incident.bridge.as_ref().map(|bridge| bridge.link.clone()),
            estimate: incident
                .estimate
                .as_ref()
                .filter(|_| incident.status.is_open())
                .map(|one| (reader.moment(one.over_at), one.by.clone())),
            people: people(directory, incident, &pages, reader),
            helpers: helpers(directory, incident),
            lines: entries.iter().map(|entry| line(entry, reader)).collect(),
            has_more_lines,
        })
    }
}

/// What a person is called, also after they left.
pub(super) fn person(directory: &Directory, user: UserId) -> String {
    directory.users.get(user).map_or("a former colleague", |user| &user.full_name).to_owned()
}

fn band(directory: &Directory, incident: &Incident) -> Band {
    let level = incident.severity;
    let severity = words::severity_class(level);
    Band {
        class: if incident.status.is_open() { severity } else { "over" },
        shape: words::severity_shape(level),
        is_hollow: severity == "sev4",
        baseline: if severity == "sev2" { 27 } else { 22 },
        level: level.number(),
        severity: directory.severity(level).name.clone(),
        mark: words::status_mark(incident.status),
        status: incident.status.name(),
    }
}

fn alerts(incident: &Incident) -> String {
    match (incident.alert_count, incident.open_alert_count) {
        (0, _) => "none; it was declared by hand".to_owned(),
        (all, open) if all == open => words::counted(all, "alert"),
        (all, 0) => format!("{}, all recovered", words::counted(all, "alert")),
        (all, open) => format!("{}, {open} still open", words::counted(all, "alert")),
    }
}

/// What happens if nobody does anything, in words; the instant stands beside it.
fn paging(directory: &Directory, incident: &Incident, facts: &Facts) -> String {
    match incident.escalation {
        State::Idle => "nobody is asked; this severity pages nobody".to_owned(),
        State::Waiting { .. } => waiting(directory, incident, facts),
        State::Acknowledged { expires_at: Some(_), .. } => {
            "the acknowledgement runs out and the paging starts again".to_owned()
        }
        State::Acknowledged { expires_at: None, .. } => {
            "nobody else is asked unless somebody escalates".to_owned()
        }
        State::Snoozed { .. } => "quiet until then; the paging starts again".to_owned(),
        State::Exhausted => "nobody took it, and everybody has been asked".to_owned(),
        State::Finished => "nobody is asked any more".to_owned(),
    }
}

fn waiting(directory: &Directory, incident: &Incident, facts: &Facts) -> String {
    let ahead = preview::remaining(directory, incident, facts);
    let Some(first) = ahead.pages.first() else {
        return "nobody is left to ask".to_owned();
    };
    let mut names: Vec<String> = Vec::new();
    let same = |page: &&preview::PlannedPage| (page.step, page.round) == (first.step, first.round);
    for page in ahead.pages.iter().filter(same) {
        let name = person(directory, page.user);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    format!("{} will be paged", words::listed(&names))
}

/// Who would be asked if somebody escalated now.
pub(super) fn next_people(directory: &Directory, incident: &Incident, now: Timestamp) -> String {
    let policy = directory.policies.get(incident.policy).or_else(|| directory.catch_all_policy());
    let next = match incident.escalation {
        State::Waiting { next_step, .. } | State::Acknowledged { next_step, .. } => {
            next_step as usize
        }
        _ => 0,
    };
    let urgency = muster_core::incident::severity::Urgency::High;
    let steps = policy
        .map(|policy| reach::reach_steps(directory, policy, urgency, &Turns::new(), now))
        .unwrap_or_default();
    // After the last step the chain begins again.
    let from_next = steps.iter().skip(next).chain(&steps);
    let users = from_next.into_iter().find(|users| !users.is_empty()).cloned().unwrap_or_default();
    let names: Vec<_> = users.into_iter().map(|user| person(directory, user)).collect();
    words::listed(&names)
}

fn people(
    directory: &Directory,
    incident: &Incident,
    pages: &[PageRow],
    reader: &Reader<'_>,
) -> Vec<Person> {
    let mut latest: Vec<&PageRow> = Vec::new();
    let mut seen: HashMap<uuid::Uuid, usize> = HashMap::new();
    for page in pages {
        match seen.get(&page.user_id) {
            Some(at) => latest[*at] = page,
            None => {
                seen.insert(page.user_id, latest.len());
                latest.push(page);
            }
        }
    }
    latest
        .into_iter()
        .take(PEOPLE_MAX)
        .map(|page| {
            let user = UserId(page.user_id);
            let what = match (incident.assignee == Some(user), incident.status.is_open()) {
                (true, true) => "has it",
                (true, false) => "had it",
                (false, _) => asked(page),
            };
            let at = reader.micros(page.ended_at.unwrap_or(page.created_at));
            Person { name: person(directory, user), what: what.to_owned(), at }
        })
        .collect()
}

fn helpers(directory: &Directory, incident: &Incident) -> Vec<Helper> {
    let helping = incident.helpers.helping().take(PEOPLE_MAX);
    let describe = |helper: &muster_core::incident::helper::Helper| Helper {
        name: person(directory, helper.user),
        what: helper.task.clone().unwrap_or_else(|| "waits for something to do".to_owned()),
    };
    helping.map(describe).collect()
}

fn asked(page: &PageRow) -> &'static str {
    match PageState::NAMES.iter().find(|(_, name)| *name == page.state).map(|(state, _)| state) {
        Some(PageState::Pending) => "is being paged",
        Some(PageState::Accepted) => "was paged, no answer yet",
        Some(PageState::Exhausted) => "could not be reached",
        Some(PageState::Superseded) if page.how.as_deref() == Some(How::Declined.name()) => {
            "declined"
        }
        Some(PageState::Superseded) | None => "was paged before",
    }
}

fn line(entry: &EntryRow, reader: &Reader<'_>) -> Line {
    Line {
        at: reader.micros(entry.at),
        actor: entry.actor_name.clone(),
        text: words::cut(&entry.text, ENTRY_CHARS_MAX),
    }
}

/// The latest other incidents of the same service that the viewer sees, which may have been the same
/// trouble.
pub(super) async fn similar(
    db: &Db,
    viewer: &Viewer,
    incident: &Incident,
    reader: &Reader<'_>,
) -> Result<Vec<Similar>, StoreError> {
    let filter = Filter { services: Some(vec![incident.service]), ..Filter::default() };
    let limit = i64::try_from(SIMILAR_MAX).unwrap_or(i64::MAX).saturating_add(1);
    let others = store_incident::list(db, viewer, &filter, limit).await?;
    let others = others.into_iter().filter(|other| other.id != incident.id).take(SIMILAR_MAX);
    Ok(others.map(|other| alike(&other, reader)).collect())
}

fn alike(other: &Incident, reader: &Reader<'_>) -> Similar {
    let stamps = &other.stamps;
    let began = stamps.occurred_at.or(stamps.detected_at);
    let lasted =
        began.zip(stamps.resolved_at).and_then(|(from, to)| words::span(to.duration_since(from)));
    Similar {
        number: other.number,
        title: words::cut(&other.title, 120),
        what: match lasted {
            Some(span) => format!("{}, took {span}", other.status.name()),
            None => other.status.name().to_owned(),
        },
        at: began.map(|at| reader.moment(at)),
    }
}
