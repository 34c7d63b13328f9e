//! Status pages (`U5`) over the API: which there are, and what one shows. What a public page shows is
//! for everybody.

use axum::extract::State;
use axum::http::StatusCode;
use muster_core::incident::status_page::{StatusPage, Visibility};
use muster_core::org::access::{Action, Object};
use muster_core::org::directory::Directory;
use muster_store::incident::subscriber::{self as store, Subscriber};
use muster_store::org::document::Kind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::api::extract::{Json, Path, Query};
use crate::api::list::{List, Paging};
use crate::api::org::edit::named;
use crate::api::word::{ComponentState, Instant, PageVisibility, StatusStage};
use crate::api::{Address, ApiError, Caller, Ctx, Need, Routes, SEE_ORGANIZATION};
use crate::app::App;
use crate::app::incident::status_page::subscription::NotAsked;
use crate::app::incident::status_page::{ComponentNow, PlannedNow, Published, View};
use crate::lifeline::status as made;

/// To see who outside subscribed, and end that.
const KEEP: Need = Need::new(Action::Configure, Object::Configuration);

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_ORGANIZATION, routes!(list))
        .on(Need::door(), routes!(show))
        .on(Need::door(), routes!(files))
        .on(Need::door(), routes!(subscribe))
        .on(KEEP, routes!(subscribers))
        .on(KEEP, routes!(remove))
        .on(Need::of_document(Action::Configure, Some(Kind::StatusPage)), routes!(preview))
}

/// A status page.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PublicPage {
    /// Unique.
    pub name: String,
    /// For people.
    pub title: String,
    /// Who may see it.
    pub visibility: PageVisibility,
    /// Where it is.
    pub url: String,
    /// How many components it has.
    pub components: usize,
    /// The audiences whose updates are published on it.
    pub audiences: Vec<String>,
}

/// What a status page shows.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PageSummary {
    /// For people.
    pub title: String,
    /// Where the page is.
    pub url: String,
    /// Its worst component.
    pub state: ComponentState,
    /// The same in words.
    pub headline: String,
    /// Its components in order.
    pub components: Vec<PageComponent>,
    /// What was published in the last 90 days or goes on, the latest first.
    pub incidents: Vec<PageIncident>,
    /// Planned work that is not over, in order.
    pub maintenance: Vec<PageMaintenance>,
}

/// Something that those outside know by name.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PageComponent {
    /// Its public name.
    pub name: String,
    /// Under which heading it stands.
    #[schema(required)]
    pub group: Option<String>,
    /// What it is.
    #[schema(required)]
    pub description: Option<String>,
    /// How it stands.
    pub state: ComponentState,
    /// The days of the last 90 on which it was not operational, in order, in the page's zone.
    pub days: Vec<PageDay>,
}

/// A day on which something was wrong.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PageDay {
    /// Such as `2026-11-21`.
    pub date: String,
    /// The worst that it saw.
    pub state: ComponentState,
}

/// An incident in public words.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PageIncident {
    /// The page's own name for it.
    pub id: String,
    /// Its public title.
    pub title: String,
    /// How far it has come.
    pub stage: StatusStage,
    /// How bad it is for components; null where its severity is not shown.
    #[schema(required)]
    pub state: Option<ComponentState>,
    /// The components that it touches.
    pub components: Vec<String>,
    /// Since when.
    pub started_at: Instant,
    /// Until when; null while it goes on.
    #[schema(required)]
    pub ended_at: Option<Instant>,
    /// What was said, the latest first.
    pub updates: Vec<PageUpdate>,
}

/// Something that was said.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PageUpdate {
    /// When.
    pub at: Instant,
    /// How far it had come.
    pub stage: StatusStage,
    /// In words.
    pub text: String,
}

/// Planned work in public words.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PageMaintenance {
    /// What it is.
    pub title: String,
    /// The components that it touches.
    pub components: Vec<String>,
    /// From then on.
    pub from: Instant,
    /// Up to, but not at, then.
    pub to: Instant,
    /// Whether it has begun.
    pub begun: bool,
}

/// A page as files that another server can hand out.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PageCopy {
    /// The last part of its address, for a folder.
    pub slug: String,
    /// In the order in which they are to be written.
    pub files: Vec<PageFile>,
}

/// One of the files.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PageFile {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub text: String,
}

/// Somebody outside who hears of what a page shows.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PageSubscriber {
    /// For programs.
    pub id: String,
    /// How they are reached: `email` or `webhook`.
    pub channel: String,
    /// Where.
    pub address: String,
    /// When they were first named.
    pub created_at: Instant,
    /// When they confirmed; null while nothing is sent.
    #[schema(required)]
    pub confirmed_at: Option<Instant>,
}

