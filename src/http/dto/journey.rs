//! The way of a debtor as JSON.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::store::journey::Stage;

use super::at;
use super::message::Eyes;

/// Something on the way of a debtor. What does not apply is left out.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct StageAnswer {
    /// Its place, from 1: for `after`.
    pub(in super::super) place: i64,
    /// When.
    at: String,
    /// What: `debt.taken_in`, `debt.` with what happened to it, `debt.changed` by a file, `ladder.step`, `ladder.exit`, `text`,
    /// `text.` with its state, `answer`, `suppression.added`, `suppression.lifted`, `number.confirmed` or `standing` as it is now.
    #[schema(example = "text.delivered")]
    kind: String,
    /// The debt.
    #[serde(skip_serializing_if = "Option::is_none")]
    debt: Option<String>,
    /// The creditor.
    #[serde(skip_serializing_if = "Option::is_none")]
    creditor: Option<String>,
    /// The message.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// The number; masked without `pii`.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    /// The text; its length without `text` and `pii`.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// The amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
    /// What else there is to say: reason, step, template, intents and the like.
    details: BTreeMap<&'static str, String>,
}

impl StageAnswer {
    pub(in super::super) fn new(place: i64, stage: Stage, eyes: Eyes) -> Self {
        Self {
            place,
            at: at(stage.at),
            kind: stage.kind,
            debt: stage.debt,
            creditor: stage.creditor,
            message: stage.message.map(|id| id.to_string()),
            number: stage.number.map(|number| eyes.number(number)),
            text: stage.text.map(|text| eyes.text(text)),
            amount: stage.amount.map(|amount| amount.to_string()),
            details: stage.details.into_iter().collect(),
        }
    }
}
