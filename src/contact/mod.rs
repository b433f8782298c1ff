//! Who may be texted, and when: what stands between a message and a person.
//!
//! Everything here is a value or a pure function: the store looks up what is known of a person ([`Record`]), and this module
//! says what follows from it at a given time. It knows nothing of SIMs, budgets and modems.

pub mod calendar;
pub mod edition;
pub mod frequency;
pub mod habit;
pub mod place;
mod record;
pub mod reply;
pub mod secret;
pub mod settings;
pub mod standing;
pub mod suppression;

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::clock::Timestamp;
use crate::sms::message::Purpose;
use crate::sms::number::PhoneNumber;

pub use habit::Habit;
pub use record::{Companion, REPLY_WITHIN, Record};
pub use settings::ContactSettings;

/// To whom a message goes and why: what the rules ask of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressee {
    /// The number.
    pub number: PhoneNumber,
    /// Why it is written.
    pub purpose: Purpose,
    /// The debtor, by the caller's id.
    pub debtor: Option<String>,
    /// The creditor, by the caller's id.
    pub creditor: Option<String>,
    /// The debt, by the caller's id.
    pub debt: Option<String>,
    /// What tells its text from others.
    pub text: TextMark,
    /// It confirms an opt-out: the one text that may follow it.
    pub confirms_opt_out: bool,
    /// What is known of the debtor's place and hours.
    pub habit: Habit,
}

/// A digest of a text, to find the same one again without keeping it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TextMark(pub [u8; 16]);

impl TextMark {
    /// Of a text as it is sent.
    pub fn of(text: &str) -> Self {
        let mut mark = [0; 16];
        for (octet, digested) in mark.iter_mut().zip(Sha256::digest(text)) {
            *octet = digested;
        }
        Self(mark)
    }
}

/// Why a person is not texted now. The words are part of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The number is on the suppression list.
    Suppressed,
    /// Only listed numbers are texted for now.
    NotListed,
    /// The debt is paid.
    Paid,
    /// The debt is no longer asked for, or is no longer what the text says.
    Outdated,
    /// There is an agreement.
    Agreed,
    /// A promise to pay is running.
    Promise,
    /// The debt is disputed.
    Disputed,
    /// What the person said is being checked, or the number is not confirmed.
    Unconfirmed,
    /// It follows another message, which has not left.
    Companion,
    /// Outside the hours of contact.
    Window,
    /// A holiday where the person lives.
    Holiday,
    /// As many texts today as are allowed.
    FrequencyDay,
    /// As many texts within seven days as are allowed.
    FrequencyWeek,
    /// Too soon after the last text.
    Gap,
    /// The person answered, and is left in peace for a while.
    Quiet,
    /// The same text went to the same person a short time ago.
    SameText,
}

impl Reason {
    /// All reasons, in the order in which they are asked.
    pub const ALL: [Self; 16] = [
        Self::Suppressed,
        Self::NotListed,
        Self::Paid,
        Self::Outdated,
        Self::Agreed,
        Self::Promise,
        Self::Disputed,
        Self::Unconfirmed,
        Self::Companion,
        Self::Window,
        Self::Holiday,
        Self::FrequencyDay,
        Self::FrequencyWeek,
        Self::Gap,
        Self::Quiet,
        Self::SameText,
    ];

    /// The code in the API.
    pub fn code(self) -> &'static str {
        match self {
            Self::Suppressed => "suppressed",
            Self::NotListed => "not_listed",
            Self::Paid => "paid",
            Self::Outdated => "outdated",
            Self::Agreed => "agreed",
            Self::Promise => "promise",
            Self::Disputed => "disputed",
            Self::Unconfirmed => "unconfirmed",
            Self::Companion => "not_due",
            Self::Window => "window",
            Self::Holiday => "holiday",
            Self::FrequencyDay => "frequency_day",
            Self::FrequencyWeek => "frequency_week",
            Self::Gap => "gap",
            Self::Quiet => "quiet",
            Self::SameText => "same_text",
        }
    }

    /// What it means, in words for a person.
    pub fn detail(self) -> &'static str {
        match self {
            Self::Suppressed => "the number is on the suppression list for this purpose",
            Self::NotListed => "only the numbers of only_to are texted for now",
            Self::Paid => "the debt is paid",
            Self::Outdated => "the debt is no longer asked for, or no longer what the text says",
            Self::Agreed => "there is an agreement that is kept",
            Self::Promise => "the debtor promised to pay and the date has not passed",
            Self::Disputed => "the debt is disputed",
            Self::Unconfirmed => "the number, or what the debtor said of a payment, waits to be confirmed",
            Self::Companion => "it follows another message, which the network has not taken yet",
            Self::Window => "outside the hours of contact where the recipient may live",
            Self::Holiday => "a holiday where the recipient may live",
            Self::FrequencyDay => "the debtor has had the texts of this day",
            Self::FrequencyWeek => "the debtor has had the texts of these seven days",
            Self::Gap => "too soon after the last text to the debtor",
            Self::Quiet => "the debtor has answered and is left in peace for a while",
            Self::SameText => "the same text went to the debtor, or waits for it, already",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// What stands between a message and a person at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Obstacle {
    /// Why.
    pub reason: Reason,
    /// For how long.
    pub lasts: Lasts,
}

/// How long something stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasts {
    /// Until this time.
    Until(Timestamp),
    /// Until a person, a payment or an answer changes it.
    Open,
    /// For good, for this message.
    ForGood,
}

/// How a purpose stands to the rules (the table of purposes).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Frequency is limited.
    pub is_capped: bool,
    /// It counts against the texts that follow.
    pub counts: bool,
    /// How things stand with the debtor holds it.
    pub minds_standing: bool,
}

/// What binds texts of this purpose, beside windows and suppression.
pub fn bounds(purpose: Purpose) -> Bounds {
    match purpose {
        Purpose::Collection | Purpose::Reminder | Purpose::Promotion => {
            Bounds { is_capped: true, counts: true, minds_standing: true }
        }
        // It asks who has the number; what follows it must not be held up by it.
        Purpose::IdentityCheck => Bounds { is_capped: true, counts: false, minds_standing: false },
        Purpose::Confirmation | Purpose::Reply | Purpose::Operational => {
            Bounds { is_capped: false, counts: false, minds_standing: false }
        }
    }
}
