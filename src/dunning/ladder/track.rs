//! How far a debt has come on its ladder: what is kept of it between two plans.
//!
//! Steps are known by their ids, whatever the version of the ladder: an edit never sends a step again.

use jiff::civil::Date;

use super::StepId;

/// How far a debt has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// The day from which it goes by its ladder: on which it was taken in, put on this ladder, or opened again. What was to
    /// be done before is not done late, unless the ladder catches up.
    pub from: Date,
    /// The last plan that was carried out.
    pub planned: Option<Planned>,
    /// The last day of the last promise, with its grace. Nothing if the promise was kept, or is no longer waited for.
    pub promise: Option<Date>,
    /// What was done.
    pub done: Vec<Done>,
}

impl Track {
    /// That of a debt that goes by its ladder from this day.
    pub fn new(from: Date) -> Self {
        Self { from, planned: None, promise: None, done: Vec::new() }
    }
}

/// A plan that was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// For which day.
    pub day: Date,
    /// By which ladder; `None` where an earlier release planned it.
    pub ladder: Option<String>,
    /// By which version of it.
    pub version: u32,
}

/// A step and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// Which.
    pub step: StepId,
    /// The day from which it was counted: the due day of then, or the end of the promise.
    pub cycle: Date,
    /// For which day it was planned; once it was handed over, the day of that.
    pub day: Date,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It has its turn when the debtor is not texted by another step; a later step overtakes it.
    Waiting,
    /// Its text is in the queue.
    Queued,
    /// The debt travels in the text of another debt's step, which is in the queue.
    Grouped,
    /// A text with this debt was handed over.
    Sent,
    /// Nothing reached anybody, and it is not tried again: overtaken, refused, expired or withdrawn.
    Dropped,
    /// It was left to another channel.
    Left,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Waiting, Self::Queued, Self::Grouped, Self::Sent, Self::Dropped, Self::Left];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Queued => "queued",
            Self::Grouped => "grouped",
            Self::Sent => "sent",
            Self::Dropped => "dropped",
            Self::Left => "left",
        }
    }

    /// The outcome with this word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }

    /// Whether it stays done when the debt is due on another day.
    pub(super) fn outlasts_extension(self) -> bool {
        match self {
            Self::Queued | Self::Grouped | Self::Sent | Self::Left => true,
            Self::Waiting | Self::Dropped => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::from_name(outcome.name()), Some(outcome));
        }
    }
}
