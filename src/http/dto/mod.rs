//! What travels as JSON. Domain types do not know serde; these do, and nothing else.

pub(super) mod event;
pub(super) mod inbox;
pub(super) mod line;
pub(super) mod message;
pub(super) mod submit;
pub(super) mod token;

use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::dispatch::gate::Verdict;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct List<T> {
    /// What was found.
    pub(super) items: Vec<T>,
    /// For `cursor`, where there may be more.
    #[schema(required)]
    pub(super) next: Option<String>,
}

/// Why a message does not go now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Reason {
    /// The code.
    #[schema(example = "sim_budget")]
    pub(super) code: &'static str,
    /// What it means.
    pub(super) detail: &'static str,
}

/// The reason that the gate gave, and from when it may say something else.
pub(super) fn held(verdict: Option<Verdict>) -> (Option<Reason>, Option<Timestamp>) {
    let reason = |reason: crate::dispatch::gate::Reason| Reason { code: reason.code(), detail: reason.detail() };
    match verdict {
        None | Some(Verdict::Go) => (None, None),
        Some(Verdict::Hold { reason: why, until }) => (Some(reason(why)), until),
        Some(Verdict::Block { reason: why }) => (Some(reason(why)), None),
    }
}

/// A time in an answer.
pub(super) fn at(time: Timestamp) -> String {
    time.to_string()
}
