//! Who is asking over HTTP: the session's cookie, a bearer token, or nobody; and from where. A
//! browser's unsafe request must come from this installation's own pages.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};

use super::Ctx;
use super::error::ApiError;
pub use crate::app::access::Caller;

/// The name of the session's cookie.
pub const COOKIE: &str = "muster_session";
/// The longest cookie that is looked at, in bytes.
const COOKIE_BYTES_MAX: usize = 128;

/// The other end of the connection; the listener puts it there.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// Where a request came from: the other end of the connection, or what a proxy on this host says.
#[derive(Debug, Clone, Copy)]
pub struct Address(pub IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for Address {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let peer = parts.extensions.get::<Peer>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
        // Only a proxy on this very host is believed; its own entry is the last.
        let forwarded = peer.is_loopback().then(|| forwarded_for(&parts.headers)).flatten();
        Ok(Self(forwarded.unwrap_or(peer)))
    }
}

fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?;
    last.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
}

/// Finds out who is asking. A token that opens nothing is refused rather than ignored.
///
/// # Errors
/// 401 for a token that opens nothing, 403 for a browser's unsafe request from another site.
pub async fn identify(ctx: &Ctx, method: &Method, headers: &HeaderMap) -> Result<Caller, ApiError> {
    if let Some(token) = bearer(headers) {
        let caller = ctx.app.caller_of_token(token).await?;
        return caller
            .ok_or_else(|| ApiError::unauthorized("this token is unknown, revoked or expired"));
    }
    if !method.is_safe() {
        require_same_origin(ctx, headers)?;
    }
    let Some(secret) = cookie(headers) else { return Ok(Caller::anonymous()) };
    Ok(ctx.app.caller_of_session(secret).await?.unwrap_or_else(Caller::anonymous))
}

/// The token of an `Authorization: Bearer` header.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// The secret of the session's cookie.
pub fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, value)| *name == COOKIE && value.len() <= COOKIE_BYTES_MAX)
        .map(|(_, value)| value)
}

/// The `Set-Cookie` value that opens a session, or ends it where `secret` is `None`.
pub fn set_cookie(ctx: &Ctx, secret: Option<&str>) -> String {
    let secure = if ctx.app.settings.public_url.starts_with("https://") { "; Secure" } else { "" };
    let age = match secret {
        Some(_) => crate::app::access::session::SESSION_LENGTH.as_secs(),
        None => 0,
    };
    let secret = secret.unwrap_or_default();
    format!("{COOKIE}={secret}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}")
}

/// A browser names the page that an unsafe request comes from. With a cookie it must be one of
/// ours; without one there is nothing to steal, but a foreign page may not sign anybody in either.
///
/// # Errors
/// 403 where the request comes from elsewhere.
pub fn require_same_origin(ctx: &Ctx, headers: &HeaderMap) -> Result<(), ApiError> {
    let origin = headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or("null"));
    let same = match origin {
        None => cookie(headers).is_none(),
        Some(origin) => is_ours(ctx, headers, origin),
    };
    if same {
        return Ok(());
    }
    Err(ApiError::forbidden("this request did not come from one of Muster's own pages"))
}

fn is_ours(ctx: &Ctx, headers: &HeaderMap, origin: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    if !matches!(scheme, "http" | "https") {
        return false;
    }
    let public = &ctx.app.settings.public_url;
    let ours = public.strip_prefix(scheme).and_then(|rest| rest.strip_prefix("://"));
    let ours = ours.map(|rest| rest.split('/').next().unwrap_or_default());
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    ours.is_some_and(|ours| ours.eq_ignore_ascii_case(authority))
        || host.is_some_and(|host| host.eq_ignore_ascii_case(authority))
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        // The gate puts it there; a route without a gate cannot be registered.
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| ApiError::internal("a handler was reached without its gate"))
    }
}
