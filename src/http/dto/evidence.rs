//! Evidence as JSON.

use serde::Serialize;
use utoipa::ToSchema;

use crate::store::chain::{Fault, Verification};
use crate::store::dossier::{DatedHead, Dossier, Matches};

use super::at;
use super::event::EventAnswer;
use super::message::Eyes;

/// What a dispute about a message needs.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct EvidenceOfMessage {
    /// The message.
    id: String,
    /// When it was submitted.
    created_at: String,
    /// Who submitted it.
    client: String,
    purpose: String,
    #[schema(required)]
    creditor: Option<String>,
    /// The recipient in E.164; nothing once it is erased.
    #[schema(required)]
    to: Option<String>,
    /// The text as sent; nothing once it is erased.
    #[schema(required)]
    text: Option<String>,
    /// Before text and number in what their hashes are made of, in hexadecimal; needs `pii`, and is erased with them.
    #[schema(required)]
    salt: Option<String>,
    matches: MatchesAnswer,
    /// What happened to it, oldest first, each with its hash in the chain. The first says `text_hash`, the SHA-256 of salt and
    /// text, and `to_hash`, the first 8 octets of that of salt and number.
    events: Vec<EventAnswer>,
}

/// Whether what is stored is what the first event says; nothing where that can no longer be told.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct MatchesAnswer {
    #[schema(required)]
    id: Option<bool>,
    #[schema(required)]
    to: Option<bool>,
    #[schema(required)]
    text: Option<bool>,
    /// Nothing contradicts the log.
    holds: bool,
}

impl From<Matches> for MatchesAnswer {
    fn from(matches: Matches) -> Self {
        let Matches { id, to, text } = matches;
        Self { id, to, text, holds: matches.holds() }
    }
}

impl EvidenceOfMessage {
    /// The evidence as somebody with these eyes may see it.
    pub(in super::super) fn new(dossier: Dossier, eyes: Eyes) -> Self {
        let (to, text) = (dossier.to.map(|to| eyes.number(to)), dossier.text.map(|text| eyes.text(text)));
        Self {
            id: dossier.id.to_string(),
            created_at: at(dossier.created_at),
            client: dossier.client,
            purpose: dossier.purpose,
            creditor: dossier.creditor,
            to,
            text,
            // With it, and the hashes of the log, texts and numbers could be tried.
            salt: dossier.salt.filter(|_| eyes.see_people()).map(|salt| salt.to_string()),
            matches: dossier.matches.into(),
            events: dossier.events.into_iter().map(|event| EventAnswer::with_hash(event, eyes)).collect(),
        }
    }
}

/// The end of the chain over the events.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct HeadAnswer {
    /// The number of the last event.
    seq: i64,
    /// When it was written.
    at: String,
    /// Its hash, 64 hexadecimal digits.
    hash: String,
}

impl From<DatedHead> for HeadAnswer {
    fn from(DatedHead { head, at: time }: DatedHead) -> Self {
        Self { seq: head.seq, at: at(time), hash: head.hash.to_string() }
    }
}

/// What a walk along the chain found.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct ChainAnswer {
    /// Nothing was changed, as far as the chain can tell.
    holds: bool,
    /// Events of before the chain, of which nothing is known.
    before: u64,
    /// The first event of the chain.
    #[schema(required)]
    begins: Option<i64>,
    /// How many events hold.
    events: u64,
    /// The last event that holds.
    #[schema(required)]
    last: Option<i64>,
    /// Its hash.
    #[schema(required)]
    hash: Option<String>,
    /// The first that does not hold.
    #[schema(required)]
    fault: Option<FaultAnswer>,
}

/// An event that does not hold.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct FaultAnswer {
    /// Its number.
    seq: i64,
    /// `changed`, `missing`, `no_hash` or `other_head`.
    code: &'static str,
    /// What that means.
    detail: &'static str,
}

impl From<(i64, Fault)> for FaultAnswer {
    fn from((seq, fault): (i64, Fault)) -> Self {
        Self { seq, code: fault.code(), detail: fault.detail() }
    }
}

impl From<Verification> for ChainAnswer {
    fn from(found: Verification) -> Self {
        Self {
            holds: found.holds(),
            before: found.before,
            begins: found.begins,
            events: found.events,
            last: found.head.map(|head| head.seq),
            hash: found.head.map(|head| head.hash.to_string()),
            fault: found.fault.map(FaultAnswer::from),
        }
    }
}
