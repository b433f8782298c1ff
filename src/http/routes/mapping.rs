//! `/v1/imports/mapping`: how files of a creditor are read, so that it is said once.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;

use crate::dunning::import::{Dates, Decimals, Field};

use super::super::Site;
use super::super::auth::{Caller, Scope};
use super::super::dto::mapping::ImportMapping;
use super::super::json::{Body, Parameters, object};
use super::super::problem::{Document, Kind, Problem};
use super::super::submission::word;

/// Columns of numbers in one file.
const PHONES_MAX: usize = 20;

/// Whose files.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct MappingParameters {
    /// Of this creditor; those whose rows name creditors if nothing is said.
    creditor: Option<String>,
}

/// How files of a creditor are read; nothing is mapped where nobody has said it.
#[utoipa::path(
    get,
    path = "/v1/imports/mapping",
    operation_id = "getImportMapping",
    tag = "dunning",
    params(MappingParameters),
    responses(
        (status = OK, description = "What was said last", body = ImportMapping),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn show(
    State(site): State<Site>,
    caller: Caller,
    Parameters(asked): Parameters<MappingParameters>,
) -> Result<Json<ImportMapping>, Problem> {
    caller.needs(Scope::Read)?;
    let creditor = own_creditor(asked.creditor, &caller)?.unwrap_or_default();
    let found = site.read(move |reader| reader.mapping(&creditor)).await?;
    Ok(Json(found.map_or_else(|| Ok(ImportMapping::default()), |text| object(text.as_bytes()))?))
}

/// Say how files of a creditor are read. It replaces what was said before.
#[utoipa::path(
    put,
    path = "/v1/imports/mapping",
    operation_id = "setImportMapping",
    tag = "dunning",
    params(MappingParameters),
    request_body = ImportMapping,
    responses(
        (status = OK, description = "Remembered", body = ImportMapping),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn set(
    State(site): State<Site>,
    caller: Caller,
    Parameters(asked): Parameters<MappingParameters>,
    Body(mapping): Body<ImportMapping>,
) -> Result<Json<ImportMapping>, Problem> {
    caller.needs(Scope::Send)?;
    let creditor = own_creditor(asked.creditor, &caller)?.unwrap_or_default();
    check(&mapping)?;
    let text = serde_json::to_string(&mapping).map_err(|error| Problem::internal(&error))?;
    site.writer.remember_mapping(creditor, text, caller.client().to_owned()).await?;
    Ok(Json(mapping))
}

/// The creditor, if it is the caller's business.
pub(super) fn own_creditor(asked: Option<String>, caller: &Caller) -> Result<Option<String>, Problem> {
    let creditor = word("creditor", asked)?;
    if !caller.covers(creditor.as_deref()) {
        let own = caller.creditors().join(", ");
        let detail = format!("this token is limited to these creditors: {own}");
        return Err(Problem::new(Kind::Forbidden, detail).field("creditor"));
    }
    Ok(creditor)
}

/// Whether it can be remembered.
pub(super) fn check(mapping: &ImportMapping) -> Result<(), Problem> {
    let ImportMapping { columns, decimals, dates } = mapping;
    for (name, headings) in columns {
        let all = || Field::ALL.map(Field::name).join(", ");
        let field = Field::from_name(name);
        let field =
            field.ok_or_else(|| Problem::bad("columns", format!("no such field as {name}; there are {}", all())))?;
        if headings.len() > if field.is_repeated() { PHONES_MAX } else { 1 } {
            return Err(Problem::bad("columns", format!("{name} has too many headings")));
        }
        let given = headings.iter().filter(|heading| !heading.is_empty());
        given.map(|heading| word("columns", Some(heading.clone()))).collect::<Result<Vec<_>, _>>()?;
    }
    if decimals.as_deref().is_some_and(|name| Decimals::from_name(name).is_none()) {
        return Err(Problem::bad("decimals", "is comma or point"));
    }
    if dates.as_deref().is_some_and(|name| Dates::from_name(name).is_none()) {
        return Err(Problem::bad("dates", "is dmy or ymd"));
    }
    Ok(())
}
