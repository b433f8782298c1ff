//! `/v1/debts/{debt}/events`: what happens to debts, told by whoever keeps them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jiff::civil::Date;

use crate::actor::trigger::{Desk, TellError, Wish};
use crate::dunning::event::Happening;
use crate::store::portfolio::happening::{HappeningAnswer as Answer, Told};

use super::super::Site;
use super::super::audit::concerns;
use super::super::auth::{Caller, Scope};
use super::super::dto::happening::{HappeningAnswer, HappeningRequest, TemplateWish};
use super::super::json::{Body, Key};
use super::super::portfolio::{amount, day};
use super::super::problem::{Document, Kind, Problem};
use super::super::submission::word;

/// How no template is written.
const NO_TEMPLATE: &str = "none";

/// Tell what happened to a debt. When a payment is answered nothing outside `on_wire` is accepted by the network any more.
/// The debtor may be sent a text about it, which is queued in the same transaction.
#[utoipa::path(
    post,
    path = "/v1/debts/{debt}/events",
    operation_id = "tellDebtEvent",
    tag = "dunning",
    params(("debt" = String, Path, description = "The debt, by your id")),
    request_body = HappeningRequest,
    responses(
        (status = OK, description = "Noted", body = HappeningAnswer),
        (status = NOT_FOUND, description = "`not-found`: no debt has this id", body = Document),
        (status = CONFLICT, description = "`duplicate-ref`: another event has this ref", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn tell(
    State(site): State<Site>,
    caller: Caller,
    Key(debt): Key<String>,
    Body(request): Body<HappeningRequest>,
) -> Result<Json<HappeningAnswer>, Problem> {
    caller.needs(Scope::Send)?;
    let happening = happening(&request)?;
    let no_debt = || Problem::new(Kind::NotFound, "no debt has this id; import it or put it to /v1/debts first");
    let debt = debt.ok_or_else(no_debt)?;
    let id = debt.clone();
    let found = site.read(move |reader| reader.debt(&id)).await?;
    // Who may not see it is not told that it is there.
    let found = found.filter(|debt| caller.covers(Some(&debt.creditor))).ok_or_else(no_debt)?;
    concerns(&site, Some(&found.debtor), None);
    let reference = word("ref", request.reference)?;
    let wish = match request.template {
        TemplateWish::Unsaid => Wish::AsTheCreditorHas,
        TemplateWish::Said(template) => match word("template", template)? {
            Some(name) if name != NO_TEMPLATE => Wish::Template(name),
            Some(_) | None => Wish::Nothing,
        },
    };
    let told = Told { debt, happening, reference, client: caller.client().to_owned() };
    let (reader, writer, text) = (Arc::clone(&site.reader), site.writer.clone(), site.settings().text.clone());
    let desk = Desk { reader, writer, text, calendar: site.ladders.calendar() };
    let answer = desk.tell(told, wish, || site.clock.now().utc).await;
    match answer.map_err(problem)? {
        Answer::Noted { status, amount, stopped, echo } => {
            Ok(Json(HappeningAnswer::noted(status, amount, stopped, echo)))
        }
        Answer::Repeated { status, amount, stopped, echo } => {
            Ok(Json(HappeningAnswer::repeated(status, amount, stopped, echo)))
        }
        Answer::DuplicateRef => {
            Err(Problem::new(Kind::DuplicateRef, "another event was told under this ref").field("ref"))
        }
        Answer::NoDebt => Err(no_debt()),
    }
}

fn problem(error: TellError) -> Problem {
    match error {
        TellError::Read(error) => Problem::from(error),
        TellError::Write(error) => Problem::from(error),
        TellError::Ended | TellError::Random(_) => Problem::internal(&error),
    }
}

fn happening(request: &HappeningRequest) -> Result<Happening, Problem> {
    let kinds = || Happening::NAMES.join(", ");
    let kind =
        request.kind.as_deref().ok_or_else(|| Problem::bad("type", format!("say which; there are {}", kinds())))?;
    let needed = |field, given: Option<Date>| {
        given.ok_or_else(|| Problem::bad(field, format!("{kind} needs a day, such as \"2026-11-30\"")))
    };
    let amount = amount("amount", request.amount.as_deref())?;
    let until = day("until", request.until.as_deref())?;
    let due = day("due", request.due.as_deref())?;
    let happening = match kind {
        "overdue" => Happening::Overdue,
        "payment_received" => Happening::PaymentReceived { amount },
        "promise" => Happening::Promise { until: needed("until", until)? },
        "agreement" => Happening::Agreement,
        "extension_granted" => Happening::ExtensionGranted { due: needed("due", due)? },
        "dispute" => Happening::Dispute,
        "service_cut" => Happening::ServiceCut,
        "reopened" => Happening::Reopened,
        "cancelled" => Happening::Cancelled,
        _ => return Err(Problem::bad("type", format!("no such type; there are {}", kinds()))),
    };
    // What would be passed over is a misunderstanding.
    let surplus = [
        ("amount", amount.is_some() && happening.amount().is_none()),
        ("until", until.is_some() && !matches!(happening, Happening::Promise { .. })),
        ("due", due.is_some() && !matches!(happening, Happening::ExtensionGranted { .. })),
    ];
    match surplus.into_iter().find(|(_, is_surplus)| *is_surplus) {
        Some((field, _)) => Err(Problem::bad(field, format!("says nothing about {kind}; leave it out"))),
        None => Ok(happening),
    }
}
