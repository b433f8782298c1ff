//! Ladders: which text goes how many days before or after a debt is due, and to which channel it is left at the end.
//!
//! A ladder is a list of steps; [`check()`] finds what is wrong with it, [`Track`] is how far a debt has come on it, and
//! [`plan()`] says what a debtor's day brings. Nothing else here knows of queues, hours or numbers: a text that is planned may
//! still be held by the gate, and what became of it comes back in the track. Only [`outside()`] asks the hours of contact, to find
//! steps that they never let go when they are meant to go.

mod business;
mod check;
mod due;
mod hours;
mod offset;
mod plan;
mod track;
mod twin;

use std::fmt;

use super::creditor::Creditor;
use super::debt::Debt;
use super::segment::Segment;

pub use business::{BusinessDays, Roll};
pub use check::{DAYS_MAX, DOUBTS, Finding, Severity, check};
pub use due::{Entry, Stop, Why};
pub use hours::{Goes, Hours, On, Places, outside};
pub use offset::{Anchor, Offset, OffsetError};
pub use plan::{Exit, Plan, Record, Situation, Skipped, Text, plan};
pub use track::{Done, Outcome, Planned, Track};
pub use twin::{Twins, each_once, twins};

/// A ladder in one of its versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ladder {
    /// Its name.
    pub name: String,
    /// Which version, from 1.
    pub version: u32,
    /// Its steps, in any order. Of two of one day and time that are for the same debt, the one in front goes.
    pub steps: Vec<Step>,
    /// Whether Saturday is a business day.
    pub saturday: bool,
    /// What is done about steps whose day was over before a debt came on the ladder, or before they were added to it.
    pub catch_up: CatchUp,
    /// Whether debts of one debtor travel in one text.
    pub group: bool,
}

impl Ladder {
    /// The ladder that a debt goes by: its own, else its creditor's.
    pub fn name_for<'a>(debt: &'a Debt, creditor: &'a Creditor) -> Option<&'a str> {
        debt.ladder.as_deref().or(creditor.ladder.as_deref())
    }

    /// The step with this id.
    pub fn step(&self, id: &StepId) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == *id)
    }
}

/// What is done about steps whose day was over before they could be planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum CatchUp {
    /// Nothing.
    #[default]
    Skip,
    /// The last of them is done late.
    Latest,
}

impl CatchUp {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Latest => "latest",
        }
    }

    /// The policy with this word.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Skip, Self::Latest].into_iter().find(|policy| policy.name() == name)
    }
}

/// A step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What it is known by. It stays when the step is edited, and so does what was done.
    pub id: StepId,
    /// On which day.
    pub offset: Offset,
    /// What it does on a day that is no business day.
    pub roll: Roll,
    /// For which debts, on the day on which it goes.
    pub segment: Segment,
    /// What is done.
    pub action: Action,
}

/// The id of a step, in the words of whoever wrote the ladder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId(pub String);

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// It texts the debtor.
    Text {
        /// The name of the template.
        template: String,
    },
    /// It leaves the debt to another channel.
    Exit {
        /// To which.
        channel: Channel,
    },
}

/// Where a debt goes after texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// An e-mail.
    Email,
    /// A letter.
    Letter,
    /// A call.
    Call,
    /// A credit bureau. Never the first thing that a debtor gets to know of.
    Bureau,
}

impl Channel {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Email, Self::Letter, Self::Call, Self::Bureau];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Letter => "letter",
            Self::Call => "call",
            Self::Bureau => "bureau",
        }
    }

    /// The channel with this word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name() == name)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.id, self.offset)?;
        match &self.action {
            Action::Text { template } => write!(f, "text {template}")?,
            Action::Exit { channel } => write!(f, "leave to {}", channel.name())?,
        }
        match self.roll {
            Roll::Stay => {}
            Roll::Next => f.write_str(", on the next business day")?,
            Roll::Previous => f.write_str(", on the business day before")?,
        }
        if self.segment == Segment::default() { Ok(()) } else { f.write_str(", for some") }
    }
}

#[cfg(test)]
mod tests;
