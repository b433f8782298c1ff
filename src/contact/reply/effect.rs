//! What an understood text changes, as values. Whoever holds suppressions, ladders and conversations applies them.

use jiff::civil::Date;

use super::intent::Intent;

/// A change that an inbound text asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The number is not texted any more.
    SuppressNumber {
        /// How far that goes.
        kind: Suppression,
    },
    /// Automated texts wait.
    PauseLadder {
        /// What for.
        cause: Pause,
    },
    /// A person reads it.
    AskPerson,
    /// The configured text of help is sent: who writes, and an official way to reach them.
    SendHelp,
    /// An opt-out by the same number ends. A wrong person stays one, and so does the death of a debtor.
    LiftOptOut,
    /// The number is that of the person who owes.
    ConfirmNumber,
}

impl Effect {
    /// The word for it in events.
    pub const fn code(self) -> &'static str {
        match self {
            Self::SuppressNumber { kind: Suppression::OptOut } => "opt_out",
            Self::SuppressNumber { kind: Suppression::WrongPerson } => "wrong_person",
            Self::SuppressNumber { kind: Suppression::Deceased } => "deceased",
            Self::PauseLadder { cause: Pause::Dispute } => "held_disputed",
            Self::PauseLadder { cause: Pause::AlreadyPaid } => "held_unconfirmed",
            Self::PauseLadder { cause: Pause::Promise { .. } } => "held_promised",
            Self::PauseLadder { cause: Pause::Contact } => "held_quiet",
            Self::AskPerson => "ask_person",
            Self::SendHelp => "send_help",
            Self::LiftOptOut => "opt_in",
            Self::ConfirmNumber => "number_confirmed",
        }
    }
}

/// Why a number is not texted any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suppression {
    /// The debtor has died: no text about this debtor, whatever the number; no answer that names a debt.
    Deceased,
    /// Not the debtor's number: blocked for this debtor everywhere; no answer that names a debt.
    WrongPerson,
    /// Nothing more to this number for this group of creditors; one neutral confirmation at most.
    OptOut,
}

/// What a ladder waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pause {
    /// The debt is denied: until a person has decided.
    Dispute,
    /// It is said to be paid: until whoever keeps the debt has checked.
    AlreadyPaid,
    /// It is promised: until the grace after the date is over.
    Promise {
        /// The date that was named, if it could be read.
        until: Option<Date>,
    },
    /// An operator answers: a short time.
    Contact,
}

/// What was asked in the message that the text answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LastAsked {
    /// Nothing that yes or no would answer.
    #[default]
    Nothing,
    /// Whether this is the debtor's number.
    IdentityCheck,
    /// Nothing, but the text confirmed an opt-out and said how to come back.
    OptOutConfirmation,
}

/// The changes of one intent, the strictest first.
///
/// A yes after the confirmation of an opt-out could mean thanks as well as come back: it lifts nothing.
pub(super) fn of(intent: Intent, asked: LastAsked, promised: Option<Date>) -> Vec<Effect> {
    let suppress = |kind| Effect::SuppressNumber { kind };
    let pause = |cause| Effect::PauseLadder { cause };
    match intent {
        Intent::Deceased => vec![suppress(Suppression::Deceased), Effect::AskPerson],
        Intent::WrongPerson => vec![suppress(Suppression::WrongPerson)],
        Intent::OptOut => vec![suppress(Suppression::OptOut)],
        Intent::Dispute => vec![pause(Pause::Dispute), Effect::AskPerson],
        Intent::AlreadyPaid => vec![pause(Pause::AlreadyPaid)],
        Intent::PromiseToPay => vec![pause(Pause::Promise { until: promised })],
        Intent::WantsContact => vec![pause(Pause::Contact), Effect::AskPerson],
        Intent::Help => vec![Effect::SendHelp],
        Intent::OptIn => vec![Effect::LiftOptOut],
        Intent::No if asked == LastAsked::IdentityCheck => vec![suppress(Suppression::WrongPerson)],
        Intent::Yes if asked == LastAsked::IdentityCheck => vec![Effect::ConfirmNumber],
        Intent::No | Intent::Yes => vec![Effect::AskPerson],
    }
}
