//! Editing the documents of the configuration one by one: schedules, escalation policies, services,
//! teams, engagement groups, notification lists, status pages and the severities. A document has the
//! same fields as in a configuration file. An edit names the revision
//! that it began with; what was saved in the meantime is merged, and a conflict shows both texts.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use muster_core::org::access::Action;
use muster_store::org::document::Kind;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::api::error::{EditConflict, Fault, Gap};
use crate::api::extract::{Json, MaybeJson, Path, Query};
use crate::api::list::{List, Paging};
use crate::api::word::Instant;
use crate::api::{ApiError, Caller, Ctx, Need, Routes};
use crate::app::org::config::Problem;
use crate::app::org::edit::merge::{Conflict, Difference};
use crate::app::org::edit::{self, EDITED, Edit, EditError, Edited, Entry, Way};

/// The routes.
pub fn routes() -> Routes {
    let of = |kind: Kind| Need::of_document(Action::Configure, Some(kind));
    let any = Need::of_document(Action::Configure, None);
    let read = Need::of_document(Action::Read, None);
    Routes::new()
        .on(of(Kind::Schedule), routes!(put_schedule, delete_schedule))
        .on(of(Kind::EscalationPolicy), routes!(put_policy, delete_policy))
        .on(of(Kind::Service), routes!(put_service, delete_service))
        .on(of(Kind::Team), routes!(put_team, delete_team))
        .on(of(Kind::EngagementGroup), routes!(put_group, delete_group))
        .on(of(Kind::NotificationList), routes!(put_list, delete_list))
        .on(of(Kind::StatusPage), routes!(put_status_page, delete_status_page))
        .on(of(Kind::Severities), routes!(put_severities, delete_severities))
        .on(read, routes!(document))
        .on(any, routes!(save_draft, drop_draft))
        .on(any, routes!(publish))
        .on(any, routes!(undo))
        .on(read, routes!(history))
        .on(read, routes!(version))
        .on(any, routes!(restore))
}

/// What the path of a document may begin with.
const COLLECTIONS: &str = "`schedules`, `escalation-policies`, `services`, `teams`, \
    `engagement-groups`, `notification-lists`, `status-pages`, or `severities`, whose one document is \
    `severities`.";

/// A document, as a configuration file writes it.
type Document = serde_json::Map<String, Value>;

/// What a document shall be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDocument {
    /// The same fields as in a configuration file; `name` may be left out.
    #[schema(value_type = Object)]
    document: Document,
    /// The revision that the edit began with; left out for what is new, or where `If-Match` says it.
    revision: Option<i64>,
    /// Whether gaps in a schedule are meant.
    #[serde(default)]
    consent: bool,
}

/// A change that is begun.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDraft {
    /// The same fields as in a configuration file; it may be unfinished.
    #[schema(value_type = Object)]
    document: Document,
    /// The revision that it is begun on; the one in force, or that of the earlier draft, unless
    /// given; 0 for a document that is new.
    revision: Option<i64>,
}

/// What is said to publishing, undoing and restoring.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// Whether gaps in a schedule are meant.
    #[serde(default)]
    consent: bool,
    /// For undoing: the change that is to be undone; the last one unless given.
    revision: Option<i64>,
}

/// A document that was saved.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SavedDocument {
    /// What the next edit of it names.
    pub revision: i64,
    /// The document as it was saved; null where it was removed.
    #[schema(required, value_type = Option<Object>)]
    pub document: Option<Value>,
    /// Whether what somebody else saved in the meantime was merged with it.
    pub merged: bool,
    /// What is allowed, and worth a second look.
    pub warnings: Vec<String>,
}

/// A document as it stands, and what is being changed in it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct EditableDocument {
    /// What an edit of it names; 0 where there is only a draft.
    pub revision: i64,
    /// The document; null where there is only a draft.
    #[schema(required, value_type = Option<Object>)]
    pub document: Option<Value>,
    /// The caller's own draft.
    #[schema(required)]
    pub draft: Option<DocumentDraft>,
    /// Who else has one.
    pub other_drafts: Vec<OtherDraft>,
}

