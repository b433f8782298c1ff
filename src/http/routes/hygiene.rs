//! `GET /v1/hygiene`: numbers of debtors that want looking after.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::store::rollup::{HygieneFilter, NumberTrouble};
use crate::store::view::Page;

use super::super::auth::{Caller, Scope};
use super::super::dto::List;
use super::super::dto::hygiene::{HEADING, HygieneAnswer};
use super::super::json::Parameters;
use super::super::page::{limit, read_cursor};
use super::super::problem::{Document, Problem};
use super::super::{Site, csv};

/// A number is one that never gets a text after so many, unless something else is asked for.
pub(super) const SENT: i64 = 3;

/// The cursor of the page that follows, beside a table.
const NEXT: HeaderName = HeaderName::from_static("recado-next");

/// Which numbers to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct HygieneParameters {
    /// Only with this trouble: `no_number`, `wrong_person`, `unusable`, `dead`, `never_delivered` or `unconfirmed`.
    trouble: Option<String>,
    /// Only of debtors of this creditor.
    creditor: Option<String>,
    /// Texts of which none arrived, after which a number is `never_delivered`: 1 to 1000, default 3.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    sent: Option<String>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// Items on the page: 1 to 1000, default 50. The numbers of one debtor are on one page, so it can be a few more.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: Option<String>,
    /// `json` or `csv`; also by `Accept: text/csv`.
    format: Option<String>,
}

/// Numbers of debtors that want looking after, by debtor.
///
/// A number has the first trouble that applies. A page looks at some thousands of debtors, so it can be short or empty while
/// `next` leads on; beside CSV that is the header `recado-next`.
#[utoipa::path(
    get,
    path = "/v1/hygiene",
    operation_id = "getHygiene",
    tag = "results",
    params(HygieneParameters),
    responses(
        (status = OK, description = "A page", content((List<HygieneAnswer> = "application/json"), (String = "text/csv"))),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn list(
    State(site): State<Site>,
    caller: Caller,
    headers: HeaderMap,
    Parameters(asked): Parameters<HygieneParameters>,
) -> Result<Response, Problem> {
    caller.needs(Scope::Read)?;
    let is_csv = csv::is_wanted(asked.format.as_deref(), &headers)?;
    let filter = asked.filter(&site, &caller)?;
    let page = site.read(move |reader| reader.hygiene(&filter)).await?;
    let eyes = caller.eyes();
    let items = page.items.into_iter().map(|found| HygieneAnswer::new(found, eyes));
    let next = page.next.map(|next| format!("a{next}"));
    if is_csv {
        let mut answer = csv::answer(&HEADING.map(str::to_owned), items.map(HygieneAnswer::cells));
        if let Some(next) = next.and_then(|next| HeaderValue::from_str(&next).ok()) {
            answer.headers_mut().insert(NEXT, next);
        }
        return Ok(answer);
    }
    Ok(Json(List { items: items.collect(), next }).into_response())
}

impl HygieneParameters {
    fn filter(self, site: &Site, caller: &Caller) -> Result<HygieneFilter, Problem> {
        let trouble = self.trouble.map(|word| {
            NumberTrouble::from_name(&word).ok_or_else(|| {
                let names = NumberTrouble::ALL.map(NumberTrouble::name).join(", ");
                Problem::bad("trouble", format!("there are {names}"))
            })
        });
        let own = caller.creditors();
        let creditors = match self.creditor {
            Some(creditor) if caller.covers(Some(&creditor)) => vec![creditor],
            Some(_) => return Err(Problem::bad("creditor", "your token is limited to other creditors")),
            None => own.to_vec(),
        };
        let sent = self.sent.map(|sent| {
            let sent = sent.parse().ok().filter(|sent| (1..=1_000).contains(sent));
            sent.ok_or_else(|| Problem::bad("sent", "give a number from 1 to 1000"))
        });
        let after = match self.cursor.as_deref().map(read_cursor).transpose()? {
            None => 0,
            Some(Page::After(after)) => after,
            Some(Page::Before(_)) => return Err(Problem::bad("cursor", "is not a cursor of this list")),
        };
        Ok(HygieneFilter {
            creditors,
            trouble: trouble.transpose()?,
            sent_min: sent.transpose()?.unwrap_or(SENT),
            country: site.settings().country,
            after,
            limit: usize::try_from(limit(self.limit.as_deref())?).unwrap_or(usize::MAX),
        })
    }
}
