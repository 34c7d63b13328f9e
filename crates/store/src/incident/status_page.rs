//! What status pages show (`U5`): what was published there with its updates, and the incidents and
//! planned work that say how components stood. Exercises and merged incidents are no trouble of
//! anybody outside, and are left out here, so that no caller can forget to.

use jiff::Timestamp;
use muster_core::id::{IncidentId, ServiceId, StatusPageId, StatusPostId};
use muster_core::incident::lifecycle::Status;
use muster_core::incident::severity::Level;
use muster_core::incident::status_page::{PlannedWork, Stage, Trouble};
use sqlx::FromRow;
use uuid::Uuid;

use super::impact;
use crate::alerting::maintenance::service_ids;
use crate::args;
use crate::db::{Result, Sql, StoreError, Tx, Value, instant};

/// The most posts that a page is made of, the newest.
const POSTS_MAX: i64 = 200;
/// The most updates of the posts of a page.
const UPDATES_MAX: i64 = 2_000;
/// The most incidents that nobody published and a page counts, the newest.
const TROUBLES_MAX: i64 = 2_000;
/// The most windows that a page shows or counts.
const WINDOWS_MAX: i64 = 200;

/// An incident as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// For addresses: it says nothing about the incident.
    pub id: StatusPostId,
    /// The page.
    pub page: StatusPageId,
    /// The incident; never shown.
    pub incident: IncidentId,
    /// Its public title.
    pub title: String,
    /// How far it has come, by what was last said.
    pub stage: Stage,
    /// Since when.
    pub started_at: Timestamp,
    /// When something was last said.
    pub updated_at: Timestamp,
    /// When it was said that it is over.
    pub resolved_at: Option<Timestamp>,
}

/// A post with what its incident says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The post.
    pub post: Post,
    /// How bad the incident is now.
    pub level: Level,
    /// Every service that it is about.
    pub services: Vec<ServiceId>,
    /// When it ended for those outside: what was said, or the incident's own end where that came
    /// first or nothing was said.
    pub ended_at: Option<Timestamp>,
}

/// Something that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// Its own.
    pub id: Uuid,
    /// Of which post.
    pub post: StatusPostId,
    /// When.
    pub at: Timestamp,
    /// How far it had come.
    pub stage: Stage,
    /// In words.
    pub text: String,
}

/// Planned work that is meant to be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// The window.
    pub id: Uuid,
    /// What pages call it.
    pub title: String,
    /// On what and when.
    pub planned: PlannedWork,
}

#[derive(FromRow)]
struct PostRow {
    id: Uuid,
    page_id: Uuid,
    incident_id: Uuid,
    title: String,
    stage: String,
    started_at: i64,
    updated_at: i64,
    resolved_at: Option<i64>,
}

#[derive(FromRow)]
struct ShownRow {
    #[sqlx(flatten)]
    post: PostRow,
    severity: i64,
    status: String,
    service_id: Uuid,
    impact: String,
    incident_resolved_at: Option<i64>,
}

#[derive(FromRow)]
struct UpdateRow {
    id: Uuid,
    post_id: Uuid,
    at: i64,
    stage: String,
    text: String,
}

fn stage(name: &str) -> Result<Stage> {
    Stage::from_name(name).ok_or_else(|| StoreError::Corrupt(format!("a post's stage {name}")))
}

fn level(number: i64) -> Result<Level> {
    let level = u8::try_from(number).ok().and_then(Level::new);
    level.ok_or_else(|| StoreError::Corrupt(format!("severity {number}")))
}

fn services(own: Uuid, text: &str) -> Result<Vec<ServiceId>> {
    let others = impact::read(text)?.services;
    Ok(std::iter::once(ServiceId(own)).chain(others).collect())
}

impl TryFrom<PostRow> for Post {
    type Error = StoreError;

    fn try_from(row: PostRow) -> Result<Self> {
        Ok(Self {
            id: StatusPostId(row.id),
            page: StatusPageId(row.page_id),
            incident: IncidentId(row.incident_id),
            title: row.title,
            stage: stage(&row.stage)?,
            started_at: instant(row.started_at)?,
            updated_at: instant(row.updated_at)?,
            resolved_at: row.resolved_at.map(instant).transpose()?,
        })
    }
}

impl TryFrom<ShownRow> for Shown {
    type Error = StoreError;

