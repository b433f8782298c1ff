//! `GET /v1/alarms`, clearing one by hand, and the self-test that ends one.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use crate::store::alarm::ClearAnswer;
use crate::store::health::TestAnswer as Tested;

use super::super::Site;
use super::super::auth::{Caller, Scope};
use super::super::dto::List;
use super::super::dto::alarm::{AlarmAnswer, ClearedAnswer, TestAnswer, TestRequest};
use super::super::json::{Body, Key, Parameters};
use super::super::page::PageParameters;
use super::super::problem::{Document, Kind, Problem};
use super::super::submission::recipient;

/// What a person must look after, and what is over. With `after`, oldest first; without it, newest first.
#[utoipa::path(
    get,
    path = "/v1/alarms",
    operation_id = "listAlarms",
    tag = "operation",
    params(PageParameters),
    responses(
        (status = OK, description = "A page", body = List<AlarmAnswer>),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn list(
    State(site): State<Site>,
    caller: Caller,
    Parameters(asked): Parameters<PageParameters>,
) -> Result<Json<List<AlarmAnswer>>, Problem> {
    caller.needs(Scope::Read)?;
    let (page, limit) = asked.page()?;
    let alarms = site.read(move |reader| reader.alarms(page, limit)).await?;
    let items = alarms.into_iter().map(AlarmAnswer::from).collect();
    Ok(Json(List::page(items, limit, page, |alarm: &AlarmAnswer| alarm.id)))
}

/// Clear an alarm by hand, for instance of a modem or SIM that was replaced. Others are cleared by themselves when their cause
/// is gone. While its cause lasts it is not raised again.
#[utoipa::path(
    post,
    path = "/v1/alarms/{id}/clear",
    operation_id = "clearAlarm",
    tag = "operation",
    params(("id" = i64, Path, description = "Of the alarm")),
    responses(
        (status = OK, description = "Done", body = ClearedAnswer),
        (status = NOT_FOUND, description = "`not-found`", body = Document),
        (status = CONFLICT, description = "`conflict`: it is over already", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn clear(
    State(site): State<Site>,
    caller: Caller,
    Key(id): Key<i64>,
) -> Result<Json<ClearedAnswer>, Problem> {
    caller.needs(Scope::Manage)?;
    let missing = || Problem::new(Kind::NotFound, "there is no alarm with this id");
    let id = id.ok_or_else(missing)?;
    match site.writer.clear_alarm(id, caller.client().to_owned()).await? {
        ClearAnswer::Cleared => Ok(Json(ClearedAnswer { id, cleared: true })),
        ClearAnswer::Over => Err(Problem::new(Kind::Conflict, "the alarm is over already")),
        ClearAnswer::NotFound => Err(missing()),
    }
}

/// Send a text to a number of your own by this SIM: the configured `number` of a SIM, or one that alarms go to. When the network
/// takes it, a SIM that rests is back.
#[utoipa::path(
    post,
    path = "/v1/sims/{sim}/test",
    operation_id = "testSim",
    tag = "lines",
    params(("sim" = String, Path, description = "The name or ICCID of the SIM")),
    request_body = TestRequest,
    responses(
        (status = ACCEPTED, description = "On its way", body = TestAnswer),
        (status = NOT_FOUND, description = "`not-found`: no such SIM", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn test(
    State(site): State<Site>,
    caller: Caller,
    Key(sim): Key<String>,
    Body(request): Body<TestRequest>,
) -> Result<(StatusCode, Json<TestAnswer>), Problem> {
    caller.needs(Scope::Manage)?;
    let to = request.to.map(|to| recipient("to", &to, &site.settings())).transpose()?;
    match site.writer.self_test(sim.unwrap_or_default(), to).await? {
        Tested::Sent(message) => Ok((StatusCode::ACCEPTED, Json(TestAnswer { message: message.to_string() }))),
        Tested::NoSuchSim => Err(Problem::new(Kind::NotFound, "no SIM of this name or ICCID was seen")),
        Tested::NotOurs => {
            let detail =
                "not a number of your own: a self-test goes to the `number` of a [[sim.card]] or to `[alarms] sms_to`";
            Err(Problem::new(Kind::BadNumber, detail).field("to"))
        }
        Tested::NoNumber => {
            Err(Problem::bad("to", "give a number of your own: no other SIM has one in the configuration"))
        }
    }
}
