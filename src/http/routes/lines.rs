//! `GET /v1/modems` and `GET /v1/sims`: what messages leave by; and codes to the network of a SIM.

use axum::Json;
use axum::extract::State;

use crate::actor::fleet::AskError;
use crate::modem::{UssdCode, UssdRefusal};
use crate::sms::id::ModemId;

use super::super::Site;
use super::super::auth::{Caller, Scope};
use super::super::dto::List;
use super::super::dto::line::{ModemAnswer, SimAnswer, UssdAnswer, UssdRequest, standing};
use super::super::json::{Body, Key};
use super::super::problem::{Document, Kind, Problem};

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

/// Send a code such as `*100#` to the network, and wait for what it says: seconds as a rule, minutes at most. Nothing is sent
/// by this modem meanwhile. Its text is shown to those with the scope `pii`. After `reply_expected` another request answers the network; the session is closed after a minute
/// without one.
#[utoipa::path(
    post,
    path = "/v1/modems/{modem}/ussd",
    operation_id = "askNetwork",
    tag = "lines",
    params(("modem" = String, Path, description = "The name of the modem")),
    request_body = UssdRequest,
    responses(
        (status = OK, description = "What came of it", body = UssdAnswer),
        (status = NOT_FOUND, description = "`not-found`: no such modem", body = Document),
        (status = CONFLICT, description = "`conflict`: the modem is not up and registered", body = Document),
        (status = SERVICE_UNAVAILABLE, description = "`busy`: another code is under way there", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn ussd(
    State(site): State<Site>,
    caller: Caller,
    Key(id): Key<String>,
    Body(request): Body<UssdRequest>,
) -> Result<Json<UssdAnswer>, Problem> {
    caller.needs(Scope::Manage)?;
    let code = request.code.as_deref().and_then(UssdCode::new);
    let code = code.ok_or_else(|| Problem::bad("code", "expected 1 to 182 of the digits, *, # and +"))?;
    let id = ModemId::new(&id.unwrap_or_default());
    let answer = site.fleet.ask(&id, code).await.map_err(|error| match error {
        AskError::NoModem => Problem::new(Kind::NotFound, "there is no modem of this name"),
        AskError::Refused(UssdRefusal::Busy) => {
            Problem::new(Kind::Busy, "another code is under way at this modem; try again when it is answered")
        }
        AskError::Refused(UssdRefusal::NotReady) | AskError::Ended => {
            let known = site.fleet.list().into_iter().find(|(known, _)| *known == id);
            Problem::new(Kind::Conflict, known.map_or_else(|| error.to_string(), |(id, status)| standing(&id, &status)))
        }
    })?;
    Ok(Json(UssdAnswer::new(answer, caller.eyes())))
}