/// A change that was begun and not published.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct DocumentDraft {
    /// The document as it shall be.
    #[schema(value_type = Object)]
    pub document: Value,
    /// The revision that it was begun on.
    pub revision: i64,
    /// When it was last saved.
    pub updated_at: Instant,
    /// Whether the document has changed since; publishing merges the two.
    pub behind: bool,
    /// What keeps it from being published.
    pub errors: Vec<Fault>,
}

/// Somebody else's draft.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct OtherDraft {
    /// Whose.
    pub actor: String,
    /// When it was last saved.
    pub updated_at: Instant,
}

/// One version of a document.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct DocumentVersion {
    /// Which.
    pub revision: i64,
    /// When it was saved.
    pub at: Instant,
    /// By whom.
    pub actor: String,
    /// How: `apply` (a file), `edit`, `publish`, `undo`, `restore`, or `kept` for what was in force
    /// when versions began to be kept.
    pub way: String,
    /// Whether this version is the document's removal.
    pub removed: bool,
    /// Whether it is the first that is known.
    pub first: bool,
    /// How it differs from the one before it.
    pub changes: Vec<DocumentChange>,
}

/// A section that differs between two versions. What is absent is null.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct DocumentChange {
    /// Which section.
    #[schema(example = "layers(weekly).rotation.participants")]
    pub path: String,
    /// What it was.
    #[schema(value_type = Value)]
    pub before: Value,
    /// What it became.
    #[schema(value_type = Value)]
    pub after: Value,
}

/// The document of a version.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct VersionDocument {
    /// Which.
    pub revision: i64,
    /// The document as it was; null where it was removed.
    #[schema(required, value_type = Option<Object>)]
    pub document: Option<Value>,
}

fn kind_of(collection: &str) -> Result<Kind, ApiError> {
    let known = EDITED.iter().find(|(_, name)| *name == collection);
    known.map(|(kind, _)| *kind).ok_or_else(|| ApiError::not_found("collection", collection))
}

/// The document with the name that the path gives it.
pub(in crate::api) fn named(name: &str, mut document: Document) -> Result<Value, ApiError> {
    match document.get("name") {
        None => {
            document.insert("name".to_owned(), name.into());
        }
        Some(given) if given == name => {}
        Some(_) => {
            let message = format!("is `{name}`, as in the path; a document is not renamed");
            return Err(ApiError::field("document.name", message));
        }
    }
    Ok(Value::Object(document))
}

/// The revision in `If-Match`, which may be weak.
fn matched(headers: &HeaderMap) -> Result<Option<i64>, ApiError> {
    let Some(given) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = given.to_str().unwrap_or_default().trim();
    let text = text.strip_prefix("W/").unwrap_or(text).trim_matches('"');
    let revision = text.parse().map_err(|_| {
        ApiError::field("If-Match", "is the revision of the document, such as \"12\"")
    })?;
    Ok(Some(revision))
}

fn saved(edited: Edited) -> Response {
    let tag = format!("\"{}\"", edited.revision);
    let body = SavedDocument {
        revision: edited.revision,
        document: edited.value,
        merged: edited.merged,
        warnings: edited.warnings,
    };
    (StatusCode::OK, [(header::ETAG, tag)], Json(body)).into_response()
}

async fn put(
    (ctx, caller): (Ctx, Caller),
    of: (Kind, String),
    headers: HeaderMap,
    body: NewDocument,
) -> Result<Response, ApiError> {
    let value = Some(named(&of.1, body.document)?);
    let base = body.revision.or(matched(&headers)?);
    let edit = Edit { value, base, way: Way::Edit, consent: body.consent };
    Ok(saved(ctx.app.edit(&caller, (of.0, &of.1), edit).await?))
}

