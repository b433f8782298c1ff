//! Tokens: made, listed and revoked.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use crate::store::reader::Reader;
use crate::store::token::NewToken;

use super::super::Site;
use super::super::auth::{Caller, Scope};
use super::super::dto::List;
use super::super::dto::token::{NewTokenAnswer, RevokedAnswer, TokenAnswer, TokenRequest};
use super::super::json::{Body, Key};
use super::super::problem::{Document, Kind, Problem};
use super::super::submission::{time, word};
use super::super::tokens::Secret;

/// The client of the Unix socket; a token of this name would share its idempotency keys.
const LOCAL: &str = "local";

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
    caller.needs(Scope::Manage)?;
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
    caller.needs(Scope::Manage)?;
    let client = word("client", request.client)?
        .filter(|client| client != LOCAL)
        .ok_or_else(|| Problem::bad("client", "give a name; `local` is the command line's own"))?;
    let scopes = scopes(&caller, request.scopes)?;
    let creditors = request.creditors.unwrap_or_default();
    for creditor in &creditors {
        word("creditors", Some(creditor.clone()))?;
    }
    if !creditors.is_empty() && scopes.contains(&Scope::Manage) {
        return Err(Problem::bad("creditors", "the scope `manage` covers everything and cannot be limited"));
    }
    let expires_at = time("expires_at", request.expires_at.as_deref())?;
    if expires_at.is_some_and(|at| at <= site.clock.now().utc) {
        return Err(Problem::bad("expires_at", "this time is over"));
    }
    let secret = Secret::random().map_err(|error| Problem::internal(&error))?;
    let scopes: Vec<String> = scopes.into_iter().map(|scope| scope.name().to_owned()).collect();
    let answer = NewTokenAnswer {
        key: 0,
        token: secret.text,
        client: client.clone(),
        scopes: scopes.clone(),
        creditors: creditors.clone(),
        expires_at: expires_at.map(|at| at.to_string()),
    };
    let key = site.writer.create_token(NewToken { hash: secret.hash, client, scopes, creditors, expires_at }).await?;
    site.tokens().refresh(&site).await?;
    Ok((StatusCode::CREATED, Json(NewTokenAnswer { key, ..answer })))
}

/// A token gives nothing that its maker does not have.
fn scopes(caller: &Caller, given: Option<Vec<String>>) -> Result<Vec<Scope>, Problem> {
    let mut scopes = Vec::new();
    for name in given.unwrap_or_default() {
        let scope = Scope::from_name(&name)
            .ok_or_else(|| Problem::bad("scopes", "there are `send`, `read`, `pii` and `manage`"))?;
        caller.needs(scope)?;
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    if scopes.is_empty() {
        return Err(Problem::bad("scopes", "give at least one of `send`, `read`, `pii` and `manage`"));
    }
    Ok(scopes)
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
    caller.needs(Scope::Manage)?;
    let missing = || Problem::new(Kind::NotFound, "there is no token with this key that is not revoked");
    let key = key.ok_or_else(missing)?;
    let revoked = site.writer.revoke_token(key).await?;
    site.tokens().refresh(&site).await?;
    if !revoked {
        return Err(missing());
    }
    Ok(Json(RevokedAnswer { key, revoked }))
}
