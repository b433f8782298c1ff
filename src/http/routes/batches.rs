//! `/v1/batches`: campaigns, from draft to end.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::Value;

use crate::dunning::campaign::{Campaign, Content, NAME_CHARACTERS_MAX};
use crate::dunning::template::{Severity, cautions};
use crate::store::campaign::{CampaignRow, CampaignView, ChangeAnswer, CreateAnswer, RewriteAnswer};
use crate::store::definition::read_campaign;

use super::super::Site;
use super::super::auth::{Caller, Scope};
use super::super::dto::List;
use super::super::dto::campaign::{
    CampaignAnswer, CampaignWarning, HoldRequest, RowRequest, RowsRequest, StoppedAnswer,
};
use super::super::json::{Body, Key, Parameters};
use super::super::over;
use super::super::page::{limit, read_cursor};
use super::super::problem::{Document, Kind, Problem};
use super::super::submission::{recipient, word};
use super::batch_preview::{sheet_of, sheet_problem};
use super::submit::takes_in;
use crate::store::view::Page;

/// Rows of one request.
pub(super) const ROWS_MAX: usize = 10_000;

/// Which campaigns to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListParameters {
    /// Where the page before ended.
    cursor: Option<String>,
    /// Items on the page: 1 to 1000, default 50.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: Option<String>,
}