async fn delete(
    (ctx, caller): (Ctx, Caller),
    of: (Kind, String),
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let edit = Edit { value: None, base: matched(&headers)?, way: Way::Edit, consent: false };
    Ok(saved(ctx.app.edit(&caller, (of.0, &of.1), edit).await?))
}

/// The two routes of each kind under its own path.
macro_rules! edited {
    ($($kind:ident, $put:ident, $put_id:literal, $delete:ident, $delete_id:literal, $path:literal;)*) => {$(
        /// Save a document: at once, merged with what was saved since the revision it names.
        #[utoipa::path(
            put, path = $path, tag = "edit", operation_id = $put_id, request_body = NewDocument,
            params(
                ("name" = String, Path, description = "The name."),
                ("If-Match" = Option<String>, Header, description = "The revision that the edit began with."),
            ),
            responses(
                (status = 200, description = "As it was saved.", body = SavedDocument),
                (status = 409, description = "Both texts of what two people changed; nothing was saved.", body = crate::api::error::Problem),
                (status = 422, description = "What is wrong with it, or the gaps that need consent.", body = crate::api::error::Problem),
                (status = 428, description = "Name the revision.", body = crate::api::error::Problem),
            )
        )]
        async fn $put(
            State(ctx): State<Ctx>,
            caller: Caller,
            Path(name): Path<String>,
            headers: HeaderMap,
            Json(body): Json<NewDocument>,
        ) -> Result<Response, ApiError> {
            put((ctx, caller), (Kind::$kind, name), headers, body).await
        }

        /// Remove a document that nothing refers to any more.
        #[utoipa::path(
            delete, path = $path, tag = "edit", operation_id = $delete_id,
            params(
                ("name" = String, Path, description = "The name."),
                ("If-Match" = Option<String>, Header, description = "The revision that is meant."),
            ),
            responses((status = 200, description = "It is gone, and can be brought back.", body = SavedDocument))
        )]
        async fn $delete(
            State(ctx): State<Ctx>,
            caller: Caller,
            Path(name): Path<String>,
            headers: HeaderMap,
        ) -> Result<Response, ApiError> {
            delete((ctx, caller), (Kind::$kind, name), headers).await
        }
    )*};
}

edited! {
    Schedule, put_schedule, "put_schedule", delete_schedule, "delete_schedule", "/schedules/{name}";
    EscalationPolicy, put_policy, "put_escalation_policy", delete_policy, "delete_escalation_policy", "/escalation-policies/{name}";
    Service, put_service, "put_service", delete_service, "delete_service", "/services/{name}";
    Team, put_team, "put_team", delete_team, "delete_team", "/teams/{name}";
    EngagementGroup, put_group, "put_engagement_group", delete_group, "delete_engagement_group", "/engagement-groups/{name}";
    NotificationList, put_list, "put_notification_list", delete_list, "delete_notification_list", "/notification-lists/{name}";
    StatusPage, put_status_page, "put_status_page", delete_status_page, "delete_status_page", "/status-pages/{name}";
    Severities, put_severities, "put_severities", delete_severities, "delete_severities", "/severities/{name}";
}

