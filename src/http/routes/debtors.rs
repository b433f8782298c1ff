//! `/v1/debtors`: who owes; and `/v1/debtors/{debtor}/hours`: where a debtor is and which hours suit, over what the number
//! tells.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;

use crate::contact::calendar::Span;
use crate::contact::habit::{Habit, HabitError};
use crate::sms::number::PhoneNumber;
use crate::store::StoreError;
use crate::store::portfolio::{DebtFilter, DebtorFilter, Sought, SoughtPerson};
use crate::store::reader::Reader;
use crate::store::view::{MessageFilter, Page};

use super::super::Site;
use super::super::audit::concerns;
use super::super::auth::{Caller, Scope};
use super::super::dto::List;
use super::super::dto::debtor::{DebtorAnswer, DebtorHours, DebtorRequest};
use super::super::dto::hygiene::NumberAnswer;
use super::super::dto::intake::{OneOrMany, TakenAnswered};
use super::super::json::{Body, Key, Octets, Parameters};
use super::super::page::{limit, read_cursor};
use super::super::portfolio::{Subject, document};
use super::super::problem::{Document, Kind, Problem};
use super::super::submission::word;
use super::hygiene::SENT;
use super::intake::{Intake, TakeParameters, take as take_in};

/// Make debtors known, or known otherwise.
#[utoipa::path(
    post,
    path = "/v1/debtors",
    operation_id = "takeDebtors",
    tag = "dunning",
    params(TakeParameters),
    request_body = inline(OneOrMany<DebtorRequest>),
    responses(
        (status = OK, description = "Stored", body = TakenAnswered),
        (status = UNPROCESSABLE_ENTITY, description = "All or nothing was asked for, and one is bad", body = TakenAnswered),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn take(
    State(site): State<Site>,
    caller: Caller,
    Parameters(asked): Parameters<TakeParameters>,
    headers: HeaderMap,
    Octets(octets): Octets,
) -> Result<Response, Problem> {
    caller.needs(Scope::Send)?;
    take_in(&site, caller, Intake { asked, headers, octets }, Subject::Debtor).await
}

/// Which debtors to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListParameters {
    /// The id; with `pii` also the identity document, a number, or the beginning of the name.
    search: Option<String>,
    /// Who owe to this creditor.
    creditor: Option<String>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// Items on the page: 1 to 1000, default 50.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: Option<String>,
}

