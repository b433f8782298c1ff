//! The suppression list as JSON.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::contact::suppression::Purposes;
use crate::sms::message::Purpose;
use crate::store::suppression::Stopped;
use crate::store::view::SuppressionView;

use super::at;
use super::message::Eyes;

/// Numbers that must not be texted any more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct SuppressRequest {
    /// One number, in any form of the configured country.
    pub(in super::super) number: Option<String>,
    /// Many numbers, up to 10 000.
    pub(in super::super) numbers: Option<Vec<String>>,
    /// `manual` (default), `opt_out`, `wrong_person`, `deceased` or `register`.
    pub(in super::super) kind: Option<String>,
    /// What they must not be texted for; everything if nothing is said.
    pub(in super::super) purposes: Option<Vec<String>>,
    /// For which creditor; for all if nothing is said.
    pub(in super::super) creditor: Option<String>,
    /// From when, RFC 3339; now if nothing is said.
    pub(in super::super) effective: Option<String>,
    /// Where this comes from: a letter, a register.
    pub(in super::super) source: Option<String>,
    /// Why, for those who ask later.
    pub(in super::super) why: Option<String>,
}

/// What was stopped.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct SuppressAnswer {
    /// Entries that are new; equal ones were there already.
    pub(in super::super) added: u64,
    /// Messages of which nothing more is handed over.
    pub(in super::super) stopped: u64,
    /// Messages of which a part was on the wire, or may have been: nothing else is accepted by the network from now on.
    pub(in super::super) on_wire: Vec<String>,
    /// What is no number, by its place in `numbers`.
    pub(in super::super) refused: Vec<RefusedNumber>,
}

/// Something that is no number.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct RefusedNumber {
    /// Its place.
    pub(in super::super) index: usize,
    /// What is wrong with it.
    pub(in super::super) detail: String,
}

impl SuppressAnswer {
    pub(in super::super) fn new(stopped: Stopped, refused: Vec<RefusedNumber>) -> Self {
        let Stopped { added, stopped, on_wire } = stopped;
        Self { added, stopped, on_wire: on_wire.iter().map(ToString::to_string).collect(), refused }
    }
}

/// A number that is to be erased, with all that the list holds of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct EraseRequest {
    /// The number.
    #[schema(required, nullable = false)]
    pub(in super::super) number: Option<String>,
}

/// A number that may be texted again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct LiftRequest {
    /// The number.
    #[schema(required, nullable = false)]
    pub(in super::super) number: Option<String>,
    /// Only entries of this kind.
    pub(in super::super) kind: Option<String>,
    /// Why, for those who ask later. Must be said.
    pub(in super::super) why: Option<String>,
}

/// How many entries it were.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct LiftAnswer {
    /// Entries that bind no more, or can no more be read.
    pub(in super::super) entries: u64,
}

/// An entry of the ledger.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct SuppressionAnswer {
    /// Its number in the ledger.
    pub(in super::super) id: i64,
    /// The number; masked without `pii`, nothing once it is erased.
    #[schema(required)]
    number: Option<String>,
    /// `opt_out`, `wrong_person`, `deceased`, `register` or `manual`.
    kind: String,
    /// What it forbids.
    purposes: Vec<&'static str>,
    /// For which creditor; for all if none is named.
    #[schema(required)]
    creditor: Option<String>,
    /// From when.
    effective: String,
    /// Where it comes from.
    source: String,
    /// Who decided.
    client: String,
    /// In whose words; without `text` and `pii` nothing where it rests on an inbound text.
    #[schema(required)]
    why: Option<String>,
    /// The inbound text that it rests on.
    #[schema(required)]
    inbound: Option<i64>,
    /// When it was written.
    at: String,
    /// How it was lifted, if it was.
    #[schema(required)]
    lifted: Option<LiftedAnswer>,
}

/// The end of an entry.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct LiftedAnswer {
    /// When.
    at: String,
    /// By whom.
    client: String,
    /// Why.
    why: String,
}

impl SuppressionAnswer {
    pub(in super::super) fn new(view: SuppressionView, eyes: Eyes) -> Self {
        let number = view.number.map(|number| eyes.number(number));
        let lifted =
            view.lifted.map(|lifted| LiftedAnswer { at: at(lifted.at), client: lifted.client, why: lifted.why });
        Self {
            id: view.key,
            number,
            kind: view.kind,
            purposes: view.purposes.iter().map(Purpose::name).collect(),
            creditor: view.creditor,
            effective: at(view.effective),
            source: view.source,
            client: view.client,
            // Of a text it is the phrase by which the wish was seen, and the same words stand in the text.
            why: view.why.filter(|_| eyes.see_texts() || view.inbound.is_none()),
            inbound: view.inbound,
            at: at(view.at),
            lifted,
        }
    }
}

/// The purposes with these words; the first that there is not.
pub(in super::super) fn purposes(words: Option<&[String]>) -> Result<Purposes, &str> {
    let Some(words) = words else { return Ok(Purposes::ALL) };
    let named: Result<Vec<Purpose>, &str> =
        words.iter().map(|word| Purpose::from_name(word).ok_or(word.as_str())).collect();
    named.map(|named| Purposes::of(&named))
}
