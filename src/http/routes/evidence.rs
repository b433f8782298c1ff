//! `/v1/evidence` and `/v1/messages/{id}/evidence`: what a dispute needs, and whether the log is what was written.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;

use crate::sms::id::MessageId;
use crate::store::chain::{Head, HeadError};
use crate::store::reader::Reader;

use super::super::Site;
use super::super::audit::concerns;
use super::super::auth::{Caller, Scope};
use super::super::dto::evidence::{ChainAnswer, EvidenceOfMessage, HeadAnswer};
use super::super::json::{Key, Parameters};
use super::super::problem::{Document, Kind, Problem};

/// What a dispute about a message needs: what it says and to whom, and all that happened to it with the hashes of the chain.
#[utoipa::path(
    get,
    path = "/v1/messages/{id}/evidence",
    operation_id = "getEvidence",
    tag = "evidence",
    params(("id" = String, Path, description = "Of the message")),
    responses(
        (status = OK, description = "The evidence; number and salt with `pii` only, the text with `text` or `pii`", body = EvidenceOfMessage),
        (status = NOT_FOUND, description = "`not-found`", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn show(
    State(site): State<Site>,
    caller: Caller,
    Key(id): Key<MessageId>,
) -> Result<Json<EvidenceOfMessage>, Problem> {
    caller.needs(Scope::Read)?;
    let id = id.ok_or_else(Problem::no_message)?;
    let dossier = site.read(move |reader| reader.dossier(id)).await?;
    let dossier = dossier.filter(|found| caller.covers(found.creditor.as_deref())).ok_or_else(Problem::no_message)?;
    concerns(&site, None, dossier.to);
    Ok(Json(EvidenceOfMessage::new(dossier, caller.eyes())))
}

/// The end of the chain over the events, to be kept outside: with it every later change of what came before is seen.
#[utoipa::path(
    get,
    path = "/v1/evidence/head",
    operation_id = "getHead",
    tag = "evidence",
    responses(
        (status = OK, description = "The last event and its hash", body = HeadAnswer),
        (status = NOT_FOUND, description = "`not-found`: no event has a hash yet", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn head(State(site): State<Site>, caller: Caller) -> Result<Json<HeadAnswer>, Problem> {
    caller.needs(Scope::Read)?;
    let head = site.read(Reader::head).await?;
    let none = || Problem::new(Kind::NotFound, "no event is chained yet; the chain begins with the next one");
    head.map(|head| Json(head.into())).ok_or_else(none)
}

/// What the chain is held against.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ChainParameters {
    /// A head that was kept: the number of an event and its hash, `SEQ:HEX`.
    head: Option<String>,
}

/// Verify the chain over the whole log. It takes a second for half a million events; one such request is served at a time.
#[utoipa::path(
    get,
    path = "/v1/evidence/chain",
    operation_id = "verifyChain",
    tag = "evidence",
    params(ChainParameters),
    responses(
        (status = OK, description = "What was found, also where it does not hold", body = ChainAnswer),
        (status = SERVICE_UNAVAILABLE, description = "`busy`: somebody else verifies it just now", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn verify(
    State(site): State<Site>,
    caller: Caller,
    Parameters(asked): Parameters<ChainParameters>,
) -> Result<Json<ChainAnswer>, Problem> {
    caller.needs(Scope::Read)?;
    let kept: Result<Option<Head>, HeadError> = asked.head.as_deref().map(str::parse).transpose();
    let kept = kept.map_err(|error| Problem::bad("head", error.to_string()))?;
    let found = site.read(move |reader| reader.verify(kept)).await?;
    let busy = || Problem::new(Kind::Busy, "the chain is being verified already; try again when that is done");
    found.map(|found| Json(found.into())).ok_or_else(busy)
}
