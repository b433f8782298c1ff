//! `/v1/creditors`: who is owed.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::store::reader::Reader;

use super::super::Site;
use super::super::auth::{Caller, Scope};
use super::super::dto::List;
use super::super::dto::creditor::{CreditorAnswer, CreditorRequest};
use super::super::dto::intake::{OneOrMany, TakenAnswered};
use super::super::json::{Octets, Parameters};
use super::super::portfolio::Subject;
use super::super::problem::{Document, Problem};
use super::intake::{Intake, TakeParameters, take as take_in};

/// Make creditors known, or known otherwise.
#[utoipa::path(
    post,
    path = "/v1/creditors",
    operation_id = "takeCreditors",
    tag = "dunning",
    params(TakeParameters),
    request_body = inline(OneOrMany<CreditorRequest>),
    responses(
        (status = OK, description = "Stored", body = TakenAnswered),
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
    // In whose name people are texted is not for everybody who sends to say.
    caller.needs(Scope::Manage)?;
    take_in(&site, caller, Intake { asked, headers, octets }, Subject::Creditor).await
}

/// All creditors that are the caller's business.
#[utoipa::path(
    get,
    path = "/v1/creditors",
    operation_id = "listCreditors",
    tag = "dunning",
    responses(
        (status = OK, description = "All of them", body = List<CreditorAnswer>),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn list(State(site): State<Site>, caller: Caller) -> Result<Json<List<CreditorAnswer>>, Problem> {
    caller.needs(Scope::Read)?;
    let all = site.read(Reader::creditors).await?;
    let own = all.into_iter().filter(|creditor| caller.covers(Some(&creditor.id)));
    Ok(Json(List::whole(own.map(CreditorAnswer::from).collect())))
}
