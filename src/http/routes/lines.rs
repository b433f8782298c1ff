//! `GET /v1/modems` and `GET /v1/sims`: what messages leave by.

use axum::Json;
use axum::extract::State;

use super::super::Site;
use super::super::auth::{Caller, Scope};
use super::super::dto::List;
use super::super::dto::line::{ModemAnswer, SimAnswer};
use super::super::problem::{Document, Problem};

/// The modems.
#[utoipa::path(
    get,
    path = "/v1/modems",
    operation_id = "listModems",
    tag = "lines",
    responses(
        (status = OK, description = "All of them", body = List<ModemAnswer>),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn modems(State(site): State<Site>, caller: Caller) -> Result<Json<List<ModemAnswer>>, Problem> {
    caller.needs(Scope::Read)?;
    let sims = site.writer.sims().await?;
    let modems = site.fleet.list();
    Ok(Json(List::whole(modems.into_iter().map(|(id, modem)| ModemAnswer::new(&id, modem, &sims)).collect())))
}

/// The SIMs that were seen.
#[utoipa::path(
    get,
    path = "/v1/sims",
    operation_id = "listSims",
    tag = "lines",
    responses(
        (status = OK, description = "All of them", body = List<SimAnswer>),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn sims(State(site): State<Site>, caller: Caller) -> Result<Json<List<SimAnswer>>, Problem> {
    caller.needs(Scope::Read)?;
    let sims = site.writer.sims().await?;
    let modems = site.fleet.list();
    let eyes = caller.eyes();
    Ok(Json(List::whole(sims.into_iter().map(|sim| SimAnswer::new(sim, &modems, eyes)).collect())))
}
