//! Inbound texts and calls as JSON.

use serde::Serialize;
use utoipa::ToSchema;

use crate::store::call::CallView;
use crate::store::view::{InboundView, Seen, Understood};

use super::at;
use super::message::Eyes;

/// A text that came in.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct InboundAnswer {
    /// Its number.
    pub(in super::super) seq: i64,
    /// When it was read from the SIM.
    at: String,
    /// Who sent it: a number, a short code or a name.
    from: String,
    /// The SIM that it came to: its name or ICCID.
    to_sim: String,
    /// The modem that read it.
    modem: String,
    /// What it says, with `[…]` where parts are missing.
    text: String,
    /// Parts in which it came.
    parts: u32,
    /// The places of parts that are missing: a text is published without them after 24 h. Empty when it is whole.
    missing: Vec<u8>,
    /// The `seq` of the item that showed less of this text, when parts came after it was published.
    #[schema(required)]
    replaces: Option<i64>,
    /// What it is understood to want, the strictest first: `deceased`, `wrong_person`, `opt_out`, `dispute`, `already_paid`,
    /// `promise_to_pay`, `wants_contact`, `help`, `opt_in`, `no` or `yes`.
    intents: Vec<String>,
    /// What followed from it and by what it was seen; null for a text of a name, a service or a number of your own.
    #[schema(required)]
    understood: Option<UnderstoodAnswer>,
    /// The message that it most likely answers.
    #[schema(required)]
    message: Option<String>,
    /// The debtor of that message.
    #[schema(required)]
    debtor: Option<String>,
}

impl InboundAnswer {
    pub(in super::super) fn new(text: InboundView, eyes: Eyes) -> Self {
        let (from, body) = (eyes.sender(&text.from), eyes.text(text.text));
        let (intents, understood) = UnderstoodAnswer::with_intents(text.understood, eyes);
        Self {
            seq: text.seq,
            at: at(text.at),
            from,
            to_sim: text.to_sim,
            modem: text.modem,
            text: body,
            parts: text.parts,
            missing: text.missing,
            replaces: text.replaces,
            intents,
            understood,
            message: text.message.map(|id| id.to_string()),
            debtor: text.debtor,
        }
    }
}

/// What was understood of a text: words of the rules, never of the text.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct UnderstoodAnswer {
    /// What changed: `opt_out`, `wrong_person`, `deceased`, `held_disputed`, `held_unconfirmed`, `held_promised`,
    /// `held_perhaps_stop`, `held_quiet`, `ask_person`, `send_help`, `opt_in` or `number_confirmed`.
    effects: Vec<String>,
    /// Why a person should look: `empty`, `ambiguous`, `not_understood`, `guarded`, `broken`, `perhaps_stop`,
    /// `contradictory` or `long`.
    doubts: Vec<String>,
    /// What each intent was seen by; empty without `text` and `pii`, since the same words stand in the text.
    seen_by: Vec<SeenAnswer>,
    /// The day of a promise.
    #[schema(required)]
    promise_date: Option<String>,
}

/// What an intent was seen by.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct SeenAnswer {
    /// The intent.
    intent: String,
    /// The phrase as it stands in the rules.
    phrase: String,
}

impl UnderstoodAnswer {
    /// The intents, and the rest.
    fn with_intents(understood: Option<Understood>, eyes: Eyes) -> (Vec<String>, Option<Self>) {
        let Some(Understood { intents, effects, doubts, seen_by, promise_date }) = understood else {
            return (Vec::new(), None);
        };
        let seen = |seen: Seen| SeenAnswer { intent: seen.intent, phrase: seen.phrase };
        let seen_by = if eyes.see_texts() { seen_by.into_iter().map(seen).collect() } else { Vec::new() };
        (intents, Some(Self { effects, doubts, seen_by, promise_date }))
    }
}

/// A call that came in. It was hung up on at once.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct CallAnswer {
    /// Its number.
    pub(in super::super) seq: i64,
    /// When.
    at: String,
    /// Who called; null where the network did not show it.
    #[schema(required)]
    from: Option<String>,
    /// The SIM that was called: its name or ICCID.
    to_sim: String,
    /// The modem that it was in.
    modem: String,
    /// The last message to the caller.
    #[schema(required)]
    message: Option<String>,
    /// The debtor of that message.
    #[schema(required)]
    debtor: Option<String>,
}

impl CallAnswer {
    pub(in super::super) fn new(call: CallView, eyes: Eyes) -> Self {
        Self {
            seq: call.seq,
            at: at(call.at),
            from: call.from.map(|from| eyes.sender(&from)),
            to_sim: call.to_sim,
            modem: call.modem,
            message: call.message.map(|id| id.to_string()),
            debtor: call.debtor,
        }
    }
}
