//! `/v1/templates`: the texts that are sent, in versions, and who approved them.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde_json::Value;

use crate::actor::ladder::review::Review;
use crate::dunning::template::{Severity, Template};
use crate::store::StoreError;
use crate::store::definition::read_template;
use crate::store::reader::Reader;
use crate::store::template::{Approval, TemplateView};

use super::super::Site;
use super::super::auth::{Caller, Scope};
use super::super::dto::List;
use super::super::dto::template::{ApproveRequest, TemplateAnswer, TemplateFinding};
use super::super::json::{Body, Key};
use super::super::over;
use super::super::problem::{Document, Kind, Problem};
use super::super::submission::word;

/// The newest version of each template, approved or not.
#[utoipa::path(
    get,
    path = "/v1/templates",
    operation_id = "listTemplates",
    tag = "dunning",
    responses((status = OK, description = "All of them", body = List<TemplateAnswer>))
)]
pub(super) async fn list(State(site): State<Site>, caller: Caller) -> Result<Json<List<TemplateAnswer>>, Problem> {
    caller.needs(Scope::Read)?;
    let (measure, now, four_eyes) = (site.measure(), site.clock.now().utc, site.settings().four_eyes);
    let items = site
        .read(move |reader| {
            let review = Review::read(&measure, reader, now)?;
            Ok(reader.templates()?.into_iter().map(|view| looked_at(&review, view, four_eyes)).collect())
        })
        .await?;
    Ok(Json(List { items, next: None }))
}

/// All versions of a template, the newest first. The first that is approved is the one that is sent.
#[utoipa::path(
    get,
    path = "/v1/templates/{template}",
    operation_id = "getTemplate",
    tag = "dunning",
    params(("template" = String, Path, description = "Its name")),
    responses(
        (status = OK, description = "Its versions", body = List<TemplateAnswer>),
        (status = NOT_FOUND, description = "`not-found`: no template has this name", body = Document),
    )
)]
pub(super) async fn show(
    State(site): State<Site>,
    caller: Caller,
    Key(name): Key<String>,
) -> Result<Json<List<TemplateAnswer>>, Problem> {
    caller.needs(Scope::Read)?;
    let (name, measure, now) = (name.unwrap_or_default(), site.measure(), site.clock.now().utc);
    let four_eyes = site.settings().four_eyes;
    let items: Vec<TemplateAnswer> = site
        .read(move |reader| {
            let review = Review::read(&measure, reader, now)?;
            Ok(reader.template_versions(&name)?.into_iter().map(|view| looked_at(&review, view, four_eyes)).collect())
        })
        .await?;
    if items.is_empty() {
        return Err(no_template());
    }
    Ok(Json(List { items, next: None }))
}

/// Write a template: the next version of its name. It is sent once somebody approved it.
#[utoipa::path(
    put,
    path = "/v1/templates/{template}",
    operation_id = "putTemplate",
    tag = "dunning",
    params(
        ("template" = String, Path, description = "Its name: small letters, digits, - and _"),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as `\"3\"`: nothing is stored where there \
            is a newer one"),
        ("If-None-Match" = Option<String>, Header, description = "`*`: nothing is stored where there is one of this name"),
    ),
    request_body(content = Object, description = "`{\"purpose\": \"reminder\", \"companion\": \"pix\", \"texts\": \
        [{\"name\": \"a\", \"segment\": {}, \"language\": \"pt-BR\", \"share\": 50, \"body\": \"{{ sender }}: …\"}]}`; \
        a text needs `name` and `body`"),
    responses(
        (status = OK, description = "Stored, or the same as before", body = TemplateAnswer),
        (status = PRECONDITION_FAILED, description = "`changed`: somebody wrote another version meanwhile", body = Document),
        (status = "4XX", description = "A problem; `findings` holds all that is wrong", body = Document),
    )
)]
pub(super) async fn put(
    State(site): State<Site>,
    caller: Caller,
    Key(name): Key<String>,
    headers: HeaderMap,
    Body(written): Body<Value>,
) -> Result<Json<TemplateAnswer>, Problem> {
    caller.needs(Scope::Manage)?;
    let read = over::read(&headers)?;
    let name = word("template", name)?.ok_or_else(|| Problem::bad("template", "give the template's name"))?;
    let template = read_template(&name, 0, written).map_err(|error| Problem::bad("texts", error.to_string()))?;
    if let Err(faults) = template.clone().compile() {
        let findings = faults.into_iter().map(TemplateFinding::from).collect();
        return Err(Problem::bad("texts", "they cannot be filled; `findings` says what is wrong, and where")
            .with_findings(findings));
    }
    let client = caller.client().to_owned();
    let version = match read {
        None => site.writer.save_template(template, client).await?,
        Some(read) => site.writer.save_template_over(template, read, client).await?.map_err(over::changed)?,
    };
    answer(&site, name, version).await
}

