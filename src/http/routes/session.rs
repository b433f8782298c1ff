//! `/v1/session`: a browser shows a token once and gets a cookie for it.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};

use crate::actor::audit;

use super::super::auth::Caller;
use super::super::dto::at;
use super::super::dto::session::{SessionAnswer, SessionRequest};
use super::super::json::Body;
use super::super::problem::{Document, Problem};
use super::super::serve::Peer;
use super::super::{Site, session};

/// Begin a session: the answer sets a cookie that counts as the token, for 12 hours at most, until the token ends.
///
/// With the cookie, requests that change something need the header `x-recado-page`, and browsers must call this host by a name
/// of its own.
#[utoipa::path(
    post,
    path = "/v1/session",
    operation_id = "beginSession",
    tag = "tokens",
    request_body = SessionRequest,
    responses(
        (status = NO_CONTENT, description = "Begun"),
        (status = TOO_MANY_REQUESTS, description = "`too-many-requests`: too many tokens of this address were refused", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    ),
    security(())
)]
pub(super) async fn begin(
    State(site): State<Site>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    Body(request): Body<SessionRequest>,
) -> Result<Response, Problem> {
    session::is_of_this_host(&site, &headers)?;
    session::is_of_a_page(&headers)?;
    let now = site.clock.now();
    let peer = peer.map_or(Peer(None), |Extension(peer)| peer);
    site.logins().may_try(peer, now.instant)?;
    let token = request.token.ok_or_else(|| Problem::bad("token", "must be given"))?;
    let shown = site.tokens().authenticate(token.trim(), now.utc, &site.writer);
    let (key, grant) = shown.inspect_err(|_| site.logins().refused(peer, now.instant))?;
    audit::let_in(&grant.client, Some(key.0));
    Ok(set(session::cookie(&site, key)?))
}

/// Who is asking, and what they may.
#[utoipa::path(
    get,
    path = "/v1/session",
    operation_id = "getSession",
    tag = "tokens",
    responses(
        (status = OK, description = "Who", body = SessionAnswer),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn show(State(site): State<Site>, caller: Caller) -> Json<SessionAnswer> {
    Json(SessionAnswer {
        client: caller.client().to_owned(),
        scopes: caller.scopes(),
        creditors: caller.creditors().to_vec(),
        zone: site.settings().zone.iana_name().unwrap_or("UTC").to_owned(),
        now: at(site.clock.now().utc),
    })
}

/// End a session in this browser. Revoking the token ends all of them.
#[utoipa::path(
    delete,
    path = "/v1/session",
    operation_id = "endSession",
    tag = "tokens",
    responses(
        (status = NO_CONTENT, description = "Ended"),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn end(State(site): State<Site>, _: Caller) -> Response {
    set(session::no_cookie(&site))
}

fn set(cookie: String) -> Response {
    (axum::http::StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response()
}
