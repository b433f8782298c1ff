//! `GET /v1/queue`: what waits, for what, and when it will have left.

use axum::Json;
use axum::extract::State;

use crate::actor::campaign::ends;

use super::super::Site;
use super::super::auth::{Caller, Scope};
use super::super::dto::queue::QueueAnswer;
use super::super::problem::{Document, Kind, Problem};

/// What waits in the queue, by what it waits for, and when it will have left as far as that can be told now.
///
/// It counts everybody's messages: a token that is limited to creditors does not get it.
#[utoipa::path(
    get,
    path = "/v1/queue",
    operation_id = "getQueue",
    tag = "operation",
    responses(
        (status = OK, description = "Counted now", body = QueueAnswer),
        (status = FORBIDDEN, description = "`forbidden`: the token is limited to creditors", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn show(State(site): State<Site>, caller: Caller) -> Result<Json<QueueAnswer>, Problem> {
    caller.needs(Scope::Read)?;
    if !caller.creditors().is_empty() {
        let detail = "it counts the messages of all creditors, and this token is limited to some";
        return Err(Problem::new(Kind::Forbidden, detail));
    }
    let queue = site.writer.queue().await?;
    let now = site.clock.now().utc;
    let found = site
        .read(move |reader| {
            let by_reason = reader.queue_by_reason(&queue.lanes, now)?;
            let parts = queue.lanes.iter().map(|lane| lane.parts).sum();
            let own = queue.outlook.own.clone();
            let ends = ends(reader, queue.outlook, &own, 0, now)?;
            Ok(QueueAnswer::new(reader.tally()?, parts, by_reason, ends))
        })
        .await?;
    Ok(Json(found))
}
