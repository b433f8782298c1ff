//! Events as JSON.

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::store::view::{EventView, OwedView};

use super::at;
use super::message::Eyes;

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct EventAnswer {
    /// Its number, without gaps.
    pub(in super::super) seq: i64,
    /// When.
    at: String,
    /// What.
    #[schema(example = "message.accepted")]
    r#type: String,
    /// About which message.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// About which part.
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<u8>,
    /// By which modem.
    #[serde(skip_serializing_if = "Option::is_none")]
    modem: Option<String>,
    /// By which SIM: its name or ICCID.
    #[serde(skip_serializing_if = "Option::is_none")]
    sim: Option<String>,
    /// The debtor of the message; of an event about a debt, who owes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    debtor: Option<Id>,
    /// Of `debt.changed`, `ladder.step` and `ladder.exit`: which debt, by your id. `null` where it is no longer kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    debt: Option<Id>,
    /// To whom that is owed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    creditor: Option<Id>,
    /// The rest, as it stands in the log.
    #[schema(value_type = Object)]
    data: Box<RawValue>,
    /// Its hash in the chain; in evidence only.
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<String>,
}

/// An id of the caller's; `null` where what had it is no longer kept.
#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Id(Option<String>);

/// An event as it is posted to endpoints.
#[derive(Debug, Serialize)]
pub(in super::super) struct Posted {
    r#type: String,
    timestamp: String,
    data: EventAnswer,
}

impl Posted {
    pub(in super::super) fn new(event: EventView, eyes: Eyes) -> Self {
        let data = EventAnswer::new(event, eyes);
        Self { r#type: data.r#type.clone(), timestamp: data.at.clone(), data }
    }
}

impl EventAnswer {
    pub(in super::super) fn kind(&self) -> &str {
        &self.r#type
    }

    /// With its link of the chain.
    pub(super) fn with_hash(event: EventView, eyes: Eyes) -> Self {
        let hash = event.hash.map(|hash| hash.to_string());
        Self { hash, ..Self::new(event, eyes) }
    }
}

impl EventAnswer {
    pub(in super::super) fn new(event: EventView, eyes: Eyes) -> Self {
        let data = event.data.map(|json| if eyes.see_texts() { json } else { without_phrases(json) });
        let data = data.and_then(|json| RawValue::from_string(json).ok());
        let (debt, creditor, owes) = match event.owed {
            Some(OwedView { debt, creditor, debtor }) => (Some(Id(debt)), Some(Id(creditor)), Some(Id(debtor))),
            None => (None, None, None),
        };
        Self {
            seq: event.seq,
            at: at(event.at),
            r#type: event.kind,
            message: event.message.map(|id| id.to_string()),
            part: event.part,
            modem: event.modem,
            sim: event.sim,
            debtor: owes.or_else(|| event.debtor.map(|debtor| Id(Some(debtor)))),
            debt,
            creditor,
            data: data.unwrap_or_else(empty),
            hash: None,
        }
    }
}

/// By what an intent was seen is a phrase of the rules, and the same words stand in the text.
fn without_phrases(json: String) -> String {
    if !json.contains("\"seen_by\"") {
        return json;
    }
    let mut data: Value = serde_json::from_str(&json).unwrap_or_default();
    if let Some(understood) = data.get_mut("understood").and_then(Value::as_object_mut) {
        understood.remove("seen_by");
    }
    data.to_string()
}

fn empty() -> Box<RawValue> {
    RawValue::from_string("{}".to_owned()).expect("two braces are JSON")
}
