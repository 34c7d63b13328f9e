//! The API under `/api/v1`: one file per concept with its wire types, handlers and table of routes.
//! Handlers translate; what is done is in `app`, what is decided is in the core.

use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use muster_core::org::access::{Action, Object};
use utoipa::Modify;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;

use std::sync::Arc;

use crate::app::App;
use crate::app::access::Doors;
use crate::engine::accept::Accept;

pub mod access;
pub mod alerting;
pub mod caller;
pub mod change;
pub mod error;
pub mod extract;
pub mod gate;
pub mod incident;
pub mod list;
pub mod oncall;
pub mod org;
pub mod period;
pub mod report;
pub mod search;
pub mod stream;
pub mod system;
pub mod word;

pub use caller::{Address, Caller};
pub use error::ApiError;
pub use gate::{Need, Routes};

/// What handlers stand on. Cloning is cheap.
#[derive(Clone)]
pub struct Ctx {
    /// The installation.
    pub app: App,
    /// The way into the inbox.
    pub accept: Accept,
    /// What signing in needs in memory.
    pub doors: Arc<Doors>,
    /// Everybody who listens to the live stream.
    pub streams: Arc<stream::Streams>,
}

impl Ctx {
    /// What handlers of that installation stand on.
    pub fn new(app: App, accept: Accept) -> Self {
        Self { app, accept, doors: Arc::default(), streams: Arc::default() }
    }
}

/// To see incidents.
pub const SEE_INCIDENTS: Need = Need::new(Action::Read, Object::Incidents);
/// To see who is on call, services, teams and names.
pub const SEE_ORGANIZATION: Need = Need::new(Action::Read, Object::Organization);

/// Every route under `/api/v1` with what it needs.
pub fn routes() -> Routes {
    Routes::new()
        .merge(access::routes())
        .merge(alerting::routes())
        .merge(change::routes())
        .merge(incident::routes())
        .merge(system::routes())
        .merge(org::routes())
        .merge(oncall::routes())
        .merge(report::routes())
        .merge(search::routes())
        .merge(stream::routes())
}

/// The API with its description.
fn assembled(routes: OpenApiRouter<Ctx>) -> (Router<Ctx>, OpenApi) {
    let (router, mut description) =
        OpenApiRouter::with_openapi(Description::openapi()).nest(BASE, routes).split_for_parts();
    Schemes.modify(&mut description);
    (router, description)
}

/// The router of the API, with its description at `/api/v1/openapi.json`.
pub fn router(ctx: &Ctx) -> Router {
    let (router, description) = assembled(routes().behind_gates(ctx));
    let text = description.to_json().unwrap_or_default();
    let json = [(axum::http::header::CONTENT_TYPE, "application/json")];
    let describe = move || {
        let answer = (json, text.clone());
        async move { answer }
    };
    router
        .route(&format!("{BASE}/openapi.json"), axum::routing::get(describe))
        .method_not_allowed_fallback(async || {
            let status = StatusCode::METHOD_NOT_ALLOWED;
            ApiError::new(status, "this path does not take that method").into_response()
        })
        .with_state(ctx.clone())
}

/// The description of the API, as it is served.
pub fn description() -> OpenApi {
    assembled(OpenApiRouter::with_openapi(routes().describe())).1
}

/// Where the API lives.
pub const BASE: &str = "/api/v1";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Muster",
        description = "Alerts, on-call, paging and incidents. Errors are RFC 9457 problems; lists \
                       are paged by `cursor`; objects are addressed by id or by unique name."
    ),
    components(schemas(error::Problem))
)]
struct Description;

struct Schemes;

impl Modify for Schemes {
    fn modify(&self, description: &mut OpenApi) {
        let components = description.components.get_or_insert_default();
        list::name_items(&mut components.schemas);
        let cookie = ApiKey::Cookie(ApiKeyValue::new(caller::COOKIE));
        components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
        let token = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        components.add_security_scheme("token", token);
    }
}
