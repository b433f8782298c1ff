//! `/v1/ladders`: which text goes on which day, in versions.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::actor::ladder::review::Review;
use crate::dunning::ladder::{Finding, Ladder, Severity, check};
use crate::store::StoreError;
use crate::store::definition::{read_ladder, write_ladder};

use super::super::Site;
use super::super::auth::{Caller, Scope};
use super::super::dto::List;
use super::super::dto::ladder::{FindingAnswer, LadderAnswer};
use super::super::json::{Body, Key};
use super::super::problem::{Document, Kind, Problem};
use super::super::submission::word;

/// The newest version of each ladder.
#[utoipa::path(
    get,
    path = "/v1/ladders",
    operation_id = "listLadders",
    tag = "dunning",
    responses((status = OK, description = "All of them", body = List<LadderAnswer>))
)]
pub(super) async fn list(State(site): State<Site>, caller: Caller) -> Result<Json<List<LadderAnswer>>, Problem> {
    caller.needs(Scope::Read)?;
    let (measure, now) = (site.measure(), site.clock.now().utc);
    let items = site
        .read(move |reader| {
            let review = Review::read(&measure, reader, now)?;
            reader.ladders()?.into_iter().map(|ladder| answer(&review, ladder)).collect::<Result<_, _>>()
        })
        .await?;
    Ok(Json(List { items, next: None }))
}

/// The newest version of a ladder, with what is doubtful about it.
#[utoipa::path(
    get,
    path = "/v1/ladders/{ladder}",
    operation_id = "getLadder",
    tag = "dunning",
    params(("ladder" = String, Path, description = "Its name")),
    responses(
        (status = OK, description = "The ladder", body = LadderAnswer),
        (status = NOT_FOUND, description = "`not-found`: no ladder has this name", body = Document),
    )
)]
pub(super) async fn show(
    State(site): State<Site>,
    caller: Caller,
    Key(name): Key<String>,
) -> Result<Json<LadderAnswer>, Problem> {
    caller.needs(Scope::Read)?;
    let name = name.unwrap_or_default();
    let (measure, now) = (site.measure(), site.clock.now().utc);
    let found = site
        .read(move |reader| {
            let Some(ladder) = reader.ladder(&name)? else { return Ok(None) };
            answer(&Review::read(&measure, reader, now)?, ladder).map(Some)
        })
        .await?;
    found.map(Json).ok_or_else(|| Problem::new(Kind::NotFound, "no ladder has this name"))
}

/// Write a ladder: the next version of its name, from now on. What was done by its steps is not done again.
#[utoipa::path(
    put,
    path = "/v1/ladders/{ladder}",
    operation_id = "putLadder",
    tag = "dunning",
    params(("ladder" = String, Path, description = "Its name")),
    request_body(content = Object, description = "`{\"saturday\": false, \"catch_up\": \"skip\", \"group\": true, \"steps\": \
        [{\"id\": \"d3\", \"on\": \"D+3\", \"roll\": \"next\", \"segment\": {}, \"text\": \"reminder\"}]}`; a step has \
        `text` (a template) or `exit` (`email`, `letter`, `call`, `bureau`), and `on` is `D-5`, `D+0 14:00`, `D+36h` (hours \
        from the beginning of the due day) or `P+1` (days after a promise)"),
    responses(
        (status = OK, description = "Stored, or the same as before", body = LadderAnswer),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn put(
    State(site): State<Site>,
    caller: Caller,
    Key(name): Key<String>,
    Body(written): Body<Value>,
) -> Result<Json<LadderAnswer>, Problem> {
    caller.needs(Scope::Manage)?;
    let name = word("ladder", name)?.ok_or_else(|| Problem::bad("ladder", "give the ladder's name"))?;
    let mut ladder = read_ladder(&name, 0, written).map_err(|error| Problem::bad("steps", error.to_string()))?;
    let wrong: Vec<String> =
        check(&ladder).iter().filter(|finding| is_error(finding)).map(ToString::to_string).collect();
    if !wrong.is_empty() {
        return Err(Problem::bad("steps", wrong.join("; ")));
    }
    ladder.version = site.writer.store_ladder(ladder.clone(), caller.client().to_owned()).await?;
    let (measure, now) = (site.measure(), site.clock.now().utc);
    let stored = site.read(move |reader| answer(&Review::read(&measure, reader, now)?, ladder)).await?;
    Ok(Json(stored))
}

fn is_error(finding: &Finding) -> bool {
    finding.severity() == Severity::Error
}

/// The ladder with what is doubtful about it.
fn answer(review: &Review<'_>, ladder: Ladder) -> Result<LadderAnswer, StoreError> {
    let findings = review.ladder(&ladder)?.into_iter().map(FindingAnswer::from).collect();
    let mut definition = write_ladder(&ladder);
    if let Some(fields) = definition.as_object_mut() {
        fields.retain(|_, value| *value != json!(null));
    }
    Ok(LadderAnswer { name: ladder.name, version: ladder.version, definition, findings })
}
