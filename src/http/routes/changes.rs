//! `GET /v1/changes`: that something changed, for pages that show how things stand now.

use axum::extract::State;
use axum::response::Response;

use super::super::auth::{Caller, Scope};
use super::super::problem::{Document, Problem};
use super::super::{Site, stream};

/// What has changed, as server-sent events: the first words of the types of new events, such as `["message","sim"]`, once a
/// second at most however many there were; and `delivery` where something was posted to an endpoint. What the events were is at `/v1/events`.
#[utoipa::path(
    get,
    path = "/v1/changes",
    operation_id = "followChanges",
    tag = "events",
    responses(
        (status = OK, description = "A stream from now on", body = Vec<String>, content_type = "text/event-stream"),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn follow(State(site): State<Site>, caller: Caller) -> Result<Response, Problem> {
    caller.needs(Scope::Read)?;
    Ok(stream::changes(site, &caller))
}
