//! Tokens: made, listed, replaced and revoked.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use crate::clock::duration;
use crate::store::reader::Reader;
use crate::store::token::{NewToken, Rotation};
use crate::store::view::TokenView;

use super::super::auth::{Caller, Role, Scope, TokenKey};
use super::super::dto::token::{NewTokenAnswer, RevokedAnswer, RotateTokenRequest, TokenAnswer, TokenRequest};
use super::super::dto::{List, at};
use super::super::json::{Body, Key};
use super::super::problem::{Document, Kind, Problem};
use super::super::submission::{time, word};
use super::super::tokens::Secret;
use super::super::{LOCAL, Site};

/// How long a token goes on that was replaced: whoever uses it has a working day to take the new one.
const GRACE: Duration = Duration::from_secs(24 * 3_600);

/// A grace that never ends would be two tokens.
const GRACE_MAX: Duration = Duration::from_secs(30 * 86_400);

/// All tokens, without their secrets, newest first.
#[utoipa::path(
    get,
    path = "/v1/tokens",
    operation_id = "listTokens",
    tag = "tokens",
    responses(
        (status = OK, description = "A page", body = List<TokenAnswer>),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn list(State(site): State<Site>, caller: Caller) -> Result<Json<List<TokenAnswer>>, Problem> {
    caller.needs(Scope::Admin)?;
    let tokens = site.read(Reader::tokens).await?;
    Ok(Json(List::whole(tokens.into_iter().map(TokenAnswer::from).collect())))
}

/// Make a token. Its secret is in this answer and nowhere else.
#[utoipa::path(
    post,
    path = "/v1/tokens",
    operation_id = "createToken",
    tag = "tokens",
    request_body = TokenRequest,
    responses(
        (status = CREATED, description = "Made", body = NewTokenAnswer),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn create(
    State(site): State<Site>,
    caller: Caller,
    Body(request): Body<TokenRequest>,
) -> Result<(StatusCode, Json<NewTokenAnswer>), Problem> {
    caller.needs(Scope::Admin)?;
    // A token of that name would share its idempotency keys.
    let client = word("client", request.client)?
        .filter(|client| client != LOCAL)
        .ok_or_else(|| Problem::bad("client", "give a name; `local` is the command line's own"))?;
    let scopes = scopes(&caller, request.scopes, request.role)?;
    let creditors = request.creditors.unwrap_or_default();
    for creditor in &creditors {
        word("creditors", Some(creditor.clone()))?;
    }
    if !creditors.is_empty() && (scopes.contains(&Scope::Manage) || scopes.contains(&Scope::Admin)) {
        return Err(Problem::bad(
            "creditors",
            "the scopes `manage` and `admin` cover everything and cannot be limited",
        ));
    }
    let expires_at = time("expires_at", request.expires_at.as_deref())?;
    if expires_at.is_some_and(|at| at <= site.clock.now().utc) {
        return Err(Problem::bad("expires_at", "this time is over"));
    }
    let secret = Secret::random().map_err(|error| Problem::internal(&error))?;
    let scopes: Vec<String> = scopes.into_iter().map(|scope| scope.name().to_owned()).collect();
    let token = NewToken { hash: secret.hash, client, scopes, creditors, expires_at };
    let answer = shown(secret.text, &token);
    let key = site.writer.create_token(token).await?;
    site.tokens().refresh(&site).await?;
    Ok((StatusCode::CREATED, Json(NewTokenAnswer { key, ..answer })))
}

/// A token with its secret; its row is known when it is stored.
fn shown(secret: String, token: &NewToken) -> NewTokenAnswer {
    NewTokenAnswer {
        key: 0,
        token: secret,
        client: token.client.clone(),
        scopes: token.scopes.clone(),
        role: Role::of(&token.scopes).map(Role::name),
        creditors: token.creditors.clone(),
        expires_at: token.expires_at.map(|at| at.to_string()),
        before_ends_at: None,
    }
}

/// A token gives nothing that its maker does not have.
fn scopes(caller: &Caller, given: Option<Vec<String>>, role: Option<String>) -> Result<Vec<Scope>, Problem> {
    let mut scopes = Vec::new();
    if let Some(role) = role {
        if given.is_some() {
            return Err(Problem::bad("role", "give scopes or a role"));
        }
        let role = Role::from_name(&role)
            .ok_or_else(|| Problem::bad("role", "there are `operator`, `manager` and `administrator`"))?;
        role.scopes().iter().try_for_each(|scope| caller.needs(*scope))?;
        return Ok(role.scopes().to_vec());
    }
    for name in given.unwrap_or_default() {
        let scope = Scope::from_name(&name)
            .ok_or_else(|| Problem::bad("scopes", "there are `send`, `read`, `text`, `pii`, `manage` and `admin`"))?;
        caller.needs(scope)?;
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    if scopes.is_empty() {
        return Err(Problem::bad(
            "scopes",
            "give at least one of `send`, `read`, `text`, `pii`, `manage` and `admin`, or a role",
        ));
    }
    Ok(scopes)
}

/// Put a new token in the place of one that is in use. It has the same client, so that idempotency keys hold, and the same scopes
/// and creditors. The one before goes on for the grace, so that callers can be told the new one without a pause.
#[utoipa::path(
    post,
    path = "/v1/tokens/{key}/rotate",
    operation_id = "rotateToken",
    tag = "tokens",
    params(("key" = i64, Path, description = "Of the token")),
    request_body = RotateTokenRequest,
    responses(
        (status = CREATED, description = "Made; its secret is in this answer and nowhere else", body = NewTokenAnswer),
        (status = NOT_FOUND, description = "`not-found`", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn rotate(
    State(site): State<Site>,
    caller: Caller,
    Key(key): Key<i64>,
    Body(request): Body<RotateTokenRequest>,
) -> Result<(StatusCode, Json<NewTokenAnswer>), Problem> {
    caller.needs(Scope::Admin)?;
    let now = site.clock.now().utc;
    let missing = || Problem::new(Kind::NotFound, "there is no token with this key that is in use");
    let before = key.ok_or_else(missing)?;
    let in_use = |token: &TokenView| {
        token.key == before && token.revoked_at.is_none() && token.expires_at.is_none_or(|at| at > now)
    };
    let tokens = site.read(Reader::tokens).await?;
    let token = tokens.into_iter().find(in_use).ok_or_else(missing)?;
    for name in &token.scopes {
        // Whoever makes a secret can use it.
        Scope::from_name(name).map_or(Ok(()), |scope| caller.needs(scope))?;
    }
    let grace = match request.grace.as_deref() {
        None => GRACE,
        Some(text) => duration::parse(text).map_err(|error| Problem::bad("grace", format!("failed to {error}")))?,
    };
    if grace > GRACE_MAX {
        return Err(Problem::bad("grace", "may be 30d at most"));
    }
    let expires_at = time("expires_at", request.expires_at.as_deref())?;
    if expires_at.is_some_and(|at| at <= now) {
        return Err(Problem::bad("expires_at", "this time is over"));
    }
    let as_long = token.expires_at.map(|at| now + at.saturating_since(token.created_at));
    let secret = Secret::random().map_err(|error| Problem::internal(&error))?;
    let ends_at = token.expires_at.map_or(now + grace, |at| at.min(now + grace));
    let TokenView { client, scopes, creditors, .. } = token;
    let token = NewToken { hash: secret.hash, client, scopes, creditors, expires_at: expires_at.or(as_long) };
    let answer = NewTokenAnswer { before_ends_at: Some(at(ends_at)), ..shown(secret.text, &token) };
    let stored = site.writer.rotate_token(Rotation { before, ends_at, token }).await?;
    let key = stored.ok_or_else(missing)?;
    site.tokens().replaced(TokenKey(before), ends_at).await;
    site.tokens().refresh(&site).await?;
    Ok((StatusCode::CREATED, Json(NewTokenAnswer { key, ..answer })))
}

/// Revoke a token.
#[utoipa::path(
    delete,
    path = "/v1/tokens/{key}",
    operation_id = "revokeToken",
    tag = "tokens",
    params(("key" = i64, Path, description = "Of the token")),
    responses(
        (status = OK, description = "Done", body = RevokedAnswer),
        (status = NOT_FOUND, description = "`not-found`", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn revoke(
    State(site): State<Site>,
    caller: Caller,
    Key(key): Key<i64>,
) -> Result<Json<RevokedAnswer>, Problem> {
    caller.needs(Scope::Admin)?;
    let missing = || Problem::new(Kind::NotFound, "there is no token with this key that is not revoked");
    let key = key.ok_or_else(missing)?;
    let revoked = site.writer.revoke_token(key).await?;
    // Also where there was none to revoke: what is stored is what holds.
    site.tokens().revoked(TokenKey(key)).await;
    if !revoked {
        return Err(missing());
    }
    Ok(Json(RevokedAnswer { key, revoked }))
}
