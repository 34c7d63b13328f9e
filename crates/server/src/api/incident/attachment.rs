//! Files of an incident (`L8`, `T2`): uploaded as they are, served so that nothing in them runs. A
//! picture is shown where it stands; anything else is only ever downloaded.

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use muster_core::id::{AttachmentId, IncidentId};
use muster_core::incident::restriction::Viewer;
use muster_core::incident::writing::Attached;
use muster_core::org::access::{Action, Object};
use muster_store::incident::attachment::{self, AttachmentRow};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::{ANSWER_INCIDENTS, find};
use crate::api::extract::{Json, Path, Query};
use crate::api::list::{List, Paging};
use crate::api::word::Instant;
use crate::api::{ApiError, BASE, Caller, Ctx, Routes, SEE_INCIDENTS};
use crate::app::incident::attachment::{FILE_BYTES_MAX, NotTaken, is_picture};

/// Nothing in an uploaded file runs, loads or is framed.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; sandbox";
/// A file never changes; only whoever may see it keeps it.
const CACHE_CONTROL: &str = "private, max-age=86400, immutable";

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_INCIDENTS, routes!(list))
        .on(ANSWER_INCIDENTS, routes!(upload))
        .on(SEE_INCIDENTS, routes!(get))
}

/// A file.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Attachment {
    /// For programs.
    pub id: String,
    /// What whoever uploaded it called it.
    pub name: String,
    /// What its bytes say it is.
    #[schema(example = "image/png")]
    pub media_type: String,
    /// In bytes.
    pub size: i64,
    /// Of its bytes, in hexadecimal.
    pub sha256: String,
    /// When it was uploaded.
    pub uploaded_at: Instant,
    /// By whom.
    pub uploaded_by: String,
    /// Where it is.
    #[schema(example = "/api/v1/attachments/att_0193f0e4a1b27c3d8e9f00112233aabb")]
    pub path: String,
}

/// What a file is called.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Named {
    /// What the file is called.
    #[serde(default)]
    name: String,
}

/// List an incident's files, the oldest first.
#[utoipa::path(
    get, path = "/incidents/{incident}/attachments", tag = "incident",
    operation_id = "list_attachments",
    params(("incident" = String, Path, description = "The id or the number."), Paging),
    responses((status = 200, description = "A part of the list.", body = List<Attachment>))
)]
async fn list(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<Attachment>>, ApiError> {
    let incident = find(&ctx, &caller, Action::Read, &incident).await?;
    let rows = attachment::list(&ctx.app.db, incident.id).await?;
    let items: Vec<Attachment> = rows.into_iter().map(describe).collect();
    Ok(Json(paging.part(items, |one| one.id.clone(), |one| one)?))
}

/// Upload a file, as the body: a picture (PNG, JPEG, WebP, GIF) up to 5 MiB, or text such as a log, CSV
/// or JSON, PDF, ZIP, gzip, DOCX, XLSX or PPTX up to 10 MiB.
///
/// What it is is read from its bytes. Its name is made one that no system takes for a program.
#[utoipa::path(
    post, path = "/incidents/{incident}/attachments", tag = "incident",
    operation_id = "upload_attachment",
    request_body(content = String, content_type = "application/octet-stream"),
    params(("incident" = String, Path, description = "The id or the number."), Named),
    responses((status = 201, description = "The file.", body = Attachment))
)]
async fn upload(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Query(named): Query<Named>,
    request: Request,
) -> Result<(StatusCode, Json<Attachment>), ApiError> {
    let incident = find(&ctx, &caller, Action::Respond, &incident).await?;
    let bytes = axum::body::to_bytes(request.into_body(), FILE_BYTES_MAX).await;
    let bytes_max = FILE_BYTES_MAX;
    let bytes = bytes.map_err(|_| refused(NotTaken::TooLarge { bytes_max }))?;
    let taken = ctx.app.take_file(incident.id, &named.name, &bytes, &caller.actor).await;
    let id = taken.map_err(refused)?;
    let row = attachment::get(&ctx.app.db, &Viewer::Engine, id).await?;
    let row = row.ok_or_else(|| ApiError::internal("a file just taken was not found"))?;
    Ok((StatusCode::CREATED, Json(describe(row))))
}

/// A file itself.
///
/// A picture is shown where it stands; anything else is downloaded. Nothing in it runs.
#[utoipa::path(
    get, path = "/attachments/{attachment}", tag = "incident", operation_id = "get_attachment",
    params(("attachment" = String, Path, description = "The id.")),
    responses((
        status = 200, description = "Its bytes.", body = String, content_type = "application/octet-stream"
    ))
)]
async fn get(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let unknown = || ApiError::not_found("attachment", &id);
    let parsed: AttachmentId = id.parse().map_err(|_| unknown())?;
    let viewer = ctx.app.viewer(caller.user()).await?;
    let row = attachment::get(&ctx.app.db, &viewer, parsed).await?.ok_or_else(unknown)?;
    caller.may(Action::Read, Object::Incident(IncidentId(row.incident_id)))?;
    let bytes = attachment::bytes(&ctx.app.db, parsed).await?.ok_or_else(unknown)?;
    let ascii: String =
        row.name.chars().map(|one| if one.is_ascii() && one != '"' { one } else { '_' }).collect();
    let how = if is_picture(&row.media_type) { "inline" } else { "attachment" };
    let disposition = format!("{how}; filename=\"{ascii}\"");
    let value = |text: &str| HeaderValue::from_str(text).map_err(ApiError::internal);
    let headers: [(HeaderName, HeaderValue); 4] = [
        (header::CONTENT_TYPE, value(&row.media_type)?),
        (header::CONTENT_DISPOSITION, value(&disposition)?),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY)),
        (header::CACHE_CONTROL, HeaderValue::from_static(CACHE_CONTROL)),
    ];
    Ok((StatusCode::OK, headers, bytes).into_response())
}

/// The file that is meant, if it is one of that incident's.
pub(super) async fn of_incident(
    ctx: &Ctx,
    incident: IncidentId,
    id: Option<&str>,
) -> Result<Option<Attached>, ApiError> {
    let Some(id) = id.map(str::trim).filter(|id| !id.is_empty()) else { return Ok(None) };
    let wrong = || ApiError::field("attachment", "is no file of this incident");
    let id: AttachmentId = id.parse().map_err(|_| wrong())?;
    let row = attachment::get(&ctx.app.db, &Viewer::Engine, id).await?;
    match row {
        Some(row) if row.incident_id == incident.0 => {
            let file = (!is_picture(&row.media_type)).then_some(row.name);
            Ok(Some(Attached { id, file }))
        }
        _ => Err(wrong()),
    }
}

fn describe(row: AttachmentRow) -> Attachment {
    let id = AttachmentId(row.id).to_string();
    Attachment {
        path: format!("{BASE}/attachments/{id}"),
        id,
        name: row.name,
        media_type: row.media_type,
        size: row.size,
        sha256: row.sha256.iter().map(|byte| format!("{byte:02x}")).collect(),
        uploaded_at: Instant::from_micros(row.uploaded_at),
        uploaded_by: row.uploader_name,
    }
}

fn refused(not: NotTaken) -> ApiError {
    match not {
        NotTaken::NoSuchIncident => ApiError::new(StatusCode::NOT_FOUND, not.to_string()),
        NotTaken::OtherKind => ApiError::field("body", not.to_string()),
        NotTaken::TooLarge { .. } => ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, not.to_string()),
        NotTaken::Enough => ApiError::conflict(not.to_string()),
        NotTaken::Store(error) => error.into(),
    }
}
