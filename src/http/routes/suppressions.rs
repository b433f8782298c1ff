//! `/v1/suppressions`: who must not be texted, why, and what that stops.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;

use crate::contact::suppression::Kind as Why;
use crate::sms::message::Purpose;
use crate::sms::number::PhoneNumber;
use crate::store::suppression::Act;

use super::super::Site;
use super::super::audit::concerns;
use super::super::auth::{Caller, Scope};
use super::super::dto::List;
use super::super::dto::suppression::{
    EraseRequest, LiftAnswer, LiftRequest, RefusedNumber, SuppressAnswer, SuppressRequest, SuppressionAnswer, purposes,
};
use super::super::json::{Body, Parameters};
use super::super::page::{limit, read_cursor};
use super::super::problem::{Document, Kind, Problem};
use super::super::submission::{recipient, time, word};
use crate::store::view::Page;

/// Numbers of one request.
const NUMBERS_MAX: usize = 10_000;

/// Which entries to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListParameters {
    /// Of this number, also an erased one; needs `pii`.
    number: Option<String>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// Items on the page: 1 to 1000, default 50.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: Option<String>,
}

/// The ledger, newest first: entries that bind and entries that were lifted. A token that is limited to creditors sees
/// theirs.
#[utoipa::path(
    get,
    path = "/v1/suppressions",
    operation_id = "listSuppressions",
    tag = "contact",
    params(ListParameters),
    responses(
        (status = OK, description = "A page", body = List<SuppressionAnswer>),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn list(
    State(site): State<Site>,
    caller: Caller,
    Parameters(asked): Parameters<ListParameters>,
) -> Result<Json<List<SuppressionAnswer>>, Problem> {
    caller.needs(Scope::Read)?;
    if asked.number.is_some() {
        // Who may not see numbers may not find out by asking for one after the other.
        caller.needs(Scope::Pii)?;
    }
    let number = asked.number.as_deref().map(|number| recipient("number", number, &site.settings())).transpose()?;
    let number = number.map(|number| (number, site.settings().secret.mac(number)));
    let limit = limit(asked.limit.as_deref())?;
    let page = asked.cursor.as_deref().map_or(Ok(Page::Before(None)), read_cursor)?;
    let creditors = caller.creditors().clone();
    let found = site.read(move |reader| reader.suppressions(number, &creditors, page, limit)).await?;
    for view in &found {
        concerns(&site, None, view.number);
    }
    let eyes = caller.eyes();
    let items = found.into_iter().map(|view| SuppressionAnswer::new(view, eyes)).collect();
    Ok(Json(List::page(items, limit, page, |entry: &SuppressionAnswer| entry.id)))
}

/// Put numbers on the list. When this is answered nothing outside `on_wire` is accepted by the network any more.
#[utoipa::path(
    post,
    path = "/v1/suppressions",
    operation_id = "suppress",
    tag = "contact",
    request_body = SuppressRequest,
    responses(
        (status = OK, description = "On the list", body = SuppressAnswer),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn suppress(
    State(site): State<Site>,
    caller: Caller,
    Body(request): Body<SuppressRequest>,
) -> Result<Json<SuppressAnswer>, Problem> {
    caller.needs(Scope::Send)?;
    let (numbers, refused) = numbers(&request, &site)?;
    let act = act(request, &caller, &site)?;
    for number in &numbers {
        concerns(&site, None, Some(*number));
    }
    let stopped = site.writer.suppress(act, numbers).await?;
    Ok(Json(SuppressAnswer::new(stopped, refused)))
}

/// Take a number off the list. What was written stays in the ledger, with who lifted it and why.
#[utoipa::path(
    post,
    path = "/v1/suppressions/lift",
    operation_id = "liftSuppression",
    tag = "contact",
    request_body = LiftRequest,
    responses(
        (status = OK, description = "How many entries bind no more", body = LiftAnswer),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn lift(
    State(site): State<Site>,
    caller: Caller,
    Body(request): Body<LiftRequest>,
) -> Result<Json<LiftAnswer>, Problem> {
    caller.needs(Scope::Manage)?;
    let number = the_number(request.number.as_deref(), &site)?;
    let why = word("why", request.why)?
        .ok_or_else(|| Problem::bad("why", "say why the person may be texted again; it stays in the ledger"))?;
    let kind = request.kind.as_deref().map(kind).transpose()?;
    concerns(&site, None, Some(number));
    let entries = site.writer.lift_suppression(number, kind, caller.client().to_owned(), why).await?;
    Ok(Json(LiftAnswer { entries }))
}

/// Erase a number from the list. It stays suppressed: what is left of it can be known again and not be read.
#[utoipa::path(
    post,
    path = "/v1/suppressions/erase",
    operation_id = "eraseSuppression",
    tag = "contact",
    request_body = EraseRequest,
    responses(
        (status = OK, description = "How many entries can no more be read", body = LiftAnswer),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn erase(
    State(site): State<Site>,
    caller: Caller,
    Body(request): Body<EraseRequest>,
) -> Result<Json<LiftAnswer>, Problem> {
    caller.needs(Scope::Admin)?;
    let number = the_number(request.number.as_deref(), &site)?;
    concerns(&site, None, Some(number));
    let entries = site.writer.erase_suppression(number).await?;
    Ok(Json(LiftAnswer { entries }))
}

fn the_number(given: Option<&str>, site: &Site) -> Result<PhoneNumber, Problem> {
    let given = given.ok_or_else(|| Problem::new(Kind::BadNumber, "give the number").field("number"))?;
    recipient("number", given, &site.settings())
}

/// The numbers, and what is none. One that is asked for alone must be one.
fn numbers(request: &SuppressRequest, site: &Site) -> Result<(Vec<PhoneNumber>, Vec<RefusedNumber>), Problem> {
    match (&request.number, &request.numbers) {
        (Some(_), Some(_)) => Err(Problem::bad("numbers", "give number or numbers, not both")),
        (None, None) => Err(Problem::new(Kind::BadNumber, "give number or numbers").field("number")),
        (Some(number), None) => Ok((vec![the_number(Some(number), site)?], Vec::new())),
        (None, Some(given)) if given.len() > NUMBERS_MAX => {
            Err(Problem::bad("numbers", format!("there are {}; {NUMBERS_MAX} are possible at once", given.len())))
        }
        (None, Some(given)) => {
            let (mut numbers, mut refused) = (Vec::with_capacity(given.len()), Vec::new());
            for (index, text) in given.iter().enumerate() {
                match PhoneNumber::parse(text, site.settings().country) {
                    Ok(number) => numbers.push(number),
                    Err(error) => refused.push(RefusedNumber { index, detail: error.to_string() }),
                }
            }
            Ok((numbers, refused))
        }
    }
}

fn act(request: SuppressRequest, caller: &Caller, site: &Site) -> Result<Act, Problem> {
    let unknown = |word: &str| {
        let all = Purpose::ALL.map(Purpose::name).join(", ");
        Problem::bad("purposes", format!("no such purpose as {word}; there are {all}"))
    };
    let purposes = purposes(request.purposes.as_deref()).map_err(unknown)?;
    if purposes.is_empty() {
        return Err(Problem::bad("purposes", "is empty; leave it out for all"));
    }
    let creditor = word("creditor", request.creditor)?;
    if !caller.covers(creditor.as_deref()) {
        let detail = format!("this token is limited to these creditors: {}", caller.creditors().join(", "));
        return Err(Problem::new(Kind::Forbidden, detail).field("creditor"));
    }
    let now = site.clock.now().utc;
    Ok(Act {
        kind: request.kind.as_deref().map_or(Ok(Why::Manual), kind)?,
        purposes,
        creditor,
        effective: time("effective", request.effective.as_deref())?.unwrap_or(now),
        source: word("source", request.source)?.unwrap_or_else(|| "api".to_owned()),
        client: caller.client().to_owned(),
        why: word("why", request.why)?,
        inbound: None,
    })
}

fn kind(word: &str) -> Result<Why, Problem> {
    Why::from_name(word).ok_or_else(|| {
        let all = Why::ALL.map(Why::name).join(", ");
        Problem::bad("kind", format!("no such kind; there are {all}"))
    })
}
