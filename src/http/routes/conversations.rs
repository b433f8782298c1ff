//! `/v1/conversations`: texts of people, what is answered, and who looks after it.
//!
//! Reading needs `read`. Answering, assigning, closing and deciding need `send`: it is what operators hold, and a decision
//! that lets messages go is worth no more than sending one. A client of some creditors has the conversations whose last
//! text answers a message of theirs, and of these what concerns them.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use crate::contact::reply::Intent;
use crate::contact::standing::Standing;
use crate::sms::message::Purpose;
use crate::store::conversation::{Care, ConversationFilter, ConversationView, ReplyAnswer};
use crate::store::view::Page;

use super::super::Site;
use super::super::audit::concerns;
use super::super::auth::{Caller, Scope};
use super::super::dto::List;
use super::super::dto::conversation::{
    AssignRequest, CareAnswer, ConversationAnswer, ReplyRequest, StandingAnswer, StandingRequest,
    WholeConversationAnswer,
};
use super::super::dto::submit::{PreviewAnswer, Receipt, SubmitAnswer, SubmitRequest};
use super::super::json::{Body, Key, Parameters};
use super::super::page::{limit, read_cursor, read_turns_cursor};
use super::super::problem::{Document, Kind, Problem};
use super::super::submission::{time, word};
use super::preview::previewed;
use super::submit::{answered, check, takes_in};

/// Turns on one page of a conversation.
const TURNS: usize = 100;

/// The words of standings.
const STANDINGS: &str = "open, promised, agreed, disputed, paid, unconfirmed";

/// Which conversations to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListParameters {
    /// `open` or `closed`; both if nothing is said.
    state: Option<String>,
    /// `true`: those that a person is to read.
    #[param(value_type = Option<bool>)]
    needs_person: Option<String>,
    /// Looked after by this person.
    assigned: Option<String>,
    /// The last text is understood to want this, such as `wants_contact`.
    intent: Option<String>,
    /// With this debtor, by your id.
    debtor: Option<String>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// Items on the page: 1 to 1000, default 50.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: Option<String>,
}

impl ListParameters {
    fn filter(self, caller: &Caller) -> Result<ConversationFilter, Problem> {
        let is_open = match self.state.as_deref() {
            None => None,
            Some("open") => Some(true),
            Some("closed") => Some(false),
            Some(_) => return Err(Problem::bad("state", "give `open` or `closed`")),
        };
        let needs_person = match self.needs_person.as_deref() {
            None => None,
            Some("true") => Some(true),
            Some("false") => Some(false),
            Some(_) => return Err(Problem::bad("needs_person", "give `true` or `false`")),
        };
        known_intent(self.intent.as_deref())?;
        let before = match self.cursor.as_deref().map(read_cursor).transpose()? {
            None => None,
            Some(Page::Before(Some(before))) => Some(before),
            Some(Page::Before(None) | Page::After(_)) => {
                return Err(Problem::bad("cursor", "is not a cursor of this list"));
            }
        };
        Ok(ConversationFilter {
            is_open,
            needs_person,
            assigned: self.assigned,
            intent: self.intent,
            debtor: self.debtor,
            creditors: caller.creditors().clone(),
            before,
            limit: limit(self.limit.as_deref())?,
        })
    }
}

/// Refuses what no text is understood to want.
pub(super) fn known_intent(code: Option<&str>) -> Result<(), Problem> {
    if code.is_some_and(|code| Intent::from_code(code).is_none()) {
        let all = Intent::ALL.map(Intent::code).join(", ");
        return Err(Problem::bad("intent", format!("no such intent; there are {all}")));
    }
    Ok(())
}

/// Conversations, the one with the newest text first.
#[utoipa::path(
    get,
    path = "/v1/conversations",
    operation_id = "listConversations",
    tag = "conversations",
    params(ListParameters),
    responses(
        (status = OK, description = "A page", body = List<ConversationAnswer>),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn list(
    State(site): State<Site>,
    caller: Caller,
    Parameters(asked): Parameters<ListParameters>,
) -> Result<Json<List<ConversationAnswer>>, Problem> {
    caller.needs(Scope::Read)?;
    let filter = asked.filter(&caller)?;
    let (limit, now) = (filter.limit, site.clock.now().utc);
    let views = site.read(move |reader| reader.conversations(&filter, now)).await?;
    for view in &views {
        concerns(&site, view.debtor.as_deref(), Some(view.number));
    }
    let places = views.iter().map(|view| view.last_seq).collect();
    let next = List::page(places, limit, Page::Before(None), |seq| *seq).next;
    let eyes = caller.eyes();
    let items = views.into_iter().map(|view| ConversationAnswer::new(view, eyes)).collect();
    Ok(Json(List { items, next }))
}

/// Which part of a conversation to show.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ShowParameters {
    /// Where the page before ended; the newest if nothing is said.
    cursor: Option<String>,
}

