//! `/v1/pause` and `/v1/resume`: what is paused, and pausing and resuming, which last over restarts.

use axum::Json;
use axum::extract::State;

use crate::store::board::Scope as Paused;

use super::super::Site;
use super::super::auth::{Caller, Scope};
use super::super::dto::List;
use super::super::dto::pause::{PauseAnswer, PauseRequest, PausedAnswer};
use super::super::json::Body;
use super::super::problem::{Document, Kind, Problem};
use super::super::submission::word;

/// What is paused: everything, batches, SIMs.
///
/// A client that is limited to creditors sees the batches that have messages of theirs.
#[utoipa::path(
    get,
    path = "/v1/pause",
    operation_id = "listPauses",
    tag = "operation",
    responses(
        (status = OK, description = "All of them", body = List<PausedAnswer>),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn list(State(site): State<Site>, caller: Caller) -> Result<Json<List<PausedAnswer>>, Problem> {
    caller.needs(Scope::Read)?;
    let creditors = caller.creditors().clone();
    let pauses = site.read(move |reader| reader.pauses(&creditors)).await?;
    Ok(Json(List::whole(pauses.into_iter().map(PausedAnswer::from).collect())))
}

/// Pause everything, a batch or a SIM. Once more corrects the reason.
#[utoipa::path(
    post,
    path = "/v1/pause",
    operation_id = "pause",
    tag = "operation",
    request_body = PauseRequest,
    responses(
        (status = OK, description = "Done", body = PauseAnswer),
        (status = NOT_FOUND, description = "`not-found`: no such SIM", body = Document),
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
    let stored = site.writer.pause(scope, id, reason, caller.client().to_owned()).await?;
    Ok(Json(answer(scope, stored.ok_or_else(no_sim)?, true)))
}

/// Resume what was paused. Where the clock of the host is doubted, what a person paused is resumed first, and `paused` stays true;
/// once more says that the clock is right.
#[utoipa::path(
    post,
    path = "/v1/resume",
    operation_id = "resume",
    tag = "operation",
    request_body = PauseRequest,
    responses(
        (status = OK, description = "Done", body = PauseAnswer),
        (status = NOT_FOUND, description = "`not-found`: no such SIM", body = Document),
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
    let (stored, still) = site.writer.resume(scope, id).await?.ok_or_else(no_sim)?;
    Ok(Json(answer(scope, stored, still)))
}

fn no_sim() -> Problem {
    Problem::new(Kind::NotFound, "no SIM of this name or ICCID was seen or configured").field("id")
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