/// Campaigns, newest first. A token that is limited to creditors sees theirs.
#[utoipa::path(
    get,
    path = "/v1/batches",
    operation_id = "listBatches",
    tag = "dunning",
    params(ListParameters),
    responses(
        (status = OK, description = "A page", body = List<CampaignAnswer>),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn list(
    State(site): State<Site>,
    caller: Caller,
    Parameters(asked): Parameters<ListParameters>,
) -> Result<Json<List<CampaignAnswer>>, Problem> {
    caller.needs(Scope::Read)?;
    let limit = limit(asked.limit.as_deref())?;
    let page = asked.cursor.as_deref().map_or(Ok(Page::Before(None)), read_cursor)?;
    let before = match page {
        Page::Before(before) => before,
        Page::After(_) => return Err(Problem::bad("cursor", "is not a cursor of this list")),
    };
    let creditors = caller.creditors().clone();
    let found = site.read(move |reader| reader.campaigns(&creditors, before, limit)).await?;
    let items = found.into_iter().map(CampaignAnswer::from).collect();
    Ok(Json(List::page(items, limit, page, |campaign: &CampaignAnswer| campaign.key)))
}

/// Write a campaign: a draft, of which nothing is sent before it is started.
#[utoipa::path(
    post,
    path = "/v1/batches",
    operation_id = "createBatch",
    tag = "dunning",
    request_body(content = Object, description = "`{\"name\": \"november\", \"creditor\": \"loja\", \"segment\": \
        {\"days_late\": {\"min\": 5}}, \"template\": \"atraso\"}`. To whom: `segment` (of the creditor's portfolio, with \
        `segment_name` for results, and `each_debt: true` for one text per debt instead of per debtor) or `rows` (up to \
        10 000 here, more by `/rows`; with `rows_announced` it starts with no fewer). What: `template`, or `text` with `purpose`. Beside these `team`, `operator`, \
        `priority` (default 4), `sim` or `group`, `per_day` (parts a day at most: \
        a text counts whole, with the code that follows it, and once, for the day of the creditor's zone on which its first \
        part is handed over; what is tried or sent again, or goes on after midnight, does not count again), `start_at`, \
        `valid_until` (default 7 days after a text is queued)"),
    responses(
        (status = CREATED, description = "A draft", body = CampaignAnswer),
        (status = CONFLICT, description = "`conflict`: the name is taken", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn create(
    State(site): State<Site>,
    caller: Caller,
    Body(written): Body<Value>,
) -> Result<(StatusCode, Json<CampaignAnswer>), Problem> {
    caller.needs(Scope::Send)?;
    takes_in(&site)?;
    let Written { campaign, rows, announced } = read(written, &site, &caller)?;
    let name = campaign.name.clone();
    let (campaign, zone) = sendable(&site, campaign).await?;
    match site.writer.create_campaign(campaign, zone, announced, caller.client().to_owned()).await? {
        CreateAnswer::Created => {}
        CreateAnswer::NameTaken => {
            let detail = "a campaign, or messages of a batch, have this name already";
            return Err(Problem::new(Kind::Conflict, detail).field("name"));
        }
    }
    if !rows.is_empty() {
        changed(site.writer.add_campaign_rows(name.clone(), rows).await?)?;
    }
    Ok((StatusCode::CREATED, Json(answer(&site, name).await?)))
}

/// A campaign, and how far it has come.
#[utoipa::path(
    get,
    path = "/v1/batches/{batch}",
    operation_id = "getBatch",
    tag = "dunning",
    params(("batch" = String, Path, description = "Its name")),
    responses(
        (status = OK, description = "The campaign", body = CampaignAnswer),
        (status = NOT_FOUND, description = "`not-found`: no campaign has this name", body = Document),
    )
)]
pub(super) async fn show(
    State(site): State<Site>,
    caller: Caller,
    Key(name): Key<String>,
) -> Result<impl IntoResponse, Problem> {
    caller.needs(Scope::Read)?;
    let view = own(&site, &caller, name).await?;
    let stuck = view.problem.is_some().then(|| (view.campaign.clone(), view.key, view.version));
    let mut answer = CampaignAnswer::from(view);
    if let Some((campaign, key, version)) = stuck {
        let error = sheet_of(&site, campaign, Some(key), version).await?.err();
        answer.problem_reason =
            error.map(|error| CampaignWarning::new(error.code(), error.operands(), error.to_string()));
    }
    Ok((over::tag(answer.revision), Json(answer)))
}

/// Write a draft anew, but for its list: all that it is to say now, as in `POST /v1/batches` without `rows`. What was test sent
/// is to be test sent again where the words, the purpose or the creditor are others.
#[utoipa::path(
    put,
    path = "/v1/batches/{batch}",
    operation_id = "putBatch",
    tag = "dunning",
    params(
        ("batch" = String, Path, description = "Its name"),
        ("If-Match" = Option<String>, Header, description = "The revision that was read, as `\"3\"`: nothing is stored where there \
            is a newer one"),
    ),
    request_body(content = Object, description = "As in `POST /v1/batches`, without `rows` and `rows_announced`: one for a segment \
        stays one for a segment, and one for a list keeps its list"),
    responses(
        (status = OK, description = "The draft", body = CampaignAnswer),
        (status = CONFLICT, description = "`conflict`: it is no draft", body = Document),
        (status = PRECONDITION_FAILED, description = "`changed`: somebody wrote it meanwhile", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn put(
    State(site): State<Site>,
    caller: Caller,
    Key(name): Key<String>,
    headers: HeaderMap,
    Body(mut written): Body<Value>,
) -> Result<impl IntoResponse, Problem> {
    caller.needs(Scope::Send)?;
    takes_in(&site)?;
    let over = over::read(&headers)?;
    let name = own(&site, &caller, name).await?.campaign.name;
    if let Some(fields) = written.as_object_mut() {
        if let Some(given) = ["rows", "rows_announced"].into_iter().find(|field| fields.contains_key(*field)) {
            return Err(Problem::bad(given, "the list of a draft stays; add to it by /rows, or delete the draft"));
        }
        if fields.get("name").is_some_and(|given| given.as_str() != Some(name.as_str())) {
            return Err(Problem::bad("name", "the name of a campaign stays; leave it out"));
        }
        fields.insert("name".to_owned(), name.clone().into());
    }
    let (campaign, zone) = sendable(&site, read(written, &site, &caller)?.campaign).await?;
    match site.writer.rewrite_campaign(campaign, zone, over, caller.client().to_owned()).await? {
        RewriteAnswer::Done => {}
        RewriteAnswer::NotFound => return Err(no_campaign()),
        RewriteAnswer::Not(state) => changed(ChangeAnswer::Not(state))?,
        RewriteAnswer::Changed(revision) => return Err(over::changed(revision)),
        RewriteAnswer::OtherAudience => {
            let detail = "a draft for a list stays one for a list, and one for a segment one for a segment";
            return Err(Problem::bad("segment", detail));
        }
    }
    let answer = answer(&site, name).await?;
    Ok((over::tag(answer.revision), Json(answer)))
}

/// A campaign of which something could be sent, with its purpose, and the zone in which its days are counted.
async fn sendable(site: &Site, campaign: Campaign) -> Result<(Campaign, TimeZone), Problem> {
    // What could never be sent is refused now.
    let sheet = sheet_of(site, campaign, None, None).await?.map_err(|error| sheet_problem(&error))?;
    let mut campaign = sheet.campaign().clone();
    campaign.purpose = sheet.purpose();
    let id = campaign.creditor.clone();
    let creditor = site.read(move |reader| Ok(reader.creditors()?.into_iter().find(|one| one.id == id))).await?;
    Ok((campaign, creditor.map_or(TimeZone::UTC, |creditor| creditor.zone)))
}

/// Add rows to the list of a draft.
#[utoipa::path(
    post,
    path = "/v1/batches/{batch}/rows",
    operation_id = "addBatchRows",
    tag = "dunning",
    params(("batch" = String, Path, description = "Its name")),
    request_body = RowsRequest,
    responses(
        (status = OK, description = "Added", body = CampaignAnswer),
        (status = CONFLICT, description = "`conflict`: it is no draft, or for a segment", body = Document),
        (status = "4XX", description = "A problem; `index` is the row", body = Document),
    )
)]
pub(super) async fn rows(
    State(site): State<Site>,
    caller: Caller,
    Key(name): Key<String>,
    Body(request): Body<RowsRequest>,
) -> Result<Json<CampaignAnswer>, Problem> {
    caller.needs(Scope::Send)?;
    takes_in(&site)?;
    let name = own(&site, &caller, name).await?.campaign.name;
    let from = request.from.filter(|from| (1..=i64::from(i32::MAX)).contains(from));
    let from = from.ok_or_else(|| Problem::bad("from", "say the place of the first row in the whole list, from 1"))?;
    let rows = request.rows.ok_or_else(|| Problem::bad("rows", "give the rows"))?;
    let rows = checked_rows(rows, from, &site, &caller)?;
    changed(site.writer.add_campaign_rows(name.clone(), rows).await?)?;
    Ok(Json(answer(&site, name).await?))
}

/// Delete a draft with its list; its name is free again. What was started is cancelled instead.
#[utoipa::path(
    delete,
    path = "/v1/batches/{batch}",
    operation_id = "deleteBatch",
    tag = "dunning",
    params(("batch" = String, Path, description = "Its name")),
    responses(
        (status = NO_CONTENT, description = "Deleted"),
        (status = CONFLICT, description = "`conflict`: it is no draft", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn remove(
    State(site): State<Site>,
    caller: Caller,
    Key(name): Key<String>,
) -> Result<StatusCode, Problem> {
    caller.needs(Scope::Send)?;
    let name = own(&site, &caller, name).await?.campaign.name;
    changed(site.writer.remove_campaign(name).await?)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Start a draft: at once, or at its `start_at`.
#[utoipa::path(
    post,
    path = "/v1/batches/{batch}/start",
    operation_id = "startBatch",
    tag = "dunning",
    params(("batch" = String, Path, description = "Its name")),
    responses(
        (status = OK, description = "Scheduled or running", body = CampaignAnswer),
        (
            status = CONFLICT,
            description = "`conflict`: it is no draft, what it says now was not test sent, or its list is empty or shorter than announced",
            body = Document
        ),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn start(
    State(site): State<Site>,
    caller: Caller,
    Key(name): Key<String>,
) -> Result<Json<CampaignAnswer>, Problem> {
    caller.needs(Scope::Send)?;
    let view = own(&site, &caller, name).await?;
    let name = view.campaign.name.clone();
    let sheet = sheet_of(&site, view.campaign, Some(view.key), None).await?.map_err(|error| sheet_problem(&error))?;
    changed(site.writer.start_campaign(name.clone(), sheet.version(), site.settings().campaigns_need_test).await?)?;
    Ok(Json(answer(&site, name).await?))
}

/// Hold a campaign until it is resumed, also over restarts.
#[utoipa::path(
    post,
    path = "/v1/batches/{batch}/pause",
    operation_id = "pauseBatch",
    tag = "dunning",
    params(("batch" = String, Path, description = "Its name")),
    request_body = HoldRequest,
    responses(
        (status = OK, description = "Paused", body = CampaignAnswer),
        (status = CONFLICT, description = "`conflict`: it is neither scheduled nor running", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn pause(
    State(site): State<Site>,
    caller: Caller,
    Key(name): Key<String>,
    Body(request): Body<HoldRequest>,
) -> Result<Json<CampaignAnswer>, Problem> {
    caller.needs(Scope::Send)?;
    let name = own(&site, &caller, name).await?.campaign.name;
    let reason = word("reason", request.reason.filter(|reason| !reason.is_empty()))?.unwrap_or_default();
    changed(site.writer.pause_campaign(name.clone(), reason, caller.client().to_owned()).await?)?;
    Ok(Json(answer(&site, name).await?))
}

/// Let a campaign go on.
#[utoipa::path(
    post,
    path = "/v1/batches/{batch}/resume",
    operation_id = "resumeBatch",
    tag = "dunning",
    params(("batch" = String, Path, description = "Its name")),
    responses(
        (status = OK, description = "Going on", body = CampaignAnswer),
        (status = CONFLICT, description = "`conflict`: it is not paused", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn resume(
    State(site): State<Site>,
    caller: Caller,
    Key(name): Key<String>,
) -> Result<Json<CampaignAnswer>, Problem> {
    caller.needs(Scope::Send)?;
    let name = own(&site, &caller, name).await?.campaign.name;
    changed(site.writer.resume_campaign(name.clone()).await?)?;
    Ok(Json(answer(&site, name).await?))
}

/// End a campaign. When this is answered nothing outside `on_wire` is accepted by the network any more. `stopped` counts every
/// message of which something waited, whatever the length of the list; the states of a long one follow within seconds.
#[utoipa::path(
    post,
    path = "/v1/batches/{batch}/cancel",
    operation_id = "cancelBatch",
    tag = "dunning",
    params(("batch" = String, Path, description = "Its name")),
    responses(
        (status = OK, description = "Ended", body = StoppedAnswer),
        (status = CONFLICT, description = "`conflict`: it is done", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn cancel(
    State(site): State<Site>,
    caller: Caller,
    Key(name): Key<String>,
) -> Result<Json<StoppedAnswer>, Problem> {
    caller.needs(Scope::Send)?;
    let name = own(&site, &caller, name).await?.campaign.name;
    match site.writer.cancel_campaign(name).await? {
        Ok(stopped) => Ok(Json(stopped.into())),
        Err(answer) => Err(changed(answer).err().unwrap_or_else(no_campaign)),
    }
}

/// A campaign that somebody wrote.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) campaign: Campaign,
    /// The rows that stand in it.
    pub(super) rows: Vec<CampaignRow>,
    /// Rows that its list will have.
    pub(super) announced: u32,
}

/// What was written.
pub(super) fn read(written: Value, site: &Site, caller: &Caller) -> Result<Written, Problem> {
    let Value::Object(mut fields) = written else {
        return Err(Problem::new(Kind::BadRequest, "the body must be a JSON object"));
    };
    let name = match fields.remove("name") {
        Some(Value::String(name)) => word("name", Some(name))?,
        Some(_) => return Err(Problem::bad("name", "expected a text")),
        None => None,
    };
    let name = name.ok_or_else(|| Problem::bad("name", "give the campaign a name"))?;
    let is_reserved = name == "preview" || name.starts_with("ladder ");
    if is_reserved || name.chars().count() > NAME_CHARACTERS_MAX || name.contains('/') {
        let detail =
            format!("is no name for a campaign: up to {NAME_CHARACTERS_MAX} characters without /, not `preview`");
        return Err(Problem::bad("name", detail));
    }
    let rows: Option<Vec<RowRequest>> = match fields.remove("rows") {
        None | Some(Value::Null) => None,
        Some(rows) => Some(serde_json::from_value(rows).map_err(|error| Problem::bad("rows", error.to_string()))?),
    };
    let announced = match fields.remove("rows_announced") {
        None | Some(Value::Null) => 0,
        Some(_) if fields.contains_key("segment") => {
            return Err(Problem::bad("rows_announced", "belongs to a list; leave it out"));
        }
        Some(count) => {
            let count = count.as_u64().and_then(|count| u32::try_from(count).ok());
            count.ok_or_else(|| Problem::bad("rows_announced", "give the number of rows"))?
        }
    };
    if rows.is_some() && fields.contains_key("segment") {
        return Err(Problem::bad("rows", "give segment or rows, not both"));
    }
    if fields.contains_key("template") && fields.contains_key("purpose") {
        return Err(Problem::bad("purpose", "belongs to the template; leave it out"));
    }
    let campaign = read_campaign(&name, Value::Object(fields)).map_err(|error| {
        let told = error.to_string();
        let field = told.split_once(": ").map(|(field, _)| field).filter(|field| !field.contains(' '));
        match field.map(ToOwned::to_owned) {
            Some(field) => Problem::bad(field, told),
            None => Problem::new(Kind::BadRequest, told),
        }
    })?;
    if !caller.covers(Some(&campaign.creditor)) {
        let detail = format!("this token is limited to these creditors: {}", caller.creditors().join(", "));
        return Err(Problem::new(Kind::Forbidden, detail).field("creditor"));
    }
    for (field, value) in [
        ("creditor", Some(&campaign.creditor)),
        ("team", campaign.team.as_ref()),
        ("operator", campaign.operator.as_ref()),
        ("sim", campaign.sim.as_ref()),
        ("group", campaign.group.as_ref()),
    ] {
        word(field, value.cloned())?;
    }
    if let Content::Text(text) = &campaign.content
        && text.trim().is_empty()
    {
        return Err(Problem::new(Kind::BadText, "text is empty").field("text"));
    }
    if let Content::Text(text) = &campaign.content {
        // What no template is approved with goes to nobody in another way.
        let purpose = campaign.purpose;
        let found = cautions(text, purpose, &site.settings().wording)
            .into_iter()
            .find(|(severity, ..)| *severity == Severity::Error)
            .map(|(_, code, caution)| format!("{} ({code}, rule {})", caution.reason, caution.id));
        if let Some(detail) = found {
            return Err(Problem::new(Kind::BadText, detail).field("text"));
        }
    }
    if campaign.valid_until.is_some_and(|until| until <= site.clock.now().utc) {
        return Err(Problem::bad("valid_until", "this time is over"));
    }
    let rows = checked_rows(rows.unwrap_or_default(), 1, site, caller)?;
    // Those that stand in it are written after it, piece by piece.
    let announced = announced.max(u32::try_from(rows.len()).unwrap_or(u32::MAX));
    Ok(Written { campaign, rows, announced })
}

/// Rows whose fields are right.
fn checked_rows(rows: Vec<RowRequest>, from: i64, site: &Site, caller: &Caller) -> Result<Vec<CampaignRow>, Problem> {
    if rows.len() > ROWS_MAX {
        let detail = format!("a request may have {ROWS_MAX} rows, this one has {}; divide it", rows.len());
        return Err(Problem::new(Kind::TooLarge, detail).field("rows"));
    }
    let check = |(place, row): (i64, RowRequest)| {
        let to = row.to.as_deref().map(|to| recipient("to", to, &site.settings())).transpose()?;
        let (debtor, debt) = (word("debtor", row.debtor)?, word("debt", row.debt)?);
        if to.is_none() && debtor.is_none() && debt.is_none() {
            return Err(Problem::new(Kind::BadNumber, "give the number, the debtor or the debt").field("to"));
        }
        if to.is_some() && (debtor.is_some() || debt.is_some()) && !caller.has(Scope::Pii) {
            let detail = "a number beside a debtor may be another's; that needs a token with the scope `pii`";
            return Err(Problem::new(Kind::Forbidden, detail).field("to"));
        }
        Ok(CampaignRow { place, to, debtor, debt, given: row.vars.unwrap_or_default().into_iter().collect() })
    };
    let rows = (from..).zip(rows).enumerate();
    rows.map(|(index, row)| check(row).map_err(|problem: Problem| problem.at_index(index))).collect()
}

/// A campaign that is the caller's business.
pub(super) async fn own(site: &Site, caller: &Caller, name: Option<String>) -> Result<CampaignView, Problem> {
    let name = name.unwrap_or_default();
    let found = site.read(move |reader| reader.campaign(&name)).await?;
    found.filter(|view| caller.covers(Some(&view.campaign.creditor))).ok_or_else(no_campaign)
}

async fn answer(site: &Site, name: String) -> Result<CampaignAnswer, Problem> {
    let found = site.read(move |reader| reader.campaign(&name)).await?;
    found.map(CampaignAnswer::from).ok_or_else(no_campaign)
}

fn no_campaign() -> Problem {
    Problem::new(Kind::NotFound, "no campaign has this name")
}

fn changed(answer: ChangeAnswer) -> Result<(), Problem> {
    let conflict = |detail: String| Err(Problem::new(Kind::Conflict, detail));
    match answer {
        ChangeAnswer::Done => Ok(()),
        ChangeAnswer::NotFound => Err(no_campaign()),
        ChangeAnswer::Empty => conflict("its list has no rows".to_owned()),
        ChangeAnswer::Incomplete { rows, announced } => {
            conflict(format!("its list has {rows} of {announced} rows; add the others, or delete it"))
        }
        ChangeAnswer::NotTested => {
            conflict("what it says now was not test sent; send it to a number of your own by /test first".to_owned())
        }
        ChangeAnswer::Not(state) => {
            let problem = Problem::new(Kind::Conflict, format!("the campaign is `{}`", state.name()));
            Err(problem.in_state(state.name()))
        }
    }
}
