//! `GET /v1/inbox` and `GET /v1/calls`: texts and calls that came in.

use axum::Json;
use axum::extract::State;

use super::super::Site;
use super::super::auth::{Caller, Scope};
use super::super::dto::List;
use super::super::dto::inbox::{CallAnswer, InboundAnswer};
use super::super::json::Parameters;
use super::super::page::PageParameters;
use super::super::problem::{Document, Problem};

/// Texts that came in. With `after`, oldest first; without it, newest first.
#[utoipa::path(
    get,
    path = "/v1/inbox",
    operation_id = "listInbox",
    tag = "inbox",
    params(PageParameters),
    responses(
        (status = OK, description = "A page", body = List<InboundAnswer>),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn list(
    State(site): State<Site>,
    caller: Caller,
    Parameters(asked): Parameters<PageParameters>,
) -> Result<Json<List<InboundAnswer>>, Problem> {
    caller.needs(Scope::Read)?;
    let (page, limit) = asked.page()?;
    let creditors = caller.creditors().clone();
    let texts = site.read(move |reader| reader.inbox(page, limit, &creditors)).await?;
    let eyes = caller.eyes();
    let items = texts.into_iter().map(|text| InboundAnswer::new(text, eyes)).collect();
    Ok(Json(List::page(items, limit, page, |text: &InboundAnswer| text.seq)))
}

/// Calls that came in; each was hung up on at once. With `after`, oldest first; without it, newest first.
#[utoipa::path(
    get,
    path = "/v1/calls",
    operation_id = "listCalls",
    tag = "inbox",
    params(PageParameters),
    responses(
        (status = OK, description = "A page", body = List<CallAnswer>),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn calls(
    State(site): State<Site>,
    caller: Caller,
    Parameters(asked): Parameters<PageParameters>,
) -> Result<Json<List<CallAnswer>>, Problem> {
    caller.needs(Scope::Read)?;
    let (page, limit) = asked.page()?;
    let creditors = caller.creditors().clone();
    let calls = site.read(move |reader| reader.calls(page, limit, &creditors)).await?;
    let eyes = caller.eyes();
    let items = calls.into_iter().map(|call| CallAnswer::new(call, eyes)).collect();
    Ok(Json(List::page(items, limit, page, |call: &CallAnswer| call.seq)))
}