    fn try_from(row: ShownRow) -> Result<Self> {
        let post = Post::try_from(row.post)?;
        let is_open = Status::from_name(&row.status).is_some_and(Status::is_open);
        let end = row.incident_resolved_at.filter(|_| !is_open).map(instant).transpose()?;
        Ok(Self {
            level: level(row.severity)?,
            services: services(row.service_id, &row.impact)?,
            ended_at: post.resolved_at.into_iter().chain(end).min(),
            post,
        })
    }
}

impl TryFrom<UpdateRow> for Update {
    type Error = StoreError;

    fn try_from(row: UpdateRow) -> Result<Self> {
        Ok(Self {
            id: row.id,
            post: StatusPostId(row.post_id),
            at: instant(row.at)?,
            stage: stage(&row.stage)?,
            text: row.text,
        })
    }
}

macro_rules! columns {
    () => {
        "id, page_id, incident_id, title, stage, started_at, updated_at, resolved_at"
    };
}

/// The post of an incident on a page, which nobody else changes until the transaction ends.
pub async fn lock(tx: &mut Tx, page: StatusPageId, incident: IncidentId) -> Result<Option<Post>> {
    const SELECT: Sql = Sql::differs(
        concat!("SELECT ", columns!(), " FROM status_post WHERE page_id = ? AND incident_id = ?"),
        concat!(
            "SELECT ",
            columns!(),
            " FROM status_post WHERE page_id = ? AND incident_id = ? FOR UPDATE"
        ),
    );
    let row: Option<PostRow> = tx.fetch_optional(&SELECT, args![page, incident]).await?;
    row.map(Post::try_from).transpose()
}

/// Where an incident is published.
pub async fn of_incident(tx: &mut Tx, incident: IncidentId) -> Result<Vec<Post>> {
    const SELECT: Sql = Sql::same(concat!(
        "SELECT ",
        columns!(),
        " FROM status_post WHERE incident_id = ? ORDER BY id"
    ));
    let rows: Vec<PostRow> = tx.fetch_all(&SELECT, args![incident]).await?;
    rows.into_iter().map(Post::try_from).collect()
}

/// Puts an incident on a page, or changes what is there.
pub async fn put(tx: &mut Tx, post: &Post) -> Result<()> {
    const UPSERT: Sql = Sql::same(concat!(
        "INSERT INTO status_post (",
        columns!(),
        ") VALUES (?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (page_id, incident_id) DO UPDATE SET title = excluded.title,
             stage = excluded.stage, updated_at = excluded.updated_at,
             resolved_at = excluded.resolved_at"
    ));
    let values = args![
        post.id,
        post.page,
        post.incident,
        post.title.replace('\0', "\u{fffd}"),
        post.stage.name(),
        post.started_at,
        post.updated_at,
        post.resolved_at
    ];
    tx.execute(&UPSERT, values).await?;
    Ok(())
}

/// Adds something that was said.
pub async fn add(tx: &mut Tx, update: &Update) -> Result<()> {
    const INSERT: Sql = Sql::same(
        "INSERT INTO status_update (id, post_id, at, stage, text) VALUES (?, ?, ?, ?, ?)",
    );
    let text = update.text.replace('\0', "\u{fffd}");
    let values = args![update.id, update.post, update.at, update.stage.name(), text];
    tx.execute(&INSERT, values).await?;
    Ok(())
}

/// What a page shows that changed since an instant or goes on, the latest first. Restricted incidents
/// are on no page.
pub async fn posts(tx: &mut Tx, page: StatusPageId, since: Timestamp) -> Result<Vec<Shown>> {
    const SELECT: Sql = Sql::same(
        "SELECT p.id, p.page_id, p.incident_id, p.title, p.stage, p.started_at, p.updated_at,
             p.resolved_at, i.severity, i.status, i.service_id, i.impact,
             i.resolved_at AS incident_resolved_at
         FROM status_post AS p JOIN incident AS i ON i.id = p.incident_id
         WHERE p.page_id = ? AND (p.updated_at >= ? OR i.resolved_at >= ?
                 OR (p.resolved_at IS NULL AND i.status NOT IN ('resolved', 'closed')))
             AND NOT i.practice AND NOT i.restricted AND i.merged_into IS NULL
         ORDER BY p.started_at DESC, p.id DESC LIMIT ?",
    );
    let rows: Vec<ShownRow> = tx.fetch_all(&SELECT, args![page, since, since, POSTS_MAX]).await?;
    rows.into_iter().map(Shown::try_from).collect()
}