/// Somebody who wants to hear.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSubscriber {
    /// A mail address, or the http or https address of a webhook.
    address: String,
}

/// A status page that is not saved.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnsavedPage {
    /// The same fields as in a configuration file.
    #[schema(value_type = Object)]
    document: serde_json::Map<String, serde_json::Value>,
}

/// What a status page would look like.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PagePreview {
    /// The page as HTML.
    pub html: String,
}

impl PageSummary {
    /// As JSON.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// What a page shows, for programs.
pub fn summary(app: &App, view: &View) -> PageSummary {
    PageSummary {
        title: view.page.title.clone(),
        url: app.status_url(&view.page),
        state: view.overall.into(),
        headline: view.headline.to_owned(),
        components: view.components.iter().map(PageComponent::from).collect(),
        incidents: view.posts.iter().map(PageIncident::from).collect(),
        maintenance: view.work.iter().map(PageMaintenance::from).collect(),
    }
}

impl From<&ComponentNow> for PageComponent {
    fn from(one: &ComponentNow) -> Self {
        use muster_core::incident::status_page::State;
        let bad = one.days.iter().filter(|day| day.state != State::Operational);
        let days = bad.map(|day| PageDay { date: day.date.to_string(), state: day.state.into() });
        Self {
            name: one.name.clone(),
            group: one.group.clone(),
            description: one.description.clone(),
            state: one.state.into(),
            days: days.collect(),
        }
    }
}

impl From<&Published> for PageIncident {
    fn from(one: &Published) -> Self {
        let updates = one.updates.iter().map(|update| PageUpdate {
            at: update.at.into(),
            stage: update.stage.into(),
            text: update.text.clone(),
        });
        Self {
            id: one.id.to_string(),
            title: one.title.clone(),
            stage: one.stage.into(),
            state: one.state.map(ComponentState::from),
            components: one.components.clone(),
            started_at: one.started_at.into(),
            ended_at: one.ended_at.map(Instant::from),
            updates: updates.collect(),
        }
    }
}

impl From<&PlannedNow> for PageMaintenance {
    fn from(one: &PlannedNow) -> Self {
        Self {
            title: one.title.clone(),
            components: one.components.clone(),
            from: one.from.into(),
            to: one.to.into(),
            begun: one.has_begun,
        }
    }
}

fn describe(app: &App, directory: &Directory, page: &StatusPage) -> PublicPage {
    let audiences = directory.audiences.iter();
    let audiences = audiences.filter(|audience| audience.status_pages.contains(&page.id));
    PublicPage {
        name: page.name.clone(),
        title: page.title.clone(),
        visibility: page.visibility.into(),
        url: app.status_url(page),
        components: page.components.len(),
        audiences: audiences.map(|audience| audience.name.clone()).collect(),
    }
}

/// The page of that name, if the caller may see it. Whoever may not learns nothing of what there is.
fn seen(ctx: &Ctx, caller: &Caller, name: &str) -> Result<StatusPage, ApiError> {
    let snapshot = ctx.app.snapshot();
    let page = snapshot.directory.status_pages.named(name);
    if page.is_none_or(|page| page.visibility == Visibility::Private) {
        caller.may(Action::Read, Object::Organization)?;
    }
    page.cloned().ok_or_else(|| ApiError::not_found("status page", name))
}

/// List status pages.
#[utoipa::path(
    get, path = "/status-pages", tag = "incident", operation_id = "status_pages",
    params(Paging),
    responses((status = 200, description = "Status pages by name.", body = List<PublicPage>))
)]
async fn list(
    State(ctx): State<Ctx>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<PublicPage>>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let name = |page: &&StatusPage| page.name.clone();
    let pages = directory.status_pages.iter();
    paging.part(pages, name, |page| describe(&ctx.app, directory, page)).map(Json)
}