/// A conversation with what both sides said.
#[utoipa::path(
    get,
    path = "/v1/conversations/{id}",
    operation_id = "getConversation",
    tag = "conversations",
    params(("id" = i64, Path, description = "Of the conversation"), ShowParameters),
    responses(
        (status = OK, description = "The conversation", body = WholeConversationAnswer),
        (status = NOT_FOUND, description = "`not-found`", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn show(
    State(site): State<Site>,
    caller: Caller,
    Key(id): Key<i64>,
    Parameters(asked): Parameters<ShowParameters>,
) -> Result<Json<WholeConversationAnswer>, Problem> {
    caller.needs(Scope::Read)?;
    let before = asked.cursor.as_deref().map(read_turns_cursor).transpose()?;
    let view = own(&site, &caller, id).await?;
    let (number, creditors) = (view.number, caller.creditors().clone());
    let page = site.read(move |reader| reader.turns(number, before, TURNS, &creditors)).await?;
    Ok(Json(WholeConversationAnswer::new(view, page, caller.eyes())))
}

/// Answer by the SIM that received last. Once the answer is taken in the conversation needs nobody any more.
///
/// It is a message like any other, of the purpose `reply`: the same checks and the same answers.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/reply",
    operation_id = "replyToConversation",
    tag = "conversations",
    params(("id" = i64, Path, description = "Of the conversation")),
    request_body = ReplyRequest,
    responses(
        (status = ACCEPTED, description = "On disk", body = SubmitAnswer),
        (status = OK, body = SubmitAnswer, description = "A repeat of a `client_ref`"),
        (status = NOT_FOUND, description = "`not-found`", body = Document),
        (
            status = CONFLICT,
            body = Document,
            description = "`conflict`: the SIM that received last is in no modem; `duplicate-ref`: the reference has \
                           another content"
        ),
        (status = UNPROCESSABLE_ENTITY, body = Document, description = "`bad-text`, `too-long` or `exceeds-budget`"),
        (status = "4XX", description = "A problem", body = Document),
        (status = SERVICE_UNAVAILABLE, body = Document, description = "`busy`, `no-space` or `not-ready`")
    )
)]
pub(super) async fn reply(
    State(site): State<Site>,
    caller: Caller,
    Key(id): Key<i64>,
    Body(request): Body<ReplyRequest>,
) -> Result<Response, Problem> {
    caller.needs(Scope::Send)?;
    takes_in(&site)?;
    let began = site.clock.now().instant;
    let view = own(&site, &caller, id).await?;
    let any_sim = request.any_sim.unwrap_or_default();
    let asked = asked(&view, request);
    let (key, to, sim) = (view.key, view.number, view.sim);
    let mut submission = check(asked, &site, &caller)?;
    submission.sim = Some(view.iccid);
    let receipt = Receipt::from(&submission).seen_with(caller.eyes(), to);
    let answer = site.writer.answer(key, submission, any_sim).await?;
    site.metrics.submitted(site.clock.now().instant.saturating_since(began));
    match answer {
        ReplyAnswer::Submitted(answer) => answered(&site, receipt, answer, caller.eyes()).await,
        ReplyAnswer::SimGone => {
            let detail =
                format!("SIM {sim}, to which the person wrote, is in no modem; give any_sim to answer by another one");
            Err(Problem::new(Kind::Conflict, detail).field("any_sim"))
        }
        ReplyAnswer::NotFound => Err(no_conversation()),
    }
}

/// An answer as a message to the person.
fn asked(view: &ConversationView, request: ReplyRequest) -> SubmitRequest {
    SubmitRequest {
        to: Some(view.number.e164()),
        text: request.text,
        purpose: Some(Purpose::Reply.name().to_owned()),
        client_ref: request.client_ref,
        operator: request.operator,
        debtor: view.debtor.clone(),
        debt: view.debt.clone(),
        creditor: view.creditor.clone(),
        ..SubmitRequest::default()
    }
}