/// What was said of posts, the latest first.
pub async fn updates(tx: &mut Tx, posts: &[StatusPostId]) -> Result<Vec<Update>> {
    const SELECT: Sql = Sql::differs(
        "SELECT id, post_id, at, stage, text FROM status_update
         WHERE post_id IN (SELECT unhex(value) FROM json_each(?)) ORDER BY id DESC LIMIT ?",
        "SELECT id, post_id, at, stage, text FROM status_update
         WHERE post_id = ANY(?) ORDER BY id DESC LIMIT ?",
    );
    let ids = Value::UuidList(posts.iter().map(|id| Some(id.0)).collect());
    let rows: Vec<UpdateRow> = tx.fetch_all(&SELECT, vec![ids, UPDATES_MAX.into()]).await?;
    rows.into_iter().map(Update::try_from).collect()
}

/// An update with its post.
pub(super) async fn post_and_update(tx: &mut Tx, update: Uuid) -> Result<Option<(Post, Update)>> {
    const UPDATE: Sql =
        Sql::same("SELECT id, post_id, at, stage, text FROM status_update WHERE id = ?");
    const POST: Sql = Sql::same(concat!("SELECT ", columns!(), " FROM status_post WHERE id = ?"));
    let row: Option<UpdateRow> = tx.fetch_optional(&UPDATE, args![update]).await?;
    let Some(update) = row.map(Update::try_from).transpose()? else { return Ok(None) };
    let row: Option<PostRow> = tx.fetch_optional(&POST, args![update.post]).await?;
    Ok(row.map(Post::try_from).transpose()?.map(|post| (post, update)))
}

/// Incidents of some services that go on or were heard of since an instant, and that nobody
/// published on a page. Restricted incidents are no trouble that a page knows of.
pub async fn troubles(
    tx: &mut Tx,
    page: StatusPageId,
    services_shown: &[ServiceId],
    since: Timestamp,
) -> Result<Vec<Trouble>> {
    const SELECT: Sql = Sql::same(
        "SELECT severity, status, service_id, impact, coalesce(occurred_at, detected_at) AS from_at,
             resolved_at
         FROM incident
         WHERE (detected_at >= ? OR status NOT IN ('resolved', 'closed'))
             AND NOT practice AND NOT restricted AND merged_into IS NULL
             AND NOT EXISTS (SELECT 1 FROM status_post
                             WHERE page_id = ? AND incident_id = incident.id)
         ORDER BY detected_at DESC LIMIT ?",
    );
    #[derive(FromRow)]
    struct Row {
        severity: i64,
        status: String,
        service_id: Uuid,
        impact: String,
        from_at: Option<i64>,
        resolved_at: Option<i64>,
    }
    let rows: Vec<Row> = tx.fetch_all(&SELECT, args![since, page, TROUBLES_MAX]).await?;
    let mut troubles = Vec::new();
    for row in rows {
        let (Some(from), services) = (row.from_at, services(row.service_id, &row.impact)?) else {
            continue;
        };
        if services.iter().all(|service| !services_shown.contains(service)) {
            continue;
        }
        let is_open = Status::from_name(&row.status).is_some_and(Status::is_open);
        troubles.push(Trouble {
            services,
            level: level(row.severity)?,
            from: instant(from)?,
            to: row.resolved_at.filter(|_| !is_open).map(instant).transpose()?,
        });
    }
    Ok(troubles)
}

/// Planned work that is meant to be seen and was not over at an instant, in order.
pub async fn work(tx: &mut Tx, since: Timestamp) -> Result<Vec<Work>> {
    const SELECT: Sql = Sql::same(
        "SELECT id, public_title, services, starts_at, ends_at FROM maintenance
         WHERE ends_at > ? AND ends_at > starts_at AND public_title IS NOT NULL
         ORDER BY starts_at DESC, id LIMIT ?",
    );
    type Row = (Uuid, String, String, i64, i64);
    let rows: Vec<Row> = tx.fetch_all(&SELECT, args![since, WINDOWS_MAX]).await?;
    let work = rows.into_iter().rev().map(|(id, title, services, from, to)| {
        let (from, to) = (instant(from)?, instant(to)?);
        Ok(Work { id, title, planned: PlannedWork { services: service_ids(&services), from, to } })
    });
    work.collect()
}
