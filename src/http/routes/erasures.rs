//! `/v1/erasures` and the exports: what is held of a person, and that it is held no more.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use crate::clock::Timestamp;
use crate::store::audit::{digest_of_debtor, digest_of_number};
use crate::store::erasure::{ErasureKey, ErasureOrder, NUMBERS_MAX, Person};

use crate::actor::audit;

use super::super::Site;
use super::super::auth::{Caller, Scope};
use super::super::dto::List;
use super::super::dto::erasure::{ErasureAnswer, ErasureRequest};
use super::super::json::{Body, Key, Parameters};
use super::super::page::PageParameters;
use super::super::problem::{Document, Kind, Problem};
use super::super::submission::{recipient, time, word};

/// Erase a person: a debtor or whoever has a number. What waits is withdrawn before the answer; rows are emptied after it.
#[utoipa::path(
    post,
    path = "/v1/erasures",
    operation_id = "erasePerson",
    tag = "personal data",
    request_body = ErasureRequest,
    responses(
        (status = ACCEPTED, description = "Begun; `GET /v1/erasures/{id}` says how far it is", body = ErasureAnswer),
        (status = NOT_FOUND, description = "`not-found`: nothing is known of this debtor", body = Document),
        (status = CONFLICT, description = "`conflict`: texts under this id went to more than 1000 numbers", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn begin(
    State(site): State<Site>,
    caller: Caller,
    Body(request): Body<ErasureRequest>,
) -> Result<(StatusCode, Json<ErasureAnswer>), Problem> {
    may_erase(&caller)?;
    let until = until(&request, site.clock.now().utc)?;
    if until.is_some() && request.suppress == Some(false) {
        return Err(Problem::bad("suppress", "nobody who is blocked is texted"));
    }
    let person = person(request.debtor, request.number.as_deref(), &site)?;
    about(&site, &person);
    let reason = word("reason", request.reason)?
        .ok_or_else(|| Problem::bad("reason", "say why, in words that name nobody; they stay"))?;
    let order = ErasureOrder {
        person,
        reason,
        client: caller.client().to_owned(),
        until,
        suppress: request.suppress.unwrap_or(true),
    };
    let person = order.person.clone();
    let numbers = site.read(move |reader| reader.count_numbers(&person)).await?;
    if numbers > NUMBERS_MAX {
        // All are erased or none: a part would stay without a word.
        let detail =
            format!("texts under this id went to {numbers} numbers, so it is no person's; erase them by number");
        return Err(Problem::new(Kind::Conflict, detail).field("debtor"));
    }
    let begun = site.writer.begin_erasure(order).await?.ok_or_else(no_debtor)?;
    let view = site.read(move |reader| reader.erasure(begun.key)).await?.ok_or_else(no_erasure)?;
    let mut answer = ErasureAnswer::from(view);
    answer.stopped = Some(begun.stopped.stopped);
    answer.on_wire = Some(begun.stopped.on_wire.iter().map(ToString::to_string).collect());
    Ok((StatusCode::ACCEPTED, Json(answer)))
}

/// Erasures, newest first: what was erased, never whom.
#[utoipa::path(
    get,
    path = "/v1/erasures",
    operation_id = "listErasures",
    tag = "personal data",
    params(PageParameters),
    responses(
        (status = OK, description = "A page", body = List<ErasureAnswer>),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn list(
    State(site): State<Site>,
    caller: Caller,
    Parameters(asked): Parameters<PageParameters>,
) -> Result<Json<List<ErasureAnswer>>, Problem> {
    may_erase(&caller)?;
    let (page, limit) = asked.page()?;
    let found = site.read(move |reader| reader.erasures(page, limit)).await?;
    let items = found.into_iter().map(ErasureAnswer::from).collect();
    Ok(Json(List::page(items, limit, page, |erasure: &ErasureAnswer| erasure.id)))
}

/// How far an erasure has come.
#[utoipa::path(
    get,
    path = "/v1/erasures/{id}",
    operation_id = "getErasure",
    tag = "personal data",
    params(("id" = i64, Path, description = "Its number")),
    responses(
        (status = OK, description = "The erasure", body = ErasureAnswer),
        (status = NOT_FOUND, description = "`not-found`", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn show(
    State(site): State<Site>,
    caller: Caller,
    Key(id): Key<i64>,
) -> Result<Json<ErasureAnswer>, Problem> {
    may_erase(&caller)?;
    let id = id.ok_or_else(no_erasure)?;
    let view = site.read(move |reader| reader.erasure(ErasureKey(id))).await?;
    view.map(|view| Json(view.into())).ok_or_else(no_erasure)
}

/// Everything that is held of a debtor, also of one who is blocked, as one document.
#[utoipa::path(
    get,
    path = "/v1/debtors/{debtor}/export",
    operation_id = "exportDebtor",
    tag = "personal data",
    params(("debtor" = String, Path, description = "By your id")),
    responses(
        (status = OK, description = "Rows by table; times are RFC 3339, amounts hundredths, days since 1970-01-01", body = Value),
        (status = NOT_FOUND, description = "`not-found`", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn export_debtor(
    State(site): State<Site>,
    caller: Caller,
    Key(debtor): Key<String>,
) -> Result<Json<Value>, Problem> {
    may_export(&caller)?;
    let debtor = debtor.ok_or_else(no_debtor)?;
    export(&site, Person::Debtor(debtor)).await
}

/// Whose export it is.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ExportParameters {
    /// The number.
    number: Option<String>,
}

/// Everything that is held of a number, as one document.
#[utoipa::path(
    get,
    path = "/v1/export",
    operation_id = "exportNumber",
    tag = "personal data",
    params(ExportParameters),
    responses(
        (status = OK, description = "Rows by table; times are RFC 3339, amounts hundredths, days since 1970-01-01", body = Value),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn export_number(
    State(site): State<Site>,
    caller: Caller,
    Parameters(asked): Parameters<ExportParameters>,
) -> Result<Json<Value>, Problem> {
    may_export(&caller)?;
    let person = person(None, asked.number.as_deref(), &site)?;
    export(&site, person).await
}

async fn export(site: &Site, person: Person) -> Result<Json<Value>, Problem> {
    about(site, &person);
    audit::shows();
    let (secret, now) = (site.settings().secret.clone(), site.clock.now().utc);
    let found = site.read(move |reader| reader.export(&person, &secret, now)).await?;
    found.map(Json).ok_or_else(no_debtor)
}

/// Says in the audit whom it is about.
fn about(site: &Site, person: &Person) {
    let secret = &site.settings().secret;
    audit::about(&match person {
        Person::Debtor(id) => digest_of_debtor(secret, id),
        Person::Number(number) => digest_of_number(secret, *number),
    });
}

/// Persons are everybody's: whoever is limited to creditors can neither erase nor export them.
fn may_erase(caller: &Caller) -> Result<(), Problem> {
    caller.needs(Scope::Admin)?;
    if caller.creditors().is_empty() {
        return Ok(());
    }
    Err(Problem::new(Kind::Forbidden, "this token is limited to creditors; persons may owe to others too"))
}

fn may_export(caller: &Caller) -> Result<(), Problem> {
    caller.needs(Scope::Pii)?;
    may_erase(caller)
}

fn person(debtor: Option<String>, number: Option<&str>, site: &Site) -> Result<Person, Problem> {
    match (debtor, number) {
        (Some(_), Some(_)) => Err(Problem::bad("number", "give debtor or number, not both")),
        (Some(debtor), None) => Ok(Person::Debtor(debtor)),
        (None, Some(number)) => Ok(Person::Number(recipient("number", number, &site.settings())?)),
        (None, None) => Err(Problem::new(Kind::BadNumber, "give the debtor or the number").field("number")),
    }
}

/// Until when the person is blocked; nothing where it is erased at once.
fn until(request: &ErasureRequest, now: Timestamp) -> Result<Option<Timestamp>, Problem> {
    let until = time("until", request.until.as_deref())?;
    match (request.mode.as_deref().unwrap_or("erase"), until) {
        ("erase", None) => Ok(None),
        ("erase", Some(_)) => Err(Problem::bad("until", "goes with mode `block`")),
        ("block", None) => Err(Problem::bad("until", "say until when; the person is erased by itself then")),
        ("block", Some(until)) if until <= now => Err(Problem::bad("until", "is over already")),
        ("block", until) => Ok(until),
        _ => Err(Problem::bad("mode", "no such mode; there are erase, block")),
    }
}

fn no_debtor() -> Problem {
    Problem::new(Kind::NotFound, "nothing is known of a debtor with this id")
}

fn no_erasure() -> Problem {
    Problem::new(Kind::NotFound, "there is no such erasure")
}