/// What an answer would take, without sending it. Whoever may not see the number needs not know it.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/preview",
    operation_id = "previewReply",
    tag = "conversations",
    params(("id" = i64, Path, description = "Of the conversation")),
    request_body = ReplyRequest,
    responses(
        (status = OK, description = "What it would take", body = PreviewAnswer),
        (status = NOT_FOUND, description = "`not-found`", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn preview(
    State(site): State<Site>,
    caller: Caller,
    Key(id): Key<i64>,
    Body(request): Body<ReplyRequest>,
) -> Result<Json<PreviewAnswer>, Problem> {
    caller.needs(Scope::Send)?;
    let view = own(&site, &caller, id).await?;
    let sim = (!request.any_sim.unwrap_or_default()).then(|| view.iccid.clone());
    let asked = SubmitRequest { sim, ..asked(&view, request) };
    previewed(&site, &caller, asked).await.map(Json)
}

/// Say who looks after it.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/assign",
    operation_id = "assignConversation",
    tag = "conversations",
    params(("id" = i64, Path, description = "Of the conversation")),
    request_body = AssignRequest,
    responses(
        (status = OK, description = "Done", body = CareAnswer),
        (status = NOT_FOUND, description = "`not-found`", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn assign(
    State(site): State<Site>,
    caller: Caller,
    Key(id): Key<i64>,
    Body(request): Body<AssignRequest>,
) -> Result<Json<CareAnswer>, Problem> {
    caller.needs(Scope::Send)?;
    care(&site, &caller, id, Care::Assign(word("to", request.to)?)).await
}

/// Say that nothing is to be done any more. The next text opens it again.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/close",
    operation_id = "closeConversation",
    tag = "conversations",
    params(("id" = i64, Path, description = "Of the conversation")),
    responses(
        (status = OK, description = "Done", body = CareAnswer),
        (status = NOT_FOUND, description = "`not-found`", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn close(
    State(site): State<Site>,
    caller: Caller,
    Key(id): Key<i64>,
) -> Result<Json<CareAnswer>, Problem> {
    caller.needs(Scope::Send)?;
    care(&site, &caller, id, Care::Close).await
}

/// Say how things stand with the debtor, or with the number where no debtor is known.
///
/// When this is answered nothing outside `on_wire` is accepted by the network any more of what the standing forbids.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/standing",
    operation_id = "setConversationStanding",
    tag = "conversations",
    params(("id" = i64, Path, description = "Of the conversation")),
    request_body = StandingRequest,
    responses(
        (status = OK, description = "What that has stopped", body = StandingAnswer),
        (status = NOT_FOUND, description = "`not-found`", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn standing(
    State(site): State<Site>,
    caller: Caller,
    Key(id): Key<i64>,
    Body(request): Body<StandingRequest>,
) -> Result<Json<StandingAnswer>, Problem> {
    caller.needs(Scope::Send)?;
    let decided = decided(&request, &site)?;
    let view = own(&site, &caller, id).await?;
    let stopped = site.writer.decide_standing(view.key, view.debtor, decided, caller.client().to_owned()).await?;
    Ok(Json(stopped.ok_or_else(no_conversation)?.into()))
}

fn decided(request: &StandingRequest, site: &Site) -> Result<Standing, Problem> {
    let unknown = || Problem::bad("standing", format!("give one of {STANDINGS}"));
    let name = request.standing.as_deref().ok_or_else(unknown)?;
    let until = time("until", request.until.as_deref())?;
    if name == "promised" {
        let until = until.ok_or_else(|| Problem::bad("until", "say until when nothing is to be asked"))?;
        if until <= site.clock.now().utc {
            return Err(Problem::bad("until", "this time is over"));
        }
    } else if until.is_some() {
        return Err(Problem::bad("until", "goes with `promised` alone"));
    }
    Standing::from_name(name, until).ok_or_else(unknown)
}

async fn care(site: &Site, caller: &Caller, id: Option<i64>, care: Care) -> Result<Json<CareAnswer>, Problem> {
    let view = own(site, caller, id).await?;
    let cared = site.writer.care(view.key, care, caller.client().to_owned()).await?;
    Ok(Json(CareAnswer::new(view.key, cared.ok_or_else(no_conversation)?)))
}

/// A conversation that is the caller's business. Says in the audit whose it is.
async fn own(site: &Site, caller: &Caller, id: Option<i64>) -> Result<ConversationView, Problem> {
    let id = id.ok_or_else(no_conversation)?;
    let (creditors, now) = (caller.creditors().clone(), site.clock.now().utc);
    let found = site.read(move |reader| reader.conversation(id, &creditors, now)).await?;
    let view = found.ok_or_else(no_conversation)?;
    concerns(site, view.debtor.as_deref(), Some(view.number));
    Ok(view)
}

fn no_conversation() -> Problem {
    Problem::new(Kind::NotFound, "there is no conversation with this id")
}
