//! Rules of contact as JSON.

use serde::Serialize;
use utoipa::ToSchema;

use crate::contact::calendar::{Certainty, Hours, Rule};

/// A rule that binds.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct RuleAnswer {
    /// Its name, as answers give it as a reason.
    #[schema(example = "br-sp-15426-2014")]
    id: String,
    /// The law, or what else it rests on.
    law: String,
    /// Where it holds.
    country: String,
    /// In which state alone; null where it holds in the whole country.
    #[schema(required)]
    state: Option<String>,
    /// `in_force`, `self_regulation`, `practice`, `bill`, `unclear` or `profile`.
    status: &'static str,
    /// `high`, `medium` or `low`; null for profiles.
    #[schema(required)]
    certainty: Option<&'static str>,
    /// Whether it speaks of collecting debts.
    collection: bool,
    /// Whether it speaks of selling.
    telemarketing: bool,
    /// From Monday to Sunday: the hours of each day; empty where nothing may be sent, null where the rule says nothing.
    days: Vec<Option<Vec<String>>>,
    /// Of holidays.
    #[schema(required)]
    holiday: Option<Vec<String>>,
    /// When it was looked up.
    gathered: String,
}

impl From<&Rule> for RuleAnswer {
    fn from(rule: &Rule) -> Self {
        let hours = |hours: &Option<Hours>| {
            hours.as_ref().map(|hours| hours.spans().iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        Self {
            id: rule.id.clone(),
            law: rule.law.clone(),
            country: rule.country.to_string(),
            state: rule.state.map(|state| state.to_string()),
            status: rule.status.name(),
            certainty: rule.certainty.map(Certainty::name),
            collection: rule.is_for_collection,
            telemarketing: rule.is_for_telemarketing,
            days: rule.week.days.iter().map(hours).collect(),
            holiday: hours(&rule.week.holiday),
            gathered: rule.gathered.to_string(),
        }
    }
}
