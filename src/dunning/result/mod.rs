//! What came of texts: how many went where, what they cost, who answered, who paid.
//!
//! Texts of one origin that were taken in within one hour are a [`Cell`]: whatever becomes of them later is counted there, so
//! that a share is one of the texts that it is said of. A text is in one state at any time and moves from one to the next.
//! Knows neither rows nor events, nor what a text says.

mod cell;
mod varint;

pub use cell::{Cell, Paid, Spent, read_counts, read_paid, read_spent};

use crate::contact::reply::Intent;
use crate::sms::lifecycle::MessageState;

/// The longest time from a text to a payment that is counted, in days.
pub const PAID_WITHIN_MAX: u8 = 90;

/// Something that is counted of texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// Taken in, whatever became of them.
    Taken,
    /// In this state now.
    In(MessageState),
    /// Answered, each text once.
    Replied,
    /// Answered with a promise.
    Promised,
    /// Answered with a wish to stop.
    OptedOut,
    /// Answered by somebody else.
    WrongPerson,
    /// Answered with a denial.
    Disputed,
    /// Answered with the word that it is paid.
    SaysPaid,
}

impl Count {
    /// All of them, in the order in which they are stored: what is new comes last.
    pub const ALL: [Self; 17] = [
        Self::Taken,
        Self::In(MessageState::Queued),
        Self::In(MessageState::Sending),
        Self::In(MessageState::Accepted),
        Self::In(MessageState::Delivered),
        Self::In(MessageState::Undelivered),
        Self::In(MessageState::Unknown),
        Self::In(MessageState::Failed),
        Self::In(MessageState::Expired),
        Self::In(MessageState::Blocked),
        Self::In(MessageState::Cancelled),
        Self::Replied,
        Self::Promised,
        Self::OptedOut,
        Self::WrongPerson,
        Self::Disputed,
        Self::SaysPaid,
    ];

    /// What an answer with this intent is counted as besides; nothing for those of which nobody asks.
    pub fn of(intent: Intent) -> Option<Self> {
        match intent {
            Intent::PromiseToPay => Some(Self::Promised),
            Intent::OptOut => Some(Self::OptedOut),
            Intent::WrongPerson | Intent::Deceased => Some(Self::WrongPerson),
            Intent::Dispute => Some(Self::Disputed),
            Intent::AlreadyPaid => Some(Self::SaysPaid),
            Intent::WantsContact | Intent::Help | Intent::OptIn | Intent::No | Intent::Yes => None,
        }
    }
}

/// How many of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts([i64; Count::ALL.len()]);

impl Counts {
    /// How many.
    pub fn get(&self, count: Count) -> i64 {
        let place = Count::ALL.iter().position(|one| *one == count);
        place.and_then(|place| self.0.get(place)).copied().unwrap_or_default()
    }

    /// Counts so many more, or fewer.
    pub fn add(&mut self, count: Count, more: i64) {
        let place = Count::ALL.iter().position(|one| *one == count);
        if let Some(stored) = place.and_then(|place| self.0.get_mut(place)) {
            *stored = stored.saturating_add(more);
        }
    }

    /// A text is in another state now; in its first, where it was in none.
    pub fn moved(&mut self, from: Option<MessageState>, to: MessageState) {
        match from {
            Some(from) => self.add(Count::In(from), -1),
            None => self.add(Count::Taken, 1),
        }
        self.add(Count::In(to), 1);
    }

    /// Those that the network has taken whole. What became of them later is told by their states.
    pub fn sent(&self) -> i64 {
        let states = [MessageState::Accepted, MessageState::Delivered, MessageState::Undelivered];
        states.into_iter().map(|state| self.get(Count::In(state))).sum()
    }

    /// Those of which something is still to go.
    pub fn waiting(&self) -> i64 {
        self.get(Count::In(MessageState::Queued)) + self.get(Count::In(MessageState::Sending))
    }
}

/// What results are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// Whose texts.
    Creditor,
    /// The batch.
    Batch,
    /// The ladder.
    Ladder,
    /// Its step.
    Step,
    /// The segment that they were picked by.
    Segment,
    /// The template.
    Template,
    /// Its version.
    Version,
    /// Which of its texts.
    Arm,
    /// In which way they were sent.
    Mode,
    /// The team.
    Team,
    /// The person who sent.
    Operator,
    /// The SIM. A part goes by one and a text by several, so that parts and costs alone are told apart by it.
    Sim,
}

impl Dimension {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Creditor,
        Self::Batch,
        Self::Ladder,
        Self::Step,
        Self::Segment,
        Self::Template,
        Self::Version,
        Self::Arm,
        Self::Mode,
        Self::Team,
        Self::Operator,
        Self::Sim,
    ];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Creditor => "creditor",
            Self::Batch => "batch",
            Self::Ladder => "ladder",
            Self::Step => "step",
            Self::Segment => "segment",
            Self::Template => "template",
            Self::Version => "version",
            Self::Arm => "arm",
            Self::Mode => "mode",
            Self::Team => "team",
            Self::Operator => "operator",
            Self::Sim => "sim",
        }
    }

    /// The dimension with this word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dimension| dimension.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_counted() {
        for state in MessageState::ALL {
            let mut counts = Counts::default();
            counts.moved(None, state);
            assert_eq!((counts.get(Count::Taken), counts.get(Count::In(state))), (1, 1), "{state:?}");
        }
    }

    #[test]
    fn a_text_is_in_one_state_at_a_time() {
        let mut counts = Counts::default();
        counts.moved(None, MessageState::Queued);
        for (from, to) in [
            (MessageState::Queued, MessageState::Sending),
            (MessageState::Sending, MessageState::Unknown),
            (MessageState::Unknown, MessageState::Accepted),
        ] {
            counts.moved(Some(from), to);
        }
        let mut expected = Counts::default();
        expected.add(Count::Taken, 1);
        expected.add(Count::In(MessageState::Accepted), 1);
        assert_eq!((counts, counts.sent(), counts.waiting()), (expected, 1, 0));
    }

    #[test]
    fn words_lead_back_to_their_dimensions() {
        for dimension in Dimension::ALL {
            assert_eq!(Dimension::from_name(dimension.name()), Some(dimension));
        }
    }
}
