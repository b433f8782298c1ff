//! `/v1/ladders/{ladder}/plan`, `/v1/ladders/{ladder}/problems` and `/v1/ladders/run`: what ladders would do, could not, and do.

use axum::Json;
use axum::extract::State;
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::Deserialize;

use crate::actor::ladder::foresight::{DAYS_MAX, Question};
use crate::actor::ladder::review::Review;
use crate::store::StoreError;
use crate::store::ladder::CaseKey;

use super::super::auth::{Caller, Scope};
use super::super::dto::List;
use super::super::dto::ladder::FindingAnswer;
use super::super::dto::ladder_plan::{CaseProblemAnswer, PlanAnswer, PlanItem, RanAnswer};
use super::super::json::{Key, Parameters};
use super::super::page::limit;
use super::super::portfolio::day;
use super::super::problem::{Document, Kind, Problem};
use super::super::submission::word;
use super::super::{Site, aside};

/// Which plan.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PlanParameters {
    /// Debts to this creditor.
    creditor: Option<String>,
    /// The day, such as `2026-11-30`, as if all texts until then were sent on their days and nothing else happened; today if
    /// nothing is said.
    #[param(value_type = Option<String>)]
    date: Option<String>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// Debtors on the page: 1 to 1000, default 50.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: Option<String>,
}

/// Which problems.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ProblemParameters {
    /// Where the page before ended.
    cursor: Option<String>,
    /// Debtors on the page: 1 to 1000, default 50.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: Option<String>,
}

