//! The table of routes. Each stands beside what it needs, and is served only behind the gate that
//! asks [`muster_core::org::access::may`] for it: there is no way to register a route without.

use axum::extract::{RawPathParams, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use muster_core::id::UserId;
use muster_core::org::access::{Action, Object};
use muster_store::org::document::Kind;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, ResponseBuilder};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter, UtoipaMethodRouterExt as _};
use uuid::Uuid;

use super::error::ApiError;
use super::{Caller, Ctx, caller};
use crate::app::org::edit::{self, EDITED};

/// The name of the path parameter that says which person or document.
const NAME: &str = "name";
/// The name of the path parameter that says of which kind a document is.
const COLLECTION: &str = "collection";

/// What a caller must be allowed to use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    action: Action,
    target: Target,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Object(Object),
    Person,
    Document(Option<Kind>),
}

impl Need {
    /// To do `action` to `object`.
    pub const fn new(action: Action, object: Object) -> Self {
        Self { action, target: Target::Object(object) }
    }

    /// Nothing: the sign-in and what everybody may see.
    pub const fn door() -> Self {
        Self::new(Action::Read, Object::Door)
    }

    /// To do `action` to the person that `{name}` in the path names.
    pub const fn of_person(action: Action) -> Self {
        Self { action, target: Target::Person }
    }

    /// To do `action` to the document that `{name}` in the path names, of that kind, or else of the
    /// one that `{collection}` names.
    pub const fn of_document(action: Action, kind: Option<Kind>) -> Self {
        Self { action, target: Target::Document(kind) }
    }

    /// Whether everybody may.
    pub fn is_door(self) -> bool {
        self == Self::door()
    }

    /// What is done.
    pub fn action(self) -> Action {
        self.action
    }

    fn object(self, ctx: &Ctx, caller: &Caller, params: &RawPathParams) -> Object {
        let param =
            |wanted: &str| params.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value);
        let name = param(NAME);
        match self.target {
            Target::Object(object) => object,
            Target::Document(kind) => {
                let collection = || EDITED.iter().find(|(_, of)| Some(*of) == param(COLLECTION));
                let kind = kind.or_else(|| collection().map(|(kind, _)| *kind));
                let directory = &ctx.app.snapshot().directory;
                let object = |(kind, name)| edit::gate(directory, caller, kind, name);
                kind.zip(name).map_or(Object::Configuration, object)
            }
            Target::Person => {
                let snapshot = ctx.app.snapshot();
                let user = name.and_then(|name| snapshot.directory.users.named(name));
                // Whoever may not see everybody learns nothing about who exists.
                Object::User(user.map_or(UserId(Uuid::nil()), |user| user.id))
            }
        }
    }
}

/// A table of routes with their needs.
#[derive(Default)]
pub struct Routes {
    rows: Vec<(Need, UtoipaMethodRouter<Ctx>)>,
}

impl Routes {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more row: what `utoipa_axum::routes!` makes of the handlers of one path that need the
    /// same.
    #[must_use]
    pub fn on(mut self, need: Need, mut route: UtoipaMethodRouter<Ctx>) -> Self {
        for item in route.1.paths.values_mut() {
            each_operation(item, |operation| document(need, operation));
        }
        self.rows.push((need, route));
        self
    }

    /// The rows of another table as well.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.rows.extend(other.rows);
        self
    }

    /// Every route: its method, its path and what it needs.
    pub fn needs(&self) -> Vec<(&'static str, String, Need)> {
        let mut needs = Vec::new();
        for (need, (_, paths, _)) in &self.rows {
            for (path, item) in &paths.paths {
                for (method, operation) in operations(item) {
                    if operation.is_some() {
                        needs.push((method, path.clone(), *need));
                    }
                }
            }
        }
        needs
    }

    /// What the routes are for clients, with no router behind it.
    pub(super) fn describe(self) -> OpenApi {
        let described =
            self.rows.into_iter().fold(OpenApiRouter::default(), |router, (_, route)| {
                let router: OpenApiRouter<Ctx> = router;
                router.routes(route)
            });
        described.into_openapi()
    }

    /// The router, with each route behind its gate.
    pub(super) fn behind_gates(self, ctx: &Ctx) -> OpenApiRouter<Ctx> {
        self.rows.into_iter().fold(OpenApiRouter::default(), |router, (need, route)| {
            let gate = middleware::from_fn_with_state((ctx.clone(), need), pass);
            router.routes(route.map(|methods| methods.route_layer(gate)))
        })
    }
}

/// Lets a request through if its caller may.
async fn pass(
    State((ctx, need)): State<(Ctx, Need)>,
    params: RawPathParams,
    mut request: Request,
    next: Next,
) -> Response {
    let caller = match caller::identify(&ctx, request.method(), request.headers()).await {
        Ok(caller) => caller,
        Err(error) => return error.into_response(),
    };
    if let Err(denied) = caller.may(need.action, need.object(&ctx, &caller, &params)) {
        return ApiError::from(denied).into_response();
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}

fn operations(item: &PathItem) -> [(&'static str, &Option<Operation>); 5] {
    [
        ("GET", &item.get),
        ("POST", &item.post),
        ("PUT", &item.put),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
    ]
}

fn each_operation(item: &mut PathItem, mut change: impl FnMut(&mut Operation)) {
    let all = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
    for operation in all.into_iter().flatten() {
        change(operation);
    }
}

/// What every operation answers besides its own: how to be let in, and problems.
fn document(need: Need, operation: &mut Operation) {
    let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let answer = |description: &str| {
        ResponseBuilder::new()
            .description(description)
            .content("application/problem+json", problem.clone())
            .build()
    };
    let responses = &mut operation.responses.responses;
    responses.insert("default".to_owned(), answer("What went wrong.").into());
    if need.is_door() {
        return;
    }
    responses.insert("401".to_owned(), answer("Sign in first.").into());
    responses.insert("403".to_owned(), answer("Your role does not allow it.").into());
    let none: [&str; 0] = [];
    operation.security = Some(vec![
        SecurityRequirement::new("session", none),
        SecurityRequirement::new("token", none),
    ]);
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    #[test]
    fn no_two_schemas_share_a_name() {
        let mut known = HashMap::new();
        for (_, (schemas, _, _)) in crate::api::routes().rows {
            for (name, schema) in schemas {
                let before = known.entry(name.clone()).or_insert_with(|| schema.clone());
                assert!(*before == schema, "two different things are called {name}");
            }
        }
        assert!(known.len() > 50, "the schemas are seen");
    }
}
