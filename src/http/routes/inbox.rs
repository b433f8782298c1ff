//! `GET /v1/inbox` and `GET /v1/calls`: texts and calls that came in.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;

use crate::store::call::CallView;
use crate::store::view::InboxFilter;

use super::super::Site;
use super::super::audit::concerns;
use super::super::auth::{Caller, Scope};
use super::super::dto::List;
use super::super::dto::inbox::{CallAnswer, InboundAnswer};
use super::super::json::Parameters;
use super::super::page::PageParameters;
use super::super::problem::{Document, Problem};
use super::conversations::known_intent;

/// Which texts to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TextParameters {
    /// That answer messages to this debtor, by your id.
    debtor: Option<String>,
    /// That are understood to want this, such as `wants_contact`.
    intent: Option<String>,
    /// Only what has a higher number, oldest first. Not together with `cursor`.
    #[param(value_type = Option<i64>)]
    after: Option<String>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// Items on the page: 1 to 1000, default 50.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: Option<String>,
}

/// Texts that came in. With `after`, oldest first; without it, newest first.
#[utoipa::path(
    get,
    path = "/v1/inbox",
    operation_id = "listInbox",
    tag = "inbox",
    params(TextParameters),
    responses(
        (status = OK, description = "A page", body = List<InboundAnswer>),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn list(
    State(site): State<Site>,
    caller: Caller,
    Parameters(asked): Parameters<TextParameters>,
) -> Result<Json<List<InboundAnswer>>, Problem> {
    caller.needs(Scope::Read)?;
    let TextParameters { debtor, intent, after, cursor, limit } = asked;
    known_intent(intent.as_deref())?;
    let (page, limit) = PageParameters { after, cursor, limit }.page()?;
    let filter = InboxFilter { debtor, intent, creditors: caller.creditors().clone() };
    let texts = site.read(move |reader| reader.inbox_of(page, limit, &filter)).await?;
    let (eyes, country) = (caller.eyes(), site.settings().country);
    for text in &texts {
        concerns(&site, text.debtor.as_deref(), text.from.number(country));
    }
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
    let (eyes, country) = (caller.eyes(), site.settings().country);
    let number = |call: &CallView| call.from.as_ref().and_then(|from| from.number(country));
    for call in &calls {
        concerns(&site, call.debtor.as_deref(), number(call));
    }
    let items = calls.into_iter().map(|call| CallAnswer::new(call, eyes)).collect();
    Ok(Json(List::page(items, limit, page, |call: &CallAnswer| call.seq)))
}