/// Who gets what and when on a day, and why others do not. Nothing is carried out.
#[utoipa::path(
    get,
    path = "/v1/ladders/{ladder}/plan",
    operation_id = "planLadder",
    tag = "dunning",
    params(("ladder" = String, Path, description = "Its name"), PlanParameters),
    responses(
        (status = OK, description = "What the day brings", body = PlanAnswer),
        (status = NOT_FOUND, description = "`not-found`: no ladder has this name", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn plan(
    State(site): State<Site>,
    caller: Caller,
    Key(name): Key<String>,
    Parameters(asked): Parameters<PlanParameters>,
) -> Result<Json<PlanAnswer>, Problem> {
    caller.needs(Scope::Read)?;
    let now = site.clock.now().utc;
    let date = day("date", asked.date.as_deref())?;
    let today = now.to_jiff().map_or(Date::MAX, |now| now.to_zoned(jiff::tz::TimeZone::UTC).date());
    // Where the creditor is it may be another day than in UTC.
    if date.is_some_and(|date| date.checked_add(1.day()).is_ok_and(|next| next < today)) {
        return Err(Problem::bad("date", "this day is over"));
    }
    if date.is_some_and(|date| today.until(date).is_ok_and(|ahead| ahead.get_days() >= DAYS_MAX)) {
        return Err(Problem::bad("date", format!("is {DAYS_MAX} days ahead or more")));
    }
    let ladder = known(&site, name).await?;
    let question = Question {
        ladder,
        creditor: creditor(asked.creditor, &caller)?,
        date,
        after: asked.cursor.as_deref().map(read_cursor).transpose()?,
        limit: limit(asked.limit.as_deref())?,
        confirm_numbers: site.settings().confirm_numbers,
    };
    let (handle, reader, measure) = (site.ladders.clone(), std::sync::Arc::clone(&site.reader), site.measure());
    let (foreseen, doubts) = aside(move || {
        let foreseen = handle.foresee(&reader, &question, now)?;
        // Of the ladder itself it is said once.
        let ladder = if question.after.is_none() { reader.ladder(&question.ladder)? } else { None };
        let doubts = ladder.map(|ladder| Review::read(&measure, &reader, now)?.ladder(&ladder)).transpose()?;
        Ok::<_, StoreError>((foreseen, doubts.unwrap_or_default()))
    })
    .await??;
    Ok(Json(PlanAnswer {
        items: foreseen.steps.into_iter().map(PlanItem::from).collect(),
        debtors: foreseen.cases,
        next: foreseen.last.map(cursor),
        findings: doubts.into_iter().chain(foreseen.doubts).map(FindingAnswer::from).collect(),
    }))
}

/// Debtors of a ladder whose last text could not be written, and why.
#[utoipa::path(
    get,
    path = "/v1/ladders/{ladder}/problems",
    operation_id = "listLadderProblems",
    tag = "dunning",
    params(("ladder" = String, Path, description = "Its name"), ProblemParameters),
    responses(
        (status = OK, description = "A page of them", body = List<CaseProblemAnswer>),
        (status = NOT_FOUND, description = "`not-found`: no ladder has this name", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn problems(
    State(site): State<Site>,
    caller: Caller,
    Key(name): Key<String>,
    Parameters(asked): Parameters<ProblemParameters>,
) -> Result<Json<List<CaseProblemAnswer>>, Problem> {
    caller.needs(Scope::Read)?;
    let ladder = known(&site, name).await?;
    let (after, limit) = (asked.cursor.as_deref().map(read_cursor).transpose()?, limit(asked.limit.as_deref())?);
    let own = caller.creditors().to_vec();
    let found = site.read(move |reader| reader.cases_with_problems(&ladder, &own, after, limit)).await?;
    let is_full = found.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
    let next = found.last().filter(|_| is_full).map(|last| cursor(last.key));
    Ok(Json(List { items: found.into_iter().map(CaseProblemAnswer::from).collect(), next }))
}

/// Carry out now what is up on all ladders; without this it happens within half a minute. Days begin at 5:00 where the
/// creditor is.
#[utoipa::path(
    post,
    path = "/v1/ladders/run",
    operation_id = "runLadders",
    tag = "dunning",
    responses(
        (status = OK, description = "What was carried out", body = RanAnswer),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn run(State(site): State<Site>, caller: Caller) -> Result<Json<RanAnswer>, Problem> {
    caller.needs(Scope::Send)?;
    if !caller.creditors().is_empty() {
        let detail = "this runs the ladders of all creditors, and the token is limited to some";
        return Err(Problem::new(Kind::Forbidden, detail));
    }
    let ran = site.ladders.run().await;
    let ran = ran.ok_or_else(|| Problem::new(Kind::Busy, "ladders cannot be followed just now; they are soon"))?;
    Ok(Json(RanAnswer::from(ran)))
}

/// The name of a ladder that there is.
async fn known(site: &Site, name: Option<String>) -> Result<String, Problem> {
    let name = name.unwrap_or_default();
    let asked = name.clone();
    let found = site.read(move |reader| reader.ladder(&asked)).await?;
    found.map(|_| name).ok_or_else(|| Problem::new(Kind::NotFound, "no ladder has this name"))
}

/// The creditor that is asked about, of those that are the caller's business.
fn creditor(asked: Option<String>, caller: &Caller) -> Result<Option<String>, Problem> {
    let own = caller.creditors();
    match word("creditor", asked)? {
        Some(creditor) if caller.covers(Some(&creditor)) => Ok(Some(creditor)),
        None if own.len() < 2 => Ok(own.first().cloned()),
        Some(_) => {
            let detail = format!("this token is limited to these creditors: {}", own.join(", "));
            Err(Problem::new(Kind::Forbidden, detail).field("creditor"))
        }
        None => Err(Problem::bad("creditor", format!("name one of {}", own.join(", ")))),
    }
}

fn cursor(key: CaseKey) -> String {
    let (creditor, debtor) = key.rows();
    format!("c{creditor}.{debtor}")
}

fn read_cursor(cursor: &str) -> Result<CaseKey, Problem> {
    let rows = cursor.strip_prefix('c').and_then(|rows| rows.split_once('.'));
    let number = |digits: &str| digits.parse::<i64>().ok().filter(|number| *number >= 0);
    let key = rows.and_then(|(creditor, debtor)| Some(CaseKey::new(number(creditor)?, number(debtor)?)));
    key.ok_or_else(|| Problem::bad("cursor", "is not a cursor of this list; give `next` of the page before"))
}