/// A document as it stands, and the drafts of it.
#[utoipa::path(
    get, path = "/{collection}/{name}/document", tag = "edit", operation_id = "document",
    params(
        ("collection" = String, Path, description = COLLECTIONS),
        ("name" = String, Path, description = "The name."),
    ),
    responses((status = 200, description = "The document.", body = EditableDocument))
)]
async fn document(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((collection, name)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let kind = kind_of(&collection)?;
    let drafts = ctx.app.drafts(&caller, (kind, &name)).await?;
    let current = match ctx.app.document(kind, &name).await {
        Ok(current) => Some(current),
        Err(EditError::Missing(..)) if drafts.own.is_some() => None,
        Err(error) => return Err(error.into()),
    };
    let draft = drafts.own.map(|own| DocumentDraft {
        document: own.draft.value,
        revision: own.draft.base,
        updated_at: own.draft.updated_at.into(),
        behind: own.is_behind,
        errors: own.problems.into_iter().map(fault).collect(),
    });
    let tag = current.as_ref().map_or_else(String::new, edit::Current::tag);
    let other =
        |(actor, at): (String, jiff::Timestamp)| OtherDraft { actor, updated_at: at.into() };
    let body = EditableDocument {
        revision: current.as_ref().map_or(0, |current| current.revision),
        document: current.map(|current| current.value),
        draft,
        other_drafts: drafts.others.into_iter().map(other).collect(),
    };
    Ok((StatusCode::OK, [(header::ETAG, tag)], Json(body)).into_response())
}

/// Save your draft of a document; nobody is paged by it until it is published.
#[utoipa::path(
    put, path = "/{collection}/{name}/draft", tag = "edit", operation_id = "save_draft",
    params(
        ("collection" = String, Path, description = COLLECTIONS),
        ("name" = String, Path, description = "The name."),
    ),
    request_body = NewDraft,
    responses((status = 200, description = "The document and its drafts.", body = EditableDocument))
)]
async fn save_draft(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((collection, name)): Path<(String, String)>,
    Json(body): Json<NewDraft>,
) -> Result<Response, ApiError> {
    let kind = kind_of(&collection)?;
    let value = named(&name, body.document)?;
    ctx.app.save_draft(&caller, (kind, &name), value, body.revision).await?;
    document(State(ctx), caller, Path((collection, name))).await
}

/// Throw your draft away.
#[utoipa::path(
    delete, path = "/{collection}/{name}/draft", tag = "edit", operation_id = "drop_draft",
    params(
        ("collection" = String, Path, description = COLLECTIONS),
        ("name" = String, Path, description = "The name."),
    ),
    responses((status = 204, description = "It is gone."))
)]
async fn drop_draft(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((collection, name)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    ctx.app.drop_draft(&caller, (kind_of(&collection)?, &name)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Publish your draft: it is saved, merged with what was saved since it was begun.
#[utoipa::path(
    post, path = "/{collection}/{name}/draft/publish", tag = "edit", operation_id = "publish_draft",
    params(
        ("collection" = String, Path, description = COLLECTIONS),
        ("name" = String, Path, description = "The name."),
    ),
    request_body = Option<Consent>,
    responses((status = 200, description = "As it was saved.", body = SavedDocument))
)]
async fn publish(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((collection, name)): Path<(String, String)>,
    MaybeJson(body): MaybeJson<Consent>,
) -> Result<Response, ApiError> {
    let kind = kind_of(&collection)?;
    Ok(saved(ctx.app.publish_draft(&caller, (kind, &name), body.consent).await?))
}

/// Undo the last change of a document; a second time brings it back.
#[utoipa::path(
    post, path = "/{collection}/{name}/undo", tag = "edit", operation_id = "undo_edit",
    params(
        ("collection" = String, Path, description = COLLECTIONS),
        ("name" = String, Path, description = "The name."),
    ),
    request_body = Option<Consent>,
    responses((status = 200, description = "As it is again.", body = SavedDocument))
)]
async fn undo(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((collection, name)): Path<(String, String)>,
    MaybeJson(body): MaybeJson<Consent>,
) -> Result<Response, ApiError> {
    let kind = kind_of(&collection)?;
    Ok(saved(ctx.app.undo(&caller, (kind, &name), body.revision, body.consent).await?))
}

