//! `GET /v1/rules`: when texts may go, and which law says so.

use axum::Json;
use axum::extract::State;

use super::super::Site;
use super::super::auth::{Caller, Scope};
use super::super::dto::List;
use super::super::dto::rule::RuleAnswer;
use super::super::problem::{Document, Problem};

/// The rules of contact that bind, as they are configured now.
#[utoipa::path(
    get,
    path = "/v1/rules",
    operation_id = "listRules",
    tag = "rules",
    responses(
        (status = OK, description = "All of them, by country and state", body = List<RuleAnswer>),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn list(State(site): State<Site>, caller: Caller) -> Result<Json<List<RuleAnswer>>, Problem> {
    caller.needs(Scope::Read)?;
    let calendar = site.ladders.calendar();
    Ok(Json(List::whole(calendar.rules().into_iter().map(RuleAnswer::from).collect())))
}
