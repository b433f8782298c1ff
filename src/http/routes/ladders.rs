//! `/v1/ladders`: which text goes on which day, in versions.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use crate::actor::ladder::review::Review;
use crate::dunning::ladder::{Finding, Ladder, Severity, check};
use crate::store::StoreError;
use crate::store::definition::{read_ladder, write_ladder};
use crate::store::reader::Reader;

use super::super::Site;
use super::super::auth::{Caller, Scope};
use super::super::dto::ladder::{FindingAnswer, LadderAnswer};
use super::super::dto::template::TemplateFinding;
use super::super::dto::{List, at};
use super::super::json::{Body, Key};
use super::super::over;
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
            reader.ladders()?.into_iter().map(|ladder| answer(&review, reader, ladder)).collect::<Result<_, _>>()
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
        (status = OK, description = "The ladder; its version is the `ETag`", body = LadderAnswer),
        (status = NOT_FOUND, description = "`not-found`: no ladder has this name", body = Document),
    )
)]
pub(super) async fn show(
    State(site): State<Site>,
    caller: Caller,
    Key(name): Key<String>,
) -> Result<impl IntoResponse, Problem> {
    caller.needs(Scope::Read)?;
    let name = name.unwrap_or_default();
    let (measure, now) = (site.measure(), site.clock.now().utc);
    let found = site
        .read(move |reader| {
            let Some(ladder) = reader.ladder(&name)? else { return Ok(None) };
            answer(&Review::read(&measure, reader, now)?, reader, ladder).map(Some)
        })
        .await?;
    let found = found.map(|found| (over::tag(found.version), Json(found)));
    found.ok_or_else(|| Problem::new(Kind::NotFound, "no ladder has this name"))
}

/// Write a ladder: the next version of its name, from now on. What was done by its steps is not done again.
#[utoipa::path(
    put,
    path = "/v1/ladders/{ladder}",
    operation_id = "putLadder",
    tag = "dunning",
    params(
        ("ladder" = String, Path, description = "Its name"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as `\"3\"`: nothing is stored where there \
            is a newer one"),
        ("If-None-Match" = Option<String>, Header, description = "`*`: nothing is stored where there is one of this name"),
    ),
    request_body(content = Object, description = "`{\"saturday\": false, \"catch_up\": \"skip\", \"group\": true, \"steps\": \
        [{\"id\": \"d3\", \"on\": \"D+3\", \"roll\": \"next\", \"segment\": {}, \"text\": \"reminder\"}]}`; a step has \
        `text` (a template) or `exit` (`email`, `letter`, `call`, `bureau`), and `on` is `D-5`, `D+0 14:00`, `D+36h` (hours \
        from the beginning of the due day) or `P+1` (days after a promise)"),
    responses(
        (status = OK, description = "Stored, or the same as before", body = LadderAnswer),
        (status = PRECONDITION_FAILED, description = "`changed`: somebody wrote another version meanwhile", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn put(
    State(site): State<Site>,
    caller: Caller,
    Key(name): Key<String>,
    headers: HeaderMap,
    Body(written): Body<Value>,
) -> Result<impl IntoResponse, Problem> {
    caller.needs(Scope::Manage)?;
    let read = over::read(&headers)?;
    let name = word("ladder", name)?.ok_or_else(|| Problem::bad("ladder", "give the ladder's name"))?;
    let mut ladder = read_ladder(&name, 0, written).map_err(|error| Problem::bad("steps", error.to_string()))?;
    let wrong: Vec<Finding> = check(&ladder).into_iter().filter(is_error).collect();
    if !wrong.is_empty() {
        let findings = wrong.iter().map(TemplateFinding::from).collect();
        return Err(
            Problem::bad("steps", "they cannot be used so; `findings` says what is wrong").with_findings(findings)
        );
    }
    let (ladder_to_store, client) = (ladder.clone(), caller.client().to_owned());
    ladder.version = match read {
        None => site.writer.store_ladder(ladder_to_store, client).await?,
        Some(read) => site.writer.store_ladder_over(ladder_to_store, read, client).await?.map_err(over::changed)?,
    };
    let (measure, now) = (site.measure(), site.clock.now().utc);
    let stored = site.read(move |reader| answer(&Review::read(&measure, reader, now)?, reader, ladder)).await?;
    Ok((over::tag(stored.version), Json(stored)))
}

fn is_error(finding: &Finding) -> bool {
    finding.severity() == Severity::Error
}

/// The ladder with what is doubtful about it.
fn answer(review: &Review<'_>, reader: &Reader, ladder: Ladder) -> Result<LadderAnswer, StoreError> {
    let findings = review.ladder(&ladder)?.into_iter().map(FindingAnswer::from).collect();
    let mut definition = write_ladder(&ladder);
    if let Some(fields) = definition.as_object_mut() {
        fields.retain(|_, value| *value != json!(null));
    }
    let (written_at, client) = reader.ladder_written(&ladder.name, ladder.version)?.unzip();
    Ok(LadderAnswer {
        name: ladder.name,
        version: ladder.version,
        created_at: written_at.map(at).unwrap_or_default(),
        client: client.unwrap_or_default(),
        definition,
        findings,
    })
}
