//! Erasures as JSON: what was erased, never whom.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::store::erasure::ErasureView;

use super::at;

/// A person who is to be erased.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct ErasureRequest {
    /// The debtor, by your id, with the numbers that no other debtor has. This or `number`.
    pub(in super::super) debtor: Option<String>,
    /// A number, with what was said to it and from it; debtors who have it lose it and stay. This or `debtor`.
    pub(in super::super) number: Option<String>,
    /// Why, in words that name nobody: they stay.
    #[schema(required, nullable = false)]
    pub(in super::super) reason: Option<String>,
    /// `erase` (default), or `block`: what there is leaves every answer at once and is held for an export until `until`.
    pub(in super::super) mode: Option<String>,
    /// Until when a person is blocked (RFC 3339); erased by itself then.
    pub(in super::super) until: Option<String>,
    /// Whether the numbers must not be texted any more, which is what happens unless this is `false`. Numbers that are
    /// suppressed already stay so in any case.
    pub(in super::super) suppress: Option<bool>,
}

/// What became of an erasure.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct ErasureAnswer {
    /// Its number.
    pub(in super::super) id: i64,
    /// When it was asked for.
    at: String,
    /// By whom.
    client: String,
    /// Why.
    reason: String,
    /// `erase` or `block`.
    mode: &'static str,
    /// Until when the person is blocked.
    #[schema(required)]
    until: Option<String>,
    /// `running`; `waiting` for a message that is on the wire or whose report may still come; `copying` SQLite's log;
    /// `blocked`; `done`; `dropped` where `[retention]` began it and something came in about the debtor before it was carried out.
    state: String,
    /// Rows by their class.
    erased: BTreeMap<String, u64>,
    /// When it was done.
    #[schema(required)]
    ended_at: Option<String>,
    /// Messages that were withdrawn; in the answer to the request only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in super::super) stopped: Option<u64>,
    /// Messages of which a part is on the wire, or may be; in the answer to the request only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in super::super) on_wire: Option<Vec<String>>,
}

impl From<ErasureView> for ErasureAnswer {
    fn from(view: ErasureView) -> Self {
        Self {
            id: view.key.0,
            at: at(view.at),
            client: view.client,
            reason: view.reason,
            mode: if view.until.is_some() { "block" } else { "erase" },
            until: view.until.map(at),
            state: view.state,
            erased: view.counts.into_iter().collect(),
            ended_at: view.ended_at.map(at),
            stopped: None,
            on_wire: None,
        }
    }
}
