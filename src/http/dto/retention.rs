//! Retention as JSON.

use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::{Timestamp, duration};
use crate::store::retention::Class;

use super::at;

/// How a class of what is kept stands.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct RetentionAnswer {
    /// `debtors`, `messages`, `inbox`, `events`, `client_refs` or `audit`.
    class: &'static str,
    /// For how long it is kept; for ever where nothing is said.
    #[schema(required)]
    kept: Option<String>,
    /// The oldest that is there; of `debtors` and `client_refs` it is not told.
    #[schema(required)]
    oldest: Option<String>,
    /// Whether the oldest is older than that: something still needs it, or the next pass takes it.
    is_over: bool,
    /// When all of it was gone through last.
    #[schema(required)]
    ended_at: Option<String>,
    /// Rows that have gone since ever.
    gone: u64,
}

impl RetentionAnswer {
    pub(in super::super) fn new(
        class: Class,
        kept: Option<Duration>,
        oldest: Option<Timestamp>,
        pass: Option<(Timestamp, u64)>,
        now: Timestamp,
    ) -> Self {
        let is_over = kept.zip(oldest).is_some_and(|(kept, oldest)| oldest < now - kept);
        Self {
            class: class.name(),
            kept: kept.map(duration::format),
            oldest: oldest.map(at),
            is_over,
            ended_at: pass.map(|(ended, _)| at(ended)),
            gone: pass.map_or(0, |(_, gone)| gone),
        }
    }
}
