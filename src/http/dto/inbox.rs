//! Inbound texts as JSON.

use serde::Serialize;
use utoipa::ToSchema;

use crate::store::view::InboundView;

use super::at;
use super::message::{Eyes, masked_text};

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
    /// What it says.
    text: String,
    /// Parts in which it came.
    parts: u32,
    /// What it seems to mean; not read yet.
    intents: Vec<String>,
    /// The message that it most likely answers.
    #[schema(required)]
    message: Option<String>,
    /// The debtor of that message.
    #[schema(required)]
    debtor: Option<String>,
}

impl InboundAnswer {
    pub(in super::super) fn new(text: InboundView, eyes: Eyes) -> Self {
        let (from, body) = match eyes {
            Eyes::Open => (text.from.as_str().to_owned(), text.text.0),
            Eyes::Masked => (text.from.masked(), masked_text(&text.text)),
        };
        Self {
            seq: text.seq,
            at: at(text.at),
            from,
            to_sim: text.to_sim,
            modem: text.modem,
            text: body,
            parts: text.parts,
            intents: Vec::new(),
            message: text.message.map(|id| id.to_string()),
            debtor: text.debtor,
        }
    }
}
