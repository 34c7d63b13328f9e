//! Status pages (`U5`): publishing what an audience is told, and reading what a page shows. What comes
//! out of here is for those outside: public names and public words, and nothing of the incident that
//! stands behind them, neither its title nor its number nor who works on it.

use jiff::{SignedDuration, Timestamp};
use muster_core::id::StatusPostId;
use muster_core::incident::audience::Audience;
use muster_core::incident::lifecycle::Incident;
use muster_core::incident::lifecycle::publish::Said;
use muster_core::incident::status_page::{
    DAYS, Day, PlannedWork, Stage, State, StatusPage, Trouble, services_of,
};
use muster_core::org::directory::Directory;
use muster_store::event::{self, NewEvent};
use muster_store::incident::status_page::{self as store, Post, Shown, Update, Work};
use muster_store::{StoreError, Tx, timer};

use crate::app::App;

pub mod subscription;

/// What a page shows now.
#[derive(Debug, Clone)]
pub struct View {
    /// The page.
    pub page: StatusPage,
    /// When this is so.
    pub now: Timestamp,
    /// Its worst component.
    pub overall: State,
    /// The same in words; what is being looked at counts although no component suffers.
    pub headline: &'static str,
    /// Its components in order.
    pub components: Vec<ComponentNow>,
    /// What was published, the latest first.
    pub posts: Vec<Published>,
    /// Planned work that is not over, in order.
    pub work: Vec<PlannedNow>,
}

/// A component as it stands.
#[derive(Debug, Clone)]
pub struct ComponentNow {
    /// Its public name.
    pub name: String,
    /// Under which heading it stands.
    pub group: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// How it stands.
    pub state: State,
    /// The last days, today last.
    pub days: Vec<Day>,
}

/// An incident in public words.
#[derive(Debug, Clone)]
pub struct Published {
    /// For addresses.
    pub id: StatusPostId,
    /// Its public title.
    pub title: String,
    /// How far it has come.
    pub stage: Stage,
    /// How bad it is for components; none where its severity is not shown any more.
    pub state: Option<State>,
    /// The components that it touches.
    pub components: Vec<String>,
    /// Since when.
    pub started_at: Timestamp,
    /// When something was last said.
    pub updated_at: Timestamp,
    /// Until when; none while it goes on.
    pub ended_at: Option<Timestamp>,
    /// What was said, the latest first.
    pub updates: Vec<Update>,
}

/// Planned work in public words.
#[derive(Debug, Clone)]
pub struct PlannedNow {
    /// For addresses.
    pub id: uuid::Uuid,
    /// What it is.
    pub title: String,
    /// The components that it touches.
    pub components: Vec<String>,
    /// From then on.
    pub from: Timestamp,
    /// Up to, but not at, then.
    pub to: Timestamp,
    /// Whether it has begun.
    pub has_begun: bool,
}

impl View {
    /// What goes on, the latest first.
    pub fn open(&self) -> impl Iterator<Item = &Published> {
        self.posts.iter().filter(|post| post.ended_at.is_none())
    }

    /// What is over, the latest first.
    pub fn over(&self) -> impl Iterator<Item = &Published> {
        self.posts.iter().filter(|post| post.ended_at.is_some())
    }
}

impl App {
    /// Where a page is: `https://.../status/{slug}`.
    pub fn status_url(&self, page: &StatusPage) -> String {
        format!("{}/status/{}", self.settings.public_url, page.slug)
    }

    /// What a page shows now.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn status_view(&self, page: &StatusPage) -> Result<View, StoreError> {
        let now = self.now();
        // A day more than is shown: a day begins at another instant in every zone.
        let since = now.saturating_sub(SignedDuration::from_hours((DAYS + 1) * 24));
        let since = since.unwrap_or(Timestamp::MIN);
        let mut tx = self.db.snapshot().await?;
        let shown = store::posts(&mut tx, page.id, since).await?;
        let ids: Vec<_> = shown.iter().map(|shown| shown.post.id).collect();
        let updates = store::updates(&mut tx, &ids).await?;
        let work = store::work(&mut tx, since).await?;
        let mut troubles = Vec::new();
        if page.is_automatic {
            let services: Vec<_> =
                page.components.iter().flat_map(|one| one.services.iter().copied()).collect();
            troubles = store::troubles(&mut tx, page.id, &services, since).await?;
        }
        drop(tx);
        Ok(view(page, shown, &updates, troubles, work, now))
    }
}

