//! `/v1/messages`: listed, shown, cancelled and settled.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;

use crate::sms::id::{MessageId, MessageKey};
use crate::sms::lifecycle::MessageState;
use crate::store::control::{CancelAnswer, Decision, ResolveAnswer};
use crate::store::view::{MessageFilter, MessageView, Page};

use super::super::Site;
use super::super::audit::concerns;
use super::super::auth::{Caller, Scope};
use super::super::dto::List;
use super::super::dto::message::{MessageAnswer, StateAnswer};
use super::super::dto::submit::ResolveRequest;
use super::super::explain::{Explained, explain, lane};
use super::super::json::{Body, Key, Parameters};
use super::super::page::{limit, read_cursor};
use super::super::problem::{Document, Kind, Problem};
use super::super::submission::{recipient, time};

/// What the gate says of each message that waits, in one question.
pub(super) async fn explained(
    site: &Site,
    views: Vec<MessageView>,
) -> Result<Vec<(MessageView, Option<Explained>)>, Problem> {
    let questions: Vec<_> = views.iter().filter_map(|view| Some((view.key, view.waiting?))).collect();
    let verdicts = if questions.is_empty() { Vec::new() } else { site.writer.explain(questions).await? };
    let lane = |view: &MessageView| lane(view.sim.as_ref(), view.group.as_ref(), view.labels.batch.as_ref());
    let lanes = views.iter().filter(|view| view.waiting.is_some()).map(lane);
    let mut explained = explain(site, lanes.zip(verdicts).collect()).await?.into_iter();
    let pair = |view: MessageView| {
        let explained = view.waiting.and_then(|_| explained.next());
        (view, explained)
    };
    Ok(views.into_iter().map(pair).collect())
}

/// Which messages to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListParameters {
    /// In this state.
    state: Option<String>,
    /// Of this batch.
    batch: Option<String>,
    /// To this debtor.
    debtor: Option<String>,
    /// To this number.
    to: Option<String>,
    /// Under this reference, of whichever client.
    client_ref: Option<String>,
    /// Submitted at or after this time, RFC 3339.
    since: Option<String>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// Items on the page: 1 to 1000, default 50.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: Option<String>,
}

impl ListParameters {
    fn filter(self, site: &Site, caller: &Caller) -> Result<MessageFilter, Problem> {
        let state = self.state.map(|name| {
            MessageState::from_name(&name).ok_or_else(|| {
                let names = MessageState::ALL.map(MessageState::name).join(", ");
                Problem::bad("state", format!("there is no such state; there are {names}"))
            })
        });
        let before = match self.cursor.as_deref().map(read_cursor).transpose()? {
            None => None,
            Some(Page::Before(Some(key))) => Some(MessageKey(key)),
            Some(Page::Before(None) | Page::After(_)) => {
                return Err(Problem::bad("cursor", "is not a cursor of this list"));
            }
        };
        if self.to.is_some() {
            // Who may not see numbers may not find out by asking for one after the other.
            caller.needs(Scope::Pii)?;
        }
        Ok(MessageFilter {
            state: state.transpose()?,
            batch: self.batch,
            debtor: self.debtor,
            to: self.to.map(|to| recipient("to", &to, &site.settings())).transpose()?,
            client_ref: self.client_ref,
            since: time("since", self.since.as_deref())?,
            creditors: caller.creditors().clone(),
            before,
            limit: limit(self.limit.as_deref())?,
        })
    }
}

