//! `POST /v1/pause` and `/v1/resume`: they last over restarts.

use axum::Json;
use axum::extract::State;

use crate::dispatch::route::SimNames;
use crate::store::board::Scope as Paused;

use super::super::Site;
use super::super::auth::{Caller, Scope};
use super::super::dto::submit::{PauseAnswer, PauseRequest};
use super::super::json::Body;
use super::super::problem::{Document, Kind, Problem};
use super::super::submission::word;

/// Pause everything, a batch or a SIM.
#[utoipa::path(
    post,
    path = "/v1/pause",
    operation_id = "pause",
    tag = "operation",
    request_body = PauseRequest,
    responses(
        (status = OK, description = "Done", body = PauseAnswer),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn pause(
    State(site): State<Site>,
    caller: Caller,
    Body(mut request): Body<PauseRequest>,
) -> Result<Json<PauseAnswer>, Problem> {
    caller.needs(Scope::Manage)?;
    let reason = word("reason", request.reason.take().filter(|reason| !reason.is_empty()))?.unwrap_or_default();
    let (scope, id) = covered(request)?;
    if scope == Paused::Sim {
        let sims = site.writer.sims().await?;
        let is_known = |names: &SimNames| names.iccid == id || names.name.as_ref() == Some(&id);
        if !site.reader.configures_sim(&id) && !sims.iter().any(|sim| is_known(&sim.card.names)) {
            return Err(Problem::new(Kind::NotFound, "no SIM of this name or ICCID was seen or configured").field("id"));
        }
    }
    site.writer.pause(scope, id.clone(), reason, caller.client().to_owned()).await?;
    Ok(Json(answer(scope, id, true)))
}

/// Resume what was paused.
#[utoipa::path(
    post,
    path = "/v1/resume",
    operation_id = "resume",
    tag = "operation",
    request_body = PauseRequest,
    responses(
        (status = OK, description = "Done", body = PauseAnswer),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn resume(
    State(site): State<Site>,
    caller: Caller,
    Body(request): Body<PauseRequest>,
) -> Result<Json<PauseAnswer>, Problem> {
    caller.needs(Scope::Manage)?;
    let (scope, id) = covered(request)?;
    site.writer.resume(scope, id.clone()).await?;
    Ok(Json(answer(scope, id, false)))
}

fn answer(scope: Paused, id: String, paused: bool) -> PauseAnswer {
    PauseAnswer { scope: scope.name(), id: Some(id).filter(|id| !id.is_empty()), paused }
}

/// What is meant. The id of everything is the empty word.
fn covered(request: PauseRequest) -> Result<(Paused, String), Problem> {
    let scope = request.scope.as_deref().and_then(Paused::from_name);
    let scope = scope.ok_or_else(|| Problem::bad("scope", "give `all`, `batch` or `sim`"))?;
    match (scope, word("id", request.id.filter(|id| !id.is_empty()))?) {
        (Paused::All, None) => Ok((scope, String::new())),
        (Paused::All, Some(_)) => Err(Problem::bad("id", "belongs to `batch` and `sim`; leave it out")),
        (Paused::Batch | Paused::Sim, Some(id)) => Ok((scope, id)),
        (Paused::Batch, None) => Err(Problem::bad("id", "give the batch")),
        (Paused::Sim, None) => Err(Problem::bad("id", "give the name or ICCID of the SIM")),
    }
}
