//! What is known of debtors as JSON.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::contact::Habit;

/// Where a debtor is and which hours suit. What is left out is not known: then the number tells.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct DebtorHours {
    /// The state, such as `SP`.
    pub(in super::super) state: Option<String>,
    /// The zone, such as `America/Manaus`.
    pub(in super::super) zone: Option<String>,
    /// Only at these hours, such as `09:00-12:00`; at all lawful ones if there are none.
    #[serde(default)]
    pub(in super::super) preferred: Vec<String>,
    /// Never at these hours.
    #[serde(default)]
    pub(in super::super) forbidden: Vec<String>,
}

impl From<Habit> for DebtorHours {
    fn from(habit: Habit) -> Self {
        let words = |spans: Vec<crate::contact::calendar::Span>| spans.iter().map(ToString::to_string).collect();
        Self {
            state: habit.state,
            zone: habit.zone,
            preferred: words(habit.preferred),
            forbidden: words(habit.forbidden),
        }
    }
}