/// Messages, newest first, without their parts and history.
#[utoipa::path(
    get,
    path = "/v1/messages",
    operation_id = "listMessages",
    tag = "messages",
    params(ListParameters),
    responses(
        (status = OK, description = "A page", body = List<MessageAnswer>),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn list(
    State(site): State<Site>,
    caller: Caller,
    Parameters(asked): Parameters<ListParameters>,
) -> Result<Json<List<MessageAnswer>>, Problem> {
    caller.needs(Scope::Read)?;
    let filter = asked.filter(&site, &caller)?;
    let limit = filter.limit;
    let views = site.read(move |reader| reader.messages(&filter)).await?;
    for view in &views {
        concerns(&site, view.labels.debtor.as_deref(), view.to);
    }
    let keys = List::page(views.iter().map(|view| view.key.0).collect(), limit, Page::Before(None), |key| *key);
    let items = explained(&site, views).await?;
    let items = items.into_iter().map(|(view, explained)| MessageAnswer::new(view, explained, caller.eyes()));
    Ok(Json(List { items: items.collect(), next: keys.next }))
}

/// One message with its parts and what happened to it.
#[utoipa::path(
    get,
    path = "/v1/messages/{id}",
    operation_id = "getMessage",
    tag = "messages",
    params(("id" = String, Path, description = "Of the message")),
    responses(
        (status = OK, description = "The message", body = MessageAnswer),
        (status = NOT_FOUND, description = "`not-found`", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn show(
    State(site): State<Site>,
    caller: Caller,
    Key(id): Key<MessageId>,
) -> Result<Json<MessageAnswer>, Problem> {
    caller.needs(Scope::Read)?;
    let id = id.ok_or_else(Problem::no_message)?;
    let found = site
        .read(move |reader| {
            let Some(view) = reader.message(id)? else { return Ok(None) };
            let history = reader.history(view.key)?;
            Ok(Some((view, history)))
        })
        .await?;
    let (view, history) =
        found.filter(|(view, _)| caller.covers(view.labels.creditor.as_deref())).ok_or_else(Problem::no_message)?;
    concerns(&site, view.labels.debtor.as_deref(), view.to);
    let (mut view, explained) =
        explained(&site, vec![view]).await?.pop().ok_or_else(|| Problem::internal(&"a message was lost"))?;
    let parts = std::mem::take(&mut view.parts);
    Ok(Json(MessageAnswer::new(view, explained, caller.eyes()).with_parts(parts, history, caller.eyes())))
}

/// Cancel a message of which nothing was handed over.
#[utoipa::path(
    delete,
    path = "/v1/messages/{id}",
    operation_id = "cancelMessage",
    tag = "messages",
    params(("id" = String, Path, description = "Of the message")),
    responses(
        (status = OK, body = StateAnswer, description = "Nothing of it was or will be sent"),
        (status = NOT_FOUND, description = "`not-found`", body = Document),
        (status = CONFLICT, body = Document, description = "`conflict`: too late, or over; see `state`"),
        (status = "4XX", description = "A problem", body = Document)
    )
)]
pub(super) async fn cancel(
    State(site): State<Site>,
    caller: Caller,
    Key(id): Key<MessageId>,
) -> Result<Json<StateAnswer>, Problem> {
    caller.needs(Scope::Send)?;
    let id = own(&site, &caller, id).await?;
    let cancelled = MessageState::Cancelled;
    match site.writer.cancel(id).await? {
        // Once more is as good as once.
        CancelAnswer::Cancelled | CancelAnswer::TooLate(MessageState::Cancelled) => {
            Ok(Json(StateAnswer { id: id.to_string(), state: cancelled.name() }))
        }
        CancelAnswer::TooLate(state) => {
            let detail = format!("the message is `{}`; only what waits as a whole can be cancelled", state.name());
            Err(Problem::new(Kind::Conflict, detail).in_state(state.name()))
        }
        CancelAnswer::NotFound => Err(Problem::no_message()),
    }
}

/// Settle a message that is unknown.
#[utoipa::path(
    post,
    path = "/v1/messages/{id}/resolve",
    operation_id = "resolveMessage",
    tag = "messages",
    params(("id" = String, Path, description = "Of the message")),
    request_body = ResolveRequest,
    responses(
        (status = OK, description = "Done", body = StateAnswer),
        (status = NOT_FOUND, description = "`not-found`", body = Document),
        (status = CONFLICT, body = Document, description = "`conflict`: nothing of it is unknown, see `state`; or it is not valid any more and cannot go again"),
        (status = "4XX", description = "A problem", body = Document)
    )
)]
pub(super) async fn resolve(
    State(site): State<Site>,
    caller: Caller,
    Key(id): Key<MessageId>,
    Body(request): Body<ResolveRequest>,
) -> Result<Json<StateAnswer>, Problem> {
    caller.needs(Scope::Send)?;
    let decision = request.decision.as_deref().and_then(Decision::from_name);
    let decision = decision.ok_or_else(|| Problem::bad("decision", "give `sent`, `resend` or `give_up`"))?;
    let id = own(&site, &caller, id).await?;
    match site.writer.resolve(id, decision, caller.client().to_owned()).await? {
        ResolveAnswer::Done => {
            let view = site.read(move |reader| reader.message(id)).await?.ok_or_else(Problem::no_message)?;
            Ok(Json(StateAnswer { id: id.to_string(), state: view.state.name() }))
        }
        ResolveAnswer::NotUnknown(state) => {
            let detail = format!("the message is `{}`; only what is `unknown` can be settled", state.name());
            Err(Problem::new(Kind::Conflict, detail).in_state(state.name()))
        }
        ResolveAnswer::NotValid(until) => {
            let detail = format!("it was valid until {until}, so it cannot go again; `sent` and `give_up` are left");
            Err(Problem::new(Kind::Conflict, detail).in_state(MessageState::Unknown.name()))
        }
        ResolveAnswer::NotFound => Err(Problem::no_message()),
    }
}

/// The name of a message that is the caller's business. Says in the audit whose it is.
async fn own(site: &Site, caller: &Caller, id: Option<MessageId>) -> Result<MessageId, Problem> {
    let id = id.ok_or_else(Problem::no_message)?;
    let view = site.read(move |reader| reader.message(id)).await?;
    let view = view.filter(|view| caller.covers(view.labels.creditor.as_deref())).ok_or_else(Problem::no_message)?;
    concerns(site, view.labels.debtor.as_deref(), view.to);
    Ok(id)
}
