//! The audit log over the API.

use axum::extract::State;
use muster_core::id::{TokenId, UserId};
use muster_core::org::access::{Action, Object};
use muster_core::org::directory::Directory;
use muster_store::audit::{self as store_audit, Record};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::api::extract::{Json, Query};
use crate::api::list::{List, Paging};
use crate::api::word::Instant;
use crate::api::{ApiError, Ctx, Need, Routes};

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(Need::new(Action::Read, Object::Audit), routes!(list))
}

/// Something that was done.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AuditRecord {
    /// The order of writing.
    pub seq: i64,
    /// When it was done.
    pub at: Instant,
    /// What kind of actor did it: `user`, `token`, `system`, `integration`, `link`.
    pub actor_kind: String,
    /// Who, where that is known.
    #[schema(required)]
    pub actor: Option<String>,
    /// What was done, as `noun.verb`.
    pub action: String,
    /// What kind of thing it was done to.
    pub object_kind: String,
    /// Which one.
    pub object_id: String,
    /// The details.
    #[schema(value_type = Object)]
    pub data: Value,
    /// The place in the chain of digests, once sealed.
    #[schema(required)]
    pub position: Option<i64>,
    /// The end of the chain at this record, in hexadecimal, once sealed.
    #[schema(required)]
    pub hash: Option<String>,
    /// Whether the details were blotted out.
    pub redacted: bool,
}

/// List what was done, the newest first.
#[utoipa::path(
    get, path = "/audit", tag = "access", operation_id = "list_audit", params(Paging),
    responses((status = 200, description = "A part of the log.", body = List<AuditRecord>))
)]
async fn list(
    State(ctx): State<Ctx>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<AuditRecord>>, ApiError> {
    let limit = paging.limit()? + 1;
    let records = store_audit::list(&ctx.app.db, paging.after()?, limit).await?;
    let snapshot = ctx.app.snapshot();
    let describe = |record| describe(&snapshot.directory, record);
    Ok(Json(paging.list(records, |record| record.seq, describe)?))
}

fn describe(directory: &Directory, record: Record) -> AuditRecord {
    let Record { seq, entry, position, hash, is_redacted } = record;
    let name = |id| match directory.users.get(UserId(id)) {
        Some(user) => user.name.clone(),
        None if entry.actor_kind == "token" => TokenId(id).to_string(),
        None => UserId(id).to_string(),
    };
    AuditRecord {
        seq,
        at: entry.at.into(),
        actor: entry.actor_id.map(name),
        actor_kind: entry.actor_kind,
        action: entry.action,
        object_kind: entry.object_kind,
        object_id: entry.object_id,
        data: entry.data,
        position,
        hash: hash.map(|hash| hash.iter().map(|byte| format!("{byte:02x}")).collect()),
        redacted: is_redacted,
    }
}
