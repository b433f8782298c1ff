//! `GET /v1/audit`: who changed what, and who looked at whom.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;

use crate::sms::number::PhoneNumber;
use crate::store::audit::{AuditFilter, Deed, digest_of_debtor, digest_of_number};

use super::super::Site;
use super::super::auth::{Caller, Scope};
use super::super::dto::List;
use super::super::dto::audit::AuditAnswer;
use super::super::json::Parameters;
use super::super::page::PageParameters;
use super::super::problem::{Document, Problem};
use super::super::submission::{recipient, time};

/// Which entries.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditParameters {
    /// Only what has a higher number, oldest first. Not together with `cursor`.
    #[param(value_type = Option<i64>)]
    after: Option<String>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// Items on the page: 1 to 1000, default 50.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: Option<String>,
    /// Only of this client.
    client: Option<String>,
    /// Only `change`, `view`, `refused` or `recado`.
    kind: Option<String>,
    /// Only from this time on (RFC 3339).
    since: Option<String>,
    /// Only about this debtor, by your id, or about whoever has one of the numbers that are known to be this debtor's.
    debtor: Option<String>,
    /// Only about whoever has this number, or about a debtor who is known to have it.
    number: Option<String>,
    /// Only about what has this id.
    id: Option<String>,
}

/// Who changed what, and who looked at numbers, names and texts: newest first, or oldest first with `after`.
#[utoipa::path(
    get,
    path = "/v1/audit",
    operation_id = "listAudit",
    tag = "personal data",
    params(AuditParameters),
    responses(
        (status = OK, description = "A page", body = List<AuditAnswer>),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn list(
    State(site): State<Site>,
    caller: Caller,
    Parameters(asked): Parameters<AuditParameters>,
) -> Result<Json<List<AuditAnswer>>, Problem> {
    caller.needs(Scope::Admin)?;
    let AuditParameters { after, cursor, limit, client, kind, since, debtor, number, id } = asked;
    let (page, limit) = PageParameters { after, cursor, limit }.page()?;
    let deed = kind.as_deref().map(|kind| {
        let known = Deed::from_name(kind);
        known.ok_or_else(|| Problem::bad("kind", "no such kind; there are change, view, refused, recado"))
    });
    let settings = site.settings();
    let ids = match (debtor, number, id) {
        (Some(debtor), None, None) => of_debtor(&site, debtor).await?,
        (None, Some(number), None) => at_number(&site, recipient("number", &number, &settings)?).await?,
        (None, None, id) => id.into_iter().collect(),
        _ => return Err(Problem::bad("id", "give one of debtor, number and id")),
    };
    let filter = AuditFilter { client, deed: deed.transpose()?, ids, since: time("since", since.as_deref())? };
    let found = site.read(move |reader| reader.audit(page, limit, &filter)).await?;
    let items = found.into_iter().map(AuditAnswer::from).collect();
    Ok(Json(List::page(items, limit, page, |entry: &AuditAnswer| entry.seq)))
}

/// What stands for a debtor: by the id, and by each of the numbers, by which somebody may have asked.
async fn of_debtor(site: &Site, debtor: String) -> Result<Vec<String>, Problem> {
    let secret = site.settings().secret.clone();
    let found = site
        .read(move |reader| {
            let by_number = reader.own_numbers(&debtor)?.into_iter().map(|number| digest_of_number(&secret, number));
            Ok([digest_of_debtor(&secret, &debtor)].into_iter().chain(by_number).collect())
        })
        .await?;
    Ok(found)
}

/// What stands for whoever has a number, and for the debtors who have it.
async fn at_number(site: &Site, number: PhoneNumber) -> Result<Vec<String>, Problem> {
    let secret = site.settings().secret.clone();
    let found = site
        .read(move |reader| {
            let debtors = reader.debtors_at(number)?.into_iter().map(|debtor| digest_of_debtor(&secret, &debtor));
            Ok([digest_of_number(&secret, number)].into_iter().chain(debtors).collect())
        })
        .await?;
    Ok(found)
}
