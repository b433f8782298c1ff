//! What an understood text changes, as values. Whoever holds suppressions, ladders and conversations applies them.

use jiff::civil::Date;

use super::Doubt;
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
            Self::PauseLadder { cause: Pause::PerhapsStop } => "held_perhaps_stop",
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
    /// A wish to stop may have been meant: until a person has decided.
    PerhapsStop,
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

/// The changes of all intents, strictest first, each once, and those of the doubts. What blocks a number is never undone
/// by the same text, and no opt-out is lifted by one that may mean the opposite.
pub(super) fn combine(of_intents: Vec<Effect>, doubts: &[Doubt]) -> Vec<Effect> {
    let is_suppressed = of_intents.iter().any(|effect| matches!(effect, Effect::SuppressNumber { .. }));
    let may_stop =
        doubts.iter().any(|doubt| matches!(doubt, Doubt::PerhapsStop | Doubt::Guarded | Doubt::Broken | Doubt::Long));
    let waits = (may_stop && !is_suppressed).then_some(Effect::PauseLadder { cause: Pause::PerhapsStop });
    let is_asked = (!doubts.is_empty()).then_some(Effect::AskPerson);
    let mut effects: Vec<Effect> = Vec::new();
    for effect in waits.into_iter().chain(of_intents).chain(is_asked) {
        let is_refused = match effect {
            Effect::LiftOptOut => is_suppressed || may_stop,
            Effect::ConfirmNumber => is_suppressed,
            Effect::SuppressNumber { .. } | Effect::PauseLadder { .. } | Effect::AskPerson | Effect::SendHelp => false,
        };
        if !is_refused && !effects.contains(&effect) {
            effects.push(effect);
        }
    }
    effects
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(of_intents: &[Effect], doubts: &[Doubt], expected: &[Effect]) {
        assert_eq!(combine(of_intents.to_vec(), doubts), expected);
    }

    const STOP: Effect = Effect::SuppressNumber { kind: Suppression::OptOut };
    const WAIT: Effect = Effect::PauseLadder { cause: Pause::PerhapsStop };

    #[test]
    fn what_blocks_a_number_is_not_undone_by_the_same_text() {
        check(&[STOP, Effect::LiftOptOut, Effect::ConfirmNumber], &[], &[STOP]);
        check(&[Effect::LiftOptOut, Effect::ConfirmNumber], &[], &[Effect::LiftOptOut, Effect::ConfirmNumber]);
    }

    #[test]
    fn while_a_stop_may_be_meant_nothing_is_sent_and_nothing_lifted() {
        for doubt in [Doubt::PerhapsStop, Doubt::Guarded, Doubt::Broken, Doubt::Long] {
            check(&[Effect::LiftOptOut], &[doubt], &[WAIT, Effect::AskPerson]);
            check(&[STOP], &[doubt], &[STOP, Effect::AskPerson]);
        }
        check(&[Effect::SendHelp], &[Doubt::Contradictory], &[Effect::SendHelp, Effect::AskPerson]);
    }

    #[test]
    fn each_change_is_made_once() {
        check(&[Effect::AskPerson, Effect::AskPerson], &[Doubt::Ambiguous], &[Effect::AskPerson]);
    }
}
