//! `/v1/ladders`: which text goes on which day, in versions.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::dunning::ladder::{Action, Finding, Ladder, Severity, check};
use crate::store::definition::{read_ladder, write_ladder};
use crate::store::reader::Reader;

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
    let ladders = site.read(Reader::ladders).await?;
    let mut items = Vec::with_capacity(ladders.len());
    for ladder in ladders {
        items.push(answer(&site, ladder).await?);
    }
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
    let found = site.read(move |reader| reader.ladder(&name)).await?;
    let ladder = found.ok_or_else(|| Problem::new(Kind::NotFound, "no ladder has this name"))?;
    Ok(Json(answer(&site, ladder).await?))
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
        `text` (a template) or `exit` (`email`, `letter`, `call`, `bureau`)"),
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
    Ok(Json(answer(&site, ladder).await?))
}

fn is_error(finding: &Finding) -> bool {
    finding.severity() == Severity::Error
}

/// The ladder with what is doubtful about it, also about the templates that it names.
async fn answer(site: &Site, ladder: Ladder) -> Result<LadderAnswer, Problem> {
    let told = |finding: &Finding| FindingAnswer {
        severity: if is_error(finding) { "error" } else { "warning" },
        code: finding.code(),
        detail: finding.to_string(),
    };
    let mut findings: Vec<FindingAnswer> = check(&ladder).iter().map(told).collect();
    for step in &ladder.steps {
        let Action::Text { template } = &step.action else { continue };
        let name = template.clone();
        if site.read(move |reader| reader.template_in_use(&name)).await?.is_none() {
            let detail =
                format!("step {}: no template {template:?} is approved; until one is, the step sends nothing", step.id);
            findings.push(FindingAnswer { severity: "warning", code: "no_template", detail });
        }
    }
    let mut definition = write_ladder(&ladder);
    if let Some(fields) = definition.as_object_mut() {
        fields.retain(|_, value| *value != json!(null));
    }
    Ok(LadderAnswer { name: ladder.name, version: ladder.version, definition, findings })
}
