//! `GET /v1/events`: the event log, pulled or pushed.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use crate::store::reader::Reader;
use crate::store::view::Page;

use super::super::auth::{Caller, Scope};
use super::super::dto::List;
use super::super::dto::event::EventAnswer;
use super::super::json::Parameters;
use super::super::page::{PageParameters, number};
use super::super::problem::{Document, Kind, Problem};
use super::super::{Site, stream};

/// Events.
///
/// With `after`, what came later, oldest first; without it, newest first. With `Accept: text/event-stream` they are
/// pushed as they are committed, from `Last-Event-ID` or `after`, else from now, until the token ends or is revoked.
#[utoipa::path(
    get,
    path = "/v1/events",
    operation_id = "listEvents",
    tag = "events",
    params(PageParameters, ("last-event-id" = Option<i64>, Header, description = "Of a stream: the last one that came")),
    responses(
        (status = OK, description = "A page, or a stream", content(
            (List<EventAnswer> = "application/json"),
            (EventAnswer = "text/event-stream"),
        )),
        (status = GONE, body = Document, description = "`gone`: older than the `oldest` that is kept"),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn list(
    State(site): State<Site>,
    caller: Caller,
    headers: HeaderMap,
    Parameters(asked): Parameters<PageParameters>,
) -> Result<Response, Problem> {
    caller.needs(Scope::Read)?;
    let (page, limit) = asked.page()?;
    if wants_stream(&headers) {
        let after = match (last_event_id(&headers)?, page) {
            (Some(last), _) | (None, Page::After(last)) => last,
            (None, Page::Before(Some(_))) => return Err(Problem::bad("cursor", "belongs to a list, not to a stream")),
            (None, Page::Before(None)) => *site.writer.committed().borrow(),
        };
        let oldest = site.read(Reader::oldest_event).await?;
        still_kept(after, oldest)?;
        return Ok(stream::follow(site, &caller, after));
    }
    let creditors = caller.creditors().clone();
    let (events, oldest) = site
        .read(move |reader| {
            let events = reader.events(page, limit, &creditors)?;
            // After the events: what was still there when they were read is not missed.
            Ok((events, reader.oldest_event()?))
        })
        .await?;
    if let Page::After(after) = page {
        still_kept(after, oldest)?;
    }
    let eyes = caller.eyes();
    let items = events.into_iter().map(|event| EventAnswer::new(event, eyes)).collect();
    Ok(Json(List::page(items, limit, page, |event: &EventAnswer| event.seq)).into_response())
}

/// Refuses to go on from an event when those that followed it are gone.
fn still_kept(after: i64, oldest: i64) -> Result<(), Problem> {
    if after.saturating_add(1) >= oldest {
        return Ok(());
    }
    let detail = format!("events up to {} are no longer kept; go on from `oldest`", oldest - 1);
    Err(Problem::new(Kind::Gone, detail).field("after").with_oldest(oldest))
}

fn wants_stream(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/event-stream"))
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(last) = headers.get("last-event-id") else { return Ok(None) };
    number("last-event-id", last.to_str().unwrap_or_default()).map(Some)
}
