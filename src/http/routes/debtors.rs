//! `/v1/debtors`: who owes; and `/v1/debtors/{debtor}/hours`: where a debtor is and which hours suit, over what the number
//! tells.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::contact::calendar::Span;
use crate::contact::habit::{Habit, HabitError};
use crate::store::portfolio::DebtFilter;

use super::super::Site;
use super::super::auth::{Caller, Scope};
use super::super::dto::debtor::{DebtorAnswer, DebtorHours, DebtorRequest};
use super::super::dto::intake::{OneOrMany, TakenAnswered};
use super::super::json::{Body, Key, Octets, Parameters};
use super::super::portfolio::Subject;
use super::super::problem::{Document, Kind, Problem};
use super::super::submission::word;
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
    let found = site
        .read(move |reader| {
            // Who is limited to some creditors sees who owes to one of them.
            let of_own = DebtFilter { debtor: Some(id.clone()), creditors: own, limit: 1, ..DebtFilter::default() };
            let is_seen = of_own.creditors.is_empty() || !reader.debts(&of_own)?.is_empty();
            if is_seen { reader.debtor(&id) } else { Ok(None) }
        })
        .await?;
    let debtor = found.ok_or_else(|| Problem::new(Kind::NotFound, "no debtor has this id"))?;
    Ok(Json(DebtorAnswer::new(debtor, caller.eyes())))
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
    let debtor = debtor.unwrap_or_default();
    let found = site.read(move |reader| reader.habit(&debtor)).await?;
    let habit = found.ok_or_else(|| Problem::new(Kind::NotFound, "nothing is known of this debtor"))?;
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
