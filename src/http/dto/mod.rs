//! What travels as JSON. Domain types do not know serde; these do, and nothing else.

pub(super) mod alarm;
pub(super) mod audit;
pub(super) mod campaign;
pub(super) mod conversation;
pub(super) mod creditor;
pub(super) mod debt;
pub(super) mod debtor;
pub(super) mod erasure;
pub(super) mod event;
pub(super) mod evidence;
pub(super) mod happening;
pub(super) mod hygiene;
pub(super) mod import;
pub(super) mod inbox;
pub(super) mod intake;
pub(super) mod journey;
pub(super) mod ladder;
pub(super) mod ladder_plan;
pub(super) mod line;
pub(super) mod mapping;
pub(super) mod message;
pub(super) mod pause;
pub(super) mod queue;
pub(super) mod reload;
pub(super) mod retention;
pub(super) mod rule;
pub(super) mod session;
pub(super) mod stats;
pub(super) mod submit;
pub(super) mod suppression;
pub(super) mod template;
pub(super) mod token;
pub(super) mod webhook;

use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::dispatch::gate::{self, Verdict};

use super::explain::Explained;

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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Reason {
    /// The code.
    #[schema(example = "sim_budget")]
    pub(super) code: &'static str,
    /// What it means; of a pause, what is paused and the reason that was given.
    #[schema(value_type = String)]
    pub(super) detail: Cow<'static, str>,
}

/// The reason that the gate gave, and from when it may say something else.
pub(super) fn held(explained: Option<Explained>) -> (Option<Reason>, Option<Timestamp>) {
    let Some(Explained { verdict, pause }) = explained else { return (None, None) };
    let told = |reason: gate::Reason| Reason {
        code: reason.code(),
        detail: match (reason, pause) {
            (gate::Reason::Paused, Some(words)) => words.into(),
            (reason, _) => reason.detail().into(),
        },
    };
    match verdict {
        Verdict::Go => (None, None),
        Verdict::Hold { reason, until } => (Some(told(reason)), until),
        Verdict::Block { reason } => (Some(told(reason)), None),
    }
}

/// A time in an answer.
pub(super) fn at(time: Timestamp) -> String {
    time.to_string()
}
