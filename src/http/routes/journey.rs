//! `GET /v1/debtors/{debtor}/journey`: everything about a debtor in order.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;

use crate::store::portfolio::DebtFilter;

use super::super::Site;
use super::super::auth::{Caller, Scope};
use super::super::dto::List;
use super::super::dto::journey::StageAnswer;
use super::super::json::{Key, Parameters};
use super::super::page::{limit, number, read_cursor};
use super::super::problem::{Document, Kind, Problem};
use crate::store::view::Page;

/// Which part of it.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct JourneyParameters {
    /// What comes after this place.
    #[param(value_type = Option<i64>)]
    after: Option<String>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// Items on the page: 1 to 1000, default 50.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: Option<String>,
}

/// Everything about a debtor, oldest first: debts and what happened to them, steps of ladders, texts and what became of them,
/// answers, and who may not be texted any more.
#[utoipa::path(
    get,
    path = "/v1/debtors/{debtor}/journey",
    operation_id = "getJourney",
    tag = "results",
    params(("debtor" = String, Path, description = "The debtor, by your id"), JourneyParameters),
    responses(
        (status = OK, description = "A page", body = List<StageAnswer>),
        (status = NOT_FOUND, description = "`not-found`: no debtor has this id", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn show(
    State(site): State<Site>,
    caller: Caller,
    Key(debtor): Key<String>,
    Parameters(asked): Parameters<JourneyParameters>,
) -> Result<Json<List<StageAnswer>>, Problem> {
    caller.needs(Scope::Read)?;
    let id = debtor.unwrap_or_default();
    let limit = limit(asked.limit.as_deref())?;
    let after = match (asked.cursor.as_deref().map(read_cursor).transpose()?, asked.after.as_deref()) {
        (Some(Page::After(after)), None) => after,
        (Some(_), _) => {
            return Err(Problem::bad("cursor", "is not a cursor of this list; give `next` of the page before"));
        }
        (None, Some(after)) => number("after", after)?,
        (None, None) => 0,
    };
    let own = caller.creditors().to_vec();
    let found = site
        .read(move |reader| {
            // Who is limited to some creditors sees who owes to one of them.
            let of_own =
                DebtFilter { debtor: Some(id.clone()), creditors: own.clone(), limit: 1, ..DebtFilter::default() };
            let is_seen = own.is_empty() || !reader.debts(&of_own)?.is_empty();
            if is_seen { reader.journey(&id, &own) } else { Ok(None) }
        })
        .await?;
    let stages = found.ok_or_else(|| Problem::new(Kind::NotFound, "no debtor has this id"))?;
    let eyes = caller.eyes();
    let page = (1..).zip(stages).skip(usize::try_from(after).unwrap_or(usize::MAX));
    let page = page.take(usize::try_from(limit).unwrap_or(usize::MAX));
    let items = page.map(|(place, stage)| StageAnswer::new(place, stage, eyes)).collect();
    Ok(Json(List::page(items, limit, Page::After(after), |stage: &StageAnswer| stage.place)))
}
