//! `/v1/debts`: what is owed.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;

use crate::dunning::debt::Status;
use crate::store::portfolio::DebtFilter;
use crate::store::view::Page;

use super::super::Site;
use super::super::audit::concerns;
use super::super::auth::{Caller, Scope};
use super::super::dto::List;
use super::super::dto::debt::{DebtAnswer, DebtRequest};
use super::super::dto::intake::{OneOrMany, TakenAnswered};
use super::super::json::{Key, Octets, Parameters};
use super::super::page::{limit, read_cursor};
use super::super::portfolio::Subject;
use super::super::problem::{Document, Kind, Problem};
use super::intake::{Intake, TakeParameters, take as take_in};

/// Which debts to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListParameters {
    /// Of this debtor.
    debtor: Option<String>,
    /// To this creditor.
    creditor: Option<String>,
    /// That stand so: `open`, `promised`, `agreed`, `disputed`, `paid` or `cancelled`.
    status: Option<String>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// Items on the page: 1 to 1000, default 50.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: Option<String>,
}

/// Make debts known, or known otherwise. How a debt stands changes only where its status is said.
#[utoipa::path(
    post,
    path = "/v1/debts",
    operation_id = "takeDebts",
    tag = "dunning",
    params(TakeParameters),
    request_body = inline(OneOrMany<DebtRequest>),
    responses(
        (status = OK, description = "Stored", body = TakenAnswered),
        (status = UNPROCESSABLE_ENTITY, description = "All or nothing was asked for, and one is bad", body = TakenAnswered),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn take(
    State(site): State<Site>,
    caller: Caller,
    Parameters(asked): Parameters<TakeParameters>,
    headers: HeaderMap,
    Octets(octets): Octets,
) -> Result<Response, Problem> {
    caller.needs(Scope::Send)?;
    take_in(&site, caller, Intake { asked, headers, octets }, Subject::Debt).await
}

/// Debts, newest first.
#[utoipa::path(
    get,
    path = "/v1/debts",
    operation_id = "listDebts",
    tag = "dunning",
    params(ListParameters),
    responses(
        (status = OK, description = "A page", body = List<DebtAnswer>),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn list(
    State(site): State<Site>,
    caller: Caller,
    Parameters(asked): Parameters<ListParameters>,
) -> Result<Json<List<DebtAnswer>>, Problem> {
    caller.needs(Scope::Read)?;
    let limit = limit(asked.limit.as_deref())?;
    let page = asked.cursor.as_deref().map_or(Ok(Page::Before(None)), read_cursor)?;
    let Page::Before(before) = page else { return Err(Problem::bad("cursor", "is not a cursor of this list")) };
    let status = asked.status.as_deref().map(status).transpose()?;
    let filter = DebtFilter {
        debtor: asked.debtor,
        creditor: asked.creditor,
        creditors: caller.creditors().to_vec(),
        status,
        before,
        limit,
    };
    let found = site.read(move |reader| reader.debts(&filter)).await?;
    let List { items, next } = List::page(found, limit, page, |(key, _)| key.0);
    for (_, debt) in &items {
        concerns(&site, Some(&debt.debtor), None);
    }
    let eyes = caller.eyes();
    Ok(Json(List { items: items.into_iter().map(|(_, debt)| DebtAnswer::new(debt, eyes)).collect(), next }))
}

/// A debt.
#[utoipa::path(
    get,
    path = "/v1/debts/{debt}",
    operation_id = "getDebt",
    tag = "dunning",
    params(("debt" = String, Path, description = "The debt, by your id")),
    responses(
        (status = OK, description = "As it stands", body = DebtAnswer),
        (status = NOT_FOUND, description = "`not-found`: no debt has this id", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn show(
    State(site): State<Site>,
    caller: Caller,
    Key(debt): Key<String>,
) -> Result<Json<DebtAnswer>, Problem> {
    caller.needs(Scope::Read)?;
    let debt = debt.unwrap_or_default();
    let found = site.read(move |reader| reader.debt(&debt)).await?;
    // Who may not see it is not told that it is there.
    let own = found.filter(|debt| caller.covers(Some(&debt.creditor)));
    let debt = own.ok_or_else(|| Problem::new(Kind::NotFound, "no debt has this id"))?;
    concerns(&site, Some(&debt.debtor), None);
    Ok(Json(DebtAnswer::new(debt, caller.eyes())))
}

/// The word by which debts are stored that stand so.
fn status(word: &str) -> Result<&'static str, Problem> {
    // The day of a promise does not matter for its word.
    let any_day = Some(jiff::civil::Date::MIN);
    let all = "open, promised, agreed, disputed, paid, cancelled";
    let unknown = || Problem::bad("status", format!("no such status; there are {all}"));
    Status::from_name(word, any_day).map(Status::name).ok_or_else(unknown)
}
