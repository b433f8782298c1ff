//! Where a debtor is and which hours suit, where that is known: it goes over what the number tells.

use super::calendar::{PersonalHours, Span};
use super::place::{Atlas, Residence, State};

/// What is known of a debtor's place and hours, in words that can be stored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Habit {
    /// The state, such as `SP`.
    pub state: Option<String>,
    /// The zone, such as `America/Manaus`.
    pub zone: Option<String>,
    /// Only at these hours, where there are any.
    pub preferred: Vec<Span>,
    /// Never at these.
    pub forbidden: Vec<Span>,
}

/// What cannot be understood of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HabitError {
    /// Not two or three capital letters.
    #[error("not a state; give two or three capital letters such as SP")]
    State,
    /// No such zone.
    #[error("not a time zone; give a name such as America/Manaus")]
    Zone,
}

impl Habit {
    /// Where that is. What is not understood is not used: then the number decides, which is never less strict.
    pub fn residence(&self, atlas: &Atlas) -> Residence {
        Residence {
            state: self.state.as_deref().and_then(State::new),
            zone: self.zone.as_deref().and_then(|zone| atlas.zone(zone)).cloned(),
        }
    }

    /// The hours, where any were asked for.
    pub fn hours(&self) -> Option<PersonalHours> {
        let is_silent = self.preferred.is_empty() && self.forbidden.is_empty();
        (!is_silent).then(|| PersonalHours::new(&self.preferred, &self.forbidden))
    }

    /// Whether all of it is understood.
    pub fn check(&self, atlas: &Atlas) -> Result<(), HabitError> {
        if self.state.as_deref().is_some_and(|state| State::new(state).is_none()) {
            return Err(HabitError::State);
        }
        if self.zone.as_deref().is_some_and(|zone| atlas.zone(zone).is_none()) {
            return Err(HabitError::Zone);
        }
        Ok(())
    }
}