/// Who changed a document, when, and what.
#[utoipa::path(
    get, path = "/{collection}/{name}/history", tag = "edit", operation_id = "history",
    params(
        ("collection" = String, Path, description = COLLECTIONS),
        ("name" = String, Path, description = "The name."),
        Paging,
    ),
    responses((status = 200, description = "The newest first.", body = List<DocumentVersion>))
)]
async fn history(
    State(ctx): State<Ctx>,
    Path((collection, name)): Path<(String, String)>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<DocumentVersion>>, ApiError> {
    let kind = kind_of(&collection)?;
    let before = paging.after()?.unwrap_or(i64::MAX);
    let entries = ctx.app.history((kind, &name), before, paging.limit_and_one()?).await?;
    let change =
        |Difference { path, before, after }: Difference| DocumentChange { path, before, after };
    let item = |entry: Entry| DocumentVersion {
        revision: entry.version.revision,
        at: entry.version.at.into(),
        actor: entry.version.actor,
        way: entry.version.way,
        removed: entry.version.value.is_none(),
        first: entry.is_first,
        changes: entry.differences.into_iter().map(change).collect(),
    };
    paging.list(entries, |entry| entry.version.revision, item).map(Json)
}

/// A document as it was.
#[utoipa::path(
    get, path = "/{collection}/{name}/history/{revision}", tag = "edit", operation_id = "version",
    params(
        ("collection" = String, Path, description = COLLECTIONS),
        ("name" = String, Path, description = "The name."),
        ("revision" = i64, Path, description = "Which version."),
    ),
    responses((status = 200, description = "The document of that version.", body = VersionDocument))
)]
async fn version(
    State(ctx): State<Ctx>,
    Path((collection, name, revision)): Path<(String, String, i64)>,
) -> Result<Json<VersionDocument>, ApiError> {
    let version = ctx.app.version((kind_of(&collection)?, &name), revision).await?;
    Ok(Json(VersionDocument { revision, document: version.value }))
}

/// Bring a version back, as a change of its own.
#[utoipa::path(
    post, path = "/{collection}/{name}/history/{revision}/restore", tag = "edit",
    operation_id = "restore_version",
    params(
        ("collection" = String, Path, description = COLLECTIONS),
        ("name" = String, Path, description = "The name."),
        ("revision" = i64, Path, description = "Which version."),
    ),
    request_body = Option<Consent>,
    responses((status = 200, description = "As it is again.", body = SavedDocument))
)]
async fn restore(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((collection, name, revision)): Path<(String, String, i64)>,
    MaybeJson(body): MaybeJson<Consent>,
) -> Result<Response, ApiError> {
    let kind = kind_of(&collection)?;
    Ok(saved(ctx.app.restore(&caller, (kind, &name), revision, body.consent).await?))
}

fn fault(problem: Problem) -> Fault {
    Fault { path: problem.path, message: problem.message, ..Fault::default() }
}

impl From<EditError> for ApiError {
    fn from(error: EditError) -> Self {
        let detail = error.to_string();
        match error {
            EditError::Missing(..) | EditError::Nothing(_) => {
                Self::new(StatusCode::NOT_FOUND, detail)
            }
            EditError::WhichRevision(_) => Self::new(StatusCode::PRECONDITION_REQUIRED, detail),
            EditError::Conflict { conflicts, revision } => {
                let section = |Conflict { path, base, mine, theirs }: Conflict| EditConflict {
                    path,
                    base,
                    mine,
                    theirs,
                };
                let conflicts = conflicts.into_iter().map(section).collect();
                Self::edit_conflict(detail, conflicts, revision)
            }
            EditError::Gaps(gaps) => {
                let gap = |span: muster_core::oncall::coverage::Span| Gap {
                    from: span.from.into(),
                    to: span.to.into(),
                };
                Self::consent_to(detail, gaps.into_iter().map(gap).collect())
            }
            EditError::Denied(denied) => denied.into(),
            EditError::Invalid(problems) => {
                let detail = format!("{detail}; nothing was saved");
                Self::unprocessable(detail, problems.into_iter().map(fault).collect())
            }
            EditError::Store(error) => error.into(),
        }
    }
}
