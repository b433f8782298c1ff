//! `POST /v1/templates/{template}/preview` and `POST /v1/preview/template`: templates filled, without sending anything.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jiff::civil::Date;

use crate::actor::ladder::review::Review;
use crate::clock::Timestamp;
use crate::dunning::case::{Case, Happened};
use crate::dunning::creditor::Creditor;
use crate::dunning::money::{Amount, PartPrice};
use crate::dunning::template::{Compiled, Survey, Yardstick, examples};
use crate::sms::text::TextOptions;
use crate::store::StoreError;
use crate::store::definition::read_template;
use crate::store::reader::Reader;

use super::super::Site;
use super::super::auth::{Caller, Scope};
use super::super::dto::Reason;
use super::super::dto::message::Eyes;
use super::super::dto::template::{
    DraftAnswer, DraftExample, DraftRequest, PreviewRow, PreviewTaken, SurveyAnswer, TemplatePreviewAnswer,
    TemplatePreviewRequest,
};
use super::super::json::{Body, Key};
use super::super::problem::{Document, Kind, Problem};
use super::templates::{findings, no_template, version_of};

/// Debtors of one request.
const DEBTORS_MAX: usize = 1_000;

/// What a version of a template, approved or not, comes to for debtors: those that are named, else those with the longest
/// values in the portfolio. The text is about all debts to a creditor that are still asked for, or about all where none is.
#[utoipa::path(
    post,
    path = "/v1/templates/{template}/preview",
    operation_id = "previewTemplate",
    tag = "dunning",
    params(("template" = String, Path, description = "Its name")),
    request_body = TemplatePreviewRequest,
    responses(
        (status = OK, description = "What each would get; without `pii` no texts", body = TemplatePreviewAnswer),
        (status = NOT_FOUND, description = "`not-found`: there is no such version", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn preview(
    State(site): State<Site>,
    caller: Caller,
    Key(name): Key<String>,
    Body(request): Body<TemplatePreviewRequest>,
) -> Result<Json<TemplatePreviewAnswer>, Problem> {
    caller.needs(Scope::Read)?;
    if request.debtors.len() > DEBTORS_MAX {
        let most =
            format!("give {DEBTORS_MAX} debtors at most, by your ids, or none for those with the longest values");
        return Err(Problem::bad("debtors", most));
    }
    let TemplatePreviewRequest { debtors, version, creditor } = request;
    let (name, now) = (name.unwrap_or_default(), site.clock.now().utc);
    let (options, price) = (site.settings().text.clone(), site.settings().price);
    let found = site
        .read(move |reader| {
            let Some(view) = version_of(reader, &name, version)? else { return Ok(Err(no_template())) };
            let is_asked = |one: &Creditor| {
                caller.covers(Some(&one.id)) && creditor.as_ref().is_none_or(|creditor| *creditor == one.id)
            };
            let mut rows = reader.creditor_rows()?;
            rows.retain(|(_, one)| is_asked(one));
            let (rows, creditors): (Vec<i64>, Vec<Arc<Creditor>>) = rows.into_iter().unzip();
            if creditors.is_empty() && creditor.is_some() {
                return Ok(Err(Problem::bad("creditor", "no creditor has this id")));
            }
            let Ok(template) = view.template.compile() else {
                return Ok(Err(Problem::new(Kind::Conflict, "this version has faults; see its findings")));
            };
            let debtors = if debtors.is_empty() { with_the_longest(reader, &rows)? } else { debtors };
            let sheet = Sheet { reader, creditors, template, now, eyes: caller.eyes(), options, price };
            sheet.fill(&debtors).map(Ok)
        })
        .await?;
    found.map(Json)
}

/// What a template comes to while it is written, filled for made-up debtors, with all that is wrong with it. Nothing is
/// stored.
#[utoipa::path(
    post,
    path = "/v1/preview/template",
    operation_id = "previewDraftTemplate",
    tag = "dunning",
    request_body = DraftRequest,
    responses(
        (status = OK, description = "What its texts come to", body = DraftAnswer),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn preview_draft(
    State(site): State<Site>,
    caller: Caller,
    Body(request): Body<DraftRequest>,
) -> Result<Json<DraftAnswer>, Problem> {
    caller.needs(Scope::Read)?;
    let DraftRequest { definition, creditor, debtor } = request;
    let definition = definition.ok_or_else(|| Problem::bad("definition", "give the template as it is put"))?;
    let template =
        read_template("draft", 0, definition).map_err(|error| Problem::bad("definition", error.to_string()))?;
    let (measure, now, price) = (site.measure(), site.clock.now().utc, site.settings().price);
    let (zone, options) = (site.settings().zone.clone(), site.settings().text.clone());
    let found = site
        .read(move |reader| {
            let review = Review::read(&measure, reader, now)?;
            let findings = findings(&review, template.clone());
            let creditors = reader.creditors()?.into_iter();
            let is_asked = |one: &Creditor| {
                caller.covers(Some(&one.id)) && creditor.as_ref().is_none_or(|creditor| *creditor == one.id)
            };
            let creditors: Vec<Arc<Creditor>> = creditors.filter(is_asked).map(Arc::new).collect();
            if creditors.is_empty() && creditor.is_some() {
                return Ok(Err(Problem::bad("creditor", "no creditor has this id")));
            }
            let mut answer = DraftAnswer { findings, examples: Vec::new(), rows: Vec::new() };
            let Ok(compiled) = template.compile() else { return Ok(Ok(answer)) };
            let today = now.to_jiff().map_or(Date::MAX, |now| now.to_zoned(zone).date());
            let limit = compiled.template().units_max();
            let yardstick = Yardstick { options: options.clone(), price, limit };
            let eyes = caller.eyes();
            for text in &compiled.template().texts {
                for (example, case) in examples(text.language, creditors.first().map(Arc::as_ref), today) {
                    let told = example_of(&compiled, &text.name, &case, &yardstick);
                    answer.examples.push(DraftExample { example, ..told });
                }
            }
            if let Some(debtor) = debtor {
                let sheet = Sheet { reader, creditors, template: compiled, now, eyes, options, price };
                answer.rows = sheet.fill(&[debtor])?.rows;
            }
            Ok(Ok(answer))
        })
        .await?;
    found.map(Json)
}

/// One text for one made-up debtor: nobody's, so that everybody may read it.
fn example_of(compiled: &Compiled, arm: &str, case: &Case, yardstick: &Yardstick) -> DraftExample {
    let mut survey = Survey::new(yardstick.clone());
    let rendered = compiled.render_text(arm, case);
    let measured = survey.add(&case.debtor.id, rendered.as_ref().map_err(Clone::clone));
    let cost = measured.as_ref().ok().and_then(|measured| measured.cost(yardstick.price)).map(|cost| cost.to_string());
    let refusal = measured.as_ref().err().map(Reason::from);
    let taken = rendered.ok().zip(measured.ok());
    let taken = taken.map(|(rendered, measured)| PreviewTaken::new(rendered, &measured, Eyes::Open));
    DraftExample { arm: arm.to_owned(), example: "", taken, cost, refusal }
}

/// What debtors are looked up and filled with.
struct Sheet<'a> {
    reader: &'a Reader,
    creditors: Vec<Arc<Creditor>>,
    template: Compiled,
    now: Timestamp,
    eyes: Eyes,
    options: TextOptions,
    price: PartPrice,
}

impl Sheet<'_> {
    fn fill(&self, debtors: &[String]) -> Result<TemplatePreviewAnswer, StoreError> {
        let limit = self.template.template().units_max();
        let mut survey = Survey::new(Yardstick { options: self.options.clone(), limit, price: self.price });
        let mut rows = Vec::with_capacity(debtors.len());
        for debtor in debtors {
            let cases = self.cases(debtor)?;
            if cases.is_empty() {
                rows.push(nothing_owed(debtor));
            }
            rows.extend(cases.iter().map(|case| self.row(case, &mut survey)));
        }
        let template = self.template.template();
        let (name, version) = (template.name.clone(), template.version);
        Ok(TemplatePreviewAnswer { name, version, rows, survey: SurveyAnswer::new(&survey, self.eyes) })
    }

    fn cases(&self, debtor: &str) -> Result<Vec<Case>, StoreError> {
        let mut cases = Vec::new();
        for creditor in &self.creditors {
            let today = self.now.to_jiff().map_or(Date::MAX, |now| now.to_zoned(creditor.zone.clone()).date());
            let Some(loaded) = self.reader.case_of(debtor, creditor, today, self.now)? else { continue };
            let mut case = loaded.case;
            if case.debts.iter().any(|debt| debt.status.is_asked_for()) {
                case.debts.retain(|debt| debt.status.is_asked_for());
            }
            // A text about a payment is shown as if all had been paid.
            let paid = case.debts.iter().map(|debt| debt.amount).sum();
            case.happened = Some(Happened { paid: Some(paid), remaining: Amount::default() });
            cases.push(case);
        }
        Ok(cases)
    }

    fn row(&self, case: &Case, survey: &mut Survey) -> PreviewRow {
        let rendered = self.template.render(case);
        let measured = survey.add(&case.debtor.id, rendered.as_ref().map_err(Clone::clone));
        let refusal = measured.as_ref().err().map(Reason::from);
        let cost = measured.as_ref().ok().and_then(|measured| measured.cost(self.price)).map(|cost| cost.to_string());
        let taken = rendered.ok().zip(measured.ok());
        PreviewRow {
            debtor: case.debtor.id.clone(),
            creditor: Some(case.creditor.id.clone()),
            cost,
            taken: taken.map(|(rendered, measured)| PreviewTaken::new(rendered, &measured, self.eyes)),
            refusal,
        }
    }
}

/// Debtors of creditors who have the longest of what texts are filled with.
fn with_the_longest(reader: &Reader, creditors: &[i64]) -> Result<Vec<String>, StoreError> {
    let mut found = BTreeSet::new();
    for row in creditors {
        found.extend(reader.longest_debtors(*row)?);
    }
    Ok(found.into_iter().collect())
}

fn nothing_owed(debtor: &str) -> PreviewRow {
    let detail = "no debtor has this id, or the debtor owes nothing to such a creditor";
    let refusal = Reason { code: "not_found", detail: detail.into() };
    PreviewRow { debtor: debtor.to_owned(), creditor: None, taken: None, cost: None, refusal: Some(refusal) }
}
