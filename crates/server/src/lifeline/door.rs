//! The door: signing in and out with plain forms. Where somebody was headed is kept in `next`, which
//! leads nowhere but to this installation's own pages.

use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};

use super::refusal::Refusal;
use super::{Kept, html, see_other};
use crate::api::caller::{Caller, identify, require_same_origin, set_cookie};
use crate::api::{Address, Ctx};
use crate::app::access::session::NotSignedIn;

/// The largest form, in bytes.
const FORM_BYTES_MAX: usize = 16 * 1024;
/// The longest address to go on to, in bytes.
const NEXT_BYTES_MAX: usize = 500;
/// Where somebody goes who was headed nowhere.
const HOME: &str = "/app/";
/// Where the form is.
const SIGN_IN: &str = "/sign-in";

/// The routes.
pub(super) fn router() -> Router<Ctx> {
    Router::new()
        .route(SIGN_IN, get(form).post(sign_in))
        .route("/sign-out", post(sign_out))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}

/// Who asks for a page that is not for everybody; whoever is not signed in is sent to the form and
/// comes back from there.
pub(super) async fn known(ctx: &Ctx, headers: &HeaderMap, path: &str) -> Result<Caller, Response> {
    match identify(ctx, &Method::GET, headers).await {
        Ok(caller) if caller == Caller::anonymous() => {
            let next: String = form_urlencoded::byte_serialize(path.as_bytes()).collect();
            Err(see_other(&format!("{SIGN_IN}?next={next}"), Kept::Open))
        }
        Ok(caller) => Ok(caller),
        Err(error) if error.status() == StatusCode::SERVICE_UNAVAILABLE => {
            Err(Refusal::Unavailable.page())
        }
        Err(error) => Err(Refusal::NotAllowed(error.detail().to_owned()).page()),
    }
}

#[derive(Template)]
#[template(path = "lifeline/sign_in.html")]
struct SignIn<'a> {
    organization: &'a str,
    name: &'a str,
    next: &'a str,
    problem: Option<String>,
}

async fn form(State(ctx): State<Ctx>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let next = field(query.unwrap_or_default().as_bytes(), "next");
    let next = same_site(&next);
    let caller = identify(&ctx, &Method::GET, &headers).await;
    if caller.is_ok_and(|caller| caller.user().is_some()) {
        return see_other(next, Kept::Open);
    }
    page(&ctx, StatusCode::OK, "", next, None)
}

async fn sign_in(
    State(ctx): State<Ctx>,
    Address(address): Address,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (name, next) = (field(&body, "name"), field(&body, "next"));
    let next = same_site(&next);
    if let Err(error) = require_same_origin(&ctx, &headers) {
        return Refusal::NotAllowed(error.detail().to_owned()).page();
    }
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let (app, password) = (&ctx.app, field(&body, "password"));
    match app.sign_in(&ctx.doors, &name, password, address, agent.unwrap_or_default()).await {
        Ok(signed_in) => with_cookie(see_other(next, Kept::Open), &ctx, Some(&signed_in.secret)),
        Err(error) => {
            let status = match error {
                NotSignedIn::Wrong => StatusCode::UNAUTHORIZED,
                NotSignedIn::Slowly { .. } => StatusCode::TOO_MANY_REQUESTS,
                NotSignedIn::Store(error) => return Refusal::from(error).page(),
            };
            page(&ctx, status, &name, next, Some(error.to_string()))
        }
    }
}

async fn sign_out(State(ctx): State<Ctx>, headers: HeaderMap) -> Response {
    let caller = match identify(&ctx, &Method::POST, &headers).await {
        Ok(caller) => caller,
        Err(error) => return Refusal::NotAllowed(error.detail().to_owned()).page(),
    };
    if let Some(session) = caller.session
        && let Err(error) = ctx.app.sign_out(session, &caller.actor).await
    {
        return Refusal::from(error).page();
    }
    with_cookie(see_other(SIGN_IN, Kept::Open), &ctx, None)
}

fn page(
    ctx: &Ctx,
    status: StatusCode,
    name: &str,
    next: &str,
    problem: Option<String>,
) -> Response {
    let snapshot = ctx.app.snapshot();
    let organization = &*snapshot.directory.name;
    html(status, Kept::Open, &SignIn { organization, name, next, problem })
}

fn with_cookie(mut response: Response, ctx: &Ctx, secret: Option<&str>) -> Response {
    if let Ok(cookie) = HeaderValue::from_str(&set_cookie(ctx, secret)) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// A field of a form or query; empty where it is not there.
fn field(form: &[u8], name: &str) -> String {
    form_urlencoded::parse(form)
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

/// Where to go on to: a path of this installation. Anything that a browser could read as another
/// host leads home instead.
fn same_site(next: &str) -> &str {
    let is_path = next.starts_with('/') && !next.starts_with("//");
    let is_plain = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_path && is_plain && next.len() <= NEXT_BYTES_MAX { next } else { HOME }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_nowhere_but_home() {
        for own in ["/on-call", "/p/incident/42?x=1#y", "/app/incidents/42"] {
            assert_eq!(same_site(own), own);
        }
        let foreign = [
            "",
            "https://example.com/",
            "//example.com",
            "/\\example.com",
            "/\t/example.com",
            "javascript:alert(1)",
            "/\r\nset-cookie: a=b",
            "/ä",
        ];
        for foreign in foreign {
            assert_eq!(same_site(foreign), HOME, "{foreign:?}");
        }
    }

    #[test]
    fn a_form_field_is_read_as_the_browser_wrote_it() {
        assert_eq!(field(b"name=ana+o&password=%26%3D", "password"), "&=");
        assert_eq!(field(b"name=ana+o", "name"), "ana o");
        assert_eq!(field(b"\xff\xfe", "name"), "");
    }
}
