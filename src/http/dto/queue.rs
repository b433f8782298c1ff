//! The queue as JSON.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::dispatch::forecast::Never;
use crate::sms::lifecycle::MessageState;
use crate::store::waiting::{QueueByReason, Waiting, Why};

use super::at;
use super::campaign::ForecastAnswer;

/// What waits, for what, and when it will have left.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct QueueAnswer {
    /// Messages by their state, of all that are kept; states without any are left out.
    messages: BTreeMap<&'static str, u64>,
    /// Parts that wait.
    parts: u64,
    /// What they wait for, the most first.
    waiting: Vec<WaitingAnswer>,
    /// All that were put off one by one were counted. Where they are too many, some of them stand under what holds the others.
    whole: bool,
    /// When the last of them will have left. What was put off is reckoned as if it went in its turn.
    forecast: ForecastAnswer,
}

/// Parts that wait for one thing.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct WaitingAnswer {
    /// What: the code of a reason, as of a message; `turn` where nothing holds them but what goes before them, `later` where they
    /// were put off one by one and are too many to look at each.
    #[schema(example = "window")]
    code: &'static str,
    /// What that means.
    detail: &'static str,
    /// How many.
    parts: u64,
    /// When the first of them may go, where that is known.
    #[schema(required)]
    not_before: Option<String>,
}

impl QueueAnswer {
    pub(in super::super) fn new(
        tally: Vec<(MessageState, u64)>,
        parts: u64,
        queue: QueueByReason,
        ends: Result<Timestamp, Never>,
    ) -> Self {
        let messages = tally.into_iter().filter(|(_, count)| *count > 0);
        let told = |(Why { code, detail }, Waiting { parts, next }): (Why, Waiting)| WaitingAnswer {
            code,
            detail,
            parts,
            not_before: next.map(at),
        };
        let mut waiting: Vec<WaitingAnswer> = queue.waiting.into_iter().map(told).collect();
        waiting.sort_by_key(|waiting| std::cmp::Reverse(waiting.parts));
        Self {
            messages: messages.map(|(state, count)| (state.name(), count)).collect(),
            parts,
            waiting,
            whole: queue.is_whole,
            forecast: ForecastAnswer::new(ends, parts),
        }
    }
}