/// Debtors, newest first. Of those whose names begin so, a thousand at most are found.
#[utoipa::path(
    get,
    path = "/v1/debtors",
    operation_id = "listDebtors",
    tag = "dunning",
    params(ListParameters),
    responses(
        (status = OK, description = "A page", body = List<DebtorAnswer>),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn list(
    State(site): State<Site>,
    caller: Caller,
    Parameters(asked): Parameters<ListParameters>,
) -> Result<Json<List<DebtorAnswer>>, Problem> {
    caller.needs(Scope::Read)?;
    let limit = limit(asked.limit.as_deref())?;
    let page = asked.cursor.as_deref().map_or(Ok(Page::Before(None)), read_cursor)?;
    let Page::Before(before) = page else { return Err(Problem::bad("cursor", "is not a cursor of this list")) };
    let sought = word("search", asked.search.filter(|search| !search.trim().is_empty()))?;
    let filter = DebtorFilter {
        sought: sought.map(|sought| self::sought(sought.trim(), &site, &caller)),
        creditor: asked.creditor,
        creditors: caller.creditors().to_vec(),
        before,
        limit,
    };
    let found = site.read(move |reader| {
        let with_confirmed = |(key, debtor)| Ok((key, reader.confirmed_of(&debtor)?, debtor));
        reader.debtors(&filter)?.into_iter().map(with_confirmed).collect::<Result<Vec<_>, StoreError>>()
    });
    let List { items, next } = List::page(found.await?, limit, page, |(key, ..)| *key);
    for (_, _, debtor) in &items {
        concerns(&site, Some(&debtor.id), None);
    }
    let eyes = caller.eyes();
    let items = items.into_iter().map(|(_, confirmed, debtor)| DebtorAnswer::new(debtor, &confirmed, eyes));
    Ok(Json(List { items: items.collect(), next }))
}

/// What is looked for. Who may not see who somebody is may not find out by asking for one after the other.
fn sought(text: &str, site: &Site, caller: &Caller) -> Sought {
    let person = || SoughtPerson {
        document: document(text),
        name: text.to_owned(),
        numbers: PhoneNumber::parse(text, site.settings().country)
            .map(|number| number.forms().collect())
            .unwrap_or_default(),
    };
    Sought { id: text.to_owned(), person: caller.has(Scope::Pii).then(person) }
}

/// A debtor.
#[utoipa::path(
    get,
    path = "/v1/debtors/{debtor}",
    operation_id = "getDebtor",
    tag = "dunning",
    params(("debtor" = String, Path, description = "The debtor, by your id")),
    responses(
        (status = OK, description = "What is known", body = DebtorAnswer),
        (status = NOT_FOUND, description = "`not-found`: no debtor has this id", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn show(
    State(site): State<Site>,
    caller: Caller,
    Key(debtor): Key<String>,
) -> Result<Json<DebtorAnswer>, Problem> {
    caller.needs(Scope::Read)?;
    let id = debtor.unwrap_or_default();
    let own = caller.creditors().to_vec();
    let found = site.read(move |reader| {
        let found = if is_seen(reader, &id, own)? { reader.debtor(&id)? } else { None };
        found.map(|debtor| Ok((reader.confirmed_of(&debtor)?, debtor))).transpose()
    });
    let (confirmed, debtor) = found.await?.ok_or_else(no_debtor)?;
    Ok(Json(DebtorAnswer::new(debtor, &confirmed, caller.eyes())))
}

/// Who is limited to some creditors sees who owes to one of them.
fn is_seen(reader: &Reader, id: &str, own: Vec<String>) -> Result<bool, StoreError> {
    let of_own = DebtFilter { debtor: Some(id.to_owned()), creditors: own, limit: 1, ..DebtFilter::default() };
    Ok(of_own.creditors.is_empty() || !reader.debts(&of_own)?.is_empty())
}

fn no_debtor() -> Problem {
    Problem::new(Kind::NotFound, "no debtor has this id")
}

/// The numbers of a debtor, the one to try first in front, and how each fares.
#[utoipa::path(
    get,
    path = "/v1/debtors/{debtor}/numbers",
    operation_id = "getDebtorNumbers",
    tag = "results",
    params(("debtor" = String, Path, description = "The debtor, by your id")),
    responses(
        (status = OK, description = "All of them", body = List<NumberAnswer>),
        (status = NOT_FOUND, description = "`not-found`: no debtor has this id", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn numbers(
    State(site): State<Site>,
    caller: Caller,
    Key(debtor): Key<String>,
) -> Result<Json<List<NumberAnswer>>, Problem> {
    caller.needs(Scope::Read)?;
    let (id, country, own) = (debtor.unwrap_or_default(), site.settings().country, caller.creditors().to_vec());
    let found = site
        .read(move |reader| if is_seen(reader, &id, own)? { reader.numbers(&id, SENT, country) } else { Ok(None) })
        .await?;
    let eyes = caller.eyes();
    let numbers = found.ok_or_else(no_debtor)?.into_iter().map(|faring| NumberAnswer::new(faring, eyes));
    Ok(Json(List::whole(numbers.collect())))
}

/// Whose a debtor is, to somebody who is limited to some creditors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// Who owes to one of the caller's creditors, or was texted for one.
    Own,
    /// Who owes to others alone, or was texted for others alone.
    Others,
    /// Nobody's as yet.
    Nobodys,
}

/// Hours may be said of somebody of whom there are messages alone, which they move.
fn whose(reader: &Reader, id: &str, own: &[String]) -> Result<Whose, StoreError> {
    let owes = |creditors: &[String]| {
        let (debtor, creditors) = (Some(id.to_owned()), creditors.to_vec());
        let debts = reader.debts(&DebtFilter { debtor, creditors, limit: 1, ..DebtFilter::default() });
        debts.map(|debts| !debts.is_empty())
    };
    let is_texted = |creditors: &[String]| {
        let (debtor, creditors) = (Some(id.to_owned()), creditors.into());
        let messages = reader.messages(&MessageFilter { debtor, creditors, limit: 1, ..MessageFilter::default() });
        messages.map(|messages| !messages.is_empty())
    };
    if own.is_empty() || owes(own)? {
        return Ok(Whose::Own);
    }
    if owes(&[])? {
        return Ok(Whose::Others);
    }
    Ok(match (is_texted(own)?, is_texted(&[])?) {
        (true, _) => Whose::Own,
        (false, true) => Whose::Others,
        (false, false) => Whose::Nobodys,
    })
}

/// Where a debtor is and which hours suit.
#[utoipa::path(
    get,
    path = "/v1/debtors/{debtor}/hours",
    operation_id = "getDebtorHours",
    tag = "contact",
    params(("debtor" = String, Path, description = "The debtor, by your id")),
    responses(
        (status = OK, description = "What is known", body = DebtorHours),
        (status = NOT_FOUND, description = "`not-found`: nothing is known of this debtor", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn hours(
    State(site): State<Site>,
    caller: Caller,
    Key(debtor): Key<String>,
) -> Result<Json<DebtorHours>, Problem> {
    caller.needs(Scope::Read)?;
    let (debtor, own) = (debtor.unwrap_or_default(), caller.creditors().to_vec());
    let seen = move |reader: &Reader| match whose(reader, &debtor, &own)? {
        Whose::Own => reader.habit(&debtor),
        // Who may not see it is not told that it is there.
        Whose::Others | Whose::Nobodys => Ok(None),
    };
    let found = site.read(seen).await?;
    let habit = found.ok_or_else(|| Problem::new(Kind::NotFound, "nothing is known of this debtor"))?;
    // Hours are no name, number or text, so everybody sees them; that somebody did is noted.
    caller.eyes();
    Ok(Json(DebtorHours::from(habit)))
}

/// Say where a debtor is and which hours suit. It replaces what was said before, and holds for what waits already.
#[utoipa::path(
    put,
    path = "/v1/debtors/{debtor}/hours",
    operation_id = "setDebtorHours",
    tag = "contact",
    params(("debtor" = String, Path, description = "The debtor, by your id")),
    request_body = DebtorHours,
    responses(
        (status = OK, description = "Noted", body = DebtorHours),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn set_hours(
    State(site): State<Site>,
    caller: Caller,
    Key(debtor): Key<String>,
    Body(request): Body<DebtorHours>,
) -> Result<Json<DebtorHours>, Problem> {
    caller.needs(Scope::Send)?;
    let debtor = word("debtor", debtor)?.ok_or_else(|| Problem::bad("debtor", "give the debtor, by your id"))?;
    let habit = Habit {
        state: word("state", request.state)?,
        zone: word("zone", request.zone)?,
        preferred: spans("preferred", &request.preferred)?,
        forbidden: spans("forbidden", &request.forbidden)?,
    };
    let (id, own) = (debtor.clone(), caller.creditors().to_vec());
    if site.read(move |reader| whose(reader, &id, &own)).await? == Whose::Others {
        let detail = "this debtor owes to other creditors alone, or was texted for them alone";
        return Err(Problem::new(Kind::Forbidden, detail).field("debtor"));
    }
    let stored = site.writer.set_habit(debtor, habit.clone(), caller.client().to_owned()).await?;
    stored.map_err(|error| {
        let field = match error {
            HabitError::State => "state",
            HabitError::Zone => "zone",
        };
        Problem::bad(field, format!("is {error}"))
    })?;
    Ok(Json(DebtorHours::from(habit)))
}

fn spans(field: &'static str, given: &[String]) -> Result<Vec<Span>, Problem> {
    let read = |text: &String| text.parse::<Span>().map_err(|error| Problem::bad(field, error.to_string()));
    given.iter().map(read).collect()
}