/// Approve a version: from now on it is what is sent, unless a newer one is approved.
#[utoipa::path(
    post,
    path = "/v1/templates/{template}/approve",
    operation_id = "approveTemplate",
    tag = "dunning",
    params(("template" = String, Path, description = "Its name")),
    request_body = ApproveRequest,
    responses(
        (status = OK, description = "Approved, now or before", body = TemplateAnswer),
        (status = NOT_FOUND, description = "`not-found`: there is no such version", body = Document),
        (status = CONFLICT, description = "`conflict`: `findings` holds errors, or its author asks where another one must", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn approve(
    State(site): State<Site>,
    caller: Caller,
    Key(name): Key<String>,
    Body(request): Body<ApproveRequest>,
) -> Result<Json<TemplateAnswer>, Problem> {
    caller.needs(Scope::Manage)?;
    let name = name.unwrap_or_default();
    let version = request.version.ok_or_else(|| Problem::bad("version", "give the version that was read"))?;
    let (measure, now) = (site.measure(), site.clock.now().utc);
    let named = name.clone();
    let found = site
        .read(move |reader| {
            let Some(view) = version_of(reader, &named, Some(version))? else { return Ok(None) };
            let review = Review::read(&measure, reader, now)?;
            let mut found = findings(&review, view.template.clone());
            found.extend(review.over_limit(&view.template)?.into_iter().map(TemplateFinding::from));
            Ok(Some((view.approved.is_some(), found)))
        })
        .await?;
    let (is_approved, findings) = found.ok_or_else(no_template)?;
    let is_wrong = findings.iter().any(|finding| finding.severity == Severity::Error.name());
    if is_wrong && !is_approved {
        let detail = "it has errors, which `findings` holds; mend them in a new version";
        return Err(Problem::new(Kind::Conflict, detail).with_findings(findings));
    }
    match site
        .writer
        .approve_template(name.clone(), version, caller.client().to_owned(), site.settings().four_eyes)
        .await?
    {
        Approval::Approved | Approval::Already => answer(&site, name, version).await,
        Approval::NotThere => Err(no_template()),
        Approval::OfItsAuthor => {
            let detail = "this client wrote it, and another one must approve it ([templates] four_eyes)";
            Err(Problem::new(Kind::Conflict, detail))
        }
    }
}

pub(super) fn no_template() -> Problem {
    Problem::new(Kind::NotFound, "no template has this name, or not this version")
}

/// A version of a template; the newest where none is named.
pub(super) fn version_of(
    reader: &Reader,
    name: &str,
    version: Option<u32>,
) -> Result<Option<TemplateView>, StoreError> {
    let versions = reader.template_versions(name)?;
    Ok(versions.into_iter().find(|view| version.is_none_or(|version| view.template.version == version)))
}

async fn answer(site: &Site, name: String, version: u32) -> Result<Json<TemplateAnswer>, Problem> {
    let (measure, now, four_eyes) = (site.measure(), site.clock.now().utc, site.settings().four_eyes);
    let found = site
        .read(move |reader| {
            let Some(view) = version_of(reader, &name, Some(version))? else { return Ok(None) };
            Ok(Some(looked_at(&Review::read(&measure, reader, now)?, view, four_eyes)))
        })
        .await?;
    found.map(Json).ok_or_else(no_template)
}

/// The template with what a person should look at.
fn looked_at(review: &Review<'_>, view: TemplateView, four_eyes: bool) -> TemplateAnswer {
    let findings = findings(review, view.template.clone());
    let used = review.used(&view.template.name);
    TemplateAnswer::new(view, findings, used, four_eyes)
}

pub(super) fn findings(review: &Review<'_>, template: Template) -> Vec<TemplateFinding> {
    match review.template(template) {
        Ok(findings) => findings.into_iter().map(TemplateFinding::from).collect(),
        Err(faults) => faults.into_iter().map(TemplateFinding::from).collect(),
    }
}
