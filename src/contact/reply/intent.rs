//! What an inbound text can want, and the languages it can want it in. The codes are stored and shown: they never change.

use std::fmt;

/// What an inbound text wants. One text may want several things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Intent {
    /// The person who owes has died.
    Deceased,
    /// The number belongs to somebody else.
    WrongPerson,
    /// No more texts.
    OptOut,
    /// The debt, its amount or its origin is denied.
    Dispute,
    /// It has been paid.
    AlreadyPaid,
    /// It will be paid.
    PromiseToPay,
    /// A person, a price, a document or a way to pay is asked for.
    WantsContact,
    /// Who writes, about what, and whether it is genuine.
    Help,
    /// Texts again after an opt-out.
    OptIn,
    /// Denies what was asked. Only where something was.
    No,
    /// Affirms what was asked. Only where something was.
    Yes,
}

impl Intent {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Deceased,
        Self::WrongPerson,
        Self::OptOut,
        Self::Dispute,
        Self::AlreadyPaid,
        Self::PromiseToPay,
        Self::WantsContact,
        Self::Help,
        Self::OptIn,
        Self::No,
        Self::Yes,
    ];

    /// The word for it in events, in the API and in the rules.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Deceased => "deceased",
            Self::WrongPerson => "wrong_person",
            Self::OptOut => "opt_out",
            Self::Dispute => "dispute",
            Self::AlreadyPaid => "already_paid",
            Self::PromiseToPay => "promise_to_pay",
            Self::WantsContact => "wants_contact",
            Self::Help => "help",
            Self::OptIn => "opt_in",
            Self::No => "no",
            Self::Yes => "yes",
        }
    }

    /// The intent of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|intent| intent.code() == code)
    }
}

impl fmt::Display for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A language that phrases are known in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// As in Brazil.
    Portuguese,
    /// As in Mexico.
    Spanish,
    /// As in the United States.
    English,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Portuguese, Self::Spanish, Self::English];

    /// Its tag (BCP 47).
    pub const fn code(self) -> &'static str {
        match self {
            Self::Portuguese => "pt-BR",
            Self::Spanish => "es-MX",
            Self::English => "en",
        }
    }

    /// The language of a tag.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_lead_back_to_their_intents() {
        for intent in Intent::ALL {
            assert_eq!(Intent::from_code(intent.code()), Some(intent));
        }
        assert_eq!(Intent::from_code("optout"), None);
    }
}