fn view(
    page: &StatusPage,
    shown: Vec<Shown>,
    updates: &[Update],
    mut troubles: Vec<Trouble>,
    work: Vec<Work>,
    now: Timestamp,
) -> View {
    let names = |services: &[_]| page.touched(services).map(|one| one.name.clone()).collect();
    let mut posts = Vec::new();
    for Shown { post, level, services, ended_at } in shown {
        let updates: Vec<_> =
            updates.iter().filter(|update| update.post == post.id).cloned().collect();
        // What is only watched any more works again.
        let well = updates.iter().take_while(|update| update.stage >= Stage::Monitoring).last();
        let to = ended_at.into_iter().chain(well.map(|update| update.at)).min();
        let stage = if ended_at.is_some() { Stage::Resolved } else { post.stage };
        posts.push(Published {
            id: post.id,
            title: post.title,
            stage,
            state: page.shows.get(&level).copied(),
            components: names(&services),
            started_at: post.started_at,
            updated_at: post.updated_at,
            ended_at,
            updates,
        });
        troubles.push(Trouble { services, level, from: post.started_at, to });
    }
    let planned: Vec<PlannedWork> = work.iter().map(|work| work.planned.clone()).collect();
    let components = page.components.iter().map(|component| ComponentNow {
        name: component.name.clone(),
        group: component.group.clone(),
        description: component.description.clone(),
        state: page.state(component, &troubles, &planned, now),
        days: page.days(component, &troubles, &planned, now),
    });
    let components: Vec<_> = components.collect();
    let overall = components.iter().map(|one| one.state).max().unwrap_or(State::Operational);
    let work = work.into_iter().filter(|work| now < work.planned.to).filter_map(|work| {
        let touched: Vec<String> = names(&work.planned.services);
        // Work on what this page does not speak of is no business of its readers.
        if touched.is_empty() && !work.planned.services.is_empty() {
            return None;
        }
        let PlannedWork { from, to, .. } = work.planned;
        let has_begun = from <= now;
        Some(PlannedNow {
            id: work.id,
            title: work.title,
            components: touched,
            from,
            to,
            has_begun,
        })
    });
    let work = work.collect();
    let is_looked_at =
        posts.iter().any(|post| post.ended_at.is_none() && post.stage < Stage::Monitoring);
    let headline = match overall {
        State::Operational if is_looked_at => "Something is being looked into",
        overall => overall.headline(),
    };
    View { page: page.clone(), now, overall, headline, components, posts, work }
}

/// Puts what an audience is told on its status pages: where the incident belongs, or is already.
/// What says no stage of its own is shown only where it is already.
///
/// # Errors
/// When the store refuses.
pub async fn publish(
    app: &App,
    tx: &mut Tx,
    directory: &Directory,
    incident: &Incident,
    audience: &Audience,
    said: &Said,
    now: Timestamp,
) -> Result<(), StoreError> {
    if incident.practice || incident.restriction.is_some() {
        return Ok(());
    }
    for page in audience.status_pages.iter().filter_map(|id| directory.status_pages.get(*id)) {
        let earlier = store::lock(tx, page.id, incident.id).await?;
        if earlier.is_none() && (said.stage.is_none() || !page.takes(incident)) {
            continue;
        }
        let post = post(app, page, incident, earlier, said, now);
        store::put(tx, &post).await?;
        let update = Update {
            id: app.ids.next(now),
            post: post.id,
            at: now,
            stage: post.stage,
            text: said.text.clone(),
        };
        store::add(tx, &update).await?;
        timer::set(tx, timer::Kind::Bulletin, update.id, now, now).await?;
        let event = NewEvent {
            kind: "status_page.updated".to_owned(),
            incident_number: None,
            subject: page.id.to_string(),
        };
        event::tell(tx, now, &[event]).await?;
    }
    Ok(())
}

fn post(
    app: &App,
    page: &StatusPage,
    incident: &Incident,
    earlier: Option<Post>,
    said: &Said,
    now: Timestamp,
) -> Post {
    let mut post = earlier.unwrap_or_else(|| Post {
        id: StatusPostId(app.ids.next(now)),
        page: page.id,
        incident: incident.id,
        title: page.title_for(&services_of(incident)),
        stage: Stage::Investigating,
        started_at: incident.stamps.occurred_at.or(incident.stamps.detected_at).unwrap_or(now),
        updated_at: now,
        resolved_at: None,
    });
    if let Some(title) = &said.title {
        post.title.clone_from(title);
    }
    post.stage = said.stage.unwrap_or(post.stage);
    post.updated_at = now;
    post.resolved_at = match post.stage {
        Stage::Resolved => post.resolved_at.or(Some(now)),
        _ => None,
    };
    post
}