/// What a status page shows. A public one shows it to everybody.
#[utoipa::path(
    get, path = "/status-pages/{name}/summary", tag = "incident", operation_id = "status_page",
    params(("name" = String, Path, description = "The name.")),
    responses((status = 200, description = "What it shows now.", body = PageSummary))
)]
async fn show(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<PageSummary>, ApiError> {
    let page = seen(&ctx, &caller, &name)?;
    let view = ctx.app.status_view(&page).await?;
    Ok(Json(summary(&ctx.app, &view)))
}

/// A status page as files that another server can hand out while this one is down.
#[utoipa::path(
    get, path = "/status-pages/{name}/files", tag = "incident", operation_id = "status_page_files",
    params(("name" = String, Path, description = "The name.")),
    responses((status = 200, description = "The files.", body = PageCopy))
)]
async fn files(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<PageCopy>, ApiError> {
    let page = seen(&ctx, &caller, &name)?;
    let view = ctx.app.status_view(&page).await?;
    let files = made::copy(&ctx.app, &view)
        .map_err(|_| ApiError::internal("a template of the status page failed"))?;
    let file = |file: made::Copy| PageFile { name: file.name.to_owned(), text: file.text };
    Ok(Json(PageCopy { slug: page.slug, files: files.into_iter().map(file).collect() }))
}

/// Ask to hear of what a status page shows. Nothing is sent until the address is confirmed, and the
/// answer is the same whether or not it is known.
#[utoipa::path(
    post, path = "/status-pages/{name}/subscribers", tag = "incident",
    operation_id = "subscribe_to_status_page", request_body = NewSubscriber,
    params(("name" = String, Path, description = "The name.")),
    responses((status = 202, description = "A message with a link, or a challenge, is on its way."))
)]
async fn subscribe(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(name): Path<String>,
    Address(client): Address,
    body: Result<Json<NewSubscriber>, ApiError>,
) -> Result<StatusCode, ApiError> {
    // First whether there is such a page for whoever asks, then what they say.
    let page = seen(&ctx, &caller, &name)?;
    let Json(body) = body?;
    if !ctx.doors.subscribing.may_ask(client, ctx.app.now()) {
        return Err(NotAsked::TooOften.into());
    }
    ctx.app.ask_to_confirm(&page, &body.address).await?;
    Ok(StatusCode::ACCEPTED)
}

impl From<NotAsked> for ApiError {
    fn from(refused: NotAsked) -> Self {
        match refused {
            NotAsked::Address(message) => Self::field("address", message),
            NotAsked::TooOften => Self::new(StatusCode::TOO_MANY_REQUESTS, refused.to_string()),
            NotAsked::Full => Self::conflict(refused.to_string()),
            NotAsked::Store(error) => error.into(),
        }
    }
}

/// Who outside hears of a status page.
#[utoipa::path(
    get, path = "/status-pages/{name}/subscribers", tag = "incident",
    operation_id = "status_page_subscribers",
    params(("name" = String, Path, description = "The name."), Paging),
    responses((status = 200, description = "In the order in which they came.", body = List<PageSubscriber>))
)]
async fn subscribers(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(name): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<PageSubscriber>>, ApiError> {
    let page = seen(&ctx, &caller, &name)?;
    let (after, limit) = (paging.after()?, paging.limit_and_one()?);
    let known = store::list(&ctx.app.db, page.id, after, limit).await?;
    let subscriber = |one: Subscriber| PageSubscriber {
        id: one.id.to_string(),
        channel: one.channel.name().to_owned(),
        address: one.address,
        created_at: one.created_at.into(),
        confirmed_at: one.confirmed_at.map(Instant::from),
    };
    paging.list(known, |one| one.id, subscriber).map(Json)
}

/// End somebody's subscription.
#[utoipa::path(
    delete, path = "/status-pages/{name}/subscribers/{id}", tag = "incident",
    operation_id = "remove_subscriber",
    params(
        ("name" = String, Path, description = "The name."),
        ("id" = String, Path, description = "The subscriber."),
    ),
    responses((status = 204, description = "They hear nothing any more."))
)]
async fn remove(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((name, id)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let page = seen(&ctx, &caller, &name)?;
    let known = match id.parse() {
        Ok(id) => ctx.app.remove_subscriber(page.id, id, &caller.actor).await?,
        Err(_) => false,
    };
    if known { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::not_found("subscriber", &id)) }
}

/// What a status page would look like if it were saved like this.
#[utoipa::path(
    post, path = "/status-pages/{name}/preview", tag = "incident",
    operation_id = "preview_status_page", request_body = UnsavedPage,
    params(("name" = String, Path, description = "The name that it has or shall have.")),
    responses(
        (status = 200, description = "The page; nothing is saved.", body = PagePreview),
        (status = 422, description = "What is wrong with it.", body = crate::api::error::Problem),
    )
)]
async fn preview(
    State(ctx): State<Ctx>,
    Path(name): Path<String>,
    Json(body): Json<UnsavedPage>,
) -> Result<Json<PagePreview>, ApiError> {
    let value = named(&name, body.document)?;
    let directory = ctx.app.with_document((Kind::StatusPage, &name), &value).await?;
    let page = directory.status_pages.named(&name);
    let page = page.ok_or_else(|| ApiError::not_found("status page", &name))?;
    let view = ctx.app.status_view(page).await?;
    let html = made::preview(&ctx.app, &view)
        .map_err(|_| ApiError::internal("a template of the status page failed"))?;
    Ok(Json(PagePreview { html }))
}
